import Circuit
import Files
import Foundation
import Runs
import Portable
import BoardDouble
import Targets

extension Experiments {
  /// Synchronous against desynchronous learning.
  static let desynchronous = Experiment(
    name: "desynchronous",
    about:
      "all edges at once against each with probability p, on ideal gates and on 128 steps: error against p x steps; batch size against p",
    seconds: 60
  ) { bench in
    var report = Report()
    let probabilities: [Double] = bench.quick ? [1, 0.2] : [1, 0.5, 0.2, 0.1]
    let turns = bench.quick ? 300 : 1000
    let seeds = bench.quick ? 2 : 6
    let tasks = try ["allostery", "regression", "circle"].map { name in
      if name != "circle" { return try task(name) }
      // A label for each class, so that errors can be compared.
      var classification = labelled(try circle(diameter: 0.334), volts: 0.02)
      classification.name = "classification"
      return classification
    }
    var rows: [[String]] = []
    for discrete in [false, true] {
      let board = try idealLattice(steps: discrete ? 128 : nil)
      for task in tasks {
        bench.tell("\(task.name), \(discrete ? "128 steps" : "ideal gates"), \(seeds) seeds")
        var ends: [Double] = []
        var curves: [[Double]] = []
        for probability in probabilities {
          let rule = RuleSettings(
            name: discrete ? .standard : .coupled, update: .comparator, nudge: 0.5,
            pulse: discrete ? 1e-3 : 40e-3, probability: probability)
          // As many moves of each edge for every p.
          let count = Double(task.samples.count)
          let epochs = Int((Double(turns) / probability / count).rounded(.up)) * 2
          let histories = try bench.map(Array(1...seeds)) { seed -> [(Double, Double)] in
            var session = try Session<DirectBoard>(
              description: board, task: task,
              plan: Plan(rule: rule, epochs: epochs, seed: UInt64(seed), lastPulse: 1))
            try session.train(on: bench)
            return session.curve.map {
              (Double($0.epoch) * count * probability, $0.training.error)
            }
          }
          // Twenty marks along p x steps, each the geometric mean over seeds.
          var curve: [Double] = []
          for mark in 1...20 {
            let until = Double(2 * turns) * Double(mark) / 20
            let from = Double(2 * turns) * Double(mark - 1) / 20
            let errors = histories.map { history in
              max(history.filter { $0.0 > from && $0.0 <= until + 1e-9 }.map(\.1).mean, 1e-12)
            }
            curve.append(errors.geometricMean)
            rows.append([
              task.name, discrete ? "128" : "ideal", "\(probability)", "\(until)",
              "\(errors.geometricMean)",
            ])
          }
          curves.append(curve)
          ends.append(curve.suffix(4).geometricMean)
        }
        let kind = discrete ? "128 steps" : "ideal gates"
        let best = ends.dropFirst().min()!
        report.figures.append(
          Figure(
            "\(task.name), \(kind): error at the end, synchronous (V^2)", ours: ends[0]))
        report.figures.append(
          Figure(
            "\(task.name), \(kind): error at the end, best p < 1 (V^2)", ours: best))
        if discrete {
          report.figures.append(
            Figure(
              "\(task.name), \(kind): synchronous over best p < 1", ours: ends[0] / best,
              bound: task.name == "regression" ? .shown : .value(1...1e9)))
        } else {
          // Published: curves for all p fall together over p x steps.
          let apart = zip(curves[0], curves[1]).map { log10($1 / $0) }.prefix(10).map(abs).median
          report.figures.append(
            Figure(
              "\(task.name), \(kind): decades between p = 1 and p = \(probabilities[1]) over p x steps",
              ours: apart, bound: .value(0...0.3)))
        }
      }
    }
    report.remarks.append(
      "On the regression task, whose samples come one at a time, moves of all edges at once average "
        + "out and end lower than p < 1; with batches of its samples the published order holds (the "
        + "last figures).")
    bench.tell("batch size against p")
    let batches = try miniBatches(bench)
    report.figures += batches.figures
    report.files += batches.files
    report.add(
      "desynchronous.csv", heading: "task,gates,p,p_times_steps,error_V2", rows: rows)
    // A file for each curve keeps the plot's script plain.
    var index = 0
    var panels = ""
    for discrete in [false, true] {
      for task in tasks {
        var curves: [String] = []
        for probability in probabilities {
          let own = rows.filter {
            $0[0] == task.name && $0[1] == (discrete ? "128" : "ideal") && $0[2] == "\(probability)"
          }
          report.add(
            "curve-\(index).csv", heading: "p_times_steps,error_V2",
            rows: own.map { [$0[3], $0[4]] })
          curves.append("'curve-\(index).csv' using 1:2 with lines lw 2 title 'p = \(probability)'")
          index += 1
        }
        panels += "set title '\(task.name), \(discrete ? "128 steps" : "ideal gates")'\n"
        panels += "plot \(curves.joined(separator: ", "))\n"
      }
    }
    report.plot(
      "desynchronous", width: 1200, height: 700,
      """
      set multiplot layout 2,3
      set logscale y
      set format y '10^{%L}'
      set xtics 500
      set xlabel 'p x steps'
      set ylabel 'error (V^2)'
      \(panels)unset multiplot
      """)
    return report
  }

  /// The lattice of comparator edges without imperfections, its gates on capacitors or in steps.
  private static func idealLattice(steps: Int? = nil) throws -> BoardDescription {
    var board = try board("lattice")
    board.imperfections = .none
    board.wiring = nil
    board.gates.steps = steps
    return board
  }

  /// Coupled learning in 128 steps with batches of the samples, each edge with probability p: both
  /// let fewer wrong moves through.
  private static func miniBatches(
    _ bench: Bench
  ) throws -> (figures: [Figure], files: [(name: String, text: String)]) {
    let sizes = bench.quick ? [1, 8] : [1, 2, 4, 8]
    let probabilities: [Double] = bench.quick ? [1, 0.125] : [1, 0.5, 0.25, 0.125]
    let description = try idealLattice()
    let task = try task("regression")
    let place = try task.place(on: description)
    let analog = try AnalogBoard(
      description: description, seed: 1, sources: place.sources, targets: place.targets)
    let levels = (0..<128).map {
      description.gates.minimum
        + (description.gates.maximum - description.gates.minimum) * Double($0) / 127
    }
    var pieces: [(size: Int, probability: Double, seed: Int)] = []
    let seeds = bench.quick ? 1 : 4
    for size in sizes {
      for p in probabilities { for seed in 1...seeds { pieces.append((size, p, seed)) } }
    }
    let errors = try bench.map(pieces) { piece -> Double in
      var twins = analog.twins
      var state = [Int](repeating: 66, count: analog.learningEdges.count)
      let moves = Int(Double(bench.quick ? 150 : 400) / piece.probability)
      var tail: [Double] = []
      var next = 0
      for step in 0..<moves {
        if bench.isStopping { throw Stopped() }
        try twins.setGates(state.map { levels[$0] })
        var contrast = [Double](repeating: 0, count: state.count)
        var squared = 0.0
        for _ in 0..<piece.size {
          let sample = task.samples[next % task.samples.count]
          next += 3
          try twins.drive(sample.inputs)
          try twins.solveFree()
          let outputs = twins.targetVoltages
          let error = sample.labels[0] - (outputs[1] - outputs[0])
          squared += error * error
          try twins.clamp(0, at: outputs[0] - error / 4, ohms: 1e-3)
          try twins.clamp(1, at: outputs[1] + error / 4, ohms: 1e-3)
          try twins.solveClamped()
          for index in contrast.indices {
            let (free, clamped) = try twins.drops(index)
            contrast[index] += free * free - clamped * clamped
          }
        }
        if step >= moves * 3 / 4 { tail.append(squared / Double(piece.size)) }
        let draw = Draw(seed: UInt64(piece.seed), purpose: 7001, device: UInt32(step))
        for edge in state.indices where draw.uniform(UInt64(edge)) < piece.probability {
          let way = contrast[edge] > 0 ? 1 : contrast[edge] < 0 ? -1 : 0
          state[edge] = min(max(state[edge] + way, 0), 127)
        }
      }
      return tail.mean
    }
    var rows: [[String]] = []
    var table: [[Double]] = []
    for (index, size) in sizes.enumerated() {
      var row: [Double] = []
      for place in probabilities.indices {
        let start = (index * probabilities.count + place) * seeds
        row.append(Array(errors[start..<start + seeds]).geometricMean)
        rows.append(["\(size)", "\(probabilities[place])", "\(row.last!)"])
      }
      table.append(row)
    }
    let figures = [
      Figure(
        "128 steps: error of batches of 1 over batches of 8, p = 1",
        ours: table[0][0] / table.last![0]),
      Figure(
        "128 steps: error of p = 1 over p = 1/8, batches of 1", ours: table[0][0] / table[0].last!),
      Figure(
        "128 steps: error of p = 1 over p = 1/8, batches of 8",
        ours: table.last![0] / table.last!.last!, bound: .value(1.5...1e9)),
      Figure(
        "128 steps: error of batches of 1 over batches of 8, p = 1/8",
        ours: table[0].last! / table.last!.last!, bound: bench.long(.value(1.5...1e9))),
    ]
    let lines = rows.map { $0.joined(separator: ",") }
    return (
      figures,
      [("batches.csv", (["batch,p,error_V2"] + lines).joined(separator: "\n") + "\n")]
    )
  }
}
