import Circuit
import Files
import Firmware
import Foundation
import Targets
import TestSupport
import Testing
import BoardDouble

@testable import Runs

/// Settings and checkpoints mutated as JSON, by a seed: what is accepted must go on, on both faces
/// of the double, and what is then written must be accepted again. A trap ends the tests. The
/// fuzzer of `Fuzz` looks further.
@Suite struct StateFuzzTests {
  private var rounds: UInt64 {
    ProcessInfo.processInfo.environment["TELLEGEN_LONG"] == nil ? 400 : 50_000
  }

  private func setting(_ board: String, _ task: String) throws -> RunSetting {
    let board = try shippedBoard(board)
    return RunSetting(
      version: "0.1.0", board: board, task: try shippedTask(task), plan: plan(board, epochs: 3))
  }

  private func mutated(_ text: [UInt8], seed: UInt64) -> Data {
    var random = SmallRandom(state: seed)
    var text = text
    for _ in 0...random.next() % 3 {
      if let next = JSONMutation.mutate(text, &random) { text = next }
    }
    return Data(text)
  }

  /// A value as the program reads it.
  private func accepted<Value: Decodable & CheckedState>(_: Value.Type, _ data: Data) -> Value? {
    guard let value = try? JSONDecoder().decode(Value.self, from: data) else { return nil }
    return (try? value.check()) == nil ? nil : value
  }

  /// Trains a few steps; what is then written must be taken back.
  private func goOn<Board: VirtualFace>(_ session: Session<Board>, begins: Bool) throws {
    var session = session
    var left = 12
    func stop() -> Bool {
      left -= 1
      return left < 0
    }
    do {
      if begins {
        _ = try session.measure([0])
        if try !session.begin(stopping: stop) {
          // Large boards take many pulses; the supply of an experimenter is quicker.
          let initial = session.description.gates.initial
          session.learner.setGates(session.controllers.map { _ in initial })
          left = 40
          guard try session.begin(stopping: stop) else { return }
        }
      }
      left = 3
      while !session.isFinished, try session.trainEpoch(stopping: { _ in stop() }) {}
    } catch is WiredFailure<CircuitError> {
      // The drivers gave up, with words: conversions that slow are.
      return
    }
    // A hundred years of board time are over for a clock that was near their end.
    if session.board.time.count > 3_100_000_000_000_000_000 { return }
    let written = try JSONEncoder().encode(session.checkpoint)
    let read = try #require(accepted(Checkpoint<VirtualState>.self, written))
    try session.restore(read)
    _ = try JSONEncoder().encode(session.result)
  }

  @Test(arguments: [
    ("two-edge", "two-tasks"), ("breadboard", "regression"), ("lattice", "xor"),
  ])
  func `a mutated setting makes a run or is refused with words`(
    _ board: String, _ task: String
  ) throws {
    let text = Array(try JSONEncoder().encode(try setting(board, task)))
    var used = 0
    for seed in 0..<rounds {
      guard let setting = accepted(RunSetting.self, mutated(text, seed: seed)) else { continue }
      if let session = try? Session<DirectBoard>(
        description: setting.board, task: setting.task, plan: setting.plan)
      {
        try goOn(session, begins: true)
        used += 1
      }
      if let session = try? Session<PinBoard>(
        description: setting.board, task: setting.task, plan: setting.plan)
      {
        try goOn(session, begins: true)
      }
    }
    // Else nothing was tried.
    #expect(used > rounds / 20)
  }

  @Test(arguments: [
    ("two-edge", "two-tasks"), ("breadboard", "regression"), ("lattice", "xor"),
  ])
  func `a mutated checkpoint goes on or is refused with words`(
    _ board: String, _ task: String
  ) throws {
    let setting = try setting(board, task)
    var direct = try Session<DirectBoard>(
      description: setting.board, task: setting.task, plan: setting.plan)
    let pins = try? Session<PinBoard>(
      description: setting.board, task: setting.task, plan: setting.plan)
    try direct.begin()
    _ = try direct.trainEpoch()
    let text = Array(try JSONEncoder().encode(direct.checkpoint))
    var used = 0
    for seed in 0..<rounds {
      guard let saved = accepted(Checkpoint<VirtualState>.self, mutated(text, seed: seed)) else {
        continue
      }
      var session = direct
      if (try? session.restore(saved)) != nil {
        try goOn(session, begins: false)
        used += 1
      }
      if var session = pins, (try? session.restore(saved)) != nil {
        try goOn(session, begins: false)
      }
    }
    #expect(used > rounds / 50)
  }
}
