import Files
import Firmware
import Foundation
import Portable
import Testing
import BoardDouble

@testable import VhostGPIO

/// Files that are no counters of events, and what each of them would do to a server that polls it.
private enum NoCounter: CaseIterable {
  /// Always ready, and nothing to read.
  case pipeWithoutWriter, closedSocket
  /// Always ready.
  case regularFile, zeros, memory
  /// Ready, and cannot be read.
  case epoll
  /// Never ready, but its other end may close.
  case pipe

  /// Opens it; what else it needs is closed by the caller.
  func open() -> (file: Int32, others: [Int32]) {
    var pair: [Int32] = [0, 0]
    switch self {
    case .pipeWithoutWriter, .pipe:
      Foundation.pipe(&pair)
      if self == .pipe { return (pair[0], [pair[1]]) }
      close(pair[1])
      return (pair[0], [])
    case .closedSocket:
      socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair)
      close(pair[1])
      return (pair[0], [])
    case .regularFile:
      var path = Array("/tmp/tellegen-file-XXXXXX".utf8CString)
      let file = mkstemp(&path)
      unlink(path)
      return (file, [])
    case .zeros: return (Foundation.open("/dev/zero", O_RDWR), [])
    case .memory: return (sharedMemory(4096, seals: .shrink), [])
    case .epoll: return (pollSet(), [])
    }
  }
}

struct HostilePeerTests {
  private func hasPassed(_ connection: Connection, _ time: Int64) -> String? {
    do {
      try connection.check(at: time)
      return nil
    } catch {
      return error.reason
    }
  }

  /// Sends bytes to a connection and has it look at them at a time.
  private func send(_ bytes: [UInt8], to machine: Machine, at time: Int64) throws {
    Foundation.send(machine.socket, bytes, bytes.count, 0)
    try machine.connection!.obey(machine.chip, now: time)
  }

  private static let second: Int64 = 1_000_000_000
  /// GET_FEATURES.
  private static let question: [UInt8] = [1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
  /// SET_FEATURES with a payload of 8 bytes.
  private static let statement: [UInt8] =
    [2, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0] + [UInt8](repeating: 0, count: 8)

  @Test(arguments: [5, 15])
  func `a message that drips, in its header or after it, has 2 s in all`(_ before: Int) throws {
    let machine = try Machine()
    let connection = try #require(machine.connection)
    let start = monotonicTime() + Self.second
    try send(Array(Self.statement.prefix(before)), to: machine, at: start)
    #expect(hasPassed(connection, start + Self.second * 19 / 10) == nil)
    try send([Self.statement[before]], to: machine, at: start + Self.second * 19 / 10)
    #expect(hasPassed(connection, start + Self.second * 19 / 10) == nil)
    let said = try #require(hasPassed(connection, start + Self.second * 2))
    #expect(said.contains("\(before + 1) bytes of a control message came in 2.0 s"), "\(said)")
    // Each message has its own time.
    let rest = Array(Self.statement[(before + 1)...])
    try send(rest, to: machine, at: start + Self.second * 3 / 2)
    #expect(hasPassed(connection, start + Self.second * 1000) == nil)
  }

  @Test func `a silent peer has 5 s, one without a started queue gives way after 5 s`() throws {
    let machine = try Machine()
    let connection = try #require(machine.connection)
    let start = monotonicTime()
    #expect(hasPassed(connection, start + Self.second * 4) == nil)
    #expect(hasPassed(connection, start + Self.second * 6)?.contains("no control message") == true)
    try send(Self.question, to: machine, at: start + Self.second * 4)
    #expect(hasPassed(connection, start + Self.second * 1000) == nil)
    #expect(connection.mustGiveWay(at: start + Self.second * 6))
    // A machine whose queue is started may be quiet without end, also afterwards for 5 s.
    machine.start()
    #expect(hasPassed(connection, start + Self.second * 1000) == nil)
    #expect(!connection.mustGiveWay(at: start + Self.second * 1000))
    machine.send(11, [0])
    #expect(!connection.mustGiveWay(at: start + Self.second * 1004))
    #expect(connection.mustGiveWay(at: start + Self.second * 1006))
  }

  @Test func `a peer that takes no replies is not heard, and has 2 s`() throws {
    let machine = try Machine()
    let connection = try #require(machine.connection)
    let start = monotonicTime()
    var rounds = 0
    while connection.awaited == Int16(POLLIN), rounds < 100_000 {
      try send(Self.question, to: machine, at: start)
      rounds += 1
    }
    #expect(connection.awaited == Int16(POLLOUT))
    #expect(hasPassed(connection, start + Self.second * 19 / 10) == nil)
    #expect(hasPassed(connection, start + Self.second * 2)?.contains("took no reply") == true)
    // Taken after all: every reply is whole.
    var replies = 0
    var bytes = [UInt8](repeating: 0, count: 20)
    while recv(machine.socket, &bytes, 20, Int32(MSG_DONTWAIT) | Int32(MSG_WAITALL)) == 20 {
      #expect(bytes[4] == 5 && bytes[8] == 8)
      replies += 1
      try connection.obey(machine.chip)
    }
    #expect(replies == rounds)
    #expect(connection.awaited == Int16(POLLIN))
  }

  @Test(arguments: NoCounter.allCases)
  fileprivate func `a kick or call that is no eventfd is refused`(_ kind: NoCounter) throws {
    for message: UInt32 in [12, 13] {
      let machine = try Machine()
      machine.start()
      let (file, others) = kind.open()
      defer { for file in others + [file] { close(file) } }
      #expect(!machine.send(message, [0], file: file))
      #expect(machine.refusal?.contains("must be an eventfd, not '") == true, "\(machine.refusal!)")
    }
  }

  @Test func `a kick that is never empty ends the connection after 1000 turns`() throws {
    let path = NSTemporaryDirectory() + "tellegen-\(UUID().uuidString.prefix(8))"
    let machine = try Machine()
    let serving = Serving(try ChipServer(chip: machine.chip, path: path))
    try machine.connect(to: path)
    machine.start()
    #expect(machine.ask(4, line: 24, value: 0) == (0, 1, 2))
    let counter = eventCounter(isSemaphore: true)
    defer { close(counter) }
    var many: UInt64 = 1 << 40
    write(counter, &many, 8)
    machine.send(12, [0], file: counter)
    #expect(machine.isHungUp)
    #expect(serving.stop().turns < 1100)
  }

  @Test func `notices that bring requests, or none for a while, end nothing`() throws {
    let machine = try Machine(limits: Connection.Limits(emptyKicks: 3))
    machine.start()
    let connection = try #require(machine.connection)
    for _ in 0..<10 {
      for _ in 0..<3 { try connection.acknowledge() }
      #expect(machine.ask(4, line: 24, value: 0) == (0, 1, 2))
    }
    for _ in 0..<3 { try connection.acknowledge() }
    #expect(throws: Refusal.self) { try connection.acknowledge() }
  }

  @Test func `counters that were made to wait end the connection`() throws {
    for isKick in [true, false] {
      let machine = try Machine()
      machine.start()
      _ = fcntl(isKick ? machine.kick : machine.notices, F_SETFL, 0)
      if isKick {
        #expect(throws: Refusal.self) { try machine.connection!.acknowledge() }
      } else {
        _ = machine.ask(4, line: 24, value: 0)
        #expect(machine.refusal?.contains("O_NONBLOCK") == true)
      }
    }
  }

  @Test func `memory that can be made shorter is refused, with what to do`() throws {
    var path = Array("/tmp/tellegen-file-XXXXXX".utf8CString)
    let regular = mkstemp(&path)
    unlink(path)
    ftruncate(regular, Machine.size)
    // Without seals, with another seal, and where none can be set.
    let files = [
      sharedMemory(Machine.size, seals: []), sharedMemory(Machine.size, seals: .grow), regular,
      sharedMemory(Machine.size, seals: nil), open("/dev/zero", O_RDWR),
    ]
    defer { for file in files { close(file) } }
    for file in files {
      let machine = try Machine()
      #expect(
        !machine.send(5, [1, Machine.guest, UInt64(Machine.size), Machine.user, 0], file: file))
      #expect(machine.refusal?.contains("memory-backend-memfd") == true, "\(machine.refusal!)")
    }
    let machine = try Machine()
    #expect(ftruncate(machine.file, 0) == -1 && errno == EPERM)
  }

  @Test func `memory that vanishes ends its connection, and the next machine is served`() async {
    // In a process of its own, whose end would be that of all tests.
    await #expect(processExitsWith: .success) {
      let machine = try Machine(isSealed: false)
      machine.start()
      // Its answer lies in a page of its own.
      #expect(machine.ask(5, line: 24, value: 1) == (0, 0, 2))
      #expect(machine.ask(3, line: 24, value: 1) == (0, 0, 2))
      machine.put(5, line: 24, value: 0)
      let sets = machine.chip.sightings.sets
      ftruncate(machine.file, 0)
      machine.serve()
      guard machine.refusal?.contains("bus error") == true else { exit(1) }
      // What was read of pages that are gone is no request.
      guard machine.chip.sightings.sets == sets, machine.chip.sightings.refused == 0 else {
        exit(2)
      }
      machine.disconnect()
      // Only a page is gone: that of the buffers.
      let other = try Machine(machine.chip, isSealed: false)
      other.start()
      other.put(4, line: 24, value: 0)
      ftruncate(other.file, Machine.buffers)
      other.serve()
      guard other.refusal?.contains("bus error") == true else { exit(3) }
      let next = try Machine(other.chip)
      next.start()
      guard next.ask(5, line: 24, value: 1) == (0, 0, 2) else { exit(4) }
      guard next.ask(4, line: 24, value: 0) == (0, 1, 2) else { exit(5) }
    }
  }

  @Test func `a bus error anywhere else ends the program as ever`() async {
    await #expect(processExitsWith: .signal(SIGBUS)) {
      let machine = try Machine()
      machine.start()
      let file = sharedMemory(4096, seals: [])
      let memory = mmap(nil, 4096, PROT_READ, MAP_SHARED, file, 0)!
      ftruncate(file, 0)
      exit(Int32(memory.load(as: UInt8.self)))
    }
  }

  @Test func `an idle peer gives way to one that speaks, a running machine to nobody`() throws {
    let path = NSTemporaryDirectory() + "tellegen-\(UUID().uuidString.prefix(8))"
    let idle = try Machine()
    var limits = Connection.Limits()
    limits.setup = 0.3
    let serving = Serving(try ChipServer(chip: idle.chip, path: path, limits: limits))
    try idle.connect(to: path)
    idle.send(1, [])
    #expect(idle.reply(words: 1) == [Connection.offered])
    // A silent one pushes nobody out, and is hung up on in its turn.
    let silent = try Machine(idle.chip)
    try silent.connect(to: path)
    #expect(silent.isHungUp)
    idle.send(1, [])
    #expect(idle.reply(words: 1) == [Connection.offered])
    let machine = try Machine(idle.chip)
    try machine.connect(to: path)
    machine.start()
    #expect(idle.isHungUp)
    #expect(machine.ask(4, line: 24, value: 0) == (0, 1, 2))
    // Only its own end makes room.
    try idle.connect(to: path)
    idle.send(1, [])
    #expect(idle.isHungUp)
    #expect(machine.ask(4, line: 24, value: 0) == (0, 1, 2))
    _ = serving.stop()
  }

  @Test func `a server says the reasons, and of many only some`() throws {
    var sparing = Sparing()
    let lines = (1...5000).compactMap { _ in sparing.line("no") }
    #expect(lines.count == 10 + 9)
    #expect(lines.last?.contains("number 4096") == true)
  }

  /// A proper machine's start as messages, each with the file that it needs.
  private func start(_ machine: Machine) -> [(bytes: [UInt8], file: Int32?)] {
    func message(_ kind: UInt32, _ words: [UInt64]) -> [UInt8] {
      var bytes = [UInt8]()
      for word in [kind, 1, UInt32(words.count * 8)] {
        withUnsafeBytes(of: word.littleEndian) { bytes += $0 }
      }
      for word in words { withUnsafeBytes(of: word.littleEndian) { bytes += $0 } }
      return bytes
    }
    return [
      (message(1, []), nil), (message(2, [Connection.offered]), nil),
      (message(16, [Connection.offeredProtocol]), nil),
      (message(24, [4 << 32, 0]), nil),
      (
        message(5, [1, Machine.guest, UInt64(Machine.size), Machine.user, 0]),
        machine.file
      ),
      (message(8, [UInt64(Machine.ring) << 32]), nil), (message(10, [0]), nil),
      (
        message(
          9,
          [
            0, Machine.user + UInt64(Machine.table), Machine.user + UInt64(Machine.used),
            Machine.user + UInt64(Machine.available), 0,
          ]), nil
      ),
      (message(13, [0]), machine.notices), (message(12, [0]), machine.kick),
      (message(18, [1 << 32]), nil),
    ]
  }

  @Test func `after any campaign of wrong set-ups a proper machine is served`() throws {
    let rounds =
      ProcessInfo.processInfo.environment["TELLEGEN_LONG"] == nil ? 400 : 20_000
    let path = NSTemporaryDirectory() + "tellegen-\(UUID().uuidString.prefix(8))"
    let chip = try Machine().chip
    let serving = Serving(try ChipServer(chip: chip, path: path))
    var proper = 0
    var refused = 0
    for round in 0..<rounds {
      var dice = ChipFuzzTests.Dice(1_000_000 + round)
      let machine = try Machine(chip)
      let unsealed = sharedMemory(Machine.size, seals: [])
      let opened = NoCounter.allCases.map { $0.open() }
      defer { for (file, others) in opened { for file in others + [file] { close(file) } } }
      defer { close(unsealed) }
      var messages = start(machine)
      for _ in 0..<dice.below(4) {
        let place = Int(dice.below(UInt64(messages.count)))
        switch dice.below(7) {
        case 0: messages.remove(at: place)
        case 1: messages.insert(messages[place], at: Int(dice.below(UInt64(messages.count))))
        case 2: messages.swapAt(place, Int(dice.below(UInt64(messages.count))))
        case 3:
          let byte = Int(dice.below(UInt64(messages[place].bytes.count)))
          messages[place].bytes[byte] ^= 1 << UInt8(dice.below(8))
        case 4:
          messages[place].bytes.removeLast(
            Int(dice.below(UInt64(messages[place].bytes.count))))
        default:
          messages[place].file = dice.choice(
            opened.map(\.file) + [unsealed, machine.file, machine.kick, machine.notices])
        }
        if messages.isEmpty { break }
      }
      try machine.connect(to: path)
      for message in messages {
        // It may have been hung up on meanwhile.
        if !machine.deliver(message.bytes, file: message.file) { break }
        machine.ignoreReplies()
      }
      if dice.one(in: 3) {
        machine.put(UInt16(dice.below(7)), line: UInt16(dice.below(30)), value: 1)
        var one: UInt64 = 1
        write(machine.kick, &one, 8)
      }
      if machine.isAnswered { proper += 1 } else { refused += 1 }
      machine.disconnect()
      if round % 100 == 99 {
        let other = try Machine(chip)
        try other.connect(to: path)
        other.start()
        #expect(other.ask(2, line: 2, value: 0).status == 0, "round \(round)")
        other.disconnect()
      }
    }
    #expect(proper > rounds / 20 && refused > rounds / 5, "\(proper) \(refused)")
    let machine = try Machine(chip)
    try machine.connect(to: path)
    machine.start()
    #expect(machine.ask(5, line: 24, value: 1) == (0, 0, 2))
    #expect(machine.ask(3, line: 24, value: 1) == (0, 0, 2))
    #expect(machine.ask(4, line: 24, value: 0) == (0, 1, 2))
    _ = serving.stop()
  }
}
