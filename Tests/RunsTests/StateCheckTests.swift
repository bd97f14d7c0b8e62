import Files
import Foundation
import Targets
import TestSupport
import Testing
import BoardDouble

@testable import Runs

/// Files of runs that something has spoilt: what is in them is checked as strictly as what a user
/// writes.
@Suite struct StateCheckTests {
  /// One value of a file, and what its refusal says.
  struct Spoiling: Sendable, CustomTestStringConvertible {
    let path: String
    let value: String
    let contains: String

    init(_ path: String, _ value: String, _ contains: String) {
      self.path = path
      self.value = value
      self.contains = contains
    }

    var testDescription: String { "\(path): \(value)" }
  }

  static let settings: [Spoiling] = [
    Spoiling("task.outputs.count", "-2147483648", "count of outputs is -2147483648; allowed is 1"),
    Spoiling("task.training", "-1", "training is -1; allowed is 1 ..."),
    Spoiling("task.samples.0.category", "7", "the class of sample 0 is 7"),
    Spoiling("task.samples.1.inputs", "[]", "sample 1 has 0 inputs"),
    Spoiling("task.inputs.0.column", "-1", "column of input"),
    Spoiling("task.objective", "{\"hinge\":{\"margin\":1e300}}", "margin of hinge is 1e+300"),
    Spoiling("task.classes", "[\"one\"]", "classes has 1 entries"),
    Spoiling("board.nodes", "[]", "nodes has 0 entries; allowed are 2"),
    Spoiling("board.edges.0.from", "-1", "edge 0 ends at node -1"),
    Spoiling("board.edges.3.to", "16", "edge 3 ends at node 16; allowed is 0 ... 15"),
    Spoiling(
      "board.edges.3.name", "\"" + String(repeating: "n", count: 65) + "\"", "which is no name"),
    Spoiling("board.sources.0", "99", "one of sources is node 99"),
    Spoiling("board.timing.settle", "1e300", "settle of timing is 1e+300; allowed is 0 ... 10 s"),
    Spoiling("board.timing.operation", "-1", "operation of timing is -1"),
    Spoiling("board.timing.pulseLimit", "1e9", "pulse_limit of timing is"),
    Spoiling(
      "board.imperfections.driveImbalance", "2",
      "drive_imbalance of imperfections is 2; allowed is -0.5 ... 0.5"),
    Spoiling(
      "board.imperfections.comparatorOffsetLimit", "1e-12", "above comparator_offset_limit 1e-12"),
    Spoiling("board.gates.ohms", "1e-320", "ohms of gates is 1e-320; allowed is 1 ... 1"),
    Spoiling("board.gates.initial", "-3", "initial of gates is -3"),
    Spoiling("board.gates.steps", "1", "steps of gates is 1"),
    Spoiling("board.converters.bits", "1099511627776", "bits of converters is 1099511627776"),
    Spoiling("board.transistor.slope", "0", "slope of transistor is 0"),
    Spoiling("board.faults", "[{\"kind\":\"dead\",\"edge\":32}]", "a fault is at edge 32"),
    Spoiling("board.wiring.chain.0", "99999", "chain of wiring must have each of the 32"),
    Spoiling("board.wiring.selects.0", "\"adc\"", "selects of wiring list 0 chains"),
    Spoiling("board.wiring.sources.0.select", "-1", "source 0 of wiring is at select -1"),
    Spoiling(
      "board.wiring.sources.0", "{\"rail\":0.4,\"select\":4,\"channel\":1}",
      "a rail is at no select"),
    Spoiling("board.wiring.wires.0.line", "{\"offset\":{\"_0\":-7}}", "SCLK of lines is -7"),
    Spoiling("plan.epochs", "-3", "epochs of plan is -3; allowed is 1 ... 1000000"),
    Spoiling("plan.lastPulse", "0", "lastPulse of plan is 0"),
    Spoiling("plan.ramp", "7", "ramp of plan is 7; allowed is 1 ... 3"),
    Spoiling("task.table.width", "-1", "width of table is -1"),
    Spoiling("task.table.classColumn", "12345", "classColumn of table is 12345"),
    Spoiling(
      "task.table.labels",
      "[{\"column\":0,\"lowest\":2,\"highest\":1,\"voltsAtLowest\":0,\"voltsAtHighest\":1}]",
      "range of a label is 2 to 1"),
    Spoiling("plan.rule.nudge", "2", "nudge of rule is 2.0; allowed is above 0, up to 1"),
    Spoiling("plan.rule.pulse", "1e300", "pulse of rule is 1e+300"),
    Spoiling("plan.rule.probability", "-0.5", "probability of rule is -0.5"),
    Spoiling("plan.rule.deadBand", "-1", "deadBand of rule is -1"),
  ]

  static let checkpoints: [Spoiling] = [
    Spoiling("progress.epoch", "-5", "epoch of progress is -5"),
    Spoiling("progress.pulses", "1000000", "pulses of progress is 1000000; allowed is 0 ..."),
    Spoiling("progress.learned", "-1", "learned of progress is -1"),
    Spoiling("progress.learned", "3200000000000000000", "learned of progress is 3200000"),
    Spoiling("progress.accounted", "9223372036854775807", "accounted of progress is"),
    Spoiling("progress.first.training.error", "1e300", "error of the measures after epoch 0"),
    Spoiling("progress.last.training.unmet", "-1", "unmet of the measures after epoch 1"),
    Spoiling("progress.last.epoch", "7", "epoch of the last measures is 7; allowed is 1"),
    Spoiling("progress.curve", "[]", "the curve has 0 records"),
    Spoiling("estimates.0", "2147483647", "estimate 0 is 2147483647"),
    Spoiling("plan.rule.pulse", "0", "pulse of rule is 0"),
  ]

  /// JSON with one value of it exchanged.
  static func spoil(_ data: Data, _ path: String, _ value: String) throws -> Data {
    var keys = path.split(separator: ".").map(String.init)
    let new = try JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed)
    func put(_ old: Any, _ depth: Int) throws -> Any {
      if depth == keys.count { return new }
      if var list = old as? [Any] {
        let index = try #require(Int(keys[depth]))
        list[index] = try put(list[index], depth + 1)
        return list
      }
      var fields = try #require(old as? [String: Any], "no \(keys[depth]) in \(path)")
      // What is nil is not written.
      fields[keys[depth]] = try put(fields[keys[depth]] ?? NSNull(), depth + 1)
      return fields
    }
    keys = keys.filter { !$0.isEmpty }
    return try JSONSerialization.data(
      withJSONObject: try put(try JSONSerialization.jsonObject(with: data), 0))
  }

  /// What reading a spoilt file says.
  private func refusal<Value: Codable>(_ value: Value, _ spoiling: Spoiling) throws -> String {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "state-check-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let data = try Self.spoil(JSONEncoder().encode(value), spoiling.path, spoiling.value)
    try data.write(to: folder.appendingPathComponent("state.json"))
    do throws(RunDirectoryError) {
      _ = try RunDirectory(path: folder.path).read(Value.self, from: "state.json")
      return ""
    } catch {
      return error.description
    }
  }

  private func run() throws -> (setting: RunSetting, session: Session<DirectBoard>) {
    let board = try shippedBoard("lattice")
    let task = try shippedTask("xor")
    let setting = RunSetting(
      version: "0.1.0", board: board, task: task, plan: plan(board, epochs: 3))
    var session = try Session<DirectBoard>(
      description: board, task: task, plan: setting.plan)
    try session.begin()
    _ = try session.trainEpoch()
    return (setting, session)
  }

  @Test(arguments: settings)
  func `a spoilt setting is refused by name, value and range`(_ spoiling: Spoiling) throws {
    let message = try refusal(try run().setting, spoiling)
    #expect(message.contains("state.json: it is damaged: "), "\(message)")
    #expect(message.contains(spoiling.contains), "\(message)")
    #expect(message.hasSuffix("; start a new run"), "\(message)")
  }

  @Test(arguments: checkpoints)
  func `a spoilt checkpoint is refused by name, value and range`(_ spoiling: Spoiling) throws {
    let message = try refusal(try run().session.checkpoint, spoiling)
    #expect(message.contains("state.json: it is damaged: "), "\(message)")
    #expect(message.contains(spoiling.contains), "\(message)")
    let bench = try refusal(try run().session.outsideCheckpoint, spoiling)
    #expect(bench.contains(spoiling.contains), "\(bench)")
  }

  @Test func `gates of a record that no run could have are refused`() throws {
    let (setting, session) = try run()
    let record = RunRecord(setting: setting, result: session.result)
    try record.check()
    let message = try refusal(record, Spoiling("result.gates.0", "1e300", ""))
    #expect(message.contains("gate 0 of the result is 1e+300"), "\(message)")
    let outputs = try refusal(record, Spoiling("result.samples.outputs_V.0.0", "1e300", ""))
    #expect(outputs.contains("an output of sample 0 is 1e+300"), "\(outputs)")
  }

  @Test(arguments: ["time", "lastPulseEnd", "analog.gatesTime", "analog.freeSolved"])
  func `a board's times that contradict each other are refused`(_ name: String) throws {
    var session = try run().session
    let whole = session.checkpoint
    // Of these the clock alone may not be early, and the others not late.
    let data = try Self.spoil(
      try JSONEncoder().encode(whole), "board.\(name)",
      name == "time" ? "5" : "3000000000000000000")
    let spoilt = try JSONDecoder().decode(Checkpoint<VirtualState>.self, from: data)
    #expect(throws: StateMismatch.self) { try session.restore(spoilt) }
    #expect(session.checkpoint == whole)
  }

  @Test func `gates of a multiplier board are taken back wherever its rails let them be`() throws {
    var board = try shippedBoard("two-edge")
    board.gates.railLow = -3
    board.gates.railHigh = 14
    for edge in board.edges.indices where board.edges[edge].part == .learning {
      board.edges[edge].bias = edge == 0 ? 1000 : -1000
    }
    var session = try Session<DirectBoard>(
      description: board, task: try shippedTask("two-tasks"), plan: plan(board, epochs: 200))
    try session.finish()
    let whole = session.checkpoint
    #expect(whole.board!.analog.gates.contains { $0 > 10 })
    try session.restore(whole)
    #expect(session.checkpoint == whole)
  }
}
