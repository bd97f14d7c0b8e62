import Firmware
import Portable

/// By how much the controllers' estimates of gates that nobody measures may be off, edge by edge.
///
/// What is wrong of a calibration acts the same way in every pulse, so that errors neither add up like noise
/// nor always like a sum. Kept is therefore by how much each gate's estimate is off where a part is off by one
/// unit: a pulse that takes a gate the share 1 - k of its way to the drive's end multiplies all of these by
/// k and adds its own. What is known of the parts makes bounds of them (`GateObserver`).
public struct GateAccount: Sendable, Equatable, Codable {
  /// What an estimate's error hangs on.
  package enum Cause: Int, Sendable, CaseIterable {
    /// The logarithm of RC of the charging path.
    case chargeRC
    /// The logarithm of RC of the discharging path.
    case dischargeRC
    /// Where charging would end but for what the diode nominally drops: the supply less what it drops more, V.
    case chargeEnd
    /// Where discharging would end but for that, V.
    case dischargeEnd
    /// How fast a gate that nobody drives falls, V/s.
    case leak
  }

  /// By edge and cause: by how much the gate is above its estimate, for what was done since it was observed
  /// last, where the cause is one unit above what the controllers are told.
  package var slopes: [[Double]]
  /// By edge and parameter of the observer's model: the same, for what was observed last; empty before.
  package var observed: [[Double]] = []
  /// By edge: the share of that which the pulses since have left.
  package var shares: [Double]
  /// The variance of what is wrong of each estimate for no such cause, V^2.
  package var variances: [Double]
  /// The time up to which leakage is in it, ns.
  package var time: Int64
  /// How often gates were estimated anew from targets' readings.
  package var observations = 0
  /// How often they were not, since the readings fit no gates near the estimates.
  package var rejected = 0

  /// Begins with gates that are known.
  ///
  /// - Parameters:
  ///   - edges: how many edges there are.
  ///   - time: the time up to which leakage is accounted for, ns.
  package init(edges: Int, time: Int64) {
    slopes = Array(
      repeating: Array(repeating: 0, count: Cause.allCases.count), count: edges)
    shares = Array(repeating: 1, count: edges)
    variances = Array(repeating: 0, count: edges)
    self.time = time
  }

  /// Begins with gates that stand anywhere between ground and supply.
  ///
  /// - Parameters:
  ///   - edges: how many edges there are.
  ///   - supply: the supply, V.
  ///   - time: the time up to which leakage is accounted for, ns.
  init(edges: Int, supply: Double, time: Int64) {
    self.init(edges: edges, time: time)
    variances = Array(repeating: supply * supply / 4, count: edges)
  }

  /// Time goes by.
  ///
  /// - Parameter time: the time up to which leakage is accounted for, ns.
  mutating func elapse(until time: Int64) {
    let seconds = Double(time &- self.time) * 1e-9
    if seconds <= 0 { return }
    self.time = time
    for edge in slopes.indices { slopes[edge][Cause.leak.rawValue] -= seconds }
  }

  /// An edge was driven.
  ///
  /// - Parameters:
  ///   - edge: the edge.
  ///   - drive: which way.
  ///   - rest: the share of its way to the drive's end that was left.
  ///   - distance: the distance to the drive's end afterwards, V.
  ///   - jitter: the standard deviation of the pulse's width, in units of RC.
  mutating func drive(
    _ edge: Int, _ drive: Drive, rest: Double, distance: Double, jitter: Double
  ) {
    if drive == .hold { return }
    for cause in slopes[edge].indices { slopes[edge][cause] *= rest }
    shares[edge] *= rest
    let (path, end) =
      drive == .charge
      ? (Cause.chargeRC, Cause.chargeEnd) : (Cause.dischargeRC, Cause.dischargeEnd)
    let constants = Elementary.log(max(rest, 1e-300)) * distance
    slopes[edge][path.rawValue] += drive == .charge ? constants : -constants
    slopes[edge][end.rawValue] += 1 - rest
    variances[edge] = variances[edge] * rest * rest + jitter * jitter * distance * distance
  }
}

extension GateAccount {
  /// Refuses what no run would have written.
  func check() throws(StateError) {
    guard slopes.count == variances.count, shares.count == variances.count,
      observed.isEmpty || observed.count == variances.count,
      observed.allSatisfy({ $0.count == observed[0].count }),
      slopes.allSatisfy({ $0.count == Cause.allCases.count })
    else { throw StateError("the account of the gates has other numbers of edges or causes") }
    for share in shares {
      try StateError.check(share, "a share of the account of the gates", 0...1)
    }
    for slope in (slopes + observed).joined() {
      try StateError.check(slope, "a slope of the account of the gates", -1e12...1e12)
    }
    for variance in variances {
      try StateError.check(variance, "a variance of the account of the gates", 0...1e6)
    }
    try StateError.check(
      time, "time of the account of the gates", 0...Int64(Progress.longestTime))
    try StateError.check(
      observations, "observations of the gates", 0...Plan.epochsAllowed.upperBound)
    try StateError.check(
      rejected, "rejected observations of the gates", 0...Plan.epochsAllowed.upperBound)
  }
}
