package import Portable

/// A junction diode, from its anode (the branch's `from`) to its cathode (`to`).
///
/// I = I_s (exp(V / n phi_T) - 1) up to `continuationCurrent`; beyond it the tangent, so that no
/// voltage overflows.
public struct Diode: Sendable, Equatable, Codable {
  /// phi_T = kT/q in volts, near 27 degrees Celsius.
  public static let thermalVoltage = 0.0259
  /// The current in amperes above which the characteristic is continued linearly.
  public static let continuationCurrent = 1.0

  /// I_s in amperes, from 1e-18 to 1e-3.
  public var saturationCurrent: Double
  /// The ideality factor n, without unit, from 0.5 to 10.
  public var ideality: Double

  /// A diode; the defaults are those of a low-leakage small-signal diode.
  public init(saturationCurrent: Double = 1e-10, ideality: Double = 1.8) {
    self.saturationCurrent = saturationCurrent
    self.ideality = ideality
  }

  /// The current in amperes from anode to cathode at a voltage between them.
  public func current(at volts: Double) -> Double {
    PreparedDiode(self).flow(volts).current
  }
}

extension Diode: ElementKind {
  package static var usual: Diode { Diode() }

  package static var entries: [ElementEntry<Diode>] {
    [
      .number(Quantity("saturation", \.saturationCurrent, 1e-18...1e-3, "A")),
      .number(Quantity("ideality", \.ideality, 0.5...5)),
    ]
  }

  package var element: FixedElement { .diode(self) }

  package var law: ElementLaw { .nonlinear(.diode(PreparedDiode(self))) }

  package func validate<Failure: Error>(
    _ check: (Double, String, ClosedRange<Double>) throws(Failure) -> Void
  ) throws(Failure) {
    try check(saturationCurrent, "saturation current (A)", 1e-18...1e-3)
    try check(ideality, "ideality", 0.5...10)
  }

  /// kT/q in volts at ngspice's temperature of 27 degrees Celsius.
  private static let spiceThermalVoltage = 0.025_864_926

  package func spiceLines(number: Int, from: String, to: String) -> [String] {
    let emission = ideality * Self.thermalVoltage / Self.spiceThermalVoltage
    return [
      "d\(number) \(from) \(to) j\(number)",
      ".model j\(number) d(is=\(saturationCurrent) n=\(emission))",
    ]
  }

  package var purchase: Purchase { Purchase(part: "diode") }

  package func derivative(by parameter: BranchParameter, at volts: Double) -> Double? {
    guard parameter == .saturationCurrent else { return nil }
    let width = ideality * Self.thermalVoltage
    let knee = PreparedDiode(self).kneeVoltage
    if volts > knee { return 1 / saturationCurrent + (volts - knee) / width }
    return Elementary.exp(volts / width) - 1
  }
}

/// A diode with its constants multiplied out.
package struct PreparedDiode: BitwiseCopyable, Sendable {
  package let saturation: Double
  package let inverseVoltage: Double
  /// Voltage, current and conductance at which the straight continuation begins.
  package let kneeVoltage: Double
  package let kneeCurrent: Double
  package let kneeConductance: Double

  /// A diode's constants.
  package init(_ diode: Diode) {
    let width = diode.ideality * Diode.thermalVoltage
    saturation = diode.saturationCurrent
    inverseVoltage = 1 / width
    let ratio = Diode.continuationCurrent / saturation
    kneeVoltage = width * Elementary.log1p(ratio)
    kneeCurrent = Diode.continuationCurrent
    kneeConductance = (saturation + kneeCurrent) / width
  }

  /// The current at a voltage from anode to cathode, and the conductance.
  @inlinable @inline(__always)
  package func flow(_ volts: Double) -> (current: Double, conductance: Double) {
    if volts > kneeVoltage {
      return (kneeCurrent + (volts - kneeVoltage) * kneeConductance, kneeConductance)
    }
    let forward = saturation * Elementary.exp(volts * inverseVoltage)
    return (forward - saturation, forward * inverseVoltage)
  }
}
