import ArgumentParser
import Description
import Firmware
import Foundation
import Learning
import LinuxLines
import VirtualBoard

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
  func trainOnLines(setting: RunSetting, directory: RunDirectory) throws {
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
        "\(lines.leftBehind.joined(separator: ", ")) stood away from rest: a program was killed; "
          + "the lines are at rest now")
    }
    try lines.checkRest()
    let board = GPIOBoard(
      lines: TracingLines(lines, trace: trace ? Trace() : nil), wiring: wiring)
    var session = try Session(
      board: board, description: setting.board,
      problem: Problem(task: setting.task, seed: setting.plan.seed), plan: setting.plan,
      calibration: Calibration(nominal: setting.board))
    let saved =
      try resume == nil ? nil : directory.read(BenchCheckpoint.self, from: "checkpoint.json")

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
    say("looking at the board, bringing the gates of \(lines.chip.label) to known voltages")
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
    if saved == nil {
      // The folder is made once there is something to go on from.
      try directory.create()
      directory.clear()
      try directory.write(setting, to: "setting.json")
      try directory.write(session.benchCheckpoint, to: "checkpoint.json")
    }

    var steps = LineStatistics.Steps()
    do {
      try train(
        &session, lines: lines, steps: &steps, setting: setting, directory: directory,
        stopping: stops)
    } catch let failure as WiredFailure<LineError> {
      // What was learned before the lines failed is worth keeping, and the failure worth telling, even
      // where nothing can be written.
      try? directory.write(session.benchCheckpoint, to: "checkpoint.json")
      if let log = session.board.lines.trace {
        try? directory.write(text: log.text, to: "trace.txt")
      }
      throw failure
    }
    try directory.write(session.benchCheckpoint, to: "checkpoint.json")
    // The log is of training: what follows is not in it.
    let log = session.board.lines.trace
    session.board.lines.trace = nil
    let seconds = try session.board.now().seconds
    try rest(&session)
    isAtRest = true
    if let log { try directory.write(text: log.text, to: "trace.txt") }
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
        setting: setting, result: session.benchResult(boardTime: seconds),
        curve: session.progress.curve, lines: statistics),
      directory: directory)
    if Interruption.isAsked {
      try Exits.leave(
        "interrupted; what was learned is kept, go on with: tellegen train --resume "
          + directory.path, with: Exits.interrupted)
    }
  }

  private func train(
    _ session: inout Session<GPIOBoard>, lines: LinuxLines, steps: inout LineStatistics.Steps,
    setting: RunSetting, directory: RunDirectory, stopping: () -> Bool
  ) throws {
    var display = ProgressDisplay(total: setting.plan.epochs, from: session.progress.epoch)
    if let record = session.progress.curve.last { display.show(record) }
    var saved = Date()
    while !session.isFinished {
      let ended = try session.trainEpoch(
        counting: &steps, operations: { _ in lines.operations }, stopping: stopping)
      if !ended {
        display.stop()
        return
      }
      if let record = session.progress.curve.last { display.show(record) }
      if Date().timeIntervalSince(saved) > 5 {
        try directory.write(session.benchCheckpoint, to: "checkpoint.json")
        saved = Date()
      }
    }
  }

  /// Shuts all converters down and puts the lines to rest.
  private func rest(_ session: inout Session<GPIOBoard>) throws {
    session.board.lines.trace = nil
    try session.board.shutDownAll()
    try session.board.lines.base.rest()
  }

  private func say(_ message: String) {
    FileHandle.standardError.write(Data(("tellegen: " + message + "\n").utf8))
  }
}
