public import Files
public import Foundation
import Reports
package import Storage

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
  /// The names of all files that the run may have in its folder; `nil` in runs of version 0.1.
  public var files: [String]?

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
    target: Target = .double, isTraced: Bool = false
  ) {
    self.target = target
    files = RunSetting.files(isTraced: isTraced)
    self.version = version
    self.board = board
    self.task = task
    self.plan = plan
  }
}

extension RunSetting {
  /// The files of a run.
  static func files(isTraced: Bool) -> [String] {
    [
      RunDirectory.setting, FolderLock.name, "checkpoint.json", Metrics.jsonLines, Metrics.csv,
      "record.json", "curves.gp", "curves.png",
    ] + (isTraced ? ["trace.txt", "trace.vcd"] : [])
  }
}

/// The result of a run in numbers.
public struct RunResult: Sendable, Equatable, Codable {
  /// Whether every epoch was trained.
  public var finished: Bool
  /// The measures before training; `nil` in records of version 0.1.
  public var first: EpochRecord?
  /// The measures at the end.
  public var last: EpochRecord
  /// All training steps.
  public var steps: Int
  /// The time on the board, learning or not, s (virtual on the double).
  public var boardTime: Double
  /// How many edges stood at a gate limit.
  public var saturatedEdges: Int
  /// The gates at the end by the controllers' account, V; empty where edges follow their own rule.
  public var estimatedGates: [Double]
  /// The gates at the end as they are on the double, V; empty on a real board.
  public var gates: [Double]

  /// Makes a result.
  public init(
    finished: Bool, first: EpochRecord?, last: EpochRecord, steps: Int, boardTime: Double,
    saturatedEdges: Int,
    estimatedGates: [Double], gates: [Double]
  ) {
    self.finished = finished
    self.first = first
    self.last = last
    self.steps = steps
    self.boardTime = boardTime
    self.saturatedEdges = saturatedEdges
    self.estimatedGates = estimatedGates
    self.gates = gates
  }
}

/// A run's record: setting and result. The curves are in `metrics.jsonl` and `curves.csv`.
public struct RunRecord: Sendable, Equatable, Codable {
  /// What the run is made of.
  public var setting: RunSetting
  /// The result.
  public var result: RunResult
  /// What was asked of GPIO lines, on a board that hangs at some.
  public var lines: LineStatistics?

  /// Makes a record.
  public init(setting: RunSetting, result: RunResult, lines: LineStatistics? = nil) {
    self.lines = lines
    self.setting = setting
    self.result = result
  }
}

/// The folder of a run, or of other results. Whole files are replaced by `WholeFile`, so that a
/// crash leaves the old one or the new one.
///
/// What makes a folder a run is its `setting.json`, which also lists all files that are the run's.
public struct RunDirectory: Sendable {
  /// The name of the file that makes a folder a run.
  public static let setting = "setting.json"

  /// The folder's path.
  public let path: String

  /// Names the folder; nothing is made yet.
  public init(path: String) { self.path = path }

  /// The path of a file in the folder.
  public func file(_ name: String) -> String { path + "/" + name }

  /// The bytes of a file in the folder.
  /// - Throws: `RunDirectoryError` when it cannot be read.
  public func data(of name: String) throws(RunDirectoryError) -> Data {
    do {
      return try Data(contentsOf: URL(fileURLWithPath: file(name)))
    } catch {
      let number = RunDirectory.number(of: error)
      if number == ENOENT || number == ENOTDIR {
        throw RunDirectoryError(path: file(name), .missing, "there is no such file")
      }
      throw RunDirectoryError(StorageError(path: file(name), number: number))
    }
  }

  /// The system's error behind one of Foundation's.
  private static func number(of error: any Error) -> Int32 {
    let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
    for error in [cause, error as NSError].compactMap({ $0 }) {
      if error.domain == NSPOSIXErrorDomain { return Int32(error.code) }
    }
    switch (error as? CocoaError)?.code {
    case .fileReadNoSuchFile?, .fileNoSuchFile?: return ENOENT
    case .fileReadNoPermission?: return EACCES
    default: return EIO
    }
  }

  /// Writes a value as JSON, whole or not at all.
  /// - Throws: `RunDirectoryError` when it cannot be written.
  public func write<Value: Encodable>(_ value: Value, to name: String) throws(RunDirectoryError) {
    try write(try encoded(value, for: name), to: name)
  }

  /// Writes text, whole or not at all.
  /// - Throws: `RunDirectoryError` when it cannot be written.
  public func write(text: String, to name: String) throws(RunDirectoryError) {
    try write(Data(text.utf8), to: name)
  }

  /// Reads a value from JSON; one of a `CheckedState` is checked.
  /// - Throws: `RunDirectoryError` when the file is missing or not what it should be.
  public func read<Value: Decodable>(_ type: Value.Type, from name: String)
    throws(RunDirectoryError) -> Value
  {
    let data = try data(of: name)
    let value: Value
    do {
      value = try JSONDecoder().decode(type, from: data)
    } catch {
      throw RunDirectoryError(
        path: file(name), .damaged,
        "it is damaged, or was not made by this program; start a new run")
    }
    do throws(StateError) {
      try (value as? any CheckedState)?.check()
    } catch {
      throw RunDirectoryError(
        path: file(name), .damaged, "it is damaged: \(error); start a new run")
    }
    return value
  }

  func encoded<Value: Encodable>(
    _ value: Value, for name: String
  ) throws(RunDirectoryError) -> Data {
    do throws(NotFinite) {
      return try JSON.data(of: value)
    } catch {
      throw RunDirectoryError(path: file(name), .inputOutput, error.description)
    }
  }

  private func write(_ data: Data, to name: String) throws(RunDirectoryError) {
    do throws(StorageError) {
      try WholeFile.write(data, to: name, in: path)
    } catch {
      throw RunDirectoryError(error)
    }
  }
}

/// Why a run's folder cannot be used.
public struct RunDirectoryError: Error, CustomStringConvertible {
  /// The kinds of reasons.
  public enum Kind: Sendable, Equatable {
    /// The command asked for what it must not have.
    case usage
    /// A file is not there.
    case missing
    /// A file is there but is not what it should be.
    case damaged
    /// Another process has the folder.
    case inUse
    /// Permission is lacking.
    case permission
    /// Reading or writing failed.
    case inputOutput
  }

  /// The folder or file.
  public let path: String
  /// What kind of reason it is.
  public let kind: Kind
  /// What is wrong and what to do.
  public let message: String

  init(path: String, _ kind: Kind, _ message: String) {
    self.path = path
    self.kind = kind
    self.message = message
  }

  /// What the system refused, in words.
  package init(_ error: StorageError) {
    path = error.path
    kind = error.isPermission ? .permission : .inputOutput
    let advice =
      switch error.number {
      case ENOSPC, EDQUOT: "; make room there"
      case EACCES, EPERM, EROFS, ENOTDIR: "; choose another place"
      default: ""
      }
    message = error.reason + advice
  }

  /// The error in words.
  public var description: String { "\(path): \(message)" }
}
