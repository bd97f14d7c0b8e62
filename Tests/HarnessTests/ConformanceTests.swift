import BoardDouble
import Circuit
import Files
import Firmware
import Runs
import Targets
import TestSupport
import Testing

@testable import Harness

/// The promises of a learning board: kept by the double's two faces, and seen to be broken where they are.
@Suite struct ConformanceTests {
  private static func breaches<Board: LearningBoard>(
    of promise: Promise, on board: inout Board, _ name: String,
    spent: @escaping (inout Board) throws -> Int64
  ) throws -> [String] {
    var conformance = try Conformance<Board>(
      of: try Subject(try shippedBoard(name)), stopping: { false }, spent: spent)
    return try conformance.breaches(of: promise, on: &board)
  }

  private static func face<Face: VirtualFace>(_ name: String, seed: UInt64) throws -> Face {
    let board = try shippedBoard(name)
    return try Face(
      description: board, seed: seed, sources: board.sources, targets: board.targets)
  }

  @Test(arguments: Promise.allCases, ["lattice", "breadboard"])
  func `both faces keep every promise, gates wherever they stand`(
    _ promise: Promise, _ name: String
  ) throws {
    for seed: UInt64 in [17, 18] {
      var direct: DirectBoard = try Self.face(name, seed: seed)
      var pins: PinBoard = try Self.face(name, seed: seed)
      direct.withAnalog { board, time in
        board.setGates([Double](repeating: seed == 17 ? 4.5 : 0, count: 32), at: time)
      }
      #expect(try Self.breaches(of: promise, on: &direct, name) { $0.time.count } == [])
      #expect(try Self.breaches(of: promise, on: &pins, name) { $0.time.count } == [])
      #expect(pins.lines.misuseCount == 0)
    }
  }

  @Test(arguments: Promise.allCases, ["lattice", "breadboard"])
  func `a board that breaks a promise is found out`(_ promise: Promise, _ name: String) throws {
    var board = BrokenBoard(
      base: try Self.face(name, seed: 17), breaks: promise,
      targets: try shippedBoard(name).targets.count)
    let breaches = try Self.breaches(of: promise, on: &board, name) { $0.base.time.count }
    #expect(!breaches.isEmpty)
  }

  @Test func `no gate is charged beyond the controllers' limit`() throws {
    for name in ["lattice", "breadboard"] {
      var board: PinBoard = try Self.face(name, seed: 3)
      let highest = try shippedBoard(name).gates.maximum
      for promise in Promise.allCases {
        #expect(try Self.breaches(of: promise, on: &board, name) { $0.time.count } == [])
        #expect(board.analog.state.gates.allSatisfy { $0 < highest }, "\(promise)")
        #expect(board.analog.state.clampsDriven == 0)
      }
      let most = Nanoseconds(seconds: try shippedBoard(name).timing.pulseLimit)
      #expect(!(most < board.lines.longestLearning))
    }
  }

  @Test(arguments: ["lattice", "breadboard"])
  func `good boards keep all promises, whatever their parts`(_ name: String) throws {
    let board = try ProvenBoard.named(name)
    let scenario = try ProvenBoard.scenario("conformance")
    for seed: UInt64 in 800_001...800_030 {
      let record = board.run(scenario, on: .double, seed: seed)
      #expect(record.outcome == .pass, "\(seed): \(record.phases.flatMap(\.complaints))")
    }
  }

  @Test func `what is broken is said of the board, and a stop ends it`() throws {
    let board = try ProvenBoard.named("breadboard")
    var scenario = try ProvenBoard.scenario("conformance")
    scenario.phases = ["conformance"]
    // Nothing moves a gate: what charges and what is longer does nothing.
    scenario.faults = [.line(role: "LEARN", .stuckLow)]
    let record = board.run(scenario, on: .pins, seed: 1)
    #expect(record.outcome == .fail)
    let said = record.phases.flatMap(\.findings)
    #expect(said.contains { $0.hasPrefix("not kept: charging raises a conductance") }, "\(said)")
    #expect(said.count < Promise.allCases.count)
    scenario.faults = []
    var asked = 0
    let stopped = board.run(scenario, on: .pins, seed: 1) {
      asked += 1
      return asked > 30
    }
    #expect(stopped.outcome.word == "ABORTED")
  }

  @Test func `a difference between the faces is named`() throws {
    let subject = try Subject(try shippedBoard("breadboard"))
    let setting = subject.setting(subject.description, seed: 7)
    var words: [String?] = []
    for change in 0..<3 {
      var direct = try DoubleTarget<DirectBoard>(setting)
      var pins = try DoubleTarget<PinBoard>(setting)
      if change == 1 { pins.session.board.withAnalog { board, _ in board.events = 8 } }
      if change == 2 { pins.session.board.lines.pace = OperationPace(.shared, seed: 1) }
      words.append(
        try FacesPhase.difference(of: &direct, &pins, PhaseLog(stopping: { false }), subject))
    }
    #expect(words[0] == nil)
    #expect(words[1]?.contains("S1-T1") == true, "\(words)")
    #expect(words[2] != nil)
  }
}

/// The direct double with one thing wrong.
private struct BrokenBoard: LearningBoard {
  typealias Failure = CircuitError

  var base: DirectBoard
  let breaks: Promise
  let targets: Int
  private var asked = 0
  private var isClamped = false

  init(base: DirectBoard, breaks: Promise, targets: Int) {
    self.base = base
    self.breaks = breaks
    self.targets = targets
  }

  var abilities: Abilities { base.abilities }
  var longestPulse: Nanoseconds { base.longestPulse }

  mutating func drive(source: Int, at voltage: Voltage) throws(CircuitError) {
    switch breaks {
    case .whatStandsIsNotSetAgain:
      try base.drive(source: source, at: .zero)
      try base.drive(source: source, at: voltage)
    case .channelsOutsideAreIgnored:
      try base.drive(source: source < 0 || source >= 2 ? 0 : source, at: voltage)
    default: try base.drive(source: source, at: voltage)
    }
  }

  mutating func settle() throws(CircuitError) { base.settle() }

  mutating func measure(target: Int) throws(CircuitError) -> Voltage {
    let read = try base.measure(target: target)
    guard target >= 0, target < targets else { return read }
    switch breaks {
    case .targetsLieBetweenTheSources: return read + Voltage(volts: 0.05)
    case .targetsFollowASourceMonotonically: return Voltage(volts: 0.453) - read
    case .clampingLeavesTheFreeTwinAlone where isClamped: return read + Voltage(volts: 0.02)
    default: return read
    }
  }

  mutating func clamp(target: Int, at voltage: Voltage) throws(CircuitError) {
    isClamped = true
    try base.clamp(target: target, at: voltage)
  }

  mutating func release(target: Int) throws(CircuitError) {
    if breaks == .clampingChangesComparisonsAndReleasingFrees { return }
    isClamped = false
    try base.release(target: target)
  }

  mutating func compare(into comparisons: inout MutableSpan<Comparison>) throws(CircuitError) {
    try base.compare(into: &comparisons)
    if breaks == .spansOfAnyLengthMayBeLent, comparisons.count > 32 {
      comparisons[comparisons.count - 1] = Comparison(bits: 2)
    } else if breaks == .spansOfAnyLengthMayBeLent, comparisons.count > 5, comparisons.count < 32 {
      comparisons[5] = Comparison(bits: 2)
    }
  }

  mutating func pulse(
    width: Nanoseconds, drives: Span<Drive>
  ) throws(CircuitError) -> Nanoseconds {
    var list: [Drive] = []
    for index in drives.indices { list.append(drives[index]) }
    var width = width
    switch breaks {
    case .chargingRaisesAndDischargingLowersTheConductance:
      list = list.map { $0 == .charge ? .discharge : $0 == .discharge ? .charge : .hold }
    case .holdingKeepsTheGates:
      if list.isEmpty { list = [.hold] }
      if list[0] == .hold { list[0] = .charge }
    case .longerPulsesMoveFurther where list.count(where: { $0 != .hold }) == 1:
      width = min(width, longestPulse.scaled(by: Fraction(1, of: 5)))
    case .theTimerEndsALongPulse where longestPulse < width:
      _ = try base.pulse(width: longestPulse, drives: list.span)
    default: break
    }
    let lasted = try base.pulse(width: width, drives: list.span)
    return breaks == .pulsesLastAtLeastTheirWidth ? lasted.half : lasted
  }

  mutating func now() -> Nanoseconds {
    asked += 1
    let back = breaks == .theClockNeverGoesBack && asked % 3 == 0
    return back ? base.time - .milliseconds(100) : base.time
  }
}
