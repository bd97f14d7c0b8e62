#if Simulation
import ArgumentParser
import Circuit
import Files
import Firmware
import Foundation
import Reports
import Runs
import BoardDouble
import Targets
import Traces
import Wiring

/// Lines that a replay may run on: they follow the log of a run's calls.
private protocol ReplayedLines: Lines {
  /// How many calls were checked.
  var call: Int { get }
  /// How many of them were writes, reads and exchanges.
  var operations: Int { get }
  /// Whether the whole log was followed.
  var isAtEnd: Bool { get }
  /// What a failure of the lines says of the replay.
  static func meaning(of failure: Failure) -> Meaning
}

/// What a failure of replayed lines says.
private enum Meaning {
  /// The log has ended.
  case end
  /// The firmware, or the double, did something else than the log has.
  case difference
  /// The double has no solution.
  case noSolution(CircuitError)
}

extension ReplayLines: ReplayedLines {
  fileprivate static func meaning(of failure: Divergence) -> Meaning {
    failure.logged == nil ? .end : .difference
  }
}

extension RetimedPins: ReplayedLines {
  fileprivate static func meaning(of failure: Failure) -> Meaning {
    switch failure {
    case .circuit(let error): .noSolution(error)
    case .differs(let divergence): divergence.isPastEnd ? .end : .difference
    }
  }
}

struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Runs the firmware again on a run's trace and checks that it decides the same.",
    discussion: """
      The folder is that of `tellegen train` with --target pins --trace, or --target gpio --trace; the
      traces of `tellegen hil --trace` are to look at, and cannot be run again. Reads and
      times come from the trace; every write must be the one in the trace. With --seen, the log of
      `tellegen serve --log` on the other side of the chip, the pin-level double runs again too, at the
      times of that log: every level it reads must be the one that was read through the kernel. Exit
      code 1 when one differs: the call is named.

      With --capture, what a logic analyser saw at the lines is held to the trace in place of that:
      changes that did not come, came late, early or without a command, and levels that were read
      otherwise than they stood. Exit code 1 where there are any: line and time are named.
      """)
  @Argument(help: "The run's folder.")
  var folder: String
  @Option(help: "Another trace than the folder's own trace.txt.")
  var trace: String?
  @Option(
    help:
      """
      The log that `tellegen serve --log` kept of the same run; given again for each server that \
      went on with the state of the one before.
      """
  )
  var seen: [String] = []
  @Option(parsing: .unconditional, help: "With --seen: the seed of the served board's parts.")
  var seed: UInt64 = 1
  @OptionGroup var capture: CaptureOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    try capture.check()
    if capture.capture != nil && !seen.isEmpty {
      throw ValidationError("--capture and --seen are two replays: give one of them")
    }
  }

  /// What a replay finds.
  private struct Notes {
    /// In words; printed at the end, of a replay that differs as well.
    var words: [String] = []
    /// How many calls and training steps were followed.
    var followed: (calls: Int, steps: Int)?
  }

  func run() throws {
    try Exits.catching {
      if let path = capture.capture { return try compare(with: path) }
      var notes = Notes()
      defer { if !output.json { for words in notes.words { print(words) } } }
      try replay(&notes)
      try output.show(
        [
          "agrees": true, "calls": JSONValue(notes.followed?.calls),
          "steps": JSONValue(notes.followed?.steps), "found": JSONValue(notes.words),
        ], text: "")
    }
  }

  /// Holds a capture to the trace.
  private func compare(with path: String) throws {
    let directory = RunDirectory(path: folder)
    let setting = try setting()
    let replay = try CaptureReplay(
      capture, at: path, board: setting.board, task: setting.task,
      trace: try read(trace ?? directory.file("trace.txt")))
    try output.show(replay.json, text: replay.text)
    let count = replay.comparison.differences.count
    if count > 0 {
      try Exits.leave(
        "\(path) differs from the run's trace in \(count) place\(count == 1 ? "" : "s")",
        with: Exits.missed)
    }
  }

  private func replay(_ notes: inout Notes) throws {
    let directory = RunDirectory(path: folder)
    let setting = try setting()
    let calls = try read(trace ?? directory.file("trace.txt"))
    let place = try setting.task.place(on: setting.board)
    let pins = try VirtualPins(
      description: setting.board,
      seed: seen.isEmpty ? setting.boardSeed ?? setting.plan.seed : seed,
      sources: place.sources, targets: place.targets)
    let calibration = Calibration(
      toldOf: pins.analog, isMeasured: setting.plan.calibrated, found: setting.calibration)
    if seen.isEmpty {
      try replay(on: ReplayLines(calls), calls, pins.wiring, setting, calibration, &notes)
      return
    }
    var log = Trace()
    for path in seen { log.events += try read(path, isPart: true).events }
    let lines: RetimedPins
    do throws(TraceError) {
      lines = try RetimedPins(pins, calls: calls, seen: log)
    } catch {
      try Exits.leave("\(seen[0]): \(error.message)", with: Exits.data)
    }
    try replay(on: lines, calls, pins.wiring, setting, calibration, &notes)
    notes.words.append(
      "Every level that the pin-level double read was the one read through the chip.")
  }

  /// Runs the firmware on lines that follow the calls, and compares what it did.
  private func replay<L: ReplayedLines>(
    on lines: L, _ calls: Trace, _ wiring: BoardWiring, _ setting: RunSetting,
    _ calibration: Calibration, _ notes: inout Notes
  ) throws {
    var session = try session(lines, wiring, setting, calibration)
    var steps = LineStatistics.Steps()
    do {
      try follow(
        &session, setting, looking: looked(calls), &steps, { $0.operations },
        until: { $0.isAtEnd })
    } catch let failure as WiredFailure<L.Failure> {
      let call = session.board.lines.call
      if case .lines(let error) = failure {
        switch L.meaning(of: error) {
        // The log of an interrupted run ends in the middle of an epoch.
        case .end: break
        case .difference: try differs("\(error)")
        case .noSolution(let reason): throw reason
        }
      } else if session.board.lines.isAtEnd {
        // What was read made the drivers give up: in the run too, when its log ends there.
        notes.words.append("The run failed there: \(failure)")
      } else {
        try differs("at call \(call): \(failure)")
      }
    }
    try finish(
      session.board.lines.isAtEnd, session.board.lines.call, calls, session.progress, &notes)
    try compare(steps, &notes)
  }

  /// Checks that the lines were asked as often in each step as the double is; the record of a run
  /// that was resumed covers its last part only.
  private func compare(_ steps: LineStatistics.Steps, _ notes: inout Notes) throws {
    guard let lines = try record()?.lines, lines.steps.count > 0, lines.epochsBefore == nil
    else { return }
    let counted = lines.steps
    let found = "\(steps.least) ... \(steps.most) in \(steps.count) steps"
    guard steps == counted else {
      try differs(
        "operations of a step, \(found), were \(counted.least) ... \(counted.most) in "
          + "\(counted.count) steps, \(counted.operations) in all instead of \(steps.operations)")
    }
    notes.words.append("Operations of a step, \(found), are those that were counted at the lines.")
  }

  /// What the run was made of.
  ///
  /// - Throws: an exit for a folder of another command, whose trace cannot be run again; `RunDirectoryError`.
  private func setting() throws -> RunSetting {
    struct Maker: Decodable { var command: String }
    let directory = RunDirectory(path: folder)
    guard FileManager.default.fileExists(atPath: directory.file(RunDirectory.setting)) else {
      try Exits.leave(
        "\(folder) is not the folder of a run: it has no \(RunDirectory.setting); give the folder of "
          + "'tellegen train --trace'", with: Exits.inputOutput)
    }
    let data = try directory.data(of: RunDirectory.setting)
    if let maker = try? JSONDecoder().decode(Maker.self, from: data) {
      let what =
        maker.command == "hil"
        ? "what phases of scenarios do between reads is the harness's, and replay knows training only. Look at "
          + "its waves, SCENARIO.ATTEMPT.vcd, with gtkwave; for a trace of this board that replays, "
        : "it has no trace of a training run; "
      try Exits.leave(
        "\(folder) is of 'tellegen \(maker.command)': \(what)'tellegen train' with --trace makes one",
        with: Exits.usage)
    }
    return try directory.read(RunSetting.self, from: RunDirectory.setting)
  }

  private func read(_ path: String, isPart: Bool = false) throws -> Trace {
    let data =
      isPart
      ? try UserFile.read(
        path, wanted: "the log that 'tellegen serve --log' kept",
        remedy: "'tellegen serve --log FILE' keeps one")
      : try UserFile.read(
        path, wanted: "a run's trace.txt", remedy: "train with --target pins --trace to get one")
    let trace = try Trace(text: String(decoding: data, as: UTF8.self))
    if trace.events.isEmpty && !isPart {
      try Exits.leave("\(path): the trace is empty; nothing can be checked", with: Exits.data)
    }
    return trace
  }

  private func session<L: Lines>(
    _ lines: L, _ wiring: BoardWiring, _ setting: RunSetting, _ calibration: Calibration
  ) throws -> Session<WiredBoard<L>> {
    try Session(
      board: WiredBoard(lines: lines, wiring: wiring), description: setting.board,
      problem: Problem(task: setting.task, seed: setting.plan.seed), plan: setting.plan,
      calibration: calibration)
  }

  /// Whether a run on lines looked at its board first: it asks for the time before anything else,
  /// as older programs, which did not look, never did.
  private func looked(_ calls: Trace) -> Bool { calls.events.first?.kind == .now }

  /// Runs what the run did.
  private func follow<L: Lines>(
    _ session: inout Session<WiredBoard<L>>, _ setting: RunSetting, looking: Bool,
    _ steps: inout LineStatistics.Steps, _ operations: (L) -> Int, until isAtEnd: (L) -> Bool
  ) throws {
    if setting.target == .gpio && looking {
      let place = try setting.task.place(on: setting.board)
      var look = try FirstLook(setting.board, sources: place.sources, targets: place.targets)
      try session.beginLook()
      _ = try session.findGates(looking: &look)
    } else if setting.target == .gpio {
      try session.board.releaseAll()
      _ = try session.findGates()
    }
    try session.begin()
    var counted: Int?
    while !session.isFinished && !isAtEnd(session.board.lines) {
      _ = try session.trainSamples(
        counting: &steps, since: &counted, operations: { operations($0.lines) })
      _ = try session.measureEpoch()
    }
  }

  /// The run's record; `nil` while it has none.
  private func record() throws -> RunRecord? {
    let directory = RunDirectory(path: folder)
    guard FileManager.default.fileExists(atPath: directory.file("record.json")) else { return nil }
    return try directory.read(RunRecord.self, from: "record.json")
  }

  private func finish(
    _ isAtEnd: Bool, _ call: Int, _ log: Trace, _ progress: Runs.Progress, _ notes: inout Notes
  ) throws {
    guard isAtEnd else {
      try differs("the run ended after call \(call), but the log has \(log.events.count) calls")
    }
    notes.followed = (call, progress.steps)
    notes.words.append(
      "\(call) calls, \(progress.steps) training steps: "
        + "the firmware decided the same throughout.")
    // A trace that was cut short, or that of a run which went on without one, says less than the run.
    if let record = try record(), record.result.steps > progress.steps {
      notes.words.append(
        "The trace ends there; the run went on to \(record.result.steps) steps, which are not checked."
      )
    }
  }

  private func differs(_ what: String) throws -> Never {
    try output.show(["agrees": false, "difference": JSONValue(what)], text: "")
    try Exits.leave("the replay differs: \(what)", with: Exits.missed)
  }
}
#endif
