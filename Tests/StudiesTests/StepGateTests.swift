import Files
import Firmware
import Targets
import TestSupport
import Testing
import BoardDouble

@testable import Runs
@testable import Studies

/// Gates in steps under the firmware's account, and pulses that grow with what is learned.
@Suite struct StepGateTests {
  private func session(_ steps: Int, calibrated: Bool, rule: RuleSettings) throws
    -> Session<DirectBoard>
  {
    var board = try shippedBoard("lattice")
    board.gates.taps = steps
    board.wiring = nil
    var task = try shippedTask("iris")
    // A margin that is never met keeps the gates moving.
    task.objective = .hinge(margin: 0.4)
    return try Session(
      description: board, task: task,
      plan: Plan(rule: rule, epochs: 1_000_000, seed: 5, calibrated: calibrated))
  }

  @Test(arguments: [(128, true), (128, false), (32, true), (1024, true)])
  func `the account of gates in steps is the truth over thousands of steps`(
    _ steps: Int, _ calibrated: Bool
  ) throws {
    let rule = RuleSettings(
      name: .overclamped, update: .comparator, pulse: 8e-3, fixedPulse: true)
    var session = try session(steps, calibrated: calibrated, rule: rule)
    try session.begin()
    let gates = session.description.gates
    let step = try #require(gates.tapSpacing)
    let initial = try #require(session.learner.gates.first)
    #expect(abs(initial - gates.initial) <= step / 2 + 1e-9)
    var worst = 0.0
    var limits = 0
    for index in 0..<4000 {
      try session.train(sample: session.problem.training[index % 100])
      if index % 50 == 49 {
        let result = session.result
        for (estimate, gate) in zip(result.estimatedGates, result.gates) {
          worst = max(worst, abs(estimate - gate))
          if gate == gates.minimum || abs(gate - gates.maximum) < 1e-9 { limits += 1 }
        }
      }
    }
    #expect(session.progress.pulses > 3000 && limits > 10)
    // A step is known to half of 2^-24 V, and the limits put an account right again.
    #expect(worst < Double(steps) * 3e-8 + 1e-7, "\(worst)")
  }

  @Test func `normalised pulses grow as fewer samples are wrong`() throws {
    let board = try shippedBoard("lattice")
    func widths(normalised: Bool) throws -> [(unmet: Double, width: Double)] {
      let rule = RuleSettings(update: .comparator, pulse: 10e-3, normalised: normalised)
      var session = try Session<DirectBoard>(
        description: board, task: try shippedTask("iris"),
        plan: Plan(rule: rule, epochs: 20, seed: 1, lastPulse: 1))
      try session.begin()
      var widths: [(unmet: Double, width: Double)] = []
      for _ in 0..<20 {
        let unmet = try #require(session.progress.last).training.unmet
        _ = try session.trainEpoch()
        guard case .error(let width) = session.learner.step.rule.length else { continue }
        widths.append((unmet, width.seconds))
      }
      return widths
    }
    let grown = try widths(normalised: true)
    #expect(grown.count == 20)
    for (unmet, width) in grown {
      #expect(abs(width - 10e-3 / max(unmet, 0.01)) < 1e-8)
    }
    #expect(grown.last!.width > 2 * grown[0].width)
    #expect(try widths(normalised: false).allSatisfy { abs($0.width - 10e-3) < 1e-9 })
  }

  @Test func `normalised pulses stop growing when all is learned`() throws {
    // One sample that is met from the start: nothing is wrong, and nothing divides by nothing.
    let board = try biasedPair()
    var task = try pairTasks()[0]
    task.objective = .hinge(margin: 0.01)
    task.samples = [Sample(inputs: task.samples[0].inputs, category: 1)]
    task.classes = ["no", "yes"]
    task.training = 1
    let rule = RuleSettings(update: .multiplier, normalised: true)
    var session = try Session<DirectBoard>(
      description: board, task: task, plan: Plan(rule: rule, epochs: 3, seed: 1))
    try session.finish()
    #expect(session.curve.allSatisfy { $0.training.unmet == 0 && $0.training.error == 0 })
    #expect(session.progress.learned == 0)
  }
}
