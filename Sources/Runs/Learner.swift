public import Files
public import Firmware
import Portable
public import Wiring

/// What learns: a board, the controllers of its edges, and the firmware's training step with all
/// the storage that it is lent. When to learn what is up to its users: `Session`, `Cycling`,
/// `Drifting`.
public struct Learner<Board: LearningBoard> {
  /// The board.
  public var board: Board
  /// The board's description.
  public let description: BoardDescription
  /// The edges' controllers; empty where edges follow their own rule.
  public package(set) var controllers: [EdgeController]

  package var step: TrainingStep
  private var targets: [Voltage]
  private var comparisons: [Comparison]
  /// What was driven last.
  package private(set) var drives: [Drive]
  /// The outputs that were measured last, V; kept, for memory anew for each sample is dear.
  private var measured: [Double] = []

  /// Makes a learner; nothing is done to the board yet.
  ///
  /// - Parameters:
  ///   - board: the board.
  ///   - description: its description.
  ///   - problem: the task on the board that is learned first.
  ///   - rule: the rule.
  ///   - seed: the seed of desynchronous learning's choices.
  ///   - calibration: what the controllers are told.
  ///   - sources: the node of each source channel, as far as edges are to know of it.
  ///   - targetNodes: the node of each target channel, likewise.
  /// - Throws: `SessionError.refused` when the board lacks what the rule needs.
  public init(
    board: Board, description: BoardDescription, problem: Problem, rule: RuleSettings, seed: UInt64,
    calibration: Calibration, sources: [Int] = [], targets targetNodes: [Int] = []
  ) throws(SessionError) {
    self.board = board
    self.description = description
    let abilities = board.abilities
    let firmwareRule = rule.rule(on: description)
    let needs = firmwareRule.needs(on: abilities)
    if !abilities.contains(needs) {
      throw .refused(
        rule: rule.name.rawValue, board: description.name,
        missing: SessionError.names(of: needs, missingIn: abilities))
    }
    let edges = description.learningEdges.count
    step = TrainingStep(
      rule: firmwareRule, objective: problem.objective, layout: problem.layout,
      law: calibration.law(minimum: description.gates.minimum, maximum: description.gates.maximum),
      chance: Chance(seed: UInt32(truncatingIfNeeded: seed ^ (seed >> 32))),
      timer: board.longestPulse)
    controllers = abilities.contains(.perEdgeHold) ? calibration.controllers() : []
    func terminal(_ node: Int) -> Terminal {
      if let channel = sources.firstIndex(of: node) {
        return .source(Int16(truncatingIfNeeded: channel))
      }
      if let channel = targetNodes.firstIndex(of: node) {
        return .target(Int16(truncatingIfNeeded: channel))
      }
      return .hidden
    }
    for (index, edge) in description.learningEdges.enumerated() where index < controllers.count {
      controllers[index].from = terminal(edge.from)
      controllers[index].to = terminal(edge.to)
    }
    targets = Array(repeating: .zero, count: problem.layout.channels)
    comparisons = Array(repeating: Comparison(bits: 0), count: edges)
    drives = Array(repeating: .hold, count: edges)
  }

  /// How many edges stand at a limit by their controllers' account.
  public var saturatedEdges: Int {
    controllers.reduce(0) { count, edge in
      count + (edge.gate < step.law.highest && step.law.lowest < edge.gate ? 0 : 1)
    }
  }

  /// Brings every gate to a voltage, V, by pulses, where the board can drive gates one by one.
  /// Multiplier gates stay: such boards are reset by a switch.
  ///
  /// - Parameters:
  ///   - goals: the wanted gate voltages, V.
  ///   - shortest: no pulse is as short as this.
  ///   - limit: the largest number of pulses. A large board needs one: while the finest pulses
  ///     bring some gates to their goals, others leak.
  ///   - stopping: asked before every pulse.
  /// - Returns: the number of pulses.
  /// - Throws: what the board throws.
  @discardableResult
  public mutating func program(
    _ goals: [Double], shortest: Nanoseconds = .microseconds(16), limit: Int = 1000,
    stopping: () -> Bool = { false }
  ) throws(Board.Failure) -> Int {
    if controllers.isEmpty { return 0 }
    return try Learner.program(
      goals.map(Voltage.init(volts:)), shortest: shortest, limit: limit, stopping: stopping,
      step: &step, board: &board, controllers: &controllers, drives: &drives)
  }

  /// Accounts for the gates' leakage up to a time.
  mutating func accountLeakage(until now: Nanoseconds) {
    Learner.accountLeakage(until: now, step: &step, controllers: &controllers)
  }

  /// Takes another task on the same channels.
  public mutating func take(_ problem: Problem) {
    step.objective = problem.objective
    step.layout = problem.layout
    if targets.count != problem.layout.channels {
      targets = Array(repeating: .zero, count: problem.layout.channels)
    }
  }

  /// One training step on one sample.
  ///
  /// - Parameters:
  ///   - presentation: the sample.
  ///   - index: the step's number; it fixes the random choices.
  /// - Returns: what the step did.
  /// - Throws: what the board throws.
  @discardableResult
  public mutating func train(
    _ presentation: Problem.Presentation, index: Int
  ) throws(Board.Failure) -> StepReport {
    try Learner.run(
      presentation, index: UInt32(truncatingIfNeeded: index), step: &step, board: &board,
      controllers: &controllers, targets: &targets, comparisons: &comparisons, drives: &drives)
  }

  /// Measures a set of a task's samples on the board, without learning.
  ///
  /// - Parameters:
  ///   - samples: their numbers.
  ///   - problem: the task on the board.
  /// - Returns: the measures.
  /// - Throws: what the board throws.
  public mutating func measure(
    _ samples: [Int], of problem: Problem
  ) throws(Board.Failure) -> Measures {
    // It is never stopped.
    try measure(samples, of: problem, stopping: { false }) ?? Measures(error: 0)
  }

  /// Measures a set of samples, or as many until the caller wants to stop.
  ///
  /// - Parameters:
  ///   - samples: their numbers.
  ///   - problem: the task on the board.
  ///   - stopping: asked before every sample.
  ///   - keeping: is given each sample's number and outputs, V.
  /// - Returns: the measures; `nil` when `stopping` said so.
  /// - Throws: what the board throws.
  public mutating func measure(
    _ samples: [Int], of problem: Problem, stopping: () -> Bool,
    keeping: (Int, [Double]) -> Void = { _, _ in }
  ) throws(Board.Failure) -> Measures? {
    var sum = 0.0
    var right = 0
    var unmet = 0
    for sample in samples {
      if stopping() { return nil }
      let verdict = try judge(problem.presentations[sample], of: problem)
      keeping(sample, measured)
      sum += verdict.squared
      if verdict.squared > 0 { unmet += 1 }
      if verdict.correct { right += 1 }
    }
    let count = Double(max(samples.count, 1))
    return Measures(
      error: sum / count,
      accuracy: problem.task.classes.isEmpty ? nil : Double(right) / count,
      unmet: Double(unmet) / count)
  }

  /// The outputs' voltages for a sample, V, as the board measures them.
  public mutating func outputs(
    for presentation: Problem.Presentation, of problem: Problem
  ) throws(Board.Failure) -> [Double] {
    try measure(presentation, of: problem)
    return measured
  }

  /// Measures a sample's outputs, into `measured`.
  private mutating func measure(
    _ presentation: Problem.Presentation, of problem: Problem
  ) throws(Board.Failure) {
    try Learner.evaluate(presentation.inputs, step: step, board: &board, targets: &targets)
    Learner.read(targets, as: problem.layout, into: &measured)
  }

  /// One sample's mean square error, V^2, and whether it is right.
  private mutating func judge(
    _ presentation: Problem.Presentation, of problem: Problem
  ) throws(Board.Failure) -> (squared: Double, correct: Bool) {
    try measure(presentation, of: problem)
    let targetSpan = targets.span
    let verdict = problem.objective.judge(
      targetSpan, layout: problem.layout, wanted: presentation.wanted,
      labels: presentation.labels.span)
    var category: Int?
    var correct = verdict.correct
    if case .category(let wanted) = presentation.wanted {
      category = wanted
      // A class with labels is told by the outputs, not by whether they meet their labels.
      if problem.objective == .squaredError { correct = problem.answer(measured) == wanted }
    }
    let square = problem.loss.meanSquare(
      measured, labels: presentation.labels.map(\.volts), category: category)
    return (square, correct)
  }

  // The functions below lend arrays as spans. Each array must come as an argument of its own:
  // spans of one variable's fields would overlap.

  private static func accountLeakage(
    until now: Nanoseconds, step: inout TrainingStep, controllers: inout [EdgeController]
  ) {
    var edgeSpan = controllers.mutableSpan
    step.accountLeakage(until: now, edges: &edgeSpan)
  }

  private static func program(
    _ goals: [Voltage], shortest: Nanoseconds, limit: Int, stopping: () -> Bool,
    step: inout TrainingStep, board: inout Board, controllers: inout [EdgeController],
    drives: inout [Drive]
  ) throws(Board.Failure) -> Int {
    var edgeSpan = controllers.mutableSpan
    var driveSpan = drives.mutableSpan
    return try step.program(
      goals.span, on: &board, edges: &edgeSpan, drives: &driveSpan, shortest: shortest,
      limit: limit, stopping: stopping)
  }

  private static func run(
    _ presentation: Problem.Presentation, index: UInt32, step: inout TrainingStep,
    board: inout Board, controllers: inout [EdgeController], targets: inout [Voltage],
    comparisons: inout [Comparison], drives: inout [Drive]
  ) throws(Board.Failure) -> StepReport {
    var edgeSpan = controllers.mutableSpan
    var targetSpan = targets.mutableSpan
    var comparisonSpan = comparisons.mutableSpan
    var driveSpan = drives.mutableSpan
    return try step.run(
      on: &board, index: index, inputs: presentation.inputs.span, wanted: presentation.wanted,
      labels: presentation.labels.span, edges: &edgeSpan, targets: &targetSpan,
      comparisons: &comparisonSpan, drives: &driveSpan)
  }

  private static func read(
    _ targets: [Voltage], as layout: OutputLayout, into outputs: inout [Double]
  ) {
    if outputs.count != layout.count { outputs = Array(repeating: 0, count: layout.count) }
    let targetSpan = targets.span
    for index in outputs.indices { outputs[index] = layout.output(index, of: targetSpan).volts }
  }

  private static func evaluate(
    _ inputs: [Voltage], step: TrainingStep, board: inout Board, targets: inout [Voltage]
  ) throws(Board.Failure) {
    var targetSpan = targets.mutableSpan
    try step.evaluate(on: &board, inputs: inputs.span, targets: &targetSpan)
  }
}
