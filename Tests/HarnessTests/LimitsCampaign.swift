import Files
import Runs
import TestSupport
import Testing

@testable import Harness

/// How often good boards fail by the limits that the double gives, of every board file that the harness takes.
@Suite struct LimitsCampaign {
  @Test(arguments: ["breadboard", "lattice", "layered", "two-edge-comparator"])
  func `good boards fail as seldom as is said`(_ name: String) throws {
    let campaign = Campaign("limits-\(name)", sample: 40, whole: 2000, seed: 500_001)
    let subject = try Subject(try shippedBoard(name))
    let bringUp = try ProvenBoard.scenario("bring-up")
    let limits = try ReadingLimits(
      of: subject, phases: bringUp.phases.compactMap(phase(named:)), stopping: { false })
    var (readings, findings) = (0, 0)
    var cases: [String] = []
    for number in 0..<campaign.count {
      let seed = campaign.seed + UInt64(number)
      var run = ScenarioRun(
        bringUp, attempt: 1, subject: subject, limits: limits, telling: { _ in },
        stopping: { false })
      run.run(on: .double, seed: seed) { _ in }
      guard run.record.outcome != .pass else { continue }
      let isFound = run.record.phases.contains { !$0.findings.isEmpty }
      if isFound { findings += 1 } else { readings += 1 }
      let words = run.record.phases.flatMap(\.complaints).first ?? "\(run.record.outcome)"
      cases.append("seed \(seed): \(words)".replacing("\"", with: "'"))
    }
    try campaign.record(
      [
        "boards": campaign.count, "boards drawn for limits": limits.boards,
        "failed by a reading": readings, "failed by a finding": findings,
      ], cases: cases)
    // Three standard deviations and one beyond the mean of the chance that is promised.
    let mean = ReadingLimits.falseAlarm * Double(campaign.count)
    #expect(Double(readings + findings) <= mean + 3 * mean.squareRoot() + 1, "\(cases)")
  }

  @Test func `limits are as wide as three quarters of the doubles ask for`() {
    // 600 values are exceeded with 0.5 % by the largest; of 100 even that is not known.
    let values = (1...600).map(Double.init)
    #expect(ReadingLimits.factor(for: 0.005, of: values) == 600)
    #expect(ReadingLimits.factor(for: 0.005, of: (1...1000).map(Double.init)) == 999)
    #expect(ReadingLimits.factor(for: 0.005, of: Array(values.prefix(100))) > 100)
    #expect(ReadingLimits.factor(for: 0.005, of: []) == 0)
  }
}
