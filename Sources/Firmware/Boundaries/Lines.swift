/// The first boundary: digital lines and a clock.
///
/// A call is one bulk operation. What is written is what was *commanded*; `read` gives the level of
/// inputs and, for outputs, the commanded level, not the electrical state of the pin.
/// Implemented by the kernel's GPIO character device and by the double's pins in virtual time.
public protocol Lines: SerialBus, ~Copyable {
  /// Sets every output line of `mask` to its bit in `levels`, in one operation; the lines of one
  /// call may change one after the other. Other lines keep their level.
  mutating func write(_ levels: LineSet, mask: LineSet) throws(Failure)

  /// Reads every line of `mask` in one operation; other bits are zero.
  mutating func read(mask: LineSet) throws(Failure) -> LineSet

  /// Waits for *at least* this long.
  mutating func wait(_ duration: Nanoseconds) throws(Failure)

  /// The time by a clock that never goes back.
  mutating func now() throws(Failure) -> Nanoseconds
}

/// A set of up to 64 lines, one bit each; also their levels.
public struct LineSet: Sendable, Equatable {
  /// Bit i stands for line i.
  public var bits: UInt64

  /// Makes a set from its bits.
  @inlinable
  public init(bits: UInt64) { self.bits = bits }

  /// A set of one line, 0 ... 63; the empty set for any other number.
  @inlinable
  public init(line: Int) { bits = line >= 0 && line < 64 ? Wide.bit(line) : 0 }

  /// No line.
  @inlinable public static var none: LineSet { LineSet(bits: 0) }

  /// The lines of both sets.
  @inlinable
  public static func | (a: LineSet, b: LineSet) -> LineSet { LineSet(bits: a.bits | b.bits) }

  /// The lines common to both sets.
  @inlinable
  public static func & (a: LineSet, b: LineSet) -> LineSet { LineSet(bits: a.bits & b.bits) }

  /// The lines of this set that are not in another.
  @inlinable
  public func without(_ other: LineSet) -> LineSet { LineSet(bits: bits & ~other.bits) }

  /// Whether the sets share a line.
  @inlinable
  public func meets(_ other: LineSet) -> Bool { bits & other.bits != 0 }
}
