import Description
import Firmware
import Learning
import Testing

@testable import VirtualBoard

/// What the program computes, to the bit: moving code about must not change it. A change that is meant
/// to is made on its own, says so, and gives the new checksums.
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
        rule: RuleSettings(name: run.rule, update: description.gates.update), epochs: run.epochs,
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
    let found = try checksum(VirtualBoard.self, run)
    #expect(found == run.checksum, "\(run.testDescription): 0x\(String(found, radix: 16))")
  }

  @Test(arguments: runs.filter { $0.epochs <= 10 && $0.board != "lattice-multiplier" })
  func `and through its pins with the same`(_ run: Run) throws {
    let found = try checksum(PinBoard.self, run)
    #expect(found == run.checksum, "\(run.testDescription): 0x\(String(found, radix: 16))")
  }

  @Test(arguments: [(0.01, 0 as UInt64), (0.1, 0)])
  func `a cycle of two tasks goes as it always went`(_ tau: Double, _ checksum: UInt64) throws {
    let board = try shippedBoard("two-edge")
    let plan = CyclePlan(
      rule: RuleSettings(name: .standard, update: .multiplier), seed: 1, longest: 0.5)
    var cycling = try Cycling<VirtualBoard>(
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
    Run("lattice", "iris", .centredOverclamped, 100, 0),
  ]
    + RuleSettings.Name.allCases.flatMap { rule in
      ["iris", "xor", "regression"].map { Run("lattice", $0, rule, 8, 0) }
    } + [
      Run("breadboard", "regression", .centredOverclamped, 10, 0),
      Run("lattice-multiplier", "iris", .coupled, 10, 0),
      Run("lattice-multiplier", "regression", .overclamped, 10, 0),
      Run("two-edge", "two-edge-alpha", .standard, 100, 0),
    ]
}
