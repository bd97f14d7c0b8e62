import Files
import Firmware
import Testing
import BoardDouble

/// What happens to a whole board while it runs, and parts that came with faults of their own.
struct DisturbanceTests {
  private func board(_ disturbances: [Disturbance]) throws -> BoardDescription {
    var board = try shippedBoard("breadboard")
    board.disturbances = disturbances
    return board
  }

  /// Five pulses that charge all gates, after a wait.
  private func charged<Board: VirtualFace>(
    _ type: Board.Type, _ description: BoardDescription
  ) throws -> (gates: [Double], time: Nanoseconds, lasted: [Nanoseconds]) {
    var board = try Board(
      description: description, seed: 3, sources: description.sources,
      targets: description.targets)
    let drives = [Drive](repeating: .charge, count: 5)
    var lasted: [Nanoseconds] = []
    for _ in 0..<5 {
      lasted.append(try board.pulse(width: .milliseconds(5), drives: drives.span))
    }
    return (board.analog.state.gates, try board.now(), lasted)
  }

  @Test func `a supply that sinks charges less while it does, on either face`() throws {
    let good = try charged(PinBoard.self, try shippedBoard("breadboard"))
    // What comes after all that happens here changes no bit.
    let later = try charged(
      PinBoard.self, try board([.supplySag(part: 0.5, at: 10, lasting: 1)]))
    #expect(later == good)
    let low = try board([.supplySag(part: 0.5, at: 0, lasting: 10)])
    let sunk = try charged(PinBoard.self, low)
    for (gate, before) in zip(sunk.gates, good.gates) { #expect(gate < 0.55 * before) }
    #expect(try charged(DirectBoard.self, low) == sunk)
    // A sag in the middle of one pulse: between the two.
    let brief = try charged(
      PinBoard.self, try board([.supplySag(part: 0, at: 7e-3, lasting: 1e-3)]))
    for (gate, before) in zip(brief.gates, good.gates) {
      #expect(gate < before && gate > 0.9 * before)
    }
  }

  @Test func `time that goes by under LEARN is bounded by the one-shot`() throws {
    let limit = Nanoseconds(seconds: try shippedBoard("breadboard").timing.pulseLimit)
    let good = try charged(PinBoard.self, try shippedBoard("breadboard"))
    let description = try board([.clockJump(by: 3, at: 7e-3)])
    for (gates, time, lasted) in [
      try charged(PinBoard.self, description), try charged(DirectBoard.self, description),
    ] {
      #expect(time.seconds > 3 && time.seconds < 3 + 2 * good.time.seconds)
      #expect(lasted.allSatisfy { !(limit < $0) } && lasted.contains(limit))
      #expect(zip(gates, good.gates).allSatisfy { $0 > $1 })
    }
  }

  @Test func `late ticks are drawn, the same for both faces and each run`() throws {
    let description = try board([.lateTicks(by: 1e-3, share: 0.5)])
    let one = try charged(PinBoard.self, description)
    #expect(try charged(PinBoard.self, description) == one)
    #expect(try charged(DirectBoard.self, description) == one)
    let late = one.lasted.count { $0 > .microseconds(5900) }
    #expect(late > 0 && late < 5)
  }

  @Test func `a gate that leaks loses what it held, and a floating comparator says anything`()
    throws
  {
    var description = try shippedBoard("breadboard")
    description.faults = [
      Fault(kind: .leaking, edge: 0), Fault(kind: .comparatorFloating, edge: 1),
    ]
    var board = try PinBoard(description)
    board.setGates([Double](repeating: 2, count: 5))
    var said: Set<Bool> = []
    for _ in 0..<40 {
      board.wait(.milliseconds(20))
      let comparisons = try board.comparisons()
      said.insert(comparisons[1].bits & 1 == 1)
    }
    let gates = board.analog.state.gates
    #expect(gates[0] < 1.7 && gates.dropFirst().allSatisfy { $0 > 1.95 })
    #expect(said == [true, false])
  }

  @Test func `a board file keeps what happens, and refuses what cannot`() throws {
    var description = try board([
      .supplySag(part: 0.6, at: 1, lasting: 0.5), .clockJump(by: 2, at: 3),
      .lateTicks(by: 5e-3, share: 0.02),
    ])
    description.faults = [Fault(kind: .leaking, edge: 0)]
    let text = description.yaml()
    #expect(try BoardDescription.read(text: text, file: "b") == description)
    for (line, words) in [
      ("{kind: supply_sag, to: 2, at: 0, for: 1}", "0 ... 1"),
      ("{kind: clock_jump, at: 0}", "\"by\""), ("{kind: sag}", "supply_sag"),
      ("{kind: leaking}", "needs a line, an edge or a select"),
    ] {
      #expect {
        try BoardDescription.read(
          text: text.replacing("{kind: clock_jump, by: 2, at: 3}", with: line), file: "b")
      } throws: {
        "\($0)".contains(words)
      }
    }
  }
}
