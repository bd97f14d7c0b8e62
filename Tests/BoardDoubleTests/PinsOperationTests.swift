import Files
import Firmware
import Testing
import BoardDouble
import Traces
import Wiring

/// The direct face takes each operation's time from a table; the pins take it operation by
/// operation.
@Suite(.serialized) struct PinsOperationTests {
  static let boards = ["lattice", "breadboard"]

  /// What a piece of work takes on the pins.
  private func taken(
    _ board: inout PinBoard, _ body: (inout PinBoard) throws -> Void
  ) throws -> (time: Nanoseconds, operations: Int, sampled: Nanoseconds?) {
    let start = board.lines.time
    let before = board.lines.operations
    board.lines.trace = Trace()
    try body(&board)
    return (
      board.lines.time - start, board.lines.operations - before,
      board.lines.trace?.analog.first.map { $0.time - start }
    )
  }

  private func board(_ name: String) throws -> (PinBoard, OperationTimes) {
    var description = try shippedBoard(name)
    description.imperfections.pulseJitter = 0
    return (try PinBoard(description), OperationTimes(description: description))
  }

  @Test(arguments: boards)
  func `converting takes its time`(_ name: String) throws {
    var (board, times) = try board(name)
    for work: (inout PinBoard) throws -> Void in [
      { try $0.drive(source: 1, at: .millivolts(300)) },
      { try $0.clamp(target: 1, at: .millivolts(200)) },
      { try $0.release(target: 1) },
    ] {
      let spent = try taken(&board, work)
      #expect(spent.time == times.convert)
      #expect(Nanoseconds(Int64(spent.operations) * times.operation.count) == times.convert)
      let again = try taken(&board, work)
      #expect(again.time == .zero)
      #expect(again.operations == 0)
    }
    let settled = try taken(&board) { try $0.settle() }
    #expect(settled.time == times.settle)
    #expect(settled.operations == 0)
  }

  @Test(arguments: boards)
  func `measuring takes its time and samples at its moment`(_ name: String) throws {
    var (board, times) = try board(name)
    let spent = try taken(&board) { _ = try $0.measure(target: 1) }
    #expect(spent.time == times.measureBeforeSample + times.measureAfterSample)
    #expect(Nanoseconds(Int64(spent.operations) * times.operation.count) == spent.time)
    #expect(spent.sampled == times.measureBeforeSample)
  }

  @Test(arguments: boards)
  func `comparing takes its time and captures at its moment`(_ name: String) throws {
    var (board, times) = try board(name)
    let spent = try taken(&board) { _ = try $0.comparisons() }
    #expect(spent.time == times.compareBeforeCapture + times.compareAfterCapture)
    #expect(Nanoseconds(Int64(spent.operations) * times.operation.count) == spent.time)
    #expect(spent.sampled == times.compareBeforeCapture)
  }

  @Test(arguments: boards)
  func `a pulse takes its time, and its rest after a long one`(_ name: String) throws {
    var (board, times) = try board(name)
    func raised(_ board: PinBoard, _ start: Nanoseconds) throws -> Nanoseconds {
      let learn = board.wiring.learn
      let rise = try #require(
        board.lines.trace?.events.first {
          $0.kind == .write && $0.mask.meets(learn) && $0.levels.meets(learn)
        })
      return rise.time - start
    }
    let width = Nanoseconds.milliseconds(12)
    var start = board.lines.time
    var spent = try taken(&board) { _ = try $0.pulse(width, .charge) }
    #expect(try raised(board, start) == times.pulsePreparation + times.operation)
    #expect(spent.time == times.pulsePreparation + times.operation + width + times.operation)
    #expect(
      Nanoseconds(Int64(spent.operations) * times.operation.count)
        == times.pulsePreparation + times.operation + times.operation)

    // The preparation counts as rest.
    start = board.lines.time
    spent = try taken(&board) { _ = try $0.pulse(.milliseconds(1), .hold) }
    #expect(try raised(board, start) == times.rest + times.operation)
    start = board.lines.time
    spent = try taken(&board) { _ = try $0.pulse(.milliseconds(1), .hold) }
    #expect(try raised(board, start) == times.pulsePreparation + times.operation)
    #expect(board.lines.misuses.isEmpty)
  }

  @Test
  func `chains of every length up to 40 edges take what the table says`() throws {
    for edges in 1...40 {
      let description = chainBench(edges: edges)
      var pins = try PinBoard(description)
      var direct = try DirectBoard(description)
      for round in 0..<3 {
        let drives = (0..<edges).map { Drive(rawValue: UInt8(($0 + round) % 3))! }
        let lasted = try pins.pulse(.microseconds(500), drives)
        #expect(try direct.pulse(width: .microseconds(500), drives: drives.span) == lasted)
        #expect(try pins.comparisons() == direct.comparisons())
        #expect(pins.time == direct.time, "\(edges) edges")
      }
      #expect(pins.state == direct.state, "\(edges) edges")
      #expect(pins.lines.misuses.isEmpty)
    }
  }

  @Test
  func `direct edges of every number up to 14 take what the table says`() throws {
    for edges in 1...14 {
      var description = chainBench(edges: edges)
      description.wiring?.kind = .direct
      description.wiring?.selects = [.adc, .dac, .dac]
      description.wiring?.chain = []
      var pins = try PinBoard(description)
      var direct = try DirectBoard(description)
      for round in 0..<3 {
        let drives = (0..<edges).map { Drive(rawValue: UInt8(($0 + round) % 3))! }
        let lasted = try pins.pulse(.microseconds(500), drives)
        #expect(try direct.pulse(width: .microseconds(500), drives: drives.span) == lasted)
        #expect(try pins.comparisons() == direct.comparisons())
      }
      #expect(pins.state == direct.state, "\(edges) edges")
      #expect(pins.lines.misuses.isEmpty)
    }
  }
}

/// A bench of parts with a chain in a shuffled order; its lines need no names here.
func chainBench(edges: Int) -> BoardDescription {
  var imperfections = Imperfections.measured
  imperfections.supplyRipple = 0.01
  var description = bench(edges: edges, imperfections: imperfections)
  // Multiplying by a number without a common divisor visits every edge once.
  let stride = [1, 7, 11, 13].last { gcd($0, edges) == 1 }!
  description.wiring = WiringDescription(
    chip: "test", kind: .chains, wires: [], selects: [.chain, .dac, .dac, .adc],
    sources: [.init(select: 1, channel: 0), .init(select: 1, channel: 1)],
    clamps: [.init(select: 2, channel: 0), .init(select: 2, channel: 1)],
    targets: [.init(select: 3, channel: 5), .init(select: 3, channel: 2)],
    chain: (0..<edges).map { $0 * stride % edges })
  return description
}

private func gcd(_ a: Int, _ b: Int) -> Int { b == 0 ? a : gcd(b, a % b) }
