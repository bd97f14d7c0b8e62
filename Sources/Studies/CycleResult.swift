/// Whether a cycle has come to repeat itself.
package enum Steadiness: String, Sendable, Codable {
  /// Errors and gates repeat.
  case steady
  /// Errors repeat, but the whole cycle creeps through gate space along directions that no task
  /// sees.
  case drifting
  /// Errors still change, or gates stand at their rails at an end of the cycle.
  case unsteady
}

/// What learning two tasks in turn comes to, for one tau.
package struct CycleResult: Sendable, Equatable, Codable {
  /// The learning time of a full cycle, s.
  package var tau: Double
  /// The mean square error of each task (inner) at the end of each task's half (outer), V^2.
  package var errors: [[Double]]
  /// The mean of the four, E in the papers, V^2.
  package var error: Double
  /// The share of samples that are right, averaged likewise; `nil` for tasks without classes.
  package var accuracy: Double?
  /// The distance D between the two ends of a cycle in gate space, over edges, V.
  package var span: Double
  /// Whether the cycle repeats.
  package var steadiness: Steadiness
  /// How fast the cycle's middle moved at last, over edges, V per s of schedule.
  package var drift: Double
  /// How many gates stood at a rail at a cycle's end at last.
  package var railed: Int
  /// The cycles run.
  package var cycles: Int
  /// The training steps of one cycle.
  package var stepsPerCycle: Int
  /// The time for which learning truly was on in one cycle, on average, s.
  package var learnedPerCycle: Double
  /// Gates along one cycle, V, from the end of the second task's half over that of the first to
  /// that of the second.
  package var path: [[Double]]
  /// The index in `path` at which the first task's half ends.
  package var turn: Int
}
