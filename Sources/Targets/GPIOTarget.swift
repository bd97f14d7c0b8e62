package import Files
package import Firmware
package import LinuxGPIO
package import Runs
package import Traces
import Wiring

/// A board at this computer's GPIO lines; its calls can be logged.
package typealias GPIOBoard = WiredBoard<TracingLines<LinuxLines>>

/// A real board at GPIO lines.
package struct GPIOTarget: OpenTarget {
  package typealias Board = GPIOBoard
  package typealias BoardState = Never

  package var session: Session<GPIOBoard>
  private let lines: LinuxLines
  private let sources: [Int]
  private let targets: [Int]

  /// Takes the lines of a run's board; they are at rest then.
  ///
  /// - Parameters:
  ///   - setting: the run.
  ///   - telling: is told what the lines stood at before, a sentence at a time.
  /// - Throws: `WiringError` for a board without wiring, `LineError` for lines that cannot be
  ///   opened.
  package init(_ setting: RunSetting, telling: (String) -> Void) throws {
    let place = try setting.task.place(on: setting.board)
    sources = place.sources
    targets = place.targets
    let wiring = try BoardWiring(
      setting.board, sources: place.sources.count, targets: place.targets.count)
    guard let wires = setting.board.wiring else {
      throw WiringError.none(board: setting.board.name)
    }
    lines = try LinuxLines(wires, wiring: wiring)
    if !lines.leftBehind.isEmpty {
      telling(
        "\(lines.leftBehind.joined(separator: ", ")) stood away from rest: a program was killed; "
          + "the lines are at rest now")
    }
    if let failure = lines.lookFailure {
      telling(
        "how the lines stood before could not be read: \(failure); they are at rest now")
    }
    try lines.checkRest()
    session = try Session(
      board: GPIOBoard(lines: TracingLines(lines, trace: nil), wiring: wiring),
      description: setting.board,
      problem: Problem(task: setting.task, seed: setting.plan.seed), plan: setting.plan,
      calibration: setting.calibration.map { Calibration($0, of: setting.board) }
        ?? Calibration(nominal: setting.board))
    session.keepsCurve = false
  }

  /// Looks whether a board's lines are there and free; none is taken.
  ///
  /// - Parameter board: the board; one without wiring has none.
  /// - Throws: `LineError` for what would keep them from being opened.
  package static func find(linesOf board: BoardDescription) throws(LineError) {
    guard let wiring = board.wiring else { return }
    let chip = try GPIOChip.find(label: wiring.chip)
    let wires = Array(wiring.requested)
    let held = try chip.held(wires, at: try chip.offsets(of: wires))
    if !held.isEmpty { throw .held(held, chip: chip.label) }
  }

  package static var isOutside: Bool { true }

  package var waveform: Waveform? { nil }

  package mutating func keep(_ trace: Trace?) { session.board.lines.trace = trace }

  package mutating func makeReady(
    telling: (String) -> Void, stopping: () -> Bool
  ) throws -> Bool {
    var look = try FirstLook.ofBoard(session.description, sources: sources, targets: targets)
    telling(
      "looking at the board, bringing the gates of \(lines.chip.label) to known voltages")
    try session.beginLook()
    let isReady = try session.findGates(looking: &look, stopping: stopping)
    if !look.findings.isEmpty { throw LooksWrong(findings: look.findings) }
    return isReady
  }

  package mutating func beginAsItStands() throws { try session.beginLook() }

  package var checkpoint: Checkpoint<Never> { session.outsideCheckpoint }

  package mutating func restore(
    _ saved: Checkpoint<Never>, stopping: () -> Bool
  ) throws -> Bool {
    try session.resume(saved, stopping: stopping)
  }

  package static func operations(of board: borrowing GPIOBoard) -> Int? {
    board.lines.base.operations
  }

  package mutating func finish(
    steps: LineStatistics.Steps, epochsBefore: Int?
  ) throws -> (result: RunResult, lines: LineStatistics?) {
    // The log is of training: what follows is not in it.
    keep(nil)
    let seconds = try session.board.now().seconds
    try rest()
    let statistics = LineStatistics(
      chip: lines.chip.label, library: libgpiodVersion, writes: lines.writes, reads: lines.reads,
      latency: LineStatistics.Latency(
        median: lines.latency(0.5), p99: lines.latency(0.99), p999: lines.latency(0.999),
        longest: lines.longestLatency),
      exchanges: lines.controller != nil
        ? LineStatistics.Exchanges(
          count: lines.exchanges,
          latency: LineStatistics.Latency(
            median: lines.exchangeLatency(0.5), p99: lines.exchangeLatency(0.99),
            p999: lines.exchangeLatency(0.999), longest: lines.longestExchange)) : nil,
      steps: steps, leftBehind: lines.leftBehind, epochsBefore: epochsBefore)
    var result = session.result(boardTime: seconds, gates: [])
    result.presentation = presentationCost
    return (result, statistics)
  }

  package mutating func linesAway() throws -> [String]? {
    do throws(LineError) {
      try lines.checkRest()
      return []
    } catch {
      guard case .awayFromRest(let away, _) = error else { throw error }
      return away.map(\.role)
    }
  }

  package mutating func chainComesBack() throws -> Bool? {
    try session.board.chainComesBack()
  }

  package mutating func lendLines<User: LineUser>(to user: inout User) throws -> Bool {
    try session.board.lend(to: &user)
  }

  /// Shuts all converters down and puts the lines to rest, each although another failed.
  package mutating func rest() throws {
    keep(nil)
    var first: (any Error)?
    for step in session.board.converterSteps {
      do { try session.board.tearDown(step) } catch { first = first ?? error }
    }
    do { try session.board.lines.base.rest() } catch { first = first ?? error }
    if let first { throw first }
  }

  package mutating func tearDown(within time: Nanoseconds) -> [TeardownFailure] {
    session.board.tearDown(within: time) { board in
      try board.lines.base.rest()
      try board.lines.base.checkRest()
    }
  }

  package var remarks: [String] { [] }
  package var misuses: PinMisuses? { nil }

  /// By the double of an ideal board, whose gates stand where the controllers believe them.
  private var presentationCost: PresentationCost? {
    #if Simulation
    return session.presentationCost(sources: sources, targets: targets)
    #else
    return nil
    #endif
  }
}

extension FirstLook {
  /// A look at a real board; by the double of an ideal one too, where the program has it.
  static func ofBoard(
    _ description: BoardDescription, sources: [Int], targets: [Int]
  ) throws -> FirstLook {
    #if Simulation
    return try FirstLook(description, sources: sources, targets: targets)
    #else
    return FirstLook(
      description, sources: sources, targets: targets, ideal: nil as IdealBoard<Never>?)
    #endif
  }
}

extension Session where Board: WiredLook {
  /// What a run on lines does first: the clamps of a board that a killed program left are released,
  /// and the chain, if there is one, must bring back what is sent.
  ///
  /// The clock is asked first of all: so a log shows that the run looked at its board.
  package mutating func beginLook() throws {
    _ = try board.now()
    try board.releaseAll()
    try board.checkChain()
  }
}

extension WiredBoard {
  /// Whether a pattern comes back through the chain as it was sent.
  package mutating func chainComesBack() throws(Failure) -> Bool {
    do throws(Failure) {
      try checkChain()
      return true
    } catch {
      guard case .chainBroken = error else { throw error }
      return false
    }
  }
}

/// A board that can release its targets and check its chain.
package protocol WiredLook: LearningBoard {
  /// Shuts every clamp's converter down.
  mutating func releaseAll() throws(Failure)
  /// Checks that a pattern comes back through the chain.
  mutating func checkChain() throws(Failure)
}
extension WiredBoard: WiredLook {}
