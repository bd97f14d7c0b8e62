import ArgumentParser
import Foundation

/// The version of this program; CHANGELOG.md says what each brought.
let version = "0.3.0"

@main
struct Tellegen: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tellegen",
    abstract: "Trains analog circuits that learn, on a double of the board or the real one.",
    discussion: """
      Exit codes: 0 done; 1 a measure missed its goal; 64 wrong usage; 65 a wrong board, task or
      data file; 69 the device is not there; 70 a mistake in the program; 74 input or output failed;
      75 another process is using the folder or the rig; 76 the rig is wedged; 77 permission is
      lacking; 130 interrupted (what was learned is kept). docs/reference/runs.md says more.
      """,
    version: version,
    subcommands: boards + simulation)

  /// What needs no double.
  private static let boards: [any ParsableCommand.Type] = [
    TrainCommand.self, PredictCommand.self, MeasureCommand.self, ProgramCommand.self,
    BoardCommand.self, TaskCommand.self, DoctorCommand.self, RestCommand.self,
  ]

  #if Simulation
  /// What needs the double.
  private static let simulation: [any ParsableCommand.Type] = [
    PlaceCommand.self, DescendCommand.self, GradientCommand.self, ServeCommand.self,
    ReplayCommand.self, HILCommand.self, CalibrateCommand.self,
    CycleCommand.self, DriftCommand.self, ReproduceCommand.self, BenchmarkCommand.self,
  ]
  #else
  private static let simulation: [any ParsableCommand.Type] = []
  #endif

  static func main() {
    Console.prepare()
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      let code = exitCode(for: error)
      let text = fullMessage(for: error)
      if code.isSuccess {
        if !text.isEmpty { print(text) }
        if Console.loss != nil { Foundation.exit(Exits.inputOutput.rawValue) }
      } else if !text.isEmpty {
        say(text)
      }
      Foundation.exit(code.rawValue)
    }
  }
}
