package import BoardDouble
package import Files
import Firmware
package import Runs
package import Targets

/// A part of a scenario: something is done to a board, and readings and findings come of it.
package protocol Phase: Sendable {
  /// Its name in scenario files.
  static var name: String { get }
  /// What it does, in a sentence.
  static var about: String { get }
  /// Whether what follows would be dangerous or meaningless where this one fails.
  static var isBarrier: Bool { get }
  /// Whether limits are drawn for what it measures.
  static var hasReadings: Bool { get }
  /// Whether it means something only where the phase `gates` has brought the gates to known voltages before.
  static var needsGates: Bool { get }
  /// What to do where it fails.
  static var remedy: String { get }

  /// Why it does not apply, as far as that is known before the board is opened.
  ///
  /// - Parameters:
  ///   - target: what is proven.
  ///   - subject: what is known of the board beforehand.
  /// - Returns: why, in words; `nil` where it applies.
  static func skipping(on target: RunSetting.Target, _ subject: Subject) -> String?

  /// Goes through it, where it applies.
  ///
  /// - Parameters:
  ///   - target: the board.
  ///   - log: takes what it measures and finds.
  ///   - subject: what is known of the board beforehand.
  /// - Throws: `Skipped` where this board has nothing of the kind, `Stopped` where a stop was asked
  ///   for, or what the board throws.
  static func run<Target: OpenTarget>(
    on target: inout Target, _ log: inout PhaseLog, _ subject: Subject
  ) throws
}

extension Phase {
  /// Most phases can fail without harm.
  package static var isBarrier: Bool { false }
  /// Most phases measure.
  package static var hasReadings: Bool { true }
  /// Most phases apply to every board.
  package static func skipping(on target: RunSetting.Target, _ subject: Subject) -> String? { nil }

  /// Goes through it, or says that it does not apply.
  ///
  /// - Parameters:
  ///   - target: the board.
  ///   - kind: which it is.
  ///   - log: takes what it measures and finds.
  ///   - subject: what is known of the board beforehand.
  /// - Throws: as `run(on:_:_:)` does.
  static func go<Target: OpenTarget>(
    through target: inout Target, as kind: RunSetting.Target, _ log: inout PhaseLog,
    _ subject: Subject
  ) throws {
    if let why = skipping(on: kind, subject) { throw Skipped(why) }
    try run(on: &target, &log, subject)
  }

  /// Most phases move no gate, or find out themselves where gates stand.
  package static var needsGates: Bool { false }
}

/// What a phase has measured and found so far.
package struct PhaseLog {
  /// The readings, in the order they were taken.
  package private(set) var readings: [Reading] = []
  /// What is wrong, in words.
  package private(set) var findings: [String] = []
  /// For each finding that names mistakes of the wiring: those of which one explains it.
  package private(set) var named: [[WiringMistake]] = []
  /// What to do, where that is another thing than the phase's own remedy.
  package var remedy: String?
  /// Whether a stop is asked for.
  package let stopping: () -> Bool

  /// Begins a log.
  ///
  /// - Parameter stopping: whether a stop is asked for.
  package init(stopping: @escaping () -> Bool = { false }) {
    self.stopping = stopping
  }

  /// Takes a reading.
  package mutating func add(_ reading: Reading) { readings.append(reading) }

  /// Takes what is wrong.
  ///
  /// - Parameters:
  ///   - words: the finding for people.
  ///   - mistakes: mistakes of the wiring, one of which explains it.
  package mutating func find(_ words: String, naming mistakes: [WiringMistake] = []) {
    findings.append(words)
    if !mistakes.isEmpty { named.append(mistakes) }
  }

  /// Ends the phase where a stop is asked for.
  /// - Throws: `Stopped`.
  package func check() throws(Stopped) {
    if stopping() { throw Stopped() }
  }
}

/// A phase that does not apply to a board.
package struct Skipped: Error {
  /// Why.
  package let reason: String

  /// Makes one.
  package init(_ reason: String) { self.reason = reason }
}

/// A stop was asked for.
package struct Stopped: Error {
  /// Makes one.
  package init() {}
}

/// All phases, in the order in which a new board goes through them.
package let phases: [any Phase.Type] = [
  IdlePhase.self, LoopbackPhase.self, ChainPhase.self, WiringPhase.self, LookPhase.self,
  GatesPhase.self, ConvertersPhase.self,
  ComparatorsPhase.self, CalibrationPhase.self, EdgesPhase.self, HoldPhase.self, TimerPhase.self,
  ConformancePhase.self, FacesPhase.self, StepPhase.self, LearningPhase.self, DrainPhase.self,
]

/// The phase of a name; `nil` where there is none.
package func phase(named name: String) -> (any Phase.Type)? { phases.first { $0.name == name } }

extension ScenarioDescription {
  /// Reads and checks a scenario file, whose phases must be phases that there are.
  ///
  /// - Parameter path: a regular file of UTF-8 text of at most 1 MB.
  /// - Returns: the scenario.
  /// - Throws: `DescriptionError` that says what is wrong, in which line, and what is allowed.
  package static func read(path: String) throws(DescriptionError) -> ScenarioDescription {
    try read(path: path, phases: phaseNames, order: phaseOrder)
  }

  /// As `read(path:)`, for text that is in memory.
  ///
  /// - Parameters:
  ///   - text: the file's contents.
  ///   - file: the name that errors give.
  /// - Returns: the scenario.
  /// - Throws: `DescriptionError`.
  package static func read(
    text: String, file: String
  ) throws(DescriptionError) -> ScenarioDescription {
    try read(text: text, file: file, phases: phaseNames, order: phaseOrder)
  }
}

/// The names of all phases.
private var phaseNames: [String] { phases.map { $0.name } }

/// Which phase must come before which.
private var phaseOrder: [String: String] {
  Dictionary(
    uniqueKeysWithValues: phases.filter { $0.needsGates }.map { ($0.name, GatesPhase.name) })
}
