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

/// Two tasks that a board learns in turn, each for half of tau, again and again.
package struct Cycling<Board: VirtualFace> {
  /// What learns.
  package internal(set) var learner: Learner<Board>
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
    let calibration =
      plan.calibrated
      ? Calibration(measuredOn: board.analog) : Calibration(nominal: description)
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

  /// What is added up over a stretch of cycles.
  private struct Window {
    var errors = [[0.0, 0.0], [0.0, 0.0]]
    var accuracy = 0.0
    var classified = 0
    var squaredSpan = 0.0
    var centre: [Double] = []
    var learned = 0.0
    var railed = 0
    var cycles = 0

    var error: Double { errors.joined().reduce(0, +) / 4 / Double(max(cycles, 1)) }

    mutating func add(_ measures: [Measures], end: Int) {
      for task in 0..<2 {
        errors[end][task] += measures[task].error
        if let right = measures[task].accuracy {
          accuracy += right
          classified += 1
        }
      }
    }
  }

  /// Runs cycles of one tau, beginning where the gates are, until errors and gates repeat or the
  /// plan's learning time is over.
  ///
  /// - Parameters:
  ///   - tau: the learning time of a full cycle, s.
  ///   - wanted: how many cycles to run at least, steady or not; `nil` to stop when it is steady.
  ///   - stopping: asked now and then; a stop before the end gives `nil`.
  /// - Returns: the cycle, or `nil`.
  /// - Throws: `CycleError.tooShort`, `CircuitError`, or what the board throws.
  package mutating func run(
    tau: Double, exactly wanted: Int? = nil, stopping: () -> Bool = { false }
  ) throws -> CycleResult? {
    guard problems.count == 2 else { throw CycleError.notTwoTasks(problems.map(\.task.name)) }
    try Self.check(tau: tau, rule: plan.rule)
    // Stretches of at least 50 ms average over the read noise and over samples.
    let samples = problems.map(\.presentations.count).max() ?? 1
    let perHalf = Self.stepsPerHalf(tau: tau, rule: plan.rule)
    let perWindow = max(1, Int((0.05 / tau).rounded(.up)), (samples + perHalf - 1) / perHalf)
    var scheduled = 0.0
    var cycles = 0
    var last: Window?
    var calm = 0
    var steadiness = Steadiness.unsteady
    var drift = 0.0
    var windows = 0
    while true {
      var window = Window()
      window.centre = Array(repeating: 0, count: learner.gates.count)
      for _ in 0..<perWindow {
        var ends: [[Double]] = []
        for task in 0..<2 {
          if stopping() { return nil }
          window.learned += try learn(task, half: tau / 2, stopping: stopping)
          if stopping() { return nil }
          let gates = learner.gates
          ends.append(gates)
          window.add(try measure(), end: task)
          for edge in gates.indices { window.centre[edge] += gates[edge] / 2 }
        }
        window.squaredSpan += zip(ends[0], ends[1]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        window.railed = ends[1].indices.count { edge in
          ends.contains { isRailed($0[edge]) }
        }
        window.cycles += 1
        scheduled += tau
        cycles += 1
      }
      windows += 1
      let span = (window.squaredSpan / Double(window.cycles)).squareRoot()
      if let before = last {
        let change = abs(window.error - before.error)
        // Read noise alone moves small errors: a tenth of a converter step counts as none.
        let noise = learner.description.converters.reference / 4096 / 10
        calm = change < 0.05 * window.error + noise * noise ? calm + 1 : 0
        let move = zip(window.centre, before.centre).reduce(0) { sum, pair in
          let step = pair.0 / Double(window.cycles) - pair.1 / Double(before.cycles)
          return sum + step * step
        }.squareRoot()
        drift = move / (tau * Double(perWindow))
        if calm >= 2 {
          steadiness = drift * tau < 0.01 * span + 1e-5 ? .steady : .drifting
        } else {
          steadiness = .unsteady
        }
      }
      last = window
      // The cycle's creep may be its coming to rest: give it as long as it takes.
      if let wanted {
        if cycles >= wanted { break }
        continue
      }
      if steadiness == .steady { break }
      if windows >= 4 && cycles >= 3 && scheduled >= plan.longest { break }
    }
    let window = last!
    let count = Double(window.cycles)
    // Rails make any cycle repeat; it is not the one that learning alone would settle into.
    if window.railed > 0 { steadiness = .unsteady }

    var path: [[Double]] = [learner.gates]
    var turn = 0
    for task in 0..<2 {
      if stopping() { break }
      var next = 1.0 / 30
      _ = try learn(task, half: tau / 2, stopping: stopping) { part, learner in
        if part >= next - 1e-9 {
          path.append(learner.gates)
          next = max(next, part) + 1.0 / 30
        }
      }
      if task == 0 { turn = path.count - 1 }
    }

    return CycleResult(
      tau: tau, errors: window.errors.map { $0.map { $0 / count } }, error: window.error,
      accuracy: window.classified > 0 ? window.accuracy / Double(window.classified) : nil,
      span: (window.squaredSpan / count).squareRoot(), steadiness: steadiness, drift: drift,
      railed: window.railed, cycles: cycles, stepsPerCycle: 2 * perHalf,
      learnedPerCycle: window.learned / count, path: path, turn: turn)
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
