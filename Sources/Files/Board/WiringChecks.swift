import Elements

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
        message: "converters have \(converters.bits) bits, but the "
          + "\(WiringDescription.Part.dac.name) and \(WiringDescription.Part.adc.name) have 12; "
          + "allowed is bits: 12, or leave wiring out")
    }
  }

  func checkWiring() throws(Violation) {
    guard let wiring else { return }
    try checkWirable()
    guard isKernelName(wiring.chip) else {
      throw Violation(message: "chip of wiring is \(quote(wiring.chip)), which no chip is called")
    }
    let most =
      wiring.kind == .chains
      ? WiringDescription.mostDecodedSelects : WiringDescription.mostWires
    try Files.check(count: wiring.selects.count, of: "selects of wiring", in: 1...most)
    let chains = wiring.selects.count { $0.kind == .chain }
    guard chains == (wiring.kind == .chains ? 1 : 0) else {
      throw Violation(
        message: "selects of wiring list \(chains) chains; the kind \(wiring.kind.rawValue) has "
          + (wiring.kind == .chains ? "one" : "none"))
    }
    for kind in [WiringDescription.Part.Kind.dac, .adc] {
      let names = Set(
        wiring.selects.filter { $0.kind == kind && $0.chip != part(of: kind).chip }.map(\.name))
      guard names.isEmpty else {
        throw Violation(
          message: "selects of wiring list \(part(of: kind).name) and "
            + "\(names.sorted().joined(separator: ", ")), whose frames take different times; use one "
            + "of them throughout")
      }
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
      let highest = WiringDescription.SerialBus.slowestPart(of: wiring.selects).speed
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
    for (what, outputs, kind, count) in [
      ("source", wiring.sources, WiringDescription.Part.Kind.dac, sourceChannels),
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
          wiring.selects[output.select].kind == kind,
          (0..<wiring.selects[output.select].channels).contains(output.channel)
        else {
          throw Violation(
            message:
              "\(name) is at select \(output.select), channel \(output.channel), which is no "
              + "\(kind.rawValue)")
        }
        guard used.insert(output).inserted else {
          throw Violation(
            message: "\(name) is at \(output.word(at: kind)), which another channel has too")
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

  /// The slowest part among those that a bus speaks to, and the fastest clock that it takes, Hz.
  static func slowestPart(
    of selects: [WiringDescription.Part]
  ) -> (part: WiringDescription.Part, speed: Double) {
    var found = (part: WiringDescription.Part.adc, speed: WiringDescription.Part.adc.fastestClock!)
    for part in selects {
      if let speed = part.fastestClock, speed < found.speed { found = (part, speed) }
    }
    return found
  }
}
