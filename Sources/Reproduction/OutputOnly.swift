import Circuit
import Description
import Learning
import Models
import Reproducible
import VirtualBoard

/// Digits learned on boards with mismatch without a twin: only outputs are read; voltages and
/// adjoint come from the topology and the controllers' estimates, and every edge is asked for a dG.
public func reproduceOutputOnly(_ context: ExperimentContext) throws -> ExperimentResult {
  var result = ExperimentResult()
  let epochs = 4
  try context.report("output-only: boards with default mismatch, by pulses")
  let boards = try concurrently(4) { number in
    let digits = try Digits(context, seed: 1)
    var board = try digits.board(100 + number)
    var trainer = try digits.trainer(digits.plan(epochs: epochs, seed: 1))
    board.pulseLimit = 300
    board.parameters = trainer.model.parameters
    let before = try digits.accuracy(&board)
    // From here on a step moves gates by tens of millivolts: few pulses do.
    board.pulseLimit = 30
    try trainer.finish(
      digits.training, context,
      board: { gates, _, inputs in
        board.parameters = gates
        return try board.outputs(for: inputs)
      })
    board.parameters = trainer.model.parameters
    return (before: before, after: try digits.accuracy(&board), pulses: board.pulses)
  }
  let after = Spread(boards.map(\.after))
  result.tables.append(
    TextTable(
      title: "Digits on 4 boards with default mismatch, \(epochs) epochs, test %:",
      head: ["", "before", "after", "pulses a board"],
      rows: [
        [
          "outputs read, nominal estimates", Spread(boards.map(\.before)).percent, after.percent,
          decimal(Spread(boards.map { Double($0.pulses) }).mean, 0),
        ]
      ]))
  result.claim(
    "Boards with default mismatch learn with only their outputs read", "\(after.percent) %",
    after.mean > 0.95)

  // How wrong the estimates may be: the board is its true twin, so that nothing else is in the way.
  var rows: [[String]] = []
  var found: [Double: (plain: Double, corrected: Double)] = [:]
  for sigma in [0.0, 0.2, 0.5, 1, 2] {
    try context.report("output-only: estimates wrong by \(sigma) V")
    let values = try concurrently(2) { number in
      [
        try withWrongEstimates(
          sigma, number: number, corrected: false, epochs: epochs, context: context),
        try withWrongEstimates(
          sigma, number: number, corrected: true, epochs: epochs, context: context),
      ]
    }
    let plain = Spread(values.map { $0[0].accuracy })
    let corrected = Spread(values.map { $0[1].accuracy })
    found[sigma] = (plain.mean, corrected.mean)
    rows.append([
      decimal(sigma, 1), plain.percent, corrected.percent,
      decimal(1000 * Spread(values.map { $0[1].missBefore }).mean, 1),
      decimal(1000 * Spread(values.map { $0[1].missAfter }).mean, 1),    ])
  }
  result.tables.append(
    TextTable(
      title:
        "Threshold estimates wrong by sigma beyond the board's own mismatch of 0.1 V; corrected: 200 "
        + "output readings first correct them; test % (2 boards), and the outputs' rms miss in mV:",
      head: ["sigma, V", "as they are", "corrected", "miss before", "after"],
      rows: rows))
  if let wrong = found[0.5], let right = found[0] {
    result.claim(
      "Estimates wrong by 0.5 V cost more than 2 points, and correcting them from outputs alone "
        + "brings back most", "\(decimal(100 * right.plain, 1)) % -> \(decimal(100 * wrong.plain, 1)) "
        + "% -> \(decimal(100 * wrong.corrected, 1)) %",
      wrong.plain < right.plain - 0.02
        && wrong.corrected - wrong.plain > (right.plain - wrong.plain) / 2)
  }
  return result
}

private struct Outcome: Sendable {
  var accuracy: Double
  var missBefore: Double
  var missAfter: Double
}

/// Trains a true twin by its outputs with estimates that are wrong.
private func withWrongEstimates(
  _ sigma: Double, number: Int, corrected: Bool, epochs: Int, context: ExperimentContext
) throws -> Outcome {
  let digits = try Digits(context, seed: 1)
  let board = try digits.board(200 + number)
  var twin = try CircuitModel(twinOf: board.learner.board.analog, task: digits.task)
  var model = try CircuitModel(nominal: digits.description, task: digits.task)
  let draw = Draw(seed: UInt64(number), purpose: 4201, device: 0)
  var devices = model.transistors
  for index in devices.indices { devices[index].threshold += sigma * draw.normal(UInt64(index)) }
  model.transistors = devices
  var outcome = Outcome(accuracy: 0, missBefore: 0, missAfter: 0)
  if corrected {
    var readings: [Example] = []
    twin.parameters = model.parameters
    for example in digits.training.prefix(200) {
      readings.append(
        Example(inputs: example.inputs, labels: try twin.outputs(for: example.inputs)))
    }
    var estimate = Trainer(
      model: ThresholdEstimate(model), optimiser: Optimiser(.adam, rate: 0.02),
      plan: TrainingPlan(epochs: 20, batch: 10, cost: .squaredError, seed: 1))
    let outputs = Double(model.outputCount)
    outcome.missBefore =
      try (2 * miss(&estimate, readings, context) / outputs).squareRoot()
    try estimate.finish(readings, context)
    outcome.missAfter = try (2 * miss(&estimate, readings, context) / outputs).squareRoot()
    model = estimate.model.circuit
  }
  // Here it is to be seen what happens without the guard.
  var plan = digits.plan(epochs: epochs, seed: 1)
  plan.leastExplained = -.infinity
  var trainer = Trainer(
    model: model, optimiser: Optimiser(.adam, rate: Digits.rate),
    plan: plan)
  try trainer.finish(
    digits.training, context,
    board: { gates, _, inputs in
      twin.parameters = gates
      return try twin.outputs(for: inputs)
    })
  twin.parameters = trainer.model.parameters
  outcome.accuracy = try digits.accuracy(&twin)
  return outcome
}

/// The mean cost of readings for the present estimates.
private func miss(
  _ trainer: inout Trainer<ThresholdEstimate>, _ readings: [Example], _ context: ExperimentContext
) throws -> Double {
  var model = trainer.model
  var sum = 0.0
  for reading in readings {
    sum += Cost.squaredError.evaluate(
      try model.outputs(for: reading.inputs), for: reading
    ).value
  }
  return sum / Double(readings.count)
}
