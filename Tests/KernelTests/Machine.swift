import Foundation
import TestSupport

/// The simulated computer of one lane, with the double behind its GPIO chip.
///
/// The chip is `virtio0` there. Its operations take some thirty times a Raspberry Pi's, so that the
/// board's converters are given longer to hold a sample. Over the bus the machine's SPI controller
/// has the serial lines, and a sample must last for a whole exchange.
final class Machine {
  /// What is left of it.
  let evidence: Evidence
  /// The board's name.
  let board: String
  private let task: String
  private let overBus: Bool
  private let socketFolder: String
  private var server: Process?
  private var boot: Process?

  /// Makes a machine that does not run yet, and an empty folder for what it will leave.
  ///
  /// - Parameters:
  ///   - name: the folder's name.
  ///   - board: the name of a shipped board that the double is.
  ///   - task: the task whose places are wired.
  ///   - overBus: whether the serial lines belong to the machine's SPI controller.
  /// - Throws: what keeps the folder from being made.
  init(
    _ name: String, board: String = "breadboard", task: String = "regression", overBus: Bool = false
  )
    throws
  {
    evidence = try Machine.folder(name)
    self.board = board
    self.task = task
    self.overBus = overBus
    // A socket's path may not have more than some hundred characters.
    socketFolder =
      FileManager.default.temporaryDirectory.path + "/tellegen-\(getpid())-"
      + "\(UInt32.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(
      atPath: socketFolder, withIntermediateDirectories: true)
    try Machine.boardFile(board, overBus: overBus).write(
      toFile: evidence.path("board.yaml"), atomically: true, encoding: .utf8)
  }

  deinit {
    for process in [server, boot].compactMap({ $0 }) where process.isRunning {
      process.terminate()
      process.waitUntilExit()
    }
    try? FileManager.default.removeItem(atPath: socketFolder)
  }

  /// An empty folder for a lane.
  static func folder(_ name: String) throws -> Evidence {
    let folder = Setting.work + "/" + name
    try? FileManager.default.removeItem(atPath: folder)
    try FileManager.default.createDirectory(
      atPath: folder + "/out", withIntermediateDirectories: true)
    return Evidence(folder: folder)
  }

  /// A shipped board's file, changed for the machine.
  static func boardFile(_ name: String, overBus: Bool) throws -> String {
    let text = try String(contentsOfFile: "\(packageRoot)/board/\(name).yaml", encoding: .utf8)
    var changes = 0
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
      line -> String in
      if line.hasPrefix("  chip: ") {
        changes += 1
        let rest = line.dropFirst("  chip: ".count).drop { $0 != " " }
        return "  chip: virtio0" + rest
      }
      if line.hasPrefix("timing: {") {
        changes += 1
        return "timing: {conversion: 0.25, " + line.dropFirst("timing: {".count)
      }
      if line.hasPrefix("  kind:") && overBus {
        changes += 1
        return line + "\n  spi: {device: /dev/spidev0.0, speed: 500e3}"
      }
      return String(line)
    }
    guard changes == (overBus ? 3 : 2) else {
      throw LaneFailure(description: "board/\(name).yaml has other lines than the lanes know")
    }
    return lines.joined(separator: "\n")
  }

  // MARK: - The double

  /// Starts the double.
  ///
  /// - Parameter options: more options of `serve`.
  /// - Throws: when the double does not come up.
  func serve(_ options: [String] = []) throws {
    guard let program = Setting.program else { throw LaneFailure(description: "no program") }
    try? FileManager.default.removeItem(atPath: socketFolder + "/gpio")
    server = try start(
      program,
      [
        "serve", "--board", evidence.path("board.yaml"), "--task", task, "--socket",
        socketFolder + "/gpio", "--report", evidence.path("report.json"),
      ] + options, says: "serve")
    // It says so when it listens, and hears signals from before then.
    let isThere = waited(upTo: 60) {
      server?.isRunning != true || (try? evidence.text("serve"))?.contains("lines at") == true
    }
    guard isThere && server?.isRunning == true else {
      throw LaneFailure(
        description: "the double did not start: " + ((try? evidence.text("serve")) ?? ""))
    }
  }

  /// Asks the double to stop, which it does with a report: it must have answered to the end.
  func stopServing() throws {
    guard let server else { return }
    self.server = nil
    kill(server.processIdentifier, SIGINT)
    if !waited(upTo: 60, until: { !server.isRunning }) { kill(server.processIdentifier, SIGKILL) }
    server.waitUntilExit()
    guard server.terminationReason == .exit && server.terminationStatus == 0 else {
      throw LaneFailure(
        description: "the double's process ended with \(server.terminationStatus): "
          + ((try? evidence.text("serve")) ?? ""))
    }
  }

  // MARK: - The machine

  /// Boots the machine with a script, without waiting for its end.
  ///
  /// - Parameters:
  ///   - script: the name of a script in `hil/lanes`.
  ///   - variables: its variables.
  ///   - seconds: how long it may take, s.
  ///   - files: paths of more files that it needs; the program and the board's file are there.
  /// - Throws: when the machine cannot be started.
  func start(
    _ script: String, _ variables: [String: String] = [:], seconds: Int, files: [String] = []
  ) throws {
    guard let program = Setting.program else { throw LaneFailure(description: "no program") }
    boot = try start(
      packageRoot + "/hil/boot",
      [
        evidence.path("out"), try write(script, variables), "-s", socketFolder + "/gpio", "-t",
        "\(seconds)", program, evidence.path("board.yaml"),
      ] + files, says: "boot")
  }

  /// Whether the machine still runs.
  var isRunning: Bool { boot?.isRunning ?? false }

  /// Waits until the machine has ended.
  ///
  /// - Throws: when its script failed, or it did not come to its end.
  func wait() throws {
    guard let boot else { return }
    self.boot = nil
    boot.waitUntilExit()
    guard boot.terminationReason == .exit && boot.terminationStatus == 0 else {
      throw LaneFailure(
        description: "the machine ended with \(boot.terminationStatus):\n" + console.suffix(4000)
          + ((try? evidence.text("boot")) ?? ""))
    }
  }

  /// What its console shows so far.
  var console: String {
    let data = FileManager.default.contents(atPath: evidence.path("out/console.txt")) ?? Data()
    return String(decoding: data, as: UTF8.self).replacingOccurrences(of: "\r\n", with: "\n")
  }

  /// Serves the board, runs a script in the machine to its end, and asks the double what it saw.
  func run(
    _ script: String, _ variables: [String: String] = [:], seconds: Int, files: [String] = [],
    serving options: [String] = []
  ) throws {
    try serve(options)
    try start(script, variables, seconds: seconds, files: files)
    let end = Result { try wait() }
    try stopServing()
    try end.get()
  }

  /// Runs a script in a machine without the double, whose clock counts instructions: a nanosecond
  /// each, the kernel's included.
  func runCounting(_ script: String, seconds: Int, files: [String]) throws {
    boot = try start(
      packageRoot + "/hil/boot",
      [evidence.path("out"), try write(script, [:]), "-i", "-t", "\(seconds)"] + files,
      says: "boot")
    try wait()
  }

  /// Writes the script that the machine runs.
  private func write(_ script: String, _ variables: [String: String]) throws -> String {
    var lines = ["#!/bin/sh"]
    if overBus {
      lines.append("echo virtio0,11,10,9 >/sys/module/spi_controller/parameters/lines")
    }
    lines += variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    for name in ["common", script] {
      lines.append(
        try String(contentsOfFile: "\(packageRoot)/hil/lanes/\(name).sh", encoding: .utf8))
    }
    let path = evidence.path("script")
    try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  /// Starts a process.
  private func start(_ path: String, _ arguments: [String], says name: String) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: packageRoot)
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["TELLEGEN_HOME": packageRoot]
    ) { $1 }
    process.standardInput = FileHandle.nullDevice
    _ = FileManager.default.createFile(atPath: evidence.path(name), contents: nil)
    let said = try FileHandle(forWritingTo: URL(fileURLWithPath: evidence.path(name)))
    process.standardOutput = said
    process.standardError = said
    try startListening(process)
    return process
  }
}

/// Waits for something, s at most.
///
/// - Returns: whether it came.
func waited(upTo seconds: Double, until isSo: () -> Bool) -> Bool {
  let end = Date(timeIntervalSinceNow: seconds)
  while !isSo() {
    if end < Date() { return false }
    usleep(50_000)
  }
  return true
}

/// Runs the program on this computer to its end.
///
/// - Returns: its exit code and what it said.
func tellegen(_ arguments: [String]) throws -> (code: Int32, output: String) {
  try call(Setting.program ?? "", arguments)
}

/// Runs a program on this computer to its end.
///
/// - Returns: its exit code and what it said.
func call(_ path: String, _ arguments: [String]) throws -> (code: Int32, output: String) {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: path)
  process.arguments = arguments
  process.environment = ProcessInfo.processInfo.environment.merging(
    ["TELLEGEN_HOME": packageRoot]
  ) { $1 }
  process.standardInput = FileHandle.nullDevice
  let pipe = Pipe()
  process.standardOutput = pipe
  process.standardError = pipe
  try process.run()
  let data = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return (process.terminationStatus, String(decoding: data, as: UTF8.self))
}

/// Builds a library that programs in the machine are started with.
func library(_ name: String) throws -> String {
  try FileManager.default.createDirectory(
    atPath: Setting.work, withIntermediateDirectories: true)
  let path = "\(Setting.work)/\(name).so"
  let end = try call(
    "/usr/bin/env",
    ["cc", "-shared", "-fPIC", "-O1", "-o", path, "\(packageRoot)/hil/\(name).c"])
  guard end.code == 0 else { throw LaneFailure(description: end.output) }
  return path
}

/// Starts a process that hears signals: the threads that tests run on block them, and a child would
/// inherit that.
private func startListening(_ process: Process) throws {
  var all = sigset_t()
  var before = sigset_t()
  sigfillset(&all)
  pthread_sigmask(SIG_UNBLOCK, &all, &before)
  defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
  try process.run()
}
