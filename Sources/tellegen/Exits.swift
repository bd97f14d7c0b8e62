import ArgumentParser
import Files
import Firmware
import Foundation
import Runs
import LinuxGPIO
import Storage
import Targets
import Traces
import Wiring

#if Simulation
import BoardDouble
import Circuit
import Harness
import Models
import Studies
#endif

/// The documented exit codes beside success and usage.
enum Exits {
  /// A measure missed its goal.
  static let missed = ExitCode(1)
  /// Wrong usage that the argument parser cannot see.
  static let usage = ExitCode(64)
  /// A wrong board, task or data file.
  static let data = ExitCode(65)
  /// The device is not there or does not answer.
  static let device = ExitCode(69)
  /// An error that this program does not know: a mistake in it.
  static let unknown = ExitCode(70)
  /// Another process is using the folder or the rig.
  static let inUse = ExitCode(75)
  /// The rig is wedged: it was left dangerous or did not answer, and was not recovered since.
  static let wedged = ExitCode(76)
  /// Permission is lacking.
  static let permission = ExitCode(77)
  /// Input or output failed.
  static let inputOutput = ExitCode(74)
  /// The user or the system asked to stop.
  static let interrupted = ExitCode(130)

  /// Runs a command's body; known errors are printed to standard error and become exit codes.
  static func catching<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      let result = try body()
      if let loss = Console.loss {
        try leave("the result could not be written to standard output: \(loss)", with: inputOutput)
      }
      return result
    } catch let code as ExitCode {
      throw code
    } catch let error as ValidationError {
      throw error
    } catch let error as WiredFailure<LineError> {
      try leave("the board does not answer: \(error)", with: device)
    } catch {
      guard let code = code(of: error) else {
        try leave("\(error); this error is not expected here, please report it", with: unknown)
      }
      try leave("\(error)", with: code)
    }
  }

  /// The exit code of an error's kind; `nil` for one that no command is known to throw.
  static func code(of error: any Error) -> ExitCode? {
    #if Simulation
    if let code = simulated(error) { return code }
    #endif
    switch error {
    case let error as LineError:
      if case .noPermission = error { return permission }
      return device
    case is LooksWrong: return device
    case let error as CalibrationRefusal: return error.code
    case let error as RigRefusal:
      if case .locked = error { return inUse }
      return wedged
    case let error as SessionError:
      if case .otherRun = error { return data }
      return usage
    case let error as RunDirectoryError: return code(of: error.kind)
    // The type says which of the two: that of any error would be this one again.
    case let error as StorageError: return code(of: error) as ExitCode
    case is DescriptionError, is WiringError, is TraceError, is StateError: return data
    case is TargetLeftOut: return usage
    default: return nil
    }
  }

  #if Simulation
  /// The exit code of what only the double and what is done with it throws.
  private static func simulated(_ error: any Error) -> ExitCode? {
    switch error {
    case let error as TrainingError:
      if case .silent = error { return device }
      return data
    case is GradientError, is CycleError, is TheoryError, is SubjectError, is LinesMissing:
      return usage
    // No solution is a matter of the circuit, not of a board that is silent.
    case is CircuitError, is WiredFailure<CircuitError>, is StateMismatch: return data
    default: return nil
    }
  }
  #endif

  /// The exit code for what the system refused.
  static func code(of error: StorageError) -> ExitCode {
    error.isPermission ? permission : inputOutput
  }

  private static func code(of kind: RunDirectoryError.Kind) -> ExitCode {
    switch kind {
    case .usage: usage
    case .damaged: data
    case .inUse: inUse
    case .permission: permission
    case .missing, .inputOutput: inputOutput
    case .fault: unknown
    }
  }

  /// Prints a message to standard error and ends the command.
  static func leave(_ message: String, with code: ExitCode) throws -> Never {
    say("tellegen: " + message)
    throw code
  }
}
