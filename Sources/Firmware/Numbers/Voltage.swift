/// A voltage in steps of 2^-24 V (59.6 nV), from -128 V to just under +128 V.
///
/// Sums and differences saturate at the ends of the range; no operation traps.
public struct Voltage: Sendable, Equatable, Comparable {
  /// The voltage in steps of 2^-24 V.
  public var steps: Int32

  /// Makes a voltage of that many steps of 2^-24 V; exact.
  @inlinable
  public init(steps: Int32) { self.steps = steps }

  /// A voltage in millivolts, rounded to the nearest step (worst error half a step, 29.8 nV);
  /// saturates beyond +-128 V.
  @inlinable
  public static func millivolts(_ count: Int32) -> Voltage { rational(count, per: 1000) }

  /// A voltage in microvolts, rounded to the nearest step (worst error half a step, 29.8 nV).
  @inlinable
  public static func microvolts(_ count: Int32) -> Voltage { rational(count, per: 1_000_000) }

  /// `count / parts` volts, to the nearest step.
  @inlinable
  static func rational(_ count: Int32, per parts: UInt64) -> Voltage {
    let wide = Wide.widen(count)
    let magnitude = Wide.magnitude(count < 0 ? 0 &- wide : wide)
    let steps = Int64(bitPattern: Wide.quotient((magnitude &<< 24) &+ (parts &>> 1), parts))
    return Voltage(steps: Wide.saturate(count < 0 ? 0 &- steps : steps))
  }

  /// 0 V.
  @inlinable
  public static var zero: Voltage { Voltage(steps: 0) }

  /// Whether the first voltage is below the second.
  @inlinable
  public static func < (a: Voltage, b: Voltage) -> Bool { a.steps < b.steps }

  /// The sum, exact unless it saturates at the ends of the range.
  @inlinable
  public static func + (a: Voltage, b: Voltage) -> Voltage {
    Voltage(steps: Wide.saturate(Wide.widen(a.steps) &+ Wide.widen(b.steps)))
  }

  /// The difference, exact unless it saturates at the ends of the range.
  @inlinable
  public static func - (a: Voltage, b: Voltage) -> Voltage {
    Voltage(steps: Wide.saturate(Wide.widen(a.steps) &- Wide.widen(b.steps)))
  }

  /// The opposite voltage; the most negative one becomes the most positive.
  @inlinable
  public static prefix func - (a: Voltage) -> Voltage { zero - a }

  /// The voltage without its sign; the most negative one becomes the most positive.
  @inlinable
  public var magnitude: Voltage { steps < 0 ? -self : self }

  /// Half the voltage, rounded to the nearest step, halves upwards (worst error half a step).
  @inlinable
  public var half: Voltage {
    Voltage(steps: Wide.saturate(Wide.rounded(Wide.widen(steps), shiftedBy: 1)))
  }

  /// The voltage times a fraction, rounded to the nearest step, halves upwards (worst error half a
  /// step, 29.8 nV). Never overflows, since a fraction is below one.
  @inlinable
  public func scaled(by fraction: Fraction) -> Voltage {
    // A 31-bit fraction keeps the product within 63 bits: 2^31 * 2^31.
    let factor = Wide.widen(Int32(bitPattern: fraction.steps &>> 1))
    let low = Wide.widen(Int32(bitPattern: fraction.steps & 1))
    let wide = Wide.widen(steps)
    return Voltage(
      steps: Wide.saturate(Wide.rounded((wide &* factor) &* 2 &+ wide &* low, shiftedBy: 32)))
  }

  /// The voltage a part of the way from this one to another: `self + fraction (other - self)`.
  /// Worst error one step; saturates.
  @inlinable
  public func moved(by fraction: Fraction, toward other: Voltage) -> Voltage {
    self + (other - self).scaled(by: fraction)
  }

  /// The nearest voltage within the limits.
  @inlinable
  public func limited(_ lowest: Voltage, _ highest: Voltage) -> Voltage {
    self < lowest ? lowest : (self > highest ? highest : self)
  }
}

/// A number from 0 to just under 1 in steps of 2^-32.
public struct Fraction: Sendable, Equatable, Comparable {
  /// The number in steps of 2^-32.
  public var steps: UInt32

  /// Makes a fraction of that many steps of 2^-32; exact.
  @inlinable
  public init(steps: UInt32) { self.steps = steps }

  /// `count / parts`, rounded down to a step; saturates just under one. Parts of zero give the
  /// largest fraction.
  @inlinable
  public init(_ count: UInt32, of parts: UInt32) {
    steps = Wide.saturate(Wide.quotient(Wide.widen(count) &<< 32, Wide.widen(parts)))
  }

  /// 0.
  @inlinable
  public static var zero: Fraction { Fraction(steps: 0) }

  /// The largest fraction, 1 - 2^-32; as a probability it means *always*.
  @inlinable
  public static var one: Fraction { Fraction(steps: UInt32.max) }

  /// Whether the first fraction is below the second.
  @inlinable
  public static func < (a: Fraction, b: Fraction) -> Bool { a.steps < b.steps }

  /// The ratio of two voltages' magnitudes, rounded down, saturating just under one.
  @inlinable
  public init(_ part: Voltage, of whole: Voltage) {
    let a = UInt32(bitPattern: part.magnitude.steps)
    let b = UInt32(bitPattern: whole.magnitude.steps)
    self.init(a, of: b)
  }
}
