import Foundation
import Testing

/// `tellegen cycle`, `tellegen drift` and `tellegen reproduce` on a user's own files.
@Suite struct CycleTests {
  // MARK: - Somebody's own rig

  private static func board(bias: [Double], more: String = "") -> String {
    """
    name: bench-seven
    nodes: [Top, Bottom, Feed, Mid]
    edges:
      - {name: upper, from: Mid, to: Top, bias: \(bias[0])}
      - {name: lower, from: Bottom, to: Mid, bias: \(bias[1])}
      - {from: Feed, to: Mid, part: resistor, ohms: 680}
    gates: {update: multiplier, ohms: 330, farads: 10e-6, initial: 2.4}
    sources: [Top, Bottom, Feed]
    targets: [Mid]
    limits: {lowest: 0, highest: 0.45}
    converters: {bits: 12, reference: 1.024, read_noise: 1e-4}
    \(more)

    """
  }

  private static func task(_ name: String, feed: Double, label: Double) -> String {
    """
    name: \(name)
    inputs:
      - {name: top, volts: 0.4}
      - {name: bottom, volts: 0.03}
      - {name: feed, volts: \(feed)}
    outputs: {count: 1}
    labels: [{column: 0}]
    objective: squared_error
    samples: [[\(label)]]

    """
  }

  private static let rig = """
    name: bench-seven
    board: mine.yaml
    plane: [lower, upper]
    nudge: 0.8
    pulse: 2e-4
    tasks:
      - {task: left.yaml, input: feed, slope: 2, offset: -2, drift: 2.5}
      - {task: right.yaml, input: feed, slope: 0.5, offset: 1.5, drift: -1.5}
    rate: 1.5

    """

  private func write(_ tellegen: Program, bias: [Double] = [1.5, -0.8], more: String = "") throws {
    try tellegen.write(Self.board(bias: bias, more: more), to: "mine.yaml")
    try tellegen.write(Self.task("left", feed: 0.35, label: 0.28), to: "left.yaml")
    try tellegen.write(Self.task("right", feed: 0.05, label: 0.15), to: "right.yaml")
    try tellegen.write(Self.rig, to: "rig.yaml")
  }

  /// Rows of a CSV file under its heading; every field is a word of these or a finite number.
  private func rows(
    _ text: String, words: Set<String> = ["steady", "drifting", "unsteady", ""]
  ) -> [[String]] {
    var rows: [[String]] = []
    for line in text.split(separator: "\n").dropFirst() {
      let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      if fields[0].hasSuffix("_s") || fields[0] == "task" { continue }
      for field in fields where !words.contains(field) {
        #expect(Double(field)?.isFinite == true, "\(field)")
      }
      rows.append(fields)
    }
    return rows
  }

  /// The plot was drawn, or the program says what is missing.
  private func expectPlot(_ tellegen: Program, _ end: Ending, _ name: String) {
    #expect(tellegen.exists(name + ".gp"))
    if find("gnuplot") != nil {
      #expect(tellegen.exists(name + ".png"), "\(end.output)")
    } else {
      #expect(end.output.contains("No plot"))
    }
  }

  @Test func `a user's own rig cycles and drifts without touching code`() throws {
    try Program.run { tellegen in
      try write(tellegen)
      let cycle = try tellegen(
        "cycle", "--rig", "rig.yaml", "--theory", "--tau", "0.002", "--tau", "0.02", "--longest",
        "0.2", "--out", "c")
      #expect(cycle.code == 0, "\(cycle.errors)")
      // Labels from the lines: (2 x 0.4 + 0.03)/3 and (0.5 x 0.4 + 0.03)/1.5.
      #expect(cycle.errors.contains("left:") && cycle.errors.contains("label 0.2767 V"))
      #expect(cycle.errors.contains("label 0.1533 V"))
      #expect(cycle.errors.contains("upper") && cycle.errors.contains("1.5 times the nominal"))
      #expect(cycle.output.contains("pulses of 0.2 ms"))
      let rows = rows(try tellegen.text("c/cycle.csv"))
      #expect(rows.count == 2 && rows.map { Double($0[0]) } == [0.002, 0.02])
      #expect(rows.allSatisfy { Double($0[14]) != nil })
      #expect(!self.rows(try tellegen.text("c/paths.csv")).isEmpty)
      expectPlot(tellegen, cycle, "c/cycle")

      let drift = try tellegen("drift", "--rig", "rig.yaml", "--learned", "0.2", "--out", "d")
      #expect(drift.code == 0, "\(drift.errors)")
      #expect(drift.output.contains("left") && drift.output.contains("right"))
      #expect(
        self.rows(try tellegen.text("d/drift.csv"), words: ["left", "right"]).count == 2 * 41)
      expectPlot(tellegen, drift, "d/drift")
    }
  }

  @Test func `so do a user's own board and tasks`() throws {
    try Program.run { tellegen in
      try write(tellegen)
      let files = ["--board", "mine.yaml", "--task", "left.yaml", "--task", "right.yaml"]
      let cycle = try tellegen(
        ["cycle"] + files + [
          "--rule", "standard", "--nudge", "1", "--tau", "0.01", "--longest", "0.2", "--out", "c",
          "--json",
        ])
      #expect(cycle.code == 0, "\(cycle.errors)")
      let parsed = try JSONSerialization.jsonObject(with: Data(cycle.output.utf8))
      let results = try #require(parsed as? [[String: Any]])
      #expect(results.count == 1 && results[0]["tau"] as? Double == 0.01)
      #expect(try tellegen.text("c/cycle.json").contains("\"steadiness\""))

      let drift = try tellegen(
        ["drift"] + files + ["--rule", "standard", "--learned", "0.1", "--out", "d"])
      #expect(drift.code == 0, "\(drift.errors)")
      #expect(rows(try tellegen.text("d/drift.csv"), words: ["left", "right"]).count == 42)
      expectPlot(tellegen, drift, "d/drift")
      // One task alone can drift, not cycle.
      let alone = Array(files.prefix(4))
      #expect(
        try tellegen(["drift"] + alone + ["--learned", "0.02", "--out", "e"]).code == 0)
      let one = try tellegen(["cycle"] + alone + ["--out", "f"])
      #expect(one.code == 64 && one.errors.contains("1 task is given") && !tellegen.exists("f"))
    }
  }

  @Test func `the same seed gives the same files`() throws {
    try Program.run { tellegen in
      for out in ["one", "other"] {
        let end = try tellegen(
          "cycle", "--rule", "standard", "--tau", "0.001", "--tau", "0.01", "--longest", "0.1",
          "--out", out)
        #expect(end.code == 0)
      }
      for name in ["cycle.csv", "paths.csv", "cycle.json"] {
        #expect(try tellegen.text("one/" + name) == tellegen.text("other/" + name))
      }
      let again = try tellegen(
        "cycle", "--rule", "standard", "--tau", "0.001", "--out", "one")
      #expect(again.code == 64 && again.errors.contains("--overwrite"))
      // No command goes on with cycles.
      #expect(!again.errors.contains("--resume"), "\(again.errors)")
    }
  }

  @Test func `a bias that rails the gates is said in words and leaves no strange number`() throws {
    try Program.run { tellegen in
      try write(tellegen, bias: [400, -300], more: "imperfections: none")
      let end = try tellegen(
        "cycle", "--board", "mine.yaml", "--task", "left.yaml", "--task", "right.yaml", "--rule",
        "standard", "--theory", "--tau", "0.001", "--tau", "0.5", "--longest", "0.1", "--out", "c")
      #expect(end.code == 0, "\(end.errors)")
      #expect(end.output.contains("of 2 gates stood at their rails"), "\(end.output)")
      #expect(end.output.contains("smaller bias"))
      let rows = rows(try tellegen.text("c/cycle.csv"))
      #expect(rows[1][13] == "unsteady" && Int(rows[1][9])! > 0)
      _ = self.rows(try tellegen.text("c/paths.csv"))
    }
  }

  // MARK: - Refusals

  @Test func `a tau shorter than a step is wrong usage with both figures`() throws {
    try Program.run { tellegen in
      let end = try tellegen(
        "cycle", "--tau", "0.01", "--tau", "0.00015", "--rule", "standard",
        "--out", "c")
      #expect(end.code == 64 && end.output.isEmpty && !tellegen.exists("c"))
      #expect(end.errors.contains("tau is 0.00015 s"), "\(end.errors)")
      #expect(end.errors.contains("0.0001 s") && end.errors.contains("0.0002 s or more"))
      for tau in ["0", "-1", "nan", "soon", "1e9"] {
        let end = try tellegen("cycle", "--tau=\(tau)", "--out", "c")
        #expect(end.code == 64 && end.errors.contains("--tau"), "\(tau): \(end.errors)")
      }
    }
  }

  @Test func `tasks that the board cannot present are wrong data`() throws {
    try Program.run { tellegen in
      try write(tellegen)
      try tellegen.write(Self.task("hot", feed: 0.9, label: 0.2), to: "hot.yaml")
      for command in ["cycle", "drift"] {
        let end = try tellegen(
          command, "--board", "mine.yaml", "--task", "left.yaml", "--task", "hot.yaml", "--out",
          "c")
        #expect(end.code == 65, "\(end.errors)")
        #expect(end.errors.contains("hot") && end.errors.contains("0.9"), "\(end.errors)")
        #expect(end.errors.contains("feed") && end.errors.contains("0.45"), "\(end.errors)")
        #expect(!tellegen.exists("c/\(command).json"))
        let large = try tellegen(
          command, "--board", "mine.yaml", "--task", "iris", "--task", "left.yaml", "--out", "c")
        #expect(large.code == 65 && large.errors.contains("iris"), "\(large.errors)")
      }
    }
  }

  @Test func `a wrong rig is wrong data with file and line`() throws {
    try Program.run { tellegen in
      try write(tellegen)
      try tellegen.write(
        Self.rig.replacing("slope: 2,", with: "slope: 0,"), to: "bad.yaml")
      let bad = try tellegen("cycle", "--rig", "bad.yaml", "--out", "c")
      #expect(bad.code == 65 && bad.errors.contains("bad.yaml:7: "), "\(bad.errors)")
      try tellegen.write(
        Self.rig.replacing("slope: 0.5,", with: "slope: 2,"), to: "equal.yaml")
      let equal = try tellegen("drift", "--rig", "equal.yaml", "--out", "c")
      #expect(equal.code == 65 && equal.errors.contains("both solution lines"), "\(equal.errors)")
      let none = try tellegen("cycle", "--rig", "exp7", "--out", "c")
      #expect(none.code == 65 && none.errors.contains("exp1"), "\(none.errors)")
      let both = try tellegen("cycle", "--rig", "rig.yaml", "--board", "mine.yaml")
      #expect(both.code == 64 && both.errors.contains("--rig brings its own board"))
      #expect(!tellegen.exists("c") && !tellegen.exists("runs"))
    }
  }

  @Test func `a rule or theory that the board cannot follow is wrong usage`() throws {
    try Program.run { tellegen in
      let rule = try tellegen("cycle", "--rule", "centred", "--out", "c")
      #expect(rule.code == 64 && rule.errors.contains("'centred'"), "\(rule.errors)")
      let theory = try tellegen(
        "cycle", "--board", "two-edge-comparator", "--task", "two-edge-alpha", "--task",
        "two-edge-beta", "--rule", "standard", "--theory", "--tau", "0.1", "--out", "d")
      #expect(theory.code == 64, "\(theory.errors)")
      #expect(theory.errors.contains("linear theory does not apply"), "\(theory.errors)")
    }
  }

  // MARK: - Interruption

  @Test func `an interrupted cycle keeps the taus that were finished`() throws {
    try Program.run { tellegen in
      let short = ["0.001", "0.002", "0.003", "0.004", "0.005"].flatMap { ["--tau", $0] }
      let process = try tellegen.process(
        ["cycle", "--rule", "standard"] + short + [
          "--tau", "1000", "--longest", "0.05", "--out", "c",
        ])
      let errors = Pipe()
      process.standardError = errors
      process.standardOutput = FileHandle.nullDevice
      try startListening(process)
      #expect(
        firstLine(of: errors.fileHandleForReading.fileDescriptor) == "5 of 6 tau")
      kill(process.processIdentifier, SIGINT)
      let rest = errors.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      #expect(process.terminationReason == .exit && process.terminationStatus == 130)
      #expect(String(decoding: rest, as: UTF8.self).contains("5 of 6 taus are kept in c"))
      let rows = rows(try tellegen.text("c/cycle.csv"))
      #expect(rows.map { Double($0[0]) } == [0.001, 0.002, 0.003, 0.004, 0.005])
      let json = try JSONSerialization.jsonObject(
        with: Data(try tellegen.text("c/cycle.json").utf8))
      #expect((json as? [Any])?.count == 5)
    }
  }

  @Test func `a rig's cycles say how far they are from what was measured`() throws {
    struct Outcome: Decodable {
      struct Rate: Decodable {
        var factor: Double
        var standardError: Double
        var relaxations: [Double]
        var byCurve: Double?
      }
      struct Deviation: Decodable {
        var until: Double?
        var error: Double?
        var spanSquared: Double?
        var taus: Int
      }
      var rate: Rate?
      var deviation: Deviation?
    }
    struct Whole: Decodable {
      struct Cycle: Decodable { var tau: Double }
      var cycles: [Cycle]
      var rig: Outcome
    }
    try Program.run { tellegen in
      let json = try tellegen("cycle", "--rig", "exp1", "--out", "c", "--json")
      #expect(json.code == 0, "\(json.errors)")
      let whole = try JSONDecoder().decode(Whole.self, from: Data(json.output.utf8))
      #expect(whole.cycles.count == 19)
      let deviation = try #require(whole.rig.deviation)
      #expect(deviation.taus == 14 && deviation.until == 0.2)
      #expect((0.001...0.15).contains(try #require(deviation.error)))
      #expect((0.001...0.12).contains(try #require(deviation.spanSquared)))
      let rate = try #require(whole.rig.rate)
      #expect(rate.relaxations.count == 1 && rate.byCurve != nil)
      #expect((0.01...0.31).contains(rate.standardError))
      let kept = try JSONDecoder().decode(
        Outcome.self, from: Data(try tellegen.text("c/rig.json").utf8))
      #expect(kept.rate?.factor == rate.factor)
      #expect(json.errors.contains("by each relaxation (halves: "))
      #expect(json.errors.contains("by the error curve; E goes as the rate's power"))
      // Steady by itself, where nothing keeps it from it.
      let rows = rows(try tellegen.text("c/cycle.csv"))
      #expect(rows.filter { $0.contains("steady") }.count >= 14, "\(rows)")
      let words = try tellegen("cycle", "--rig", "exp1", "--tau", "0.02", "--out", "d")
      #expect(words.output.contains("rms of log10(ours/measured) up to tau 0.2 s: E "))
    }
  }

  // MARK: - Experiments

  @Test func `the list names every experiment with its time`() throws {
    try Program.run { tellegen in
      let end = try tellegen("reproduce", "--list")
      #expect(end.code == 0 && end.errors.isEmpty)
      let lines = end.output.split(separator: "\n").map { $0.drop { $0 == " " } }
      for name in [
        "limit-cycles", "drift", "two-task-32", "overclamp", "bias-scaling", "desynchronous",
        "memory", "power-aware", "iris", "xor",
      ] {
        let line = lines.first { $0.hasPrefix(name + " ") }
        let words = line?.split(separator: " ").map(String.init) ?? []
        #expect(words.count > 5 && Int(words[1]) != nil && words[2] == "s", "\(name)")
      }
      #expect(!tellegen.exists("runs"))
    }
  }

  @Test func `an unknown experiment is wrong usage and the known ones are named`() throws {
    try Program.run { tellegen in
      let end = try tellegen("reproduce", "drift", "cold-fusion", "--quick")
      #expect(end.code == 64 && end.output.isEmpty && !tellegen.exists("runs"))
      #expect(end.errors.contains("cold-fusion") && end.errors.contains("limit-cycles"))
      let none = try tellegen("reproduce")
      #expect(none.code == 64 && none.errors.contains("--list"))
    }
  }

  @Test func `an experiment keeps its table and files`() throws {
    try Program.run { tellegen in
      let end = try tellegen("reproduce", "drift", "--quick", "--out", "r")
      #expect(end.code == 0, "\(end.errors)")
      #expect(end.errors.contains("[1/1] drift"))
      #expect(end.output.contains("as it must be") && end.output.contains("published"))
      let table = try tellegen.text("r/drift/table.csv").split(separator: "\n")
      #expect(table[0] == "quantity,ours,spread,published,ratio,holds")
      #expect(table.count == 9 && table.dropFirst().allSatisfy { $0.hasSuffix(",yes") })
      #expect(tellegen.exists("r/drift/drift.csv") && tellegen.exists("r/drift/drift.gp"))
      if find("gnuplot") != nil { #expect(tellegen.exists("r/drift/drift.png")) }
    }
  }

  @Test func `an experiment that misses ends with 1 and says where`() throws {
    try Program.run { tellegen in
      // A rig of that name here comes before the shipped one: the same, but for a hundredth of the
      // learning rate, with which bias keeps the task from being solved.
      var rig = try String(contentsOfFile: packageRoot + "/rig/exp1.yaml", encoding: .utf8)
      let relaxation = try #require(
        rig.split(separator: "\n").first { $0.hasPrefix("relaxation:") })
      rig = rig.replacing(relaxation, with: "rate: 0.02")
        .replacing("../data", with: packageRoot + "/data")
      try FileManager.default.createDirectory(
        atPath: tellegen.path("rig"), withIntermediateDirectories: true)
      try tellegen.write(rig, to: "rig/exp1.yaml")
      let end = try tellegen("reproduce", "drift", "--quick", "--out", "r")
      #expect(end.code == 1, "\(end.output)")
      #expect(end.errors.contains("missed: drift"))
      #expect(end.output.contains("MISSED"))
      #expect(try tellegen.text("r/drift/table.csv").contains(",no\n"))
    }
  }
}
