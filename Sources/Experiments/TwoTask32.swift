import Files
import Foundation
import Reports
import Runs
import Studies

extension Experiment {
  /// The regression and classification pairs on 32 edges.
  static let twoTask32 = Experiment(
    name: "two-task-32",
    about: "two regression tasks, and two classes, learned in turn by 32 biased multiplier edges",
    seconds: 60
  ) { bench in
    var report = Report()
    // Ideal but for the bias: what was measured as bias holds the twins' mismatch already.
    let board = try BoardDescription.biasedLattice(by: 1)
    let seeds = bench.quick ? 3 : 6
    let taus: [Double] =
      bench.quick
      ? [2e-3, 0.02, 0.2, 2]
      : [1e-3, 4e-3, 0.016, 0.064, 0.25, 0.5, 1, 2, 4, 8, 16]
    func cycles(_ tasks: [TaskDescription]) throws -> Cycles {
      // Errors settle within about 1 s of learning; most gates, which no task holds, drift on until
      // they meet their rails, so that a fast cycle is never steady in all 32 of them.
      try Cycles(
        on: board, tasks, rule: RuleSettings(name: .standard, update: .multiplier, nudge: 1),
        taus: taus, seeds: seeds, longest: { max(1.5, 3 * $0) }, bench: bench)
    }
    bench.tell("regression, \(taus.count) taus, \(seeds) bias draws")
    let regression = try cycles([.shipped("regression-alpha"), .shipped("regression-beta")])
    report.figures = regressionFigures(regression.results, on: bench)
    bench.tell("two classes, \(taus.count) taus, \(seeds) bias draws")
    let classes = try cycles(try classHalves())
    report.figures += classFigures(classes.results, on: bench)
    let fastest = regression.results[0] + regression.results[1]
    report.figures.append(
      Figure("gates at a rail in fast cycles, of 32", fastest.map { Double($0.railed) }.mean))

    report.add("regression.csv", columns: Cycles.columns, rows: regression.rows)
    report.add("classification.csv", columns: Cycles.columns, rows: classes.rows)
    report.add(twoTaskPlot)
    report.remarks.append(
      "The published floor is 1.2e-5 ... 6e-5 V^2; its middle is shown, and a factor 3 beyond both "
        + "ends is allowed. Fast cycles are judged after 1.5 s of learning. The regression pair "
        + "is not yet flat at 16 s: draws with little bias need longer to reach the rails. Where "
        + "the published tasks sat on their network, and which points made their classes, is not "
        + "known: ours are this repository's.")
    return report
  }
}

private func regressionFigures(_ results: [[CycleResult]], on bench: Bench) -> [Figure] {
  let floors = results.prefix { $0[0].tau < 0.05 }.flatMap { $0.map(\.error) }
  let slowest = results.last!.map(\.error)
  let decades = results.filter { $0[0].tau <= 1.01 }
  let speeds = decades.map { group in group.map { $0.span / $0.tau }.mean }
  let spanLaw = PowerLaw(decades.map { (x: $0[0].tau, y: $0.map(\.span).geometricMean) })
  return [
    Figure(
      "regression: floor of E, median of draws", floors.median, .squareVolts, published: 2.7e-5,
      bound: .value(4e-6...1.8e-4)),
    Figure(
      "regression: E at the largest tau, median of draws", slowest.median, .squareVolts,
      spread: .deviation(slowest.deviation), published: 5e-3,
      bound: bench.long(.ratio(1 / 3.0...3))),
    Figure(
      "regression: D/tau up to 1 s", meanOf: speeds, .voltsPerSecond, published: 3.7,
      bound: .ratio(1 / 3.0...3)),
    Figure(
      "regression: exponent of D(tau) up to 1 s", spanLaw, published: 1,
      bound: .value(0.85...1.15)),
  ] + shape(results, "regression", plateau: .shown)
}

private func classFigures(_ results: [[CycleResult]], on bench: Bench) -> [Figure] {
  let floors = results.prefix { $0[0].tau < 0.05 }.flatMap { $0.map(\.error) }
  let slowest = results.last!
  return [
    Figure(
      "classification: floor of E, median of draws", floors.median, .squareVolts,
      published: 1.15e-3, bound: .ratio(1 / 3.0...3)),
    Figure(
      "classification: E at the largest tau, median of draws", slowest.map(\.error).median,
      .squareVolts, spread: .deviation(slowest.map(\.error).deviation), published: 2.8e-3,
      bound: bench.long(.ratio(1 / 3.0...3))),
    Figure(
      "classification: wrong at the largest tau", 1 - slowest.compactMap(\.accuracy).mean,
      published: 0.32, bound: bench.long(.ratio(1 / 3.0...3))),
  ] + shape(results, "classification", plateau: bench.long(.value(-0.5...0.5)))
}

/// Flat, rising, flat: the exponents of E(tau), on medians of the draws, at both ends and the
/// steepest between.
private func shape(
  _ results: [[CycleResult]], _ name: String, plateau: Figure.Bound
) -> [Figure] {
  let points = results.map { (x: $0[0].tau, y: $0.map(\.error).median) }
  let slopes = zip(points, points.dropFirst()).map {
    log($1.y / $0.y) / log($1.x / $0.x)
  }
  return [
    Figure("\(name): exponent of E at the fast end", slopes[0], bound: .value(-0.2...0.2)),
    Figure("\(name): steepest exponent of E between", slopes.max()!, bound: .value(0.3...3)),
    Figure("\(name): exponent of E at the slow end", slopes.last!, bound: plateau),
  ]
}

/// The circle's two classes as two tasks of labels.
private func classHalves() throws -> [TaskDescription] {
  try ["one", "other"].enumerated().map { category, name in
    var half = try TaskDescription.circle(diameter: 0.334)
    half.name = "class-\(name)"
    half.samples = half.samples.filter { $0.category == category }.map {
      Sample(
        inputs: $0.inputs, labels: [category == 0 ? -0.063 : 0.063], category: category)
    }
    half.objective = .squaredError
    half.training = half.samples.count
    return half
  }
}

/// Error and span over tau beside the published floors, plateaus and speed.
private var twoTaskPlot: GnuplotScript {
  let blue = "lc '#0072b2'"
  let red = "lc '#d55e00'"
  func ours(_ column: Int) -> [GnuplotScript.Series] {
    [
      .init(
        "regression.csv", "1:\(column)", with: "linespoints pt 7 lw 2 \(blue)",
        title: "regression"),
      .init(
        "classification.csv", "1:\(column)", with: "linespoints pt 7 lw 2 \(red)",
        title: "two classes"),
    ]
  }
  let published: [GnuplotScript.Series] = [
    .init(formula: "1.2e-5", with: "lines dt 3 \(blue)", title: "published floors"),
    .init(formula: "6e-5", with: "lines dt 3 \(blue)"),
    .init(formula: "1.15e-3", with: "lines dt 3 \(red)"),
    .init(formula: "5e-3", with: "lines dt 2 \(blue)", title: "published when saturated"),
    .init(formula: "2.8e-3", with: "lines dt 2 \(red)"),
  ]
  return GnuplotScript(
    "two-task-32", title: "32 biased edges, two tasks in turn", width: 900, height: 420,
    columns: 2,
    panels: [
      .init(
        x: .logarithmic("tau (s)"), y: .logarithmic("E (V^2)", zeroAt: 1e-12), key: "bottom right",
        series: ours(2) + published),
      .init(
        x: .logarithmic("tau (s)"), y: .logarithmic("D (V)", zeroAt: 1e-9), key: "bottom right",
        series: ours(5) + [
          .init(formula: "3.7*x", with: "lines dt 3 \(blue)", title: "published, 3.7 V/s")
        ]),
    ])
}
