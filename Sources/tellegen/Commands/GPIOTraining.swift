import ArgumentParser
import Files
import Firmware
import Foundation
import Runs
import LinuxGPIO
import BoardDouble
import Targets
import Traces
import Wiring

/// A board at this computer's GPIO lines; its calls can be logged.
typealias GPIOBoard = WiredBoard<TracingLines<LinuxLines>>

extension Session where Board: WiredLook {
  /// What a run on lines does first: the clamps of a board that a killed program left are released,
  /// and the chain, if there is one, must bring back what is sent.
  ///
  /// The clock is asked first of all: so a log tells that the run looked at its board.
  mutating func beginLook() throws {
    _ = try board.now()
    try board.releaseAll()
    try board.checkChain()
  }
}

/// A board that can be told to let go of its targets and asked for its chain.
protocol WiredLook: LearningBoard {
  mutating func releaseAll() throws(Failure)
  mutating func checkChain() throws(Failure)
}
extension WiredBoard: WiredLook {}

extension TrainCommand {
  /// Trains a board at GPIO lines.
  func trainOnLines(
    setting: RunSetting, directory: RunDirectory, claim: RunClaim?
  ) throws {
    // Before the first line is requested: from then on no signal may end the program by itself.
    Interruption.watch()
    let place = try setting.task.place(on: setting.board)
    let wiring = try BoardWiring(
      setting.board, sources: place.sources.count, targets: place.targets.count)
    guard let wires = setting.board.wiring else {
      throw WiringError.none(board: setting.board.name)
    }
    let lines = try LinuxLines(wires, wiring: wiring)
    if !lines.leftBehind.isEmpty {
      say(
        "tellegen: \(lines.leftBehind.joined(separator: ", ")) stood away from rest: a program was killed; "
          + "the lines are at rest now")
    }
    if let failure = lines.lookFailure {
      say(
        "tellegen: how the lines stood before could not be read: \(failure); they are at rest now")
    }
    try lines.checkRest()
    let claim = try claim ?? newClaim(directory, for: setting)
    defer { claim.release() }
    let traced = trace ? try TraceFiles(in: directory, wave: nil) : nil
    defer { traced?.stream.flush(isEnd: true) }
    let board = GPIOBoard(
      lines: TracingLines(lines, trace: traced.map { Trace(to: $0.stream) }), wiring: wiring)
    var session = try Session(
      board: board, description: setting.board,
      problem: Problem(task: setting.task, seed: setting.plan.seed), plan: setting.plan,
      calibration: Calibration(nominal: setting.board))
    session.keepsCurve = false
    let saved =
      try resume == nil ? nil : directory.read(Checkpoint<Never>.self, from: "checkpoint.json")

    // Where neither signal nor error lets the run come to its end, no converter is left driven.
    var isAtRest = false
    defer { if !isAtRest { try? rest(&session) } }
    let watchdog = ServiceWatchdog()
    /// Asked before whatever takes long: a service's watchdog is told then that there is progress.
    func stops() -> Bool {
      watchdog?.tell()
      return Interruption.isAsked
    }
    var look = try FirstLook(setting.board, sources: place.sources, targets: place.targets)
    say(
      "tellegen: looking at the board, bringing the gates of \(lines.chip.label) to known voltages")
    try session.beginLook()
    var isReady = try session.findGates(looking: &look, stopping: stops)
    if !look.findings.isEmpty {
      try Exits.leave(
        "the board does not look right:\n  " + look.findings.joined(separator: "\n  ")
          + "\nlines and converters are at rest; mend it, then begin anew (docs/gpio.md, \"The first "
          + "look\")", with: Exits.device)
    }
    if isReady {
      isReady =
        if let saved {
          try session.resume(saved, stopping: stops)
        } else {
          try session.begin(stopping: stops)
        }
    }
    guard isReady else {
      try Exits.leave(
        resume == nil
          ? "interrupted before training began; nothing is kept, begin anew"
          : "interrupted before training went on; what was learned before is kept, go on with: "
            + "tellegen train --resume \(directory.path)", with: Exits.interrupted)
    }
    let keeper: RunKeeper
    if let saved {
      keeper = try goOn(from: saved.progress, in: directory)
    } else {
      keeper = try begin(
        claim, setting, progress: session.progress, checkpoint: session.outsideCheckpoint,
        traced: traced)
    }

    var steps = LineStatistics.Steps()
    var counted: Int?
    do {
      try learn(
        &session, setting: setting, keeper: keeper, checkpoint: { $0.outsideCheckpoint },
        samples: { session, stopping in
          try session.trainSamples(
            counting: &steps, since: &counted, operations: { _ in lines.operations },
            stopping: stopping)
        }, stopping: stops, failure: { _ in nil })
    } catch let failure as WiredFailure<LineError> {
      // What was learned before the lines failed is worth keeping.
      keeper.keep(session.outsideCheckpoint)
      throw failure
    }
    // The log is of training: what follows is not in it.
    session.board.lines.trace = nil
    let seconds = try session.board.now().seconds
    try rest(&session)
    isAtRest = true
    let statistics = LineStatistics(
      chip: lines.chip.label, library: libgpiodVersion, writes: lines.writes, reads: lines.reads,
      latency: LineStatistics.Latency(
        median: lines.latency(0.5), p99: lines.latency(0.99), p999: lines.latency(0.999),
        longest: lines.longestLatency),
      exchanges: lines.hasSerialBus
        ? LineStatistics.Exchanges(
          count: lines.exchanges,
          latency: LineStatistics.Latency(
            median: lines.exchangeLatency(0.5), p99: lines.exchangeLatency(0.99),
            p999: lines.exchangeLatency(0.999), longest: lines.longestExchange)) : nil,
      steps: steps, leftBehind: lines.leftBehind, epochsBefore: saved?.progress.epoch)
    try tell(
      RunRecord(
        setting: setting, result: session.result(boardTime: seconds, gates: []), lines: statistics),
      keeper: keeper, directory: directory)
  }

  /// Shuts all converters down and puts the lines to rest.
  private func rest(_ session: inout Session<GPIOBoard>) throws {
    session.board.lines.trace = nil
    try session.board.shutDownAll()
    try session.board.lines.base.rest()
  }
}
