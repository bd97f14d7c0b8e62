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
  /// Whether the run ends with the gates of its best epoch, by the training samples, rather than with
  /// those of its last (the pocket algorithm: Gallant, IEEE Trans. Neural Networks 1, 179, 1990). The
  /// gates are brought back by the controllers' account of them, in the last epoch's measures.
  public var keepsBest: Bool

  /// Makes a plan.
  ///
  /// - Parameters:
  ///   - rule: the rule.
  ///   - epochs: how often every training sample is presented.
  ///   - seed: the seed of everything random.
  ///   - lastPulse: what pulses have shrunk to in the last epoch, as a share of the first's.
  ///   - calibrated: whether the controllers know the board's calibration.
  ///   - keepsBest: whether the run ends with the gates of its best epoch.
  public init(
    rule: RuleSettings, epochs: Int, seed: UInt64, lastPulse: Double = 0.05,
    calibrated: Bool = true, keepsBest: Bool = false
  ) {
    self.rule = rule
    self.epochs = epochs
    self.seed = seed
    self.lastPulse = lastPulse
    self.calibrated = calibrated
    self.keepsBest = keepsBest
  }

  /// The plan that is usual for a rule on a board. Its numbers are chosen by the experiment
  /// `defaults`.
  ///
  /// - Parameters:
  ///   - rule: the rule.
  ///   - board: the board.
  ///   - seed: the seed of everything random.
  ///   - calibrated: whether the controllers know the board's calibration.
  /// - Returns: the plan.
  public static func usual(
    _ rule: RuleSettings, on board: BoardDescription, seed: UInt64, calibrated: Bool = true
  ) -> Plan {
    let isCentred = board.gates.update == .comparator && rule.name.isCentred
    return Plan(
      rule: rule,
      // What edges at hidden nodes see is small, and many edges must agree.
      epochs: isCentred && !board.joinsChannelsOnly ? 300 : 100, seed: seed,
      lastPulse: usualLastPulse(board.gates.update), calibrated: calibrated,
      // Gates are as far from where they were as the controllers' account of them is.
      keepsBest: isCentred && calibrated)
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

extension Plan {
  private enum CodingKeys: CodingKey {
    case rule, epochs, ramp, seed, lastPulse, calibrated, keepsBest
  }

  /// Reads a plan; those of older runs end with their last gates.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    rule = try values.decode(RuleSettings.self, forKey: .rule)
    epochs = try values.decode(Int.self, forKey: .epochs)
    ramp = try values.decodeIfPresent(Int.self, forKey: .ramp)
    seed = try values.decode(UInt64.self, forKey: .seed)
    lastPulse = try values.decode(Double.self, forKey: .lastPulse)
    calibrated = try values.decode(Bool.self, forKey: .calibrated)
    keepsBest = try values.decodeIfPresent(Bool.self, forKey: .keepsBest) ?? false
  }
}
