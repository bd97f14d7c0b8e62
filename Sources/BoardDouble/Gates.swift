public import Circuit
import Files
public import Firmware
import Portable
import Wiring

/// The gates: what a pulse does to them, and what time does.
extension AnalogBoard {
  /// Moves the gates through a pulse during which the outputs were on from `start` to `end`.
  ///
  /// - Parameters:
  ///   - start: when the outputs came on.
  ///   - end: when they went off.
  ///   - drives: what each comparator edge is driven to; missing entries hold. Multiplier edges
  ///     follow their own rule.
  ///   - fighting: comparator edges whose charge and discharge are both on; their drives hold.
  /// - Throws: `CircuitError` when a twin, which multiplier edges feel, has no solution.
  public mutating func learn(
    from start: Nanoseconds, to end: Nanoseconds, drives: Span<Drive>, fighting: [Int] = []
  ) throws(CircuitError) {
    leak(until: start)
    let seconds = Double(max(end.count &- start.count, 0)) * 1e-9
    let pieces = disturbances.pieces(from: start, to: end)
    state.pulses &+= 1
    switch description.gates.update {
    case .comparator:
      for (number, piece) in pieces.enumerated() {
        driveGates(piece, isFirst: number == 0, drives: drives)
        for edge in fighting where edge < state.gates.count { fight(edge, piece) }
      }
    case .multiplier: try followContrast(seconds: seconds, at: start)
    }
    leak(until: end)
    state.freeSolved = -1
    state.clampedSolved = -1
  }

  /// By how much the end of the next pulse comes late: the jitter of whoever ends it, drawn for each
  /// pulse from an exponential distribution.
  public var lateness: Nanoseconds {
    let mean = description.imperfections.pulseJitter
    if mean <= 0 { return .zero }
    let draw = Purpose.jitter.draw(events, 0).uniform(state.pulses)
    return Nanoseconds(seconds: -mean * Elementary.log(1 - draw))
  }

  /// The gate voltages at a time, V: what a high-impedance probe would read.
  public mutating func gates(at time: Nanoseconds) -> [Double] {
    leak(until: time)
    return state.gates
  }

  /// Puts the gates at given voltages, V, as an experimenter with a supply and a probe would; for
  /// tests and for starting points. Missing entries stay.
  public mutating func setGates(_ gates: [Double], at time: Nanoseconds) {
    leak(until: time)
    let multiplier = description.gates.update == .multiplier
    let stepped = description.gates.taps != nil
    let lowest =
      multiplier ? description.gates.railLow : stepped ? description.gates.minimum : 0
    let highest =
      multiplier ? description.gates.railHigh : stepped ? description.gates.maximum : parts.supply
    for (edge, gate) in gates.enumerated() where edge < state.gates.count && gate.isFinite {
      state.gates[edge] = min(max(gate, lowest), highest)
    }
    state.freeSolved = -1
    state.clampedSolved = -1
  }

  /// Integrates the comparator edges' gates through a piece of a pulse.
  private mutating func driveGates(
    _ piece: (seconds: Double, part: Double), isFirst: Bool, drives: Span<Drive>
  ) {
    let ripple =
      description.imperfections.supplyRipple * Purpose.ripple.draw(events, 0).normal(state.pulses)
    let gates = description.gates
    for edge in 0..<min(drives.count, state.gates.count) {
      let gate = state.gates[edge]
      if let spacing = gates.tapSpacing {
        // A potentiometer takes its step once a pulse.
        if !isFirst { continue }
        let way: Double = drives[edge] == .charge ? 1 : drives[edge] == .discharge ? -1 : 0
        let position = ((gate - gates.minimum) / spacing).rounded() + way
        let last = Double(gates.taps! - 1)
        state.gates[edge] = gates.minimum + min(max(position, 0), last) * spacing
        continue
      }
      switch drives[edge] {
      case .hold:
        break
      case .charge:
        state.gates[edge] = parts.chargePaths[edge].charged(
          gate, from: parts.supply * piece.part + ripple, for: piece.seconds)
      case .discharge:
        state.gates[edge] = parts.dischargePaths[edge].discharged(gate, for: piece.seconds)
      }
    }
  }

  /// Moves a gate whose charge and discharge are both on: both diodes conduct, and it ends where their
  /// currents are equal, near half the supply. By short turns of one path and the other, each of at most
  /// a fiftieth of RC: 0.1 V.
  private mutating func fight(_ edge: Int, _ piece: (seconds: Double, part: Double)) {
    let seconds = piece.seconds
    // A potentiometer that is told both ways stays.
    if description.gates.taps != nil { return }
    let constant = description.gates.ohms * description.gates.farads
    let turns = max(1, (50 * seconds / constant).rounded(.up))
    var gate = state.gates[edge]
    for _ in 0..<Int(turns) {
      gate = parts.chargePaths[edge].charged(
        gate, from: parts.supply * piece.part, for: seconds / turns)
      gate = parts.dischargePaths[edge].discharged(gate, for: seconds / turns)
    }
    state.gates[edge] = gate
  }

  /// Integrates the multiplier edges' gates,
  /// dG/dt = gain ((1 - lambda) dV_F^2 - dV_C^2)/(R C V0) + B, by the midpoint rule in equal substeps of at
  /// most RC/20, with both twins solved anew at each evaluation.
  private mutating func followContrast(
    seconds: Double, at time: Nanoseconds
  ) throws(CircuitError) {
    let gates = description.gates
    let constant = gates.ohms * gates.farads
    let rate = gates.gain / (constant * gates.reference)
    let substeps = max(1, (20 * seconds / constant).rounded(.up))
    let step = seconds / substeps
    var done = 0.0
    while done < substeps {
      let start = state.gates
      try moveByContrast(from: start, by: step / 2, rate: rate, at: time)
      try moveByContrast(from: start, by: step, rate: rate, at: time)
      done += 1
    }
  }

  /// Puts the gates at `start` plus the slope at the present gates times `seconds`, within the rails.
  private mutating func moveByContrast(
    from start: [Double], by seconds: Double, rate: Double, at time: Nanoseconds
  ) throws(CircuitError) {
    try solveFree(at: time)
    try solveClamped(at: time)
    let freeWeight = 1 - description.gates.powerWeight
    for edge in start.indices {
      let wire = wires[edge]
      let freeDrop = state.freeVoltages[wire.from] - state.freeVoltages[wire.to]
      let clampedDrop = state.clampedVoltages[wire.from] - state.clampedVoltages[wire.to]
      let slope =
        rate * (freeWeight * freeDrop * freeDrop - clampedDrop * clampedDrop) + parts.bias[edge]
      state.gates[edge] = min(
        max(start[edge] + seconds * slope, description.gates.railLow), description.gates.railHigh)
    }
    state.freeSolved = -1
    state.clampedSolved = -1
  }

  /// Lets the gates leak up to a time; never below 0 V.
  mutating func leak(until time: Nanoseconds) {
    let seconds = Double(time.count &- state.gatesTime) * 1e-9
    if seconds <= 0 { return }
    state.gatesTime = time.count
    state.gates.withUnsafeMutableBufferPointer { gates in
      for edge in gates.indices { gates[edge] = max(gates[edge] - leakRates[edge] * seconds, 0) }
    }
  }
}
