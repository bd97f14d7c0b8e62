public import Circuit
public import Firmware
public import Traces

/// The pin-level double with another run's timing: what the double did behind a kernel's chip, line
/// by line at the times in its log, it must do here again when the firmware asks.
///
/// A call for several lines is one operation for its caller, but reached the chip as one request a
/// line; the log has these in order with the chip's times, and marks those that came with a line's
/// direction: opening and release, which are no calls of the firmware. The caller's clock is
/// answered from the caller's own log.
public struct RetimedPins: Lines, Sendable {
  /// Where the two logs, the firmware and the double first disagree.
  public struct Divergence: Error, Equatable, CustomStringConvertible {
    /// The number of the caller's call, from 0.
    public let call: Int
    /// What differs.
    public let description: String
    /// Whether nothing differs but the caller's log has ended, as that of an interrupted run does
    /// in the middle of something.
    public let isPastEnd: Bool
  }

  /// What ends a replay.
  public enum Failure: Error, Equatable, CustomStringConvertible {
    /// The logs, the firmware and the double disagree.
    case differs(Divergence)
    /// The double has no solution.
    case circuit(CircuitError)

    /// The failure in words.
    public var description: String {
      switch self {
      case .differs(let divergence): divergence.description
      case .circuit(let error): error.description
      }
    }
  }

  private var calls: ReplayLines
  private var pins: VirtualPins
  private let seen: [Trace.Event]
  private var next = 0
  /// The levels that the chip was last set to.
  private var chipLevels = LineSet.none

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
  /// - Returns: the request.
  /// - Throws: `Failure` when the log has another request there, or none.
  private mutating func request(
    _ kind: Trace.Event.Kind, of lines: LineSet, at levels: LineSet = .none
  ) throws(Failure) -> Trace.Event {
    while next < seen.count {
      let event = seen[next]
      let isWanted =
        event.kind == kind && lines.meets(event.mask)
        && (kind == .read || event.levels == levels & event.mask)
      // libgpiod 1.6 sets all outputs of the chip to change one: those that stand so already
      // change nothing.
      let changesNothing = event.kind == .write && event.levels == chipLevels & event.mask
      guard isWanted || changesNothing || event.kind == .turn else {
        throw fail(
          "the chip saw another request than the firmware makes, at \(event.time.count) ns")
      }
      next += 1
      if event.kind != .read { chipLevels = chipLevels.without(event.mask) | event.levels }
      if isWanted { return event }
      if event.kind == .turn {
        pins.follow(event.time)
        try apply(event)
      }
    }
    throw fail("the chip's log ends before the caller's")
  }

  /// Sets lines of the double as those of the chip were set.
  private mutating func apply(_ event: Trace.Event) throws(Failure) {
    do throws(CircuitError) { try pins.write(event.levels, mask: event.mask) } catch {
      throw .circuit(error)
    }
  }

  /// Asks the double for lines.
  private mutating func ask(_ mask: LineSet) throws(Failure) -> LineSet {
    do throws(CircuitError) { return try pins.read(mask: mask) } catch { throw .circuit(error) }
  }

  private func fail(_ what: String) -> Failure {
    .differs(Divergence(call: calls.call, description: what, isPastEnd: false))
  }

  private func fail(_ error: ReplayLines.Divergence) -> Failure {
    .differs(
      Divergence(
        call: error.call, description: error.description, isPastEnd: error.logged == nil))
  }

  /// Checks a write against both logs and does it.
  public mutating func write(_ levels: LineSet, mask: LineSet) throws(Failure) {
    do throws(ReplayLines.Divergence) { try calls.write(levels, mask: mask) } catch {
      throw fail(error)
    }
    // The serial lines are the controller's, if there is one: nothing else sets them.
    let wiring = pins.wiring
    let serial = calls.hasSerialBus ? wiring.clock | wiring.dataOut : .none
    try send(levels, on: (mask & wiring.outputs).without(serial))
  }

  /// Sets lines as those of the chip were set, which must be to these levels.
  private mutating func send(_ levels: LineSet, on mask: LineSet) throws(Failure) {
    var left = mask
    while left != .none {
      let event = try request(.write, of: left, at: levels)
      pins.follow(event.time)
      try apply(event)
      left = left.without(event.mask)
    }
  }

  /// Checks a read against both logs and asks the double.
  public mutating func read(mask: LineSet) throws(Failure) -> LineSet {
    let logged: LineSet
    do throws(ReplayLines.Divergence) { logged = try calls.read(mask: mask) } catch {
      throw fail(error)
    }
    var levels = LineSet.none
    var left = mask
    while left != .none {
      let event = try request(.read, of: left)
      pins.follow(event.time)
      levels = levels | (try ask(event.mask))
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
  public mutating func wait(_ duration: Nanoseconds) throws(Failure) {
    do throws(ReplayLines.Divergence) { try calls.wait(duration) } catch {
      throw fail(error)
    }
  }

  /// Answers with the caller's time.
  public mutating func now() throws(Failure) -> Nanoseconds {
    do throws(ReplayLines.Divergence) { return try calls.now() } catch {
      throw fail(error)
    }
  }

  /// Whether the caller had a serial bus.
  public var hasSerialBus: Bool { calls.hasSerialBus }

  /// Checks an exchange against both logs and lets the double answer it, edge by edge as the
  /// controller clocked the chip.
  public mutating func exchange(_ word: UInt32, bits: Int) throws(Failure) -> UInt32 {
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
      if try ask(wiring.dataIn) != .none { received |= bit }
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
