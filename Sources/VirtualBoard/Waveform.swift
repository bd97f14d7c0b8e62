public import Firmware

/// A log as a value change dump, for a waveform viewer: lines as wires, gates and nodes as reals.
public struct Waveform: Sendable {
  /// The dump.
  public let text: String

  /// Writes the dump of a log.
  ///
  /// - Parameters:
  ///   - trace: the log.
  ///   - lines: a name for each line, from line 0.
  ///   - gates: a name for each learning edge.
  ///   - nodes: a name for each node.
  ///   - initial: the lines' levels before the first call.
  public init(trace: Trace, lines: [String], gates: [String], nodes: [String], initial: LineSet) {
    var text = "$version Tellegen $end\n$timescale 1 ns $end\n$scope module board $end\n"
    for (line, name) in lines.enumerated() {
      text += "$var wire 1 \(Self.code(line)) \(Self.plain(name)) $end\n"
    }
    let firstGate = lines.count
    for (edge, name) in gates.enumerated() {
      text += "$var real 64 \(Self.code(firstGate + edge)) gate_\(Self.plain(name)) $end\n"
    }
    let firstFree = firstGate + gates.count
    let firstClamped = firstFree + nodes.count
    for (node, name) in nodes.enumerated() {
      text += "$var real 64 \(Self.code(firstFree + node)) free_\(Self.plain(name)) $end\n"
      text += "$var real 64 \(Self.code(firstClamped + node)) clamped_\(Self.plain(name)) $end\n"
    }
    text += "$upscope $end\n$enddefinitions $end\n#0\n$dumpvars\n"
    var levels = initial
    for line in lines.indices {
      text += "\(levels.meets(LineSet(line: line)) ? 1 : 0)\(Self.code(line))\n"
    }
    for real in 0..<(gates.count + 2 * nodes.count) {
      text += "r0 \(Self.code(firstGate + real))\n"
    }
    text += "$end\n"

    var analog = trace.analog[...]
    var shown: Int64 = 0
    func stamp(_ time: Nanoseconds) {
      if time.count > shown {
        shown = time.count
        text += "#\(shown)\n"
      }
    }
    func drain(until time: Nanoseconds) {
      while let next = analog.first, !(time < next.time) {
        stamp(next.time)
        for (edge, volts) in next.gates.enumerated() {
          text += "r\(volts) \(Self.code(firstGate + edge))\n"
        }
        for (node, volts) in next.freeNodes.enumerated() {
          text += "r\(volts) \(Self.code(firstFree + node))\n"
        }
        for (node, volts) in next.clampedNodes.enumerated() {
          text += "r\(volts) \(Self.code(firstClamped + node))\n"
        }
        analog = analog.dropFirst()
      }
    }
    for event in trace.events {
      drain(until: event.time)
      guard event.kind == .write || event.kind == .read else { continue }
      let next = levels.without(event.mask) | event.levels
      if next == levels { continue }
      stamp(event.time)
      for line in lines.indices {
        let set = LineSet(line: line)
        if next.meets(set) != levels.meets(set) {
          text += "\(next.meets(set) ? 1 : 0)\(Self.code(line))\n"
        }
      }
      levels = next
    }
    drain(until: Nanoseconds(.max))
    self.text = text
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
