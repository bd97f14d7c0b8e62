public import Firmware

/// A log as a value change dump, for a waveform viewer: lines as wires, gates and nodes as reals.
/// It is written as calls come, so that it may be longer than memory.
public struct Waveform: Sendable {
  /// The part of the dump that was not taken yet.
  private var text: String
  private let lineCount: Int
  private let firstFree: Int
  private let firstClamped: Int
  private var levels: LineSet
  private var shown: Int64 = 0
  /// Analog values that are not in the dump yet.
  private var waiting: [Trace.Analog] = []
  /// The last call that changed or read lines. It waits for the next one: analog values that come
  /// after it, such as those at the end of the one-shot, may belong before it.
  private var held: Trace.Event?

  /// Begins a dump.
  ///
  /// - Parameters:
  ///   - lines: a name for each line, from line 0.
  ///   - gates: a name for each learning edge.
  ///   - nodes: a name for each node.
  ///   - initial: the lines' levels before the first call.
  public init(lines: [String], gates: [String], nodes: [String], initial: LineSet) {
    lineCount = lines.count
    firstFree = lineCount + gates.count
    firstClamped = firstFree + nodes.count
    levels = initial
    text = "$version Tellegen $end\n$timescale 1 ns $end\n$scope module board $end\n"
    for (line, name) in lines.enumerated() {
      text += "$var wire 1 \(Self.code(line)) \(Self.plain(name)) $end\n"
    }
    for (edge, name) in gates.enumerated() {
      text += "$var real 64 \(Self.code(lineCount + edge)) gate_\(Self.plain(name)) $end\n"
    }
    for (node, name) in nodes.enumerated() {
      text += "$var real 64 \(Self.code(firstFree + node)) free_\(Self.plain(name)) $end\n"
      text += "$var real 64 \(Self.code(firstClamped + node)) clamped_\(Self.plain(name)) $end\n"
    }
    text += "$upscope $end\n$enddefinitions $end\n#0\n$dumpvars\n"
    for line in lines.indices {
      text += "\(levels.meets(LineSet(line: line)) ? 1 : 0)\(Self.code(line))\n"
    }
    for real in 0..<(gates.count + 2 * nodes.count) {
      text += "r0 \(Self.code(lineCount + real))\n"
    }
    text += "$end\n"
  }

  /// Adds a call.
  public mutating func add(_ event: Trace.Event) {
    guard event.kind == .write || event.kind == .read || event.kind == .turn else { return }
    settle()
    held = event
  }

  private mutating func settle() {
    guard let event = held else { return }
    held = nil
    drain(until: event.time)
    let next = levels.without(event.mask) | event.levels
    if next == levels { return }
    stamp(event.time)
    for line in 0..<lineCount {
      let set = LineSet(line: line)
      if next.meets(set) != levels.meets(set) {
        text += "\(next.meets(set) ? 1 : 0)\(Self.code(line))\n"
      }
    }
    levels = next
  }

  /// Adds analog values.
  public mutating func add(_ values: Trace.Analog) { waiting.append(values) }

  /// Takes what was added since the last time.
  ///
  /// - Parameter isEnd: whether nothing more comes.
  /// - Returns: the part of the dump that is new.
  public mutating func take(isEnd: Bool = false) -> String {
    if isEnd {
      settle()
      drain(until: Nanoseconds(.max))
    }
    defer { text = "" }
    return text
  }

  private mutating func stamp(_ time: Nanoseconds) {
    if time.count > shown {
      shown = time.count
      text += "#\(shown)\n"
    }
  }

  private mutating func drain(until time: Nanoseconds) {
    let due = waiting.prefix { !(time < $0.time) }
    for next in due {
      stamp(next.time)
      for (edge, volts) in next.gates.enumerated() {
        text += "r\(volts) \(Self.code(lineCount + edge))\n"
      }
      for (node, volts) in next.freeNodes.enumerated() {
        text += "r\(volts) \(Self.code(firstFree + node))\n"
      }
      for (node, volts) in next.clampedNodes.enumerated() {
        text += "r\(volts) \(Self.code(firstClamped + node))\n"
      }
    }
    waiting.removeFirst(due.count)
  }

  /// A short printable name for the n-th variable.
  private static func code(_ number: Int) -> String {
    var code = ""
    var rest = number
    repeat {
      code.append(Character(UnicodeScalar(UInt8(33 + rest % 94))))
      rest /= 94
    } while rest > 0
    return code
  }

  /// A name without white space, which the format gives a meaning.
  private static func plain(_ name: String) -> String {
    String(name.map { $0.isWhitespace ? "_" : $0 })
  }
}
