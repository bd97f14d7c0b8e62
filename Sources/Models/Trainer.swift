import Portable

/// How a step guards against what the model does not know.
package enum Robustness: Sendable, Equatable, Codable {
  /// Not at all.
  case plain
  /// Noise injection: the gradient is taken at parameters with normal noise of this size.
  case noise(Double)
  /// Sharpness-aware: the gradient is taken at the worst point of a small ball, after an ascent of
  /// length rho along the gradient (Foret and others, 2021). Adaptive: the ball is scaled by the
  /// parameters' magnitudes (Kwon and others, 2021).
  case sharpness(rho: Double, adaptive: Bool)
  /// Sharpness-aware in temperature, which no gradient covers: the cost's difference between warmer
  /// and cooler, by up to the swing in kelvin as drawn for each step, says which way is worse; the
  /// gradient is taken there, after an ascent of length rho in the parameters.
  case temperature(swing: Double, rho: Double)
}

/// How a model is trained.
package struct TrainingPlan: Sendable, Equatable, Codable {
  /// How often every example is seen.
  package var epochs: Int
  /// The number of examples of a step.
  package var batch: Int
  /// The cost.
  package var cost: Cost
  /// What steps guard against.
  package var robustness: Robustness
  /// The share of parameters that a step changes, drawn anew for each step; 1 for all.
  package var share: Double
  /// The parameters that may change at all; `nil` for all.
  package var chosen: [Bool]?
  /// What the rate has shrunk to at the end, as a share of the beginning's; straight down.
  package var lastRate: Double
  /// The share of the epochs over which noise, swing and ball grow to their full size.
  package var ramp: Double
  /// The least share of the outputs' variance that a model must explain of its board; training ends
  /// after an epoch that stayed below it and ended at no lower cost than the run began at.
  package var leastExplained: Double
  /// The seed of order, noise and shares.
  package var seed: UInt64

  /// Makes a plan.
  package init(
    epochs: Int, batch: Int = 32, cost: Cost, robustness: Robustness = .plain, share: Double = 1,
    chosen: [Bool]? = nil, lastRate: Double = 0.02, ramp: Double = 0, leastExplained: Double = 0.2,
    seed: UInt64 = 1
  ) {
    self.epochs = epochs
    self.batch = batch
    self.cost = cost
    self.robustness = robustness
    self.share = share
    self.chosen = chosen
    self.lastRate = lastRate
    self.ramp = ramp
    self.leastExplained = leastExplained
    self.seed = seed
  }
}

/// Why a training run ended early. The model then holds the last parameters whose cost was known to
/// be good.
package enum TrainingError: Error, CustomStringConvertible {
  /// A number that is not finite.
  case notFinite(what: String, epoch: Int)
  /// The board did not answer.
  case silent(epoch: Int, reason: String)
  /// The model has no solution.
  case unsolved(epoch: Int, reason: String)
  /// What the board measures has nothing to do with what the model expects.
  case unlike(explained: Double, epoch: Int, reason: String)
  /// Lists of different lengths.
  case mismatch(String)

  /// What happened, and what to do.
  package var description: String {
    switch self {
    case .notFinite(let what, let epoch):
      "\(what) in epoch \(epoch) is not a finite number: the last good parameters are kept; check "
        + "the estimates, or lower the rate"
    case .silent(let epoch, let reason):
      "the board stopped answering in epoch \(epoch) (\(reason)): the last good parameters are kept"
    case .unsolved(let epoch, let reason):
      "the model has no solution in epoch \(epoch) (\(reason)): the last good parameters are kept; "
        + "lower the rate, or check the estimates"
    case .unlike(let explained, let epoch, let reason):
      "in epoch \(epoch) the model explains \(Int((explained * 100).rounded())) % of how the board's "
        + "outputs vary and the cost has not fallen: \(reason); the last good parameters are kept"
    case .mismatch(let what): what
    }
  }
}

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
  ///   - board: where given, its outputs take the place of the model's in every pass, and the model
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
        if let failure = error as? BoardFailure {
          throw .silent(epoch: epoch, reason: "\(failure.cause)")
        }
        throw .unsolved(epoch: epoch, reason: "\(error)")
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

/// How much of the variation of measured outputs a model explains.
struct Explained {
  private var count = 0.0
  private var sum = 0.0
  private var squares = 0.0
  private var missed = 0.0

  mutating func add(_ measured: [Double], _ expected: [Double]) {
    for (one, other) in zip(measured, expected) {
      count += 1
      sum += one
      squares += one * one
      missed += (one - other) * (one - other)
    }
  }

  /// 1 - (mean square miss) / (variance), 1 where nothing was added.
  var share: Double {
    let spread = squares - (count > 0 ? sum * sum / count : 0)
    return spread > 0 ? 1 - missed / spread : 1
  }
}

extension DifferentiableModel {
  /// The share of examples whose class is right.
  /// - Throws: what keeps the model from answering.
  package mutating func accuracy(on examples: [Example]) throws -> Double {
    var right = 0
    for example in examples where example.isRight(try outputs(for: example.inputs)) { right += 1 }
    return Double(right) / Double(max(examples.count, 1))
  }

  /// The mean cost's gradient over examples.
  /// - Throws: what keeps the model from answering.
  package mutating func gradient(
    of cost: Cost, on examples: [Example]
  ) throws -> (cost: Double, gradient: [Double]) {
    var gradient = [Double](repeating: 0, count: parameters.count)
    var sum = 0.0
    for example in examples {
      _ = try differentiate(at: example.inputs, into: &gradient) { outputs in
        let (value, weights) = cost.evaluate(outputs, for: example)
        sum += value
        return weights
      }
    }
    let scale = 1 / Double(max(examples.count, 1))
    return (sum * scale, gradient.map { $0 * scale })
  }

  /// The largest eigenvalue, by magnitude, of the cost's Hessian: repeated multiplication by finite
  /// differences of the gradient.
  ///
  /// - Parameters:
  ///   - cost: the cost.
  ///   - examples: the examples over which it is averaged.
  ///   - step: the length of the differences, in units of the parameters.
  ///   - rounds: how many multiplications.
  /// - Returns: the eigenvalue.
  /// - Throws: what keeps the model from answering.
  package mutating func sharpness(
    of cost: Cost, on examples: [Example], step: Double = 1e-4, rounds: Int = 20
  ) throws -> Double {
    let centre = parameters
    defer { parameters = centre }
    let draw = Draw(seed: 1, purpose: 3004, device: 0)
    var direction = centre.indices.map { draw.normal(UInt64($0)) }
    var largest = 0.0
    for _ in 0..<rounds {
      let length = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
      if length == 0 { return 0 }
      direction = direction.map { $0 / length }
      parameters = zip(centre, direction).map { $0 + step * $1 }
      let ahead = try gradient(of: cost, on: examples).gradient
      parameters = zip(centre, direction).map { $0 - step * $1 }
      let behind = try gradient(of: cost, on: examples).gradient
      let product = zip(ahead, behind).map { ($0 - $1) / (2 * step) }
      largest = zip(product, direction).reduce(0) { $0 + $1.0 * $1.1 }
      direction = product
    }
    return largest
  }
}

/// What a board threw, told apart from what its model throws.
private struct BoardFailure: Error {
  let cause: any Error
}
