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
      /// or released; the program that asked for that made no call to set it.
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

    /// Makes values.
    package init(
      time: Nanoseconds, gates: [Double], freeNodes: [Double], clampedNodes: [Double]
    ) {
      self.time = time
      self.gates = gates
      self.freeNodes = freeNodes
      self.clampedNodes = clampedNodes
    }
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

  /// Makes an error.
  package init(line: Int, message: String) {
    self.line = line
    self.message = message
  }

  /// The error in words.
  public var description: String { "line \(line) of the trace: \(message)" }
}

extension LineSet {
  /// The mask of an exchange's event.
  init(sent word: UInt32, bits: Int) {
    self.init(bits: UInt64(word) | UInt64(bits) << 32)
  }
}
