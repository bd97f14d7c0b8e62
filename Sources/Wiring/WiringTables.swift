import Elements
package import Files
package import Reports

extension BoardDescription {
  /// The wiring as tables to build from: the lines, the selects, the channels with the nodes they
  /// are joined to, and the comparator and drive bits of every edge.
  ///
  /// - Parameter task: the task whose placement joins channels to nodes; the board's default nodes
  ///   if it is nil.
  /// - Returns: the tables, in the order in which one builds.
  /// - Throws: `DescriptionError` if the board has no wiring or the task does not fit it.
  package func wiringTables(
    for task: TaskDescription? = nil
  ) throws(DescriptionError) -> [TextTable] {
    let wiring = try requiredWiring()
    let place = try task?.place(on: self) ?? (sources: sources, targets: targets)
    return [lineTable(wiring), selectTable(wiring)]
      + channelTables(wiring, sources: place.sources, targets: place.targets, task: task)
      + [wiring.kind == .chains ? chainTable(wiring) : directTable(wiring)]
  }

  /// The wiring of a board that must have one.
  func requiredWiring() throws(DescriptionError) -> WiringDescription {
    guard let wiring else {
      throw DescriptionError(
        message:
          "board \(name) has no wiring"
          + (gates.update == .comparator
            ? "; add the section wiring to its file" : "; multiplier edges cannot have one"))
    }
    return wiring
  }

  private func lineTable(_ wiring: WiringDescription) -> TextTable {
    // Converters first, then the chain, as one wires them.
    let parts = WiringDescription.Part.allCases.filter { wiring.selects.contains($0) }
    let converters = parts.filter { $0.kind != .chain }
    let ordered = converters + parts.filter { $0.kind == .chain }
    func pins(_ role: String, and others: [String] = []) -> String {
      let texts = ordered.compactMap { $0.linePins[role] } + others
      return texts.isEmpty ? "nothing" : texts.joined(separator: ", ")
    }
    let dacs = converters.filter { $0.kind == .dac }.map { "each \($0.name)" }
    let watchdog =
      dacs.isEmpty ? [] : ["2B of 74HCT123 (2Q to SHDN of \(dacs.joined(separator: ", ")))"]
    /// Direction, place and idle level of a line shared by the edges.
    func shared(_ role: String) -> [String] {
      switch role {
      case "SCLK":
        ["out", pins(role, and: watchdog), "low"]
      case "MISO": ["in", pins(role), "floating"]
      case "LOAD": ["out", pins(role), "high"]
      case "LEARN":
        [
          "out",
          "CLR of 74HCT123, pulled low (Q inverted to OE of each "
            + "\(wiring.kind == .chains ? "74HCT595" : "74HCT244"), pulled high)", "low",
        ]
      default: ["out", pins(role), "low"]
      }
    }
    let common = WiringDescription.roles(of: wiring.kind, selects: wiring.selects.count, edges: [])
    let rows = wiring.wires.enumerated().map { bit, wire in
      let about: [String]
      if bit < common.count {
        about =
          wire.role.hasPrefix("CS")
          ? ["out", selectPins(wiring, select: bit - 4) + ", pulled high; low selects", "high"]
          : shared(wire.role)
      } else {
        let buffer = directBuffers(edge: (bit - common.count) / 4)
        switch (bit - common.count) % 4 {
        case 0: about = ["in", "output of the edge's comparator A (MCP6544)", "-"]
        case 1: about = ["in", "output of the edge's comparator B (MCP6544)", "-"]
        case 2: about = ["out", "\(buffer.charge); high charges during LEARN", "low"]
        default: about = ["out", "\(buffer.discharge); low discharges during LEARN", "high"]
        }
      }
      return [
        "\(bit)", wire.role, about[0], wire.line.cell, headerPin(wire.line, of: wiring.chip),
        about[1], about[2],
      ]
    }
    var title = "Lines of \(wiring.chip):"
    if let spi = wiring.spi {
      title +=
        "\nSCLK, MOSI and MISO are those of \(spi.device), at \(write(spi.speed / 1000)) kHz."
    }
    return TextTable(
      title: title,
      head: ["bit", "role", "direction", "line", "header pin", "goes to", "idle"], rows: rows)
  }

  /// The pin of a Raspberry Pi's 40-pin header at which a line of its GPIO controller stands; a
  /// dash on other chips, and for lines by name. The numbers are those of Raspberry Pi's
  /// documentation.
  private func headerPin(_ line: WiringDescription.Line, of chip: String) -> String {
    let pins = [
      27, 28, 3, 5, 7, 29, 31, 26, 24, 21, 19, 23, 32, 33,
      8, 10, 36, 11, 12, 35, 38, 40, 15, 16, 18, 22, 37, 13,
    ]
    guard chip.hasPrefix("pinctrl-"), case .offset(let offset) = line, pins.indices.contains(offset)
    else { return "-" }
    return "\(pins[offset])"
  }

  private func selectTable(_ wiring: WiringDescription) -> TextTable {
    TextTable(
      title: "Selects, active low:", head: ["select", "driven by", "part", "goes to"],
      rows: wiring.selects.indices.map { select in
        [
          "\(select)", wiring.kind == .chains ? "Y\(select) of 74HC138" : "CS\(select)",
          wiring.selects[select].word, selectPins(wiring, select: select),
        ]
      })
  }

  private func selectPins(_ wiring: WiringDescription, select: Int) -> String {
    guard wiring.selects.indices.contains(select) else { return "nothing" }
    let part = wiring.selects[select]
    if part.kind == .chain { return part.selectPin }
    let number = wiring.selects.prefix(select).count { $0 == part }
    return "\(part.selectPin) of \(part.name) \(number)"
  }

  private func channelTables(
    _ wiring: WiringDescription, sources: [Int], targets: [Int], task: TaskDescription?
  ) -> [TextTable] {
    func node(_ channel: Int, _ places: [Int]) -> String {
      channel < places.count ? nodes[places[channel]] : "-"
    }
    func pin(_ output: WiringDescription.Output) -> String {
      if output.rail != nil { return "the rail, wired" }
      guard wiring.selects.indices.contains(output.select),
        wiring.selects[output.select].channelPins.indices.contains(output.channel)
      else { return "-" }
      let pin = wiring.selects[output.select].channelPins[output.channel]
      return "\(pin) at select \(output.select)"
    }
    func answer(_ channel: Int) -> String {
      guard let task, channel < task.outputs.channels else { return "-" }
      let output = task.outputs.differential ? channel / 2 : channel
      var text = "output \(output)"
      if task.outputs.count == task.classes.count { text += " (\(task.classes[output]))" }
      if task.outputs.differential { text += channel % 2 == 0 ? ", minus" : ", plus" }
      return text
    }
    let nodesOf = task.map { "nodes of task \($0.name)" } ?? "default nodes"
    let ofTask = task != nil
    return [
      TextTable(
        title: "Sources, each through a buffer to its node in both twins; \(nodesOf):",
        head: ["source", "output", "pin", "node"] + (ofTask ? ["input"] : []),
        rows: wiring.sources.enumerated().map { channel, output in
          var row = ["\(channel)", output.word(at: .dac), pin(output)]
          row.append(node(channel, sources))
          if let task {
            row.append(channel < task.inputs.count ? task.inputs[channel].name : "-")
          }
          return row
        }),
      TextTable(
        title: "Clamps, each through its resistor to its node in the clamped twin; \(nodesOf):",
        head: ["clamp", "output", "pin", "node"] + (ofTask ? ["answer"] : []),
        rows: wiring.clamps.enumerated().map { channel, output in
          [
            "\(channel)", output.word(at: .dac), pin(output), node(channel, targets),
          ] + (ofTask ? [answer(channel)] : [])
        }),
      TextTable(
        title: "Targets, each read at its node in the free twin; \(nodesOf):",
        head: ["target", "input", "pin", "node"] + (ofTask ? ["answer"] : []),
        rows: wiring.targets.enumerated().map { channel, output in
          [
            "\(channel)", output.word(at: .adc), pin(output), node(channel, targets),
          ] + (ofTask ? [answer(channel)] : [])
        }),
    ]
  }

  private func chainTable(_ wiring: WiringDescription) -> TextTable {
    let names = learningEdges.map(\.name)
    let chips = (2 * wiring.chain.count + 7) / 8
    let bits = 8 * chips
    // The last input of a 74HC165 comes out first; the last bit sent stays in the first output.
    func input(_ bit: Int) -> String { "\(bit / 8).\(Array("HGFEDCBA")[bit % 8])" }
    func output(_ bit: Int) -> String { "\(bit / 8).Q\(Array("ABCDEFGH")[bit % 8])" }
    return TextTable(
      title: """
        Chains of \(chips) 74HC165 and \(chips) 74HCT595: \(bits) bits, \
        \(bits - 2 * wiring.chain.count) of them spare.
        74HC165 0 is nearest to MISO: QH of each goes to SER of the one before, spare inputs to ground.
        74HCT595 0 is nearest to MOSI: QH' of each goes to SER of the next, that of the last through a
        divider to SER of the last 74HC165.
        Bits are counted from the first that is read or sent; spare ones are read last and sent first.
        Drive bits at rest: charge 0, discharge 1.
        """,
      head: [
        "position", "edge", "A read", "165", "B read", "165", "charge sent", "595",
        "discharge sent", "595",
      ],
      rows: wiring.chain.enumerated().map { position, edge in
        let bit = 2 * position
        return [
          "\(position)", names[edge], "\(bit)", input(bit), "\(bit + 1)", input(bit + 1),
          "\(bits - 1 - bit)", output(bit), "\(bits - 2 - bit)", output(bit + 1),
        ]
      })
  }

  private func directTable(_ wiring: WiringDescription) -> TextTable {
    let names = learningEdges.map(\.name)
    let roles = WiringDescription.edgeRoles
    let first = wiring.wires.count - roles.count * names.count
    return TextTable(
      title: "Edges, each by four lines; drives at rest: charge low, discharge high.",
      head: ["edge"] + roles + ["charge through", "discharge through"],
      rows: names.enumerated().map { edge, name in
        let own = wiring.wires.dropFirst(first + roles.count * edge).prefix(roles.count)
        let buffer = directBuffers(edge: edge)
        return [name] + own.map(\.line.cell) + [buffer.charge, buffer.discharge]
      })
  }

  /// The buffers that drive a directly wired edge.
  private func directBuffers(edge: Int) -> (charge: String, discharge: String) {
    func input(_ bit: Int) -> String {
      "\(bit % 8 / 4 + 1)A\(bit % 4 + 1) of 74HCT244 \(bit / 8)"
    }
    return (input(2 * edge), input(2 * edge + 1))
  }
}

extension WiringDescription.Line {
  /// The line in a column of lines.
  var cell: String {
    switch self {
    case .offset(let offset): "\(offset)"
    case .name(let name): name
    }
  }
}
