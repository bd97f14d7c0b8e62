import Foundation
import Testing

@testable import Files

/// What tables of strangers have that a task must not stumble over.
@Suite struct StrangeTableTests {
  private func infer(
    _ text: String, _ wishes: TaskInference.Wishes = .init()
  ) throws(DescriptionError) -> TaskInference {
    try TaskInference(table: try DataTable.read(Array(text.utf8), path: "t.csv"), wishes: wishes)
  }

  /// A table of so many rows.
  private func table(_ header: String, _ count: Int = 24, _ row: (Int) -> String) -> String {
    header + "\n" + (0..<count).map { row($0) + "\n" }.joined()
  }

  /// A number that is another in each row, and rises with none.
  private func drawn(_ row: Int) -> String { "\(Double(row * 37 % 101) / 10)" }

  // MARK: - The answer

  @Test(arguments: [
    ("x,y,class", 2), ("class,x,y", 0), ("x,Species,y", 1), ("u,y,v", 1), ("u,v,w", 2),
    ("target,type,y", 0),
  ])
  func `the answer is the column with the surest name, else the last`(
    _ header: String, _ column: Int
  ) throws {
    let inference = try infer(
      table(header) { "\($0 % 3),\((Int($0) / 2) % 3),\((Int($0) / 3) % 3)" })
    #expect(inference.task.table?.classColumn == column)
  }

  @Test func `the only column of words is the answer, unless it names the rows`() throws {
    let kinds = try infer(table("kind,a,b") { "\($0 % 2 == 0 ? "p" : "q"),\(drawn($0)),\($0 % 5)" })
    #expect(kinds.task.classes == ["p", "q"] && kinds.task.table?.classColumn == 0)
    let towns = try infer(table("town,a,b") { "town\($0),\(drawn($0)),\(drawn($0 + 3))" })
    #expect(towns.task.classes.isEmpty && towns.task.table?.labels.map(\.column) == [2])
    #expect(
      towns.remarks.contains { $0.contains("left out: \"town\" (24 different words in 24 rows)") })
  }

  @Test func `the user may say which column is the answer, and what it is`() throws {
    let text = table("a,b,c") { "\(drawn($0)),\($0 % 3),\(drawn($0 + 7))" }
    for answer in ["b", "1"] {
      #expect(try infer(text, .init(answer: answer)).task.classes == ["0", "1", "2"])
    }
    let values = try infer(text, .init(answer: "b", isClass: false)).task
    #expect(values.classes.isEmpty && values.objective == .squaredError)
    #expect(throws: DescriptionError.self) { try infer(text, .init(answer: "d")) }
    #expect(throws: DescriptionError.self) { try infer(text, .init(answer: "3")) }
    #expect(throws: DescriptionError.self) { try infer(text, .init(answer: "a", isClass: true)) }
  }

  @Test func `words that elsewhere mean a missing value may be classes`() throws {
    let text = table("a,class") { "\(drawn($0)),\(["+", "-", "none"][$0 % 3])" }
    let inference = try infer(text)
    #expect(inference.task.classes == ["+", "-", "none"] && inference.task.samples.count == 24)
    try expectSame(inference, text)
  }

  @Test func `a class of one or two rows is told`() throws {
    let text = table("a,class") { "\(drawn($0)),\($0 == 5 ? "Red" : $0 % 2 == 0 ? "red" : "blue")" }
    #expect(
      try infer(text).remarks.contains { $0.hasPrefix("too rare to learn: \"Red\" (1 row)") })
  }

  @Test func `numbers too large for a class or a task are refused, not trapped on`() throws {
    // The first line says the classes' names.
    let counted =
      "8,1,no,yes\n" + (0..<8).map { "\($0),\($0 % 2 == 0 ? "1e300" : "0")\n" }.joined()
    #expect(try infer(counted, .init(isClass: true)).task.classes == ["0", "1e300"])
    for header in ["a,b", "b,a"] {
      let text = table(header) { "\(drawn($0)),\($0 % 2 == 0 ? "1e308" : "-1e308")" }
      do throws(DescriptionError) {
        _ = try infer(text, .init(answer: "b", isClass: false))
        Issue.record("it was taken")
      } catch {
        #expect(error.message.contains("goes from -1e+308 to 1e+308; allowed is"), "\(error)")
      }
    }
  }

  // MARK: - Columns

  @Test func `columns that measure nothing are left out and told`() throws {
    let inference = try infer(
      table("id,k,no,a,kind") { "\(5000 - ($0 * 7) % 24),5,\(3 * $0),\(drawn($0)),\($0 % 2)" })
    #expect(inference.task.inputs.compactMap(\.column) == [3, 3])
    let said = try #require(inference.remarks.first { $0.hasPrefix("left out") })
    for word in ["\"k\" (always the same)", "\"id\" (counts the rows)", "\"no\" (counts"] {
      #expect(said.contains(word), "\(said)")
    }
  }

  @Test func `a column of a few words becomes an input for each, high in rows that have it`() throws
  {
    let colors = ["red", "none", "blue: dark"]
    let text = table("color,a,class") { "\(colors[$0 % 3]),\(drawn($0)),\($0 % 2)" }
    let inference = try infer(text)
    #expect(
      inference.task.inputs.map(\.name) == [
        "color is blue: dark", "color is none", "color is red", "a", "not a", "constant high",
        "constant low",
      ])
    for (row, sample) in inference.task.samples.enumerated() {
      let own = ["blue: dark", "none", "red"].map { $0 == colors[row % 3] ? 0.45 : 0 }
      #expect(Array(sample.inputs.prefix(3)) == own)
    }
    let said =
      "column \"color\" becomes an input for each of its 3 words, blue: dark, none, red: 0.45 V in rows "
      + "that have it, else 0 V"
    #expect(inference.remarks.contains(said), "\(inference.remarks)")
    #expect(inference.remarks.contains { $0.hasPrefix("2 columns become 7 inputs") })
    #expect(inference.yaml(data: "t.csv").contains("# \(said)\n"))
    #expect(inference.yaml(data: "t.csv").contains("# of a word, volts is what"))
    try expectSame(inference, text)
    // Words alone will do, for values as well.
    let words = table("color,size,price") {
      "\(colors[$0 % 3]),\($0 % 2 == 0 ? "S" : "L"),\(drawn($0))"
    }
    #expect(try infer(words).task.inputs.count == 7)
    try expectSame(try infer(words), words)
    // Rows that lack a word are left out like those that lack a number.
    let gaps = table("color,a,class") {
      "\($0 == 5 ? "" : colors[$0 % 2 * 2]),\(drawn($0)),\($0 % 3)"
    }
    #expect(try infer(gaps).task.samples.count == 23)
    try expectSame(try infer(gaps), gaps)
  }

  @Test func `a column of other words is left out, with why and what to do`() throws {
    let long = String(repeating: "x", count: 65)
    let inference = try infer(
      table("many,few,same,rare,long,a,kind") { row in
        let rare = row < 8 ? "u\(row % 2)" : ""
        let few = row < 4 ? "v\(row % 3)" : ""
        let words = "w\(row % 9),\(few),always,\(rare),\(row % 2 == 0 ? long : "y")"
        return words + ",\(drawn(row)),\(row % 2)"
      })
    let said = try #require(inference.remarks.first { $0.hasPrefix("left out: ") })
    for reason in [
      "\"many\" (9 different words in 24 rows)", "\"few\" (3 different words in 4 rows)",
      "\"same\" (always the same word)", "\"rare\" (words, in 8 of 24 rows)",
      "\"long\" (its word \"xxxxx",
    ] {
      #expect(said.contains(reason), "\(said)")
    }
    #expect(
      inference.remarks.contains {
        $0.contains("2 ... 8 different ones") && $0.contains("group its words or write numbers")
      })
    #expect(inference.task.samples.count == 24)
    #expect(inference.task.inputs.compactMap(\.column) == [5, 5])
  }

  @Test func `words take a channel each, and all of a column or none`() throws {
    // The color tells the class, a nothing.
    let text = table("color,a,kind", 60) { "\(["p", "q", "r"][$0 % 3]),\(drawn($0)),\($0 % 3)" }
    func kept(_ sources: Int) throws -> [Int] {
      let inference = try infer(text, .init(answer: "kind", sources: sources, targets: 3))
      #expect(inference.task.inputs.count <= sources)
      return inference.task.inputs.compactMap(\.column)
    }
    #expect(try kept(7) == [0, 0, 0, 1, 1])
    #expect(try kept(6) == [0, 0, 0, 1])
    #expect(try kept(5) == [0, 0, 0])
    #expect(try kept(4) == [1, 1])
    let words = table("color,kind") { "\(["p", "q", "r"][$0 % 3]),\($0 % 3)" }
    do throws(DescriptionError) {
      _ = try infer(words, .init(answer: "kind", sources: 4, targets: 3))
      Issue.record("it was made")
    } catch {
      #expect(
        error.message == "the board has 4 source channels; the 3 words of column \"color\" and two "
          + "constants take 5")
    }
  }

  @Test func `years alone are a measure`() throws {
    let inference = try infer(table("year,price") { "\(1950 + $0),\(drawn($0))" })
    #expect(inference.task.inputs.first?.name == "year")
  }

  @Test func `rows that lack a value are left out, counted, with the first one's line`() throws {
    let text = table("a,b,kind") { row in
      let missing = [3: "NA", 7: "", 9: "?", 11: "null", 12: "-"][row]
      return "\(missing ?? drawn(row)),\(drawn(row + 1)),\(row % 2 == 0 ? "p" : "q")"
    }
    let inference = try infer(text)
    #expect(inference.task.samples.count == 19)
    #expect(
      inference.remarks.contains {
        $0 == "5 of 24 rows lack a value and are left out, the first on line 5"
      })
    #expect(inference.yaml(data: "t.csv").contains("missing: skip"))
    try expectSame(inference, text)
    // Not unless the task says so.
    let strict = inference.yaml(data: "t.csv").replacing("missing: skip", with: "missing: refuse")
    #expect(try refusal(strict, text).contains("t.csv:5: column 0 (input \"a\") is \"NA\""))
  }

  @Test func `a column that is alike in the rows that are left is told`() throws {
    let inference = try infer(
      table("a,b,kind") { "\($0 == 3 ? 7 : 5),\($0 == 3 ? "" : drawn($0)),\($0 % 2)" })
    #expect(inference.task.inputs.compactMap(\.column) == [1, 1])
    #expect(inference.remarks.contains { $0.contains("\"a\" (always the same in these rows)") })
  }

  @Test func `names that meet those of other inputs are told apart`() throws {
    let inference = try infer(
      table("a,not a,constant high,a,kind") { row in
        (0..<4).map { drawn(row + $0) }.joined(separator: ",") + ",\(row % 2)"
      })
    let names = inference.task.inputs.map(\.name)
    #expect(Set(names).count == names.count && names.contains("not a (2)"))
  }

  // MARK: - Channels

  @Test func `few channels get the columns that tell the most, by training samples alone`() throws {
    // b tells the class, a tells a little, c nothing but in some rows, where it tells more than a.
    func text(telling rows: Set<Int>) -> String {
      table("a,b,c,kind", 60) { row in
        let kind = Double(row % 2)
        let a = 0.2 * kind + Double(row * 37 % 101) / 100
        let c = rows.contains(row) ? kind : Double(row * 53 % 97) / 97
        return "\(a),\(kind + Double(row * 29 % 89) / 1000),\(c),\(row % 2)"
      }
    }
    func kept(_ rows: [Int], _ sources: Int) throws -> [String] {
      let wishes = TaskInference.Wishes(sources: sources, targets: 2, seed: 7)
      let inference = try infer(text(telling: Set(rows)), wishes)
      #expect(inference.task.inputs.count == sources)
      #expect(inference.remarks.contains { $0.contains("are more than \(sources) channels") })
      return inference.task.inputs.filter { $0.column != nil }.map(\.name)
    }
    #expect(try kept([], 3) == ["b"])
    #expect(try kept([], 4) == ["a", "b"])
    let split = TaskDescription.split(count: 60, training: 40, seed: 7)
    // As many rows that train change the choice; those that are held out do not.
    #expect(try kept(Array(split.training.prefix(20)), 4) == ["b", "c"])
    #expect(try kept(split.testing, 4) == ["a", "b"])
  }

  // MARK: - Its file

  @Test(arguments: ["iris", "wine", "breast-cancer"])
  func `a shipped table becomes a task that its file says again`(_ name: String) throws {
    let path = packageRoot + "/data/\(name)/\(name).csv"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let inference = try TaskInference(path: path, wishes: .init())
    let (rows, columns, classes) = [
      "iris": (150, 4, 3), "wine": (178, 13, 3), "breast-cancer": (569, 30, 2),
    ][name]!
    #expect(inference.task.samples.count == rows && inference.task.classes.count == classes)
    #expect(inference.task.inputs.count == 2 * columns + 2)
    #expect(inference.task.training == (2 * rows + 1) / 3)
    try expectSame(inference, text)
    // However its lines end and its cells are told apart.
    let other = text.replacing(",", with: ";").replacing(".", with: ",")
      .replacing("\n", with: "\r\n")
    #expect(
      try TaskInference(
        table: try DataTable.read(Array(other.utf8), path: path), wishes: .init()
      ).task.samples == inference.task.samples)
  }

  @Test func `names that YAML would read as something else survive the file`() throws {
    let text = table("\"a: [b]\",'c',# d,\"yes\"") { row in
      let kind = ["true", "# no", "- 'x' {y}", "1: 2"][row % 4]
      return "\(drawn(row)),\(drawn(row + 1)),\(drawn(row + 2)),\"\(kind)\""
    }
    try expectSame(try infer(text), text)
  }

  /// Writes the table and the task's file, reads them, and compares.
  private func expectSame(
    _ inference: TaskInference, _ text: String, _ location: SourceLocation = #_sourceLocation
  ) throws {
    try withFolder { folder in
      try save(text, folder + "/t.csv")
      try save(inference.yaml(data: "t.csv"), folder + "/t.yaml")
      let read = try TaskDescription.read(path: folder + "/t.yaml")
      #expect(read == inference.task, sourceLocation: location)
    }
  }

  private func refusal(_ yaml: String, _ text: String) throws -> String {
    var said = ""
    try withFolder { folder in
      try save(text, folder + "/t.csv")
      try save(yaml, folder + "/t.yaml")
      do throws(DescriptionError) {
        _ = try TaskDescription.read(path: folder + "/t.yaml")
      } catch { said = error.description }
    }
    return said
  }
}
