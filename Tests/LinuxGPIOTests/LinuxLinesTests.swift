import CGPIOD
import Files
import Firmware
import Foundation
import Runs
@testable import LinuxGPIO
import Targets
import Testing
import BoardDouble
import Traces
import Wiring

// One request at a time is guarded against the program's end: the tests take turns.
@Suite(.serialized)
struct LinuxLinesTests {
  // MARK: - Opening

  @Test func `lines are requested at rest, under our name, and LEARN is not active`() throws {
    let bench = try Bench("lattice", task: "xor")
    let lines = try bench.lines()
    #expect(bench.kernel.log == ["look", "close", "open tellegen"])
    #expect(bench.kernel.lastLevels == bench.wiring.idle.bits)
    #expect(bench.kernel.lastOutputs == bench.wiring.outputs.bits)
    #expect(bench.kernel.lastLevels & bench.wiring.learn.bits == 0)
    // Bit i of a request is the board's line i, wherever it is on the chip.
    #expect(bench.kernel.wires.prefix(3) == [11, 10, 9])
    #expect(lines.leftBehind.isEmpty)
  }

  @Test func `the chip is found by its label, never by its number`() throws {
    var bench = try Bench("lattice", task: "xor")
    bench.kernel.chips = [
      .init(label: "raspberrypi-exp-gpio", lines: 8), .init(label: "pinctrl-bcm2711", lines: 58),
    ]
    #expect(try bench.lines().chip.path == "/dev/gpiochip1")
    // Another Raspberry Pi's header does as well.
    bench.kernel.chips = [.init(label: "pinctrl-rp1", lines: 54)]
    #expect(try bench.lines().chip.label == "pinctrl-rp1")
    // A label that is no header's must be there itself.
    bench.board.wiring?.chip = "my-expander"
    #expect {
      try bench.lines()
    } throws: { error in
      "\(error)".contains("no GPIO chip is called my-expander; there are pinctrl-rp1")
    }
    bench.kernel.chips = [.init(label: "my-expander", lines: 54)]
    #expect(try bench.lines().chip.label == "my-expander")
  }

  @Test func `a chip that may not be opened is named`() throws {
    let bench = try Bench("lattice", task: "xor")
    bench.kernel.chips[0].isRefused = true
    #expect(throws: LineError.noPermission(path: "/dev/gpiochip0")) { try bench.lines() }
  }

  @Test func `lines are found by name`() throws {
    var bench = try Bench("lattice", task: "xor")
    bench.kernel.names = [44: "LEARN_OUT"]
    bench.board.wiring!.wires[5].line = .name("LEARN_OUT")
    _ = try bench.lines()
    #expect(bench.kernel.wires[5] == 44)
    bench.board.wiring!.wires[5].line = .name("LEARN_IN")
    #expect(
      throws: LineError.noLine(
        role: "LEARN", line: "LEARN_IN", chip: "pinctrl-bcm2711", lines: 58)
    ) { try bench.lines() }
    bench.board.wiring!.wires[5].line = .offset(58)
    #expect(throws: LineError.self) { try bench.lines() }
  }

  @Test func `one line by its number and by its name is refused, with both its roles`() throws {
    var bench = try Bench("lattice", task: "xor")
    bench.kernel.names = [23: "GPIO23"]
    bench.board.wiring!.wires[3].line = .name("GPIO23")
    #expect {
      try bench.lines()
    } throws: { error in
      "\(error)".contains("LATCH and LEARN are both at line 23 of pinctrl-bcm2711")
    }
  }

  @Test func `lines of two boards are each put to rest by their own end`() throws {
    let one = try Bench("breadboard", task: "regression")
    let other = try Bench("breadboard", task: "regression")
    do {
      var kept = try other.lines()
      try kept.write(other.wiring.learn, mask: other.wiring.learn)
      do {
        var lines = try one.lines()
        try lines.write(one.wiring.learn, mask: one.wiring.learn)
      }
      #expect(try one.kernel.pins.read(mask: one.wiring.outputs) == one.wiring.idle)
      #expect(try other.kernel.pins.read(mask: other.wiring.learn) == other.wiring.learn)
      _ = kept.writes
    }
    #expect(try other.kernel.pins.read(mask: other.wiring.outputs) == other.wiring.idle)
  }

  @Test func `the driver says what becomes of released lines, by its new parameter or its old`()
    throws
  {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: root) }
    #expect(GPIOChip.released(modules: root.path) == nil)
    for (driver, parameter, text, answer) in [
      ("pinctrl_rp1", "persist_gpio_outputs", "Y\n", GPIOChip.Released.stayDriven),
      ("pinctrl_rp1", "persist_gpio_outputs", "N\n", .becomeInputs),
      ("pinctrl_bcm2835", "strict_gpiod", "N\n", .stayDriven),
      ("pinctrl_bcm2835", "strict_gpiod", "Y\n", .becomeInputs),
      ("pinctrl_bcm2835", "persist_gpio_outputs", "Y\n", .stayDriven),
    ] {
      let folder = root.appendingPathComponent("\(driver)/parameters")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data(text.utf8).write(to: folder.appendingPathComponent(parameter))
      #expect(GPIOChip.released(modules: root.path) == answer)
    }
  }

  @Test func `a held line and its owner are named`() throws {
    let bench = try Bench("lattice", task: "xor")
    bench.kernel.owners = [10: "spi0 CS0", 23: "fan"]
    #expect {
      try bench.lines()
    } throws: { error in
      let text = "\(error)"
      return text.contains("MOSI, line 10 of pinctrl-bcm2711, is held by spi0 CS0")
        && text.contains("LEARN, line 23 of pinctrl-bcm2711, is held by fan")
    }
    #expect(bench.kernel.opened == bench.kernel.closed)
  }

  @Test func `what a killed program left driven is told by role`() throws {
    let bench = try Bench("lattice", task: "xor")
    // LEARN high and LOAD low, both driven; MOSI high, but nobody's output.
    bench.kernel.driven = [23, 24]
    bench.kernel.leftLevels = 1 << 5 | 1 << 1
    #expect(try bench.lines().leftBehind == ["LOAD", "LEARN"])
  }

  /// An emergency stop must not fail for what it only says.
  @Test(arguments: [LineError.Call.look, .open, .read])
  func `lines are put to rest also where it cannot be read what was left`(
    _ call: LineError.Call
  ) throws {
    let bench = try Bench("lattice", task: "xor")
    let kernel = bench.kernel
    kernel.driven = [23]
    kernel.leftLevels = 1 << 5
    switch call {
    case .look: kernel.lineErrno = EIO
    case .open: kernel.asIsErrno = EIO
    default: kernel.failure = (0, EIO)
    }
    do {
      let lines = try bench.lines()
      #expect(lines.lookFailure == .failed(call, errno: EIO))
      #expect(lines.leftBehind.isEmpty)
      // The last request is the one with levels.
      #expect(!kernel.isAsIs)
      #expect(kernel.lastOutputs == bench.wiring.outputs.bits)
      #expect(kernel.lastLevels == bench.wiring.idle.bits)
      try lines.checkRest()
    }
    #expect(kernel.opened == kernel.closed)
  }

  // MARK: - The loop

  @Test func `one operation is one call`() throws {
    let bench = try Bench("breadboard", task: "regression")
    var lines = try bench.lines()
    let before = bench.kernel.log.count
    try lines.write(LineSet(bits: 3), mask: LineSet(bits: 3))
    _ = try lines.read(mask: bench.wiring.inputs)
    #expect(bench.kernel.log.count == before + 2)
    #expect((lines.writes, lines.reads) == (1, 1))
  }

  @Test func `an interrupted call is made again, a failed one is thrown`() throws {
    let bench = try Bench("breadboard", task: "regression")
    var lines = try bench.lines()
    bench.kernel.failure = (1, EINTR)
    try lines.write(.none, mask: LineSet(bits: 1))
    try lines.write(.none, mask: LineSet(bits: 1))
    bench.kernel.failure = (0, ENODEV)
    #expect(throws: LineError.failed(.read, errno: ENODEV)) {
      try lines.read(mask: bench.wiring.dataIn)
    }
  }

  /// Whatever call of a run fails, the failure is thrown and the lines end at rest, LEARN first.
  @Test func `looking for lines and requesting them is done again when a signal interrupts it`()
    throws
  {
    let bench = try Bench("lattice", task: "xor")
    bench.kernel.interruptions = 10
    let lines = try bench.lines()
    #expect(bench.kernel.interruptions == 0)
    #expect(lines.lookFailure == nil)
    #expect(bench.kernel.log == ["look", "close", "open tellegen"])
    // What was left is read, and rest looked at, in spite of signals as well.
    bench.kernel.failure = (0, EINTR)
    try lines.checkRest()
  }

  @Test func `a chip that does not say what it is is no chip that is not there`() throws {
    let bench = try Bench("lattice", task: "xor")
    bench.kernel.chipErrno = EIO
    #expect(throws: LineError.failed(.look, errno: EIO)) { try bench.lines() }
  }

  @Test(arguments: [
    (EBUSY, "`tellegen doctor`"), (EIO, "check its supply"), (ENODEV, "plug it in"),
    (EINTR, "do it again"), (EACCES, "the group"),
  ])
  func `what the kernel refused comes with what to do`(_ errno: Int32, _ advice: String) {
    let words = LineError.failed(.write, errno: errno).description
    #expect(words.hasPrefix("setting GPIO lines failed: "))
    #expect(words.contains("(errno \(errno)); "))
    #expect(words.contains(advice), "\(words)")
  }

  @Test(arguments: [0, 1, 17, 400, 1500, 1501, 1502, 1503, 1504, 1505, 9000])
  func `a failure at any call leaves the lines at rest`(_ count: Int) throws {
    let bench = try Bench("breadboard", task: "regression")
    do {
      var board = WiredBoard(lines: try bench.lines(), wiring: bench.wiring)
      bench.kernel.failure = (count, EIO)
      var session = try session(bench, board)
      #expect(throws: WiredFailure<LineError>.self) {
        try session.board.releaseAll()
        _ = try session.findGates()
        try session.begin()
        while !session.isFinished { _ = try session.trainEpoch() }
      }
      board = session.board
      _ = board
    }
    #expect(bench.kernel.failure == nil)
    #expect(bench.kernel.log.last == "close")
    let idle = try bench.kernel.pins.read(mask: bench.wiring.outputs)
    #expect(idle == bench.wiring.idle)
    let learn = String(bench.wiring.learn.bits, radix: 16)
    #expect(bench.kernel.log.dropLast(3).last == "w \(learn) 0")
  }

  // MARK: - Training

  private func session<L: Lines>(
    _ bench: Bench, _ board: WiredBoard<L>
  ) throws -> Session<WiredBoard<L>> {
    let plan = Plan(
      rule: RuleSettings(name: .centredOverclamped, update: bench.board.gates.update),
      epochs: 3, seed: 5, calibrated: false)
    return try Session(
      board: board, description: bench.board, problem: Problem(task: bench.task, seed: 5),
      plan: plan, calibration: Calibration(nominal: bench.board))
  }

  /// Where timing is the same, everything is: the run through LinuxLines and the run on the pins.
  @Test(arguments: [("breadboard", "regression"), ("lattice", "xor")])
  func `a run through LinuxLines decides as the pin-level double`(
    _ board: String, _ task: String
  ) throws {
    let bench = try Bench(board, task: task)
    let pins = try Bench(board, task: task)
    var real = try session(
      bench,
      WiredBoard(lines: TracingLines(try bench.lines(), trace: Trace()), wiring: bench.wiring))
    var double = try session(
      pins,
      WiredBoard(lines: TracingLines(pins.kernel.pins, trace: Trace()), wiring: pins.wiring))
    try real.board.releaseAll()
    try double.board.releaseAll()
    #expect(try real.findGates())
    #expect(try double.findGates())
    try real.begin()
    try double.begin()
    while !real.isFinished {
      _ = try real.trainEpoch()
      _ = try double.trainEpoch()
    }
    #expect(real.outsideCheckpoint == double.outsideCheckpoint)
    #expect(real.board.lines.trace?.events == double.board.lines.trace?.events)
    #expect(real.board.lines.trace!.events.count > 10_000)
    #expect(bench.kernel.pins.misuseCount == 0)
    // Every operation was counted, and there are as many as on the double.
    let lines = real.board.lines.base
    #expect(lines.writes + lines.reads == bench.kernel.pins.operations)
    #expect(bench.kernel.pins.operations == double.board.lines.base.operations)
  }

  /// Wherever gates stood, they end where the controllers believe them.
  @Test(arguments: [0.0, 1.5, 4.2])
  func `gates are found wherever they stood`(_ volts: Double) throws {
    let bench = try Bench("breadboard", task: "regression")
    bench.kernel.pins.setGates(volts)
    var session = try session(
      bench, WiredBoard(lines: try bench.lines(), wiring: bench.wiring))
    try session.board.releaseAll()
    #expect(try session.findGates())
    let truth = bench.kernel.pins.gates
    for (edge, gate) in session.controllers.enumerated() {
      // The controllers know the parts' markings only: supply, R and C are 1 % parts.
      #expect(abs(gate.gate.volts - truth[edge]) < 0.05, "edge \(edge)")
    }
    // However they stood, they end alike.
    let other = try Bench("breadboard", task: "regression")
    other.kernel.pins.setGates(2.5)
    var again = try self.session(
      other, WiredBoard(lines: try other.lines(), wiring: other.wiring))
    try again.board.releaseAll()
    #expect(try again.findGates())
    // A drained gate is believed 1 V too high after the first way down; each way up leaves 0.32 of
    // that, each way down 0.15: 2.3 mV after two of both, and a little more for the diode.
    for (one, two) in zip(truth, other.kernel.pins.gates) { #expect(abs(one - two) < 0.003) }
  }

  /// Who interrupts while gates are being found waits for one pulse at most.
  @Test(arguments: [1, 2, 50])
  func `finding gates ends after the pulse under way`(_ count: Int) throws {
    let bench = try Bench("breadboard", task: "regression")
    var session = try session(
      bench, WiredBoard(lines: try bench.lines(), wiring: bench.wiring))
    try session.board.releaseAll()
    let learn = String(bench.wiring.learn.bits, radix: 16)
    var pulses: Int { bench.kernel.log.count { $0 == "w \(learn) \(learn)" } }
    var seen = [0]
    let found = try session.findGates(stopping: {
      seen.append(pulses)
      return seen.count > count
    })
    #expect(!found && seen.count == count + 1 && seen[count] == count - 1)
    for (before, after) in zip(seen, seen.dropFirst()) { #expect(after - before <= 1) }
    try session.board.releaseAll()
    try session.board.lines.rest()
    #expect(try bench.kernel.pins.read(mask: bench.wiring.outputs) == bench.wiring.idle)
    #expect(pulses == seen[count])
  }

  @Test func `a resumed run has its gates back and goes on`() throws {
    let bench = try Bench("breadboard", task: "regression")
    var first = try session(bench, WiredBoard(lines: try bench.lines(), wiring: bench.wiring))
    try first.board.releaseAll()
    #expect(try first.findGates())
    try first.begin()
    _ = try first.trainEpoch()
    let saved = first.outsideCheckpoint
    let trained = bench.kernel.pins.gates

    bench.kernel.pins.setGates(0)
    let data = try JSONEncoder().encode(saved)
    var second = try session(bench, WiredBoard(lines: first.board.lines, wiring: bench.wiring))
    try second.board.releaseAll()
    #expect(try second.findGates())
    #expect(try second.resume(try JSONDecoder().decode(Checkpoint<Never>.self, from: data)))
    for (one, two) in zip(trained, bench.kernel.pins.gates) { #expect(abs(one - two) < 0.01) }
    #expect(second.progress.last == first.progress.last)
    #expect(second.progress.first == first.progress.first)
    while !second.isFinished { _ = try second.trainEpoch() }
    #expect(second.curve.last!.all.error < 0.5 * first.curve.first!.all.error)
  }

  // MARK: - Safety

  @Test func `closing puts LEARN off first, then deselects, then rests the others`() throws {
    let bench = try Bench("lattice", task: "xor")
    do {
      var lines = try bench.lines()
      try lines.write(bench.wiring.outputs, mask: bench.wiring.outputs)
    }
    let wiring = bench.wiring
    let rest = wiring.outputs.without(wiring.learn | wiring.enable)
    #expect(
      bench.kernel.log.suffix(4) == [
        "w \(String(wiring.learn.bits, radix: 16)) 0",
        "w \(String(wiring.enable.bits, radix: 16)) 0",
        "w \(String(rest.bits, radix: 16)) \(String(wiring.idle.bits, radix: 16))", "close",
      ])
  }

  // MARK: - Rest

  /// What a killed run left behind, whatever it did when it was killed, is put right by the next
  /// who opens the lines and shuts the converters down.
  @Test(arguments: [("breadboard", "regression"), ("lattice", "xor")], [false, true])
  func `converters that a killed run left driven are shut down, and again`(
    _ name: (String, String), _ overBus: Bool
  ) throws {
    let bench = try Bench(name.0, task: name.1, overBus: overBus)
    let wiring = bench.wiring
    for calls in [3, 40, 200, 301, 333] {
      do {
        var board = WiredBoard(lines: try bench.lines(), wiring: wiring)
        for source in 0..<wiring.sourceCount {
          try board.drive(source: source, at: .millivolts(300))
        }
        for target in 0..<wiring.targetCount {
          try board.clamp(target: target, at: .millivolts(200))
        }
        // Killed: from some call on nothing reaches the chip, not even what would put it to rest.
        bench.kernel.failure = (calls, EIO)
        bench.kernel.isDeadAfterFailure = true
        #expect(throws: WiredFailure<LineError>.self) {
          while true {
            try board.drive(source: 0, at: .millivolts(100))
            _ = try board.pulse(width: .milliseconds(1), drives: Span())
            try board.drive(source: 0, at: .millivolts(200))
          }
        }
      }
      let left = bench.kernel.pins.analog.state
      #expect(left.sourcesDriven == wiring.sourceCount && left.clampsDriven == wiring.targetCount)
      bench.kernel.isDeadAfterFailure = false
      bench.kernel.failure = nil
      for _ in 0..<2 {
        // As the request does.
        try bench.kernel.pins.write(wiring.idle, mask: wiring.outputs)
        var board = WiredBoard(lines: try bench.lines(), wiring: wiring)
        try board.shutDownAll()
        try board.lines.rest()
        try board.lines.checkRest()
        let state = bench.kernel.pins.analog.state
        #expect(state.sourcesDriven == 0 && state.clampsDriven == 0)
      }
      #expect(bench.kernel.pins.linesAway == 0)
    }
  }

  @Test func `an output that does not go to rest is named, with where it stands`() throws {
    let bench = try Bench("lattice", task: "xor")
    let lines = try bench.lines()
    try lines.checkRest()
    bench.kernel.shorted = ((bench.wiring.learn | bench.wiring.load).bits, bench.wiring.learn.bits)
    #expect {
      try lines.checkRest()
    } throws: { error in
      let text = "\(error)"
      return text.contains("LOAD, line 24 of pinctrl-bcm2711, stays low though it was put high")
        && text.contains("LEARN, line 23 of pinctrl-bcm2711, stays high though it was put low")
        && text.contains("check what the line is joined to")
    }
    // The lines of a bus are not the board's to judge.
    let bus = try Bench("breadboard", task: "regression", overBus: true)
    let others = try bus.lines()
    try others.checkRest()
    bus.kernel.shorted = (bus.wiring.selectLine(1).bits, 0)
    #expect(
      throws: LineError.awayFromRest(
        [.init(role: "CS1", offset: 7, isHigh: false)], chip: "pinctrl-bcm2711")
    ) { try others.checkRest() }
  }

  /// The look is part of a run: its log, and that of a program that did not look, replay.
  @Test(arguments: [("breadboard", "regression"), ("lattice", "xor")], [false, true])
  func `a board looks right through LinuxLines, and its log replays`(
    _ name: (String, String), _ overBus: Bool
  ) throws {
    let bench = try Bench(name.0, task: name.1, overBus: overBus)
    let place = try bench.task.place(on: bench.board)
    func look<L: Lines>(_ board: WiredBoard<L>) throws -> Session<WiredBoard<L>> {
      var session = try session(bench, board)
      var look = try FirstLook(bench.board, sources: place.sources, targets: place.targets)
      try session.board.checkChain()
      #expect(try session.findGates(looking: &look), "\(look.findings)")
      #expect(look.comparatorsSeen > 0)
      return session
    }
    let real = try look(
      WiredBoard(lines: TracingLines(try bench.lines(), trace: Trace()), wiring: bench.wiring))
    let trace = try #require(real.board.lines.trace)
    let again = try look(WiredBoard(lines: ReplayLines(trace), wiring: bench.wiring))
    #expect(again.board.lines.isAtEnd)
    #expect(again.controllers.map(\.gate) == real.controllers.map(\.gate))
  }

  // MARK: - The guard

  /// A program that is ending is sent another signal with every write that puts its lines to rest.
  @Test func `a signal during the last writes does not keep the others from being done`() async {
    let result = await #expect(
      processExitsWith: .signal(SIGQUIT), observing: [\.standardOutputContent]
    ) {
      var calls = cgpiod_kernel()
      calls.write = { _, _, levels, _ in
        var mark = UInt8(levels)
        write(STDOUT_FILENO, &mark, 1)
        raise(SIGUSR1)
        return 0
      }
      var writes = cgpiod_guard()
      writes.count = 3
      writes.levels.0 = UInt64(UInt8(ascii: "L"))
      writes.levels.1 = UInt64(UInt8(ascii: "S"))
      writes.levels.2 = UInt64(UInt8(ascii: "D"))
      // A test's thread is not the program's first: it has them blocked.
      var none = sigset_t()
      sigemptyset(&none)
      pthread_sigmask(SIG_SETMASK, &none, nil)
      var request = 0
      withUnsafeMutablePointer(to: &request) { request in
        _ = cgpiod_arm(&calls, request, &writes)
        raise(SIGQUIT)
      }
    }
    let written = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
    #expect(written.hasSuffix("LSD"), "\(written)")
  }
}

struct LatencyTests {
  @Test func `quantiles are right to six percent`() {
    var latency = Latency()
    for value in 1...100_000 { latency.add(Int64(value)) }
    for share in [0.01, 0.5, 0.99, 0.999, 1] {
      let exact = share * 100_000
      let told = Double(latency.quantile(share))
      #expect(told >= exact && told <= exact * 1.0625, "\(share): \(told)")
    }
    #expect(latency.longest == 100_000)
    #expect(latency.quantile(1) == 100_000)
  }

  @Test func `every duration has a class, and its bound is not below it`() {
    for shift in 0..<63 {
      for offset in [-1, 0, 1, 7] {
        let value = max(0, (Int64(1) << Int64(shift)) &+ Int64(offset))
        let place = Latency.place(value)
        #expect(place >= 0 && place < 16 * 41)
        if value < 1 << 40 { #expect(Latency.upper(place) >= value) }
        if value < 1 << 40 && place > 0 { #expect(Latency.upper(place - 1) < value) }
      }
    }
    #expect(Latency.place(-5) == 0)
    #expect(Latency().quantile(0.5) == 0)
  }
}
