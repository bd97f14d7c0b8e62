import Firmware
import BoardDouble
import Runs
import Targets

/// Where a drifting board stands.
package struct DriftRecord: Sendable, Equatable, Codable {
  /// The learning time since the task was solved, s.
  package var learned: Double
  /// The mean square error, V^2.
  package var error: Double
  /// How far the gates are from where they were when the task was solved, over edges, V.
  package var distance: Double
  /// The gates, V.
  package var gates: [Double]
}

/// What learning on after a task is solved comes to.
package struct DriftResult: Sendable, Equatable, Codable {
  /// The learning time it took to solve the task, s.
  package var solving: Double
  /// The way, from the moment when the task was solved.
  package var records: [DriftRecord]
  /// How fast the gates moved at first, over edges, V/s: over the first tenth of a second.
  package var speed: Double
  /// The mean square error over the way before a gate reached its rail, V^2.
  package var error: Double
  /// The learning time at which the first gate reached its rail, s; `nil` if none did.
  package var railed: Double?
  /// The learning edge whose gate that was.
  package var railedEdge: Int?
}

extension Cycling {
  /// Solves one task, or takes the gates as solving it, and learns on.
  ///
  /// - Parameters:
  ///   - task: which of the two.
  ///   - start: gates to begin from, V; `nil` for the board's initial ones.
  ///   - learned: for how long to learn on, s.
  ///   - interval: the learning time between two records, s.
  ///   - stopping: asked at every record; a stop ends with what there is.
  /// - Returns: the way, as far as it went.
  /// - Throws: `CircuitError`, or what the board throws.
  package mutating func drift(
    of task: Int, from start: [Double]? = nil, learned: Double, interval: Double = 0.005,
    stopping: () -> Bool = { false }
  ) throws -> DriftResult {
    if let start { learner.setGates(start) }
    let interval = max(interval, plan.rule.pulse)
    // Solved is when the error falls no more: its mean over a stretch against the one before.
    var solving = 0.0
    var before = Double.infinity
    while !stopping() && solving < plan.longest {
      var sum = 0.0
      for _ in 0..<10 {
        _ = try learn(task, half: interval, stopping: stopping)
        solving += interval
        sum += try measure()[task].error / 10
      }
      if sum > 0.9 * before { break }
      before = sum
    }
    let origin = learner.gates
    var records = [
      DriftRecord(
        learned: 0, error: try measure()[task].error, distance: 0, gates: origin)
    ]
    var railed: Double?
    var railedEdge: Int?
    var done = 0.0
    while done < learned - interval / 2 && !stopping() {
      _ = try learn(task, half: interval, stopping: stopping)
      done += interval
      let gates = learner.gates
      let distance = zip(gates, origin).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      records.append(
        DriftRecord(
          learned: done, error: try measure()[task].error, distance: distance.squareRoot(),
          gates: gates))
      if railed == nil,
        let edge = gates.indices.first(where: { isRailed(gates[$0]) && !isRailed(origin[$0]) })
      {
        railed = done
        railedEdge = edge
      }
    }
    let early = records.last { $0.learned <= 0.1 + interval / 2 && $0.learned <= railed ?? 1e9 }!
    let free = records.filter { $0.learned < railed ?? 1e9 }
    return DriftResult(
      solving: solving, records: records,
      speed: early.learned > 0 ? early.distance / early.learned : 0,
      error: free.reduce(0) { $0 + $1.error } / Double(max(free.count, 1)), railed: railed,
      railedEdge: railedEdge)
  }
}
