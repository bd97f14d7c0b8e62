#if Simulation
import ArgumentParser
import Circuit
import Files
import Foundation
import Models
import Runs
import BoardDouble
import Studies
import Reports

struct DescendCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "descend",
    abstract:
      "Trains a board's gates by gradients on the computer, then programs boards with them.",
    discussion: """
      In silico by default: on the board as its designer knows it. With --outputs-only the double
      with all its imperfections gives the outputs, programmed by pulses in each step, and the model
      with nominal parts gives voltages and adjoint. The folder gets gates.json; Ctrl-C or an error
      keeps the last good gates there.
      """)

  /// Where gradients come from.
  enum Source: String, CaseIterable, ExpressibleByArgument {
    case exact
    case propagation
    case coupled
  }

  /// How gradients become steps.
  enum Method: String, CaseIterable, ExpressibleByArgument {
    case descent
    case momentum
    case adam
  }

  @Option(help: "The board: a name in board/ or a file; its edges must be comparator edges.")
  var board = "digits"
  @Option(help: "The task: a name in task/ or a file.")
  var task = "digits"
  @Option(
    help:
      """
      The gradient: exact, or of equilibrium propagation or coupled learning in two phases of \
      one network.
      """
  )
  var gradient = Source.exact
  @Option(
    parsing: .unconditional,
    help: "The nudge: beta in S for propagation (default 0.001), eta for coupled (default 0.1).")
  var nudge: Double?
  @Option(help: "The optimiser.")
  var optimiser = Method.adam
  @Option(
    parsing: .unconditional,
    help:
      "Its rate, above 0, up to 100: V a step for Adam, V per unit of gradient otherwise; it falls straight to a fiftieth at the last step."
  )
  var rate = 0.03
  @Option(parsing: .unconditional, help: "How often every training sample is seen (1 ... 100000).")
  var epochs = 20
  @Option(parsing: .unconditional, help: "The number of samples of a step (1 ... 100000).")
  var batch = 48
  @Option(
    parsing: .unconditional,
    help: "The width of the softmax of tasks with classes, V, above 0, up to 10.")
  var width = 0.01
  @Option(
    parsing: .unconditional, help: "The share of edges that a step changes, above 0, up to 1.")
  var share = 1.0
  @Option(
    parsing: .unconditional, help: "Inject normal noise of this size into the gates, V, up to 5.")
  var noise: Double?
  @Option(
    parsing: .unconditional,
    help: "Sharpness-aware: the radius rho of the ball in gate space, V, up to 100.")
  var rho: Double?
  @Flag(help: "With --rho: scale the ball by each gate's own voltage.")
  var adaptive = false
  @Option(
    parsing: .unconditional,
    help: "Sharpness-aware in temperature: the largest swing, K, up to 100.")
  var swing: Double?
  @Flag(help: "Read the outputs of the double, and nothing else of it.")
  var outputsOnly = false
  @Option(
    parsing: .unconditional,
    help: "The seed of split and order, and of the double of --outputs-only.")
  var seed: UInt64 = 1
  @Option(
    parsing: .unconditional,
    help: "How many boards with fresh mismatch are programmed afterwards (0 ... 1000).")
  var boards = 5
  @Option(
    help:
      "The folder to keep the gates in; default runs/descend-TASK-BOARD-SEED, with gradient, optimiser and outputs-only before the seed where they are not the usual ones."
  )
  var out: String?
  @Flag(help: "Replace what the folder holds already.")
  var overwrite = false
  @OptionGroup var output: OutputOptions

  func validate() throws {
    try Limits.check(nudge, "--nudge", 0, 1000)
    try Limits.check(rate, "--rate", 0, 100)
    try Limits.check(width, "--width", 0, 10)
    try Limits.check(share, "--share", 0, 1)
    try Limits.check(noise, "--noise", 0, 5)
    try Limits.check(rho, "--rho", 0, 100)
    try Limits.check(swing, "--swing", 0, 100)
    for (name, value) in [("--epochs", epochs), ("--batch", batch)]
    where !(1...100_000).contains(value) {
      throw ValidationError("\(name) is \(value); allowed is 1 ... 100000")
    }
    if !(0...1000).contains(boards) {
      throw ValidationError("--boards is \(boards); allowed is 0 ... 1000")
    }
    if noise != nil && (rho != nil || swing != nil) {
      throw ValidationError("--noise cannot go with --rho or --swing; choose one way to be robust")
    }
    if adaptive && (rho == nil || swing != nil) {
      throw ValidationError("--adaptive needs --rho, without --swing")
    }
    if outputsOnly && swing != nil {
      throw ValidationError(
        "--swing needs a board that can be warmed at will; leave out --outputs-only")
    }
  }

  /// `runs/descend-TASK-BOARD-SEED`, with what is not as usual of the way before the seed.
  private func usualFolder(_ task: TaskDescription, _ board: BoardDescription) -> String {
    let way =
      (gradient == .exact ? [] : [gradient.rawValue])
      + (optimiser == .adam ? [] : [optimiser.rawValue]) + (outputsOnly ? ["outputs-only"] : [])
    return "runs/"
      + (["descend", task.name, board.name] + way + ["\(seed)"]).joined(separator: "-")
  }

  /// What the gates are made by.
  private struct Content: Codable {
    var board: BoardDescription
    var task: TaskDescription
    var plan: TrainingPlan
    var gradient: String
    var nudge: Double?
    var optimiser: String
    var rate: Double
    var outputsOnly: Bool
    var boards: Int
  }

  func run() throws {
    try Exits.catching {
      let description = try BoardDescription.named(board)
      let task = try TaskDescription.named(task)
      let problem = Problem(task: task, seed: seed)
      let training = problem.examples(problem.training)
      let testing = problem.examples(problem.testing.isEmpty ? problem.training : problem.testing)
      let isSorting = !task.classes.isEmpty
      let model = try model(of: description, task: task)
      let broken = description.faults.filter { $0.kind == .dead || $0.kind == .shorted }
      if !broken.isEmpty {
        let edges = broken.map { description.edges[$0.edge].name }.joined(separator: ", ")
        try Exits.leave(
          "board \(description.name): faults of its file have \(edges) dead or shorted, which has no gate to "
            + "program; take these faults out, or use tellegen train", with: Exits.data)
      }
      let plan = plan(isSorting: isSorting)
      var trainer = Trainer(
        model: model, optimiser: Optimiser(optimiserKind, rate: rate), plan: plan)
      var double = try ProgrammedBoard<DirectBoard>(
        description: description, task: task, seed: seed)
      let directory = RunDirectory(
        path: out ?? usualFolder(task, description))
      let setting = ResultSetting(
        version: version, command: "descend",
        content: Content(
          board: description, task: task, plan: plan, gradient: gradient.rawValue, nudge: nudge,
          optimiser: optimiser.rawValue, rate: rate, outputsOnly: outputsOnly, boards: boards),
        results: [GateFile.file])
      Interruption.watch()
      let claim = try RunClaim(new: directory, files: setting.files, overwrite: overwrite)
      defer { claim.release() }

      let started = Date()
      let failure = train(&trainer, reading: &double, on: training, isSorting: isSorting)
      if trainer.epoch == 0 {
        if let failure { throw failure }
        try Exits.leave(
          "interrupted before an epoch was trained; nothing is kept, and what was there stays",
          with: Exits.interrupted)
      }
      try claim.clear()
      try directory.write(
        GateFile(
          board: description.name, task: task.name, seed: seed, epochs: trainer.epoch,
          gates: trainer.model.parameters), to: GateFile.file)
      try claim.commit(setting)
      if let failure { throw failure }
      if Interruption.isAsked {
        try Exits.leave(
          "interrupted; the gates are kept in \(directory.path)/gates.json",
          with: Exits.interrupted)
      }

      let seconds = Date().timeIntervalSince(started)
      if !output.json {
        print(
          "\(task.name) on \(description.name) (\(model.branches.count) learning edges), gradient "
            + "\(gradient.rawValue), \(epochs) epochs in \(Format.seconds(seconds)):")
      }
      var found: [JSONValue] = []
      func tell(_ what: String, _ judged: (cost: Double, accuracy: Double)) {
        found.append([
          "on": JSONValue(what), "cost": JSONValue(judged.cost),
          "accuracy": JSONValue(isSorting ? judged.accuracy : nil),
        ])
        if output.json { return }
        let space = String(repeating: " ", count: max(20 - what.count, 1))
        print("  \(what)\(space)" + words(judged.cost, judged.accuracy, isSorting))
      }
      var trained = trainer.model
      tell("nominal parts", try judged(&trained, testing, plan.cost))
      if outputsOnly {
        double.parameters = trainer.model.parameters
        tell("the board that read", try judged(&double, testing, plan.cost))
      }
      for number in 0..<boards {
        var other = try ProgrammedBoard<DirectBoard>(
          description: description, task: task, seed: seed &+ 1000 &+ UInt64(number))
        other.parameters = trainer.model.parameters
        tell("fresh board \(number + 1)", try judged(&other, testing, plan.cost))
      }
      try output.show(
        [
          "task": JSONValue(task.name), "board": JSONValue(description.name),
          "gradient": JSONValue(gradient.rawValue), "epochs": JSONValue(epochs),
          "wall_s": JSONValue(seconds), "judged": .list(found),
          "gates": JSONValue("\(directory.path)/gates.json"),
        ], text: "The gates are kept in \(directory.path)/gates.json.\n")
    }
  }

  /// The board's model, and how its gradient is found.
  private func model(
    of description: BoardDescription, task: TaskDescription
  ) throws -> CircuitModel {
    var source = CircuitModel.Source.exact
    switch gradient {
    case .exact: break
    case .propagation: source = .equilibrium(.equilibriumPropagation(beta: nudge ?? 1e-3))
    case .coupled: source = .equilibrium(.coupledLearning(nudge: nudge ?? 0.1))
    }
    return try CircuitModel(nominal: description, task: task, source: source)
  }

  private var optimiserKind: Optimiser.Kind {
    switch optimiser {
    case .descent: .gradientDescent
    case .momentum: .momentum(0.9)
    case .adam: .adam
    }
  }

  private func plan(isSorting: Bool) -> TrainingPlan {
    var robustness = Robustness.plain
    if let noise { robustness = .noise(noise) }
    if let rho { robustness = .sharpness(rho: rho, adaptive: adaptive) }
    if let swing { robustness = .temperature(swing: swing, rho: rho ?? 0) }
    return TrainingPlan(
      epochs: epochs, batch: batch, cost: isSorting ? .crossEntropy(width: width) : .squaredError,
      robustness: robustness, share: share, ramp: robustness == .plain ? 0 : 0.5, seed: seed)
  }

  /// Trains to the end or until a stop is asked for.
  ///
  /// - Returns: what ended it before; what was trained until then stands.
  private func train(
    _ trainer: inout Trainer<CircuitModel>, reading double: inout ProgrammedBoard<DirectBoard>,
    on training: [Example], isSorting: Bool
  ) -> (any Error)? {
    do {
      while trainer.epoch < epochs && !Interruption.isAsked {
        let measures: EpochMeasures
        if outputsOnly {
          var board = double
          defer { double = board }
          measures = try trainer.trainEpoch(
            on: training,
            board: { gates, _, inputs in
              board.parameters = gates
              return try board.outputs(for: inputs)
            }, stopping: { Interruption.isAsked })
        } else {
          measures = try trainer.trainEpoch(on: training, stopping: { Interruption.isAsked })
        }
        // The first programming charges drained gates; later ones move them by a little.
        double.pulseLimit = 30
        if trainer.epoch * 10 % epochs < 10 || trainer.epoch == epochs {
          let reached = words(measures.cost, measures.accuracy, isSorting)
          say("epoch \(trainer.epoch) of \(epochs): \(reached)")
        }
      }
      return nil
    } catch {
      return error
    }
  }

  private func words(_ cost: Double, _ accuracy: Double, _ isSorting: Bool) -> String {
    "cost \(Format.significant(cost))"
      + (isSorting ? ", right \(Format.percent(accuracy))" : "")
  }

  /// Cost and accuracy of held-out samples.
  private func judged<M: Model>(
    _ model: inout M, _ examples: [Example], _ cost: Cost
  ) throws -> (cost: Double, accuracy: Double) {
    var sum = 0.0
    var right = 0
    for example in examples {
      let outputs = try model.outputs(for: example.inputs)
      sum += cost.evaluate(outputs, for: example).value
      if example.isRight(outputs) { right += 1 }
    }
    let count = Double(examples.count)
    return (sum / count, Double(right) / count)
  }
}
#endif
