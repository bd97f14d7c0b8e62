import Foundation
import Storage
import Testing

/// A new folder that is gone after `body`.
func withFolder(_ body: (String) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("storage-tests-\(UUID().uuidString)").path
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  try body(folder)
}

func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

func names(_ folder: String) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
}

/// Files that are replaced as a whole.
@Suite struct WholeFileTests {
  @Test func `a file is there under its own name only when it is installed`() throws {
    try withFolder { folder in
      try WholeFile.write(Data("old".utf8), to: "file", in: folder)
      try WholeFile.prepare(Data("new".utf8), for: "file", in: folder)
      #expect(try text(folder + "/file") == "old")
      #expect(try names(folder) == [".file.new", "file"])
      try WholeFile.install("file", in: folder)
      #expect(try text(folder + "/file") == "new" && names(folder) == ["file"])
    }
  }

  @Test func `what a killed program left half-written is replaced`() throws {
    try withFolder { folder in
      try String(repeating: "half ", count: 1000).write(
        toFile: folder + "/.file.new", atomically: false, encoding: .utf8)
      try WholeFile.write(Data("whole".utf8), to: "file", in: folder)
      #expect(try text(folder + "/file") == "whole" && names(folder) == ["file"])
    }
  }

  @Test func `a failure leaves the old file, nothing else, and says why`() throws {
    try withFolder { folder in
      try FileManager.default.createDirectory(
        atPath: folder + "/file/within", withIntermediateDirectories: true)
      let error = #expect(throws: StorageError.self) {
        try WholeFile.write(Data("x".utf8), to: "file", in: folder)
      }
      #expect(error?.path == folder + "/file" && error?.reason == "Is a directory")
      #expect(try names(folder) == ["file"])
      let missing = #expect(throws: StorageError.self) {
        try WholeFile.write(Data("x".utf8), to: "file", in: folder + "/nowhere")
      }
      #expect(missing?.number == ENOENT)
    }
  }

  @Test func `a link in place of the temporary file is not followed`() throws {
    try withFolder { folder in
      try "mine".write(toFile: folder + "/other", atomically: false, encoding: .utf8)
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/.file.new", withDestinationPath: folder + "/other")
      #expect(throws: StorageError.self) {
        try WholeFile.write(Data("x".utf8), to: "file", in: folder)
      }
      #expect(try text(folder + "/other") == "mine")
    }
  }
}
