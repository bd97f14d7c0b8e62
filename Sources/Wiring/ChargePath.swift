import Elements
import Portable

/// The path that moves a comparator edge's gate: a resistor and a diode into the gate capacitor.
public struct ChargePath: Sendable, Equatable {
  /// The resistance, ohm.
  public var ohms: Double
  /// The gate capacitance, F.
  public var farads: Double
  /// The diode's saturation current, A.
  public var saturation: Double
  /// The diode's n phi_T, V.
  public var emission: Double
  /// What temperature adds to the diode's drop, V (-2 mV/K).
  public var dropShift: Double

  /// Makes a path.
  ///
  /// - Parameters:
  ///   - ohms: the resistance, ohm.
  ///   - farads: the gate capacitance, F.
  ///   - saturation: the diode's saturation current, A.
  ///   - ideality: the diode's ideality factor n.
  ///   - dropShift: what temperature adds to the diode's drop, V.
  public init(
    ohms: Double, farads: Double, saturation: Double, ideality: Double, dropShift: Double = 0
  ) {
    self.ohms = ohms
    self.farads = farads
    self.saturation = saturation
    emission = ideality * Diode.thermalVoltage
    self.dropShift = dropShift
  }

  /// The current at a headroom h between drive and gate, A: the root of
  /// R I + n phi_T ln(1 + I/I_s) = h; zero where the diode blocks.
  ///
  /// The left side is concave, so from the second iterate on Newton's method climbs to the root
  /// without passing it.
  public func current(headroom: Double) -> Double {
    let drop = headroom - dropShift
    if drop <= 0 { return 0 }
    var current = drop / ohms
    if drop < 0.75 {
      current = min(current, saturation * (Elementary.exp(drop / emission) - 1))
    }
    for _ in 0..<40 {
      let residual = ohms * current + emission * Elementary.log1p(current / saturation) - drop
      var next = current - residual / (ohms + emission / (current + saturation))
      if next <= 0 { next = current * 0.0625 }
      let change = next - current
      current = next
      if change.magnitude <= 1e-14 * current { break }
    }
    return current
  }

  /// The diode's drop at a headroom, V; all of the headroom where no current flows.
  public func drop(headroom: Double) -> Double {
    headroom <= 0 ? 0 : headroom - ohms * current(headroom: headroom)
  }

  /// The headroom that is left after a time, V.
  ///
  /// It integrates the current, dI/dt = -(I/C) / (R + n phi_T / (I + I_s)), by the classical
  /// fourth-order Runge-Kutta method in equal substeps of at most RC/20, from the start of the
  /// pulse. Against a fine reference the headroom is right to 1e-7 V.
  public func headroom(from start: Double, after seconds: Double) -> Double {
    if seconds <= 0 { return start }
    var current = current(headroom: start)
    if current <= 0 { return start }
    let substeps = max(1, (20 * seconds / (ohms * farads)).rounded(.up))
    let step = seconds / substeps
    var done = 0.0
    while done < substeps {
      let k1 = slope(current)
      let k2 = slope(current + 0.5 * step * k1)
      let k3 = slope(current + 0.5 * step * k2)
      let k4 = slope(current + step * k3)
      current += step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
      done += 1
    }
    return ohms * current + emission * Elementary.log1p(current / saturation) + dropShift
  }

  /// The gate voltage after it was charged from a supply for a time, V; a gate above the supply stays.
  ///
  /// - Parameters:
  ///   - gate: the gate voltage before, V.
  ///   - supply: the drive supply, V.
  ///   - seconds: the time, s.
  /// - Returns: the gate voltage, V.
  public func charged(_ gate: Double, from supply: Double, for seconds: Double) -> Double {
    let headroom = supply - gate
    return headroom > 0 ? supply - self.headroom(from: headroom, after: seconds) : gate
  }

  /// The gate voltage after it was discharged to 0 V for a time, V.
  ///
  /// - Parameters:
  ///   - gate: the gate voltage before, V.
  ///   - seconds: the time, s.
  /// - Returns: the gate voltage, V.
  public func discharged(_ gate: Double, for seconds: Double) -> Double {
    headroom(from: gate, after: seconds)
  }

  /// dI/dt at a current, A/s.
  private func slope(_ current: Double) -> Double {
    -current / (farads * (ohms + emission / (current + saturation)))
  }
}
