import Files
import Runs
import Models
import Portable
import Reports

extension Experiment {
  /// Digits with updates of a fraction of the edges only.
  static let subset = Experiment(
    name: "subset",
    about:
      "digits with updates of 1 ... 100 % of the edges, drawn for each step or chosen once (ours)",
    seconds: 30
  ) { bench in
    var report = Report()
    let epochs = bench.quick ? 3 : 8
    var rows: [[CSV.Field]] = []
    for percent in [1, 3, 10, 30, 100] {
      bench.tell("\(percent) % of the edges")
      let found = try bench.map(bench.seeds(1...(bench.quick ? 1 : 2))) { seed in
        try train(share: Double(percent) / 100, epochs: epochs, seed: seed, on: bench)
      }
      report.figures += [
        Figure(
          percent: "\(percent) % of the edges, drawn for each step", found.map(\.drawn),
          bound: percent == 10 && !bench.quick ? .value(90...100) : .shown),
        Figure(percent: "\(percent) % of the edges, chosen once", found.map(\.fixed)),
      ]
      for (seed, one) in found.enumerated() {
        rows.append([
          .count(percent), .count(bench.seed(seed + 1)), .number(one.drawn), .number(one.fixed),
        ])
      }
    }
    report.add("subset.csv", columns: ["percent", "seed", "drawn", "chosen_once"], rows: rows)
    report.add(
      GnuplotScript(
        "subset", width: 700, height: 450,
        panels: [
          .init(
            x: .logarithmic("edges updated in a step, %", powers: false),
            y: .init("share of test digits right"),
            series: [
              .init("subset.csv", "1:3", with: "points pt 7", title: "drawn for each step"),
              .init("subset.csv", "1:4", with: "points pt 6", title: "chosen once"),
            ])
        ]))
    report.remarks.append("\(epochs) epochs, exact gradient, ideal devices")
    return report
  }
}

/// Trains with updates of a share of the edges only.
/// - Returns: the shares of test digits right with edges drawn for each step, and chosen once.
private func train(
  share: Double, epochs: Int, seed: Int, on bench: Bench
) throws -> (drawn: Double, fixed: Double) {
  let digits = try Digits(seed: seed)
  var drawn = try digits.trainer(digits.plan(epochs: epochs, share: share, seed: seed))
  try drawn.finish(digits.training, on: bench)
  var model = drawn.model
  let accuracy = try digits.accuracy(&model)
  if share == 1 { return (drawn: accuracy, fixed: accuracy) }
  let draw = Draw(seed: UInt64(seed), purpose: 4101, device: 0)
  let chosen = (0..<digits.edges).map { draw.uniform(UInt64($0)) < share }
  var fixed = try digits.trainer(digits.plan(epochs: epochs, chosen: chosen, seed: seed))
  try fixed.finish(digits.training, on: bench)
  var other = fixed.model
  return (drawn: accuracy, fixed: try digits.accuracy(&other))
}
