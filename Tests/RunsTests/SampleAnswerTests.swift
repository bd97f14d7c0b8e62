import Circuit
import Files
import Firmware
import Foundation
import TestSupport
import Testing
import BoardDouble
import Wiring

@testable import Runs
@testable import Targets

/// What a record says of single samples and of what they cost the board.
@Suite struct SampleAnswerTests {
  private let board: BoardDescription

  init() throws { board = try shippedBoard("lattice") }

  @Test(arguments: ["iris", "xor"])
  func `answers and confusion add up to the accuracy of the last measures`(_ name: String) throws {
    let task = try shippedTask(name)
    let session = try trained(board, task, plan(board, epochs: 3))
    let result = session.result
    let samples = try #require(result.samples)
    #expect(samples.training == session.problem.training)
    #expect(samples.testing == session.problem.testing)
    #expect(samples.outputs.count == task.samples.count)
    let answers = try #require(samples.answers)
    func share(_ numbers: [Int]) -> Double {
      let right = numbers.count { answers[$0] == task.classes[task.samples[$0].category!] }
      return Double(right) / Double(numbers.count)
    }
    #expect(share(samples.training) == result.last.training.accuracy)
    let confusion = try #require(samples.confusionTraining)
    let diagonal = confusion.answered.indices.reduce(0) { $0 + confusion.answered[$1][$1] }
    #expect(Double(diagonal) / Double(samples.training.count) == result.last.training.accuracy)
    let all = confusion.answered.joined().reduce(0, +) + confusion.undecided.reduce(0, +)
    #expect(all == samples.training.count)
    if let testing = result.last.testing {
      #expect(share(samples.testing) == testing.accuracy)
      #expect(samples.confusionTesting != nil)
    }
  }

  @Test func `labels whose volts tell no values apart give a number all the same`() {
    // Found by fuzzing: the inverse of this map is beyond all numbers.
    var map = ColumnMap(column: 1)
    (map.voltsAtLowest, map.voltsAtHighest) = (0, 5e-324)
    #expect(map.value(at: 0.3) == map.lowest)
    map.voltsAtHighest = 1e-6
    #expect(map.value(at: 1e-6) == map.highest)
  }

  @Test func `outputs of labels come in the labels' own units too`() throws {
    var task = try shippedTask("regression")
    let session = try trained(board, task, plan(board, epochs: 2))
    let samples = try #require(session.result.samples)
    #expect(samples.answers == nil && samples.confusionTraining == nil)
    let label = try #require(task.table?.labels.first)
    if label.hasUnit {
      let values = try #require(samples.values)
      for (volts, value) in zip(samples.outputs, values) {
        #expect(abs(label.volts(at: value[0]) - volts[0]) < 1e-9)
      }
    }
    // A task made in code knows no units.
    task.table = nil
    #expect(task.values(of: samples.outputs) == nil)
  }

  @Test func `with labels for classes the largest output is right, as with a margin`() throws {
    var task = try shippedTask("iris")
    task.objective = .squaredError
    for index in task.samples.indices {
      task.samples[index].labels = (0..<3).map { $0 == task.samples[index].category ? 0.3 : 0.1 }
    }
    try task.check()
    let session = try trained(board, task, plan(board, epochs: 5))
    let right = try #require(session.result.last.training.accuracy)
    #expect(right > 0.5, "\(right)")
  }

  @Test func `an output that leads with another answers nothing`() throws {
    let problem = Problem(task: try shippedTask("iris"), seed: 1)
    #expect(problem.answer([0.1, 0.3, 0.2]) == 1)
    #expect(problem.answer([0.3, 0.3, 0.2]) == nil)
    #expect(problem.answer([0.3, 0.3, 0.4]) == 2)
    #expect(problem.answer([0.2, 0.1, 0.2]) == nil)
    let single = Problem(task: try shippedTask("xor"), seed: 1)
    if single.layout.count == 1 {
      #expect(single.answer([-0.1]) == 0 && single.answer([0.1]) == 1 && single.answer([0]) == nil)
    }
  }

  @Test func `a finished run that is taken up again has the same record`() throws {
    let task = try shippedTask("iris")
    let session = try trained(board, task, plan(board, epochs: 2))
    let data = try JSONEncoder().encode(session.checkpoint)
    let saved = try JSONDecoder().decode(Checkpoint<VirtualState>.self, from: data)
    #expect(saved.outputs?.count == 450)
    var fresh = try Session<DirectBoard>(
      description: board, task: task, plan: session.plan)
    try fresh.restore(saved)
    #expect(fresh.result == session.result)
    // An unfinished one has nothing of its own in the checkpoint.
    var half = try Session<DirectBoard>(
      description: board, task: task, plan: plan(board, epochs: 3))
    try half.begin()
    #expect(half.checkpoint.outputs == nil && half.result.samples != nil)
    var short = saved
    short.outputs?.removeLast()
    #expect(throws: SessionError.self) { try fresh.restore(short) }
  }

  // MARK: - More epochs

  @Test func `an extended run keeps the last pulse, and ends other than one planned longer`() throws
  {
    let short = plan(board, epochs: 3)
    let longer = short.extended(to: 6)
    #expect(longer.epochs == 6 && longer.ramp == 3)
    #expect((0..<6).map(longer.factor) == [0, 1, 2, 2, 2, 2].map(short.factor))
    #expect(short.extended(to: 3) == short)
    #expect(longer.extended(to: 8).ramp == 3)
    #expect(longer.continues(short) && !short.continues(longer))
    #expect(longer.extended(to: 8).continues(longer))
    #expect(!plan(board, epochs: 6).continues(short))

    let task = try shippedTask("regression")
    let first = try trained(board, task, short)
    var second = try Session<DirectBoard>(description: board, task: task, plan: longer)
    try second.restore(first.checkpoint)
    while !second.isFinished { _ = try second.trainEpoch() }
    #expect(second.progress.epoch == 6 && second.progress.steps == 2 * first.progress.steps)
    // Every pulse of the first three epochs was the same.
    var whole = try Session<DirectBoard>(description: board, task: task, plan: longer)
    try whole.finish()
    #expect(whole.result == second.result)
    #expect(try trained(board, task, plan(board, epochs: 6)).result.gates != second.result.gates)
    let other = try Session<DirectBoard>(
      description: board, task: task, plan: plan(board, epochs: 6))
    #expect(throws: SessionError.self) { try other.check(first.checkpoint) }
  }

  // MARK: - What a presentation costs

  @Test func `power is what all branches and released clamps of both twins turn to heat`() throws {
    let task = try shippedTask("iris")
    var session = try Session<DirectBoard>(
      description: board, task: task, plan: plan(board, epochs: 1))
    try session.begin()
    let before = session.checkpoint
    let cost = try #require(session.presentationCost)
    #expect(session.checkpoint == before)
    #expect(cost.samples == 150 && !cost.isEstimated)

    var analog = session.board.analog
    let time = session.board.time
    for channel in analog.targetNodes.indices { try analog.setClamp(channel, code: nil) }
    var heat = 0.0
    for sample in task.samples {
      for (channel, volts) in sample.inputs.enumerated() {
        try analog.setSource(channel, code: analog.converter.code(for: Voltage(volts: volts)))
      }
      _ = try analog.freeVoltages(at: time)
      _ = try analog.clampedVoltages(at: time)
      let twins = analog.twins
      for twin in [twins.free, twins.clamped] {
        for branch in 0..<twin.branchCount {
          let (from, to) = try twin.ends(of: branch)
          heat += try twin.current(branch) * (twin.voltage(from) - twin.voltage(to))
        }
      }
      for node in analog.targetNodes {
        let volts = try twins.clamped.voltage(node)
        heat += volts * volts / 500e3
      }
    }
    heat /= Double(task.samples.count)
    #expect(heat > 1e-5)
    #expect(abs(cost.power / heat - 1) < 1e-6, "\(cost.power) W, \(heat) W")
    // 100 us to settle; a measurement takes 2 us an operation.
    let times = session.board.times
    let reading =
      100e-6 + 3 * (times.measureBeforeSample + times.measureAfterSample).seconds
    #expect(abs(cost.energy - cost.power * reading) < 1e-15)
    #expect(abs(cost.latency - reading - 6 * times.convert.seconds) < 1e-12)
  }

  @Test func `of an ideal board the estimate from controllers is the double's own`() throws {
    var ideal = board
    ideal.imperfections = .none
    let task = try shippedTask("iris")
    var session = try Session<DirectBoard>(
      description: ideal, task: task, plan: plan(ideal, epochs: 1))
    try session.begin()
    let place = try task.place(on: ideal)
    let own = try #require(session.presentationCost)
    let estimate = try #require(
      session.presentationCost(sources: place.sources, targets: place.targets))
    #expect(estimate.isEstimated && estimate.latency == own.latency)
    #expect(abs(estimate.power / own.power - 1) < 1e-3, "\(estimate.power), \(own.power)")
  }
}
