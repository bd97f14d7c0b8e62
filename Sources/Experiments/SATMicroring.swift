import Files
import Models
import Reports
import Runs

extension Experiment {
  /// A microring weight bank trained plainly, with noise and sharpness-aware, then cooled.
  static let satMicroring = Experiment(
    name: "sat-microring",
    about: "digits on a microring weight bank that cools: plain, noise injection, SAM, SAT",
    seconds: 30
  ) { bench in
    var report = Report()
    let epochs = bench.quick ? 30 : 50
    let seeds = bench.seeds(1...(bench.quick ? 2 : 5))
    var kept: [String: [Cooled]] = [:]
    var rows: [[CSV.Field]] = []
    for method in methods {
      bench.tell(method.name)
      let found = try bench.map(seeds) { seed in
        try Cooled(method, epochs: epochs, seed: seed, on: bench)
      }
      kept[method.name] = found
      report.figures += figures(method, found)
      for (seed, one) in zip(seeds, found) {
        rows.append(
          [method.column, .count(seed)] + one.accuracies.map(CSV.Field.number)
            + [.number(one.sharpness)])
      }
    }
    report.figures += comparison(kept)
    report.add(
      "microring.csv", columns: ["method", "seed"] + rises.map { "\($0)_K" } + ["hessian"],
      rows: rows)
    report.remarks.append(
      "\(epochs) epochs of Adam each; resonances shift by \(MicroringBank.shiftPerKelvin) nm/K; "
        + "the published figures are of another network and task")
    return report
  }
}

private let methods = [
  TrainingMethod(name: "plain", robustness: .plain, ramp: 0),
  TrainingMethod(name: "noise 0.04 nm", robustness: .noise(0.04)),
  TrainingMethod(name: "noise 0.08 nm", robustness: .noise(0.08)),
  TrainingMethod(name: "SAM, rho 0.1", robustness: .sharpness(rho: 0.1, adaptive: false)),
  TrainingMethod(name: "adaptive SAM, rho 0.2", robustness: .sharpness(rho: 0.2, adaptive: true)),
  TrainingMethod(name: "SAT in temperature", robustness: .temperature(swing: 1.5, rho: 0)),
]

/// The temperatures after training, K, against that of training.
private let rises = [0, -0.5, -1, -1.5, -2]

/// A bank that was trained and then cooled.
private struct Cooled: Sendable {
  /// The share of test digits right at each of the temperatures.
  var accuracies: [Double] = []
  /// The largest eigenvalue of the cost's Hessian.
  var sharpness = 0.0

  /// The share right at -1 K.
  var cold: Double { accuracies[2] }

  init(_ method: TrainingMethod, epochs: Int, seed: Int, on bench: Bench) throws {
    let cost = Cost.crossEntropy(width: 0.2)
    let pixels = try Digits(seed: seed).pixels
    var trainer = Trainer(
      model: MicroringBank(
        inputs: pixels.training[0].inputs.count, outputs: 10, seed: UInt64(seed)),
      optimiser: Optimiser(.adam, rate: 0.01),
      plan: TrainingPlan(
        epochs: epochs, batch: 48, cost: cost, robustness: method.robustness,
        ramp: method.ramp, seed: UInt64(seed)))
    try trainer.finish(pixels.training, on: bench)
    var model = trainer.model
    for rise in rises {
      model.temperatureRise = rise
      accuracies.append(try model.accuracy(on: pixels.testing))
    }
    model.temperatureRise = 0
    sharpness = try model.sharpness(of: cost, on: Array(pixels.training.prefix(200)))
  }
}

private func figures(_ method: TrainingMethod, _ found: [Cooled]) -> [Figure] {
  // What another group's bank of the same weights did at -1 K.
  let published = ["plain": 60.0, "noise 0.08 nm": 75, "SAT in temperature": 99]
  return rises.enumerated().map { column, rise in
    Figure(
      percent: "\(method.name), \(rise) K", found.map { $0.accuracies[column] },
      published: rise == -1 ? published[method.name] : nil)
  } + [
    Figure("\(method.name), largest Hessian eigenvalue", meanOf: found.map(\.sharpness))
  ]
}

/// What cooling costs plain and sharpness-aware training, and by how much that leads.
private func comparison(_ kept: [String: [Cooled]]) -> [Figure] {
  guard let plain = kept["plain"], let sat = kept["SAT in temperature"] else { return [] }
  let share = sat.map { 100 * $0.cold / $0.accuracies[0] }
  return [
    Figure(
      "plain training loses at -1 K", meanOf: plain.map { 100 * ($0.accuracies[0] - $0.cold) },
      .points, bound: .value(25...100)),
    Figure(
      "SAT holds at -1 K of its clean accuracy, worst of \(sat.count) seeds", share.min() ?? 0,
      .percent, bound: .value(95...200)),
  ]
    + methods.filter { $0.name != "SAT in temperature" }.map { method in
      Figure(
        lead: "SAT over \(method.name) at -1 K", of: sat.map(\.cold),
        over: (kept[method.name] ?? []).map(\.cold))
    }
}
