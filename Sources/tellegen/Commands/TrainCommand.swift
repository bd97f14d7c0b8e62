public import ArgumentParser
import Files
import Firmware
import Foundation
import Reports
import Runs
import Targets
import Traces

extension RunSetting.Target: ExpressibleByArgument {
  /// What a run trains unless told otherwise: the double, where the program has it.
  static var usual: Self {
    #if Simulation
    double
    #else
    gpio
    #endif
  }
}

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains a board on a task and keeps the run in a folder.",
    discussion: """
      Without options the 32-edge lattice learns to tell iris flowers, with every imperfection of a
      measured board. The folder gets setting.json (all that repeats the run), record.json (result),
      metrics.jsonl and curves.csv (measures, an epoch a line), curves.png, checkpoint.json (to go on
      from) and circumstances.json (when, where and by what).

      Rules:
      \(RuleSettings.Name.allCases.map { "  \($0.rawValue): \($0.about)" }.joined(separator: "\n"))
      """)

  @Option(help: "The board: a name in board/ or a file.")
  var board: String?
  @OptionGroup var rig: RigOptions
  @Option(help: "The task: a name in task/ or a file.")
  var task: String?
  @Option(
    help:
      "A CSV file: alone, its columns make the task (and choose a board); with --task it is read in place of the task's own data."
  )
  var data: String?
  @OptionGroup var table: TableOptions
  @OptionGroup var rule: RuleOptions
  @Option(
    parsing: .unconditional,
    help:
      "How often every training sample is presented (1 ... 1000000); default 300 with centred rules on boards with hidden nodes, else 100. With --resume: in all, more than before; pulses then keep their last length."
  )
  var epochs: Int?
  @Option(
    parsing: .unconditional,
    help: "The seed of the board's parts, the split and the order; default 1.")
  var seed: UInt64?
  @Option(
    parsing: .unconditional,
    help:
      "What pulses have shrunk to in the last epoch, as a share of the first's; default 0.05, or 0.3 with multiplier edges."
  )
  var lastPulse: Double?
  @Flag(
    inversion: .prefixedNo,
    help:
      "End with the gates of the epoch that answered the training samples best, rather than with the last (comparator edges); default with centred rules where controllers know the calibration."
  )
  var keepBest: Bool?
  @Option(parsing: .unconditional, help: "The gate voltage to begin from, V; default the board's.")
  var initial: Double?
  @Flag(
    help:
      "Do not search places where the task has none for the board's netlist: channels take the board's default nodes."
  )
  var noPlace = false
  @Flag(help: "Switch all of the board's imperfections off.")
  var ideal = false
  @OptionGroup var calibration: CalibrationOptions
  @Flag(
    help:
      "Take the calibration without holding the board to it first, which takes some seconds of the board's time."
  )
  var unchecked = false
  @Option(
    parsing: .unconditional,
    help:
      "With a calibration: estimate the gates anew every so many epochs, by what targets read, and at the end (0: never); default 10 at GPIO lines, else 0."
  )
  var observe: Int?
  @Option(
    parsing: .unconditional,
    help:
      "With --observe: so many times (0 ... \(RunSetting.excursionsAllowed.upperBound)) in each observation gates are moved by up to 0.6 V and targets read again; then gates are put back. Tells more, most of all of edges between nodes of equal voltage; default 0."
  )
  var excursions: Int?
  @Flag(help: "Let the controllers know only the parts' markings, not the board's calibration.")
  var uncalibrated = false
  @Option(
    help:
      "What learns: the double, direct or through its GPIO pins, chip by chip (both end with the same bits), or a board at this computer's GPIO lines, by the wiring in its file; default \(RunSetting.Target.usual.rawValue)."
  )
  var target: RunSetting.Target?
  @Flag(
    help:
      "With --target pins or gpio: keep every line operation in trace.txt, the pins' also as waves in trace.vcd; some 30 kB a training step each."
  )
  var trace = false
  @Option(
    help:
      "The folder to keep the run in; default runs/TASK-BOARD-SEED, with the rule and the target before the seed where they are not the usual ones."
  )
  var out: String?
  @Flag(help: "Replace a run that the folder holds already.")
  var overwrite = false
  @Option(
    help: "Go on with the interrupted run in this folder; with --epochs, also with a finished one.")
  var resume: String?
  @OptionGroup var expectations: Expectations
  @Flag(
    help:
      "With --target pins: end with exit code 1 where something was done to the pins that real parts would not forgive."
  )
  var strict = false
  @Flag(help: "Print the record as JSON on standard output instead of the table.")
  var json = false

  func validate() throws {
    try Limits.check(lastPulse, "--last-pulse", 0, 1)
    try Limits.check(initial, "--initial", 0, 5.5)
    if let epochs, !Plan.epochsAllowed.contains(epochs) {
      throw ValidationError(
        "--epochs is \(epochs); allowed is 1 ... \(Plan.epochsAllowed.upperBound)")
    }
    if let observe, !(0...Plan.epochsAllowed.upperBound).contains(observe) {
      throw ValidationError(
        "--observe is \(observe); allowed is 0 ... \(Plan.epochsAllowed.upperBound)")
    }
    if let excursions {
      if !RunSetting.excursionsAllowed.contains(excursions) {
        throw ValidationError(
          "--excursions is \(excursions); allowed is 0 ... \(RunSetting.excursionsAllowed.upperBound)"
        )
      }
      if excursions > 0 && observe ?? 0 == 0 && resume == nil {
        throw ValidationError("--excursions is for --observe N: say after how many epochs")
      }
    }
    if uncalibrated, resume == nil, calibration.calibration != nil {
      throw ValidationError(
        "--calibration and --uncalibrated are two answers: give one of them")
    }
    try rig.check(board: board != nil, target: target != nil && resume == nil)
    if rig.rig == nil && (target ?? .usual) == .gpio && ideal {
      throw ValidationError("--ideal is for the double: nothing can switch a board's parts off")
    }
    if resume == nil, let other = table.given.first(where: \.1), data == nil || task != nil {
      throw ValidationError("\(other.0) is for --data without --task: a task file says it itself")
    }
    if resume != nil {
      let given: [(String, Bool)] = [
        ("--board", board != nil), ("--rig", rig.rig != nil), ("--task", task != nil),
        ("--data", data != nil),
        ("--seed", seed != nil), ("--last-pulse", lastPulse != nil),
        ("--keep-best", keepBest != nil),
        ("--initial", initial != nil), ("--ideal", ideal), ("--uncalibrated", uncalibrated),
        ("--calibration", calibration.calibration != nil), ("--observe", observe != nil),
        ("--excursions", excursions != nil),
        ("--out", out != nil), ("--no-place", noPlace),
        ("--overwrite", overwrite), ("--trace", trace), ("--target gpio", target == .gpio),
      ]
      if let other = (given + rule.given + table.given).first(where: \.1) {
        throw ValidationError(
          "\(other.0) cannot go with --resume: a run goes on as it was begun; leave it out")
      }
    }
  }

  func run() throws {
    try Exits.catching {
      let directory: RunDirectory
      let setting: RunSetting
      var claim: RunClaim?
      var inferred: String?
      // From here on a signal ends the run in order.
      Interruption.watch()
      if let resume {
        directory = RunDirectory(path: resume)
        claim = try RunClaim(existing: directory)
        setting = try extended(
          try directory.read(RunSetting.self, from: RunDirectory.setting), in: resume)
      } else {
        setting = try newSetting(&inferred)
        directory = RunDirectory(
          path: out ?? setting.usualFolder)
      }
      // Either face of the double goes on where the other stopped.
      if setting.target == .gpio && target != nil && target != .gpio {
        try Exits.leave(
          "\(resume ?? "") is a run on a board at GPIO lines; it cannot go on with --target "
            + "\(target!.rawValue): leave that out", with: Exits.usage)
      }
      let learner = target ?? setting.target ?? .double
      if trace && learner == .double {
        try Exits.leave("--trace needs --target pins or --target gpio", with: Exits.usage)
      }
      setting.board.saySetUp()
      if strict && learner != .pins {
        try Exits.leave(
          "--strict needs --target pins: only there somebody watches the pins", with: Exits.usage)
      }
      try expectations.check(setting)
      for remark in setting.reachRemarks { say("tellegen: \(remark.words)") }
      // The rig is this process's from here to the end, the check of its calibration included.
      let hold = try RigHold(
        of: setting.board, on: learner, rig: setting.rig, for: .now(in: directory.path),
        telling: { say("tellegen: " + $0) })
      defer { hold?.release() }
      // A double that goes on has not changed; a real board may be another one, or warmer, by now.
      if !unchecked, resume == nil || learner == .gpio { try setting.holdToCalibration(on: hold) }
      var training = Training(
        command: self, setting: setting, inferred: inferred, directory: directory, claim: claim)
      try setting.open(
        as: learner, on: hold, telling: { say("tellegen: " + $0) }, for: &training)
      if Interruption.isAsked {
        try Exits.leave(
          "interrupted; what was learned is kept, go on with: tellegen train --resume "
            + directory.path, with: Exits.interrupted)
      }
      try training.judge()
    }
  }

  /// The setting of a run that is resumed, with as many epochs as were asked for.
  private func extended(_ setting: RunSetting, in folder: String) throws -> RunSetting {
    guard let epochs else { return setting }
    if epochs < setting.plan.epochs {
      try Exits.leave(
        "--epochs is \(epochs), but the run in \(folder) has \(setting.plan.epochs): with --resume it "
          + "gives the epochs in all, at least as many as before", with: Exits.usage)
    }
    return setting.extended(to: epochs)
  }

  /// What the options make of board, task, places and rule.
  ///
  /// - Parameter inferred: becomes the task's file, with the places that were found, where it was made
  ///   from a table.
  /// - Returns: the setting.
  /// - Throws: `DescriptionError` for files that are wrong, an exit where it is interrupted.
  private func newSetting(_ inferred: inout String?) throws -> RunSetting {
    let place = rig.rig == nil ? nil : try BoardPlace(rig, board: nil, target: nil)
    let board = place?.board ?? self.board
    let target = place?.target ?? self.target ?? .usual
    if ideal, target == .gpio {
      try Exits.leave(
        "--ideal is for the double: nothing can switch a board's parts off", with: Exits.usage)
    }
    var task: TaskDescription
    var description: BoardDescription
    if let data, self.task == nil {
      let made = try TaskInference.run(
        path: data, wishes: table.wishes(seed: seed ?? 1), board: board)
      for remark in made.inference.remarks + (made.why.map { [$0] } ?? []) {
        say("tellegen: " + remark)
      }
      task = made.inference.task
      description = made.board
      inferred = made.inference.yaml(data: URL(fileURLWithPath: data).path)
    } else {
      task = try TaskDescription.named(self.task ?? "iris", data: data)
      description = try BoardDescription.named(board ?? "lattice")
    }
    if let chip = place?.rig?.chip { description.wiring?.chip = chip }
    let found =
      uncalibrated
      ? nil
      : try (place?.options(calibration) ?? calibration).read(
        for: description, named: board ?? "lattice", target: target)
    if ideal { description.imperfections = .none }
    if let initial { try description.begin(at: initial) }
    var plan = Plan.usual(
      rule.settings(on: description), on: description, seed: seed ?? 1,
      calibrated: !uncalibrated && (target != .gpio || found != nil))
    plan.epochs = epochs ?? plan.epochs
    plan.lastPulse = lastPulse ?? plan.lastPulse
    plan.keepsBest = keepBest ?? plan.keepsBest
    if plan.keepsBest && description.gates.update != .comparator {
      try Exits.leave(
        "--keep-best brings gates back one by one; the edges of board \(description.name) follow a "
          + "rule of their own: leave it out", with: Exits.usage)
    }
    #if Simulation
    // A real board's channels are wired to their nodes: nothing is searched there.
    if target != .gpio {
      task = try Places(board: description, task: task, plan: plan, isSearching: !noPlace).found()
      inferred = inferred.map { text in
        task.writingPlacement(
          on: description, into: text,
          remark: "searched by train on \(description.name), seed \(plan.seed)") ?? text
      }
    }
    #endif
    var setting = RunSetting(
      version: version, board: description, task: task, plan: plan, target: target,
      isTraced: trace, calibration: found)
    setting.rig = place?.name
    let period = observe ?? (found != nil && setting.target == .gpio ? 10 : 0)
    if period > 0, observe != nil, found == nil {
      try Exits.leave(
        "--observe needs to know the board's parts: give --calibration FILE ('tellegen calibrate' makes "
          + "one), or leave it out", with: Exits.usage)
    }
    #if Simulation
    setting.observe = period > 0 ? period : nil
    if let excursions, excursions > 0 { setting.excursions = excursions }
    #else
    if observe ?? 0 > 0 {
      try Exits.leave(
        "this program was built without the double: it observes no gates; leave --observe out, or build it "
          + "with the trait Simulation", with: Exits.usage)
    }
    #endif
    return setting
  }
}
