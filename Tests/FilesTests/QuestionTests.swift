import Foundation
import Testing

@testable import Files

/// Rows of inputs whose answers are asked for.
@Suite struct QuestionTests {
  private static let head = """
    inputs:
      - {name: x, column: 1, range: [0, 10], volts: [0, 0.4]}
      - {name: y, column: 2, range: [-1, 1], volts: [0.4, 0]}
      - {name: high, volts: 0.4}
    outputs: {count: 2}
    classes: {column: 0, names: [red, blue]}
    objective: {hinge: {margin: 0.01}}

    """

  /// A task whose data have the class in their first column.
  private func task(_ head: String = head, skip: Int = 0) throws -> TaskDescription {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "questions-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let lines = Array(repeating: "2,of,kind,lines", count: skip) + ["red,1,0,9", "blue,9,1,9"]
    try lines.joined(separator: "\n").write(
      to: folder.appendingPathComponent("data.csv"), atomically: true, encoding: .utf8)
    return try TaskDescription.read(
      text: "name: t\ndata: data.csv\nskip_lines: \(skip)\n" + head,
      file: folder.path + "/t.yaml")
  }

  private let board = BoardDescription.lattice(side: 4)

  private func ask(
    _ task: TaskDescription, _ text: String, skip: Int? = nil
  ) throws -> (rows: [Question], header: Int?) {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent(
      "questions-\(UUID().uuidString).csv")
    try text.write(to: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: file) }
    return try task.questions(path: file.path, skip: skip, on: board)
  }

  private func refusal(_ text: String, skip: Int? = nil) throws -> String {
    do {
      _ = try ask(try task(), text, skip: skip)
      return ""
    } catch let error as DescriptionError {
      return error.description
    }
  }

  @Test func `columns are read by their names, in any order, or the names are refused`() throws {
    let task = try task()
    let usual = try ask(task, "x,y,z\n5,0,7\n")
    let turned = try ask(task, "z,other,y,x\n7,1,0,5\n")
    #expect(usual.header == 1 && turned.header == 1)
    #expect(usual.rows[0].inputs == turned.rows[0].inputs)
    // Names that say nothing of the inputs leave the order of the data.
    #expect(try ask(task, "a,b,c\n5,0,7\n").rows == usual.rows)
    #expect(try refusal("y,b,c\n5,0,7\n").contains("but not \"x\""))
    #expect(try refusal("z,other,y,x\n7,1\n").contains("this line has 2 cells"))
  }

  @Test func `a first row with a damaged cell is no line of names`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "questions-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try "x,y,z,v\n0.1,0.2,0.3,0.1\n".write(
      to: folder.appendingPathComponent("data.csv"), atomically: true, encoding: .utf8)
    let text = """
      name: t
      data: data.csv
      skip_lines: 1
      inputs: [{name: x, column: 0}, {name: y, column: 1}, {name: z, column: 2}]
      outputs: {count: 1}
      labels: [{column: 3}]
      objective: squared_error
      """
    let task = try TaskDescription.read(text: text, file: folder.path + "/t.yaml")
    #expect(throws: DescriptionError.self) { try ask(task, "0.l,0.2,0.3\n0.1,0.2,0.3\n") }
    #expect(throws: DescriptionError.self) { try ask(task, "0.1,0.2,ja,0.1,0.3\n0.1,0.2,0.3\n") }
    #expect(try ask(task, "x,y,z\n0.1,0.2,0.3\n").header == 1)
  }

  @Test func `rows come with or without the answer's column, wherever it stands`() throws {
    let task = try task()
    #expect(task.table?.width == 4 && task.table?.classColumn == 0)
    let whole = try ask(task, "red,5,0,7\n\nblue,10,-1,7\n")
    #expect(whole.header == nil && whole.rows.map(\.line) == [1, 3])
    #expect(whole.rows[0].inputs == [0.2, 0.2, 0.4] && whole.rows[1].inputs == [0.4, 0.4, 0.4])
    let bare = try ask(task, "5,0,7\n10,-1,7\n")
    #expect(bare.rows.map(\.inputs) == whole.rows.map(\.inputs))
  }

  @Test func `names of columns are passed over, and said`() throws {
    let named = try ask(try task(), "x,y,z\n5,0,7\n")
    #expect(named.header == 1 && named.rows.map(\.line) == [2])
    // The task's own data begin with a line of another kind.
    let own = try ask(try task(skip: 1), "150,4,setosa,versicolor\nred,5,0,7\n")
    #expect(own.header == 1 && own.rows.count == 1)
    // Where there is none, nothing is lost.
    let none = try ask(try task(skip: 1), "red,5,0,7\nred,5,0,7\n")
    #expect(none.header == nil && none.rows.count == 2)
  }

  @Test(arguments: [
    ("5,0,7\n5,,7\n", ":2: column 1 (input \"y\") is \"\"; a number is wanted"),
    ("5,0,7\n5,?,7\n", ":2: column 1 (input \"y\") is \"?\""),
    ("5,?,7\n", ":1: column 1 (input \"y\") is \"?\""),
    ("red,5,nan,7\n", ":1: column 2 (input \"y\") is \"nan\"; a finite number is wanted"),
    ("red,5,0,7\nred,11,0,7\n", ":2: column 1 (input \"x\") is \"11\", outside the range 0 ... 10"),
    ("5,0,7\nred,5,0,7\n", ":2: this line has 4 cells, but the first has 3"),
    ("5,0\n", ":1: this line has 2 cells; the task's data have 4, or 3 without the answer's"),
    ("x,y,z\n", "there are no rows of inputs in this file"), ("", "there are no rows"),
    ("x,y,z\nu,v,w\n", ":2: column 0 (input \"x\") is \"u\""),
  ])
  func `a row that is wrong is refused with its line`(_ text: String, _ words: String) throws {
    let said = try refusal(text)
    #expect(said.contains(words), "\(said)")
  }

  /// A task of words, with a column of numbers or without.
  private func wordsTask(_ more: String = "") throws -> TaskDescription {
    try TaskDescription.read(
      text: """
        name: w
        samples: [[red, S, 1, 1], [blue, L, 2, 0]]
        inputs:
          - {name: is red, column: 0, word: red, volts: [0, 0.4]}
          - {name: is blue, column: 0, word: blue, volts: [0, 0.4]}
          - {name: not S, column: 1, word: S, volts: [0.4, 0]}
          - {name: is L, column: 1, word: L, volts: [0, 0.4]}
        \(more)
        outputs: {count: 2}
        classes: {column: 3, names: [a, b]}
        objective: {hinge: {margin: 0.01}}
        """, file: "w.yaml")
  }

  @Test func `words are answered as they are in the task, and others refused by line`() throws {
    for (more, volts) in [
      ("", []), ("  - {name: n, column: 2, range: [0, 2], volts: [0, 0.4]}", [0.4]),
    ] {
      let task = try wordsTask(more)
      #expect(task.samples[0].inputs.prefix(4) == [0.4, 0, 0, 0])
      let named = try ask(task, "color,size,n\nblue,S,2\nred,L,2\n")
      #expect(named.header == 1)
      #expect(
        named.rows.map(\.inputs) == [[0, 0.4, 0, 0] + volts, [0.4, 0, 0.4, 0.4] + volts])
      // A first row of known words is none of names.
      #expect(try ask(task, "blue,S,2\nred,L,2\n").header == nil)
      for (text, said) in [
        ("blue,S,2\nrad,L,2\n", ":2: column 0 (input \"is red\") is \"rad\" (did you mean red?)"),
        ("blue,S,2\nred,M,2\n", ":2: column 1 (input \"not S\") is \"M\""),
        ("blue,S,2\nred,,2\n", "is \"\"; allowed are L, S"), ("green,S,2\n", ":1: column 0"),
      ] {
        do {
          _ = try ask(task, text)
          Issue.record("\(text) was taken")
        } catch let error as DescriptionError {
          #expect(error.description.contains(said), "\(error)")
        }
      }
    }
    // A table of words alone begins with its first row where that is known, else with names.
    var alone = try wordsTask()
    alone.table = TableDescription(width: 3, skipLines: 1, classColumn: 2, labels: [])
    #expect(try ask(alone, "blue,S\nred,L\n").rows.map(\.line) == [1, 2])
    #expect(try ask(alone, "color,size\nred,L\n").rows.map(\.line) == [2])
  }

  @Test func `with a number of lines to skip no line is taken for names`() throws {
    #expect(try ask(try task(), "a b c\nd\n5,0,7\n", skip: 2).rows.map(\.line) == [3])
    #expect(try refusal("x,y,z\n5,0,7\n", skip: 0).contains(":1: column 0 (input \"x\")"))
  }

  @Test func `a voltage that the board does not allow is refused with its line`() throws {
    let wide = Self.head.replacingOccurrences(of: "volts: [0, 0.4]", with: "volts: [0, 2]")
    do {
      _ = try ask(try task(wide), "red,1,0,7\nred,9,0,7\n")
      Issue.record("it was taken")
    } catch let error as DescriptionError {
      #expect(
        error.description.contains(":2: input \"x\" is 1.8 V; the board \"lattice-4\" allows"))
    }
  }

  @Test func `without a kept layout columns are read as they come`() throws {
    var task = try task()
    task.table = nil
    #expect(try ask(task, "red,5,0\n").rows.count == 1)
    #expect(throws: DescriptionError.self) { try ask(task, "5,0\n") }
  }
}
