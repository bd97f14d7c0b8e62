/// How the clamped twin's targets are moved away from the free ones.
public enum Nudge: Sendable, Equatable {
  /// Toward the label: O_C = eta L + (1 - eta) O_F (coupled learning).
  case label(Fraction)
  /// Toward the rail on the label's side: O_C = (1 - eta) O_F + eta V_rail (overclamping).
  case rail(Fraction)
}

extension Nudge {
  /// The same with a share of its eta.
  @inlinable
  func scaled(by share: Fraction) -> Nudge {
    switch self {
    case .label(let eta): .label(eta * share)
    case .rail(let eta): .rail(eta * share)
    }
  }
}

/// How long a step's pulse lasts.
public enum PulseLength: Sendable, Equatable {
  /// Always the same: the standard rule, which learns on at zero error. A hinge that is met is not
  /// learned on.
  case fixed(Nanoseconds)
  /// In proportion to the error: 2 t0 error / (highest - lowest), the papers' t0.
  case error(Nanoseconds)
}

/// How the comparators' answer is used.
public enum Contrast: Sendable, Equatable {
  /// One comparison, free against clamped.
  case single
  /// Nudge, compare, nudge to the other side, compare; only edges whose answer turned with the
  /// nudge are driven. A constant comparator offset then makes a dead zone, not a drift.
  case centred
}

/// A learning rule: what to clamp, what to compare, for how long and which edges to drive. Rules
/// are values; every combination is a rule.
public struct Rule: Sendable, Equatable {
  /// How the clamped targets are moved.
  public var nudge: Nudge
  /// Whether each step draws its eta evenly between zero and the nudge's. What an edge sees must
  /// exceed its comparator's offset and hysteresis to move it: with a nudge that varies, edges that
  /// see much move in more steps than edges that see little, and the signs that comparators give
  /// come to carry sizes. (Dither, as converters use it.)
  public var dithered: Bool
  /// How long the pulse lasts.
  public var length: PulseLength
  /// How comparisons become directions.
  public var contrast: Contrast
  /// The probability with which each edge takes part in a step (desynchronous learning); `.largest`
  /// is the synchronous rule.
  public var probability: Fraction
  /// Errors up to this teach nothing, so that read noise does not wear a solved task away. Zero for
  /// none.
  public var deadBand: Voltage
  /// Whether an edge that moves faster one way than the other leaves out so many of the faster
  /// moves that both ways weigh the same: without it, moves that should cancel pull gates to half
  /// the supply.
  public var balanced: Bool
  /// Whether edges between nodes that the controller drives or measures take part in proportion to
  /// the voltage across them: what the sign of their contrast, which grows with it, does not say.
  public var weighted: Bool
  /// The lower rail, the lowest voltage a clamp may command.
  public var lowest: Voltage
  /// The upper rail, the highest voltage a clamp may command.
  public var highest: Voltage

  /// Makes a rule.
  @inlinable
  public init(
    nudge: Nudge, length: PulseLength, contrast: Contrast = .single,
    probability: Fraction = .largest,
    deadBand: Voltage = .zero, balanced: Bool = false, weighted: Bool = false,
    dithered: Bool = false, lowest: Voltage = .zero, highest: Voltage = .millivolts(453)
  ) {
    self.nudge = nudge
    self.length = length
    self.contrast = contrast
    self.probability = probability
    self.deadBand = deadBand
    self.balanced = balanced
    self.weighted = weighted
    self.dithered = dithered
    self.lowest = lowest
    self.highest = highest
  }

  /// What a board must be able to do for this rule. Boards whose edges follow an analog rule of
  /// their own need nothing for single contrast and p = 1.
  @inlinable
  public func needs(on board: Abilities) -> Abilities {
    let comparing = Abilities.sign.union(.perEdgeHold)
    var needed = board.contains(.analogRule) ? Abilities.analogRule : comparing
    if contrast == .centred { needed = needed.union(comparing).union(.antiNudge) }
    if probability != .largest || balanced || weighted { needed = needed.union(.perEdgeHold) }
    return needed
  }

  /// Whether an error is too small to teach anything.
  @inlinable
  func ignores(_ error: Voltage) -> Bool {
    .zero < deadBand && !(deadBand < error)
  }

  /// The pulse for an error: its magnitude's share of the rails' distance, as the length says;
  /// zero for no error where the length follows it.
  @inlinable
  public func width(error: Voltage) -> Nanoseconds {
    switch length {
    case .fixed(let width): return width
    case .error(let scale):
      if error.units <= 0 { return .zero }
      return (scale + scale).scaled(by: Fraction(error, of: highest - lowest))
    }
  }

  /// The voltage to clamp a channel at.
  ///
  /// - Parameters:
  ///   - free: the channel's voltage in the free twin.
  ///   - correction: what the channel should change by (label nudge), and toward which rail its
  ///     sign points (rail nudge).
  ///   - nudge: the step's nudge.
  /// - Returns: the clamp voltage within the rails. Worst error one unit of 2^-24 V.
  @inlinable
  public func clamp(free: Voltage, correction: Voltage, by nudge: Nudge) -> Voltage {
    switch nudge {
    case .label(let eta):
      return (free + correction.scaled(by: eta)).limited(lowest, highest)
    case .rail(let eta):
      let rail = correction < .zero ? lowest : highest
      return free.moved(by: eta, toward: rail).limited(lowest, highest)
    }
  }
}
