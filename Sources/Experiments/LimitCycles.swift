import Files
import Foundation
import Runs
import BoardDouble
import Studies

extension Experiments {
  /// The limit cycles of the measured two-edge rig.
  static let limitCycles = Experiment(
    name: "limit-cycles",
    about:
      "error and span of two-task cycles against those measured on a two-edge rig, and the cycles themselves (exp1)",
    seconds: 5
  ) { bench in
    let description = try rig("exp1")
    let rig = try Rig(description)
    let taus = description.measuredError.map(\.x).filter { !bench.quick || $0 > 0.002 }
    bench.tell("\(taus.count) taus, learning rate \(short(rig.rate)) times nominal")
    let plan = CyclePlan(rule: rig.rule, seed: 1, longest: 4)
    let results = try bench.map(taus) { tau in
      var cycling = try Cycling<DirectBoard>(
        description: rig.board, tasks: rig.tasks, plan: plan)
      guard let result = try cycling.run(tau: tau, stopping: { bench.isStopping }) else {
        throw Stopped()
      }
      return result
    }
    let cycling = try Cycling<DirectBoard>(description: rig.board, tasks: rig.tasks, plan: plan)
    let theory = try LinearTheory(
      board: cycling.learner.board.analog, problems: cycling.problems, rule: rig.rule,
      gates: [2.2, 2.2])
    let said = try taus.map { try theory.cycle(tau: $0) }

    var report = Report()
    func misfit(_ ours: (CycleResult) -> Double, _ measured: (Double) -> Double?) -> Double {
      results.filter { $0.tau < 0.21 }.compactMap { result in
        measured(result.tau).map { log10(ours(result) / $0) }
      }.rootMeanSquare
    }
    report.figures.append(
      Figure(
        "E(tau) up to 0.2 s: rms of log10(ours/measured)",
        ours: misfit(\.error, description.error), bound: .value(0...0.15)))
    report.figures.append(
      Figure(
        "D^2(tau) up to 0.2 s: rms of log10(ours/measured)",
        ours: misfit({ $0.span * $0.span }, description.spanSquared), bound: .value(0...0.12)))
    let first = results.first { $0.tau > 0.0019 } ?? results[0]
    let last = results.last!
    report.figures.append(
      Figure(
        "E of the fast plateau (V^2)", ours: first.error,
        published: description.error(at: first.tau), bound: .ratio(0.5...2)))
    report.figures.append(
      Figure(
        "E of the slow plateau (V^2)", ours: last.error,
        published: description.error(at: last.tau), bound: .ratio(0.5...2)))
    report.figures.append(
      Figure(
        "D of the slow plateau (V)", ours: last.span,
        published: description.spanSquared(at: last.tau)?.squareRoot(), bound: .ratio(0.8...1.25)))
    // Flat at both ends: less than a tenth of a decade over a factor of two in tau.
    func flatness(_ low: CycleResult, _ high: CycleResult) -> Double {
      abs(log10(high.error / low.error) / log10(high.tau / low.tau))
    }
    report.figures.append(
      Figure(
        "exponent of E within the fast plateau", ours: flatness(results[0], results[3]),
        bound: .value(0...0.2)))
    report.figures.append(
      Figure(
        "exponent of E within the slow plateau",
        ours: flatness(results[results.count - 3], last), bound: .value(0...0.2)))
    for cycle in description.measuredCycles {
      var one = try Cycling<DirectBoard>(description: rig.board, tasks: rig.tasks, plan: plan)
      guard let result = try one.run(tau: cycle.tau, stopping: { bench.isStopping }) else {
        throw Stopped()
      }
      report.figures.append(
        Figure(
          "mean distance to the cycle measured at \(cycle.tau) s (V)",
          ours: distance(result.path, to: cycle.points, plane: description.plane),
          bound: .value(0...0.25 * (description.spanSquared(at: cycle.tau) ?? 1).squareRoot())))
    }
    report.figures.append(
      Figure("factor on the learning rate", ours: rig.rate, published: 2, bound: .ratio(0.8...1.25))
    )
    let holding = zip(results, said).prefix {
      $1.withinRails && abs(log($1.error / $0.error)) < log(2)
    }
    report.figures.append(
      Figure(
        "tau up to which the linear theory's E is within a factor 2 (s)",
        ours: holding.map(\.0.tau).max() ?? 0, bound: .value(0.01...1)))

    let curves = CycleCurves(
      results: results, theory: said, measured: description, plane: description.plane,
      edges: rig.board.learningEdges.map(\.name), title: "limit cycles of a two-edge rig")
    report.files = [("cycle.csv", curves.csv), ("paths.csv", curves.paths)] + curves.measuredFiles
    report.files.append(("cycle.gp", curves.gnuplot))
    report.remarks.append(
      "Fitted: label and input of each task from its solution line, bias from both drifts, the "
        + "learning rate from the relaxation in the cycle measured at 0.08 s.")
    report.remarks.append(
      "At 0.2 s, where the rails are near, our cycle is shorter than the measured one.")
    return report
  }

  /// The mean distance of a path's points in a plane from the nearest of measured points, V.
  private static func distance(
    _ path: [[Double]], to points: [SIMD2<Double>], plane: [Int]
  ) -> Double {
    path.map { gates -> Double in
      let here = SIMD2(gates[plane[0]], gates[plane[1]])
      return points.map { (($0 - here) * ($0 - here)).sum() }.min()!.squareRoot()
    }.mean
  }

  /// A number with three figures.
  static func short(_ value: Double) -> String { String(format: "%.3g", value) }

  /// The drift of solved tasks on the measured two-edge rig.
  static let drift = Experiment(
    name: "drift",
    about: "speed along both solution lines of the two-edge rig, at zero error, until a gate rails",
    seconds: 2
  ) { bench in
    let description = try rig("exp1")
    let rig = try Rig(description)
    var report = Report()
    var rows: [[String]] = []
    var blocks = ""
    for task in 0..<2 {
      var cycling = try Cycling<DirectBoard>(
        description: rig.board, tasks: rig.tasks, plan: CyclePlan(rule: rig.rule, seed: 1))
      let result = try cycling.drift(of: task, learned: 1.5, stopping: { bench.isStopping })
      try bench.check()
      let name = rig.tasks[task].name
      let line = description.tasks[task]
      report.figures.append(
        Figure(
          "\(name): speed along its line (V/s)", ours: result.speed, published: line.drift,
          bound: .ratio(0.8...1.2)))
      // The direction of the way against that of the line.
      let free = result.records.last { $0.learned < result.railed ?? 1e9 }!
      let dx = free.gates[description.plane[0]] - result.records[0].gates[description.plane[0]]
      let dy = free.gates[description.plane[1]] - result.records[0].gates[description.plane[1]]
      report.figures.append(
        Figure(
          "\(name): slope of its way, G+ over G-", ours: dy / dx, published: line.slope,
          bound: .ratio(0.8...1.25)))
      report.figures.append(
        Figure("\(name): error on the way (V^2)", ours: result.error, bound: .value(0...2e-5)))
      report.figures.append(
        Figure(
          "\(name): learning time until a gate rails (s)", ours: result.railed ?? .infinity,
          bound: .value(0.05...1.5)))
      for record in result.records {
        rows.append(
          [name] + ([record.learned, record.error, record.distance] + record.gates).map { "\($0)" })
        blocks += "\(record.learned),\(record.gates[description.plane[0]]),"
        blocks += "\(record.gates[description.plane[1]]),\(record.error)\n"
      }
      blocks += "\n\n"
    }
    report.remarks.append(
      "The bias is taken from these two speeds: that each comes back along its own line checks the "
        + "model, it does not predict them.")
    let edges = rig.board.learningEdges.map { "\($0.name)_V" }.joined(separator: ",")
    report.add("drift.csv", heading: "task,learned_s,error_V2,distance_V,\(edges)", rows: rows)
    report.files.append(("way.csv", blocks))
    let lines = description.tasks.map { "\($0.slope)*x + \($0.offset)" }
    report.plot(
      "drift", width: 900, height: 420,
      """
      set multiplot layout 1,2
      set key noautotitle bottom right
      set xlabel 'gate of G- (V)'
      set ylabel 'gate of G+ (V)'
      set xrange [0.6:5.2]
      set yrange [0.6:5.4]
      plot \(lines[0]) with lines dt 2 lc 'gray40' title 'measured line, alpha', \
      \(lines[1]) with lines dt 3 lc 'gray40' title 'measured line, beta', \
      'way.csv' using 2:3 index 0 with lines lw 2 title 'alpha', \
      '' using 2:3 index 1 with lines lw 2 title 'beta'
      set xrange [*:*]
      set yrange [*:*]
      set logscale y
      set format y '10^{%L}'
      set key top left
      set xlabel 'learning time since solved (s)'
      set ylabel 'error (V^2)'
      plot 'way.csv' using 1:4 index 0 with lines lw 2 title 'alpha', \
      '' using 1:4 index 1 with lines lw 2 title 'beta'
      unset multiplot
      """)
    return report
  }
}
