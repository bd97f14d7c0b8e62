#if Simulation
public import BoardDouble
public import Files
import Firmware
public import Runs
public import Wiring

extension Session where Board: VirtualFace {
  /// Powers up a double and makes a session on it.
  ///
  /// - Parameters:
  ///   - description: the board.
  ///   - task: the task.
  ///   - plan: the rule and its schedule.
  ///   - boardSeed: the seed of the board's parts; `nil` for the plan's.
  ///   - found: what `calibrate` found of the board, which its controllers are told; `nil` for what the
  ///     plan says that they know.
  /// - Throws: `CircuitError` for a board that is no circuit, `WiringError` for one without pins,
  ///   `DescriptionError` for a task that does not fit the board, `SessionError` for a rule that
  ///   the board refuses.
  public init(
    description: BoardDescription, task: TaskDescription, plan: Plan, boardSeed: UInt64? = nil,
    calibration found: BoardCalibration? = nil
  ) throws {
    let place = try task.place(on: description)
    let board = try Board(
      description: description, seed: boardSeed ?? plan.seed, sources: place.sources,
      targets: place.targets)
    let calibration = Calibration(
      toldOf: board.analog, isMeasured: plan.calibrated, found: found)
    try self.init(
      board: board, description: description, problem: Problem(task: task, seed: plan.seed),
      plan: plan, calibration: calibration, sources: place.sources, targets: place.targets)
  }

  /// The result so far; before `begin` its measures are zero.
  public var result: RunResult {
    var board = board
    let gates = board.withAnalog { analog, time in analog.gates(at: time) }
    return result(boardTime: board.time.seconds, gates: gates)
  }

  /// The run as it stands.
  public var checkpoint: Checkpoint<VirtualState> {
    checkpoint(board: board.state)
  }

  /// Goes back to where a checkpoint was taken.
  /// - Throws: `SessionError.otherRun` or `CircuitError` when it is another run's; the session is
  ///   then unchanged.
  public mutating func restore(_ saved: Checkpoint<VirtualState>) throws {
    try check(saved)
    guard let state = saved.board else { throw SessionError.otherRun("it holds no board") }
    try board.restore(state)
    take(saved.progress, outputs: saved.outputs)
    learner.step.accounted = Nanoseconds(saved.progress.accounted)
    if account != nil {
      // Gates of a checkpoint without an account may stand anywhere.
      account = saved.account
      if account == nil { forgetGates() }
    }
    for edge in learner.controllers.indices {
      learner.controllers[edge].gate = Voltage(units: saved.estimates[edge])
    }
  }
}
#endif
