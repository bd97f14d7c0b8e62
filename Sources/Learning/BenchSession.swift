import Files
public import Firmware

/// Everything that a run on a board outside this program needs to go on: what was learned, not what
/// the board did meanwhile. Its gates may have leaked or lost their charge; they are programmed anew.
public struct BenchCheckpoint: Sendable, Equatable, Codable {
  /// The plan it belongs to.
  public var plan: Plan
  /// Where the run stands.
  public var progress: Progress
  /// The controllers' gate estimates, in steps of 2^-24 V.
  public var estimates: [Int32]
}

/// Runs on a board outside this program, whose gates nobody can look at.
extension Session {
  /// Brings gates of unknown voltage to known ones: down to the controllers' lowest and up to their
  /// highest, in turn, by the longest pulses alone. Where exactly a gate stops does not matter, only
  /// that it is known.
  ///
  /// A gate's distance from where it is believed to be shrinks by exp(-t/RC) while it is driven:
  /// from 1 V to 3.3 V to 0.32 of what it was, back down to 0.15 of that. A drained gate is believed
  /// 1 V too high at first; less than 3 mV of it are left.
  ///
  /// - Parameters:
  ///   - whenHigh: shown the board when the gates stand high for the first time; says whether to go on.
  ///   - stopping: asked before every pulse.
  /// - Returns: whether it came to the end.
  public mutating func findGates(
    whenHigh: (inout Board) throws(Board.Failure) -> Bool = { _ in true },
    stopping: () -> Bool = { false }
  ) throws(Board.Failure) -> Bool {
    learner.step.accounted = try board.now()
    // Nothing stands above the supply; a gate below falls behind its estimate and meets it later.
    for edge in learner.controllers.indices {
      learner.controllers[edge].gate = learner.step.law.supply
    }
    let law = learner.step.law
    let goals = [law.lowest, law.highest, law.lowest, law.highest, law.lowest]
    for (turn, goal) in goals.enumerated() {
      // Where lines are so slow that a gate leaks by more than a pulse does until the next one, there
      // is no end: after so many pulses the gates are as near as they get.
      let ended = try program(
        Array(repeating: goal.volts, count: controllers.count), shortest: learner.step.longest.half,
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
  ///   - counted: how many operations there were before the step under way, between two calls for one
  ///     epoch; `nil` at its beginning, and again at its end.
  ///   - operations: how many operations there were on the board's lines so far.
  ///   - stopping: asked before every step.
  /// - Returns: whether all samples were trained.
  public mutating func trainSamples(
    counting steps: inout LineStatistics.Steps, since counted: inout Int?,
    operations: (borrowing Board) -> Int, stopping: () -> Bool = { false }
  ) throws(Board.Failure) -> Bool {
    let isDone = try trainSamples { board in
      let now = operations(board)
      if let last = counted, last != now { steps.add(now - last) }
      counted = now
      return stopping()
    }
    if isDone { counted = nil }
    return isDone
  }

  /// The run as it stands, for a board outside this program.
  public var benchCheckpoint: BenchCheckpoint {
    BenchCheckpoint(plan: plan, progress: progress, estimates: controllers.map(\.gate.steps))
  }

  /// Goes on where a run on a board outside this program stopped, whose gates were found: they are
  /// programmed to what they were.
  ///
  /// - Parameters:
  ///   - saved: where it stopped.
  ///   - stopping: asked before every pulse.
  /// - Returns: whether the gates stand there, rather than where they were when `stopping` said so.
  /// - Throws: `SessionError.otherRun`, or what the board throws.
  public mutating func resume(
    _ saved: BenchCheckpoint, stopping: () -> Bool = { false }
  ) throws -> Bool {
    try check(plan: saved.plan, progress: saved.progress, estimates: saved.estimates)
    progress = saved.progress.migrated
    let ended = try program(
      saved.estimates.map { Voltage(steps: $0).volts }, stopping: stopping)
    progress.accounted = learner.step.accounted.count
    return ended
  }

  /// The result so far on a board whose gates nobody can look at.
  ///
  /// - Parameter boardTime: how long the board was in use, s.
  public func benchResult(boardTime: Double) -> RunResult {
    result(boardTime: boardTime, gates: [])
  }
}

/// What a run asked of the lines of a GPIO chip.
public struct LineStatistics: Sendable, Equatable, Codable {
  /// How long operations took, ns, as their caller saw it.
  public struct Latency: Sendable, Equatable, Codable {
    /// What half of them did not exceed.
    public var median: Int64
    /// What 99 % did not exceed.
    public var p99: Int64
    /// What 99.9 % did not exceed.
    public var p999: Int64
    /// The longest.
    public var longest: Int64

    /// Makes a summary.
    public init(median: Int64, p99: Int64, p999: Int64, longest: Int64) {
      self.median = median
      self.p99 = p99
      self.p999 = p999
      self.longest = longest
    }
  }

  /// What went over the serial bus.
  public struct Exchanges: Sendable, Equatable, Codable {
    /// How many exchanges there were; each is one ioctl.
    public var count: Int
    /// How long they took.
    public var latency: Latency

    /// Makes a count.
    public init(count: Int, latency: Latency) {
      self.count = count
      self.latency = latency
    }
  }

  /// How many operations training steps took: writes, reads and exchanges.
  public struct Steps: Sendable, Equatable, Codable {
    /// How many steps were counted.
    public var count = 0
    /// The operations of all of them.
    public var operations = 0
    /// The least of a step.
    public var least = 0
    /// The most of a step.
    public var most = 0

    /// No step yet.
    public init() {}

    /// Counts a step.
    public mutating func add(_ step: Int) {
      least = count == 0 ? step : min(least, step)
      most = max(most, step)
      count += 1
      operations += step
    }
  }

  /// The chip's label.
  public var chip: String
  /// libgpiod's version.
  public var library: String
  /// How many writes there were; each is one ioctl.
  public var writes: Int
  /// How many reads there were; each is one ioctl.
  public var reads: Int
  /// How long they took.
  public var latency: Latency
  /// The exchanges, where the board has a serial bus.
  public var exchanges: Exchanges?
  /// The operations of training steps.
  public var steps: Steps
  /// The roles of the lines that a killed program had left away from rest.
  public var leftBehind: [String]
  /// How many epochs had been trained before the run was resumed; all that is counted here came
  /// after them. `nil` where it was not resumed.
  public var epochsBefore: Int?

  /// Makes statistics.
  public init(
    chip: String, library: String, writes: Int, reads: Int, latency: Latency,
    exchanges: Exchanges?, steps: Steps, leftBehind: [String], epochsBefore: Int?
  ) {
    self.chip = chip
    self.library = library
    self.writes = writes
    self.reads = reads
    self.latency = latency
    self.exchanges = exchanges
    self.steps = steps
    self.leftBehind = leftBehind
    self.epochsBefore = epochsBefore
  }
}
