import Circuit
import Files
import Firmware
import Foundation
import Models
import Runs
import Studies
import Targets
import TestSupport
import Testing
import BoardDouble
import Wiring

/// A double that stops answering after some measurements.
private struct FailingBoard: LearningBoard {
  struct NoAnswer: Error, CustomStringConvertible {
    var description: String { "ADC 7 sends no bits" }
  }
  var double: DirectBoard
  var left: Int

  var abilities: Abilities { double.abilities }
  var longestPulse: Nanoseconds { double.longestPulse }
  mutating func drive(source: Int, at voltage: Voltage) throws {
    try double.drive(source: source, at: voltage)
  }
  mutating func settle() throws { double.settle() }
  mutating func measure(target: Int) throws -> Voltage {
    left -= 1
    if left < 0 { throw NoAnswer() }
    return try double.measure(target: target)
  }
  mutating func clamp(target: Int, at voltage: Voltage) throws {
    try double.clamp(target: target, at: voltage)
  }
  mutating func release(target: Int) throws { try double.release(target: target) }
  mutating func compare(into comparisons: inout MutableSpan<Comparison>) throws {
    try double.compare(into: &comparisons)
  }
  mutating func pulse(width: Nanoseconds, drives: Span<Drive>) throws -> Nanoseconds {
    try double.pulse(width: width, drives: drives)
  }
  mutating func now() throws -> Nanoseconds { double.now() }
}

@Suite struct ProgrammedBoardTests {
  private func goals(_ count: Int) -> [Double] { (0..<count).map { 1.5 + 0.05 * Double($0 % 20) } }

  @Test func `pulses bring the gates to their goals, and outputs are those of the true circuit`()
    throws
  {
    let (description, task) = (try shippedBoard("lattice"), try shippedTask("iris"))
    var board = try ProgrammedBoard<DirectBoard>(description: description, task: task, seed: 3)
    board.parameters = goals(32)
    try board.program()
    let gates = board.learner.gates
    for (gate, goal) in zip(gates, board.parameters) { #expect(abs(gate - goal) < 1e-3) }
    #expect(board.pulses > 0 && board.pulses <= board.pulseLimit)

    var twin = try CircuitModel(twinOf: board.learner.board.analog, task: task)
    twin.parameters = gates
    for sample in task.samples.prefix(10) {
      let measured = try board.outputs(for: sample.inputs)
      let expected = try twin.outputs(for: sample.inputs)
      // Converters: offsets, gains, curvature of sources and readings, and noise.
      #expect(zip(measured, expected).allSatisfy { abs($0 - $1) < 8e-3 })
    }
  }

  @Test func `topping up replaces what leaks, and other conditions keep the gates`() throws {
    let (description, task) = (try shippedBoard("lattice"), try shippedTask("iris"))
    var board = try ProgrammedBoard<DirectBoard>(description: description, task: task, seed: 3)
    board.parameters = goals(32)
    try board.program()
    let before = board.learner.gates
    var left = board
    try left.wait(60, refreshing: nil)
    for (one, other) in zip(left.learner.gates, before) {
      // 5 ... 10 nA on 2.2 uF.
      #expect(other - one > 0.13 && other - one < 0.28)
    }
    try board.wait(60, refreshing: 10)
    for (one, other) in zip(board.learner.gates, before) { #expect(abs(one - other) < 6e-3) }
    var warm = try board.moved(temperatureRise: 20)
    #expect(warm.learner.gates == board.learner.gates)
    #expect(
      try warm.outputs(for: task.samples[0].inputs) != board.outputs(for: task.samples[0].inputs))
  }

  @Test func `goals that are not numbers and boards that cannot be driven are refused`() throws {
    let task = try shippedTask("iris")
    var board = try ProgrammedBoard<DirectBoard>(
      description: try shippedBoard("lattice"), task: task, seed: 3)
    board.parameters[4] = .nan
    #expect(throws: TrainingError.self) { try board.outputs(for: task.samples[0].inputs) }
    #expect(throws: SessionError.self) {
      try ProgrammedBoard<DirectBoard>(
        description: try shippedBoard("lattice-multiplier"), task: task, seed: 3)
    }
  }

  @Test func `a mismatched lattice learns iris with only its outputs read`() throws {
    let (description, task) = (try shippedBoard("lattice"), try shippedTask("iris"))
    let problem = Problem(task: task, seed: 1)
    let examples = problem.examples(problem.training)
    var board = try ProgrammedBoard<DirectBoard>(description: description, task: task, seed: 1)
    var trainer = Trainer(
      model: try CircuitModel(nominal: description, task: task),
      optimiser: Optimiser(.adam, rate: 0.05),
      plan: TrainingPlan(epochs: 15, batch: 10, cost: .crossEntropy(width: 0.005)))
    while trainer.epoch < 15 {
      _ = try trainer.trainEpoch(
        on: examples,
        board: { gates, _, inputs in
          board.parameters = gates
          return try board.outputs(for: inputs)
        })
    }
    board.parameters = trainer.model.parameters
    let right = try examples.count { $0.isRight(try board.outputs(for: $0.inputs)) }
    #expect(Double(right) / Double(examples.count) > 0.9)
  }

  @Test func `a board that stops answering ends training with the last good gates`() throws {
    let (description, task) = (try shippedBoard("lattice"), try shippedTask("iris"))
    let problem = Problem(task: task, seed: 1)
    let place = try task.place(on: description)
    let double = try DirectBoard(
      description: description, seed: 1, sources: place.sources, targets: place.targets)
    var board = try ProgrammedBoard(
      board: FailingBoard(double: double, left: 3 * 25), description: description,
      problem: problem, calibration: Calibration(measuredOn: double.analog))
    var trainer = Trainer(
      model: try CircuitModel(nominal: description, task: task),
      optimiser: Optimiser(.adam, rate: 0.05),
      plan: TrainingPlan(epochs: 2, batch: 10, cost: .crossEntropy(width: 0.005)))
    let start = trainer.model.parameters
    do {
      _ = try trainer.trainEpoch(
        on: problem.examples(problem.training),
        board: { gates, _, inputs in
          board.parameters = gates
          return try board.outputs(for: inputs)
        })
      Issue.record("no error")
    } catch {
      #expect("\(error)".contains("ADC 7 sends no bits"))
    }
    // Two whole steps of ten samples were taken before the third broke off.
    #expect(trainer.model.parameters != start)
    #expect(trainer.model.parameters == board.parameters)
  }

  @Test func `estimates are corrected from output readings alone`() throws {
    let (description, task) = (try shippedBoard("lattice"), try shippedTask("iris"))
    let board = try ProgrammedBoard<DirectBoard>(description: description, task: task, seed: 1)
    var twin = try CircuitModel(twinOf: board.learner.board.analog, task: task)
    let readings = try task.samples.prefix(60).map {
      Example(inputs: $0.inputs, labels: try twin.outputs(for: $0.inputs))
    }
    var trainer = Trainer(
      model: ThresholdEstimate(try CircuitModel(nominal: description, task: task)),
      optimiser: Optimiser(.adam, rate: 0.02),
      plan: TrainingPlan(epochs: 30, batch: 10, cost: .squaredError))
    let first = try trainer.trainEpoch(on: readings)
    var last = first
    while trainer.epoch < 30 { last = try trainer.trainEpoch(on: readings) }
    #expect(last.cost < first.cost / 30)
  }
}

@Suite struct GradientComparisonTests {
  private static let samples = Array(stride(from: 0, to: 150, by: 5))

  private func comparison(_ gate: Double, ideal: Bool) throws -> GradientComparison {
    var description = try shippedBoard("lattice")
    if ideal { description.imperfections = .none }
    let task = try shippedTask("iris")
    let place = try task.place(on: description)
    let board = try AnalogBoard(
      description: description, seed: 1, sources: place.sources, targets: place.targets)
    return try GradientComparison(
      board: board, task: task, gates: Array(repeating: gate, count: 32), samples: Self.samples)
  }

  @Test func `on an ideal board only weighting, finite nudges and signs cost coupled learning`()
    throws
  {
    let comparison = try comparison(4, ideal: true)
    let small = try comparison.stages(of: .coupledLearning(nudge: 1e-3))
    #expect(small.map(\.cause) == GradientComparison.Cause.allCases)
    func cosine(_ cause: GradientComparison.Cause) -> Double {
      small.first { $0.cause == cause }!.likeness.cosine
    }
    #expect(cosine(.weighting) < 0.999)
    for cause in [GradientComparison.Cause.nonReciprocity, .edgeLaw, .finiteNudge, .offsets] {
      #expect(abs(cosine(cause) - cosine(.weighting)) < 2e-3, "\(cause)")
    }
    #expect(cosine(.sign) < 0.9)
    let centred = try comparison.stages(
      of: .equilibriumPropagation(beta: comparison.bound / 100, side: .centred))
    #expect(centred.map(\.cause).contains(.offsets) == false)
    #expect(centred.first { $0.cause == .finiteNudge }!.likeness.cosine > 0.999)
  }

  @Test func `offsets cost a small nudge more than a large one`() throws {
    let comparison = try comparison(2.2, ideal: false)
    func offsets(_ nudge: Double) throws -> Double {
      try comparison.stages(of: .coupledLearning(nudge: nudge)).first { $0.cause == .offsets }!
        .likeness.cosine
    }
    #expect(try offsets(0.05) < offsets(0.5))
  }

  @Test func `the exact gradient is that of central differences`() throws {
    let whole = try comparison(1.5, ideal: false)
    let task = try shippedTask("iris")
    let description = try shippedBoard("lattice")
    let place = try task.place(on: description)
    let board = try AnalogBoard(
      description: description, seed: 1, sources: place.sources, targets: place.targets)
    var twin = try CircuitModel(twinOf: board, task: task)
    guard case .hinge(let margin) = task.objective else { return }
    func cost(_ gates: [Double]) throws -> Double {
      twin.parameters = gates
      var sum = 0.0
      for sample in Self.samples.map({ task.samples[$0] }) {
        let outputs = try twin.outputs(for: sample.inputs)
        let rival = outputs.indices.filter { $0 != sample.category! }.map { outputs[$0] }.max()!
        let missing = max(0, margin - outputs[sample.category!] + rival)
        sum += missing * missing / 2
      }
      return sum / 30
    }
    let start = [Double](repeating: 1.5, count: 32)
    let size = whole.exact.map { abs($0) }.max()!
    for edge in [0, 7, 19, 31] {
      var (up, down) = (start, start)
      up[edge] += 1e-5
      down[edge] -= 1e-5
      let slope = (try cost(up) - cost(down)) / 2e-5
      #expect(abs(slope - whole.exact[edge]) < 1e-5 * size)
    }
  }
}
