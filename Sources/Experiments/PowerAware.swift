import BoardDouble
import Circuit
import Files
import Reports
import Runs
import Targets

extension Experiment {
  /// Power-aware learning: error against power.
  static let powerAware = Experiment(
    name: "power-aware",
    about: "the rule (1 - lambda) dV_F^2 - dV_C^2: error against the power of the free twin (ours)",
    seconds: 15
  ) { bench in
    let task = try TaskDescription.shipped("regression")
    let weights: [Double] = bench.quick ? [0, 3e-3] : [0, 1e-3, 3e-3, 0.01, 0.03]
    let outcomes = try bench.map(weights) { try train(task, powerWeight: $0, on: bench) }
    let (first, last) = (outcomes[0], outcomes.last!)
    let falls = zip(outcomes, outcomes.dropFirst()).allSatisfy { $1.power <= $0.power * 1.02 }
    var report = Report()
    report.figures = [
      Figure(
        "power without (lambda 0), over that before training", first.power / first.before),
      Figure(
        "power at the largest lambda over power without", last.power / first.power,
        bound: bench.long(.value(0...0.7))),
      Figure(
        "error at the largest lambda over error without", last.error / max(first.error, 1e-12),
        bound: bench.long(.atLeast(1))),
      Figure("power falls with every larger lambda", isSo: falls),
    ]
    report.add(
      "power.csv", columns: ["lambda", "error_V2", "power_W"],
      rows: zip(weights, outcomes).map { [.number($0), .number($1.error), .number($1.power)] })
    report.add(powerPlot)
    return report
  }
}

/// What training with one lambda ended with.
private struct Outcome: Sendable {
  /// The error, V^2.
  var error: Double
  /// The power before training, W.
  var before: Double
  /// The power after it, W.
  var power: Double
}

private func train(
  _ task: TaskDescription, powerWeight: Double, on bench: Bench
) throws -> Outcome {
  var board = try BoardDescription.shipped("lattice-multiplier")
  board.imperfections = .none
  board.gates.powerWeight = powerWeight
  let rule = RuleSettings(name: .standard, update: .multiplier, nudge: 1, pulse: 2e-4)
  var session = try Session<DirectBoard>(
    description: board, task: task,
    plan: Plan(
      rule: rule, epochs: bench.quick ? 400 : 2000, seed: UInt64(bench.seed()), lastPulse: 1))
  let before = try power(of: &session)
  try session.train(on: bench)
  return Outcome(
    error: session.progress.last!.all.error, before: before, power: try power(of: &session))
}

/// The power that the sources put into the free twin, W, on average over the samples.
private func power(of session: inout Session<DirectBoard>) throws -> Double {
  let gates = session.learner.gates
  var twins = session.board.analog.twins
  try twins.setGates(gates)
  var sum = 0.0
  for sample in session.problem.task.samples {
    try twins.drive(sample.inputs)
    try twins.solveFree()
    for (node, volts) in zip(twins.sources, sample.inputs) {
      sum += volts * (try twins.free.currentInto(node))
    }
  }
  return sum / Double(session.problem.task.samples.count)
}

/// Error over power, each point with its lambda.
private var powerPlot: GnuplotScript {
  GnuplotScript(
    "power-aware", width: 560, height: 420,
    panels: [
      .init(
        x: .init("power of the free twin (uW)"), y: .logarithmic("error (V^2)", zeroAt: 1e-12),
        series: [
          .init("power.csv", "($3*1e6):2", with: "linespoints pt 7 lw 2"),
          .init(
            "power.csv", "($3*1e6):2:(sprintf('%g', $1))", with: "labels offset -1.5,0.8"),
        ])
    ])
}
