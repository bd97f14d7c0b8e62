import Files
import Models
import Reports
import Runs

extension Experiment {
  /// A Mach-Zehnder mesh trained perfect, then transferred to meshes with fresh errors.
  static let satMesh = Experiment(
    name: "sat-mesh",
    about:
      "digits on a rectangular mesh of interferometers, transferred to meshes with fresh errors",
    seconds: 25
  ) { bench in
    var report = Report()
    let epochs = bench.quick ? 6 : 20
    let seeds = bench.seeds(1...(bench.quick ? 1 : 2))
    let meshes = bench.quick ? 2 : 5
    // For each seed the share right at each size of errors.
    var kept: [String: [[Double]]] = [:]
    var rows: [[CSV.Field]] = []
    for method in methods {
      bench.tell(method.name)
      let found = try bench.map(seeds) { seed in
        try transfer(method, epochs: epochs, seed: seed, to: meshes, on: bench)
      }
      kept[method.name] = found
      for (column, sigma) in sigmas.enumerated() {
        report.figures.append(
          Figure(percent: "\(method.name), errors of \(sigma) rad", found.map { $0[column] }))
      }
      for (seed, values) in zip(seeds, found) {
        rows.append([method.column, .count(seed)] + values.map(CSV.Field.number))
      }
    }
    report.figures += leads(kept)
    report.add(
      "mesh.csv", columns: ["method", "seed"] + sigmas.map { "sigma_\($0)" }, rows: rows)
    report.remarks.append(
      "55 modes, 64 columns, \(epochs) epochs; \(meshes) meshes with fresh splitter and phase "
        + "errors for each seed")
    return report
  }
}

private let methods = [
  TrainingMethod(name: "plain", robustness: .plain, ramp: 0),
  TrainingMethod(name: "noise 0.05 rad", robustness: .noise(0.05)),
  TrainingMethod(name: "noise 0.1 rad", robustness: .noise(0.1)),
  TrainingMethod(name: "SAM, rho 0.5", robustness: .sharpness(rho: 0.5, adaptive: false)),
  TrainingMethod(name: "SAM, rho 1", robustness: .sharpness(rho: 1, adaptive: false)),
]

/// The sizes of errors in splitters and phases, rad.
private let sigmas = [0, 0.05, 0.1, 0.15, 0.3]

/// Trains a perfect mesh and gives its phases to others.
/// - Returns: the share of test digits right at each size of errors, on average over the meshes.
private func transfer(
  _ method: TrainingMethod, epochs: Int, seed: Int, to meshes: Int, on bench: Bench
) throws -> [Double] {
  let pixels = try Digits(seed: seed).pixels
  var trainer = Trainer(
    model: InterferometerMesh(
      modes: pixels.training[0].inputs.count, columns: 64, outputs: 10, seed: UInt64(seed)),
    optimiser: Optimiser(.adam, rate: 0.03),
    plan: TrainingPlan(
      epochs: epochs, batch: 48, cost: .crossEntropy(width: 0.5),
      robustness: method.robustness, ramp: method.ramp, seed: UInt64(seed)))
  try trainer.finish(pixels.training, on: bench)
  return try sigmas.map { sigma in
    try (0..<(sigma == 0 ? 1 : meshes)).map { number in
      var mesh = trainer.model.withErrors(sigma, seed: UInt64(bench.seed(500 + number)))
      return try mesh.accuracy(on: pixels.testing)
    }.mean
  }
}

/// By how much each method is ahead of plain training.
private func leads(_ kept: [String: [[Double]]]) -> [Figure] {
  guard let plain = kept["plain"] else { return [] }
  return methods.dropFirst().flatMap { method in
    sigmas.indices.filter { sigmas[$0] == 0.05 || sigmas[$0] == 0.1 }.map { column in
      Figure(
        lead: "\(method.name) over plain, errors of \(sigmas[column]) rad",
        of: (kept[method.name] ?? []).map { $0[column] }, over: plain.map { $0[column] })
    }
  }
}
