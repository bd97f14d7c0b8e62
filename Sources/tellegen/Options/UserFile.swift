#if Simulation
import Foundation
import Storage

/// A file that the user named, read as a whole.
enum UserFile {
  /// Reads it.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - wanted: what it should be, in words.
  ///   - remedy: where there is none: how one comes by it.
  /// - Returns: its bytes.
  /// - Throws: an exit, after a message that says what is there in its place and what to do.
  static func read(_ path: String, wanted: String, remedy: String) throws -> Data {
    var status = stat()
    guard stat(path, &status) == 0 else {
      if errno == ENOENT || errno == ENOTDIR {
        try Exits.leave(
          "\(quoted(path)): there is no such file; \(remedy)", with: Exits.inputOutput)
      }
      try unreadable(path, errno)
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR:
      try Exits.leave("\(quoted(path)) is a folder; give \(wanted)", with: Exits.data)
    default:
      try Exits.leave("\(quoted(path)) is no regular file; give \(wanted)", with: Exits.data)
    }
    if status.st_size == 0 {
      try Exits.leave("\(quoted(path)) is empty; give \(wanted)", with: Exits.data)
    }
    // What the system refuses is known by its number, which Foundation does not tell.
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { try unreadable(path, errno) }
    let handle = FileHandle(fileDescriptor: file, closeOnDealloc: true)
    guard let data = try? handle.readToEnd() else { try unreadable(path, EIO) }
    return data
  }

  private static func quoted(_ path: String) -> String { path.isEmpty ? "\"\"" : path }

  private static func unreadable(_ path: String, _ number: Int32) throws -> Never {
    let error = StorageError(path: path, number: number)
    try Exits.leave(
      "\(path) cannot be read: \(error.reason)"
        + (error.isPermission ? "; allow it to be read, as by chmod u+r" : ""),
      with: Exits.code(of: error))
  }
}
#endif
