import ArgumentParser
import Files
import Foundation
import Runs
import Storage
import Targets
import Wiring

#if Simulation
import Harness
#endif

/// Which calibration the controllers are told.
struct CalibrationOptions: ParsableArguments {
  @Option(
    help:
      "What 'tellegen calibrate' found of this board; at GPIO lines BOARD.calibration.json beside the board's file is used by itself."
  )
  var calibration: String?
  @Option(help: "Refuse a calibration of another board than the one of this id.")
  var boardID: String?
  @Option(parsing: .unconditional, help: "How many days old a calibration may be; default 90.")
  var calibrationDays: Double?

  func validate() throws {
    try Limits.check(calibrationDays, "--calibration-days", 0, 36500)
  }

  /// The file of the calibration that is asked for, or that lies beside the board's file.
  ///
  /// - Parameters:
  ///   - name: the board's name or file.
  ///   - target: what is trained.
  /// - Returns: the file; `nil` where there is none.
  func file(of name: String, target: RunSetting.Target) -> String? {
    if let calibration { return calibration }
    guard target == .gpio, let file = try? locate(name, kind: .board) else { return nil }
    let path = BoardCalibration.path(beside: file)
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }

  /// Reads the calibration that is asked for, or that lies beside the board's file.
  ///
  /// - Parameters:
  ///   - description: the board.
  ///   - name: the board's name or file.
  ///   - target: what is trained.
  /// - Returns: the calibration; `nil` where there is none.
  /// - Throws: `CalibrationRefusal` for one that cannot be read or is not this board's.
  func read(
    for description: BoardDescription, named name: String, target: RunSetting.Target
  ) throws(CalibrationRefusal) -> BoardCalibration? {
    guard let path = file(of: name, target: target) else { return nil }
    let found = try BoardCalibration.read(path)
    if let refusal = found.refusal(
      for: description, id: boardID, at: Date().timeIntervalSince1970,
      days: calibrationDays ?? BoardCalibration.usualDays)
    {
      throw CalibrationRefusal(code: Exits.data, "calibration \(path) does not fit: \(refusal)")
    }
    if target == .gpio, found.target != RunSetting.Target.gpio.rawValue {
      throw CalibrationRefusal(
        code: Exits.data,
        "calibration \(path) is of a double (\(found.target)), not of a board at GPIO lines: calibrate it "
          + "with 'tellegen calibrate --target gpio', or move the file away")
    }
    say(
      "tellegen: calibration \(path) of board id \(found.id), "
        + found.day)
    return found
  }
}

/// Why a calibration is not taken.
struct CalibrationRefusal: Error, CustomStringConvertible {
  /// The exit code that a command ends with.
  let code: ExitCode
  /// What is wrong, and what to do.
  let description: String

  /// Makes a refusal.
  init(code: ExitCode, _ description: String) {
    self.code = code
    self.description = description
  }

  /// Refuses one whose file cannot be read.
  ///
  /// - Parameter error: what the system answered.
  init(unread error: StorageError) {
    let words =
      error.number == ENOENT || error.number == ENOTDIR
      ? "there is no calibration \(error.path); 'tellegen calibrate' makes one"
      : "calibration \(error.path) cannot be read: \(error.reason)"
        + (error.isPermission ? "; allow it to be read, as by chmod u+r" : "")
    self.init(code: Exits.code(of: error), words)
  }
}

extension RunSetting {
  /// Refuses a run whose board is not what its calibration says.
  ///
  /// - Parameter hold: the rig, where the board is one.
  /// - Throws: an exit for one that contradicts it, or where it is interrupted.
  func holdToCalibration(on hold: RigHold?) throws {
    guard let calibration else { return }
    #if Simulation
    let contradictions: [String]
    do {
      contradictions = try CalibrationCheck.contradictions(
        of: self, on: hold, telling: { say("tellegen: " + $0) }, stopping: { Interruption.isAsked })
    } catch is Stopped {
      try Exits.leave(
        "interrupted while the board was held to its calibration; it is at rest, and no run was changed",
        with: Exits.interrupted)
    }
    if contradictions.isEmpty { return }
    let shown = contradictions.prefix(8).map { "\n  " + $0 }.joined()
    let more = contradictions.count > 8 ? "\n  and \(contradictions.count - 8) more" : ""
    try Exits.leave(
      "the board contradicts its calibration of \(calibration.day) (board id "
        + "\(calibration.id)):\(shown)\(more)\nno run was changed; is it the same board, as warm as then? If it "
        + "is, calibrate it again with 'tellegen calibrate'; --uncalibrated trains without a calibration, "
        + "--unchecked with this one as it is", with: Exits.data)
    #else
    say(
      "tellegen: this program was built without the double: whether the calibration still holds is not checked"
    )
    #endif
  }
}

extension OpenTarget {
  /// Has the board's session keep account of how well its gates are known, and observe them where the run
  /// does, if it knows its board's parts. A program without the double has no model of a board for it.
  ///
  /// - Parameter setting: the run.
  /// - Throws: `CircuitError` where the board's circuit has no solution.
  mutating func keepAccount(by setting: RunSetting) throws {
    #if Simulation
    if let observer = try CalibratedGates(setting) { session.take(observer) }
    #endif
  }
}

extension BoardCalibration {
  /// Where a board's calibration lies, by its file.
  static func path(beside file: String) -> String {
    (file.hasSuffix(".yaml") ? String(file.dropLast(5)) : file) + ".calibration.json"
  }

  /// Reads a file.
  /// - Throws: `CalibrationRefusal` for one that cannot be read.
  static func read(_ path: String) throws(CalibrationRefusal) -> BoardCalibration {
    guard let data = FileManager.default.contents(atPath: path) else {
      // What the system refuses is known by its number, which Foundation does not tell.
      throw CalibrationRefusal(
        unread: StorageError(path: path, number: access(path, R_OK) == 0 ? EIO : errno))
    }
    do {
      return try JSONDecoder().decode(BoardCalibration.self, from: data)
    } catch {
      let place = (error as? DecodingError).map { ": " + $0.place } ?? ""
      throw CalibrationRefusal(
        code: Exits.data,
        "\(path) is no calibration, or damaged\(place): make it again with 'tellegen calibrate'")
    }
  }
}

extension DecodingError {
  /// The key that could not be read, and why.
  fileprivate var place: String {
    func key(_ context: Context, _ last: [any CodingKey] = []) -> String {
      let path = (context.codingPath + last).map { key in
        key.intValue.map { "[\($0)]" } ?? "." + key.stringValue
      }.joined()
      return path.isEmpty ? "the file" : String(path.trimmingPrefix("."))
    }
    func words(for type: any Any.Type) -> String {
      switch type {
      case is Date.Type: "ISO 8601, such as 2026-01-31T12:00:00Z"
      case is String.Type: "text"
      case is Bool.Type: "true or false"
      case is Int.Type: "a whole number"
      case is Double.Type: "a number"
      case is [Any].Type: "a list"
      default: "a mapping of keys to values"
      }
    }
    switch self {
    case .keyNotFound(let name, let context): return "\(key(context, [name])) is missing"
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      return "\(key(context)) must be \(words(for: type))"
    case .dataCorrupted(let context): return "\(key(context)) is no value that JSON knows"
    @unknown default: return "it cannot be read"
    }
  }
}
