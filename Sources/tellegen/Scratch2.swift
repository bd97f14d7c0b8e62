import ArgumentParser
import Description
import Foundation
import Learning
import Models
struct Scratch2Command: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "scratch2")
  @Option var seed: UInt64 = 1
  @Option var epochs = 20
  @Option var model = "ring"
  @Option var rate = 0.01
  @Option var width = 1.0
  @Option var noise = 0.0
  @Option var rho = 0.0
  @Option var swing = 0.0
  @Option var ramp = 0.5
  @Flag var adaptive = false
  @Option var columns = 64
  @Option var batch = 48
  func run() throws {
    let task = try TaskDescription.named("digits")
    let problem = Problem(task: task, seed: seed)
    func ex(_ s: [Int]) -> [Example] { problem.examples(s).map { Example(inputs: $0.inputs.map { $0 / 0.45 }, category: $0.category) } }
    let training = ex(problem.training), testing = ex(problem.testing)
    var r = Robustness.plain
    if noise > 0 { r = .noise(noise) }
    if rho > 0 { r = .sharpness(rho: rho, adaptive: adaptive) }
    if swing > 0 { r = .temperature(swing: swing, rho: rho) }
    let plan = TrainingPlan(epochs: epochs, batch: batch, cost: .crossEntropy(width: width), robustness: r, ramp: ramp, seed: seed)
    let start = Date()
    func train<M: DifferentiableModel>(_ m: M) throws -> Trainer<M> {
      var t = Trainer(model: m, optimiser: Optimiser(.adam, rate: rate), plan: plan)
      for epoch in 0..<epochs {
        let m = try t.trainEpoch(on: training)
        if epoch % 10 == 9 || epoch == epochs - 1 {
          var copy = t.model
          print(epoch, m.cost, m.accuracy, try copy.accuracy(on: testing), Date().timeIntervalSince(start))
        }
      }
      return t
    }
    let n = training[0].inputs.count
    if model == "ring" {
      let t = try train(MicroringBank(inputs: n, outputs: 10, seed: seed))
      var m = t.model
      for rise in [-2, -1.5, -1, -0.5, 0, 0.5, 1, 2] { m.temperatureRise = rise; print(rise, try m.accuracy(on: testing)) }
      m.temperatureRise = 0
      print("H", try m.sharpness(of: plan.cost, on: Array(training.prefix(200))))
    } else {
      let t = try train(InterferometerMesh(modes: n, columns: columns, outputs: 10, seed: seed))
      for s in [0.05, 0.1, 0.15, 0.2, 0.3] {
        var a = 0.0
        for k in 0..<5 { var m = t.model.withErrors(s, seed: UInt64(k) + 100); a += try m.accuracy(on: testing) / 5 }
        print(s, a)
      }
    }
  }
}
