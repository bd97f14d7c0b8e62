public import Firmware

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

  /// Reads the time.
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
