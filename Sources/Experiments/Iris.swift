import BoardDouble
import Files
import Reports
import Runs
import Targets

extension Experiment {
  /// Iris flowers on 32 edges of both kinds, with all imperfections.
  static let iris = Experiment(
    name: "iris",
    about:
      "iris flowers on 32 edges with all imperfections, 100 of 150 for training, ten seeds that "
      + "had no part in the choice of places (ours)",
    seconds: 20
  ) { bench in
    var report = Report()
    let seeds = bench.quick ? 2 : 10
    let task = try TaskDescription.shipped("iris")
    // Share right of all and of those held out.
    let wanted = [("lattice", 0.94, 0.91), ("lattice-multiplier", 0.95, 0.92)]
    for (name, all, held) in wanted {
      bench.tell("\(name), \(seeds) seeds")
      let board = try BoardDescription.shipped(name)
      let results = try bench.map(bench.seeds(11...10 + seeds)) { seed in
        try bench.trained(
          board, task,
          plan: .usual(RuleSettings(update: board.gates.update), on: board, seed: UInt64(seed)))
      }
      func bound(_ least: Double) -> Figure.Bound {
        name == "lattice" ? .value(least...1) : bench.long(.value(least...1))
      }
      report.figures += [
        Figure(
          "\(name): right, all 150", meanOf: results.map { $0.all.accuracy ?? 0 },
          bound: bound(all)),
        Figure(
          "\(name): right, 50 held out", meanOf: results.map { $0.testing?.accuracy ?? 0 },
          bound: bound(held)),
      ]
    }
    return report
  }
}

extension Bench {
  /// Trains the double of a board on a task.
  /// - Returns: the measures at the end.
  /// - Throws: `Stopped`, or the board's failure.
  func trained(
    _ board: BoardDescription, _ task: TaskDescription, plan: Plan
  ) throws -> EpochRecord {
    var session = try Session<DirectBoard>(description: board, task: task, plan: plan)
    try session.train(on: self)
    return session.progress.last!
  }
}
