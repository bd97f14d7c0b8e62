import Firmware

/// What a saved count of clock edges may be.
private let countable = 0...Int(1) << 60

/// An MCP4922: 16 bits are shifted in while it is selected and taken over when it is deselected.
struct DigitalToAnalogChip: Sendable, Equatable, Codable {
  private var word: UInt32 = 0
  private var clocks = 0

  /// Whether the counts are such as come about.
  var isSound: Bool { countable.contains(clocks) }

  /// What a finished frame says.
  enum Frame {
    /// No clock came.
    case nothing
    /// A channel is set to a code, or shut down.
    case set(channel: UInt8, code: UInt32?)
    /// The number of clocks was wrong.
    case broken
  }

  mutating func begin() {
    word = 0
    clocks = 0
  }

  mutating func clockRises(data: Bool) {
    word = word &<< 1 | (data ? 1 : 0)
    clocks += 1
  }

  func end() -> Frame {
    if clocks == 0 { return .nothing }
    if clocks != 16 { return .broken }
    let channel: UInt8 = word & 0x8000 == 0 ? 0 : 1
    return .set(channel: channel, code: word & 0x1000 == 0 ? nil : word & 0xfff)
  }
}

/// An MCP3208: a start bit, mode and channel go in; the sample ends on the falling edge of the clock
/// after the last channel bit; a null bit and twelve data bits follow, each on a falling edge.
struct AnalogToDigitalChip: Sendable, Equatable, Codable {
  private var started = false
  private var rises = 0
  private var command: UInt8 = 0
  private var falls = 0
  private var code: UInt32 = 0
  private var sampledTime: Int64 = 0

  /// When the sample ended.
  var sampled: Nanoseconds { Nanoseconds(sampledTime) }

  /// Whether the counts and the time are such as come about.
  var isSound: Bool {
    countable.contains(rises) && countable.contains(falls)
      && VirtualState.times.contains(sampledTime)
  }

  /// Whether the chip drives its output: from the null bit on.
  var drives: Bool { started && falls >= 6 }

  /// Whether a frame is under way whose bits have not all been read.
  var isConverting: Bool { started && falls >= 6 && falls < 18 }

  /// The level of the output.
  var output: Bool {
    // After fall 6 comes the null bit, after fall 7 bit 11, after fall 18 bit 0.
    falls >= 7 && falls <= 18 && (code &>> UInt32(18 - falls)) & 1 == 1
  }

  mutating func begin() {
    started = false
    rises = 0
    falls = 0
    command = 0
  }

  mutating func clockRises(data: Bool) {
    if !started {
      // Zeros before the start bit are skipped.
      started = data
      rises = started ? 1 : 0
      return
    }
    rises += 1
    if rises <= 5 { command = command << 1 | (data ? 1 : 0) }
  }

  /// - Returns: the channel to be sampled now, on the falling edge that ends the sample.
  mutating func clockFalls() -> UInt8? {
    if !started { return nil }
    falls += 1
    return falls == 6 ? command & 7 : nil
  }

  mutating func take(_ sample: UInt32, at time: Nanoseconds) {
    code = sample & 0xfff
    sampledTime = time.count
  }
}

/// A chain of shift registers as a ring: shifting moves the head, not the bits.
struct ShiftChain: Sendable, Equatable, Codable {
  private var bits: [Bool]
  private var head = 0

  init(count: Int) { bits = Array(repeating: false, count: max(count, 8)) }

  /// Whether this is a state of the same chain as another.
  func isSound(like other: ShiftChain) -> Bool {
    bits.count == other.bits.count && bits.indices.contains(head)
  }

  /// The bit at the far end, the next to come out.
  var output: Bool { bits[head] }

  /// Shifts by one: the bit at the far end leaves, `input` enters.
  mutating func shift(in input: Bool) {
    bits[head] = input
    head += 1
    if head == bits.count { head = 0 }
  }

  /// Loads the bit that would come out after `place` shifts.
  mutating func load(_ bit: Bool, place: Int) {
    bits[(head + place) % bits.count] = bit
  }

  /// The bit that entered `age` shifts before the last one.
  func entered(age: Int) -> Bool {
    bits[(head + 2 * bits.count - 1 - age) % bits.count]
  }
}
