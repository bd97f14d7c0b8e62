import Elements

extension BoardDescription {
  static let nodesAllowed = 2...65536
  /// How many edges a board may have.
  package static let edgesAllowed = 1...65536
  static let channelsAllowed = 0...1024
  static let lowestAllowed = -5.0...5.5
  static let highestAllowed = 0.0...5.5
  static let clampAllowed = 0.0...1e6

  /// How many times RC a pulse may last: gates have long come to rest, and computing them any
  /// further would only take time.
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
          + "\(write(Self.pulseConstants)) times ohms times farads of gates, \(write(longest)) s: "
          + "a gate has come to rest long before")
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
        + "is comparator_offset under imperfections); leave it out, or say update: multiplier "
        + "under gates")
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
    guard disturbances.allSatisfy(\.isAllowed) else {
      throw Violation(
        message:
          "times of faults are within \(write(Disturbance.seconds, unit: "s")), parts and shares "
          + "within 0 ... 1")
    }
    for fault in lineFaults {
      guard fault.isOnLines else {
        throw Violation(message: "\(fault.words) is among faults of lines, but is on none")
      }
      if let why = fault.misplacement(on: self) { throw Violation(message: why) }
    }
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
      if !isPlace(edge, for: fault.kind) {
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
  /// Whether it can only happen to a comparator, or to the gate that it decides on.
  var isOfComparator: Bool {
    self == .comparatorStuckLow || self == .comparatorStuckHigh || self == .comparatorFloating
      || self == .leaking
  }
}

extension GateDescription {
  /// What R C may be, s. Shorter and a line operation is a long time; longer and a pulse does
  /// nothing. The controllers hold RC in 32 bits of nanoseconds.
  static let constantsAllowed = 1e-5...4

  func check() throws(Violation) {
    try Files.check(self, GateDescription.quantities, of: "gates")
    if let taps {
      try Files.check(taps, "steps of gates", in: GateDescription.tapsAllowed)
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
