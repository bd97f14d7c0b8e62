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

/// The two-edge board with given biases (G+, G-), V/s, ideal otherwise.
func biasedPair(_ bias: [Double] = [0, 0], gain: Double = 1) throws -> BoardDescription {
  var board = try shippedBoard("two-edge")
  board.imperfections = .none
  board.gates.gain = gain
  // Pulses last as long as they are asked to.
  board.timing.operation = 0
  for (edge, value) in zip(board.edges.indices, bias) { board.edges[edge].bias = value }
  return board
}

func pairTasks() throws -> [TaskDescription] {
  [try shippedTask("two-edge-alpha"), try shippedTask("two-edge-beta")]
}

let pairRule = RuleSettings(name: .standard, update: .multiplier, nudge: 1)

/// Two tasks learned in turn.
@Suite struct CyclingTests {
  private func cycling(
    _ board: BoardDescription, seed: UInt64 = 1, rule: RuleSettings = pairRule,
    longest: Double = 0.2
  ) throws -> Cycling<DirectBoard> {
    try Cycling(
      description: board, tasks: try pairTasks(),
      plan: CyclePlan(rule: rule, seed: seed, longest: longest))
  }

  private func result(
    _ board: BoardDescription, tau: Double, seed: UInt64 = 1, rule: RuleSettings = pairRule,
    longest: Double = 0.2
  ) throws -> CycleResult {
    var cycling = try cycling(board, seed: seed, rule: rule, longest: longest)
    return try #require(try cycling.run(tau: tau))
  }

  @Test func `a seed gives the same cycles, on any thread and in any order`() throws {
    let board = try shippedBoard("two-edge")
    let taus = [1e-3, 4e-3, 0.02, 0.05]
    let alone = try taus.map { try result(board, tau: $0) }
    let together = try concurrently(taus.count) { try result(board, tau: taus[$0]) }
    let backwards = try concurrently(taus.count) { try result(board, tau: taus.reversed()[$0]) }
    #expect(together == alone && backwards.reversed() == alone)
    #expect(try result(board, tau: 1e-3, seed: 2) != alone[0])
  }

  @Test(arguments: [2e-4, 2.5e-4, 1e-3, 0.0107, 0.05])
  func `each half learns for half of tau`(_ tau: Double) throws {
    let ideal = try result(try biasedPair([0.3, 0.2]), tau: tau)
    #expect(abs(ideal.learnedPerCycle - tau) < 2e-6)
    #expect(ideal.stepsPerCycle == 2 * Int((tau / 2 / 1e-4 - 1e-9).rounded(.up)))
    // Late ends of pulses make the last one shorter: only its own lateness, 2 us of operation and
    // 5 us of jitter on average, is left over.
    let real = try result(try shippedBoard("two-edge"), tau: tau)
    #expect(real.learnedPerCycle > tau - 2.1e-6 && real.learnedPerCycle < tau + 2 * 10e-6)
  }

  @Test func `tau shorter than a step is refused with both figures`() throws {
    for tau in [1.9e-4, 0, -1, .nan, .infinity] {
      #expect(throws: CycleError.self) {
        try Cycling<DirectBoard>.check(tau: tau, rule: pairRule)
      }
    }
    try Cycling<DirectBoard>.check(tau: 2e-4, rule: pairRule)
    var cycling = try cycling(try biasedPair())
    do {
      _ = try cycling.run(tau: 1.5e-4)
      Issue.record("it ran")
    } catch let error as CycleError {
      #expect(error == .tooShort(tau: 1.5e-4, pulse: 1e-4))
      for part in ["0.00015 s", "0.0001 s", "0.0002 s or more", "shorten the pulse"] {
        #expect(error.description.contains(part), "\(error)")
      }
    }
  }

  @Test func `tasks on different nodes are refused by name`() throws {
    let board = try shippedBoard("lattice-multiplier")
    let tasks = [try shippedTask("regression"), try shippedTask("xor")]
    do {
      _ = try Cycling<DirectBoard>(
        description: board, tasks: tasks, plan: CyclePlan(rule: pairRule, seed: 1))
      Issue.record("it was made")
    } catch let error as CycleError {
      for part in ["regression", "xor", "lattice-multiplier", "different nodes", "placement"] {
        #expect(error.description.contains(part), "\(error)")
      }
    }
  }

  @Test func `other than two tasks do not cycle, and one alone drifts`() throws {
    let board = try biasedPair([0.3, 0.2])
    let tasks = try pairTasks()
    let plan = CyclePlan(rule: pairRule, seed: 1)
    for many in [[], tasks + tasks] {
      #expect(throws: CycleError.self) {
        try Cycling<DirectBoard>(description: board, tasks: many, plan: plan)
      }
    }
    var alone = try Cycling<DirectBoard>(description: board, tasks: [tasks[0]], plan: plan)
    #expect(throws: CycleError.notTwoTasks(["two-edge-alpha"])) { try alone.run(tau: 1e-3) }
    #expect(try alone.drift(of: 0, learned: 0.05).records.count == 11)
  }

  @Test func `a cycle ends where it began and turns where the first half ends`() throws {
    let found = try result(try biasedPair([4.72, 2.87]), tau: 0.03, longest: 3)
    #expect(found.steadiness == .steady && found.railed == 0)
    #expect(found.turn == 30 && found.path.count == 61)
    let ends = [found.path[found.turn], found.path.last!]
    let span = zip(ends[0], ends[1]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    #expect(abs(span / found.span - 1) < 0.01)
    // What counts as steady: a hundredth of the span a cycle.
    for (one, other) in zip(found.path[0], found.path.last!) {
      #expect(abs(one - other) < 0.02 * found.span)
    }
    #expect(abs(found.errors.joined().reduce(0, +) / 4 - found.error) < 1e-18)
  }

  @Test func `what is stopped before the first stretch of cycles is nothing`() throws {
    var cycling = try cycling(try biasedPair())
    var asked = 0
    #expect(
      try cycling.run(tau: 0.02) {
        asked += 1
        return asked > 3
      } == nil)
  }

  // MARK: - Rails

  /// Every field of CSV text that is no heading and no word must be a finite number.
  private func expectFinite(_ csv: String) {
    let words = Set(Steadiness.words)
    for line in csv.split(separator: "\n") where line.contains(where: \.isNumber) {
      if line.hasPrefix("tau_s") { continue }
      for field in line.split(separator: ",") where !words.contains(String(field)) {
        #expect(Double(field)?.isFinite == true, "\(field)")
      }
    }
  }

  @Test(arguments: [[50.0, 40], [-800, 900], [1000, 1000]])
  func `a bias that rails the gates is reported, and every number stays finite`(
    _ bias: [Double]
  ) throws {
    let board = try biasedPair(bias)
    var results: [CycleResult] = []
    for tau in [1e-3, 0.05, 0.5] { results.append(try result(board, tau: tau)) }
    for found in results.suffix(2) {
      #expect(found.railed > 0 && found.steadiness != .steady)
    }
    let rails = board.gates.rails
    for found in results {
      #expect(found.path.joined().allSatisfy { rails.contains($0) })
      // JSON knows only finite numbers.
      _ = try JSONEncoder().encode(found)
    }
    var made = try cycling(board)
    let theory = try LinearTheory(
      board: made.learner.board.analog, problems: made.problems, rule: pairRule,
      gates: made.learner.gates)
    let said = try results.map { try theory.cycle(tau: $0.tau) }
    #expect(!said.last!.withinRails)
    let curves = CycleCurves(
      results: results, theory: said, edges: board.learningEdges.map(\.name), title: "railed")
    expectFinite(curves.csv)
    expectFinite(curves.paths)
    let drift = try made.drift(of: 0, learned: 0.2)
    #expect(drift.speed.isFinite && drift.error.isFinite)
    // With the strongest biases a gate is at its rail before the error has come to rest.
    let origin = drift.records[0].gates
    let railed = origin.contains { $0 < rails.lowerBound + 2e-3 || $0 > rails.upperBound - 2e-3 }
    #expect(railed || (drift.railed != nil && drift.railedEdge != nil))
  }

  // MARK: - Drift

  @Test func `a solved task drifts along its measured line, both ways, until a gate rails`() throws
  {
    let description = try RigDescription.read(
      path: try locate("exp1", kind: .rig, near: [packageRoot]))
    let rig = try Rig(description)
    for (task, line) in description.tasks.enumerated() {
      var cycling = try Cycling<DirectBoard>(
        description: rig.board, tasks: rig.tasks, plan: CyclePlan(rule: rig.rule, seed: 1))
      let found = try cycling.drift(of: task, learned: 1.5)
      #expect(abs(found.speed / line.drift - 1) < 0.2)
      let railed = try #require(found.railed)
      let free = found.records.filter { $0.learned < railed }
      #expect(free.count > 10)
      for record in free {
        let x = record.gates[description.plane[0]]
        let y = record.gates[description.plane[1]]
        let away = (y - line.slope * x - line.offset) / (1 + line.slope * line.slope).squareRoot()
        #expect(abs(away) < 0.1, "\(record)")
        #expect(record.error < 5e-5)
      }
      let way = free.last!.gates[description.plane[0]] - free[0].gates[description.plane[0]]
      #expect((way > 0) == (line.drift > 0) && abs(way) > 0.2)
      let edge = try #require(found.railedEdge)
      let gate = found.records.last!.gates[edge]
      #expect([0.6, 5.2].contains { abs(gate - $0) < 0.01 })
    }
  }

  @Test func `without bias a solved task stays where it is`() throws {
    var cycling = try cycling(try biasedPair(), longest: 2)
    let found = try cycling.drift(of: 0, learned: 0.5)
    #expect(found.railed == nil && found.speed < 0.01 && found.error < 1e-8)
  }
}

extension Steadiness {
  static var words: [String] { [Steadiness.steady, .drifting, .unsteady].map(\.rawValue) }
}
