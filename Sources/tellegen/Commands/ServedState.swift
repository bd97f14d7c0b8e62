#if Simulation
import Circuit
import Files
import Firmware
import Foundation
import Runs
import BoardDouble
import VhostGPIO

/// What a served board is made of: a state is one of the same board only.
struct ServedBoard: Codable, Equatable {
  /// The board, whole.
  var board: BoardDescription
  /// The node of each source channel.
  var sources: [Int]
  /// The node of each target channel.
  var targets: [Int]
  /// The seed of the board's parts.
  var seed: UInt64

  /// In what it differs from another, in words; `nil` when in nothing.
  func difference(from other: ServedBoard) -> String? {
    if board.name != other.board.name {
      return "it is of the board '\(other.board.name)', not '\(board.name)'"
    }
    if seed != other.seed { return "it is of seed \(other.seed), not \(seed)" }
    if sources != other.sources || targets != other.targets {
      return "it is of a task at other nodes"
    }
    return board == other.board ? nil : "the board file has changed since"
  }
}

/// A served chip and board between two processes.
struct ServedState: Codable {
  /// What they are.
  var of: ServedBoard
  /// Their state.
  var chip: PinChip.State
  /// The server's time, ns.
  var time: Int64
  /// When that was, s since 1970.
  var date: Double

  /// How long ago it was, s: the machine's clock has gone on, gates have leaked and the one-shot
  /// has ended a pulse meanwhile. A clock that was set back counts as no time, one far ahead as 30
  /// years.
  func gap(until now: Date) -> Double {
    min(max(now.timeIntervalSince1970 - date, 0), 1e9)
  }
}

/// The file of a served chip's state.
struct StateFile {
  private let directory: RunDirectory
  private let name: String

  init(path: String) {
    let url = URL(fileURLWithPath: path)
    directory = RunDirectory(path: url.deletingLastPathComponent().path)
    name = url.lastPathComponent
  }

  /// Reads the state, when there is a file.
  /// - Throws: `RunDirectoryError` for a damaged file, an exit for one of another board.
  func read(for board: ServedBoard) throws -> ServedState? {
    guard FileManager.default.fileExists(atPath: directory.file(name)) else { return nil }
    let saved = try directory.read(ServedState.self, from: name)
    if let difference = board.difference(from: saved.of) {
      try Exits.leave(
        "\(directory.file(name)): \(difference); serve as it was served, or give --state another "
          + "file", with: Exits.data)
    }
    // Up to a hundred years, as in the states of boards.
    guard (0...3_200_000_000_000_000_000).contains(saved.time) else { throw StateMismatch() }
    return saved
  }

  /// Writes the state as it is now, whole or not at all.
  func write(_ server: ChipServer, of board: ServedBoard) throws {
    try directory.write(
      ServedState(
        of: board, chip: server.chip.state, time: server.time.count,
        date: Date().timeIntervalSince1970), to: name)
  }
}
#endif
