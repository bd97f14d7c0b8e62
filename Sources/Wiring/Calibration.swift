public import Files
public import Firmware

/// What the controllers are told about a board's drives: numbers that a bench measures with a
/// voltmeter and a clock, or, uncalibrated, that the parts' markings promise.
public struct Calibration: Sendable, Equatable {
  /// The drive supply, V.
  public var supply: Double
  /// The charge path of each learning edge's gate.
  public var charge: [ChargePath]
  /// The discharge path of each learning edge's gate.
  public var discharge: [ChargePath]
  /// The leakage current of each learning edge, A.
  public var leakage: [Double]
  /// The gate voltage before any pulse, V: 0, or a potentiometer's middle.
  public var start = 0.0
  /// How far a pulse moves a gate set by a potentiometer, V; 0 for capacitors.
  public var tapSpacing = 0.0

  /// Makes a calibration.
  ///
  /// - Parameters:
  ///   - supply: the drive supply, V.
  ///   - charge: the charge path of each learning edge's gate.
  ///   - discharge: the discharge path of each learning edge's gate.
  ///   - leakage: the leakage current of each learning edge, A.
  public init(supply: Double, charge: [ChargePath], discharge: [ChargePath], leakage: [Double]) {
    self.supply = supply
    self.charge = charge
    self.discharge = discharge
    self.leakage = leakage
  }

  /// What the parts' markings promise: nominal values, and leakage in the middle of its range.
  public init(nominal description: BoardDescription) {
    let gates = description.gates
    let path = ChargePath(
      ohms: gates.ohms, farads: gates.farads, saturation: gates.diodeSaturation,
      ideality: gates.diodeIdeality)
    let middle =
      (description.imperfections.leakLowest + description.imperfections.leakHighest) / 2
    let edges = description.learningEdges.count
    let paths = Array(repeating: path, count: edges)
    self.init(
      supply: gates.supply, charge: paths, discharge: paths,
      leakage: Array(repeating: gates.taps == nil ? middle : 0, count: edges))
    takeTaps(of: gates)
  }

  package mutating func takeTaps(of gates: GateDescription) {
    guard let spacing = gates.tapSpacing, let taps = gates.taps else { return }
    tapSpacing = spacing
    start = gates.minimum + Double(taps / 2) * spacing
  }

  /// The drive law for the firmware, with gate limits in V. The diode's drop is tabulated from its
  /// law, the mean of all paths: the firmware keeps one table for all edges.
  public func law(minimum: Double, maximum: Double) -> DriveLaw {
    var law = DriveLaw(
      supply: Voltage(volts: supply), lowest: Voltage(volts: minimum),
      highest: Voltage(volts: maximum), drop: .millivolts(600),
      tapSpacing: Voltage(volts: tapSpacing))
    let paths = charge + discharge
    guard var mean = paths.first else { return law }
    mean.ohms = paths.reduce(0) { $0 + ($1.ohms - mean.ohms) } / Double(paths.count) + mean.ohms
    mean.dropShift +=
      paths.reduce(0) { $0 + ($1.dropShift - mean.dropShift) } / Double(paths.count)
    for knot in 0..<49 {
      law.drops[knot] = Voltage(volts: mean.drop(headroom: Double(knot) / 8))
    }
    return law
  }

  /// The controllers of all learning edges, their gates believed at a voltage, V; without one,
  /// where gates start.
  public func controllers(gate: Double? = nil) -> [EdgeController] {
    func constant(_ path: ChargePath) -> UInt32 {
      UInt32(min(max((path.ohms * path.farads * 1e9).rounded(), 1), 4e9))
    }
    // One tick of leakage accounting is 2^24 ns; a volt is 2^24 units.
    let tick = 16_777_216 * 1e-9 * 16_777_216
    return leakage.indices.map { edge in
      EdgeController(
        gate: Voltage(volts: gate ?? start), chargeConstant: constant(charge[edge]),
        dischargeConstant: constant(discharge[edge]),
        leakPerTick: Int32(
          min(max((leakage[edge] / charge[edge].farads * tick).rounded(), 0), 1e9)))
    }
  }
}
