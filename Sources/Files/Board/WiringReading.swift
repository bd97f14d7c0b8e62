import Elements

extension BoardDescription {
  /// Reads the wiring of a board whose edges, gates and channels have been read.
  mutating func readWiring(_ node: LocatedNode) throws(DescriptionError) {
    do throws(Violation) { try checkWirable() } catch { throw node.error(error.message) }
    let names = learningEdges.map(\.name)
    let common = ["chip", "kind", "lines", "selects", "sources", "clamps", "targets", "spi"]
    let fields = try node.fields(common + ["chain", "edges"])
    let kinds = WiringDescription.Kind.allCases.map(\.rawValue)
    let kind = WiringDescription.Kind(rawValue: try fields.required("kind").word(kinds))!
    let foreign = kind == .chains ? "edges" : "chain"
    if let entry = fields[foreign] {
      throw entry.error(
        "\(entry.what) does not belong to the kind \(kind.rawValue); allowed are "
          + "\(enumerate(common + [kind == .chains ? "chain" : "edges"], most: 20))"
      )
    }
    let chip = try kernelName(try fields.required("chip"), called: "the label of a GPIO chip")
    let selects = try readSelects(try fields.required("selects"), kind: kind)
    let wires = try readWires(fields, kind: kind, selects: selects.count, edges: names)
    let converters = try readOutputs(fields, selects: selects)
    let chain =
      kind == .chains ? try readChain(fields["chain"], edges: names) : []
    let spi = try fields["spi"].map { node throws(DescriptionError) in
      try readBus(node, selects: selects)
    }
    wiring = WiringDescription(
      chip: chip, kind: kind, wires: wires, selects: selects, sources: converters.sources,
      clamps: converters.clamps, targets: converters.targets, chain: chain, spi: spi)
  }

  /// The serial controller and its clock, which the slowest part must follow.
  private func readBus(
    _ node: LocatedNode, selects: [WiringDescription.Part]
  ) throws(DescriptionError) -> WiringDescription.SerialBus {
    let fields = try node.fields(["device", "speed"])
    let device = try fields.required("device")
    let path = try device.text()
    guard WiringDescription.SerialBus.isDevice(path) else {
      throw device.error(
        "\(device.what) is \(quote(path)); allowed is a device of the kernel's spidev, such as "
          + "/dev/spidev0.0")
    }
    let clock = try fields.required("speed")
    let speed = try clock.number(in: 0...1e9, unit: "Hz")
    let lowest = WiringDescription.SerialBus.lowestSpeed(conversion: timing.conversion)
    let (slowest, highest) = WiringDescription.SerialBus.slowestPart(of: selects)
    guard lowest <= speed, speed <= highest else {
      throw clock.error(
        "\(clock.what) is \(write(speed)) Hz; allowed is \(write(lowest)) ... \(write(highest)) "
          + "Hz: the 24 clocks of a conversion must end within conversion of timing, "
          + "\(write(timing.conversion)) s, and an \(slowest.name) at 3.3 V takes up to "
          + "\(write(highest / 1e6)) MHz")
    }
    return WiringDescription.SerialBus(device: path, speed: speed)
  }

  /// The converter outputs of the channels: those the file lists, and for a list it leaves out the
  /// ones that are not taken, in order.
  private func readOutputs(
    _ fields: Fields, selects: [WiringDescription.Part]
  ) throws(DescriptionError) -> (
    sources: [WiringDescription.Output], clamps: [WiringDescription.Output],
    targets: [WiringDescription.Output]
  ) {
    var reader = OutputReader(selects: selects)
    let sources = try reader.listed(fields["sources"], of: "source", at: .dac, sourceChannels)
    let driven = sourceChannels - (sources ?? []).count { $0.rail != nil }
    func refuseTooFew(
      _ kind: WiringDescription.Part.Kind, needed: Int, for channels: String,
      called outputs: String
    ) throws(DescriptionError) {
      let chips = selects.count { $0.kind == kind }
      let offered = selects.reduce(0) { $0 + ($1.kind == kind ? $1.channels : 0) }
      guard needed <= offered else {
        throw try fields.required("selects").error(
          "\(channels) need \(needed) \(outputs), but the selects list \(chips) "
            + "\(kind.rawValue)\(chips == 1 ? "" : "s") with \(offered); allowed are more of them, "
            + "or fewer channels"
        )
      }
    }
    try refuseTooFew(
      .dac, needed: driven + targetChannels,
      for: "\(driven) source and \(targetChannels) clamp channels", called: "outputs")
    try refuseTooFew(
      .adc, needed: targetChannels, for: "\(targetChannels) target channels", called: "inputs")
    let clamps = try reader.listed(fields["clamps"], of: "clamp", at: .dac, targetChannels)
    let targets = try reader.listed(fields["targets"], of: "target", at: .adc, targetChannels)
    return (
      sources ?? reader.free(at: .dac, sourceChannels),
      clamps ?? reader.free(at: .dac, targetChannels),
      targets ?? reader.free(at: .adc, targetChannels)
    )
  }
}

extension WiringDescription.Output {
  /// The output as a file says it: `1A` of an MCP4922, `7.0` of an MCP3208, `rail 0.45` of a rail.
  package func word(at kind: WiringDescription.Part.Kind) -> String {
    if let rail { return "rail \(write(rail))" }
    return "\(select)\(kind.suffix(ofChannel: channel))"
  }
}

/// A name the kernel could give to a chip or a line.
private func kernelName(
  _ node: LocatedNode, called kind: String
) throws(DescriptionError) -> String {
  let name = try node.title()
  guard isKernelName(name) else {
    throw node.error("\(node.what) is \(quote(name)); \(kind) has at most 31 bytes")
  }
  return name
}

private func readSelects(
  _ node: LocatedNode, kind: WiringDescription.Kind
) throws(DescriptionError) -> [WiringDescription.Part] {
  let entries = try node.list(of: "select", count: 1...WiringDescription.mostWires)
  if kind == .chains, entries.count > WiringDescription.mostDecodedSelects {
    throw node.error(
      "\(node.what) has \(entries.count) entries, but a 3-to-8 decoder has outputs for "
        + "\(WiringDescription.mostDecodedSelects); allowed are 1 ... "
        + "\(WiringDescription.mostDecodedSelects)"
    )
  }
  var selects: [WiringDescription.Part] = []
  var chain: Int?
  for entry in entries {
    let word = try entry.word(WiringDescription.Part.allCases.map(\.word))
    let part = WiringDescription.Part(word: word)!
    if part.kind == .chain {
      if kind == .direct {
        throw entry.error(
          "\(entry.what) is a chain, but direct wiring reads every comparator by a line of its "
            + "own; allowed are "
            + enumerate(WiringDescription.Part.allCases.filter { $0.kind != .chain }.map(\.word))
        )
      }
      if let chain {
        throw entry.error(
          "\(entry.what) is a chain like select \(chain); all 74HC165s are in one chain at one "
            + "select")
      }
      chain = selects.count
    }
    selects.append(part)
  }
  if kind == .chains, chain == nil {
    throw node.error(
      "\(node.what) lists no chain, so the comparators could not be read; one of them must be "
        + "chain")
  }
  return selects
}

/// The wires in canonical order, no line used twice.
private func readWires(
  _ fields: Fields, kind: WiringDescription.Kind, selects: Int, edges names: [String]
) throws(DescriptionError) -> [WiringDescription.Wire] {
  let lines = try fields.required("lines")
  let shared = WiringDescription.roles(of: kind, selects: selects, edges: [])
  let given = try lines.fields(shared)
  var wires: [WiringDescription.Wire] = []
  var used: [WiringDescription.Line: String] = [:]
  func add(_ node: LocatedNode, role: String) throws(DescriptionError) {
    let line = try readLine(node)
    if let earlier = used.updateValue(role, forKey: line) {
      throw node.error(
        "\(node.what) is \(line.described), which already is \(earlier); every role needs a line "
          + "of its own"
      )
    }
    wires.append(WiringDescription.Wire(role: role, line: line))
  }
  for role in shared {
    guard let node = given[role] else {
      throw lines.error(
        "\(lines.what) lacks the role \(role); needed are \(enumerate(shared, most: 80))"
      )
    }
    try add(node, role: role)
  }
  guard kind == .direct else { return wires }

  let owner = try fields.required("edges")
  let all = WiringDescription.roles(of: kind, selects: selects, edges: names)
  guard all.count <= WiringDescription.mostWires else {
    throw owner.error(
      "direct wiring of \(names.count) edges takes \(all.count) lines, four for each edge and "
        + "\(shared.count) others; allowed are \(WiringDescription.mostWires), so use chains"
    )
  }
  var entries: [String: LocatedNode] = [:]
  for (key, value) in try owner.entries() {
    guard names.contains(key.text) else {
      throw key.node.error(
        "\(owner.what) lists \(quote(key.text)), which is not a learning "
          + "edge\(suggestion(for: key.text, among: names)); allowed are \(enumerate(names))"
      )
    }
    entries[key.text] = value
  }
  for name in names {
    guard let entry = entries[name] else {
      throw owner.error(
        "\(owner.what) lacks the learning edge \(quote(name)); every one needs A, B, charge and "
          + "discharge"
      )
    }
    let own = try entry.fields(WiringDescription.edgeRoles)
    for role in WiringDescription.edgeRoles {
      guard let node = own[role] else {
        throw entry.error(
          "\(entry.what) lacks \(role); an edge takes \(enumerate(WiringDescription.edgeRoles))")
      }
      try add(node, role: "\(name).\(role)")
    }
  }
  return wires
}

private func readLine(_ node: LocatedNode) throws(DescriptionError) -> WiringDescription.Line {
  let (text, plain) = try node.scalar("the offset or the name of a line")
  if plain, parseNumber(text) != nil {
    return .offset(try node.integer(in: WiringDescription.Line.offsetsAllowed))
  }
  return .name(try kernelName(node, called: "the name of a line"))
}

extension WiringDescription.Line {
  /// The line in a sentence or a table.
  var described: String {
    switch self {
    case .offset(let offset): "line \(offset)"
    case .name(let name): name
    }
  }
}

/// Converter outputs, none used twice.
private struct OutputReader {
  let selects: [WiringDescription.Part]
  private var used: [WiringDescription.Output: String] = [:]

  init(selects: [WiringDescription.Part]) { self.selects = selects }

  /// The outputs a file lists, nil if it lists none.
  mutating func listed(
    _ node: LocatedNode?, of role: String, at kind: WiringDescription.Part.Kind, _ channels: Int
  ) throws(DescriptionError) -> [WiringDescription.Output]? {
    guard let node else { return nil }
    let entries = try node.list(of: role, count: 0...4096)
    guard entries.count == channels else {
      throw node.error(
        "\(node.what) has \(entries.count) entries, but the board has \(channels) "
          + "\(role == "source" ? "source" : "target") channels; one for each is wanted"
      )
    }
    var outputs: [WiringDescription.Output] = []
    for entry in entries {
      let output = try read(entry, role: role, at: kind)
      // Any number of sources may share a rail.
      if output.rail == nil, let earlier = used.updateValue(entry.what, forKey: output) {
        throw entry.error(
          "\(entry.what) is at \(output.word(at: kind)), which already is \(earlier); every "
            + "channel needs an output of its own"
        )
      }
      outputs.append(output)
    }
    return outputs
  }

  /// The first outputs that are not used yet, which thereby are.
  mutating func free(
    at kind: WiringDescription.Part.Kind, _ channels: Int
  ) -> [WiringDescription.Output] {
    let all = selects.indices.filter { selects[$0].kind == kind }.flatMap { select in
      (0..<selects[select].channels).map {
        WiringDescription.Output(select: select, channel: $0)
      }
    }
    let free = Array(all.filter { used[$0] == nil }.prefix(channels))
    for output in free { used[output] = "" }
    return free
  }

  private func read(
    _ node: LocatedNode, role: String, at kind: WiringDescription.Part.Kind
  ) throws(DescriptionError) -> WiringDescription.Output {
    let text = try node.scalar("an output of a converter, such as \(kind.example)").text
    if role == "source", text.hasPrefix("rail ") {
      guard let volts = Double(text.dropFirst(5)),
        WiringDescription.Output.railsAllowed.contains(volts)
      else {
        throw node.error(
          "\(node.what) is \(quote(text)); a rail is followed by its voltage, 0 ... 1.024 V, such "
            + "as rail 0.45")
      }
      return WiringDescription.Output(rail: volts)
    }
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard digits.count <= 4, let select = Int(digits),
      let (channel, written) = WiringDescription.Part.Kind.channel(
        ofSuffix: String(text.dropFirst(digits.count)))
    else {
      throw node.error(
        "\(node.what) is \(quote(text)); allowed are a select and its "
          + (kind == .dac ? "output A or B" : "input 0 ... 7") + ", such as \(kind.example)"
      )
    }
    guard selects.indices.contains(select) else {
      throw node.error(
        "\(node.what) is at select \(select), which does not exist; allowed are 0 ... "
          + "\(selects.count - 1)"
      )
    }
    guard written == kind, selects[select].kind == kind else {
      let fit = selects.indices.filter { selects[$0].kind == kind }.map(String.init)
      let found = selects[select].kind == kind ? written : selects[select].kind
      throw node.error(
        "\(node.what) is \(quote(text)), at \(found == .adc ? "an" : "a") \(found.rawValue), but a "
          + "\(role) needs \(kind == .adc ? "an" : "a") \(kind.rawValue); allowed are the selects "
          + "\(enumerate(fit)), as in \(fit.first ?? "0")\(kind.suffix(ofChannel: 0))"
      )
    }
    let part = selects[select]
    guard channel < part.channels else {
      throw node.error(
        "\(node.what) is \(quote(text)), but the \(part.name) at select \(select) has "
          + "\(part.channels) channels; allowed are \(select)\(kind.suffix(ofChannel: 0)) ... "
          + "\(select)\(kind.suffix(ofChannel: part.channels - 1))"
      )
    }
    return WiringDescription.Output(select: select, channel: channel)
  }
}

extension WiringDescription.Part.Kind {
  /// How an output of it is written.
  fileprivate var example: String { self == .adc ? "\"7.0\"" : "1A" }
}

/// The learning edge at each position of the chains.
private func readChain(
  _ node: LocatedNode?, edges names: [String]
) throws(DescriptionError) -> [Int] {
  guard let node else { return Array(names.indices) }
  let indices = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
  var chain: [Int] = []
  var positions: [Int: Int] = [:]
  for (position, entry) in try node.list(of: "position", count: 0...65536).enumerated() {
    let name = try entry.name()
    guard let edge = indices[name] else {
      throw entry.error(
        "\(entry.what) is edge \(quote(name)), which is not a learning "
          + "edge\(suggestion(for: name, among: names)); allowed are \(enumerate(names))"
      )
    }
    if let earlier = positions.updateValue(position, forKey: edge) {
      throw entry.error(
        "\(entry.what) is edge \(quote(name)), which is at position \(earlier) already; every "
          + "learning edge has one place in the chain"
      )
    }
    chain.append(edge)
  }
  guard chain.count == names.count else {
    let missing = names.indices.filter { positions[$0] == nil }.map { names[$0] }
    throw node.error(
      "\(node.what) has \(chain.count) entries, but there are \(names.count) learning edges; "
        + "missing are \(enumerate(missing))"
    )
  }
  return chain
}
