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

  mutating func set(_ lines: LineSet) { pins.write(lines, mask: lines) }
  mutating func clear(_ lines: LineSet) { pins.write(.none, mask: lines) }
  mutating func read() -> Bool { pins.read(mask: wiring.dataIn).meets(wiring.dataIn) }

  /// The select that the first chip of a kind hangs at.
  func select(of part: WiringDescription.Part) -> UInt8 {
    UInt8(pins.analog.description.wiring!.selects.firstIndex(of: part)!)
  }

  mutating func select(_ number: UInt8) {
    if wiring.kind == .chains {
      pins.write(wiring.addressLevels(number), mask: wiring.address)
      set(wiring.enable)
    } else {
      clear(wiring.selectLine(number))
    }
  }

  mutating func deselect(_ number: UInt8) {
    if wiring.kind == .chains {
      pins.write(.none, mask: wiring.enable | wiring.clock)
    } else {
      pins.write(
        wiring.selectLine(number), mask: wiring.selectLine(number) | wiring.clock)
    }
  }

  /// Clock low with a data bit, then high.
  mutating func clock(_ bit: Bool) {
    pins.write(bit ? wiring.dataOut : .none, mask: wiring.dataOut | wiring.clock)
    set(wiring.clock)
  }

  /// Sends the last `bits` bits of a word to a converter.
  mutating func frame(_ output: ConverterChannel, word: UInt32, bits: Int = 16) {
    select(output.select)
    for bit in (0..<bits).reversed() { clock(word >> UInt32(bit) & 1 == 1) }
    deselect(output.select)
  }

  /// Sets a source to a code by a proper frame.
  mutating func setSource(_ source: Int, code: UInt32) {
    let output = wiring.sources[source]
    frame(output, word: (output.channel == 0 ? 0x3000 : 0xb000) | code)
  }

  /// Starts a conversion: six clocks, the last one falling.
  mutating func startConversion(_ target: Int = 0) {
    let input = wiring.targets[target]
    select(input.select)
    for bit in [true, true, input.channel & 4 != 0, input.channel & 2 != 0, input.channel & 1 != 0]
    { clock(bit) }
    clock(false)
    clear(wiring.clock)
  }

  /// Reads the bits of a conversion and deselects.
  mutating func finishConversion(_ target: Int = 0) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<12 {
      set(wiring.clock)
      clear(wiring.clock)
      code = code << 1 | (read() ? 1 : 0)
    }
    deselect(wiring.targets[target].select)
    return code
  }

  mutating func settle() { pins.wait(wiring.settle) }

  /// Captures the comparators of a chain.
  mutating func load() {
    clear(wiring.load)
    set(wiring.load)
  }

  /// Shifts a drive for every edge into the chain; nothing is latched.
  mutating func shift(_ drives: [Drive]) {
    let wiring = wiring
    shift { place in
      guard place / 2 < wiring.edgeCount else { return false }
      let drive = drives[Int(wiring.chain[place / 2])]
      return place % 2 == 0 ? drive == .charge : drive != .discharge
    }
  }

  /// Shifts bits into the drive chain, the last place first.
  mutating func shift(_ bit: (Int) -> Bool) {
    select(wiring.chainSelect)
    for place in (0..<wiring.chainBits).reversed() { clock(bit(place)) }
    deselect(wiring.chainSelect)
  }

  mutating func latch() {
    set(wiring.latch)
    clear(wiring.latch)
  }

  /// LEARN on for a time.
  mutating func learn(_ width: Nanoseconds) {
    set(wiring.learn)
    pins.wait(width)
    clear(wiring.learn)
  }

  /// Sets all drives of a board of either kind.
  mutating func setDrives(_ drive: Drive) {
    if wiring.kind == .chains {
      shift([Drive](repeating: drive, count: wiring.edgeCount))
      latch()
    } else {
      for edge in 0..<wiring.edgeCount {
        pins.write(
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
