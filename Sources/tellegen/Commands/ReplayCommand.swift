#if Simulation
import ArgumentParser
import Files
import Firmware
import Foundation
import Reports
import Runs
import BoardDouble
import Targets
import Traces
import Wiring

struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Runs the firmware again on a run's trace and checks that it decides the same.",
    discussion: """
      The folder is that of a run with --target pins --trace, or --target gpio --trace. Reads and
      times come from the trace; every write must be the one in the trace. With --seen, the log of
      `tellegen serve --log` on the other side of the chip, the pin-level double runs again too, at the
      times of that log: every level it reads must be the one that was read through the kernel. Exit
      code 1 when one differs: the call is named.
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
  @OptionGroup var output: OutputOptions

  /// What a replay finds.
  private struct Notes {
    /// In words; printed at the end, of a replay that differs as well.
    var words: [String] = []
    /// How many calls and training steps were followed.
    var followed: (calls: Int, steps: Int)?
  }

  func run() throws {
    try Exits.catching {
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

  private func replay(_ notes: inout Notes) throws {
    let directory = RunDirectory(path: folder)
    let setting = try directory.read(RunSetting.self, from: "setting.json")
    let calls = try read(trace ?? directory.file("trace.txt"))
    let place = try setting.task.place(on: setting.board)
    let pins = try VirtualPins(
      description: setting.board,
      seed: seen.isEmpty ? setting.boardSeed ?? setting.plan.seed : seed,
      sources: place.sources, targets: place.targets)
    let calibration =
      setting.plan.calibrated
      ? Calibration(measuredOn: pins.analog) : Calibration(nominal: setting.board)
    var steps = LineStatistics.Steps()
    if !seen.isEmpty {
      var log = Trace()
      for path in seen { log.events += try read(path, isPart: true).events }
      let lines: RetimedPins
      do throws(TraceError) {
        lines = try RetimedPins(pins, calls: calls, seen: log)
      } catch {
        try Exits.leave("\(seen[0]): \(error.message)", with: Exits.data)
      }
      var session = try session(lines, pins.wiring, setting, calibration)
      do {
        try follow(
          &session, setting, looking: looked(calls), &steps, { $0.operations },
          until: { $0.isAtEnd })
      } catch WiredFailure<RetimedPins.Failure>.lines(.circuit(let error)) {
        throw error
      } catch WiredFailure<RetimedPins.Failure>.lines(.differs(let divergence))
        where divergence.isPastEnd
      {
        // The log of an interrupted run ends in the middle of an epoch.
      } catch let failure as WiredFailure<RetimedPins.Failure> {
        try gaveUp(
          failure, atEnd: session.board.lines.isAtEnd, call: session.board.lines.call, &notes)
      }
      try finish(
        session.board.lines.isAtEnd, session.board.lines.call, calls, session.progress, &notes)
      notes.words.append(
        "Every level that the pin-level double read was the one read through the chip.")
      try compare(steps, &notes)
    } else {
      var session = try session(ReplayLines(calls), pins.wiring, setting, calibration)
      do {
        try follow(
          &session, setting, looking: looked(calls), &steps, { $0.operations },
          until: { $0.isAtEnd })
      } catch WiredFailure<ReplayLines.Divergence>.lines(let divergence)
        where divergence.logged != nil
      {
        try differs("\(divergence)")
      } catch WiredFailure<ReplayLines.Divergence>.lines {
        // The log of an interrupted run ends in the middle of an epoch.
      } catch let failure as WiredFailure<ReplayLines.Divergence> {
        try gaveUp(
          failure, atEnd: session.board.lines.isAtEnd, call: session.board.lines.call, &notes)
      }
      try finish(
        session.board.lines.isAtEnd, session.board.lines.call, calls, session.progress, &notes)
      try compare(steps, &notes)
    }
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

  private func read(_ path: String, isPart: Bool = false) throws -> Trace {
    guard let data = FileManager.default.contents(atPath: path) else {
      try Exits.leave(
        "\(path): there is no such file; train with --target pins --trace to get one",
        with: Exits.inputOutput)
    }
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

  /// What was read made the drivers give up: in the run too, when its log ends there.
  private func gaveUp(
    _ failure: any Error, atEnd isAtEnd: Bool, call: Int, _ notes: inout Notes
  ) throws {
    guard isAtEnd else { try differs("at call \(call): \(failure)") }
    notes.words.append("The run failed there: \(failure)")
  }

  private func differs(_ what: String) throws -> Never {
    try output.show(["agrees": false, "difference": JSONValue(what)], text: "")
    try Exits.leave("the replay differs: \(what)", with: Exits.missed)
  }
}
#endif
