import BoardDouble
import Files
import Reports
import Runs
import Studies

extension Experiment {
  /// The drift of solved tasks on the measured two-edge rig.
  static let drift = Experiment(
    name: "drift",
    about: "speed along both solution lines of the two-edge rig, at zero error, until a gate rails",
    seconds: 2
  ) { bench in
    let measured = try RigDescription.shipped("exp1")
    let rig = try Rig(measured)
    var report = Report()
    var table = CSV(
      ["task", "learned_s", "error_V2", "distance_V"]
        + rig.board.learningEdges.map { "\($0.name)_V" })
    var way = CSV()
    for task in 0..<2 {
      var cycling = try Cycling<DirectBoard>(
        description: rig.board, tasks: rig.tasks,
        plan: CyclePlan(rule: rig.rule, seed: UInt64(bench.seed())))
      let result = try cycling.drift(of: task, learned: 1.5, stopping: { bench.isStopping })
      try bench.check()
      let name = rig.tasks[task].name
      report.figures += driftFigures(
        name, result, line: measured.tasks[task], plane: measured.plane)
      for record in result.records {
        table.add(
          [.text(name)]
            + ([record.learned, record.error, record.distance] + record.gates).map(
              CSV.Field.number))
        way.add(
          [
            record.learned, record.gates[measured.plane[0]], record.gates[measured.plane[1]],
            record.error,
          ].map(CSV.Field.number))
      }
      way.addGap()
    }
    report.remarks.append(
      "The bias is taken from these two speeds: that each comes back along its own line checks the "
        + "model, it does not predict them.")
    report.files = [("drift.csv", table.text), ("way.csv", way.text)]
    report.add(driftPlot(lines: measured.tasks))
    return report
  }
}

/// A task's drift against its measured line.
private func driftFigures(
  _ name: String, _ result: DriftResult, line: RigTask, plane: [Int]
) -> [Figure] {
  // The direction of the way against that of the line.
  let free = result.records.last { $0.learned < result.railed ?? 1e9 }!
  let dx = free.gates[plane[0]] - result.records[0].gates[plane[0]]
  let dy = free.gates[plane[1]] - result.records[0].gates[plane[1]]
  return [
    Figure(
      "\(name): speed along its line", result.speed, .voltsPerSecond, published: line.drift,
      bound: .ratio(0.8...1.2)),
    Figure(
      "\(name): slope of its way, G+ over G-", dy / dx, published: line.slope,
      bound: .ratio(0.8...1.25)),
    Figure("\(name): error on the way", result.error, .squareVolts, bound: .value(0...2e-5)),
    Figure(
      "\(name): learning time until a gate rails", result.railed ?? .infinity, .seconds,
      bound: .value(0.05...1.5)),
  ]
}

/// Both ways in the plane of the gates with the measured lines, and the error along them.
private func driftPlot(lines: [RigTask]) -> GnuplotScript {
  let names = ["alpha", "beta"]
  let measured = zip(lines, names).enumerated().map { place, line in
    GnuplotScript.Series(
      formula: "\(line.0.slope)*x + \(line.0.offset)", with: "lines dt \(place + 2) lc 'gray40'",
      title: "measured line, \(line.1)")
  }
  func ways(_ columns: String) -> [GnuplotScript.Series] {
    names.enumerated().map {
      .init("way.csv", columns, block: $0, with: "lines lw 2", title: $1)
    }
  }
  return GnuplotScript(
    "drift", width: 900, height: 420, columns: 2, isHeaded: false,
    panels: [
      .init(
        x: .init("gate of G- (V)", in: 0.6...5.2), y: .init("gate of G+ (V)", in: 0.6...5.4),
        key: "bottom right", series: measured + ways("2:3")),
      .init(
        x: .init("learning time since solved (s)"), y: .logarithmic("error (V^2)", zeroAt: 1e-12),
        key: "top left", series: ways("1:4")),
    ])
}
