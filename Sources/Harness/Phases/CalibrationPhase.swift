import Files
package import Runs
package import Targets
import Wiring

/// Whether what was found of the board by `calibrate` still holds.
package enum CalibrationPhase: Phase {
  package static let name = "calibration"
  package static let about =
    "A short calibration sees what the kept one saw, and agrees with it: RC of either way, threshold, reach and "
    + "comparators' offsets of each edge, the supply, sources and clamps."
  package static let hasReadings = false
  package static let remedy =
    "if one edge moved or is not seen any more, look at its transistor, capacitor and resistors; if all thresholds "
    + "did, at the temperature, if supply or every reach did, at the drives' supply; if everything did, it is another "
    + "board. Once the board is right, calibrate it again"

  package static func skipping(on target: RunSetting.Target, _ subject: Subject) -> String? {
    subject.calibration == nil ? "no calibration is given (--calibration FILE)" : nil
  }

  package static func run<Target: OpenTarget>(
    on target: inout Target, _ log: inout PhaseLog, _ subject: Subject
  ) throws {
    guard let kept = subject.calibration else { return }
    for words in try target.contradictions(of: kept, subject, stopping: log.stopping) {
      log.find(words)
    }
    // Where these pulses left the gates is not in the controllers' account.
    guard try target.session.findGates(stopping: log.stopping) else { throw Stopped() }
    try target.program(target.initialGates(subject), log)
  }
}
