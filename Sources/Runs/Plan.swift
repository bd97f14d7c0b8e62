public import Files

/// What a training run is: the rule and its schedule. With board, task and seed it fixes every bit.
public struct Plan: Sendable, Equatable, Codable {
  /// The rule.
  public var rule: RuleSettings
  /// How often every training sample is presented.
  public var epochs: Int
  /// The seed of the board's parts, of the split and of the order.
  public var seed: UInt64
  /// What pulses have shrunk to in the last epoch, as a share of the first's; 1 keeps them.
  public var lastPulse: Double
  /// Whether the controllers know the board's calibration, or only its parts' markings.
  public var calibrated: Bool

  /// Makes a plan.
  ///
  /// - Parameters:
  ///   - rule: the rule.
  ///   - epochs: how often every training sample is presented.
  ///   - seed: the seed of everything random.
  ///   - lastPulse: what pulses have shrunk to in the last epoch, as a share of the first's.
  ///   - calibrated: whether the controllers know the board's calibration.
  public init(
    rule: RuleSettings, epochs: Int, seed: UInt64, lastPulse: Double = 0.05,
    calibrated: Bool = true
  ) {
    self.rule = rule
    self.epochs = epochs
    self.seed = seed
    self.lastPulse = lastPulse
    self.calibrated = calibrated
  }

  /// What pulses usually shrink to on a kind of edge: bias moves multiplier gates whenever they
  /// learn, so their last pulses must not be too short.
  public static func usualLastPulse(_ update: UpdateKind) -> Double {
    update == .comparator ? 0.05 : 0.3
  }

  /// The factor on pulses in an epoch: straight down from one to `lastPulse`.
  public func factor(epoch: Int) -> Double {
    epochs <= 1 ? 1 : 1 - (1 - lastPulse) * Double(epoch) / Double(epochs - 1)
  }
}
