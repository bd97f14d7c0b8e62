import Files
import Firmware
import Foundation
import Runs
import Targets
import TestSupport
import Testing
import BoardDouble
import Wiring

/// One call of a learning board and its answer.
enum BoardCall: Equatable {
  case drive(Int, Voltage)
  case settle
  case measure(Int, Voltage)
  case clamp(Int, Voltage)
  case release(Int)
  case compare([Comparison])
  case pulse(Nanoseconds, [Drive], lasted: Nanoseconds)
  case now(Nanoseconds)
}

/// A learning board that keeps what was asked of it and what it answered.
struct Recorded<Board: LearningBoard>: LearningBoard {
  /// The board that does the work.
  var inner: Board
  /// The calls since somebody cleared them.
  var calls: [BoardCall] = []

  init(_ inner: Board) { self.inner = inner }

  var abilities: Abilities { inner.abilities }
  var longestPulse: Nanoseconds { inner.longestPulse }

  mutating func drive(source: Int, at voltage: Voltage) throws(Board.Failure) {
    try inner.drive(source: source, at: voltage)
    calls.append(.drive(source, voltage))
  }

  mutating func settle() throws(Board.Failure) {
    try inner.settle()
    calls.append(.settle)
  }

  mutating func measure(target: Int) throws(Board.Failure) -> Voltage {
    let read = try inner.measure(target: target)
    calls.append(.measure(target, read))
    return read
  }

  mutating func clamp(target: Int, at voltage: Voltage) throws(Board.Failure) {
    try inner.clamp(target: target, at: voltage)
    calls.append(.clamp(target, voltage))
  }

  mutating func release(target: Int) throws(Board.Failure) {
    try inner.release(target: target)
    calls.append(.release(target))
  }

  mutating func compare(into comparisons: inout MutableSpan<Comparison>) throws(Board.Failure) {
    try inner.compare(into: &comparisons)
    calls.append(.compare(comparisons.indices.map { comparisons[$0] }))
  }

  mutating func pulse(width: Nanoseconds, drives: Span<Drive>) throws(Board.Failure) -> Nanoseconds
  {
    let lasted = try inner.pulse(width: width, drives: drives)
    calls.append(.pulse(width, drives.indices.map { drives[$0] }, lasted: lasted))
    return lasted
  }

  mutating func now() throws(Board.Failure) -> Nanoseconds {
    let time = try inner.now()
    calls.append(.now(time))
    return time
  }
}

/// A board, a task and a rule that both faces are put through.
struct FaceCase: CustomTestStringConvertible, Sendable {
  var board: String
  var task: String
  var rule: RuleSettings.Name
  var probability: Double

  var testDescription: String { "\(board), \(task), \(rule.rawValue), p = \(probability)" }

  /// Every rule, every edge in every step and every other, on both wirings.
  static let all: [FaceCase] = ["lattice", "breadboard"].flatMap { board in
    RuleSettings.Name.allCases.flatMap { rule in
      [1, 0.5].map { probability in
        FaceCase(board: board, task: "regression", rule: rule, probability: probability)
      }
    }
  }

  /// Other tasks: classes, more sources, plain outputs.
  static let others: [FaceCase] = [
    FaceCase(board: "lattice", task: "xor", rule: .coupled, probability: 1),
    FaceCase(board: "lattice", task: "xor", rule: .centredOverclamped, probability: 0.5),
    FaceCase(board: "lattice", task: "iris", rule: .overclamped, probability: 0.5),
    FaceCase(board: "breadboard", task: "allostery", rule: .centred, probability: 1),
  ]

  /// The board with everything wrong that can be.
  var description: BoardDescription {
    get throws {
      var description = try shippedBoard(board)
      description.imperfections = Imperfections(
        temperatureRise: 6, supplyRipple: 0.02, driveImbalance: 0.05)
      return description
    }
  }

  var plan: Plan {
    Plan(
      rule: RuleSettings(name: rule, update: .comparator, probability: probability), epochs: 10,
      seed: 23)
  }

  func session<Board: VirtualFace>(on type: Board.Type) throws -> Session<Board> {
    try Session<Board>(description: description, task: shippedTask(task), plan: plan)
  }

  /// The same on a board that keeps its calls.
  func recorded<Board: VirtualFace>(on type: Board.Type) throws -> Session<Recorded<Board>> {
    let task = try shippedTask(task)
    let place = try task.place(on: description)
    let board = try Board(
      description: description, seed: plan.seed, sources: place.sources, targets: place.targets)
    return try Session<Recorded<Board>>(
      board: Recorded(board), description: description,
      problem: Problem(task: task, seed: plan.seed), plan: plan,
      calibration: Calibration(measuredOn: board.analog))
  }
}

/// The bits of numbers: equal numbers with other bits are not equal here.
func bits(_ numbers: [Double]) -> [UInt64] { numbers.map(\.bitPattern) }

/// Whether longer variants are asked for.
let longRuns = ProcessInfo.processInfo.environment["TELLEGEN_LONG"] != nil
