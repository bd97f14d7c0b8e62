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

/// A diode with its constants multiplied out, and where it stands in the solver's arrays.
package struct PreparedDiode: BitwiseCopyable, Sendable {
  package var low: Int32 = 0
  package var high: Int32 = 0
  package var slot: Int32 = 0
  /// Whether the anode is the end with the higher internal number.
  package var reversed = false
  package var saturation: Double
  package var inverseVoltage: Double
  /// Voltage, current and conductance at which the straight continuation begins.
  package var kneeVoltage: Double
  package var kneeCurrent: Double
  package var kneeConductance: Double

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
