import Elements

extension BoardDescription {
  /// Reads and checks a board file.
  ///
  /// - Parameter path: a regular file of UTF-8 text of at most 1 MB.
  /// - Returns: the board.
  /// - Throws: `DescriptionError` with the line of the first entry that is wrong and what would be
  ///   allowed there.
  public static func read(path: String) throws(DescriptionError) -> BoardDescription {
    let bytes = try contents(of: path, as: .board)
    return try read(text: try text(bytes, file: path), file: path)
  }

  /// Reads and checks the text of a board file.
  ///
  /// - Parameters:
  ///   - text: the YAML text.
  ///   - file: what errors call the file.
  /// - Returns: the board.
  /// - Throws: as `read(path:)`.
  public static func read(text: String, file: String) throws(DescriptionError) -> BoardDescription {
    let root = try LocatedNode(text: text, file: file)
    let fields = try root.fields([
      "name", "about", "nodes", "threshold", "transistor", "edges", "gates", "sources", "targets",
      "channels", "limits", "converters", "clamp_ohms", "timing", "imperfections", "faults",
      "wiring",
    ])
    let name = try fields.required("name").name()
    let nodes = try NodeNames(try fields.required("nodes"))
    let edges = try readEdges(try fields.required("edges"), nodes: nodes)
    var board = BoardDescription(name: name, nodes: nodes.names, edges: edges)

    if let about = fields["about"] { board.about = try about.text() }
    if let law = fields["threshold"] {
      board.law = ThresholdLaw(rawValue: try law.word(ThresholdLaw.allCases.map(\.rawValue)))!
    }
    if let transistor = fields["transistor"] {
      let entries = try transistor.fields(Transistor.quantities.map(\.key))
      try entries.read(Transistor.quantities, into: &board.transistor)
    }
    if let gates = fields["gates"] { board.gates = try readGates(gates) }
    if board.gates.update == .comparator, let edge = edges.first(where: { $0.bias != nil }) {
      try fields.locate { () throws(Violation) in throw board.foreignBias(edge) }
    }
    if let converters = fields["converters"] {
      let entries = try converters.fields(["bits"] + ConverterDescription.quantities.map(\.key))
      if let bits = entries["bits"] {
        board.converters.bits = try bits.integer(in: ConverterDescription.bitsAllowed)
      }
      try entries.read(ConverterDescription.quantities, into: &board.converters)
    }
    if let timing = fields["timing"] {
      let entries = try timing.fields(TimingDescription.quantities.map(\.key))
      try entries.read(TimingDescription.quantities, into: &board.timing)
    }
    try fields.locate { () throws(Violation) in try board.checkTiming() }
    if let ohms = fields["clamp_ohms"] {
      board.clampOhms = try ohms.number(in: clampAllowed, unit: "ohm")
    }
    if let imperfections = fields["imperfections"] {
      board.imperfections = try readImperfections(imperfections)
    }
    try board.readChannels(fields, nodes: nodes)
    if let limits = fields["limits"] { try board.readLimits(limits) }
    try fields.locate { () throws(Violation) in try board.checkLimits() }
    if let wiring = fields["wiring"] {
      try board.readWiring(wiring)
    }
    if let faults = fields["faults"] { try board.readFaults(faults) }
    // All that was read is in order: this finds what a reader above has left out.
    try fields.locate { () throws(Violation) in try board.checkParts() }
    return board
  }

  /// Sources, targets and the number of channels for them.
  private mutating func readChannels(
    _ fields: Fields, nodes: NodeNames
  ) throws(DescriptionError) {
    var used: [Int: String] = [:]
    func places(_ key: String, as role: String) throws(DescriptionError) -> [Int] {
      guard let node = fields[key] else { return [] }
      var places: [Int] = []
      for entry in try node.list(of: role, count: BoardDescription.channelsAllowed) {
        let index = try nodes.index(of: entry, verb: "is")
        if let earlier = used[index] {
          throw entry.error(
            "\(entry.what) is node \(quote(nodes.names[index])), which already is \(earlier)")
        }
        used[index] = entry.what
        places.append(index)
      }
      return places
    }
    sources = try places("sources", as: "source")
    targets = try places("targets", as: "target")
    sourceChannels = sources.count
    targetChannels = targets.count
    guard let channels = fields["channels"] else { return }
    let entries = try channels.fields(["sources", "targets"])
    func count(_ key: String, atLeast needed: Int) throws(DescriptionError) -> Int {
      guard let node = entries[key] else { return needed }
      let count = try node.integer(in: BoardDescription.channelsAllowed)
      guard count >= needed else {
        throw node.error(
          "\(node.what) is \(count), but \(key) lists \(needed) nodes; allowed is \(needed) or more"
        )
      }
      return count
    }
    sourceChannels = try count("sources", atLeast: sources.count)
    targetChannels = try count("targets", atLeast: targets.count)
  }

  /// The voltages nodes may be driven to.
  private mutating func readLimits(_ limits: LocatedNode) throws(DescriptionError) {
    let entries = try limits.fields(["lowest", "highest"])
    if let lowest = entries["lowest"] {
      nodeLowest = try lowest.number(in: BoardDescription.lowestAllowed, unit: "V")
    }
    if let highest = entries["highest"] {
      nodeHighest = try highest.number(in: BoardDescription.highestAllowed, unit: "V")
    }
  }

  private mutating func readFaults(_ node: LocatedNode) throws(DescriptionError) {
    var broken: Set<String> = []
    for entry in try node.list(of: "fault", count: 0...edges.count + 64) {
      let fault = try PlacedFault(entry, mayPass: false)
      if case .edge(let name, let kind) = fault {
        guard let edge = edges.first(where: { $0.name == name }) else {
          throw entry.error(
            "\(entry.what) is at edge \(quote(name)), which is not in "
              + "edges\(suggestion(for: name, among: edges.map(\.name))); allowed are "
              + "\(enumerate(edges.map(\.name)))"
          )
        }
        guard broken.insert(name).inserted else {
          throw entry.error("edge \(quote(name)) has two faults; one is allowed")
        }
        guard isPlace(edge, for: kind) else {
          throw entry.error(
            "\(entry.what) is \(kind.word), but edge \(quote(name)) has no comparator")
        }
      } else if let why = fault.misplacement(on: self) {
        throw entry.error("\(entry.what): \(why)")
      }
      if let why = fault.contradiction(to: placedFaults) {
        throw entry.error("\(entry.what): \(why)")
      }
      add(fault)
    }
  }
}

extension FaultKind {
  /// The word for it in a file.
  package var word: String {
    switch self {
    case .dead: "dead"
    case .shorted: "shorted"
    case .comparatorStuckLow: "comparator_stuck_low"
    case .comparatorStuckHigh: "comparator_stuck_high"
    case .comparatorFloating: "comparator_floating"
    case .leaking: "leaking"
    }
  }
}

/// The nodes of a board by name.
private struct NodeNames {
  var names: [String] = []
  private var indices: [String: Int] = [:]

  init(_ node: LocatedNode) throws(DescriptionError) {
    for entry in try node.list(of: "node", count: BoardDescription.nodesAllowed) {
      let name = try entry.name()
      if let earlier = indices.updateValue(names.count, forKey: name) {
        throw entry.error("\(entry.what) is named \(quote(name)) like node \(earlier)")
      }
      names.append(name)
    }
  }

  func index(of node: LocatedNode, verb: String) throws(DescriptionError) -> Int {
    let name = try node.name()
    guard let index = indices[name] else {
      throw node.error(
        "\(node.what) \(verb) node \(quote(name)), which is not in "
          + "nodes\(suggestion(for: name, among: names)); allowed are \(enumerate(names))"
      )
    }
    return index
  }
}

private func readEdges(
  _ node: LocatedNode, nodes: NodeNames
) throws(DescriptionError) -> [EdgeDescription] {
  var edges: [EdgeDescription] = []
  var names: [String: Int] = [:]
  for entry in try node.list(of: "edge", count: BoardDescription.edgesAllowed) {
    var edge = try readEdge(entry, nodes: nodes)
    if edge.name.isEmpty { edge.name = defaultName(edge, nodes: nodes.names) }
    if let earlier = names.updateValue(edges.count, forKey: edge.name) {
      throw entry.error(
        "\(entry.what) is named \(quote(edge.name)) like edge \(earlier); give it a name of its "
          + "own (name: ...)"
      )
    }
    edges.append(edge)
  }
  return edges
}

/// The name of an edge that is given none.
func defaultName(_ edge: EdgeDescription, nodes: [String]) -> String {
  "\(nodes[edge.from])-\(nodes[edge.to])"
}

/// One edge, its name empty if it is given none.
private func readEdge(
  _ node: LocatedNode, nodes: NodeNames
) throws(DescriptionError) -> EdgeDescription {
  func at(_ end: LocatedNode, verb: String) throws(DescriptionError) -> Int {
    try nodes.index(of: LocatedNode(node: end.node, file: end.file, what: node.what), verb: verb)
  }
  func refuseLoop(_ edge: EdgeDescription) throws(DescriptionError) {
    if edge.from == edge.to {
      throw node.error(
        "\(node.what) goes from node \(quote(nodes.names[edge.from])) to itself; two nodes are "
          + "wanted"
      )
    }
  }
  if node.isList {
    let ends = try node.list(of: "end", count: 2...2)
    let edge = EdgeDescription(
      name: "", from: try at(ends[0], verb: "comes from"), to: try at(ends[1], verb: "goes to"))
    try refuseLoop(edge)
    return edge
  }
  guard node.isMapping else {
    throw node.error(
      "\(node.what) must be a pair [from, to] or a mapping {from: ..., to: ..., part: ...}, not "
        + "\(node.found)"
    )
  }
  let common = ["from", "to", "name", "part"]
  let parts = Part.keys
  let fields = try node.fields(common + parts.flatMap(\.keys))
  let part = try fields["part"]?.word(parts.map(\.part)) ?? "learning"
  let own = parts.first { $0.part == part }!.keys
  for (key, value) in fields.values.sorted(by: { $0.key < $1.key })
  where !common.contains(key) && !own.contains(key) {
    throw value.error(
      "key \(quote(key)) of \(node.what) does not belong to the part \(part); allowed are "
        + "\(enumerate(common + own, most: 20))"
    )
  }
  let edge = EdgeDescription(
    name: try fields["name"]?.name() ?? "",
    from: try at(try fields.required("from"), verb: "comes from"),
    to: try at(try fields.required("to"), verb: "goes to"),
    part: try Part(part, fields),
    bias: try fields["bias"]?.number(in: EdgeDescription.biasAllowed, unit: "V/s"))
  try refuseLoop(edge)
  return edge
}

private func readGates(_ node: LocatedNode) throws(DescriptionError) -> GateDescription {
  let fields = try node.fields(
    ["update", "steps"] + GateDescription.quantities.map(\.key))
  var update = UpdateKind.comparator
  if let kind = fields["update"] {
    update = UpdateKind(rawValue: try kind.word(UpdateKind.allCases.map(\.rawValue)))!
  }
  var gates = GateDescription(update: update)
  try fields.read(GateDescription.quantities, into: &gates)
  if let taps = fields["steps"] {
    gates.taps = try taps.integer(in: GateDescription.tapsAllowed)
  }
  for key in ["gain", "power_weight"] where update == .comparator {
    guard let given = fields[key] else { continue }
    throw given.error(
      "\(key) of gates belongs to the analog rule of multiplier edges; leave it out, or say "
        + "update: multiplier")
  }

  try fields.locate { () throws(Violation) in try gates.check() }
  return gates
}

private func readImperfections(_ node: LocatedNode) throws(DescriptionError) -> Imperfections {
  guard node.isMapping else {
    let (word, _) = try node.scalar("measured, none, or a mapping of what differs from measured")
    switch word {
    case "measured": return .measured
    case "none": return .none
    default:
      throw node.error(
        "imperfections is \(quote(word))\(suggestion(for: word, among: ["measured", "none"])); "
          + "allowed are measured, none, or a mapping of what differs from measured"
      )
    }
  }
  let fields = try node.fields(["base", "quantise"] + Imperfections.quantities.map(\.key))
  let base = try fields["base"]?.word(["measured", "none"]) ?? "measured"
  var sizes: Imperfections = base == "none" ? .none : .measured
  try fields.read(Imperfections.quantities, into: &sizes)
  if let quantise = fields["quantise"] { sizes.quantise = try quantise.boolean() }

  if fields["update_bias_median"] == nil {
    // The shape of the distribution stays as measured when only its size is given.
    sizes.updateBiasMedian =
      sizes.updateBias
      * (Imperfections.measured.updateBiasMedian / Imperfections.measured.updateBias)
    if sizes.updateBias == Imperfections.measured.updateBias {
      sizes.updateBiasMedian = Imperfections.measured.updateBiasMedian
    }
  }
  if base == "none", fields["comparator_offset_limit"] == nil {
    sizes.comparatorOffsetLimit =
      sizes.comparatorOffset
      * (Imperfections.measured.comparatorOffsetLimit / Imperfections.measured.comparatorOffset)
  }
  try fields.locate { () throws(Violation) in try sizes.check() }
  return sizes
}
