import Foundation

/// A folder that one process has to itself, until it releases it or ends, however it ends.
///
/// The lock is advisory (`flock`) on a file of the folder, which says that it is a lock, names the
/// process and lists the files that it may put there. The system drops the lock with the process;
/// the file of a killed one stays, so that the next one knows what the first has left.
package final class FolderLock {
  /// The name of the file.
  package static let name = "lock"

  /// Why a folder cannot be taken.
  package enum Failure: Error, Equatable {
    /// Another process has it; its id, where the file names it.
    case held(by: Int32?)
    /// There is something of that name that is no lock of this program.
    case foreign(path: String)
    /// The file cannot be made.
    case failed(StorageError)
  }

  /// The files that a killed process had listed; `nil` where none was killed.
  package let found: [String]?
  private let folder: String
  private var path: String { folder + "/" + FolderLock.name }
  private var file: Int32

  /// Takes a folder.
  ///
  /// - Parameter folder: the folder, which must be there.
  /// - Throws: `Failure`, at once.
  package init(folder: String) throws(Failure) {
    self.folder = folder
    let path = folder + "/" + FolderLock.name
    while true {
      // A lock always carries its mark, so that no other file of that name is mistaken for one.
      let made = try FolderLock.make(in: folder)
      var status = stat()
      guard lstat(path, &status) == 0 else {
        if errno == ENOENT { continue }
        throw .failed(StorageError(path: path, number: errno))
      }
      guard status.st_mode & S_IFMT == S_IFREG else { throw .foreign(path: path) }
      file = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
      guard file >= 0 else {
        if errno == ENOENT { continue }
        throw .failed(StorageError(path: path, number: errno))
      }
      let lines = FolderLock.read(file)
      guard let holder = lines.first.flatMap(FolderLock.holder) else {
        close(file)
        throw .foreign(path: path)
      }
      if flock(file, LOCK_EX | LOCK_NB) != 0 {
        let number = errno
        close(file)
        if number == EINTR { continue }
        if number == EWOULDBLOCK { throw .held(by: holder) }
        if made { unlink(path) }
        throw .failed(StorageError(path: path, number: number))
      }
      // The holder before may have removed the file between our opening and locking it: then this
      // lock is on a file that nobody else will find.
      var ours = stat()
      var there = stat()
      if fstat(file, &ours) == 0, lstat(path, &there) == 0, ours.st_ino == there.st_ino,
        ours.st_dev == there.st_dev
      {
        found = made ? nil : Array(FolderLock.read(file).dropFirst())
        return
      }
      close(file)
    }
  }

  /// Records which process has the folder and which files may come into it, so that this survives
  /// a power cut; call it before any of them comes.
  ///
  /// - Parameter files: the names.
  /// - Throws: `StorageError`.
  package func record(_ files: [String]) throws(StorageError) {
    // A name may have a line end, but then it is not one of this program's.
    let text = FolderLock.text(files.filter { !$0.contains("\n") })
    let count = text.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, 0) }
    guard count == text.count, ftruncate(file, off_t(count)) == 0, fsync(file) == 0 else {
      throw StorageError(path: path, number: count < 0 || count == text.count ? errno : ENOSPC)
    }
    try WholeFile.synchronize(folder: folder)
  }

  /// Releases the folder.
  ///
  /// - Parameter isTidy: whether nothing is left that the list is needed for; the file is then
  ///   removed.
  package func release(isTidy: Bool) {
    if file < 0 { return }
    if isTidy { unlink(path) }
    close(file)
    file = -1
  }

  deinit { release(isTidy: false) }

  // MARK: - The file

  /// How the file begins.
  private static let mark = "tellegen, process "

  private static func text(_ files: [String]) -> [UInt8] {
    Array(((["\(mark)\(getpid())"] + files).joined(separator: "\n") + "\n").utf8)
  }

  /// The process that a file's first line names.
  private static func holder(_ line: String) -> Int32? {
    line.hasPrefix(mark) ? Int32(line.dropFirst(mark.count)) : nil
  }

  /// Makes the file, with its mark, unless something of that name is there.
  /// - Returns: whether it was made.
  private static func make(in folder: String) throws(Failure) -> Bool {
    let path = folder + "/" + name
    var status = stat()
    if lstat(path, &status) == 0 { return false }
    // The name holds the process; what a killed process left is found by the form of its name.
    let temporary = folder + "/.\(name).\(getpid())"
    func failed(_ number: Int32) -> Failure {
      unlink(temporary)
      return .failed(StorageError(path: path, number: number))
    }
    let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o666)
    guard file >= 0 else { throw failed(errno) }
    defer { close(file) }
    let text = text([])
    let count = text.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    guard count == text.count else { throw failed(count < 0 ? errno : ENOSPC) }
    guard fsync(file) == 0 else { throw failed(errno) }
    if link(temporary, path) == 0 {
      unlink(temporary)
      return true
    }
    let number = errno
    if number == EEXIST {
      unlink(temporary)
      return false
    }
    // Not every file system has links; two that come here at once still meet at the lock.
    guard number == EPERM || number == EOPNOTSUPP || number == ENOSYS else { throw failed(number) }
    if rename(temporary, path) != 0 { throw failed(errno) }
    return true
  }

  /// The lines of the file.
  private static func read(_ file: Int32) -> [String] {
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = bytes.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, 0) }
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
      .split(separator: "\n").map(String.init)
  }
}
