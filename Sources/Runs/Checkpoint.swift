import Firmware

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
  /// Of a finished run, every sample's outputs at the end, in units of 2^-24 V: its record is made
  /// of them, also where the program was killed before it was written. `nil` before, and in
  /// checkpoints of version 0.2.0.
  public var outputs: [Int32]?
  /// By how much the estimates may be off; `nil` where nothing is known of the board's parts.
  public var account: GateAccount?
}

extension Session {
  /// The run as it stands.
  ///
  /// - Parameter board: the board's part.
  /// - Returns: the checkpoint.
  package func checkpoint<BoardState>(board: BoardState?) -> Checkpoint<BoardState> {
    Checkpoint(
      plan: plan, progress: progress, estimates: controllers.map(\.gate.units), board: board,
      outputs: isFinished && !lastOutputs.isEmpty
        ? lastOutputs.map { Voltage(volts: $0).units } : nil, account: account)
  }

  /// Refuses a checkpoint that is not of this run.
  package func check<BoardState>(_ saved: Checkpoint<BoardState>) throws(SessionError) {
    guard plan.continues(saved.plan) else { throw .otherRun("its plan differs") }
    guard saved.estimates.count == controllers.count else {
      throw .otherRun("it has \(saved.estimates.count) edges")
    }
    if let best = saved.progress.best, best.estimates.count != controllers.count {
      throw .otherRun("its best epoch has \(best.estimates.count) edges")
    }
    if let outputs = saved.outputs {
      let count = problem.presentations.count * problem.layout.count
      guard outputs.count == count else {
        throw .otherRun("it has \(outputs.count) outputs of samples instead of \(count)")
      }
    }
    if let account = saved.account, account.variances.count != controllers.count {
      throw .otherRun("its account of the gates has \(account.variances.count) edges")
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
