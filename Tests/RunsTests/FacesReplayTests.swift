import Files
import Firmware
import Runs
import TestSupport
import Testing
import BoardDouble
import Traces
import Wiring

/// A logged run, done again from its log; and what a run costs at the lines.
struct FacesReplayTests {
  typealias Replayed = Session<WiredBoard<ReplayLines>>

  /// Programs a board and trains it, with a log.
  private func logged(_ scenario: FaceCase, steps: Int) throws -> (Session<PinBoard>, Trace) {
    var session = try scenario.session(on: PinBoard.self)
    session.board.lines.trace = Trace()
    try session.begin()
    for step in 0..<steps { try session.train(sample: step % samples(session)) }
    return (session, try #require(session.board.lines.trace))
  }

  private func samples<Board>(_ session: Session<Board>) -> Int {
    session.problem.presentations.count
  }

  private func replayed(_ scenario: FaceCase, _ trace: Trace) throws -> Replayed {
    let fresh = try scenario.session(on: PinBoard.self)
    return try Replayed(
      board: WiredBoard(lines: ReplayLines(trace), wiring: fresh.board.wiring),
      description: scenario.description, problem: fresh.problem, plan: scenario.plan,
      calibration: Calibration(measuredOn: fresh.board.analog))
  }

  /// Runs a log to where it ends or differs.
  private func follow(_ scenario: FaceCase, _ trace: Trace, steps: Int) throws
    -> (session: Replayed, divergence: ReplayLines.Divergence?)
  {
    var session = try replayed(scenario, trace)
    do throws(WiredFailure<ReplayLines.Divergence>) {
      try session.begin()
      for step in 0..<steps { try session.train(sample: step % samples(session)) }
    } catch {
      guard case .lines(let divergence) = error else { throw error }
      return (session, divergence)
    }
    return (session, nil)
  }

  static let scenarios = [
    FaceCase(board: "lattice", task: "xor", rule: .coupled, probability: 1),
    FaceCase(board: "lattice", task: "regression", rule: .centredOverclamped, probability: 0.5),
    FaceCase(board: "breadboard", task: "regression", rule: .centred, probability: 1),
  ]

  @Test(arguments: scenarios)
  func `300 steps replayed from their log, through text, end as they did`(_ scenario: FaceCase)
    throws
  {
    let (session, trace) = try logged(scenario, steps: 300)
    let read = try Trace(text: trace.text)
    #expect(read.events == trace.events)
    let (again, divergence) = try follow(scenario, read, steps: 300)
    #expect(divergence == nil, "\(String(describing: divergence))")
    #expect(again.board.lines.isAtEnd)
    #expect(again.controllers.map(\.gate) == session.controllers.map(\.gate))
    #expect(again.progress == session.progress)
  }

  @Test
  func `a log that is too short is reported at its end`() throws {
    let scenario = Self.scenarios[2]
    let (_, trace) = try logged(scenario, steps: 5)
    let divergence = try #require(try follow(scenario, trace, steps: 6).divergence)
    #expect(divergence.call == trace.events.count)
    #expect(divergence.logged == nil)
  }

  @Test
  func `a run with another rule leaves the log where it first does something else`() throws {
    let (_, trace) = try logged(Self.scenarios[0], steps: 20)
    var other = Self.scenarios[0]
    other.rule = .centred
    let divergence = try #require(try follow(other, trace, steps: 20).divergence)
    #expect(divergence.description.hasPrefix("call \(divergence.call) at "))
  }

  @Test(arguments: [scenarios[0], scenarios[2]])
  func `a comparator bit that is turned over in the log is reported at the write that differs`(
    _ scenario: FaceCase
  ) throws {
    let steps = 40
    let (session, trace) = try logged(scenario, steps: steps)
    let wiring = session.board.wiring
    let begun = try #require(trace.events.firstIndex { captures($0, wiring) })
    // Comparisons after programming: in chains the first read after LOAD rises is the first bit.
    let comparisons = trace.events.indices.filter {
      $0 >= begun && captures(trace.events[$0], wiring)
    }
    #expect(comparisons.count >= 10)
    var reported = 0
    for capture in stride(from: 0, to: comparisons.count, by: comparisons.count / 5) {
      let start = comparisons[capture]
      let next = capture + 1 < comparisons.count ? comparisons[capture + 1] : trace.events.count
      let turned: Int
      let bit: LineSet
      if wiring.kind == .chains {
        let reads = trace.events.indices[start...].filter { trace.events[$0].kind == .read }
        turned = reads[2 * (capture * 5 % wiring.edgeCount)]
        bit = wiring.dataIn
      } else {
        turned = start
        bit = wiring.edgeLine(capture % wiring.edgeCount, 0)
      }
      var changed = trace
      #expect(changed.events[turned].mask.meets(bit))
      changed.events[turned].levels.bits ^= bit.bits
      guard let divergence = try follow(scenario, changed, steps: steps).divergence else {
        continue
      }
      reported += 1
      #expect(divergence.call > turned)
      #expect(divergence.description.hasPrefix("call \(divergence.call) at "))
      #expect(divergence.logged == trace.events[divergence.call])
      if scenario.rule == .coupled {
        // One comparison decides: the pattern of this very step differs, in one data bit.
        #expect(divergence.call < next)
        #expect(divergence.logged?.kind == .write)
        #expect(divergence.logged?.mask == wiring.dataOut | wiring.clock)
      }
    }
    #expect(reported >= 2)
  }

  /// Whether a call captures the comparators.
  private func captures(_ event: Trace.Event, _ wiring: BoardWiring) -> Bool {
    wiring.kind == .chains
      ? event.kind == .write && event.mask == wiring.load && event.levels == wiring.load
      : event.kind == .read && event.mask.meets(wiring.edgeLine(0, 0))
  }

  // MARK: - Operations

  @Test
  func `a step of coupled learning on the lattice with XOR costs less than 1000 operations`() throws
  {
    let scenario = FaceCase(board: "lattice", task: "xor", rule: .coupled, probability: 1)
    var session = try scenario.session(on: PinBoard.self)
    try session.begin()
    var most = 0
    var learning = 0
    for step in 0..<2000 {
      let before = session.board.lines.operations
      let report = try session.train(sample: step % 4)
      let spent = session.board.lines.operations - before
      most = max(most, spent)
      if report.learned.count > 0 { learning += 1 }
      #expect(spent < 1000, "step \(step)")
    }
    // Steps that learn were among them, and they cost what the wiring says: four sources at most,
    // two targets, two clamps, one comparison, one pulse.
    #expect(learning > 50)
    let times = OperationTimes(description: try scenario.description)
    func operations(_ time: Nanoseconds) -> Int { Int(time.count / times.operation.count) }
    let convert = operations(times.convert)
    let measure = operations(times.measureBeforeSample + times.measureAfterSample)
    let compare = operations(times.compareBeforeCapture + times.compareAfterCapture)
    let pulse = operations(times.pulsePreparation) + 2
    #expect(most <= 4 * convert + 2 * measure + 2 * convert + compare + pulse)
    #expect(most >= 2 * measure + compare + pulse)
  }
}
