import Files
import Firmware
import Runs
import Studies
import Targets
import TestSupport
import Testing

@testable import BoardDouble

/// What the program computes, to the bit: moving code about must not change it. A change that is
/// meant to is made on its own, says so, and gives the new checksums.
@Suite struct PinnedBitsTests {
  /// A run and the checksum of what it ends with.
  struct Run: Sendable, CustomTestStringConvertible {
    let board: String
    let task: String
    let rule: RuleSettings.Name
    let epochs: Int
    let checksum: UInt64
    var testDescription: String { "\(task) on \(board), \(rule.rawValue), \(epochs) epochs" }

    init(
      _ board: String, _ task: String, _ rule: RuleSettings.Name, _ epochs: Int, _ checksum: UInt64
    ) {
      self.board = board
      self.task = task
      self.rule = rule
      self.epochs = epochs
      self.checksum = checksum
    }
  }

  /// FNV-1a of 64-bit words, byte by byte from the lowest.
  struct Checksum {
    var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ word: UInt64) {
      for shift in stride(from: 0, to: 64, by: 8) {
        value = (value ^ (word >> UInt64(shift) & 0xff)) &* 0x100_0000_01b3
      }
    }
    mutating func add(_ number: Double) { add(number.bitPattern) }
  }

  /// Gates, estimates and time of the end.
  private func checksum<Board: VirtualFace>(_: Board.Type, _ run: Run) throws -> UInt64 {
    let description = try shippedBoard(run.board)
    var session = try Session<Board>(
      description: description, task: try shippedTask(run.task),
      plan: Plan(
        rule: RuleSettings(
          name: run.rule, update: description.gates.update, balanced: false, dithered: false),
        epochs: run.epochs,
        seed: 1, lastPulse: Plan.usualLastPulse(description.gates.update)))
    try session.begin()
    while !session.isFinished { _ = try session.trainEpoch() }
    var sum = Checksum()
    let result = session.result
    for gate in result.gates + result.estimatedGates { sum.add(gate) }
    sum.add(result.boardTime)
    sum.add(result.last.training.error)
    return sum.value
  }

  @Test(arguments: runs)
  func `a run ends with the bits that it always ended with`(_ run: Run) throws {
    let found = try checksum(DirectBoard.self, run)
    #expect(found == run.checksum, "\(run.testDescription): 0x\(String(found, radix: 16))")
  }

  @Test(arguments: runs.filter { $0.epochs <= 10 && $0.board != "lattice-multiplier" })
  func `and through its pins with the same`(_ run: Run) throws {
    let found = try checksum(PinBoard.self, run)
    #expect(found == run.checksum, "\(run.testDescription): 0x\(String(found, radix: 16))")
  }

  @Test(arguments: [
    (0.01, 0x2aeac29db3d901a7 as UInt64), (0.1, 0x3f76ab6e228f7e96),
  ])
  func `a cycle of two tasks goes as it always went`(_ tau: Double, _ checksum: UInt64) throws {
    let board = try shippedBoard("two-edge")
    let plan = CyclePlan(
      rule: RuleSettings(name: .standard, update: .multiplier), seed: 1, longest: 0.5)
    var cycling = try Cycling<DirectBoard>(
      description: board,
      tasks: [try shippedTask("two-edge-alpha"), try shippedTask("two-edge-beta")], plan: plan)
    let result = try #require(try cycling.run(tau: tau))
    var sum = Checksum()
    sum.add(result.error)
    sum.add(result.span)
    for gates in result.path { for gate in gates { sum.add(gate) } }
    #expect(sum.value == checksum, "tau \(tau): 0x\(String(sum.value, radix: 16))")
  }

  static let runs: [Run] = [
    Run("breadboard", "regression", .centredOverclamped, 10, 0x9f7284a1dba89d36),
    Run("lattice", "iris", .centred, 8, 0x36585a9e93d94df0),
    Run("lattice", "iris", .centredOverclamped, 8, 0xd7315ceceaa51720),
    Run("lattice", "iris", .centredOverclamped, 100, 0x40ac8e554b37e9f3),
    Run("lattice", "iris", .coupled, 8, 0x95067d47dc6fd88d),
    Run("lattice", "iris", .overclamped, 8, 0xec5bad2cbfda79fe),
    Run("lattice", "iris", .standard, 8, 0xf613072f8c71e119),
    Run("lattice", "regression", .centred, 8, 0xcddd4f00fe75bf8a),
    Run("lattice", "regression", .centredOverclamped, 8, 0x31b65c2f20bfcad0),
    Run("lattice", "regression", .coupled, 8, 0x4ecd92c5a0c347be),
    Run("lattice", "regression", .overclamped, 8, 0xa99284d0ce6c2b5d),
    Run("lattice", "regression", .standard, 8, 0xc6e73a64eec1a58a),
    Run("lattice", "xor", .centred, 8, 0xae76f8454cf8b36f),
    Run("lattice", "xor", .centredOverclamped, 8, 0x5471210aeeeba601),
    Run("lattice", "xor", .coupled, 8, 0xe1d7c2ab402a11fa),
    Run("lattice", "xor", .overclamped, 8, 0x05632d40dde117c2),
    Run("lattice", "xor", .standard, 8, 0x302a5bdc72045d5e),
    Run("lattice-multiplier", "iris", .coupled, 10, 0xc6911c33c4c160d8),
    Run("lattice-multiplier", "regression", .overclamped, 10, 0x73168e045ea64549),
    Run("two-edge", "two-edge-alpha", .standard, 100, 0x48efd342fb26526a),
  ]
}
