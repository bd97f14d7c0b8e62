import Foundation
import TestSupport
import Testing

/// What the unmodified program does at the GPIO lines of a kernel, the double behind its chip.
/// `hil/run` runs some of these suites by name (`make hil`, `make hil only=breadboard`): each is a
/// lane, and boots a machine or two of its own, one after the other. All that a lane's machine left
/// is looked at by its checks; nothing is booted twice.
@Suite(
  .serialized,
  .enabled(
    if: Setting.program != nil,
    "TELLEGEN_HIL does not name a program for the simulated computer; `make hil` does"))
enum Lanes {}

/// What `hil/run` says in the environment.
enum Setting {
  /// The program, by its absolute path.
  static let program = value("TELLEGEN_HIL")
  /// The folder for what lanes leave.
  static let work = value("TELLEGEN_HIL_WORK") ?? packageRoot + "/.build-hil"
  /// How many signals are sent in all.
  static let signals = value("TELLEGEN_SIGNALS").flatMap { Int($0) } ?? 200

  private static func value(_ name: String) -> String? {
    ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
  }
}

/// Says what was measured, beside what tests say.
func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

/// Why a lane's machine did not come to its end.
struct LaneFailure: Error, CustomStringConvertible {
  var description: String
}
