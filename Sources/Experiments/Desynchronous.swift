import BoardDouble
import Circuit
import Files
import Foundation
import Portable
import Reports
import Runs
import Targets

extension Experiment {
  /// Synchronous against desynchronous learning.
  static let desynchronous = Experiment(
    name: "desynchronous",
    about:
      "all edges at once against each with probability p, on ideal gates and on 128 steps: error "
      + "against p x steps; batch size against p",
    seconds: 60
  ) { bench in
    var report = Report()
    // A label for each class, so that errors can be compared.
    var classes = try TaskDescription.circle(diameter: 0.334).labelled(volts: 0.02)
    classes.name = "classification"
    let tasks = [try .shipped("allostery"), try .shipped("regression"), classes]
    var comparisons: [Comparison] = []
    for taps in [nil, 128] {
      for task in tasks {
        let comparison = try Comparison(task, taps: taps, on: bench)
        report.figures += comparison.figures
        comparisons.append(comparison)
      }
    }
    report.remarks.append(
      "On the regression task, whose samples come one at a time, moves of all edges at once "
        + "average out and end lower than p < 1; with batches of its samples the published order "
        + "holds (the last figures).")
    bench.tell("batch size against p")
    let batches = try MiniBatches(on: bench)
    report.figures += batches.figures(on: bench)
    report.add("batches.csv", columns: ["batch", "p", "error_V2"], rows: batches.rows)
    report.add(
      "desynchronous.csv", columns: ["task", "gates", "p", "p_times_steps", "error_V2"],
      rows: comparisons.flatMap(\.rows))
    plot(comparisons, in: &report)
    return report
  }
}

extension BoardDescription {
  /// The lattice of comparator edges without imperfections, its gates on capacitors or
  /// potentiometers.
  fileprivate static func idealLattice(taps: Int? = nil) throws -> BoardDescription {
    var board = try shipped("lattice")
    board.imperfections = .none
    board.wiring = nil
    board.gates.taps = taps
    return board
  }
}

/// The error of one task over p x steps, for each p.
private struct Comparison {
  /// One mark of a curve: the error up to it, V^2.
  struct Mark {
    var progress: Double
    var error: Double
  }

  let task: TaskDescription
  let isDiscrete: Bool
  /// The largest first: all edges at once.
  let probabilities: [Double]
  /// A curve for each probability: twenty marks along p x steps, each the geometric mean over
  /// seeds.
  let curves: [[Mark]]

  var gates: String { isDiscrete ? "128 steps" : "ideal gates" }
  var title: String { "\(task.name), \(gates)" }

  init(_ task: TaskDescription, taps: Int?, on bench: Bench) throws {
    let isStepped = taps != nil
    self.task = task
    isDiscrete = isStepped
    probabilities = bench.quick ? [1, 0.2] : [1, 0.5, 0.2, 0.1]
    let board = try BoardDescription.idealLattice(taps: taps)
    let turns = bench.quick ? 300 : 1000
    let seeds = bench.quick ? 2 : 6
    bench.tell("\(task.name), \(isStepped ? "128 steps" : "ideal gates"), \(seeds) seeds")
    curves = try probabilities.map { probability in
      let rule = RuleSettings(
        name: isStepped ? .standard : .coupled, update: .comparator, nudge: 0.5,
        pulse: isStepped ? 1e-3 : 40e-3, probability: probability)
      let histories = try bench.map(bench.seeds(1...seeds)) { seed in
        try Comparison.history(
          of: task, on: board, rule: rule, turns: turns, seed: seed, bench: bench)
      }
      return (1...20).map { mark in
        let until = Double(2 * turns) * Double(mark) / 20
        let from = Double(2 * turns) * Double(mark - 1) / 20
        let errors = histories.map { history in
          max(
            history.filter { $0.progress > from && $0.progress <= until + 1e-9 }.map(\.error).mean,
            1e-12)
        }
        return Mark(progress: until, error: errors.geometricMean)
      }
    }
  }

  /// The error after each epoch of one seed, over p x steps.
  private static func history(
    of task: TaskDescription, on board: BoardDescription, rule: RuleSettings, turns: Int,
    seed: Int, bench: Bench
  ) throws -> [Mark] {
    // As many moves of each edge for every p.
    let count = Double(task.samples.count)
    let epochs = Int((Double(turns) / rule.probability / count).rounded(.up)) * 2
    var session = try Session<DirectBoard>(
      description: board, task: task,
      plan: Plan(rule: rule, epochs: epochs, seed: UInt64(seed), lastPulse: 1))
    try session.train(on: bench)
    return session.curve.map {
      Mark(progress: Double($0.epoch) * count * rule.probability, error: $0.training.error)
    }
  }

  var figures: [Figure] {
    let ends = curves.map { $0.suffix(4).map(\.error).geometricMean }
    let best = ends.dropFirst().min()!
    let judged: Figure
    if isDiscrete {
      judged = Figure(
        "\(title): synchronous over best p < 1", ends[0] / best,
        bound: task.name == "regression" ? .shown : .atLeast(1))
    } else {
      // Published: curves for all p fall together over p x steps.
      let apart = zip(curves[0], curves[1]).map { log10($1.error / $0.error) }
      judged = Figure(
        "\(title): decades between p = 1 and p = \(probabilities[1]) over p x steps",
        apart.prefix(10).map(abs).median, bound: .value(0...0.3))
    }
    return [
      Figure("\(title): error at the end, synchronous", ends[0], .squareVolts),
      Figure("\(title): error at the end, best p < 1", best, .squareVolts),
      judged,
    ]
  }

  var rows: [[CSV.Field]] {
    zip(probabilities, curves).flatMap { probability, curve in
      curve.map {
        [
          .text(task.name), .text(isDiscrete ? "128" : "ideal"), .number(probability),
          .number($0.progress), .number($0.error),
        ]
      }
    }
  }
}

/// A panel for each comparison; a file for each curve keeps the script plain.
private func plot(_ comparisons: [Comparison], in report: inout Report) {
  var panels: [GnuplotScript.Panel] = []
  var number = 0
  for comparison in comparisons {
    var series: [GnuplotScript.Series] = []
    for (probability, curve) in zip(comparison.probabilities, comparison.curves) {
      let file = "curve-\(number).csv"
      number += 1
      report.add(
        file, columns: ["p_times_steps", "error_V2"],
        rows: curve.map { [.number($0.progress), .number($0.error)] })
      series.append(.init(file, "1:2", with: "lines lw 2", title: "p = \(probability)"))
    }
    panels.append(
      .init(
        comparison.title, x: .init("p x steps", every: 500),
        y: .logarithmic("error (V^2)", zeroAt: 1e-12),
        series: series))
  }
  report.add(
    GnuplotScript("desynchronous", width: 1200, height: 700, columns: 3, panels: panels))
}

/// Coupled learning in 128 steps with batches of the samples, each edge with probability p: both
/// let fewer wrong moves through.
private struct MiniBatches {
  let sizes: [Int]
  let probabilities: [Double]
  /// The mean error of the last quarter of the moves, V^2, a row for each size; geometric means
  /// over seeds.
  let errors: [[Double]]

  init(on bench: Bench) throws {
    let sizes = bench.quick ? [1, 8] : [1, 2, 4, 8]
    let probabilities: [Double] = bench.quick ? [1, 0.125] : [1, 0.5, 0.25, 0.125]
    let seeds = bench.quick ? 1 : 4
    let board = try BoardDescription.idealLattice()
    let task = try TaskDescription.shipped("regression")
    var pieces: [(size: Int, probability: Double, seed: Int)] = []
    for size in sizes {
      for p in probabilities {
        for seed in bench.seeds(1...seeds) { pieces.append((size, p, seed)) }
      }
    }
    let found = try bench.map(pieces) { piece in
      try MiniBatches.train(
        board, task, size: piece.size, probability: piece.probability, seed: piece.seed, on: bench)
    }
    self.sizes = sizes
    self.probabilities = probabilities
    errors = sizes.indices.map { size in
      probabilities.indices.map { place in
        let start = (size * probabilities.count + place) * seeds
        return Array(found[start..<start + seeds]).geometricMean
      }
    }
  }

  /// Steps every edge by the sign of its contrast, summed over a batch.
  private static func train(
    _ board: BoardDescription, _ task: TaskDescription, size: Int, probability: Double, seed: Int,
    on bench: Bench
  ) throws -> Double {
    let place = try task.place(on: board)
    var twins = try AnalogBoard(
      description: board, seed: 1, sources: place.sources, targets: place.targets
    ).twins
    let levels = (0..<128).map {
      board.gates.minimum + (board.gates.maximum - board.gates.minimum) * Double($0) / 127
    }
    var state = [Int](repeating: 66, count: twins.edges.count)
    let moves = Int(Double(bench.quick ? 150 : 400) / probability)
    var tail: [Double] = []
    var next = 0
    for step in 0..<moves {
      if bench.isStopping { throw Stopped() }
      try twins.setGates(state.map { levels[$0] })
      var contrast = [Double](repeating: 0, count: state.count)
      var squared = 0.0
      for _ in 0..<size {
        squared += try add(task.samples[next % task.samples.count], to: &contrast, of: &twins)
        next += 3
      }
      if step >= moves * 3 / 4 { tail.append(squared / Double(size)) }
      let draw = Draw(seed: UInt64(seed), purpose: 7001, device: UInt32(step))
      for edge in state.indices where draw.uniform(UInt64(edge)) < probability {
        let way = contrast[edge] > 0 ? 1 : contrast[edge] < 0 ? -1 : 0
        state[edge] = min(max(state[edge] + way, 0), 127)
      }
    }
    return tail.mean
  }

  /// Adds a sample's contrast, free minus clamped, at a nudge of a half.
  /// - Returns: the squared error of its output, V^2.
  private static func add(
    _ sample: Sample, to contrast: inout [Double], of twins: inout Twins
  ) throws -> Double {
    try twins.drive(sample.inputs)
    try twins.solveFree()
    let outputs = twins.targetVoltages
    let error = sample.labels[0] - (outputs[1] - outputs[0])
    try twins.clamp(0, at: outputs[0] - error / 4, ohms: 1e-3)
    try twins.clamp(1, at: outputs[1] + error / 4, ohms: 1e-3)
    try twins.solveClamped()
    for edge in contrast.indices {
      let (free, clamped) = try twins.drops(edge)
      contrast[edge] += free * free - clamped * clamped
    }
    return error * error
  }

  func figures(on bench: Bench) -> [Figure] {
    let (one, eight) = (errors[0], errors.last!)
    return [
      Figure("128 steps: error of batches of 1 over batches of 8, p = 1", one[0] / eight[0]),
      Figure("128 steps: error of p = 1 over p = 1/8, batches of 1", one[0] / one.last!),
      Figure(
        "128 steps: error of p = 1 over p = 1/8, batches of 8", eight[0] / eight.last!,
        bound: .atLeast(1.5)),
      Figure(
        "128 steps: error of batches of 1 over batches of 8, p = 1/8", one.last! / eight.last!,
        bound: bench.long(.atLeast(1.5))),
    ]
  }

  var rows: [[CSV.Field]] {
    zip(sizes, errors).flatMap { size, row in
      zip(probabilities, row).map { [.count(size), .number($0), .number($1)] }
    }
  }
}
