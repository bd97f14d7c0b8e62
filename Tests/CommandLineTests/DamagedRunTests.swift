import Foundation
import Testing

/// Folders of runs that something has spoilt, given to the program as a user would.
@Suite struct DamagedRunTests {
  private var rounds: UInt64 {
    ProcessInfo.processInfo.environment["TELLEGEN_LONG"] == nil ? 100 : 2_000
  }

  /// Beside success: wrong usage, wrong data, a board that does not answer, input or output failed.
  private let documented: [Int32] = [0, 64, 65, 69, 74]

  /// Goes on with a run, within a time that is ample.
  private func resume(_ tellegen: Program) throws -> Ending {
    let timeout = try #require(find("timeout"))
    let env = try #require(find("env"))
    // Without a path nothing is drawn, which would take most of the time.
    return try tellegen(
      ["PATH=/", timeout, "-k", "1", "60", try Program.path, "train", "--resume", "run", "--json"],
      executable: env)
  }

  @Test(arguments: ["setting.json", "checkpoint.json"])
  func `a run with a mutated file goes on or is refused, by a documented exit code`(
    _ name: String
  ) throws {
    try Program.run { tellegen in
      let made = try tellegen(
        "train", "--board", "two-edge", "--task", "two-tasks", "--epochs", "2", "--out", "run")
      #expect(made.code == 0, "\(made.errors)")
      let whole = ["setting.json", "checkpoint.json"].map { "run/" + $0 }
      let kept = try whole.map { try tellegen.text($0) }
      let text = Array(try tellegen.text("run/" + name).utf8)
      var refused = 0
      for seed in 0..<rounds {
        var random = SmallRandom(state: seed)
        guard let mutated = JSONMutation.mutate(text, &random) else { continue }
        for (file, content) in zip(whole, kept) { try tellegen.write(content, to: file) }
        try tellegen.write(String(decoding: mutated, as: UTF8.self), to: "run/" + name)
        let end = try resume(tellegen)
        #expect(documented.contains(end.code), "seed \(seed): \(end.code)\n\(end.errors)")
        if end.code == 0 { continue }
        refused += 1
        #expect(end.errors.contains("tellegen: "), "seed \(seed): \(end.errors)")
      }
      #expect(refused > 10)
    }
  }

  @Test func `a damaged setting is refused by file, value and range`() throws {
    try Program.run { tellegen in
      _ = try tellegen(
        "train", "--board", "two-edge", "--task", "two-tasks", "--epochs", "2", "--out", "run")
      let text = try tellegen.text("run/setting.json")
      let spoilt = text.replacing(/"settle" : [^,\n]*/, with: "\"settle\" : 1e300")
      #expect(spoilt != text)
      try tellegen.write(spoilt, to: "run/setting.json")
      for arguments in [["train", "--resume", "run"], ["replay", "run"]] {
        let end = try tellegen(arguments)
        #expect(end.code == 65)
        #expect(
          end.errors.contains(
            "run/setting.json: it is damaged: settle of timing is 1e+300; allowed is 0 ... 10 s"),
          "\(end.errors)")
      }
    }
  }
}
