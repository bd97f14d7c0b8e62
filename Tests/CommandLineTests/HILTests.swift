import Foundation
import Testing

/// `tellegen hil` as a user types it.
@Suite struct HILTests {
  /// Runs a body in a folder that has the package's boards and scenarios, with a cache of its own.
  private func inPackage(_ body: (Program) throws -> Void) throws {
    try Program.run { tellegen in
      for name in ["board", "hil"] {
        try FileManager.default.createSymbolicLink(
          atPath: tellegen.path(name), withDestinationPath: packageRoot + "/" + name)
      }
      try body(tellegen)
    }
  }

  @Test func `every attempt has a folder of its own, with all that was measured`() throws {
    try inPackage { tellegen in
      for attempt in 1...2 {
        let end = try tellegen(
          "hil", "--board", "breadboard", "--target", "pins", "--scenario", "selftest",
          "--ensemble", "100")
        #expect(end.code == 0, "\(end.errors)")
        #expect(end.output.contains("comparators  PASS  8 readings"))
        for file in ["setting.json", "record.jsonl", "record.json", "junit.xml"] {
          #expect(
            FileManager.default.fileExists(
              atPath: tellegen.path("runs/hil-breadboard-pins-\(attempt)/\(file)")))
        }
      }
    }
  }

  @Test func `a board that is not as it must be ends with 1, and says what and what to do`() throws
  {
    try inPackage { tellegen in
      let board = try String(
        contentsOfFile: packageRoot + "/board/breadboard.yaml", encoding: .utf8)
      try tellegen.write(
        """
        name: bad
        phases: [idle, look, gates, converters, comparators, edges]
        faults: [{edge: S1-T1, kind: dead}]
        expect: {phase: look, says: nothing}
        """, to: "bad.yaml")
      try tellegen.write(board, to: "mine.yaml")
      let end = try tellegen(
        "hil", "--board", "mine.yaml", "--scenario", "./bad.yaml", "--ensemble", "100", "--out",
        "bad", "--json")
      #expect(end.code == 1)
      #expect(end.errors.contains("1 of 1 scenarios did not end as they must: bad"))
      let record = try #require(
        try JSONSerialization.jsonObject(with: Data(end.output.utf8)) as? [String: Any])
      let scenarios = try #require(record["scenarios"] as? [[String: Any]])
      #expect(scenarios[0]["outcome"] as? String == "ERROR")
      let again = try tellegen("hil", "--board", "mine.yaml", "--out", "bad")
      #expect(again.code == 64 && again.errors.contains("--overwrite"), "\(again.errors)")
    }
  }

  @Test(arguments: [
    (["--scenario", "bring-upp"], Int32(65), "there is no scenario named"),
    (["--scenario", "bring-upp"], 65, "'tellegen hil --list' says what each is for"),
    (["--scenario", "idle"], 65, "idle is a phase"),
    (["--list", "--dry-run"], 64, "give one of them"),
    (["--scenario", "nothing*"], 64, "no scenario is called"),
    (
      ["--board", "breadboard", "--target", "gpio", "--scenario", "breadboard-*"], 64,
      "put faults on a double"
    ),
    (
      [
        "--target", "pins", "--scenario", "selftest", "--fault", "{line: MISO, kind: stuck_low}",
        "--fault", "{line: MISO, kind: stuck_high}",
      ], 64, "both say what line MISO carries"
    ),
    (["--fault", "{line: MISO, kind: late, at: 3}"], 64, "unknown key \"at\""),
    (["--board", "two-edge"], 64, "a rule of their own"),
    (["--board", "two-edge-comparator", "--target", "pins"], 64, "allowed is --target double"),
    (
      [
        "--board", "two-edge-comparator", "--scenario", "selftest", "--fault",
        "{line: MISO, kind: stuck_low}",
      ], 64, "neither lines nor selects; allowed are faults of an edge, {edge:"
    ),
    (["--board", "two-edge-comparator", "--checked", "SCLK"], 64, "leave it out"),
    (
      ["--target", "pins", "--scenario", "selftest", "--fault", "{select: 0, kind: saturated}"], 64,
      "select 0 has chain; there are 0 (chain), 1 (MCP4922)"
    ),
    (
      ["--target", "pins", "--scenario", "selftest", "--fault", "{select: 0, kind: wrong_chip}"],
      64,
      "which can be deaf"
    ),
    (["--repeat", "0"], 64, "allowed is 1 ... 1000"),
    (["--ensemble", "1"], 64, "allowed is 100 ... 100000"),
  ])
  func `what cannot be proven is refused with its reason`(
    _ words: [String], _ code: Int32, _ told: String
  ) throws {
    try inPackage { tellegen in
      let end = try tellegen(["hil"] + words)
      #expect(end.code == code, "\(end.errors)")
      #expect(end.errors.contains(told), "\(end.errors)")
    }
  }

  @Test func `scenarios are listed, a line each, those of a board that is named`() throws {
    try inPackage { tellegen in
      let all = try tellegen("hil", "--list")
      #expect(all.code == 0, "\(all.errors)")
      let lines = all.output.split(separator: "\n")
      let files = try FileManager.default.contentsOfDirectory(
        atPath: packageRoot + "/hil/scenarios")
      #expect(lines.count == files.count)
      #expect(lines[0].hasPrefix("bring-up ") && lines[0].contains("What a new board"))
      let board = try tellegen("hil", "--list", "--board", "breadboard")
      #expect(board.output.contains("breadboard-edge-dead") && board.output.contains("bring-up"))
      #expect(!board.output.contains("lattice-"))
      // At GPIO lines no fault can be put on anything.
      let real = try tellegen("hil", "--list", "--board", "breadboard", "--target", "gpio")
      #expect(!real.output.contains("breadboard-") && real.output.contains("selftest"))
      #expect(!tellegen.exists("runs"))
    }
  }

  @Test func `a dry run says what would be skipped, and why`() throws {
    try inPackage { tellegen in
      let run = ["hil", "--board", "breadboard", "--dry-run", "--scenario"]
      let direct = try tellegen(run + ["selftest"])
      #expect(direct.code == 0, "\(direct.errors)")
      for line in [
        "idle         would be skipped: the double direct has no lines",
        "calibration  would be skipped: no calibration is given", "gates        All gates go down",
      ] {
        #expect(direct.output.contains(line), "\(direct.output)")
      }
      let pins = try tellegen(run + ["selftest", "--target", "pins"])
      #expect(!pins.output.contains("no lines") && pins.output.contains("chain        would be"))
      for (scenario, target, why) in [
        ("loopback", "pins", "it needs the fixture loopback"),
        ("lattice-chains-deaf", "pins", "it is for board lattice"),
        ("breadboard-edge-dead", "gpio", "this is a real board"),
        ("breadboard-miso-late", "double", "only --target pins has"),
      ] {
        let end = try tellegen(run + [scenario, "--target", target])
        #expect(end.output.contains("  would be skipped: ") && end.output.contains(why))
        let json = try tellegen(run + [scenario, "--target", target, "--json"])
        let told = try #require(
          try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        let scenarios = try #require(told["scenarios"] as? [[String: Any]])
        #expect((scenarios[0]["skipped"] as? String)?.contains(why) == true, "\(json.output)")
      }
      #expect(!tellegen.exists("runs"))
    }
  }

  @Test func `the drawing of limits is shown, and ends where a stop is asked for`() throws {
    try inPackage { tellegen in
      let board = try String(
        contentsOfFile: packageRoot + "/board/breadboard.yaml", encoding: .utf8)
      try tellegen.write(board + "\nfaults: [{edge: S1-T1, kind: dead}]\n", to: "dead.yaml")
      let run = ["hil", "--board", "./dead.yaml", "--scenario", "selftest", "--json", "--out"]
      let whole = try tellegen(run + ["whole", "--ensemble", "200"])
      #expect(whole.errors.contains("\n20 of 200 doubles drawn\n"), "\(whole.errors)")
      #expect(whole.errors.contains("\n200 of 200 doubles drawn\n"))
      let again = try tellegen(run + ["again", "--ensemble", "200"])
      #expect(!again.errors.contains("drawn"), "\(again.errors)")

      let process = try tellegen.process(run + ["stopped", "--ensemble", "100000"])
      let (output, errors) = (Pipe(), Pipe())
      process.standardOutput = output
      process.standardError = errors
      try startListening(process)
      while true {
        let line = firstLine(of: errors.fileHandleForReading.fileDescriptor)
        if line.isEmpty || line.contains("drawing") { break }
      }
      kill(process.processIdentifier, SIGINT)
      let told = output.fileHandleForReading.readDataToEndOfFile()
      let rest = String(
        decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationReason == .exit && process.terminationStatus == 130)
      #expect(rest.contains("interrupted while limits were drawn; the board was not touched"))
      let json = try #require(try JSONSerialization.jsonObject(with: told) as? [String: Any])
      #expect(json["outcome"] as? String == "NOT-STARTED")
      #expect(try tellegen.text("stopped/record.jsonl").contains("limits were drawn"))
    }
  }

  @Test func `what is skipped, and what is not tried again, is said`() throws {
    try inPackage { tellegen in
      let skipped = try tellegen(
        "hil", "--board", "breadboard", "--scenario", "lattice-chains-deaf", "--ensemble", "100")
      #expect(skipped.code == 0, "\(skipped.errors)")
      #expect(skipped.output.contains("1 of 1 as they must be, 1 of them skipped"))
      // Nothing is drawn for what is not gone through.
      #expect(!skipped.errors.contains("drawing"))
      #expect(skipped.output.contains("it is for board lattice, and this is board breadboard"))
      let failed = try tellegen(
        "hil", "--board", "breadboard", "--target", "pins", "--scenario", "selftest", "--ensemble",
        "100", "--retry", "2", "--fault", "{line: MISO, kind: stuck_low}")
      #expect(failed.code == 1 && failed.output.contains("not tried again: --retry is for ERROR"))
      #expect(!failed.output.contains("attempt 2"))
    }
  }

  @Test func `misuses are told by rule, with the names of lines and parts and in units of people`()
    throws
  {
    try inPackage { tellegen in
      let end = try tellegen(
        "hil", "--board", "breadboard", "--target", "pins", "--scenario", "wiring", "--ensemble",
        "100", "--out", "misused", "--fault",
        "{line: S1-T1.charge, kind: swapped, with: S1-T1.discharge}")
      #expect(end.code == 1, "\(end.errors)")
      let told =
        /first at [0-9.]+ ms, lines S1-T1.charge, S1-T1.discharge, edge S1-T1: an edge is/
      #expect(end.output.contains(told) || end.output.contains(/once, at [0-9.]+ ms, lines S1-T1/))
      #expect(!end.output.contains(" ns,") && !end.output.contains("line 3"), "\(end.output)")
      let page = try tellegen.text("misused/report.html")
      #expect(page.contains("lines S1-T1.charge, S1-T1.discharge, edge S1-T1"))
      let record = try #require(
        try JSONSerialization.jsonObject(
          with: Data(try tellegen.text("misused/record.json").utf8)) as? [String: Any])
      let misuses = try #require(
        (record["scenarios"] as? [[String: Any]])?[0]["misuses"] as? [String: Any])
      let rules = try #require(misuses["by_rule"] as? [[String: Any]])
      #expect(rules.compactMap { $0["count"] as? Int }.reduce(0, +) == misuses["count"] as? Int)
      let both = try #require(
        rules.first { ($0["rule"] as? String)?.hasPrefix("an edge is charged") == true })
      #expect(both["lines"] as? [String] == ["S1-T1.charge", "S1-T1.discharge"])
      #expect(both["parts"] as? [String] == ["edge S1-T1"])
      // In SI: the first pulse comes within seconds.
      let first = try #require(both["first_s"] as? Double)
      #expect(first > 1e-3 && first < 10)
    }
  }

  @Test func `a scenario of one's own that names what the board does not have is bad input`() throws
  {
    try inPackage { tellegen in
      for (entry, told) in [
        ("{line: MISOO, kind: late}", "has no line MISOO (did you mean MISO?); there are SCLK"),
        ("{line: MISO, kind: swapped, with: NONE}", "has no line NONE"),
        ("{edge: S1-T9, kind: dead}", "has no edge S1-T9"),
        ("{select: 5, kind: deaf}", "has no select 5; there are 0 (MCP4922), 1 (MCP4922)"),
        (
          "{select: 0, kind: saturated}",
          "only an MCP3208 can be saturated, and select 0 has MCP4922; there are 0"
        ),
      ] {
        for board in ["", "board: breadboard\n"] {
          try tellegen.write(
            "name: own\n\(board)phases: [idle, look]\nfaults:\n  - {edge: S1-T1, kind: dead}\n"
              + "  - \(entry)\nexpect: {phase: look, says: \"x\"}\n", to: "own.yaml")
          for target in ["double", "pins", "gpio"] {
            let end = try tellegen(
              "hil", "--board", "breadboard", "--target", target, "--scenario", "./own.yaml")
            #expect(end.code == 65, "\(end.errors)")
            let line = board.isEmpty ? 5 : 6
            #expect(
              end.errors.contains("own.yaml:\(line): fault 1, for phase look to find: board"),
              "\(end.errors)")
            #expect(end.errors.contains(told), "\(end.errors)")
            #expect(!tellegen.exists("runs"))
          }
        }
      }
    }
  }

  @Test func `of scenarios that a pattern takes, one's own are bad input and shipped ones skipped`()
    throws
  {
    try Program.run { tellegen in
      let board = try String(
        contentsOfFile: packageRoot + "/board/breadboard.yaml", encoding: .utf8)
      // A board of the same name, without the edge that the shipped scenario is about.
      let other = ["S1,", "S1-"].reduce(board) {
        $0.replacing($1, with: $1.replacing("S1", with: "S7"))
      }
      try tellegen.write(other, to: "mine.yaml")
      let run = ["hil", "--board", "./mine.yaml", "--ensemble", "100", "--scenario"]
      let skipped = try tellegen(run + ["breadboard-edge-d*", "--out", "skipped"])
      #expect(skipped.code == 0, "\(skipped.errors)")
      #expect(skipped.output.contains("SKIP: board breadboard has no edge S1-T1"))
      let meant = try tellegen(run + ["breadboard-edge-dead"])
      #expect(meant.code == 65 && meant.errors.contains("no edge S1-T1"))
      try FileManager.default.createDirectory(
        atPath: tellegen.path("hil/scenarios"), withIntermediateDirectories: true)
      try tellegen.write(
        "name: own-dead\nboard: breadboard\nphases: [look]\nfaults: [{edge: S1-T1, kind: dead}]\n"
          + "expect: {phase: look, says: x}\n", to: "hil/scenarios/" + "own-dead.yaml")
      let own = try tellegen(run + ["own-d*"])
      #expect(own.code == 65 && own.errors.contains("no edge S1-T1"), "\(own.errors)")
    }
  }

  @Test func `a fault of the command line fails as on a real board`() throws {
    try inPackage { tellegen in
      let run = [
        "hil", "--board", "breadboard", "--target", "pins", "--scenario", "selftest",
        "--ensemble", "100",
      ]
      let stuck = try tellegen(run + ["--fault", "{line: MISO, kind: stuck_low}"])
      #expect(stuck.code == 1 && stuck.output.contains("FAIL"), "\(stuck.output)\(stuck.errors)")
      #expect(stuck.output.contains("what to do"))
      let wrong = try tellegen(run + ["--fault", "{line: MISO, kind: odd}"])
      #expect(wrong.code == 64 && wrong.errors.contains("stuck_low"), "\(wrong.errors)")
      let nonsense = try tellegen(run + ["--fault", "nonsense"])
      #expect(nonsense.code == 64, "\(nonsense.errors)")
      #expect(nonsense.errors.contains("{line: MISO, kind: stuck_low}"), "\(nonsense.errors)")
      for (fault, told) in [
        ("{line: NONE, kind: late}", "has no line NONE; there are SCLK"),
        ("{line: MISO, kind: swapped, with: NONE}", "has no line NONE"),
        ("{line: MISO, kind: swapped, with: MISO}", "with itself"),
        ("{edge: S1-T9, kind: dead}", "has no edge S1-T9 (did you mean S1-T1?); there are"),
        (
          "{select: 5, kind: deaf}",
          "has no select 5; there are 0 (MCP4922), 1 (MCP4922), 2 (MCP3208)"
        ),
      ] {
        let unknown = try tellegen(run + ["--fault", fault])
        #expect(unknown.code == 64 && unknown.errors.contains(told), "\(unknown.errors)")
      }
      let lineless = try tellegen([
        "hil", "--board", "breadboard", "--scenario", "selftest", "--fault",
        "{line: MISO, kind: late}",
      ])
      #expect(lineless.code == 64 && lineless.errors.contains("--target pins"))
      let place = try tellegen(run + ["--checked", "NONE"])
      #expect(place.code == 64 && place.errors.contains("there are SCLK"), "\(place.errors)")
    }
  }

  @Test func `faults of lines in a board file act at the pins, and are refused where no lines are`()
    throws
  {
    try inPackage { tellegen in
      let board = try String(
        contentsOfFile: packageRoot + "/board/breadboard.yaml", encoding: .utf8)
      try tellegen.write(board + "faults: [{line: MISO, kind: stuck_low}]\n", to: "mine.yaml")
      for command in [["hil", "--scenario", "selftest"], ["train", "--task", "regression"]] {
        let direct = try tellegen(command + ["--board", "./mine.yaml", "--target", "double"])
        #expect(direct.code == 64, "\(direct.errors)")
        #expect(
          direct.errors.contains("{line: MISO, kind: stuck_low} of board breadboard needs lines")
            && direct.errors.contains("--target pins"), "\(direct.errors)")
      }
      let pins = try tellegen(
        "hil", "--board", "./mine.yaml", "--target", "pins", "--scenario", "selftest",
        "--ensemble", "100")
      #expect(pins.code == 1, "\(pins.errors)")
      // What brings readings back is named, and the one-shot is not.
      #expect(pins.output.contains("look first at MISO"), "\(pins.output)")
      #expect(!pins.output.contains("look at LEARN"), "\(pins.output)")
    }
  }

  @Test func `a scenario whose phases need gates that nobody brought there is refused`() throws {
    try inPackage { tellegen in
      let board = try String(
        contentsOfFile: packageRoot + "/board/breadboard.yaml", encoding: .utf8)
      let edges = ["S1-T1", "S1-T2", "S2-T1", "S2-T2", "T1-T2"]
      try tellegen.write(
        board + "faults:\n" + edges.map { "  - {edge: \($0), kind: dead}\n" }.joined()
          + "  - {line: LEARN, kind: stuck_low}\n", to: "dead.yaml")
      let run = [
        "hil", "--board", "./dead.yaml", "--target", "pins", "--ensemble", "100", "--scenario",
        "./own.yaml",
      ]
      for phase in ["converters", "comparators", "hold", "step"] {
        try tellegen.write("name: own\nphases:\n  - look\n  - \(phase)\n", to: "own.yaml")
        let refused = try tellegen(run)
        #expect(refused.code == 65, "\(phase): \(refused.errors)")
        #expect(
          refused.errors.contains("own.yaml:4: phase \(phase) means nothing without phase gates"),
          "\(refused.errors)")
      }
      // With what was asked for, a dead board does not pass.
      try tellegen.write(
        "name: own\nphases: [look, gates, converters, comparators, hold, step]\n", to: "own.yaml")
      let dead = try tellegen(run)
      #expect(dead.code == 1, "\(dead.output)\(dead.errors)")
    }
  }

  @Test func `a board whose file has a dead edge is trained without it`() throws {
    try inPackage { tellegen in
      try FileManager.default.createSymbolicLink(
        atPath: tellegen.path("task"), withDestinationPath: packageRoot + "/task")
      let board = try String(
        contentsOfFile: packageRoot + "/board/breadboard.yaml", encoding: .utf8)
      for kind in ["dead", "shorted"] {
        try tellegen.write(board + "faults: [{edge: S1-T1, kind: \(kind)}]\n", to: "mine.yaml")
        let end = try tellegen(
          "train", "--board", "./mine.yaml", "--task", "regression", "--epochs", "21", "--out",
          kind)
        #expect(end.code == 0, "\(kind): \(end.errors)")
      }
    }
  }
}
