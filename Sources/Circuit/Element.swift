import Portable

/// A resistor with a tap that digital commands move in steps.
public struct DigitalPotentiometer: Sendable, Equatable, Codable {
  /// How the steps divide the range.
  public enum Spacing: String, Sendable, Codable, CaseIterable {
    /// Equal ratios between neighbouring steps.
    case logarithmic = "log"
    /// Equal differences between neighbouring steps.
    case linear
  }

  /// The resistance at step 0, in ohms: the wiper's.
  public var lowest: Double
  /// The resistance at the last step, in ohms.
  public var highest: Double
  /// The number of settings, usually 100 or 128, at least 2 and at most 65536.
  public var steps: Int
  /// How the steps divide the range.
  public var spacing: Spacing

  /// A potentiometer; the defaults are those of the boards of resistive learning networks.
  public init(
    lowest: Double = 40, highest: Double = 32_000, steps: Int = 128,
    spacing: Spacing = .logarithmic
  ) {
    self.lowest = lowest
    self.highest = highest
    self.steps = steps
    self.spacing = spacing
  }

  /// The resistance in ohms at a step from 0 to `steps` - 1; steps outside are moved to the nearer
  /// end.
  public func ohms(at step: Int) -> Double {
    guard step > 0, steps > 1 else { return lowest }
    guard step < steps - 1 else { return highest }
    let fraction = Double(step) / Double(steps - 1)
    switch spacing {
    case .linear: return lowest + fraction * (highest - lowest)
    case .logarithmic:
      return lowest * Elementary.exp(fraction * Elementary.log(highest / lowest))
    }
  }
}

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
struct PreparedDiode {
  var low: Int32 = 0
  var high: Int32 = 0
  var slot: Int32 = 0
  /// Whether the anode is the end with the higher internal number.
  var reversed = false
  var saturation: Double
  var inverseVoltage: Double
  /// Voltage, current and conductance at which the straight continuation begins.
  var kneeVoltage: Double
  var kneeCurrent: Double
  var kneeConductance: Double

  init(_ diode: Diode) {
    let width = diode.ideality * Diode.thermalVoltage
    saturation = diode.saturationCurrent
    inverseVoltage = 1 / width
    let ratio = Diode.continuationCurrent / saturation
    kneeVoltage = width * Elementary.log1p(ratio)
    kneeCurrent = Diode.continuationCurrent
    kneeConductance = (saturation + kneeCurrent) / width
  }

  /// The current at a voltage from anode to cathode, and the conductance.
  @inline(__always)
  func flow(_ volts: Double) -> (current: Double, conductance: Double) {
    if volts > kneeVoltage {
      return (kneeCurrent + (volts - kneeVoltage) * kneeConductance, kneeConductance)
    }
    let forward = saturation * Elementary.exp(volts * inverseVoltage)
    return (forward - saturation, forward * inverseVoltage)
  }
}

/// What connects the two ends of a branch.
public enum Element: Sendable, Equatable, Codable {
  /// A transistor and its gate voltage in volts.
  case transistor(Transistor, gate: Double)
  /// An ideal resistor, 1e-3 to 1e15 ohms.
  case resistor(ohms: Double)
  /// A digital potentiometer at a step from 0 to its number of steps less one.
  case potentiometer(DigitalPotentiometer, step: Int)
  /// A diode, anode at the branch's `from`.
  case diode(Diode)
  /// Nothing: a branch cut open, whose place is kept for a later `replace`.
  case open
}
