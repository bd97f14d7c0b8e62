import Files
import Targets
import TestSupport
import Testing

@testable import Runs
@testable import BoardDouble

/// Checkpoints that something has spoilt.
@Suite struct DamageTests {
  /// One way to spoil a checkpoint.
  struct Spoiling: Sendable, CustomStringConvertible {
    let description: String
    let spoil: @Sendable (inout Checkpoint<VirtualState>) -> Void

    init(
      _ description: String, _ spoil: @escaping @Sendable (inout Checkpoint<VirtualState>) -> Void
    ) {
      self.description = description
      self.spoil = spoil
    }
  }

  static let spoilings: [Spoiling] = [
    Spoiling("a position below zero") { $0.progress.position = -5 },
    Spoiling("a position past the epoch") { $0.progress.position = 101 },
    Spoiling("an epoch below zero") { $0.progress.epoch = -5 },
    Spoiling("an epoch past the plan") { $0.progress.epoch = 5000 },
    Spoiling("steps at the end of their range") { $0.progress.steps = .max },
    Spoiling("steps that no epoch had") { $0.progress.steps = 5_000_000_000 },
    Spoiling("learning without a pulse") {
      $0.progress.pulses = 0
      $0.progress.learned = 1
    },
    Spoiling("a learning time below zero") { $0.progress.learned = .min },
    Spoiling("the measures of another epoch") { $0.progress.last?.epoch = 2 },
    Spoiling("a gate below zero") { $0.board?.analog.gates[0] = -5 },
    Spoiling("a gate that is no number") { $0.board?.analog.gates[0] = .nan },
    Spoiling("a node voltage out of range") { $0.board?.analog.freeVoltages[0] = 1e9 },
    Spoiling("a time before all times") { $0.board?.analog.gatesTime = .min },
    Spoiling("a clock at the end of its range") { $0.board?.time = .max },
    Spoiling("a pulse end before all times") { $0.board?.lastPulseEnd = .min },
    Spoiling("a source code out of range") { $0.board?.sourceCodes[0] = 99_999_999_999 },
    Spoiling("a clamp code out of range") { $0.board?.clampCodes[0] = -2 },
    Spoiling("a converter code out of range") { $0.board?.analog.sourceCodes[0] = 70_000 },
    Spoiling("an edge too few") { $0.estimates.removeLast() },
    Spoiling("a channel too many") { $0.board?.sourceCodes.append(0) },
  ]

  private func session<Board: VirtualFace>(_: Board.Type) throws -> Session<Board> {
    let description = try shippedBoard("lattice")
    var session = try Session<Board>(
      description: description, task: try shippedTask("iris"),
      plan: Plan(rule: RuleSettings(update: .comparator), epochs: 3, seed: 1))
    try session.begin()
    for sample in 0..<5 { try session.train(sample: sample) }
    return session
  }

  @Test(arguments: spoilings)
  func `a spoilt checkpoint is refused and leaves the session as it was`(_ way: Spoiling) throws {
    func check<Board: VirtualFace>(_ face: Board.Type) throws {
      var session = try session(face)
      let whole = session.checkpoint
      var spoilt = whole
      way.spoil(&spoilt)
      #expect(throws: (any Error).self) { try session.restore(spoilt) }
      #expect(session.checkpoint == whole)
    }
    try check(DirectBoard.self)
    try check(PinBoard.self)
  }
}
