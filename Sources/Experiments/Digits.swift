import Files
import Runs
import Models
import Reports
import BoardDouble
import Studies

/// The handwritten digits on the bipartite transistor board, and what every experiment does with
/// them.
struct Digits: Sendable {
  let description: BoardDescription
  let task: TaskDescription
  let training: [Example]
  let testing: [Example]

  /// The width of the softmax, V, and the rate of Adam, V, of all digits experiments.
  static let width = 0.01
  static let rate = 0.03

  /// - Parameter seed: fixes which digits train and which test.
  /// - Throws: `DescriptionError` when the files of this repository are not what they were.
  init(seed: Int) throws {
    description = try .shipped("digits")
    task = try .shipped("digits")
    let problem = Problem(task: task, seed: UInt64(seed))
    training = problem.examples(problem.training)
    testing = problem.examples(problem.testing)
  }

  var edges: Int { description.learningEdges.count }

  /// The digits as pixels from 0 to 1, for what is not driven by volts.
  var pixels: (training: [Example], testing: [Example]) {
    func pixels(_ examples: [Example]) -> [Example] {
      examples.map { Example(inputs: $0.inputs.map { $0 / 0.45 }, category: $0.category) }
    }
    return (pixels(training), pixels(testing))
  }

  func plan(
    epochs: Int, robustness: Robustness = .plain, share: Double = 1, chosen: [Bool]? = nil,
    ramp: Double = 0, seed: Int
  ) -> TrainingPlan {
    TrainingPlan(
      epochs: epochs, batch: 48, cost: .crossEntropy(width: Self.width), robustness: robustness,
      share: share, chosen: chosen, ramp: ramp, seed: UInt64(seed))
  }

  /// A trainer on the board as its designer knows it, all gates at their initial voltage.
  func trainer(
    _ plan: TrainingPlan, source: CircuitModel.Source = .exact
  ) throws -> Trainer<CircuitModel> {
    let model = try CircuitModel(nominal: description, task: task, source: source)
    return Trainer(model: model, optimiser: Optimiser(.adam, rate: Self.rate), plan: plan)
  }

  /// A double with all imperfections drawn from a seed, programmed by pulses.
  ///
  /// - Parameters:
  ///   - number: the board's number.
  ///   - spread: how many times the usual spread of thresholds and strengths it has.
  /// - Returns: the board, its gates drained.
  /// - Throws: `CircuitError`, `DescriptionError` or `SessionError` where board and task do not
  ///   fit.
  func board(_ number: Int, spread: Double = 1) throws -> ProgrammedBoard<DirectBoard> {
    var description = description
    description.imperfections.thresholdSpread *= spread
    description.imperfections.strengthSpread *= spread
    return try ProgrammedBoard(description: description, task: task, seed: 1000 + UInt64(number))
  }

  /// The share of test digits that a model gets right.
  func accuracy<M: Model>(_ model: inout M) throws -> Double {
    var right = 0
    for example in testing where example.isRight(try model.outputs(for: example.inputs)) {
      right += 1
    }
    return Double(right) / Double(testing.count)
  }

  /// The shares that boards with fresh mismatch get right, each programmed by pulses with gates
  /// that were trained elsewhere.
  func transfer(
    _ gates: [Double], to boards: Range<Int>, spread: Double = 1, on bench: Bench
  ) throws -> [Double] {
    try bench.map(Array(boards)) { number in
      var board = try board(bench.seed(number), spread: spread)
      board.parameters = gates
      return try accuracy(&board)
    }
  }
}

extension Trainer {
  /// Trains every epoch of the plan.
  mutating func finish(
    _ examples: [Example], on bench: Bench, board: Measurement? = nil
  ) throws {
    while epoch < plan.epochs {
      try bench.check()
      _ = try trainEpoch(on: examples, board: board)
    }
  }
}

/// A way to train, distinguished from others of an experiment by its robustness alone.
struct TrainingMethod: Sendable {
  /// Its name, as figures call it.
  let name: String
  /// What it trains against.
  let robustness: Robustness
  /// The share of the epochs over which that grows to its full size.
  var ramp = 0.5

  /// Its name in a file, without the comma.
  var column: CSV.Field { .text(name.replacing(",", with: "")) }
}
