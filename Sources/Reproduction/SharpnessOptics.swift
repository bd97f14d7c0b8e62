import Description
import Learning
import Models
import Reproducible

/// The same way to train, of the same optimiser and epochs.
private struct Method: Sendable {
  let name: String
  let robustness: Robustness
  let ramp: Double
}

/// Digits with their volts taken off: pixels from 0 to 1.
private func pixels(_ examples: [Example]) -> [Example] {
  examples.map { Example(inputs: $0.inputs.map { $0 / 0.45 }, category: $0.category) }
}

/// A microring weight bank trained plainly, with noise and sharpness-aware, then warmed and cooled.
public func reproduceMicroring(_ context: ExperimentContext) throws -> ExperimentResult {
  var result = ExperimentResult()
  let epochs = 60
  let seeds = 5
  let cost = Cost.crossEntropy(width: 0.2)
  let methods = [
    Method(name: "plain", robustness: .plain, ramp: 0),
    Method(name: "noise 0.04 nm", robustness: .noise(0.04), ramp: 0.5),
    Method(name: "noise 0.08 nm", robustness: .noise(0.08), ramp: 0.5),
    Method(name: "SAM rho 0.1", robustness: .sharpness(rho: 0.1, adaptive: false), ramp: 0.5),
    Method(
      name: "adaptive SAM rho 0.2", robustness: .sharpness(rho: 0.2, adaptive: true), ramp: 0.5),
    Method(
      name: "SAT, temperature +-1.5 K", robustness: .temperature(swing: 1.5, rho: 0), ramp: 0.5),
    Method(
      name: "the same, rho 0.05", robustness: .temperature(swing: 1.5, rho: 0.05), ramp: 0.5),
  ]
  let rises = [0, -0.5, -1, -1.5, -2]
  var rows: [[String]] = []
  var kept: [String: [[Double]]] = [:]
  for method in methods {
    try context.report("sat-microring: \(method.name)")
    let found = try concurrently(seeds) { seed in
      let digits = try Digits(context, seed: UInt64(seed) + 1)
      let training = pixels(digits.training)
      let testing = pixels(digits.testing)
      var trainer = Trainer(
        model: MicroringBank(
          inputs: training[0].inputs.count, outputs: 10, seed: UInt64(seed) + 1),
        optimiser: Optimiser(.adam, rate: 0.01),
        plan: TrainingPlan(
          epochs: epochs, batch: 48, cost: cost, robustness: method.robustness, ramp: method.ramp,
          seed: UInt64(seed) + 1))
      try trainer.finish(training, context)
      var model = trainer.model
      var row: [Double] = []
      for rise in rises {
        model.temperatureRise = rise
        row.append(try model.accuracy(on: testing))
      }
      model.temperatureRise = 0
      return row + [try model.sharpness(of: cost, on: Array(training.prefix(200)))]
    }
    kept[method.name] = found
    var cells = [method.name]
    for column in rises.indices { cells.append(Spread(found.map { $0[column] }).percent) }
    cells.append(decimal(Spread(found.map { $0[rises.count] }).mean, 1))
    rows.append(cells)
  }
  result.tables.append(
    TextTable(
      title:
        "Digits on a microring weight bank after \(epochs) epochs, test %, mean and deviation over "
        + "\(seeds) seeds; shift \(MicroringBank.shiftPerKelvin) nm/K:",
      head: ["trained"] + rises.map { decimal($0, 1) + " K" } + ["largest Hessian eigenvalue"],
      rows: rows))
  guard let plain = kept["plain"], let sat = kept["SAT, temperature +-1.5 K"] else {
    return result
  }
  let lost = Spread(plain.map { $0[0] - $0[2] })
  let share = Spread(sat.map { $0[2] / $0[0] })
  result.claim(
    "At -1 K plain training loses more than 25 points", "\(lost.percent) points", lost.mean > 0.25)
  result.claim(
    "At -1 K SAT holds at least 95 % of its clean accuracy, on each of \(seeds) seeds",
    "\(share.percent) %", sat.allSatisfy { $0[2] / $0[0] >= 0.95 })
  for (name, found) in kept.sorted(by: { $0.key < $1.key }) where name != "SAT, temperature +-1.5 K" {
    let ahead = Spread(zip(sat, found).map { $0[2] - $1[2] })
    result.claim(
      "At -1 K SAT is ahead of: \(name)", "\(ahead.percentError) points", ahead.mean > ahead.error)
  }
  return result
}

/// A Mach-Zehnder mesh trained perfect, then transferred to meshes with fresh errors.
public func reproduceMesh(_ context: ExperimentContext) throws -> ExperimentResult {
  var result = ExperimentResult()
  let epochs = 20
  let seeds = 2
  let methods = [
    Method(name: "plain", robustness: .plain, ramp: 0),
    Method(name: "noise 0.05 rad", robustness: .noise(0.05), ramp: 0.5),
    Method(name: "noise 0.1 rad", robustness: .noise(0.1), ramp: 0.5),
    Method(name: "SAM rho 0.5", robustness: .sharpness(rho: 0.5, adaptive: false), ramp: 0.5),
    Method(name: "SAM rho 1", robustness: .sharpness(rho: 1, adaptive: false), ramp: 0.5),
  ]
  let sigmas = [0, 0.05, 0.1, 0.15, 0.3]
  let meshes = 5
  var rows: [[String]] = []
  var kept: [String: [[Double]]] = [:]
  for method in methods {
    try context.report("sat-mesh: \(method.name)")
    let found = try concurrently(seeds) { seed in
      let digits = try Digits(context, seed: UInt64(seed) + 1)
      let training = pixels(digits.training)
      let testing = pixels(digits.testing)
      var trainer = Trainer(
        model: InterferometerMesh(
          modes: training[0].inputs.count, columns: 64, outputs: 10, seed: UInt64(seed) + 1),
        optimiser: Optimiser(.adam, rate: 0.03),
        plan: TrainingPlan(
          epochs: epochs, batch: 48, cost: .crossEntropy(width: 0.5),
          robustness: method.robustness, ramp: method.ramp, seed: UInt64(seed) + 1))
      try trainer.finish(training, context)
      return try sigmas.map { sigma in
        let count = sigma == 0 ? 1 : meshes
        var sum = 0.0
        for number in 0..<count {
          var mesh = trainer.model.withErrors(sigma, seed: 500 + UInt64(number))
          sum += try mesh.accuracy(on: testing)
        }
        return sum / Double(count)
      }
    }
    kept[method.name] = found
    rows.append(
      [method.name] + sigmas.indices.map { column in Spread(found.map { $0[column] }).percent })
  }
  result.tables.append(
    TextTable(
      title:
        "Digits on a rectangular mesh of 55 modes and 64 columns after \(epochs) epochs, then on "
        + "\(meshes) meshes with fresh splitter and phase errors of sigma rad; test %, \(seeds) seeds:",
      head: ["trained"] + sigmas.map { "sigma " + decimal($0, 2) }, rows: rows))
  if let plain = kept["plain"], let sat = kept["SAM rho 0.5"] {
    let ahead = Spread(zip(sat, plain).map { $0[1] - $1[1] })
    result.claim(
      "At sigma 0.05 sharpness-aware training transfers better than plain",
      "\(ahead.percentError) points", ahead.mean > ahead.error)
  }
  return result
}
