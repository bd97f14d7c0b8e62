package import Files
import Firmware
package import BoardDouble
package import Runs
import Targets
import Wiring

/// How two tasks are learned in turn.
package struct CyclePlan: Sendable, Equatable, Codable {
  /// The rule.
  package var rule: RuleSettings
  /// The seed of the board's parts and of the rule's choices.
  package var seed: UInt64
  /// The most learning time spent on one tau, s; three cycles are always run.
  package var longest: Double
  /// Whether the controllers know the board's calibration, or only its parts' markings.
  package var calibrated: Bool

  /// Makes a plan.
  ///
  /// - Parameters:
  ///   - rule: the rule; a half cycle is as many steps as pulses of its t0 make up tau/2.
  ///   - seed: the seed of the board's parts and of the rule's choices.
  ///   - longest: the most learning time spent on one tau, s.
  ///   - calibrated: whether the controllers know the board's calibration.
  package init(
    rule: RuleSettings, seed: UInt64, longest: Double = 1.5, calibrated: Bool = true
  ) {
    self.rule = rule
    self.seed = seed
    self.longest = longest
    self.calibrated = calibrated
  }
}

/// Two tasks that a board learns in turn, each for half of tau, again and again.
package struct Cycling<Board: VirtualFace> {
  /// What learns.
  package var learner: Learner<Board>
  /// The two tasks.
  package let problems: [Problem]
  /// How they are learned.
  package var plan: CyclePlan

  private var steps = 0
  private var sample = [0, 0]

  /// Powers up a double and brings its gates to their initial voltage.
  ///
  /// - Parameters:
  ///   - description: the board.
  ///   - tasks: the two tasks, which must use the same nodes; one alone can only drift.
  ///   - plan: how they are learned.
  /// - Throws: what making a `Session` throws; `CycleError` for tasks that do not go together.
  package init(description: BoardDescription, tasks: [TaskDescription], plan: CyclePlan) throws {
    guard (1...2).contains(tasks.count) else { throw CycleError.notTwoTasks(tasks.map(\.name)) }
    let places = try tasks.map { try $0.place(on: description) }
    for (one, other) in [
      (places[0].sources, places.last!.sources), (places[0].targets, places.last!.targets),
    ] where one != other {
      throw CycleError.otherNodes(
        tasks: tasks.map(\.name), board: description.name,
        nodes: [one, other].map { $0.map { description.nodes[$0] } })
    }
    self.plan = plan
    problems = tasks.map { Problem(task: $0, seed: plan.seed) }
    let board = try Board(
      description: description, seed: plan.seed, sources: places[0].sources,
      targets: places[0].targets)
    let calibration = Calibration(toldOf: board.analog, isMeasured: plan.calibrated)
    learner = try Learner(
      board: board, description: description, problem: problems[0], rule: plan.rule,
      seed: plan.seed, calibration: calibration, sources: places[0].sources,
      targets: places[0].targets)
    try learner.program(
      Array(repeating: description.gates.initial, count: learner.controllers.count))
  }

  /// The rail voltages of the gates.
  var rails: ClosedRange<Double> { learner.description.gates.rails }

  /// Whether a gate stands at a rail, to a millivolt.
  func isRailed(_ gate: Double) -> Bool {
    !(gate > rails.lowerBound + 1e-3 && gate < rails.upperBound - 1e-3)
  }

  /// Checks that a half cycle holds a step.
  /// - Throws: `CycleError.tooShort`.
  package static func check(tau: Double, rule: RuleSettings) throws(CycleError) {
    if !(tau.isFinite && tau > 0) || tau / 2 < rule.pulse * (1 - 1e-9) {
      throw .tooShort(tau: tau, pulse: rule.pulse)
    }
  }

  /// How many steps make up half of tau.
  static func stepsPerHalf(tau: Double, rule: RuleSettings) -> Int {
    max(1, Int((tau / 2 / rule.pulse - 1e-9).rounded(.up)))
  }

  /// Learns one task for half of tau: as many steps as pulses of t0 fill it, and never more learning
  /// time than it; a stop ends it early.
  /// - Returns: the learning time, s.
  mutating func learn(
    _ task: Int, half: Double, stopping: () -> Bool = { false },
    watching watch: (Double, inout Learner<Board>) -> Void = { _, _ in }
  ) throws(Board.Failure) -> Double {
    let problem = problems[task]
    learner.take(problem)
    let most = Self.stepsPerHalf(tau: 2 * half, rule: plan.rule)
    var learned = 0.0
    for step in 0..<most {
      var rule = plan.rule
      let left = half - learned
      if left < 1e-6 { break }
      rule.pulse = min(rule.pulse, left)
      learner.step.rule = rule.rule(on: learner.description)
      let report = try learner.train(problem.presentations[sample[task]], index: steps)
      sample[task] = (sample[task] + 1) % problem.presentations.count
      steps += 1
      learned += report.learned.seconds
      watch(Double(step + 1) / Double(most), &learner)
      // A half cycle may be millions of steps.
      if step % 1024 == 1023 && stopping() { break }
    }
    return learned
  }

  /// Learns one task for half a cycle from given gates on.
  ///
  /// - Parameters:
  ///   - task: which of the two.
  ///   - start: the gates, V.
  ///   - half: the learning time, s.
  ///   - points: how many points of the way to return.
  /// - Returns: the gates, V, at equal distances in learning time: `points` and the start.
  /// - Throws: what the board throws.
  mutating func path(
    of task: Int, from start: [Double], half: Double, points: Int
  ) throws(Board.Failure) -> [[Double]] {
    learner.setGates(start)
    var path = [learner.gates]
    for _ in 0..<points {
      _ = try learn(task, half: half / Double(points))
      path.append(learner.gates)
    }
    return path
  }

  /// The mean square error of one task after learning another for a number of steps from where the
  /// gates are, V^2.
  package mutating func retention(
    of task: Int, after other: Int, steps: Int
  ) throws -> Double {
    _ = try learn(other, half: Double(steps) * plan.rule.pulse)
    // Several readings, for one alone may fall on the label by chance.
    var sum = 0.0
    for _ in 0..<16 { sum += try measure()[task].error / 16 }
    return sum
  }

  /// The errors of both tasks, V^2, and their accuracies where they have classes.
  mutating func measure() throws(Board.Failure) -> [Measures] {
    var measures: [Measures] = []
    for problem in problems {
      learner.take(problem)
      measures.append(try learner.measure(Array(problem.presentations.indices), of: problem))
    }
    return measures
  }
}

extension GateDescription {
  /// Where the gates saturate, V: at the analog rule's rails, or at the limits that the controllers
  /// keep.
  package var rails: ClosedRange<Double> {
    update == .multiplier ? railLow...railHigh : minimum...maximum
  }
}

/// Why tasks cannot be cycled.
package enum CycleError: Error, Equatable, CustomStringConvertible {
  /// Not two tasks were given.
  case notTwoTasks([String])
  /// The tasks use different nodes of the board.
  case otherNodes(tasks: [String], board: String, nodes: [[String]])
  /// A half cycle holds no step.
  case tooShort(tau: Double, pulse: Double)

  /// The error in words: what, where and what to do.
  package var description: String {
    switch self {
    case .notTwoTasks(let names):
      "cycling takes two tasks, not \(names.count) (\(names.joined(separator: ", ")))"
    case .otherNodes(let tasks, let board, let nodes):
      "the tasks \(tasks[0]) and \(tasks[1]) use different nodes of \(board): "
        + "\(nodes[0].joined(separator: ", ")) and \(nodes[1].joined(separator: ", ")); give both "
        + "the same placement and as many inputs and outputs"
    case .tooShort(let tau, let pulse):
      "tau is \(tau) s, but each half of it must hold at least one pulse of \(pulse) s: allowed is "
        + "\(2 * pulse) s or more; lengthen tau or shorten the pulse"
    }
  }
}
