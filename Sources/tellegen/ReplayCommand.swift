import ArgumentParser
import Firmware
import Foundation
import Learning
import VirtualBoard

struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Runs the firmware again on a run's trace and checks that it decides the same.",
    discussion: """
      The folder is that of a run with --boundary pins --trace. Reads and times come from the trace;
      every write must be the one in the trace. Exit code 1 when one differs: the call is named.
      """)
  @Argument(help: "The run's folder.")
  var folder: String
  @Option(help: "Another trace than the folder's own trace.txt.")
  var trace: String?

  func run() throws {
    try Exits.catching {
      let directory = RunDirectory(path: folder)
      let setting = try directory.read(RunSetting.self, from: "setting.json")
      let path = trace ?? directory.file("trace.txt")
      guard let data = FileManager.default.contents(atPath: path) else {
        try Exits.leave(
          "\(path): there is no such file; train with --boundary pins --trace to get one",
          with: Exits.inputOutput)
      }
      let trace = try Trace(text: String(decoding: data, as: UTF8.self))
      let double = try Session<PinBoard>(
        description: setting.board, task: setting.task, plan: setting.plan)
      let calibration =
        setting.plan.calibrated
        ? Calibration(measuredOn: double.board.analog) : Calibration(nominal: setting.board)
      var session = try Session(
        board: WiredBoard(lines: ReplayLines(trace), wiring: double.board.wiring),
        description: setting.board, problem: double.problem, plan: setting.plan,
        calibration: calibration)
      if trace.events.isEmpty {
        try Exits.leave("\(path): the trace is empty; nothing can be checked", with: Exits.data)
      }
      do {
        try session.begin()
        while !session.isFinished && !session.board.lines.isAtEnd {
          _ = try session.trainEpoch()
        }
      } catch WiredFailure<ReplayLines.Divergence>.lines(let divergence)
        where divergence.logged != nil
      {
        try Exits.leave("the replay differs: \(divergence)", with: Exits.missed)
      } catch WiredFailure<ReplayLines.Divergence>.lines {
        // The log of an interrupted run ends in the middle of an epoch.
      } catch let failure as WiredFailure<ReplayLines.Divergence> {
        // What the log reads makes the drivers give up, as they did not in the run.
        try Exits.leave(
          "the replay differs at call \(session.board.lines.call): \(failure)", with: Exits.missed)
      }
      guard session.board.lines.isAtEnd else {
        try Exits.leave(
          "the replay differs: the run ended after call \(session.board.lines.call), but the log has "
            + "\(trace.events.count) calls", with: Exits.missed)
      }
      print(
        "\(session.board.lines.call) calls, \(session.progress.steps) training steps: "
          + "the firmware decided the same throughout.")
    }
  }
}
