#if Simulation
import ArgumentParser
import Files
import Foundation
import Portable
import Runs
import BoardDouble
import Studies
import Reports

/// Where two tasks on one board come from: board and task files, or a rig file.
struct TaskPair {
  let board: BoardDescription
  let tasks: [TaskDescription]
  let rule: RuleSettings
  let rig: RigDescription?
  /// How the rig's learning rate was found; `nil` without a rig, or where it was given.
  var rateFit: RateFit?
}

/// The options that name a board and tasks to learn in turn.
struct PairOptions: ParsableArguments {
  @Option(help: "The board: a name in board/ or a file; default two-edge.")
  var board: String?
  @Option(
    name: .customLong("task"),
    help:
      "A task: a name in task/ or a file; given once for each. Default two-edge-alpha and -beta.")
  var tasks: [String] = []
  @Option(help: "A rig file (a name in rig/ or a file), in place of board and tasks.")
  var rig: String?
  @OptionGroup var rule: RuleOptions
  @Option(parsing: .unconditional, help: "The seed of the board's parts.")
  var seed: UInt64 = 1
  @Option(parsing: .unconditional, help: "The gate voltage to begin from, V; default the board's.")
  var initial: Double?
  @Flag(help: "Switch all of the board's drawn imperfections off.")
  var ideal = false

  func validate() throws {
    try Limits.check(initial, "--initial", 0, 5.5)
    if rule.normalised {
      throw ValidationError(
        "--normalised goes by the epochs of a training run; leave it out here")
    }
    if rig != nil, board != nil || !tasks.isEmpty || ideal {
      throw ValidationError(
        "--rig brings its own board, tasks and imperfections; leave --board, --task and --ideal out"
      )
    }
  }

  /// The folder of results that are not told where to go: `runs/COMMAND-BOARD-SEED`, with the rule
  /// and the tasks that were asked for before the seed.
  func usualFolder(of command: String, _ pair: TaskPair) -> String {
    let asked =
      (tasks.isEmpty ? [] : pair.tasks.map(\.name)) + (rule.rule.map { [$0.rawValue] } ?? [])
    return "runs/"
      + ([command, pair.rig?.name ?? pair.board.name] + asked + ["\(seed)"]).joined(separator: "-")
  }

  /// Reads what the options name.
  func pair(atLeast count: Int) throws -> TaskPair {
    if let rig {
      let description = try RigDescription.read(path: try locate(rig, kind: .rig))
      let fitted = try Rig(description)
      var board = fitted.board
      if let initial { try board.begin(at: initial) }
      // The rig's own rule, unless another is asked for; its nudge goes with nudges to labels.
      var named = rule
      if named.rule == nil { named.rule = fitted.rule.name }
      var settings = named.settings(on: board, takingTurns: true)
      if rule.nudge == nil, settings.name == .standard || settings.name == .coupled {
        settings.nudge = fitted.rule.nudge
      }
      if rule.pulse == nil, settings.fixedPulse { settings.pulse = fitted.rule.pulse }
      say(fitted.summary)
      return TaskPair(
        board: board, tasks: fitted.tasks, rule: settings, rig: description,
        rateFit: fitted.rateFit)
    }
    var description = try BoardDescription.named(board ?? "two-edge")
    if ideal { description.imperfections = .none }
    if let initial { try description.begin(at: initial) }
    let names = tasks.isEmpty && board == nil ? ["two-edge-alpha", "two-edge-beta"] : tasks
    guard (count...2).contains(names.count) else {
      try Exits.leave(
        "\(names.count) \(names.count == 1 ? "task is" : "tasks are") given; "
          + "\(count == 2 ? "two are" : "one or two are") wanted (--task NAME, once for "
          + "each)", with: Exits.usage)
    }
    return TaskPair(
      board: description, tasks: try names.map { try TaskDescription.named($0) },
      rule: rule.settings(on: description, takingTurns: true), rig: nil)
  }
}

extension Rig {
  /// What was fitted, in a few lines.
  var summary: String {
    let names = board.learningEdges.map(\.name)
    var lines = tasks.flatMap { task in
      task.samples.map { sample in
        let inputs = zip(task.inputs, sample.inputs).map { input, volts in
          "\(input.name) \(Format.fixed(volts, decimals: 4)) V"
        }
        return "  \(task.name): \(inputs.joined(separator: ", ")); label "
          + "\(Format.fixed(sample.labels[0], decimals: 4)) V"
      }
    }
    let bias = zip(names, self.bias).map { "\($0) \(Format.fixed($1, decimals: 2)) V/s" }
    lines.append("  bias: " + bias.joined(separator: ", "))
    var line = "  learning rate: \(Format.significant(rateFactor)) times the nominal one"
    if let fit = rateFit {
      line += ", to \(Format.significant(fit.standardError * 100)) %"
      lines.append(line)
      func words(_ factors: [Double]) -> String {
        factors.map { Format.significant($0) }.joined(separator: ", ")
      }
      line =
        "    \(words(fit.relaxations)) by each relaxation (halves: \(words(fit.halves))), "
        + "\(Format.significant(fit.misfit)) V rms off"
      if let curve = fit.byCurve, let error = fit.errorPower, let span = fit.spanPower {
        lines.append(line)
        line =
          "    \(Format.significant(curve)) by the error curve"
          + (fit.isDrawn ? ", which has drawn it to within \(RateFit.tolerance) decades of E" : "")
          + "; E goes as the rate's power \(Format.significant(error)), D^2 as its power "
          + "\(Format.significant(span))"
      }
    }
    lines.append(line)
    return "the rig as it works, from its solution lines and drift:\n"
      + lines.joined(separator: "\n")
  }
}

struct CycleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cycle",
    abstract: "Learns two tasks in turn and shows the cycle that learning settles into.",
    discussion: """
      Each task is learned for half of tau, again and again, until errors and gates repeat. For every
      tau it reports the error E (mean over both tasks and both ends of the cycle), the distance D
      between the two ends in gate space, and the cycle itself. The folder gets cycle.csv, paths.csv,
      cycle.json and cycle.png; with --rig also rig.json: how the learning rate was found, and how far E
      and D are from the measured ones.

        tellegen cycle --rig exp1 --theory
        tellegen cycle --task two-edge-alpha --task two-edge-beta --rule overclamped
      """)

  @OptionGroup var pair: PairOptions
  @Option(
    parsing: .unconditionalSingleValue,
    help:
      """
      The learning time of a full cycle, s, given once for each; default 1 ms ... 1 s, or the \
      rig's.
      """
  )
  var tau: [Double] = []
  @Option(
    parsing: .unconditional,
    help:
      "The most learning time spent on one tau, s; three cycles are always run. Default 1.5, or with --rig until the cycle is steady, 30 at most."
  )
  var longest: Double?
  @Flag(help: "Put the linear theory beside the double (standard rule, multiplier edges).")
  var theory = false
  @Option(
    help:
      "The folder to keep the cycles in; default runs/cycle-BOARD-SEED, with the tasks and the rule that were asked for before the seed."
  )
  var out: String?
  @Flag(help: "Replace what the folder holds already.")
  var overwrite = false
  @Flag(
    help:
      "Print the results as JSON on standard output instead of the table; with --rig as an object of the cycles and what rig.json says."
  )
  var json = false

  func validate() throws {
    try Limits.check(longest, "--longest", 0, 1e4)
    for value in tau { try Limits.check(value, "--tau", 0, 1e4) }
  }

  func run() throws {
    try Exits.catching {
      let pair = try pair.pair(atLeast: 2)
      let taus: [Double]
      if !tau.isEmpty {
        taus = tau.sorted()
      } else if let rig = pair.rig, !rig.measuredError.isEmpty {
        taus = rig.measuredError.map(\.x)
      } else {
        taus = [1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1].filter {
          $0 / 2 >= pair.rule.pulse
        }
      }
      if taus.isEmpty {
        try Exits.leave(
          "a pulse of \(pair.rule.pulse) s is longer than half of every default tau; give a --tau "
            + "of \(2 * pair.rule.pulse) s or more, or a shorter --pulse", with: Exits.usage)
      }
      for tau in taus { try Cycling<DirectBoard>.check(tau: tau, rule: pair.rule) }
      let plan = CyclePlan(
        rule: pair.rule, seed: self.pair.seed, longest: longest ?? (pair.rig == nil ? 1.5 : 30))
      pair.board.saySetUp()
      // What is refused is refused before anything is written.
      _ = try Cycling<DirectBoard>(description: pair.board, tasks: pair.tasks, plan: plan)
      let predicted = try theory ? predictions(of: pair, plan: plan, taus: taus) : []
      let directory = RunDirectory(
        path: out ?? self.pair.usualFolder(of: "cycle", pair))
      let setting = ResultSetting(
        version: version, command: "cycle",
        content: Content(board: pair.board, tasks: pair.tasks, plan: plan, taus: taus),
        results: [
          "cycle.json", "cycle.csv", "paths.csv", "cycle.gp", "cycle.png",
        ] + (pair.rig == nil ? [] : ["rig.json"])
          + CycleCurves.measuredFiles(of: pair.rig).map(\.name))
      Interruption.watch()
      let claim = try RunClaim(new: directory, files: setting.files, overwrite: overwrite)
      defer { claim.release() }
      let display = CountDisplay(total: taus.count, what: "tau")
      let tasks = pair.tasks
      let board = pair.board
      let results = try concurrently(taus.count) { index -> CycleResult? in
        var cycling = try Cycling<DirectBoard>(description: board, tasks: tasks, plan: plan)
        let result = try cycling.run(tau: taus[index]) { Interruption.isAsked }
        display.advance()
        return result
      }
      display.end()
      let done = results.compactMap { $0 }
      let curves = CycleCurves(
        results: done, theory: zip(predicted, results).compactMap { $1 == nil ? nil : $0 },
        measured: pair.rig, plane: pair.rig?.plane, edges: board.learningEdges.map(\.name),
        title: "\(tasks[0].name) and \(tasks[1].name) in turn on \(board.name), "
          + pair.rule.name.rawValue)
      if done.isEmpty {
        try Exits.leave(
          "interrupted before a tau was finished; nothing is kept, and what was there stays",
          with: Exits.interrupted)
      }
      try claim.clear()
      try directory.write(done, to: "cycle.json")
      let outcome = pair.rig.map { _ in
        RigOutcome(rate: pair.rateFit, deviation: curves.deviation)
      }
      if let outcome { try directory.write(outcome, to: "rig.json") }
      try directory.write(text: curves.csv, to: "cycle.csv")
      try directory.write(text: curves.paths, to: "paths.csv")
      for file in curves.measuredFiles { try directory.write(text: file.text, to: file.name) }
      try directory.write(text: curves.gnuplot, to: "cycle.gp")
      try claim.commit(setting)
      let drawn = plotted("cycle", in: directory)
      if json, let outcome {
        print(try JSON.text(of: RigCycles(cycles: done, rig: outcome)))
      } else if json {
        print(String(decoding: try directory.data(of: "cycle.json"), as: UTF8.self))
      } else {
        print(table(curves, rule: pair.rule), terminator: "")
        if let deviation = curves.deviation { print(words(deviation)) }
        for note in notes(done, edges: curves.edges) { print(note) }
        print(drawn)
      }
      if Interruption.isAsked {
        try Exits.leave(
          "interrupted; \(done.count) of \(taus.count) taus are kept in \(directory.path)",
          with: Exits.interrupted)
      }
    }
  }

  /// What a rig's cycles say of the rig.
  private struct RigOutcome: Codable {
    var rate: RateFit?
    var deviation: CycleCurves.Deviation?
  }

  /// A rig's cycles, and what they say of it.
  private struct RigCycles: Encodable {
    var cycles: [CycleResult]
    var rig: RigOutcome
  }

  /// A deviation in a line.
  private func words(_ deviation: CycleCurves.Deviation) -> String {
    let parts = [("E", deviation.error), ("D^2", deviation.spanSquared)].compactMap { name, value in
      value.map { "\(name) \(Format.significant($0))" }
    }
    return "rms of log10(ours/measured)"
      + (deviation.until.map { " up to tau \(Format.seconds($0))" } ?? "") + ": "
      + parts.joined(separator: ", ")
  }

  /// What a cycle is made of.
  private struct Content: Codable {
    var board: BoardDescription
    var tasks: [TaskDescription]
    var plan: CyclePlan
    var taus: [Double]
  }

  private func predictions(of pair: TaskPair, plan: CyclePlan, taus: [Double]) throws
    -> [TheoryResult]
  {
    let cycling = try Cycling<DirectBoard>(
      description: pair.board, tasks: pair.tasks, plan: plan)
    let theory = try LinearTheory(
      board: cycling.learner.board.analog, problems: cycling.problems, rule: pair.rule,
      gates: Array(
        repeating: pair.board.gates.initial, count: pair.board.learningEdges.count))
    for task in theory.tasks {
      let speed = task.drift.reduce(0) { $0 + $1 * $1 }.squareRoot()
      say("theory: \(task.name) solved, drifts at \(Format.significant(speed)) V/s")
    }
    return try taus.map { try theory.cycle(tau: $0) }
  }

  private func table(_ curves: CycleCurves, rule: RuleSettings) -> String {
    var head = [
      "tau", "E (V^2)", "D (V)", "D/tau (V/s)", "state", "cycles", "steps", "learned/tau",
    ]
    var rows: [[String]] = []
    let classified = curves.results.contains { $0.accuracy != nil }
    if classified { head.append("right") }
    if !curves.theory.isEmpty { head += ["theory E", "theory D", "true/linear E"] }
    if curves.measured != nil { head += ["measured E", "measured D"] }
    for (index, result) in curves.results.enumerated() {
      var row = [
        Format.seconds(result.tau), Format.significant(result.error),
        Format.significant(result.span), Format.significant(result.span / result.tau),
        result.steadiness.rawValue, "\(result.cycles)", "\(result.stepsPerCycle)",
        Format.significant(result.learnedPerCycle / result.tau),
      ]
      if classified { row.append(result.accuracy.map(Format.percent) ?? "") }
      if index < curves.theory.count {
        let predicted = curves.theory[index]
        row += [
          Format.significant(predicted.error), Format.significant(predicted.span),
          predicted.withinRails ? Format.significant(predicted.trueErrorRatio) : "beyond the rails",
        ]
      }
      if let rig = curves.measured {
        row += [
          rig.error(at: result.tau).map(Format.significant) ?? "",
          rig.spanSquared(at: result.tau).map { Format.significant($0.squareRoot()) } ?? "",
        ]
      }
      rows.append(row)
    }
    return TextTable(
      title: "\(curves.title), pulses of \(Format.significant(rule.pulse * 1000)) ms:", head: head,
      rows: rows, indent: 2, alignsNumbers: false
    ).text
  }

  private func notes(_ results: [CycleResult], edges: [String]) -> [String] {
    results.filter { $0.railed > 0 }.map { result in
      "At tau \(Format.seconds(result.tau)) \(result.railed) of \(edges.count) gates stood at "
        + "their rails"
        + (result.steadiness == .steady ? "" : " before the cycle was steady")
        + ": its figures are those of a saturated board. Less learning time (--longest, a shorter "
        + "tau), a better rule (--rule) or a smaller bias shows the cycle."
    }
  }
}
#endif
