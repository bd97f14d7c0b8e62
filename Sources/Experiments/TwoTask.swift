import Files
import Foundation
import Runs
import BoardDouble
import Studies

extension Experiments {
  /// Cycles of a list of taus, for several seeds at once.
  ///
  /// - Parameters:
  ///   - longest: the most learning time for a tau, s.
  ///   - from: gates to begin from, V; `nil` for the board's initial ones.
  /// - Returns: for each tau, the results over the seeds.
  static func cycles(
    on board: BoardDescription, _ tasks: [TaskDescription], rule: RuleSettings, taus: [Double],
    seeds: Int, longest: @escaping @Sendable (Double) -> Double, bench: Bench
  ) throws -> [[CycleResult]] {
    var pieces: [(tau: Double, seed: Int)] = []
    for tau in taus { for seed in 1...seeds { pieces.append((tau, seed)) } }
    let results = try bench.map(pieces) { piece in
      var rule = rule
      // A slow cycle has steps to spare.
      if piece.tau >= 4 { rule.pulse *= 5 }
      let plan = CyclePlan(rule: rule, seed: UInt64(piece.seed), longest: longest(piece.tau))
      var cycling = try Cycling<DirectBoard>(description: board, tasks: tasks, plan: plan)
      guard
        let result = try cycling.run(
          tau: piece.tau, exactly: piece.tau >= 4 ? 2 : nil, stopping: { bench.isStopping })
      else {
        throw Stopped()
      }
      return result
    }
    return taus.indices.map { Array(results[$0 * seeds..<($0 + 1) * seeds]) }
  }

  /// Rows of a CSV file: tau, median of E, then geometric mean and spread (in decades) of E and D over seeds.
  static func rows(_ results: [[CycleResult]]) -> [[String]] {
    results.map { group in
      let errors = group.map(\.error)
      let spans = group.map(\.span)
      let accuracy = group.compactMap(\.accuracy)
      return [
        group[0].tau, errors.median, errors.geometricMean, errors.map { log10($0) }.deviation,
        spans.geometricMean, spans.map { log10($0) }.deviation,
      ].map { "\($0)" } + [accuracy.isEmpty ? "" : "\(accuracy.mean)"]
    }
  }

  static let cycleHeading =
    "tau_s,median_error_V2,error_V2,error_decades,span_V,span_decades,accuracy"

  /// The regression and classification pairs on 32 edges.
  static let twoTask32 = Experiment(
    name: "two-task-32",
    about: "two regression tasks, and two classes, learned in turn by 32 biased multiplier edges",
    seconds: 60
  ) { bench in
    var report = Report()
    // Ideal but for the bias: what was measured as bias holds the twins' mismatch already.
    let board = try biased(by: 1)
    let seeds = bench.quick ? 3 : 6
    let taus: [Double] =
      bench.quick
      ? [2e-3, 0.02, 0.2, 2]
      : [1e-3, 4e-3, 0.016, 0.064, 0.25, 0.5, 1, 2, 4, 8, 16]
    let rule = RuleSettings(name: .standard, update: .multiplier, nudge: 1)
    // Errors settle within about 1 s of learning; most gates, which no task holds, drift on until they
    // meet their rails, so that a fast cycle is never steady in all 32 of them.
    let longest: @Sendable (Double) -> Double = { max(1.5, 3 * $0) }

    bench.tell("regression, \(taus.count) taus, \(seeds) bias draws")
    let regression = try cycles(
      on: board, [try task("regression-alpha"), try task("regression-beta")], rule: rule,
      taus: taus, seeds: seeds, longest: longest, bench: bench)
    let fast = regression.prefix { $0[0].tau < 0.05 }
    let floors = fast.flatMap { $0.map(\.error) }
    let slowest = regression.last!.map(\.error)
    report.figures.append(
      Figure(
        "regression: floor of E, median of draws (V^2)", ours: floors.median, published: 2.7e-5,
        bound: .value(4e-6...1.8e-4)))
    report.figures.append(
      Figure(
        "regression: E at the largest tau, median of draws (V^2)", ours: slowest.median,
        spread: slowest.deviation, published: 5e-3,
        bound: bench.long(.ratio(1 / 3.0...3))))
    let decades = regression.filter { $0[0].tau <= 1.01 }
    let speeds = decades.map { group in group.map { $0.span / $0.tau }.mean }
    report.figures.append(
      Figure(
        "regression: D/tau up to 1 s (V/s)", ours: speeds.mean, spread: speeds.deviation,
        published: 3.7, bound: .ratio(1 / 3.0...3)))
    let spanLaw = PowerLaw(decades.map { (x: $0[0].tau, y: $0.map(\.span).geometricMean) })
    report.figures.append(
      Figure(
        "regression: exponent of D(tau) up to 1 s", ours: spanLaw.exponent, spread: spanLaw.error,
        published: 1, bound: .value(0.85...1.15)))
    report.figures += shape(regression, "regression", plateau: .shown)

    bench.tell("two classes, \(taus.count) taus, \(seeds) bias draws")
    var halves: [TaskDescription] = []
    for (category, name) in ["one", "other"].enumerated() {
      var half = try circle(diameter: 0.334)
      half.name = "class-\(name)"
      half.samples = half.samples.filter { $0.category == category }.map {
        Sample(
          inputs: $0.inputs, labels: [category == 0 ? -0.063 : 0.063], category: category)
      }
      half.objective = .squaredError
      half.training = half.samples.count
      halves.append(half)
    }
    let classes = try cycles(
      on: board, halves, rule: rule, taus: taus, seeds: seeds, longest: longest,
      bench: bench)
    let classFloors = classes.prefix { $0[0].tau < 0.05 }.flatMap { $0.map(\.error) }
    let classSlowest = classes.last!.map(\.error)
    report.figures.append(
      Figure(
        "classification: floor of E, median of draws (V^2)", ours: classFloors.median,
        published: 1.15e-3, bound: .ratio(1 / 3.0...3)))
    report.figures.append(
      Figure(
        "classification: E at the largest tau, median of draws (V^2)", ours: classSlowest.median,
        spread: classSlowest.deviation, published: 2.8e-3,
        bound: bench.long(.ratio(1 / 3.0...3))))
    report.figures.append(
      Figure(
        "classification: wrong at the largest tau",
        ours: 1 - classes.last!.compactMap(\.accuracy).mean, published: 0.32,
        bound: bench.long(.ratio(1 / 3.0...3))))
    report.figures += shape(
      classes, "classification", plateau: bench.long(.value(-0.5...0.5)))
    let fastest = regression[0] + regression[1]
    report.figures.append(
      Figure(
        "gates at a rail in fast cycles, of 32", ours: fastest.map { Double($0.railed) }.mean))

    report.add("regression.csv", heading: cycleHeading, rows: rows(regression))
    report.add("classification.csv", heading: cycleHeading, rows: rows(classes))
    report.plot(
      "two-task-32", width: 900, height: 420,
      """
      set multiplot layout 1,2 title '32 biased edges, two tasks in turn'
      set logscale xy
      set format '10^{%L}'
      set xlabel 'tau (s)'
      set ylabel 'E (V^2)'
      set key bottom right
      plot 'regression.csv' using 1:2 with linespoints pt 7 lw 2 lc '#0072b2' title 'regression', \
      'classification.csv' using 1:2 with linespoints pt 7 lw 2 lc '#d55e00' title 'two classes', \
      1.2e-5 with lines dt 3 lc '#0072b2' title 'published floors', 6e-5 with lines dt 3 lc '#0072b2' notitle, \
      1.15e-3 with lines dt 3 lc '#d55e00' notitle, \
      5e-3 with lines dt 2 lc '#0072b2' title 'published when saturated', 2.8e-3 with lines dt 2 lc '#d55e00' notitle
      set ylabel 'D (V)'
      plot 'regression.csv' using 1:5 with linespoints pt 7 lw 2 lc '#0072b2' title 'regression', \
      'classification.csv' using 1:5 with linespoints pt 7 lw 2 lc '#d55e00' title 'two classes', \
      3.7*x with lines dt 3 lc '#0072b2' title 'published, 3.7 V/s'
      unset multiplot
      """)
    report.remarks.append(
      "The published floor is 1.2e-5 ... 6e-5 V^2; its middle is shown, and a factor 3 beyond both "
        + "ends is allowed. Fast cycles are judged after 1.5 s of learning. The regression pair is not yet flat at 16 s: "
        + "draws with little bias need longer to reach the rails. Where the published tasks sat on their network, and which "
        + "points made their classes, is not known: ours are this repository's.")
    return report
  }

  /// Flat, rising, flat: the exponents of E(tau), on medians of the draws, at both ends and the
  /// steepest between.
  private static func shape(
    _ results: [[CycleResult]], _ name: String, plateau: Figure.Bound
  ) -> [Figure] {
    let points = results.map { (x: $0[0].tau, y: $0.map(\.error).median) }
    let slopes = zip(points, points.dropFirst()).map {
      log($1.y / $0.y) / log($1.x / $0.x)
    }
    return [
      Figure("\(name): exponent of E at the fast end", ours: slopes[0], bound: .value(-0.2...0.2)),
      Figure(
        "\(name): steepest exponent of E between", ours: slopes.max()!, bound: .value(0.3...3)),
      Figure(
        "\(name): exponent of E at the slow end", ours: slopes.last!,
        bound: plateau),
    ]
  }

  /// The lattice of multiplier edges, ideal but for a factor times the measured bias.
  private static func biased(by factor: Double) throws -> BoardDescription {
    var board = try board("lattice-multiplier")
    let measured = board.imperfections
    board.imperfections = .none
    board.imperfections.updateBias = measured.updateBias * factor
    board.imperfections.updateBiasMedian = measured.updateBiasMedian * factor
    return board
  }

  /// Eight points on a circle in the plane of two inputs, two classes by the upper and the lower
  /// half.
  ///
  /// - Parameter diameter: of the circle, V.
  static func circle(diameter: Double) throws -> TaskDescription {
    var circle = try task("circle")
    // The file's circle has the diameter 0.25 V about the middle of the node range.
    for sample in circle.samples.indices {
      for input in 0..<2 {
        let volts = circle.samples[sample].inputs[input]
        circle.samples[sample].inputs[input] = 0.2265 + (volts - 0.2265) * diameter / 0.25
      }
    }
    return circle
  }

  /// A task of two classes as one of labels, so many volts to either side of zero.
  static func labelled(_ task: TaskDescription, volts: Double) -> TaskDescription {
    var labelled = task
    labelled.samples = task.samples.map {
      Sample(inputs: $0.inputs, labels: [$0.category == 0 ? -volts : volts])
    }
    labelled.classes = []
    labelled.objective = .squaredError
    return labelled
  }

  /// Floor and span against the size of the bias.
  static let biasScaling = Experiment(
    name: "bias-scaling", about: "the error floor grows as the bias squared, the span as tau",
    seconds: 15
  ) { bench in
    var report = Report()
    let description = try rig("exp1")
    let rig = try Rig(description)
    let factors: [Double] = bench.quick ? [0.25, 1] : [0.125, 0.25, 0.5, 1]
    let taus: [Double] = [2e-3, 8e-3, 0.032, 0.064]
    var rows: [[String]] = []
    var floors: [(x: Double, y: Double)] = []
    for factor in factors {
      var board = rig.board
      for edge in board.edges.indices {
        board.edges[edge].bias = board.edges[edge].bias.map { $0 * factor }
      }
      let results = try cycles(
        on: board, rig.tasks, rule: rig.rule, taus: taus, seeds: 1, longest: { _ in 3 },
        bench: bench)
      floors.append((factor, results[0][0].error))
      let law = PowerLaw(results.map { (x: $0[0].tau, y: $0[0].span) })
      report.figures.append(
        Figure(
          "two edges, \(factor) of the bias: exponent of D(tau)", ours: law.exponent,
          spread: law.error, published: 1, bound: .value(0.9...1.1)))
      for result in results {
        rows.append([
          "two-edge", "\(factor)", "\(result[0].tau)", "\(result[0].error)", "\(result[0].span)",
        ])
      }
    }
    let law = PowerLaw(floors)
    report.figures.insert(
      Figure(
        "two edges: exponent of the floor with the bias", ours: law.exponent, spread: law.error,
        published: 2, bound: .value(1.8...2.2)), at: 0)

    let tasks = [try task("regression-alpha"), try task("regression-beta")]
    let rule = RuleSettings(name: .standard, update: .multiplier, nudge: 1)
    var points: [(x: Double, y: Double)] = []
    let seeds = bench.quick ? 3 : 12
    for factor in factors {
      let board = try biased(by: factor)
      let results = try cycles(
        on: board, tasks, rule: rule, taus: [4e-3], seeds: seeds, longest: { _ in 4 },
        bench: bench)
      points.append((factor, results[0].map(\.error).geometricMean))
      rows.append([
        "lattice", "\(factor)", "0.004", "\(results[0].map(\.error).geometricMean)",
        "\(results[0].map(\.span).geometricMean)",
      ])
    }
    let wide = PowerLaw(points)
    report.figures.append(
      Figure(
        "32 edges: exponent of the floor with the bias", ours: wide.exponent, spread: wide.error,
        published: 2, bound: .value(1.5...2.5)))
    report.add("scaling.csv", heading: "board,bias_factor,tau_s,error_V2,span_V", rows: rows)
    return report
  }
}
