#if Simulation
import ArgumentParser
import Files
import Firmware
import Foundation
import Runs
import BoardDouble
import Targets
import Wiring
import Reports

struct BenchmarkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "benchmark", abstract: "Measures accuracy over seeds, speed, and gate estimates.",
    subcommands: [
      Accuracy.self, Step.self, FirmwareOnly.self, Operations.self, Estimate.self,
      LineCosts.self,
    ])

  struct Accuracy: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Trains with several seeds: each is another board, split and order.")
    @Option(help: "The board: a name in board/ or a file.")
    var board = "lattice"
    @Option(help: "The task: a name in task/ or a file.")
    var task = "iris"
    @OptionGroup var rule: RuleOptions
    @Option(
      parsing: .unconditional,
      help: "How often every training sample is presented; default as of train.")
    var epochs: Int?
    @Option(parsing: .unconditional, help: "How many seeds, from --seed on.")
    var seeds = 10
    @Option(
      parsing: .unconditional,
      help: "The first seed (0 ... 1000000); 1 is what pages quote.")
    var seed = 1
    @Option(
      parsing: .unconditional,
      help:
        """
        What pulses have shrunk to in the last epoch, as a share of the first's; default 0.05, \
        or 0.3 with multiplier edges.
        """
    )
    var lastPulse: Double?
    @Option(
      parsing: .unconditional, help: "The gate voltage to begin from, V; default the board's.")
    var initial: Double?
    @Flag(help: "Switch all of the board's imperfections off.")
    var ideal = false
    @Option(
      parsing: .unconditional,
      help: "Exit with 1 when the mean accuracy on all samples, in percent, is below this.")
    var atLeast: Double?
    @OptionGroup var output: OutputOptions

    func validate() throws {
      if !(1...10_000).contains(seeds) {
        throw ValidationError("--seeds is \(seeds); allowed is 1 ... 10000")
      }
      if !(0...1_000_000).contains(seed) {
        throw ValidationError("--seed is \(seed); allowed is 0 ... 1000000")
      }
      if let epochs, !Plan.epochsAllowed.contains(epochs) {
        throw ValidationError("--epochs is \(epochs); allowed is 1 ... 1000000")
      }
      try Limits.check(lastPulse, "--last-pulse", 0, 1)
      try Limits.check(initial, "--initial", 0, 5.5)
      if let atLeast, !(0...100).contains(atLeast) {
        throw ValidationError("--at-least is \(atLeast); allowed is 0 ... 100 %")
      }
    }

    func run() throws {
      try Exits.catching {
        var description = try BoardDescription.named(board)
        if ideal { description.imperfections = .none }
        if let initial { try description.begin(at: initial) }
        let task = try TaskDescription.named(task)
        if atLeast != nil && task.classes.isEmpty {
          try Exits.leave(
            "--at-least asks for an accuracy, but the task '\(task.name)' has no classes",
            with: Exits.usage)
        }
        let rule = rule.settings(on: description)
        var all: [Double] = []
        var held: [Double] = []
        var falls: [Double] = []
        var runs: [JSONValue] = []
        for seed in seed..<seed + seeds {
          var plan = Plan.usual(rule, on: description, seed: UInt64(seed))
          plan.epochs = epochs ?? plan.epochs
          plan.lastPulse = lastPulse ?? plan.lastPulse
          var session = try Session<DirectBoard>(
            description: description, task: task, plan: plan)
          try session.begin()
          while !session.isFinished { _ = try session.trainEpoch() }
          let result = session.result
          let first = session.curve[0]
          let fall = first.training.error / max(result.last.training.error, 1e-12)
          falls.append(fall)
          var line = "seed \(seed): error \(Format.squareVolts(first.training.error)) -> "
          line +=
            "\(Format.squareVolts(result.last.training.error)) (\(Format.significant(fall)) times "
            + "less)"
          if case .hinge(let margin) = task.objective {
            let short = result.last.training.error.squareRoot() * 1000
            line += ", \(Format.significant(short)) mV rms short of the \(margin * 1000) mV margin"
          }
          if let right = result.last.all.accuracy {
            all.append(right)
            line += ", right \(Format.percent(right))"
          }
          if let right = result.last.testing?.accuracy {
            held.append(right)
            line += ", held out \(Format.percent(right))"
          }
          line += ", at a limit \(result.saturatedEdges)"
          runs.append([
            "seed": JSONValue(seed), "error_train_before_V2": JSONValue(first.training.error),
            "error_train_V2": JSONValue(result.last.training.error), "fall": JSONValue(fall),
            "accuracy_all": JSONValue(result.last.all.accuracy),
            "accuracy_test": JSONValue(result.last.testing?.accuracy),
            "edges_at_a_limit": JSONValue(result.saturatedEdges),
          ])
          if !output.json { print(line) }
        }
        func moments(_ values: [Double]) -> (mean: Double, deviation: Double) {
          let mean = values.reduce(0, +) / Double(values.count)
          let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
          return (mean, (square / Double(max(values.count - 1, 1))).squareRoot())
        }
        func spread(_ values: [Double]) -> String {
          let (mean, deviation) = moments(values)
          return "\(Format.percent(mean)) +- \(Format.percent(deviation)) (standard deviation)"
        }
        func value(_ values: [Double]) -> JSONValue {
          if values.isEmpty { return .null }
          let (mean, deviation) = moments(values)
          return ["mean": JSONValue(mean), "deviation": JSONValue(deviation)]
        }
        falls.sort()
        var text =
          "error falls by a factor of \(Format.significant(falls[falls.count / 2])) (median)\n"
        if !all.isEmpty {
          let solved = all.filter { $0 >= 1 }.count
          text +=
            "right on all samples: \(spread(all)); all of them on \(solved) of \(seeds) seeds\n"
        }
        if !held.isEmpty { text += "right on samples held out: \(spread(held))\n" }
        try output.show(
          [
            "task": JSONValue(task.name), "board": JSONValue(description.name),
            "rule": JSONValue(rule.name.rawValue), "runs": .list(runs),
            "median_fall": JSONValue(falls[falls.count / 2]), "accuracy_all": value(all),
            "accuracy_test": value(held),
          ], text: text)
        if let atLeast, all.reduce(0, +) / Double(max(all.count, 1)) * 100 < atLeast {
          try Exits.leave("the mean is below \(atLeast) %", with: Exits.missed)
        }
      }
    }
  }

  struct Step: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Times training steps of 32 edges on one core, firmware and double together.")
    @Option(parsing: .unconditional, help: "How many steps.")
    var steps = 100_000
    @Option(help: "The learning rule.")
    var rule: RuleSettings.Name?
    @Option(help: "The double, direct, or through its pins: double or pins.")
    var target: RunSetting.Target = .double
    @OptionGroup var output: OutputOptions

    func validate() throws {
      try Limits.check(steps: steps)
      if target == .gpio {
        throw ValidationError("a benchmark is of the double: --target is double or pins")
      }
    }

    func run() throws {
      try Exits.catching {
        let description = try BoardDescription.named("lattice")
        var task = try TaskDescription.named("iris")
        // A margin that is never reached: every step is a whole one.
        task.objective = .hinge(margin: 0.4)
        let plan = Plan(
          rule: RuleSettings(name: rule, update: .comparator, pulse: 1e-3), epochs: 1_000_000,
          seed: 1)
        switch target {
        case .double, .gpio:
          try measure(try Session<DirectBoard>(description: description, task: task, plan: plan))
        case .pins:
          try measure(try Session<PinBoard>(description: description, task: task, plan: plan))
        }
      }
    }

    private func measure<Board: VirtualFace>(_ begun: Session<Board>) throws {
      var session = begun
      try session.begin()
      let before = session.progress
      let boardBefore = session.board.time
      let start = clock()
      for step in 0..<steps {
        try session.train(
          sample: session.problem.training[step % session.problem.training.count])
      }
      let seconds = Double(clock() - start) / Double(CLOCKS_PER_SEC)
      let done = Double(session.progress.steps - before.steps)
      let moved = session.progress.pulses - before.pulses
      let onBoard = (session.board.time - boardBefore).seconds
      try output.show(
        [
          "rule": JSONValue(session.plan.rule.name.rawValue), "target": JSONValue(target.rawValue),
          "edges": JSONValue(session.controllers.count), "steps": JSONValue(Int(done)),
          "steps_that_moved_gates": JSONValue(moved), "core_s_a_step": JSONValue(seconds / done),
          "board_s_a_step": JSONValue(onBoard / done),
        ],
        text: "\(session.plan.rule.name.rawValue), \(target.rawValue): "
          + "\(Format.significant(seconds / done * 1e6)) us of one core a training step of "
          + "\(session.controllers.count) edges (\(moved) of \(Int(done)) steps moved gates); "
          + "the board takes \(Format.significant(onBoard / done * 1e6)) us\n")
    }
  }

  struct Operations: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Counts line operations a training step through the pins, by rule.")
    @Option(help: "The board: a name in board/ or a file; it must have wiring.")
    var board = "lattice"
    @Option(help: "The task: a name in task/ or a file.")
    var task = "xor"
    @Option(parsing: .unconditional, help: "How many steps of each rule.")
    var steps = 200
    @OptionGroup var output: OutputOptions

    func validate() throws { try Limits.check(steps: steps) }

    func run() throws {
      try Exits.catching {
        let description = try BoardDescription.named(board)
        let task = try TaskDescription.named(task)
        var text = "\(task.name) on \(description.name), line operations a step that moves gates:\n"
        var rules: [JSONValue] = []
        for name in RuleSettings.Name.allCases {
          let plan = Plan(
            rule: RuleSettings(name: name, update: description.gates.update, probability: 1),
            epochs: 1_000_000, seed: 1)
          var session = try Session<PinBoard>(description: description, task: task, plan: plan)
          try session.begin()
          var counts: [Int] = []
          for step in 0..<steps {
            let before = session.board.lines.operations
            let training = session.problem.training
            let report = try session.train(sample: training[step % training.count])
            if .zero < report.learned { counts.append(session.board.lines.operations - before) }
          }
          let mean = Double(counts.reduce(0, +)) / Double(max(counts.count, 1))
          text +=
            "  \(name.rawValue): \(counts.min() ?? 0) ... \(counts.max() ?? 0), "
            + "mean \(Format.significant(mean)) (\(counts.count) steps)\n"
          rules.append([
            "rule": JSONValue(name.rawValue), "least": JSONValue(counts.min()),
            "most": JSONValue(counts.max()), "mean": JSONValue(counts.isEmpty ? nil : mean),
            "steps": JSONValue(counts.count),
          ])
        }
        try output.show(
          [
            "task": JSONValue(task.name), "board": JSONValue(description.name),
            "operations_a_step": .list(rules),
          ], text: text)
      }
    }
  }

  struct FirmwareOnly: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "firmware",
      abstract: "Runs the firmware's step of 32 edges on a board that does nothing, to be counted.")
    @Option(parsing: .unconditional, help: "How many steps.")
    var steps = 100_000
    @OptionGroup var output: OutputOptions

    func validate() throws { try Limits.check(steps: steps) }

    func run() throws {
      let session = try Exits.catching { () throws -> Session<SilentBoard> in
        let description = try BoardDescription.named("lattice")
        var task = try TaskDescription.named("iris")
        task.objective = .hinge(margin: 0.4)
        return try Session(
          board: SilentBoard(), description: description, problem: Problem(task: task, seed: 1),
          plan: Plan(
            rule: RuleSettings(update: .comparator, pulse: 1e-3), epochs: 1_000_000, seed: 1),
          calibration: Calibration(nominal: description))
      }
      var running = session
      running.begin()
      let start = clock()
      for _ in 0..<steps { running.train(sample: 0) }
      let seconds = Double(clock() - start) / Double(CLOCKS_PER_SEC)
      try output.show(
        [
          "edges": JSONValue(32), "steps": JSONValue(running.progress.steps),
          "steps_that_moved_gates": JSONValue(running.progress.pulses),
          "core_s_a_step": JSONValue(seconds / Double(steps)),
        ],
        text: "firmware alone: \(Format.significant(seconds / Double(steps) * 1e9)) ns of one "
          + "core a step of 32 edges (\(running.progress.pulses) of \(running.progress.steps) "
          + "moved gates)\n")
    }
  }

  struct Estimate: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Follows the controllers' gate estimates against the double's true gates.")
    @Option(parsing: .unconditional, help: "How many training steps.")
    var steps = 10_000
    @Option(parsing: .unconditional, help: "The seed of the board's parts.")
    var seed: UInt64 = 1
    @Option(
      parsing: .unconditional,
      help:
        "Relative difference between charge and discharge resistance, unknown to the controllers.")
    var imbalance = 0.0
    @Flag(help: "Let the controllers know only the parts' markings.")
    var uncalibrated = false
    @OptionGroup var output: OutputOptions

    func validate() throws {
      try Limits.check(steps: steps)
      if !(-1...1).contains(imbalance) {
        throw ValidationError("--imbalance is \(imbalance); allowed is -1 ... 1")
      }
    }

    func run() throws {
      try Exits.catching {
        let description = try BoardDescription.named("lattice")
        let task = try TaskDescription.named("iris")
        var trial = try EstimateTrial(
          description: description, task: task, seed: seed, imbalance: imbalance,
          calibrated: !uncalibrated)
        var rows: [JSONValue] = []
        func tell(_ step: Int) {
          let off = trial.deviation
          rows.append([
            "steps": JSONValue(step), "worst_V": JSONValue(off.worst), "rms_V": JSONValue(off.rms),
          ])
          if output.json { return }
          let fields = [off.worst, off.rms].map { CSV.Field.text(Format.significant($0 * 1000)) }
          print(CSV.line([.count(step)] + fields), terminator: "")
        }
        if !output.json { print(CSV(["steps", "worst_mV", "rms_mV"]).text, terminator: "") }
        tell(0)
        var next = 10
        for step in 1...steps {
          try trial.step(step)
          if step == next || step == steps {
            tell(step)
            next *= 10
          }
        }
        try output.show(["estimates": .list(rows)], text: "")
      }
    }
  }
}

/// Training with the gates' true voltages beside their estimates.
private struct EstimateTrial {
  var session: Session<DirectBoard>

  init(
    description: BoardDescription, task: TaskDescription, seed: UInt64, imbalance: Double,
    calibrated: Bool
  ) throws {
    var real = description
    real.imperfections.driveImbalance = imbalance
    let place = try task.place(on: real)
    let board = try DirectBoard(
      description: real, seed: seed, sources: place.sources, targets: place.targets)
    // The imbalance is what the calibration does not know.
    let known = try DirectBoard(
      description: description, seed: seed, sources: place.sources, targets: place.targets)
    let plan = Plan(rule: RuleSettings(update: .comparator), epochs: 1_000_000, seed: seed)
    session = try Session(
      board: board, description: real, problem: Problem(task: task, seed: seed), plan: plan,
      calibration: Calibration(toldOf: known.analog, isMeasured: calibrated))
    try session.begin()
  }

  mutating func step(_ number: Int) throws {
    try session.train(sample: session.problem.training[number % session.problem.training.count])
  }

  /// The worst and the root mean square error of the estimates, V.
  var deviation: (worst: Double, rms: Double) {
    let result = session.result
    let errors = zip(result.estimatedGates, result.gates).map { $0 - $1 }
    let square = errors.reduce(0) { $0 + $1 * $1 } / Double(max(errors.count, 1))
    return (errors.map(abs).max() ?? 0, square.squareRoot())
  }
}

/// A board without physics: it answers at once, so that what is measured is the firmware.
private struct SilentBoard: LearningBoard {
  var captures: UInt8 = 1
  var time = Nanoseconds.zero
  var abilities: Abilities { .sign.union(.perEdgeHold).union(.antiNudge) }
  var longestPulse: Nanoseconds { .milliseconds(19) }

  mutating func drive(source: Int, at voltage: Voltage) {}
  mutating func settle() {}
  mutating func measure(target: Int) -> Voltage { .millivolts(100) }
  mutating func clamp(target: Int, at voltage: Voltage) {}
  mutating func release(target: Int) {}
  mutating func compare(into comparisons: inout MutableSpan<Comparison>) {
    // Charge then discharge, discharge then charge: centred rules drive all edges, up and down.
    captures &+= 1
    let bits = (captures ^ (captures >> 1)) & 1
    for edge in comparisons.indices { comparisons[edge] = Comparison(bits: bits) }
  }
  mutating func pulse(width: Nanoseconds, drives: Span<Drive>) -> Nanoseconds {
    time = time + width
    return width
  }
  mutating func now() -> Nanoseconds { time }
}
#endif
