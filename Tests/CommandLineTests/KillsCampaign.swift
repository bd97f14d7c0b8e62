import Foundation
import TestSupport
import Testing

/// Runs that are killed at random moments: each goes on to the end that it would have had, or never
/// was.
@Suite struct KillsCampaign {
  private static let ways: [[String]] = [
    ["--task", "regression", "--epochs", "15000"],
    ["--task", "iris", "--epochs", "700"],
    ["--task", "regression", "--epochs", "120", "--target", "pins", "--trace"],
    ["--task", "regression", "--epochs", "15000", "--board", "lattice-multiplier"],
  ]

  @Test func `a run killed at any moment goes on to the same end, or never was`() throws {
    // Those that came before there was a run, or after its end, prove little: they are counted, but
    // not among these.
    var campaign = Campaign("kills", sample: 12, whole: 500, seed: 5)
    try Program.run { tellegen in
      for (way, options) in KillsCampaign.ways.enumerated() {
        #expect(try tellegen(["train"] + options + ["--out", "whole\(way)"]).code == 0)
      }
      var kills = 0
      let beforeRun = "before there was a run"
      let inRun = "in a run, which went on to the same bits"
      var counts = [
        beforeRun: 0, "while the run before was still there": 0, inRun: 0, "after its end": 0,
      ]
      var trial = 0
      while counts[inRun, default: 0] < campaign.count {
        trial += 1
        let way = campaign.number(below: KillsCampaign.ways.count)
        let options = KillsCampaign.ways[way]
        // Every other one takes the folder of a run that is there.
        let isReplacing = campaign.number(below: 2) == 0
        let folder = "run"
        try? FileManager.default.removeItem(atPath: tellegen.path(folder))
        if isReplacing {
          let short = ["train", "--task", "xor", "--epochs", "1", "--out", folder]
          #expect(try tellegen(short).code == 0)
        }
        var arguments = ["train"] + options + ["--out", folder, "--overwrite"]
        // Killed, gone on with and killed again, up to three times.
        for _ in 0...campaign.number(below: 3) {
          let process = try tellegen.start(arguments)
          usleep(UInt32(campaign.number(below: 700_000)))
          kill(process.processIdentifier, SIGKILL)
          process.waitUntilExit()
          let isKilled = process.terminationReason == .uncaughtSignal
          if isKilled { kills += 1 }
          let isRun = tellegen.exists(folder + "/setting.json")
          let isBefore = isRun && isOld(tellegen, folder)
          let key =
            !isKilled
            ? "after its end"
            : isBefore ? "while the run before was still there" : isRun ? inRun : beforeRun
          counts[key, default: 0] += 1
          if isRun && !isBefore {
            arguments = ["train", "--resume", folder]
          } else if !isRun {
            #expect(try tellegen("train", "--resume", folder).code == 74)
          }
        }
        let last = try tellegen(arguments)
        #expect(last.code == 0, "trial \(trial), \(arguments): \(last.errors)")
        try expectSame(tellegen, folder, "whole\(way)", "trial \(trial), \(options)")
        let names = try FileManager.default.contentsOfDirectory(atPath: tellegen.path(folder))
        #expect(
          names.allSatisfy { !$0.hasPrefix(".") && $0 != "lock" }, "trial \(trial): \(names)")
      }
      try campaign.record(counts.merging(["kills": kills, "lost": 0]) { one, _ in one })
    }
  }

  /// Whether the folder still holds the run that was to be replaced.
  private func isOld(_ tellegen: Program, _ folder: String) -> Bool {
    ((try? tellegen.text(folder + "/setting.json")) ?? "").contains("\"name\" : \"xor\"")
  }
}
