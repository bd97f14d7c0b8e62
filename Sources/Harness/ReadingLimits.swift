import BoardDouble
import Files
import Portable
import Runs
import Targets

/// Within which readings of a good board lie, by an ensemble of drawn boards of the same file.
///
/// By a quarter of the boards every reading has a middle and, on either side, a scale: what 80 % of them
/// differ from it by. How many scales a board's worst reading is away is one number a board; the other
/// three quarters, which had no part in the scales, give the number that a good board exceeds with the wanted
/// probability, whatever reading it is. So the chance of a false alarm is that of the whole family of
/// readings, however many there are and however they hang together.
package struct ReadingLimits: Sendable, Equatable, Codable {
  /// The limits of one reading.
  package struct Range: Sendable, Equatable, Codable {
    /// The median.
    package var middle: Double
    /// The scale below it.
    package var below: Double
    /// The scale above it.
    package var above: Double
  }

  /// The readings' ranges by `PHASE/NAME`.
  package var ranges: [String: Range]
  /// How many scales a reading may be away.
  package var factor: Double
  /// How many boards were drawn.
  package var boards: Int

  /// The chance with which a good board fails.
  package static let falseAlarm = 0.005

  /// How many boards an ensemble has: of 600, three quarters of them, the worst one exceeds that chance with
  /// a probability of 5 %.
  package static let usualBoards = 800

  /// How often limits may be too narrow.
  private static let doubt = 0.05

  /// The seed of the first board of an ensemble; the next ones follow. Boards that limits are judged on
  /// have other seeds.
  static let firstSeed: UInt64 = 9_000_000

  /// Draws an ensemble.
  ///
  /// - Parameters:
  ///   - subject: the board.
  ///   - phases: the phases, in the order that they are gone through.
  ///   - boards: how many boards are drawn.
  ///   - drawn: is told of each board that was drawn, on any thread.
  ///   - stopping: asked often.
  /// - Throws: `Stopped`, or what a board throws.
  package init(
    of subject: Subject, phases: [any Phase.Type], boards: Int = usualBoards,
    drawn: @escaping @Sendable () -> Void = {}, stopping: @escaping @Sendable () -> Bool
  ) throws {
    @Sendable func column(_ number: Int) throws -> [(String, Reading)] {
      if stopping() { throw Stopped() }
      var target = try DoubleTarget<DirectBoard>(
        subject.setting(subject.description, seed: ReadingLimits.firstSeed + UInt64(number)))
      var all: [(String, Reading)] = []
      // What happens at a moment must find the phase that it is meant for.
      let isTimed = !subject.description.disturbances.isEmpty
      for phase in phases where phase.hasReadings || isTimed {
        var log = PhaseLog(stopping: stopping)
        do {
          try phase.go(through: &target, as: .double, &log, subject)
        } catch is Skipped { continue }
        all += log.readings.map { (ReadingLimits.key(phase, $0), $0) }
      }
      drawn()
      return all
    }
    let columns: [[(String, Reading)]]
    do { columns = try concurrently(boards) { try column($0) } } catch {
      // Of boards that are left in the middle one may complain before another says that it was stopped.
      if stopping() { throw Stopped() }
      throw error
    }
    self.init(columns: columns)
  }

  /// Makes limits of what an ensemble's boards read.
  init(columns: [[(String, Reading)]]) {
    let scaling = columns.prefix(max(columns.count / 4, 1))
    let judging = columns.count > 3 ? columns.dropFirst(scaling.count) : scaling
    var values: [String: (values: [Double], resolution: Double)] = [:]
    for (key, reading) in scaling.joined() {
      values[key, default: ([], reading.resolution)].values.append(reading.value)
    }
    ranges = values.mapValues { column in
      let sorted = column.values.sorted()
      func quantile(_ share: Double) -> Double {
        sorted[min(Int(share * Double(sorted.count)), sorted.count - 1)]
      }
      let middle = quantile(0.5)
      // What differs by less than the resolution is the same, however alike the drawn boards are.
      return Range(
        middle: middle, below: max((middle - quantile(0.1)) / 1.2816, column.resolution),
        above: max((quantile(0.9) - middle) / 1.2816, column.resolution))
    }
    boards = columns.count
    factor = 0
    let worst = judging.map { column in
      column.compactMap { key, reading in ranges[key]?.distance(of: reading.value) }.max() ?? 0
    }.sorted()
    factor = ReadingLimits.factor(for: ReadingLimits.falseAlarm, of: worst)
  }

  /// The number that another value of the kind exceeds with a probability, or less.
  ///
  /// Of n values the largest but k is exceeded by more than that with the probability that at most k of n
  /// come true: k is the most for which that is below 5 %. Where so few are there that even the
  /// largest leaves more doubt, their tail is continued.
  static func factor(for chance: Double, of sorted: [Double]) -> Double {
    let count = Double(sorted.count)
    var (term, sum, left) = (Elementary.exp(count * Elementary.log(1 - chance)), 0.0, -1)
    while left + 1 < sorted.count {
      sum += term
      if sum > doubt { break }
      left += 1
      term *= (count - Double(left)) / Double(left + 1) * chance / (1 - chance)
    }
    if left >= 0 { return sorted[sorted.count - 1 - left] }
    return exceeded(by: chance, of: sorted)
  }

  /// What values exceed with a probability: the tail above the 90 % quantile is continued as an
  /// exponential one, with the mean excess that the values show there.
  static func exceeded(by chance: Double, of sorted: [Double]) -> Double {
    guard let last = sorted.last else { return 0 }
    let from = min(Int(0.9 * Double(sorted.count)), sorted.count - 1)
    let threshold = sorted[from]
    let excess = sorted[from...].map { $0 - threshold }
    let mean = excess.reduce(0, +) / Double(excess.count)
    let share = Double(excess.count) / Double(sorted.count)
    return max(threshold + mean * Elementary.log(share / chance), last)
  }

  /// The same readings' limits, as far as others' reach where those reach further.
  func widened(to others: ReadingLimits) -> ReadingLimits {
    guard factor > 0 else { return self }
    var wide = self
    for (key, other) in others.ranges {
      guard let own = ranges[key] else { continue }
      wide.ranges[key]?.below = max(
        own.below, (own.middle - other.middle + others.factor * other.below) / factor)
      wide.ranges[key]?.above = max(
        own.above, (other.middle - own.middle + others.factor * other.above) / factor)
    }
    return wide
  }

  static func key(_ phase: any Phase.Type, _ reading: Reading) -> String {
    phase.name + "/" + reading.name
  }

  /// Holds a reading to its limits.
  package func judge(_ reading: Reading, of phase: any Phase.Type) -> Judged {
    if let physical = reading.physical { return Judged(reading: reading, limits: physical) }
    return Judged(
      reading: reading,
      limits: ranges[ReadingLimits.key(phase, reading)].map {
        let drawn = $0.middle - factor * $0.below...$0.middle + factor * $0.above
        return reading.possible.map { drawn.clamped(to: $0) } ?? drawn
      })
  }
}

extension ReadingLimits.Range {
  /// How many scales a value is away from the middle.
  func distance(of value: Double) -> Double {
    value < middle ? (middle - value) / below : (value - middle) / above
  }
}
