import Circuit
import Files
import Firmware
import Testing
import BoardDouble
import Wiring

/// Pulses, holds and what they take of virtual time.
@Suite struct PulseTests {
  /// Without jitter and leakage.
  private func ideal(edges: Int = 3) throws -> DirectBoard {
    var board = try DirectBoard(bench(edges: edges, imperfections: .none))
    board.setGates([Double](repeating: 2.2, count: edges))
    return board
  }

  @Test func `charge raises, discharge lowers, hold keeps`() throws {
    var board = try ideal()
    let drives: [Drive] = [.charge, .discharge, .hold]
    _ = try board.pulse(width: .milliseconds(5), drives: drives.span)
    let gates = board.gates
    // dG/dt is about (5 - 2.2 - 0.58)/0.22 s up and (2.2 - 0.56)/0.22 s down.
    #expect(abs(gates[0] - 2.2 - 0.0503) < 0.002)
    #expect(abs(gates[1] - 2.2 + 0.0372) < 0.002)
    #expect(gates[2] == 2.2)
  }

  @Test func `edges without a drive hold`() throws {
    var board = try ideal()
    _ = try board.pulse(width: .milliseconds(5), drives: [Drive.charge].span)
    #expect(board.gates[0] > 2.2)
    #expect(board.gates[1...] == [2.2, 2.2])
    _ = try board.pulse(width: .milliseconds(5), drives: [Drive](repeating: .hold, count: 50).span)
    #expect(board.gates[1...] == [2.2, 2.2])
  }

  @Test func `many charges end a diode's drop below the supply, many discharges above ground`()
    throws
  {
    var board = try ideal(edges: 1)
    for _ in 0..<400 { _ = try board.pulse(.milliseconds(19), .charge) }
    #expect(4.55 < board.gates[0] && board.gates[0] < 5)
    for _ in 0..<400 { _ = try board.pulse(.milliseconds(19), .discharge) }
    #expect(0 < board.gates[0] && board.gates[0] < 0.45)
  }

  @Test func `a held gate leaks 2 to 5 mV per s, each at its own rate`() throws {
    var sizes = Imperfections.none
    sizes.leakLowest = 5e-9
    sizes.leakHighest = 10e-9
    var board = try DirectBoard(bench(edges: 40, imperfections: sizes))
    board.setGates([Double](repeating: 2.2, count: 40))
    let before = board.time
    board.wait(.milliseconds(10_000))
    #expect((board.time - before).count == 10_000_000_000)
    for (gate, leakage) in zip(board.gates, board.analog.parts.leakage) {
      let perSecond = (2.2 - gate) / 10
      #expect(2e-3 < perSecond && perSecond < 5e-3)
      #expect(abs(perSecond - leakage / 2.2e-6) < 1e-12)
    }
    board.wait(.milliseconds(10_000_000))
    #expect(board.gates.allSatisfy { $0 == 0 })
    board.wait(Nanoseconds(-5))
    #expect(board.time == before + .milliseconds(10_010_000))
  }

  @Test func `a pulse lasts its width and the line operation that ends it`() throws {
    var board = try ideal()
    let lasted = try board.pulse(.milliseconds(4), .charge)
    #expect(lasted == .microseconds(4002))
    var other = try AnalogBoard(bench: bench(edges: 3, imperfections: .none))
    other.setGates([2.2, 2.2, 2.2], at: .zero)
    try other.learn(.charge, to: .microseconds(4002))
    #expect(board.gates == other.gates(at: .microseconds(4002)))
  }

  @Test func `the timer cuts a pulse at 19 ms`() throws {
    var long = try ideal()
    let before = long.time
    _ = try long.pulse(.milliseconds(30), .charge)
    #expect(long.time - before >= .milliseconds(30))
    var cut = try AnalogBoard(bench: bench(edges: 3, imperfections: .none))
    cut.setGates([2.2, 2.2, 2.2], at: .zero)
    try cut.learn(.charge, to: .milliseconds(19))
    #expect(long.gates == cut.gates(at: .milliseconds(19)))
    var longer = try ideal()
    _ = try longer.pulse(.milliseconds(100), .charge)
    #expect(longer.gates == long.gates)
  }

  @Test func `a pulse that the timer cut lasted as long as the timer let it`() throws {
    var board = try ideal()
    #expect(try board.pulse(.milliseconds(30), .charge) == .milliseconds(19))
  }

  @Test func `after a long pulse LEARN rests for 3 ms, after a short one it need not`() throws {
    for (width, rests) in [(Nanoseconds.milliseconds(15), true), (.milliseconds(2), false)] {
      var board = try ideal()
      _ = try board.pulse(width, .hold)
      let end = board.time
      let lasted = try board.pulse(.milliseconds(1), .hold)
      // LEARN rises at the end of a line operation.
      let pause = board.time - end - lasted
      let needed = rests ? Nanoseconds.milliseconds(3) : board.times.pulsePreparation
      #expect(board.times.pulsePreparation < .milliseconds(3))
      #expect(pause == needed + board.times.operation)
      // The rest does not wait again where time has passed already.
      _ = try board.pulse(width, .hold)
      board.wait(.milliseconds(5))
      let later = board.time
      let next = try board.pulse(.milliseconds(1), .hold)
      #expect(
        board.time - later - next == board.times.pulsePreparation + board.times.operation)
    }
  }

  @Test func `every operation takes its time of the table`() throws {
    var board = try DirectBoard(try shippedBoard("lattice"))
    let times = board.times
    func spent(_ body: (inout DirectBoard) throws -> Void) throws -> Nanoseconds {
      let before = board.time
      try body(&board)
      return board.time - before
    }
    #expect(try spent { try $0.drive(source: 0, at: .millivolts(100)) } == times.convert)
    #expect(try spent { try $0.drive(source: 0, at: .millivolts(100)) } == .zero)
    #expect(try spent { try $0.drive(source: 0, at: .millivolts(200)) } == times.convert)
    #expect(try spent { $0.settle() } == times.settle)
    #expect(
      try spent { try _ = $0.measure(target: 0) }
        == times.measureBeforeSample + times.measureAfterSample)
    #expect(try spent { try $0.release(target: 0) } == .zero)
    #expect(try spent { try $0.clamp(target: 0, at: .millivolts(100)) } == times.convert)
    #expect(try spent { try $0.clamp(target: 0, at: .millivolts(100)) } == .zero)
    #expect(try spent { try $0.release(target: 0) } == times.convert)
    #expect(
      try spent { try _ = $0.comparisons() } == times.compareBeforeCapture
        + times.compareAfterCapture)
    #expect(try spent { try _ = $0.now() } == .zero)
    var lasted = Nanoseconds.zero
    let pulse = try spent { try lasted = try $0.pulse(.milliseconds(1), .hold) }
    #expect(pulse == times.pulsePreparation + times.operation + lasted)
  }

  @Test func `the table follows from the wiring`() throws {
    // Line operations of 2 us. A frame of 16 bits takes two each and its select; 64 bits of
    // comparators take three each; a reading must be over 1.2 ms after its sample.
    var description = try shippedBoard("lattice")
    let times = OperationTimes(description: description)
    #expect(times.convert >= .microseconds(2 * 33) && times.convert <= .microseconds(2 * 40))
    #expect(times.compareAfterCapture >= .microseconds(2 * 3 * 64))
    #expect(times.compareAfterCapture <= .microseconds(2 * (3 * 64 + 10)))
    #expect(times.pulsePreparation >= .microseconds(2 * 4 * 64))
    #expect(times.measureAfterSample >= .microseconds(2 * 3 * 12))
    #expect(times.measureAfterSample < .microseconds(1200))
    #expect(times.settle == .microseconds(100))
    #expect(times.timer == .milliseconds(19) && times.rest == .milliseconds(3))
    #expect(times.operation == .microseconds(2))
    description.timing.operation *= 3
    let slow = OperationTimes(description: description)
    #expect(slow.convert == times.convert.times(3))
    #expect(slow.compareAfterCapture == times.compareAfterCapture.times(3))
    #expect(slow.pulsePreparation == times.pulsePreparation.times(3))
    #expect(slow.settle == times.settle && slow.timer == times.timer)
    let small = OperationTimes(description: .lattice(side: 3))
    #expect(small.compareAfterCapture < times.compareAfterCapture)
    #expect(small.convert == times.convert)
  }
}
