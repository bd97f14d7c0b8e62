public import Files
public import Foundation
import Reports
package import Storage

/// What makes a folder a run is its `setting.json`, which also lists all files that are the run's.
public struct RunDirectory: Sendable {
  /// The name of the file that makes a folder a run.
  public static let setting = "setting.json"
  /// The task file of a run whose task was made from a table.
  package static let inferredTask = "task.yaml"

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
      throw RunDirectoryError(path: file(name), .fault, error.description)
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
    /// A mistake in this program.
    case fault
  }

  /// The folder or file.
  public let path: String
  /// What kind of reason it is.
  public let kind: Kind
  /// What is wrong and what to do.
  public let message: String
  /// Whether there was no room.
  package private(set) var isFull = false

  init(path: String, _ kind: Kind, _ message: String) {
    self.path = path
    self.kind = kind
    self.message = message
  }

  /// What the system refused, in words.
  package init(_ error: StorageError) {
    path = error.path
    isFull = error.isFull
    kind = error.isPermission ? .permission : .inputOutput
    let advice =
      switch error.number {
      case ENOSPC, EDQUOT: "; make room there"
      case EACCES, EPERM, EROFS, ENOTDIR: "; choose another place"
      case ENOENT, ESTALE: "; bring its folder, or the disk that it is on, back"
      default: ""
      }
    message = error.reason + advice
  }

  /// The error in words.
  public var description: String { "\(path): \(message)" }
}
