import Circuit
import Files
import Firmware
import Testing
import BoardDouble

/// Somebody at the pins with a pattern generator: raw writes, in the order that the parts want them
/// unless a test asks for another.
struct PinBench {
  var pins: VirtualPins
  var wiring: BoardWiring { pins.wiring }

  /// Powers up a board on its default nodes.
  init(_ description: BoardDescription, seed: UInt64 = 1) throws {
    pins = try VirtualPins(
      description: description, seed: seed, sources: description.sources,
      targets: description.targets)
  }

  /// The rules that were broken so far, each once.
  var broken: Set<Misuse.Rule> { Set(pins.misuses.map(\.rule)) }

  /// The gates at present, V.
  var gates: [Double] {
    var analog = pins.analog
    return analog.gates(at: pins.time)
  }

  mutating func set(_ lines: LineSet) throws { try pins.write(lines, mask: lines) }
  mutating func clear(_ lines: LineSet) throws { try pins.write(.none, mask: lines) }
  mutating func read() throws -> Bool { try pins.read(mask: wiring.dataIn).meets(wiring.dataIn) }

  /// The select that the first chip of a kind hangs at.
  func select(of part: WiringDescription.Part) -> UInt8 {
    UInt8(pins.analog.description.wiring!.selects.firstIndex(of: part)!)
  }

  mutating func select(_ number: UInt8) throws {
    if wiring.kind == .chains {
      try pins.write(wiring.addressLevels(number), mask: wiring.address)
      try set(wiring.enable)
    } else {
      try clear(wiring.selectLine(number))
    }
  }

  mutating func deselect(_ number: UInt8) throws {
    if wiring.kind == .chains {
      try pins.write(.none, mask: wiring.enable | wiring.clock)
    } else {
      try pins.write(
        wiring.selectLine(number), mask: wiring.selectLine(number) | wiring.clock)
    }
  }

  /// Clock low with a data bit, then high.
  mutating func clock(_ bit: Bool) throws {
    try pins.write(bit ? wiring.dataOut : .none, mask: wiring.dataOut | wiring.clock)
    try set(wiring.clock)
  }

  /// Sends the last `bits` bits of a word to a converter.
  mutating func frame(_ output: ConverterChannel, word: UInt32, bits: Int = 16) throws {
    try select(output.select)
    for bit in (0..<bits).reversed() { try clock(word >> UInt32(bit) & 1 == 1) }
    try deselect(output.select)
  }

  /// Sets a source to a code by a proper frame.
  mutating func setSource(_ source: Int, code: UInt32) throws {
    let output = wiring.sources[source]
    try frame(output, word: (output.channel == 0 ? 0x3000 : 0xb000) | code)
  }

  /// Starts a conversion: six clocks, the last one falling.
  mutating func startConversion(_ target: Int = 0) throws {
    let input = wiring.targets[target]
    try select(input.select)
    for bit in [true, true, input.channel & 4 != 0, input.channel & 2 != 0, input.channel & 1 != 0]
    { try clock(bit) }
    try clock(false)
    try clear(wiring.clock)
  }

  /// Reads the bits of a conversion and deselects.
  mutating func finishConversion(_ target: Int = 0) throws -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<12 {
      try set(wiring.clock)
      try clear(wiring.clock)
      code = code << 1 | (try read() ? 1 : 0)
    }
    try deselect(wiring.targets[target].select)
    return code
  }

  mutating func settle() { pins.wait(wiring.settle) }

  /// Captures the comparators of a chain.
  mutating func load() throws {
    try clear(wiring.load)
    try set(wiring.load)
  }

  /// Shifts a drive for every edge into the chain; nothing is latched.
  mutating func shift(_ drives: [Drive]) throws {
    let wiring = wiring
    try shift { place in
      guard place / 2 < wiring.edgeCount else { return false }
      let drive = drives[Int(wiring.chain[place / 2])]
      return place % 2 == 0 ? drive == .charge : drive != .discharge
    }
  }

  /// Shifts bits into the drive chain, the last place first.
  mutating func shift(_ bit: (Int) -> Bool) throws {
    try select(wiring.chainSelect)
    for place in (0..<wiring.chainBits).reversed() { try clock(bit(place)) }
    try deselect(wiring.chainSelect)
  }

  mutating func latch() throws {
    try set(wiring.latch)
    try clear(wiring.latch)
  }

  /// LEARN on for a time.
  mutating func learn(_ width: Nanoseconds) throws {
    try set(wiring.learn)
    pins.wait(width)
    try clear(wiring.learn)
  }

  /// Sets all drives of a board of either kind.
  mutating func setDrives(_ drive: Drive) throws {
    if wiring.kind == .chains {
      try shift([Drive](repeating: drive, count: wiring.edgeCount))
      try latch()
    } else {
      for edge in 0..<wiring.edgeCount {
        try pins.write(
          (drive == .charge ? wiring.edgeLine(edge, 2) : .none)
            | (drive == .discharge ? .none : wiring.edgeLine(edge, 3)),
          mask: wiring.edgeLine(edge, 2) | wiring.edgeLine(edge, 3))
      }
    }
  }
}

extension WiredBoard where L == VirtualPins {
  /// Powers up a board on its default nodes.
  init(_ description: BoardDescription, seed: UInt64 = 1) throws {
    try self.init(
      description: description, seed: seed, sources: description.sources,
      targets: description.targets)
  }

  /// The gates at present, V.
  var gates: [Double] {
    var analog = lines.analog
    return analog.gates(at: lines.time)
  }

  /// A pulse that drives every edge the same way.
  mutating func pulse(_ width: Nanoseconds, _ drive: Drive) throws(WiredFailure<CircuitError>)
    -> Nanoseconds
  {
    let drives = [Drive](repeating: drive, count: wiring.edgeCount)
    return try pulse(width: width, drives: drives.span)
  }

  /// A pulse with a drive for each edge.
  mutating func pulse(_ width: Nanoseconds, _ drives: [Drive]) throws(WiredFailure<CircuitError>)
    -> Nanoseconds
  {
    try pulse(width: width, drives: drives.span)
  }

  /// Captures the comparators of all learning edges.
  mutating func comparisons() throws(WiredFailure<CircuitError>) -> [Comparison] {
    var bits = [Comparison](repeating: Comparison(bits: 0), count: wiring.edgeCount)
    var span = bits.mutableSpan
    try compare(into: &span)
    return bits
  }

  mutating func setGates(_ gates: [Double]) {
    withAnalog { analog, time in analog.setGates(gates, at: time) }
  }
}

/// A board whose leakage does not blur what a pulse does.
func tightBoard(_ name: String) throws -> BoardDescription {
  var description = try shippedBoard(name)
  description.imperfections.leakLowest = 0
  description.imperfections.leakHighest = 0
  return description
}
