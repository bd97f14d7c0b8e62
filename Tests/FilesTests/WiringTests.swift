import Files
import Foundation
import Reports
import Testing
import Wiring

/// A board of three learning edges and a resistor; its wiring begins on line 13.
private let board = """
  name: small
  about: Three learning edges in a row.
  nodes: [a, b, c, d]
  edges:
    - [a, b]
    - {from: a, to: c, part: resistor, ohms: 500}
    - [b, c]
    - [c, d]
  sources: [a]
  targets: [d]
  channels: {sources: 3, targets: 2}


  """

private let chains = """
  wiring:
    chip: pinctrl-bcm2711
    kind: chains
    lines:
      SCLK: 11
      MOSI: 10
      MISO: 9
      LATCH: 25
      LOAD: 24
      LEARN: 23
      A0: 5
      A1: 6
      A2: GPIO13
      ENABLE: 19
    selects: [adc, dac, chain, dac, dac]

  """

private let direct = """
  wiring:
    chip: pinctrl-rp1
    kind: direct
    lines: {SCLK: 11, MOSI: 10, MISO: 9, LEARN: 23, CS0: 8, CS1: 7, CS2: 1, CS3: 0}
    selects: [dac, dac, dac, adc]
    edges:
      c-d: {A: 17, B: 27, charge: 14, discharge: 2}
      a-b: {A: 22, B: 24, charge: 15, discharge: 3}
      b-c: {A: 25, B: 12, charge: 18, discharge: 4}

  """

private let bus = "  spi: {device: /dev/spidev0.0, speed: 500e3}\n"

/// The text with one part exchanged, which must be there.
private func changed(_ text: String, _ old: String, _ new: String) -> String {
  precondition(text.contains(old), "nothing to exchange: \(old)")
  return board + text.replacingOccurrences(of: old, with: new)
}

private func read(_ text: String) throws -> BoardDescription {
  try BoardDescription.read(text: text, file: "b.yaml")
}

private func wiring(_ text: String) throws -> WiringDescription {
  try #require(try read(text).wiring)
}

private func output(_ select: Int, _ channel: Int) -> WiringDescription.Output {
  WiringDescription.Output(select: select, channel: channel)
}

@Suite struct WiringTests {
  @Test func `a board without wiring is legal`() throws {
    #expect(try read(board).wiring == nil)
    #expect(BoardDescription.lattice(side: 4).wiring == nil)
  }

  @Test func `chains have ten lines in a fixed order`() throws {
    let wiring = try wiring(board + chains)
    #expect(wiring.chip == "pinctrl-bcm2711")
    #expect(wiring.kind == .chains)
    #expect(
      wiring.wires.map(\.role) == [
        "SCLK", "MOSI", "MISO", "LATCH", "LOAD", "LEARN", "A0", "A1", "A2", "ENABLE",
      ])
    #expect(wiring.wires[0].line == .offset(11))
    #expect(wiring.wires[8].line == .name("GPIO13"))
    #expect(wiring.selects == [.adc, .dac, .chain, .dac, .dac])
  }

  @Test func `channels take the converter outputs in order, sources before clamps`() throws {
    let wiring = try wiring(board + chains)
    #expect(wiring.sources == [output(1, 0), output(1, 1), output(3, 0)])
    #expect(wiring.clamps == [output(3, 1), output(4, 0)])
    #expect(wiring.targets == [output(0, 0), output(0, 1)])
    #expect(wiring.chain == [0, 1, 2])
  }

  @Test func `channels that are listed leave the other outputs to the rest`() throws {
    let listed = try wiring(
      board + chains + "  sources: [4B, 1B, 3A]\n  targets: [\"0.7\", 0.0]\n"
        + "  chain: [c-d, a-b, b-c]\n")
    #expect(listed.sources == [output(4, 1), output(1, 1), output(3, 0)])
    #expect(listed.clamps == [output(1, 0), output(3, 1)])
    #expect(listed.targets == [output(0, 7), output(0, 0)])
    #expect(listed.chain == [2, 0, 1])
    let clamps = try wiring(board + chains + "  clamps: [1A, 3A]\n")
    #expect(clamps.sources == [output(1, 1), output(3, 1), output(4, 0)])
  }

  @Test func `direct wiring has a line for each select and four for each edge in order`() throws {
    let wiring = try wiring(board + direct)
    #expect(
      wiring.wires.map(\.role) == [
        "SCLK", "MOSI", "MISO", "LEARN", "CS0", "CS1", "CS2", "CS3",
        "a-b.A", "a-b.B", "a-b.charge", "a-b.discharge",
        "b-c.A", "b-c.B", "b-c.charge", "b-c.discharge",
        "c-d.A", "c-d.B", "c-d.charge", "c-d.discharge",
      ])
    #expect(wiring.wires[10].line == .offset(15))
    #expect(wiring.chain.isEmpty)
  }

  @Test func `a controller takes the three serial lines, whose bits stay`() throws {
    for text in [chains, direct] {
      let plain = try wiring(board + text)
      #expect(plain.spi == nil)
      #expect(plain.requested.count == plain.wires.count)
      let wired = try wiring(board + text + bus)
      #expect(wired.spi == .init(device: "/dev/spidev0.0", speed: 500_000))
      #expect(wired.wires == plain.wires)
      #expect(wired.requested.startIndex == 3)
      #expect(Array(wired.requested) == Array(plain.wires.dropFirst(3)))
    }
    // A converter that holds its sample for longer may be read more slowly.
    let slow = board + "timing: {conversion: 0.05}\n" + chains + bus
    #expect(
      try wiring(slow.replacingOccurrences(of: "500e3", with: "480")).spi?.speed == 480)
  }

  @Test func `a quoted number is the name of a line`() throws {
    let wiring = try wiring(changed(chains, "SCLK: 11", "SCLK: \"10\""))
    #expect(wiring.wires[0].line == .name("10"))
  }

  @Test(arguments: [
    chains, direct, chains.replacingOccurrences(of: "GPIO13", with: "\"13\""),
    chains + "  sources: [4B, 1B, 3A]\n  targets: [\"0.7\", \"0.0\"]\n  chain: [c-d, a-b, b-c]\n",
    chains + bus, direct + bus,
    direct.replacingOccurrences(of: "A: 17", with: "A: \"GPIO 17: \\\"x\\\", on\""),
  ])
  func `wiring reads back equal from the file it is written to`(_ text: String) throws {
    let first = try read(board + text)
    #expect(first.wiring != nil)
    #expect(try read(first.yaml()) == first)
  }

  @Test func `wiring survives a round trip through JSON, and files without it still decode`() throws
  {
    for text in [board, board + chains, board + direct, board + chains + bus] {
      let first = try read(text)
      let data = try JSONEncoder().encode(first)
      #expect(try JSONDecoder().decode(BoardDescription.self, from: data) == first)
    }
  }

  @Test(arguments: [
    // Lines.
    Refusal(
      changed(chains, "LEARN: 23", "LEARN: 10"), "b.yaml:22: LEARN of lines of wiring is line 10",
      "which already is MOSI", "a line of its own"),
    Refusal(
      changed(chains, "A1: 6", "A1: GPIO13"), "b.yaml:25: A2 of lines of wiring is GPIO13",
      "which already is A1"),
    Refusal(
      changed(direct, "charge: 15", "charge: 23"),
      "b.yaml:20: charge of a-b of edges of wiring is line 23", "which already is LEARN"),
    Refusal(
      changed(chains, "    LOAD: 24\n", ""), "b.yaml:17: lines of wiring lacks the role LOAD",
      "SCLK, MOSI, MISO, LATCH, LOAD, LEARN, A0, A1, A2, ENABLE"),
    Refusal(
      changed(direct, ", CS3: 0", ""), "b.yaml:16: lines of wiring lacks the role CS3",
      "needed are SCLK, MOSI, MISO, LEARN, CS0, CS1, CS2, CS3"),
    Refusal(
      changed(chains, "LATCH: 25", "LACTH: 25"), "b.yaml:20: unknown key \"LACTH\"",
      "did you mean LATCH?"),
    Refusal(
      changed(direct, "CS3: 0", "CS3: 0, LATCH: 5"), "b.yaml:16: unknown key \"LATCH\"",
      "allowed are SCLK, MOSI, MISO, LEARN, CS0, CS1, CS2, CS3"),
    Refusal(
      changed(chains, "SCLK: 11", "SCLK: 512"), "b.yaml:17: SCLK of lines of wiring is 512",
      "allowed is 0 ... 511"),
    Refusal(
      changed(chains, "SCLK: 11", "SCLK: -1"), "b.yaml:17: SCLK of lines of wiring is -1",
      "allowed is 0 ... 511"),
    Refusal(
      changed(chains, "SCLK: 11", "SCLK: 1.5"), "b.yaml:17: SCLK of lines of wiring is 1.5",
      "allowed is 0 ... 511"),
    Refusal(
      changed(chains, "SCLK: 11", "SCLK: [11]"), "b.yaml:17: SCLK of lines of wiring must be",
      "the offset or the name of a line"),
    Refusal(
      changed(chains, "GPIO13", String(repeating: "G", count: 32)),
      "b.yaml:25: A2 of lines of wiring is", "at most 31 bytes"),
    // Chip and kind.
    Refusal(
      changed(chains, "  chip: pinctrl-bcm2711\n", ""), "b.yaml:14: wiring needs the key \"chip\""),
    Refusal(
      changed(chains, "chip: pinctrl-bcm2711", "chip: 0"), "b.yaml:14: chip of wiring must be text"),
    Refusal(
      changed(chains, "kind: chains", "kind: chain"), "b.yaml:15: kind of wiring is \"chain\"",
      "did you mean chains?", "direct"),
    Refusal(
      changed(chains, "chip:", "chips: 1\n  chip:"), "b.yaml:14: unknown key \"chips\" of wiring",
      "did you mean chip?"),
    // The serial controller.
    Refusal(
      board + chains + bus.replacingOccurrences(of: "/dev/spidev0.0", with: "/dev/spidev0"),
      "b.yaml:28: device of spi of wiring is \"/dev/spidev0\"", "such as /dev/spidev0.0"),
    Refusal(
      board + chains + bus.replacingOccurrences(of: "500e3", with: "10e3"),
      "b.yaml:28: speed of spi of wiring is 10000 Hz", "allowed is 20000 ... 1000000 Hz",
      "24 clocks"),
    Refusal(
      board + chains + bus.replacingOccurrences(of: "500e3", with: "2e6"),
      "b.yaml:28: speed of spi of wiring is 2000000 Hz", "3.3 V takes up to 1 MHz"),
    Refusal(
      board + chains + bus.replacingOccurrences(of: "500e3", with: "500 kHz"),
      "b.yaml:28: speed of spi of wiring"),
    Refusal(
      board + direct + bus.replacingOccurrences(of: ", speed: 500e3", with: ""),
      "b.yaml:22: spi of wiring needs the key \"speed\""),
    Refusal(
      board + direct + bus.replacingOccurrences(of: "speed", with: "mode: 3, speed"),
      "b.yaml:22: unknown key \"mode\" of spi of wiring"),
    // Selects.
    Refusal(
      changed(
        chains, "[adc, dac, chain, dac, dac]", "[chain, dac, dac, dac, dac, dac, dac, adc, adc]"),
      "b.yaml:27: selects of wiring has 9 entries", "3-to-8 decoder", "allowed are 1 ... 8"),
    Refusal(
      changed(chains, "[adc, dac, chain, dac, dac]", "[adc, dac, chain, dac, dca]"),
      "b.yaml:27: select 4 is \"dca\"", "did you mean dac?", "chain, dac, adc"),
    Refusal(
      changed(chains, "adc, dac, chain,", "adc, dac,"),
      "b.yaml:27: selects of wiring lists no chain",
      "one of them must be chain"),
    Refusal(
      changed(chains, "[adc, dac, chain,", "[adc, chain, dac, chain,"),
      "b.yaml:27: select 3 is a chain like select 1"),
    Refusal(
      changed(direct, "[dac, dac, dac, adc]", "[dac, dac, chain, adc]"),
      "b.yaml:17: select 2 is a chain", "allowed are dac, adc"),
    Refusal(
      changed(chains, "chain, dac, dac]", "chain, dac]"),
      "b.yaml:27: 3 source and 2 clamp channels need 5 outputs",
      "the selects list 2 dacs with 4"),
    Refusal(
      changed(chains, "[adc, dac,", "[dac, dac,"), "b.yaml:27: 2 target channels need 2 inputs",
      "the selects list 0 adcs with 0"),
    Refusal(
      (board + chains).replacingOccurrences(of: "targets: 2}", with: "targets: 9}")
        .replacingOccurrences(of: "chain, dac, dac]", with: "chain, dac, dac, dac, dac, dac]"),
      "b.yaml:27: 9 target channels need 9 inputs", "the selects list 1 adc with 8"),
    // Channels.
    Refusal(
      board + chains + "  sources: [1A, 1B, 1A]\n", "b.yaml:28: source 2 is at 1A",
      "which already is source 0"),
    Refusal(
      board + chains + "  sources: [1A, 1B, 3A]\n  clamps: [4A, 3A]\n",
      "b.yaml:29: clamp 1 is at 3A",
      "which already is source 2"),
    Refusal(
      board + chains + "  targets: [\"0.3\", \"0.3\"]\n", "b.yaml:28: target 1 is at 0.3",
      "which already is target 0"),
    Refusal(
      board + chains + "  sources: [1A, 1B, \"0.0\"]\n",
      "b.yaml:28: source 2 is \"0.0\", at an adc",
      "a source needs a dac", "the selects 1, 3, 4"),
    Refusal(
      board + chains + "  clamps: [1A, 0A]\n", "b.yaml:28: clamp 1 is \"0A\", at an adc",
      "a clamp needs a dac"),
    Refusal(
      board + chains + "  clamps: [1A, 2A]\n", "b.yaml:28: clamp 1 is \"2A\", at a chain"),
    Refusal(
      board + chains + "  targets: [\"0.0\", 1A]\n", "b.yaml:28: target 1 is \"1A\", at a dac",
      "a target needs an adc", "the selects 0"),
    Refusal(
      board + chains + "  sources: [1A, 1B, 5A]\n", "b.yaml:28: source 2 is at select 5",
      "does not exist", "allowed are 0 ... 4"),
    Refusal(
      board + chains + "  sources: [1A, 1B, 1C]\n", "b.yaml:28: source 2 is \"1C\"",
      "output A or B, such as 1A"),
    Refusal(
      board + chains + "  targets: [\"0.0\", \"0.8\"]\n", "b.yaml:28: target 1 is \"0.8\"",
      "input 0 ... 7"),
    Refusal(
      board + chains + "  sources: [1A, 1B]\n", "b.yaml:28: sources of wiring has 2 entries",
      "the board has 3 source channels"),
    Refusal(
      board + chains + "  clamps: [1A, 1B, 3A]\n", "b.yaml:28: clamps of wiring has 3 entries",
      "the board has 2 target channels"),
    // Chain.
    Refusal(
      board + chains + "  chain: [a-b, b-c]\n", "b.yaml:28: chain of wiring has 2 entries",
      "there are 3 learning edges", "missing are c-d"),
    Refusal(
      board + chains + "  chain: [a-b, b-c, a-b]\n", "b.yaml:28: position 2 of chain of wiring",
      "is at position 0 already"),
    Refusal(
      board + chains + "  chain: [a-b, b-c, c-d, a-b]\n",
      "b.yaml:28: position 3 of chain of wiring",
      "is at position 0 already"),
    Refusal(
      board + chains + "  chain: [a-b, b-c, d-c]\n", "b.yaml:28: position 2 of chain of wiring",
      "\"d-c\", which is not a learning edge", "did you mean"),
    Refusal(
      board + chains + "  chain: [a-b, a-c, c-d]\n", "b.yaml:28: position 1 of chain of wiring",
      "\"a-c\", which is not a learning edge"),
    Refusal(
      board + direct + "  chain: [a-b, b-c, c-d]\n", "b.yaml:22: chain of wiring does not belong",
      "direct"),
    // Edges of direct wiring.
    Refusal(
      changed(direct, "    a-b: {A: 22, B: 24, charge: 15, discharge: 3}\n", ""),
      "b.yaml:19: edges of wiring lacks the learning edge \"a-b\""),
    Refusal(
      changed(direct, "    c-d:", "    c-e:"), "b.yaml:19: edges of wiring lists \"c-e\"",
      "not a learning edge", "did you mean c-d?", "allowed are a-b, b-c, c-d"),
    Refusal(
      changed(direct, "    c-d:", "    a-c: {}\n    c-d:"),
      "b.yaml:19: edges of wiring lists \"a-c\"",
      "not a learning edge"),
    Refusal(
      changed(direct, "A: 22, ", ""), "b.yaml:20: a-b of edges of wiring lacks A",
      "A, B, charge, discharge"),
    Refusal(
      changed(direct, "B: 24, ", ""), "b.yaml:20: a-b of edges of wiring lacks B"),
    Refusal(
      changed(direct, "charge: 15, ", ""), "b.yaml:20: a-b of edges of wiring lacks charge"),
    Refusal(
      changed(direct, ", discharge: 3", ""), "b.yaml:20: a-b of edges of wiring lacks discharge"),
    Refusal(
      changed(direct, "B: 24", "C: 24"), "b.yaml:20: unknown key \"C\" of a-b of edges of wiring"),
    Refusal(
      board + chains + "  edges: {}\n", "b.yaml:28: edges of wiring does not belong", "chains"),
    Refusal(
      board + direct.prefix(upTo: direct.range(of: "  edges")!.lowerBound),
      "b.yaml:14: wiring needs the key \"edges\""),
    // Boards that cannot be wired.
    Refusal(
      board + "converters: {bits: 10}\n" + chains, "b.yaml:15: converters have 10 bits",
      "MCP3208 have 12", "bits: 12"),
    Refusal(
      board + "gates: {update: multiplier}\n" + chains, "b.yaml:15: the edges are multiplier edges",
      "no drive lines to wire", "leave wiring out"),
    Refusal(
      "name: r\nnodes: [a, b]\nedges:\n  - {from: a, to: b, part: resistor, ohms: 5}\n" + chains,
      "b.yaml:6: there is no learning edge to wire"),
  ])
  func `a wrong wiring is refused with its line and what is allowed`(_ refusal: Refusal) {
    let message = boardRefusal(refusal.text)
    #expect(refusal.matches(message), "\(message ?? "accepted")")
  }

  @Test func `direct wiring of more edges than lines is refused`() throws {
    // 4 lines, a select and 4 lines an edge: 14 edges fit, 15 do not.
    func text(edges: Int) -> String {
      let nodes = (0...edges).map { "n\($0)" }
      var text = "name: many\nnodes: [\(nodes.joined(separator: ", "))]\nedges:\n"
      for edge in 0..<edges { text += "  - [n\(edge), n\(edge + 1)]\n" }
      text += "wiring:\n  chip: c\n  kind: direct\n  selects: [dac]\n"
      text += "  lines: {SCLK: 0, MOSI: 1, MISO: 2, LEARN: 3, CS0: 4}\n  edges:\n"
      for edge in 0..<edges {
        let line = 5 + 4 * edge
        text += "    n\(edge)-n\(edge + 1): {A: \(line), B: \(line + 1), charge: \(line + 2), "
        text += "discharge: \(line + 3)}\n"
      }
      return text
    }
    #expect(try wiring(text(edges: 14)).wires.count == 61)
    let message = try #require(boardRefusal(text(edges: 15)))
    #expect(message.hasPrefix("b.yaml:25: direct wiring of 15 edges takes 65 lines"))
    #expect(message.contains("allowed are 64, so use chains"))
  }
}

@Suite struct WiringTableTests {
  private func shipped(_ name: String) throws -> BoardDescription {
    try BoardDescription.read(path: try locate(name, kind: .board, near: [packageRoot]))
  }

  @Test func `the lattice has a decoder full of selects and ten lines`() throws {
    let wiring = try #require(try shipped("lattice").wiring)
    #expect(wiring.kind == .chains && wiring.wires.count == 10)
    #expect(wiring.selects.count { $0 == .dac } == 6)
    #expect(wiring.selects.count == 8)
    #expect(wiring.sources.count == 8 && wiring.clamps.count == 4)
  }

  @Test func `the breadboard fits on the header of a Raspberry Pi`() throws {
    let wiring = try #require(try shipped("breadboard").wiring)
    #expect(wiring.kind == .direct && wiring.wires.count == 27)
    for wire in wiring.wires {
      guard case .offset(let offset) = wire.line else {
        Issue.record("\(wire.role) has no offset")
        continue
      }
      #expect((1...27).contains(offset))
    }
  }

  @Test func `multiplier boards come without wiring and say why`() throws {
    for name in ["lattice-multiplier", "two-edge"] {
      let board = try shipped(name)
      #expect(board.wiring == nil)
      let error = #expect(throws: DescriptionError.self) { try board.wiringTables() }
      #expect(error?.message.contains("multiplier edges cannot have one") == true)
      #expect(throws: DescriptionError.self) { try board.billOfMaterials() }
    }
  }

  @Test func `bits of an edge follow its position in the chain, spare ones at the far end`() throws
  {
    let board = try read(board + chains + "  chain: [c-d, a-b, b-c]\n")
    let table = try #require(try board.wiringTables().last)
    #expect(
      table.rows == [
        ["0", "c-d", "0", "0.H", "1", "0.G", "7", "0.QA", "6", "0.QB"],
        ["1", "a-b", "2", "0.F", "3", "0.E", "5", "0.QC", "4", "0.QD"],
        ["2", "b-c", "4", "0.D", "5", "0.C", "3", "0.QE", "2", "0.QF"],
      ])
    #expect(table.title.contains("8 bits, 2 of them spare"))
  }

  @Test func `every line says where it goes and how it idles`() throws {
    let lines = try read(board + direct).wiringTables()[0]
    let idle = Dictionary(uniqueKeysWithValues: lines.rows.map { ($0[1], $0[6]) })
    #expect(idle["LEARN"] == "low" && idle["CS3"] == "high")
    #expect(idle["b-c.charge"] == "low" && idle["b-c.discharge"] == "high")
    let decoded = try read(board + chains).wiringTables()[0]
    #expect(decoded.rows.map { $0[0] } == (0..<10).map(String.init))
    #expect(decoded.rows[4][6] == "high" && decoded.rows[9][6] == "low")
    #expect(decoded.rows[8][3] == "GPIO13")
    let controlled = try read(board + chains + bus).wiringTables()[0]
    #expect(controlled.rows == decoded.rows)
    #expect(
      controlled.title.hasSuffix("SCLK, MOSI and MISO are those of /dev/spidev0.0, at 500 kHz."))
  }

  @Test func `directly wired edges are listed with their lines and buffers`() throws {
    let table = try #require(try read(board + direct).wiringTables().last)
    #expect(
      table.rows[2] == ["c-d", "17", "27", "14", "2", "2A1 of 74HCT244 0", "2A2 of 74HCT244 0"])
  }

  @Test func `channels name the nodes and inputs of the task`() throws {
    let iris = try TaskDescription.read(
      path: try locate("iris", kind: .task, near: [packageRoot]))
    let board = try shipped("lattice")
    let tables = try board.wiringTables(for: iris)
    let place = try iris.place(on: board)
    for (channel, row) in tables[2].rows.enumerated() {
      #expect(row[3] == board.nodes[place.sources[channel]])
      #expect(row[4] == iris.inputs[channel].name)
    }
    #expect(tables[3].rows.map { $0[3] } == tables[4].rows.map { $0[3] })
    #expect(tables[4].rows[1].last == "output 1 (versicolor)")
    #expect(tables[4].rows[3][3] == "-")
  }

  @Test func `the bill of materials counts the parts of every edge and channel`() throws {
    func counts(_ board: BoardDescription) throws -> [String: Int] {
      Dictionary(try board.billOfMaterials().map { ($0.part, $0.count) }, uniquingKeysWith: +)
    }
    let lattice = try counts(try shipped("lattice"))
    let expected = [
      "ALD1106": 16, "MCP6544": 16, "1 Mohm 1 %": 256, "2.2 uF polypropylene": 32,
      "100 kohm 1 %": 64, "BAV199": 32, "10 kohm": 67, "74HC165": 8, "74HCT595": 8, "74HC138": 1,
      "74LVC1G125": 1, "74HCT123": 1, "91 kohm 1 %": 1, "470 nF film": 1, "MCP4922": 6,
      "MCP3208": 1, "MCP6024": 2, "100 ohm 1 %": 4, "switch": 1, "1 Mohm": 1, "4.7 uF film": 1,
      "100 kohm": 8,
    ]
    for (part, count) in expected { #expect(lattice[part] == count, "\(part)") }
    #expect(lattice["74HCT244"] == nil)
    let small = try counts(try shipped("breadboard"))
    #expect(small["ALD1106"] == 3 && small["MCP6544"] == 3 && small["74HCT244"] == 2)
    #expect(small["74HC165"] == nil && small["74HC138"] == nil)
    let mixed = try counts(try read(board + chains))
    #expect(mixed["500 ohm 0.1 %"] == 2 && mixed["74HCT595"] == 1 && mixed["MCP6024"] == 1)
  }

  @Test func `every chip has its capacitor`() throws {
    let bill = try shipped("lattice").billOfMaterials()
    let chips = bill.filter(\.isChip).reduce(0) { $0 + $1.count }
    #expect(bill.last == BillEntry(count: chips, part: "100 nF", purpose: bill.last!.purpose))
  }
}
