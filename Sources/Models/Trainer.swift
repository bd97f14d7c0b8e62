import Circuit
import Portable

/// What an epoch came to, by the outputs that training saw.
package struct EpochMeasures: Sendable, Equatable {
  /// The mean cost of an example.
  package var cost: Double
  /// The share of examples whose class was right.
  package var accuracy: Double
}

/// Trains a model on examples, by gradients of its own; the outputs may be those of a board.
package struct Trainer<M: DifferentiableModel> {
  /// The model; after an error with its last good parameters.
  package private(set) var model: M
  /// The plan.
  package let plan: TrainingPlan
  /// The epochs done.
  package private(set) var epoch = 0
  private var optimiser: Optimiser
  private var steps: UInt64 = 0
  /// The cost of the first third of the first epoch on a board.
  private var beginning: Double?

  /// Outputs of a board that runs with some parameters at some rise of temperature.
  package typealias Measurement = (_ parameters: [Double], _ temperatureRise: Double, [Double])
    throws -> [Double]

  private enum Choice: UInt32 {
    case order = 3001
    case noise = 3002
    case share = 3003
    case swing = 3005
  }

  /// A trainer.
  package init(model: M, optimiser: Optimiser, plan: TrainingPlan) {
    self.model = model
    self.optimiser = optimiser
    self.plan = plan
  }

  /// Trains one epoch.
  ///
  /// - Parameters:
  ///   - examples: the examples.
  ///   - board: where given, its outputs are used instead of the model's in every pass, and the model
  ///     only carries the errors back (physics-aware training; with a robustness of sharpness, both
  ///     passes in situ).
  ///   - stopping: asked before each step; true ends the epoch there.
  /// - Returns: the epoch's measures, taken on the way.
  /// - Throws: `TrainingError`; the model keeps the last good parameters.
  package mutating func trainEpoch(
    on examples: [Example], board: Measurement? = nil, stopping: () -> Bool = { false }
  ) throws(TrainingError) -> EpochMeasures {
    if let chosen = plan.chosen, chosen.count != model.parameters.count {
      throw .mismatch(
        "the choice lists \(chosen.count) parameters, the model has \(model.parameters.count)")
    }
    let order = Draw(seed: plan.seed, purpose: Choice.order.rawValue, device: 0).shuffledIndices(
      UInt64(epoch), count: examples.count)
    let begun = model.parameters
    var cost = 0.0
    var costs: [Double] = []
    var right = 0
    var explained = Explained()
    var first = 0
    while first < order.count {
      if stopping() { break }
      let batch = order[first..<min(first + plan.batch, order.count)].map { examples[$0] }
      let good = model.parameters
      do {
        let step = try takeStep(
          batch, board: board, progress: Double(first) / Double(order.count), &explained)
        cost += step.cost
        costs.append(step.cost / Double(batch.count))
        right += step.right
      } catch {
        model.temperatureRise = 0
        model.parameters = good
        if let error = error as? TrainingError {
          if case .notFinite = error { model.parameters = begun }
          throw error
        }
        if let failure = error as? BoardFailure, !(failure.cause is CircuitError) {
          throw .silent(epoch: epoch, reason: "\(failure.cause)")
        }
        // A double without a solution has not fallen silent.
        let cause = (error as? BoardFailure)?.cause ?? error
        throw .unsolved(epoch: epoch, reason: "\(cause)")
      }
      first += plan.batch
    }
    // A model may miss much and still know which way is down; one that explains little of what it
    // sees and has not lowered the cost either does not know its board.
    if board != nil && beginning == nil { beginning = early(costs) }
    let isWorse = costs.count > 1 && late(costs) >= beginning ?? .infinity
    if board != nil && isWorse && explained.share < plan.leastExplained {
      model.parameters = begun
      throw .unlike(
        explained: explained.share, epoch: epoch,
        reason: "its topology, or its estimates, are not this board's")
    }
    epoch += 1
    let count = Double(max(min(first, order.count), 1))
    return EpochMeasures(cost: cost / count, accuracy: Double(right) / count)
  }

  /// The mean of the first and of the last third of an epoch's costs.
  private func early(_ costs: [Double]) -> Double {
    let count = max(costs.count / 3, 1)
    return costs.prefix(count).reduce(0, +) / Double(count)
  }

  private func late(_ costs: [Double]) -> Double {
    let count = max(costs.count / 3, 1)
    return costs.suffix(count).reduce(0, +) / Double(count)
  }

  /// One step on a batch: descent from where the robustness says.
  private mutating func takeStep(
    _ batch: [Example], board: Measurement?, progress: Double, _ explained: inout Explained
  ) throws -> (cost: Double, right: Int) {
    let parameters = model.parameters
    var seen: (cost: Double, right: Int)
    var gradient: [Double]
    let done = min((Double(epoch) + progress) / Double(max(plan.epochs, 1)), 1)
    let ramp = plan.ramp > 0 ? min(done / plan.ramp, 1) : 1
    switch plan.robustness {
    case .plain:
      (seen, gradient) = try differentiate(batch, at: parameters, board: board, &explained)
    case .noise(let size):
      let sigma = size * ramp
      var moved = parameters
      for index in moved.indices {
        let draw = Draw(
          seed: plan.seed, purpose: Choice.noise.rawValue,
          device: UInt32(truncatingIfNeeded: index))
        moved[index] += sigma * draw.normal(steps)
      }
      (seen, gradient) = try differentiate(batch, at: moved, board: board, &explained)
    case .sharpness(let rho, let adaptive):
      (seen, gradient) = try differentiate(batch, at: parameters, board: board, &explained)
      let ascent = Self.ascent(
        gradient, from: parameters, rho: rho * ramp, adaptive: adaptive)
      (_, gradient) = try differentiate(
        batch, at: zip(parameters, ascent).map { $0 + $1 }, board: board, &explained)
    case .temperature(let largest, let full):
      let size = Draw(seed: plan.seed, purpose: Choice.swing.rawValue, device: 0).uniform(steps)
      let swing = largest * ramp * max(size, 0.01)
      let rho = full * ramp
      let warm = try differentiate(batch, at: parameters, board: board, rise: swing, &explained)
      let cool = try differentiate(batch, at: parameters, board: board, rise: -swing, &explained)
      let worse = warm.0.cost > cool.0.cost
      (seen, gradient) = worse ? warm : cool
      if rho > 0 {
        let ascent = Self.ascent(gradient, from: parameters, rho: rho, adaptive: false)
        (_, gradient) = try differentiate(
          batch, at: zip(parameters, ascent).map { $0 + $1 }, board: board,
          rise: worse ? swing : -swing, &explained)
      }
    }
    var next = parameters
    optimiser.step(
      &next, gradient: gradient, limits: model.limits,
      factor: 1 - (1 - plan.lastRate) * done, mask: mask(count: next.count))
    steps += 1
    guard next.allSatisfy(\.isFinite) else {
      throw TrainingError.notFinite(what: "a parameter", epoch: epoch)
    }
    model.parameters = next
    return seen
  }

  /// Which parameters take part in this step.
  private func mask(count: Int) -> [Bool]? {
    if plan.share >= 1 { return plan.chosen }
    return (0..<count).map { index in
      let draw = Draw(
        seed: plan.seed, purpose: Choice.share.rawValue, device: UInt32(truncatingIfNeeded: index))
      return draw.uniform(steps) < plan.share && (plan.chosen?[index] ?? true)
    }
  }

  /// The mean cost's gradient over a batch at some parameters; the model is left with its own.
  private mutating func differentiate(
    _ batch: [Example], at parameters: [Double], board: Measurement?, rise: Double = 0,
    _ explained: inout Explained
  ) throws -> ((cost: Double, right: Int), [Double]) {
    let own = model.parameters
    if parameters != own { model.parameters = model.limited(parameters) }
    if rise != 0 { model.temperatureRise = rise }
    defer {
      if rise != 0 { model.temperatureRise = 0 }
      if parameters != own { model.parameters = own }
    }
    var gradient = [Double](repeating: 0, count: parameters.count)
    var cost = 0.0
    var right = 0
    let commanded = model.parameters
    let (costing, epoch) = (plan.cost, epoch)
    for example in batch {
      let measured = try board.map { board throws(BoardFailure) in
        do {
          return try board(commanded, rise, example.inputs)
        } catch {
          throw BoardFailure(cause: error)
        }
      }
      _ = try model.differentiate(at: example.inputs, into: &gradient) { outputs in
        if let measured {
          guard measured.count == outputs.count else {
            throw TrainingError.mismatch(
              "the board gives \(measured.count) outputs, the model \(outputs.count): their "
                + "topologies differ; the last good parameters are kept")
          }
          explained.add(measured, outputs)
        }
        let used = measured ?? outputs
        guard used.allSatisfy(\.isFinite) else {
          throw TrainingError.notFinite(what: "an output", epoch: epoch)
        }
        let (value, weights) = costing.evaluate(used, for: example)
        cost += value
        if example.isRight(used) { right += 1 }
        return weights
      }
    }
    let scale = 1 / Double(max(batch.count, 1))
    for index in gradient.indices { gradient[index] *= scale }
    guard gradient.allSatisfy(\.isFinite), cost.isFinite else {
      throw TrainingError.notFinite(what: "the gradient", epoch: epoch)
    }
    return ((cost, right), gradient)
  }

  /// The ascent to the worst point of the ball, to first order.
  static func ascent(
    _ gradient: [Double], from parameters: [Double], rho: Double, adaptive: Bool
  ) -> [Double] {
    let scales = adaptive ? parameters.map(\.magnitude) : parameters.map { _ in 1.0 }
    let length = zip(gradient, scales).reduce(0) { $0 + $1.0 * $1.1 * $1.0 * $1.1 }.squareRoot()
    if length == 0 { return parameters.map { _ in 0 } }
    return zip(gradient, scales).map { rho * $1 * $1 * $0 / length }
  }
}
