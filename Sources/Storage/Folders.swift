import Foundation

/// Folders that are made where they are missing.
package enum Folders {
  /// Makes a folder with those above it.
  ///
  /// - Parameter path: the folder.
  /// - Returns: those that were made, the innermost first.
  /// - Throws: `StorageError` of the one that cannot be made; none is left of those made before it.
  package static func make(_ path: String) throws(StorageError) -> [String] {
    var missing: [String] = []
    var folder = path
    var status = stat()
    while stat(folder, &status) != 0 {
      guard errno == ENOENT, parent(of: folder) != folder else {
        throw StorageError(path: folder, number: errno)
      }
      missing.append(folder)
      folder = parent(of: folder)
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw StorageError(path: folder, number: ENOTDIR)
    }
    var made: [String] = []
    for folder in missing.reversed() {
      if mkdir(folder, 0o777) == 0 {
        made.insert(folder, at: 0)
      } else if errno != EEXIST {
        let number = errno
        for folder in made { rmdir(folder) }
        throw StorageError(path: folder, number: number)
      }
    }
    return made
  }

  /// The folder that a path's last part is in.
  ///
  /// - Parameter path: the path.
  /// - Returns: the folder's path, `.` for a bare name.
  package static func parent(of path: String) -> String {
    let parts = path.split(separator: "/", omittingEmptySubsequences: true).dropLast()
    return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
      + (parts.isEmpty && !path.hasPrefix("/") ? "." : "")
  }
}
