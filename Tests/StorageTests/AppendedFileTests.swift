import Foundation
import Storage
import Testing

/// Files of lines that only grow.
@Suite struct AppendedFileTests {
  @Test func `lines can be read from the moment they are flushed`() throws {
    try withFolder { folder in
      let path = folder + "/lines"
      let file = try AppendedFile(path: path)
      file.append("one\ntwo\n")
      #expect(try text(path).isEmpty && file.pendingCount == 8)
      try file.flush()
      #expect(try text(path) == "one\ntwo\n" && file.pendingCount == 0 && file.length == 8)
      file.append("three\n")
      try file.synchronize()
      #expect(try text(path) == "one\ntwo\nthree\n")
    }
  }

  @Test func `a file is gone on with behind what is kept`() throws {
    try withFolder { folder in
      let path = folder + "/lines"
      try "one\ntwo\nthr".write(toFile: path, atomically: false, encoding: .utf8)
      let file = try AppendedFile(path: path, keeping: 4)
      file.append("deux\n")
      try file.flush()
      #expect(try text(path) == "one\ndeux\n")
    }
  }

  /// With a limit on the size of files a write stores what still fits, as on a full disk. The limit
  /// is a process's: in one of its own, where an exit code tells which check failed.
  @Test func `on a full disk there are whole lines, and the rest comes when there is room`() async {
    await #expect(processExitsWith: .success) {
      let path = FileManager.default.temporaryDirectory
        .appendingPathComponent("storage-tests-\(UUID().uuidString)").path
      defer { unlink(path) }
      func check(_ holds: Bool, _ code: Int32) { if !holds { exit(code) } }
      func size() -> Int {
        var status = stat()
        stat(path, &status)
        return Int(status.st_size)
      }
      func limit(_ bytes: UInt) {
        var limit = rlimit(rlim_cur: rlim_t(bytes), rlim_max: rlim_t.max)
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      }
      signal(SIGXFSZ, SIG_IGN)
      let file = try AppendedFile(path: path)
      limit(10)
      file.append("12345\n67890\nabcde\n")
      for _ in 0..<2 {
        do throws(StorageError) {
          try file.flush()
          exit(2)
        } catch { check(error.number == EFBIG, 3) }
        check(file.length == 6 && file.pendingCount == 12 && size() == 6, 4)
      }
      limit(UInt.max)
      try file.flush()
      check(size() == 18 && file.pendingCount == 0, 5)
      check(try text(path) == "12345\n67890\nabcde\n", 6)
    }
  }

  @Test func `the last wanted line is found from the end, whatever the lengths`() throws {
    try withFolder { folder in
      let path = folder + "/lines"
      var state: UInt64 = 7
      func number(below bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % bound
      }
      for _ in 0..<60 {
        let count = number(below: 40)
        let lines = (0..<count).map { index in
          "\(index):" + String(repeating: "x", count: number(below: 9000))
        }
        var written = lines.map { $0 + "\n" }.joined()
        if number(below: 2) == 0 { written += "torn" }
        try written.write(toFile: path, atomically: false, encoding: .utf8)
        let wanted = number(below: 50)
        let found = try AppendedFile.lastLine(of: path) {
          Int($0.prefix { $0 != ":" }).map { $0 <= wanted } ?? false
        }
        let kept = lines.prefix(wanted + 1)
        #expect(found?.line == kept.last)
        #expect(found?.length ?? 0 == kept.reduce(0) { $0 + $1.utf8.count + 1 })
      }
      #expect(try AppendedFile.lastLine(of: folder + "/none") { _ in true } == nil)
    }
  }
}
