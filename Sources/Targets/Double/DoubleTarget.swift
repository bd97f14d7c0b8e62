#if Simulation
package import BoardDouble
package import Files
package import Firmware
package import Runs
package import Traces

/// The double, by either of its faces.
package struct DoubleTarget<Face: DoubleFace>: OpenTarget {
  package typealias Board = Face
  package typealias BoardState = VirtualState

  package var session: Session<Face>

  /// Powers up the double of a run.
  package init(_ setting: RunSetting) throws {
    session = try Session<Face>(
      description: setting.board, task: setting.task, plan: setting.plan,
      boardSeed: setting.boardSeed, calibration: setting.calibration)
    session.keepsCurve = false
  }

  package static var isOutside: Bool { false }

  package var waveform: Waveform? {
    guard let idle = session.board.idle else { return nil }
    let board = session.description
    return Waveform(
      lines: board.wiring?.wires.map(\.role) ?? [], gates: board.learningEdges.map(\.name),
      nodes: board.nodes, initial: idle)
  }

  package mutating func keep(_ trace: Trace?) { session.board.keep(trace) }

  /// The double's gates stand where its description says: nothing has to be found.
  package mutating func makeReady(
    telling: (String) -> Void, stopping: () -> Bool
  ) throws -> Bool { true }

  /// Nothing outside has to be looked at.
  package mutating func beginAsItStands() {}

  package var checkpoint: Checkpoint<VirtualState> { session.checkpoint }

  package mutating func restore(
    _ saved: Checkpoint<VirtualState>, stopping: () -> Bool
  ) throws -> Bool {
    try session.restore(saved)
    return true
  }

  package static func operations(of board: borrowing Face) -> Int? { nil }

  package mutating func finish(
    steps: LineStatistics.Steps, epochsBefore: Int?
  ) throws -> (result: RunResult, lines: LineStatistics?) {
    var result = session.result
    result.presentation = session.presentationCost
    return (result, nil)
  }

  package mutating func linesAway() -> [String]? {
    let wires = session.description.wiring?.wires ?? []
    return session.board.away.map { away in
      wires.indices.filter { away.meets(LineSet(line: $0)) }.map { wires[$0].role }
    }
  }

  package mutating func chainComesBack() throws -> Bool? { try session.board.comesBack() }

  package mutating func lendLines<User: LineUser>(to user: inout User) throws -> Bool {
    try session.board.lendLines(to: &user)
  }

  /// Nothing outside is driven.
  package mutating func rest() {}

  package mutating func tearDown(within time: Nanoseconds) -> [TeardownFailure] {
    session.board.leave(within: time)
  }

  package var remarks: [String] { session.board.remarks }
  package var misuses: PinMisuses? { session.board.misuses }
}

/// A face of the double as a run sees it.
package protocol DoubleFace: VirtualFace {
  /// The levels of the lines at rest; `nil` without lines.
  var idle: LineSet? { get }
  /// The outputs that stand away from rest; `nil` without lines.
  var away: LineSet? { get }
  /// Whether a pattern comes back through the chains; `nil` without lines.
  mutating func comesBack() throws(Failure) -> Bool?
  /// Lends the lines; whether there are any.
  mutating func lendLines<User: LineUser>(to user: inout User) throws(Failure) -> Bool
  /// Begins to keep a log of the lines, or ends it.
  mutating func keep(_ trace: Trace?)
  /// Leaves nothing driven, as far as that can be done in a time; returns what was not done.
  mutating func leave(within time: Nanoseconds) -> [TeardownFailure]
  /// What the user should know at the end.
  var remarks: [String] { get }
  /// What was done to the pins that real parts would not forgive; `nil` without pins.
  var misuses: PinMisuses? { get }
}

extension DirectBoard: DoubleFace {
  package var idle: LineSet? { nil }
  package var away: LineSet? { nil }
  package mutating func comesBack() -> Bool? { nil }
  package mutating func lendLines<User: LineUser>(to user: inout User) -> Bool { false }
  package mutating func keep(_ trace: Trace?) {}
  package mutating func leave(within time: Nanoseconds) -> [TeardownFailure] { [] }
  package var remarks: [String] { [] }
  package var misuses: PinMisuses? { nil }
}

extension WiredBoard: DoubleFace where L == VirtualPins {
  package var idle: LineSet? { wiring.idle }
  package var away: LineSet? {
    LineSet(bits: lines.levels.bits ^ wiring.idle.bits) & wiring.outputs
  }
  package mutating func comesBack() throws(Failure) -> Bool? { try chainComesBack() }
  package mutating func lendLines<User: LineUser>(to user: inout User) throws(Failure) -> Bool {
    try lend(to: &user)
  }
  package mutating func keep(_ trace: Trace?) { lines.trace = trace }
  package mutating func leave(within time: Nanoseconds) -> [TeardownFailure] {
    tearDown(within: time) { try $0.tearDown(.lines) }
  }
  /// What the pins saw.
  package var remarks: [String] {
    let misuses = lines.told
    return ["\(lines.operations) line operations; \(misuses.words)."]
      + (misuses.byRule ?? []).map { "  \($0.words)" }
  }
  package var misuses: PinMisuses? { lines.told }
}

extension VirtualPins {
  /// The misuses of these pins with names and times as people and records want them.
  package var told: PinMisuses {
    func broken(_ misuse: Misuse, _ count: Int) -> PinMisuses.Broken {
      PinMisuses.Broken(
        rule: misuse.rule.rawValue, count: count, first: misuse.time.seconds,
        lines: names(of: misuse.lines), parts: parts(of: misuse))
    }
    return PinMisuses(
      count: misuseCount, first: misuses.prefix(5).map { broken($0, 1).occasion },
      byRule: misusesByRule.values.map { broken($0.first, $0.count) }
        .sorted { ($0.first, $0.rule) < ($1.first, $1.rule) })
  }
}
#endif
