import ArgumentParser
import Circuit
import Files
import Firmware
import Foundation
import Models
import Runs
import LinuxGPIO
import Storage
import BoardDouble
import Studies
import Traces
import Wiring

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
  /// Another process is using the folder.
  static let inUse = ExitCode(75)
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
    } catch let error as DescriptionError {
      try leave("\(error)", with: data)
    } catch let error as GradientError {
      try leave("\(error)", with: usage)
    } catch let error as TrainingError {
      if case .silent = error { try leave("\(error)", with: device) }
      try leave("\(error)", with: data)
    } catch let error as CircuitError {
      try leave("\(error)", with: data)
    } catch let error as WiringError {
      try leave("\(error)", with: data)
    } catch let error as WiredFailure<Never> {
      try leave("the board does not answer: \(error)", with: device)
    } catch let error as WiredFailure<LineError> {
      try leave("the board does not answer: \(error)", with: device)
    } catch let error as LineError {
      if case .noPermission = error { try leave("\(error)", with: permission) }
      try leave("\(error)", with: device)
    } catch let error as StateMismatch {
      try leave("\(error)", with: data)
    } catch let error as TraceError {
      try leave("\(error)", with: data)
    } catch let error as SessionError {
      if case .otherRun = error { try leave("\(error)", with: data) }
      try leave("\(error)", with: usage)
    } catch let error as RunDirectoryError {
      try leave("\(error)", with: code(of: error.kind))
    } catch let error as CycleError {
      try leave("\(error)", with: usage)
    } catch let error as TheoryError {
      try leave("\(error)", with: usage)
    }
  }

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
    }
  }

  /// Prints a message to standard error and ends the command.
  static func leave(_ message: String, with code: ExitCode) throws -> Never {
    say("tellegen: " + message)
    throw code
  }
}
