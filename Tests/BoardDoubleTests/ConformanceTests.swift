import Files
import Firmware
import Foundation
import LinuxGPIO
import Testing
import BoardDouble
import Wiring

/// The conformance suite on every face and wiring of the double.
enum ConformingBoard: String, CaseIterable, CustomTestStringConvertible {
  case directLattice, pinnedLattice, directBreadboard, pinnedBreadboard

  var testDescription: String { rawValue }

  private func suite<Board: VirtualFace>(_ name: String, _ type: Board.Type) throws
    -> Conformance<Board>
  {
    var description = try shippedBoard(name)
    // The suite must pass whatever the draws; these are all the imperfections there are.
    description.imperfections = .measured
    let board = description
    return Conformance<Board>(
      sources: board.sources.count, targets: board.targets.count,
      edges: board.edges.count { $0.part == .learning },
      path: .init(edge: 0, source: 0, target: 0), range: board.nodeLowest...board.nodeHighest
    ) {
      try Board(
        description: board, seed: 17, sources: board.sources, targets: board.targets)
    }
  }

  /// Checks a promise on this board.
  func check(_ promise: Promise) throws {
    switch self {
    case .directLattice: try suite("lattice", DirectBoard.self).check(promise)
    case .pinnedLattice: try suite("lattice", PinBoard.self).check(promise)
    case .directBreadboard: try suite("breadboard", DirectBoard.self).check(promise)
    case .pinnedBreadboard: try suite("breadboard", PinBoard.self).check(promise)
    }
  }
}

struct ConformanceTests {
  @Test(
    arguments: Promise.allCases,
    ConformingBoard.allCases)
  func `both faces keep every promise of a learning board`(
    _ promise: Promise, on board: ConformingBoard
  ) throws {
    try board.check(promise)
  }
}

private let gpioBoardPath = ProcessInfo.processInfo.environment["TELLEGEN_GPIO_BOARD"]

/// The conformance suite on a board at this computer's GPIO lines, real or simulated: its file is
/// named by TELLEGEN_GPIO_BOARD. `make hil` runs it in the simulated computer.
@Suite(
  .serialized,
  .enabled(
    if: gpioBoardPath != nil,
    "TELLEGEN_GPIO_BOARD does not name the file of a board at GPIO lines"))
struct KernelConformanceTests {
  @Test(arguments: Promise.allCases)
  func `the board at the lines keeps every promise`(_ promise: Promise) throws {
    let board = try BoardDescription.read(path: try #require(gpioBoardPath))
    let wiring = try BoardWiring(
      board, sources: board.sources.count, targets: board.targets.count)
    let wires = try #require(board.wiring)
    try Conformance<WiredBoard<LinuxLines>>(
      sources: board.sources.count, targets: board.targets.count,
      edges: board.edges.count { $0.part == .learning },
      path: .init(edge: 0, source: 0, target: 0), range: board.nodeLowest...board.nodeHighest,
      // A real clock runs on while nothing is done, the more so in a virtual machine.
      instant: .microseconds(500)
    ) {
      var made = WiredBoard(lines: try LinuxLines(wires, wiring: wiring), wiring: wiring)
      try made.releaseAll()
      return made
    }.check(promise)
  }
}
