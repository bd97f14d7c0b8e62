package import Files
import Models
import Portable
package import Runs

/// What the best way known of training holds a circuit to: the exact gradient, on a board of
/// nominal parts that is read and driven without error. What a rule on a real board falls short of
/// it is owed to rule and imperfections; what the bound itself lacks is owed to circuit and places.
package struct ExactBound: Sendable, Equatable {
  /// What was reached on the training samples.
  package var training: Measures
  /// What was reached on the samples held out; `nil` when there are none.
  package var testing: Measures?
  /// The mean training cost of a sample that the search of places compares: V^2 / 2 of squared
  /// error, nats of a softmax of width `width` otherwise.
  package var cost: Double
  /// The gates, V.
  package var gates: [Double]

  /// The width of the softmax that classes are trained by, V: the size of what a board's readings
  /// and twins miss.
  static let width = 0.01
  /// The rate of Adam at the beginning, V a step; it falls to 0.02 of it.
  static let rate = 0.06
  /// The samples of a step.
  static let batch = 16

  /// Trains a task on a board's circuit by its exact gradient.
  ///
  /// - Parameters:
  ///   - task: the task; its places on the board are used.
  ///   - board: the board.
  ///   - seed: the seed of split and order.
  ///   - epochs: how often every training sample is seen.
  ///   - stopping: asked before every step.
  /// - Returns: what was reached; `nil` when `stopping` said so.
  /// - Throws: `CircuitError` or `DescriptionError` where board and task do not fit,
  ///   `TrainingError` where a circuit has no solution.
  package static func reached(
    by task: TaskDescription, on board: BoardDescription, seed: UInt64, epochs: Int,
    stopping: () -> Bool = { false }
  ) throws -> ExactBound? {
    let problem = Problem(task: task, seed: seed)
    let cost: Cost = task.classes.isEmpty ? .squaredError : .crossEntropy(width: width)
    var trainer = Trainer(
      model: try CircuitModel(nominal: board, task: task), optimiser: Optimiser(.adam, rate: rate),
      plan: TrainingPlan(epochs: epochs, batch: batch, cost: cost, seed: seed))
    let training = problem.examples(problem.training)
    while trainer.epoch < epochs {
      if stopping() { return nil }
      _ = try trainer.trainEpoch(on: training, stopping: stopping)
    }
    var model = trainer.model
    var mean = 0.0
    let reached = try measures(of: &model, problem.training, problem) { outputs, example in
      mean += cost.evaluate(outputs, for: example).value / Double(training.count)
    }
    let held =
      try problem.testing.isEmpty ? nil : measures(of: &model, problem.testing, problem)
    return ExactBound(training: reached, testing: held, cost: mean, gates: model.parameters)
  }

  /// The measures of samples as a run's, by the outputs of the circuit.
  private static func measures(
    of model: inout CircuitModel, _ samples: [Int], _ problem: Problem,
    _ also: ([Double], Example) -> Void = { _, _ in }
  ) throws -> Measures {
    var error = 0.0
    var right = 0
    var unmet = 0
    for (index, example) in zip(samples, problem.examples(samples)) {
      let outputs = try model.outputs(for: example.inputs)
      let sample = problem.task.samples[index]
      let square = problem.loss.meanSquare(
        outputs, labels: sample.labels, category: sample.category)
      error += square
      if square > 0 { unmet += 1 }
      if example.isRight(outputs) { right += 1 }
      also(outputs, example)
    }
    let count = Double(max(samples.count, 1))
    return Measures(
      error: error / count,
      accuracy: problem.task.classes.isEmpty ? nil : Double(right) / count,
      unmet: Double(unmet) / count)
  }

  /// How many epochs are enough: some thousand steps, fewer on circuits that take long to solve.
  ///
  /// - Parameters:
  ///   - task: the task.
  ///   - board: the board.
  ///   - effort: how many solutions of an edge's worth are allowed.
  /// - Returns: the number of epochs; 0 where not even a short training is within the effort.
  package static func epochs(
    for task: TaskDescription, on board: BoardDescription, effort: Double
  ) -> Int {
    let samples = Double(max(task.training, 1))
    let steps = (samples / Double(batch)).rounded(.up)
    let wanted = (1500 / steps).rounded(.up)
    let allowed = effort / (samples * Double(board.edges.count))
    return allowed < 5 ? 0 : Int(min(max(wanted, 20), allowed, 400))
  }
}
