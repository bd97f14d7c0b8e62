import Files
import Foundation
import Targets
import TestSupport
import Testing
import BoardDouble

@testable import Runs

/// What is said at the end of a run, and only where it is so.
@Suite struct VerdictTests {
  /// The record of a run on the double.
  private func record(
    _ board: BoardDescription, _ task: TaskDescription, epochs: Int = 2,
    pulse: Double? = nil, rule: RuleSettings.Name? = nil
  ) throws -> RunRecord {
    let settings = RuleSettings(name: rule, update: board.gates.update, pulse: pulse)
    let plan = Plan(
      rule: settings, epochs: epochs, seed: 1,
      lastPulse: Plan.usualLastPulse(board.gates.update))
    let session = try trained(board, task, plan)
    return RunRecord(
      setting: RunSetting(version: "0", board: board, task: task, plan: plan),
      result: session.result)
  }

  private func kinds(_ record: RunRecord) -> [Remark.Kind] { record.verdicts.map(\.kind) }

  @Test func `a run that learned its task says nothing`() throws {
    let record = try record(shippedBoard("lattice"), shippedTask("iris"), epochs: 20)
    #expect(record.result.last.training.accuracy! > 0.9)
    #expect(kinds(record).isEmpty, "\(record.verdicts)")
    #expect(record.remarks == [])
  }

  @Test func `pulses that are not given are named, and that nothing is better for them`() throws {
    let record = try record(
      shippedBoard("lattice"), shippedTask("regression"), pulse: 1e-9, rule: .coupled)
    #expect(kinds(record).contains(.pulseTooShort))
    #expect(record.verdicts.first { $0.kind == .pulseTooShort }!.words.contains("no step moved a"))
  }

  @Test func `pulses that are given but move no gate by a millivolt are named`() throws {
    var record = try record(shippedBoard("lattice"), shippedTask("iris"))
    #expect(!kinds(record).contains(.pulseTooShort))
    // 5 V over 0.22 s: 40 us are 0.9 mV at most, 50 us 1.1 mV.
    record.result.last.learned = 40e-6
    #expect(kinds(record).contains(.pulseTooShort))
    #expect(record.verdicts.contains { $0.finding.contains("by more than 0.909 mV") })
    record.result.last.learned = 50e-6
    #expect(!kinds(record).contains(.pulseTooShort))
  }

  @Test func `an end that is no better than the beginning is named with both errors`() throws {
    var record = try record(shippedBoard("lattice"), shippedTask("regression"))
    #expect(!kinds(record).contains(.noBetter))
    record.result.last.training.error = record.result.first!.training.error
    #expect(kinds(record) == [.noBetter])
    record.result.last.training.error = 1e-9
    #expect(kinds(record).isEmpty)
    record.result.last.training.error = record.result.first!.training.error * 2
    // A run that has not trained says nothing.
    record.result.last.epoch = 0
    #expect(kinds(record).isEmpty)
  }

  @Test func `classes that are told no better than by a constant answer are named`() throws {
    var record = try record(shippedBoard("lattice"), shippedTask("iris"), epochs: 20)
    record.result.first!.training.accuracy = 0.2
    record.result.last.training.accuracy = 0.3
    record.result.last.training.unmet = 0.9
    #expect(kinds(record) == [.noBetter])
    #expect(record.verdicts[0].finding.contains("always answering '"))
    record.result.last.training.accuracy = 0.5
    #expect(kinds(record).isEmpty)
  }

  @Test func `gates at limits are named from a quarter of them on`() throws {
    var record = try record(shippedBoard("lattice"), shippedTask("regression"), epochs: 20)
    record.result.saturatedEdges = 7
    #expect(kinds(record).isEmpty)
    record.result.saturatedEdges = 8
    #expect(kinds(record) == [.gatesAtLimits])
    #expect(record.verdicts[0].finding.hasPrefix("8 of 32 gates"))
  }

  @Test func `a class that is never answered is named with how many samples are of it`() throws {
    var record = try record(shippedBoard("lattice"), shippedTask("iris"), epochs: 20)
    record.result.samples!.answers = record.result.samples!.answers!.map {
      $0 == "setosa" ? "virginica" : $0
    }
    #expect(kinds(record) == [.classNeverAnswered])
    #expect(
      record.verdicts[0].finding == "class 'setosa' is never answered, though 50 of 150 "
        + "samples are of it")
  }

  // MARK: - Reach

  /// A board of nodes a, b, ... with edges between pairs of them.
  private func board(_ count: Int, _ pairs: [(Int, Int)], dead: [Int] = []) -> BoardDescription {
    BoardDescription(
      name: "reach", nodes: (0..<count).map { "k\($0)" },
      edges: pairs.enumerated().map {
        EdgeDescription(name: "e\($0)", from: $1.0, to: $1.1)
      }, faults: dead.map { Fault(kind: .dead, edge: $0) })
  }

  @Test func `a target that no source reaches and a source that reaches none are found`() {
    // 0 - 1 - 2, and 3 - 4 apart.
    let board = board(5, [(0, 1), (1, 2), (3, 4)])
    let all = board.unreached(sources: [0, 3], targets: [2, 4])
    #expect(all.sources.isEmpty && all.targets.isEmpty)
    let apart = board.unreached(sources: [0], targets: [2, 4])
    #expect(apart.targets == [1] && apart.sources.isEmpty)
    let lost = board.unreached(sources: [0, 3], targets: [2])
    #expect(lost.sources == [1] && lost.targets.isEmpty)
  }

  @Test func `a path ends at a driven node, and a dead edge is none`() {
    // 0 - 1 - 2: with 1 driven, 0 changes nothing at 2.
    let line = board(3, [(0, 1), (1, 2)])
    #expect(line.unreached(sources: [0, 1], targets: [2]).sources == [0])
    let broken = board(3, [(0, 1), (1, 2)], dead: [1]).unreached(sources: [0], targets: [2])
    #expect(broken.targets == [0] && broken.sources == [0])
  }

  @Test func `every shipped task on a board that it is placed on is within reach`() throws {
    for (board, task) in [
      ("lattice", "iris"), ("lattice", "xor"), ("lattice", "regression"),
      ("breadboard", "regression"), ("layered", "xor"), ("digits", "digits"),
      ("two-edge", "two-edge-alpha"),
    ] {
      let board = try shippedBoard(board)
      let task = try shippedTask(task)
      let setting = RunSetting(
        version: "0", board: board, task: task, plan: plan(board, epochs: 1))
      #expect(setting.reachRemarks.isEmpty, "\(task.name) on \(board.name)")
    }
  }
}
