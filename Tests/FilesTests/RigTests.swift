import Foundation
import Portable
import Testing

@testable import Files

/// Rig files: a rig as its experimenters know it.
@Suite struct RigTests {
  /// A folder with a sound rig, its board, tasks and tables, and other boards and tasks beside
  /// them.
  private func withRig(_ body: (String) throws -> Void) throws {
    try withFolder { folder in
      for (kind, name) in [("board", "two-edge"), ("board", "two-edge-comparator")] {
        try FileManager.default.copyItem(
          atPath: "\(packageRoot)/\(kind)/\(name).yaml", toPath: "\(folder)/\(name).yaml")
      }
      for name in ["alpha", "beta"] {
        try FileManager.default.copyItem(
          atPath: "\(packageRoot)/task/two-edge-\(name).yaml", toPath: "\(folder)/\(name).yaml")
      }
      try save("1,2,3,4,3\n2,3,4,3,2\n", folder + "/cycle.csv")
      try save("0.01,4e-5\n0.1,5e-4\n", folder + "/error.csv")
      try body(folder)
    }
  }

  private static let sound = """
    name: mine
    board: two-edge.yaml
    plane: [G-, G+]
    tasks:
      - {task: alpha.yaml, input: in, slope: 2.7, offset: -3.3, drift: 5.4}
      - {task: beta.yaml, input: in, slope: 0.44, offset: 1.6, drift: -4.5}
    rate: 2

    """

  @Test func `the shipped rig is read with its board, tasks and measurements`() throws {
    let names = knownNames(of: .rig, near: [packageRoot])
    #expect(names.contains("exp1"))
    for name in names {
      let rig = try RigDescription.read(path: try locate(name, kind: .rig, near: [packageRoot]))
      #expect(rig.name == name)
    }
    let rig = try RigDescription.read(path: try locate("exp1", kind: .rig, near: [packageRoot]))
    #expect(rig.board.name == "two-edge" && rig.board.imperfections == .none)
    // G- is the board's second learning edge.
    #expect(rig.plane == [1, 0] && rig.nudge == 1 && rig.pulse == 1e-4)
    #expect(rig.tasks.map(\.task.name) == ["two-edge-alpha", "two-edge-beta"])
    #expect(rig.tasks.map(\.input) == [2, 2])
    #expect(rig.tasks.map(\.slope) == [2.7257, 0.43914])
    #expect(rig.tasks.map(\.offset) == [-3.3003, 1.6061])
    #expect(rig.tasks.map(\.drift) == [5.4, 4.5])
    #expect(rig.rateFactor == nil && rig.judgedUntil == 0.2)
    #expect(rig.relaxations.map(\.tau) == [0.08] && rig.relaxations.map(\.first) == [1])
    #expect(rig.measuredCycles.map(\.tau) == [0.02, 0.08, 0.2])
    #expect(rig.measuredCycles.map(\.first) == [0, 1, 1])
    #expect(rig.measuredError[0] == SIMD2(0.0006, 4.51539052715704e-05))
    #expect(rig.measuredError.count == rig.measuredSpanSquared.count)
    for cycle in rig.measuredCycles { #expect(cycle.points.count >= 5) }
  }

  @Test func `a user's rig is read from files beside it`() throws {
    try withRig { folder in
      try save(
        Self.sound.replacing(
          "rate: 2",
          with: """
            about: One of ours.
            nudge: 0.5
            pulse: 2e-4
            relaxation: {tau: 0.1, first: two-edge-beta, cycle: cycle.csv}
            measured:
              error: error.csv
              cycles: [{tau: 0.1, first: two-edge-alpha, cycle: cycle.csv}]
            """), folder + "/rig.yaml")
      let rig = try RigDescription.read(path: folder + "/rig.yaml")
      #expect(rig.name == "mine" && rig.about == "One of ours.")
      #expect(rig.nudge == 0.5 && rig.pulse == 2e-4 && rig.rateFactor == nil)
      #expect(rig.relaxations.map(\.points) == [[[1, 2], [2, 3], [3, 4], [4, 3], [3, 2]]])
      #expect(rig.measuredError == [[0.01, 4e-5], [0.1, 5e-4]])
      #expect(rig.measuredSpanSquared.isEmpty && rig.measuredCycles.count == 1)
    }
  }

  @Test func `relaxations may be several, and samples of a task too`() throws {
    try withRig { folder in
      let task = try String(contentsOfFile: folder + "/alpha.yaml", encoding: .utf8)
      try save(task.replacing("  - [0.31]", with: "  - [0.31]\n  - [0.3]"), folder + "/alpha.yaml")
      try save(
        Self.sound.replacing(
          "rate: 2",
          with: """
            relaxation:
              - {tau: 0.1, first: two-edge-beta, cycle: cycle.csv}
              - {tau: 0.2, first: two-edge-alpha, cycle: cycle.csv}
            """), folder + "/rig.yaml")
      let rig = try RigDescription.read(path: folder + "/rig.yaml")
      #expect(rig.relaxations.map(\.tau) == [0.1, 0.2] && rig.relaxations.map(\.first) == [1, 0])
      #expect(rig.rateFactor == nil && rig.judgedUntil == nil)
      #expect(rig.tasks.map(\.task.samples.count) == [2, 1])
    }
  }

  @Test func `without rate and relaxation the rate is the nominal one`() throws {
    try withRig { folder in
      try save(Self.sound, folder + "/rig.yaml")
      #expect(try RigDescription.read(path: folder + "/rig.yaml").rateFactor == 2)
      try save(Self.sound.replacing("rate: 2\n", with: ""), folder + "/rig.yaml")
      let rig = try RigDescription.read(path: folder + "/rig.yaml")
      #expect(rig.rateFactor == 1 && rig.nudge == 1 && rig.pulse == 1e-4)
    }
  }

  /// What is exchanged in the sound rig, and what its refusal says.
  struct Spoiling: Sendable, CustomTestStringConvertible {
    let old: String
    let new: String
    let line: Int?
    let contains: [String]

    init(_ old: String, _ new: String, line: Int?, _ contains: String...) {
      self.old = old
      self.new = new
      self.line = line
      self.contains = contains
    }

    var testDescription: String { "\(old) -> \(new)" }
  }

  static let spoilings = [
    Spoiling(
      "two-edge.yaml", "two-edge-comparator.yaml", line: 2, "comparator edges", "multiplier"),
    Spoiling("two-edge.yaml", "none.yaml", line: nil, "none.yaml", "no such file"),
    Spoiling("two-edge.yaml", "no-board-of-this-name", line: nil, "no-board-of-this-name"),
    Spoiling("two-edge.yaml", "many.yaml", line: 2, "\"many\"", "3 learning edges", "allowed is 2"),
    Spoiling("[G-, G+]", "[G-, G*]", line: 3, "G*", "no learning edge", "G+"),
    Spoiling("[G-, G+]", "[G-, G-]", line: 3, "one edge twice"),
    Spoiling("[G-, G+]", "[G-]", line: 3, "plane"),
    Spoiling("[G-, G+]", "[G-, R]", line: 3, "\"R\"", "no learning edge"),
    Spoiling("alpha.yaml", "gamma.yaml", line: nil, "gamma.yaml", "no such file"),
    Spoiling("alpha.yaml", "pair.yaml", line: 5, "\"pair\"", "2 outputs", "one label a sample"),
    Spoiling(
      "input: in, slope: 2.7", "input: inn, slope: 2.7", line: 5, "inn", "no input",
      "did you mean in?"),
    Spoiling("slope: 2.7", "slope: 0", line: 5, "slope", "0.001 ... 1000"),
    Spoiling("slope: 2.7", "slope: -1", line: 5, "slope"),
    Spoiling("slope: 2.7, ", "", line: 5, "slope"),
    Spoiling("offset: 1.6", "offset: nan", line: 6, "offset"),
    Spoiling("drift: 5.4", "drift: 5000", line: 5, "drift", "V/s"),
    Spoiling("rate: 2", "rate: 0", line: 7, "rate"),
    Spoiling("rate: 2", "ratio: 2", line: 7, "ratio", "rate"),
    Spoiling(
      "rate: 2", "rate: 2\nrelaxation: {tau: 0.1, first: two-edge-beta, cycle: cycle.csv}", line: 8,
      "rate and relaxation", "leave one out"),
    Spoiling(
      "rate: 2", "relaxation: {tau: 0.1, first: gamma, cycle: cycle.csv}", line: 7, "gamma",
      "no task", "two-edge-beta"),
    Spoiling(
      "rate: 2", "relaxation: {tau: 0, first: two-edge-beta, cycle: cycle.csv}", line: 7, "tau"),
    Spoiling(
      "rate: 2", "relaxation: {tau: 1, first: two-edge-beta, cycle: none.csv}", line: nil,
      "none.csv", "no such file", "cycle.csv"),
    Spoiling(
      "rate: 2", "relaxation: {tau: 1, first: two-edge-beta, cycle: error.csv}", line: 7,
      "error.csv", "x and y", "5 or more"),
    Spoiling("rate: 2", "measured: {error: words.csv}", line: nil, "words.csv:2", "\"many\""),
    Spoiling("rate: 2", "measured: {error: nan.csv}", line: nil, "nan.csv:1", "finite"),
    Spoiling(
      "rate: 2", "measured: {error: huge.csv}", line: nil, "huge.csv:1", "1000000000.0 allowed"),
    Spoiling("rate: 2", "measured: {error: cycle.csv}", line: 7, "cycle.csv", "two columns"),
    Spoiling("rate: 2", "measured: {error: below.csv}", line: 7, "below.csv", "above 0"),
    Spoiling("rate: 2", "measured: {error: empty.csv}", line: 7, "empty.csv", "two columns"),
    Spoiling("rate: 2", "measured: {errors: error.csv}", line: 7, "errors"),
    Spoiling("rate: 2", "nudge: 2", line: 7, "nudge"),
    Spoiling("rate: 2", "pulse: 0", line: 7, "pulse"),
    Spoiling(
      "  - {task: beta.yaml, input: in, slope: 0.44, offset: 1.6, drift: -4.5}\n", "", line: 5,
      "tasks"),
    Spoiling("name: mine\n", "", line: nil, "name"),
  ]

  @Test(arguments: spoilings)
  func `what is wrong in a rig is named with its line`(_ spoiling: Spoiling) throws {
    try withRig { folder in
      let board = try String(contentsOfFile: folder + "/two-edge.yaml", encoding: .utf8)
      try save(
        board.replacing("name: two-edge\n", with: "name: many\n")
          .replacing("part: resistor, ohms: 500", with: "part: learning"), folder + "/many.yaml")
      let task = try String(contentsOfFile: folder + "/alpha.yaml", encoding: .utf8)
      try save(
        task.replacing("name: two-edge-alpha", with: "name: pair")
          .replacing("count: 1", with: "count: 2")
          .replacing("  - {column: 0}", with: "  - {column: 0}\n  - {column: 0}"),
        folder + "/pair.yaml")
      try save("0.01,4e-5\n0.1,many\n", folder + "/words.csv")
      try save("0.01,nan\n", folder + "/nan.csv")
      try save("0.01,-4e-5\n", folder + "/below.csv")
      try save("0.01,1e12\n", folder + "/huge.csv")
      try save("\n", folder + "/empty.csv")
      let path = folder + "/rig.yaml"
      let text = Self.sound.replacing(spoiling.old, with: spoiling.new)
      #expect(text != Self.sound)
      try save(text, path)
      do {
        _ = try RigDescription.read(path: path)
        Issue.record("it was read")
      } catch let error as DescriptionError {
        let message = error.description
        if let line = spoiling.line {
          #expect(message.hasPrefix("\(path):\(line): "), "\(message)")
        }
        for word in spoiling.contains { #expect(message.contains(word), "\(word): \(message)") }
      }
    }
  }

  @Test func `a rig that is not there is refused and the rigs that are there are listed`() throws {
    #expect {
      _ = try locate("exp", kind: .rig, near: [packageRoot])
    } throws: { error in
      "\(error)".contains("\"exp\"") && "\(error)".contains("exp1")
    }
    try withFolder { folder in
      #expect {
        _ = try RigDescription.read(path: folder + "/rig.yaml")
      } throws: { error in
        "\(error)".contains("no such file")
      }
      try save(String(repeating: "#", count: 2 << 20), folder + "/large.yaml")
      #expect {
        _ = try RigDescription.read(path: folder + "/large.yaml")
      } throws: { error in
        "\(error)".contains("rig file") && "\(error)".contains("1 MB")
      }
    }
  }
}
