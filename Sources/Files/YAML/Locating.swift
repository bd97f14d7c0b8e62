import Foundation

/// The sorts of files that are found by name.
public enum DescriptionKind: String, Sendable, CaseIterable {
  /// Board files, in folders called `board`.
  case board
  /// Task files, in folders called `task`.
  case task
  /// Rig files, in folders called `rig`.
  case rig
  /// Scenarios of the harness, in folders called `hil/scenarios`.
  case scenario = "hil/scenarios"
}

/// The path of a board, task or rig file given by its path or by its bare name.
///
/// What holds a slash or ends in `.yaml` or `.yml` is a path. Anything else is a name, for which
/// the first root with a file `board/NAME.yaml` (`task/`, `rig/`) wins; failing that, a file of
/// just that name is taken.
///
/// - Parameters:
///   - nameOrPath: what the user wrote.
///   - kind: what is looked for, and with it the folder.
///   - roots: folders to search, in order.
/// - Returns: the path. A name's file exists; a path is returned as it is, for the reader to judge.
/// - Throws: `DescriptionError` that lists the names there are, if nothing has that name.
public func locate(
  _ nameOrPath: String, kind: DescriptionKind, near roots: [String] = searchRoots()
) throws(DescriptionError) -> String {
  if nameOrPath.contains("/") || nameOrPath.hasSuffix(".yaml") || nameOrPath.hasSuffix(".yml") {
    if isFile(nameOrPath) || nameOrPath.contains("/") { return nameOrPath }
    // `lattice.yaml` is more likely the known board than a file that is not here.
    let name = String(nameOrPath.prefix(upTo: nameOrPath.lastIndex(of: ".")!))
    return (try? locate(name, kind: kind, near: roots)) ?? nameOrPath
  }
  if !nameOrPath.isEmpty {
    for root in roots {
      let path = join(root, "\(kind.rawValue)/\(nameOrPath).yaml")
      if isFile(path) { return path }
    }
    if isFile(nameOrPath) { return nameOrPath }
  }
  let names = knownNames(of: kind, near: roots)
  let known =
    names.isEmpty
    ? "no \(kind.rawValue)/ folder with one was found; give a path, or set TELLEGEN_HOME"
    : "there are \(enumerate(names, most: 40)); or give a path"
  throw DescriptionError(
    message:
      "there is no \(kind == .scenario ? "scenario" : kind.rawValue) named "
      + "\(quote(nameOrPath))\(suggestion(for: nameOrPath, among: names)); \(known)"
  )
}

/// The names `locate` knows, sorted, each once.
///
/// - Parameters:
///   - kind: what is listed.
///   - roots: folders to search.
/// - Returns: the names.
public func knownNames(
  of kind: DescriptionKind, near roots: [String] = searchRoots()
) -> [String] {
  Set(roots.flatMap { fileNames(in: join($0, kind.rawValue), ending: ".yaml") }).sorted()
}

/// Whether a file lies in a folder that came with the program, rather than in one of the user's own.
///
/// - Parameters:
///   - path: the file.
///   - kind: what it is, and with it the folder.
///   - roots: folders to search; all but the first, where the user is, are the program's.
/// - Returns: whether it does.
package func isShipped(
  _ path: String, kind: DescriptionKind, near roots: [String] = searchRoots()
) -> Bool {
  let place = canonicalPath(folder(of: path))
  return roots.dropFirst().contains { canonicalPath(join($0, kind.rawValue)) == place }
}

/// Folders that may hold `board`, `task` and `rig`: the current one, `$TELLEGEN_HOME`, and every
/// folder above the running program, nearest first.
public func searchRoots() -> [String] {
  var roots = ["."]
  if let home = ProcessInfo.processInfo.environment["TELLEGEN_HOME"], !home.isEmpty {
    roots.append(home)
  }
  if let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
    program.hasPrefix("/")
  {
    var place = program
    while place != "/" {
      place = folder(of: place)
      roots.append(place)
    }
  }
  return roots
}

private func isFile(_ path: String) -> Bool {
  var isFolder: ObjCBool = false
  return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
}
