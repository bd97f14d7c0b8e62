/// A time or a duration in whole nanoseconds, 64 bits (292 years).
///
/// Sums and differences wrap; nothing this program measures comes near the ends.
public struct Nanoseconds: Sendable, Equatable, Comparable {
  /// The number of nanoseconds.
  public var count: Int64

  /// Makes a time of that many nanoseconds; exact.
  @inlinable
  public init(_ count: Int64) { self.count = count }

  /// A time in microseconds; exact up to 292 years.
  @inlinable
  public static func microseconds(_ count: Int64) -> Nanoseconds { Nanoseconds(count &* 1000) }

  /// A time in milliseconds; exact up to 292 years.
  @inlinable
  public static func milliseconds(_ count: Int64) -> Nanoseconds { Nanoseconds(count &* 1_000_000) }

  /// No time.
  @inlinable
  public static var zero: Nanoseconds { Nanoseconds(0) }

  /// Whether the first time is before the second.
  @inlinable
  public static func < (a: Nanoseconds, b: Nanoseconds) -> Bool { a.count < b.count }

  /// The sum.
  @inlinable
  public static func + (a: Nanoseconds, b: Nanoseconds) -> Nanoseconds {
    Nanoseconds(a.count &+ b.count)
  }

  /// The difference.
  @inlinable
  public static func - (a: Nanoseconds, b: Nanoseconds) -> Nanoseconds {
    Nanoseconds(a.count &- b.count)
  }

  /// Half the time, rounded down.
  @inlinable
  public var half: Nanoseconds { Nanoseconds(count &>> 1) }

  /// The duration times a fraction, rounded down to a nanosecond. Durations are taken within
  /// 0 ... 4.29 s (2^32 ns); longer ones count as the longest.
  @inlinable
  public func scaled(by fraction: Fraction) -> Nanoseconds {
    let whole = Wide.saturate(Wide.nonNegative(count))
    return Nanoseconds(Int64(bitPattern: Wide.product(whole, fraction.units) &>> 32))
  }

  /// The duration times a whole number.
  @inlinable
  public func times(_ factor: Int32) -> Nanoseconds { Nanoseconds(count &* Wide.widen(factor)) }
}
