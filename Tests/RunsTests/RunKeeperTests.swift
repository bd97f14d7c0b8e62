import Foundation
@testable import Runs
import TestSupport
import Testing

/// What keeps a run on disk while it trains.
@Suite struct RunKeeperTests {
  /// A clock that is set by hand, and what was said.
  private final class Bench {
    var time: Int64 = 0
    var said: [String] = []
  }

  private func record(_ epoch: Int) -> EpochRecord {
    let measures = Measures(error: 1e-3 / Double(epoch + 1), unmet: 0)
    return EpochRecord(
      epoch: epoch, training: measures, testing: nil, all: measures, learned: 0, pulses: epoch)
  }

  private func keeper(_ folder: String, _ bench: Bench, after epoch: Int? = nil) throws -> RunKeeper
  {
    try RunKeeper(
      RunDirectory(path: folder), after: epoch, telling: { bench.said.append($0) },
      clock: { bench.time })
  }

  private func lines(_ folder: String, _ name: String = "metrics.jsonl") throws -> [Substring] {
    try String(contentsOfFile: folder + "/" + name, encoding: .utf8).split(separator: "\n")
  }

  @Test func `checkpoints go by the clock that nobody sets`() throws {
    try withFolder { folder in
      let bench = Bench()
      bench.time = 1_000_000_000_000
      let keeper = try keeper(folder, bench)
      #expect(!keeper.isDue)
      bench.time += 4_999_999_999
      #expect(!keeper.isDue)
      bench.time += 1
      #expect(keeper.isDue)
      keeper.keep(["state": 1])
      #expect(!keeper.isDue && keeper.failure == nil)
      #expect(FileManager.default.fileExists(atPath: folder + "/checkpoint.json"))
    }
  }

  @Test func `lines are there soon, and before any checkpoint that needs them`() throws {
    try withFolder { folder in
      let bench = Bench()
      let keeper = try keeper(folder, bench)
      keeper.add(record(0))
      #expect(try lines(folder).isEmpty)
      bench.time += 50_000_000
      keeper.add(record(1))
      #expect(try lines(folder).count == 2)
      keeper.add(record(2))
      #expect(try lines(folder).count == 2)
      keeper.keep(["epoch": 2])
      #expect(try lines(folder).count == 3 && lines(folder, "curves.csv").count == 4)
    }
  }

  @Test func `what cannot be written waits, is said once, and comes when it can`() throws {
    try withFolder { folder in
      let bench = Bench()
      let keeper = try keeper(folder, bench)
      keeper.add(record(0))
      // A folder in the checkpoint's place stands for a disk that takes nothing.
      try FileManager.default.createDirectory(
        atPath: folder + "/checkpoint.json", withIntermediateDirectories: false)
      for turn in 1...3 {
        keeper.add(record(turn))
        keeper.keep(["epoch": turn])
        #expect(keeper.failure != nil)
      }
      #expect(bench.said.count == 1 && bench.said[0].contains("the run goes on in memory"))
      try FileManager.default.removeItem(atPath: folder + "/checkpoint.json")
      keeper.keep(["epoch": 3])
      #expect(keeper.failure == nil && bench.said.last == "all is written again")
      #expect(try lines(folder).count == 4)
    }
  }

  @Test func `a run that goes on drops the lines behind its checkpoint, and half a line`() throws {
    try withFolder { folder in
      let bench = Bench()
      do {
        let first = try keeper(folder, bench)
        for epoch in 0...5 { first.add(record(epoch)) }
        first.keep(["epoch": 5])
      }
      let whole = try lines(folder)
      let table = try lines(folder, "curves.csv")
      let file = try #require(FileHandle(forWritingAtPath: folder + "/metrics.jsonl"))
      try file.seekToEnd()
      try file.write(contentsOf: Data("{\"epoch\":6,\"lear".utf8))
      try file.close()
      let second = try keeper(folder, bench, after: 3)
      #expect(try lines(folder) == Array(whole.prefix(4)))
      for epoch in 4...5 { second.add(record(epoch)) }
      second.keep(["epoch": 5])
      #expect(try lines(folder) == whole && lines(folder, "curves.csv") == table)
    }
  }
}
