import BoardDouble
import Files
import Firmware
import Reports
import Runs
import Studies
import Wiring

extension Experiment {
  /// What remembers two tasks best, on four boards.
  static let memory = Experiment(
    name: "memory",
    about:
      "floor, span, retention and cost of the standard rule, overclamping and ours, on two and 32 "
      + "edges of both kinds (ours)",
    seconds: 180
  ) { bench in
    let contests = try [
      ("two-edge", "two-edge-alpha", "two-edge-beta"),
      ("lattice-multiplier", "regression-alpha", "regression-beta"),
      ("two-edge-comparator", "two-edge-alpha", "two-edge-beta"),
      ("lattice", "regression-alpha", "regression-beta"),
    ].map { board, alpha, beta in
      try Contest(
        board: .shipped(board), tasks: [.shipped(alpha), .shipped(beta)],
        seeds: bench.quick ? 2 : 20, on: bench)
    }
    var report = Report()
    report.figures = contests.flatMap(\.figures)
    report.add(
      "memory.csv",
      columns: [
        "board", "rule", "seed", "fast_V2", "slow_V2", "slow_span_V", "kept_V2", "cold_V2",
        "slow_learned_s_per_cycle",
      ], rows: contests.flatMap(\.rows))
    plot(contests, in: &report)
    return report
  }
}

/// A rule in the comparison.
private struct Contender: Sendable {
  var name: String
  var settings: RuleSettings

  /// The names, the same on all boards.
  static let names = ["standard", "overclamped", "ours"]

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
        weighted: true, dithered: false)
      : RuleSettings(name: .overclamped, update: update, deadBand: 6e-4)
    return zip(names, [standard, over, ours]).map(Contender.init)
  }

  /// The line operations of a step at full price: a step that teaches nothing costs less.
  func operations(on board: BoardDescription, _ task: TaskDescription) -> Int {
    let times = OperationTimes(description: board)
    let targets = task.outputs.channels
    if board.gates.update == .multiplier {
      // Nothing to compare, but the clamps are set.
      return times.lineOperations(sources: 1, targets: targets, comparisons: 0)
        + Int(times.convert.count / times.operation.count) * targets
    }
    return times.lineOperations(
      sources: 1, targets: targets, comparisons: settings.name.isCentred ? 2 : 1)
  }
}

/// What one board's draw gave.
private struct Trial: Sendable {
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

  /// Learns both tasks in fast cycles, then in slow ones, then the second alone; and in cycles of a
  /// thousand steps from the initial gates. Every rule has the same line operations to spend.
  init(
    _ board: BoardDescription, _ tasks: [TaskDescription], rule: Contender, seed: Int,
    on bench: Bench
  ) throws {
    // What the rule's steps cost over those of one comparison.
    let plain = Contender(
      name: "", settings: RuleSettings(name: .overclamped, update: board.gates.update))
    let price =
      Double(rule.operations(on: board, tasks[0])) / Double(plain.operations(on: board, tasks[0]))
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
    floor = try run(&fast, steps: 20, cycles: 600).error
    var unhurried = fast
    let end = try run(&unhurried, steps: 10_000, cycles: 4)
    slow = end.error
    span = end.span
    learned = end.learnedPerCycle
    var begun = fresh
    cold = try run(&begun, steps: 1000, cycles: 30).error
    kept = try fast.retention(of: 0, after: 1, steps: Int(10_000 * share))
    try bench.check()
  }
}

/// All rules on one board.
private struct Contest {
  let board: BoardDescription
  /// The first seed.
  let first: Int
  /// A trial for each seed, for each rule.
  let trials: [[Trial]]
  /// The square of the read noise over an output's channels, V^2: errors below it, a converter's
  /// own, are not told apart.
  let noise: Double

  init(board: BoardDescription, tasks: [TaskDescription], seeds: Int, on bench: Bench) throws {
    first = bench.seed()
    self.board = board
    bench.tell("\(board.name), three rules, \(seeds) bias draws")
    trials = try Contender.all(on: board).map { rule in
      try bench.map(bench.seeds(1...seeds)) { seed in
        try Trial(board, tasks, rule: rule, seed: seed, on: bench)
      }
    }
    noise =
      board.converters.readNoise * board.converters.readNoise * Double(tasks[0].outputs.channels)
  }

  var figures: [Figure] {
    zip(Contender.names, trials).flatMap { rule, trials in
      func figure(_ what: String, _ unit: Figure.Unit, _ value: (Trial) -> Double) -> Figure {
        Figure("\(board.name), \(rule): \(what)", meanOf: trials.map(value), unit)
      }
      return [
        figure("fast cycles, E", .squareVolts, \.floor),
        figure("slow cycles, E", .squareVolts, \.slow),
        figure("slow cycles, D", .volts, \.span),
        figure("slow cycles, learning time each", .seconds, \.learned),
        figure("cycles from the initial gates, E", .squareVolts, \.cold),
        figure("alpha after long beta, E", .squareVolts, \.kept),
      ]
    } + [
      gain("fast cycles", \.floor, .shown),
      gain("slow cycles", \.slow, .atLeast(10)),
      gain("cycles from the initial gates", \.cold, .atLeast(1)),
      gain("alpha after long beta", \.kept, .atLeast(5)),
    ]
  }

  private func gain(
    _ what: String, _ value: (Trial) -> Double, _ bound: Figure.Bound
  ) -> Figure {
    let means = trials[1...2].map { trials in
      trials.map { max(value($0), noise) }.geometricMean
    }
    return Figure(
      "\(board.name): \(what), overclamping over ours", means[0] / means[1], bound: bound)
  }

  var rows: [[CSV.Field]] {
    zip(Contender.names, trials).flatMap { rule, trials in
      trials.enumerated().map { seed, trial in
        [.text(board.name), .text(rule), .count(first + seed)]
          + [trial.floor, trial.slow, trial.span, trial.kept, trial.cold, trial.learned].map(
            CSV.Field.number)
      }
    }
  }
}

/// A column for each board and rule, a dot for each draw.
private func plot(_ contests: [Contest], in report: inout Report) {
  for (place, rule) in Contender.names.enumerated() {
    var rows: [[CSV.Field]] = []
    for (column, contest) in contests.enumerated() {
      let trials = contest.trials[place]
      for (seed, trial) in trials.enumerated() {
        let x = Double(column) * 4 + Double(place)
        rows.append([
          .number(x + Double(seed + 1) / Double(trials.count) * 0.5 - 0.25), .text(rule),
          .number(trial.slow), .number(trial.kept),
        ])
      }
    }
    report.add(
      "dots-\(rule).csv", columns: ["place", "rule", "slow_V2", "kept_V2"], rows: rows)
  }
  let boards = contests.enumerated().map { (text: $1.board.name, place: Double($0 * 4 + 1)) }
  func panel(_ label: String, _ column: Int) -> GnuplotScript.Panel {
    .init(
      x: .named(boards, in: -1...15), y: .logarithmic(label, in: 5e-9...1), key: "top left",
      series: zip(Contender.names, ["#999999", "#d55e00", "#0072b2"]).map { rule, colour in
        .init(
          "dots-\(rule).csv", "1:($\(column)>1e-8?$\(column):1e-8)",
          with: "points pt 7 ps 0.6 lc '\(colour)'", title: rule)
      })
  }
  report.add(
    GnuplotScript(
      "memory", title: "twenty bias draws on four boards", width: 1100, height: 460, columns: 2,
      panels: [
        panel("E of slow cycles, 5000 steps a half (V^2)", 3),
        panel("E of alpha after 10000 steps of beta (V^2)", 4),
      ]))
}
