import BoardDouble
import Files
import Runs
import Targets

/// What is added up over a stretch of cycles.
private struct Window {
  var errors = [[0.0, 0.0], [0.0, 0.0]]
  var accuracy = 0.0
  var classified = 0
  var squaredSpan = 0.0
  var centre: [Double]
  var learned = 0.0
  var railed = 0
  var cycles = 0

  init(edges: Int) { centre = Array(repeating: 0, count: edges) }

  var error: Double { errors.joined().reduce(0, +) / 4 / Double(max(cycles, 1)) }
  var span: Double { (squaredSpan / Double(cycles)).squareRoot() }

  /// Adds what one end of a cycle, 0 or 1, measures.
  mutating func add(_ measures: [Measures], gates: [Double], end: Int) {
    for task in 0..<2 {
      errors[end][task] += measures[task].error
      if let right = measures[task].accuracy {
        accuracy += right
        classified += 1
      }
    }
    for edge in gates.indices { centre[edge] += gates[edge] / 2 }
  }

  /// How far the middle of the cycle has moved since another stretch, V.
  func move(since before: Window) -> Double {
    zip(centre, before.centre).reduce(0) { sum, pair in
      let step = pair.0 / Double(cycles) - pair.1 / Double(before.cycles)
      return sum + step * step
    }.squareRoot()
  }
}

/// Whether stretches of cycles have come to repeat themselves.
private struct Settling {
  /// The learning time of a stretch, s.
  let length: Double
  /// The learning time of a cycle, s.
  let tau: Double
  /// The error that read noise alone makes, V.
  let noise: Double
  var last: Window?
  var windows = 0
  var steadiness = Steadiness.unsteady
  var drift = 0.0
  private var calm = 0

  init(length: Double, tau: Double, noise: Double) {
    self.length = length
    self.tau = tau
    self.noise = noise
  }

  /// Compares a stretch with the one before.
  mutating func add(_ window: Window) {
    windows += 1
    if let before = last {
      let change = abs(window.error - before.error)
      calm = change < 0.05 * window.error + noise * noise ? calm + 1 : 0
      drift = window.move(since: before) / length
      if calm >= 2 {
        steadiness = drift * tau < 0.01 * window.span + 1e-5 ? .steady : .drifting
      } else {
        steadiness = .unsteady
      }
    }
    last = window
  }
}

extension Cycling {
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
    var settling = Settling(
      length: tau * Double(perWindow), tau: tau,
      // Read noise alone moves small errors: a tenth of a converter code counts as none.
      noise: learner.description.converters.reference / 4096 / 10)
    var scheduled = 0.0
    var cycles = 0
    var window: Window
    while true {
      window = Window(edges: learner.gates.count)
      for _ in 0..<perWindow {
        guard try runCycle(tau: tau, into: &window, stopping: stopping) else { return nil }
        scheduled += tau
        cycles += 1
      }
      settling.add(window)
      // The cycle's creep may be its coming to rest: give it as long as it takes.
      if let wanted {
        if cycles >= wanted { break }
        continue
      }
      if settling.steadiness == .steady { break }
      if settling.windows >= 4 && cycles >= 3 && scheduled >= plan.longest { break }
    }
    let count = Double(window.cycles)
    let (path, turn) = try followCycle(tau: tau, stopping: stopping)
    return CycleResult(
      tau: tau, errors: window.errors.map { $0.map { $0 / count } }, error: window.error,
      accuracy: window.classified > 0 ? window.accuracy / Double(window.classified) : nil,
      span: window.span,
      // Rails make any cycle repeat; it is not the one that learning alone would settle into.
      steadiness: window.railed > 0 ? .unsteady : settling.steadiness, drift: settling.drift,
      railed: window.railed, cycles: cycles, stepsPerCycle: 2 * perHalf,
      learnedPerCycle: window.learned / count, path: path, turn: turn)
  }

  /// Runs one cycle and adds up what its ends measure.
  /// - Returns: whether it came to its end.
  private mutating func runCycle(
    tau: Double, into window: inout Window, stopping: () -> Bool
  ) throws(Board.Failure) -> Bool {
    var ends: [[Double]] = []
    for task in 0..<2 {
      if stopping() { return false }
      window.learned += try learn(task, half: tau / 2, stopping: stopping)
      if stopping() { return false }
      let gates = learner.gates
      ends.append(gates)
      window.add(try measure(), gates: gates, end: task)
    }
    window.squaredSpan += zip(ends[0], ends[1]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    window.railed = ends[1].indices.count { edge in ends.contains { isRailed($0[edge]) } }
    window.cycles += 1
    return true
  }

  /// Runs one cycle and notes the gates on its way, some thirty times in each half.
  /// - Returns: the gates, V, and where among them the first half ends.
  private mutating func followCycle(
    tau: Double, stopping: () -> Bool
  ) throws(Board.Failure) -> (path: [[Double]], turn: Int) {
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
    return (path, turn)
  }
}
