import Description
import Foundation
import Learning
import VirtualBoard

extension Experiments {
  /// What remembers two tasks best, on four boards.
  static let memory = Experiment(
    name: "memory",
    about:
      "floor, span, retention and cost of the standard rule, overclamping and ours, on two and 32 edges of both kinds (ours)",
    seconds: 180
  ) { bench in
    var report = Report()
    let seeds = bench.quick ? 2 : 20
    var rows: [[String]] = []
    let pairs = [
      ("two-edge", "two-edge-alpha", "two-edge-beta"),
      ("lattice-multiplier", "regression-alpha", "regression-beta"),
      ("two-edge-comparator", "two-edge-alpha", "two-edge-beta"),
      ("lattice", "regression-alpha", "regression-beta"),
    ]
    for (name, alpha, beta) in pairs {
      bench.tell("\(name), three rules, \(seeds) bias draws")
      let board = try board(name)
      let tasks = [try task(alpha), try task(beta)]
      var floors: [Double] = []
      for rule in Contender.all(on: board) {
        let trials = try bench.map(Array(1...seeds)) { seed in
          try trial(board, tasks, rule: rule, seed: seed, bench: bench)
        }
        func figure(
          _ what: String, _ value: (Trial) -> Double, bound: Figure.Bound = .shown
        ) -> Figure {
          let values = trials.map(value)
          return Figure(
            "\(name), \(rule.name): \(what)", ours: values.mean, spread: values.deviation,
            bound: bound)
        }
        report.figures.append(figure("floor of E (V^2)", \.floor))
        report.figures.append(figure("E of slow cycles (V^2)", \.slow))
        report.figures.append(figure("D of slow cycles (V)", \.span))
        report.figures.append(
          Figure(
            "\(name), \(rule.name): E of alpha after long beta, mean (V^2)",
            ours: trials.map(\.kept).mean, spread: trials.map(\.kept).deviation))
        report.figures.append(
          Figure(
            "\(name), \(rule.name): line operations until fast cycles were steady, median",
            ours: trials.map(\.cost).median))
        // Errors below the read noise are not told apart.
        floors.append(trials.map { max($0.slow, 4e-8) }.geometricMean)
        for (seed, trial) in trials.enumerated() {
          rows.append(
            [name, rule.name, "\(seed + 1)"]
              + [trial.floor, trial.slow, trial.span, trial.kept, trial.cost, trial.learned].map {
                "\($0)"
              })
        }
      }
      report.figures.append(
        Figure(
          "\(name): E of slow cycles, overclamping over ours", ours: floors[1] / floors[2],
          bound: .value(10...1e9)))
    }
    report.add(
      "memory.csv",
      heading:
        "board,rule,seed,floor_V2,slow_V2,slow_span_V,kept_V2,operations,slow_learned_s_per_cycle",
      rows: rows)
    // A column for each board and rule, a dot for each draw.
    let names = pairs.map(\.0)
    let rules = ["standard", "overclamped", "ours"]
    let dots = rows.map { row -> [String] in
      let place = Double(names.firstIndex(of: row[0])!) * 4 + Double(rules.firstIndex(of: row[1])!)
      return ["\(place + Double(row[2])! / Double(seeds) * 0.5 - 0.25)", row[1], row[4], row[6]]
    }
    for rule in rules {
      report.add(
        "dots-\(rule).csv", heading: "place,rule,slow_V2,kept_V2",
        rows: dots.filter { $0[1] == rule })
    }
    let ticks = names.enumerated().map { "'\($1)' \($0 * 4 + 1)" }.joined(separator: ", ")
    func panel(_ column: Int) -> String {
      zip(rules, ["'#999999'", "'#d55e00'", "'#0072b2'"]).map { rule, colour in
        "'dots-\(rule).csv' using 1:($\(column)>1e-8?$\(column):1e-8) with points pt 7 ps 0.6 lc "
          + "\(colour) title '\(rule)'"
      }.joined(separator: ", ")
    }
    report.plot(
      "memory", width: 1100, height: 460,
      """
      set multiplot layout 1,2 title 'twenty bias draws on four boards'
      set logscale y
      set format y '10^{%L}'
      set yrange [5e-9:1]
      set xrange [-1:15]
      set xtics (\(ticks)) rotate by 20 right font ',9' noenhanced
      set key top left
      set ylabel 'E of slow cycles, 5000 steps a half (V^2)'
      plot \(panel(3))
      set ylabel 'E of alpha after 10000 steps of beta (V^2)'
      plot \(panel(4))
      unset multiplot
      """)
    return report
  }

  /// A rule in the comparison.
  struct Contender: Sendable {
    var name: String
    var settings: RuleSettings
    /// The taus of a fast and a slow cycle, s of schedule: as many steps for each kind of edge.
    var fast: Double
    var slow: Double

    static func all(on board: BoardDescription) -> [Contender] {
      let update = board.gates.update
      let standard = RuleSettings(
        name: .standard, update: update, nudge: 1, pulse: update == .comparator ? 1e-3 : 1e-4,
        probability: 1)
      let over = RuleSettings(name: .overclamped, update: update, probability: 1)
      let ours =
        update == .comparator
        ? RuleSettings(
          name: .centredOverclamped, update: update, probability: 1, deadBand: 6e-4, balanced: true,
          weighted: true)
        : RuleSettings(name: .overclamped, update: update, deadBand: 6e-4)
      return [("standard", standard), ("overclamped", over), ("ours", ours)].map { name, rule in
        // Ten and five thousand steps a half cycle, whatever the pulse.
        Contender(name: name, settings: rule, fast: 20 * rule.pulse, slow: 10_000 * rule.pulse)
      }
    }
  }

  /// What one board's draws gave.
  struct Trial: Sendable {
    var floor: Double
    var slow: Double
    var span: Double
    var kept: Double
    var cost: Double
    var learned: Double
  }

  /// Learns both tasks in fast cycles, then in slow ones, then the second alone.
  private static func trial(
    _ board: BoardDescription, _ tasks: [TaskDescription], rule: Contender, seed: Int, bench: Bench
  ) throws -> Trial {
    let long = bench.quick ? 0.3 : 1.0
    var plan = CyclePlan(rule: rule.settings, seed: UInt64(seed))
    // 6000 steps of each task.
    plan.longest = 600 * rule.fast * long
    var fast = try Cycling<VirtualBoard>(description: board, tasks: tasks, plan: plan)
    guard let quick = try fast.run(tau: rule.fast, stopping: { bench.isStopping }) else {
      throw Stopped()
    }
    // Slow cycles go on from where the fast ones came to.
    var slow = fast
    slow.plan.longest = 4 * rule.slow * long
    guard let end = try slow.run(tau: rule.slow, stopping: { bench.isStopping }) else {
      throw Stopped()
    }
    let kept = try fast.retention(of: 0, after: 1, steps: Int(10_000 * long))
    try bench.check()
    let times = OperationTimes(description: board)
    let operations = times.lineOperations(
      sources: 1, targets: tasks[0].outputs.channels,
      comparisons: board.gates.update == .multiplier ? 0 : rule.settings.name.isCentred ? 2 : 1)
    let clamps = board.gates.update == .multiplier ? tasks[0].outputs.channels * 35 : 0
    return Trial(
      floor: quick.error, slow: end.error, span: end.span, kept: kept,
      cost: Double(quick.cycles * quick.stepsPerCycle * (operations + clamps)),
      learned: end.learnedPerCycle)
  }
}
