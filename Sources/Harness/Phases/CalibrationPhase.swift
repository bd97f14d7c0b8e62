import Files
import Runs
package import Targets
import Wiring

/// Whether what was found of the board by `calibrate` still holds.
package enum CalibrationPhase: Phase {
  package static let name = "calibration"
  package static let about =
    "A short calibration agrees with the one that is kept: RC of either way and threshold of each edge."
  package static let remedy =
    "calibrate again; if one edge moved, look at its transistor, capacitor and resistors; if all thresholds "
    + "did, the supply or the temperature changed; if everything did, it is another board"

  /// The number of pulses: RC is known to 0.5 % then.
  static let pulses = 250

  package static func run<Target: OpenTarget>(
    on target: inout Target, _ log: inout PhaseLog, _ subject: Subject
  ) throws {
    guard let kept = subject.calibration else {
      throw Skipped("no calibration is given (--calibration FILE)")
    }
    let excitation = try target.excite(
      subject, pulses: pulses, seed: 1, stopping: log.stopping)
    let model = try PartsModel(subject)
    let fit = try PartsFit(model, to: excitation, stopping: log.stopping)
    let found = BoardCalibration(
      fit, of: model, board: subject.description, id: kept.id, date: kept.date, target: "",
      seconds: excitation.seconds)
    for words in kept.contradictions(by: found) { log.find(words) }
    // Where these pulses left the gates is not in the controllers' account.
    guard try target.session.findGates(stopping: log.stopping) else { throw Stopped() }
    try target.program(target.initialGates(subject), log)
  }
}
