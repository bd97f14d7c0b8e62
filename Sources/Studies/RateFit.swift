import BoardDouble
import Files
import Portable
import Runs

/// How the factor on a rig's nominal learning rate was found.
///
/// Every measured relaxation says a factor; the median is taken, and how differently their halves say
/// it shows how well it is known. A cycle alone may mislead, and nothing in it shows that. So where the
/// error curve was measured it limits the factor: with the one that is taken, the double's errors are
/// off by no more than `tolerance` in the median. A factor beyond is drawn to that limit, not further:
/// errors hold more than the rate.
package struct RateFit: Sendable, Equatable, Codable {
  /// The factor.
  package let factor: Double
  /// One standard error of the factor's natural logarithm.
  package let standardError: Double
  /// What each relaxation says by itself.
  package let relaxations: [Double]
  /// What each half of each relaxation says by itself.
  package let halves: [Double]
  /// The median of what relaxations say.
  package let byRelaxations: Double
  /// What each point of the error curve says by itself; empty without a curve.
  package let curve: [Double]
  /// The median of these; `nil` without a curve.
  package let byCurve: Double?
  /// The power of the factor with which the double's errors go at those points, in the median: what
  /// the error curve owes to the rate.
  package let errorPower: Double?
  /// The power with which the squared spans go.
  package let spanPower: Double?
  /// The root mean square difference between the relaxations and the double's with this factor, V.
  package let misfit: Double

  /// By how much the errors may be off in the median, decades: as far as the curve is trusted.
  package static let tolerance = 0.15
  /// How well a relaxation alone is trusted: cycles of a rig differ by more than their halves do.
  private static let leastError = 0.3
  /// The most points of the error curve that are looked at.
  private static let mostPoints = 8

  /// Fits the factor.
  ///
  /// - Parameters:
  ///   - rig: the rig, with one relaxation or more.
  ///   - board: the rig's board at the nominal rate, with its bias.
  ///   - tasks: the tasks as the rig works with them.
  ///   - rule: the rig's rule.
  /// - Throws: `CircuitError`, or what a board throws.
  init(
    _ rig: RigDescription, board: BoardDescription, tasks: [TaskDescription], rule: RuleSettings
  ) throws {
    let trials = RateTrials(rig: rig, board: board, tasks: tasks, rule: rule)
    let whole = try rig.relaxations.map { try trials.nearest(to: $0, parts: [0, 1]) }
    let halves = try rig.relaxations.flatMap { cycle in
      try [0, 1].map { try trials.nearest(to: cycle, parts: [$0]) }
    }
    let relaxed = whole.median
    let points = try trials.points(from: relaxed, most: RateFit.mostPoints)
    let said = points.map(\.logarithm)
    var logarithm = relaxed
    var error = max(
      halves.spread / Double(halves.count).squareRoot(),
      RateFit.leastError / Double(whole.count).squareRoot())
    if !points.isEmpty {
      let power = points.map(\.errorPower).median
      let reach = RateFit.tolerance * Elementary.log(10) / power.magnitude
      logarithm = min(max(relaxed, said.median - reach), said.median + reach)
      error = min(error, reach)
    }
    factor = Elementary.exp(logarithm)
    standardError = error
    relaxations = whole.map(Elementary.exp)
    self.halves = halves.map(Elementary.exp)
    byRelaxations = Elementary.exp(relaxed)
    curve = said.map(Elementary.exp)
    byCurve = said.isEmpty ? nil : Elementary.exp(said.median)
    errorPower = points.isEmpty ? nil : points.map(\.errorPower).median
    spanPower = points.isEmpty ? nil : points.map(\.spanPower).median
    misfit = try trials.misfit(at: logarithm)
  }

  /// Whether the error curve has drawn the factor away from what the relaxations say.
  package var isDrawn: Bool { factor != byRelaxations }
}

/// The rig's double at trial rates.
private struct RateTrials: Sendable {
  let rig: RigDescription
  let board: BoardDescription
  let tasks: [TaskDescription]
  let rule: RuleSettings

  /// What a point of the error curve says.
  struct Point {
    /// The logarithm of the factor with which the double has the measured error.
    let logarithm: Double
    /// The power of the factor with which the error goes.
    let errorPower: Double
    /// The power with which the squared span goes.
    let spanPower: Double
  }

  private func board(at logarithm: Double) -> BoardDescription {
    var trial = board
    trial.gates.gain *= Elementary.exp(logarithm)
    return trial
  }

  /// The logarithm of the factor with which the double comes nearest to halves of a relaxation.
  func nearest(to cycle: MeasuredCycle, parts: [Int]) throws -> Double {
    // The distance has one minimum in the logarithm of the rate; golden sections close in on it.
    func distance(_ logarithm: Double) throws -> Double {
      try parts.reduce(0) { try $0 + squaredDistance(from: cycle, part: $1, at: logarithm) }
    }
    let golden = (5.0.squareRoot() - 1) / 2
    var (low, high) = (-2.0, 3.0)
    var inner = [high - golden * (high - low), low + golden * (high - low)]
    var values = [try distance(inner[0]), try distance(inner[1])]
    while high - low > 0.01 {
      if values[0] < values[1] {
        high = inner[1]
        inner = [high - golden * (high - low), inner[0]]
        values = [try distance(inner[0]), values[0]]
      } else {
        low = inner[0]
        inner = [inner[1], low + golden * (high - low)]
        values = [values[1], try distance(inner[1])]
      }
    }
    return (low + high) / 2
  }

  /// The root mean square difference over all relaxations, V.
  func misfit(at logarithm: Double) throws -> Double {
    var sum = 0.0
    for cycle in rig.relaxations {
      for part in 0..<2 { sum += try squaredDistance(from: cycle, part: part, at: logarithm) }
    }
    return (sum / Double(2 * rig.relaxations.count)).squareRoot()
  }

  /// The mean square difference between how half of a measured cycle and the double, begun at the
  /// cycle's turn, approach the solution line: the distance across the line, from where it ends on.
  private func squaredDistance(
    from cycle: MeasuredCycle, part: Int, at logarithm: Double
  ) throws -> Double {
    let plane = rig.plane
    let half = (cycle.points.count - 1) / 2
    let task = part == 0 ? cycle.first : 1 - cycle.first
    var cycling = try Cycling<DirectBoard>(
      description: board(at: logarithm), tasks: tasks, plan: CyclePlan(rule: rule, seed: 1))
    var start = [0.0, 0.0]
    start[plane[0]] = cycle.points[part * half].x
    start[plane[1]] = cycle.points[part * half].y
    let path = try cycling.path(of: task, from: start, half: cycle.tau / 2, points: half)
    let slope = rig.tasks[task].slope
    func across(_ point: SIMD2<Double>) -> Double {
      (point.y - slope * point.x) / (1 + slope * slope).squareRoot()
    }
    let measured = (0...half).map { across(cycle.points[part * half + $0]) }
    let ours = path.map { across(SIMD2($0[plane[0]], $0[plane[1]])) }
    let sum = (0...half).reduce(0.0) { sum, place in
      let away = (ours[place] - ours[half]) - (measured[place] - measured[half])
      return sum + away * away
    }
    return sum / Double(half + 1)
  }

  /// What the points of the error curve say whose cycles keep off the rails.
  ///
  /// - Parameters:
  ///   - start: the logarithm of the factor to begin from.
  ///   - most: how many points are looked at, at most.
  /// - Returns: what they say; nothing when fewer than three do.
  /// - Throws: what a board throws.
  func points(from start: Double, most: Int) throws -> [Point] {
    let judged = rig.measuredError.filter { $0.x <= rig.judgedUntil ?? .infinity }
    // A half cycle must hold a step.
    let usable = judged.filter { $0.x / 2 >= rule.pulse }
    let count = min(most, usable.count)
    let chosen = (0..<count).map { usable[$0 * usable.count / count] }
    var place = start
    var points: [Point] = []
    // Errors go nearly as a power of the rate: a few secants end where both meet.
    for _ in 0..<4 {
      let here = try cycles(chosen.map(\.x), at: place)
      let beyond = try cycles(chosen.map(\.x), at: place + RateTrials.step)
      points = zip(chosen, zip(here, beyond)).compactMap { measured, pair in
        let (one, other) = pair
        guard one.railed == 0, other.railed == 0, one.error > 0, other.error > 0, one.span > 0,
          other.span > 0
        else { return nil }
        func power(_ ratio: Double) -> Double { Elementary.log(ratio) / RateTrials.step }
        let errorPower = power(other.error / one.error)
        // Where the rate means nothing to the error, the error says nothing of the rate.
        guard errorPower < -0.3 else { return nil }
        let away = Elementary.log(measured.y / one.error) / errorPower
        return Point(
          logarithm: place + min(max(away, -1.5), 1.5), errorPower: errorPower,
          spanPower: 2 * power(other.span / one.span))
      }
      guard points.count >= 3 else { return [] }
      let next = points.map(\.logarithm).median
      if (next - place).magnitude < 0.01 { break }
      place = next
    }
    return points
  }

  /// The step of a secant in the rate's logarithm.
  private static let step = 0.2

  private func cycles(_ taus: [Double], at logarithm: Double) throws -> [CycleResult] {
    let board = board(at: logarithm)
    return try concurrently(taus.count) { index in
      var cycling = try Cycling<DirectBoard>(
        description: board, tasks: tasks, plan: CyclePlan(rule: rule, seed: 1, longest: 4))
      return try cycling.run(tau: taus[index])!
    }
  }
}

extension [Double] {
  /// The middle value, or the mean of the two middle ones; not of nothing.
  fileprivate var median: Double {
    let sorted = sorted()
    return (sorted[count / 2] + sorted[(count - 1) / 2]) / 2
  }

  /// A robust standard deviation: 1.4826 times the median distance from the median.
  fileprivate var spread: Double {
    let middle = median
    return 1.4826 * map { ($0 - middle).magnitude }.median
  }
}
