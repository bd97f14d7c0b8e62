import Foundation
import Storage

/// A folder that a run has to itself while it lasts; another run that wants it is refused at once.
///
/// A new run is made in this order: the folder is locked, and the lock lists what may come; the
/// first files come under temporary names, synced; the run that was there is removed, its setting
/// first; the files get their names, and last the setting, which makes the folder a run. A program
/// killed before that leaves no run, and nothing that the next one does not know and remove.
package final class RunClaim {
  /// The folder.
  package let directory: RunDirectory
  private let lock: FolderLock
  /// The names of all files that the run may have.
  private var files: [String]
  /// The files of the run that was there and is to be replaced.
  private let replaced: [String]
  /// The folders that were made for this run, the innermost first.
  private let made: [String]
  private var isRun: Bool
  private var isCleared = false
  private var isReleased = false

  /// Takes a folder for new results.
  ///
  /// The folder is made when it is not there. It may hold nothing but a run, and that only when it
  /// may be replaced: anything else in it belongs to somebody else, and is named.
  ///
  /// - Parameters:
  ///   - directory: the folder.
  ///   - files: the names of all files that the new run may have there.
  ///   - overwrite: whether a run that it holds may be replaced.
  /// - Throws: `RunDirectoryError`; nothing is changed then.
  package init(
    new directory: RunDirectory, files: [String], overwrite: Bool
  ) throws(RunDirectoryError) {
    self.directory = directory
    self.files = files
    isRun = false
    made = try RunClaim.makeFolders(directory.path)
    var taken: FolderLock?
    do throws(RunDirectoryError) {
      let lock = try RunClaim.take(directory)
      taken = lock
      let own = try RunClaim.check(
        directory, files: files, left: lock.found ?? [], overwrite: overwrite)
      do throws(StorageError) {
        try lock.record(own.union(files).sorted())
      } catch {
        throw RunDirectoryError(error)
      }
      self.lock = lock
      replaced = own.contains(RunDirectory.setting) ? own.sorted() : []
      if replaced.isEmpty { for name in own { unlink(directory.file(name)) } }
    } catch {
      // The list of a killed run's files must stay.
      if let taken { taken.release(isTidy: taken.found == nil) }
      for folder in made { rmdir(folder) }
      throw error
    }
    removeTemporary()
  }

  /// Takes the folder of a run that is resumed.
  ///
  /// - Parameter directory: the folder.
  /// - Throws: `RunDirectoryError` when there is no run, or another process has it.
  package init(existing directory: RunDirectory) throws(RunDirectoryError) {
    self.directory = directory
    replaced = []
    made = []
    isRun = true
    var status = stat()
    let setting = directory.file(RunDirectory.setting)
    guard stat(setting, &status) == 0 else {
      if errno == ENOENT || errno == ENOTDIR {
        throw RunDirectoryError(
          path: setting, .missing, "there is no such file, so there is no run to resume")
      }
      throw RunDirectoryError(StorageError(path: setting, number: errno))
    }
    lock = try RunClaim.take(directory)
    let listed = ((try? RunClaim.listing(directory)) ?? nil)?.files ?? RunClaim.legacyFiles
    // A killed program that was to replace the run may have left other files on their way.
    files = Set(listed).union(lock.found ?? []).sorted()
    do throws(StorageError) { try lock.record(files) } catch { throw RunDirectoryError(error) }
    removeTemporary()
  }

  /// Adds files to those that may come.
  ///
  /// - Parameter names: their names.
  /// - Throws: `RunDirectoryError`.
  package func add(_ names: [String]) throws(RunDirectoryError) {
    files = Set(files).union(names).sorted()
    do throws(StorageError) {
      try lock.record(Set(files).union(replaced).sorted())
    } catch {
      throw RunDirectoryError(error)
    }
  }

  /// Makes the folder the new run.
  ///
  /// - Parameters:
  ///   - setting: the run's setting; its coding has `version` and `files`, the names of all its
  ///     files.
  ///   - names: the files that are under way, complete and synced.
  /// - Throws: `RunDirectoryError`.
  func begin(_ setting: some Encodable, with names: [String]) throws(RunDirectoryError) {
    let data = try directory.encoded(setting, for: RunDirectory.setting)
    do throws(StorageError) {
      try WholeFile.prepare(data, for: RunDirectory.setting, in: directory.path)
    } catch {
      throw RunDirectoryError(error)
    }
    try clear()
    do throws(StorageError) {
      for name in names { try WholeFile.install(name, in: directory.path) }
      try WholeFile.install(RunDirectory.setting, in: directory.path)
    } catch {
      throw RunDirectoryError(error)
    }
    try arrive()
  }

  private func arrive() throws(RunDirectoryError) {
    do throws(StorageError) {
      for folder in made { try WholeFile.synchronize(folder: Folders.parent(of: folder)) }
    } catch {
      throw RunDirectoryError(error)
    }
    isRun = true
  }

  /// Removes the run that was there, if any; from then on the folder holds none.
  /// - Throws: `RunDirectoryError`.
  package func clear() throws(RunDirectoryError) {
    isCleared = true
    if replaced.isEmpty { return }
    do throws(StorageError) {
      try remove(RunDirectory.setting)
      // Without it nothing that is still there can be taken for part of a run.
      try WholeFile.synchronize(folder: directory.path)
      for name in replaced where name != FolderLock.name { try remove(name) }
      try WholeFile.synchronize(folder: directory.path)
    } catch {
      throw RunDirectoryError(error)
    }
  }

  private func remove(_ name: String) throws(StorageError) {
    if unlink(directory.file(name)) != 0 && errno != ENOENT {
      throw StorageError(path: directory.file(name), number: errno)
    }
  }

  /// Writes the setting, which makes the folder a run.
  ///
  /// - Parameter setting: the run's setting; its coding has `version` and `files`, the names of all
  ///   its files.
  /// - Throws: `RunDirectoryError`.
  package func commit(_ setting: some Encodable) throws(RunDirectoryError) {
    try directory.write(setting, to: RunDirectory.setting)
    try arrive()
  }

  /// Releases the folder. What a run that was never made has put there is removed.
  package func release() {
    if isReleased { return }
    isReleased = true
    if !isRun {
      removeTemporary()
      if isCleared { for name in files where name != FolderLock.name { try? remove(name) } }
    }
    lock.release(isTidy: true)
    if !isRun { for folder in made { rmdir(folder) } }
  }

  deinit { release() }

  /// Removes what is, or was left, half-written.
  private func removeTemporary() {
    guard let found = try? RunClaim.contents(directory).files else { return }
    for name in found where RunClaim.isLeftover(name, of: files + replaced) {
      unlink(directory.file(name))
    }
  }

  // MARK: - The folder

  private static func take(_ directory: RunDirectory) throws(RunDirectoryError) -> FolderLock {
    do throws(FolderLock.Failure) {
      return try FolderLock(folder: directory.path)
    } catch {
      switch error {
      case .held(let holder):
        let process = holder.map { "process \($0)" } ?? "another process"
        throw RunDirectoryError(
          path: directory.path, .inUse,
          "\(process) is using this folder; wait for its end, or choose another with --out")
      case .foreign(let path):
        throw RunDirectoryError(
          path: path, .usage,
          "no run put this file there; move it away, or choose another folder with --out")
      case .failed(let error): throw RunDirectoryError(error)
      }
    }
  }

  /// Makes a folder with those above it.
  /// - Returns: those that were made, the innermost first.
  private static func makeFolders(_ path: String) throws(RunDirectoryError) -> [String] {
    if path.isEmpty {
      throw RunDirectoryError(path: "--out", .usage, "it is empty; give it the name of a folder")
    }
    do throws(StorageError) { return try Folders.make(path) } catch {
      throw RunDirectoryError(error)
    }
  }

  /// The names of the regular files, and those of everything else, in the folder.
  private static func contents(
    _ directory: RunDirectory
  ) throws(RunDirectoryError) -> (files: Set<String>, others: Set<String>) {
    guard let folder = opendir(directory.path) else {
      throw RunDirectoryError(StorageError(path: directory.path, number: errno))
    }
    defer { closedir(folder) }
    var files: Set<String> = []
    var others: Set<String> = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name == "." || name == ".." { continue }
      var status = stat()
      let isFile =
        lstat(directory.file(name), &status) == 0 && status.st_mode & S_IFMT == S_IFREG
      if isFile { files.insert(name) } else { others.insert(name) }
    }
    return (files, others)
  }

  /// Whether a file was on its way to a name when its program was killed, here or in version 0.1.
  private static func isLeftover(_ name: String, of files: [String]) -> Bool {
    files.contains { known in
      name == WholeFile.temporaryName(of: known)
        || name.hasPrefix(".\(known).") && Int32(name.dropFirst(known.utf8.count + 2)) != nil
    }
  }

  /// The files of a run of version 0.1, which listed none, and what it gets when it goes on.
  private static let legacyFiles = [
    Metrics.jsonLines,
    "setting.json", "checkpoint.json", "record.json", "curves.csv", "curves.gp", "curves.png",
    "trace.txt", "trace.vcd",
  ]

  /// What a folder's setting says of its results.
  private struct Listing: Decodable {
    var version: String
    /// The command that made them; `nil` for a run.
    var command: String?
    var files: [String]

    /// How they are gone on with, as the end of a list of advice; empty where no command does.
    func resumption(_ path: String) -> String {
      switch command {
      case nil: ", or go on with an interrupted run by train --resume \(path)"
      case "place": ", or go on with an interrupted search by place --resume \(path)"
      default: ""
      }
    }
  }

  /// What the folder's setting says; `nil` when it is none of this program's.
  private static func listing(_ directory: RunDirectory) throws(RunDirectoryError) -> Listing? {
    let data = try directory.data(of: RunDirectory.setting)
    if var listing = try? JSONDecoder().decode(Listing.self, from: data) {
      listing.files.removeAll { $0.contains("/") }
      return listing
    }
    // Version 0.1 listed none: what makes its setting one is all that is in it.
    guard let setting = try? JSONDecoder().decode(RunSetting.self, from: data) else { return nil }
    return Listing(version: setting.version, files: legacyFiles)
  }

  /// Looks at what the folder holds.
  ///
  /// - Parameters:
  ///   - directory: the folder.
  ///   - new: the files of the run that is to come.
  ///   - left: what a killed run had listed.
  ///   - overwrite: whether a run that is there may be replaced.
  /// - Returns: the files in it that are this program's.
  /// - Throws: `RunDirectoryError` for a folder that must not be used.
  private static func check(
    _ directory: RunDirectory, files new: [String], left: [String], overwrite: Bool
  ) throws(RunDirectoryError) -> Set<String> {
    let (files, others) = try contents(directory)
    var own = Set(left.filter { !$0.contains("/") && $0 != RunDirectory.setting })
    own.insert(FolderLock.name)
    if files.contains(RunDirectory.setting) {
      guard let listing = try listing(directory) else {
        throw RunDirectoryError(
          path: directory.file(RunDirectory.setting), .usage,
          "it is damaged, or was not made by this program; remove it, or choose another folder "
            + "with --out")
      }
      if !overwrite {
        throw RunDirectoryError(
          path: directory.path, .usage,
          "it holds results already; replace them by --overwrite, or choose another folder with "
            + "--out\(listing.resumption(directory.path))")
      }
      own.formUnion(listing.files)
      own.insert(RunDirectory.setting)
    }
    let known = own.union(new).sorted()
    let leftovers = files.filter { isLeftover($0, of: known) }
    // A name of the run's that is a folder, or a link elsewhere, is not what the run wrote.
    let foreign = files.subtracting(own).subtracting(leftovers).union(others).sorted()
    if !foreign.isEmpty {
      let named = foreign.prefix(5).map { "'\($0)'" }.joined(separator: ", ")
      throw RunDirectoryError(
        path: directory.path, .usage,
        "it holds \(named)\(foreign.count > 5 ? " and \(foreign.count - 5) more" : ""), which no "
          + "run put there; move \(foreign.count == 1 ? "it" : "them") away, or choose another "
          + "folder with --out")
    }
    return files.intersection(own).subtracting([FolderLock.name])
  }
}
