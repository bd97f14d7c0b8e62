/// The second boundary: a board that can learn. It presents inputs, measures, clamps, compares the
/// twins at every edge and lets the gates move for the length of a pulse.
///
/// Channels are numbered from zero in the order of the board's wiring. What is *commanded* is not
/// what *is*: `drive` and `clamp` set converters with errors of their own, `measure` reads through
/// one, and a gate that was driven is known only by account. Indices outside the board are ignored.
///
/// Implemented by the wired board over GPIO lines and by the double directly.
public protocol LearningBoard: ~Copyable {
  /// What can go wrong while talking to the board; `Never` for the double.
  associatedtype Failure: Error

  /// What this board can do.
  var abilities: Abilities { get }

  /// The longest pulse the board's own timer lets through.
  var longestPulse: Nanoseconds { get }

  /// Drives a source channel of both twins to a voltage; it holds until driven otherwise. A channel
  /// that already stands at the voltage's converter code takes no time.
  mutating func drive(source: Int, at voltage: Voltage) throws(Failure)

  /// Waits until node voltages and comparator inputs have settled after a change.
  mutating func settle() throws(Failure)

  /// Measures a target channel of the free twin.
  mutating func measure(target: Int) throws(Failure) -> Voltage

  /// Pulls a target channel of the clamped twin toward a voltage, through the clamp's resistance.
  mutating func clamp(target: Int, at voltage: Voltage) throws(Failure)

  /// Lets a target channel of the clamped twin float. Free already, it takes no time.
  mutating func release(target: Int) throws(Failure)

  /// Captures all comparators at one instant and reads them, one entry for each learning edge.
  /// Entries beyond the edges are left alone. Boards without `.sign` leave all alone.
  mutating func compare(into comparisons: inout MutableSpan<Comparison>) throws(Failure)

  /// Lets the gates learn for a time: each edge is driven as asked (comparator edges; missing
  /// entries hold) or follows its own analog rule (multiplier edges, which ignore `drives`).
  ///
  /// The pulse lasts *at least* `width`, unless the board's timer ends it first.
  /// - Returns: how long it truly lasted, by the board's clock.
  mutating func pulse(width: Nanoseconds, drives: Span<Drive>) throws(Failure) -> Nanoseconds

  /// The board's clock; it never goes back.
  mutating func now() throws(Failure) -> Nanoseconds
}

/// What a board can do. A rule names what it needs, and a board that lacks it refuses the rule.
public struct Abilities: Sendable, Equatable {
  /// One bit an ability.
  public let rawValue: UInt8

  /// Makes a set of abilities from their bits.
  @inlinable
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// No ability.
  @inlinable public static var none: Abilities { Abilities(rawValue: 0) }

  /// The sign of dV_F^2 - dV_C^2 can be read at every edge.
  @inlinable public static var sign: Abilities { Abilities(rawValue: 1) }

  /// Each edge can be charged, discharged or held by itself.
  @inlinable public static var perEdgeHold: Abilities { Abilities(rawValue: 2) }

  /// A target can be clamped on the far side of its free voltage too.
  @inlinable public static var antiNudge: Abilities { Abilities(rawValue: 4) }

  /// Gate voltages can be measured.
  @inlinable public static var readBack: Abilities { Abilities(rawValue: 8) }

  /// Every edge follows an analog rule of its own whenever learning is on.
  @inlinable public static var analogRule: Abilities { Abilities(rawValue: 16) }

  /// The abilities of both sets.
  @inlinable
  public func union(_ other: Abilities) -> Abilities {
    Abilities(rawValue: rawValue | other.rawValue)
  }

  /// Whether every ability of another set is in this one.
  @inlinable
  public func contains(_ other: Abilities) -> Bool { rawValue & other.rawValue == other.rawValue }
}

/// What an edge's gate is asked to do during a pulse.
public enum Drive: UInt8, Sendable {
  /// Keep the gate where it is.
  case hold = 0
  /// Raise the gate voltage, and with it the conductance.
  case charge = 1
  /// Lower the gate voltage, and with it the conductance.
  case discharge = 2
}

/// The two comparator bits of an edge.
public struct Comparison: Sendable, Equatable {
  /// Bit 0: comparator A, set when dV_F > dV_C. Bit 1: comparator B, set when dV_F > -dV_C.
  public var bits: UInt8

  /// Makes a comparison from its two bits; the others are dropped.
  @inlinable
  public init(bits: UInt8) { self.bits = bits & 3 }

  /// A comparison from the two comparators' outputs.
  @inlinable
  public init(a: Bool, b: Bool) { bits = (a ? 1 : 0) | (b ? 2 : 0) }

  /// Whether dV_F^2 < dV_C^2: A and B differ. The contrast then asks for less conductance.
  @inlinable
  public var clampedDropIsLarger: Bool { bits == 1 || bits == 2 }
}
