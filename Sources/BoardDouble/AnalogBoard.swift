public import Circuit
import Elements
public import Files
public import Firmware
import Portable
public import Wiring

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
  /// The drive supply as it truly is, V.
  public let supply: Double
  /// The charge path of a gate.
  public let chargePath: ChargePath
  /// The discharge path of a gate.
  public let dischargePath: ChargePath
  /// The leakage current of each learning edge's gate, A; none where a potentiometer sets it.
  public let leakage: [Double]
  /// The update bias of each learning edge, V/s; acts on multiplier edges.
  public let bias: [Double]

  /// Everything about the board that changes; the rest follows from the description, seed and
  /// placement.
  public struct State: Sendable, Equatable, Codable {
    /// The gate voltages of the learning edges, V.
    public internal(set) var gates: [Double]
    /// The time at which the gates had these voltages, ns.
    public internal(set) var gatesTime: Int64
    var sourceCodes: [UInt32]
    /// The clamps' codes; -1 for a released one.
    var clampCodes: [Int64]
    /// How many sources' converters put out another voltage than when they are shut down.
    public var sourcesDriven: Int { sourceCodes.count { $0 != 0 } }
    /// How many clamps' converters are not shut down.
    public var clampsDriven: Int { clampCodes.count { $0 >= 0 } }
    /// The comparators' last outputs, A and B of each learning edge: their hysteresis remembers.
    var comparators: [Bool]
    var conversions: [UInt64]
    var pulses: UInt64
    /// The node voltages of the free twin's last solution, V.
    public internal(set) var freeVoltages: [Double]
    /// The node voltages of the clamped twin's last solution, V.
    public internal(set) var clampedVoltages: [Double]
    /// When each twin was solved last, ns; -1 when something has changed since.
    var freeSolved: Int64
    var clampedSolved: Int64
  }

  /// The part that changes.
  public private(set) var state: State

  private var free: OperatingPoint
  private var clamped: OperatingPoint
  /// The two ends of each learning edge.
  private let wires: [(from: Int, to: Int)]
  /// The circuit branch whose gate each learning edge sets; -1 where the edge is dead or shorted.
  public let gatedBranches: [Int]
  /// The level that each learning edge's comparator A is stuck at, where it is.
  private let stuck: [Bool?]
  private let comparatorOffsets: [Double]
  private let averageErrors: [Double]
  private let adcErrors: [ConverterErrors]
  private let sourceErrors: [ConverterErrors]
  private let clampErrors: [ConverterErrors]

  /// The resistance of a clamp output that is shut down, ohm.
  static let releasedOhms = 500e3

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
    let size = description.imperfections
    let gates = description.gates
    self.description = description
    self.seed = seed
    sourceNodes = sources
    targetNodes = targets
    let wired = description.wiring?.sources ?? []
    rails = sources.indices.map { $0 < wired.count ? wired[$0].rail : nil }
    let learning = description.edges.indices.filter { description.edges[$0].part == .learning }
    learningEdges = learning
    wires = learning.map { (description.edges[$0].from, description.edges[$0].to) }
    gatedBranches = learning.map { edge in
      let broken = description.faults.contains {
        $0.edge == edge && ($0.kind == .dead || $0.kind == .shorted)
      }
      return broken ? -1 : edge
    }
    stuck = learning.map { edge in
      switch description.faults.last(where: { $0.edge == edge })?.kind {
      case .comparatorStuckLow: false
      case .comparatorStuckHigh: true
      default: nil
      }
    }

    let bits = size.quantise ? description.converters.bits : 24
    converter = Converter(
      bits: Int32(bits), reference: Voltage(volts: description.converters.reference),
      lowest: Voltage(volts: description.converters.lowest))
    // Nonlinearity is a property of the parts, told in their codes whether codes are rounded or not.
    let step =
      description.converters.reference / Double(UInt64(1) << UInt64(description.converters.bits))

    supply =
      gates.supply
      * (1 + size.supplyError * (2 * Purpose.supply.draw(seed, 0).uniform(0) - 1))
    let dropShift = -0.002 * size.temperatureRise
    func path(_ factor: Double) -> ChargePath {
      ChargePath(
        ohms: gates.ohms * factor, farads: gates.farads, saturation: gates.diodeSaturation,
        ideality: gates.diodeIdeality, dropShift: dropShift)
    }
    chargePath = path(1 + size.driveImbalance / 2)
    dischargePath = path(1 - size.driveImbalance / 2)
    leakage = learning.indices.map { edge in
      gates.taps != nil
        ? 0
        : size.leakLowest
          + (size.leakHighest - size.leakLowest) * Purpose.leak.draw(seed, edge).uniform(0)
    }
    // Magnitudes are log-normal: with median m and root mean square r, ln|B| has the standard
    // deviation sqrt(ln(r/m)).
    let ratio = size.updateBiasMedian > 0 ? size.updateBias / size.updateBiasMedian : 1
    let spread = ratio > 1 ? Elementary.log(ratio).squareRoot() : 0
    bias = learning.indices.map { edge in
      if let known = description.edges[learning[edge]].bias { return known }
      let draw = Purpose.bias.draw(seed, edge)
      let magnitude = size.updateBiasMedian * Elementary.exp(spread * draw.normal(0))
      return draw.uniform(1) < 0.5 ? -magnitude : magnitude
    }

    let limit =
      size.comparatorOffset > 0 ? size.comparatorOffsetLimit / size.comparatorOffset : 0
    comparatorOffsets = (0..<2 * learning.count).map { comparator in
      size.comparatorOffset
        * Purpose.comparatorOffset.draw(seed, comparator).truncatedNormal(0, limit: limit)
    }
    averageErrors = (0..<4 * learning.count).map { average in
      // Two resistors of relative errors e1, e2 put the average off by (e1 - e2)/4 of what lies
      // across them.
      let draw = Purpose.average.draw(seed, average)
      return size.averageResistors * (draw.normal(0) - draw.normal(1)) / 4
    }

    let channels = description.part(of: .adc).channels
    adcErrors = targets.indices.map { channel in
      // The channels of one chip share its converter.
      let chip = channel / channels
      return ConverterErrors(
        offset: size.adcOffset * Purpose.adcOffset.draw(seed, chip).normal(0),
        gain: size.adcGain * Purpose.adcGain.draw(seed, chip).normal(0),
        curve: size.adcINL * step, draw: Purpose.adcCurve.draw(seed, chip))
    }
    func dac(_ output: Int, extra: Double) -> ConverterErrors {
      ConverterErrors(
        offset: size.dacOffset * Purpose.dacOffset.draw(seed, output).normal(0) + extra,
        gain: size.dacGain * Purpose.dacGain.draw(seed, output).normal(0),
        curve: size.dacINL * step, draw: Purpose.dacCurve.draw(seed, output))
    }
    sourceErrors = sources.indices.map { dac($0, extra: 0) }
    clampErrors = targets.indices.map { channel in
      dac(
        1000 + channel,
        extra: size.clampOffset * Purpose.clampOffset.draw(seed, channel).normal(0))
    }

    func twin(_ number: Int) throws(CircuitError) -> OperatingPoint {
      var branches: [Branch] = []
      for (index, edge) in description.edges.enumerated() {
        branches.append(
          Branch(
            from: edge.from, to: edge.to,
            element: AnalogBoard.element(
              edge.part, index: index, twin: number, description: description, seed: seed)))
      }
      return try OperatingPoint(
        network: Network(
          nodeCount: description.nodes.count, branches: branches, law: description.law),
        driven: sources, attachable: targets)
    }
    free = try twin(0)
    clamped = try twin(1)
    for fault in description.faults {
      let element: Element?
      switch fault.kind {
      case .dead: element = .open
      case .shorted: element = .fixed(.resistor(ohms: 1))
      case .comparatorStuckLow, .comparatorStuckHigh: element = nil
      }
      if let element {
        try free.replace(fault.edge, element)
        try clamped.replace(fault.edge, element)
      }
    }

    // A digital potentiometer wakes at the middle of its range.
    let start =
      gates.update == .multiplier
      ? gates.initial : gates.tapSpacing.map { gates.minimum + Double(gates.taps! / 2) * $0 } ?? 0
    state = State(
      gates: Array(repeating: start, count: learning.count), gatesTime: 0,
      sourceCodes: Array(repeating: 0, count: sources.count),
      clampCodes: Array(repeating: -1, count: targets.count),
      comparators: Array(repeating: false, count: 2 * learning.count),
      conversions: Array(repeating: 0, count: targets.count), pulses: 0,
      freeVoltages: free.voltages, clampedVoltages: clamped.voltages, freeSolved: -1,
      clampedSolved: -1)
    try connect()
  }

  /// The element of an edge in one of the twins, with its spread, mismatch and temperature.
  private static func element(
    _ part: Part, index: Int, twin: Int, description: BoardDescription, seed: UInt64
  ) -> Element {
    func transistor(gate: Double) -> Element {
      let size = description.imperfections
      var device = description.transistor
      device.threshold +=
        size.thresholdSpread * Purpose.thresholdSpread.draw(seed, index).normal(0)
        + size.thresholdMismatch * Purpose.thresholdMismatch.draw(seed, 2 * index + twin).normal(0)
        - 0.0012 * size.temperatureRise
      let spread =
        1 + size.strengthSpread * Purpose.strengthSpread.draw(seed, index).normal(0)
        + size.strengthMismatch * Purpose.strengthMismatch.draw(seed, 2 * index + twin).normal(0)
      // A spread of many sigmas must not turn a transistor around.
      device.strength *= max(spread, 0.05) * max(1 - 0.005 * size.temperatureRise, 0.05)
      return .transistor(device, gate: gate)
    }
    switch part {
    case .learning: return transistor(gate: 0)
    case .transistor(let gate): return transistor(gate: gate)
    case .fixed(let element): return .fixed(element)
    }
  }

  /// Applies the state to both twins: the last solutions as warm starts, then the codes, whose driven
  /// voltages may be newer than the solution.
  private mutating func connect() throws(CircuitError) {
    try free.restore(voltages: state.freeVoltages)
    try clamped.restore(voltages: state.clampedVoltages)
    for channel in sourceNodes.indices {
      try driveTwins(channel)
    }
    for channel in targetNodes.indices {
      try attachClamp(channel)
    }
  }

  /// Where gates can be, V. A comparator edge's never pass its supply and ripple; the discharge diode of
  /// a hot board, whose drop is less, takes them a little below 0.
  private var gatesAllowed: ClosedRange<Double> {
    let gates = description.gates
    switch gates.update {
    case .comparator:
      return -1...supply + 10 * description.imperfections.supplyRipple + 1
    case .multiplier:
      // Gates leak toward 0 V from either rail.
      return min(gates.railLow, 0)...max(gates.railHigh, 0)
    }
  }

  /// Puts a board of the same description, seed and placement into a state.
  /// - Throws: `StateMismatch` or `CircuitError` when the state is not one of such a board; the board
  ///   is then unchanged.
  public mutating func restore(_ saved: State) throws {
    guard
      saved.gates.count == state.gates.count
        && saved.sourceCodes.count == state.sourceCodes.count
        && saved.clampCodes.count == state.clampCodes.count
        && saved.comparators.count == state.comparators.count
        && saved.conversions.count == state.conversions.count
        && saved.freeVoltages.count == state.freeVoltages.count
        && saved.clampedVoltages.count == state.clampedVoltages.count
    else { throw StateMismatch() }
    guard
      saved.gates.allSatisfy(gatesAllowed.contains)
        && (saved.freeVoltages + saved.clampedVoltages).allSatisfy({ (-100...100).contains($0) })
        && saved.sourceCodes.allSatisfy({ $0 <= converter.highest })
        && saved.clampCodes.allSatisfy({ (-1...Int64(converter.highest)).contains($0) })
        && [saved.gatesTime, saved.freeSolved, saved.clampedSolved].allSatisfy(
          VirtualState.times.contains)
    else { throw StateMismatch() }
    // What was solved, was solved at the gates' time or before.
    guard max(saved.freeSolved, saved.clampedSolved) <= saved.gatesTime else {
      throw StateMismatch()
    }
    var copy = self
    copy.state = saved
    try copy.connect()
    self = copy
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
    try AnalogBoard.put(gates ?? state.gates, at: gatedBranches, into: &twin)
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
      adcErrors[channel].applied(to: volts - converters.lowest, span: converters.reference)
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
    return clampErrors[channel].applied(
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
    let noise = Purpose.adcNoise.draw(seed, channel).normal(state.conversions[channel])
    state.conversions[channel] &+= 1
    let span = description.converters.reference
    let read =
      adcErrors[channel].applied(
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
        0.5 * (one + other) + averageErrors[4 * edge + number] * (one - other)
      }
      let a = average(0, freeFrom, clampedTo) - average(1, freeTo, clampedFrom)
      let b = average(2, freeFrom, clampedFrom) - average(3, freeTo, clampedTo)
      func output(_ comparator: Int, _ difference: Double) -> Bool {
        let edgeOfBand = state.comparators[comparator] ? -band : band
        return difference + comparatorOffsets[comparator] > edgeOfBand
      }
      let outputA = stuck[edge] ?? output(2 * edge, a)
      let outputB = output(2 * edge + 1, b)
      state.comparators[2 * edge] = outputA
      state.comparators[2 * edge + 1] = outputB
      if edge < comparisons.count { comparisons[edge] = Comparison(a: outputA, b: outputB) }
    }
  }

  /// Moves the gates through a pulse during which the outputs were on from `start` to `end`.
  ///
  /// - Parameters:
  ///   - start: when the outputs came on.
  ///   - end: when they went off.
  ///   - drives: what each comparator edge is driven to; missing entries hold. Multiplier edges
  ///     follow their own rule.
  /// - Throws: `CircuitError` when a twin, which multiplier edges feel, has no solution.
  public mutating func learn(
    from start: Nanoseconds, to end: Nanoseconds, drives: Span<Drive>
  ) throws(CircuitError) {
    leak(until: start)
    let seconds = Double(max(end.count &- start.count, 0)) * 1e-9
    state.pulses &+= 1
    switch description.gates.update {
    case .comparator: driveGates(seconds: seconds, drives: drives)
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
    let draw = Purpose.jitter.draw(seed, 0).uniform(state.pulses)
    return Nanoseconds(seconds: -mean * Elementary.log(1 - draw))
  }

  /// The gate voltages at a time, V: what a high-impedance probe would read.
  public mutating func gates(at time: Nanoseconds) -> [Double] {
    leak(until: time)
    return state.gates
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

  /// Puts the gates at given voltages, V, as an experimenter with a supply and a probe would; for
  /// tests and for starting points. Missing entries stay.
  public mutating func setGates(_ gates: [Double], at time: Nanoseconds) {
    leak(until: time)
    let multiplier = description.gates.update == .multiplier
    let stepped = description.gates.taps != nil
    let lowest =
      multiplier ? description.gates.railLow : stepped ? description.gates.minimum : 0
    let highest =
      multiplier ? description.gates.railHigh : stepped ? description.gates.maximum : supply
    for (edge, gate) in gates.enumerated() where edge < state.gates.count && gate.isFinite {
      state.gates[edge] = min(max(gate, lowest), highest)
    }
    state.freeSolved = -1
    state.clampedSolved = -1
  }

  // MARK: - Physics

  /// Integrates the comparator edges' gates through a pulse.
  private mutating func driveGates(seconds: Double, drives: Span<Drive>) {
    let ripple =
      description.imperfections.supplyRipple * Purpose.ripple.draw(seed, 0).normal(state.pulses)
    let gates = description.gates
    for edge in 0..<min(drives.count, state.gates.count) {
      let gate = state.gates[edge]
      if let spacing = gates.tapSpacing {
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
        let headroom = supply + ripple - gate
        if headroom > 0 {
          state.gates[edge] = supply + ripple - chargePath.headroom(from: headroom, after: seconds)
        }
      case .discharge:
        state.gates[edge] = dischargePath.headroom(from: gate, after: seconds)
      }
    }
  }

  /// Integrates the multiplier edges' gates,
  /// dG/dt = gain ((1 - lambda) dV_F^2 - dV_C^2)/(R C V0) + B, by the midpoint rule in equal substeps of at most RC/20 with both twins solved anew at each evaluation.
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
        rate * (freeWeight * freeDrop * freeDrop - clampedDrop * clampedDrop) + bias[edge]
      state.gates[edge] = min(
        max(start[edge] + seconds * slope, description.gates.railLow), description.gates.railHigh)
    }
    state.freeSolved = -1
    state.clampedSolved = -1
  }

  /// Lets the gates leak up to a time; never below 0 V.
  private mutating func leak(until time: Nanoseconds) {
    let seconds = Double(time.count &- state.gatesTime) * 1e-9
    if seconds <= 0 { return }
    state.gatesTime = time.count
    for edge in state.gates.indices {
      let loss = leakage[edge] / description.gates.farads * seconds
      state.gates[edge] = max(state.gates[edge] - loss, 0)
    }
  }

  private mutating func solveFree(at time: Nanoseconds) throws(CircuitError) {
    if state.freeSolved >= 0 && time.count &- state.freeSolved < AnalogBoard.keeping { return }
    leak(until: time)
    try AnalogBoard.put(state.gates, at: gatedBranches, into: &free)
    _ = try free.solve()
    state.freeVoltages = free.voltages
    state.freeSolved = time.count
  }

  private mutating func solveClamped(at time: Nanoseconds) throws(CircuitError) {
    if state.clampedSolved >= 0 && time.count &- state.clampedSolved < AnalogBoard.keeping {
      return
    }
    leak(until: time)
    try AnalogBoard.put(state.gates, at: gatedBranches, into: &clamped)
    _ = try clamped.solve()
    state.clampedVoltages = clamped.voltages
    state.clampedSolved = time.count
  }

  /// Puts gate voltages into a twin. It is static because a method would hold a copy of the board,
  /// twin included, and the twin's storage would be copied to be changed.
  private static func put(
    _ gates: [Double], at branches: [Int], into twin: inout OperatingPoint
  ) throws(CircuitError) {
    for (branch, gate) in zip(branches, gates) where branch >= 0 {
      try twin.setGate(branch, gate)
    }
  }

  private mutating func driveTwins(_ channel: Int) throws(CircuitError) {
    let volts =
      rails[channel] ?? output(ofCode: state.sourceCodes[channel], errors: sourceErrors[channel])
    try free.drive(sourceNodes[channel], volts)
    try clamped.drive(sourceNodes[channel], volts)
  }

  private mutating func attachClamp(_ channel: Int) throws(CircuitError) {
    let code = state.clampCodes[channel]
    let node = targetNodes[channel]
    if code < 0 {
      try clamped.attach(node, conductance: 1 / AnalogBoard.releasedOhms, volts: 0)
    } else {
      let volts = output(
        ofCode: UInt32(truncatingIfNeeded: code), errors: clampErrors[channel])
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

/// A saved state that belongs to another board.
public struct StateMismatch: Error, CustomStringConvertible {
  /// Makes the error.
  public init() {}

  /// The error in words.
  public var description: String {
    "the saved state is damaged or of another board: numbers of edges, nodes or channels differ, or a "
      + "voltage, code or time is out of range"
  }
}
