import Foundation

/// Why a file or folder cannot be read, written or replaced: what the system answered.
package struct StorageError: Error, Equatable, CustomStringConvertible {
  /// The file or folder.
  package let path: String
  /// The system's error number.
  package let number: Int32

  /// Makes an error.
  ///
  /// - Parameters:
  ///   - path: the file or folder.
  ///   - number: the system's error number.
  package init(path: String, number: Int32) {
    self.path = path
    self.number = number
  }

  /// The system's words for it, such as "No space left on device".
  package var reason: String { String(cString: strerror(number)) }

  /// Whether the user may not do it.
  package var isPermission: Bool { number == EACCES || number == EPERM }

  /// Whether there is no room.
  package var isFull: Bool { number == ENOSPC || number == EDQUOT }

  /// The error in words.
  package var description: String { "\(path): \(reason)" }
}
