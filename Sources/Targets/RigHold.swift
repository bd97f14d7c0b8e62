package import Files
import Foundation
import LinuxGPIO
import Portable
package import Runs
import Storage

/// Which rig somebody has to himself: a board that hangs somewhere, whoever drives it.
package struct RigIdentity: Sendable, Equatable {
  /// The name of its folder among the rigs' states.
  package let key: String
  /// The rig in words.
  package let words: String

  /// A board at lines of this computer: it is the lines that make it one rig, whatever files and names it is
  /// known by.
  ///
  /// - Parameters:
  ///   - wiring: how it hangs on them.
  ///   - name: what a rig map calls it, for people.
  package init(lines wiring: WiringDescription, name: String? = nil) {
    // A board file may name the header of another Raspberry Pi: here there is one.
    let chip = GPIOChip.headers.contains(wiring.chip) ? "header" : wiring.chip
    let lines = wiring.wires.map { wire in
      switch wire.line {
      case .offset(let number): "\(number)"
      // On the header of a Raspberry Pi GPIO17 is line 17.
      case .name(let name):
        chip == "header" && name.hasPrefix("GPIO")
          ? Int(name.dropFirst(4)).map { "\($0)" } ?? name : name
      }
    }
    let plain = String(chip.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
    key = "gpio-\(plain)-" + fingerprint(of: ([chip] + lines.sorted()).joined(separator: " "))
    words = name.map { "rig \($0)" } ?? "the board at the lines of \(wiring.chip)"
  }

  /// A double that a rig map names: so the rules of rigs can be tried without one. Nothing but the map and the name
  /// makes it that rig.
  ///
  /// - Parameters:
  ///   - name: its name.
  ///   - map: the map's file.
  package init(double name: String, of map: String) {
    key = "double-\(name)-" + fingerprint(of: canonicalPath(map))
    words = "rig \(name)"
  }
}

/// Who uses a rig, or did when it ended without putting it to rest.
package struct RigUse: Sendable, Equatable, Codable {
  /// The process.
  package var process: Int32
  /// What was typed.
  package var command: String
  /// The folder that keeps what is done, or from which it was begun; absolute.
  package var folder: String
  /// Since when, s since 1970.
  package var since: Double

  /// This process, from now on.
  ///
  /// - Parameter folder: the folder that keeps what it does; `nil` for the one it was begun from.
  /// - Returns: the use.
  package static func now(in folder: String? = nil) -> RigUse {
    RigUse(
      process: getpid(), command: shellLine(CommandLine.arguments),
      folder: absolutePath(folder ?? "."),
      since: Date().timeIntervalSince1970)
  }

  /// The use in words.
  package var words: String {
    "process \(process) since \(Date(timeIntervalSince1970: since).formatted(.iso8601)) "
      + "(\(command), in \(folder))"
  }
}

/// Why a rig must not be used until somebody has looked at it.
package struct WedgedMark: Sendable, Equatable, Codable {
  /// What went wrong.
  package var reason: String
  /// The folder of the run in which it did.
  package var run: String
  /// When, s since 1970.
  package var date: Double
  /// The command that drains and tests the rig, which alone clears the mark.
  package var recovery: String

  /// Makes a mark, of now.
  package init(reason: String, run: String, recovery: String) {
    self.reason = reason
    self.run = run
    date = Date().timeIntervalSince1970
    self.recovery = recovery
  }
}

/// Why a rig cannot be used.
package enum RigRefusal: Error, CustomStringConvertible {
  /// Another process has it.
  case locked(RigIdentity, process: Int32?, RigUse?)
  /// It was left dangerous, or did not answer.
  case wedged(RigIdentity, WedgedMark)

  /// The refusal in words: what, who, and what to do.
  package var description: String {
    switch self {
    case .locked(let rig, let process, let use):
      "\(rig.words) is in use by "
        + (use?.words ?? process.map { "process \($0)" } ?? "another process")
        + "; wait for its end, or stop it with kill -INT, which puts the board to rest"
    case .wedged(let rig, let mark):
      "\(rig.words) is wedged since \(Date(timeIntervalSince1970: mark.date).formatted(.iso8601)): "
        + "\(mark.reason) (in \(mark.run)); look at the board, then drain and test it, which clears this: "
        + mark.recovery
    }
  }
}

/// A rig that this process has to itself until it releases it or ends, however it ends.
///
/// Each rig has a folder among the states of rigs: a lock, which the system drops with the process; `use.json`,
/// which says who drives it and stays where a process ended without putting the rig to rest; and `wedged.json`
/// while it must not be used.
package final class RigHold {
  /// The rig.
  package let rig: RigIdentity
  /// Who had it before and ended without putting it to rest; `nil` where nobody did.
  package let left: RigUse?
  /// Why it must not be used, where it was taken all the same.
  package private(set) var mark: WedgedMark?
  /// Why nothing keeps others off, where the state cannot be kept; the kernel still gives each line to one
  /// process only.
  package let trouble: String?
  /// Whether the rig is at rest, as far as anybody knows.
  private var isAtRest: Bool
  private let use: RigUse
  private var isDriven = false
  private let folder: String
  private var lock: FolderLock?

  private static let useFile = "use.json"
  private static let markFile = "wedged.json"

  /// Where the states of rigs are kept: `$XDG_STATE_HOME/tellegen/rigs`, else under `~/.local/state`; `nil`
  /// without a home folder.
  ///
  /// - Parameter environment: the program's environment.
  /// - Returns: the folder.
  package static func usualFolder(
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> String? {
    userFolder("XDG_STATE_HOME", usual: ".local/state", environment: environment)
      .map { $0 + "/rigs" }
  }

  /// Takes a rig.
  ///
  /// - Parameters:
  ///   - rig: the rig.
  ///   - use: who takes it.
  ///   - folder: where the states of rigs are kept; `nil` for nowhere.
  ///   - evenWedged: whether one that is wedged is taken too, to recover it.
  /// - Throws: `RigRefusal`.
  package init(
    _ rig: RigIdentity, for use: RigUse, in folder: String? = usualFolder(),
    evenWedged: Bool = false
  ) throws(RigRefusal) {
    self.rig = rig
    self.use = use
    isAtRest = true
    self.folder = (folder ?? "") + "/" + rig.key
    guard folder != nil else {
      (left, trouble) = (nil, "there is no home folder to keep its lock in")
      return
    }
    do throws(StorageError) { _ = try Folders.make(self.folder) } catch {
      (left, trouble) = (
        nil,
        "the folder of its lock cannot be made: \(error); set XDG_STATE_HOME to a folder that can be written"
      )
      return
    }
    let path = self.folder
    let taken: FolderLock
    do throws(FolderLock.Failure) {
      taken = try FolderLock(folder: path)
    } catch {
      switch error {
      case .held(let process):
        let other = RigHold.read(RigUse.self, RigHold.useFile, in: path)
        // What a killed process left says nothing of the one that is there now.
        throw .locked(rig, process: process, other?.process == process ? other : nil)
      case .foreign(let path):
        (left, trouble) = (nil, "\(path) is no lock of this program")
      case .failed(let error): (left, trouble) = (nil, "its lock cannot be kept: \(error)")
      }
      return
    }
    mark = RigHold.readMark(in: path)
    if let mark, !evenWedged {
      // Whoever left it so is not forgotten.
      taken.release(isTidy: taken.found == nil)
      throw .wedged(rig, mark)
    }
    left = RigHold.read(RigUse.self, RigHold.useFile, in: path)
    isAtRest = left == nil
    do throws(StorageError) {
      try taken.record([RigHold.useFile])
      trouble = nil
    } catch {
      trouble = "who uses it cannot be kept: \(error)"
    }
    lock = taken
  }

  /// Takes the rig that a board is: one at GPIO lines, or what a rig map names; other doubles are nobody's, and
  /// nothing comes of them.
  ///
  /// - Parameters:
  ///   - board: the board.
  ///   - target: which it is.
  ///   - name: the rig, where one is named.
  ///   - use: who takes it.
  ///   - evenWedged: whether one that is wedged is taken too, to recover it.
  ///   - telling: is told what the user should know of how it was found, a sentence at a time.
  /// - Throws: `RigRefusal`.
  package convenience init?(
    of board: BoardDescription, on target: RunSetting.Target, rig name: RunSetting.Rig?,
    for use: RigUse, evenWedged: Bool = false, telling: (String) -> Void
  ) throws(RigRefusal) {
    let identity: RigIdentity
    if target == .gpio {
      guard let wiring = board.wiring else { return nil }
      identity = RigIdentity(lines: wiring, name: name?.name)
    } else if let name {
      identity = RigIdentity(double: name.name, of: name.map)
    } else {
      return nil
    }
    try self.init(identity, for: use, evenWedged: evenWedged)
    tell(telling)
  }

  /// Says what whoever uses the rig should know of how it was found.
  ///
  /// - Parameter telling: is told, a sentence at a time.
  func tell(_ telling: (String) -> Void) {
    if let trouble { telling("\(rig.words) is not kept from others: \(trouble)") }
    if let left {
      telling("\(rig.words) was not put to rest by \(left.words), which has ended since")
    }
  }

  /// Keeps who drives the rig, before anything on it is driven beyond its rest; until then what the one before left
  /// is still the truth.
  ///
  /// - Returns: why it cannot be kept; `nil` where it is.
  package func drive() -> String? {
    if isDriven { return nil }
    isDriven = true
    if lock == nil { return nil }
    do throws(StorageError) {
      try WholeFile.write(RigHold.data(use), to: RigHold.useFile, in: folder)
      return nil
    } catch { return "who drives \(rig.words) cannot be kept: \(error)" }
  }

  /// Takes down how the rig was left.
  ///
  /// - Parameter isAtRest: whether it was put to rest.
  func leave(isAtRest: Bool) { self.isAtRest = isAtRest }

  /// Marks the rig: nobody may use it until it has been recovered.
  ///
  /// - Parameter mark: why.
  /// - Returns: why the mark cannot be kept; `nil` where it is.
  package func wedge(_ mark: WedgedMark) -> String? {
    self.mark = mark
    if lock == nil { return trouble }
    do throws(StorageError) {
      try WholeFile.write(RigHold.data(mark), to: RigHold.markFile, in: folder)
      return nil
    } catch { return "\(error)" }
  }

  /// Takes the mark off a rig that was drained and tested.
  package func recovered() {
    mark = nil
    if lock == nil { return }
    unlink(folder + "/" + RigHold.markFile)
    try? WholeFile.synchronize(folder: folder)
  }

  /// Gives the rig up.
  ///
  /// - Parameter isAtRest: whether it was put to rest; by default as it was left last. Whoever comes next is told
  ///   where it was not.
  package func release(isAtRest: Bool? = nil) {
    let isAtRest = isAtRest ?? self.isAtRest
    if isAtRest, lock != nil { unlink(folder + "/" + RigHold.useFile) }
    lock?.release(isTidy: isAtRest)
    lock = nil
  }

  private static func readMark(in folder: String) -> WedgedMark? {
    let path = folder + "/" + markFile
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    // A mark that cannot be read is one all the same.
    return read(WedgedMark.self, markFile, in: folder)
      ?? WedgedMark(
        reason: "its mark cannot be read", run: path,
        recovery: "tellegen hil --recover, with the rig that this is")
  }

  private static func read<Value: Decodable>(
    _ type: Value.Type, _ name: String, in folder: String
  ) -> Value? {
    FileManager.default.contents(atPath: folder + "/" + name)
      .flatMap { try? JSONDecoder().decode(type, from: $0) }
  }

  private static func data(_ value: some Encodable) -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return (try? encoder.encode(value)) ?? Data()
  }
}
