/// A voltage in units of 2^-24 V (59.6 nV), from -128 V to just under +128 V.
///
/// Sums and differences saturate at the ends of the range; no operation traps.
public struct Voltage: Sendable, Equatable, Comparable {
  /// The voltage in units of 2^-24 V.
  public var units: Int32

  /// Makes a voltage of that many units of 2^-24 V; exact.
  @inlinable
  public init(units: Int32) { self.units = units }

  /// A voltage in millivolts, rounded to the nearest unit (worst error half a unit, 29.8 nV);
  /// saturates beyond +-128 V.
  @inlinable
  public static func millivolts(_ count: Int32) -> Voltage { rational(count, per: 1000) }

  /// A voltage in microvolts, rounded to the nearest unit (worst error half a unit, 29.8 nV).
  @inlinable
  public static func microvolts(_ count: Int32) -> Voltage { rational(count, per: 1_000_000) }

  /// `count / parts` volts, to the nearest unit.
  @inlinable
  static func rational(_ count: Int32, per parts: UInt64) -> Voltage {
    let wide = Wide.widen(count)
    let magnitude = Wide.nonNegative(count < 0 ? 0 &- wide : wide)
    let units = Int64(bitPattern: Wide.quotient((magnitude &<< 24) &+ (parts &>> 1), parts))
    return Voltage(units: Wide.saturate(count < 0 ? 0 &- units : units))
  }

  /// 0 V.
  @inlinable
  public static var zero: Voltage { Voltage(units: 0) }

  /// Whether the first voltage is below the second.
  @inlinable
  public static func < (a: Voltage, b: Voltage) -> Bool { a.units < b.units }

  /// The sum, exact unless it saturates at the ends of the range.
  @inlinable
  public static func + (a: Voltage, b: Voltage) -> Voltage {
    Voltage(units: Wide.saturate(Wide.widen(a.units) &+ Wide.widen(b.units)))
  }

  /// The difference, exact unless it saturates at the ends of the range.
  @inlinable
  public static func - (a: Voltage, b: Voltage) -> Voltage {
    Voltage(units: Wide.saturate(Wide.widen(a.units) &- Wide.widen(b.units)))
  }

  /// The opposite voltage; the most negative one becomes the most positive.
  @inlinable
  public static prefix func - (a: Voltage) -> Voltage { zero - a }

  /// The voltage without its sign; the most negative one becomes the most positive.
  @inlinable
  public var magnitude: Voltage { units < 0 ? -self : self }

  /// Half the voltage, rounded to the nearest unit, halves upwards (worst error half a unit).
  @inlinable
  public var half: Voltage {
    Voltage(units: Wide.saturate(Wide.rounded(Wide.widen(units), shiftedBy: 1)))
  }

  /// The voltage times a fraction, rounded to the nearest unit, halves upwards (worst error half a
  /// unit, 29.8 nV). Never overflows, since a fraction is below one.
  @inlinable
  public func scaled(by fraction: Fraction) -> Voltage {
    // A 31-bit fraction keeps the product within 63 bits: 2^31 * 2^31.
    let factor = Wide.widen(Int32(bitPattern: fraction.units &>> 1))
    let low = Wide.widen(Int32(bitPattern: fraction.units & 1))
    let wide = Wide.widen(units)
    return Voltage(
      units: Wide.saturate(Wide.rounded((wide &* factor) &* 2 &+ wide &* low, shiftedBy: 32)))
  }

  /// The voltage a part of the way from this one to another: `self + fraction (other - self)`.
  /// Worst error one unit; saturates.
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

/// A number from 0 to just under 1 in units of 2^-32.
public struct Fraction: Sendable, Equatable, Comparable {
  /// The number in units of 2^-32.
  public var units: UInt32

  /// Makes a fraction of that many units of 2^-32; exact.
  @inlinable
  public init(units: UInt32) { self.units = units }

  /// `count / parts`, rounded down to a unit; saturates just under one. Parts of zero give the
  /// largest fraction.
  @inlinable
  public init(_ count: UInt32, of parts: UInt32) {
    units = Wide.saturate(Wide.quotient(Wide.widen(count) &<< 32, Wide.widen(parts)))
  }

  /// 0.
  @inlinable
  public static var zero: Fraction { Fraction(units: 0) }

  /// The largest fraction, 1 - 2^-32; as a probability it means *always*.
  @inlinable
  public static var largest: Fraction { Fraction(units: UInt32.max) }

  /// Whether the first fraction is below the second.
  @inlinable
  public static func < (a: Fraction, b: Fraction) -> Bool { a.units < b.units }

  /// The product, rounded down to a unit of 2^-32.
  @inlinable
  public static func * (a: Fraction, b: Fraction) -> Fraction {
    Fraction(units: a.units.multipliedFullWidth(by: b.units).high)
  }

  /// The ratio of two voltages' magnitudes, rounded down, saturating just under one.
  @inlinable
  public init(_ part: Voltage, of whole: Voltage) {
    let a = UInt32(bitPattern: part.magnitude.units)
    let b = UInt32(bitPattern: whole.magnitude.units)
    self.init(a, of: b)
  }
}
