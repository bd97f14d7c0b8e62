import Circuit
import Files
import Foundation
import Runs
import BoardDouble
import Targets

extension Experiments {
  /// The circle task at five diameters, standard against overclamped.
  static let overclamp = Experiment(
    name: "overclamp",
    about:
      "eight points on a circle in two classes, five diameters: the standard rule against overclamping",
    seconds: 60
  ) { bench in
    // Diameter, then hinge loss in mV^2 and class error, standard and overclamped.
    let published: [(diameter: Double, standard: (Double, Double), overclamped: (Double, Double))] =
      [
        (0.417, (84, 0.06), (0, 0)), (0.334, (100, 0.125), (0, 0)), (0.250, (108, 0.125), (0, 0)),
        (0.167, (163, 0.125), (3.5, 0)), (0.083, (322, 0.5), (97.5, 0.25)),
      ]
    let board = try board("lattice-multiplier")
    let seeds = bench.quick ? 2 : 8
    let standardEpochs = bench.quick ? 1500 : 6000
    struct Outcome: Sendable {
      var loss: Double
      var wrong: Double
      var learned: Double
    }
    @Sendable func train(
      _ task: TaskDescription, rule: RuleSettings, epochs: Int, lastPulse: Double, seed: Int
    ) throws -> Outcome {
      let plan = Plan(rule: rule, epochs: epochs, seed: UInt64(seed), lastPulse: lastPulse)
      // The standard rule drives each output to a label of its class, 63 mV to either side.
      let trained = rule.name == .standard ? labelled(task, volts: 0.063) : task
      var session = try Session<DirectBoard>(description: board, task: trained, plan: plan)
      let judged = Problem(task: task, seed: UInt64(seed))
      var tail: [Measures] = []
      try session.train(on: bench) { session in
        // An unconverged run jumps about: its last tenth is averaged.
        if session.progress.epoch > epochs * 9 / 10 {
          tail.append(session.learner.measure(Array(task.samples.indices), of: judged))
        }
      }
      return Outcome(
        loss: tail.map(\.error).mean * 1e6, wrong: 1 - tail.map { $0.accuracy ?? 0 }.mean,
        learned: session.progress.last!.learned)
    }
    let standard = RuleSettings(name: .standard, update: .multiplier, nudge: 1)
    let over = RuleSettings(name: .overclamped, update: .multiplier)
    var report = Report()
    var rows: [[String]] = []
    var ratios: [Double] = []
    for row in published where !bench.quick || row.diameter != 0.334 {
      bench.tell("circle of \(Int(row.diameter * 1000)) mV, \(seeds) bias draws")
      let task = try circle(diameter: row.diameter)
      let one = try bench.map(Array(1...seeds)) {
        try train(task, rule: standard, epochs: standardEpochs, lastPulse: 1, seed: $0)
      }
      let other = try bench.map(Array(1...seeds)) {
        try train(task, rule: over, epochs: 2000, lastPulse: 0.5, seed: $0)
      }
      let name = "\(Int(row.diameter * 1000)) mV"
      report.figures.append(
        Figure(
          "\(name), standard: hinge loss (mV^2)", ours: one.map(\.loss).median,
          spread: one.map(\.loss).deviation, published: row.standard.0,
          bound: bench.long(.ratio(1 / 3.0...3))))
      report.figures.append(
        Figure(
          "\(name), standard: wrong", ours: one.map(\.wrong).mean, published: row.standard.1))
      let loss = other.map(\.loss).median
      report.figures.append(
        Figure(
          "\(name), overclamped: hinge loss (mV^2)", ours: loss,
          spread: other.map(\.loss).deviation, published: row.overclamped.0,
          bound: .value(0...max(3 * row.overclamped.0, 3))))
      report.figures.append(
        Figure(
          "\(name), overclamped: wrong", ours: other.map(\.wrong).mean,
          published: row.overclamped.1, bound: .value(0...row.overclamped.1 + 0.0625)))
      report.figures.append(
        Figure(
          "\(name), overclamped: learning time (s)", ours: other.map(\.learned).median,
          bound: .value(0...2.7)))
      ratios.append(one.map(\.loss).median / max(loss, 1e-3))
      rows.append(
        [
          row.diameter, one.map(\.loss).median, one.map(\.wrong).mean, one.map(\.learned).median,
          loss, other.map(\.wrong).mean, other.map(\.learned).median, row.standard.0,
          row.standard.1, row.overclamped.0, row.overclamped.1,
        ].map { "\($0)" })
    }
    report.figures.append(
      Figure(
        "standard over overclamped, least ratio of losses", ours: ratios.min()!,
        bound: .value(1.5...1e9)))
    report.add(
      "overclamp.csv",
      heading: "diameter_V,standard_mV2,standard_wrong,standard_learned_s,overclamped_mV2,"
        + "overclamped_wrong,overclamped_learned_s,published_standard_mV2,published_standard_wrong,"
        + "published_overclamped_mV2,published_overclamped_wrong", rows: rows)
    report.plot(
      "overclamp", width: 700, height: 460,
      """
      set xlabel 'diameter of the circle (mV)'
      set ylabel 'hinge loss (mV^2)'
      set logscale y
      set yrange [0.03:1000]
      set key bottom left
      plot 'overclamp.csv' using ($1*1000):2 with linespoints pt 7 lw 2 lc '#0072b2' title 'standard', \
      '' using ($1*1000):($5>0.03?$5:0.03) with linespoints pt 7 lw 2 lc '#d55e00' title 'overclamped', \
      '' using ($1*1000):8 with points pt 6 ps 1.5 lc '#0072b2' title 'published, standard', \
      '' using ($1*1000):($10>0.03?$10:0.03) with points pt 6 ps 1.5 lc '#d55e00' title 'published, overclamped'
      """)
    return report
  }

  /// Power-aware learning: error against power.
  static let powerAware = Experiment(
    name: "power-aware",
    about: "the rule (1 - lambda) dV_F^2 - dV_C^2: error against the power of the free twin (ours)",
    seconds: 15
  ) { bench in
    var report = Report()
    let task = try task("regression")
    let weights: [Double] = bench.quick ? [0, 3e-3] : [0, 1e-3, 3e-3, 0.01, 0.03]
    let outcomes = try bench.map(weights) { weight in
      var board = try board("lattice-multiplier")
      board.imperfections = .none
      board.gates.powerWeight = weight
      let rule = RuleSettings(name: .standard, update: .multiplier, nudge: 1, pulse: 2e-4)
      var session = try Session<DirectBoard>(
        description: board, task: task,
        plan: Plan(rule: rule, epochs: bench.quick ? 400 : 2000, seed: 1, lastPulse: 1))
      let before = try power(of: &session)
      try session.train(on: bench)
      return (
        error: session.progress.last!.all.error, before: before,
        power: try power(of: &session)
      )
    }
    report.figures = [
      Figure(
        "power without (lambda 0), over that before training",
        ours: outcomes[0].power / outcomes[0].before),
      Figure(
        "power at the largest lambda over power without",
        ours: outcomes.last!.power / outcomes[0].power, bound: bench.long(.value(0...0.7))),
      Figure(
        "error at the largest lambda over error without",
        ours: outcomes.last!.error / max(outcomes[0].error, 1e-12),
        bound: bench.long(.value(1...1e9))),
    ]
    let falls = zip(outcomes, outcomes.dropFirst()).allSatisfy { $1.power <= $0.power * 1.02 }
    report.figures.append(
      Figure(
        "power falls with every larger lambda (1: yes)", ours: falls ? 1 : 0, bound: .value(1...1)))
    report.add(
      "power.csv", heading: "lambda,error_V2,power_W",
      rows: zip(weights, outcomes).map { ["\($0)", "\($1.error)", "\($1.power)"] })
    report.plot(
      "power-aware", width: 560, height: 420,
      """
      set logscale y
      set format y '10^{%L}'
      set xlabel 'power of the free twin (uW)'
      set ylabel 'error (V^2)'
      plot 'power.csv' using ($3*1e6):2 with linespoints pt 7 lw 2 notitle, \
      '' using ($3*1e6):2:(sprintf('%g', $1)) with labels offset -1.5,0.8 notitle
      """)
    return report
  }

  /// The power that the sources put into the free twin, W, on average over the samples.
  static func power(of session: inout Session<DirectBoard>) throws -> Double {
    let gates = session.learner.gates
    let analog = session.board.analog
    var twins = analog.twins
    try twins.setGates(gates)
    var sum = 0.0
    for sample in session.problem.task.samples {
      try twins.drive(sample.inputs)
      try twins.solveFree()
      for (node, volts) in zip(analog.sourceNodes, sample.inputs) {
        sum += volts * (try twins.free.currentInto(node))
      }
    }
    return sum / Double(session.problem.task.samples.count)
  }
}
