import Foundation
import TestSupport
import Testing

/// Power cuts: every write, sync and rename of a run is recorded, the folder is rebuilt as it may
/// be on the disk after each of them, and each goes on as a run or is told as none.
///
/// A disk may hold more than was synced and must hold no less. Of every moment four disks are
/// looked at: all that was asked for; only what was synced; all names, but of the files only what
/// was synced; and all names, with half of what was added to the files since.
@Suite struct PowerCutsCampaign {
  /// A recorded call.
  private enum Call {
    case create(String, truncating: Bool)
    case write(String, at: Int?, [UInt8])
    case resize(String, Int)
    case sync(String)
    case rename(String, String)
    case link(String, String)
    case remove(String)
    case makeFolder(String)
  }

  /// A file, and what of it was synced.
  private final class Contents {
    var now: [UInt8] = []
    var synced: [UInt8] = []
    var position = 0
    init(_ bytes: [UInt8] = []) {
      now = bytes
      synced = bytes
    }
  }

  /// A folder's files by name, and the names that were synced.
  private struct Folder {
    var now: [String: Contents] = [:]
    var synced: [String: Contents] = [:]
    var isThere = false

    /// What a disk may hold.
    func disk(_ kind: Int) -> [String: [UInt8]]? {
      if !isThere { return nil }
      let names = kind == 1 ? synced : now
      return names.mapValues { file in
        switch kind {
        case 0: return file.now
        case 3 where file.now.starts(with: file.synced):
          return Array(file.now.prefix((file.now.count + file.synced.count) / 2))
        default: return file.synced
        }
      }
    }

    /// The same with files of its own, all synced.
    var copy: Folder {
      var copy = self
      copy.now = now.mapValues { Contents($0.now) }
      copy.synced = copy.now
      return copy
    }

    mutating func apply(_ call: Call, in path: String) {
      func name(_ file: String) -> String? {
        file.hasPrefix(path + "/") ? String(file.dropFirst(path.count + 1)) : nil
      }
      switch call {
      case .makeFolder(let folder): if folder == path { isThere = true }
      case .create(let file, let truncating):
        guard let name = name(file) else { return }
        if now[name] == nil { now[name] = Contents() }
        if truncating { now[name]?.now = [] }
        now[name]?.position = 0
      case .write(let file, let place, let bytes):
        guard let name = name(file), let contents = now[name] else { return }
        let start = place ?? contents.position
        if contents.now.count < start {
          contents.now += [UInt8](repeating: 0, count: start - contents.now.count)
        }
        let end = min(start + bytes.count, contents.now.count)
        contents.now.replaceSubrange(start..<end, with: bytes)
        contents.position = start + bytes.count
      case .resize(let file, let length):
        guard let name = name(file), let contents = now[name] else { return }
        let more = max(0, length - contents.now.count)
        contents.now = Array(contents.now.prefix(length)) + [UInt8](repeating: 0, count: more)
      case .sync(let file):
        if file == path { synced = now }
        if let name = name(file), let contents = now[name] { contents.synced = contents.now }
      case .rename(let old, let new):
        guard let old = name(old), let new = name(new) else { return }
        now[new] = now.removeValue(forKey: old)
      case .link(let old, let new):
        guard let old = name(old), let new = name(new) else { return }
        now[new] = now[old]
      case .remove(let file): if let name = name(file) { now[name] = nil }
      }
    }
  }

  // MARK: - The record of strace

  /// The bytes of a text such as \x41\x42.
  private func bytes(_ text: Substring) -> [UInt8] {
    text.split(separator: "\\x").compactMap { UInt8($0.prefix(2), radix: 16) }
  }

  /// Reads a line; `nil` for what changes nothing.
  private func call(_ line: Substring, in current: String) -> Call? {
    guard let open = line.firstIndex(of: "("), let end = line.range(of: ") ", options: .backwards),
      let result = line[end.upperBound...].split(separator: "=").last.map({
        $0.drop { $0 == " " }.prefix { $0 == "-" || $0.isNumber }
      }), let value = Int(result), value >= 0
    else { return nil }
    let name = line[..<open]
    let inside = line[line.index(after: open)..<end.lowerBound]
    // Strings, and the paths behind descriptors, both as bytes.
    var texts: [[UInt8]] = []
    var rest = inside
    while let quote = rest.firstIndex(of: "\"") {
      let after = rest[rest.index(after: quote)...]
      guard let close = after.firstIndex(of: "\"") else { break }
      texts.append(bytes(after[..<close]))
      rest = after[after.index(after: close)...]
    }
    var behind: String?
    if let less = inside.firstIndex(of: "<"), let more = inside.firstIndex(of: ">") {
      behind = String(decoding: bytes(inside[less..<more]), as: UTF8.self)
    }
    func path(_ index: Int) -> String {
      let text = index < texts.count ? String(decoding: texts[index], as: UTF8.self) : ""
      return text.hasPrefix("/") ? text : current + "/" + text
    }
    func number() -> Int { Int(inside.split(separator: " ").last ?? "") ?? 0 }
    switch name {
    case "openat" where inside.contains("O_CREAT"):
      return .create(path(0), truncating: inside.contains("O_TRUNC"))
    case "write": return .write(behind ?? "", at: nil, Array((texts.first ?? []).prefix(value)))
    case "pwrite64":
      return .write(behind ?? "", at: number(), Array((texts.first ?? []).prefix(value)))
    case "ftruncate": return .resize(behind ?? "", number())
    case "fsync", "fdatasync": return .sync(behind ?? "")
    case "rename": return .rename(path(0), path(1))
    case "link": return .link(path(0), path(1))
    case "unlink": return .remove(path(0))
    case "mkdir": return .makeFolder(path(0))
    default: return nil
    }
  }

  /// Runs `tellegen` and records what it does to files.
  private func record(_ tellegen: Program, _ words: [String]) throws -> [Call] {
    let strace = try #require(find("strace"), "strace is not there: install Debian's package")
    let log = tellegen.path("calls")
    let calls = "openat,write,pwrite64,fsync,fdatasync,ftruncate,rename,link,unlink,mkdir"
    let end = try tellegen(
      ["-o", log, "-y", "-xx", "-s", "100000000", "-e", "trace=\(calls)", try Program.path] + words,
      executable: strace)
    #expect(end.code == 0, "\(end.errors)")
    let root = URL(fileURLWithPath: tellegen.folder).resolvingSymlinksInPath().path
    let text = try String(contentsOfFile: log, encoding: .utf8)
    return text.split(separator: "\n").compactMap { call($0, in: root) }
  }

  // MARK: - The disks

  @Test(arguments: ["a new run", "a run in place of another", "a run that goes on"])
  func `after a power cut a run goes on, or there is none`(_ scene: String) throws {
    let name = "powercuts-\(scene.split(separator: " ").last!)"
    var campaign = Campaign(name, sample: 24, whole: 100_000, seed: 2)
    let options = ["train", "--task", "regression", "--epochs", "30"]
    try Program.run { tellegen in
      #expect(try tellegen(options + ["--out", "whole"]).code == 0)
      #expect(
        try tellegen(["train", "--task", "xor", "--epochs", "2", "--out", "other"]).code == 0)
      let files = FileManager.default
      var folder = Folder()
      let root = URL(fileURLWithPath: tellegen.folder).resolvingSymlinksInPath().path
      var words = options + ["--out", "run", "--overwrite"]
      switch scene {
      case "a new run": break
      case "a run in place of another":
        #expect(
          try tellegen(["train", "--task", "xor", "--epochs", "2", "--out", "run"]).code == 0)
      default:
        // Killed after its first checkpoint, with lines behind it that were not synced.
        let process = try tellegen.process(options + ["--out", "run"])
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        while !tellegen.exists("run/setting.json") && process.isRunning { usleep(200) }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        words = ["train", "--resume", "run"]
      }
      if scene != "a new run" {
        folder.isThere = true
        for name in try files.contentsOfDirectory(atPath: tellegen.path("run")) {
          let data = try #require(files.contents(atPath: tellegen.path("run/" + name)))
          folder.now[name] = Contents(Array(data))
        }
        folder.synced = folder.now
      }
      let calls = try record(tellegen, words)
      #expect(calls.count > 15)
      // What the record rebuilds is what is there, or the record is not true.
      var all = folder.copy
      for call in calls { all.apply(call, in: root + "/run") }
      let rebuilt = try #require(all.disk(0))
      for name in ["setting.json", "checkpoint.json", "record.json", "metrics.jsonl", "curves.csv"]
      {
        #expect(
          rebuilt[name] == files.contents(atPath: tellegen.path("run/" + name)).map(Array.init))
      }

      var disks: [[String: [UInt8]]] = []
      var seen: Set<[String: [UInt8]]> = []
      for call in [nil] + calls.map(Optional.some) {
        if let call { folder.apply(call, in: root + "/run") }
        for kind in 0..<4 {
          if let disk = folder.disk(kind), seen.insert(disk).inserted { disks.append(disk) }
        }
      }
      let distinct = disks.count
      while disks.count > campaign.count { disks.remove(at: campaign.number(below: disks.count)) }
      var counts = ["calls": calls.count, "disks": distinct, "tried": disks.count]
      for (number, disk) in disks.enumerated() {
        let cut = "cut\(number)"
        try files.createDirectory(
          atPath: tellegen.path(cut), withIntermediateDirectories: true)
        for (name, bytes) in disk {
          try Data(bytes).write(to: URL(fileURLWithPath: tellegen.path("\(cut)/\(name)")))
        }
        let what = "\(scene), disk \(number): \(disk.mapValues(\.count))"
        let isOther = disk["setting.json"].map {
          String(decoding: $0, as: UTF8.self).contains("\"name\" : \"xor\"")
        }
        let resumed = try tellegen("train", "--resume", cut)
        if let isOther {
          #expect(resumed.code == 0, "\(what): \(resumed.errors)")
          try expectSame(tellegen, cut, isOther ? "other" : "whole", what)
          counts[isOther ? "the run before" : "the run", default: 0] += 1
        } else {
          #expect(resumed.code == 74 && resumed.errors.contains("no run"), "\(what)")
          let begun = try tellegen(options + ["--out", cut])
          #expect(begun.code == 0, "\(what): \(begun.errors)")
          if begun.code == 0 { try expectSame(tellegen, cut, "whole", what) }
          counts["no run", default: 0] += 1
        }
        try files.removeItem(atPath: tellegen.path(cut))
      }
      try campaign.record(counts)
    }
  }
}
