public import Files
import Storage
public import Wiring

/// What a run is made of, kept so that it can be repeated or resumed.
public struct RunSetting: Sendable, Equatable, Codable {
  /// The program's version that made the run.
  public var version: String
  /// The board, whole.
  public var board: BoardDescription
  /// The task, whole, its samples included.
  public var task: TaskDescription
  /// The rule and its schedule.
  public var plan: Plan
  /// What was trained; `nil` in runs of a version that had the double only.
  public var target: Target?
  /// The seed of the double's parts, where they are not those of the plan's seed: of a board that was
  /// programmed with what another one learned.
  public var boardSeed: UInt64?
  /// What was found of a real board by `calibrate`, which its controllers are told; `nil` where the
  /// plan says what they know.
  public var calibration: BoardCalibration?
  /// How many epochs lie between two observations of the gates; `nil` for none.
  public var observe: Int?
  /// How often gates are moved and targets read again in each of them, before the gates are put back; `nil` for
  /// never.
  public var excursions: Int?
  /// How many excursions an observation may have.
  package static let excursionsAllowed = 0...16
  /// The rig that it was begun on; `nil` where none was named.
  public var rig: Rig?
  /// The names of all files that the run may have in its folder; `nil` in runs of version 0.1.
  public var files: [String]?

  /// A rig of a rig map.
  public struct Rig: Sendable, Equatable, Codable {
    /// What it is called.
    public var name: String
    /// The rig map that it is in; absolute.
    public var map: String

    /// Makes a rig's name.
    public init(name: String, map: String) {
      self.name = name
      self.map = map
    }
  }

  /// What a run trains.
  public enum Target: String, Sendable, Codable, CaseIterable {
    /// The double of the board, direct.
    case double
    /// The double through its GPIO pins, chip by chip; it ends with the same bits.
    case pins
    /// A board at this computer's GPIO lines.
    case gpio
  }

  /// Makes a setting.
  public init(
    version: String, board: BoardDescription, task: TaskDescription, plan: Plan,
    target: Target = .double, isTraced: Bool = false, calibration: BoardCalibration? = nil
  ) {
    self.calibration = calibration
    self.target = target
    files = RunSetting.files(isTraced: isTraced)
    self.version = version
    self.board = board
    self.task = task
    self.plan = plan
  }
}

extension RunSetting {
  /// The same run with more epochs; see `Plan.extended(to:)`.
  ///
  /// - Parameter epochs: how often every training sample is presented in all.
  /// - Returns: the setting; the same one where the run has as many epochs.
  package func extended(to epochs: Int) -> RunSetting {
    var setting = self
    setting.plan = plan.extended(to: epochs)
    return setting
  }

  /// The files of a run.
  static func files(isTraced: Bool) -> [String] {
    [
      RunDirectory.setting, FolderLock.name, "checkpoint.json", Metrics.jsonLines, Metrics.csv,
      "record.json", Circumstances.file, "curves.gp", "curves.png",
      RunDirectory.inferredTask,
    ] + (isTraced ? ["trace.txt", "trace.vcd"] : [])
  }
}
