package import Firmware

/// What a run's log says of its lines: when each output was told to change, and what each input was
/// read as. What became of it at the board, the log does not know.
package struct CommandedLines: Sendable {
  /// A time between which and another something happened: after the end of the call before, until
  /// the end of its own.
  package struct Moment: Sendable, Equatable {
    /// Not before this, ns.
    package var earliest: Int64
    /// Not after this, ns.
    package var latest: Int64
  }

  /// A read of an input.
  package struct Read: Sendable, Equatable {
    /// When.
    package var moment: Moment
    /// What the firmware got.
    package var level: Bool
  }

  /// Bits that a controller exchanged over the serial bus.
  package struct Exchange: Sendable, Equatable {
    /// When.
    package var moment: Moment
    /// How many.
    package var bits: Int
    /// Those that were sent, in the lowest places.
    package var sent: UInt64
    /// Those that came.
    package var received: UInt64
  }

  /// When each output changes; each change turns the level. By line; empty for inputs, and for the
  /// lines of a serial bus.
  package private(set) var changes: [[Moment]]
  /// What was read of each input, by line.
  package private(set) var reads: [[Read]]
  /// What a controller exchanged.
  package private(set) var exchanges: [Exchange] = []
  /// The outputs' levels before the first call.
  package let initial: LineSet
  /// The lines that are outputs; those of a serial bus are not among them.
  package let outputs: LineSet
  /// The lines that are inputs.
  package let inputs: LineSet
  /// From before the first call to the end of the last, ns.
  package let span: ClosedRange<Int64>
  /// The shortest that a call which sets lines took, ns: two changes of a line cannot lie closer.
  package let shortest: Int64

  /// Takes a log apart.
  ///
  /// - Parameters:
  ///   - trace: the log.
  ///   - wiring: how the board hangs on its lines.
  package init(_ trace: Trace, wiring: BoardWiring) {
    let hasBus = trace.events.contains { $0.kind == .exchange }
    let bus = hasBus ? wiring.clock | wiring.dataOut | wiring.dataIn : .none
    outputs = wiring.outputs.without(bus)
    inputs = wiring.inputs.without(bus)
    initial = wiring.idle
    changes = Array(repeating: [], count: 64)
    reads = Array(repeating: [], count: 64)
    var commanded = wiring.idle
    let first = min(trace.events.first?.time.count ?? 0, 0)
    var before = first
    var least = Int64.max
    for event in trace.events {
      // A log that was edited may have times that go back.
      let moment = Moment(
        earliest: min(before, event.time.count), latest: max(before, event.time.count))
      switch event.kind {
      case .write, .turn:
        let next = commanded.without(event.mask) | (event.levels & event.mask)
        var turned = (commanded.bits ^ next.bits) & outputs.bits
        commanded = next
        while turned != 0 {
          changes[turned.trailingZeroBitCount].append(moment)
          turned &= turned - 1
        }
        if moment.latest > moment.earliest { least = min(least, moment.latest - moment.earliest) }
      case .read:
        var asked = event.mask.bits & inputs.bits
        while asked != 0 {
          let line = asked.trailingZeroBitCount
          reads[line].append(
            Read(moment: moment, level: event.levels.bits >> UInt64(line) & 1 == 1))
          asked &= asked - 1
        }
      case .exchange:
        exchanges.append(
          Exchange(
            moment: moment, bits: Int(event.mask.bits >> 32), sent: event.mask.bits & 0xffff_ffff,
            received: event.levels.bits))
      case .wait, .now: break
      }
      before = moment.latest
    }
    shortest = least == .max ? 0 : least
    span = first...max(before, first)
  }

  /// Whether an output stands high after so many of its changes.
  ///
  /// - Parameters:
  ///   - line: the output.
  ///   - count: how many of its changes were.
  /// - Returns: the level.
  package func level(of line: Int, after count: Int) -> Bool {
    initial.meets(LineSet(line: line)) != (count & 1 == 1)
  }
}
