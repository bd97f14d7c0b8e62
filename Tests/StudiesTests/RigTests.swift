import Circuit
import Files
import Firmware
import Foundation
import Studies
import TestSupport
import Testing
import BoardDouble

@testable import Studies
import Runs

/// Rigs that are made up: measured on the double, written down as a user would, and found again.
@Suite struct RigFitTests {
  /// A rig as it truly is.
  private struct Truth {
    var labels = [0.302, 0.148]
    var inputs = [0.415, 0.012]
    /// G+, G-.
    var bias = [1.1, 0.7]
    var gain = 2.3

    func tasks() throws -> [TaskDescription] {
      var tasks = try pairTasks()
      for task in 0..<2 {
        tasks[task].samples[0].labels = [labels[task]]
        tasks[task].samples[0].inputs[2] = inputs[task]
      }
      return tasks
    }

    func board() throws -> BoardDescription {
      var board = try biasedPair(bias, gain: gain)
      board.nodeLowest = -0.1
      board.converters.lowest = -0.1
      return board
    }

    func cycling() throws -> Cycling<DirectBoard> {
      try Cycling(
        description: try board(), tasks: try tasks(),
        plan: CyclePlan(rule: pairRule, seed: 1, longest: 3))
    }
  }

  /// The line in the plane (G-, G+) on which the circuit solves a task.
  private func line(_ truth: Truth, _ task: Int) throws -> (slope: Double, offset: Double) {
    let samples = try truth.tasks()[task].samples[0]
    let description = try truth.board()
    let board = try AnalogBoard(
      description: description, seed: 1, sources: [0, 1, 2], targets: [3])
    var points: [SIMD2<Double>] = []
    for low in [2.6, 3.0] {
      var (below, above) = (1.2, 15.0)
      while above - below > 1e-10 {
        let middle = (below + above) / 2
        let volts = try board.freeTwin(sources: samples.inputs, gates: [middle, low]).voltages
        if volts[3] < samples.labels[0] { below = middle } else { above = middle }
      }
      points.append([low, below])
    }
    let slope = (points[1].y - points[0].y) / (points[1].x - points[0].x)
    return (slope, points[0].y - slope * points[0].x)
  }

  /// Writes what an experimenter would measure of a rig as files in a folder.
  private func write(_ truth: Truth, rate: String?, in folder: String) throws -> String {
    var entries: [String] = []
    for (task, name) in ["alpha", "beta"].enumerated() {
      let line = try line(truth, task)
      var cycling = try truth.cycling()
      let drift = try cycling.drift(of: task, learned: 0.1)
      let way = drift.records.last!.gates[1] - drift.records[0].gates[1]
      #expect(drift.railed == nil && abs(way) > 1e-3)
      let speed = way < 0 ? -drift.speed : drift.speed
      entries.append(
        "  - {task: two-edge-\(name), input: in, slope: \(line.slope), offset: \(line.offset), "
          + "drift: \(speed)}")
      try FileManager.default.copyItem(
        atPath: "\(packageRoot)/task/two-edge-\(name).yaml",
        toPath: "\(folder)/two-edge-\(name).yaml")
    }
    var cycling = try truth.cycling()
    let cycle = try #require(try cycling.run(tau: 0.06))
    #expect(cycle.path.count == 61 && cycle.turn == 30)
    let rows = [1, 0].map { gate in cycle.path.map { "\($0[gate])" }.joined(separator: ",") }
    try rows.joined(separator: "\n").write(
      toFile: folder + "/cycle.csv", atomically: true, encoding: .utf8)
    try FileManager.default.copyItem(
      atPath: "\(packageRoot)/board/two-edge.yaml", toPath: "\(folder)/board.yaml")
    let last =
      rate.map { "rate: \($0)" }
      ?? "relaxation: {tau: 0.06, first: two-edge-alpha, cycle: cycle.csv}"
    let text = """
      name: made-up
      board: board.yaml
      plane: [G-, G+]
      tasks:
      \(entries.joined(separator: "\n"))
      \(last)

      """.replacing("task: two-edge-alpha,", with: "task: two-edge-alpha.yaml,")
      .replacing("task: two-edge-beta,", with: "task: two-edge-beta.yaml,")
    try text.write(toFile: folder + "/rig.yaml", atomically: true, encoding: .utf8)
    return folder + "/rig.yaml"
  }

  private func expectFound(_ rig: Rig, _ truth: Truth, rate tolerance: Double) {
    for task in 0..<2 {
      #expect(abs(rig.tasks[task].samples[0].labels[0] - truth.labels[task]) < 0.5e-3)
      #expect(abs(rig.tasks[task].samples[0].inputs[2] - truth.inputs[task]) < 1e-3)
      // The other inputs are as the task says.
      #expect(rig.tasks[task].samples[0].inputs[..<2] == [0.4351, 0.0181])
    }
    for (found, bias) in zip(rig.bias, truth.bias) {
      #expect(abs(found - bias) < 0.05 * truth.bias.map(abs).max()!, "\(rig.bias)")
    }
    #expect(zip(rig.board.edges, rig.bias).allSatisfy { $0.bias == $1 })
    #expect(abs(rig.rateFactor / truth.gain - 1) < tolerance, "\(rig.rateFactor)")
    #expect(rig.board.gates.gain == rig.rateFactor)
  }

  @Test(arguments: [[1.1, 0.7], [-0.5, 0.9], [2.0, -1.5]])
  func `label, input, bias and rate are found again`(_ bias: [Double]) throws {
    try withFolder { folder in
      let truth = Truth(bias: bias)
      let path = try write(truth, rate: nil, in: folder)
      let rig = try Rig(try RigDescription.read(path: path))
      expectFound(rig, truth, rate: 0.05)
      let misfit = try #require(rig.rateFit?.misfit)
      #expect(misfit < 2e-3)
      #expect(rig.rule.name == .standard && rig.rule.pulse == 1e-4 && rig.rule.nudge == 1)
    }
  }

  /// How far the rig's double is from the measured curves, up to the tau they are judged to.
  private func deviation(_ rig: Rig, _ measured: RigDescription) throws -> CycleCurves.Deviation? {
    let taus = measured.measuredError.map(\.x).filter { $0 <= measured.judgedUntil ?? 1 }
    let results = try taus.map { tau in
      var cycling = try Cycling<DirectBoard>(
        description: rig.board, tasks: rig.tasks,
        plan: CyclePlan(rule: rig.rule, seed: 1, longest: 4))
      return try #require(try cycling.run(tau: tau))
    }
    return CycleCurves(results: results, measured: measured, edges: [], title: "").deviation
  }

  @Test(arguments: [0.02, 0.08, 0.2])
  func `exp1 keeps its limits with any one of its cycles as the only relaxation`(
    _ tau: Double
  ) throws {
    var measured = try RigDescription.read(
      path: try locate("exp1", kind: .rig, near: [packageRoot]))
    measured.relaxations = measured.measuredCycles.filter { $0.tau == tau }
    #expect(measured.relaxations.count == 1)
    let rig = try Rig(measured)
    let away = try #require(try deviation(rig, measured))
    #expect(away.taus == 14)
    #expect(try #require(away.error) <= 0.15, "\(away)")
    #expect(try #require(away.spanSquared) <= 0.12, "\(away)")
    let fit = try #require(rig.rateFit)
    #expect(fit.relaxations.count == 1 && fit.halves.count == 2 && fit.curve.count >= 3)
    // Only the slowest cycle says so low a rate that the errors limit it.
    #expect(fit.isDrawn == (tau == 0.2), "\(fit)")
    #expect(fit.standardError > 0 && fit.standardError < 0.2, "\(fit)")
    // What the curves owe: E goes nearly as the inverse square of the rate, D hardly at all.
    #expect(try #require(fit.errorPower) < -1.5 && #require(fit.spanPower).magnitude < 0.2)
  }

  @Test func `a rate hangs on no one relaxation`() throws {
    try withFolder { folder in
      let truth = Truth()
      var rig = try RigDescription.read(path: try write(truth, rate: nil, in: folder))
      let cycle = try #require(rig.relaxations.first)
      // The same cycle as if learning had been slower, as it was, and faster.
      rig.relaxations = [0.6, 1, 1.7].map { factor in
        var other = cycle
        other.tau *= factor
        return other
      }
      let all = rig.relaxations
      let together = try Rig(rig)
      #expect(abs(together.rateFactor / truth.gain - 1) < 0.1, "\(together.rateFactor)")
      #expect(try #require(together.rateFit).relaxations.count == 3)
      // One of them alone is wrong, and knows it no better than to 30 %.
      rig.relaxations = [all[0]]
      let one = try Rig(rig)
      #expect(abs(one.rateFactor / truth.gain - 1) > 0.3, "\(one.rateFactor)")
      #expect(try #require(one.rateFit).standardError >= 0.3)
      #expect(one.rateFit?.byCurve == nil && one.rateFit?.errorPower == nil)
      // The errors that were measured limit what each of them can do.
      rig.measuredError = try [0.002, 0.005, 0.01, 0.02, 0.05].map { tau in
        var cycling = try truth.cycling()
        return SIMD2(tau, try #require(try cycling.run(tau: tau)).error)
      }
      for cycle in all {
        rig.relaxations = [cycle]
        let fitted = try Rig(rig)
        #expect(
          abs(fitted.rateFactor / truth.gain - 1) < 0.25,
          "\(cycle.tau): \(String(describing: fitted.rateFit))")
      }
    }
  }

  @Test func `each of several samples is solved along the line, by a label and input of its own`()
    throws
  {
    try withFolder { folder in
      let truth = Truth()
      var rig = try RigDescription.read(path: try write(truth, rate: "2.3", in: folder))
      for task in 0..<2 {
        var half = rig.tasks[task].task.samples[0]
        half.inputs = half.inputs.map { $0 / 2 }
        rig.tasks[task].task.samples.append(half)
        rig.tasks[task].task.training = 2
      }
      let fitted = try Rig(rig)
      for (task, found) in fitted.tasks.enumerated() {
        #expect(found.samples.count == 2)
        let (whole, half) = (found.samples[0], found.samples[1])
        #expect(abs(whole.labels[0] - truth.labels[task]) < 0.5e-3)
        // A label goes with the voltages; the circuit is not quite linear, and so is the input.
        #expect(abs(half.labels[0] - whole.labels[0] / 2) < 1e-12)
        #expect(abs(half.inputs[2] - whole.inputs[2] / 2) < 20e-3)
        #expect(half.inputs[0] == whole.inputs[0] / 2)
      }
      var cycling = try Cycling<DirectBoard>(
        description: fitted.board, tasks: fitted.tasks, plan: CyclePlan(rule: fitted.rule, seed: 1))
      #expect(try #require(try cycling.run(tau: 0.01)).error < 1e-2)
    }
  }

  @Test func `a rate that is given is not fitted`() throws {
    try withFolder { folder in
      let truth = Truth(labels: [0.29, 0.16], inputs: [0.45, -0.02])
      let rig = try Rig(
        try RigDescription.read(path: try write(truth, rate: "2.3", in: folder)))
      expectFound(rig, truth, rate: 1e-9)
      #expect(rig.rateFit == nil)
      // An input below zero needs a level shift.
      #expect(rig.board.nodeLowest < -0.02 && rig.board.converters.lowest <= rig.board.nodeLowest)
      _ = try Cycling<DirectBoard>(
        description: rig.board, tasks: rig.tasks, plan: CyclePlan(rule: rig.rule, seed: 1))
    }
  }

  @Test func `the plane's order does not matter`() throws {
    try withFolder { folder in
      let path = try write(Truth(), rate: "2.3", in: folder)
      let one = try RigDescription.read(path: path)
      var other = one
      other.plane.reverse()
      for task in 0..<2 {
        // x = (y - c)/a, and faster by nothing.
        other.tasks[task].slope = 1 / one.tasks[task].slope
        other.tasks[task].offset = -one.tasks[task].offset / one.tasks[task].slope
      }
      let straight = try Rig(one)
      let turned = try Rig(other)
      for (a, b) in zip(straight.bias, turned.bias) { #expect(abs(a - b) < 1e-9) }
      for (a, b) in zip(straight.tasks, turned.tasks) {
        #expect(abs(a.samples[0].labels[0] - b.samples[0].labels[0]) < 1e-12)
        #expect(abs(a.samples[0].inputs[2] - b.samples[0].inputs[2]) < 1e-4)
      }
    }
  }

  /// Why a rig is refused.
  private func reason(_ change: (inout RigDescription) -> Void) throws -> String {
    var rig = try RigDescription.read(
      path: try locate("exp1", kind: .rig, near: [packageRoot]))
    rig.relaxations = []
    rig.rateFactor = 2
    change(&rig)
    do {
      _ = try Rig(rig)
      return "it was fitted"
    } catch { return "\(error)" }
  }

  @Test func `what fits no circuit is refused with the reason`() throws {
    let equal = try reason { $0.tasks[1].slope = $0.tasks[0].slope }
    #expect(equal.contains("exp1") && equal.contains("both solution lines have the slope 2.7257"))
    let away = try reason { $0.tasks[0].offset = -50 }
    #expect(away.contains("two-edge-alpha") && away.contains("misses the square"), "\(away)")
    let other = try reason { $0.tasks[0].input = 0 }
    #expect(other.contains("input high") && other.contains("edge G+"), "\(other)")
    let apart = try reason { rig in
      // G- no longer ends at the output.
      rig.board.edges[1].to = 0
    }
    #expect(apart.contains("G-") && apart.contains("does not join the output"), "\(apart)")
  }
}
