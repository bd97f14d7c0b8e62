public import Files
public import Firmware
import Portable
public import Wiring

/// A training run on any learning board: initial gates, epochs in a drawn order, measures.
public struct Session<Board: LearningBoard> {
  /// What learns.
  public var learner: Learner<Board>
  /// The task on the board.
  public let problem: Problem
  /// The rule and its schedule.
  public let plan: Plan
  /// Where the run stands.
  public package(set) var progress = Progress()
  /// The measures that this session took, for callers that want them in memory.
  public private(set) var curve: [EpochRecord] = []
  /// The outputs of every sample as the last measures found them, V, one sample after another in
  /// the task's order; empty before there are any.
  package private(set) var lastOutputs: [Double] = []
  /// Whether `curve` grows; a run that writes each line down has no need of it.
  public var keepsCurve = true
  /// What is known of the board's parts, where it was calibrated.
  package var observer: (any GateObserver)?
  /// By how much the controllers' estimates may be off; kept where there is an observer.
  package var account: GateAccount?

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
  /// - Throws: what the board throws.
  @discardableResult
  public mutating func begin(
    stopping: () -> Bool = { false }
  ) throws(Board.Failure) -> Bool {
    let initial = Array(repeating: description.gates.initial, count: learner.controllers.count)
    return try begin(with: initial, stopping: stopping)
  }

  /// Begins with gates that were learned elsewhere; as `begin`.
  ///
  /// - Parameters:
  ///   - gates: the gate voltages, V.
  ///   - stopping: asked before every pulse and every measurement.
  /// - Returns: whether it came to the end; where `stopping` said so there are no measures.
  /// - Throws: what the board throws.
  package mutating func begin(
    with gates: [Double], stopping: () -> Bool
  ) throws(Board.Failure) -> Bool {
    guard try program(gates, stopping: stopping) else { return false }
    progress.accounted = learner.step.accounted.count
    guard let record = try record(epoch: 0, stopping: stopping) else { return false }
    keepIfBest(record)
    keep(record)
    return true
  }

  /// Brings every gate to a voltage, V, by pulses; returns whether it came to the end.
  package mutating func program(
    _ goals: [Double], shortest: Nanoseconds = .microseconds(16), limit: Int = 1000,
    stopping: () -> Bool
  ) throws(Board.Failure) -> Bool {
    var stopped = false
    let before = account == nil ? [] : controllers
    let pulses = try learner.program(
      goals, shortest: shortest, limit: limit,
      stopping: {
        stopped = stopping()
        return stopped
      })
    account(for: pulses, from: before)
    return !stopped
  }

  /// Trains until the epoch ends or the caller wants to stop, which is asked before every step, and
  /// takes the epoch's measures.
  ///
  /// - Parameter stopping: is shown the board.
  /// - Returns: whether the epoch ended.
  /// - Throws: what the board throws.
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
  /// - Throws: what the board throws.
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

  /// Takes the measures of an epoch whose samples are trained, and ends it; where it is time, the gates
  /// are observed first. After the plan's last
  /// epoch the gates go back to those of the best, where the plan says so, and the measures are of
  /// these.
  ///
  /// A measurement changes the board: it takes time, and draws noise. A caller that stops in the
  /// middle must go back to a checkpoint from before.
  ///
  /// - Parameter stopping: asked before every measurement.
  /// - Returns: whether the epoch ended.
  /// - Throws: what the board throws.
  public mutating func measureEpoch(
    stopping: () -> Bool = { false }
  ) throws(Board.Failure) -> Bool {
    if isFinished { return true }
    guard try observeGates(after: progress.epoch + 1, stopping: stopping) else { return false }
    guard var record = try record(epoch: progress.epoch + 1, stopping: stopping) else {
      return false
    }
    keepIfBest(record)
    if record.epoch == plan.epochs {
      guard let last = try endWithBest(record, stopping: stopping) else { return false }
      record = last
    }
    if account != nil {
      // Measures take time, in which gates leak: what is told of them is told of now.
      learner.accountLeakage(until: try board.now())
      account?.elapse(until: learner.step.accounted.count)
      progress.accounted = learner.step.accounted.count
    }
    progress.epoch += 1
    progress.position = 0
    keep(record)
    return true
  }

  /// Takes an epoch for the best where it is, and the plan asks for it.
  private mutating func keepIfBest(_ record: EpochRecord) {
    guard plan.keepsBest, !controllers.isEmpty,
      progress.best?.isWorse(than: record.training) ?? true
    else {
      return
    }
    progress.best = BestEpoch(
      epoch: record.epoch, training: record.training, estimates: controllers.map(\.gate.units))
  }

  /// Brings the gates back to those of the best epoch; of a task without classes to the last again where
  /// the board does no better with them: the smallest error is one of many that are read with noise,
  /// and gates come back as well as the controllers' account of them is.
  ///
  /// - Parameters:
  ///   - last: the measures after the last epoch.
  ///   - stopping: asked before every pulse and every measurement.
  /// - Returns: the measures of the gates as they stand then; `nil` when `stopping` said so.
  /// - Throws: what the board throws.
  private mutating func endWithBest(
    _ last: EpochRecord, stopping: () -> Bool
  ) throws(Board.Failure) -> EpochRecord? {
    guard plan.keepsBest, let best = progress.best, best.epoch < last.epoch else { return last }
    let lastGates = BestEpoch(
      epoch: last.epoch, training: last.training, estimates: controllers.map(\.gate.units))
    guard var record = try bringBack(best, stopping: stopping) else { return nil }
    // A count of right samples is no noisy minimum, and earlier gates stand further from their limits: on
    // seeds 111 ... 130 of five tables they did better on held-out samples, by 0 ... 0.5 points, also
    // where a training sample or two were lost on the way back.
    if last.training.accuracy == nil, !lastGates.isWorse(than: record.training) {
      progress.best = lastGates
      guard let again = try bringBack(lastGates, stopping: stopping) else { return nil }
      record = again
    }
    progress.accounted = learner.step.accounted.count
    return record
  }

  /// Brings the gates to those of an epoch, and measures them as the last epoch's.
  private mutating func bringBack(
    _ kept: BestEpoch, stopping: () -> Bool
  ) throws(Board.Failure) -> EpochRecord? {
    guard try program(kept.estimates.map { Voltage(units: $0).volts }, stopping: stopping) else {
      return nil
    }
    return try record(epoch: progress.epoch + 1, stopping: stopping)
  }

  /// One training step on one sample.
  /// - Returns: what the step did.
  @discardableResult
  public mutating func train(sample: Int) throws(Board.Failure) -> StepReport {
    let report = try learner.train(problem.presentations[sample], index: progress.steps)
    account(for: report)
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

  /// Takes the measures of all samples on the board as it stands; neither the curve nor where the run
  /// stands changes.
  ///
  /// - Parameter stopping: asked before every measurement.
  /// - Returns: the measures; `nil` when `stopping` said so.
  /// - Throws: what the board throws.
  package mutating func takeMeasures(
    stopping: () -> Bool = { false }
  ) throws(Board.Failure) -> EpochRecord? {
    try record(epoch: progress.epoch, stopping: stopping)
  }

  /// What the samples were answered by the last measures; `nil` before there are any.
  package var lastAnswers: SampleAnswers? {
    lastOutputs.isEmpty ? nil : SampleAnswers(lastOutputs, of: problem)
  }

  /// Has the board answer inputs that are none of the task's samples.
  ///
  /// - Parameter inputs: the voltage of each source channel, V.
  /// - Returns: the answer.
  /// - Throws: what the board throws.
  package mutating func answer(_ inputs: [Double]) throws(Board.Failure) -> RowAnswer {
    let presentation = Problem.Presentation(
      inputs: inputs.map(Voltage.init(volts:)), labels: [], wanted: .labels)
    return RowAnswer(try learner.outputs(for: presentation, of: problem), of: problem)
  }

  /// Refuses a board whose gates cannot be brought to given voltages one by one.
  package func checkProgrammable() throws(SessionError) {
    if controllers.isEmpty {
      throw .refused(
        rule: "programming", board: description.name,
        missing: SessionError.names(of: .perEdgeHold, missingIn: board.abilities))
    }
  }

  /// The outputs' voltages for a sample, V, as the board measures them.
  public mutating func outputs(for sample: Int) throws(Board.Failure) -> [Double] {
    try learner.outputs(for: problem.presentations[sample], of: problem)
  }

  /// Takes the measures of a moment; `nil` when `stopping` said so.
  private mutating func record(
    epoch: Int, stopping: () -> Bool
  ) throws(Board.Failure) -> EpochRecord? {
    let count = problem.layout.count
    var outputs = [Double](repeating: 0, count: problem.presentations.count * count)
    func keep(_ sample: Int, _ measured: [Double]) {
      for (index, volts) in measured.enumerated() { outputs[sample * count + index] = volts }
    }
    guard
      let training = try learner.measure(
        problem.training, of: problem, stopping: stopping, keeping: keep)
    else { return nil }
    var testing: Measures?
    if !problem.testing.isEmpty {
      testing = try learner.measure(
        problem.testing, of: problem, stopping: stopping, keeping: keep)
      if testing == nil { return nil }
    }
    lastOutputs = outputs
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
  /// Goes on from where a checkpoint was taken; the board's part is not looked at.
  package mutating func take(_ saved: Progress, outputs: [Int32]?) {
    progress = saved.migrated
    lastOutputs = (outputs ?? []).map { Voltage(units: $0).volts }
  }

  /// The result so far, with what only the board's side knows.
  package func result(boardTime: Double, gates: [Double]) -> RunResult {
    var result = RunResult(
      finished: isFinished,
      first: progress.first,
      last: progress.last
        ?? EpochRecord(
          epoch: 0, training: Measures(error: 0, unmet: 0), testing: nil,
          all: Measures(error: 0, unmet: 0), learned: 0, pulses: 0),
      steps: progress.steps, boardTime: boardTime, saturatedEdges: learner.saturatedEdges,
      estimatedGates: controllers.map(\.gate.volts), gates: gates)
    result.samples = lastAnswers
    result.known = knownGates
    result.best = isFinished ? progress.best?.epoch : nil
    return result
  }
}
