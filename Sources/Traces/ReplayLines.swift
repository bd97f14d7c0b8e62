public import Firmware

/// Lines that answer as a log says and refuse whatever the log did not see: the firmware, run on
/// them, must do what it did.
public struct ReplayLines: Lines, Sendable {
  /// Where and how a replay first differs from its log.
  public struct Divergence: Error, Equatable, CustomStringConvertible {
    /// The number of the call, from 0.
    public let call: Int
    /// What the log has there; `nil` at its end.
    public let logged: Trace.Event?
    /// What the firmware did.
    public let done: String

    /// The difference in words.
    public var description: String {
      guard let logged else { return "call \(call): the log ends, but the firmware \(done)" }
      let letter = Character(UnicodeScalar(logged.kind.rawValue))
      return "call \(call) at \(logged.time.count) ns: the log has \(letter) "
        + "\(String(logged.mask.bits, radix: 16)) \(String(logged.levels.bits, radix: 16)), "
        + "but the firmware \(done)"
    }
  }

  private let events: [Trace.Event]
  /// The number of the next call.
  public private(set) var call = 0
  /// Whether the log has exchanges.
  public let hasSerialBus: Bool
  /// How many of the calls were writes, reads and exchanges.
  public private(set) var operations = 0

  /// Makes lines that follow a log.
  public init(_ trace: Trace) {
    events = trace.events
    hasSerialBus = events.contains { $0.kind == .exchange }
  }

  /// Whether the whole log was followed.
  public var isAtEnd: Bool { call == events.count }

  private mutating func next(
    _ kind: Trace.Event.Kind, _ done: @autoclosure () -> String,
    where matches: (Trace.Event) -> Bool
  ) throws(Divergence) -> Trace.Event {
    guard call < events.count else {
      throw Divergence(call: call, logged: nil, done: done())
    }
    let event = events[call]
    guard event.kind == kind, matches(event) else {
      throw Divergence(call: call, logged: event, done: done())
    }
    call += 1
    if kind == .write || kind == .read || kind == .exchange { operations += 1 }
    return event
  }

  /// Checks a write against the log.
  public mutating func write(_ levels: LineSet, mask: LineSet) throws(Divergence) {
    _ = try next(
      .write,
      "writes \(String(mask.bits, radix: 16)) \(String((levels & mask).bits, radix: 16))"
    ) { $0.mask == mask && $0.levels == levels & mask }
  }

  /// Answers a read from the log.
  public mutating func read(mask: LineSet) throws(Divergence) -> LineSet {
    try next(.read, "reads \(String(mask.bits, radix: 16))") { $0.mask == mask }.levels
  }

  /// Checks a wait against the log.
  public mutating func wait(_ duration: Nanoseconds) throws(Divergence) {
    let bits = UInt64(bitPattern: duration.count)
    _ = try next(.wait, "waits \(duration.count) ns") { $0.levels.bits == bits }
  }

  /// Answers with the log's time.
  public mutating func now() throws(Divergence) -> Nanoseconds {
    try next(.now, "asks for the time") { _ in true }.time
  }

  /// Checks an exchange against the log and answers from it.
  public mutating func exchange(_ word: UInt32, bits: Int) throws(Divergence) -> UInt32 {
    let sent = LineSet(sent: word, bits: bits)
    let event = try next(.exchange, "sends \(String(word, radix: 16)), \(bits) bits") {
      $0.mask == sent
    }
    return UInt32(truncatingIfNeeded: event.levels.bits)
  }
}
