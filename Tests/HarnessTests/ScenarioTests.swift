import Files
import Foundation
import Harness
import Runs
import TestSupport
import Testing

/// Scenarios as they are shipped, on both faces of the double.
@Suite struct ScenarioTests {
  @Test(arguments: ["lattice", "breadboard"], [RunSetting.Target.double, .pins])
  func `every shipped scenario ends as it must, its faults found`(
    _ board: String, _ target: RunSetting.Target
  ) throws {
    let proven = try ProvenBoard.named(board)
    var found = 0
    for name in ProvenBoard.names {
      let scenario = try ProvenBoard.scenario(name)
      #expect(scenario.name == name)
      let record = proven.run(scenario, on: target, seed: 41)
      #expect(!record.outcome.isBad, "\(name): \(record.outcome) \(record.phases)")
      if !scenario.faults.isEmpty, record.outcome == .pass {
        found += 1
        // What a failed phase says comes with what to do.
        #expect(record.phases.contains { $0.remedy != nil } != scenario.isKept)
      }
    }
    if target == .pins { #expect(found >= 20) }
  }

  @Test func `45 scenarios at least put faults on a double`() throws {
    #expect(
      try ProvenBoard.names.filter { try !ProvenBoard.scenario($0).faults.isEmpty }.count >= 45)
  }

  @Test(arguments: ["lattice", "breadboard"])
  func `good boards pass that had no part in the limits`(_ board: String) throws {
    let proven = try ProvenBoard.named(board)
    let bringUp = try ProvenBoard.scenario("bring-up")
    let failed = (1...100).filter {
      proven.run(bringUp, on: .double, seed: UInt64(700_000 + $0)).outcome != .pass
    }
    // 0.5 in the mean; more than 3 of 100 come in one of 600 trials.
    #expect(failed.count <= 3, "boards \(failed)")
  }

  @Test func `both faces of a double measure the same`() throws {
    let proven = try ProvenBoard.named("breadboard")
    let bringUp = try ProvenBoard.scenario("bring-up")
    let direct = proven.run(bringUp, on: .double, seed: 7)
    let pins = proven.run(bringUp, on: .pins, seed: 7)
    for (one, other) in zip(direct.phases, pins.phases) where one.phase != "idle" {
      #expect(one.readings == other.readings, "\(one.phase)")
      #expect(one.outcome == other.outcome)
    }
    #expect(pins.misuses?.count == 0)
  }

  @Test func `what a barrier stops is not begun, and what is asked to stop is aborted`() throws {
    let proven = try ProvenBoard.named("lattice")
    let chain = try ProvenBoard.scenario("lattice-miso-stuck-low")
    var whole = chain
    whole.phases = phases.map { $0.name }
    let record = proven.run(whole, on: .pins, seed: 1)
    #expect(record.outcome == .pass)
    let failed = try #require(record.phases.firstIndex { $0.phase == "chain" })
    #expect(record.phases[failed].outcome == .fail)
    for phase in record.phases.dropFirst(failed + 1) {
      guard case .notStarted(let cause) = phase.outcome else {
        Issue.record("\(phase.phase) is \(phase.outcome)")
        continue
      }
      #expect(cause.contains("chain"))
    }
    var asked = 0
    let stopped = proven.run(try ProvenBoard.scenario("bring-up"), on: .pins, seed: 1) {
      asked += 1
      return asked > 50
    }
    #expect(stopped.outcome.word == "ABORTED")
    #expect(stopped.phases.last?.outcome.word == "NOT-STARTED")
  }

  @Test func `a board without wiring leaves a record all the same`() throws {
    var board = try shippedBoard("breadboard")
    board.wiring = nil
    let subject = try Subject(board)
    var run = ScenarioRun(
      try ProvenBoard.scenario("selftest"), attempt: 1, subject: subject,
      limits: try ProvenBoard.named("breadboard").limits.usual, telling: { _ in },
      stopping: { false })
    run.run(on: .pins, seed: 1) { _ in }
    #expect(run.record.outcome.word == "NOT-STARTED")
    #expect(run.record.outcome.why?.contains("wiring") == true)
  }

  @Test func `a stop in the middle of a pulse leaves LEARN no longer in effect than t_max`() throws
  {
    let proven = try ProvenBoard.named("breadboard")
    var scenario = try ProvenBoard.scenario("breadboard-clock-jump")
    // At 2.3 s training is under way; a stop at each of so many moments hits pulses too.
    scenario.faults = (0..<40).map {
      .disturbance(.clockJump(by: 0.5, at: 2.3 + 0.507 * Double($0)))
    }
    let stopped = proven.run(scenario, on: .pins, seed: 41)
    #expect(!stopped.outcome.isBad, "\(stopped.outcome)")
    #expect(stopped.phases.last?.boardTime ?? 0 > 10)
  }

  @Test func `a fault that a board cannot have is skipped, with the reason`() throws {
    let proven = try ProvenBoard.named("lattice")
    var scenario = try ProvenBoard.scenario("lattice-adc-saturated")
    for (fault, words) in [
      (
        PlacedFault.saturated(select: 1),
        "only an MCP3208 can be saturated, and select 1 has MCP4922; there are 0"
      ),
      (
        .wrongChip(select: 0), "only a converter can be the wrong chip, and select 0 has the chains"
      ),
      (.edge(name: "n0-n99", .dead), "no edge n0-n99"),
      (.line(role: "MISOO", .late), "no line MISOO (did you mean MISO?); there are SCLK"),
      (.wrongChip(select: 9), "has no select 9; there are 0"),
    ] {
      scenario.faults = [fault]
      let outcome = proven.run(scenario, on: .pins, seed: 1).outcome
      #expect(outcome.word == "SKIP" && outcome.why?.contains(words) == true)
    }
  }

  @Test func `records are JUnit that a parser reads`() throws {
    var record = ScenarioRecord(
      scenario: "a<b", attempt: 1, outcome: .error("no \"x\" & \u{1} more"))
    let empty = junit([record], of: ProvenPlace(board: "b", target: "pins"))
    record.phases = [
      PhaseRecord(phase: "look", outcome: .fail, findings: ["<edge>"], remedy: "mend it"),
      PhaseRecord(phase: "gates", outcome: .notStarted("look failed")),
      PhaseRecord(phase: "hold", outcome: .skip("none")),
    ]
    for text in [empty, junit([record], of: ProvenPlace(board: "b", target: "pins"))] {
      let parser = XMLCounter(text)
      #expect(parser.isWhole, "\(text)")
    }
    #expect(empty.contains("errors=\"1\""))
    #expect(
      junit([record], of: ProvenPlace(board: "b", target: "pins")).contains(
        "tests=\"4\" failures=\"1\" errors=\"2\" skipped=\"1\""))
    // A fault that is found as it must be is no failure of the board's tests.
    record.outcome = .pass
    #expect(
      junit([record], of: ProvenPlace(board: "b", target: "pins")).contains(
        "tests=\"3\" failures=\"0\" errors=\"0\" skipped=\"2\""))
    // One that is not found is an error, although no phase says so.
    record.phases = [PhaseRecord(phase: "look", outcome: .pass)]
    record.outcome = .error("the fault was not found by any phase")
    #expect(
      junit([record], of: ProvenPlace(board: "b", target: "pins")).contains(
        "tests=\"2\" failures=\"0\" errors=\"1\" skipped=\"0\""))
    // A failure is told once.
    record.phases = [PhaseRecord(phase: "look", outcome: .fail)]
    record.outcome = .fail
    #expect(
      junit([record], of: ProvenPlace(board: "b", target: "pins")).contains(
        "tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\""))
  }
}

/// Whether tags of a text open and close each other, and no stray character is left.
private struct XMLCounter {
  let isWhole: Bool

  init(_ text: String) {
    var open: [String] = []
    var isGood = true
    for part in text.split(separator: "<").dropFirst(0) {
      guard let end = part.firstIndex(of: ">") else {
        isGood = isGood && part.allSatisfy(\.isWhitespace)
        continue
      }
      let tag = String(part[..<end])
      let name = String(tag.drop { $0 == "/" }.prefix { $0 != " " && $0 != "/" })
      if tag.hasPrefix("?") || tag.hasSuffix("/") { continue }
      if tag.hasPrefix("/") {
        isGood = isGood && open.popLast() == name
      } else {
        open.append(name)
      }
      isGood = isGood && !part[part.index(after: end)...].contains("&\u{1}")
    }
    isWhole = isGood && open.isEmpty && !text.unicodeScalars.contains { $0.value == 1 }
  }
}
