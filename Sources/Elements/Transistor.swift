package import Portable

/// How a transistor's current sets in at its threshold.
public enum ThresholdLaw: String, Sendable, Codable, CaseIterable {
  /// The overdrive fades exponentially below threshold: q(x) = s ln(1 + exp(x/s)), s =
  /// `ThresholdLaw.softness`.
  case soft
  /// No current below threshold: q(x) = max(x, 0), the law of SPICE level 1.
  case sharp

  /// The width s of the soft law in volts: deep below threshold the current, proportional to
  /// exp(2x/s), falls by a decade per 0.10 V.
  public static let softness = 0.0869
}

/// An n-channel field-effect transistor, used between source and drain as a conductance that its
/// gate sets. Source and drain are interchangeable.
///
/// One expression covers cut-off, triode and saturation,
///
///     I(a->b) = (S/2n) [q(G - V_T - n V_b)^2 - q(G - V_T - n V_a)^2],
///
/// with q of `ThresholdLaw`: the charge-sheet form of Enz, Krummenacher and Vittoz ("An analytical
/// MOS transistor model valid in all regions of operation", 1995). All voltages are against the
/// substrate. In triode with n = 1 it is I = S (G - V_T - (V_a + V_b)/2) (V_a - V_b).
public struct Transistor: Sendable, Equatable, Codable {
  /// The transconductance parameter S in A/V^2 (mobility times oxide capacitance times width over
  /// length); from 0 (a dead device) to 1000.
  public var strength: Double
  /// The threshold voltage V_T in volts, at most 1000 in magnitude.
  public var threshold: Double
  /// The slope factor n, without unit, from 0.1 to 10: 1 without body effect, about 1.5 with it.
  public var slope: Double

  /// A transistor; the defaults are those of an ALD1106.
  ///
  /// - Parameters:
  ///   - strength: S in A/V^2.
  ///   - threshold: V_T in volts.
  ///   - slope: The slope factor n.
  public init(strength: Double = 8.5e-4, threshold: Double = 0.7, slope: Double = 1) {
    self.strength = strength
    self.threshold = threshold
    self.slope = slope
  }

  /// The current in amperes from terminal a to terminal b, positive where V_a > V_b.
  ///
  /// - Parameters:
  ///   - gate: The gate voltage G.
  ///   - voltageA: The voltage V_a of the terminal from which the current is counted.
  ///   - voltageB: The voltage V_b of the other terminal.
  ///   - law: The law at threshold.
  /// - Returns: the current, A.
  public func current(
    gate: Double, from voltageA: Double, to voltageB: Double, law: ThresholdLaw
  ) -> Double {
    let device = PreparedTransistor(self, gate: gate, law: law)
    return device.flow(voltageA, voltageB, law: law).current
  }
}

extension Transistor {
  /// The nominal transistor's numbers in board files.
  package static var quantities: [Quantity<Transistor>] {
    [
      Quantity("strength", \.strength, 1e-7...1, "A/V^2"),
      Quantity("threshold", \.threshold, -5...5, "V"),
      Quantity("slope", \.slope, 1...3),
    ]
  }

  /// The fixed gate voltage that a board file may give an edge, in V.
  package static let gateAllowed = -15.0...15.0

  /// Checks what the solver needs, all but the gate voltage: wider than what board files allow.
  ///
  /// - Parameter check: takes a value, what it is and the allowed range, and throws where the one
  ///   is not in the other.
  /// - Throws: what `check` throws.
  package func validate<Failure: Error>(
    _ check: (Double, String, ClosedRange<Double>) throws(Failure) -> Void
  ) throws(Failure) {
    try check(strength, "strength (A/V^2)", 0...1000)
    try check(threshold, "threshold (V)", -1000...1000)
    try check(slope, "slope factor", 0.1...10)
  }

  /// The lines of a transistor in a deck for SPICE: a level-1 MOSFET where that is the same, under the
  /// sharp law with slope factor 1, else a behavioural source of the current.
  ///
  /// - Parameters:
  ///   - number: the branch's number, for names.
  ///   - from: the node from which current is counted, in the deck's words.
  ///   - to: the other node.
  ///   - gate: the gate voltage, V.
  ///   - law: the law at threshold.
  /// - Returns: the lines.
  package func spiceLines(
    number: Int, from: String, to: String, gate: Double, law: ThresholdLaw
  ) -> [String] {
    guard strength > 0 else { return ["* branch \(number): a dead transistor"] }
    if law == .soft || slope != 1 {
      /// The ramp q of the gate's overdrive at an end.
      func ramp(_ end: String) -> String {
        let overdrive = "(v(g\(number))-\(threshold)-\(slope)*v(\(end)))"
        if law == .sharp { return "uramp\(overdrive)" }
        let width = ThresholdLaw.softness
        let power = "exp(\(overdrive)/\(width))"
        // Far above threshold the exponential would be too large, and the ramp is the overdrive; far
        // below it the logarithm would lose its digits.
        return "(\(overdrive)>\(40 * width)?\(overdrive):\(overdrive)<\(-14 * width)?"
          + "\(width)*\(power):\(width)*ln(1+\(power)))"
      }
      return [
        "vgate\(number) g\(number) 0 dc \(gate)",
        "b\(number) \(from) \(to) i=\(strength / (2 * slope))*(\(ramp(to))^2-\(ramp(from))^2)",
      ]
    }
    // A junction's saturation current of 0 would mean the default: make it too small to see.
    return [
      "vgate\(number) g\(number) 0 dc \(gate)",
      "m\(number) \(from) g\(number) \(to) 0 t\(number) w=10u l=10u",
      ".model t\(number) nmos(level=1 vto=\(threshold) kp=\(strength)"
        + " gamma=0 lambda=0 is=1e-30)",
    ]
  }

  /// What to buy for two edges, in both twins.
  package static var purchase: Purchase { Purchase(part: "ALD1106", isChip: true) }

  /// How its current changes with a parameter while its ends' voltages stay, in amperes per unit of
  /// the parameter; `nil` where it has no such parameter.
  ///
  /// - Parameters:
  ///   - parameter: the parameter.
  ///   - gate: the gate voltage, V.
  ///   - voltageA: the voltage of the terminal from which the current is counted.
  ///   - voltageB: the voltage of the other terminal.
  ///   - slopes: how fast the current grows with `voltageA` and falls with `voltageB`, S.
  ///   - law: the law at threshold.
  /// - Returns: the derivative, or `nil`.
  package func derivative(
    by parameter: BranchParameter, gate: Double, from voltageA: Double, to voltageB: Double,
    slopes: (a: Double, b: Double), law: ThresholdLaw
  ) -> Double? {
    switch parameter {
    case .gate: return (slopes.b - slopes.a) / slope
    case .threshold: return -((slopes.b - slopes.a) / slope)
    case .strength:
      // The current is proportional to the strength: that of a device of strength 1, which a dead
      // one has too.
      var unit = self
      unit.strength = 1
      return unit.current(gate: gate, from: voltageA, to: voltageB, law: law)
    default: return nil
    }
  }
}

/// A transistor with its constants multiplied out, and where it stands in the solver's arrays.
package struct PreparedTransistor: BitwiseCopyable, Sendable {
  /// Place of the end with the lower internal number.
  package var low: Int32 = 0
  /// Place of the end with the higher internal number.
  package var high: Int32 = 0
  /// Place of its entry in the matrix.
  package var slot: Int32 = 0
  /// (G - V_T) / s; s is 1 under the sharp law.
  package var offset = 0.0
  /// n / s.
  package var steepness = 0.0
  /// S s^2 / 2n, which multiplies the difference of squared ramps.
  package var currentScale = 0.0
  /// S s, which multiplies ramp times slope.
  package var slopeScale = 0.0
  /// V_T and 1/s, for changes of the gate.
  package var threshold = 0.0
  package var inverseWidth = 1.0
  /// G.
  package var gate = 0.0

  package init() {}

  package init(_ transistor: Transistor, gate: Double, law: ThresholdLaw) {
    threshold = transistor.threshold
    self.gate = gate
    setWidth(law == .soft ? ThresholdLaw.softness : 1, of: transistor)
  }

  /// Multiplies the constants out for a width s of the law.
  package mutating func setWidth(_ width: Double, of transistor: Transistor) {
    inverseWidth = 1 / width
    steepness = transistor.slope * inverseWidth
    currentScale = transistor.strength * width * width / (2 * transistor.slope)
    slopeScale = transistor.strength * width
    setGate(gate)
  }

  @inlinable @inline(__always)
  package mutating func setGate(_ volts: Double) {
    gate = volts
    offset = (volts - threshold) * inverseWidth
  }

  /// The current from an end at `a` volts to one at `b` volts, and how fast it changes with either
  /// voltage (both derivatives counted positive, in siemens).
  @inlinable @inline(__always)
  package func flow(
    _ a: Double, _ b: Double, law: ThresholdLaw
  ) -> (current: Double, slopeA: Double, slopeB: Double) {
    let ta = offset - steepness * a
    let tb = offset - steepness * b
    let rampA: (value: Double, slope: Double)
    let rampB: (value: Double, slope: Double)
    switch law {
    case .soft:
      rampA = Elementary.softplus(ta)
      rampB = Elementary.softplus(tb)
    case .sharp:
      rampA = ta > 0 ? (ta, 1) : (0, 0)
      rampB = tb > 0 ? (tb, 1) : (0, 0)
    }
    return (
      currentScale * ((rampB.value - rampA.value) * (rampB.value + rampA.value)),
      slopeScale * (rampA.value * rampA.slope), slopeScale * (rampB.value * rampB.slope)
    )
  }
}
