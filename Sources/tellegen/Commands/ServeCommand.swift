#if Simulation
public import ArgumentParser
import Circuit
import Files
import Firmware
import Foundation
import Runs
import Storage
import Targets
import BoardDouble
import Traces
public import VhostGPIO
import Wiring
import Reports

extension PinChip.Release: ExpressibleByArgument {}

struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Puts the double behind a GPIO chip of a virtual machine (vhost-user-gpio).",
    discussion: """
      Start this first, then QEMU with -device vhost-user-gpio-pci at the same socket; hil/README.md
      shows how. In the machine the board's lines are those of a chip of the kernel, and each get and
      set returns when the double has answered, in real time. The double goes on when the machine
      reboots or connects again. Ctrl-C ends it and prints what was seen of the lines.

      With --state, chip and board are kept in a file when this ends, and found there at the next
      start: QEMU connects again (reconnect=1), and the machine's driver, which knows of nothing,
      goes on with the lines as they were. The time in between counts, as it does for the machine.

      Only its owner can connect to the socket. The machine's memory must be sealed against being made
      shorter, as that of -object memory-backend-memfd,share=on is. A control message must come whole
      within 2 s, the first within 5 s. A machine that drives the chip keeps it, however quiet; one
      that has not started its driver for 5 s gives way when another connects. Why a connection ended
      is said on standard error.
      """)
  @Option(help: "The board: a name in board/ or a file.")
  var board = "lattice"
  @Option(help: "The task whose places are wired: a name in task/ or a file.")
  var task = "xor"
  @Option(parsing: .unconditional, help: "The seed of the board's parts.")
  var seed: UInt64 = 1
  @Option(
    help:
      """
      A file for the state of chip and board: read at the start if it is there, written at the \
      end (SIGINT, SIGTERM, SIGHUP).
      """
  )
  var state: String?
  @Option(help: "The socket to listen at.")
  var socket: String
  @Option(
    help:
      "What becomes of a released output: it keeps its level, as on a Raspberry Pi, or floats."
  )
  var release = PinChip.Release.keeps
  @Option(help: "A file for a log of every change and reading of the pins.")
  var log: String?
  @Option(help: "A file for what was seen, as JSON; without it a summary is printed.")
  var report: String?

  func run() throws {
    try Exits.catching {
      let description = try BoardDescription.named(board)
      let task = try TaskDescription.named(task)
      let place = try task.place(on: description)
      description.saySetUp()
      let pins = try VirtualPins(
        description: description, seed: seed, sources: place.sources, targets: place.targets)
      guard let wiring = description.wiring else { throw WiringError.none(board: description.name) }
      var chip = PinChip(pins: pins, wiring: wiring, release: release)
      let board = ServedBoard(
        board: description, sources: place.sources, targets: place.targets, seed: seed)
      let kept = state.map { StateFile(path: $0) }
      var time = Nanoseconds.zero
      var since = ""
      if let saved = try kept?.read(for: board) {
        do {
          try chip.restore(saved.chip)
        } catch {
          try Exits.leave("\(state ?? ""): \(error)", with: Exits.data)
        }
        let gap = saved.gap(until: Date())
        time = Nanoseconds(saved.time) + Nanoseconds(seconds: gap)
        since = ", as they were left \(Format.seconds(gap)) ago"
      }
      // From before there is a socket, which a signal would leave behind.
      Interruption.watch()
      let server: ChipServer
      do throws(ServerError) {
        server = try ChipServer(chip: chip, path: socket, time: time, say: say)
      } catch {
        try Exits.leave(
          "\(error)", with: error.isPermission ? Exits.permission : Exits.inputOutput)
      }
      // Also now, so that a file that cannot be written shows at the start.
      try kept?.write(server, of: board)
      if let report {
        do throws(StorageError) { try WholeFile.checkWritable(pathOfUser: report) } catch {
          try Exits.leave("\(error)", with: Exits.code(of: error))
        }
      }
      var logged: TraceFile?
      if let log {
        do throws(StorageError) {
          let file = try TraceFile(path: log)
          logged = file
          server.chip.trace = Trace(to: TraceStream(calls: { file.append($0) }))
          // Its first line is written by now: a full disk shows before anybody is served.
          if let lost = file.failure { throw lost }
        } catch {
          try Exits.leave("\(error)", with: Exits.code(of: error))
        }
      }
      say("\(description.name): \(chip.lineCount) lines at \(socket)\(since)")
      server.run(stopping: { Interruption.isAsked })
      if state == nil && !server.isConnected { server.chip.depart(at: server.time) }
      // Nobody goes on from a board in the middle of an event that failed.
      if server.chip.failure == nil { try kept?.write(server, of: board) }
      try writeObservations(of: server, description: description)
      if let failure = server.chip.failure { throw failure }
      logged?.finish()
      if let lost = logged?.failure {
        try Exits.leave("\(lost): the log is cut short there", with: Exits.code(of: lost))
      }
    }
  }

  private func writeObservations(of server: ChipServer, description: BoardDescription) throws {
    let chip = server.chip
    chip.trace?.stream?.flush(isEnd: true)
    var analog = chip.pins.analog
    let misuses = chip.pins.told
    let observed = Observations(
      sightings: chip.sightings, misuses: misuses.count, firstMisuses: misuses.first,
      misusesByRule: Dictionary(
        uniqueKeysWithValues: (misuses.byRule ?? []).map { ($0.rule, $0.count) }),
      longestLearning: chip.pins.longestLearning.count, gates: analog.gates(at: chip.pins.time),
      linesAway: chip.pins.linesAway,
      clampsDriven: analog.state.clampsDriven, sourcesDriven: analog.state.sourcesDriven)
    let data = try JSON.data(of: observed)
    if let report {
      do throws(StorageError) {
        try WholeFile.write(data, toPathOfUser: report)
      } catch {
        try Exits.leave("\(error)", with: Exits.code(of: error))
      }
    } else {
      print(String(decoding: data, as: UTF8.self))
    }
  }

  /// What was seen of the computer, from the board's side.
  private struct Observations: Encodable {
    var sightings: PinChip.Sightings
    var misuses: Int
    var firstMisuses: [String]
    /// How many there were of each rule since the start.
    var misusesByRule: [String: Int]
    /// The longest that the one-shot let LEARN be in effect since the start, ns.
    var longestLearning: Int64
    var gates: [Double]
    /// What stands away from rest at the end: lines as they were set, clamps, sources.
    var linesAway: Int
    var clampsDriven: Int
    var sourcesDriven: Int
  }
}
#endif
