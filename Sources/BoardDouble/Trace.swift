public import Firmware

/// A log of every call at the lines.
public struct Trace: Sendable, Equatable {
  /// One call.
  public struct Event: Sendable, Equatable {
    /// The kinds of call.
    public enum Kind: UInt8, Sendable {
      /// `write`: the lines of `mask` were set to `levels`.
      case write = 0x77
      /// `read`: the lines of `mask` stood at `levels`.
      case read = 0x72
      /// A `write` that came with a line's direction: a chip's line was made an output at `levels`,
      /// or let go of; whoever asked for that made no call to set it.
      case turn = 0x6f
      /// `wait`: at least `levels.bits` nanoseconds were asked for.
      case wait = 0x64
      /// `now`: the clock stood at `time`.
      case now = 0x74
      /// `exchange`: `mask.bits` has the bits that were sent below 2^32 and how many above,
      /// `levels.bits` those that came.
      case exchange = 0x65
    }

    /// When the call ended.
    public var time: Nanoseconds
    /// Which call.
    public var kind: Kind
    /// The lines concerned.
    public var mask: LineSet
    /// Their levels.
    public var levels: LineSet

    /// Makes an event.
    public init(time: Nanoseconds, kind: Kind, mask: LineSet, levels: LineSet) {
      self.time = time
      self.kind = kind
      self.mask = mask
      self.levels = levels
    }
  }

  /// What the analog side stood at, for the waveform file.
  public struct Analog: Sendable, Equatable {
    /// When.
    public var time: Nanoseconds
    /// The gates, V; empty where they have not changed.
    public var gates: [Double]
    /// The free twin's nodes, V; empty where they have not changed.
    public var freeNodes: [Double]
    /// The clamped twin's nodes, V; empty where they have not changed.
    public var clampedNodes: [Double]
  }

  /// The calls in order.
  public var events: [Event] = []
  /// The analog values in order.
  public var analog: [Analog] = []
  /// Where calls and analog values go instead, as they happen, so that a long log takes no memory.
  public let stream: TraceStream?

  /// An empty log, kept in memory.
  public init() { stream = nil }

  /// A log that is written as it happens.
  public init(to stream: TraceStream) { self.stream = stream }

  /// Adds a call.
  public mutating func add(_ event: Event) {
    if let stream { stream.add(event) } else { events.append(event) }
  }

  /// Adds analog values.
  public mutating func add(_ values: Analog) {
    if let stream { stream.add(values) } else { analog.append(values) }
  }

  /// The first line of a log's text.
  static let header = "tellegen trace 1\n"

  /// The log as text: a line a call with its end in ns, a letter (w write, r read, d wait, t clock,
  /// e exchange, o a level that came with a direction), and the lines and levels in hexadecimal.
  public var text: String { events.reduce(into: Trace.header) { $0 += $1.line } }

  /// Reads a log's text. What comes after its last line end is left out: half a line is all that a
  /// killed program may have left there.
  /// - Throws: `TraceError` naming the line that is wrong.
  public init(text: String) throws(TraceError) {
    stream = nil
    var number = 0
    let whole = text.lastIndex(of: "\n").map { text[..<$0] } ?? text[...]
    for line in whole.split(separator: "\n", omittingEmptySubsequences: false) {
      number += 1
      if number == 1 {
        guard line == "tellegen trace 1" else {
          throw TraceError(line: 1, message: "it must be 'tellegen trace 1'")
        }
        continue
      }
      if line.isEmpty { continue }
      let fields = line.split(separator: " ")
      guard fields.count == 4, let time = Int64(fields[0]), fields[1].utf8.count == 1,
        let letter = fields[1].utf8.first, let kind = Event.Kind(rawValue: letter),
        let mask = UInt64(fields[2], radix: 16), let levels = UInt64(fields[3], radix: 16)
      else {
        throw TraceError(
          line: number, message: "expected: nanoseconds, w r o d t or e, lines and levels in hex")
      }
      events.append(
        Event(
          time: Nanoseconds(time), kind: kind, mask: LineSet(bits: mask),
          levels: LineSet(bits: levels)))
    }
  }
}

extension Trace.Event {
  /// The event as a line of a log's text.
  var line: String {
    let letter = Character(UnicodeScalar(kind.rawValue))
    return "\(time.count) \(letter) \(String(mask.bits, radix: 16)) "
      + "\(String(levels.bits, radix: 16))\n"
  }
}

/// A trace's text that cannot be read.
public struct TraceError: Error, Equatable, CustomStringConvertible {
  /// The line at fault, from 1.
  public let line: Int
  /// What is wrong with it.
  public let message: String

  /// The error in words.
  public var description: String { "line \(line) of the trace: \(message)" }
}

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

  /// Tells the log's time.
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

extension LineSet {
  /// What an exchange's event has for a mask.
  fileprivate init(sent word: UInt32, bits: Int) {
    self.init(bits: UInt64(word) | UInt64(bits) << 32)
  }
}

/// Lines that keep a log of every call at other lines.
public struct TracingLines<Base: Lines>: Lines {
  /// The failures of the lines.
  public typealias Failure = Base.Failure

  /// The lines.
  public var base: Base
  /// The log, if one is kept.
  public var trace: Trace?

  /// Makes lines that log, or do not.
  public init(_ base: Base, trace: Trace?) {
    self.base = base
    self.trace = trace
  }

  /// Sets lines.
  public mutating func write(_ levels: LineSet, mask: LineSet) throws(Failure) {
    try base.write(levels, mask: mask)
    if trace != nil { try log(.write, mask, levels & mask) }
  }

  /// Reads lines.
  public mutating func read(mask: LineSet) throws(Failure) -> LineSet {
    let levels = try base.read(mask: mask)
    if trace != nil { try log(.read, mask, levels) }
    return levels
  }

  /// Waits at least so long.
  public mutating func wait(_ duration: Nanoseconds) throws(Failure) {
    try base.wait(duration)
    if trace != nil { try log(.wait, .none, LineSet(bits: UInt64(bitPattern: duration.count))) }
  }

  /// Tells the time.
  public mutating func now() throws(Failure) -> Nanoseconds {
    let time = try base.now()
    trace?.add(Trace.Event(time: time, kind: .now, mask: .none, levels: .none))
    return time
  }

  /// Whether the lines have a serial bus.
  public var hasSerialBus: Bool { base.hasSerialBus }

  /// Exchanges bits over the serial bus.
  public mutating func exchange(_ word: UInt32, bits: Int) throws(Failure) -> UInt32 {
    let received = try base.exchange(word, bits: bits)
    if trace != nil {
      try log(.exchange, LineSet(sent: word, bits: bits), LineSet(bits: UInt64(received)))
    }
    return received
  }

  private mutating func log(
    _ kind: Trace.Event.Kind, _ mask: LineSet, _ levels: LineSet
  ) throws(Failure) {
    let time = try base.now()
    trace?.add(Trace.Event(time: time, kind: kind, mask: mask, levels: levels))
  }
}

/// The pin-level double with another run's timing: what the double did behind a kernel's chip, line
/// by line at the times that its log tells, it must do here again, asked by the firmware.
///
/// A call for several lines is one operation for its caller, but reached the chip as one request a
/// line; the log has these in order with the chip's times, and marks those that came with a line's
/// direction: opening and release, which are no calls of the firmware. The caller's clock is answered
/// from the caller's own log.
public struct RetimedPins: Lines, Sendable {
  /// Where the two logs, the firmware and the double first disagree.
  public struct Divergence: Error, Equatable, CustomStringConvertible {
    /// The number of the caller's call, from 0.
    public let call: Int
    /// What differs.
    public let description: String
    /// Whether nothing differs but the caller's log has ended, as that of an interrupted run does in
    /// the middle of something.
    public let isPastEnd: Bool
  }

  private var calls: ReplayLines
  private var pins: VirtualPins
  private let seen: [Trace.Event]
  private var next = 0
  /// The levels that the chip was last told.
  private var told = LineSet.none

  /// Makes pins.
  ///
  /// - Parameters:
  ///   - pins: the double, powered up.
  ///   - calls: the caller's log.
  ///   - seen: the log of the chip's side.
  /// - Throws: `TraceError` when that log is not one of a chip.
  public init(_ pins: VirtualPins, calls: Trace, seen: Trace) throws(TraceError) {
    guard seen.events.contains(where: { $0.kind == .turn }) else {
      throw TraceError(
        line: 1,
        message: "no line was ever opened (o) in it: it is not the chip's log, or one of an older "
          + "program; run again with `tellegen serve --log`")
    }
    self.pins = pins
    self.calls = ReplayLines(calls)
    self.seen = seen.events
  }

  /// How many calls were checked.
  public var call: Int { calls.call }
  /// How many of them were writes, reads and exchanges.
  public var operations: Int { calls.operations }
  /// Whether the caller's whole log was followed.
  public var isAtEnd: Bool { calls.isAtEnd }

  /// Takes the next request that was a call's, once those that came with directions are done.
  ///
  /// - Parameters:
  ///   - kind: a write or a read.
  ///   - lines: the lines that the call has left.
  ///   - levels: those it writes.
  private mutating func request(
    _ kind: Trace.Event.Kind, of lines: LineSet, at levels: LineSet = .none
  ) throws(Divergence) -> Trace.Event {
    while next < seen.count {
      let event = seen[next]
      let isWanted =
        event.kind == kind && lines.meets(event.mask)
        && (kind == .read || event.levels == levels & event.mask)
      // libgpiod 1.6 tells the chip all outputs for one: those that stand so already change nothing.
      let changesNothing = event.kind == .write && event.levels == told & event.mask
      guard isWanted || changesNothing || event.kind == .turn else {
        throw fail(
          "the chip saw another request than the firmware makes, at \(event.time.count) ns")
      }
      next += 1
      if event.kind != .read { told = told.without(event.mask) | event.levels }
      if isWanted { return event }
      if event.kind == .turn {
        pins.follow(event.time)
        pins.write(event.levels, mask: event.mask)
      }
    }
    throw fail("the chip's log ends before the caller's")
  }

  private func fail(_ what: String) -> Divergence {
    Divergence(call: calls.call, description: what, isPastEnd: false)
  }

  private func fail(_ error: ReplayLines.Divergence) -> Divergence {
    Divergence(call: error.call, description: error.description, isPastEnd: error.logged == nil)
  }

  /// Checks a write against both logs and does it.
  public mutating func write(_ levels: LineSet, mask: LineSet) throws(Divergence) {
    do throws(ReplayLines.Divergence) { try calls.write(levels, mask: mask) } catch {
      throw fail(error)
    }
    // The serial lines are the controller's, if there is one: nothing else sets them.
    let wiring = pins.wiring
    let serial = calls.hasSerialBus ? wiring.clock | wiring.dataOut : .none
    try send(levels, on: (mask & wiring.outputs).without(serial))
  }

  /// Does what the chip was told of lines, which must be these levels.
  private mutating func send(_ levels: LineSet, on mask: LineSet) throws(Divergence) {
    var left = mask
    while left != .none {
      let event = try request(.write, of: left, at: levels)
      pins.follow(event.time)
      pins.write(event.levels, mask: event.mask)
      left = left.without(event.mask)
    }
  }

  /// Checks a read against both logs and asks the double.
  public mutating func read(mask: LineSet) throws(Divergence) -> LineSet {
    let logged: LineSet
    do throws(ReplayLines.Divergence) { logged = try calls.read(mask: mask) } catch {
      throw fail(error)
    }
    var levels = LineSet.none
    var left = mask
    while left != .none {
      let event = try request(.read, of: left)
      pins.follow(event.time)
      levels = levels | pins.read(mask: event.mask)
      left = left.without(event.mask)
    }
    guard levels == logged else {
      throw fail(
        "the double reads \(String(levels.bits, radix: 16)), the caller read "
          + "\(String(logged.bits, radix: 16)) at lines \(String(mask.bits, radix: 16))")
    }
    return levels
  }

  /// Checks a wait.
  public mutating func wait(_ duration: Nanoseconds) throws(Divergence) {
    do throws(ReplayLines.Divergence) { try calls.wait(duration) } catch {
      throw fail(error)
    }
  }

  /// Tells the caller's time.
  public mutating func now() throws(Divergence) -> Nanoseconds {
    do throws(ReplayLines.Divergence) { return try calls.now() } catch {
      throw fail(error)
    }
  }

  /// Whether the caller had a serial bus.
  public var hasSerialBus: Bool { calls.hasSerialBus }

  /// Checks an exchange against both logs and lets the double answer it, edge by edge as the
  /// controller clocked the chip.
  public mutating func exchange(_ word: UInt32, bits: Int) throws(Divergence) -> UInt32 {
    let logged: UInt32
    do throws(ReplayLines.Divergence) { logged = try calls.exchange(word, bits: bits) } catch {
      throw fail(error)
    }
    let wiring = pins.wiring
    var received: UInt32 = 0
    var bit = 1 << UInt32(bits - 1) as UInt32
    while bit != 0 {
      // Data out, data in, the clock up and down, as a controller does it.
      try send(word & bit != 0 ? wiring.dataOut : .none, on: wiring.dataOut)
      let event = try request(.read, of: wiring.dataIn)
      pins.follow(event.time)
      if pins.read(mask: wiring.dataIn) != .none { received |= bit }
      try send(wiring.clock, on: wiring.clock)
      try send(.none, on: wiring.clock)
      bit >>= 1
    }
    guard received == logged else {
      throw fail(
        "the double sends \(String(received, radix: 16)), the caller received "
          + "\(String(logged, radix: 16))")
    }
    return received
  }
}
