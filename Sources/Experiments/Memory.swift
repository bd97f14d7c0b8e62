import Files
import Firmware
import Foundation
import Runs
import BoardDouble
import Studies
import Wiring

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
      var all: [[Trial]] = []
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
        report.figures.append(figure("fast cycles, E (V^2)", \.floor))
        report.figures.append(figure("slow cycles, E (V^2)", \.slow))
        report.figures.append(figure("slow cycles, D (V)", \.span))
        report.figures.append(figure("slow cycles, learning time each (s)", \.learned))
        report.figures.append(figure("cycles from the initial gates, E (V^2)", \.cold))
        report.figures.append(figure("alpha after long beta, E (V^2)", \.kept))
        all.append(trials)
        for (seed, trial) in trials.enumerated() {
          rows.append(
            [name, rule.name, "\(seed + 1)"]
              + [trial.floor, trial.slow, trial.span, trial.kept, trial.cold, trial.learned].map {
                "\($0)"
              })
        }
      }
      // Errors below the read noise, a converter's own, are not told apart.
      let channels = Double(tasks[0].outputs.channels)
      let noise = board.converters.readNoise * board.converters.readNoise * channels
      func gain(_ what: String, _ value: (Trial) -> Double, _ bound: Figure.Bound) -> Figure {
        let means = all[1...2].map { trials in
          trials.map { max(value($0), noise) }.geometricMean
        }
        return Figure(
          "\(name): \(what), overclamping over ours", ours: means[0] / means[1], bound: bound)
      }
      report.figures.append(gain("fast cycles", \.floor, .shown))
      report.figures.append(gain("slow cycles", \.slow, .value(10...1e9)))
      report.figures.append(gain("cycles from the initial gates", \.cold, .value(1...1e9)))
      report.figures.append(gain("alpha after long beta", \.kept, .value(5...1e9)))
    }
    report.add(
      "memory.csv",
      heading:
        "board,rule,seed,fast_V2,slow_V2,slow_span_V,kept_V2,cold_V2,slow_learned_s_per_cycle",
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
        Contender(name: name, settings: rule)
      }
    }
  }

  /// What one board's draws gave.
  struct Trial: Sendable {
    /// Fast cycles, E, V^2.
    var floor: Double
    /// Slow cycles after the fast ones: E, V^2, and D, V.
    var slow: Double
    var span: Double
    /// Cycles of a thousand steps from the initial gates, E, V^2.
    var cold: Double
    /// E of the first task after learning the second alone, V^2.
    var kept: Double
    /// The learning time of a slow cycle, s.
    var learned: Double
  }

  /// The line operations of a step at full price: a step that teaches nothing costs less.
  static func operations(
    of rule: RuleSettings, on board: BoardDescription, _ task: TaskDescription
  ) -> Int {
    let times = OperationTimes(description: board)
    let targets = task.outputs.channels
    if board.gates.update == .multiplier {
      // Nothing to compare, but the clamps are set.
      return times.lineOperations(sources: 1, targets: targets, comparisons: 0)
        + Int(times.convert.count / times.operation.count) * targets
    }
    return times.lineOperations(
      sources: 1, targets: targets, comparisons: rule.name.isCentred ? 2 : 1)
  }

  /// Learns both tasks in fast cycles, then in slow ones, then the second alone; and in cycles of a
  /// thousand steps from the initial gates. Every rule has the same line operations to spend.
  private static func trial(
    _ board: BoardDescription, _ tasks: [TaskDescription], rule: Contender, seed: Int, bench: Bench
  ) throws -> Trial {
    // What the rule's steps cost over those of one comparison.
    let plain = RuleSettings(name: .overclamped, update: board.gates.update)
    let price =
      Double(operations(of: rule.settings, on: board, tasks[0]))
      / Double(operations(of: plain, on: board, tasks[0]))
    let share = (bench.quick ? 0.3 : 1.0) / price
    let pulse = rule.settings.pulse
    let plan = CyclePlan(rule: rule.settings, seed: UInt64(seed))
    func run(_ cycling: inout Cycling<DirectBoard>, steps: Int, cycles: Int) throws -> CycleResult {
      guard
        let result = try cycling.run(
          tau: Double(steps) * pulse, exactly: max(Int(Double(cycles) * share), 2),
          stopping: { bench.isStopping })
      else { throw Stopped() }
      return result
    }
    let fresh = try Cycling<DirectBoard>(description: board, tasks: tasks, plan: plan)
    var fast = fresh
    let quick = try run(&fast, steps: 20, cycles: 600)
    var slow = fast
    let end = try run(&slow, steps: 10_000, cycles: 4)
    var cold = fresh
    let begun = try run(&cold, steps: 1000, cycles: 30)
    let kept = try fast.retention(of: 0, after: 1, steps: Int(10_000 * share))
    try bench.check()
    return Trial(
      floor: quick.error, slow: end.error, span: end.span, cold: begun.error, kept: kept,
      learned: end.learnedPerCycle)
  }
}
