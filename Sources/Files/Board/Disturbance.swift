import Elements

/// Something that happens to a whole board while it runs, by the double's own time.
public enum Disturbance: Sendable, Equatable, Codable {
  /// The supply of the drives sinks to a part of what it is.
  ///
  /// - Parameters:
  ///   - part: what is left of it, 0 ... 1.
  ///   - at: when, s.
  ///   - lasting: for how long, s.
  case supplySag(part: Double, at: Double, lasting: Double)
  /// Time goes by between two operations, as when the computer is suspended: the board goes on.
  ///
  /// - Parameters:
  ///   - by: how much, s.
  ///   - at: when, s.
  case clockJump(by: Double, at: Double)
  /// Waits end late.
  ///
  /// - Parameters:
  ///   - by: by how much, s.
  ///   - share: how many of them do, 0 ... 1; which, is drawn.
  case lateTicks(by: Double, share: Double)

  /// The words for them in a file.
  static let words = ["supply_sag", "clock_jump", "late_ticks"]
  /// What a file may say of them.
  static let keys = ["to", "at", "for", "by", "share"]
  /// What a file says of this one.
  var keys: [String] {
    switch self {
    case .supplySag: ["to", "at", "for"]
    case .clockJump: ["by", "at"]
    case .lateTicks: ["by", "share"]
    }
  }
  /// Times of them, s.
  static let seconds = 0.0...1e6

  /// Reads what a file says of one.
  ///
  /// - Parameters:
  ///   - word: which, one of `words`.
  ///   - fields: what is said of it.
  /// - Throws: `DescriptionError`.
  init(_ word: String, _ fields: Fields) throws(DescriptionError) {
    func number(
      _ key: String, _ allowed: ClosedRange<Double>, _ unit: String
    ) throws(DescriptionError) -> Double {
      try fields.required(key).number(in: allowed, unit: unit)
    }
    switch word {
    case "supply_sag":
      self = .supplySag(
        part: try number("to", 0...1, ""), at: try number("at", Self.seconds, "s"),
        lasting: try number("for", Self.seconds, "s"))
    case "clock_jump":
      self = .clockJump(
        by: try number("by", Self.seconds, "s"), at: try number("at", Self.seconds, "s"))
    default:
      self = .lateTicks(
        by: try number("by", Self.seconds, "s"), share: try number("share", 0...1, ""))
    }
  }

  /// What a board file says of it.
  var line: String {
    switch self {
    case .supplySag(let part, let at, let lasting):
      "{kind: supply_sag, to: \(write(part)), at: \(write(at)), for: \(write(lasting))}"
    case .clockJump(let by, let at): "{kind: clock_jump, by: \(write(by)), at: \(write(at))}"
    case .lateTicks(let by, let share):
      "{kind: late_ticks, by: \(write(by)), share: \(write(share))}"
    }
  }

  /// Whether its numbers are ones that a file may have.
  var isAllowed: Bool {
    let s = Self.seconds
    switch self {
    case .supplySag(let part, let at, let lasting):
      return (0...1).contains(part) && s.contains(at) && s.contains(lasting)
    case .clockJump(let by, let at): return s.contains(by) && s.contains(at)
    case .lateTicks(let by, let share): return s.contains(by) && (0...1).contains(share)
    }
  }
}
