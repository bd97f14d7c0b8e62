import BoardDouble
import Files
import Foundation
import Reports
import Runs
import Studies

extension Experiment {
  /// The limit cycles of the measured two-edge rig.
  static let limitCycles = Experiment(
    name: "limit-cycles",
    about:
      "error and span of two-task cycles against those measured on a two-edge rig, and the cycles "
      + "themselves (exp1)",
    seconds: 5
  ) { bench in
    let cycles = try LimitCycles(on: bench)
    var report = Report()
    report.figures = cycles.curveFigures
    report.figures += try cycles.rateFigures(on: bench)
    report.figures += try cycles.pathFigures(on: bench)
    report.figures += cycles.theoryFigures
    report.files = cycles.files
    report.remarks = [
      "Fitted: label and input of each task from its solution line, bias from both drifts, the "
        + "learning rate from the relaxation in the cycle measured at 0.08 s, limited by E(tau).",
      cycles.owed,
      "At 0.2 s, where the rails are near, our cycle is shorter than the measured one.",
    ]
    return report
  }
}

/// The rig's cycles as the double and the linear theory have them.
private struct LimitCycles {
  let measured: RigDescription
  let rig: Rig
  let plan: CyclePlan
  let results: [CycleResult]
  let theory: [TheoryResult]

  init(on bench: Bench) throws {
    let measured = try RigDescription.shipped("exp1")
    let rig = try Rig(measured)
    try bench.check()
    let taus = measured.measuredError.map(\.x).filter { !bench.quick || $0 > 0.002 }
    bench.tell(
      "\(taus.count) taus, learning rate \(Format.significant(rig.rateFactor)) times nominal")
    let plan = CyclePlan(rule: rig.rule, seed: UInt64(bench.seed()), longest: 4)
    self.measured = measured
    self.rig = rig
    self.plan = plan
    results = try bench.map(taus) { try LimitCycles.cycle(of: rig, plan, tau: $0, on: bench) }
    let cycling = try Cycling<DirectBoard>(description: rig.board, tasks: rig.tasks, plan: plan)
    let theory = try LinearTheory(
      board: cycling.learner.board.analog, problems: cycling.problems, rule: rig.rule,
      gates: [2.2, 2.2])
    self.theory = try taus.map { try theory.cycle(tau: $0) }
  }

  private static func cycle(
    of rig: Rig, _ plan: CyclePlan, tau: Double, on bench: Bench
  ) throws -> CycleResult {
    var cycling = try Cycling<DirectBoard>(description: rig.board, tasks: rig.tasks, plan: plan)
    guard let result = try cycling.run(tau: tau, stopping: { bench.isStopping }) else {
      throw Stopped()
    }
    return result
  }

  /// Error and span over tau against the measured ones.
  var curveFigures: [Figure] {
    // Flat at both ends: less than a tenth of a decade over a factor of two in tau.
    func flatness(_ low: CycleResult, _ high: CycleResult) -> Double {
      abs(log10(high.error / low.error) / log10(high.tau / low.tau))
    }
    let first = results.first { $0.tau > 0.0019 } ?? results[0]
    let last = results.last!
    return judged(results, "") + [
      Figure(
        "E of the fast plateau", first.error, .squareVolts,
        published: measured.error(at: first.tau), bound: .ratio(0.5...2)),
      Figure(
        "E of the slow plateau", last.error, .squareVolts, published: measured.error(at: last.tau),
        bound: .ratio(0.5...2)),
      Figure(
        "D of the slow plateau", last.span, .volts,
        published: measured.spanSquared(at: last.tau)?.squareRoot(), bound: .ratio(0.8...1.25)),
      Figure(
        "exponent of E within the fast plateau", flatness(results[0], results[3]),
        bound: .value(0...0.2)),
      Figure(
        "exponent of E within the slow plateau", flatness(results[results.count - 3], last),
        bound: .value(0...0.2)),
    ]
  }

  /// How far cycles are from the measured curves.
  private func judged(_ results: [CycleResult], _ how: String) -> [Figure] {
    let curves = CycleCurves(results: results, measured: measured, edges: [], title: "")
    return [
      Figure(
        "E(tau) up to 0.2 s\(how): rms of log10(ours/measured)",
        curves.deviation?.error ?? .infinity, bound: .value(0...0.15)),
      Figure(
        "D^2(tau) up to 0.2 s\(how): rms of log10(ours/measured)",
        curves.deviation?.spanSquared ?? .infinity, bound: .value(0...0.12)),
    ]
  }

  /// The same with each measured cycle as the only relaxation: none of them must matter much. And
  /// what the relaxation of the rig file says alone.
  func rateFigures(on bench: Bench) throws -> [Figure] {
    var figures: [Figure] = []
    for cycle in measured.measuredCycles {
      var other = measured
      other.relaxations = [cycle]
      let rig = try Rig(other)
      let results = try bench.map(results.map(\.tau).filter { $0 < 0.21 }) {
        try LimitCycles.cycle(of: rig, plan, tau: $0, on: bench)
      }
      figures.append(
        Figure("factor on the learning rate, relaxation at \(cycle.tau) s", rig.rateFactor))
      figures.append(
        Figure(
          "factor that the relaxation at \(cycle.tau) s says alone", rig.rateFit?.byRelaxations ?? 0
        ))
      figures += judged(results, ", relaxation at \(cycle.tau) s")
    }
    if let fit = rig.rateFit {
      figures.append(Figure("factor on the learning rate, without E(tau)", fit.byRelaxations))
    }
    return figures
  }

  /// What the curves owe to the fitted rate.
  var owed: String {
    guard let fit = rig.rateFit, let curve = fit.byCurve, let error = fit.errorPower,
      let span = fit.spanPower
    else { return "The learning rate was given." }
    func word(_ value: Double) -> String { Format.significant(value) }
    return
      "The rate is \(word(rig.rateFactor)) times nominal, to \(word(fit.standardError * 100)) %: "
      + "\(word(fit.byRelaxations)) by the relaxation, \(word(curve)) by E(tau), which limits it to "
      + "what brings E within \(RateFit.tolerance) decades. E goes as its power \(word(error)), D^2 as "
      + "its power \(word(span))."
  }

  /// Whole cycles against those measured at the same tau.
  func pathFigures(on bench: Bench) throws -> [Figure] {
    try measured.measuredCycles.map { cycle in
      let result = try LimitCycles.cycle(of: rig, plan, tau: cycle.tau, on: bench)
      return Figure(
        "mean distance to the cycle measured at \(cycle.tau) s",
        distance(result.path, to: cycle.points), .volts,
        bound: .value(0...0.25 * (measured.spanSquared(at: cycle.tau) ?? 1).squareRoot()))
    }
  }

  /// The fitted rate, and how far the linear theory reaches.
  var theoryFigures: [Figure] {
    let holding = zip(results, theory).prefix {
      $1.withinRails && abs(log($1.error / $0.error)) < log(2)
    }
    return [
      Figure(
        "factor on the learning rate", rig.rateFactor, published: 2, bound: .ratio(0.8...1.25)),
      Figure(
        "tau up to which the linear theory's E is within a factor 2",
        holding.map(\.0.tau).max() ?? 0, .seconds, bound: .value(0.01...1)),
    ]
  }

  /// The curves as files, with their plot.
  var files: [(name: String, text: String)] {
    let curves = CycleCurves(
      results: results, theory: theory, measured: measured, plane: measured.plane,
      edges: rig.board.learningEdges.map(\.name), title: "limit cycles of a two-edge rig")
    return [("cycle.csv", curves.csv), ("paths.csv", curves.paths)] + curves.measuredFiles
      + [("cycle.gp", curves.gnuplot)]
  }

  /// The mean distance of a path's points in the rig's plane from the nearest of measured points,
  /// V.
  private func distance(_ path: [[Double]], to points: [SIMD2<Double>]) -> Double {
    path.map { gates -> Double in
      let here = SIMD2(gates[measured.plane[0]], gates[measured.plane[1]])
      return points.map { (($0 - here) * ($0 - here)).sum() }.min()!.squareRoot()
    }.mean
  }
}
