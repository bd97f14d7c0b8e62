import BoardDouble
import Files
import Harness
import Runs
import TestSupport

/// A shipped board with the limits of all scenarios, and how scenarios go on doubles of it.
struct ProvenBoard {
  let subject: Subject
  let limits: ScenarioLimits

  /// Limits are the same for every test of a board: they are drawn once.
  private static let lattice = Result { try ProvenBoard(drawing: "lattice") }
  private static let breadboard = Result { try ProvenBoard(drawing: "breadboard") }

  /// The board of a name.
  static func named(_ name: String) throws -> ProvenBoard {
    try (name == "lattice" ? lattice : breadboard).get()
  }

  private init(drawing name: String) throws {
    subject = try Subject(try shippedBoard(name))
    limits = try ScenarioLimits(for: try Self.scenarios(), of: subject) {
      try ReadingLimits(of: $0, phases: $1, stopping: { false })
    }
  }

  /// The same board, whose converters are said to hold a sample for long; limits do not depend on it.
  func withLongConversions() throws -> ProvenBoard {
    var description = subject.description
    description.timing.conversion = 0.25
    return ProvenBoard(subject: try Subject(description), limits: limits)
  }

  private init(subject: Subject, limits: ScenarioLimits) {
    self.subject = subject
    self.limits = limits
  }

  /// The names of all scenarios that are shipped.
  static var names: [String] { knownNames(of: .scenario, near: [packageRoot]) }

  static func scenario(_ name: String) throws -> ScenarioDescription {
    try .read(
      path: packageRoot + "/hil/scenarios/\(name).yaml")
  }

  static func scenarios() throws -> [ScenarioDescription] { try names.map(scenario) }

  /// Goes through a scenario.
  func run(
    _ scenario: ScenarioDescription, on target: RunSetting.Target, seed: UInt64, attempt: Int = 1,
    pace: OperationPace? = nil, stopping: @escaping () -> Bool = { false }
  ) -> ScenarioRecord {
    var run = ScenarioRun(
      scenario, attempt: attempt, subject: subject, limits: limits.limits(of: scenario),
      telling: { _ in }, stopping: stopping)
    run.pace = pace
    run.run(on: target, seed: seed) { _ in }
    return run.record
  }
}
