import BoardDouble
import Circuit
import Elements
import Files
import Firmware
import Portable
package import Wiring

/// What a board without gate read-back answers to an excitation, by what its parts are: the parameters
/// that are fitted, what is known of them beforehand, and the readings' derivatives with them.
///
/// A gate that is driven follows `ChargePath`, one that is not leaks; the free twin's circuit gives the
/// targets' voltages, its adjoint their derivatives. The clamped twin plays no part.
package struct PartsModel: Sendable {
  /// A parameter of an edge.
  package enum EdgePart: Int, Sendable, CaseIterable {
    /// The transistor's threshold, V.
    case threshold
    /// The logarithm of its strength over the nominal one.
    case strength
    /// The logarithm of the gate's capacitance over the nominal one.
    case capacitance
    /// The logarithm of the charging resistance over the nominal one.
    case chargeResistance
    /// The logarithm of the discharging resistance over the nominal one.
    case dischargeResistance
    /// What the charging diode drops more than the nominal one, V.
    case chargeDrop
    /// What the discharging diode drops more than the nominal one, V.
    case dischargeDrop
    /// The leakage current, A.
    case leakage
    /// Where the gate stood at the beginning of the excitation, V.
    case start
  }

  /// The board.
  let description: BoardDescription
  /// The node of each source channel.
  let sources: [Int]
  /// The node of each target channel.
  let targets: [Int]
  /// The most probable value of each parameter before anything is measured.
  package let means: [Double]
  /// The standard deviation of each parameter before anything is measured.
  package let spreads: [Double]
  /// Whether a target shows each learning edge: one of its ends is joined to a target by nodes that are not
  /// driven.
  let shown: [Bool]

  /// The learning edges' branches and ends.
  private let branches: [(branch: Int, from: Int, to: Int)]
  private var point: OperatingPoint
  /// How many knots of a converter's curve lie where targets are read.
  let knots: Int

  private static let edgeParts = EdgePart.allCases.count
  /// What a gate's voltage hangs on beside the supply.
  private static let moving: [EdgePart] = [
    .capacitance, .chargeResistance, .dischargeResistance, .chargeDrop, .dischargeDrop, .leakage,
    .start,
  ]

  /// A model of a board by its file: its nominal parts, and how far parts of that kind may be off. The
  /// spreads are the file's imperfections, and at least those of 1 % resistors, 10 % capacitors and 10 mV
  /// of a diode's drop.
  ///
  /// - Parameter subject: the board.
  /// - Throws: `CircuitError` for what is no circuit.
  package init(_ subject: Subject) throws {
    let description = subject.description
    self.description = description
    sources = subject.sources
    targets = subject.targets
    shown = Self.shown(description, sources: Set(sources), targets: targets)
    let learning = description.edges.indices.filter { description.edges[$0].part == .learning }
    branches = learning.map { ($0, description.edges[$0].from, description.edges[$0].to) }
    let network = Network(
      nodeCount: description.nodes.count,
      branches: description.edges.map { edge in
        let element: Element =
          switch edge.part {
          case .learning: .transistor(description.transistor, gate: description.gates.initial)
          case .transistor(let gate): .transistor(description.transistor, gate: gate)
          case .fixed(let element): .fixed(element)
          }
        return Branch(from: edge.from, to: edge.to, element: element)
      }, law: description.law)
    point = try OperatingPoint(
      network: network, driven: subject.sources, attachable: subject.targets)

    let size = description.imperfections
    let transistor = description.transistor
    var means: [Double] = []
    var spreads: [Double] = []
    func add(_ mean: Double, _ spread: Double) {
      means.append(mean)
      spreads.append(max(spread, 1e-9 * max(mean.magnitude, 1e-3)))
    }
    func both(_ one: Double, _ other: Double) -> Double { (one * one + other * other).squareRoot() }
    let drop = max(size.diodeDrop, 0.01)
    for _ in learning {
      add(transistor.threshold, max(both(size.thresholdSpread, size.thresholdMismatch), 0.01))
      add(0, max(both(size.strengthSpread, size.strengthMismatch), 0.01))
      add(0, max(size.gateCapacitors, 0.1))
      add(size.driveImbalance / 2, max(size.pathResistors, 0.01))
      add(-size.driveImbalance / 2, max(size.pathResistors, 0.01))
      add(0, drop)
      add(0, drop)
      // Uniform between its bounds.
      add(
        (size.leakLowest + size.leakHighest) / 2,
        max((size.leakHighest - size.leakLowest) / 12.0.squareRoot(), 1e-10))
      add(description.gates.minimum, 0.3)
    }
    add(
      description.gates.supply,
      description.gates.supply * max(size.supplyError, 1e-3) / 3.0.squareRoot())
    let converters = description.converters
    let code = converters.reference / Double(UInt64(1) << UInt64(converters.bits))
    for _ in subject.sources {
      for level in SourceLevel.allCases {
        let volts = level.volts(on: description)
        // Nonlinearity is what is left when the ends are right; codes are rounded everywhere.
        let bent = volts > converters.lowest ? max(size.dacINL, 0.5) : 0.5
        add(
          volts,
          both(
            both(size.dacOffset, size.dacGain * (volts - converters.lowest)),
            bent * code / 3.0.squareRoot()))
      }
    }
    let step = converters.reference / 16
    knots = min(
      16, Int(((description.nodeHighest - converters.lowest) / step).rounded(.up)))
    let channels = description.part(of: .adc).channels
    for _ in stride(from: 0, to: subject.targets.count, by: channels) {
      add(0, max(size.adcOffset, code / 10))
      add(0, max(size.adcGain, 1e-4))
      for _ in 0..<knots { add(0, max(size.adcINL, 0.1) * code / 3.0.squareRoot()) }
    }
    self.means = means
    self.spreads = spreads
  }

  private static func shown(
    _ board: BoardDescription, sources: Set<Int>, targets: [Int]
  ) -> [Bool] {
    var seen = Set(targets)
    var waiting = targets
    while let node = waiting.popLast() {
      for edge in board.edges where edge.from == node || edge.to == node {
        let next = edge.from == node ? edge.to : edge.from
        if !sources.contains(next), seen.insert(next).inserted { waiting.append(next) }
      }
    }
    return board.learningEdges.map { seen.contains($0.from) || seen.contains($0.to) }
  }

  /// The number of edges.
  package var edges: Int { branches.count }

  /// Where a parameter of an edge stands.
  package func index(of part: EdgePart, of edge: Int) -> Int {
    edge * Self.edgeParts + part.rawValue
  }

  /// Where the supply stands.
  package var supply: Int { edges * Self.edgeParts }

  /// Where a source's voltage stands, V, at a level.
  package func index(ofSource channel: Int, _ level: SourceLevel) -> Int {
    supply + 1 + SourceLevel.allCases.count * channel + level.rawValue
  }

  /// Where the offset of a target's converter stands; its gain and its curve's knots follow. The channels of
  /// one chip share its converter.
  func index(ofTarget channel: Int) -> Int {
    let chip = channel / description.part(of: .adc).channels
    return supply + 1 + SourceLevel.allCases.count * sources.count + chip * (2 + knots)
  }

  /// The standard deviation of one reading, V: read noise and rounding to codes.
  package func noise(repeats: Int) -> Double {
    let converters = description.converters
    let code = converters.reference / Double(UInt64(1) << UInt64(converters.bits))
    let one = converters.readNoise * converters.readNoise + code * code / 12
    return (one / Double(repeats)).squareRoot()
  }

  /// The paths of an edge's gate by parameters.
  ///
  /// - Parameters:
  ///   - edge: the edge.
  ///   - parameters: the parameters.
  /// - Returns: the charging and the discharging path.
  package func paths(of edge: Int, _ parameters: [Double]) -> (
    charge: ChargePath, discharge: ChargePath
  ) {
    let gates = description.gates
    func path(_ resistance: EdgePart, _ drop: EdgePart) -> ChargePath {
      ChargePath(
        ohms: gates.ohms * Elementary.exp(parameters[index(of: resistance, of: edge)]),
        farads: gates.farads * Elementary.exp(parameters[index(of: .capacitance, of: edge)]),
        saturation: gates.diodeSaturation, ideality: gates.diodeIdeality,
        dropShift: parameters[index(of: drop, of: edge)])
    }
    return (path(.chargeResistance, .chargeDrop), path(.dischargeResistance, .dischargeDrop))
  }

  /// Whether gates are slow enough to be followed in a reasonable time: RC of every path is at least a thousandth of
  /// the nominal one.
  func isFollowable(_ parameters: [Double]) -> Bool {
    (0..<edges).allSatisfy { edge in
      [EdgePart.chargeResistance, .dischargeResistance].allSatisfy {
        parameters[index(of: .capacitance, of: edge)] + parameters[index(of: $0, of: edge)] > -7
      }
    }
  }

  /// The gate of an edge at each reading of an excitation, V.
  func gates(of edge: Int, _ parameters: [Double], _ excitation: Excitation) -> [Double] {
    let (charge, discharge) = paths(of: edge, parameters)
    let supply = parameters[supply]
    let rate = parameters[index(of: .leakage, of: edge)] / charge.farads
    var gate = parameters[index(of: .start, of: edge)]
    var time = excitation.events.first?.time ?? 0
    var gates: [Double] = []
    for event in excitation.events {
      gate = max(gate - rate * (event.time - time), 0)
      time = event.time
      switch event {
      case .reading: gates.append(gate)
      case .pulse(_, let width, let drives):
        switch drives[edge] {
        case .hold: break
        case .charge: gate = charge.charged(gate, from: supply, for: width)
        case .discharge: gate = discharge.discharged(gate, for: width)
        }
      }
    }
    return gates
  }

  /// How well each branch conducts while all nodes stand at one voltage, S.
  ///
  /// - Parameters:
  ///   - parameters: the parameters.
  ///   - gates: the learning edges' gates, V.
  ///   - volts: the voltage, V.
  /// - Returns: a conductance for each of the board's edges.
  /// - Throws: `CircuitError` where the circuit has no solution.
  mutating func conductances(
    _ parameters: [Double], gates: [Double], at volts: Double
  ) throws -> [Double] {
    for (edge, wire) in branches.enumerated() {
      var device = description.transistor
      device.threshold = parameters[index(of: .threshold, of: edge)]
      device.strength *= Elementary.exp(parameters[index(of: .strength, of: edge)])
      try point.replace(wire.branch, .transistor(device, gate: gates[edge]))
    }
    for node in sources { try point.drive(node, volts) }
    try point.solve()
    return point.linearisation().slopes.map { ($0.x + $0.y) / 2 }
  }

  /// The gate of an edge at the last reading of an excitation, V, and how it changes with the parameters.
  func last(
    of edge: Int, _ parameters: [Double], _ excitation: Excitation
  ) -> (gate: Double, slopes: [(index: Int, slope: Double)]) {
    let gate = gates(of: edge, parameters, excitation).last ?? 0
    let slopes = (Self.moving.map { index(of: $0, of: edge) } + [supply]).map { index in
      var other = parameters
      let step = spreads[index] * 1e-3
      other[index] += step
      return (
        index: index,
        slope: ((gates(of: edge, other, excitation).last ?? 0) - gate) / step
      )
    }
    return (gate, slopes)
  }

  /// What the readings are by parameters, and how they change with them.
  ///
  /// - Parameters:
  ///   - parameters: the parameters.
  ///   - excitation: what was done.
  ///   - derivatives: whether derivatives are wanted.
  ///   - each: is given, for each target of each reading that is not near an end of the converter's range, by how much what was read is above what it is
  ///     by the parameters, V, and the derivatives of the latter with the parameters; zero where nothing
  ///     is said.
  /// - Throws: `CircuitError` where the circuit has no solution.
  package mutating func compare(
    _ parameters: [Double], with excitation: Excitation, derivatives: Bool = true,
    each: (_ residual: Double, _ derivatives: [Double]) -> Void
  ) throws {
    let moving = Self.moving
    var gates: [[Double]] = []
    // By edge, then by moving part, the supply last.
    var slopes: [[[Double]]] = []
    for edge in 0..<edges {
      let base = self.gates(of: edge, parameters, excitation)
      gates.append(base)
      if !derivatives || !shown[edge] {
        slopes.append([])
        continue
      }
      slopes.append(
        (moving.map { index(of: $0, of: edge) } + [supply]).map { index in
          var other = parameters
          let step = spreads[index] * 1e-3
          other[index] += step
          return zip(self.gates(of: edge, other, excitation), base).map { ($0 - $1) / step }
        })
    }
    let transistor = description.transistor
    var number = -1
    for event in excitation.events {
      guard case .reading(_, let levels, let volts) = event else { continue }
      number += 1
      for (edge, wire) in branches.enumerated() {
        var device = transistor
        device.threshold = parameters[index(of: .threshold, of: edge)]
        device.strength *= Elementary.exp(parameters[index(of: .strength, of: edge)])
        try point.replace(wire.branch, .transistor(device, gate: gates[edge][number]))
      }
      for (channel, node) in sources.enumerated() {
        try point.drive(node, parameters[index(ofSource: channel, levels[channel])])
      }
      try point.solve()
      let linear = derivatives ? point.linearisation() : nil
      for (channel, node) in targets.enumerated() where isWhole(volts[channel]) {
        var row = [Double](repeating: 0, count: derivatives ? means.count : 0)
        let true_ = try point.voltage(node)
        let read = reading(channel, of: true_, parameters, into: &row)
        if let linear {
          try differentiate(
            node, by: read.slope, linear, levels, parameters, gates: slopes, number, moving,
            into: &row)
        }
        each(volts[channel] - read.volts, row)
      }
    }
  }

  /// Whether none of the noise of a reading was cut off by an end of the converter's range, V. What is read near
  /// an end is too far inside by much more than a mean of many readings misses.
  private func isWhole(_ reading: Double) -> Bool {
    let converters = description.converters
    let code = converters.reference / Double(UInt64(1) << UInt64(converters.bits))
    let margin = 5 * converters.readNoise + code
    let above = reading - converters.lowest
    return margin < above && above < converters.reference - margin
  }

  /// What a target reads of a voltage.
  private func reading(
    _ channel: Int, of volts: Double, _ parameters: [Double], into row: inout [Double]
  ) -> (volts: Double, slope: Double) {
    let converters = description.converters
    let first = index(ofTarget: channel)
    let above = volts - converters.lowest
    let place = min(max(above / converters.reference, 0), 1) * 16
    // Knot 0 is zero; those beyond what is read are not known.
    let knot = min(Int(place), 15)
    let part = place - Double(knot)
    func curve(_ knot: Int) -> Double {
      knot == 0 || knot > knots ? 0 : parameters[first + 1 + knot]
    }
    if !row.isEmpty {
      row[first] = 1
      row[first + 1] = above
      if knot > 0, knot <= knots { row[first + 1 + knot] = 1 - part }
      if knot + 1 <= knots { row[first + 2 + knot] = part }
    }
    let gain = parameters[first + 1]
    return (
      volts + above * gain + parameters[first] + curve(knot) * (1 - part) + curve(knot + 1) * part,
      1 + gain
    )
  }

  private func differentiate(
    _ node: Int, by slope: Double, _ linear: Linearisation, _ levels: [SourceLevel],
    _ parameters: [Double],
    gates: [[[Double]]], _ number: Int, _ moving: [EdgePart], into row: inout [Double]
  ) throws {
    var weights = [Double](repeating: 0, count: description.nodes.count)
    weights[node] = slope
    let adjoint = linear.adjoint(of: weights)
    for (edge, wire) in branches.enumerated() {
      let pull = adjoint[wire.to] - adjoint[wire.from]
      if pull == 0 || !shown[edge] { continue }
      let byGate = pull * linear.gateSlopes[wire.branch]
      row[index(of: .threshold, of: edge)] = -byGate
      row[index(of: .strength, of: edge)] = pull * (try point.current(wire.branch))
      for (place, part) in moving.enumerated() {
        row[index(of: part, of: edge)] = byGate * gates[edge][place][number]
      }
      row[supply] += byGate * gates[edge][moving.count][number]
    }
    for (branch, edge) in description.edges.enumerated() {
      let pull = adjoint[edge.to] - adjoint[edge.from]
      if pull == 0 { continue }
      for (end, change) in [
        (edge.from, linear.slopes[branch].x), (edge.to, -linear.slopes[branch].y),
      ] {
        guard let channel = sources.firstIndex(of: end) else { continue }
        row[index(ofSource: channel, levels[channel])] += pull * change
      }
    }
  }
}
