package import Files
package import Runs
package import Targets
package import Traces

/// Scenarios gone through one after the other on one rig, each as often as is asked for, and again where an
/// attempt ended in an error. Every attempt leaves a record, also one that was not begun.
package struct Proof {
  private let scenarios: [ScenarioDescription]
  private let subject: Subject
  private let target: RunSetting.Target
  private let seed: UInt64
  /// How often each scenario is gone through.
  package var repeats = 1
  /// How many further attempts follow one that ended in an error.
  package var retries = 0
  /// What declares the rig's fixtures, in words.
  package var rig: String?
  /// The rig; `nil` of a double that no rig map names, which nothing can wedge.
  package var hold: RigHold?
  /// Whether it is a recovery: the rig is drained first, and its mark goes where all passes.
  package var isRecovery = false
  /// Where records are kept, for a mark.
  package var folder = ""
  /// The command that recovers the rig, for a mark.
  package var recovery = ""
  /// The attempts in order.
  package private(set) var records: [ScenarioRecord] = []
  /// Why a board could not be opened, the first time that one could not.
  package private(set) var failure: (any Error)?
  /// Why the rig was marked as wedged by these attempts; `nil` where it was not.
  package private(set) var wedged: String?
  /// Whether the mark was taken off the rig.
  package private(set) var isRecovered = false
  /// Whether the board was put to rest, as far as anybody knows.
  package private(set) var isAtRest: Bool

  /// What is told of attempts as they happen.
  package struct Listener {
    /// An attempt begins: the scenario, its number, and the attempt that it repeats.
    package var beginning: (String, Int, Int?) -> Void = { _, _, _ in }
    /// A phase of it has ended.
    package var phase: (String, Int, PhaseRecord) -> Void = { _, _, _ in }
    /// It has ended.
    package var ended: (ScenarioRecord) -> Void = { _ in }
    /// What the user should know, a sentence at a time.
    package var saying: (String) -> Void = { _ in }
    /// Makes the log of its lines, given what waves need.
    package var tracing: (String, Int, Waveform) -> Trace? = { _, _, _ in nil }
    /// Asked often.
    package var stopping: () -> Bool = { false }

    /// Makes one that nobody listens to.
    package init() {}
  }

  /// Makes a proof.
  ///
  /// - Parameters:
  ///   - scenarios: the scenarios, whose phases are known.
  ///   - subject: the board.
  ///   - target: which it is.
  ///   - seed: the seed of a double's parts.
  ///   - hold: the rig, taken by this process.
  package init(
    _ scenarios: [ScenarioDescription], of subject: Subject, on target: RunSetting.Target,
    seed: UInt64, hold: RigHold? = nil
  ) {
    self.scenarios = scenarios
    self.subject = subject
    self.target = target
    self.seed = seed
    self.hold = hold
    isAtRest = hold?.left == nil
  }

  /// The attempts that count: those that were not tried again.
  package var last: [ScenarioRecord] { records.filter { !$0.isRetried } }

  /// Goes through all scenarios.
  ///
  /// - Parameters:
  ///   - limits: what readings are held to.
  ///   - listener: is told as it happens.
  package mutating func run(_ limits: ScenarioLimits, _ listener: Listener) {
    // Whoever was killed amid a run may have left anything charged and driven.
    var isDrained = hold?.left == nil && !isRecovery
    for scenario in scenarios {
      var number = 0
      for _ in 1...repeats {
        var retryOf: Int?
        var left = retries
        repeat {
          number += 1
          let retried = retryOf
          retryOf = nil
          listener.beginning(scenario.name, number, retried)
          if let cause = wedged.map({ "the rig is wedged: \($0)" })
            ?? (listener.stopping() ? "a stop was asked for" : nil)
          {
            add(scenario, number, cause, retried, listener)
            continue
          }
          let attempt = number
          var run = ScenarioRun(
            scenario, attempt: attempt, subject: subject, limits: limits.limits(of: scenario),
            telling: { listener.phase(scenario.name, attempt, $0) }, stopping: listener.stopping)
          run.rig = rig
          run.hold = hold
          run.isDraining = !isDrained || retried != nil
          run.tracing = { listener.tracing(scenario.name, attempt, $0) }
          run.run(on: target, seed: seed, saying: listener.saying)
          var record = run.record
          record.retryOf = retried
          if run.wasOpened {
            isAtRest = record.leftAway == nil
            isDrained = true
          }
          failure = failure ?? run.failure
          // What a scenario puts on a double comes again: only what should pass is tried again.
          if case .error = record.outcome, left > 0, record.leftAway == nil,
            scenario.expectation == nil, !listener.stopping()
          {
            record.isRetried = true
            retryOf = attempt
            left -= 1
          }
          records.append(record)
          if !record.isRetried, scenario.expectation == nil {
            wedge(by: run, record, listener)
          }
          listener.ended(record)
        } while retryOf != nil
      }
    }
    if isRecovery, let hold, wedged == nil, last.allSatisfy({ $0.outcome == .pass }) {
      hold.recovered()
      isRecovered = true
    }
  }

  /// Leaves a record of every scenario that was never begun, for a cause.
  ///
  /// - Parameters:
  ///   - cause: the cause.
  ///   - error: the error behind it.
  ///   - listener: is told.
  package mutating func notStarted(
    _ cause: String, for error: (any Error)? = nil, _ listener: Listener = Listener()
  ) {
    failure = failure ?? error
    for scenario in scenarios { add(scenario, 1, cause, nil, listener) }
  }

  private mutating func add(
    _ scenario: ScenarioDescription, _ attempt: Int, _ cause: String, _ retryOf: Int?,
    _ listener: Listener
  ) {
    var record = ScenarioRecord(
      scenario: scenario.name, attempt: attempt, outcome: .notStarted(cause))
    record.retryOf = retryOf
    records.append(record)
    listener.ended(record)
  }

  /// Marks the rig where an attempt left it dangerous, or where it did not answer.
  private mutating func wedge(
    by run: ScenarioRun, _ record: ScenarioRecord, _ listener: Listener
  ) {
    guard let hold else { return }
    let reason: String
    if let away = record.leftAway ?? run.failure.flatMap(leftAway) {
      reason = "it could not be put to rest: \(away)"
    } else if let words = record.noAnswer {
      reason = "it did not answer in \(words)"
    } else {
      return
    }
    let whole = "scenario \(record.scenario): \(reason)"
    wedged = whole
    if let trouble = hold.wedge(WedgedMark(reason: whole, run: folder, recovery: recovery)) {
      listener.saying("that \(hold.rig.words) is wedged cannot be kept: \(trouble)")
    }
  }
}
