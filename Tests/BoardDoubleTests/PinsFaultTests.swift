import Circuit
import Files
import Firmware
import Testing
import BoardDouble

/// Lines that are stuck, swapped, loose or late, and parts that are dead.
struct PinsFaultTests {
  /// A lattice behind its pins, gates at 2 V and not leaking.
  private func lattice(seed: UInt64 = 1) throws -> PinBoard {
    var board = try PinBoard(tightBoard("lattice"), seed: seed)
    board.setGates([Double](repeating: 2, count: board.wiring.edgeCount))
    return board
  }

  private func breadboard() throws -> PinBoard {
    var board = try PinBoard(tightBoard("breadboard"))
    board.setGates([Double](repeating: 2, count: board.wiring.edgeCount))
    return board
  }

  /// Two edges charge, two discharge, four hold, and so on.
  private func mixed(_ board: borrowing PinBoard) -> [Drive] {
    (0..<board.wiring.edgeCount).map { [.charge, .discharge, .hold, .hold][$0 / 2 % 4] }
  }

  private func line(_ set: LineSet) -> Int { set.bits.trailingZeroBitCount }

  /// Presents something and lets the twins differ.
  private func present(_ board: inout PinBoard) throws {
    for source in 0..<board.wiring.sourceCount {
      try board.drive(source: source, at: .millivolts(Int32(source % 2 == 0 ? 400 : 50)))
    }
    try board.settle()
    for target in 0..<board.wiring.targetCount {
      try board.clamp(target: target, at: .millivolts(Int32(target % 2 == 0 ? 20 : 430)))
    }
    try board.settle()
  }

  // MARK: - The chain

  @Test(arguments: [0, 1, 2], [LineFault.stuckLow, .stuckHigh, .floating])
  func `a broken serial line of the chain is noticed before LATCH, and no gate moves`(
    _ line: Int, _ fault: LineFault
  ) throws {
    var board = try lattice()
    try present(&board)
    _ = try board.comparisons()
    let before = board.gates
    board.lines.add(fault, line: line)
    let drives = mixed(board)
    for _ in 0..<4 {
      #expect(throws: WiredFailure<CircuitError>.chainBroken) {
        try board.pulse(.milliseconds(5), drives)
      }
    }
    #expect(board.gates == before)
  }

  @Test(arguments: [(0, 1), (0, 9), (1, 9), (1, 6)])
  func `swapped serial lines are noticed before LATCH, and no gate moves`(_ one: Int, _ other: Int)
    throws
  {
    var board = try lattice()
    let before = board.gates
    board.lines.add(.swapped(with: other), line: one)
    let drives = mixed(board)
    #expect(throws: WiredFailure<CircuitError>.chainBroken) {
      try board.pulse(.milliseconds(5), drives)
    }
    #expect(board.gates == before)
  }

  @Test(arguments: [0, 1, 2])
  func `late serial lines are noticed before LATCH, and no gate moves`(_ line: Int) throws {
    var board = try lattice()
    let before = board.gates
    board.lines.add(.late, line: line)
    let drives = mixed(board)
    var noticed = false
    do throws(WiredFailure<CircuitError>) { _ = try board.pulse(.milliseconds(5), drives) } catch {
      noticed = error == .chainBroken
    }
    // Clock and data that come one write late together with their neighbours may still arrive in
    // order; what may not happen is that another pattern acts unnoticed.
    if noticed {
      #expect(board.gates == before)
    } else {
      let gates = board.gates
      for (edge, drive) in drives.enumerated() {
        switch drive {
        case .charge: #expect(gates[edge] > before[edge], "edge \(edge)")
        case .discharge: #expect(gates[edge] < before[edge], "edge \(edge)")
        case .hold: #expect(gates[edge] == before[edge], "edge \(edge)")
        }
      }
    }
  }

  @Test
  func `a silent chain is noticed before LATCH, and no gate moves`() throws {
    var board = try lattice()
    let before = board.gates
    board.lines.silence(select: Int(board.wiring.chainSelect))
    let drives = mixed(board)
    #expect(throws: WiredFailure<CircuitError>.chainBroken) {
      try board.pulse(.milliseconds(5), drives)
    }
    #expect(board.gates == before)
  }

  @Test(arguments: [LineFault.stuckLow, .floating])
  func `a lost select line of the chain is noticed before LATCH, and no gate moves`(
    _ fault: LineFault
  ) throws {
    var board = try lattice()
    let before = board.gates
    board.lines.add(fault, line: line(board.wiring.enable))
    let drives = mixed(board)
    #expect(throws: WiredFailure<CircuitError>.chainBroken) {
      try board.pulse(.milliseconds(5), drives)
    }
    #expect(board.gates == before)
  }

  @Test(arguments: 6...8)
  func `an address line that is stuck high reads another chip for the chain`(_ line: Int) throws {
    var board = try lattice()
    let before = board.gates
    board.lines.add(.stuckHigh, line: line)
    let drives = mixed(board)
    #expect(throws: WiredFailure<CircuitError>.chainBroken) {
      try board.pulse(.milliseconds(5), drives)
    }
    #expect(board.gates == before)
  }

  @Test(
    arguments: [Drive.charge, .discharge],
    [false, true])
  func `a stuck clock is noticed whatever the pattern`(_ drive: Drive, _ high: Bool) throws {
    // With the clock dead the registers keep an older pattern and MISO stands at one level, which
    // must not be taken for a pattern of that one level.
    for level in [false, true] {
      var board = try lattice()
      let edges = board.wiring.edgeCount
      // An older pattern that would move the gates the wrong way.
      _ = try board.pulse(
        .microseconds(1), [Drive](repeating: drive == .charge ? .discharge : .charge, count: edges))
      try present(&board)
      let first = Int(board.wiring.chain[0])
      var bits = try board.comparisons()
      if (bits[first].bits & 1 == 1) != level {
        for source in 0..<board.wiring.sourceCount {
          try board.drive(source: source, at: .millivolts(Int32(source % 2 == 0 ? 50 : 400)))
        }
        for target in 0..<board.wiring.targetCount {
          try board.clamp(target: target, at: .millivolts(Int32(target % 2 == 0 ? 430 : 20)))
        }
        try board.settle()
        bits = try board.comparisons()
      }
      board.lines.add(high ? .stuckHigh : .stuckLow, line: 0)
      // LOAD still works: the first comparator's level stands at MISO.
      _ = try board.comparisons()
      let before = board.gates
      #expect(throws: WiredFailure<CircuitError>.chainBroken) {
        try board.pulse(.milliseconds(5), [Drive](repeating: drive, count: edges))
      }
      #expect(board.gates == before)
    }
  }

  @Test
  func `LOAD that is stuck low keeps the registers loading: they do not shift, and it is noticed`()
    throws
  {
    var board = try lattice()
    let before = board.gates
    board.lines.add(.stuckLow, line: line(board.wiring.load))
    let drives = mixed(board)
    #expect(throws: WiredFailure<CircuitError>.chainBroken) {
      try board.pulse(.milliseconds(5), drives)
    }
    #expect(board.gates == before)
  }

  @Test(arguments: [LineFault.stuckHigh, .floating])
  func `LOAD that never moves captures nothing: comparisons are what the chain held`(
    _ fault: LineFault
  ) throws {
    var healthy = try lattice()
    var board = try lattice()
    board.lines.add(fault, line: line(board.wiring.load))
    try present(&healthy)
    try present(&board)
    let all = [Drive](repeating: .charge, count: board.wiring.edgeCount)
    _ = try board.pulse(.microseconds(1), all)
    _ = try healthy.pulse(.microseconds(1), all)
    // The chain holds the drives of the last pulse: all ones.
    #expect(try board.comparisons().allSatisfy { $0 == Comparison(bits: 3) })
    #expect(try healthy.comparisons().contains { $0 != Comparison(bits: 3) })
  }

  @Test(arguments: [LineFault.stuckLow, .stuckHigh, .floating])
  func `LATCH that never moves leaves the drives as they were`(_ fault: LineFault) throws {
    var board = try lattice()
    // A line that goes high latches once, what stands in the registers: here the idle pattern.
    _ = try board.pulse(.microseconds(1), .hold)
    let before = board.gates
    board.lines.add(fault, line: line(board.wiring.latch))
    for _ in 0..<3 { _ = try board.pulse(.milliseconds(5), mixed(board)) }
    #expect(board.gates == before)
  }

  @Test
  func `a LATCH that comes late still latches before LEARN`() throws {
    var healthy = try lattice()
    var board = try lattice()
    board.lines.add(.late, line: line(board.wiring.latch))
    let drives = mixed(board)
    let lasted = try board.pulse(.milliseconds(5), drives)
    #expect(try healthy.pulse(.milliseconds(5), drives) == lasted)
    #expect(board.gates == healthy.gates)
    #expect(board.lines.misuses.isEmpty)
  }

  // MARK: - LEARN

  @Test(arguments: [0, 1, 2, 3], [Nanoseconds.milliseconds(1), .milliseconds(7)])
  func
    `a held-up LEARN makes a pulse at most half of that wrong, and no rest too short`(
      _ place: Int, _ held: Nanoseconds
    ) throws
  {
    let pins = try lattice().lines
    var lines = SlowLearn(pins: pins)
    switch place {
    case 0: lines.beforeRise = held
    case 1: lines.afterRise = held
    case 2: lines.beforeFall = held
    default: lines.afterFall = held
    }
    var board = WiredBoard(lines: lines, wiring: pins.wiring)
    let drives = [Drive](repeating: .hold, count: 32)
    for width in [1, 3, 8, 9, 15] {
      let told = try board.pulse(width: .milliseconds(Int64(width)), drives: drives.span)
      let seen = board.lines.fell - board.lines.rose
      let lasted = min(seen, pins.wiring.timer)
      #expect(board.lines.heldUp >= held)
      #expect((told - lasted).count.magnitude <= board.lines.heldUp.half.count, "\(width) ms")
    }
    #expect(board.lines.pins.misuses.isEmpty, "\(board.lines.pins.misuses)")
  }

  @Test(
    arguments: ["lattice", "breadboard"],
    [LineFault.stuckLow, .floating])
  func `LEARN that cannot rise moves no gate`(_ name: String, _ fault: LineFault) throws {
    var board = name == "lattice" ? try lattice() : try breadboard()
    let before = board.gates
    board.lines.add(fault, line: line(board.wiring.learn))
    for _ in 0..<3 { _ = try board.pulse(.milliseconds(5), mixed(board)) }
    #expect(board.gates == before)
  }

  @Test
  func `LEARN that is stuck high moves no gate further than one pulse of the one-shot`() throws {
    var board = try lattice()
    var reference = try lattice()
    board.lines.add(.stuckHigh, line: line(board.wiring.learn))
    let drives = mixed(board)
    for _ in 0..<5 { _ = try board.pulse(.milliseconds(15), drives) }
    #expect(Set(board.lines.misuses.map(\.rule)) == [.latchUnderLearn])
    let drift = zip(board.gates, [Double](repeating: 2, count: 32)).map { abs($0 - $1) }
    _ = try reference.pulse(.milliseconds(19), drives)
    let most = zip(reference.gates, [Double](repeating: 2, count: 32)).map { abs($0 - $1) }
    for edge in drift.indices { #expect(drift[edge] <= most[edge] + 1e-9, "edge \(edge)") }
    let after = board.gates
    _ = try board.pulse(.milliseconds(15), drives)
    #expect(board.gates == after)
  }

  @Test
  func `LEARN that comes late shortens the pulse to what lies between two operations`() throws {
    var healthy = try lattice()
    var board = try lattice()
    board.lines.add(.late, line: line(board.wiring.learn))
    let charge = [Drive](repeating: .charge, count: board.wiring.edgeCount)
    _ = try board.pulse(.milliseconds(5), charge)
    try board.drive(source: 0, at: .millivolts(1))
    _ = try healthy.pulse(.milliseconds(5), charge)
    for (late, whole) in zip(board.gates, healthy.gates) {
      #expect(late > 2)
      #expect(late - 2 < (whole - 2) / 100)
    }
  }

  @Test
  func `LEARN and LATCH exchanged: nothing is driven as asked, and it is a misuse or no move`()
    throws
  {
    var board = try lattice()
    board.lines.add(.swapped(with: line(board.wiring.latch)), line: line(board.wiring.learn))
    _ = try board.pulse(.milliseconds(5), mixed(board))
    // LATCH's short pulse runs the gates on the idle pattern; LEARN then latches the new one, which
    // acts for two microseconds of the next LATCH.
    #expect(board.gates.allSatisfy { $0 == 2 })
    _ = try board.pulse(.milliseconds(5), mixed(board))
    #expect(board.gates.allSatisfy { abs($0 - 2) < 1e-4 })
    #expect(board.gates.contains { $0 != 2 })
  }

  // MARK: - Converters

  @Test(arguments: [(0, LineFault.stuckLow), (0, .stuckHigh), (9, .stuckLow), (9, .floating)])
  func `with a broken serial line no source is set`(_ line: Int, _ fault: LineFault) throws {
    var board = try lattice()
    board.lines.add(fault, line: line)
    let before = board.lines.analog.state
    try board.drive(source: 0, at: .millivolts(400))
    #expect(board.lines.analog.state == before)
  }

  @Test
  func `data that is stuck sets the wrong code or shuts the converter down`() throws {
    var low = try lattice()
    low.lines.add(.stuckLow, line: 1)
    try low.drive(source: 0, at: .millivolts(400))
    try low.settle()
    // All bits 0: channel A is shut down.
    var analog = low.lines.analog
    #expect(try abs(analog.freeVoltages(at: low.time)[analog.sourceNodes[0]]) < 0.005)

    var high = try lattice()
    high.lines.add(.stuckHigh, line: 1)
    try high.drive(source: 0, at: .millivolts(400))
    try high.settle()
    analog = high.lines.analog
    // All bits 1: channel B, the next source, at the largest code.
    let volts = try analog.freeVoltages(at: high.time)
    #expect(abs(volts[analog.sourceNodes[0]]) < 0.005)
    #expect(volts[analog.sourceNodes[1]] > 1)
  }

  @Test
  func `MISO that is stuck reads the lowest or the highest voltage`() throws {
    for (fault, volts) in [(LineFault.stuckLow, 0.0), (.stuckHigh, 1.024 * 4095 / 4096)] {
      for name in ["lattice", "breadboard"] {
        var board = name == "lattice" ? try lattice() : try breadboard()
        try present(&board)
        board.lines.add(fault, line: 2)
        #expect(abs(try board.measure(target: 0).volts - volts) < 1e-6)
      }
    }
  }

  @Test
  func `MISO that floats reads noise, the same for the same seed`() throws {
    func readings(seed: UInt64) throws -> [Voltage] {
      var board = try lattice(seed: seed)
      try present(&board)
      board.lines.add(.floating, line: 2)
      return try (0..<50).map { _ in try board.measure(target: 0) }
    }
    let one = try readings(seed: 4)
    let volts = one.map(\.volts)
    #expect(Set(one.map(\.units)).count > 30)
    #expect(volts.mean > 0.3 && volts.mean < 0.7)
    #expect(try readings(seed: 4) == one)
    #expect(try readings(seed: 5) != one)
  }

  @Test
  func `MISO that comes one read late shifts a reading by one bit`() throws {
    var board = try lattice()
    try present(&board)
    let right = try board.measure(target: 0)
    let code = board.wiring.converter.code(for: right)
    board.lines.add(.late, line: 2)
    let late = board.wiring.converter.code(for: try board.measure(target: 0))
    // Half of the code, give or take what noise does to the last bits.
    #expect(abs(Int(late) - Int(code) / 2) <= 6)
  }

  @Test
  func `a silent DAC keeps its outputs, a silent ADC reads zero over a floating line`() throws {
    for name in ["lattice", "breadboard"] {
      var board = name == "lattice" ? try lattice() : try breadboard()
      let dac = Int(board.wiring.sources[0].select)
      let adc = Int(board.wiring.targets[0].select)
      let before = board.lines.analog.state
      board.lines.silence(select: dac)
      try board.drive(source: 0, at: .millivolts(400))
      #expect(board.lines.analog.state == before)
      #expect(board.lines.misuses.isEmpty)
      board.lines.silence(select: adc)
      try board.settle()
      #expect(try board.measure(target: 0) == .zero)
      #expect(Set(board.lines.misuses.map(\.rule)) == [.floatingMiso])
      // A select that is not there has no part to silence.
      board.lines.silence(select: 99)
      board.lines.silence(select: -1)
    }
  }

  @Test
  func `enable that is stuck selects chips in the middle of an address change`() throws {
    var board = try lattice()
    board.lines.add(.stuckHigh, line: line(board.wiring.enable))
    try board.drive(source: 0, at: .millivolts(400))
    try board.drive(source: 7, at: .millivolts(400))
    let broken = Set(board.lines.misuses.map(\.rule))
    #expect(broken.contains(.addressWhileEnabled))
  }

  @Test
  func `address lines that are exchanged set another source`() throws {
    var board = try lattice()
    var healthy = try lattice()
    // Selects 1 and 2: their channels A are sources 0 and 2.
    board.lines.add(.swapped(with: 7), line: 6)
    try board.drive(source: 0, at: .millivolts(400))
    try healthy.drive(source: 2, at: .millivolts(400))
    #expect(board.lines.analog.state == healthy.lines.analog.state)
  }

  @Test
  func `a select that is stuck of directly wired chips never ends a frame`() throws {
    var board = try breadboard()
    let before = board.lines.analog.state
    board.lines.add(.stuckLow, line: 4)
    try board.drive(source: 0, at: .millivolts(400))
    #expect(board.lines.analog.state == before)
    var other = try breadboard()
    other.lines.add(.stuckHigh, line: 4)
    try other.drive(source: 0, at: .millivolts(400))
    #expect(other.lines.analog.state == before)
    #expect(Set(other.lines.misuses.map(\.rule)) == [.clockWithoutSelect])
  }

  // MARK: - Edges on lines of their own

  @Test(arguments: 0..<5, [0, 1])
  func `a comparator's line that is stuck shows in its bit alone`(_ edge: Int, _ which: Int) throws
  {
    for fault in [LineFault.stuckLow, .stuckHigh] {
      var healthy = try breadboard()
      var board = try breadboard()
      try present(&healthy)
      try present(&board)
      board.lines.add(fault, line: line(board.wiring.edgeLine(edge, which)))
      var expected = try healthy.comparisons()
      let bit: UInt8 = which == 0 ? 1 : 2
      expected[edge] = Comparison(
        bits: fault == .stuckHigh ? expected[edge].bits | bit : expected[edge].bits & ~bit)
      #expect(try board.comparisons() == expected)
    }
  }

  @Test
  func `a loose comparator's line reads noise in its bit alone`() throws {
    var board = try breadboard()
    try present(&board)
    let healthy = try board.comparisons()
    board.lines.add(.floating, line: line(board.wiring.edgeLine(3, 0)))
    var seen: Set<UInt8> = []
    for _ in 0..<40 {
      let bits = try board.comparisons()
      seen.insert(bits[3].bits & 1)
      for edge in 0..<5 where edge != 3 { #expect(bits[edge] == healthy[edge]) }
      #expect(bits[3].bits & 2 == healthy[3].bits & 2)
    }
    #expect(seen == [0, 1])
  }

  @Test
  func `comparators' lines that are exchanged show each other's bits`() throws {
    // Some edge has different bits: the clamps pull in both directions.
    var healthy = try breadboard()
    try present(&healthy)
    let expected = try healthy.comparisons()
    let edge = try #require(expected.firstIndex { $0.clampedDropIsLarger })
    var board = try breadboard()
    try present(&board)
    let a = line(board.wiring.edgeLine(edge, 0))
    let b = line(board.wiring.edgeLine(edge, 1))
    board.lines.add(.swapped(with: b), line: a)
    let bits = try board.comparisons()
    #expect(bits[edge].bits == 3 - expected[edge].bits)
    for other in 0..<5 where other != edge { #expect(bits[other] == expected[other]) }
  }

  @Test
  func `a comparator's line that is late shows the reading before, whatever is read between`()
    throws
  {
    var healthy = try breadboard()
    var board = try breadboard()
    let edge = 0
    board.lines.add(.late, line: line(board.wiring.edgeLine(edge, 1)))
    var last: UInt8 = 0
    for round in 0..<6 {
      let volts: [Int32] = round % 2 == 0 ? [400, 50] : [50, 400]
      for source in 0..<2 {
        try healthy.drive(source: source, at: .millivolts(volts[source]))
        try board.drive(source: source, at: .millivolts(volts[source]))
      }
      try healthy.settle()
      try board.settle()
      // Reading the other lines is none of this line's business.
      #expect(try healthy.measure(target: 0) == board.measure(target: 0))
      let right = try healthy.comparisons()[edge].bits & 2
      let late = try board.comparisons()[edge].bits & 2
      if round > 0 { #expect(late == last, "round \(round)") }
      last = right
    }
  }

  @Test
  func `a drive line that is stuck moves its edge the wrong way, and both at once is diagnosed`()
    throws
  {
    var board = try breadboard()
    board.lines.add(.stuckHigh, line: line(board.wiring.edgeLine(1, 2)))
    _ = try board.pulse(.milliseconds(5), .hold)
    #expect(board.lines.misuses.isEmpty)
    for (edge, gate) in board.gates.enumerated() {
      if edge == 1 { #expect(gate > 2.02) } else { #expect(gate == 2) }
    }
    let before = board.gates[1]
    _ = try board.pulse(.milliseconds(5), .discharge)
    #expect(Set(board.lines.misuses.map(\.rule)) == [.bothDrives])
    // Both diodes conduct: the gate goes to where their currents are equal, half the supply.
    #expect(board.gates[1] > before && board.gates[1] < 2.5)
    for _ in 0..<100 { _ = try board.pulse(.milliseconds(19), .discharge) }
    #expect(abs(board.gates[1] - 2.5) < 0.2)
    #expect(board.gates[0] < 1.99)
  }

  @Test
  func `a drive line that is loose rests where it holds`() throws {
    var board = try breadboard()
    board.lines.add(.floating, line: line(board.wiring.edgeLine(1, 2)))
    board.lines.add(.floating, line: line(board.wiring.edgeLine(2, 3)))
    _ = try board.pulse(.milliseconds(5), .charge)
    #expect(board.gates[1] == 2)
    #expect(board.gates[2] > 2.02)
    _ = try board.pulse(.milliseconds(5), .discharge)
    #expect(board.gates[1] < 1.99)
    #expect(board.gates[2] > 2.02)
  }

  @Test
  func `drive lines that are exchanged drive each other's edges`() throws {
    var board = try breadboard()
    board.lines.add(
      .swapped(with: line(board.wiring.edgeLine(4, 2))), line: line(board.wiring.edgeLine(0, 2)))
    _ = try board.pulse(.milliseconds(5), [.charge, .hold, .hold, .hold, .hold])
    #expect(board.gates[0] == 2)
    #expect(board.gates[4] > 2.02)
  }

  @Test
  func `a healthy board does all of this without a misuse`() throws {
    var board = try lattice()
    try present(&board)
    _ = try board.measure(target: 3)
    _ = try board.comparisons()
    _ = try board.pulse(.milliseconds(5), mixed(board))
    try board.release(target: 0)
    #expect(board.lines.misuses.isEmpty)
  }
}

/// Pins at which a program is held up in its writes of LEARN, before or after the line changes.
private struct SlowLearn: Lines {
  typealias Failure = CircuitError
  var pins: VirtualPins
  var beforeRise = Nanoseconds.zero
  var afterRise = Nanoseconds.zero
  var beforeFall = Nanoseconds.zero
  var afterFall = Nanoseconds.zero
  /// When LEARN last rose and fell.
  private(set) var rose = Nanoseconds.zero
  private(set) var fell = Nanoseconds.zero
  /// How long the program was held up in the last pulse; to wake up takes some time too.
  private(set) var heldUp = Nanoseconds.zero

  init(pins: VirtualPins) { self.pins = pins }

  mutating func write(_ levels: LineSet, mask: LineSet) throws(CircuitError) {
    guard mask == pins.wiring.learn else { return try pins.write(levels, mask: mask) }
    let rises = levels.meets(mask)
    let came = pins.time
    if rises { heldUp = .zero }
    pins.wait(rises ? beforeRise : beforeFall)
    heldUp = heldUp + (pins.time - came)
    try pins.write(levels, mask: mask)
    if rises { rose = pins.time } else { fell = pins.time }
    pins.wait(rises ? afterRise : afterFall)
    heldUp = heldUp + (pins.time - (rises ? rose : fell))
  }
  mutating func read(mask: LineSet) throws(CircuitError) -> LineSet { try pins.read(mask: mask) }
  mutating func wait(_ duration: Nanoseconds) { pins.wait(duration) }
  mutating func now() -> Nanoseconds { pins.now() }
}
