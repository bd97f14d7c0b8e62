import Files
import Foundation
import LinuxGPIO
import Portable
import Reports
import Runs
import Targets
import Traces

/// The training of `tellegen train`, the same for every target: claim the folder, make the board
/// ready, begin or go on, train, keep, end.
struct Training: TargetUser {
  let command: TrainCommand
  let setting: RunSetting
  /// The task's file, where the task was made from a table.
  let inferred: String?
  let directory: RunDirectory
  /// The folder's claim, where a run is resumed.
  let claim: RunClaim?
  /// Whether the run came to its end and put its board to rest.
  private var isAtRest = false
  private let began = Date()
  private let started = monotonicTime()
  /// How the run ended, once it has.
  private var record: RunRecord?
  /// What was done to the pins that real parts would not forgive.
  private var misuses: PinMisuses?

  /// Makes a training.
  init(
    command: TrainCommand, setting: RunSetting, inferred: String?, directory: RunDirectory,
    claim: RunClaim?
  ) {
    self.inferred = inferred
    self.command = command
    self.setting = setting
    self.directory = directory
    self.claim = claim
  }

  /// Trains a board.
  mutating func use<Target: OpenTarget>(_ target: inout Target) throws {
    let claim =
      try claim
      ?? RunClaim(new: directory, files: setting.files ?? [], overwrite: command.overwrite)
    defer { claim.release() }
    let traced =
      command.trace ? try TraceFiles(in: directory, wave: target.waveform) : nil
    defer { traced?.stream.flush(isEnd: true) }
    if let traced { target.keep(Trace(to: traced.stream)) }
    do {
      try target.keepAccount(by: setting)
      try train(&target, claim, traced)
    } catch {
      if isAtRest { throw error }
      // Where neither signal nor error lets the run come to its end, nothing is left driven.
      do { try target.rest() } catch let failure {
        say(
          "tellegen: the board could not be put to rest: \(failure); switch its power off, or put "
            + "it to rest with `tellegen rest` once its lines answer")
        if let looks = error as? LooksWrong { throw looks.away }
      }
      throw error
    }
    if let lost = traced?.finish() {
      try Exits.leave(
        "\(lost): the trace is cut short there; "
          + (Interruption.isAsked
            ? "interrupted as well; what was learned is kept, go on with: tellegen train --resume "
              + directory.path
            : "the run itself is whole"),
        with: Exits.code(of: lost))
    }
  }

  private mutating func train<Target: OpenTarget>(
    _ target: inout Target, _ claim: RunClaim, _ traced: TraceFiles?
  ) throws {
    let saved =
      try command.resume == nil
      ? nil : directory.read(Checkpoint<Target.BoardState>.self, from: "checkpoint.json")
    let watchdog = ServiceWatchdog()
    /// Asked before whatever takes long: a service's watchdog is told then that there is progress.
    func stops() -> Bool {
      watchdog?.report()
      return Interruption.isAsked
    }
    let keeper = try begin(&target, saved, claim, traced, stopping: stops)
    var steps = LineStatistics.Steps()
    do {
      try learn(&target, keeper, &steps, stopping: stops)
    } catch {
      // What was learned before a board failed is worth keeping.
      if Target.isOutside {
        keeper.keep(target.checkpoint)
        if keeper.failure == nil {
          say(
            "tellegen: what was learned is kept; once the board is right again go on with: "
              + "tellegen train --resume \(directory.path)")
        }
      }
      throw error
    }
    let end = try target.finish(steps: steps, epochsBefore: saved?.progress.epoch)
    isAtRest = true
    var record = RunRecord(setting: setting, result: end.result, lines: end.lines)
    #if Simulation
    if end.result.finished { record.bound = try setting.bound(stopping: stops) }
    #endif
    self.record = record
    misuses = target.misuses
    try report(record, circumstances(of: record, after: saved?.progress.epoch ?? 0), keeper)
    if !command.json { for remark in target.remarks { print(remark) } }
  }

  /// Brings the board to where the run begins or goes on, and opens the files that keep it.
  private func begin<Target: OpenTarget>(
    _ target: inout Target, _ saved: Checkpoint<Target.BoardState>?, _ claim: RunClaim,
    _ traced: TraceFiles?, stopping: () -> Bool
  ) throws -> RunKeeper {
    var isReady = try target.makeReady(
      telling: { say("tellegen: " + $0) }, stopping: stopping)
    if isReady {
      isReady =
        if let saved {
          try target.restore(saved, stopping: stopping)
        } else {
          try target.session.begin(stopping: stopping)
        }
    }
    guard isReady else {
      try Exits.leave(
        saved == nil
          ? "interrupted before training began; nothing is kept, start again"
          : "interrupted before training went on; what was learned before is kept, go on with: "
            + "tellegen train --resume \(directory.path)", with: Exits.interrupted)
    }
    let telling = { (words: String) in say("tellegen: " + words) }
    if let progress = saved?.progress {
      if saved?.plan != setting.plan {
        // More epochs were asked for: from here on the run has them, wherever it is stopped.
        try directory.write(setting, to: RunDirectory.setting)
      }
      // Version 0.1 kept all measures in its checkpoint.
      let keeper = try RunKeeper(
        directory, after: progress.curve == nil ? progress.epoch : nil, telling: telling)
      for record in progress.curve ?? [] { keeper.add(record) }
      return keeper
    }
    let keeper = try RunKeeper(directory, after: nil, isOnItsWay: true, telling: telling)
    if let first = target.session.progress.last { keeper.add(first) }
    try keeper.begin(
      claim, setting: setting, checkpoint: target.checkpoint, with: traced?.names ?? [])
    if let inferred { try directory.write(text: inferred, to: RunDirectory.inferredTask) }
    return keeper
  }

  /// Trains to the end or until a stop is asked for, and keeps the run on disk meanwhile.
  ///
  /// - Parameters:
  ///   - target: the board.
  ///   - keeper: what keeps the run.
  ///   - steps: where the line operations of steps are counted.
  ///   - stopping: asked before every step and every measurement.
  /// - Throws: what the board throws.
  private func learn<Target: OpenTarget>(
    _ target: inout Target, _ keeper: RunKeeper, _ steps: inout LineStatistics.Steps,
    stopping: () -> Bool
  ) throws {
    var display = ProgressDisplay(
      total: setting.plan.epochs, from: target.session.progress.epoch)
    if let record = target.session.progress.last { display.show(record) }
    var counted: Int?
    while !target.session.isFinished {
      // Epochs may be long: a checkpoint comes in the middle of them too.
      while try !target.session.trainSamples(
        counting: &steps, since: &counted, operations: Target.operations,
        stopping: { stopping() || keeper.isDue })
      {
        keeper.keep(target.checkpoint)
        if stopping() { return display.stop() }
      }
      // Measuring changes the board: a stop in the middle of it goes back to before.
      let before = target.checkpoint
      let isMeasured: Bool
      do {
        isMeasured = try target.session.measureEpoch(stopping: stopping)
      } catch {
        keeper.keep(before)
        throw error
      }
      guard isMeasured else {
        display.stop()
        keeper.keep(before)
        return
      }
      if let record = target.session.progress.last {
        keeper.add(record)
        display.show(record)
      }
    }
    keeper.keep(target.checkpoint)
  }

  /// Writes the run's record, draws its curves and prints its end.
  ///
  /// - Throws: an exit where the folder is behind what was learned; the end is printed before.
  private func report(
    _ record: RunRecord, _ circumstances: Circumstances?, _ keeper: RunKeeper
  ) throws {
    let plot = CurvesPlot(
      title: "\(setting.task.name) on \(setting.board.name), \(setting.plan.rule.name.rawValue)",
      last: record.result.last)
    var lost = keeper.failure
    var missing: NoPlot?
    do throws(RunDirectoryError) {
      try directory.write(record, to: "record.json")
      if let circumstances { try directory.write(circumstances, to: Circumstances.file) }
      try directory.write(text: plot.gnuplot, to: "curves.gp")
      do throws(NoPlot) {
        try Gnuplot.draw("curves.gp", in: directory.path, stopping: { Interruption.isAsked })
      } catch { missing = error }
    } catch { lost = lost ?? error }

    if command.json {
      print(try JSON.text(of: record))
    } else {
      print(RunSummary(record: record).text)
      for remark in record.remarks ?? [] {
        print("Note: \(remark.words)\(remark.options(besides: record.setting.plan.rule)).")
      }
      if let missing {
        print("No plot: \(missing)")
      } else if lost == nil {
        print("The curves are drawn in \(directory.file("curves.png")).")
      }
    }
    if let lost {
      try Exits.leave(
        "\(lost); what is kept is older than what was learned: once the folder can be "
          + "written, train it again with: tellegen train --resume \(directory.path)",
        with: Exits.inputOutput)
    }
  }

  /// When, where and by what the run was trained, this time and before; `nil` of a run of a version
  /// that did not list the file.
  private func circumstances(of record: RunRecord, after epoch: Int) -> Circumstances? {
    guard setting.files?.contains(Circumstances.file) == true else { return nil }
    // What is damaged, or was never written, is begun anew.
    var circumstances =
      command.resume == nil
      ? nil : try? directory.read(Circumstances.self, from: Circumstances.file)
    circumstances = circumstances ?? Circumstances()
    circumstances?.add(
      Circumstances.Sitting(
        began: began, ended: Date(), wallTime: Double(monotonicTime() - started) * 1e-9,
        boardTime: record.result.boardTime, program: version,
        library: libgpiodVersion.isEmpty ? nil : libgpiodVersion,
        target: command.target ?? setting.target ?? .double, epochsBefore: epoch,
        epochs: record.result.last.epoch, misuses: misuses))
    return circumstances
  }

  /// Holds the end of the run to what was expected of it.
  ///
  /// - Throws: an exit where it falls short.
  func judge() throws {
    guard let record else { return }
    var missed: [String] = []
    if command.strict, let misuses, misuses.count > 0 {
      missed.append(
        "\(misuses.words), the first \(misuses.first.first ?? "")")
    }
    missed += command.expectations.missed(by: record)
    if !missed.isEmpty { try Exits.leave(missed.joined(separator: "; "), with: Exits.missed) }
  }
}
