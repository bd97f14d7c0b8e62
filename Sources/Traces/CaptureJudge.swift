/// Holds what was seen of lines to what was commanded and read, once the clocks are brought together.
struct CaptureJudge {
  /// The clocks.
  let clock: CaptureClock
  /// The sample period, ns.
  let period: Double
  /// By how much a change may lie outside its interval, ns.
  let tolerance: Double
  /// The shortest that a line stays at a level, ns.
  let shortest: Double
  /// What of the run is judged, ns.
  let from: Double
  let until: Double

  /// What became of a line.
  struct Verdict {
    /// How many changes or reads were judged.
    var judged = 0
    /// How many changes the channel shows.
    var seen = 0
    /// How many were as they must be.
    var matched = 0
    /// How many changes lie so close that the analyser need not have seen them.
    var tooShort = 0
    var differences: [CaptureDifference] = []

    /// How well the two agree, 0 ... 1.
    var share: Double {
      let most = max(judged, seen)
      return most == 0 ? 1 : Double(matched) / Double(most)
    }
  }

  /// Judges an output.
  func judge(_ output: WatchedOutput) -> Verdict {
    var walk = Walk(output, self)
    walk.go()
    return walk.verdict
  }

  /// Judges the reads of an input.
  ///
  /// - Parameters:
  ///   - reads: them.
  ///   - line: the input.
  ///   - channel: what the analyser saw.
  ///   - isInverted: whether the channel is taken the other way round.
  /// - Returns: the verdict, and the share of low and of high reads that agree, of those while which the
  ///   channel rests; 0 where it seldom does.
  func judge(
    _ reads: [CommandedLines.Read], of line: Int, _ channel: Capture.Channel,
    isInverted: Bool = false
  ) -> (verdict: Verdict, low: Double, high: Double) {
    var verdict = Verdict()
    // The level that was last read wrong: it goes on until it is read right.
    var open: Bool?
    var told = 0
    var agreed = [0, 0]
    var asked = [0, 0]
    for read in reads {
      let first = Double(read.moment.earliest) - tolerance
      let last = Double(read.moment.latest) + tolerance + period
      if first < from || last > until { continue }
      verdict.judged += 1
      let before = firstIndex(in: channel.changes.count) {
        clock.run(at: channel.changes[$0]) > first
      }
      let after = firstIndex(in: channel.changes.count) {
        clock.run(at: channel.changes[$0]) > last
      }
      let level = (channel.initial != isInverted) != (before & 1 == 1)
      if after > before {
        // Either level may have been read; it says nothing of which line it is.
        verdict.matched += 1
        continue
      }
      told += 1
      asked[read.level ? 1 : 0] += 1
      if level == read.level {
        verdict.matched += 1
        agreed[read.level ? 1 : 0] += 1
        if open == read.level { open = nil }
      } else if open == read.level {
        verdict.differences[verdict.differences.count - 1].until = Double(read.moment.latest)
        verdict.differences[verdict.differences.count - 1].count += 1
      } else {
        verdict.differences.append(
          CaptureDifference(
            line: line, kind: .read, from: Double(read.moment.earliest),
            until: Double(read.moment.latest), count: 1, level: read.level, amount: 0))
        open = read.level
      }
    }
    func share(_ level: Int) -> Double {
      asked[level] < 4 || 8 * told < verdict.judged
        ? 0 : Double(agreed[level]) / Double(asked[level])
    }
    return (verdict, share(0), share(1))
  }

  /// The walk along an output's changes, commanded and seen, side by side.
  private struct Walk {
    let output: WatchedOutput
    let judge: CaptureJudge
    var verdict = Verdict()
    /// The next commanded change.
    private var next: Int
    /// The next one that was seen.
    private var shown: Int
    /// Whether the line stood at the wrong level as the overlap began: a change of its own.
    private var startsWrong = false
    /// Whether the last difference goes on.
    private var open: CaptureDifference.Kind?

    init(_ output: WatchedOutput, _ judge: CaptureJudge) {
      self.output = output
      self.judge = judge
      next = output.firstCommanded(from: judge.from - judge.tolerance)
      let start = judge.clock.seen(at: judge.from)
      shown = output.firstSeen(from: start)
      let seenHigh =
        shown == output.seen.count
        ? output.seenHigh != (shown & 1 == 1) : !output.rises(seen: shown)
      var high = output.commandedHigh != (next & 1 == 1)
      if high != seenHigh, next < output.commanded.count,
        Double(output.commanded[next].earliest) - judge.tolerance <= judge.from
      {
        next += 1
        high = seenHigh
      }
      startsWrong = high != seenHigh
      if !startsWrong {
        verdict.seen = max(0, output.firstSeen(from: judge.clock.seen(at: judge.until)) - shown)
      }
    }

    /// The time in the run of the n-th change from the next on that was seen; `nil` after the end.
    private func seen(_ ahead: Int) -> Double? {
      if startsWrong && ahead == 0 { return judge.from }
      let number = shown + ahead - (startsWrong ? 1 : 0)
      guard number < output.seen.count else { return nil }
      let time = judge.clock.run(at: output.seen[number])
      return time <= judge.until ? time : nil
    }

    /// Goes past changes that were seen.
    private mutating func pass(_ count: Int) {
      if count > 0 {
        shown += count - (startsWrong ? 1 : 0)
        startsWrong = false
      }
    }

    mutating func go() {
      while true {
        let due = next < output.commanded.count ? output.commanded[next] : nil
        guard let change = seen(0) else {
          guard let due, miss(due, before: nil) else { return }
          continue
        }
        guard let due else {
          unasked(change, due: nil)
          continue
        }
        if change < Double(due.earliest) - judge.tolerance {
          unasked(change, due: due)
        } else if change - judge.period <= Double(due.latest) + judge.tolerance {
          fit(change, due)
        } else if !miss(due, before: change) {
          return
        }
      }
    }

    /// The change that was seen fits the next command.
    private mutating func fit(_ change: Double, _ due: CommandedLines.Moment) {
      // There, back and there again where only one was commanded: the one nearer to the call's end is
      // taken for it.
      if let again = seen(2), again - judge.period <= Double(due.latest) + judge.tolerance,
        next + 2 >= output.commanded.count
          || again < Double(output.commanded[next + 2].earliest) - judge.tolerance,
        let back = seen(1)
      {
        let end = Double(due.latest)
        if abs(change - end) <= abs(again - end) {
          match()
          uncommanded(back, again, rises: !output.rises(commanded: next - 1))
        } else {
          uncommanded(change, back, rises: output.rises(commanded: next))
        }
        return
      }
      match()
    }

    private mutating func match() {
      verdict.judged += 1
      verdict.matched += 1
      next += 1
      pass(1)
      open = nil
    }

    /// A change for which there was no command yet.
    private mutating func unasked(_ change: Double, due: CommandedLines.Moment?) {
      let back = seen(1)
      // Line and channel stand alike before it: both would go the same way.
      let rises = output.rises(commanded: next)
      if let due, back.map({ $0 > Double(due.latest) + judge.tolerance + judge.period }) ?? true {
        // It stays: the next command finds it there.
        let by = Double(due.earliest) - change
        note(
          startsWrong ? .wrongAtStart : .early, change, min(Double(due.latest), judge.until), rises,
          amount: by)
        if Double(due.latest) <= judge.until { verdict.judged += 1 }
        next += 1
        pass(1)
        return
      }
      uncommanded(change, back, rises: rises)
    }

    private mutating func uncommanded(_ change: Double, _ back: Double?, rises: Bool) {
      note(startsWrong ? .wrongAtStart : .uncommanded, change, back ?? judge.until, rises)
      pass(back == nil ? 1 : 2)
    }

    /// A command that nothing follows in time.
    /// - Returns: whether the walk goes on.
    private mutating func miss(_ due: CommandedLines.Moment, before change: Double?) -> Bool {
      let latest = Double(due.latest) + judge.tolerance + judge.period
      if latest > judge.until { return false }
      let after = next + 1 < output.commanded.count ? output.commanded[next + 1] : nil
      let rises = output.rises(commanded: next)
      if let change, after.map({ change < Double($0.earliest) - judge.tolerance }) ?? true {
        note(.late, Double(due.latest), change, rises, amount: change - Double(due.latest))
        verdict.judged += 1
        next += 1
        pass(1)
        return true
      }
      guard let after else {
        note(.missing, Double(due.latest), judge.until, rises)
        verdict.judged += 1
        next += 1
        return false
      }
      let isOver = Double(after.latest) + judge.tolerance + judge.period <= judge.until
      let isLong = Double(after.earliest) - judge.tolerance > latest
      if !isOver && !isLong { return false }
      if mustShow(due, after) {
        note(.missing, Double(due.latest), min(Double(after.latest), judge.until), rises, count: 2)
        verdict.judged += 2
      } else {
        verdict.tooShort += 2
      }
      next += 2
      return true
    }

    /// Whether the analyser cannot have missed the level between two changes. Samples as close as calls
    /// miss none. Where they are not, what was seen may have been taken for a change that was too short to
    /// be: only a level that is there for sure, whatever was taken for what, counts.
    private func mustShow(
      _ due: CommandedLines.Moment, _ after: CommandedLines.Moment
    ) -> Bool {
      if judge.shortest >= judge.period { return true }
      return Double(after.earliest - due.latest) >= judge.period + 2 * judge.tolerance
    }

    /// Notes a difference, or that the last one goes on.
    private mutating func note(
      _ kind: CaptureDifference.Kind, _ from: Double, _ until: Double, _ level: Bool,
      count: Int = 1, amount: Double = 0
    ) {
      if open == kind, let last = verdict.differences.indices.last {
        verdict.differences[last].until = until
        verdict.differences[last].count += count
        verdict.differences[last].amount = max(verdict.differences[last].amount, amount)
        return
      }
      verdict.differences.append(
        CaptureDifference(
          line: output.line, kind: kind, from: from, until: until, count: count, level: level,
          amount: amount))
      open = kind
    }
  }
}
