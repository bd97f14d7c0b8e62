import Circuit
import Files
import Firmware
import Foundation
import Portable
import Studies
import Targets
import TestSupport
import Testing
import BoardDouble

@testable import Studies
import Runs

/// dG/dt = -M (G - G*) + B against the double.
@Suite struct TheoryTests {
  /// How every gate moves, V/s, averaged over a problem's samples: the analog rule with the clamps
  /// where the firmware puts them, from the twins' solutions alone.
  private func field(
    _ board: AnalogBoard, _ problem: Problem, nudge: Double, at gates: [Double]
  ) throws -> [Double] {
    // By hand, so that nothing of what is tested is used.
    var (free, clamped) = (board.twins.free, board.twins.clamped)
    let description = board.description
    let rate =
      description.gates.gain
      / (description.gates.ohms * description.gates.farads * description.gates.reference)
    for (edge, branch) in board.gatedBranches.enumerated() {
      try free.setGate(branch, gates[edge])
      try clamped.setGate(branch, gates[edge])
    }
    var slopes = board.parts.bias
    for sample in problem.presentations {
      for (node, input) in zip(board.sourceNodes, sample.inputs) {
        try free.drive(node, input.volts)
        try clamped.drive(node, input.volts)
      }
      try free.solve()
      let targets = try board.targetNodes.map { try free.voltage($0) }
      let conductance = 1 / max(description.clampOhms, BoardDescription.leastClampOhms)
      for (output, label) in sample.labels.enumerated() {
        let nodes = problem.layout.differential ? [2 * output, 2 * output + 1] : [output]
        let value = nodes.count == 2 ? targets[nodes[1]] - targets[nodes[0]] : targets[nodes[0]]
        let change = nudge * (label.volts - value)
        for (place, channel) in nodes.enumerated() {
          let share = nodes.count == 1 ? change : place == 0 ? -change / 2 : change / 2
          try clamped.attach(
            board.targetNodes[channel], conductance: conductance, volts: targets[channel] + share)
        }
      }
      try clamped.solve()
      for (number, edge) in board.learningEdges.enumerated() {
        let wire = description.edges[edge]
        let dropF = try free.voltage(wire.from) - free.voltage(wire.to)
        let dropC = try clamped.voltage(wire.from) - clamped.voltage(wire.to)
        slopes[number] +=
          rate * ((1 - description.gates.powerWeight) * dropF * dropF - dropC * dropC)
          / Double(problem.presentations.count)
      }
    }
    return slopes
  }

  private func expectDerivative(
    _ board: AnalogBoard, _ problems: [Problem], rule: RuleSettings, from gates: [Double]
  ) throws {
    let theory = try LinearTheory(board: board, problems: problems, rule: rule, gates: gates)
    for (task, problem) in zip(theory.tasks, problems) {
      #expect(task.residual < 1e-12)
      let here = try field(board, problem, nudge: rule.nudge, at: task.solution)
      for (found, expected) in zip(task.bias, here) { #expect(abs(found - expected) < 1e-3) }
      let largest = task.relaxation.joined().map(abs).max()!
      #expect(largest > 1)
      let step = 1e-3
      for column in task.solution.indices {
        var gates = task.solution
        gates[column] += step
        let above = try field(board, problem, nudge: rule.nudge, at: gates)
        gates[column] -= 2 * step
        let below = try field(board, problem, nudge: rule.nudge, at: gates)
        for row in gates.indices {
          let expected = -(above[row] - below[row]) / (2 * step)
          #expect(abs(task.relaxation[row][column] - expected) < 1e-3 * largest)
        }
      }
    }
  }

  @Test(arguments: [Imperfections.none, .measured], [1, 0.4])
  func `M is minus the derivative of the update, on two edges`(
    _ sizes: Imperfections, _ nudge: Double
  ) throws {
    var description = try biasedPair([1, -2], gain: 1.7)
    description.imperfections = sizes
    let tasks = try pairTasks()
    let place = try tasks[0].place(on: description)
    let board = try AnalogBoard(
      description: description, seed: 3, sources: place.sources, targets: place.targets)
    try expectDerivative(
      board, tasks.map { Problem(task: $0, seed: 1) },
      rule: RuleSettings(name: .standard, update: .multiplier, nudge: nudge), from: [2.2, 2.2])
  }

  @Test(arguments: [false, true], [1, 0.5])
  func `M is minus the derivative of the update, on a lattice with two samples`(
    _ differential: Bool, _ nudge: Double
  ) throws {
    var description = BoardDescription.lattice(side: 3, update: .multiplier)
    description.imperfections = .none
    description.imperfections.thresholdMismatch = 0.01
    description.imperfections.thresholdSpread = 0.1
    description.imperfections.updateBias = 1.2
    description.imperfections.updateBiasMedian = 0.4
    description.gates.powerWeight = 0.01
    let tasks = [0.0, 1].map { which in
      TaskDescription(
        name: "task-\(Int(which))",
        inputs: ["a", "b", "c"].enumerated().map { InputDescription(name: $1, column: $0) },
        outputs: OutputDescription(count: 1, differential: differential),
        samples: [0.0, 1].map { sample in
          Sample(
            inputs: [0.45, 0.02, 0.1 + 0.2 * sample + 0.03 * which],
            labels: [(differential ? 0 : 0.2) + 0.02 * sample + 0.01 * which])
        })
    }
    let place = try tasks[0].place(on: description)
    let board = try AnalogBoard(
      description: description, seed: 3, sources: place.sources, targets: place.targets)
    try expectDerivative(
      board, tasks.map { Problem(task: $0, seed: 1) },
      rule: RuleSettings(name: .standard, update: .multiplier, nudge: nudge),
      from: Array(repeating: 2.2, count: 18))
  }

  @Test(arguments: [2e-3, 0.01, 0.04])
  func `with a small bias the theory's cycle is the double's`(_ tau: Double) throws {
    let board = try biasedPair([0.236, 0.1435])
    var cycling = try Cycling<DirectBoard>(
      description: board, tasks: try pairTasks(),
      plan: CyclePlan(rule: pairRule, seed: 1, longest: 4))
    let found = try #require(try cycling.run(tau: tau))
    // Solutions near the cycle: the lines are straight only as far as the gates are well on.
    let theory = try LinearTheory(
      board: cycling.learner.board.analog, problems: cycling.problems, rule: pairRule,
      gates: found.path.last!)
    let said = try theory.cycle(tau: tau)
    #expect(found.steadiness == .steady && said.withinRails)
    #expect(abs(said.error / found.error - 1) < 0.05, "\(said.error) \(found.error)")
    #expect(abs(said.span / found.span - 1) < 0.03, "\(said.span) \(found.span)")
    #expect(abs(said.trueErrorRatio - 1) < 0.05)
    let ends = [found.path[found.turn], found.path.last!]
    for (one, other) in zip(said.ends.joined(), ends.joined()) { #expect(abs(one - other) < 0.01) }
    #expect(said.drift < 1e-6)
  }

  @Test func `the theory's drift of a rig is the drift that was given`() throws {
    let description = try RigDescription.read(
      path: try locate("exp1", kind: .rig, near: [packageRoot]))
    let rig = try Rig(description)
    var cycling = try Cycling<DirectBoard>(
      description: rig.board, tasks: rig.tasks, plan: CyclePlan(rule: rig.rule, seed: 1))
    let theory = try LinearTheory(
      board: cycling.learner.board.analog, problems: cycling.problems, rule: rig.rule,
      gates: cycling.learner.gates)
    for (task, line) in zip(theory.tasks, description.tasks) {
      let length = (1 + line.slope * line.slope).squareRoot()
      let x = task.drift[description.plane[0]]
      let y = task.drift[description.plane[1]]
      #expect(abs(x - line.drift / length) < 0.03 * line.drift, "\(task.drift)")
      #expect(abs(y - line.drift * line.slope / length) < 0.03 * line.drift, "\(task.drift)")
    }
  }

  @Test(arguments: 1...6)
  func `the theory gives finite numbers or says where it runs away, with every imperfection`(
    _ seed: Int
  )
    throws
  {
    for (name, tasks) in [
      ("two-edge", try pairTasks()),
      (
        "lattice-multiplier",
        [try shippedTask("regression-alpha"), try shippedTask("regression-beta")]
      ),
    ] {
      var cycling = try Cycling<DirectBoard>(
        description: try shippedBoard(name), tasks: tasks,
        plan: CyclePlan(rule: pairRule, seed: UInt64(seed)))
      let theory = try LinearTheory(
        board: cycling.learner.board.analog, problems: cycling.problems, rule: pairRule,
        gates: cycling.learner.gates)
      for tau in [2e-4, 0.1, 10, 1e4] {
        let said: TheoryResult
        do {
          said = try theory.cycle(tau: tau)
        } catch let error as TheoryError {
          #expect(tau > 1 && error.description.contains("tau \(tau) s"), "\(name): \(error)")
          continue
        }
        let numbers =
          Array(said.errors.joined()) + Array(said.ends.joined())
          + [said.error, said.span, said.drift, said.trueErrorRatio]
        #expect(numbers.allSatisfy { $0.isFinite }, "\(name), tau \(tau): \(said)")
      }
    }
  }

  @Test func `where the theory does not apply it says why`() throws {
    func reason(
      _ name: String, _ tasks: [TaskDescription], _ rule: RuleSettings
    ) throws -> String {
      var cycling = try Cycling<DirectBoard>(
        description: try shippedBoard(name), tasks: tasks, plan: CyclePlan(rule: rule, seed: 1))
      do {
        _ = try LinearTheory(
          board: cycling.learner.board.analog, problems: cycling.problems, rule: rule,
          gates: cycling.learner.gates)
        return ""
      } catch let error as TheoryError { return error.description }
    }
    let pair = try pairTasks()
    #expect(
      try reason(
        "two-edge-comparator", pair, RuleSettings(name: .standard, update: .comparator)
      ).contains("comparator edges"))
    #expect(
      try reason(
        "two-edge", pair, RuleSettings(name: .overclamped, update: .multiplier)
      ).contains("overclamped"))
    let xor = try shippedTask("xor")
    #expect(try reason("lattice-multiplier", [xor, xor], pairRule).contains("no labels"))
  }

  @Test func `the part along a kernel is what an oblique damping does not feel`() {
    // Damps only along (1, 0), by what (1, 1) sees: (1, -1) is not felt.
    var damping = Matrix(rows: 2, columns: 2)
    damping[0, 0] = 1
    damping[0, 1] = 1
    let kernel = damping.leastSquares([0, 0], tolerance: 1e-6).kernel
    let left = damping.transposed.leastSquares([0, 0], tolerance: 1e-6).kernel
    let part = Matrix.along(kernel, left: left, of: [0.3, 2])
    #expect(abs(part[0] + 2) < 1e-12 && abs(part[1] - 2) < 1e-12)
  }
}
