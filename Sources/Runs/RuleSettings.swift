public import Files
public import Firmware

/// A learning rule in the words and units of a user: a name from the field, and its numbers.
public struct RuleSettings: Sendable, Equatable, Codable {
  /// The rules by name.
  public enum Name: String, Sendable, Codable, CaseIterable {
    /// The standard rule: nudge toward the label by eta, one comparison, pulses of one length.
    case standard
    /// Coupled learning: nudge toward the label by eta, one comparison, pulses in proportion to the
    /// error.
    case coupled
    /// Overclamping: clamp toward the rail on the label's side, pulses in proportion to the error.
    case overclamped
    /// Coupled learning with centred comparison: nudge and anti-nudge, drive where both agree.
    case centred
    /// Overclamping with centred comparison.
    case centredOverclamped = "centred-overclamped"

    /// Whether the rule compares twice, with the nudge and against it.
    public var isCentred: Bool { self == .centred || self == .centredOverclamped }

    /// What the rule does, in a sentence.
    public var about: String {
      switch self {
      case .standard: "the standard rule: nudge toward the label, pulses of one length"
      case .coupled:
        "coupled learning: nudge toward the label, let time carry the error"
      case .overclamped: "overclamping: clamp toward the label's rail, let time carry the error"
      case .centred: "nudge and anti-nudge toward the label, drive where both agree"
      case .centredOverclamped: "overclamping with nudge and anti-nudge (comparator edges)"
      }
    }
  }

  /// The rule's name.
  public var name: Name
  /// The nudge eta, 0 ... 1: how far the clamped outputs go toward the label or the rail.
  public var nudge: Double
  /// The papers' t0, s: a pulse lasts 2 t0 times the error's share of the node range.
  public var pulse: Double
  /// Whether pulses keep one length, t0, however large the error.
  public var fixedPulse: Bool
  /// The probability with which an edge takes part in a step.
  public var probability: Double
  /// Errors up to this teach nothing, V.
  public var deadBand: Double
  /// Whether edges leave out so many moves of their faster way that both ways weigh the same.
  public var balanced: Bool
  /// Whether edges between nodes that are driven or measured take part in proportion to the voltage
  /// across them.
  public var weighted: Bool
  /// Whether each step draws its eta evenly between zero and `nudge`.
  public var dithered: Bool
  /// Whether pulses grow as fewer samples are wrong, by the number of samples over that of the
  /// wrong ones: the learning time of an epoch then stays about the same.
  public var normalised: Bool

  /// Makes settings; what is not given is the rule's default on that kind of edge.
  public init(
    name: Name? = nil, update: UpdateKind, nudge: Double? = nil, pulse: Double? = nil,
    fixedPulse: Bool? = nil, probability: Double? = nil, deadBand: Double? = nil,
    balanced: Bool? = nil, weighted: Bool = false, normalised: Bool = false,
    dithered: Bool? = nil
  ) {
    let name = name ?? (update == .comparator ? .centredOverclamped : .overclamped)
    self.name = name
    let rails = name == .overclamped || name == .centredOverclamped
    self.dithered = dithered ?? (update == .comparator && name.isCentred)
    self.nudge = nudge ?? (self.dithered ? 1 : rails ? 32.0 / 129 : 0.5)
    self.fixedPulse = fixedPulse ?? (name == .standard)
    // A pulse in proportion to the error is a small part of 2 t0; a fixed one is all of t0.
    let usual = self.fixedPulse ? (1e-3, 1e-4) : (20e-3, 1e-3)
    self.pulse = pulse ?? (update == .comparator ? usual.0 : usual.1)
    self.probability = probability ?? (update == .comparator && !self.dithered ? 0.5 : 1)
    // What the usual boards read a target to: four codes, five times the read noise.
    self.deadBand = deadBand ?? (self.dithered ? 1e-3 : 0)
    self.balanced = balanced ?? (update == .comparator && name.isCentred)
    self.weighted = weighted
    self.normalised = normalised
  }

  /// The pulse scale that is usual with dither on boards with hidden nodes, s.
  private static let usualAmongHidden = 80e-3

  /// The rule with what is usual on a board.
  ///
  /// Edges are weighted where all of them lie between nodes that are driven or measured: where many
  /// do not, those that do would learn less than the others. Where nodes are hidden, dithered pulses
  /// are longer: what edges see there is small, and many sit out a step. The numbers are chosen by the
  /// experiment `defaults`.
  ///
  /// - Parameter board: the board.
  /// - Returns: the rule.
  public func fitted(to board: BoardDescription) -> RuleSettings {
    var rule = self
    if board.gates.update != .comparator || !name.isCentred { return rule }
    rule.weighted = board.joinsChannelsOnly
    if dithered, !fixedPulse, !board.joinsChannelsOnly { rule.pulse = Self.usualAmongHidden }
    return rule
  }

  /// The firmware's rule, with every pulse scaled by a factor (the schedule's).
  ///
  /// - Parameters:
  ///   - description: the board, for its rails.
  ///   - factor: what pulses are multiplied by.
  /// - Returns: the rule.
  public func rule(on description: BoardDescription, factor: Double = 1) -> Rule {
    let eta = Fraction(nudge)
    let width = Nanoseconds(seconds: pulse * factor)
    let rails = name == .overclamped || name == .centredOverclamped
    return Rule(
      nudge: rails ? .rail(eta) : .label(eta), length: fixedPulse ? .fixed(width) : .error(width),
      contrast: name.isCentred ? .centred : .single,
      probability: probability >= 1 ? .largest : Fraction(probability),
      deadBand: Voltage(volts: deadBand), balanced: balanced, weighted: weighted,
      dithered: dithered, lowest: Voltage(volts: description.nodeLowest),
      highest: Voltage(volts: description.nodeHighest))
  }
}

extension RuleSettings {
  private enum CodingKeys: String, CodingKey {
    case name, nudge, pulse, fixedPulse, probability, deadBand, balanced, weighted, normalised
    case dithered
  }

  /// Reads settings; those of older runs know no dither.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    name = try values.decode(Name.self, forKey: .name)
    nudge = try values.decode(Double.self, forKey: .nudge)
    pulse = try values.decode(Double.self, forKey: .pulse)
    fixedPulse = try values.decode(Bool.self, forKey: .fixedPulse)
    probability = try values.decode(Double.self, forKey: .probability)
    deadBand = try values.decode(Double.self, forKey: .deadBand)
    balanced = try values.decode(Bool.self, forKey: .balanced)
    weighted = try values.decode(Bool.self, forKey: .weighted)
    normalised = try values.decode(Bool.self, forKey: .normalised)
    dithered = try values.decodeIfPresent(Bool.self, forKey: .dithered) ?? false
  }
}

extension RuleSettings {
  /// The longest pulse scale, s.
  public static let longestPulse = 2.0
  /// The largest dead band, V.
  public static let largestDeadBand = 1.0

  func check() throws(StateError) {
    try StateError.check(nudge, "nudge of rule", upTo: 1)
    try StateError.check(pulse, "pulse of rule", upTo: RuleSettings.longestPulse)
    try StateError.check(probability, "probability of rule", upTo: 1)
    try StateError.check(deadBand, "deadBand of rule", 0...RuleSettings.largestDeadBand)
  }
}
