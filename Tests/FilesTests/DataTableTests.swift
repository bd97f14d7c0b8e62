import Foundation
import Testing

@testable import Files

/// Tables as strangers' programs write them.
@Suite struct DataTableTests {
  private static let plain = "a,b,class\n1,2.5,x\n3,4.5,y\n"

  private static func utf16(_ text: String, isLittle: Bool, mark: Bool) -> [UInt8] {
    ((mark ? [0xFEFF] : []) + Array(text.utf16)).flatMap { unit in
      let (low, high) = (UInt8(unit & 0xFF), UInt8(unit >> 8))
      return isLittle ? [low, high] : [high, low]
    }
  }

  /// One table, written in many ways.
  static let dialects: [(what: String, bytes: [UInt8])] = [
    ("commas", Array(plain.utf8)),
    ("semicolons", Array("a;b;class\n1;2.5;x\n3;4.5;y\n".utf8)),
    ("decimal commas", Array("a;b;class\n1;2,5;x\n3;4,5;y\n".utf8)),
    ("tabs", Array("a\tb\tclass\n1\t2.5\tx\n3\t4.5\ty\n".utf8)),
    ("tabs and decimal commas", Array("a\tb\tclass\n1\t2,5\tx\n3\t4,5\ty\n".utf8)),
    ("CR LF", Array("a,b,class\r\n1,2.5,x\r\n3,4.5,y\r\n".utf8)),
    ("CR", Array("a,b,class\r1,2.5,x\r3,4.5,y\r".utf8)),
    ("a byte order mark", [0xEF, 0xBB, 0xBF] + Array(plain.utf8)),
    ("UTF-16 with mark", utf16(plain, isLittle: true, mark: true)),
    ("UTF-16 the other way", utf16(plain, isLittle: false, mark: true)),
    ("UTF-16 without mark", utf16(plain, isLittle: true, mark: false)),
    ("UTF-16 without mark the other way", utf16(plain, isLittle: false, mark: false)),
    ("a spreadsheet's first line", Array("sep=;\r\na;b;class\r\n1;2,5;x\r\n3;4,5;y\r\n".utf8)),
    ("quotes", Array("\"a\",\"b\",\"class\"\n\"1\",\"2.5\",\"x\"\n3,4.5,\"y\"\n".utf8)),
    ("blank lines and blanks", Array("a, b ,class\n\n1, 2.5 ,x\n  \n3 ,4.5,y\n\n".utf8)),
    ("comments before", Array("# from a lab\n# 2026\na,b,class\n1,2.5,x\n3,4.5,y\n".utf8)),
    (
      "blank lines between comments",
      Array("\n# from a lab\n\n# sum, 2026\n \t\na,b,class\n1,2.5,x\n3,4.5,y\n".utf8)
    ),
    ("no last line end", Array("a,b,class\n1,2.5,x\n3,4.5,y".utf8)),
  ]

  @Test(arguments: dialects.indices)
  func `a table is read however it is written`(_ which: Int) throws {
    let table = try DataTable.read(Self.dialects[which].bytes, path: "t.csv")
    #expect(table.header == ["a", "b", "class"], "\(Self.dialects[which].what)")
    #expect(table.rows.map(\.cells) == [["1", "2.5", "x"], ["3", "4.5", "y"]])
  }

  @Test func `without a line of names columns are called by number`() throws {
    let table = try DataTable.read(Array("1,2,x\n3,4,y\n".utf8), path: "t.csv")
    #expect(table.header == nil && table.rows.count == 2 && table.skipped == 0)
    #expect(table.name(of: 1) == "column 1")
  }

  @Test func `a first line of sizes and classes is told from data`() throws {
    let table = try DataTable.read(
      Array("3,2,no,yes\n1,2,0\n3,4,1\n5,6,0\n".utf8), path: "t.csv")
    #expect(table.classNames == ["no", "yes"] && table.rows.count == 3 && table.skipped == 1)
  }

  /// What is no table, and what is said of it.
  static let refusals: [(bytes: [UInt8], said: String)] = [
    ([], "t.csv: there are no rows in this file"),
    (Array("a,b\n".utf8), "there is one line, of names"),
    (Array("1,2\n3\n".utf8), "t.csv:2: this line has 1 cells, but the first has 2"),
    (Array("a,b\n1,2\n\n3\0,4\n5,6\n".utf8), "t.csv:4: this line holds a NUL character (U+0000)"),
    (Array("a,b\n1,2\n\0\0\0".utf8), "t.csv:3: this line holds a NUL character"),
    (utf16("a,b\n1,2\n3\0,4\n", isLittle: true, mark: true), "t.csv:3: this line holds a NUL"),
    (Array("1,2\n\"3,4\n".utf8), "t.csv:2: a quoted cell does not end on this line"),
    (Array("1,2\n\"3\"x,4\n".utf8), "t.csv:2: text follows a quoted cell before the next comma"),
    ([0x31, 0x2C, 0x32, 0x0A, 0xFF, 0xC0, 0x2C, 0x31, 0x0A], "t.csv:2: this is not UTF-8 text"),
    // Thousands, or one and some thousandths: wrong either way by a thousand.
    (
      Array("a\tb\n950\t0.5\n1,128\t0.7\n".utf8),
      "t.csv:3: column 0 is \"1,128\", but numbers have a comma on line 3 and a point on line 2"
    ),
    (
      Array("a;b\n950;0,5\n1.128;0,7\n".utf8),
      "t.csv:3: column 0 is \"1.128\", but numbers have a comma on line 2 and a point on line 3"
    ),
    (
      Array("a\tb\n950\tx\n1,128\ty\n".utf8),
      "t.csv:3: column 0 is \"1,128\" beside whole numbers"
    ),
    ([0xFF, 0xFE, 0x31], "its last character is cut"),
    ([0xFF, 0xFE, 0x00, 0xD8, 0x31, 0x00], "looks like UTF-16, but is not"),
  ]

  @Test(arguments: refusals.indices)
  func `what is no table is refused by line`(_ which: Int) {
    let (bytes, said) = Self.refusals[which]
    do {
      _ = try DataTable.read(bytes, path: "t.csv")
      Issue.record("it was read")
    } catch {
      #expect("\(error)".contains(said), "\(error)")
    }
  }

  @Test func `decimal commas with three places are taken where nothing speaks against them`() throws
  {
    for text in [
      "a;b\n1,128;x\n2,500;y\n", "a;b\n1,128;x\n0,500;y\n7;x\n", "a;b\n1,128;x\n1,5;y\n3;x\n",
    ] {
      let table = try DataTable.read(Array(text.utf8), path: "t.csv")
      #expect(table.rows[0].cells == ["1.128", "x"])
    }
  }

  @Test func `separators inside of cells are told from those between them`() throws {
    // The first line has no semicolon, the others three each, as they have commas.
    let text = "a,b,kind\n1.5,2,p;q;r;s\n2.5,3,p;q;r;t\n"
    let head = try DataTable.read(Array(text.utf8), path: "t.csv")
    #expect(head.width == 3)
    // A task file that skips the names sees only the others.
    var rows: [[String]] = []
    try Dialect.forEachRow(Array(text.utf8), file: "t.csv", skip: 1) { rows.append($0.cells) }
    #expect(rows == [["1.5", "2", "p;q;r;s"], ["2.5", "3", "p;q;r;t"]])
    let quoted = "a;b\n\"1;5\";x\n\"2\"\"5\";y\n"
    #expect(
      try DataTable.read(Array(quoted.utf8), path: "t.csv").rows.map(\.cells)
        == [["1;5", "x"], ["2\"5", "y"]])
  }

  @Test func `no bytes trap the reader`() {
    var state: UInt64 = 1
    func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 33
    }
    let letters = Array(",;\t\"\n\r #-1234567890.exyz?\u{0}".utf8) + [0xFF, 0xFE, 0xEF, 0xBB, 0xBF]
    for _ in 0..<20_000 {
      let bytes = (0..<Int(next() % 60)).map { _ in letters[Int(next() % UInt64(letters.count))] }
      guard let table = try? DataTable.read(bytes, path: "t") else { continue }
      _ = try? TaskInference(table: table, wishes: .init())
    }
  }
}

/// Tasks made from tables.
@Suite struct TaskInferenceTests {
  private func infer(
    _ text: String, _ wishes: TaskInference.Wishes = .init()
  ) throws -> TaskInference {
    try TaskInference(
      table: try DataTable.read(Array(text.utf8), path: "/data/my table.csv"), wishes: wishes)
  }

  /// Two classes, apart in x and not in y; z is constant, n counts, w is words.
  private var classes: String {
    "n,x,y,z,w,kind of thing\n"
      + (0..<20).map { number in
        let isCat = number % 2 == 0
        return "\(number),\(isCat ? 1.5 : 4.5 + Double(number) / 100),\(number % 7),3,w\(number),"
          + (isCat ? "cat" : "dog") + "\n"
      }.joined()
  }

  @Test func `columns become inputs with complements and constants`() throws {
    let made = try infer(classes, .init(answer: "kind of thing"))
    #expect(made.task.name == "my-table")
    #expect(made.task.classes == ["cat", "dog"] && made.task.outputs.count == 2)
    #expect(
      made.task.inputs.map(\.name) == ["x", "y", "not x", "not y", "constant high", "constant low"])
    #expect(made.task.samples.count == 20 && made.task.training == 13)
    #expect(made.task.samples[0].inputs == [0, 0, 0.45, 0.45, 0.45, 0])
    let said = made.remarks.joined(separator: "\n")
    for word in [
      "\"z\" (always the same)", "\"n\" (counts the rows)", "\"w\" (20 different words in 20 rows)",
    ] {
      #expect(said.contains(word), "\(said)")
    }
  }

  @Test func `its file reads as the same task`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "tellegen-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let values = (0..<12).map { "\($0 % 5),\(Double($0) * 1.5),?\n" }.joined()
    for text in [
      classes, "a;b;y\n1,5;2;10\n2,5;7;20\n3,5;1;17\n?;2;3\n2;2;2\n",
      "6,2,no,yes\n1,2,0\n3,4,1\n5,6,0\n1,2,0\n3,4.5,1\n5,6,0\n", values,
    ] {
      let path = folder.appending(path: "my table.csv").path
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      guard let made = try? TaskInference(path: path, wishes: .init()) else {
        // A column that is missing throughout leaves no rows.
        #expect(text == values)
        continue
      }
      let read = try TaskDescription.read(
        text: made.yaml(data: "my table.csv"), file: folder.path + "/task.yaml")
      #expect(read == made.task)
    }
  }

  @Test func `values are wanted in the inner half of the range`() throws {
    let made = try infer("a,y\n1,10\n2,20.5\n3,30\n4,15\n5,12\n")
    #expect(made.task.classes.isEmpty && made.task.objective == .squaredError)
    let labels = made.task.samples.map { $0.labels[0] }
    #expect(labels.min() == 0.1125 && labels.max() == 0.3375)
  }

  @Test func `classes may be numbers, and 1.0 is 1`() throws {
    let rows = (0..<20).map { "\($0 * $0 % 11),\($0 % 2 == 0 ? "1" : "2.0")\n" }.joined()
    let made = try infer("a,class\n" + rows + "4,1.0\n")
    #expect(made.task.classes == ["1", "2.0"])
    #expect(made.task.samples.last?.category == 0)
    let asked = try infer("a,class\n" + rows, .init(isClass: false))
    #expect(asked.task.classes.isEmpty)
  }

  @Test func `rows that lack a value are left out, and told`() throws {
    let made = try infer("a,b,class\n1,2,x\n?,3,y\n2,NA,x\n3,1,y\n4,5,x\n2,2,y\n")
    #expect(made.task.samples.count == 4)
    #expect(made.remarks.contains { $0.contains("2 of 6 rows") && $0.contains("line 3") })
    #expect(made.yaml(data: "t.csv").contains("missing: skip"))
  }

  @Test func `few channels get the columns that tell most, by the training samples`() throws {
    let table = try DataTable.read(Array(classes.utf8), path: "t.csv")
    let made = try TaskInference(table: table, wishes: .init(answer: "kind of thing", sources: 4))
    #expect(made.task.inputs.map(\.name) == ["x", "y", "constant high", "constant low"])
    let one = try TaskInference(table: table, wishes: .init(answer: "kind of thing", sources: 3))
    #expect(one.task.inputs.map(\.name) == ["x", "constant high", "constant low"])
    #expect(one.remarks.contains { $0.contains("without y") })
  }

  @Test func `values far out count as the end of the range`() throws {
    let rows = (0..<100).map { "\($0 == 50 ? 1000 : $0 % 10),\($0 % 2 == 0 ? "x" : "y")\n" }
      .joined()
    let made = try infer("a,class\n" + rows)
    #expect(made.task.inputs[0].highest == 9 && made.task.inputs[0].clips == true)
    #expect(made.task.samples[50].inputs[0] == 0.45)
  }

  /// What is no task, and what is said of it.
  static let refusals: [(text: String, wishes: TaskInference.Wishes, said: String)] = [
    ("a\n1\n2\n", .init(), "the table has one column"),
    ("a,b\n1,2\n3,4\n5,6\n7,8\n", .init(answer: "c"), "there is no column \"c\""),
    ("a,class\n1,x\n2,y\n3,z\n4,w\n", .init(), "has 4 different classes in 4 rows"),
    ("a,class\nu,x\nv,y\nw,x\nz,y\n", .init(), "no column but the answer's holds numbers"),
    ("a,class\n1,x\n2,y\n1,x\n3,y\n", .init(sources: 2), "the board has 2 source channels"),
    ("a,class\n1,x\n2,y\n1,x\n3,y\n", .init(targets: 1), "the board has 1"),
    ("a,y\n1,2.5\n2,2.5\n1,2.5\n3,2.5\n", .init(), "is the same in every row"),
    (
      "a,class\n" + (0..<20).map { "\($0 % 6),\($0 % 2)\n" }.joined() + "oops,1\n", .init(),
      "t.csv:22: column 0 (\"a\") is \"oops\"; a number is wanted"
    ),
  ]

  @Test(arguments: refusals.indices)
  func `what makes no task is refused with what is wanted`(_ which: Int) throws {
    let (text, wishes, said) = Self.refusals[which]
    do {
      _ = try TaskInference(
        table: try DataTable.read(Array(text.utf8), path: "t.csv"), wishes: wishes)
      Issue.record("it was made")
    } catch {
      #expect("\(error)".contains(said), "\(error)")
    }
  }
}
