import Elements

extension BoardDescription {
  /// This board as the text of a board file, which reads back equal if the board is valid.
  public func yaml() -> String {
    var lines = ["name: \(scalar(name))"]
    if !about.isEmpty { lines.append("about: \(scalar(about))") }
    lines.append("nodes: \(list(nodes))")
    lines.append("threshold: \(law.rawValue)")
    lines.append("transistor: \(flow(numbers(transistor, Transistor.quantities)))")
    lines.append("edges:")
    for edge in edges { lines.append("  - \(entry(edge))") }
    lines.append("gates:")
    lines.append("  update: \(gates.update.rawValue)")
    lines += numbers(
      gates,
      GateDescription.quantities.filter {
        gates.update == .multiplier || !["gain", "power_weight"].contains($0.key)
      }
    ).map { "  " + $0 }
    if let taps = gates.taps { lines.append("  steps: \(taps)") }
    lines.append("sources: \(list(sources.map { nodes[$0] }))")
    lines.append("targets: \(list(targets.map { nodes[$0] }))")
    lines.append("channels: {sources: \(sourceChannels), targets: \(targetChannels)}")
    lines.append("limits: {lowest: \(write(nodeLowest)), highest: \(write(nodeHighest))}")
    let converter = numbers(converters, ConverterDescription.quantities)
    lines.append("converters: \(flow(["bits: \(converters.bits)"] + converter))")
    lines.append("clamp_ohms: \(write(clampOhms))")
    lines.append("timing: \(flow(numbers(timing, TimingDescription.quantities)))")
    lines += imperfectionLines()
    if self != withoutFaults {
      lines.append("faults:")
      lines += placedFaults.map { "  - \($0.words)" }
    }
    if let wiring { lines += wiringLines(wiring) }
    return lines.joined(separator: "\n") + "\n"
  }

  private func wiringLines(_ wiring: WiringDescription) -> [String] {
    func entry(_ role: String, _ wire: WiringDescription.Wire) -> String {
      switch wire.line {
      case .offset(let offset): "\(role): \(offset)"
      case .name(let name): "\(role): \(scalar(name))"
      }
    }
    func outputs(
      _ key: String, _ outputs: [WiringDescription.Output], at kind: WiringDescription.Part.Kind
    ) -> String {
      // 7.0 without quotes would be a number.
      let words = outputs.map { $0.word(at: kind) }.map { kind == .adc ? "\"\($0)\"" : $0 }
      return "  \(key): [\(words.joined(separator: ", "))]"
    }
    let names = learningEdges.map(\.name)
    let shared = WiringDescription.roles(
      of: wiring.kind, selects: wiring.selects.count, edges: []
    ).count
    var lines = ["wiring:", "  chip: \(scalar(wiring.chip))", "  kind: \(wiring.kind.rawValue)"]
    lines.append("  lines: \(flow(wiring.wires.prefix(shared).map { entry($0.role, $0) }))")
    lines.append("  selects: [\(wiring.selects.map(\.word).joined(separator: ", "))]")
    lines.append(outputs("sources", wiring.sources, at: .dac))
    lines.append(outputs("clamps", wiring.clamps, at: .dac))
    lines.append(outputs("targets", wiring.targets, at: .adc))
    if let spi = wiring.spi {
      lines.append("  spi: {device: \(scalar(spi.device)), speed: \(write(spi.speed))}")
    }
    switch wiring.kind {
    case .chains:
      lines.append("  chain: \(list(wiring.chain.map { names[$0] }))")
    case .direct:
      let roles = WiringDescription.edgeRoles
      lines.append("  edges:")
      for (edge, name) in names.enumerated() {
        let own = wiring.wires.dropFirst(shared + roles.count * edge)
        lines.append("    \(scalar(name)): \(flow(zip(roles, own).map(entry)))")
      }
    }
    return lines
  }

  private func entry(_ edge: EdgeDescription) -> String {
    let from = scalar(nodes[edge.from])
    let to = scalar(nodes[edge.to])
    let named = edge.name != defaultName(edge, nodes: nodes)
    if edge.part == .learning, !named, edge.bias == nil { return "[\(from), \(to)]" }
    var entries = ["from: \(from)", "to: \(to)"]
    if named { entries.append("name: \(scalar(edge.name))") }
    entries.append("part: \(edge.part.word)")
    if edge.part == .learning, let bias = edge.bias { entries.append("bias: \(write(bias))") }
    entries += edge.part.lines
    return flow(entries)
  }

  private func imperfectionLines() -> [String] {
    if imperfections == .measured { return ["imperfections: measured"] }
    if imperfections == .none { return ["imperfections: none"] }
    var lines = ["imperfections:"]
    for quantity in Imperfections.quantities {
      let value = imperfections[keyPath: quantity.path]
      // The median follows the rms when it is left out, so it is always written.
      if value != Imperfections.measured[keyPath: quantity.path]
        || quantity.key == "update_bias_median"
      {
        lines.append("  \(quantity.key): \(write(value))")
      }
    }
    if imperfections.quantise != Imperfections.measured.quantise {
      lines.append("  quantise: \(imperfections.quantise)")
    }
    return lines
  }
}

private func numbers<Root>(_ value: Root, _ quantities: [Quantity<Root>]) -> [String] {
  quantities.map { "\($0.key): \(write(value[keyPath: $0.path]))" }
}

private func flow(_ entries: [String]) -> String { "{\(entries.joined(separator: ", "))}" }

private func list(_ names: [String]) -> String {
  "[\(names.map(scalar).joined(separator: ", "))]"
}

/// Text as a YAML scalar that reads back as this text, in quotes unless it plainly needs none.
func scalar(_ text: String) -> String {
  let letters = text.utf8.allSatisfy {
    switch $0 {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
      UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: " "):
      true
    default: false
    }
  }
  // Words that some reader of YAML takes for a boolean, a number or nothing.
  let reserved = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"]
  let startsWithLetter = text.unicodeScalars.first.map { $0.isASCII && $0.properties.isAlphabetic }
  if letters, startsWithLetter == true, text.last != " ", !reserved.contains(text.lowercased()) {
    return text
  }
  var quoted = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": quoted += "\\\""
    case "\\": quoted += "\\\\"
    case "\n": quoted += "\\n"
    case "\t": quoted += "\\t"
    // The reader, which looks before it parses, would take many of these for keys, anchors or
    // aliases.
    case "?": quoted += "\\x3F"
    case "&": quoted += "\\x26"
    case "*": quoted += "\\x2A"
    default:
      if isControl(scalar) {
        let digits = String(scalar.value, radix: 16)
        quoted += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
      } else {
        quoted.unicodeScalars.append(scalar)
      }
    }
  }
  return quoted + "\""
}
