import BoardDouble
import Files
import Harness
import Runs
import TestSupport
import Testing

/// Another computer, another run of luck, the other face: no verdict may depend on them.
@Suite struct VerdictTests {
  /// How a scenario ended, and in which phase it first went wrong.
  private struct Verdict: Equatable, CustomStringConvertible {
    let outcome: Outcome
    let phases: [String]

    init(_ record: ScenarioRecord) {
      outcome = record.outcome
      phases = record.phases.map { "\($0.phase) \($0.outcome.word)" }
    }

    var description: String { "\(outcome): \(phases.joined(separator: ", "))" }
  }

  @Test(arguments: ["lattice", "breadboard"], OperationPace.Computer.allCases)
  func `a slow computer and a shared one change no verdict`(
    _ name: String, _ computer: OperationPace.Computer
  ) throws {
    let board = try ProvenBoard.named(name)
    let other = computer == .emulated ? try board.withLongConversions() : board
    var later = 0
    for scenario in try ProvenBoard.scenarios() {
      let virtual = board.run(scenario, on: .pins, seed: 41)
      let paced = other.run(
        scenario, on: .pins, seed: 41, pace: OperationPace(computer, seed: 5))
      func time(_ record: ScenarioRecord) -> Double {
        record.phases.reduce(0) { $0 + $1.boardTime }
      }
      if time(paced) > 1.0005 * time(virtual) { later += 1 }
      // The more time, the more leaks: another phase may be the first to find it, as the scenario says.
      if computer == .emulated, scenario.name.hasSuffix("-edge-leaking") {
        #expect(paced.outcome == virtual.outcome, "\(paced.phases.flatMap(\.complaints))")
        continue
      }
      #expect(
        Verdict(paced) == Verdict(virtual),
        "\(scenario.name) \(paced.phases.flatMap(\.complaints).prefix(3))")
    }
    #expect(later >= 10)
  }

  @Test func `a computer that is too slow for the converters is refused, not a board failed`()
    throws
  {
    let board = try ProvenBoard.named("breadboard")
    let record = board.run(
      try ProvenBoard.scenario("bring-up"), on: .pins, seed: 41,
      pace: OperationPace(.emulated, seed: 5))
    guard case .error(let why) = record.outcome else {
      Issue.record("\(record.outcome)")
      return
    }
    #expect(why.contains("a conversion took too long") && why.contains("take a serial controller"))
    #expect(!record.phases.contains { $0.outcome == .fail })
    #expect(record.leftAway == nil)
  }

  @Test func `what does not end alike every time is called flaky, what was stopped is not`() {
    func record(_ outcome: Outcome, _ attempt: Int, _ name: String = "a") -> ScenarioRecord {
      ScenarioRecord(scenario: name, attempt: attempt, outcome: outcome)
    }
    let flaky = [record(.pass, 1), record(.fail, 2), record(.pass, 3)].flaky
    #expect(flaky.map(\.scenario) == ["a"])
    #expect(flaky.map(\.words) == ["in 2 of 3 attempts only"])
    #expect([record(.fail, 1), record(.fail, 2)].flaky.isEmpty)
    #expect([record(.pass, 1), record(.aborted("a stop"), 2)].flaky.isEmpty)
    #expect([record(.pass, 1), record(.fail, 1, "b")].flaky.isEmpty)
    var retry = record(.pass, 2)
    retry.retryOf = 1
    var first = record(.error("no answer"), 1)
    first.isRetried = true
    #expect([first, retry].flaky.map(\.words) == ["on a retry only"])
  }

  @Test func `a scenario with disturbances has limits that reach at least as far`() throws {
    let board = try ProvenBoard.named("breadboard")
    let usual = board.limits.usual
    #expect(board.limits.limits(of: try ProvenBoard.scenario("bring-up")) == usual)
    let own = board.limits.limits(of: try ProvenBoard.scenario("breadboard-supply-sag"))
    #expect(own != usual)
    #expect(own.ranges.keys.contains("learning/rms error after"))
    for (key, range) in own.ranges {
      let other = try #require(usual.ranges[key])
      let slack = 1e-9
      #expect(
        range.middle - own.factor * range.below
          <= other.middle - usual.factor * other.below + slack)
      #expect(
        range.middle + own.factor * range.above
          >= other.middle + usual.factor * other.above - slack)
    }
  }
}
