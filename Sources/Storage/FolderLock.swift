import Foundation

/// A folder that one process has to itself, until it lets go of it or ends, however it ends.
///
/// The lock is advisory (`flock`) on a file of the folder, which names the process and lists the files
/// that it may put there. The system drops the lock with the process; the file of a killed one stays,
/// so that the next one knows what the first has left.
public final class FolderLock {
  /// The name of the file.
  public static let name = "lock"

  /// Why a folder cannot be had.
  public enum Failure: Error, Equatable {
    /// Another process has it; its id, where the file tells.
    case held(by: Int32?)
    /// There is a file of that name that no program of this kind wrote.
    case foreign(path: String)
    /// The file cannot be made.
    case failed(StorageError)
  }

  /// The files that a killed process had listed; `nil` where none was killed.
  public let found: [String]?
  private let folder: String
  private var path: String { folder + "/" + FolderLock.name }
  private var file: Int32

  /// Takes a folder.
  ///
  /// - Parameter folder: the folder, which must be there.
  /// - Throws: `Failure`, at once.
  public init(folder: String) throws(Failure) {
    self.folder = folder
    let path = folder + "/" + FolderLock.name
    while true {
      file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
      guard file >= 0 else { throw .failed(StorageError(path: path, number: errno)) }
      if flock(file, LOCK_EX | LOCK_NB) != 0 {
        let number = errno
        let holder = FolderLock.read(file).first.flatMap(FolderLock.holder)
        close(file)
        if number == EINTR { continue }
        if number == EWOULDBLOCK { throw .held(by: holder) }
        throw .failed(StorageError(path: path, number: number))
      }
      // The holder before may have removed the file between our opening and locking it: then this lock
      // is on a file that nobody else will find.
      var ours = stat()
      var there = stat()
      if fstat(file, &ours) == 0, lstat(path, &there) == 0, ours.st_ino == there.st_ino,
        ours.st_dev == there.st_dev
      {
        break
      }
      close(file)
    }
    let lines = FolderLock.read(file)
    // Empty is what a process killed just now has left.
    if let first = lines.first, FolderLock.holder(first) == nil {
      close(file)
      throw .foreign(path: path)
    }
    found = lines.isEmpty ? nil : Array(lines.dropFirst())
  }

  /// How the file begins: nobody's file is taken for a lock by its name alone.
  private static let mark = "tellegen, process "

  /// The process that a file's first line names.
  private static func holder(_ line: String) -> Int32? {
    line.hasPrefix(mark) ? Int32(line.dropFirst(mark.count)) : nil
  }

  /// Writes down who has the folder and what may come into it, to last through a power cut: to be
  /// called before any of it comes.
  ///
  /// - Parameter files: the names.
  /// - Throws: `StorageError`.
  public func record(_ files: [String]) throws(StorageError) {
    // A name may have a line end, but then it is not one of this program's.
    let lines = ["\(FolderLock.mark)\(getpid())"] + files.filter { !$0.contains("\n") }
    let text = Array((lines.joined(separator: "\n") + "\n").utf8)
    let count = text.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, 0) }
    guard count == text.count, ftruncate(file, off_t(count)) == 0, fsync(file) == 0 else {
      throw StorageError(path: path, number: count < 0 || count == text.count ? errno : ENOSPC)
    }
    try WholeFile.synchronize(folder: folder)
  }

  /// Lets go of the folder.
  ///
  /// - Parameter isTidy: whether nothing is left that the list is needed for; the file is then removed.
  public func release(isTidy: Bool) {
    if file < 0 { return }
    if isTidy { unlink(path) }
    close(file)
    file = -1
  }

  deinit { release(isTidy: false) }

  /// The lines of the file.
  private static func read(_ file: Int32) -> [String] {
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = bytes.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, 0) }
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
      .split(separator: "\n").map(String.init)
  }
}
