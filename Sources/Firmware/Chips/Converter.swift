/// The transfer of a converter without errors: codes 0 ... 2^bits - 1 for voltages from `lowest` up
/// by its reference. It serves analog-to-digital and digital-to-analog converters alike.
public struct Converter: Sendable, Equatable {
  /// The number of bits, 1 ... 24.
  public var bits: Int32
  /// How far above `lowest` the code 2^bits would be.
  public var reference: Voltage
  /// The voltage that the code 0 stands for: zero, unless a level shift follows the converter.
  public var lowest: Voltage

  /// Makes a converter; bits are taken within 1 ... 24.
  @inlinable
  public init(bits: Int32, reference: Voltage, lowest: Voltage = .zero) {
    self.lowest = lowest
    self.bits = bits < 1 ? 1 : (bits > 24 ? 24 : bits)
    self.reference = reference
  }

  /// The largest code.
  @inlinable
  public var highest: UInt32 { (1 &<< UInt32(bitPattern: bits)) &- 1 }

  /// The code nearest to a voltage, halves upwards; voltages outside get the nearest end.
  @inlinable
  public func code(for voltage: Voltage) -> UInt32 {
    let above = voltage - lowest
    if above.units <= 0 || reference.units <= 0 { return 0 }
    let scaled =
      Wide.widen(UInt32(bitPattern: above.units)) &<< Wide.widen(UInt32(bitPattern: bits))
    let whole = Wide.widen(UInt32(bitPattern: reference.units))
    let code = Wide.saturate(Wide.quotient(scaled &+ (whole &>> 1), whole))
    return code > highest ? highest : code
  }

  /// The voltage that a code stands for; worst rounding error half a unit of 2^-24 V. Codes above
  /// the largest count as the largest.
  @inlinable
  public func voltage(of code: UInt32) -> Voltage {
    let held = code > highest ? highest : code
    let product = Wide.product(held, UInt32(bitPattern: reference.units))
    let shift = Wide.widen(UInt32(bitPattern: bits))
    let units = Wide.rounded(product, shiftedBy: shift)
    return lowest + Voltage(units: Wide.saturate(Int64(bitPattern: units)))
  }
}
