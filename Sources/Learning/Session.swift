public import Files
public import Firmware
import Portable
public import BoardDouble

/// What a training run is: the rule and its schedule. With board, task and seed it fixes every bit.
public struct Plan: Sendable, Equatable, Codable {
  /// The rule.
  public var rule: RuleSettings
  /// How often every training sample is presented.
  public var epochs: Int
  /// The seed of the board's parts, of the split and of the order.
  public var seed: UInt64
  /// What pulses have shrunk to in the last epoch, as a share of the first's; 1 keeps them.
  public var lastPulse: Double
  /// Whether the controllers know the board's calibration, or only its parts' markings.
  public var calibrated: Bool

  /// Makes a plan.
  ///
  /// - Parameters:
  ///   - rule: the rule.
  ///   - epochs: how often every training sample is presented.
  ///   - seed: the seed of everything random.
  ///   - lastPulse: what pulses have shrunk to in the last epoch, as a share of the first's.
  ///   - calibrated: whether the controllers know the board's calibration.
  public init(
    rule: RuleSettings, epochs: Int, seed: UInt64, lastPulse: Double = 0.05,
    calibrated: Bool = true
  ) {
    self.rule = rule
    self.epochs = epochs
    self.seed = seed
    self.lastPulse = lastPulse
    self.calibrated = calibrated
  }

  /// What pulses usually shrink to on a kind of edge: bias moves multiplier gates whenever they learn,
  /// so their last pulses must not be too short.
  public static func usualLastPulse(_ update: UpdateKind) -> Double {
    update == .comparator ? 0.05 : 0.3
  }

  /// The factor on pulses in an epoch: straight down from one to `lastPulse`.
  public func factor(epoch: Int) -> Double {
    epochs <= 1 ? 1 : 1 - (1 - lastPulse) * Double(epoch) / Double(epochs - 1)
  }
}

/// The measures of a set of samples, taken on the board itself.
public struct Measures: Sendable, Equatable, Codable {
  /// The mean square error, V^2: over outputs of (O - L)^2, or of what is missing to the margin.
  public var error: Double
  /// The share of samples whose class is right; `nil` for tasks without classes.
  public var accuracy: Double?
  /// The share of samples that still ask for something: short of their margin, or off their labels.
  public var unmet: Double = 1
}

/// One line of the curves: the measures after an epoch; epoch 0 is before training.
public struct EpochRecord: Sendable, Equatable, Codable {
  /// How many epochs have been trained.
  public var epoch: Int
  /// Over the training samples.
  public var training: Measures
  /// Over the samples held out; `nil` when there are none.
  public var testing: Measures?
  /// Over all samples.
  public var all: Measures
  /// The time for which learning was on so far, s.
  public var learned: Double
  /// The steps that moved a gate so far.
  public var pulses: Int
}

/// Where a run stands.
public struct Progress: Sendable, Equatable, Codable {
  /// The epoch being trained, from zero.
  public var epoch = 0
  /// The position within the epoch's order.
  public var position = 0
  /// All steps so far.
  public var steps = 0
  /// The steps that moved a gate.
  public var pulses = 0
  /// The time for which learning was on, ns.
  public var learned: Int64 = 0
  /// The time up to which leakage is accounted for, ns.
  var accounted: Int64 = 0
  /// The measures before training; `nil` until they are taken.
  public var first: EpochRecord?
  /// The last measures; `nil` until the first are taken.
  public var last: EpochRecord?
  /// All measures so far, in checkpoints of version 0.1; since then they have files of their own.
  public var curve: [EpochRecord]?

  /// What a checkpoint of version 0.1 kept in its curve, in its place.
  var migrated: Progress {
    var progress = self
    progress.first = first ?? curve?.first
    progress.last = last ?? curve?.last
    progress.curve = nil
    return progress
  }
}

/// A training run on any learning board: initial gates, epochs in a drawn order, measures.
public struct Session<Board: LearningBoard> {
  /// What learns.
  public var learner: Learner<Board>
  /// The task on the board.
  public let problem: Problem
  /// The rule and its schedule.
  public let plan: Plan
  /// Where the run stands.
  public internal(set) var progress = Progress()
  /// The measures that this session took, for those who look at them in memory.
  public private(set) var curve: [EpochRecord] = []
  /// Whether `curve` grows; a run that writes each line down has no need of it.
  public var keepsCurve = true

  /// Makes a session; nothing is done to the board yet.
  ///
  /// - Parameters:
  ///   - board: the board.
  ///   - description: its description.
  ///   - problem: the task on the board.
  ///   - plan: the rule and its schedule.
  ///   - calibration: what the controllers are told.
  ///   - sources: the node of each source channel, as far as edges are to know of it.
  ///   - targets: the node of each target channel, likewise.
  /// - Throws: `SessionError.refused` when the board lacks what the rule needs.
  public init(
    board: Board, description: BoardDescription, problem: Problem, plan: Plan,
    calibration: Calibration, sources: [Int] = [], targets: [Int] = []
  ) throws(SessionError) {
    self.problem = problem
    self.plan = plan
    learner = try Learner(
      board: board, description: description, problem: problem, rule: plan.rule, seed: plan.seed,
      calibration: calibration, sources: sources, targets: targets)
  }

  /// The board.
  public var board: Board {
    _read { yield learner.board }
    _modify { yield &learner.board }
  }

  /// The board's description.
  public var description: BoardDescription { learner.description }

  /// The edges' controllers; empty where edges follow their own rule.
  public var controllers: [EdgeController] { learner.controllers }

  /// Whether every epoch has been trained.
  public var isFinished: Bool { progress.epoch >= plan.epochs }

  /// Brings the gates to their initial voltage, where the board can drive them, and takes the first
  /// measures. To be called once, on a board whose gates are drained, or known.
  ///
  /// - Parameter stopping: asked before every pulse and every measurement.
  /// - Returns: whether it came to the end; where `stopping` said so there are no measures.
  @discardableResult
  public mutating func begin(
    stopping: () -> Bool = { false }
  ) throws(Board.Failure) -> Bool {
    let initial = Array(repeating: description.gates.initial, count: learner.controllers.count)
    guard try program(initial, stopping: stopping) else { return false }
    progress.accounted = learner.step.accounted.count
    guard let record = try record(epoch: 0, stopping: stopping) else { return false }
    keep(record)
    return true
  }

  /// Brings every gate to a voltage, V, by pulses; returns whether it came to the end.
  mutating func program(
    _ goals: [Double], shortest: Nanoseconds = .microseconds(16), limit: Int = 1000,
    stopping: () -> Bool
  ) throws(Board.Failure) -> Bool {
    var stopped = false
    try learner.program(
      goals, shortest: shortest, limit: limit,
      stopping: {
        stopped = stopping()
        return stopped
      })
    return !stopped
  }

  /// Trains until the epoch ends or the caller wants to stop, which is asked before every step, and
  /// takes the epoch's measures.
  ///
  /// - Parameter stopping: is shown the board.
  /// - Returns: whether the epoch ended.
  public mutating func trainEpoch(
    stopping: (borrowing Board) -> Bool = { _ in false }
  ) throws(Board.Failure) -> Bool {
    guard try trainSamples(stopping: stopping) else { return false }
    return try measureEpoch()
  }

  /// Trains what is left of the epoch's samples, or until the caller wants to stop, which is asked
  /// before every step. The epoch ends with `measureEpoch`.
  ///
  /// - Parameter stopping: is shown the board.
  /// - Returns: whether all were trained.
  public mutating func trainSamples(
    stopping: (borrowing Board) -> Bool = { _ in false }
  ) throws(Board.Failure) -> Bool {
    if isFinished { return true }
    let order = Shuffle.order.draw(plan.seed, progress.epoch).shuffledIndices(
      0, count: problem.training.count)
    var factor = plan.factor(epoch: progress.epoch)
    if plan.rule.normalised, let last = progress.last {
      factor /= max(last.training.unmet, 1 / Double(max(problem.training.count, 1)))
    }
    learner.step.rule = plan.rule.rule(on: description, factor: factor)
    while progress.position < order.count {
      if stopping(learner.board) { return false }
      try train(sample: problem.training[order[progress.position]])
      progress.position += 1
    }
    return true
  }

  /// Takes the measures of an epoch whose samples are trained, and ends it.
  ///
  /// A measurement changes the board: it takes time, and draws noise. Whoever stops in the middle must
  /// go back to a checkpoint from before.
  ///
  /// - Parameter stopping: asked before every measurement.
  /// - Returns: whether the epoch ended.
  public mutating func measureEpoch(
    stopping: () -> Bool = { false }
  ) throws(Board.Failure) -> Bool {
    if isFinished { return true }
    guard let record = try record(epoch: progress.epoch + 1, stopping: stopping) else {
      return false
    }
    progress.epoch += 1
    progress.position = 0
    keep(record)
    return true
  }

  /// One training step on one sample.
  /// - Returns: what the step did.
  @discardableResult
  public mutating func train(sample: Int) throws(Board.Failure) -> StepReport {
    let report = try learner.train(problem.presentations[sample], index: progress.steps)
    progress.steps += 1
    progress.accounted = learner.step.accounted.count
    if .zero < report.learned {
      progress.pulses += 1
      progress.learned += report.learned.count
    }
    return report
  }

  /// Measures a set of samples on the board, without learning.
  public mutating func measure(_ samples: [Int]) throws(Board.Failure) -> Measures {
    try learner.measure(samples, of: problem)
  }

  /// The outputs' voltages for a sample, V, as the board measures them.
  public mutating func outputs(for sample: Int) throws(Board.Failure) -> [Double] {
    try learner.outputs(for: problem.presentations[sample], of: problem)
  }

  /// Takes the measures of a moment; `nil` when `stopping` said so.
  private mutating func record(
    epoch: Int, stopping: () -> Bool
  ) throws(Board.Failure) -> EpochRecord? {
    guard let training = try learner.measure(problem.training, of: problem, stopping: stopping)
    else { return nil }
    var testing: Measures?
    if !problem.testing.isEmpty {
      testing = try learner.measure(problem.testing, of: problem, stopping: stopping)
      if testing == nil { return nil }
    }
    let trained = Double(problem.training.count)
    let tested = Double(problem.testing.count)
    var all = training
    if let testing {
      all.error = (training.error * trained + testing.error * tested) / (trained + tested)
      if let one = training.accuracy, let other = testing.accuracy {
        all.accuracy = (one * trained + other * tested) / (trained + tested)
      }
    }
    return EpochRecord(
      epoch: epoch, training: training, testing: testing, all: all,
      learned: Double(progress.learned) * 1e-9, pulses: progress.pulses)
  }

  private mutating func keep(_ record: EpochRecord) {
    if progress.first == nil { progress.first = record }
    progress.last = record
    if keepsCurve { curve.append(record) }
  }
}

extension Session {
  /// The result so far, with what only the board's side knows.
  func result(boardTime: Double, gates: [Double]) -> RunResult {
    RunResult(
      finished: isFinished,
      first: progress.first,
      last: progress.last
        ?? EpochRecord(
          epoch: 0, training: Measures(error: 0, unmet: 0), testing: nil,
          all: Measures(error: 0, unmet: 0), learned: 0, pulses: 0),
      steps: progress.steps, boardTime: boardTime, saturatedEdges: learner.saturatedEdges,
      estimatedGates: controllers.map(\.gate.volts), gates: gates)
  }
}

/// Why a session cannot be.
public enum SessionError: Error, CustomStringConvertible {
  /// The board lacks abilities that the rule needs.
  case refused(rule: String, board: String, missing: [String])
  /// A checkpoint belongs to another run.
  case otherRun(String)

  /// The error in words: what, where and what to do.
  public var description: String {
    switch self {
    case .refused(let rule, let board, let missing):
      "the rule '\(rule)' needs \(missing.joined(separator: ", ")), which the board '\(board)' "
        + "lacks; choose a rule without it, or a board with comparator edges"
    case .otherRun(let what): "the checkpoint belongs to another run: \(what)"
    }
  }

  /// The names of abilities that are needed and missing.
  static func names(of needs: Abilities, missingIn abilities: Abilities) -> [String] {
    let all: [(Abilities, String)] = [
      (.sign, "the sign of the contrast at every edge"),
      (.perEdgeHold, "a drive of its own for every edge"),
      (.antiNudge, "an anti-nudge"), (.readBack, "gate read-back"),
      (.analogRule, "an analog rule at every edge"),
    ]
    return all.filter { needs.contains($0.0) && !abilities.contains($0.0) }.map(\.1)
  }
}

/// Everything that a run on the double needs to go on exactly where it stopped.
public struct Checkpoint: Sendable, Equatable, Codable {
  /// The plan it belongs to.
  public var plan: Plan
  /// Where the run stands.
  public var progress: Progress
  /// The controllers' gate estimates, in steps of 2^-24 V.
  public var estimates: [Int32]
  /// The double's part.
  public var board: VirtualState
}

extension Session {
  /// Refuses what a checkpoint of this run could not hold.
  func check(plan saved: Plan, progress: Progress, estimates: [Int32]) throws(SessionError) {
    guard saved == plan else { throw .otherRun("its plan differs") }
    guard estimates.count == controllers.count else {
      throw .otherRun("it has \(estimates.count) edges")
    }
    do throws(StateError) {
      try progress.check()
      try StateError.check(progress.epoch, "epoch of progress", 0...plan.epochs)
      let samples = problem.training.count
      try StateError.check(progress.position, "position of progress", 0...samples)
      // Steps beside those of epochs are few: whoever takes them, takes them one by one.
      let trained = progress.epoch * samples + progress.position
      try StateError.check(progress.steps, "steps of progress", trained...trained + 1_000_000_000)
    } catch {
      throw .otherRun("\(error)")
    }
  }
}

extension Session where Board: VirtualFace {
  /// Powers up a double and makes a session on it.
  ///
  /// - Throws: `CircuitError` for a board that is no circuit, `WiringError` for one without pins, `DescriptionError` for a task that
  ///   does not fit the board, `SessionError` for a rule that the board refuses.
  public init(description: BoardDescription, task: TaskDescription, plan: Plan) throws {
    let place = try task.place(on: description)
    let board = try Board(
      description: description, seed: plan.seed, sources: place.sources, targets: place.targets)
    let calibration =
      plan.calibrated
      ? Calibration(measuredOn: board.analog) : Calibration(nominal: description)
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
  public var checkpoint: Checkpoint {
    Checkpoint(
      plan: plan, progress: progress, estimates: controllers.map(\.gate.steps), board: board.state)
  }

  /// Goes back to where a checkpoint was taken.
  /// - Throws: `SessionError.otherRun` or `CircuitError` when it is another run's; the session is
  ///   then unchanged.
  public mutating func restore(_ saved: Checkpoint) throws {
    try check(plan: saved.plan, progress: saved.progress, estimates: saved.estimates)
    try board.restore(saved.board)
    progress = saved.progress.migrated
    learner.step.accounted = Nanoseconds(saved.progress.accounted)
    for edge in learner.controllers.indices {
      learner.controllers[edge].gate = Voltage(steps: saved.estimates[edge])
    }
  }
}
