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
