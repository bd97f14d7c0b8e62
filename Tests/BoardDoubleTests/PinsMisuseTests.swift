import Circuit
import Files
import Firmware
import Testing
import BoardDouble

/// Every rule of the parts: broken by raw writes, it alone is noted; kept, nothing is.
struct PinsMisuseTests {
  /// A way to break one rule, and the same thing done properly.
  struct Abuse: CustomTestStringConvertible, Sendable {
    var rule: Misuse.Rule
    var board = "lattice"
    var change: @Sendable (inout BoardDescription) -> Void = { _ in }
    var wrong: @Sendable (inout PinBench) throws -> Void
    var right: @Sendable (inout PinBench) throws -> Void

    var testDescription: String { "\(rule)" }
  }

  static var abuses: [Abuse] {
    [
      Abuse(rule: .notAnOutput) {
        try $0.set($0.wiring.dataIn)
      } right: {
        try $0.set($0.wiring.dataOut)
      },
      Abuse(rule: .clockWithoutSelect) {
        try $0.set($0.wiring.clock)
      } right: {
        try $0.select($0.select(of: .adc))
        try $0.set($0.wiring.clock)
        try $0.clear($0.wiring.clock)
      },
      Abuse(rule: .twoDriversOnMiso, board: "breadboard") { description in
        description.wiring!.selects.append(.adc)
      } wrong: {
        try $0.clear($0.wiring.selectLine(3))
        try $0.startConversion()
        _ = try $0.finishConversion()
      } right: {
        try $0.startConversion()
        _ = try $0.finishConversion()
        try $0.clear($0.wiring.selectLine(3))
      },
      Abuse(rule: .floatingMiso) {
        _ = try $0.read()
      } right: {
        try $0.load()
        try $0.select($0.wiring.chainSelect)
        _ = try $0.read()
      },
      Abuse(rule: .clockTooFast) { description in
        description.timing.operation = 400e-9
      } wrong: {
        try $0.select($0.select(of: .adc))
        try $0.set($0.wiring.clock)
        try $0.clear($0.wiring.clock)
      } right: {
        try $0.select($0.select(of: .adc))
        try $0.set($0.wiring.clock)
        $0.pins.wait(Nanoseconds(50))
        try $0.clear($0.wiring.clock)
      },
      Abuse(rule: .dataWithRisingClock) {
        try $0.select($0.select(of: .adc))
        try $0.set($0.wiring.clock | $0.wiring.dataOut)
      } right: {
        try $0.select($0.select(of: .adc))
        try $0.set($0.wiring.dataOut)
        try $0.set($0.wiring.clock)
        // With the falling clock it may change.
        try $0.clear($0.wiring.clock | $0.wiring.dataOut)
      },
      Abuse(rule: .addressWhileEnabled) {
        try $0.select(1)
        try $0.pins.write($0.wiring.addressLevels(3), mask: $0.wiring.address)
      } right: {
        try $0.select(1)
        try $0.clear($0.wiring.enable)
        try $0.select(3)
      },
      Abuse(rule: .selectWhileClockHigh) {
        try $0.select($0.select(of: .adc))
        try $0.set($0.wiring.clock)
        try $0.clear($0.wiring.enable)
        try $0.select($0.select(of: .dac))
      } right: {
        try $0.select($0.select(of: .adc))
        try $0.set($0.wiring.clock)
        try $0.clear($0.wiring.enable | $0.wiring.clock)
        try $0.select($0.select(of: .dac))
      },
      Abuse(rule: .selectWhileClockHigh, board: "breadboard") {
        try $0.select($0.select(of: .adc))
        try $0.set($0.wiring.clock)
        try $0.clear($0.wiring.selectLine($0.select(of: .dac)))
      } right: {
        try $0.select($0.select(of: .adc))
        try $0.set($0.wiring.clock)
        try $0.deselect($0.select(of: .adc))
        try $0.clear($0.wiring.selectLine($0.select(of: .dac)))
      },
      Abuse(rule: .brokenFrame) {
        try $0.frame($0.wiring.sources[0], word: 0x3800, bits: 15)
      } right: {
        try $0.frame($0.wiring.sources[0], word: 0x3800)
        // No clock at all is no frame.
        try $0.frame($0.wiring.sources[0], word: 0x3800, bits: 0)
      },
      Abuse(rule: .brokenFrame, board: "breadboard") {
        try $0.frame($0.wiring.sources[0], word: 0x3800, bits: 17)
      } right: {
        try $0.frame($0.wiring.sources[0], word: 0x3800)
      },
      Abuse(rule: .slowConversion) {
        try $0.startConversion()
        $0.pins.wait(.microseconds(1200))
        _ = try $0.finishConversion()
      } right: {
        try $0.startConversion()
        $0.pins.wait(.microseconds(1200 - 3 * 12 * 2))
        _ = try $0.finishConversion()
      },
      Abuse(rule: .clockWhileLoading) {
        try $0.clear($0.wiring.load)
        try $0.select($0.wiring.chainSelect)
        try $0.clock(false)
        try $0.deselect($0.wiring.chainSelect)
        try $0.set($0.wiring.load)
      } right: {
        try $0.load()
        try $0.select($0.wiring.chainSelect)
        try $0.clock(false)
      },
      Abuse(rule: .latchUnderLearn) {
        try $0.shift([Drive](repeating: .charge, count: $0.wiring.edgeCount))
        try $0.set($0.wiring.learn)
        try $0.latch()
      } right: {
        try $0.shift([Drive](repeating: .charge, count: $0.wiring.edgeCount))
        try $0.set($0.wiring.learn)
        try $0.clear($0.wiring.learn)
        try $0.latch()
      },
      Abuse(rule: .driveUnderLearn, board: "breadboard") {
        try $0.set($0.wiring.learn)
        try $0.set($0.wiring.edgeLine(0, 2))
      } right: {
        try $0.set($0.wiring.learn)
        try $0.clear($0.wiring.learn)
        try $0.set($0.wiring.edgeLine(0, 2))
      },
      Abuse(rule: .bothDrives) {
        // Charge high and discharge low at the first position.
        try $0.shift { place in place == 0 || (place > 1 && place % 2 == 1) }
        try $0.latch()
        try $0.learn(.milliseconds(1))
      } right: {
        try $0.shift { place in place % 2 == 1 }
        try $0.latch()
        try $0.learn(.milliseconds(1))
      },
      Abuse(rule: .bothDrives, board: "breadboard") {
        try $0.set($0.wiring.edgeLine(2, 2))
        try $0.clear($0.wiring.edgeLine(2, 3))
        try $0.learn(.milliseconds(1))
      } right: {
        try $0.set($0.wiring.edgeLine(2, 2))
        try $0.clear($0.wiring.edgeLine(3, 3))
        try $0.learn(.milliseconds(1))
      },
      Abuse(rule: .noRest) {
        try $0.learn(.milliseconds(12))
        try $0.set($0.wiring.learn)
      } right: {
        try $0.learn(.milliseconds(12))
        $0.pins.wait($0.wiring.rest)
        try $0.learn(.milliseconds(8))
        // After a short one there is no rest.
        try $0.set($0.wiring.learn)
      },
      Abuse(rule: .notSettled) {
        try $0.setSource(0, code: 1000)
        try $0.load()
      } right: {
        try $0.setSource(0, code: 1000)
        $0.settle()
        try $0.load()
      },
      Abuse(rule: .notSettled, board: "breadboard") {
        try $0.setSource(0, code: 1000)
        _ = try $0.pins.read(mask: $0.wiring.edgeLine(0, 0))
      } right: {
        try $0.setSource(0, code: 1000)
        $0.settle()
        _ = try $0.pins.read(mask: $0.wiring.edgeLine(0, 0))
      },
    ]
  }

  private func bench(_ abuse: Abuse) throws -> PinBench {
    var description = try shippedBoard(abuse.board)
    abuse.change(&description)
    return try PinBench(description)
  }

  @Test(arguments: abuses)
  func `a broken rule is noted, and no other`(_ abuse: Abuse) throws {
    var bench = try bench(abuse)
    try abuse.wrong(&bench)
    #expect(bench.broken == [abuse.rule], "\(bench.pins.misuses)")
  }

  @Test(arguments: abuses)
  func `the proper sequence breaks no rule`(_ abuse: Abuse) throws {
    var bench = try bench(abuse)
    try abuse.right(&bench)
    #expect(bench.pins.misuses.isEmpty, "\(bench.pins.misuses)")
  }

  @Test
  func `every rule has a test here`() {
    #expect(Set(Self.abuses.map(\.rule)) == Set(Misuse.Rule.allCases))
  }

  @Test
  func `a misuse says when, on which lines and which rule`() throws {
    var bench = try PinBench(shippedBoard("lattice"))
    bench.pins.wait(.microseconds(8))
    try bench.set(bench.wiring.clock)
    let misuse = try #require(bench.pins.misuses.first)
    #expect(misuse.time == .microseconds(10))
    #expect(misuse.lines == bench.wiring.clock)
    #expect(bench.pins.names(of: misuse.lines) == ["SCLK"])
    #expect(bench.pins.parts(of: misuse).isEmpty)
    #expect(bench.pins.names(of: LineSet(line: 40)) == ["line 40"])
  }

  @Test
  func `an edge and a chip that are misused are named, and each rule keeps its first time`() throws
  {
    var bench = try PinBench(shippedBoard("breadboard"))
    let edge = try #require(
      try shippedBoard("breadboard").learningEdges.firstIndex { $0.name == "S2-T1" })
    for _ in 0..<3 {
      try bench.set(bench.wiring.edgeLine(edge, 2))
      try bench.clear(bench.wiring.edgeLine(edge, 3))
      try bench.set(bench.wiring.learn)
      try bench.clear(bench.wiring.learn)
      bench.pins.wait(.milliseconds(10))
    }
    let both = try #require(bench.pins.misusesByRule[.bothDrives])
    #expect(both.count == 3)
    #expect(bench.pins.misuses.first { $0.rule == .bothDrives } == both.first)
    #expect(bench.pins.names(of: both.first.lines) == ["S2-T1.charge", "S2-T1.discharge"])
    #expect(bench.pins.parts(of: both.first) == ["edge S2-T1"])
    try bench.frame(bench.wiring.sources[0], word: 0x3000, bits: 15)
    let broken = try #require(bench.pins.misusesByRule[.brokenFrame]).first
    let select = bench.wiring.sources[0].select
    #expect(bench.pins.parts(of: broken) == ["MCP4922 at select \(select)"])
  }

  @Test
  func `no more than a thousand misuses are kept`() throws {
    var bench = try PinBench(shippedBoard("breadboard"))
    for _ in 0..<1500 { _ = try bench.read() }
    #expect(bench.pins.misuses.count == 1000)
  }

  // MARK: - What the parts then do

  @Test(arguments: [1, 15, 17, 32])
  func `a frame of the wrong length is not taken over`(_ bits: Int) throws {
    var bench = try PinBench(shippedBoard("lattice"))
    try bench.setSource(0, code: 1700)
    bench.settle()
    let before = bench.pins.analog.state
    try bench.frame(bench.wiring.sources[0], word: 0x3000, bits: bits)
    #expect(bench.pins.analog.state == before)
    try bench.frame(bench.wiring.sources[0], word: 0x3000)
    #expect(bench.pins.analog.state != before)
  }

  @Test
  func `a frame for a channel that nothing hangs at changes nothing`() throws {
    var description = try shippedBoard("lattice")
    description.sources = Array(description.sources.prefix(1))
    var bench = try PinBench(description)
    let used = bench.wiring.sources[0]
    let before = bench.pins.analog.state
    try bench.frame(ConverterChannel(select: used.select, channel: 1), word: 0xb800)
    #expect(bench.pins.analog.state == before)
    #expect(bench.pins.misuses.isEmpty)
  }

  @Test
  func `an MCP4922 takes its word most significant bit first, by channel, code and shutdown`()
    throws
  {
    let description = try shippedBoard("lattice")
    for channel in 0..<2 {
      var bench = try PinBench(description)
      var analog = bench.pins.analog
      #expect(Int(bench.wiring.sources[channel].channel) == channel)
      try bench.setSource(channel, code: 0x5a3)
      try analog.setSource(channel, code: 0x5a3)
      #expect(bench.pins.analog.state == analog.state)
      // A source that is shut down falls to its lowest.
      let output = bench.wiring.sources[channel]
      try bench.frame(output, word: output.channel == 0 ? 0x2fff : 0xafff)
      try analog.setSource(channel, code: 0)
      #expect(bench.pins.analog.state == analog.state)
    }
  }

  @Test
  func `a target's conversion gives the code of its node, bit by bit`() throws {
    let description = try shippedBoard("lattice")
    var bench = try PinBench(description)
    bench.pins = bench.pins.withGates(2.5)
    for (source, code) in [1800, 100, 900, 1500, 30, 700, 1200, 444].enumerated() {
      try bench.setSource(source, code: UInt32(code))
    }
    bench.settle()
    for target in 0..<description.targets.count {
      try bench.startConversion(target)
      // The same sample, taken from a copy at the same moment, has the same noise.
      let sampled = bench.pins.analog
      let code = try bench.finishConversion(target)
      let node = sampled.state.freeVoltages[description.targets[target]]
      #expect(abs(Double(code) * 1.024 / 4096 - node) < 0.003, "target \(target)")
      #expect(code > 50)
    }
    #expect(bench.pins.misuses.isEmpty)
  }

  @Test
  func `what is read before the null bit and after the last bit is not driven, or zero`() throws {
    var bench = try PinBench(shippedBoard("lattice"))
    let input = bench.wiring.targets[0]
    try bench.select(input.select)
    try bench.clock(true)
    #expect(try bench.read() == false)
    #expect(bench.broken == [.floatingMiso])
    try bench.deselect(input.select)

    try bench.startConversion()
    #expect(try bench.read() == false)
    for _ in 0..<12 { try bench.clock(false) }
    try bench.clear(bench.wiring.clock)
    for _ in 0..<3 {
      try bench.set(bench.wiring.clock)
      try bench.clear(bench.wiring.clock)
      #expect(try bench.read() == false)
    }
    #expect(bench.broken == [.floatingMiso])
  }

  @Test
  func `drives latched under LEARN act, drives shifted but not latched do not`() throws {
    let description = try tightBoard("lattice")
    var bench = try PinBench(description)
    let edges = bench.wiring.edgeCount
    try bench.setDrives(.hold)
    try bench.shift([Drive](repeating: .charge, count: edges))
    try bench.learn(.milliseconds(10))
    #expect(bench.gates == [Double](repeating: 0, count: edges))
    #expect(bench.pins.misuses.isEmpty)

    try bench.set(bench.wiring.learn)
    try bench.latch()
    try bench.clear(bench.wiring.learn)
    #expect(bench.broken == [.latchUnderLearn, .noRest])
    #expect(bench.gates.allSatisfy { $0 > 0 })
  }

  @Test
  func `both drives of an edge at once go to half the supply, and the other edges as asked`() throws
  {
    var bench = try PinBench(tightBoard("lattice"))
    bench.pins = bench.pins.withGates(2)
    let position = 5
    try bench.shift { place in
      place == 2 * position ? true : (place == 2 * position + 1 ? false : true)
    }
    try bench.latch()
    try bench.learn(.milliseconds(5))
    let held = Int(bench.wiring.chain[position])
    for (edge, gate) in bench.gates.enumerated() {
      // Charged less by what flows off through the other diode.
      if edge == held {
        #expect(gate > 2 && gate < bench.gates[edge == 0 ? 1 : 0])
      } else {
        #expect(gate > 2.02)
      }
    }
  }

  @Test(arguments: ["lattice", "breadboard"])
  func `LEARN that stays on is ended by the one-shot, and a new pulse needs a new edge`(
    _ name: String
  ) throws {
    let description = try tightBoard(name)
    var bench = try PinBench(description)
    bench.pins = bench.pins.withGates(2)
    var reference = bench.pins.analog
    try bench.setDrives(.charge)
    try bench.set(bench.wiring.learn)
    let start = bench.pins.time
    bench.pins.wait(.milliseconds(500))
    try bench.clear(bench.wiring.latch | bench.wiring.dataOut)  // any operation
    let after = bench.gates
    let drives = [Drive](repeating: .charge, count: bench.wiring.edgeCount)
    try reference.learn(from: start, to: start + bench.wiring.timer, drives: drives.span)
    #expect(after == reference.state.gates)
    #expect(after.allSatisfy { $0 > 2.1 })

    bench.pins.wait(.milliseconds(500))
    _ = try bench.pins.read(mask: bench.wiring.learn)
    #expect(bench.gates == after)
    try bench.clear(bench.wiring.learn)
    #expect(bench.gates == after)
    bench.pins.wait(.milliseconds(3))
    try bench.learn(.milliseconds(1))
    #expect(zip(bench.gates, after).allSatisfy { $0 > $1 })
    #expect(bench.pins.misuses.isEmpty)
  }

  @Test
  func `of the pins' outputs what was commanded is read back, of other lines nothing`() throws {
    var bench = try PinBench(shippedBoard("breadboard"))
    #expect(try bench.pins.read(mask: bench.wiring.outputs) == bench.wiring.idle)
    try bench.set(bench.wiring.edgeLine(1, 2))
    #expect(
      try bench.pins.read(mask: bench.wiring.outputs)
        == bench.wiring.idle | bench.wiring.edgeLine(1, 2))
    #expect(try bench.pins.read(mask: LineSet(line: 63)) == .none)
    #expect(bench.pins.misuses.isEmpty)
  }

  @Test
  func `a conversion on lines that are too slow is refused after three tries`() throws {
    var description = try shippedBoard("lattice")
    // Thirty-six operations between sample and last bit: 1.8 ms.
    description.timing.operation = 50e-6
    var board = try PinBoard(description)
    #expect(throws: WiredFailure<CircuitError>.conversionTooSlow) { try board.measure(target: 0) }
    let frame = 2 + 12 + 1 + 36 + 1
    #expect(board.lines.operations == 3 * frame)
    #expect(Set(board.lines.misuses.map(\.rule)) == [.slowConversion])
  }
}

extension VirtualPins {
  /// The same pins with every gate at a voltage, V.
  func withGates(_ volts: Double) -> VirtualPins {
    var board = WiredBoard(lines: self, wiring: wiring)
    board.setGates([Double](repeating: volts, count: wiring.edgeCount))
    return board.lines
  }
}
