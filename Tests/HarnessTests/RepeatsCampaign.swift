import Files
import Harness
import Runs
import TestSupport
import Testing

/// Every shipped scenario gone through again and again on one board, each time with noise of its own.
@Suite struct RepeatsCampaign {
  @Test(arguments: ["lattice", "breadboard"], [RunSetting.Target.double, .pins])
  func `no scenario ends otherwise when it is repeated`(
    _ name: String, _ target: RunSetting.Target
  ) throws {
    // What scenarios and limits were mended by had seeds up to 100.
    let campaign = Campaign(
      "repeats-\(name)-\(target.rawValue)", sample: 1, whole: 5, seed: 8001)
    let board = try ProvenBoard.named(name)
    let attempts = Campaign.isWhole ? 20 : 2
    let scenarios = try ProvenBoard.scenarios()
    var counts = ["boards": campaign.count, "attempts at each": attempts]
    var cases: [String] = []
    var copies = 0
    for number in 0..<campaign.count {
      let seed = campaign.seed + UInt64(number)
      for scenario in scenarios {
        let records = (1...attempts).map {
          board.run(scenario, on: target, seed: seed, attempt: $0)
        }
        if case .skip = records[0].outcome { continue }
        let good = records.count { $0.outcome == .pass }
        counts["scenarios", default: 0] += 1
        counts["as they must be every time", default: 0] += good == attempts ? 1 : 0
        counts["flaky", default: 0] += (1..<attempts).contains(good) ? 1 : 0
        if good < attempts {
          cases.append("seed \(seed), \(scenario.name): \(good) of \(attempts)")
        }
        // Attempts that read the same to the last bit would prove nothing.
        let readings = records.map { $0.phases.flatMap { $0.readings.map(\.reading.value) } }
        if !readings[0].isEmpty, readings.dropFirst().contains(readings[0]) { copies += 1 }
      }
    }
    try campaign.record(counts, cases: cases)
    #expect(cases == [])
    #expect(copies == 0)
    #expect(counts["scenarios", default: 0] >= campaign.count * (target == .pins ? 30 : 8))
  }
}
