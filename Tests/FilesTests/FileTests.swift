import Files
import Foundation
import Testing

@Suite struct FileTests {
  private func refusal(reading path: String) -> String? {
    do {
      _ = try BoardDescription.read(path: path)
      return nil
    } catch { return error.description }
  }

  @Test func `a missing file is refused with the names there are`() throws {
    try withFolder { folder in
      try save("", folder + "/one.yaml")
      try save("", folder + "/two.yaml")
      try save("", folder + "/notes.txt")
      let message = refusal(reading: folder + "/three.yaml")
      #expect(
        message
          == "\(folder)/three.yaml: there is no such file; \(folder)/ has one.yaml, two.yaml")
      #expect(refusal(reading: folder + "/none/x.yaml")?.contains("no .yaml file") == true)
    }
  }

  @Test func `a directory is refused`() throws {
    try withFolder { folder in
      #expect(
        refusal(reading: folder) == "\(folder): this is a directory; a board file is wanted")
    }
  }

  @Test func `a device and a pipe are refused without reading`() throws {
    #expect(refusal(reading: "/dev/zero")?.contains("not a regular file") == true)
    try withFolder { folder in
      let pipe = folder + "/pipe"
      #expect(mkfifo(pipe, 0o600) == 0)
      #expect(refusal(reading: pipe)?.contains("not a regular file") == true)
    }
  }

  @Test func `an empty path and one with a zero byte are refused`() {
    #expect(refusal(reading: "")?.contains("not a path") == true)
    #expect(refusal(reading: "a\0b")?.contains("not a path") == true)
  }

  @Test func `a path through a file is refused with the system's reason`() throws {
    try withFolder { folder in
      try save("x", folder + "/file")
      let message = refusal(reading: folder + "/file/x.yaml")
      #expect(message?.contains("the board file cannot be read: ") == true)
    }
  }

  @Test(arguments: [(1 << 20) + 1, 100 << 20, 8 << 30])
  func `a file over 1 MB is refused by its size`(_ size: Int) throws {
    try withFolder { folder in
      let path = folder + "/large.yaml"
      try save("", path)
      // Sparse: it takes no room, and reading it would take long.
      #expect(truncate(path, off_t(size)) == 0)
      let message = refusal(reading: path)
      #expect(message?.contains("has \(size) bytes or more; a board file may have") == true)
    }
  }

  @Test func `a file of just 1 MB is read`() throws {
    try withFolder { folder in
      let path = folder + "/full.yaml"
      var text = BoardDescription.lattice(side: 4).yaml() + "# "
      text += String(repeating: "x", count: (1 << 20) - text.utf8.count)
      try save(text, path)
      #expect(try BoardDescription.read(path: path).edges.count == 32)
    }
  }

  @Test func `text that is not UTF-8 is refused with its line`() throws {
    try withFolder { folder in
      let path = folder + "/latin.yaml"
      try Data([0x6E, 0x3A, 0x20, 0x31, 0x0A, 0x61, 0xE9, 0x0A]).write(
        to: URL(fileURLWithPath: path))
      #expect(refusal(reading: path) == "\(path):2: this is not UTF-8 text; save the file as UTF-8")
    }
  }

  @Test func `an empty file is refused`() throws {
    try withFolder { folder in
      try save("", folder + "/empty.yaml")
      #expect(refusal(reading: folder + "/empty.yaml")?.contains("the file is empty") == true)
    }
  }
}

@Suite struct LocatingTests {
  @Test func `a bare name is found in the first root that has it`() throws {
    try withFolder { folder in
      for root in ["first", "second"] {
        try FileManager.default.createDirectory(
          atPath: "\(folder)/\(root)/board", withIntermediateDirectories: true)
        try save("", "\(folder)/\(root)/board/shared.yaml")
      }
      try save("", "\(folder)/second/board/own.yaml")
      let roots = ["\(folder)/none", "\(folder)/first", "\(folder)/second"]
      #expect(
        try locate("shared", kind: .board, near: roots) == "\(folder)/first/board/shared.yaml")
      #expect(try locate("own", kind: .board, near: roots) == "\(folder)/second/board/own.yaml")
      #expect(
        try locate("own.yaml", kind: .board, near: roots) == "\(folder)/second/board/own.yaml")
      #expect(knownNames(of: .board, near: roots) == ["own", "shared"])
      #expect(knownNames(of: .task, near: roots) == [])
    }
  }

  @Test func `a path stands for itself`() throws {
    #expect(try locate("some/where.yaml", kind: .board, near: []) == "some/where.yaml")
    #expect(try locate("./odd", kind: .task, near: []) == "./odd")
    #expect(try locate("nowhere.yaml", kind: .task, near: []) == "nowhere.yaml")
  }

  @Test func `an unknown name is refused with the names there are`() throws {
    let names = knownNames(of: .board, near: [packageRoot])
    #expect(names.contains("lattice") && names.contains("two-edge"))
    do {
      _ = try locate("latice", kind: .board, near: [packageRoot])
      Issue.record("found")
    } catch {
      #expect(
        error.description
          == "there is no board named \"latice\" (did you mean lattice?); "
          + "there are \(names.joined(separator: ", ")); or give a path"
      )
    }
    #expect(throws: DescriptionError.self) { try locate("", kind: .board, near: [packageRoot]) }
    #expect(throws: DescriptionError.self) { try locate("..", kind: .board, near: [packageRoot]) }
    do {
      _ = try locate("x", kind: .task, near: [])
      Issue.record("found")
    } catch { #expect(error.description.contains("no task/ folder")) }
  }

  @Test func `the current folder is searched first and the program's folders last`() {
    let roots = searchRoots()
    #expect(roots.first == ".")
    #expect(roots.last == "/")
  }
}
