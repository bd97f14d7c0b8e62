import Foundation
import TestSupport
import Testing

/// Long runs take no more memory than short ones, and their checkpoints no more room.
@Suite struct MemoryCampaign {
  /// Runs `tellegen` to its end.
  ///
  /// A process's usage as its parent is told would hold what the parent had when it forked; the
  /// system counts the memory of the program itself under /proc, while it runs.
  /// - Returns: its exit code, and the most memory it had, kB.
  private func peak(_ tellegen: Program, _ words: [String]) throws -> (code: Int32, kilobytes: Int)
  {
    let process = try tellegen.start(words)
    let file = "/proc/\(process.processIdentifier)/status"
    var most = 0
    while process.isRunning {
      let status = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
      let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
      most = max(most, line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0)
      usleep(2000)
    }
    process.waitUntilExit()
    return (shellCode(process), most)
  }

  @Test func `memory and checkpoints are flat in epochs`() throws {
    let campaign = Campaign("memory", sample: 2, whole: 3)
    let lengths = Array([10_000, 30_000, 1_000_000].prefix(campaign.count))
    let epochs = Campaign.isWhole ? [10_000, 100_000, 1_000_000] : lengths
    try Program.run { tellegen in
      var peaks: [Int] = []
      var sizes: [Int] = []
      for count in epochs {
        let words = [
          "train", "--board", "two-edge-comparator", "--task", "two-edge-alpha", "--epochs",
          "\(count)", "--out", tellegen.path("run"), "--overwrite",
        ]
        let (code, kilobytes) = try peak(tellegen, words)
        #expect(code == 0 && kilobytes > 1000)
        peaks.append(kilobytes)
        sizes.append(try tellegen.size("run/checkpoint.json"))
        #expect(try tellegen.size("run/metrics.jsonl") > 100 * count)
      }
      #expect(peaks.max()! - peaks.min()! < 5 << 10, "\(peaks)")
      #expect(sizes.allSatisfy { $0 < 4096 }, "\(sizes)")
      try campaign.record(
        Dictionary(
          uniqueKeysWithValues: zip(epochs, peaks).map { ("peak kB at \($0) epochs", $1) }))
    }
  }
}
