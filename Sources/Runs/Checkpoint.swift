/// Everything that a run needs to go on.
///
/// A board inside the program goes on exactly where it stopped: its state is part of the
/// checkpoint. Of a board outside it only what was learned is kept, not what the board did in the
/// meantime: its gates may have leaked or lost their charge, and are programmed again.
public struct Checkpoint<BoardState: Sendable & Equatable & Codable>: Sendable, Equatable, Codable {
  /// The plan it belongs to.
  public var plan: Plan
  /// Where the run stands.
  public var progress: Progress
  /// The controllers' gate estimates, in units of 2^-24 V.
  public var estimates: [Int32]
  /// The board's part; `nil` of a board outside the program.
  public var board: BoardState?
}

extension Session {
  /// The run as it stands.
  ///
  /// - Parameter board: the board's part.
  /// - Returns: the checkpoint.
  package func checkpoint<BoardState>(board: BoardState?) -> Checkpoint<BoardState> {
    Checkpoint(
      plan: plan, progress: progress, estimates: controllers.map(\.gate.units), board: board)
  }

  /// Refuses a checkpoint that is not of this run.
  package func check<BoardState>(_ saved: Checkpoint<BoardState>) throws(SessionError) {
    guard saved.plan == plan else { throw .otherRun("its plan differs") }
    guard saved.estimates.count == controllers.count else {
      throw .otherRun("it has \(saved.estimates.count) edges")
    }
    let progress = saved.progress
    do throws(StateError) {
      try progress.check()
      try StateError.check(progress.epoch, "epoch of progress", 0...plan.epochs)
      let samples = problem.training.count
      try StateError.check(progress.position, "position of progress", 0...samples)
      // Steps outside epochs are few, since callers take them one at a time.
      let trained = progress.epoch * samples + progress.position
      try StateError.check(progress.steps, "steps of progress", trained...trained + 1_000_000_000)
    } catch {
      throw .otherRun("\(error)")
    }
  }
}
