import Foundation

/// What reading a file may cost and how messages call it.
struct FileKind {
  let name: String
  let limit: Int

  static let board = FileKind(name: "board file", limit: 1 << 20)
  static let task = FileKind(name: "task file", limit: 1 << 20)
  static let rig = FileKind(name: "rig file", limit: 1 << 20)
  static let scenario = FileKind(name: "scenario file", limit: 1 << 20)
  static let rigMap = FileKind(name: "rig map", limit: 1 << 20)
  static let data = FileKind(name: "data file", limit: 64 << 20)
}

/// The bytes of a regular file. The size is checked before anything is read, and again
/// while reading in case the file grows.
func contents(of path: String, as kind: FileKind) throws(DescriptionError) -> [UInt8] {
  // A path with an embedded zero byte would be cut short by the system call.
  guard !path.isEmpty, !path.utf8.contains(0) else {
    throw DescriptionError(file: path, message: "this is not a path; a \(kind.name) is wanted")
  }
  // Checked before opening as well: opening a named pipe would wait for a writer.
  var status = stat()
  guard stat(path, &status) == 0 else { throw unreadable(path, as: kind, code: errno) }
  try checkRegular(status, path: path, as: kind)
  let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
  guard descriptor >= 0 else { throw unreadable(path, as: kind, code: errno) }
  defer { close(descriptor) }
  guard fstat(descriptor, &status) == 0 else { throw unreadable(path, as: kind, code: errno) }
  try checkRegular(status, path: path, as: kind)

  var bytes: [UInt8] = []
  bytes.reserveCapacity(Int(status.st_size))
  var chunk = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
    if count < 0 && errno == EINTR { continue }
    guard count >= 0 else { throw unreadable(path, as: kind, code: errno) }
    if count == 0 { break }
    bytes.append(contentsOf: chunk[..<count])
    if bytes.count > kind.limit { throw tooLarge(path, as: kind, size: bytes.count) }
  }
  return bytes
}

private func checkRegular(
  _ status: stat, path: String, as kind: FileKind
) throws(DescriptionError) {
  switch status.st_mode & S_IFMT {
  case S_IFREG: break
  case S_IFDIR:
    throw DescriptionError(
      file: path, message: "this is a directory; a \(kind.name) is wanted")
  default:
    throw DescriptionError(
      file: path, message: "this is not a regular file; a \(kind.name) is wanted")
  }
  if Int(status.st_size) > kind.limit {
    throw tooLarge(path, as: kind, size: Int(status.st_size))
  }
}

private func tooLarge(_ path: String, as kind: FileKind, size: Int) -> DescriptionError {
  DescriptionError(
    file: path,
    message:
      "the file has \(size) bytes or more; a \(kind.name) may have at most \(kind.limit) "
      + "(\(kind.limit >> 20) MB)"
  )
}

private func unreadable(_ path: String, as kind: FileKind, code: Int32) -> DescriptionError {
  guard code == ENOENT else {
    return DescriptionError(
      file: path, message: "the \(kind.name) cannot be read: \(String(cString: strerror(code)))")
  }
  let folder = folder(of: path)
  let ending = path.hasSuffix(".csv") ? ".csv" : ".yaml"
  let names = fileNames(in: folder, ending: ending)
  let place = folder == "." ? "this folder" : "\(folder)/"
  let known =
    names.isEmpty
    ? "\(place) has no \(ending) file"
    : "\(place) has \(enumerate(names.map { $0 + ending }, most: 20))"
  return DescriptionError(file: path, message: "there is no such file; \(known)")
}

/// Names, without their ending and sorted, of the files in a folder that end so; none if the folder
/// cannot be listed.
func fileNames(in folder: String, ending: String) -> [String] {
  let all = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  return all.filter { $0.hasSuffix(ending) && !$0.hasPrefix(".") }
    .map { String($0.dropLast(ending.count)) }
    .sorted()
}

/// The folder a path is in, `.` for a bare file name.
func folder(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// A path inside a folder, without a useless leading `./`; an absolute path stands for itself.
func join(_ folder: String, _ path: String) -> String {
  if path.hasPrefix("/") || folder == "." || folder.isEmpty { return path }
  return folder.hasSuffix("/") ? folder + path : "\(folder)/\(path)"
}

/// The one absolute path, without links, of what is there; of what is not there the absolute path.
package func canonicalPath(_ path: String) -> String {
  guard let real = realpath(path, nil) else { return absolutePath(path) }
  defer { free(real) }
  return String(cString: real)
}

/// A folder of the user's for this program's files, by the XDG Base Directory Specification: a relative path in
/// a variable counts as none.
///
/// - Parameters:
///   - variable: the environment's variable, such as `XDG_STATE_HOME`.
///   - usual: where it is without that, in the home folder.
///   - environment: the program's environment.
/// - Returns: the folder; `nil` without a home folder.
package func userFolder(
  _ variable: String, usual: String, environment: [String: String]
) -> String? {
  let named = environment[variable].flatMap { $0.hasPrefix("/") ? $0 : nil }
  let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 }
  return (named ?? home.map { "\($0)/\(usual)" }).map { $0 + "/tellegen" }
}

/// A path that means the same wherever it is used.
package func absolutePath(_ path: String) -> String {
  if path.hasPrefix("/") { return path }
  return join(FileManager.default.currentDirectoryPath, path)
}

/// Bytes as text, refused at the first line that is not UTF-8.
func text(_ bytes: [UInt8], file: String) throws(DescriptionError) -> String {
  if let text = String(validating: bytes, as: UTF8.self) { return text }
  var line = 1
  for part in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
    if String(validating: part, as: UTF8.self) == nil { break }
    line += 1
  }
  throw DescriptionError(
    file: file, line: line, message: "this is not UTF-8 text; save the file as UTF-8")
}
