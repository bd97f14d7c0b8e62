public import Description
public import Foundation

/// What a run is made of, kept so that it can be repeated or gone on with.
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

  /// What a run trains.
  public enum Target: String, Sendable, Codable, CaseIterable {
    /// The double of the board.
    case double
    /// A board at this computer's GPIO lines.
    case gpio
  }

  /// Makes a setting.
  public init(
    version: String, board: BoardDescription, task: TaskDescription, plan: Plan,
    target: Target = .double
  ) {
    self.target = target
    self.version = version
    self.board = board
    self.task = task
    self.plan = plan
  }
}

/// The result of a run in numbers.
public struct RunResult: Sendable, Equatable, Codable {
  /// Whether every epoch was trained.
  public var finished: Bool
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
    finished: Bool, last: EpochRecord, steps: Int, boardTime: Double, saturatedEdges: Int,
    estimatedGates: [Double], gates: [Double]
  ) {
    self.finished = finished
    self.last = last
    self.steps = steps
    self.boardTime = boardTime
    self.saturatedEdges = saturatedEdges
    self.estimatedGates = estimatedGates
    self.gates = gates
  }
}

/// A run's record: setting, curves and result.
public struct RunRecord: Sendable, Equatable, Codable {
  /// What the run is made of.
  public var setting: RunSetting
  /// The result.
  public var result: RunResult
  /// The curves.
  public var curve: [EpochRecord]
  /// What was asked of GPIO lines, on a board that hangs at some.
  public var lines: LineStatistics?

  /// Makes a record.
  public init(
    setting: RunSetting, result: RunResult, curve: [EpochRecord], lines: LineStatistics? = nil
  ) {
    self.lines = lines
    self.setting = setting
    self.result = result
    self.curve = curve
  }
}

/// The folder of a run. Every file is written under a temporary name, synced and renamed, so that a
/// crash leaves the old file or the new one, never half of one.
public struct RunDirectory: Sendable {
  /// The folder's path.
  public let path: String

  /// Names the folder; nothing is made yet.
  public init(path: String) { self.path = path }

  /// The path of a file in the folder.
  public func file(_ name: String) -> String { path + "/" + name }

  /// Whether a run has been here: its setting is.
  public var holdsRun: Bool { FileManager.default.fileExists(atPath: file("setting.json")) }

  /// Makes the folder, with those above it.
  /// - Throws: `RunDirectoryError` when it cannot be made.
  public func create() throws(RunDirectoryError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw RunDirectoryError(
        path: path, message: "cannot make this folder; choose another with --out")
    }
  }

  /// Makes the folder ready for new results.
  ///
  /// - Parameters:
  ///   - name: the file by which results are known to be here.
  ///   - overwrite: whether they may be replaced.
  /// - Throws: `RunDirectoryError` when they may not, or the folder cannot be made.
  public func prepare(holding name: String, overwrite: Bool) throws(RunDirectoryError) {
    if !overwrite && FileManager.default.fileExists(atPath: file(name)) {
      throw RunDirectoryError(
        path: path,
        message: "results are here already; replace them by --overwrite, or choose another folder "
          + "by --out", isUsage: true)
    }
    try create()
  }

  /// The bytes of a file in the folder.
  /// - Throws: `RunDirectoryError` when it cannot be read.
  public func data(of name: String) throws(RunDirectoryError) -> Data {
    guard let data = FileManager.default.contents(atPath: file(name)) else {
      throw RunDirectoryError(path: file(name), message: "there is no such file")
    }
    return data
  }

  /// Removes the files that a run writes, and only those.
  public func clear() {
    for name in [
      "setting.json", "checkpoint.json", "record.json", "curves.csv", "curves.gp", "curves.png",
      "trace.txt", "trace.vcd",
    ] {
      try? FileManager.default.removeItem(atPath: file(name))
    }
  }

  /// Writes a value as JSON, whole or not at all.
  /// - Throws: `RunDirectoryError` when it cannot be written.
  public func write<Value: Encodable>(_ value: Value, to name: String) throws(RunDirectoryError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    guard let data = try? encoder.encode(value) else {
      throw RunDirectoryError(
        path: file(name), message: "a number in it is not finite; please report this")
    }
    try write(data, to: name)
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
    guard let data = FileManager.default.contents(atPath: file(name)) else {
      throw RunDirectoryError(path: file(name), message: "there is no such file to resume from")
    }
    let value: Value
    do {
      value = try JSONDecoder().decode(type, from: data)
    } catch {
      throw RunDirectoryError(
        path: file(name), message: "it is damaged, or not of this program's making; begin anew",
        isDamaged: true)
    }
    do throws(StateError) {
      try (value as? any CheckedState)?.check()
    } catch {
      throw RunDirectoryError(
        path: file(name), message: "it is damaged: \(error); begin anew", isDamaged: true)
    }
    return value
  }

  private func write(_ data: Data, to name: String) throws(RunDirectoryError) {
    let temporary = file(".\(name).\(ProcessInfo.processInfo.processIdentifier)")
    let written = FileManager.default.createFile(atPath: temporary, contents: data)
    guard written, let handle = FileHandle(forUpdatingAtPath: temporary) else {
      throw RunDirectoryError(
        path: file(name), message: "cannot write; is the disk full or the folder read-only?")
    }
    try? handle.synchronize()
    try? handle.close()
    if rename(temporary, file(name)) != 0 {
      try? FileManager.default.removeItem(atPath: temporary)
      throw RunDirectoryError(path: file(name), message: "cannot replace this file")
    }
  }
}

/// Why a run's folder cannot be used.
public struct RunDirectoryError: Error, CustomStringConvertible {
  /// The folder or file.
  public let path: String
  /// What is wrong and what to do.
  public let message: String
  /// Whether a file was there but is not what it should be.
  public let isDamaged: Bool

  /// Whether the command asked for what it must not have.
  public let isUsage: Bool

  init(path: String, message: String, isDamaged: Bool = false, isUsage: Bool = false) {
    self.isUsage = isUsage
    self.path = path
    self.message = message
    self.isDamaged = isDamaged
  }

  /// The error in words.
  public var description: String { "\(path): \(message)" }
}
