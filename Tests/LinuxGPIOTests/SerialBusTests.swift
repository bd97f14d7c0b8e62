import Files
import Firmware
import Foundation
import Runs
import LinuxGPIO
import Testing
import BoardDouble
import Traces
import Wiring

/// What no clock reaches: two runs whose operations take different times still do the same.
private func timeless(_ board: inout BoardDescription) {
  board.imperfections.leakLowest = 0
  board.imperfections.leakHighest = 0
  board.imperfections.pulseJitter = 0
  board.imperfections.supplyRipple = 0
}

extension VirtualPins {
  /// The misuses but for reading MISO while nobody drives it, as a controller does in every frame.
  fileprivate var trueMisuses: [Misuse] { misuses.filter { $0.rule != .floatingMiso } }
}

// One request at a time is guarded against the program's end: the tests take turns.
extension LinuxLinesTests {
  @Suite(.serialized)
  struct SerialBusTests {
    // MARK: - The chips

    /// Everything a board can be asked for.
    private func work<L: Lines>(_ board: inout WiredBoard<L>) throws -> [String] {
      var seen: [String] = []
      let wiring = board.wiring
      try board.releaseAll()
      for round in 0..<4 {
        for source in 0..<wiring.sourceCount {
          try board.drive(source: source, at: .millivolts(Int32(17 + 90 * round + 31 * source)))
        }
        for target in 0..<wiring.targetCount where (target + round) % 3 != 0 {
          try board.clamp(target: target, at: .millivolts(Int32(440 - 80 * round - target)))
        }
        try board.settle()
        for target in 0..<wiring.targetCount {
          seen.append("\(try board.measure(target: target).units)")
        }
        var comparisons = [Comparison](repeating: Comparison(bits: 0), count: wiring.edgeCount)
        var span = comparisons.mutableSpan
        try board.compare(into: &span)
        seen.append(comparisons.map { "\($0.bits)" }.joined())
        // Mixed patterns, then one of a single level.
        let drives = (0..<wiring.edgeCount).map {
          round == 3 ? Drive.discharge : Drive(rawValue: UInt8(($0 * $0 + round) % 3))!
        }
        seen.append("\(try board.pulse(width: .milliseconds(3), drives: drives.span).count)")
        for target in 0..<wiring.targetCount { try board.release(target: target) }
      }
      return seen
    }

    @Test(arguments: [("lattice", "xor"), ("lattice", "iris"), ("breadboard", "regression")])
    func `every chip does over a bus what it does line by line`(
      _ name: String, _ task: String
    ) throws {
      let bench = try Bench(name, task: task, overBus: true, change: timeless)
      let plain = try Bench(name, task: task, change: timeless)
      var bus = WiredBoard(lines: try bench.lines(), wiring: bench.wiring)
      var lines = WiredBoard(lines: plain.kernel.pins, wiring: plain.wiring)
      #expect(try work(&bus) == work(&lines))
      #expect(bench.kernel.pins.gates == lines.lines.gates)
      #expect(bench.kernel.pins.trueMisuses.isEmpty)
      #expect(bench.kernel.busSpeed == 500_000)
    }

    /// 36 bits in whole registers are 40; 18 take more than one exchange, one of them short.
    @Test(arguments: [3, 4, 5, 8])
    func `chains of any length come whole`(_ side: Int) throws {
      func bench(overBus: Bool) throws -> (FakeKernel, BoardDescription) {
        var board = BoardDescription.lattice(side: side)
        timeless(&board)
        let edges = board.learningEdges.count
        board.sources = [0, 1]
        board.sourceChannels = 2
        board.targets = [4]
        board.targetChannels = 1
        board.wiring = WiringDescription(
          chip: "pinctrl-bcm2711", kind: .chains,
          wires: WiringDescription.roles(of: .chains, selects: 4, edges: []).enumerated().map {
            WiringDescription.Wire(role: $1, line: .offset($0))
          },
          selects: [.adc, .dac, .dac, .chain],
          sources: [.init(select: 1, channel: 0), .init(select: 2, channel: 1)],
          clamps: [.init(select: 2, channel: 0)], targets: [.init(select: 0, channel: 6)],
          chain: (0..<edges).map { ($0 + 7) % edges },
          spi: overBus ? .init(device: "/dev/spidev0.0", speed: 1e6) : nil)
        return (
          FakeKernel(
            try VirtualPins(
              description: board, seed: 3, sources: board.sources, targets: board.targets)),
          board
        )
      }
      let (kernel, board) = try bench(overBus: true)
      let (plain, _) = try bench(overBus: false)
      var bus = WiredBoard(
        lines: try LinuxLines(board.wiring!, wiring: kernel.pins.wiring, calls: kernel.calls),
        wiring: kernel.pins.wiring)
      var lines = WiredBoard(lines: plain.pins, wiring: plain.pins.wiring)
      #expect(try work(&bus) == work(&lines))
      #expect(kernel.pins.gates == lines.lines.gates)
    }

    @Test func `frames are one exchange each, chains as many as 32 bits take`() throws {
      let bench = try Bench("lattice", task: "xor", overBus: true)
      var board = WiredBoard(lines: try bench.lines(), wiring: bench.wiring)
      func asked(_ body: (inout WiredBoard<LinuxLines>) throws -> Void) throws -> [String] {
        let before = bench.kernel.log.count
        try body(&board)
        return bench.kernel.log.dropFirst(before).map { $0.first == "e" ? $0 : "w" }
      }
      #expect(
        try asked { try $0.drive(source: 0, at: .millivolts(300)) } == ["w", "w", "e 16", "w"])
      #expect(try asked { _ = try $0.measure(target: 0) } == ["w", "w", "e 24", "w"])
      var comparisons = [Comparison](repeating: Comparison(bits: 0), count: 32)
      #expect(
        try asked {
          var span = comparisons.mutableSpan
          try $0.compare(into: &span)
        } == ["w", "w", "w", "w", "e 32", "e 32", "w"])
      let drives = [Drive](repeating: .charge, count: 32)
      #expect(
        try asked { _ = try $0.pulse(width: .milliseconds(1), drives: drives.span) }
          == ["w", "w"] + Array(repeating: "e 32", count: 6) + ["w", "w", "w", "w", "w"])
      #expect(board.lines.exchanges == 10)
      #expect(board.lines.exchangeLatency(0.5) > 0)
    }

    @Test func `a controller that reads after the edge is found out before anything is latched`()
      throws
    {
      let bench = try Bench("lattice", task: "xor", overBus: true, change: timeless)
      bench.kernel.samplesLate = true
      var board = WiredBoard(lines: try bench.lines(), wiring: bench.wiring)
      let gates = bench.kernel.pins.gates
      for pattern in 0..<3 {
        let drives = (0..<32).map { Drive(rawValue: UInt8(pattern == 2 ? 1 : ($0 + pattern) % 3))! }
        #expect(throws: WiredFailure<LineError>.chainBroken) {
          try board.pulse(width: .milliseconds(5), drives: drives.span)
        }
      }
      #expect(bench.kernel.pins.gates == gates)
    }

    @Test(arguments: [LineFault.stuckLow, .stuckHigh, .floating], [1, 2])
    func `a chain that does not come back is found out`(_ fault: LineFault, _ line: Int) throws {
      let bench = try Bench("lattice", task: "xor", overBus: true, change: timeless)
      bench.kernel.pins.add(fault, line: line)
      var board = WiredBoard(lines: try bench.lines(), wiring: bench.wiring)
      let drives = [Drive](repeating: .discharge, count: 32)
      #expect(throws: WiredFailure<LineError>.chainBroken) {
        try board.pulse(width: .milliseconds(5), drives: drives.span)
      }
    }

    @Test func `an exchange that took too long is made again, at most twice`() throws {
      let bench = try Bench("lattice", task: "xor", overBus: true)
      var board = WiredBoard(lines: try bench.lines(), wiring: bench.wiring)
      bench.kernel.pauses = (2, .microseconds(1200))
      _ = try board.measure(target: 0)
      #expect(board.lines.exchanges == 3)
      bench.kernel.pauses = (3, .microseconds(1200))
      #expect(throws: WiredFailure<LineError>.conversionTooSlow) { try board.measure(target: 0) }
    }

    // MARK: - Opening and closing

    @Test func `the controller's lines are not requested, nor asked for their owner`() throws {
      let bench = try Bench("lattice", task: "xor", overBus: true)
      bench.kernel.owners = [11: "spi0 SCLK", 10: "spi0 MOSI", 9: "spi0 MISO"]
      bench.kernel.driven = [11, 24]
      bench.kernel.leftLevels = 1
      do {
        let lines = try bench.lines()
        #expect(lines.hasSerialBus)
        #expect(lines.leftBehind == ["LOAD"])
        #expect(bench.kernel.wires == [25, 24, 23, 5, 6, 13, 19])
        #expect(bench.kernel.openBuses == 1)
      }
      #expect(bench.kernel.openBuses == 0)
      // Without a bus they would have to be ours.
      bench.kernel.owners = [:]
      let plain = try Bench("lattice", task: "xor")
      plain.kernel.owners = [11: "spi0 SCLK"]
      #expect(throws: LineError.self) { try plain.lines() }
    }

    @Test func `a bus that is not there, not allowed or not able is named`() throws {
      let bench = try Bench("breadboard", task: "regression", overBus: true)
      bench.kernel.busErrno = EACCES
      #expect(throws: LineError.noPermission(path: "/dev/spidev0.0")) { try bench.lines() }
      // The lines are at rest all the same.
      #expect(bench.kernel.log == ["look", "close", "open tellegen", "close"])
      bench.kernel.busErrno = EINVAL
      #expect(throws: LineError.failed(.openBus, errno: EINVAL)) { try bench.lines() }
      bench.kernel.buses = []
      #expect {
        try bench.lines()
      } throws: { error in
        "\(error)".contains("/dev/spidev0.0 is not there: switch the SPI controller on")
      }
      #expect(bench.kernel.opened == bench.kernel.closed)
      #expect(bench.kernel.openBuses == 0)
      // A line that is held is told as before, and the bus let go.
      let held = try Bench("breadboard", task: "regression", overBus: true)
      held.kernel.owners = [8: "spi0 CS0"]
      #expect {
        try held.lines()
      } throws: { error in
        "\(error)".contains("CS0, line 8 of pinctrl-bcm2711, is held by spi0 CS0")
      }
      #expect(held.kernel.openBuses == 0)
    }

    @Test(arguments: [0, 3, 40, 700])
    func `a failure in a run leaves the lines at rest`(_ count: Int) throws {
      let bench = try Bench("lattice", task: "xor", overBus: true)
      do {
        var session = try session(
          bench, WiredBoard(lines: try bench.lines(), wiring: bench.wiring))
        bench.kernel.failure = (count, EIO)
        #expect(throws: WiredFailure<LineError>.self) {
          try session.board.releaseAll()
          _ = try session.findGates()
        }
      }
      let idle = try bench.kernel.pins.read(mask: bench.wiring.outputs)
      #expect(idle.without(bench.wiring.clock | bench.wiring.dataOut) == bench.wiring.idle)
      #expect(bench.kernel.openBuses == 0)
    }

    // MARK: - Training

    private func session<L: Lines>(
      _ bench: Bench, _ board: WiredBoard<L>,
      rule: RuleSettings.Name = .centredOverclamped
    ) throws -> Session<WiredBoard<L>> {
      let plan = Plan(
        rule: RuleSettings(name: rule, update: bench.board.gates.update),
        epochs: 3, seed: 5, calibrated: false)
      return try Session(
        board: board, description: bench.board, problem: Problem(task: bench.task, seed: 5),
        plan: plan, calibration: Calibration(nominal: bench.board))
    }

    @Test(arguments: [("breadboard", "regression"), ("lattice", "xor")])
    func `a run over a bus decides as one line by line, and its log replays`(
      _ name: String, _ task: String
    ) throws {
      let bench = try Bench(name, task: task, overBus: true, change: timeless)
      let plain = try Bench(name, task: task, change: timeless)
      var bus = try session(
        bench,
        WiredBoard(lines: TracingLines(try bench.lines(), trace: Trace()), wiring: bench.wiring))
      var lines = try session(plain, WiredBoard(lines: plain.kernel.pins, wiring: plain.wiring))
      func run<Board>(_ session: inout Session<Board>) throws {
        #expect(try session.findGates())
        try session.begin()
        while !session.isFinished { _ = try session.trainEpoch() }
      }
      try run(&bus)
      try run(&lines)
      #expect(bus.outsideCheckpoint.estimates == lines.outsideCheckpoint.estimates)
      #expect(bus.curve.map(\.all) == lines.curve.map(\.all))
      #expect(bus.curve.last!.all.error < bus.curve.first!.all.error)
      #expect(bench.kernel.pins.gates == lines.board.lines.gates)
      #expect(bench.kernel.pins.trueMisuses.isEmpty)

      let log = try Trace(text: bus.board.lines.trace!.text)
      #expect(log.events.contains { $0.kind == .exchange })
      var replayed = try session(bench, WiredBoard(lines: ReplayLines(log), wiring: bench.wiring))
      try run(&replayed)
      #expect(replayed.board.lines.isAtEnd)
      #expect(replayed.outsideCheckpoint == bus.outsideCheckpoint)
      // One bit that came otherwise is another run.
      var other = log
      let place = other.events.lastIndex { $0.kind == .exchange && $0.levels != .none }!
      other.events[place].mask.bits ^= 1
      var differing = try session(
        bench, WiredBoard(lines: ReplayLines(other), wiring: bench.wiring))
      #expect(throws: WiredFailure<ReplayLines.Divergence>.self) { try run(&differing) }
    }

    @Test(arguments: [
      ("breadboard", "regression", RuleSettings.Name.centredOverclamped, 29),
      ("lattice", "xor", .centredOverclamped, 67), ("lattice", "xor", .overclamped, 52),
    ])
    func `a step takes the operations that are told`(
      _ name: String, _ task: String, _ rule: RuleSettings.Name, _ operations: Int
    ) throws {
      let bench = try Bench(name, task: task, overBus: true)
      let lines = try bench.lines()
      var session = try session(
        bench, WiredBoard(lines: lines, wiring: bench.wiring), rule: rule)
      try session.board.releaseAll()
      #expect(try session.findGates())
      try session.begin()
      var steps = LineStatistics.Steps()
      var counted: Int?
      while !session.isFinished {
        _ = try session.trainSamples(
          counting: &steps, since: &counted, operations: { _ in lines.operations })
        _ = try session.measureEpoch()
      }
      #expect(steps.most == operations)
      let channels = bench.task.inputs.count { $0.column != nil }
      #expect(
        operations
          == OperationTimes(description: bench.board).lineOperations(
            sources: channels, targets: bench.task.outputs.channels,
            comparisons: rule.isCentred ? 2 : 1,
            overBus: true))
    }
  }
}
