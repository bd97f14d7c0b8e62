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
        faults: [{edge: S1-T1, is: dead}]
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
    (["--scenario", "nothing*"], 64, "no scenario is called"),
    (["--board", "two-edge"], 64, "a rule of their own"),
    (["--board", "two-edge-comparator", "--target", "pins"], 64, "has no wiring"),
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

  @Test func `a fault of the command line fails as on a real board`() throws {
    try inPackage { tellegen in
      let run = [
        "hil", "--board", "breadboard", "--target", "pins", "--scenario", "selftest",
        "--ensemble", "100",
      ]
      let stuck = try tellegen(run + ["--fault", "{line: MISO, is: stuck_low}"])
      #expect(stuck.code == 1 && stuck.output.contains("FAIL"), "\(stuck.output)\(stuck.errors)")
      #expect(stuck.output.contains("what to do"))
      let wrong = try tellegen(run + ["--fault", "{line: MISO, is: odd}"])
      #expect(wrong.code == 65 && wrong.errors.contains("stuck_low"), "\(wrong.errors)")
      for (fault, told) in [
        ("{line: NONE, is: late}", "has no line NONE; there are SCLK"),
        ("{line: MISO, is: swapped, with: NONE}", "has no line NONE"),
        ("{line: MISO, is: swapped, with: MISO}", "with itself"),
        ("{edge: S1-T9, is: dead}", "has no learning edge S1-T9; there are S1-T1"),
        ("{select: 5, is: deaf}", "has selects 0 ... 2"),
      ] {
        let unknown = try tellegen(run + ["--fault", fault])
        #expect(unknown.code == 64 && unknown.errors.contains(told), "\(unknown.errors)")
      }
      let lineless = try tellegen([
        "hil", "--board", "breadboard", "--scenario", "selftest", "--fault",
        "{line: MISO, is: late}",
      ])
      #expect(lineless.code == 64 && lineless.errors.contains("--target pins"))
      let place = try tellegen(run + ["--checked", "NONE"])
      #expect(place.code == 64 && place.errors.contains("there are SCLK"), "\(place.errors)")
    }
  }
}
