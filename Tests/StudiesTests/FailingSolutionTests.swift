import Circuit
import Files
import Firmware
import Runs
import Studies
import Targets
import TestSupport
import Testing

@testable import BoardDouble

/// A circuit without a solution is an error, wherever it comes up: nothing goes on with the last good
/// voltages.
@Suite struct FailingSolutionTests {
  private let plan = Plan(rule: RuleSettings(update: .comparator), epochs: 3, seed: 1)

  private func begun<Board: VirtualFace>(on _: Board.Type) throws -> Session<Board> {
    var session = try Session<Board>(
      description: try shippedBoard("lattice"), task: try shippedTask("xor"), plan: plan)
    try session.begin()
    session.board.withAnalog { analog, _ in analog.solutionsLeft = 7 }
    return session
  }

  private var failure: CircuitError {
    .notConverged(node: 0, residual: 0, iterations: 0, sweeps: 0)
  }

  @Test func `training on the direct double ends with the circuit's error`() throws {
    var session = try begun(on: DirectBoard.self)
    #expect(throws: failure) {
      while !session.isFinished { _ = try session.trainEpoch() }
    }
    #expect(session.progress.steps < 8)
  }

  @Test func `training at the double's pins ends with the circuit's error`() throws {
    var session = try begun(on: PinBoard.self)
    #expect(throws: WiredFailure<CircuitError>.lines(failure)) {
      while !session.isFinished { _ = try session.trainEpoch() }
    }
    #expect(session.progress.steps < 8)
  }

  @Test func `measuring ends with the circuit's error`() throws {
    var session = try begun(on: DirectBoard.self)
    session.board.withAnalog { analog, _ in analog.solutionsLeft = 2 }
    #expect(throws: failure) { try session.measure(session.problem.training) }
  }

  @Test func `a board that failed says nothing of what it retains`() throws {
    let tasks = [try shippedTask("two-edge-alpha"), try shippedTask("two-edge-beta")]
    var cycling = try Cycling<DirectBoard>(
      description: try shippedBoard("two-edge"), tasks: tasks,
      plan: CyclePlan(rule: RuleSettings(update: .multiplier), seed: 1))
    cycling.learner.board.withAnalog { analog, _ in analog.solutionsLeft = 30 }
    #expect(throws: failure) { try cycling.retention(of: 0, after: 1, steps: 50) }
  }

  @Test func `outputs of a programmed board that fails are an error`() throws {
    let task = try shippedTask("iris")
    var board = try ProgrammedBoard<DirectBoard>(
      description: try shippedBoard("lattice"), task: task, seed: 3)
    try board.program()
    board.learner.board.withAnalog { analog, _ in analog.solutionsLeft = 0 }
    #expect(throws: failure) { try board.outputs(for: task.samples[0].inputs) }
  }
}
