import Circuit
import Files
import Firmware
import Foundation
import Runs
import Portable
import Synchronization
import Testing
import Traces
import Wiring

@testable import BoardDouble
@testable import VhostGPIO

/// Lines at a chip, asked one by one as the kernel's driver does, in virtual time; every request
/// and its answer is kept.
private struct ChipLines: Lines {
  typealias Failure = Never

  struct Asked {
    var request: PinChip.Request
    var line: Int
    var value: UInt32
    var time: Nanoseconds
    var answer: UInt8?
  }

  var chip: PinChip
  let offsets: [Int]
  var time = Nanoseconds.zero
  var asked: [Asked] = []

  mutating func ask(_ request: PinChip.Request, _ line: Int, _ value: UInt32) -> UInt8? {
    time = time + .microseconds(20)
    let answer = chip.answer(request, line: line, value: value, at: time)
    asked.append(Asked(request: request, line: line, value: value, time: time, answer: answer))
    return answer
  }

  private func wires(_ mask: LineSet) -> [Int] {
    offsets.indices.filter { mask.meets(LineSet(line: $0)) }
  }

  mutating func write(_ levels: LineSet, mask: LineSet) {
    for wire in wires(mask) {
      _ = ask(.setValue, offsets[wire], levels.meets(LineSet(line: wire)) ? 1 : 0)
    }
  }

  mutating func read(mask: LineSet) -> LineSet {
    wires(mask).reduce(LineSet.none) {
      ask(.getValue, offsets[$1], 0) == 1 ? $0 | LineSet(line: $1) : $0
    }
  }

  mutating func wait(_ duration: Nanoseconds) {
    if .zero < duration { time = time + duration }
  }

  mutating func now() -> Nanoseconds { time }
}

/// Chip and board outlive the process that serves them.
struct ServedStateTests {
  private static func through<Value: Codable>(_ value: Value) throws -> Value {
    try JSONDecoder().decode(Value.self, from: try JSONEncoder().encode(value))
  }

  /// A board's opening, gates found, and the beginning of its training, as requests for lines.
  private func asked(_ name: String, _ task: String) throws -> (
    fresh: PinChip, lines: ChipLines
  ) {
    var bench = try Bench(name, task: task)
    // Conversions over such lines take long.
    bench.board.timing.conversion = 0.05
    let place = try bench.task.place(on: bench.board)
    let pins = try VirtualPins(
      description: bench.board, seed: 5, sources: place.sources, targets: place.targets)
    let fresh = PinChip(pins: pins, wiring: bench.board.wiring!)
    let offsets = bench.board.wiring!.wires.map { wire in
      if case .offset(let offset) = wire.line { return offset }
      return 0
    }
    var lines = ChipLines(chip: fresh, offsets: offsets)
    for wire in offsets.indices {
      let set = LineSet(line: wire)
      let isOutput = pins.wiring.outputs.meets(set)
      if isOutput { _ = lines.ask(.setValue, offsets[wire], pins.wiring.idle.meets(set) ? 1 : 0) }
      _ = lines.ask(.setDirection, offsets[wire], isOutput ? 1 : 2)
    }
    var session = try Session(
      board: WiredBoard(lines: lines, wiring: pins.wiring), description: bench.board,
      problem: Problem(task: bench.task, seed: 5),
      plan: Plan(
        rule: RuleSettings(name: .centredOverclamped, update: bench.board.gates.update),
        epochs: 2, seed: 5, calibrated: false),
      calibration: Calibration(nominal: bench.board))
    try session.board.releaseAll()
    _ = try session.findGates()
    try session.begin()
    while !session.isFinished { _ = try session.trainEpoch() }
    return (fresh, session.board.lines)
  }

  @Test(arguments: [("breadboard", "regression"), ("lattice", "xor")])
  func `requests split over many servers get the answers of one, bit for bit`(
    _ name: String, _ task: String
  ) throws {
    let (fresh, lines) = try asked(name, task)
    let asked = lines.asked
    #expect(asked.count > 9_000)
    #expect(lines.chip.pins.misuseCount == 0)
    var chip = fresh
    var splits = 0
    for (number, one) in asked.enumerated() {
      // Every so often, and through a stretch of training between any two requests: in the middle
      // of frames, of conversions, of the chain's shifts and of pulses.
      if number % 1009 == 0 || (asked.count - 1200..<asked.count - 600).contains(number) {
        let saved = try Self.through(chip.state)
        chip = fresh
        try chip.restore(saved)
        splits += 1
      }
      let answer = chip.answer(one.request, line: one.line, value: one.value, at: one.time)
      #expect(answer == one.answer, "request \(number)")
      if answer != one.answer { return }
    }
    #expect(splits > 600)
    #expect(chip.state == lines.chip.state)
    #expect(chip.pins.time == lines.chip.pins.time)
  }

  @Test func `a state of another chip is refused, and the chip unchanged`() throws {
    let (fresh, lines) = try asked("breadboard", "regression")
    let lattice = try Machine().chip
    var other = lattice
    #expect(throws: StateMismatch.self) { try other.restore(lines.chip.state) }
    #expect(other.state == lattice.state)
    // A file that was tampered with says what cannot be.
    let good = try JSONSerialization.jsonObject(with: JSONEncoder().encode(lines.chip.state))
    func tampered(_ change: (inout [String: Any], inout [String: Any]) -> Void) throws -> Data {
      var state = good as! [String: Any]
      var pins = state["pins"] as! [String: Any]
      change(&state, &pins)
      state["pins"] = pins
      return try JSONSerialization.data(withJSONObject: state)
    }
    let lies: [(inout [String: Any], inout [String: Any]) -> Void] = [
      { _, pins in pins["time"] = -5_000_000_000 },
      { _, pins in pins["commanded"] = UInt64(1) << 60 },
      { _, pins in pins["latched"] = [9, 9, 9, 9, 9] },
      { _, pins in pins["latched"] = [Int]() },
      { _, pins in pins["operations"] = -1 },
      { _, pins in pins["drives"] = ["bits": [true], "head": 0] },
      { _, pins in
        var chain = pins["comparators"] as! [String: Any]
        chain["head"] = 99
        pins["comparators"] = chain
      },
      { _, pins in pins["chips"] = [Any]() },
      { state, _ in state["lines"] = [Any]() },
      { state, _ in state["learnSince"] = Int64.max },
      { state, _ in
        var lines = state["lines"] as! [[String: Any]]
        lines[0]["direction"] = 3
        state["lines"] = lines
      },
      { state, _ in
        var seen = state["sightings"] as! [String: Any]
        seen["gets"] = -1
        state["sightings"] = seen
      },
    ]
    for (number, lie) in lies.enumerated() {
      let state = try JSONDecoder().decode(PinChip.State.self, from: try tampered(lie))
      var chip = fresh
      #expect(throws: StateMismatch.self, "lie \(number)") { try chip.restore(state) }
      #expect(chip.state == fresh.state, "lie \(number)")
    }
  }
}

/// What becomes of requests when a server goes and another comes.
struct ReconnectionTests {
  /// Directions and levels that a driver believes to have.
  private func open(_ machine: Machine) {
    for line: UInt16 in [23, 24] {
      #expect(machine.ask(5, line: line, value: 1) == (0, 0, 2))
      #expect(machine.ask(3, line: line, value: 1) == (0, 0, 2))
    }
  }

  /// QEMU tells the used index when it could not ask; others tell the base they remember, or none.
  @Test(arguments: [UInt16(4), 0, 7])
  func `what was put up and not answered is answered by the next server, none twice`(
    _ base: UInt16
  ) throws {
    let machine = try Machine()
    machine.start()
    open(machine)
    #expect(machine.given == 4)
    // Three requests that nobody looked at before the server ended.
    machine.put(5, line: 23, value: 0, slot: 0)
    machine.put(4, line: 23, value: 0, slot: 1)
    machine.put(5, line: 23, value: 1, slot: 2)
    let saved = machine.chip.state
    var chip = try Machine().chip
    try chip.restore(saved)
    machine.reconnect(to: chip)
    machine.start(base: base)
    machine.serve()
    #expect(machine.given == 7)
    #expect(machine.answer(slot: 0) == (0, 0))
    #expect(machine.answer(slot: 1) == (0, 0))
    #expect(machine.answer(slot: 2) == (0, 0))
    #expect(machine.chip.state.sightings.sets == saved.sightings.sets + 2)
    machine.serve()
    #expect(machine.given == 7)
    #expect(machine.ask(2, line: 24, value: 0) == (0, 1, 2))
    #expect(machine.ask(4, line: 23, value: 0) == (0, 1, 2))
    #expect(machine.chip.sightings.departures == 0)
  }

  @Test func `a driver that begins anew finds no line in use, one that goes on finds its lines`()
    throws
  {
    let machine = try Machine()
    machine.start()
    open(machine)
    // The same driver over another connection, at any place of its rings, also when they have come
    // round to zero.
    machine.reconnect(to: machine.chip)
    machine.start(base: machine.given)
    #expect(machine.ask(2, line: 23, value: 0) == (0, 1, 2))
    let round = try Machine(machine.chip, index: .max)
    round.start()
    #expect(round.ask(2, line: 23, value: 0) == (0, 1, 2))
    #expect(round.given == 0)
    round.reconnect(to: round.chip)
    round.start()
    #expect(round.ask(2, line: 23, value: 0) == (0, 1, 2))
    #expect(round.chip.sightings.departures == 0)
    // Another machine, with rings of its own: LEARN was left on.
    let other = try Machine(round.chip)
    other.start()
    #expect(other.ask(2, line: 23, value: 0) == (0, 0, 2))
    #expect(other.chip.sightings.departures == 1)
    #expect(other.chip.sightings.unsafeRoles.contains("LEARN"))
  }

  @Test func `a server that goes on with the state of another serves the same machine`() throws {
    let path = NSTemporaryDirectory() + "tellegen-\(UUID().uuidString.prefix(8))"
    let machine = try Machine()
    var chip = machine.chip
    chip.trace = Trace()
    let first = Serving(try ChipServer(chip: chip, path: path))
    try machine.connect(to: path)
    machine.start()
    open(machine)
    #expect(machine.ask(4, line: 24, value: 0) == (0, 1, 2))
    let one = first.stop()
    let stopped = one.time
    #expect(one.isConnected)
    #expect(one.chip.trace!.events.map(\.kind) == [.turn, .turn])

    // Nobody is there: the machine's program asks and waits.
    machine.put(5, line: 24, value: 0)
    var next = try Machine().chip
    try next.restore(
      try JSONDecoder().decode(PinChip.State.self, from: try JSONEncoder().encode(one.chip.state)))
    #expect(next.state == one.chip.state)
    let second = Serving(try ChipServer(chip: next, path: path, time: stopped))
    try machine.connect(to: path)
    machine.start(base: machine.given)
    machine.wait()
    #expect(machine.answer() == (0, 0))
    #expect(machine.ask(2, line: 24, value: 0) == (0, 1, 2))
    #expect(machine.ask(4, line: 24, value: 0) == (0, 0, 2))
    #expect(machine.ask(4, line: 23, value: 0) == (0, 1, 2))

    // A connection that lies is ended; the next one finds the chip as it was.
    machine.send(2, [1 << 40])
    #expect(machine.isHungUp)
    try machine.connect(to: path)
    machine.start(base: machine.given)
    #expect(machine.ask(2, line: 23, value: 0) == (0, 1, 2))
    let two = second.stop()
    #expect(stopped < two.time)
    #expect(one.chip.pins.time < two.chip.pins.time)
    #expect(two.chip.sightings.departures == 0)
    #expect(two.chip.sightings.sets == 3)
  }

  @Test func `a server ends by itself once its double has failed, and says which solution`() throws
  {
    let path = NSTemporaryDirectory() + "tellegen-\(UUID().uuidString.prefix(8))"
    let bench = try Bench("breadboard", task: "regression")
    var pins = bench.kernel.pins
    pins.analog.solutionsLeft = 0
    let chip = PinChip(pins: pins, wiring: bench.board.wiring!)
    let serving = Serving(try ChipServer(chip: chip, path: path))
    let machine = try Machine(chip)
    try machine.connect(to: path)
    machine.start()
    // Some line or other is a comparator's.
    var refused = false
    for line in 0..<UInt16(chip.lineCount) where !refused {
      _ = machine.ask(3, line: line, value: 2)
      refused = machine.ask(4, line: line, value: 0).status == 1
    }
    #expect(refused)
    let server = try #require(serving.ended(within: 60))
    #expect(server.chip.failure == .notConverged(node: 0, residual: 0, iterations: 0, sweeps: 0))
    // Nobody can connect any more.
    #expect(!FileManager.default.fileExists(atPath: path))
    #expect(throws: POSIXError.self) { try machine.connect(to: path) }
  }
}

/// A server in a thread of its own.
final class Serving: @unchecked Sendable {
  private let server: ChipServer
  private let asked = Atomic(false)
  private let ended = DispatchSemaphore(value: 0)

  init(_ server: ChipServer) {
    self.server = server
    Thread { [self] in
      self.server.run(stopping: { self.asked.load(ordering: .relaxed) })
      ended.signal()
    }.start()
  }

  /// The server, once it has ended by itself; `nil` when it has not in so many seconds.
  func ended(within most: Int) -> ChipServer? {
    ended.wait(timeout: .now() + .seconds(most)) == .success ? server : nil
  }

  /// Ends the server; it has let go of its connection when it is given up.
  func stop() -> ChipServer {
    asked.store(true, ordering: .relaxed)
    ended.wait()
    return server
  }
}

/// Whatever a machine says, it is answered or hung up on, and the chip goes on.
struct ChipFuzzTests {
  /// Draws of a test, each with a number of its own.
  struct Dice {
    let draw: Draw
    var event: UInt64 = 0

    init(_ device: Int) { draw = Draw(seed: 20, purpose: 77, device: UInt32(device)) }

    mutating func bits() -> UInt64 {
      event += 1
      return draw.bits(event)
    }
    mutating func below(_ bound: UInt64) -> UInt64 { bits() % bound }
    mutating func one(in count: UInt64) -> Bool { below(count) == 0 }
    mutating func choice<Value>(_ values: [Value]) -> Value {
      values[Int(below(UInt64(values.count)))]
    }
  }

  @Test func `any chain is given back once, and the next good request is answered`() throws {
    let machine = try Machine()
    machine.start()
    var dice = Dice(0)
    var given: UInt16 = 0
    let size = UInt64(Machine.size)
    for round in 0..<30_000 {
      for slot in 0..<Machine.ring where dice.one(in: 4) {
        // Mostly within the buffers, so that chains are followed; never in the rings, which are the
        // driver's to break (below).
        let address =
          dice.one(in: 5)
          ? dice.choice([0, Machine.guest - 1, Machine.guest + size - 3, .max, dice.bits()])
          : Machine.guest + UInt64(Machine.buffers) + 64 * dice.below(700)
            + dice.choice([0, 0, 0, 5])
        machine.describe(
          slot, address: address,
          length: UInt32(
            truncatingIfNeeded: dice.one(in: 8)
              ? dice.bits() : dice.choice([0, 1, 2, 7, 8, 9, 63, 64, 65, 200])),
          flags: UInt16(truncatingIfNeeded: dice.one(in: 9) ? dice.bits() : dice.below(4)),
          next: UInt16(truncatingIfNeeded: dice.one(in: 9) ? dice.bits() : dice.below(64)))
      }
      for _ in 0..<32 {
        (machine.memory + Machine.buffers + 64 * Int(dice.below(700))).storeBytes(
          of: dice.below(8) | dice.below(40) << 16 | dice.below(4) << 32, as: UInt64.self)
      }
      machine.offer(
        head: UInt16(truncatingIfNeeded: dice.one(in: 20) ? dice.bits() : dice.below(64)))
      given &+= 1
      #expect(machine.given == given, "round \(round)")
      if machine.given != given { return }
      if round % 50 == 0 {
        let answer = machine.ask(4, line: 24, value: 0)
        given &+= 1
        #expect(answer.status == 0 && answer.count == 2, "round \(round)")
      }
      var notice: UInt64 = 0
      while poll(machine.notices) { read(machine.notices, &notice, 8) }
    }
    let seen = machine.chip.sightings
    #expect(
      seen.refused > 1000 && seen.directions > 500 && seen.sets > 100 && seen.gets > 1000,
      "\(seen)")
  }

  private func poll(_ file: Int32) -> Bool {
    var waited = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
    return Foundation.poll(&waited, 1, 0) > 0
  }

  @Test func `rings that change under the server do not stop it`() throws {
    let machine = try Machine()
    var dice = Dice(1)
    machine.start()
    for _ in 0..<2_000 {
      // Anywhere in the memory, indices and rings included.
      for _ in 0..<64 {
        (machine.memory + Int(dice.below(UInt64(Machine.size - 8)))).storeBytes(
          of: dice.one(in: 2) ? dice.bits() : Machine.guest + dice.below(UInt64(Machine.size)),
          as: UInt64.self)
      }
      machine.serve()
      var notice: UInt64 = 0
      while poll(machine.notices) { read(machine.notices, &notice, 8) }
    }
    // A driver that begins anew is served as ever.
    memset(machine.memory, 0, Machine.size)
    let again = try Machine(machine.chip)
    again.start()
    #expect(again.ask(5, line: 24, value: 1) == (0, 0, 2))
    #expect(again.ask(3, line: 24, value: 1) == (0, 0, 2))
    #expect(again.ask(4, line: 24, value: 0) == (0, 1, 2))
  }

  @Test func `any control messages are obeyed, answered, or end the connection`() throws {
    let chip = try Machine().chip
    var endings = 0
    var replies = 0
    var obeyed = 0
    for number in 0..<1_500 {
      let machine = try Machine(chip)
      var dice = Dice(2 + number)
      if dice.one(in: 2) { machine.start() }
      for _ in 0..<8 {
        let kind = UInt32(dice.one(in: 10) ? dice.below(1 << 32) : dice.below(30))
        let values: [UInt64] = [
          0, 1, 2, 1 << 32, 64 << 32, 0x100, 0x209, Connection.offered, Machine.guest, Machine.user,
          Machine.user + UInt64(Machine.available), Machine.user + UInt64(Machine.used),
          UInt64(Machine.size), .max, .max << 32, 8 | 8 << 32, 1 << 63,
        ]
        let words = (0..<Int(dice.choice([0, 1, 1, 1, 2, 4, 5, 5, 9, 33]))).map { _ in
          dice.one(in: 8) ? dice.bits() : dice.choice(values)
        }
        let file: Int32? =
          dice.one(in: 2) ? nil : dice.choice([machine.file, machine.kick, machine.notices])
        let flags = UInt32(dice.one(in: 12) ? dice.below(1 << 32) : dice.choice([1, 9]))
        let isGood = machine.send(kind, words, file: file, flags: flags)
        if !isGood {
          endings += 1
          break
        }
        obeyed += 1
        if flags & 8 != 0, poll(machine.socket) { replies += 1 }
        machine.ignoreReplies()
        machine.serve()
        var notice: UInt64 = 0
        while poll(machine.notices) { read(machine.notices, &notice, 8) }
      }
    }
    // The dice reach both ends.
    #expect(endings > 500 && endings < 1500, "\(endings)")
    #expect(obeyed > 2000 && replies > 100, "\(obeyed) \(replies)")
  }
}
