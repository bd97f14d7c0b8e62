// Conversions from and to floating point, for programs on a host. A microcontroller has no use for
// them: in Embedded Swift they do not exist.
#if !hasFeature(Embedded)
extension Voltage {
  /// The nearest voltage; saturates at +-128 V, and what is no number becomes 0 V.
  public init(volts: Double) {
    let scaled = (volts * 16_777_216).rounded()
    if scaled.isNaN {
      self = .zero
    } else {
      self.init(units: Int32(min(max(scaled, -2_147_483_648), 2_147_483_647)))
    }
  }

  /// The voltage in volts; exact.
  public var volts: Double { Double(units) / 16_777_216 }
}

extension Nanoseconds {
  /// The nearest duration; saturates at +-292 years, and what is no number becomes none.
  public init(seconds: Double) {
    let scaled = (seconds * 1e9).rounded()
    self.init(scaled.isNaN ? 0 : Int64(min(max(scaled, -9.2e18), 9.2e18)))
  }

  /// The duration in seconds, to the nearest Double.
  public var seconds: Double { Double(count) * 1e-9 }
}

extension Fraction {
  /// The nearest fraction below one; what is negative or no number becomes zero.
  public init(_ value: Double) {
    let scaled = (value * 4_294_967_296).rounded()
    self.init(units: scaled > 0 ? UInt32(min(scaled, 4_294_967_295)) : 0)
  }

  /// The fraction as a number.
  public var value: Double { Double(units) / 4_294_967_296 }
}

extension Conductance {
  /// The conductance in siemens; exact.
  public var siemens: Double { Double(units) / 68_719_476_736 }
}
#endif
