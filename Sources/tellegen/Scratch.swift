import ArgumentParser
import Description
import Foundation
import Learning
import Gradients
import Models
import VirtualBoard
struct ScratchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "scratch")
  @Option var seed: UInt64 = 1
  @Option var epochs = 30
  @Option var rule = "exact"
  @Option var nudge = 0.01
  @Option var rate = 0.03
  @Option var width = 0.01
  @Option var noise = 0.0
  @Option var rho = 0.0
  @Option var low = 1.0
  @Option var gate = 1.6
  @Option var boards = 5
  func run() throws {
    var description = try BoardDescription.named("digits")
    description.gates.minimum = low; description.gates.initial = gate
    let task = try TaskDescription.named("digits")
    let problem = Problem(task: task, seed: seed)
    let training = problem.examples(problem.training), testing = problem.examples(problem.testing)
    var source = CircuitModel.Source.exact
    if rule == "ep" { source = .equilibrium(.equilibriumPropagation(beta: nudge)) }
    if rule == "cl" { source = .equilibrium(.coupledLearning(nudge: nudge)) }
    let model = try CircuitModel(nominal: description, task: task, source: source)
    var r = Robustness.plain
    if noise > 0 { r = .noise(noise) }
    if rho > 0 { r = .sharpness(rho: rho, adaptive: false) }
    var trainer = Trainer(model: model, optimiser: Optimiser(.adam, rate: rate), plan: TrainingPlan(epochs: epochs, batch: 48, cost: .crossEntropy(width: width), robustness: r, seed: seed))
    let start = Date()
    for epoch in 0..<epochs {
      let m = try trainer.trainEpoch(on: training)
      if epoch % 5 == 4 || epoch == epochs - 1 {
        var copy = trainer.model
        print(epoch, m.cost, m.accuracy, try copy.accuracy(on: testing), Date().timeIntervalSince(start))
      }
    }
    for b in 0..<boards {
      let t = Date()
      var board = try ProgrammedBoard<VirtualBoard>(description: description, task: task, seed: UInt64(b) + 100)
      board.parameters = trainer.model.parameters
      var right = 0
      for e in testing where e.isRight(try board.outputs(for: e.inputs)) { right += 1 }
      var twin = try CircuitModel(twinOf: board.learner.board.analog, task: task)
      twin.parameters = trainer.model.parameters
      print("board", b, Double(right) / Double(testing.count), try twin.accuracy(on: testing), Date().timeIntervalSince(t))
    }
  }
}
