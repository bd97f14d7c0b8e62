import Circuit

/// What is wrong with a value, and the keys of a file under which it may be found.
///
/// Every range of a description is checked here, on the value. What comes from a YAML file is checked
/// too where it is read, for the sake of the line, by the same limits; what comes from elsewhere, such
/// as the setting of a run, is checked here alone.
struct Violation: Error {
  let keys: [String]
  let message: String

  init(_ keys: String..., message: String) {
    self.keys = keys
    self.message = message
  }

  /// A number that is out of its range.
  init(_ key: String, _ what: String, is value: Double, allowed: ClosedRange<Double>, unit: String)
  {
    self.init(
      key, message: "\(what) is \(write(value)); allowed is \(write(allowed, unit: unit))")
  }
}

extension Fields {
  /// Checks what was read; what is wrong is told with the line of the first key that is given.
  func locate(_ check: () throws(Violation) -> Void) throws(DescriptionError) {
    do throws(Violation) {
      try check()
    } catch {
      throw (error.keys.lazy.compactMap { self[$0] }.first ?? owner).error(error.message)
    }
  }
}

/// Checks a number.
private func check(
  _ value: Double, _ what: String, in allowed: ClosedRange<Double>, unit: String = ""
) throws(Violation) {
  guard allowed.contains(value) else {
    throw Violation("", what, is: value, allowed: allowed, unit: unit)
  }
}

/// Checks a whole number.
private func check(
  _ value: Int, _ what: String, in allowed: ClosedRange<Int>
) throws(Violation) {
  guard allowed.contains(value) else {
    throw Violation(
      message: "\(what) is \(value); allowed is \(allowed.lowerBound) ... \(allowed.upperBound)")
  }
}

/// Checks the length of a list.
private func check(
  count: Int, of what: String, in allowed: ClosedRange<Int>
) throws(Violation) {
  guard allowed.contains(count) else {
    throw Violation(
      message:
        "\(what) has \(count) entries; allowed are \(allowed.lowerBound) ... \(allowed.upperBound)")
  }
}

/// Checks that no name is used twice, and each by a rule of names.
private func check(
  names: [String], of what: String, _ isAllowed: (String) -> Bool
) throws(Violation) {
  var seen: Set<String> = []
  for (index, name) in names.enumerated() {
    guard isAllowed(name) else {
      throw Violation(message: "\(what) \(index) is named \(quote(name)), which is no name")
    }
    guard seen.insert(name).inserted else {
      throw Violation(message: "two of \(what) are named \(quote(name)); names are used once")
    }
  }
}

/// Checks all numbers of a table.
private func check<Root>(
  _ value: Root, _ quantities: [Quantity<Root>], of what: String
) throws(Violation) {
  for quantity in quantities {
    let number = value[keyPath: quantity.path]
    guard quantity.allowed.contains(number) else {
      throw Violation(
        quantity.key, "\(quantity.key) of \(what)", is: number, allowed: quantity.allowed,
        unit: quantity.unit)
    }
  }
}

// MARK: - Boards

extension BoardDescription {
  static let nodesAllowed = 2...65536
  static let edgesAllowed = 1...65536
  static let channelsAllowed = 0...1024
  static let lowestAllowed = -5.0...5.5
  static let highestAllowed = 0.0...5.5
  static let clampAllowed = 0.0...1e6

  /// How many times RC a pulse may last: gates have long come to rest, and computing them any further
  /// would only take time.
  static let pulseConstants = 100.0

  /// Checks everything that `read(path:)` checks, on a value that comes from elsewhere.
  ///
  /// - Throws: `DescriptionError`, without a file, saying what is wrong and what would be allowed.
  public func check() throws(DescriptionError) {
    do throws(Violation) {
      try checkParts()
    } catch {
      throw DescriptionError(message: error.message)
    }
  }

  func checkParts() throws(Violation) {
    guard isName(name) else {
      throw Violation("name", message: "name is \(quote(name)), which is no name of a board")
    }
    guard isText(about) else { throw Violation(message: "about holds a control character") }
    try Files.check(count: nodes.count, of: "nodes", in: Self.nodesAllowed)
    try Files.check(names: nodes, of: "node", isName)
    try Files.check(transistor, Transistor.quantities, of: "transistor")
    try checkEdges()
    try gates.check()
    try Files.check(
      converters.bits, "bits of converters", in: ConverterDescription.bitsAllowed)
    try Files.check(converters, ConverterDescription.quantities, of: "converters")
    try checkTiming()
    try Files.check(clampOhms, "clamp_ohms", in: Self.clampAllowed, unit: "ohm")
    try imperfections.check()
    try checkChannels()
    try checkLimits()
    try checkFaults()
    if wiring != nil { try checkWiring() }
  }

  /// The durations, and that pulses are not too long for the gates.
  func checkTiming() throws(Violation) {
    try Files.check(timing, TimingDescription.quantities, of: "timing")
    let longest = Self.pulseConstants * gates.ohms * gates.farads
    guard timing.pulseLimit <= longest else {
      throw Violation(
        "timing", "gates",
        message:
          "pulse_limit of timing is \(write(timing.pulseLimit)) s; allowed is up to "
          + "\(write(Self.pulseConstants)) times ohms times farads of gates, \(write(longest)) s: a "
          + "gate has come to rest long before")
    }
  }

  private func checkEdges() throws(Violation) {
    try Files.check(count: edges.count, of: "edges", in: Self.edgesAllowed)
    for (index, edge) in edges.enumerated() {
      for node in [edge.from, edge.to] where !nodes.indices.contains(node) {
        throw Violation(
          message: "edge \(index) ends at node \(node); allowed is 0 ... \(nodes.count - 1)")
      }
      guard edge.from != edge.to else {
        throw Violation(
          message:
            "edge \(index) goes from node \(quote(nodes[edge.from])) to itself; two nodes are "
            + "wanted")
      }
      if let bias = edge.bias {
        try Files.check(
          bias, "bias of edge \(index)", in: EdgeDescription.biasAllowed, unit: "V/s")
        guard gates.update == .multiplier else { throw foreignBias(edge) }
        guard edge.part == .learning else {
          throw Violation(message: "edge \(index) has a bias but does not learn")
        }
      }
      try edge.part.check("edge \(index)")
    }
    // Two names of nodes, which an edge has when it is given none, may be longer than a name.
    let given = Set(edges.filter { $0.name != defaultName($0, nodes: nodes) }.map(\.name))
    try Files.check(names: edges.map(\.name), of: "edge") {
      !given.contains($0) || isName($0)
    }
  }

  /// That comparator edges have no bias.
  func foreignBias(_ edge: EdgeDescription) -> Violation {
    Violation(
      "edges",
      message:
        "edge \(quote(edge.name)) has a bias, but comparator edges have none (what they have "
        + "is comparator_offset under imperfections); leave it out, or say update: multiplier under "
        + "gates")
  }

  private func checkChannels() throws(Violation) {
    var used: Set<Int> = []
    for (what, places) in [("sources", sources), ("targets", targets)] {
      try Files.check(count: places.count, of: what, in: Self.channelsAllowed)
      for node in places {
        guard nodes.indices.contains(node) else {
          throw Violation(
            message: "one of \(what) is node \(node); allowed is 0 ... \(nodes.count - 1)")
        }
        guard used.insert(node).inserted else {
          throw Violation(message: "node \(quote(nodes[node])) is used twice as source or target")
        }
      }
    }
    for (what, count, least) in [
      ("sources of channels", sourceChannels, sources.count),
      ("targets of channels", targetChannels, targets.count),
    ] {
      try Files.check(count, what, in: least...Self.channelsAllowed.upperBound)
    }
  }

  /// The voltages nodes may be driven to, which the converters must reach.
  func checkLimits() throws(Violation) {
    try Files.check(nodeLowest, "lowest of limits", in: Self.lowestAllowed, unit: "V")
    try Files.check(nodeHighest, "highest of limits", in: Self.highestAllowed, unit: "V")
    guard nodeLowest < nodeHighest else {
      throw Violation(
        "limits",
        message:
          "limits are \(write(nodeLowest)) ... \(write(nodeHighest)) V; lowest must be below "
          + "highest")
    }
    guard converters.lowest <= nodeLowest else {
      throw Violation(
        "limits",
        message: "nodes may go down to \(write(nodeLowest)) V, but the converters begin at "
          + "\(write(converters.lowest)) V (lowest of converters)")
    }
    guard nodeHighest <= converters.lowest + converters.reference else {
      throw Violation(
        "limits",
        message: "nodes may go up to \(write(nodeHighest)) V, but the converters end at "
          + (converters.lowest == 0 ? "their reference of " : "lowest + reference, ")
          + "\(write(converters.lowest + converters.reference)) V")
    }
  }

  private func checkFaults() throws(Violation) {
    var broken: Set<Int> = []
    for fault in faults {
      guard edges.indices.contains(fault.edge) else {
        throw Violation(
          message: "a fault is at edge \(fault.edge); allowed is 0 ... \(edges.count - 1)")
      }
      let edge = edges[fault.edge]
      guard broken.insert(fault.edge).inserted else {
        throw Violation(message: "edge \(quote(edge.name)) has two faults; one is allowed")
      }
      if fault.kind.isOfComparator, edge.part != .learning || gates.update != .comparator {
        throw Violation(
          message: "a fault is \(fault.kind.word), but edge \(quote(edge.name)) has no comparator")
      }
    }
  }
}

extension EdgeDescription {
  static let biasAllowed = -1000.0...1000.0
}

extension FaultKind {
  /// Whether it can only happen to a comparator.
  var isOfComparator: Bool { self == .comparatorStuckLow || self == .comparatorStuckHigh }
}

extension Part {
  static let gateAllowed = -15.0...15.0
  static let ohmsAllowed = 1e-3...1e12

  fileprivate func check(_ edge: String) throws(Violation) {
    switch self {
    case .learning: break
    case .transistor(let gate):
      try Files.check(gate, "gate of \(edge)", in: Self.gateAllowed, unit: "V")
    case .resistor(let ohms):
      try Files.check(ohms, "ohms of \(edge)", in: Self.ohmsAllowed, unit: "ohm")
    case .potentiometer(let potentiometer, let step):
      try potentiometer.check(of: edge)
      try Files.check(step, "step of \(edge)", in: 0...(potentiometer.steps - 1))
    case .diode(let diode):
      try Files.check(diode, Diode.quantities, of: edge)
    }
  }
}

extension DigitalPotentiometer {
  /// Checks all but the step it is set to.
  func check(of what: String) throws(Violation) {
    try Files.check(self, DigitalPotentiometer.quantities, of: what)
    try Files.check(steps, "steps of \(what)", in: DigitalPotentiometer.stepsAllowed)
    guard lowest < highest else {
      throw Violation(
        "lowest", "highest",
        message:
          "\(what) goes from lowest \(write(lowest)) to highest \(write(highest)) ohm; lowest "
          + "must be below highest")
    }
  }
}

extension GateDescription {
  /// What R C may be, s. Shorter and a line operation is a long time; longer and a pulse does
  /// nothing. The controllers hold RC in 32 bits of nanoseconds.
  static let constantsAllowed = 1e-5...4

  func check() throws(Violation) {
    try Files.check(self, GateDescription.quantities, of: "gates")
    if let steps {
      try Files.check(steps, "steps of gates", in: GateDescription.stepsAllowed)
      guard update == .comparator else {
        throw Violation(
          "steps",
          message: "steps of gates is given, but multiplier edges learn on capacitors; leave it "
            + "out, or say update: comparator")
      }
    }
    if update == .comparator, gain != 1 || powerWeight != 0 {
      let key = gain != 1 ? "gain" : "power_weight"
      throw Violation(
        key,
        message: "\(key) of gates belongs to the analog rule of multiplier edges; leave it out, or "
          + "say update: multiplier")
    }
    let constant = ohms * farads
    guard Self.constantsAllowed.contains(constant) else {
      throw Violation(
        "ohms", "farads",
        message: "ohms times farads is \(write(constant)) s; allowed is "
          + "\(write(Self.constantsAllowed, unit: "s"))")
    }
    guard minimum < maximum else {
      throw Violation(
        "minimum", "maximum",
        message: "gates go from minimum \(write(minimum)) to maximum \(write(maximum)) V; minimum "
          + "must be below maximum")
    }
    guard railLow < railHigh else {
      throw Violation(
        "rail_low", "rail_high",
        message: "gates go from rail_low \(write(railLow)) to rail_high \(write(railHigh)) V; "
          + "rail_low must be below rail_high")
    }
    // Only one of the two pairs of bounds acts on a kind of gate.
    switch update {
    case .comparator:
      guard maximum < supply else {
        throw Violation(
          "maximum", "supply",
          message: "maximum of gates is \(write(maximum)) V, which a supply of \(write(supply)) V "
            + "cannot reach; allowed is less than the supply")
      }
      guard (minimum...maximum).contains(initial) else {
        throw Violation(
          "initial",
          message: "initial of gates is \(write(initial)); allowed is minimum to maximum, "
            + "\(write(minimum...maximum, unit: "V"))")
      }
    case .multiplier:
      guard (railLow...railHigh).contains(initial) else {
        throw Violation(
          "initial",
          message: "initial of gates is \(write(initial)); allowed is rail_low to rail_high, "
            + "\(write(railLow...railHigh, unit: "V"))")
      }
    }
  }
}

extension Imperfections {
  func check() throws(Violation) {
    try Files.check(self, Imperfections.quantities, of: "imperfections")
    guard
      updateBias == 0
        ? updateBiasMedian == 0 : updateBiasMedian > 0 && updateBiasMedian <= updateBias
    else {
      throw Violation(
        "update_bias_median",
        message: "update_bias_median is \(write(updateBiasMedian)) with an update_bias of "
          + "\(write(updateBias)) rms; allowed is above 0 up to the rms, or 0 for both")
    }
    guard comparatorOffset <= comparatorOffsetLimit else {
      throw Violation(
        "comparator_offset", "comparator_offset_limit",
        message: "comparator_offset is \(write(comparatorOffset)), above comparator_offset_limit "
          + "\(write(comparatorOffsetLimit)); raise the limit as well")
    }
    guard leakLowest <= leakHighest else {
      throw Violation(
        "leak_lowest", "leak_highest",
        message: "leak_lowest is \(write(leakLowest)), above leak_highest \(write(leakHighest)); "
          + "give both")
    }
  }
}

// MARK: - Wiring

extension BoardDescription {
  /// What a board must be to be wired at all.
  func checkWirable() throws(Violation) {
    guard converters.lowest == 0 else {
      throw Violation(
        message: "the board has wiring, whose converters begin at 0 V, but lowest of converters is "
          + "\(write(converters.lowest)) V; leave one of the two out")
    }
    guard gates.update == .comparator else {
      throw Violation(
        message: "the edges are multiplier edges, which find and apply their update themselves "
          + "while LEARN is on: they have no comparator bits to read and no drive lines to wire; "
          + "leave wiring out, or make gates {update: comparator}")
    }
    guard edges.contains(where: { $0.part == .learning }) else {
      throw Violation(message: "there is no learning edge to wire; leave wiring out")
    }
    guard converters.bits == 12 else {
      throw Violation(
        message: "converters have \(converters.bits) bits, but the MCP4922 and MCP3208 have 12; "
          + "allowed is bits: 12, or leave wiring out")
    }
  }

  fileprivate func checkWiring() throws(Violation) {
    guard let wiring else { return }
    try checkWirable()
    guard isKernelName(wiring.chip) else {
      throw Violation(message: "chip of wiring is \(quote(wiring.chip)), which no chip is called")
    }
    let most =
      wiring.kind == .chains
      ? WiringDescription.mostDecodedSelects : WiringDescription.mostWires
    try Files.check(count: wiring.selects.count, of: "selects of wiring", in: 1...most)
    let chains = wiring.selects.count { $0 == .chain }
    guard chains == (wiring.kind == .chains ? 1 : 0) else {
      throw Violation(
        message: "selects of wiring list \(chains) chains; the kind \(wiring.kind.rawValue) has "
          + (wiring.kind == .chains ? "one" : "none"))
    }
    try check(wires: wiring)
    try check(outputs: wiring)
    let learning = learningEdges.count
    switch wiring.kind {
    case .chains:
      guard wiring.chain.sorted() == Array(0..<learning) else {
        throw Violation(
          message: "chain of wiring must have each of the \(learning) learning edges once")
      }
    case .direct:
      guard wiring.chain.isEmpty else {
        throw Violation(message: "chain of wiring does not belong to the kind direct")
      }
    }
    if let spi = wiring.spi {
      guard WiringDescription.SerialBus.isDevice(spi.device) else {
        throw Violation(message: "device of spi is \(quote(spi.device)), which is no spidev")
      }
      let lowest = WiringDescription.SerialBus.lowestSpeed(conversion: timing.conversion)
      let highest = WiringDescription.SerialBus.highestSpeed
      guard lowest <= spi.speed, spi.speed <= highest else {
        throw Violation(
          message: "speed of spi is \(write(spi.speed)) Hz; allowed is \(write(lowest)) ... "
            + "\(write(highest)) Hz")
      }
    }
  }

  private func check(wires wiring: WiringDescription) throws(Violation) {
    let roles = WiringDescription.roles(
      of: wiring.kind, selects: wiring.selects.count,
      edges: wiring.kind == .direct ? learningEdges.map(\.name) : [])
    try Files.check(
      count: wiring.wires.count, of: "lines of wiring", in: 1...WiringDescription.mostWires)
    guard wiring.wires.map(\.role) == roles else {
      throw Violation(
        message: "lines of wiring have other roles, or in another order, than the kind "
          + "\(wiring.kind.rawValue): \(enumerate(roles, most: 80))")
    }
    var used: Set<WiringDescription.Line> = []
    for wire in wiring.wires {
      switch wire.line {
      case .offset(let offset):
        try Files.check(
          offset, "\(wire.role) of lines", in: WiringDescription.Line.offsetsAllowed)
      case .name(let name):
        guard isKernelName(name) else {
          throw Violation(
            message: "\(wire.role) of lines is \(quote(name)), which no line is called")
        }
      }
      guard used.insert(wire.line).inserted else {
        throw Violation(
          message: "\(wire.role) of lines is \(wire.line.described), which another role has too; "
            + "every role needs a line of its own")
      }
    }
  }

  private func check(outputs wiring: WiringDescription) throws(Violation) {
    var used: Set<WiringDescription.Output> = []
    for (what, outputs, part, count) in [
      ("source", wiring.sources, WiringDescription.Part.dac, sourceChannels),
      ("clamp", wiring.clamps, .dac, targetChannels),
      ("target", wiring.targets, .adc, targetChannels),
    ] {
      guard outputs.count == count else {
        throw Violation(
          message: "\(what)s of wiring have \(outputs.count) entries; the board has \(count) "
            + "channels for them")
      }
      for (channel, output) in outputs.enumerated() {
        let name = "\(what) \(channel) of wiring"
        if let rail = output.rail {
          guard what == "source", output == WiringDescription.Output(rail: rail) else {
            throw Violation(
              message: "\(name) is a rail; only sources can be, and a rail is at no select")
          }
          try Files.check(
            rail, "rail of \(name)", in: WiringDescription.Output.railsAllowed, unit: "V")
          continue
        }
        guard wiring.selects.indices.contains(output.select),
          wiring.selects[output.select] == part,
          (0..<part.channels).contains(output.channel)
        else {
          throw Violation(
            message:
              "\(name) is at select \(output.select), channel \(output.channel), which is no "
              + "\(part.rawValue)")
        }
        guard used.insert(output).inserted else {
          throw Violation(
            message: "\(name) is at \(output.word(at: part)), which another channel has too")
        }
      }
    }
  }
}

extension WiringDescription.Line {
  static let offsetsAllowed = 0...511
}

extension WiringDescription.Output {
  static let railsAllowed = 0.0...1.024
}

extension WiringDescription.SerialBus {
  /// Whether this is a device of the kernel's spidev.
  static func isDevice(_ path: String) -> Bool {
    path.wholeMatch(of: /\/dev\/spidev[0-9]{1,3}\.[0-9]{1,3}/) != nil
  }

  /// The slowest clock a bus may have, Hz: 24 of them must end within a conversion, s.
  static func lowestSpeed(conversion: Double) -> Double { 24 / conversion }

  /// What an MCP3208 at 3.3 V takes, Hz.
  static let highestSpeed = 1e6
}

// MARK: - Tasks

extension TaskDescription {
  /// Volts a task may speak of; a board allows less.
  static let voltsAllowed = -10.0...10.0
  static let valuesAllowed = -1e30...1e30
  static let columnsAllowed = 0...9999
  static let inputsAllowed = 1...1024
  static let outputsAllowed = 1...512
  static let classesAllowed = 2...512
  static let marginsAllowed = 1e-6...1.0
  /// A line of a data file has at least two bytes.
  static let samplesAllowed = 1...FileKind.data.limit / 2

  /// Checks everything that `read(path:data:)` checks, on a value that comes from elsewhere.
  ///
  /// - Throws: `DescriptionError`, without a file, saying what is wrong and what would be allowed.
  public func check() throws(DescriptionError) {
    do throws(Violation) {
      try checkParts()
    } catch {
      throw DescriptionError(message: error.message)
    }
  }

  private func checkParts() throws(Violation) {
    guard isName(name) else {
      throw Violation(message: "name is \(quote(name)), which is no name of a task")
    }
    guard isText(about) else { throw Violation(message: "about holds a control character") }
    try Files.check(count: inputs.count, of: "inputs", in: Self.inputsAllowed)
    try Files.check(names: inputs.map(\.name), of: "input", isTitle)
    for input in inputs { try input.check() }
    try Files.check(outputs.count, "count of outputs", in: Self.outputsAllowed)
    if !classes.isEmpty {
      try Files.check(count: classes.count, of: "classes", in: Self.classesAllowed)
      try Files.check(names: classes, of: "class", isTitle)
      try outputs.checkTelling(classes: classes.count)
    }
    try Files.check(count: samples.count, of: "samples", in: Self.samplesAllowed)
    try Files.check(training, "training", in: 1...samples.count)
    try checkSamples()
    switch objective {
    case .squaredError:
      guard samples.allSatisfy({ !$0.labels.isEmpty }) else {
        throw Violation(
          message: "objective squared_error needs labels, or volts of classes for other and own "
            + "class")
      }
    case .hinge(let margin):
      guard !classes.isEmpty else {
        throw Violation(
          message: "objective hinge needs classes; without them squared_error is allowed")
      }
      try Files.check(margin, "margin of hinge", in: Self.marginsAllowed, unit: "V")
    }
    for (board, placement) in placements.sorted(by: { $0.key < $1.key }) {
      try check(placement, on: board)
    }
  }

  private func checkSamples() throws(Violation) {
    let labels = samples[0].labels.count
    guard labels == outputs.count || labels == 0 && !classes.isEmpty else {
      throw Violation(
        message: "sample 0 has \(labels) labels; the task has \(outputs.count) outputs")
    }
    // Maps of ranges leave the ends of volts exact only up to rounding.
    let volts =
      Self.voltsAllowed.lowerBound - 1e-9...Self.voltsAllowed.upperBound + 1e-9
    for (number, sample) in samples.enumerated() {
      guard sample.inputs.count == inputs.count else {
        throw Violation(
          message: "sample \(number) has \(sample.inputs.count) inputs; the task has "
            + "\(inputs.count)")
      }
      guard sample.labels.count == labels else {
        throw Violation(
          message: "sample \(number) has \(sample.labels.count) labels; sample 0 has \(labels)")
      }
      for value in sample.inputs + sample.labels where !volts.contains(value) {
        throw Violation(
          message: "an input or label of sample \(number) is \(write(value)); allowed is "
            + "\(write(Self.voltsAllowed, unit: "V"))")
      }
      if let category = sample.category {
        guard classes.indices.contains(category) else {
          throw Violation(
            message: "the class of sample \(number) is \(category); there are \(classes.count)")
        }
      } else if !classes.isEmpty {
        throw Violation(message: "sample \(number) has no class")
      }
    }
  }

  private func check(_ placement: Placement, on board: String) throws(Violation) {
    guard isName(board) else {
      throw Violation(message: "a placement is on \(quote(board)), which is no name of a board")
    }
    for (role, names, count) in [
      ("source", placement.sources, inputs.count),
      ("target", placement.targets, outputs.channels),
    ] where names.count != count {
      throw Violation(
        message: "placement \(quote(board)) has \(names.count) \(role) nodes, but the task takes "
          + "\(count) \(role) channels")
    }
    try Files.check(
      names: placement.sources + placement.targets, of: "node of placement \(quote(board)),",
      isName)
  }
}

extension InputDescription {
  fileprivate func check() throws(Violation) {
    let name = "input \(quote(name))"
    if let column {
      try Files.check(column, "column of \(name)", in: TaskDescription.columnsAllowed)
    }
    for value in [lowest, highest] {
      try Files.check(value, "range of \(name)", in: TaskDescription.valuesAllowed)
    }
    guard lowest < highest else {
      throw Violation(
        message:
          "range of \(name) is \(write(lowest)) to \(write(highest)); the first must be below "
          + "the second")
    }
    for value in [voltsAtLowest, voltsAtHighest] {
      try Files.check(
        value, "volts of \(name)", in: TaskDescription.voltsAllowed, unit: "V")
    }
    if column == nil, voltsAtLowest != voltsAtHighest {
      throw Violation(message: "\(name) has no column but two voltages; a constant has one")
    }
  }
}

extension OutputDescription {
  /// Checks that the outputs can tell so many classes apart.
  func checkTelling(classes: Int) throws(Violation) {
    guard count == classes || (classes == 2 && count == 1) else {
      throw Violation(
        message: "\(count) outputs cannot tell \(classes) classes apart; allowed are \(classes) "
          + "outputs (the largest wins)"
          + (classes == 2 ? " or one differential output (its sign decides)" : ""))
    }
    if count == 1 && !differential {
      throw Violation(
        message: "the sign of one output decides between two classes, but a single node has none; "
          + "write outputs: {count: 1, differential: true}")
    }
  }
}
