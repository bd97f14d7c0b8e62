import ArgumentParser
import Files
import Foundation
import Reports
import Runs
import Targets

struct ProgramCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "program",
    abstract: "Puts learned gates onto a board by pulses, those of `descend` too.",
    discussion: """
      The gates are those of a run's folder or record.json, or of a gates.json. A double is powered up
      with parts of its own (--seed) and programmed as a real board is; it is kept in a folder that is
      a run before its first epoch: measure and predict ask it, train --resume goes on learning there.
      A board at GPIO lines is looked at, its gates are brought to known voltages, programmed and
      measured; it holds them while they leak. Edges that follow a rule of their own cannot be
      programmed (exit code 64).
      """)

  @Argument(help: "The folder of a run or of `descend`, a record.json or a gates.json.")
  var gates: String
  @Option(help: "The board: a name in board/ or a file; default the one that the gates are of.")
  var board: String?
  @Option(help: "The task: a name in task/ or a file; default the one that was learned.")
  var task: String?
  @Option(
    help:
      "What is programmed: the double, direct or through its pins, or a board at GPIO lines; default \(RunSetting.Target.usual.rawValue)."
  )
  var target: RunSetting.Target?
  @Option(
    parsing: .unconditional, help: "The seed of the double's parts; default that of the gates.")
  var seed: UInt64?
  @Option(
    help:
      "The folder to keep the programmed board in; default runs/programmed-TASK-BOARD-SEED, or none with --target gpio."
  )
  var out: String?
  @Flag(help: "Replace what the folder holds already.")
  var overwrite = false
  @OptionGroup var calibration: CalibrationOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if target == .gpio && seed != nil {
      throw ValidationError("--seed is for the double: a board at GPIO lines has the parts it has")
    }
  }

  func run() throws {
    try Exits.catching {
      let learned = try LearnedGates(at: gates)
      let description =
        try board.map { try BoardDescription.named($0) } ?? learned.board
        ?? BoardDescription.named(learned.gates.board)
      try learned.check(on: description)
      let setting = try setting(of: learned, on: description)
      let target = setting.target ?? .double
      let folder =
        target == .gpio
        ? out
        : out
          ?? "runs/programmed-\(setting.task.name)-\(description.name)-"
          + "\(setting.boardSeed ?? setting.plan.seed)"
      Interruption.watch()
      var user = Programming(
        setting: setting, gates: learned.gates.gates, directory: folder.map(RunDirectory.init),
        overwrite: overwrite)
      try setting.open(as: target, telling: { say("tellegen: " + $0) }, for: &user)
      guard let result = user.result else { return }
      try show(result, of: learned, setting, folder)
    }
  }

  /// The run that the programmed board begins.
  private func setting(
    of learned: LearnedGates, on description: BoardDescription
  ) throws -> RunSetting {
    let named = try task.map { try TaskDescription.named($0) } ?? learned.task
    guard let task = try named ?? learned.gates.task.map({ try TaskDescription.named($0) }) else {
      try Exits.leave("\(learned.path): it names no task; give one with --task", with: Exits.usage)
    }
    let target = target ?? .usual
    var plan =
      learned.plan
      ?? Plan.usual(
        RuleSettings(update: description.gates.update), on: description,
        seed: learned.gates.seed ?? 1)
    let found = try calibration.read(
      for: description, named: board ?? description.name, target: target)
    plan.calibrated = found != nil || (target != .gpio && plan.calibrated)
    var setting = RunSetting(
      version: version, board: description, task: task, plan: plan, target: target,
      calibration: found)
    if let seed, seed != plan.seed { setting.boardSeed = seed }
    return setting
  }

  private func show(
    _ result: RunResult, of learned: LearnedGates, _ setting: RunSetting, _ folder: String?
  ) throws {
    let goals = learned.gates.gates
    let reached = result.gates.isEmpty ? result.estimatedGates : result.gates
    let off = zip(reached, goals).map { $0 - $1 }
    let worst = off.map(abs).max() ?? 0
    let rms = (off.reduce(0) { $0 + $1 * $1 } / Double(max(off.count, 1))).squareRoot()
    let measures = result.last
    let isEstimate = result.gates.isEmpty
    func percent(_ share: Double?) -> String { share.map { ", right \(Format.percent($0))" } ?? "" }
    var text =
      "\(goals.count) gates of \(learned.path) on \(setting.board.name) "
      + "(\((setting.target ?? .double).rawValue)"
      + (setting.target == .gpio ? "" : ", seed \(setting.boardSeed ?? setting.plan.seed)") + "):\n"
      + "  gates \(isEstimate ? "by the controllers' account " : "")off by "
      + "\(Format.significant(rms * 1000)) mV rms, \(Format.significant(worst * 1000)) mV at worst\n"
      + "  \(setting.task.name), training samples: error "
      + "\(Format.squareVolts(measures.training.error))\(percent(measures.training.accuracy))\n"
    if let testing = measures.testing {
      text +=
        "  \(setting.task.name), held out: error \(Format.squareVolts(testing.error))"
        + "\(percent(testing.accuracy))\n"
    }
    if let folder { text += "The board is kept in \(folder).\n" }
    try output.show(
      [
        "gates_of": JSONValue(learned.path), "board": JSONValue(setting.board.name),
        "target": JSONValue((setting.target ?? .double).rawValue),
        "seed": setting.target == .gpio
          ? .null : JSONValue(setting.boardSeed ?? setting.plan.seed),
        "task": JSONValue(setting.task.name), "gates_V": JSONValue(reached),
        "gates_estimated": JSONValue(isEstimate), "rms_V": JSONValue(rms),
        "worst_V": JSONValue(worst), "error_train_V2": JSONValue(measures.training.error),
        "error_test_V2": JSONValue(measures.testing?.error),
        "accuracy_train": JSONValue(measures.training.accuracy),
        "accuracy_test": JSONValue(measures.testing?.accuracy), "folder": JSONValue(folder),
      ], text: text)
  }
}

/// Programs an open board and keeps it.
private struct Programming: TargetUser {
  let setting: RunSetting
  let gates: [Double]
  let directory: RunDirectory?
  let overwrite: Bool
  var result: RunResult?

  mutating func use<Target: OpenTarget>(_ target: inout Target) throws {
    let claim = try directory.map {
      try RunClaim(new: $0, files: setting.files ?? [], overwrite: overwrite)
    }
    defer { claim?.release() }
    try target.keepAccount(by: setting)
    let gates = gates
    let telling = { (words: String) in say("tellegen: " + words) }
    try target.leavingAtRest(telling: telling) { target in
      try target.session.checkProgrammable()
      let isDone =
        try target.makeReady(telling: telling, stopping: { Interruption.isAsked })
        && target.session.begin(with: gates, stopping: { Interruption.isAsked })
      if !isDone {
        try Exits.leave(
          "interrupted while the board was programmed; nothing is kept", with: Exits.interrupted)
      }
    }
    let saved = target.checkpoint
    let first = target.session.progress.last
    let end = try target.finish(steps: LineStatistics.Steps(), epochsBefore: nil)
    result = end.result
    guard let directory, let claim else { return }
    let keeper = try RunKeeper(directory, after: nil, isOnItsWay: true, telling: telling)
    if let first { keeper.add(first) }
    try keeper.begin(claim, setting: setting, checkpoint: saved, with: [])
    keeper.keep(saved)
    try directory.write(
      RunRecord(setting: setting, result: end.result, lines: end.lines), to: "record.json")
    if let failure = keeper.failure { throw failure }
  }
}
