import BoardDouble
import Files
import Reports
import Runs
import Studies
import Targets

extension Experiment {
  /// Tables learned from their files alone, against logistic regression.
  static let tables = Experiment(
    name: "tables",
    about:
      "iris, wine and breast cancer learned from their tables alone, all imperfections, ten seeds, "
      + "against logistic regression on the same splits (ours)",
    seconds: 30
  ) { bench in
    var report = Report()
    var rows: [[CSV.Field]] = []
    let seeds = bench.quick ? 2 : 10
    for name in ["iris", "wine", "breast-cancer"] {
      bench.tell("\(name), \(seeds) seeds")
      let path = try TaskDescription.shippedTable(name)
      let results = try bench.map(bench.seeds(1...seeds)) { number in
        try TableTrial(path: path, seed: UInt64(number)).run(on: bench)
      }
      for (index, result) in results.enumerated() {
        rows.append([
          .text(name), .count(1 + index), .number(result.learned),
          .number(result.regression), .number(result.bound),
        ])
      }
      report.figures += [
        Figure(percent: "\(name): right, held out", results.map(\.learned)),
        Figure(
          percent: "\(name): right, held out, logistic regression", results.map(\.regression)),
        Figure(percent: "\(name): right, held out, exact gradient", results.map(\.bound)),
        Figure(
          "\(name): behind logistic regression",
          results.map { ($0.regression - $0.learned) * 100 }.mean, .points,
          bound: .value(-100...(bench.quick ? 6 : 3))),
      ]
    }
    report.add(
      "tables.csv", columns: ["table", "seed", "learned", "logistic_regression", "exact_gradient"],
      rows: rows)
    return report
  }

  /// Iris on generated lattices of five sizes, at places that are searched for each seed.
  static let lattices = Experiment(
    name: "lattices",
    about:
      "iris on generated lattices of 4 x 4 to 10 x 10 nodes at places found by the brief search, "
      + "all imperfections, ten seeds (ours)",
    seconds: 240
  ) { bench in
    var report = Report()
    let seeds = bench.quick ? 2 : 10
    var task = try TaskDescription.shipped("iris")
    task.placements = [:]
    let unplaced = task
    for side in bench.quick ? [4] : [4, 5, 6, 8, 10] {
      bench.tell("\(side) x \(side), \(seeds) seeds")
      let board = BoardDescription.lattice(side: side)
      let rights = try bench.seeds(1...seeds).map { seed in
        let plan = Plan.usual(
          RuleSettings(update: .comparator).fitted(to: board), on: board, seed: UInt64(seed))
        let search = PlaceSearch(task: unplaced, board: board, plan: plan, extent: .brief)
        let stopping: @Sendable () -> Bool = { bench.isStopping }
        guard let best = try search.best(stopping: stopping) else {
          try bench.check()
          return 0.0
        }
        let record = try bench.trained(board, search.task(at: best.places), plan: plan)
        return record.testing?.accuracy ?? 0
      }
      report.figures.append(
        Figure(
          percent: "\(side) x \(side): right, 50 held out", rights,
          bound: .value((bench.quick ? 85 : 94)...100)))
    }
    return report
  }
}

/// A table, and a seed.
private struct TableTrial: Sendable {
  var path: String
  var seed: UInt64

  func run(on bench: Bench) throws -> (learned: Double, regression: Double, bound: Double) {
    let task = try TaskInference(path: path, wishes: .init(seed: seed)).task
    let board = BoardDescription.bipartite(
      sources: task.inputs.count, targets: task.outputs.channels)
    let rule = RuleSettings(update: .comparator).fitted(to: board)
    let record = try bench.trained(board, task, plan: .usual(rule, on: board, seed: seed))
    let split = task.split(seed: seed)
    // A column, not its complement too: the regression has signs.
    var seen: Set<Int> = []
    let inputs = task.inputs.indices.filter { index in
      task.inputs[index].column.map { seen.insert($0).inserted } ?? false
    }
    func row(_ sample: Int) -> [Double] { inputs.map { task.samples[sample].inputs[$0] } }
    func category(_ sample: Int) -> Int { task.samples[sample].category ?? 0 }
    let regression = LogisticRegression(
      split.training.map(row), categories: split.training.map(category),
      classes: task.classes.count)
    let right = split.testing.count { regression.category(of: row($0)) == category($0) }
    let bound = try ExactBound.reached(
      by: task, on: board, seed: seed,
      epochs: ExactBound.epochs(for: task, on: board, effort: 4e6))
    return (
      record.testing?.accuracy ?? 0, Double(right) / Double(split.testing.count),
      bound?.testing?.accuracy ?? 0
    )
  }
}
