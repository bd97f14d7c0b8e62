import Files
import Foundation
import Runs
import Targets
import TestSupport
import Testing
import BoardDouble

/// A run that is broken off and gone on with ends as one that was not, to the last bit.
@Suite struct ResumeTests {
  /// A board and a rule that it follows.
  struct Choice: CustomTestStringConvertible {
    let board: String
    let rule: RuleSettings.Name
    var fixedPulse = false
    var testDescription: String { "\(rule.rawValue) on \(board)\(fixedPulse ? ", fixed" : "")" }
  }

  static let choices =
    RuleSettings.Name.allCases.map { Choice(board: "lattice", rule: $0) }
    + [
      Choice(board: "lattice", rule: .centred, fixedPulse: true),
      Choice(board: "lattice-multiplier", rule: .coupled),
      Choice(board: "lattice-multiplier", rule: .overclamped),
    ]

  /// What a run ends as.
  private struct End: Equatable {
    var gates: [UInt64]
    var estimates: [UInt64]
    var checkpoint: Checkpoint<VirtualState>
    var result: RunResult

    init(_ session: Session<DirectBoard>) {
      result = session.result
      gates = result.gates.map(\.bitPattern)
      estimates = result.estimatedGates.map(\.bitPattern)
      checkpoint = session.checkpoint
    }
  }

  private let description: BoardDescription
  private let task: TaskDescription

  init() throws {
    description = try shippedBoard("lattice")
    task = try shippedTask("iris")
  }

  /// Stops after `steps` more steps, or at the end.
  private func advance(_ session: inout Session<DirectBoard>, by steps: Int) throws {
    var asked = 0
    while !session.isFinished && asked <= steps {
      _ = try session.trainEpoch(stopping: { _ in
        asked += 1
        return asked > steps
      })
    }
  }

  /// A session of its own that goes on from another's checkpoint, by way of a file's text.
  private func resumed(_ session: Session<DirectBoard>, on description: BoardDescription) throws
    -> Session<DirectBoard>
  {
    let data = try JSONEncoder().encode(session.checkpoint)
    let saved = try JSONDecoder().decode(Checkpoint<VirtualState>.self, from: data)
    #expect(saved == session.checkpoint)
    var fresh = try Session<DirectBoard>(
      description: description, task: task, plan: session.plan)
    try fresh.restore(saved)
    #expect(fresh.checkpoint == saved)
    return fresh
  }

  @Test(arguments: choices)
  func `a run broken off at 50 moments ends as an unbroken one`(_ choice: Choice) throws {
    let description = try shippedBoard(choice.board)
    let rule = RuleSettings(
      name: choice.rule, update: description.gates.update, fixedPulse: choice.fixedPulse)
    let plan = Plan(rule: rule, epochs: 4, seed: 6)
    let unbroken = try trained(description, task, plan)
    let end = End(unbroken)
    #expect(end.checkpoint.progress.steps == 400 && end.checkpoint.progress.last?.epoch == 4)
    #expect(end.checkpoint.progress.pulses > 20)

    var lots = Lots(UInt64(choice.rule.rawValue.count))
    // The first and the last step of an epoch, twice the same, and others as they fall.
    var moments = [0, 1, 99, 100, 100, 101, 399]
    while moments.count < 50 { moments.append(lots.number(below: 400)) }
    moments.sort()
    var session = try Session<DirectBoard>(description: description, task: task, plan: plan)
    try session.begin()
    var done = 0
    var curve: [EpochRecord] = []
    for moment in moments {
      try advance(&session, by: moment - done)
      #expect(session.progress.steps == moment)
      done = moment
      curve += session.curve
      session = try resumed(session, on: description)
    }
    while !session.isFinished { _ = try session.trainEpoch() }
    #expect(End(session) == end)
    #expect(curve + session.curve == unbroken.curve)
  }

  @Test func `from any single moment on, the rest is the same`() throws {
    let plan = plan(description, epochs: 2, seed: 3)
    let end = End(try trained(description, task, plan))
    var lots = Lots(8)
    for _ in 0..<50 {
      var session = try Session<DirectBoard>(description: description, task: task, plan: plan)
      try session.begin()
      try advance(&session, by: lots.number(below: 200))
      var other = try resumed(session, on: description)
      while !other.isFinished { _ = try other.trainEpoch() }
      #expect(End(other) == end)
    }
  }

  @Test func `looking at a run does not change it`() throws {
    let plan = plan(description, epochs: 2, seed: 3)
    let end = End(try trained(description, task, plan))
    var session = try Session<DirectBoard>(description: description, task: task, plan: plan)
    try session.begin()
    for _ in 0..<40 {
      try advance(&session, by: 5)
      _ = session.result
      _ = session.checkpoint
      _ = session.learner.saturatedEdges
    }
    #expect(End(session) == end)
  }

  @Test func `a finished run trains no further`() throws {
    var session = try trained(description, task, plan(description, epochs: 1))
    let end = End(session)
    #expect(try session.isFinished && session.trainEpoch())
    #expect(End(session) == end)
  }

  @Test func `another run's checkpoint is refused and changes nothing`() throws {
    var session = try Session<DirectBoard>(
      description: description, task: task, plan: plan(description, epochs: 2))
    try session.begin()
    let before = session.checkpoint
    var others: [Checkpoint<VirtualState>] = []
    let seed = try Session<DirectBoard>(
      description: description, task: task, plan: plan(description, epochs: 2, seed: 2))
    others.append(seed.checkpoint)
    let epochs = try Session<DirectBoard>(
      description: description, task: task, plan: plan(description, epochs: 3))
    others.append(epochs.checkpoint)
    var larger = BoardDescription.lattice(side: 5)
    larger.name = "lattice"
    let edges = try Session<DirectBoard>(
      description: larger, task: try shippedTask("regression"), plan: plan(description, epochs: 2))
    others.append(edges.checkpoint)
    for other in others {
      #expect(throws: SessionError.self) { try session.restore(other) }
      #expect(session.checkpoint == before)
    }
  }
}
