import Foundation
import TestSupport
import Testing

/// `train --observe`: gates are estimated anew between epochs, and the bound of the account is told.
@Suite struct ObserveTests {
  private func inPackage(_ body: (Program) throws -> Void) throws {
    try Program.run { tellegen in
      for name in ["task", "data"] {
        try FileManager.default.createSymbolicLink(
          atPath: tellegen.path(name), withDestinationPath: packageRoot + "/" + name)
      }
      try FileManager.default.copyItem(
        atPath: packageRoot + "/board/breadboard.yaml", toPath: tellegen.path("mine.yaml"))
      let found = try tellegen(
        "calibrate", "--board", "mine.yaml", "--pulses", "300", "--out", "c.json")
      #expect(found.code == 0, "\(found.errors)")
      try body(tellegen)
    }
  }

  private static let training = [
    "train", "--board", "mine.yaml", "--task", "regression", "--calibration", "c.json",
    "--overwrite",
  ]

  @Test
  func `gates are observed every so many epochs and at the end, and the record says how well`()
    throws
  {
    try inPackage { tellegen in
      let end = try tellegen(
        Self.training + ["--epochs", "25", "--observe", "10", "--out", "r"])
      #expect(end.code == 0, "\(end.errors)")
      #expect(end.output.contains("gates known to within"), "\(end.output)")
      #expect(
        end.output.contains("gates observed") && end.output.contains("3 times"), "\(end.output)")
      let data = try #require(FileManager.default.contents(atPath: tellegen.path("r/record.json")))
      let record = try #require(
        try JSONSerialization.jsonObject(with: data) as? [String: Any])
      let result = try #require(record["result"] as? [String: Any])
      let known = try #require(result["known"] as? [String: Any])
      #expect(known["observations"] as? Int == 3)
      let bounds = try #require(known["bounds_V"] as? [Double])
      let estimates = try #require(result["estimatedGates"] as? [Double])
      let gates = try #require(result["gates"] as? [Double])
      #expect(bounds.count == 5 && bounds.allSatisfy { 0.003 < $0 && $0 < 0.1 }, "\(bounds)")
      for edge in bounds.indices {
        #expect((gates[edge] - estimates[edge]).magnitude < bounds[edge])
      }
    }
  }

  @Test func `the double direct and at its pins observe the same`() throws {
    try inPackage { tellegen in
      for target in ["double", "pins"] {
        let end = try tellegen(
          Self.training + [
            "--epochs", "6", "--observe", "2", "--excursions", "1", "--target", target, "--out",
            target,
          ])
        #expect(end.code == 0, "\(end.errors)")
      }
      let kept = try ["double", "pins"].map { try tellegen.record($0 + "/record.json").result }
      #expect(kept[0].gates == kept[1].gates)
      let accounts = try ["double", "pins"].map { name in
        let checkpoint = try JSONSerialization.jsonObject(
          with: Data(try tellegen.text(name + "/checkpoint.json").utf8))
        return try #require((checkpoint as? [String: Any])?["account"] as? NSDictionary)
      }
      #expect(accounts[0] == accounts[1])
    }
  }

  @Test func `without the option gates are not looked at`() throws {
    try inPackage { tellegen in
      let end = try tellegen(Self.training + ["--epochs", "4", "--out", "r"])
      #expect(end.code == 0 && !end.output.contains("observed"), "\(end.output)")
      #expect(end.output.contains("gates known to within"), "\(end.output)")
      // A run without a calibration knows no bound, and its checkpoint no account.
      let plain = try tellegen(
        "train", "--board", "mine.yaml", "--task", "regression", "--epochs", "4", "--out", "p")
      #expect(plain.code == 0 && !plain.output.contains("known to within"))
      let kept = try String(contentsOfFile: tellegen.path("p/checkpoint.json"), encoding: .utf8)
      #expect(!kept.contains("account\""))
      for words in [
        ["--observe", "-1"], ["--observe", "2", "--resume", "r"], ["--excursions", "1"],
        ["--excursions", "17", "--observe", "2"],
      ] {
        #expect(try tellegen(["train"] + words).code == 64)
      }
      let unknown = try tellegen(
        "train", "--board", "mine.yaml", "--task", "regression", "--observe", "2", "--out", "q")
      #expect(unknown.code == 64 && unknown.errors.contains("tellegen calibrate"))
    }
  }

  @Test func `a run that is killed goes on to the same bytes`() throws {
    try inPackage { tellegen in
      let whole = Self.training + ["--epochs", "20000", "--observe", "50", "--excursions", "1"]
      let unbroken = try tellegen(whole + ["--out", "a"])
      #expect(unbroken.code == 0, "\(unbroken.errors)")
      /// Waits until a run has measured so many epochs more.
      func wait(_ process: Process, for lines: Int) {
        func count() -> Int {
          (try? tellegen.text("b/curves.csv"))?.count { $0 == "\n" } ?? 0
        }
        let before = count()
        while process.isRunning, count() < before + lines { usleep(1000) }
      }
      // In order first: what is kept then lies somewhere between two steps, after observations.
      let process = try tellegen.start(whole + ["--out", "b"])
      wait(process, for: 170)
      process.interrupt()
      process.waitUntilExit()
      #expect(process.terminationStatus == 130)
      let again = try tellegen.start(["train", "--resume", "b"])
      wait(again, for: 70)
      kill(again.processIdentifier, SIGKILL)
      again.waitUntilExit()
      let resumed = try tellegen("train", "--resume", "b")
      #expect(resumed.code == 0, "\(resumed.errors)")
      for name in ["checkpoint.json", "record.json", "metrics.jsonl", "curves.csv"] {
        let one = FileManager.default.contents(atPath: tellegen.path("a/" + name))
        let other = FileManager.default.contents(atPath: tellegen.path("b/" + name))
        #expect(one != nil && one == other, "\(name)")
      }
    }
  }
}
