#if Simulation
import Runs

/// What a call of `hil` was asked, whole: what is in its folder's setting.json, and in the record where readings
/// hang on it.
struct HILCall: Codable, Sendable {
  /// The board's name.
  var board: String
  /// What is proven.
  var target: RunSetting.Target
  /// The rig's name, where one is named.
  var rig: String?
  /// The rig map that it is in.
  var map: String?
  /// The scenarios' names.
  var scenarios: [String]
  /// The faults of the command line.
  var faults: [String]
  /// The faults that a double's board file has itself.
  var boardFaults: [String]
  /// What of the wiring was said to be right.
  var checked: [String]
  /// The file of the calibration, where there is one.
  var calibration: String?
  /// Which of the boards of its file the calibration must be of.
  var boardID: String?
  /// How many days old it may be, where that was said.
  var calibrationDays: Double?
  /// How often each scenario is gone through.
  var attempts: Int
  /// How often one that ends in an error is tried again.
  var retries: Int
  /// Whether the rig is recovered.
  var recover: Bool
  /// Whether the log of each attempt's lines is kept.
  var trace: Bool
  /// The seed of a double's parts.
  var seed: UInt64
  /// How many doubles limits are drawn from.
  var ensemble: Int
}
#endif
