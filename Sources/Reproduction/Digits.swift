import Circuit
import Description
import Learning
import Models
import VirtualBoard

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

  init(_ context: ExperimentContext, seed: UInt64) throws {
    description = try BoardDescription.read(
      path: try locate("digits", kind: .board, near: context.folders))
    task = try TaskDescription.read(
      path: try locate("digits", kind: .task, near: context.folders))
    let problem = Problem(task: task, seed: seed)
    training = problem.examples(problem.training)
    testing = problem.examples(problem.testing)
  }

  var edges: Int { description.learningEdges.count }

  func plan(
    epochs: Int, robustness: Robustness = .plain, share: Double = 1, chosen: [Bool]? = nil,
    ramp: Double = 0, seed: UInt64
  ) -> TrainingPlan {
    TrainingPlan(
      epochs: epochs, batch: 48, cost: .crossEntropy(width: Self.width), robustness: robustness,
      share: share, chosen: chosen, ramp: ramp, seed: seed)
  }

  /// A trainer on the board as its designer knows it, all gates at their initial voltage.
  func trainer(
    _ plan: TrainingPlan, source: CircuitModel.Source = .exact, rate: Double = Digits.rate
  ) throws -> Trainer<CircuitModel> {
    let model = try CircuitModel(nominal: description, task: task, source: source)
    return Trainer(model: model, optimiser: Optimiser(.adam, rate: rate), plan: plan)
  }

  /// A double with mismatch and all other imperfections, drawn from a seed, programmed by pulses.
  func board(_ number: Int) throws -> ProgrammedBoard<VirtualBoard> {
    try ProgrammedBoard(description: description, task: task, seed: 1000 + UInt64(number))
  }

  /// The share of test digits that a model gets right.
  func accuracy<M: Model>(_ model: inout M) throws -> Double {
    var right = 0
    for example in testing where example.isRight(try model.outputs(for: example.inputs)) {
      right += 1
    }
    return Double(right) / Double(testing.count)
  }

  /// The share that boards with fresh mismatch get right, each programmed by pulses with gates that
  /// were trained elsewhere.
  func transfer(
    _ gates: [Double], to boards: Range<Int>
  ) throws -> [Double] {
    try concurrently(boards.count) { index in
      var board = try board(boards.lowerBound + index)
      board.parameters = gates
      return try accuracy(&board)
    }
  }
}

extension Trainer {
  /// Trains every epoch of the plan.
  mutating func finish(
    _ examples: [Example], _ context: ExperimentContext, board: Measurement? = nil
  ) throws {
    while epoch < plan.epochs {
      if context.stopping() { throw ExperimentStopped() }
      _ = try trainEpoch(on: examples, board: board)
    }
  }
}
