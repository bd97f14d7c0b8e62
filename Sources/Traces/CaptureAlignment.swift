/// Why a capture and a log cannot be brought together.
package enum CaptureMismatch: Error, Equatable {
  /// No captured channel is an output that changed.
  case nothingToAlign
  /// Nowhere in the run do the captured changes fit; the best place explains this share.
  case noPlace(best: Double)
  /// Several places in the run fit as well as the best; by how far the nearest of them is away, ns.
  case severalPlaces(apart: Int64)
}

/// Finds at which time of the run a capture begins and how fast its clock runs.
///
/// Every change that was seen came at some time within its sample period, every commanded one at some
/// time within its call: each pair of the two that belong together bounds by how much one clock
/// is before the other. Where most of these intervals overlap is where the clocks stand. Places to look
/// at are those at which a change of the rarest lines can be the one that was commanded.
struct CaptureAlignment {
  /// A place in the run, and how well it fits.
  struct Place {
    /// The clock.
    var clock: CaptureClock
    /// How well the outputs' changes fit, 0 ... 1.
    var share: Double
    /// How many fit.
    var matched: Int
    /// By how much the clock may be wrong, ns.
    var bound: Double
    /// By how much the clock strayed from the straight line that was fitted, ns.
    var stray: Double
    /// By how much the rate may be wrong.
    var rateBound: Double
  }

  /// By how much the two clocks may differ in rate: that of a cheap quartz and of a clock that is being
  /// put right, together.
  static let mostDrift = 5e-4

  let outputs: [WatchedOutput]
  let span: ClosedRange<Int64>
  let period: Double
  let judge: (CaptureClock, _ tolerance: Double) -> (share: Double, matched: Int)

  /// Looks for the place.
  ///
  /// - Returns: the best, and the share of the next best that is another.
  /// - Throws: `CaptureMismatch`.
  func find() throws(CaptureMismatch) -> (best: Place, next: Double) {
    let active = outputs.filter { !$0.seen.isEmpty && !$0.commanded.isEmpty }
    if active.isEmpty { throw .nothingToAlign }
    var found: [(clock: CaptureClock, score: Double)] = []
    for start in starts() {
      let region = changes(from: start)
      if region.count < 4 { continue }
      found += places(region)
    }
    // Of those that are one and the same, the best stays.
    found.sort { $0.score > $1.score }
    var distinct: [CaptureClock] = []
    let floor = (found.first?.score ?? 0) - 0.1
    for (clock, score) in found where score >= floor {
      if distinct.contains(where: { isSame($0, clock) }) { continue }
      distinct.append(clock)
      if distinct.count == 32 { break }
    }
    var places = distinct.map(refined).sorted { $0.share > $1.share }
    guard let best = places.first, best.matched >= 4, best.share > 0.3 else {
      throw .noPlace(best: places.first?.share ?? 0)
    }
    places.removeFirst()
    let others = places.filter { !isSame($0.clock, best.clock) }
    if let next = others.first, next.matched + 2 > best.matched, next.share > best.share * 0.99 {
      throw .severalPlaces(apart: Int64(abs(distance(next.clock, best.clock)).rounded()))
    }
    return (best, others.first?.share ?? 0)
  }

  /// By how much two clocks differ in the middle of the capture, ns.
  private func distance(_ one: CaptureClock, _ other: CaptureClock) -> Double {
    let middle = span.lowerBound + (span.upperBound - span.lowerBound) / 2
    return one.run(at: middle) - other.run(at: middle)
  }

  private func isSame(_ one: CaptureClock, _ other: CaptureClock) -> Bool {
    let length = Double(span.upperBound - span.lowerBound)
    return abs(distance(one, other)) < 2 * period + 5000 + 1e-4 * length
      && abs(one.run(at: span.lowerBound) - other.run(at: span.lowerBound))
        < 2 * period + 5000 + 1e-4 * length
  }

  /// From where in the capture places are looked for: a glitch or a silent stretch spoils one of them.
  private func starts() -> [Int64] {
    let all = outputs.flatMap(\.seen).sorted()
    guard !all.isEmpty else { return [] }
    return [0, 1, 2, 3, 4].map { all[min(all.count * $0 / 5, all.count - 1)] }
  }

  /// A change that was seen: of which output, and its number there.
  private struct Seen {
    var output: Int
    var change: Int
    var time: Int64
  }

  /// Some changes of each output from a time of the capture on: those of lines that seldom change first, as
  /// they say the most.
  private func changes(from start: Int64) -> [Seen] {
    let rarest = outputs.indices.sorted {
      (outputs[$0].commanded.count, $0) < (outputs[$1].commanded.count, $1)
    }
    return rarest.flatMap { number in
      let output = outputs[number]
      let first = output.firstSeen(from: Double(start))
      return (first..<min(first + 80, output.seen.count)).map {
        Seen(output: number, change: $0, time: output.seen[$0])
      }
    }
  }

  /// Places at which a stretch of the capture may lie, with how well it fits there.
  private func places(_ region: [Seen]) -> [(clock: CaptureClock, score: Double)] {
    // A change of a line that seldom changes leaves few places.
    var anchors: [Seen] = []
    var rarest: [Int] = []
    for seen in region where rarest.last != seen.output { rarest.append(seen.output) }
    for (place, output) in rarest.prefix(3).enumerated() {
      // A busy line has a place for every one of its changes: it is asked where no other is there.
      if place > 0 && outputs[output].commanded.count > 20_000 { break }
      let own = region.filter { $0.output == output }
      anchors.append(own[0])
      if own.count > 2 { anchors.append(own[own.count / 2]) }
    }
    var found: [(clock: CaptureClock, score: Double)] = []
    for anchor in anchors {
      let output = outputs[anchor.output]
      let rises = output.rises(seen: anchor.change)
      for (number, moment) in output.commanded.enumerated()
      where output.rises(commanded: number) == rises {
        let low = Double(moment.earliest)
        let high = Double(moment.latest) + period
        let clock = CaptureClock(seen: Double(anchor.time), run: (low + high) / 2, rate: 1)
        let score = score(region, clock, slack: (high - low) / 2 + 1000)
        if score > 0.3 { found.append((clock, score)) }
      }
    }
    found.sort { $0.score > $1.score }
    return Array(found.prefix(400))
  }

  /// How well a stretch fits: twice the changes that may be commanded ones, over those that were seen and
  /// those that were commanded there.
  private func score(_ region: [Seen], _ clock: CaptureClock, slack: Double) -> Double {
    var matched = 0
    for (count, seen) in region.enumerated() {
      if count == 24 && matched < 8 { return 0 }
      let run = clock.run(at: seen.time)
      let slack = slack + Self.mostDrift * abs(run - clock.run)
      let output = outputs[seen.output]
      if match(output, seen.change, at: run, slack: slack) != nil { matched += 1 }
    }
    // How many were commanded of each output while those of it were seen.
    var commanded = 0
    var first = 0
    for last in region.indices
    where last + 1 == region.count || region[last + 1].output != region[last].output {
      let output = outputs[region[last].output]
      commanded +=
        output.firstCommanded(from: clock.run(at: region[last].time) - slack)
        - output.firstCommanded(from: clock.run(at: region[first].time) - slack) + 1
      first = last + 1
    }
    return 2 * Double(matched) / Double(region.count + max(commanded, matched))
  }

  /// A commanded change that the one seen at this time of the run may be.
  private func match(
    _ output: WatchedOutput, _ change: Int, at run: Double, slack: Double
  ) -> Int? {
    let rises = output.rises(seen: change)
    var number = output.firstCommanded(from: run - period - slack)
    while number < output.commanded.count,
      Double(output.commanded[number].earliest) <= run + slack
    {
      if output.rises(commanded: number) == rises { return number }
      number += 1
    }
    return nil
  }

  // MARK: - Offset and drift

  /// Fits a clock, from where it was found outwards.
  private func refined(_ clock: CaptureClock) -> Place {
    var clock = clock
    var uncertain = Self.mostDrift
    var bound = period + 1000
    var stray = 0.0
    // The first look is at what lies so near that no drift matters.
    var radius = 2e6
    let before = clock.seen - Double(span.lowerBound)
    let after = Double(span.upperBound) - clock.seen
    let farthest = max(before, after, 1)
    var isLast = false
    while true {
      if radius >= farthest {
        radius = farthest
        isLast = true
      }
      let from = max(clock.seen - radius, Double(span.lowerBound))
      let until = min(clock.seen + radius, Double(span.upperBound))
      let slack = bound + uncertain * radius + (radius <= 2e6 ? widest : 0)
      if let line = shift(clock, from: from, until: until, slack: slack, parts: isLast ? 32 : 12) {
        bound = line.width + line.stray
        stray = line.stray
        clock.run += line.shift
        // Over a short stretch the rate is known no better than beforehand.
        let known = line.length > 0 ? 2 * bound / line.length : .infinity
        if known < Self.mostDrift {
          clock.rate *= 1 + line.slope
          uncertain = known
        }
      }
      if isLast { break }
      radius *= 2
    }
    let (share, matched) = judge(clock, tolerance(stray))
    return Place(
      clock: clock, share: share, matched: matched, bound: bound, stray: stray,
      rateBound: uncertain)
  }

  /// By how much a change may lie outside its interval, ns: a sample, the slopes of lines and level
  /// shifters, and what the clock strayed.
  func tolerance(_ stray: Double) -> Double { max(period, 1000) + stray }

  /// Half of what a call takes, at the most usual.
  private var widest: Double {
    let widths = outputs.flatMap { output in
      output.commanded.prefix(200).map { Double($0.latest - $0.earliest) }
    }.sorted()
    return widths.isEmpty ? 0 : widths[widths.count / 2] / 2
  }

  /// By how much a clock is wrong over a stretch, as a straight line.
  private func shift(
    _ clock: CaptureClock, from: Double, until: Double, slack: Double, parts: Int
  ) -> (shift: Double, slope: Double, width: Double, stray: Double, length: Double)? {
    var points: [(run: Double, shift: Double, width: Double)] = []
    let step = (until - from) / Double(parts)
    for part in 0..<parts {
      let first = from + Double(part) * step
      if let (shift, width, run) = deepest(clock, from: first, until: first + step, slack: slack) {
        points.append((run, shift, width))
      }
    }
    guard !points.isEmpty else { return nil }
    let width = median(points.map(\.width))
    let first = points.map(\.run).min()!
    let last = points.map(\.run).max()!
    var slopes: [Double] = []
    // Parts close together say nothing of the rate.
    for one in points.indices {
      for other in points.indices where points[other].run - points[one].run > (last - first) / 4 {
        slopes.append(
          (points[other].shift - points[one].shift) / (points[other].run - points[one].run))
      }
    }
    let slope = slopes.count < 3 ? 0 : median(slopes)
    let shift = median(points.map { $0.shift - slope * ($0.run - clock.run) })
    let residuals = points.map { abs($0.shift - shift - slope * ($0.run - clock.run)) }.sorted()
    // A part in which most lines are wrong is left out of what the clock strays.
    let stray = residuals[residuals.count * 9 / 10 - (residuals.count >= 10 ? 1 : 0)]
    return (shift, slope, width, stray, slopes.count < 3 ? 0 : last - first)
  }

  /// The shift that most pairs of a stretch agree on: its middle, half its width, and the middle of the
  /// stretch's changes; `nil` where too few changed.
  private func deepest(
    _ clock: CaptureClock, from: Double, until: Double, slack: Double
  ) -> (shift: Double, width: Double, run: Double)? {
    var ends: [(shift: Double, step: Int)] = []
    var sum = 0.0
    var count = 0
    for output in outputs {
      let first = output.firstSeen(from: from)
      let last = output.firstSeen(from: until)
      if first >= last { continue }
      // Many changes of one line say the same.
      for change in stride(from: first, to: last, by: max(1, (last - first) / 200)) {
        let run = clock.run(at: output.seen[change])
        let rises = output.rises(seen: change)
        var number = output.firstCommanded(from: run - period - slack)
        var pairs = 0
        while number < output.commanded.count, pairs < 32,
          Double(output.commanded[number].earliest) <= run + slack
        {
          if output.rises(commanded: number) == rises {
            let moment = output.commanded[number]
            ends.append((Double(moment.earliest) - run, 1))
            ends.append((Double(moment.latest) + period - run, -1))
            pairs += 1
          }
          number += 1
        }
        if pairs > 0 {
          sum += run
          count += 1
        }
      }
    }
    if count < 3 { return nil }
    // An interval begins before another ends at the same shift.
    ends.sort { $0.shift == $1.shift ? $0.step > $1.step : $0.shift < $1.shift }
    var depth = 0
    var deepest = 0
    var best = (low: 0.0, high: 0.0)
    for (number, end) in ends.enumerated() {
      depth += end.step
      if end.step > 0, depth > deepest, number + 1 < ends.count {
        deepest = depth
        best = (end.shift, ends[number + 1].shift)
      }
    }
    return ((best.low + best.high) / 2, (best.high - best.low) / 2, sum / Double(count))
  }

  private func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    return sorted[sorted.count / 2]
  }
}
