import Files
import Foundation
import Runs
import BoardDouble
import Targets

extension Experiments {
  /// Iris flowers on 32 edges of both kinds, with all imperfections.
  static let iris = Experiment(
    name: "iris",
    about:
      "iris flowers on 32 edges with all imperfections, 100 of 150 for training, ten seeds that had no part in the choice of places (ours)",
    seconds: 20
  ) { bench in
    var report = Report()
    let seeds = bench.quick ? 2 : 10
    let task = try task("iris")
    // Share right of all and of those held out.
    let wanted = [("lattice", 0.94, 0.91), ("lattice-multiplier", 0.95, 0.92)]
    for (name, all, held) in wanted {
      bench.tell("\(name), \(seeds) seeds")
      let board = try board(name)
      let rule = RuleSettings(update: board.gates.update)
      let results = try bench.map(Array(11...10 + seeds)) { seed in
        try trained(
          board, task, rule: rule, epochs: 100, seed: seed,
          lastPulse: Plan.usualLastPulse(board.gates.update), bench: bench)
      }
      let right = results.map { $0.all.accuracy ?? 0 }
      let tested = results.map { $0.testing?.accuracy ?? 0 }
      report.figures.append(
        Figure(
          "\(name): right, all 150", ours: right.mean, spread: right.deviation,
          bound: name == "lattice" ? .value(all...1) : bench.long(.value(all...1))))
      report.figures.append(
        Figure(
          "\(name): right, 50 held out", ours: tested.mean, spread: tested.deviation,
          bound: name == "lattice" ? .value(held...1) : bench.long(.value(held...1))))
    }
    return report
  }

  /// Exclusive or with all imperfections.
  static let xor = Experiment(
    name: "xor",
    about: "exclusive or on two layers of comparator edges with all imperfections", seconds: 5
  ) { bench in
    var report = Report()
    let seeds = bench.quick ? 3 : 20
    let board = try board("layered")
    let task = try task("xor")
    let rule = RuleSettings(
      name: .overclamped, update: .comparator, nudge: 0.35, pulse: 50e-3, probability: 0.5,
      balanced: true)
    let results = try bench.map(Array(31...30 + seeds)) { seed in
      try trained(board, task, rule: rule, epochs: 4000, seed: seed, lastPulse: 1, bench: bench)
    }
    let solved = Double(results.count { $0.all.accuracy == 1 }) / Double(seeds)
    report.figures.append(
      Figure(
        "share of seeds with all four right", ours: solved, published: 0, bound: .value(0.9...1)))
    report.figures.append(
      Figure(
        "mean error short of the 10 mV margin (mV rms)",
        ours: results.map { $0.all.error.squareRoot() * 1000 }.mean, bound: .value(0...5)))
    report.remarks.append(
      "Published: a simulator of such boards solved 2 of 5 without noise and none with.")
    return report
  }

  private static func trained(
    _ board: BoardDescription, _ task: TaskDescription, rule: RuleSettings, epochs: Int, seed: Int,
    lastPulse: Double, bench: Bench
  ) throws -> EpochRecord {
    var session = try Session<DirectBoard>(
      description: board, task: task,
      plan: Plan(rule: rule, epochs: epochs, seed: UInt64(seed), lastPulse: lastPulse))
    try session.train(on: bench)
    return session.progress.last!
  }
}
