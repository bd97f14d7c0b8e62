package import Firmware

/// A capture held to a run's log: at which time of the run it was taken, what of both was judged, and
/// where they differ.
package struct CaptureComparison: Sendable {
  /// What was judged of a line.
  package struct Line: Sendable, Equatable {
    /// The line.
    package var line: Int
    /// The channel that shows it.
    package var channel: Int
    /// Whether it is an output.
    package var isOutput: Bool
    /// How many commanded changes, or reads, were judged.
    package var judged: Int
    /// How many of them were as they must be.
    package var matched: Int
    /// How many changes lie so close that the analyser need not have seen them.
    package var tooShort: Int
  }

  /// What is judged, of what was captured.
  package struct Clock: Sendable, Equatable {
    /// At which time of the run the capture begins, ns.
    package var beginsAt: Double
    /// By how much that may be wrong, ns.
    package var bound: Double
    /// By how much the analyser's clock is faster than the run's, of it.
    package var drift: Double
    /// By how much that may be wrong.
    package var driftBound: Double
    /// How well the outputs' changes fit here, 0 ... 1.
    package var share: Double
    /// How well they fit at the next best place.
    package var next: Double
    /// By how much changes may lie outside their calls, ns.
    package var tolerance: Double
  }

  /// How the clocks stand.
  package let clock: Clock
  /// What of the run was judged, ns.
  package let overlap: ClosedRange<Double>
  /// The lines that were judged.
  package let lines: [Line]
  /// How many exchanges over a serial bus were judged.
  package let exchanges: Int
  /// Inputs that were not judged: their bits are shorter than the sample period.
  package let tooFast: [Int]
  /// Where the two differ, by time.
  package let differences: [CaptureDifference]

  private let run: CaptureClock

  /// The time of the capture, from its own start, at a time of the run, ns.
  package func seen(at time: Double) -> Double { run.seen(at: time) - begin }
  private let begin: Double

  /// Compares.
  ///
  /// - Parameters:
  ///   - capture: what was seen.
  ///   - commanded: what the run's log says.
  ///   - wiring: how the board hangs on its lines.
  ///   - channels: the channel of each line; `nil` for one that was not captured.
  ///   - busHalfPeriod: half a clock of the serial bus, ns, where a controller clocks it.
  /// - Throws: `CaptureMismatch` when the two cannot be brought together.
  package init(
    _ capture: Capture, _ commanded: CommandedLines, wiring: BoardWiring, channels: [Int?],
    busHalfPeriod: Double = 0
  ) throws(CaptureMismatch) {
    let assigned = channels.indices.compactMap { line in
      channels[line].map { Assignment(line: line, channel: $0) }
    }
    let bench = Bench(capture: capture, commanded: commanded)
    var (place, next, taken) = try bench.align(assigned)
    var judge = bench.judge(place.clock, place.stray)
    // Channels that show another line, or the opposite of theirs: said once, and judged as what they
    // are. What is known of some brings the clocks closer together, and others come out.
    for _ in 0..<4 {
      let mistaken = bench.mistaken(taken, judge)
      if mistaken.isEmpty { break }
      taken = taken.map { one in mistaken.first { $0.channel == one.channel } ?? one }
      let sound = taken.filter { bench.agreement($0, judge).share > 0.5 }
      guard let (again, share, _) = try? bench.align(sound) else { break }
      (place, next) = (again, share)
      judge = bench.judge(place.clock, place.stray)
    }
    var found: [CaptureDifference] = []
    for (one, other) in zip(assigned, taken) where one != other {
      found.append(
        CaptureDifference(
          line: one.line, kind: one.line == other.line ? .inverted : .exchanged, from: judge.from,
          until: judge.until, count: 1, level: false, amount: Double(other.line)))
    }
    var lines: [Line] = []
    var tooFast: [Int] = []
    for one in taken {
      let set = LineSet(line: one.line)
      let verdict: CaptureJudge.Verdict
      if commanded.outputs.meets(set) {
        verdict = judge.judge(bench.output(one))
      } else if commanded.inputs.meets(set) {
        // A comparator rests between reads; a chip's bits come and go with the clock.
        if set == wiring.dataIn && judge.period > judge.shortest {
          tooFast.append(one.line)
          continue
        }
        verdict =
          judge.judge(
            commanded.reads[one.line], of: one.line, capture.channels[one.channel],
            isInverted: one.isInverted
          ).verdict
      } else {
        continue
      }
      found += verdict.differences
      lines.append(
        Line(
          line: one.line, channel: one.channel, isOutput: commanded.outputs.meets(set),
          judged: verdict.judged, matched: verdict.matched, tooShort: verdict.tooShort))
    }
    func channel(_ line: LineSet) -> Capture.Channel? {
      guard let one = taken.first(where: { LineSet(line: $0.line) == line }) else { return nil }
      var channel = capture.channels[one.channel]
      if one.isInverted { channel.initial.toggle() }
      return channel
    }
    var exchanges = 0
    if !commanded.exchanges.isEmpty, let clock = channel(wiring.clock) {
      if judge.period > busHalfPeriod {
        tooFast.append(0)
      } else {
        let bus = BusJudge(
          judge: judge, clock: clock, out: channel(wiring.dataOut), back: channel(wiring.dataIn))
        (exchanges, found) = bus.add(commanded.exchanges, to: found)
      }
    }
    run = place.clock
    begin = Double(capture.span.lowerBound)
    clock = Clock(
      beginsAt: place.clock.run(at: capture.span.lowerBound), bound: place.bound,
      drift: 1 / place.clock.rate - 1, driftBound: place.rateBound, share: place.share, next: next,
      tolerance: judge.tolerance)
    overlap = judge.from...max(judge.from, judge.until)
    self.lines = lines.sorted { $0.line < $1.line }
    self.exchanges = exchanges
    self.tooFast = tooFast
    // What is exchanged explains the rest, and comes first.
    differences = found.sorted {
      ($0.kind.isWiring ? 0 : 1, $0.from, $0.line) < ($1.kind.isWiring ? 0 : 1, $1.from, $1.line)
    }
  }
}

extension CaptureDifference.Kind {
  /// Whether it is a matter of how the analyser hangs on the board.
  package var isWiring: Bool { self == .inverted || self == .exchanged }
}

/// Which line a channel shows.
private struct Assignment: Equatable {
  var line: Int
  var channel: Int
  var isInverted = false
}

/// A capture and a log, before it is known how they lie to each other.
private struct Bench {
  let capture: Capture
  let commanded: CommandedLines

  func output(_ one: Assignment) -> WatchedOutput {
    WatchedOutput(
      one.line, of: commanded, capture.channels[one.channel], isInverted: one.isInverted)
  }

  func judge(_ clock: CaptureClock, _ stray: Double) -> CaptureJudge {
    let period = Double(capture.samplePeriod)
    return CaptureJudge(
      clock: clock, period: period, tolerance: max(period, 1000) + stray,
      shortest: Double(commanded.shortest),
      from: max(clock.run(at: capture.span.lowerBound), Double(commanded.span.lowerBound)),
      until: min(clock.run(at: capture.span.upperBound), Double(commanded.span.upperBound)))
  }

  /// Finds where the capture lies, with the channels as they are said to be; where it lies nowhere, with
  /// two of them exchanged or one inverted.
  func align(
    _ assigned: [Assignment]
  ) throws(CaptureMismatch) -> (CaptureAlignment.Place, Double, [Assignment]) {
    let first: CaptureMismatch
    do throws(CaptureMismatch) {
      let (best, next) = try place(assigned)
      // Much may be wrong at the board, or a channel exchanged, and the place be the only one all the
      // same.
      if best.share >= 0.6 || best.share > next + 0.2 { return (best, next, assigned) }
      first = .noPlace(best: best.share)
    } catch {
      if case .severalPlaces = error { throw error }
      first = error
    }
    var found: (CaptureAlignment.Place, Double, [Assignment])?
    for other in others(assigned) {
      guard let (best, next) = try? place(other), best.share >= 0.9,
        best.share > (found?.0.share ?? 0)
      else { continue }
      found = (best, next, other)
    }
    if let found { return found }
    throw first
  }

  private func place(
    _ assigned: [Assignment]
  ) throws(CaptureMismatch) -> (CaptureAlignment.Place, Double) {
    let outputs = assigned.filter { commanded.outputs.meets(LineSet(line: $0.line)) }
      .map(output)
    let found = try CaptureAlignment(
      outputs: outputs, span: capture.span, period: Double(capture.samplePeriod),
      judge: { clock, stray in
        let judge = self.judge(clock, stray)
        // A busy line that is stuck must not outweigh all others.
        var shares: [Double] = []
        var matched = 0
        for output in outputs {
          let verdict = judge.judge(output)
          if max(verdict.judged, verdict.seen) > 0 { shares.append(verdict.share) }
          matched += verdict.matched
        }
        return (shares.isEmpty ? 0 : shares.reduce(0, +) / Double(shares.count), matched)
      }
    ).find()
    return (found.best, found.next)
  }

  /// The channels with two of them exchanged, or one or all inverted.
  private func others(_ assigned: [Assignment]) -> [[Assignment]] {
    var all = [
      assigned.map { Assignment(line: $0.line, channel: $0.channel, isInverted: true) }
    ]
    for one in assigned.indices {
      var inverted = assigned
      inverted[one].isInverted = true
      all.append(inverted)
      for other in assigned.indices where other > one {
        var exchanged = assigned
        exchanged[one].line = assigned[other].line
        exchanged[other].line = assigned[one].line
        all.append(exchanged)
      }
    }
    return all
  }

  /// The channels of which there is no doubt that they show something else than they are said to: hardly
  /// anything speaks against it, and much more against everything else.
  func mistaken(_ assigned: [Assignment], _ judge: CaptureJudge) -> [Assignment] {
    var found: [Assignment] = []
    for one in assigned {
      let own = agreement(one, judge).share
      guard own < 0.7 else { continue }
      var best = (one: one, share: 0.0, count: 0)
      var next = own
      for line in 0..<64
      where (commanded.outputs | commanded.inputs).meets(LineSet(line: line)) {
        for isInverted in [false, true] {
          let other = Assignment(line: line, channel: one.channel, isInverted: isInverted)
          if other == one { continue }
          let (share, count) = agreement(other, judge)
          next = max(next, min(share, best.share))
          if share > best.share { best = (other, share, count) }
        }
      }
      let isClear =
        1 - next >= 4 * (1 - best.share) && Double(best.count) * (best.share - next) >= 4
      if best.share >= 0.95 && isClear { found.append(best.one) }
    }
    return found
  }

  /// How well a channel shows a line, 0 ... 1, by how many changes or reads; 0 where too little happens to
  /// tell.
  func agreement(_ one: Assignment, _ judge: CaptureJudge) -> (share: Double, count: Int) {
    if commanded.outputs.meets(LineSet(line: one.line)) {
      let verdict = judge.judge(output(one))
      return (verdict.judged < 8 ? 0 : verdict.share, verdict.judged)
    }
    let (verdict, low, high) = judge.judge(
      commanded.reads[one.line], of: one.line, capture.channels[one.channel],
      isInverted: one.isInverted)
    return (min(low, high), verdict.judged)
  }
}

/// Holds what a serial bus showed to what its controller says that it exchanged.
private struct BusJudge {
  let judge: CaptureJudge
  let clock: Capture.Channel
  let out: Capture.Channel?
  let back: Capture.Channel?

  /// Judges exchanges.
  ///
  /// - Parameters:
  ///   - exchanges: them.
  ///   - found: the differences so far.
  /// - Returns: how many were judged, and the differences with theirs.
  func add(
    _ exchanges: [CommandedLines.Exchange], to found: [CaptureDifference]
  ) -> (Int, [CaptureDifference]) {
    var found = found
    var count = 0
    for exchange in exchanges {
      let from = Double(exchange.moment.earliest) - judge.tolerance
      let until = Double(exchange.moment.latest) + judge.tolerance + judge.period
      if from < judge.from || until > judge.until { continue }
      count += 1
      func note(_ line: Int, _ kind: CaptureDifference.Kind, _ amount: Int) {
        found.append(
          CaptureDifference(
            line: line, kind: kind, from: Double(exchange.moment.earliest),
            until: Double(exchange.moment.latest), count: exchange.bits, level: false,
            amount: Double(amount)))
      }
      let first = firstIndex(in: clock.changes.count) {
        judge.clock.run(at: clock.changes[$0]) >= from
      }
      let last = firstIndex(in: clock.changes.count) {
        judge.clock.run(at: clock.changes[$0]) > until
      }
      let rises = (first..<last).filter { clock.initial == ($0 & 1 == 1) }
        .map { clock.changes[$0] }
      if rises.count != exchange.bits {
        note(0, .clocks, rises.count)
        continue
      }
      if let out, bits(out, at: rises) != exchange.sent { note(1, .bits, 0) }
      if let back, bits(back, at: rises) != exchange.received { note(2, .bits, 0) }
    }
    return (count, found)
  }

  /// The levels of a line as the clock rises, the first in the highest place. A line that changes in the
  /// same sample changed after that.
  private func bits(_ channel: Capture.Channel, at times: [Int64]) -> UInt64 {
    times.reduce(0) { bits, time in
      let before = firstIndex(in: channel.changes.count) { channel.changes[$0] >= time }
      return bits << 1 | (channel.initial != (before & 1 == 1) ? 1 : 0)
    }
  }
}
