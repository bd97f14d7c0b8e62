package import Foundation

/// Files that are replaced as a whole: written under a temporary name, synced, renamed, and the
/// folder synced, so that a crash or a power cut leaves the old file or the new one, never half of
/// one.
package enum WholeFile {
  /// The name under which a file is written before it takes its place. There is one for each file:
  /// what a killed program left is replaced by the next.
  package static func temporaryName(of name: String) -> String { ".\(name).new" }

  /// Whether a name is that of a file on its way.
  package static func isTemporary(_ name: String) -> Bool {
    name.hasPrefix(".") && name.hasSuffix(".new") && name.utf8.count > 5
  }

  /// Writes a file, whole or not at all.
  ///
  /// - Parameters:
  ///   - data: its contents.
  ///   - name: its name.
  ///   - folder: the folder it is in.
  /// - Throws: `StorageError`; the old file is then still there, and no temporary one is left.
  package static func write(
    _ data: Data, to name: String, in folder: String
  ) throws(StorageError) {
    try prepare(data, for: name, in: folder)
    try install(name, in: folder)
  }

  /// Writes a file under its temporary name and syncs it, so that only `install` is left to be
  /// done.
  ///
  /// - Parameters:
  ///   - data: its contents.
  ///   - name: the name it will have.
  ///   - folder: the folder it is in.
  /// - Throws: `StorageError`; nothing is left then.
  package static func prepare(
    _ data: Data, for name: String, in folder: String
  ) throws(StorageError) {
    let temporary = folder + "/" + temporaryName(of: name)
    let path = folder + "/" + name
    let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o666)
    guard file >= 0 else { throw StorageError(path: path, number: errno) }
    do throws(StorageError) {
      do throws(StorageError) {
        try writeAll(data, to: file, path: path)
        if fsync(file) != 0 { throw StorageError(path: path, number: errno) }
      } catch {
        close(file)
        throw error
      }
      // A network's file system may report only now that nothing was stored.
      if close(file) != 0 { throw StorageError(path: path, number: errno) }
    } catch {
      unlink(temporary)
      throw error
    }
  }

  /// Gives a prepared file its name.
  ///
  /// - Parameters:
  ///   - name: the name.
  ///   - folder: the folder it is in.
  /// - Throws: `StorageError`.
  package static func install(_ name: String, in folder: String) throws(StorageError) {
    let temporary = folder + "/" + temporaryName(of: name)
    let path = folder + "/" + name
    if rename(temporary, path) != 0 {
      let number = errno
      unlink(temporary)
      throw StorageError(path: path, number: number)
    }
    try synchronize(folder: folder)
  }

  /// Makes what was created, renamed and removed in a folder last through a power cut.
  /// - Throws: `StorageError`.
  package static func synchronize(folder: String) throws(StorageError) {
    let file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard file >= 0 else { throw StorageError(path: folder, number: errno) }
    defer { close(file) }
    // Some file systems cannot sync a folder, and say so by EINVAL: there is nothing else to be
    // done.
    if fsync(file) != 0 && errno != EINVAL { throw StorageError(path: folder, number: errno) }
  }

  /// Whether something can be written later to a path that a user gave; what is there stays.
  ///
  /// - Parameter path: where.
  /// - Throws: `StorageError` where it cannot.
  package static func checkWritable(pathOfUser path: String) throws(StorageError) {
    guard let place = place(ofUser: path) else {
      var status = stat()
      if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
        throw StorageError(path: path, number: EISDIR)
      }
      if access(path, W_OK) != 0 { throw StorageError(path: path, number: errno) }
      return
    }
    try prepare(Data(), for: place.name, in: place.folder)
    unlink(place.folder + "/" + temporaryName(of: place.name))
  }

  /// The name and the folder of a file that is replaced whole; `nil` for a pipe, a device or a link.
  private static func place(ofUser path: String) -> (name: String, folder: String)? {
    var status = stat()
    guard lstat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG else { return nil }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    let folder = parts.dropLast().joined(separator: "/")
    let isRoot = path.hasPrefix("/") && folder.isEmpty
    return (String(parts.last ?? ""), isRoot ? "/" : folder.isEmpty ? "." : folder)
  }

  /// Writes what a user asked to have at a path. A file is replaced whole; a pipe, a device or what
  /// a link leads to is written to as it is.
  ///
  /// - Parameters:
  ///   - data: what is written.
  ///   - path: where.
  /// - Throws: `StorageError`.
  package static func write(_ data: Data, toPathOfUser path: String) throws(StorageError) {
    if let place = place(ofUser: path) { return try write(data, to: place.name, in: place.folder) }
    let file = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC)
    guard file >= 0 else { throw StorageError(path: path, number: errno) }
    do throws(StorageError) {
      try writeAll(data, to: file, path: path)
      // What a pipe or a device takes cannot be synced.
      if fsync(file) != 0 && errno != EINVAL && errno != EROFS && errno != ENOTSUP {
        throw StorageError(path: path, number: errno)
      }
    } catch {
      close(file)
      throw error
    }
    if close(file) != 0 { throw StorageError(path: path, number: errno) }
  }

  private static func writeAll(
    _ data: Data, to file: Int32, path: String
  ) throws(StorageError) {
    var done = 0
    while done < data.count {
      let count = data[(data.startIndex + done)...].withUnsafeBytes {
        Foundation.write(file, $0.baseAddress, $0.count)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        throw StorageError(path: path, number: count < 0 ? errno : ENOSPC)
      }
      done += count
    }
  }
}
