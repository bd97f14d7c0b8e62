import Circuit
import Elements
import Files
import Foundation
import Testing

/// A small board with an edge of every part; tests add or exchange lines.
private let start = """
  name: small
  nodes: [a, b, c]
  edges:
    - [a, b]

  """

private func with(edge: String) -> String { start + "  - \(edge)\n" }

@Suite struct BoardReadingTests {
  @Test func `what a file leaves out has the values of the reference board`() throws {
    let board = try BoardDescription.read(text: start, file: "b.yaml")
    #expect(
      board
        == BoardDescription(
          name: "small", nodes: ["a", "b", "c"],
          edges: [EdgeDescription(name: "a-b", from: 0, to: 1, part: .learning)]))
    #expect(board.gates.ohms == 100e3)
    #expect(board.imperfections == .measured)
    #expect(board.nodeHighest == 0.453)
  }

  @Test func `every key of a board is read`() throws {
    let text = """
      name: all
      about: "two: words"
      nodes: [a, b, c]
      threshold: sharp
      transistor: {strength: 1e-3, threshold: 0.8, slope: 1.5}
      edges:
        - [a, b]
        - {from: b, to: c, name: L, part: learning}
        - {from: a, to: c, part: transistor, gate: 2.5}
        - {from: a, to: b, name: R, part: resistor, ohms: 500}
        - {from: b, to: c, part: potentiometer, lowest: 50, highest: 1e4, steps: 100,
           spacing: linear, step: 99}
        - {from: c, to: a, part: diode, saturation: 1e-9, ideality: 1.5}
      gates:
        update: comparator
        ohms: 50e3
        farads: 1e-6
        supply: 4.5
        reference: 0.4
        diode_saturation: 2e-10
        diode_ideality: 1.7
        minimum: 1.1
        maximum: 3.2
        rail_low: 0.7
        rail_high: 5
        initial: 2
      sources: [a]
      targets: [c, b]
      channels: {sources: 4, targets: 3}
      limits: {lowest: 0.1, highest: 0.4}
      converters: {bits: 10, reference: 1.2, read_noise: 0.001}
      clamp_ohms: 0
      timing: {operation: 1e-6, settle: 2e-4, pulse_limit: 0.01, pulse_rest: 0.002}
      imperfections:
        comparator_offset: 0
        adc_inl: 3
        temperature_rise: -10
        quantise: false
      faults:
        - {edge: a-b, kind: comparator_stuck_high}
        - {edge: R, kind: dead}
      """
    let board = try BoardDescription.read(text: text, file: "b.yaml")
    var sizes = Imperfections.measured
    sizes.comparatorOffset = 0
    sizes.adcINL = 3
    sizes.temperatureRise = -10
    sizes.quantise = false
    let potentiometer = DigitalPotentiometer(
      lowest: 50, highest: 1e4, taps: 100, spacing: .linear)
    // The edge b-c that is a potentiometer takes the free name, L having its own.
    let expected = BoardDescription(
      name: "all", about: "two: words", nodes: ["a", "b", "c"], law: .sharp,
      transistor: Transistor(strength: 1e-3, threshold: 0.8, slope: 1.5),
      edges: [
        EdgeDescription(name: "a-b", from: 0, to: 1),
        EdgeDescription(name: "L", from: 1, to: 2),
        EdgeDescription(name: "a-c", from: 0, to: 2, part: .transistor(gate: 2.5)),
        EdgeDescription(name: "R", from: 0, to: 1, part: .fixed(.resistor(ohms: 500))),
        EdgeDescription(
          name: "b-c", from: 1, to: 2, part: .fixed(.potentiometer(potentiometer, tap: 99))),
        EdgeDescription(
          name: "c-a", from: 2, to: 0,
          part: .fixed(.diode(Diode(saturationCurrent: 1e-9, ideality: 1.5)))),
      ],
      gates: GateDescription(
        update: .comparator, ohms: 50e3, farads: 1e-6, supply: 4.5, reference: 0.4,
        diodeSaturation: 2e-10, diodeIdeality: 1.7, minimum: 1.1, maximum: 3.2, railLow: 0.7,
        railHigh: 5, initial: 2),
      sources: [0], targets: [2, 1], sourceChannels: 4, targetChannels: 3, nodeLowest: 0.1,
      nodeHighest: 0.4,
      converters: ConverterDescription(bits: 10, reference: 1.2, readNoise: 0.001), clampOhms: 0,
      timing: TimingDescription(operation: 1e-6, settle: 2e-4, pulseLimit: 0.01, pulseRest: 0.002),
      imperfections: sizes,
      faults: [Fault(kind: .comparatorStuckHigh, edge: 0), Fault(kind: .dead, edge: 3)])
    #expect(board == expected)
    #expect(try BoardDescription.read(text: board.yaml(), file: "again") == board)
  }

  @Test func `a board file may have every fault, and is written with them as it was read`() throws {
    let file = packageRoot + "/board/lattice.yaml"
    let entries = [
      "{kind: supply_sag, to: 0.6, at: 1.0, for: 0.05}", "{edge: n0-n1, kind: dead}",
      "{line: MISO, kind: stuck_low}", "{line: SCLK, kind: swapped, with: MOSI}",
      "{line: LATCH, kind: late}", "{line: LOAD, kind: floating}", "{line: A0, kind: stuck_high}",
      "{select: 1, kind: deaf}", "{select: 7, kind: saturated}", "{select: 2, kind: wrong_chip}",
    ]
    func text(_ entries: [String]) throws -> String {
      try String(contentsOfFile: file, encoding: .utf8)
        + "faults:\n" + entries.map { "  - \($0)\n" }.joined()
    }
    let board = try BoardDescription.read(text: try text(entries), file: "b.yaml")
    #expect(board.lineFaults.count == 8 && board.faults.count == 1)
    #expect(board.disturbances.count == 1)
    #expect(try BoardDescription.read(text: board.yaml(), file: "again") == board)
    let good = try BoardDescription.read(path: file)
    #expect(board.withoutFaults == good)
    for (entry, told) in [
      ("{line: MISOO, kind: late}", "has no line MISOO (did you mean MISO?)"),
      ("{line: MISO, kind: swapped, with: MISO}", "with itself"),
      ("{select: 1, kind: saturated}", "only an MCP3208 can be saturated"),
      ("{line: MISO, kind: odd}", "allowed are stuck_low"),
      ("{line: MISO, kind: late, attempts: 1}", "attempts"),
      ("{kind: stuck_low}", "needs a line, an edge or a select"),
      // What says nothing of a fault is not swallowed.
      ("{edge: n0-n1, kind: dead, at: 3}", "unknown key \"at\" of fault 0; allowed are edge"),
      ("{edge: n0-n1, kind: dead, with: MISO}", "unknown key \"with\""),
      ("{line: MISO, kind: late, by: 1}", "unknown key \"by\""),
      ("{select: 1, kind: deaf, with: MISO}", "unknown key \"with\""),
      ("{kind: clock_jump, by: 1, at: 1, for: 2}", "unknown key \"for\""),
      ("{line: MISO, edge: n0-n1, kind: stuck_low}", "is at line and at edge; allowed is one"),
    ] {
      let message = boardRefusal(try text([entry])) ?? "accepted"
      #expect(message.contains(told), "\(message)")
    }
    for (one, other, about) in [
      ("{line: MISO, kind: stuck_low}", "{line: MISO, kind: stuck_high}", "what line MISO carries"),
      ("{line: MISO, kind: floating}", "{line: MISO, kind: floating}", "what line MISO carries"),
      ("{select: 1, kind: deaf}", "{select: 1, kind: wrong_chip}", "what is at select 1"),
    ] {
      let message = boardRefusal(try text([one, other])) ?? "accepted"
      #expect(message.contains("both say \(about); allowed is one of them"), "\(message)")
    }
    _ = try BoardDescription.read(
      text: try text(["{line: MISO, kind: late}", "{line: MISO, kind: swapped, with: MOSI}"]),
      file: "b.yaml")
  }

  @Test func `faults of a scenario that contradict each other are refused`() throws {
    func read(_ faults: String) throws -> ScenarioDescription {
      try ScenarioDescription.read(
        text: "name: two\nphases: [look]\nfaults: [\(faults)]\nexpect: {phase: look, says: no}\n",
        file: "s.yaml", phases: ["look"], order: [:])
    }
    #expect(throws: DescriptionError.self) {
      try read("{edge: a, kind: dead, attempts: 1}, {edge: a, kind: shorted}")
    }
    #expect(throws: DescriptionError.self) { try read("{edge: a, kind: dead, to: 1}") }
    #expect(try read("{edge: a, kind: leaking}, {edge: a, kind: shorted}").faults.count == 2)
  }

  @Test func `the resistance of a gate follows its kind unless it is given`() throws {
    let plain = try BoardDescription.read(
      text: start + "gates: {update: multiplier}\n", file: "b.yaml")
    #expect(plain.gates.ohms == 1e3)
    let given = try BoardDescription.read(
      text: start + "gates: {update: multiplier, ohms: 100}\n", file: "b.yaml")
    #expect(given.gates.ohms == 100)
  }

  @Test func `imperfections are a word or what differs from measured`() throws {
    func sizes(_ text: String) throws -> Imperfections {
      try BoardDescription.read(text: start + "imperfections: \(text)\n", file: "b").imperfections
    }
    #expect(try sizes("measured") == .measured)
    #expect(try sizes("none") == .none)
    #expect(try sizes("{}") == .measured)
    let ideal = try sizes("{update_bias: 0}")
    #expect(ideal.updateBias == 0 && ideal.updateBiasMedian == 0)
    let doubled = try sizes("{update_bias: 2.4}")
    #expect(abs(doubled.updateBiasMedian - 0.8) < 1e-12)
    #expect(try sizes("{update_bias: 2, update_bias_median: 1}").updateBiasMedian == 1)
  }

  @Test func `an ideal board has no imperfection at all`() {
    let none = Imperfections.none
    for child in Mirror(reflecting: none).children {
      #expect(child.value as? Double == 0 || child.value as? Bool == false)
    }
  }

  @Test func `a single-quoted number is a name like any other`() throws {
    let text = "name: '1'\nnodes: ['0', \"1\"]\nedges: [['0', '1']]\n"
    let board = try BoardDescription.read(text: text, file: "b.yaml")
    #expect(board.nodes == ["0", "1"])
    #expect(try BoardDescription.read(text: board.yaml(), file: "again") == board)
  }

  @Test(arguments: [
    // The file as a whole.
    Refusal("", "b.yaml: the file is empty"),
    Refusal("# only a comment\n", "b.yaml: the file is empty"),
    Refusal("~\n", "b.yaml: the file is empty"),
    Refusal("just words\n", "b.yaml:1: the file must be a mapping, not the text \"just words\""),
    Refusal("- a\n- b\n", "b.yaml:1: the file must be a mapping, not a list"),
    Refusal(start + "---\nname: other\n", "b.yaml:5: not YAML", "another document"),
    Refusal(start + "about: [1, 2\n", "b.yaml:", "not YAML"),
    Refusal(start + "about: \"open\n", "b.yaml:", "not YAML"),
    Refusal("name: x\n\tnodes: [a]\n", "b.yaml:2: not YAML"),
    Refusal("name: a\u{1}b\n", "b.yaml:1: not YAML", "control characters"),
    Refusal("name: a\nabout: b\u{0}c\n", "b.yaml:2: not YAML"),
    Refusal("\u{FEFF}nam: a\n", "b.yaml:1: unknown key \"nam\" (did you mean name?)"),
    // Keys.
    Refusal(
      start + "surces: [a]\n",
      "b.yaml:5: unknown key \"surces\" (did you mean sources?); allowed are name, about, nodes"),
    Refusal(
      start + "gates: {farad: 1}\n",
      "b.yaml:5: unknown key \"farad\" of gates (did you mean farads?); allowed are update",
      "diode_saturation"),
    Refusal(start + "gates:\n  ohms: 5\n  ohms: 6\n", "b.yaml:6: key \"ohms\" is given twice"),
    Refusal(start + "name: again\n", "b.yaml:1: key \"name\" is given twice"),
    Refusal(start + "'name': again\n", "b.yaml:1: key \"name\" is given twice"),
    Refusal(start + "? [a, b]\n: c\n", "b.yaml:5: a key of the file must be a word, not a list"),
    Refusal(start + "? {a: b}\n: c\n", "b.yaml:5: a key of the file must be a word"),
    Refusal(start + "? \n: c\n", "b.yaml:5: a key of the file must be a word, not nothing"),
    Refusal(start + "<<: {about: x}\n", "b.yaml:5: unknown key \"<<\""),
    Refusal("nodes: [a, b]\nedges: [[a, b]]\n", "b.yaml:1: the file needs the key \"name\""),
    Refusal("name: x\nedges: [[a, b]]\n", "b.yaml:1: the file needs the key \"nodes\""),
    Refusal("name: x\nnodes: [a, b]\n", "b.yaml:1: the file needs the key \"edges\""),
    // Anchors, aliases and tags.
    Refusal("name: &x a\n", "b.yaml:1: anchor &x: anchors and aliases are not allowed"),
    Refusal("name: &x a\nabout: *x\n", "b.yaml:2: alias *x: anchors and aliases are not allowed"),
    Refusal("name: a\nabout: *x\n", "b.yaml:2: not YAML", "undefined alias"),
    Refusal("name: !!str a\n", "b.yaml:1: tag", "not allowed"),
    Refusal("name: !own a\n", "b.yaml:1: tag \"!own\": tags are not allowed"),
    Refusal("name: a\nnodes: !!set {a}\n", "b.yaml:2: tag"),
    // Types and text.
    Refusal("name: small\n", "b.yaml:1: the file needs the key \"nodes\""),
    Refusal("name: [&x a]\n", "b.yaml:1: anchor &x"),
    Refusal("name: &x [a]\n", "b.yaml:1: anchor &x"),
    Refusal("name: &x {a: b}\n", "b.yaml:1: anchor &x"),
    Refusal("&x name: a\n", "b.yaml:1: anchor &x"),
    Refusal("nodes: !!seq [a]\nname: !!str 5\n", "b.yaml:2: tag"),
    Refusal(start.replacing("small", with: "5"), "b.yaml:1: name must be text, not the number 5"),
    Refusal(start.replacing("small", with: "true"), "b.yaml:1: name must be text", "quotes"),
    Refusal(start.replacing("small", with: "~"), "b.yaml:1: name must be text, not nothing"),
    Refusal(start.replacing("small", with: ""), "b.yaml:1: name must be text, not nothing"),
    Refusal(start.replacing("small", with: "[a]"), "b.yaml:1: name must be text, not a list"),
    Refusal(
      start.replacing("small", with: "a b"), "b.yaml:1: name is \"a b\"; allowed are 1 to 64"),
    Refusal(start.replacing("small", with: "../x"), "b.yaml:1: name is \"../x\""),
    Refusal(start.replacing("small", with: "-x"), "b.yaml:1: name is \"-x\""),
    Refusal(
      start.replacing("small", with: String(repeating: "x", count: 65)), "b.yaml:1: name is \"x"),
    Refusal(start + "about: {a: b}\n", "b.yaml:5: about must be text, not a mapping"),
    Refusal(start + "about: \"\\u001b[2J\"\n", "b.yaml:5: about holds a control character"),
    // Nodes.
    Refusal("name: x\nnodes: a\nedges: []\n", "b.yaml:2: nodes must be a list, not the text \"a\""),
    Refusal("name: x\nnodes: [a]\nedges: []\n", "b.yaml:2: nodes has 1 entries; allowed are 2"),
    Refusal(
      "name: x\nnodes:\n  - a\n  - b\n  - a\nedges: []\n",
      "b.yaml:5: node 2", "is named \"a\" like node 0"),
    Refusal("name: x\nnodes: [a, 1]\nedges: []\n", "b.yaml:2: node 1", "must be text"),
    // Edges.
    Refusal("name: x\nnodes: [a, b]\nedges: []\n", "b.yaml:3: edges has 0 entries"),
    Refusal("name: x\nnodes: [a, b]\nedges: {a: b}\n", "b.yaml:3: edges must be a list"),
    Refusal(with(edge: "5"), "b.yaml:5: edge 1 must be a pair [from, to] or a mapping"),
    Refusal(with(edge: "[a]"), "b.yaml:5: edge 1 has 1 entries; allowed are 2"),
    Refusal(with(edge: "[a, b, c]"), "b.yaml:5: edge 1 has 3 entries; allowed are 2"),
    Refusal(
      with(edge: "[a, d]"),
      "b.yaml:5: edge 1 goes to node \"d\", which is not in nodes", "allowed are a, b, c"),
    Refusal(with(edge: "[d, a]"), "b.yaml:5: edge 1 comes from node \"d\", which is not in nodes"),
    Refusal(with(edge: "[a, a]"), "b.yaml:5: edge 1 goes from node \"a\" to itself"),
    Refusal(with(edge: "{from: a, to: a}"), "b.yaml:5: edge 1 goes from node \"a\" to itself"),
    Refusal(with(edge: "[a, b]"), "b.yaml:5: edge 1 is named \"a-b\" like edge 0", "name: ..."),
    Refusal(with(edge: "{from: a, to: c, name: a-b}"), "b.yaml:5: edge 1 is named \"a-b\""),
    Refusal(with(edge: "{from: a}"), "b.yaml:5: edge 1 needs the key \"to\""),
    Refusal(with(edge: "{to: a}"), "b.yaml:5: edge 1 needs the key \"from\""),
    Refusal(
      with(edge: "{from: a, to: c, part: resistr, ohms: 5}"),
      "b.yaml:5: part of edge 1 is \"resistr\" (did you mean resistor?); allowed are learning, "),
    Refusal(
      with(edge: "{from: a, to: c, ohms: 5}"),
      "b.yaml:5: key \"ohms\" of edge 1 does not belong to the part learning"),
    Refusal(with(edge: "{from: a, to: c, prt: 5}"), "b.yaml:5: unknown key \"prt\" of edge 1"),
    Refusal(
      with(edge: "{from: a, to: c, part: resistor}"), "b.yaml:5: edge 1 needs the key \"ohms\""),
    Refusal(
      with(edge: "{from: a, to: c, part: resistor, ohms: 0}"),
      "b.yaml:5: ohms of edge 1 is 0; allowed is 0.001 ... "),
    Refusal(
      with(edge: "{from: a, to: c, part: resistor, ohms: -5}"), "b.yaml:5: ohms of edge 1 is -5"),
    Refusal(
      with(edge: "{from: a, to: c, part: transistor}"), "b.yaml:5: edge 1 needs the key \"gate\""),
    Refusal(
      with(edge: "{from: a, to: c, part: transistor, gate: 100}"),
      "b.yaml:5: gate of edge 1 is 100; allowed is -15 ... 15 V"),
    Refusal(
      with(edge: "{from: a, to: c, part: potentiometer}"),
      "b.yaml:5: edge 1 needs the key \"step\""),
    Refusal(
      with(edge: "{from: a, to: c, part: potentiometer, step: 128}"),
      "b.yaml:5: step of edge 1 is 128; allowed is 0 ... 127"),
    Refusal(
      with(edge: "{from: a, to: c, part: potentiometer, step: 1.5}"),
      "b.yaml:5: step of edge 1 is 1.5; a whole number is wanted"),
    Refusal(
      with(edge: "{from: a, to: c, part: potentiometer, step: 0, steps: 1}"),
      "b.yaml:5: steps of edge 1 is 1; allowed is 2 ... 65536"),
    Refusal(
      with(edge: "{from: a, to: c, part: potentiometer, step: 0, lowest: 5e4}"),
      "b.yaml:5: edge 1 goes from lowest 50000 to highest 32000 ohm"),
    Refusal(
      with(edge: "{from: a, to: c, part: potentiometer, step: 0, spacing: logarithmic}"),
      "b.yaml:5: spacing of edge 1 is \"logarithmic\"", "allowed are log, linear"),
    Refusal(
      with(edge: "{from: a, to: c, part: diode, saturation: 0}"),
      "b.yaml:5: saturation of edge 1 is 0; allowed is 1e-18 ... 0.001 A"),
    Refusal(
      with(edge: "{from: a, to: c, part: diode, ideality: 50}"),
      "b.yaml:5: ideality of edge 1 is 50; allowed is 0.5 ... 5"),
    // Numbers.
    Refusal(start + "clamp_ohms: lots\n", "b.yaml:5: clamp_ohms must be a number, not the text"),
    Refusal(start + "clamp_ohms: '5'\n", "b.yaml:5: clamp_ohms must be a number, not the text"),
    Refusal(start + "clamp_ohms: 0x10\n", "b.yaml:5: clamp_ohms must be a number"),
    Refusal(start + "clamp_ohms: 1_000\n", "b.yaml:5: clamp_ohms must be a number"),
    Refusal(start + "clamp_ohms: 1:30\n", "b.yaml:5: clamp_ohms must be a number"),
    Refusal(start + "clamp_ohms: 5 ohm\n", "b.yaml:5: clamp_ohms must be a number"),
    Refusal(start + "clamp_ohms:\n", "b.yaml:5: clamp_ohms must be a number, not nothing"),
    Refusal(start + "clamp_ohms: [5]\n", "b.yaml:5: clamp_ohms must be a number, not a list"),
    Refusal(start + "clamp_ohms: .nan\n", "b.yaml:5: clamp_ohms is .nan; a finite number"),
    Refusal(start + "clamp_ohms: nan\n", "b.yaml:5: clamp_ohms is nan; a finite number"),
    Refusal(start + "clamp_ohms: -.inf\n", "b.yaml:5: clamp_ohms is -.inf; a finite number"),
    Refusal(start + "clamp_ohms: Infinity\n", "b.yaml:5: clamp_ohms is Infinity; a finite number"),
    Refusal(start + "clamp_ohms: 1e999\n", "b.yaml:5: clamp_ohms must be a number"),
    Refusal(start + "clamp_ohms: -1\n", "b.yaml:5: clamp_ohms is -1; allowed is 0 ... 1000000 ohm"),
    // Sections.
    Refusal(
      start + "threshold: hard\n",
      "b.yaml:5: threshold is \"hard\"; allowed are soft, sharp"),
    Refusal(start + "threshold: 0.7\n", "b.yaml:5: threshold is \"0.7\""),
    Refusal(start + "transistor: 5\n", "b.yaml:5: transistor must be a mapping"),
    Refusal(
      start + "transistor: {strength: 0}\n", "b.yaml:5: strength of transistor is 0; allowed is"),
    Refusal(start + "transistor: {threshold: 6}\n", "b.yaml:5: threshold of transistor is 6"),
    Refusal(start + "transistor: {slope: 0.5}\n", "b.yaml:5: slope of transistor is 0.5"),
    Refusal(
      start + "gates: {update: compare}\n",
      "b.yaml:5: update of gates is \"compare\"", "allowed are comparator, multiplier"),
    Refusal(start + "gates: {farads: 0}\n", "b.yaml:5: farads of gates is 0; allowed is"),
    Refusal(
      start + "gates:\n  minimum: 3\n  maximum: 2\n",
      "b.yaml:6: gates go from minimum 3 to maximum 2 V; minimum must be below maximum"),
    Refusal(start + "gates:\n  supply: 3\n", "b.yaml:6: maximum of gates is 3.3 V, which a supply"),
    Refusal(
      start + "gates: {initial: 0.5}\n",
      "b.yaml:5: initial of gates is 0.5; allowed is minimum to maximum, 1 ... 3.3 V"),
    Refusal(
      start + "gates: {update: multiplier, initial: 0.5}\n",
      "b.yaml:5: initial of gates is 0.5; allowed is rail_low to rail_high, 0.6 ... 5.2 V"),
    Refusal(
      start + "gates: {rail_low: 6}\n", "b.yaml:5: gates go from rail_low 6 to rail_high 5.2 V"),
    Refusal(start + "sources: a\n", "b.yaml:5: sources must be a list"),
    Refusal(
      start + "sources: [a, x]\n",
      "b.yaml:5: source 1", "is node \"x\", which is not in nodes", "allowed are a, b, c"),
    Refusal(start + "sources: [a, a]\n", "b.yaml:5: source 1", "node \"a\", which already is"),
    Refusal(
      start + "sources: [a]\ntargets: [b, a]\n", "b.yaml:6: target 1", "which already is source 0"),
    Refusal(
      start + "sources: [a, b]\nchannels: {sources: 1}\n",
      "b.yaml:6: sources of channels is 1, but sources lists 2 nodes; allowed is 2 or more"),
    Refusal(start + "channels: {targets: -1}\n", "b.yaml:5: targets of channels is -1"),
    Refusal(start + "channels: {targets: 99999}\n", "b.yaml:5: targets of channels is 99999"),
    Refusal(
      start + "limits: {lowest: 0.5}\n",
      "b.yaml:5: limits are 0.5 ... 0.453 V; lowest must be below highest"),
    Refusal(start + "limits: {highest: 9}\n", "b.yaml:5: highest of limits is 9"),
    Refusal(start + "limits: {highest: 1.1}\n", "b.yaml:5: nodes may go up to 1.1 V", "1.024 V"),
    Refusal(
      start + "converters: {bits: 3}\n", "b.yaml:5: bits of converters is 3; allowed is 4 ... 24"),
    Refusal(start + "converters: {bits: 12.0}\n", "b.yaml:5: bits of converters is 12.0; a whole"),
    Refusal(start + "converters: {bits: many}\n", "b.yaml:5: bits of converters must be a whole"),
    Refusal(start + "converters: {reference: 9}\n", "b.yaml:5: reference of converters is 9"),
    Refusal(
      start + "timing: {settle: -1}\n", "b.yaml:5: settle of timing is -1; allowed is 0 ... 10 s"),
    Refusal(start + "timing: {pulse_limit: 0}\n", "b.yaml:5: pulse_limit of timing is 0"),
    Refusal(
      start + "imperfections: mesured\n",
      "b.yaml:5: imperfections is \"mesured\" (did you mean measured?); allowed are measured, "
        + "none"),
    Refusal(start + "imperfections: []\n", "b.yaml:5: imperfections must be measured, none, or"),
    Refusal(
      start + "imperfections: {comparator_ofset: 0}\n",
      "b.yaml:5: unknown key \"comparator_ofset\" of imperfections (did you mean "
        + "comparator_offset?)"
    ),
    Refusal(
      start + "imperfections: {comparator_offset: -1}\n",
      "b.yaml:5: comparator_offset of imperfections is -1; allowed is 0 ... 1 V"),
    Refusal(
      start + "imperfections: {comparator_offset: 0.02}\n",
      "b.yaml:5: comparator_offset is 0.02, above comparator_offset_limit 0.007"),
    Refusal(
      start + "imperfections: {leak_highest: 0}\n",
      "b.yaml:5: leak_lowest is 5e-09, above leak_highest 0; give both"),
    Refusal(
      start + "imperfections: {update_bias_median: 2}\n",
      "b.yaml:5: update_bias_median is 2 with an update_bias of 1.2 rms"),
    Refusal(
      start + "imperfections: {update_bias_median: 0}\n", "b.yaml:5: update_bias_median is 0 with"),
    Refusal(
      start + "imperfections: {quantise: 0}\n",
      "b.yaml:5: quantise of imperfections must be true or false"),
    Refusal(
      start + "faults: [{edge: b-a, kind: dead}]\n",
      "b.yaml:5: fault 0", "is at edge \"b-a\", which is not in edges", "allowed are a-b"),
    Refusal(
      start + "faults: [{edge: a-b, kind: ded}]\n",
      "b.yaml:5: kind of fault 0", "\"ded\" (did you mean dead?)", "comparator_stuck_low"),
    Refusal(
      start + "faults: [{edge: a-b}]\n", "b.yaml:5: fault 0", "needs the key \"kind\""),
    Refusal(
      with(edge: "[b, c]")
        + "faults:\n  - {edge: a-b, kind: dead}\n  - {edge: a-b, kind: shorted}\n",
      "b.yaml:8: edge \"a-b\" has two faults"),
    Refusal(
      with(edge: "{from: a, to: c, part: resistor, ohms: 5}")
        + "faults: [{edge: a-c, kind: comparator_stuck_low}]\n",
      "b.yaml:6: fault 0", "edge \"a-c\" has no comparator"),
    Refusal(
      start + "gates: {update: multiplier}\nfaults: [{edge: a-b, kind: comparator_stuck_low}]\n",
      "b.yaml:6: fault 0", "has no comparator"),
  ])
  func `a wrong board is refused with its line and what is allowed`(_ refusal: Refusal) {
    let message = boardRefusal(refusal.text)
    #expect(refusal.matches(message), "\(message ?? "accepted")")
  }

  @Test func `a long list of allowed names is shortened to its ends`() {
    let text = BoardDescription.lattice(side: 4).yaml().replacing(
      "- [n15, n3]", with: "- [n15, n9x]")
    let message = boardRefusal(text) ?? ""
    #expect(message.contains("goes to node \"n9x\", which is not in nodes (did you mean n9?)"))
    #expect(message.hasSuffix("allowed are n0 ... n15"))
  }

  @Test(.timeLimit(.minutes(1)))
  func `nested aliases are refused before they are expanded`() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1..<30 {
      let alias = "*a\(level - 1)"
      text +=
        "a\(level): &a\(level) [\(Array(repeating: alias, count: 9).joined(separator: ", "))]\n"
    }
    #expect(boardRefusal(text)?.contains("aliases are not allowed") == true)
    // As part of a key they would be expanded by the parser itself.
    #expect(boardRefusal(text + "? [*a29]\n: x\n")?.contains("aliases are not allowed") == true)
    #expect(boardRefusal(text + "? *a29\n: x\n")?.contains("aliases are not allowed") == true)
  }

  @Test func `an ampersand and an asterisk in text are no anchor and no alias`() throws {
    let text = start + "about: resistors & transistors, 2 * 3 *and* &more\n"
    #expect(try BoardDescription.read(text: text, file: "b").about.hasPrefix("resistors & "))
  }

  @Test(arguments: ["[", "{a: ", "- ", "? ", "[{a: "], [1200, 100_000])
  func `deep nesting is refused, not followed`(_ opening: String, _ depth: Int) {
    #expect(boardRefusal(String(repeating: opening, count: depth)) != nil)
    #expect(boardRefusal("name: " + String(repeating: opening, count: depth)) != nil)
  }

  @Test(.timeLimit(.minutes(1)))
  func `keys of keys are refused before they are compared`() {
    let keys = String(repeating: "? [", count: 400) + String(repeating: "x,", count: 300_000)
    let message = boardRefusal(keys + String(repeating: "]", count: 400))
    #expect(
      message == "b.yaml:1: more than 16 keys that begin with \"?\"; keys must be plain words")
  }

  @Test func `nesting below the parser's limit is refused for what it is`() {
    let text = String(repeating: "[", count: 900) + String(repeating: "]", count: 900)
    #expect(boardRefusal(text)?.hasPrefix("b.yaml:1: the file must be a mapping") == true)
  }
}
