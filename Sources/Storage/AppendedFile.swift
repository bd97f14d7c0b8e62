import Foundation

/// A file of lines that only grows, and may be read while it does.
///
/// Lines are collected and written together; on disk there are whole lines only, but for the moment
/// of a write. What cannot be written, on a full disk say, stays in memory and is written later.
package final class AppendedFile {
  /// The file; set it when the file gets another name.
  package var path: String
  /// How many bytes of whole lines the file has.
  package private(set) var length: Int
  /// The bytes that are not written yet.
  private var pending: [UInt8] = []
  private let file: Int32
  /// Whether a failed write may have left part of a line behind `length`.
  private var isTorn = false
  /// How much lasts through a power cut.
  private var synced: Int
  /// Whether the system failed to sync what it had: it does not try that part again by itself.
  private var isSuspect = false
  /// Whether it is a pipe or a device, which has no positions.
  private let isStream: Bool

  /// Opens a file, or makes one.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - keeping: how many of its bytes are kept; what is behind them is cut off.
  ///   - following: whether the user named the file, which may then be a link, a pipe or a device.
  /// - Throws: `StorageError`.
  package init(path: String, keeping: Int = 0, following: Bool = false) throws(StorageError) {
    self.path = path
    length = keeping
    synced = keeping
    file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | (following ? 0 : O_NOFOLLOW), 0o666)
    guard file >= 0 else { throw StorageError(path: path, number: errno) }
    var status = stat()
    isStream = following && fstat(file, &status) == 0 && status.st_mode & S_IFMT != S_IFREG
    if !isStream && ftruncate(file, off_t(keeping)) != 0 {
      let number = errno
      close(file)
      throw StorageError(path: path, number: number)
    }
  }

  deinit { close(file) }

  /// How many bytes wait to be written.
  package var pendingCount: Int { pending.count }

  /// Adds whole lines; they are written by the next `flush`.
  package func append(_ lines: String) { pending.append(contentsOf: lines.utf8) }

  /// Writes what waits. Readers of the file see it from now on, even when this program is killed.
  /// - Throws: `StorageError`; what could not be written still waits.
  package func flush() throws(StorageError) {
    if pending.isEmpty && !isTorn { return }
    if isTorn {
      try trim()
      isTorn = false
    }
    var done = 0
    var failure: Int32 = 0
    while done < pending.count && failure == 0 {
      let count = pending[done...].withUnsafeBytes {
        isStream
          ? write(file, $0.baseAddress, $0.count)
          : pwrite(file, $0.baseAddress, $0.count, off_t(length + done))
      }
      if count > 0 { done += count } else if errno != EINTR { failure = count < 0 ? errno : ENOSPC }
    }
    if failure == 0 {
      length += done
      pending.removeAll(keepingCapacity: pending.count < 1 << 16)
      return
    }
    // Half a line would mislead a reader.
    let whole = (pending[..<done].lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1
    length += whole
    pending.removeFirst(whole)
    isTorn = done > whole
    if isTorn { try? trim() }
    throw StorageError(path: path, number: failure)
  }

  /// Writes what waits, and makes it last through a power cut.
  /// - Throws: `StorageError`.
  package func synchronize() throws(StorageError) {
    try flush()
    if isStream { return }
    if isSuspect { try rewrite() }
    if fsync(file) != 0 {
      isSuspect = true
      throw StorageError(path: path, number: errno)
    }
    synced = length
  }

  /// Writes again what was not synced: the system counts it as written, whether it was or not.
  private func rewrite() throws(StorageError) {
    var place = synced
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while place < length {
      let wanted = min(block.count, length - place)
      let count = block.withUnsafeMutableBytes {
        pread(file, $0.baseAddress, wanted, off_t(place))
      }
      guard count > 0 else { throw StorageError(path: path, number: count < 0 ? errno : EIO) }
      let written = block.withUnsafeBytes { pwrite(file, $0.baseAddress, count, off_t(place)) }
      guard written > 0 else { throw StorageError(path: path, number: written < 0 ? errno : EIO) }
      place += written
    }
    isSuspect = false
  }

  private func trim() throws(StorageError) {
    if isStream { return isTorn = false }
    if ftruncate(file, off_t(length)) != 0 { throw StorageError(path: path, number: errno) }
    isTorn = false
  }

  /// The length of a file's part up to the last whole line that is wanted, looked for from its end:
  /// files may be long, and what is cut off is short.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - isWanted: whether a line, without its end, is kept.
  /// - Returns: the number of bytes, and the line; `nil` where there is no such line, or no file.
  /// - Throws: `StorageError`.
  package static func lastLine(
    of path: String, where isWanted: (String) -> Bool
  ) throws(StorageError) -> (length: Int, line: String)? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      if errno == ENOENT { return nil }
      throw StorageError(path: path, number: errno)
    }
    defer { close(file) }
    var end = Int(lseek(file, 0, SEEK_END))
    if end < 0 { throw StorageError(path: path, number: errno) }
    // The bytes from `end` on, up to the end of a line that was not looked at yet.
    var tail: [UInt8] = []
    while end > 0 {
      let start = max(0, end - 1 << 16)
      var block = [UInt8](repeating: 0, count: end - start)
      let count = block.withUnsafeMutableBytes {
        pread(file, $0.baseAddress, $0.count, off_t(start))
      }
      guard count == block.count else {
        throw StorageError(path: path, number: count < 0 ? errno : EIO)
      }
      tail = block + tail
      end = start
      // Whole lines of the tail, from the last; its first may begin before it.
      while let newline = tail.lastIndex(of: UInt8(ascii: "\n")) {
        let begin = tail[..<newline].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 }
        guard let begin = begin ?? (end == 0 ? 0 : nil) else { break }
        let line = String(decoding: tail[begin..<newline], as: UTF8.self)
        if isWanted(line) { return (end + newline + 1, line) }
        tail.removeSubrange(begin...)
      }
    }
    return nil
  }
}
