import Foundation
import Testing

/// The folder of the package, from this file's place in it.
let packageRoot = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

/// What a program said and how it ended.
struct Ending {
  var code: Int32
  var output: String
  var errors: String
}

/// The built program, run in a folder of its own that is gone afterwards.
struct Program {
  /// The temporary folder, in which commands run.
  let folder: String

  /// The program beside the test bundle, or the one that TELLEGEN_PROGRAM names: an older one shows
  /// that a test fails without what it tests.
  static var path: String {
    get throws {
      if let named = ProcessInfo.processInfo.environment["TELLEGEN_PROGRAM"], !named.isEmpty {
        guard named.hasPrefix("/"), FileManager.default.isExecutableFile(atPath: named) else {
          throw NotBuilt(description: "TELLEGEN_PROGRAM=\(named): give a program's absolute path")
        }
        return named
      }
      // The bundle may be run by a helper from elsewhere, so its path is looked for as well.
      var places = CommandLine.arguments
      places.append(Bundle.main.bundlePath)
      places.append(
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "")
      for place in places where !place.isEmpty {
        let program = URL(fileURLWithPath: place).deletingLastPathComponent()
          .appendingPathComponent("tellegen").path
        if FileManager.default.isExecutableFile(atPath: program) { return program }
      }
      throw NotBuilt(
        description: "there is no program 'tellegen' beside the test bundle; build all")
    }
  }

  struct NotBuilt: Error, CustomStringConvertible {
    var description: String
  }

  /// Does something with a folder of its own.
  static func run(_ body: (Program) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("command-line-tests-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let program = Program(folder: folder)
    defer {
      try? FileManager.default.removeItem(atPath: folder)
      try? FileManager.default.removeItem(atPath: program.states)
    }
    try body(program)
  }

  /// Where its commands keep the states of rigs, and look for a user's own rig map: beside the folder, whose
  /// contents tests count.
  var states: String { folder + "-state" }

  func path(_ name: String) -> String { folder + "/" + name }

  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

  func text(_ name: String) throws -> String {
    try String(contentsOfFile: path(name), encoding: .utf8)
  }

  func write(_ text: String, to name: String) throws {
    try text.write(toFile: path(name), atomically: true, encoding: .utf8)
  }

  /// The record in a file.
  func record(_ name: String) throws -> Record { try Record(try text(name)) }

  /// A process of `tellegen` that is not started yet.
  func process(_ arguments: [String], executable: String? = nil) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try executable ?? Program.path)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    var environment = ProcessInfo.processInfo.environment
    environment["TELLEGEN_HOME"] = packageRoot
    environment["COLUMNS"] = "100"
    environment["XDG_STATE_HOME"] = states
    environment["XDG_CONFIG_HOME"] = states
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    return process
  }

  /// Runs `tellegen` to its end.
  func callAsFunction(_ arguments: String...) throws -> Ending { try self(arguments) }

  /// Runs `tellegen`, or another program, to its end.
  func callAsFunction(_ arguments: [String], executable: String? = nil) throws -> Ending {
    let process = try process(arguments, executable: executable)
    // Files rather than pipes: neither stream can block the other.
    let names = [path(".out-\(UUID().uuidString)"), path(".err-\(UUID().uuidString)")]
    let handles = try names.map { name in
      _ = FileManager.default.createFile(atPath: name, contents: nil)
      return try FileHandle(forWritingTo: URL(fileURLWithPath: name))
    }
    process.standardOutput = handles[0]
    process.standardError = handles[1]
    try process.run()
    process.waitUntilExit()
    let texts = try names.map { try String(contentsOfFile: $0, encoding: .utf8) }
    for name in names { try FileManager.default.removeItem(atPath: name) }
    return Ending(
      code: process.terminationReason == .exit
        ? process.terminationStatus : -process.terminationStatus,
      output: texts[0], errors: texts[1])
  }
}

/// What these tests want to know of a run's record.
struct Record: Decodable {
  struct Setting: Decodable {
    struct Plan: Decodable { var epochs: Int }
    var plan: Plan
    var files: [String]?
  }
  struct Line: Decodable { var epoch: Int }
  struct Result: Decodable {
    var finished: Bool
    var first: Line
    var last: Line
    var gates: [Double]
  }

  var setting: Setting
  var result: Result

  /// Reads JSON text; its numbers keep every bit.
  init(_ json: String) throws {
    self = try JSONDecoder().decode(Record.self, from: Data(json.utf8))
  }
}

/// A program on the search path.
func find(_ name: String) -> String? {
  let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
  return path.split(separator: ":").map { "\($0)/\(name)" }.first {
    FileManager.default.isExecutableFile(atPath: $0)
  }
}

/// Starts a program that hears signals: the threads that tests run on block them, and a child would
/// inherit that.
func startListening(_ process: Process) throws {
  var all = sigset_t()
  var before = sigset_t()
  sigfillset(&all)
  pthread_sigmask(SIG_UNBLOCK, &all, &before)
  defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
  try process.run()
}

/// Waits for a line, a byte at a time: nothing here may wait for more than that.
func firstLine(of descriptor: Int32) -> String {
  var line: [UInt8] = []
  var byte: UInt8 = 0
  while read(descriptor, &byte, 1) == 1 && byte != UInt8(ascii: "\n") { line.append(byte) }
  return String(decoding: line, as: UTF8.self)
}
