import BoardDouble
import Files
import Reports
import Runs
import Targets

extension Experiment {
  /// The circle task at five diameters, standard against overclamped.
  static let overclamp = Experiment(
    name: "overclamp",
    about:
      "eight points on a circle in two classes, five diameters: the standard rule against "
      + "overclamping",
    seconds: 60
  ) { bench in
    let board = try BoardDescription.shipped("lattice-multiplier")
    let seeds = bench.seeds(1...(bench.quick ? 2 : 8))
    let standard = Contest(
      board: board, rule: RuleSettings(name: .standard, update: .multiplier, nudge: 1),
      epochs: bench.quick ? 1500 : 6000, lastPulse: 1)
    let overclamped = Contest(
      board: board, rule: RuleSettings(name: .overclamped, update: .multiplier), epochs: 2000,
      lastPulse: 0.5)
    var rows: [Diameter] = []
    for published in Published.all where !bench.quick || published.diameter != 0.334 {
      bench.tell("circle of \(Int(published.diameter * 1000)) mV, \(seeds.count) bias draws")
      let task = try TaskDescription.circle(diameter: published.diameter)
      rows.append(
        Diameter(
          published: published,
          standard: try bench.map(seeds) { try standard.train(task, seed: $0, on: bench) },
          overclamped: try bench.map(seeds) { try overclamped.train(task, seed: $0, on: bench) }))
    }
    var report = Report()
    report.figures = rows.flatMap { $0.figures(on: bench) }
    report.figures.append(
      Figure(
        "standard over overclamped, least ratio of losses", rows.map(\.advantage).min()!,
        bound: .atLeast(1.5)))
    report.add(
      "overclamp.csv",
      columns: [
        "diameter_V", "standard_mV2", "standard_wrong", "standard_learned_s", "overclamped_mV2",
        "overclamped_wrong", "overclamped_learned_s", "published_standard_mV2",
        "published_standard_wrong", "published_overclamped_mV2", "published_overclamped_wrong",
      ], rows: rows.map(\.fields))
    report.add(overclampPlot)
    return report
  }
}

/// What was published for one diameter: hinge losses, mV^2, and shares of wrong classes.
private struct Published {
  /// The circle's diameter, V.
  var diameter: Double
  var standard: (loss: Double, wrong: Double)
  var overclamped: (loss: Double, wrong: Double)

  static let all = [
    Published(diameter: 0.417, standard: (84, 0.06), overclamped: (0, 0)),
    Published(diameter: 0.334, standard: (100, 0.125), overclamped: (0, 0)),
    Published(diameter: 0.250, standard: (108, 0.125), overclamped: (0, 0)),
    Published(diameter: 0.167, standard: (163, 0.125), overclamped: (3.5, 0)),
    Published(diameter: 0.083, standard: (322, 0.5), overclamped: (97.5, 0.25)),
  ]
}

/// What one bias draw ended with.
private struct Outcome: Sendable {
  /// The hinge loss, mV^2.
  var loss: Double
  /// The share of wrong classes.
  var wrong: Double
  /// The learning time, s.
  var learned: Double
}

/// A rule with its schedule on the board.
private struct Contest: Sendable {
  var board: BoardDescription
  var rule: RuleSettings
  var epochs: Int
  var lastPulse: Double

  /// Trains one bias draw and judges it by the task's hinge.
  func train(_ task: TaskDescription, seed: Int, on bench: Bench) throws -> Outcome {
    let plan = Plan(rule: rule, epochs: epochs, seed: UInt64(seed), lastPulse: lastPulse)
    // The standard rule drives each output to a label of its class, 63 mV to either side.
    let trained = rule.name == .standard ? task.labelled(volts: 0.063) : task
    var session = try Session<DirectBoard>(description: board, task: trained, plan: plan)
    let judged = Problem(task: task, seed: UInt64(seed))
    var tail: [Measures] = []
    try session.train(on: bench) { session in
      // An unconverged run jumps about: its last tenth is averaged.
      if session.progress.epoch > epochs * 9 / 10 {
        tail.append(try session.learner.measure(Array(task.samples.indices), of: judged))
      }
    }
    return Outcome(
      loss: tail.map(\.error).mean * 1e6, wrong: 1 - tail.map { $0.accuracy ?? 0 }.mean,
      learned: session.progress.last!.learned)
  }
}

/// Both rules at one diameter.
private struct Diameter {
  var published: Published
  var standard: [Outcome]
  var overclamped: [Outcome]

  /// The median loss of the standard rule over that of overclamping.
  var advantage: Double {
    standard.map(\.loss).median / max(overclamped.map(\.loss).median, 1e-3)
  }

  func figures(on bench: Bench) -> [Figure] {
    let name = "\(Int(published.diameter * 1000)) mV"
    return [
      Figure(
        "\(name), standard: hinge loss", standard.map(\.loss).median, .squareMillivolts,
        spread: .deviation(standard.map(\.loss).deviation), published: published.standard.loss,
        bound: bench.long(.ratio(1 / 3.0...3))),
      Figure(
        "\(name), standard: wrong", standard.map(\.wrong).mean,
        published: published.standard.wrong),
      Figure(
        "\(name), overclamped: hinge loss", overclamped.map(\.loss).median, .squareMillivolts,
        spread: .deviation(overclamped.map(\.loss).deviation),
        published: published.overclamped.loss,
        bound: .value(0...max(3 * published.overclamped.loss, 3))),
      Figure(
        "\(name), overclamped: wrong", overclamped.map(\.wrong).mean,
        published: published.overclamped.wrong,
        bound: .value(0...published.overclamped.wrong + 0.0625)),
      Figure(
        "\(name), overclamped: learning time", overclamped.map(\.learned).median, .seconds,
        bound: .value(0...2.7)),
    ]
  }

  var fields: [CSV.Field] {
    [
      published.diameter, standard.map(\.loss).median, standard.map(\.wrong).mean,
      standard.map(\.learned).median, overclamped.map(\.loss).median,
      overclamped.map(\.wrong).mean, overclamped.map(\.learned).median, published.standard.loss,
      published.standard.wrong, published.overclamped.loss, published.overclamped.wrong,
    ].map(CSV.Field.number)
  }
}

/// Losses over the diameter; what is zero lies at the lower edge.
private var overclampPlot: GnuplotScript {
  func series(_ y: String, _ style: String, _ colour: String, _ title: String)
    -> GnuplotScript.Series
  {
    .init("overclamp.csv", "($1*1000):\(y)", with: "\(style) lc '\(colour)'", title: title)
  }
  let (blue, red) = ("#0072b2", "#d55e00")
  return GnuplotScript(
    "overclamp", width: 700, height: 460,
    panels: [
      .init(
        x: .init("diameter of the circle (mV)"),
        y: .logarithmic("hinge loss (mV^2)", in: 0.03...1000, powers: false), key: "bottom left",
        series: [
          series("2", "linespoints pt 7 lw 2", blue, "standard"),
          series("($5>0.03?$5:0.03)", "linespoints pt 7 lw 2", red, "overclamped"),
          series("8", "points pt 6 ps 1.5", blue, "published, standard"),
          series("($10>0.03?$10:0.03)", "points pt 6 ps 1.5", red, "published, overclamped"),
        ])
    ])
}
