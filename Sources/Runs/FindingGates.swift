import Files
public import Firmware

/// Runs on a board outside this program, whose gates cannot be measured.
extension Session {
  /// Brings gates of unknown voltage to known ones: down to the controllers' lowest and up to their
  /// highest, in turn, by the longest pulses alone. Where exactly a gate stops does not matter,
  /// only that it is known.
  ///
  /// A gate's distance from where it is believed to be shrinks by exp(-t/RC) while it is driven:
  /// from 1 V to 3.3 V to 0.32 of what it was, back down to 0.15 of that. A drained gate is
  /// believed 1 V too high at first; less than 3 mV of it are left.
  ///
  /// - Parameters:
  ///   - whenHigh: shown the board when the gates stand high for the first time; says whether to go
  ///     on.
  ///   - stopping: asked before every pulse.
  /// - Returns: whether it came to the end.
  /// - Throws: what the board throws.
  public mutating func findGates(
    whenHigh: (inout Board) throws(Board.Failure) -> Bool = { _ in true },
    stopping: () -> Bool = { false }
  ) throws(Board.Failure) -> Bool {
    learner.step.accounted = try board.now()
    // Nothing stands above the supply; a gate below falls behind its estimate and meets it later.
    for edge in learner.controllers.indices {
      learner.controllers[edge].gate = learner.step.law.supply
    }
    forgetGates()
    let law = learner.step.law
    let goals = [law.lowest, law.highest, law.lowest, law.highest, law.lowest]
    for (turn, goal) in goals.enumerated() {
      // Where lines are so slow that a gate leaks by more than a pulse does until the next one,
      // there is no end: after so many pulses the gates are as near as they get.
      let ended = try program(
        Array(repeating: goal.volts, count: controllers.count),
        shortest: learner.step.longestPulse.half,
        limit: 400, stopping: stopping)
      if !ended { return false }
      if turn == 1, try !whenHigh(&learner.board) { return false }
    }
    return true
  }

  /// Trains as `trainSamples(stopping:)` does and counts what each step asks of the lines; the last
  /// step of an epoch, which measures follow, is left out.
  ///
  /// - Parameters:
  ///   - steps: where steps are added.
  ///   - counted: how many operations there were before the step under way, between two calls for
  ///     one epoch; `nil` at its beginning, and again at its end.
  ///   - operations: how many operations there were on the board's lines so far; `nil` where nobody
  ///     counts them.
  ///   - stopping: asked before every step.
  /// - Returns: whether all samples were trained.
  /// - Throws: what the board throws.
  public mutating func trainSamples(
    counting steps: inout LineStatistics.Steps, since counted: inout Int?,
    operations: (borrowing Board) -> Int?, stopping: () -> Bool = { false }
  ) throws(Board.Failure) -> Bool {
    let isDone = try trainSamples { board in
      if let now = operations(board) {
        if let last = counted, last != now { steps.add(now - last) }
        counted = now
      }
      return stopping()
    }
    if isDone { counted = nil }
    return isDone
  }

  /// The run as it stands, for a board outside this program.
  public var outsideCheckpoint: Checkpoint<Never> { checkpoint(board: nil) }

  /// Goes on where a run on a board outside this program stopped, whose gates were found: they are
  /// programmed to what they were.
  ///
  /// - Parameters:
  ///   - saved: where it stopped.
  ///   - stopping: asked before every pulse.
  /// - Returns: whether the gates stand there, rather than where they were when `stopping` said so.
  /// - Throws: `SessionError.otherRun`, or what the board throws.
  public mutating func resume(
    _ saved: Checkpoint<Never>, stopping: () -> Bool = { false }
  ) throws -> Bool {
    try check(saved)
    take(saved.progress, outputs: saved.outputs)
    let ended = try program(
      saved.estimates.map { Voltage(units: $0).volts }, stopping: stopping)
    progress.accounted = learner.step.accounted.count
    return ended
  }
}
