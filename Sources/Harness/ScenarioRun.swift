package import BoardDouble
package import Files
import Firmware
package import Runs
package import Targets
package import Traces
import Wiring

/// How a phase went.
package struct PhaseRecord: Sendable, Equatable {
  /// The phase's name.
  package var phase: String
  /// How it ended.
  package var outcome: Outcome
  /// What it measured.
  package var readings: [Judged] = []
  /// The calibration that this was measured with; `nil` where the parts' markings are all that is known.
  package var calibration: CalibrationStamp?
  /// What it found wrong.
  package var findings: [String] = []
  /// For each finding that names mistakes of the wiring: those of which one explains it.
  package var named: [[WiringMistake]] = []
  /// What to do where it failed.
  package var remedy: String?
  /// How long it took on the board's clock, s.
  package var boardTime = 0.0

  /// Makes a record.
  ///
  /// - Parameters:
  ///   - phase: the phase's name.
  ///   - outcome: how it ended.
  ///   - findings: what it found wrong.
  ///   - remedy: what to do where it failed.
  package init(
    phase: String, outcome: Outcome, findings: [String] = [], remedy: String? = nil
  ) {
    self.phase = phase
    self.outcome = outcome
    self.findings = findings
    self.remedy = remedy
  }

  /// What is wrong, a sentence each: findings, and readings beyond their limits.
  package var complaints: [String] {
    findings
      + readings.filter { !$0.isGood }.map { judged in
        let unit = judged.reading.unit.isEmpty ? "" : " " + judged.reading.unit
        let limits = judged.limits.map {
          "a good board lies within \(rounded($0.lowerBound)) ... \(rounded($0.upperBound))\(unit)"
        }
        return "\(judged.reading.name) \(rounded(judged.reading.value))\(unit); "
          + (limits ?? "that is no number")
      }
  }
}

/// How a scenario went.
package struct ScenarioRecord: Sendable, Equatable {
  /// The scenario's name.
  package var scenario: String
  /// Which attempt it was, from 1.
  package var attempt: Int
  /// How it ended.
  package var outcome: Outcome
  /// Its phases, in order.
  package var phases: [PhaseRecord]
  /// What was done to the pins that real parts would not forgive; `nil` where nobody watches them.
  package var misuses: PinMisuses?
  /// The attempt after whose error this one was made; `nil` of one that is no retry.
  package var retryOf: Int?
  /// Whether it was tried again after this one's error.
  package var isRetried = false
  /// What was not done of putting the board to rest.
  package var teardown: [TeardownFailure] = []
  /// In which phase the board did not answer, and how; `nil` where it did.
  package var noAnswer: String?

  /// How the board was left: `nil` where it was put to rest, else why not.
  package var leftAway: String? {
    let dangerous = teardown.filter(\.isDangerous)
    return dangerous.isEmpty ? nil : dangerous.map(\.words).joined(separator: "; ")
  }

  /// Whether it passed, but on a retry only.
  package var isFlaky: Bool { retryOf != nil && outcome == .pass }

  /// Makes a record.
  ///
  /// - Parameters:
  ///   - scenario: the scenario's name.
  ///   - attempt: which attempt it was, from 1.
  ///   - outcome: how it ended.
  ///   - phases: its phases, in order.
  package init(
    scenario: String, attempt: Int, outcome: Outcome, phases: [PhaseRecord] = []
  ) {
    self.scenario = scenario
    self.attempt = attempt
    self.outcome = outcome
    self.phases = phases
  }
}

extension [ScenarioRecord] {
  /// What these attempts come to: the first that did not end as it must, among those that were not tried again;
  /// else PASS, or SKIP where nothing applied.
  package var outcome: Outcome {
    let last = filter { !$0.isRetried }.map(\.outcome)
    return last.first(where: \.isBad) ?? last.first { $0 == .pass } ?? last.first ?? .pass
  }

  /// The scenarios of these attempts that did not end alike every time, or passed on a retry only, each with
  /// how often it ended how.
  package var flaky: [(scenario: String, words: String)] {
    var names: [String] = []
    for record in self where !names.contains(record.scenario) { names.append(record.scenario) }
    return names.compactMap { name in
      let last = filter { record in
        switch record.outcome {
        case .aborted, .notStarted: false
        default: record.scenario == name && !record.isRetried
        }
      }
      let passed = last.count { !$0.outcome.isBad }
      if Set(last.map(\.outcome.word)).count > 1 {
        return (name, "in \(passed) of \(last.count) attempts only")
      }
      return last.contains(where: \.isFlaky) ? (name, "on a retry only") : nil
    }
  }
}

/// Goes through a scenario on a board that has been opened. The board is put to rest whatever happens.
package struct ScenarioRun: TargetUser {
  private let scenario: ScenarioDescription
  private let subject: Subject
  private let limits: ReadingLimits
  private let telling: (PhaseRecord) -> Void
  private let stopping: () -> Bool
  private let attempt: Int
  /// Which board is opened.
  private var kind = RunSetting.Target.double
  /// What declares the board's fixtures, in words; `nil` where no rig is named.
  package var rig: String?
  /// The rig, where the caller has it already.
  package var hold: RigHold?
  /// Whether the board is drained before it goes through the scenario.
  package var isDraining = false
  /// Makes the log of the lines, given what waves need; `nil` for none.
  package var tracing: (Waveform) -> Trace? = { _ in nil }
  /// Why the board could not be opened; `nil` where it was, or where it was not tried.
  package private(set) var failure: (any Error)?
  /// Whether the board was opened.
  package private(set) var wasOpened = false
  /// By what mistakes the wiring of a double at its pins differs from the board file.
  package var mistakes: [WiringMistake] = []
  /// How long operations of a double at its pins take, where it is not what the board file says.
  package var pace: OperationPace?
  /// For how long each gate of a double at its pins was driven until a phase had ended, in pulses of the
  /// one-shot's time, by phases.
  package private(set) var pulses: [String: [Double]] = [:]
  /// Within which that double's gates must stay, by its own supply, V.
  package private(set) var rails: ClosedRange<Double>?
  /// The lowest and the highest voltage of a gate of that double as phases ended, V.
  package private(set) var gateRange: ClosedRange<Double>?
  /// The longest that LEARN of that double was in effect.
  private var longestLearning = Nanoseconds.zero
  /// How it went, once it has.
  package private(set) var record: ScenarioRecord

  /// Makes a run.
  ///
  /// - Parameters:
  ///   - scenario: the scenario, whose phases are known.
  ///   - attempt: which attempt it is, from 1.
  ///   - subject: the board.
  ///   - limits: what readings are held to.
  ///   - telling: is told of each phase as it ends.
  ///   - stopping: asked often.
  package init(
    _ scenario: ScenarioDescription, attempt: Int, subject: Subject, limits: ReadingLimits,
    telling: @escaping (PhaseRecord) -> Void, stopping: @escaping () -> Bool
  ) {
    self.scenario = scenario
    self.attempt = attempt
    self.subject = subject
    self.limits = limits
    self.telling = telling
    self.stopping = stopping
    record = ScenarioRecord(
      scenario: scenario.name, attempt: attempt, outcome: .notStarted("the board was not opened"),
      phases: [])
  }

  /// Opens the board and goes through the scenario; what cannot be opened leaves a record too.
  ///
  /// - Parameters:
  ///   - target: which board.
  ///   - seed: the seed of a double's parts.
  ///   - saying: is told what the user should know of the opening.
  package mutating func run(
    on target: RunSetting.Target, seed: UInt64, saying: (String) -> Void
  ) {
    do {
      if let why = scenario.skipping(on: target, subject, rig: rig) { throw Skipped(why) }
      kind = target
      var board = subject.description
      for fault in faults { board.add(fault) }
      try subject.setting(board, seed: seed).open(
        as: target, on: hold, telling: saying, for: &self)
    } catch let skipped as Skipped {
      record.outcome = .skip(skipped.reason)
    } catch {
      record.outcome = .notStarted("\(error)")
      failure = error
    }
  }

  /// The faults that there are in this attempt.
  private var faults: [PlacedFault] { scenario.faults.compactMap { $0.at(attempt: attempt) } }

  /// Goes through the scenario.
  package mutating func use<Target: OpenTarget>(_ target: inout Target) throws {
    wasOpened = true
    defer {
      record.teardown = subject.tearDown(&target)
      record.misuses = target.misuses
      target.keep(nil)
      if let away = record.leftAway, !record.outcome.isBad {
        record.outcome = .error("it could not be put to rest: \(away)")
      }
    }
    drawEvents(of: &target)
    if let waveform = waveform(of: target) { target.keep(tracing(waveform)) }
    rewire(&target)
    var barrier: String?
    for name in (isDraining ? [DrainPhase.name] : []) + scenario.phases {
      guard let phase = phase(named: name) else { continue }
      let entry: PhaseRecord
      if let barrier {
        entry = PhaseRecord(phase: name, outcome: .notStarted(barrier))
      } else {
        entry = go(through: phase, &target)
      }
      record.phases.append(entry)
      watch(name, target)
      telling(entry)
      if barrier == nil, entry.outcome.isBad {
        if case .aborted(let cause) = entry.outcome {
          barrier = cause
        } else if phase.isBarrier {
          barrier = "phase \(name) failed, and what follows needs it"
        }
      }
    }
    record.outcome = verdict
  }

  /// Takes down what the gates of a double at its pins have gone through.
  private mutating func watch<Target: OpenTarget>(_ phase: String, _ target: Target) {
    guard let pins = target as? DoubleTarget<PinBoard> else { return }
    pulses[phase] = pins.session.board.lines.pulsesOfGates
    let gates = pins.session.board.analog.state.gates
    rails = 0...pins.session.board.analog.parts.supply
    guard let lowest = gates.min(), let highest = gates.max() else { return }
    longestLearning = max(longestLearning, pins.session.board.lines.longestLearning)
    gateRange =
      min(lowest, gateRange?.lowerBound ?? lowest)...max(highest, gateRange?.upperBound ?? highest)
  }

  /// What waves of the board's lines need; `nil` without lines. Of a board whose inside cannot be seen they
  /// show the lines alone.
  private func waveform<Target: OpenTarget>(of target: Target) -> Waveform? {
    if let waveform = target.waveform { return waveform }
    let board = subject.description
    guard Target.isOutside, let wires = board.wiring?.wires,
      let wiring = try? BoardWiring(
        board, sources: subject.sources.count, targets: subject.targets.count)
    else { return nil }
    return Waveform(lines: wires.map(\.role), gates: [], nodes: [], initial: wiring.idle)
  }

  private mutating func go<Target: OpenTarget>(
    through phase: any Phase.Type, _ target: inout Target
  ) -> PhaseRecord {
    var log = PhaseLog(stopping: stopping)
    var entry = PhaseRecord(phase: phase.name, outcome: .pass)
    let start = try? target.session.board.now()
    do {
      try phase.go(through: &target, as: kind, &log, subject)
      if isDraining, phase.name == DrainPhase.name, !scenario.phases.contains(GatesPhase.name) {
        // Where no phase of the scenario brings them there, gates stand where boards begin.
        try target.program(target.initialGates(subject), log)
      }
    } catch let skipped as Skipped {
      entry.outcome = .skip(skipped.reason)
    } catch is Stopped {
      entry.outcome = .aborted("a stop was asked for")
    } catch {
      entry.outcome = .error("\(error)")
      if isNoAnswer(error) { record.noAnswer = "phase \(phase.name): \(error)" }
    }
    if let start, let end = try? target.session.board.now() {
      entry.boardTime = (end - start).seconds
    }
    entry.calibration = subject.calibration.map(CalibrationStamp.init)
    entry.readings = log.readings.map { limits.judge($0, of: phase) }
    entry.findings = log.findings
    entry.named = log.named
    if entry.outcome == .pass, !entry.complaints.isEmpty { entry.outcome = .fail }
    if entry.outcome == .fail { entry.remedy = log.remedy ?? phase.remedy }
    return entry
  }

  /// What all phases come to; of a scenario with faults, whether they were found as they must be.
  private var verdict: Outcome {
    if let aborted = record.phases.first(where: {
      if case .aborted = $0.outcome { true } else { false }
    }) {
      return aborted.outcome
    }
    let most = Nanoseconds(seconds: subject.description.timing.pulseLimit)
    if scenario.isKept && most < longestLearning {
      return .error("LEARN was in effect for \(longestLearning.seconds) s, above t_max")
    }
    guard let wanted = scenario.expectation else {
      if let broken = record.phases.first(where: {
        if case .error = $0.outcome { true } else { false }
      }) {
        return .error("phase \(broken.phase): \(broken.outcome.why ?? "")")
      }
      if record.phases.contains(where: { $0.outcome.isBad }) { return .fail }
      // Where nothing was done, nothing has passed.
      if let first = record.phases.first, case .skip(let why) = first.outcome,
        record.phases.allSatisfy({ $0.outcome.word == first.outcome.word })
      {
        return .skip(why)
      }
      return .pass
    }
    guard let first = record.phases.first(where: { $0.outcome.isBad }) else {
      return .error("the fault was not found by any phase")
    }
    guard wanted.phases.contains(first.phase) else {
      return .error(
        "phase \(first.phase) failed first, not \(wanted.phases.joined(separator: " or "))")
    }
    let said = first.complaints + [first.outcome.why].compactMap { $0 }
    return said.contains { $0.contains(wanted.says) }
      ? .pass : .error("phase \(first.phase) does not say: \(wanted.says)")
  }

  /// Has a double draw this attempt's own noise, and whatever else happens as time goes on: the parts are the
  /// same, so that attempts at one board are no copies of each other.
  private func drawEvents<Target: OpenTarget>(of target: inout Target) {
    let turn = UInt64(attempt - 1) &* 0x9E37_79B9_7F4A_7C15
    if var direct = target as? DoubleTarget<DirectBoard> {
      direct.session.board.withAnalog { board, _ in board.events = board.seed &+ turn }
      if let changed = direct as? Target { target = changed }
    }
    if var pins = target as? DoubleTarget<PinBoard> {
      pins.session.board.withAnalog { board, _ in board.events = board.seed &+ turn }
      pins.session.board.lines.pace = pace
      if let changed = pins as? Target { target = changed }
    }
  }

  /// Puts what a rig has at its lines, and mistakes of the wiring, on a double.
  private func rewire<Target: OpenTarget>(_ target: inout Target) {
    guard var pins = target as? DoubleTarget<PinBoard> else { return }
    if subject.fixtures.contains("loopback") { pins.session.board.lines.hasLoopback = true }
    if !mistakes.isEmpty { pins.session.board.lines.wire(with: mistakes) }
    if let changed = pins as? Target { target = changed }
  }
}
