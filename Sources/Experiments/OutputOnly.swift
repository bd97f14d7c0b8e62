import Circuit
import Elements
import Files
import Runs
import Models
import Portable
import Reports
import BoardDouble
import Studies

extension Experiment {
  /// Digits without a twin: only outputs are read; voltages and adjoint come from the topology and
  /// the controllers' estimates, and every edge is asked for a dG.
  static let outputOnly = Experiment(
    name: "output-only",
    about:
      "digits on mismatched boards with only outputs read; how wrong the estimates may be, and "
      + "their correction from outputs (ours)",
    seconds: 40
  ) { bench in
    var report = Report()
    let epochs = bench.quick ? 2 : 4
    bench.tell("boards with default mismatch, by pulses")
    report.figures = try trainBoards(epochs: epochs, on: bench)

    // The board is now its true twin, so that nothing but the estimates is in the way.
    var found: [Double: [Outcome]] = [:]
    for sigma: Double in bench.quick ? [0, 2] : [0, 2, 5] {
      bench.tell("estimates of thresholds wrong by \(sigma) V")
      let outcomes = try bench.map([0, 1]) { number in
        try withWrongEstimates(sigma, number: number, epochs: epochs, on: bench)
      }
      found[sigma] = outcomes
      report.figures += figures("estimates wrong by \(sigma) V", outcomes)
    }
    if let right = found[0], let wrong = found[2] {
      report.figures += [
        Figure(
          lead: "estimates wrong by 2 V: corrected over as they are",
          of: wrong.map(\.corrected), over: wrong.map(\.plain)),
        Figure(
          lead: "estimates wrong by 2 V and corrected, over right ones",
          of: wrong.map(\.corrected), over: right.map(\.plain), bound: .value(-5...5)),
      ]
    }
    bench.tell("a wrong topology")
    report.figures.append(
      Figure(
        "a model whose inputs and outputs are joined elsewhere is refused",
        isSo: try refusesWrongTopology(on: bench)))
    report.remarks.append(
      "\(epochs) epochs; sigma comes on top of the boards' own spread of 0.1 V")
    return report
  }
}

/// Trains boards with default mismatch by pulses, with estimates of nominal parts.
private func trainBoards(epochs: Int, on bench: Bench) throws -> [Figure] {
  let boards = try bench.map(Array(0..<(bench.quick ? 1 : 2))) { number in
    let digits = try Digits(seed: bench.seed())
    var board = try digits.board(bench.seed(100 + number))
    var trainer = try digits.trainer(digits.plan(epochs: epochs, seed: bench.seed()))
    board.parameters = trainer.model.parameters
    let before = try digits.accuracy(&board)
    // From here on a step moves gates by tens of millivolts: few pulses do.
    board.pulseLimit = 30
    try trainer.finish(
      digits.training, on: bench,
      board: { gates, _, inputs in
        board.parameters = gates
        return try board.outputs(for: inputs)
      })
    board.parameters = trainer.model.parameters
    return (before: before, after: try digits.accuracy(&board), pulses: board.pulses)
  }
  return [
    Figure(percent: "\(boards.count) boards, before", boards.map(\.before)),
    Figure(
      percent: "\(boards.count) boards, outputs read, nominal estimates", boards.map(\.after),
      bound: .value((bench.quick ? 90 : 95)...100)),
    Figure("pulses a board", boards.map { Double($0.pulses) }.mean),
  ]
}

private func figures(_ name: String, _ outcomes: [Outcome]) -> [Figure] {
  [
    Figure(percent: "\(name): as they are", outcomes.map(\.plain)),
    Figure(percent: "\(name): corrected by 200 readings", outcomes.map(\.corrected)),
    Figure(
      "\(name): share of the outputs' variance explained", outcomes.map(\.explained).mean),
    Figure("\(name): outputs' miss", 1000 * outcomes.map(\.missBefore).mean, .millivoltsRMS),
    Figure("\(name): corrected", 1000 * outcomes.map(\.missAfter).mean, .millivoltsRMS),
  ]
}

/// What training by outputs gave with one board's wrong estimates.
private struct Outcome: Sendable {
  /// The share right with the estimates as they are.
  var plain = 0.0
  /// The share right with corrected estimates.
  var corrected = 0.0
  /// The share of the outputs' variance that the estimates explain.
  var explained = 0.0
  /// The root mean square miss of the outputs, V, before and after the correction.
  var missBefore = 0.0
  var missAfter = 0.0
}

/// Trains a true twin by its outputs with estimates that are wrong, and again with corrected ones.
private func withWrongEstimates(
  _ sigma: Double, number: Int, epochs: Int, on bench: Bench
) throws -> Outcome {
  let digits = try Digits(seed: bench.seed())
  let board = try digits.board(bench.seed(200 + number))
  var twin = try CircuitModel(twinOf: board.learner.board.analog, task: digits.task)
  var model = try CircuitModel(nominal: digits.description, task: digits.task)
  let draw = Draw(seed: UInt64(bench.seed(number)), purpose: 4201, device: 0)
  var devices = model.transistors
  for index in devices.indices { devices[index].threshold += sigma * draw.normal(UInt64(index)) }
  model.transistors = devices

  func trained(_ model: CircuitModel) throws -> Double {
    var trainer = Trainer(
      model: model, optimiser: Optimiser(.adam, rate: Digits.rate),
      plan: digits.plan(epochs: epochs, seed: bench.seed()))
    try trainer.finish(
      digits.training, on: bench,
      board: { gates, _, inputs in
        twin.parameters = gates
        return try twin.outputs(for: inputs)
      })
    twin.parameters = trainer.model.parameters
    return try digits.accuracy(&twin)
  }

  twin.parameters = model.parameters
  var readings: [Example] = []
  for example in digits.training.prefix(200) {
    readings.append(
      Example(inputs: example.inputs, labels: try twin.outputs(for: example.inputs)))
  }
  /// Root mean square miss of the outputs.
  func miss(_ model: CircuitModel) throws -> Double {
    var model = model
    let sum = try readings.reduce(0.0) { sum, reading in
      let outputs = try model.outputs(for: reading.inputs)
      return sum + 2 * Cost.squaredError.evaluate(outputs, for: reading).value
    }
    return (sum / Double(readings.count * model.outputCount)).squareRoot()
  }
  var outcome = Outcome()
  let spread = readings.flatMap(\.labels).deviation
  outcome.missBefore = try miss(model)
  outcome.explained = 1 - outcome.missBefore * outcome.missBefore / (spread * spread)
  outcome.plain = try trained(model)
  var estimate = Trainer(
    model: ThresholdEstimate(model), optimiser: Optimiser(.adam, rate: 0.02),
    plan: TrainingPlan(epochs: 20, batch: 10, cost: .squaredError, seed: UInt64(bench.seed())))
  try estimate.finish(readings, on: bench)
  outcome.missAfter = try miss(estimate.model.circuit)
  outcome.corrected = try trained(estimate.model.circuit)
  return outcome
}

/// Whether training by outputs ends by itself, gates kept, when the model's network is not the
/// board's: every input at another node, and the two nodes of every output exchanged.
private func refusesWrongTopology(on bench: Bench) throws -> Bool {
  let digits = try Digits(seed: bench.seed())
  let board = try digits.board(bench.seed(200))
  var twin = try CircuitModel(twinOf: board.learner.board.analog, task: digits.task)
  let right = try CircuitModel(nominal: digits.description, task: digits.task)
  let model = try CircuitModel(
    network: right.point.network, inputs: right.inputs.reversed(),
    outputs: right.readouts.map { .init($0.less ?? $0.node, less: $0.node) },
    branches: right.branches, limits: right.limits[0])
  var trainer = Trainer(
    model: model, optimiser: Optimiser(.adam, rate: Digits.rate),
    plan: digits.plan(epochs: 1, seed: bench.seed()))
  do {
    try trainer.finish(
      digits.training, on: bench,
      board: { gates, _, inputs in
        twin.parameters = gates
        return try twin.outputs(for: inputs)
      })
  } catch TrainingError.unlike {
    return trainer.model.parameters == model.parameters
  }
  return false
}
