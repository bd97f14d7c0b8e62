public import Files

/// What a training run is: the rule and its schedule. With board, task and seed it fixes every bit.
public struct Plan: Sendable, Equatable, Codable {
  /// The rule.
  public var rule: RuleSettings
  /// How often every training sample is presented.
  public var epochs: Int
  /// Over how many epochs pulses shrink, where the run was extended: by those it was planned with,
  /// and in the others they keep their last length. `nil` where the run was not extended.
  public private(set) var ramp: Int?
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

  /// The factor on pulses in an epoch: straight down from one to `lastPulse`, where an extended run
  /// stays.
  public func factor(epoch: Int) -> Double {
    let ramp = ramp ?? epochs
    if ramp <= 1 { return 1 }
    return 1 - (1 - lastPulse) * Double(min(epoch, ramp - 1)) / Double(ramp - 1)
  }

  /// The same plan with more epochs. What is added keeps the last length of pulses, so the run is
  /// not the one that would have been planned longer.
  ///
  /// - Parameter epochs: how often every training sample is presented in all.
  /// - Returns: the plan; the same one where it has as many epochs.
  package func extended(to epochs: Int) -> Plan {
    var plan = self
    if epochs > self.epochs {
      plan.ramp = ramp ?? self.epochs
      plan.epochs = epochs
    }
    return plan
  }

  /// Whether a run of an earlier plan goes on under this one: it is the same, or was extended to it.
  func continues(_ earlier: Plan) -> Bool {
    self == earlier || earlier.epochs < epochs && earlier.extended(to: epochs) == self
  }
}
