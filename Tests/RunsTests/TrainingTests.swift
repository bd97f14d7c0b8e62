import Files
import Firmware
import Runs
import Targets
import TestSupport
import Testing
import BoardDouble

/// Training on the double with every imperfection.
@Suite struct TrainingTests {
  @Test func `iris is learned to 90 percent on ten boards`() throws {
    let description = try shippedBoard("lattice")
    let task = try shippedTask("iris")
    var all: [Double] = []
    var held: [Double] = []
    for seed: UInt64 in 1...10 {
      let session = try trained(description, task, plan(description, epochs: 100, seed: seed))
      all.append(session.result.last.all.accuracy!)
      held.append(session.result.last.testing!.accuracy!)
    }
    #expect(all.reduce(0, +) / 10 >= 0.90)
    #expect(held.reduce(0, +) / 10 >= 0.90)
    #expect(all.min()! >= 0.80)
  }

  @Test func `regression's error falls at least thirtyfold`() throws {
    let description = try shippedBoard("lattice")
    let task = try shippedTask("regression")
    for seed: UInt64 in 1...5 {
      let session = try trained(description, task, plan(description, epochs: 100, seed: seed))
      let curve = session.curve
      #expect(curve.last!.training.error * 30 <= curve[0].training.error, "seed \(seed)")
    }
  }

  @Test func `allostery's error falls at least thirtyfold`() throws {
    let description = try shippedBoard("lattice")
    let task = try shippedTask("allostery")
    for seed: UInt64 in 1...5 {
      // Its one sample makes an epoch one step.
      let session = try trained(description, task, plan(description, epochs: 1000, seed: seed))
      let curve = session.curve
      #expect(curve.last!.training.error * 30 <= curve[0].training.error, "seed \(seed)")
    }
  }

  @Test func `a run ends with the gates of its best epoch, or its last where these do no better`()
    throws
  {
    let description = try shippedBoard("lattice")
    let task = try shippedTask("iris")
    var kept = 0
    for seed: UInt64 in 1...6 {
      var plan = plan(description, epochs: 40, seed: seed)
      let last = try trained(description, task, plan)
      plan.keepsBest = true
      let best = try trained(description, task, plan)
      // Up to the last measures both runs are the same.
      #expect(best.curve.dropLast() == last.curve.dropLast())
      #expect(last.result.best == nil)
      let epoch = try #require(best.result.best)
      var goal = last
      if epoch < plan.epochs {
        kept += 1
        let rights = last.curve.map { $0.training.accuracy! }
        #expect(rights[epoch] == rights.max())
        goal = try Session<DirectBoard>(description: description, task: task, plan: plan)
        try goal.begin()
        while goal.progress.epoch < epoch { _ = try goal.trainEpoch() }
      }
      // But for what pulses and the time since then do to a gate.
      for (one, other) in zip(best.result.gates, goal.result.gates) {
        #expect(abs(one - other) < 0.012)
      }
    }
    #expect(kept >= 1)
  }

  @Test func `where the best epoch's gates do no better a regression ends with its last`() throws {
    let description = try shippedBoard("lattice")
    let task = try shippedTask("regression")
    var returned = 0
    for seed: UInt64 in 1...4 {
      var plan = plan(description, epochs: 60, seed: seed)
      let last = try trained(description, task, plan)
      plan.keepsBest = true
      let best = try trained(description, task, plan)
      if best.result.best == plan.epochs, last.result.last != best.result.last { returned += 1 }
      // The last epoch's error, but for what is lost on the way: seed 3 ended at 2.8 times of it.
      #expect(best.result.last.training.error < 2 * last.result.last.training.error, "seed \(seed)")
    }
    #expect(returned >= 1)
  }

  @Test func `the same plan gives the same run, another seed another`() throws {
    let description = try shippedBoard("lattice")
    let task = try shippedTask("iris")
    let one = try trained(description, task, plan(description, epochs: 3, seed: 4))
    let again = try trained(description, task, plan(description, epochs: 3, seed: 4))
    let other = try trained(description, task, plan(description, epochs: 3, seed: 5))
    #expect(one.checkpoint == again.checkpoint && one.result == again.result)
    #expect(one.result.gates != other.result.gates)
  }

  @Test func `the curve counts epochs, steps, pulses and learning time`() throws {
    let description = try shippedBoard("lattice")
    let session = try trained(
      description, try shippedTask("iris"), plan(description, epochs: 5))
    let curve = session.curve
    #expect(curve.map(\.epoch) == [0, 1, 2, 3, 4, 5])
    #expect(curve[0].learned == 0 && curve[0].pulses == 0)
    for (before, after) in zip(curve, curve.dropFirst()) {
      #expect(after.learned > before.learned && after.pulses > before.pulses)
      #expect(after.pulses - before.pulses <= 100)
      // No pulse is longer than 0.8 of the timer's 19 ms and its lateness.
      #expect(after.learned - before.learned <= 100 * 0.0155)
    }
    let result = session.result
    #expect(result.finished && result.steps == 500 && result.last == curve.last)
    #expect(result.boardTime > result.last.learned)
    #expect(result.gates.count == 32 && result.estimatedGates.count == 32)
    for record in curve {
      let (training, testing) = (record.training, record.testing!)
      #expect(abs(record.all.error - (2 * training.error + testing.error) / 3) < 1e-15)
      let share = (2 * training.accuracy! + testing.accuracy!) / 3
      #expect(abs(record.all.accuracy! - share) < 1e-12)
    }
  }

  @Test func `measures are those of the outputs`() throws {
    var description = try shippedBoard("lattice")
    description.imperfections = .none
    for name in ["iris", "regression", "allostery"] {
      let task = try shippedTask(name)
      var session = try Session<DirectBoard>(
        description: description, task: task, plan: plan(description, epochs: 1))
      try session.begin()
      let samples = Array(task.samples.indices)
      // Between readings gates leak nothing, and ideal readings do not scatter.
      let measures = try session.measure(samples)
      var sum = 0.0
      var right = 0
      for sample in samples {
        let outputs = try session.outputs(for: sample)
        if let category = task.samples[sample].category {
          let rival = outputs.enumerated().filter { $0.offset != category }.map(\.element).max()!
          let lead = outputs[category] - rival
          if lead > 0 { right += 1 }
          let missing = max(0, 0.012 - lead)
          sum += missing * missing
        } else {
          let errors = zip(outputs, task.samples[sample].labels).map { $0 - $1 }
          sum += errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)
        }
      }
      let error = sum / Double(samples.count)
      #expect(abs(measures.error - error) <= 1e-9 + 1e-4 * error, "\(name)")
      #expect(
        measures.accuracy == (task.classes.isEmpty ? nil : Double(right) / Double(samples.count)))
    }
  }

  @Test func `measuring moves no gate`() throws {
    var description = try shippedBoard("lattice")
    description.imperfections.leakLowest = 0
    description.imperfections.leakHighest = 0
    var session = try Session<DirectBoard>(
      description: description, task: try shippedTask("iris"), plan: plan(description, epochs: 1))
    try session.begin()
    let before = session.result.gates
    _ = try session.measure(Array(0..<150))
    #expect(session.result.gates == before)
    #expect(session.progress.steps == 0)
  }

  @Test func `training begins with every gate at its initial voltage`() throws {
    for (name, tolerance) in [("lattice", 0.010), ("lattice-multiplier", 0.002)] {
      let description = try shippedBoard(name)
      var session = try Session<DirectBoard>(
        description: description, task: try shippedTask("iris"),
        plan: plan(description, epochs: 1))
      try session.begin()
      #expect(session.result.gates.allSatisfy { abs($0 - 2.2) < tolerance })
    }
  }

  @Test func `a board with broken edges learns with the rest`() throws {
    var description = try shippedBoard("lattice")
    description.faults = [
      Fault(kind: .dead, edge: 3), Fault(kind: .shorted, edge: 17),
      Fault(kind: .comparatorStuckLow, edge: 8), Fault(kind: .comparatorStuckHigh, edge: 22),
    ]
    let session = try trained(
      description, try shippedTask("regression"), plan(description, epochs: 100))
    let curve = session.curve
    #expect(curve.last!.training.error * 5 <= curve[0].training.error)
  }
}
