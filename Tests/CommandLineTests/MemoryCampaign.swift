import Foundation
import Testing

/// Long runs take no more memory than short ones, and their checkpoints no more room.
@Suite struct MemoryCampaign {
  /// Runs `tellegen` to its end.
  /// - Returns: its exit status, and the most memory it had, bytes.
  private func peak(_ tellegen: Program, _ words: [String]) throws -> (status: Int32, bytes: Int) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for stream in [0, 1, 2] as [Int32] {
      posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_RDWR, 0)
    }
    var inherited = ProcessInfo.processInfo.environment
    inherited["TELLEGEN_HOME"] = packageRoot
    let environment = inherited.map { "\($0.key)=\($0.value)" }
    var arguments: [UnsafeMutablePointer<CChar>?] =
      ([try Program.path] + words).map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
    defer { for text in arguments + variables { free(text) } }
    var child: pid_t = 0
    try #require(posix_spawn(&child, try Program.path, &actions, nil, &arguments, &variables) == 0)
    var status: Int32 = 0
    var usage = rusage()
    while wait4(child, &status, 0, &usage) != child {}
    return (status, usage.ru_maxrss * 1024)
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
        let (status, bytes) = try peak(tellegen, words)
        #expect(status == 0)
        peaks.append(bytes)
        sizes.append(try tellegen.size("run/checkpoint.json"))
        #expect(try tellegen.size("run/metrics.jsonl") > 100 * count)
      }
      #expect(peaks.max()! - peaks.min()! < 5 << 20, "\(peaks)")
      #expect(sizes.allSatisfy { $0 < 4096 }, "\(sizes)")
      try campaign.record(
        Dictionary(
          uniqueKeysWithValues: zip(epochs, peaks).map { ("peak kB at \($0) epochs", $1 / 1024) }))
    }
  }
}
