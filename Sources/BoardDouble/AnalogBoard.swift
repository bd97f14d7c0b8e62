public import Circuit
import Elements
public import Files
public import Firmware
import Portable
import Wiring

/// The analog board itself, both twins, as an experimenter's wires see it: sources and clamps set by
/// converter codes, targets read as codes, comparators captured, gates that learn while LEARN is on
/// and leak all the time. It has no clock: every event carries its time, and the board computes only
/// at events, so that two ways of driving it that agree on the events agree on every bit.
///
/// Node voltages are those of the DC solution: RC times of nodes (microseconds) are over when a
/// driver has waited the settling time. A solution is kept for at most 16.8 ms of leakage (0.08 mV
/// of gate voltage).
public struct AnalogBoard: Sendable {
  /// The board's description.
  public let description: BoardDescription
  /// The seed of every draw.
  public let seed: UInt64
  /// The seed of what happens as time goes on: noise, ripple, jitter, what floats, ticks that come late.
  /// Other than `seed` it gives the same parts another run of luck; no state knows of it.
  package var events: UInt64 {
    didSet { disturbances.seed = events }
  }
  /// The node of each source channel.
  public let sourceNodes: [Int]
  /// The node of each target channel.
  public let targetNodes: [Int]
  /// The edges that learn, as indices into the description's edges.
  public let learningEdges: [Int]
  /// The voltage of each source channel that is wired to a rail, V; `nil` for the others.
  public let rails: [Double?]
  /// The converters that sources, clamps and measurements go through.
  public let converter: Converter
  /// The parts as they truly are.
  public let parts: BoardParts

  /// The part that changes.
  public internal(set) var state: State

  /// How many more solutions there are before they fail; `nil` for no end. For tests of whoever drives
  /// the board: no board that a file may describe is known to have no solution.
  package var solutionsLeft: Int?

  var free: OperatingPoint
  var clamped: OperatingPoint
  /// The two ends of each learning edge.
  let wires: [(from: Int, to: Int)]
  /// The circuit branch whose gate each learning edge sets; -1 where the edge is dead or shorted.
  public let gatedBranches: [Int]
  /// The level that each learning edge's comparator A is stuck at, where it is.
  private let stuck: [Bool?]
  /// The learning edges whose comparator A says anything.
  private let floating: Set<Int>
  /// How fast leakage drains each gate, V/s: its parts', and that of a bad capacitor, of which nobody
  /// is told.
  let leakRates: [Double]
  /// What happens to the whole board.
  private(set) var disturbances: Disturbances

  /// The resistance of a clamp output that is shut down, ohm.
  static let releasedOhms = 500e3

  /// What a gate leaks whose capacitor is bad, A.
  static let leakOfFault = 1e-6

  /// How long a solution is kept while nothing but leakage changes, ns.
  static let keeping: Int64 = 1 << 24

  /// Powers up a board.
  ///
  /// Comparator edges start with drained gates (0 V), as a real board does; multiplier edges at the
  /// description's initial voltage, which such boards set by a reset switch.
  /// - Parameters:
  ///   - description: the board.
  ///   - seed: the seed of every draw.
  ///   - sources: the node of each source channel.
  ///   - targets: the node of each target channel; none may be a source's.
  /// - Throws: `CircuitError` when the network or the placement is not a circuit.
  public init(description: BoardDescription, seed: UInt64, sources: [Int], targets: [Int])
    throws(CircuitError)
  {
    self.description = description
    self.seed = seed
    events = seed
    sourceNodes = sources
    targetNodes = targets
    let wired = description.wiring?.sources ?? []
    rails = sources.indices.map { $0 < wired.count ? wired[$0].rail : nil }
    let learning = description.edges.indices.filter { description.edges[$0].part == .learning }
    learningEdges = learning
    wires = learning.map { (description.edges[$0].from, description.edges[$0].to) }
    gatedBranches = learning.map { description.breaks($0) ? -1 : $0 }
    stuck = learning.map(description.stuckLevel)
    func has(_ kind: FaultKind, _ edge: Int) -> Bool {
      description.faults.contains { $0.edge == edge && $0.kind == kind }
    }
    floating = Set(learning.indices.filter { has(.comparatorFloating, learning[$0]) })
    disturbances = Disturbances(description, seed: seed)
    let bits = description.imperfections.quantise ? description.converters.bits : 24
    converter = Converter(
      bits: Int32(bits), reference: Voltage(volts: description.converters.reference),
      lowest: Voltage(volts: description.converters.lowest))
    parts = BoardParts(
      description: description, seed: seed, learning: learning, sources: sources.count,
      targets: targets.count)

    let parts = parts
    leakRates = learning.indices.map { edge in
      let beside = has(.leaking, learning[edge]) ? AnalogBoard.leakOfFault : 0
      return (parts.leakage[edge] + beside) / parts.chargePaths[edge].farads
    }

    func twin(_ number: Int) throws(CircuitError) -> OperatingPoint {
      try AnalogBoard.twin(
        number, of: description, seed: seed, sources: sources, targets: targets)
    }
    free = try twin(0)
    clamped = try twin(1)
    state = State(
      gate: description.gates.awake, edges: learning.count, sources: sources.count,
      targets: targets.count, free: free.voltages, clamped: clamped.voltages)
    try connect()
  }

  /// One of the twins of a board, its faults in it.
  private static func twin(
    _ number: Int, of description: BoardDescription, seed: UInt64, sources: [Int], targets: [Int]
  ) throws(CircuitError) -> OperatingPoint {
    let branches = description.edges.enumerated().map { index, edge in
      Branch(
        from: edge.from, to: edge.to,
        element: BoardParts.element(
          of: index, twin: number, description: description, seed: seed))
    }
    var twin = try OperatingPoint(
      network: Network(
        nodeCount: description.nodes.count, branches: branches, law: description.law),
      driven: sources, attachable: targets)
    for fault in description.faults {
      switch fault.kind {
      case .dead: try twin.replace(fault.edge, .open)
      case .shorted: try twin.replace(fault.edge, .fixed(.resistor(ohms: 1)))
      case .comparatorStuckLow, .comparatorStuckHigh, .comparatorFloating, .leaking: break
      }
    }
    return twin
  }

  /// The free twin as a circuit of its own: its network with given gates, the driven nodes
  /// with the given ideal voltages, and the node voltages of its solution.
  ///
  /// - Parameters:
  ///   - sources: a voltage for each source channel, V; missing ones are 0.
  ///   - gates: a voltage for each learning edge's gate, V; `nil` for the present ones.
  /// - Returns: the network, its driven nodes and the node voltages, V.
  /// - Throws: `CircuitError` when it has no solution.
  public func freeTwin(sources: [Double], gates: [Double]? = nil) throws(CircuitError) -> (
    network: Network, driven: [(node: Int, volts: Double)], voltages: [Double]
  ) {
    var twin = free
    try twin.setGates(gates ?? state.gates, of: gatedBranches)
    var driven: [(node: Int, volts: Double)] = []
    for (channel, node) in sourceNodes.enumerated() {
      driven.append((node, channel < sources.count ? sources[channel] : 0))
      try twin.drive(node, driven[channel].volts)
    }
    _ = try twin.solve()
    return (twin.network, driven, twin.voltages)
  }

  /// Copies of both twins' circuits, with their mismatch, as they stand: for theory and comparison.
  public var twins: Twins {
    Twins(
      free: free, clamped: clamped, sources: sourceNodes, targets: targetNodes, edges: wires,
      gatedBranches: gatedBranches,
      clampOhms: max(description.clampOhms, BoardDescription.leastClampOhms))
  }

  /// What a target's converter reads of a voltage, V, without noise.
  ///
  /// - Parameters:
  ///   - channel: the target channel.
  ///   - volts: the node's voltage, V.
  ///   - inCodes: whether the reading is rounded to the converter's codes.
  /// - Returns: the reading, V.
  public func reading(_ channel: Int, of volts: Double, inCodes: Bool) -> Double {
    let converters = description.converters
    let read =
      parts.adcErrors[channel].applied(to: volts - converters.lowest, span: converters.reference)
      + converters.lowest
    return inCodes ? converter.voltage(of: converter.code(for: Voltage(volts: read))).volts : read
  }

  /// What a clamp's converter puts out before the clamp's resistance, V.
  ///
  /// - Parameters:
  ///   - channel: the target channel.
  ///   - volts: the voltage asked for, V.
  ///   - inCodes: whether it is rounded to the converter's codes.
  /// - Returns: the voltage, V.
  public func clampOutput(_ channel: Int, asked volts: Double, inCodes: Bool) -> Double {
    let asked =
      inCodes ? converter.voltage(of: converter.code(for: Voltage(volts: volts))).volts : volts
    let converters = description.converters
    return parts.clampErrors[channel].applied(
      to: asked - converters.lowest, span: converters.reference) + converters.lowest
  }

  // MARK: - Events

  /// Sets a source channel's converter. A code above the converter's largest counts as that.
  /// - Throws: `CircuitError` when the circuit takes no such voltage.
  public mutating func setSource(_ channel: Int, code: UInt32) throws(CircuitError) {
    guard state.sourceCodes.indices.contains(channel) else { return }
    let code = min(code, converter.highest)
    if state.sourceCodes[channel] == code { return }
    state.sourceCodes[channel] = code
    state.freeSolved = -1
    state.clampedSolved = -1
    try driveTwins(channel)
  }

  /// Sets a clamp's converter, or with `nil` shuts it down.
  /// - Throws: `CircuitError` when the circuit takes no such voltage.
  public mutating func setClamp(_ channel: Int, code: UInt32?) throws(CircuitError) {
    guard state.clampCodes.indices.contains(channel) else { return }
    let next = code.map { Int64(min($0, converter.highest)) } ?? -1
    if state.clampCodes[channel] == next { return }
    state.clampCodes[channel] = next
    state.clampedSolved = -1
    try attachClamp(channel)
  }

  /// Samples a target of the free twin.
  /// - Returns: the analog-to-digital converter's code.
  /// - Throws: `CircuitError` when the free twin has no solution.
  public mutating func sampleTarget(
    _ channel: Int, at time: Nanoseconds
  ) throws(CircuitError) -> UInt32 {
    guard state.conversions.indices.contains(channel) else { return 0 }
    try solveFree(at: time)
    let noise = Purpose.adcNoise.draw(events, channel).normal(state.conversions[channel])
    state.conversions[channel] &+= 1
    let span = description.converters.reference
    let read =
      parts.adcErrors[channel].applied(
        to: state.freeVoltages[targetNodes[channel]] - description.converters.lowest, span: span)
      + description.converters.lowest
      + description.converters.readNoise * (description.imperfections.quantise ? noise : 0)
    return converter.code(for: Voltage(volts: read))
  }

  /// Captures every comparator; those beyond the span change too, unseen.
  ///
  /// Comparator A sees (dV_F - dV_C)/2 and B (dV_F + dV_C)/2, through averages of 1 % resistors,
  /// with their offsets and hysteresis.
  /// - Throws: `CircuitError` when a twin has no solution.
  public mutating func capture(
    at time: Nanoseconds, into comparisons: inout MutableSpan<Comparison>
  ) throws(CircuitError) {
    try solveFree(at: time)
    try solveClamped(at: time)
    let band = description.imperfections.comparatorHysteresis / 2
    for edge in learningEdges.indices {
      let wire = wires[edge]
      let freeFrom = state.freeVoltages[wire.from]
      let freeTo = state.freeVoltages[wire.to]
      let clampedFrom = state.clampedVoltages[wire.from]
      let clampedTo = state.clampedVoltages[wire.to]
      func average(_ number: Int, _ one: Double, _ other: Double) -> Double {
        0.5 * (one + other) + parts.averageErrors[4 * edge + number] * (one - other)
      }
      let a = average(0, freeFrom, clampedTo) - average(1, freeTo, clampedFrom)
      let b = average(2, freeFrom, clampedFrom) - average(3, freeTo, clampedTo)
      func output(_ comparator: Int, _ difference: Double) -> Bool {
        let edgeOfBand = state.comparators[comparator] ? -band : band
        return difference + parts.comparatorOffsets[comparator] > edgeOfBand
      }
      let outputA =
        floating.contains(edge)
        ? Purpose.floating.draw(events, 2000 + edge).bits(UInt64(bitPattern: time.count)) & 1 == 1
        : stuck[edge] ?? output(2 * edge, a)
      let outputB = output(2 * edge + 1, b)
      state.comparators[2 * edge] = outputA
      state.comparators[2 * edge + 1] = outputB
      if edge < comparisons.count { comparisons[edge] = Comparison(a: outputA, b: outputB) }
    }
  }

  /// The node voltages of the free twin at a time, V.
  /// - Throws: `CircuitError` when it has no solution.
  public mutating func freeVoltages(at time: Nanoseconds) throws(CircuitError) -> [Double] {
    try solveFree(at: time)
    return state.freeVoltages
  }

  /// The node voltages of the clamped twin at a time, V.
  /// - Throws: `CircuitError` when it has no solution.
  public mutating func clampedVoltages(at time: Nanoseconds) throws(CircuitError) -> [Double] {
    try solveClamped(at: time)
    return state.clampedVoltages
  }

  // MARK: - Solutions

  mutating func solveFree(at time: Nanoseconds) throws(CircuitError) {
    if state.freeSolved >= 0 && time.count &- state.freeSolved < AnalogBoard.keeping { return }
    leak(until: time)
    try free.setGates(state.gates, of: gatedBranches)
    try countSolution()
    _ = try free.solve()
    free.copyVoltages(into: &state.freeVoltages)
    state.freeSolved = time.count
  }

  mutating func solveClamped(at time: Nanoseconds) throws(CircuitError) {
    if state.clampedSolved >= 0 && time.count &- state.clampedSolved < AnalogBoard.keeping {
      return
    }
    leak(until: time)
    try clamped.setGates(state.gates, of: gatedBranches)
    try countSolution()
    _ = try clamped.solve()
    clamped.copyVoltages(into: &state.clampedVoltages)
    state.clampedSolved = time.count
  }

  private mutating func countSolution() throws(CircuitError) {
    guard let left = solutionsLeft else { return }
    if left == 0 { throw .notConverged(node: 0, residual: 0, iterations: 0, sweeps: 0) }
    solutionsLeft = left - 1
  }

  mutating func driveTwins(_ channel: Int) throws(CircuitError) {
    let volts =
      rails[channel]
      ?? output(ofCode: state.sourceCodes[channel], errors: parts.sourceErrors[channel])
    try free.drive(sourceNodes[channel], volts)
    try clamped.drive(sourceNodes[channel], volts)
  }

  mutating func attachClamp(_ channel: Int) throws(CircuitError) {
    let code = state.clampCodes[channel]
    let node = targetNodes[channel]
    if code < 0 {
      try clamped.attach(node, conductance: 1 / AnalogBoard.releasedOhms, volts: 0)
    } else {
      let volts = output(
        ofCode: UInt32(truncatingIfNeeded: code), errors: parts.clampErrors[channel])
      let ohms = max(description.clampOhms, BoardDescription.leastClampOhms)
      try clamped.attach(node, conductance: 1 / ohms, volts: volts)
    }
  }

  /// What a digital-to-analog converter truly puts out for a code, V.
  private func output(ofCode code: UInt32, errors: ConverterErrors) -> Double {
    let span = description.converters.reference
    let ideal = span * Double(code) / Double(UInt64(1) << UInt64(converter.bits))
    return errors.applied(to: ideal, span: span) + description.converters.lowest
  }
}

extension BoardDescription {
  /// Whether a fault has taken an edge out of the board.
  fileprivate func breaks(_ edge: Int) -> Bool {
    faults.contains { $0.edge == edge && ($0.kind == .dead || $0.kind == .shorted) }
  }

  /// The level that an edge's comparator A is stuck at, where it is.
  fileprivate func stuckLevel(_ edge: Int) -> Bool? {
    switch faults.last(where: { $0.edge == edge })?.kind {
    case .comparatorStuckLow: false
    case .comparatorStuckHigh: true
    default: nil
    }
  }
}

extension GateDescription {
  /// Where gates stand when a board is powered up, V. A digital potentiometer wakes at the middle of
  /// its range.
  fileprivate var awake: Double {
    if update == .multiplier { return initial }
    guard let tapSpacing, let taps else { return 0 }
    return minimum + Double(taps / 2) * tapSpacing
  }
}
