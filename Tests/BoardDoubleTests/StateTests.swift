import Circuit
import Files
import Firmware
import Foundation
import Testing
import BoardDouble

/// The same seed gives the same bits, and a board put into a saved state goes on as the saved one.
@Suite struct StateTests {
  /// Does a drawn operation and says what came of it.
  private func act(_ board: inout DirectBoard, _ dice: inout Dice) throws -> [Int64] {
    let channel = dice.index(below: 4)
    let voltage = Voltage(volts: dice.number(0...0.45))
    switch dice.index(below: 9) {
    case 0, 1: try board.drive(source: channel + dice.index(below: 5), at: voltage)
    case 2: try board.clamp(target: channel, at: voltage)
    case 3: try board.release(target: channel)
    case 4: board.settle()
    case 5: return [Int64(try board.measure(target: channel).units)]
    case 6: return try board.comparisons().map { Int64($0.bits) }
    case 7:
      let drives = (0..<32).map { _ in Drive(rawValue: UInt8(dice.index(below: 3)))! }
      let width = Nanoseconds(seconds: dice.number(0...0.012))
      return try [board.pulse(width: width, drives: drives.span).count]
    default: board.wait(Nanoseconds(seconds: dice.number(0...0.05)))
    }
    return []
  }

  private func fresh(_ name: String, seed: UInt64 = 11) throws -> DirectBoard {
    var board = try DirectBoard(try shippedBoard(name), seed: seed)
    board.setGates((0..<32).map { 1.5 + 0.05 * Double($0) })
    return board
  }

  @Test(arguments: ["lattice", "lattice-multiplier"])
  func `the same seed and operations give the same bits`(_ name: String) throws {
    func run(seed: UInt64) throws -> (told: [[Int64]], state: VirtualState) {
      var board = try fresh(name, seed: seed)
      var dice = Dice(1)
      let told = try (0..<300).map { _ in try act(&board, &dice) }
      return (told, board.state)
    }
    let one = try run(seed: 11)
    let again = try run(seed: 11)
    let other = try run(seed: 12)
    #expect(one.told == again.told && one.state == again.state)
    #expect(one.told != other.told && one.state != other.state)
  }

  @Test(arguments: ["lattice", "lattice-multiplier"])
  func `a restored board goes on bit for bit, wherever it was saved`(_ name: String) throws {
    var board = try fresh(name)
    var dice = Dice(2)
    var moments = Dice(3)
    var saved: [(copy: DirectBoard, dice: Dice)] = []
    var differing: [Int] = []
    for step in 0..<300 {
      if moments.number(0...1) < 0.15 {
        let data = try JSONEncoder().encode(board.state)
        var copy = try fresh(name)
        // Something else has happened to the copy before.
        _ = try copy.pulse(.milliseconds(3), .charge)
        _ = try copy.comparisons()
        try copy.restore(try JSONDecoder().decode(VirtualState.self, from: data))
        #expect(copy.state == board.state)
        saved.append((copy, dice))
      }
      let told = try act(&board, &dice)
      for index in saved.indices {
        var (copy, itsDice) = saved[index]
        let answer = try act(&copy, &itsDice)
        if answer != told || copy.state != board.state { differing.append(step) }
        saved[index] = (copy, itsDice)
      }
      if saved.count > 8 { saved.removeFirst() }
    }
    #expect(differing.isEmpty, "first after step \(differing.first ?? -1)")
  }

  @Test func `a source's own offset is there from power-up on`() throws {
    var sizes = Imperfections.none
    sizes.dacOffset = 0.01
    var board = try AnalogBoard(bench: bench(edges: 1, imperfections: sizes))
    let atPowerUp = try board.freeVoltages(at: .zero)[0...1]
    try board.setSource(0, code: 1)
    try board.setSource(1, code: 1)
    try board.setSource(0, code: 0)
    try board.setSource(1, code: 0)
    let later = try board.freeVoltages(at: .zero)[0...1]
    #expect(later.allSatisfy { abs($0) > 1e-4 })
    #expect(atPowerUp == later)
  }

  @Test func `a state saved between driving and looking keeps what was driven`() throws {
    var board = try DirectBoard(bench(edges: 1, imperfections: .none))
    _ = try board.measure(target: 1)
    try board.drive(source: 1, at: .millivolts(300))
    try board.clamp(target: 0, at: .millivolts(200))
    var copy = try DirectBoard(bench(edges: 1, imperfections: .none))
    try copy.restore(board.state)
    #expect(try abs(board.measure(target: 1).volts - 0.3) < 1e-6)
    #expect(try abs(copy.measure(target: 1).volts - 0.3) < 1e-6)
    #expect(try copy.clampedVoltages == board.clampedVoltages)
  }

  @Test func `the state of another board is refused and changes nothing`() throws {
    var board = try fresh("lattice")
    try board.drive(source: 0, at: .millivolts(300))
    let before = board.state
    for other in [
      try DirectBoard(try shippedBoard("breadboard")).state,
      try DirectBoard(BoardDescription.lattice(side: 5)).state,
      try DirectBoard(
        description: try shippedBoard("lattice"), seed: 1, sources: [0, 1], targets: [5]
      ).state,
    ] {
      #expect(throws: StateMismatch.self) { try board.restore(other) }
      #expect(board.state == before)
    }
  }

  @Test func `copies of a board live apart`() throws {
    var board = try fresh("lattice")
    try board.drive(source: 0, at: .millivolts(300))
    try board.drive(source: 1, at: .millivolts(100))
    var copy = board
    let voltages = try board.freeVoltages
    try copy.drive(source: 0, at: .millivolts(20))
    copy.setGates([Double](repeating: 1.2, count: 32))
    #expect(try copy.freeVoltages != voltages)
    _ = try copy.pulse(.milliseconds(5), .charge)
    #expect(try board.freeVoltages == voltages)
  }

  @Test func `gates start drained on comparator boards and reset on multiplier boards`() throws {
    #expect(try DirectBoard(try shippedBoard("lattice")).gates.allSatisfy { $0 == 0 })
    #expect(
      try DirectBoard(try shippedBoard("lattice-multiplier")).gates.allSatisfy { $0 == 2.2 })
  }

  @Test func `boards say what they can do`() throws {
    let comparator = try DirectBoard(try shippedBoard("lattice"))
    #expect(comparator.abilities.contains(.sign.union(.perEdgeHold).union(.antiNudge)))
    #expect(!comparator.abilities.contains(.analogRule))
    let multiplier = try DirectBoard(try shippedBoard("lattice-multiplier"))
    #expect(multiplier.abilities.contains(.analogRule))
    #expect(!multiplier.abilities.contains(.perEdgeHold))
    #expect(!multiplier.abilities.contains(.sign))
    #expect(comparator.longestPulse == .milliseconds(19))
  }
}
