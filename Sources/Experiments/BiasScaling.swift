import Files
import Reports
import Runs
import Studies

extension Experiment {
  /// Floor and span against the size of the bias.
  static let biasScaling = Experiment(
    name: "bias-scaling", about: "the error floor grows as the bias squared, the span as tau",
    seconds: 15
  ) { bench in
    let factors: [Double] = bench.quick ? [0.25, 1] : [0.125, 0.25, 0.5, 1]
    let small = try twoEdges(factors, on: bench)
    let large = try lattice(factors, on: bench)
    var report = Report()
    report.figures = small.figures + large.figures
    report.add(
      "scaling.csv", columns: ["board", "bias_factor", "tau_s", "error_V2", "span_V"],
      rows: small.rows + large.rows)
    return report
  }
}

/// The measured rig with parts of its bias.
private func twoEdges(
  _ factors: [Double], on bench: Bench
) throws -> (figures: [Figure], rows: [[CSV.Field]]) {
  let rig = try Rig(.shipped("exp1"))
  var spans: [Figure] = []
  var floors: [(x: Double, y: Double)] = []
  var rows: [[CSV.Field]] = []
  for factor in factors {
    var board = rig.board
    for edge in board.edges.indices {
      board.edges[edge].bias = board.edges[edge].bias.map { $0 * factor }
    }
    let results = try Cycles(
      on: board, rig.tasks, rule: rig.rule, taus: [2e-3, 8e-3, 0.032, 0.064], seeds: 1,
      longest: { _ in 3 }, bench: bench
    ).results.map { $0[0] }
    floors.append((factor, results[0].error))
    spans.append(
      Figure(
        "two edges, \(factor) of the bias: exponent of D(tau)",
        PowerLaw(results.map { (x: $0.tau, y: $0.span) }), published: 1,
        bound: .value(0.9...1.1)))
    for result in results {
      rows.append([
        .text("two-edge"), .number(factor), .number(result.tau), .number(result.error),
        .number(result.span),
      ])
    }
  }
  let floor = Figure(
    "two edges: exponent of the floor with the bias", PowerLaw(floors), published: 2,
    bound: .value(1.8...2.2))
  return ([floor] + spans, rows)
}

/// 32 edges with parts of the usual bias, over draws of it.
private func lattice(
  _ factors: [Double], on bench: Bench
) throws -> (figures: [Figure], rows: [[CSV.Field]]) {
  let tasks = [
    try TaskDescription.shipped("regression-alpha"), try .shipped("regression-beta"),
  ]
  let tau = 4e-3
  var points: [(x: Double, y: Double)] = []
  var rows: [[CSV.Field]] = []
  for factor in factors {
    let results = try Cycles(
      on: .biasedLattice(by: factor), tasks,
      rule: RuleSettings(name: .standard, update: .multiplier, nudge: 1), taus: [tau],
      seeds: bench.quick ? 3 : 12, longest: { _ in 4 }, bench: bench
    ).results[0]
    points.append((factor, results.map(\.error).geometricMean))
    rows.append([
      .text("lattice"), .number(factor), .number(tau),
      .number(results.map(\.error).geometricMean), .number(results.map(\.span).geometricMean),
    ])
  }
  let figure = Figure(
    "32 edges: exponent of the floor with the bias", PowerLaw(points), published: 2,
    bound: .value(1.5...2.5))
  return ([figure], rows)
}
