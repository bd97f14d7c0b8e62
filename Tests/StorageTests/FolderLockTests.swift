import Foundation
import Storage
import Testing

/// Folders that one process has to itself.
@Suite struct FolderLockTests {
  @Test func `a second taker is told at once who has the folder`() throws {
    try withFolder { folder in
      let lock = try FolderLock(folder: folder)
      #expect(lock.found == nil)
      try lock.record(["a", "b"])
      // A lock belongs to the opened file, so that this process can play both.
      #expect(throws: FolderLock.Failure.held(by: getpid())) { try FolderLock(folder: folder) }
      lock.release(isTidy: true)
      #expect(try names(folder).isEmpty)
      _ = try FolderLock(folder: folder)
    }
  }

  @Test func `what a killed holder had listed is found by the next`() throws {
    try withFolder { folder in
      do {
        let lock = try FolderLock(folder: folder)
        try lock.record(["checkpoint.json", "strange\nname"])
        lock.release(isTidy: false)
      }
      let next = try FolderLock(folder: folder)
      #expect(next.found == ["checkpoint.json"])
      try next.record([])
      #expect(try text(folder + "/lock") == "tellegen, process \(getpid())\n")
    }
  }

  @Test func `a file of that name that somebody else wrote is left alone`() throws {
    try withFolder { folder in
      for mine in ["mine\n", "1234\nthesis.tex\n", "tellegen, process\n"] {
        try mine.write(toFile: folder + "/lock", atomically: false, encoding: .utf8)
        #expect(throws: FolderLock.Failure.foreign(path: folder + "/lock")) {
          try FolderLock(folder: folder)
        }
        #expect(try text(folder + "/lock") == mine)
      }
    }
  }
}
