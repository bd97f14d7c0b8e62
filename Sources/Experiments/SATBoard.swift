import BoardDouble
import Files
import Models
import Reports
import Runs
import Studies

extension Experiment {
  /// Digits trained in several ways with the same optimiser and epochs, programmed by pulses:
  /// transfer to boards with fresh mismatch, and drift after deployment.
  static let satBoard = Experiment(
    name: "sat-board",
    about:
      "digits programmed on mismatched transistor boards, and their drift: plain, noise, "
      + "physics-aware, SAM in silico and in situ (ours)",
    seconds: 75
  ) { bench in
    var report = Report()
    let epochs = bench.quick ? 3 : 6
    let trials = try methods.map { method in
      bench.tell(method.method.name)
      return try Trial(method.method, inSitu: method.inSitu, epochs: epochs, on: bench)
    }
    report.figures = trials.flatMap(\.figures)
    for trial in trials.dropFirst() { report.figures += trial.leads(over: trials[0]) }
    report.add(
      "board.csv",
      columns: ["method", "fresh", "thrice"] + Deployment.run(on: bench).map(\.column),
      rows: trials.map(\.fields))
    report.remarks.append("\(epochs) epochs of Adam each; nobody is meant to win: it is measured")
    return report
  }
}

/// The methods, and whether the outputs of one board replace the model's.
private let methods: [(method: TrainingMethod, inSitu: Bool)] = [
  (TrainingMethod(name: "plain", robustness: .plain), false),
  (TrainingMethod(name: "noise 0.1 V", robustness: .noise(0.1)), false),
  (
    TrainingMethod(name: "SAM, rho 0.5 V", robustness: .sharpness(rho: 0.5, adaptive: false)),
    false
  ),
  (
    TrainingMethod(
      name: "adaptive SAM, rho 0.3", robustness: .sharpness(rho: 0.3, adaptive: true)), false
  ),
  (
    TrainingMethod(name: "SAT in temperature", robustness: .temperature(swing: 20, rho: 0)), false
  ),
  (TrainingMethod(name: "physics-aware on one board", robustness: .plain), true),
  (
    TrainingMethod(
      name: "SAM in situ on one board", robustness: .sharpness(rho: 0.5, adaptive: false)), true
  ),
]

/// What one method's gates did, all as shares of test digits right.
private struct Trial {
  let method: TrainingMethod
  /// Where they were trained, for each seed.
  var own: [Double] = []
  /// On boards with fresh mismatch of the usual size.
  var usual: [Double] = []
  /// On boards with three times the spread.
  var wide: [Double] = []
  /// On one board after each deployment.
  var deployments: [(Deployment, Double)] = []

  init(_ method: TrainingMethod, inSitu: Bool, epochs: Int, on bench: Bench) throws {
    self.method = method
    let seeds = bench.seeds(1...(bench.quick ? 1 : 2))
    let boards = bench.quick ? 2 : 10
    let trained = try bench.map(seeds) { seed in
      try train(method, inSitu: inSitu, epochs: epochs, seed: seed, on: bench)
    }
    own = trained.map(\.own)
    for (seed, one) in zip(seeds, trained) {
      let digits = try Digits(seed: seed)
      usual += try digits.transfer(one.gates, to: 0..<boards, on: bench)
      wide += try digits.transfer(one.gates, to: 50..<50 + boards / 2, spread: 3, on: bench)
    }
    deployments = try deployed(trained[0].gates, on: bench)
  }

  var figures: [Figure] {
    [
      Figure(percent: "\(method.name): where it was trained", own),
      Figure(percent: "\(method.name): \(usual.count) fresh boards", usual),
      Figure(percent: "\(method.name): \(wide.count) boards of thrice the spread", wide),
    ]
      + deployments.map { deployment, accuracy in
        Figure(
          "\(method.name): one board, \(deployment.rawValue)", 100 * accuracy, .percent)
      }
  }

  func leads(over plain: Trial) -> [Figure] {
    [
      Figure(lead: "\(method.name) over plain, fresh boards", of: usual, over: plain.usual),
      Figure(lead: "\(method.name) over plain, thrice the spread", of: wide, over: plain.wide),
    ]
  }

  var fields: [CSV.Field] {
    [method.column]
      + ([usual.mean, wide.mean] + deployments.map(\.1)).map(CSV.Field.number)
  }
}

/// Trains on the model, or with the outputs of one board in its place.
private func train(
  _ method: TrainingMethod, inSitu: Bool, epochs: Int, seed: Int, on bench: Bench
) throws -> (own: Double, gates: [Double]) {
  let digits = try Digits(seed: seed)
  var trainer = try digits.trainer(
    digits.plan(epochs: epochs, robustness: method.robustness, ramp: method.ramp, seed: seed))
  if inSitu {
    let board = try digits.board(300 + seed)
    var twin = try CircuitModel(twinOf: board.learner.board.analog, task: digits.task)
    try trainer.finish(
      digits.training, on: bench,
      board: { gates, rise, inputs in
        if twin.parameters != gates { twin.parameters = gates }
        if twin.temperatureRise != rise { twin.temperatureRise = rise }
        return try twin.outputs(for: inputs)
      })
    twin.parameters = trainer.model.parameters
    return (own: try digits.accuracy(&twin), gates: trainer.model.parameters)
  }
  try trainer.finish(digits.training, on: bench)
  var model = trainer.model
  return (own: try digits.accuracy(&model), gates: model.parameters)
}

/// The share of test digits that one board gets right after deployment, without retraining.
private func deployed(
  _ gates: [Double], on bench: Bench
) throws -> [(Deployment, Double)] {
  let digits = try Digits(seed: bench.seed())
  let all = Deployment.run(on: bench)
  let shares = try bench.map(all) { deployment in
    var board = try digits.board(bench.seed(0))
    board.parameters = gates
    try board.program()
    board.pulseLimit = 20
    var after = try deployment.applied(to: board)
    return try digits.accuracy(&after)
  }
  return Array(zip(all, shares))
}

/// What happens to a board after it was programmed. Topping up: every minute the controllers
/// replace what they think has leaked.
private enum Deployment: String, CaseIterable, Sendable {
  /// Those that are run.
  static func run(on bench: Bench) -> [Deployment] {
    bench.quick ? [.asProgrammed, .warm] : allCases
  }

  case asProgrammed = "as programmed"
  case cold = "-20 K"
  case warm = "+20 K"
  case unattended = "20 s unattended"
  case longUnattended = "2 min unattended"
  case topped = "1 h topped up"
  case lowSupply = "1 h topped up at supply -5 %"
  case highSupply = "1 h topped up at supply +5 %"

  var column: String {
    rawValue.replacing(" ", with: "_").replacing("%", with: "percent")
  }

  func applied(
    to board: ProgrammedBoard<DirectBoard>
  ) throws -> ProgrammedBoard<DirectBoard> {
    var board = board
    switch self {
    case .asProgrammed: break
    case .cold: board = try board.moved(temperatureRise: -20)
    case .warm: board = try board.moved(temperatureRise: 20)
    case .unattended: try board.wait(20, refreshing: nil)
    case .longUnattended: try board.wait(120, refreshing: nil)
    case .topped: try board.wait(3600, refreshing: 60)
    case .lowSupply:
      board = try board.moved(supply: 0.95)
      try board.wait(3600, refreshing: 60)
    case .highSupply:
      board = try board.moved(supply: 1.05)
      try board.wait(3600, refreshing: 60)
    }
    return board
  }
}
