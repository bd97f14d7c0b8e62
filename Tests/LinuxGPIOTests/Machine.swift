import Files
import Firmware
import Foundation
import Synchronization
import BoardDouble

// The fuzzer of the server has the file with what is needed of it beside this one.
#if canImport(TestSupport)
import TestSupport
#endif

@testable import VhostGPIO

/// The other end of a connection: a virtual machine's memory and its control messages, made by
/// hand. It hangs at a connection of its own, whose turns it takes itself, or at a server's socket.
final class Machine {
  static let size = 1 << 16
  let memory: UnsafeMutableRawPointer
  let file: Int32
  private(set) var socket: Int32
  private(set) var connection: Connection?
  var chip: PinChip
  /// The counter that announces requests.
  let kick: Int32
  /// The counter that announces answers.
  let notices: Int32
  /// Why the connection has ended, when it is one of its own.
  private(set) var refusal: String?
  private var index: UInt16

  // Where things lie in the memory: descriptors, available, used, buffers.
  static let table = 0
  static let available = 0x1000
  static let used = 0x2000
  static let buffers = 0x4000
  static let ring = 64
  static let guest: UInt64 = 0x8000_0000
  static let user: UInt64 = 0x7f00_0000_0000

  /// - Parameters:
  ///   - chip: the chip behind the connection.
  ///   - index: where the rings stand, as if so many chains had come and gone.
  ///   - limits: the connection's limits.
  ///   - isSealed: whether the memory cannot be made shorter; else it is accepted all the same.
  /// - Throws: what keeps the lattice from being read.
  init(
    _ chip: PinChip, index: UInt16 = 0, limits: Connection.Limits = Connection.Limits(),
    isSealed: Bool = true
  ) throws {
    self.chip = chip
    self.index = index
    file = sharedMemory(Machine.size, seals: isSealed ? [.shrink] : [])
    memory = mmap(nil, Machine.size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)!
    var pair: [Int32] = [0, 0]
    socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair)
    socket = pair[0]
    connection = Connection(socket: pair[1], limits: limits, requiringSeals: isSealed)
    kick = eventCounter()
    notices = eventCounter()
    if index != 0 {
      for ring in [Machine.available, Machine.used] {
        (memory + ring).storeBytes(of: index, toByteOffset: 2, as: UInt16.self)
      }
      (memory + Machine.used).storeBytes(of: 2, toByteOffset: 8 * Machine.ring, as: UInt32.self)
    }
  }

  /// Leaves its connection and connects to a server's socket, as the same machine.
  func connect(to path: String) throws {
    disconnect()
    socket = try connectedSocket(at: path)
  }

  /// Hangs up; whoever serves a connection is told by the socket's end.
  func disconnect() {
    if socket >= 0 { close(socket) }
    socket = -1
    connection = nil
  }

  /// Takes a new connection to a chip, as the same machine.
  func reconnect(to chip: PinChip) {
    disconnect()
    var pair: [Int32] = [0, 0]
    socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair)
    socket = pair[0]
    connection = Connection(socket: pair[1])
    self.chip = chip
  }

  deinit {
    munmap(memory, Machine.size)
    close(file)
    disconnect()
    for descriptor in [kick, notices] { close(descriptor) }
  }

  /// Sends a control message and lets it be obeyed.
  @discardableResult
  func send(_ kind: UInt32, _ words: [UInt64], file: Int32? = nil, flags: UInt32 = 1) -> Bool {
    var message = [UInt8]()
    func add<Value: FixedWidthInteger>(_ value: Value) {
      withUnsafeBytes(of: value.littleEndian) { message += $0 }
    }
    add(kind)
    add(flags)
    add(UInt32(words.count * 8))
    for word in words { add(word) }
    return send(message, file: file)
  }

  func send(_ message: [UInt8], file: Int32? = nil) -> Bool {
    deliver(message, file: file)
    return obey()
  }

  /// Sends bytes, and a file with them.
  /// - Returns: whether the other side took them.
  @discardableResult
  func deliver(_ message: [UInt8], file: Int32?) -> Bool {
    sendBytes(message, with: file, over: socket)
  }

  /// Lets the connection take what has come; whether it is still good.
  private func obey() -> Bool {
    do {
      try connection?.obey(chip)
      return true
    } catch {
      refusal = error.reason
      return false
    }
  }

  /// Whether the server has hung up, once what it still said is read.
  var isHungUp: Bool {
    var rest = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = recv(socket, &rest, rest.count, 0)
      if count <= 0 { return count == 0 || errno == ECONNRESET }
    }
  }

  /// Whether a last question is answered, how many queues there are, before the server hangs up.
  var isAnswered: Bool {
    deliver([17, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], file: nil)
    shutdown(socket, Int32(SHUT_WR))
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = recv(socket, &part, part.count, 0)
      if count <= 0 { break }
      bytes += part.prefix(count)
    }
    return bytes.suffix(20).starts(with: [17, 0, 0, 0, 5, 0, 0, 0, 8, 0, 0, 0])
  }

  /// Throws away what came as replies.
  func ignoreReplies() {
    var rest = [UInt8](repeating: 0, count: 4096)
    while recv(socket, &rest, rest.count, Int32(MSG_DONTWAIT)) > 0 {}
  }

  func reply(words: Int) -> [UInt64] {
    var bytes = [UInt8](repeating: 0, count: 12 + 8 * words)
    recv(socket, &bytes, bytes.count, 0)
    return (0..<words).map { word in
      (0..<8).reduce(0) { $0 | UInt64(bytes[12 + 8 * word + $1]) << (8 * UInt64($1)) }
    }
  }

  /// Does what a machine does at its start, and when it has connected anew.
  /// - Parameter base: what it tells as the base of its queue.
  func start(base: UInt16 = 0) {
    send(2, [Connection.offered])
    send(16, [Connection.offeredProtocol])
    send(
      5, [1, Machine.guest, UInt64(Machine.size), Machine.user, 0], file: file)
    send(8, [UInt64(Machine.ring) << 32])
    send(10, [UInt64(base) << 32])
    send(
      9,
      [
        0, Machine.user + UInt64(Machine.table), Machine.user + UInt64(Machine.used),
        Machine.user + UInt64(Machine.available), 0,
      ])
    send(13, [0], file: notices)
    send(12, [0], file: kick)
    send(18, [1 << 32])
  }

  func describe(
    _ slot: Int, address: UInt64, length: UInt32, flags: UInt16, next: UInt16 = 0
  ) {
    let place = memory + Machine.table + 16 * slot
    place.storeBytes(of: address, as: UInt64.self)
    place.storeBytes(of: length, toByteOffset: 8, as: UInt32.self)
    place.storeBytes(of: flags, toByteOffset: 12, as: UInt16.self)
    place.storeBytes(of: next, toByteOffset: 14, as: UInt16.self)
  }

  /// Puts a chain up; nobody looks at it yet.
  func put(head: UInt16) {
    let ring = memory + Machine.available
    ring.storeBytes(of: head, toByteOffset: 4 + 2 * (Int(index) % Machine.ring), as: UInt16.self)
    index &+= 1
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    ring.storeBytes(of: index, toByteOffset: 2, as: UInt16.self)
  }

  /// Lets what was put up be answered: by its connection, or by the server, whose notice is
  /// awaited.
  func serve(at time: Nanoseconds = .zero) {
    if let connection {
      do { try connection.serve(&chip, clock: { time }) } catch { refusal = error.reason }
      return
    }
    var one: UInt64 = 1
    write(kick, &one, 8)
    wait()
  }

  /// Waits for the server's notice of an answer.
  func wait() {
    var waited = pollfd(fd: notices, events: Int16(POLLIN), revents: 0)
    poll(&waited, 1, 60_000)
    var count: UInt64 = 0
    read(notices, &count, 8)
    atomicMemoryFence(ordering: .sequentiallyConsistent)
  }

  /// Puts a chain up and lets it be answered.
  func offer(head: UInt16) {
    put(head: head)
    serve()
  }

  /// Puts a request for a line up, in the buffers and descriptors of a slot.
  func put(_ kind: UInt16, line: UInt16, value: UInt32, slot: Int = 0) {
    let place = Machine.buffers + 128 * slot
    let request = memory + place
    request.storeBytes(of: kind, as: UInt16.self)
    request.storeBytes(of: line, toByteOffset: 2, as: UInt16.self)
    request.storeBytes(of: value, toByteOffset: 4, as: UInt32.self)
    (request + 64).storeBytes(of: 0xffff, as: UInt16.self)
    let address = Machine.guest + UInt64(place)
    describe(2 * slot, address: address, length: 8, flags: 1, next: UInt16(2 * slot + 1))
    describe(2 * slot + 1, address: address + 64, length: 2, flags: 2)
    put(head: UInt16(2 * slot))
  }

  /// What a slot's request was answered: status and value, 255 when it was not.
  func answer(slot: Int = 0) -> (status: UInt8, value: UInt8) {
    let answer = memory + Machine.buffers + 128 * slot + 64
    return (answer.load(as: UInt8.self), (answer + 1).load(as: UInt8.self))
  }

  /// Asks for a line; the answer is status, value and how many bytes came.
  func ask(_ kind: UInt16, line: UInt16, value: UInt32, at time: Nanoseconds = .zero) -> (
    status: UInt8, value: UInt8, count: UInt32
  ) {
    put(kind, line: line, value: value)
    serve(at: time)
    let count = (memory + Machine.used).load(
      fromByteOffset: 8 + 8 * (Int(given &- 1) % Machine.ring), as: UInt32.self)
    let (status, value) = answer()
    return (status, value, count)
  }

  /// How many chains were given back.
  var given: UInt16 { (memory + Machine.used).load(fromByteOffset: 2, as: UInt16.self) }
}

/// Seals of memory.
struct Seals: OptionSet {
  var rawValue: Int32
  /// F_SEAL_SHRINK.
  static let shrink = Seals(rawValue: 2)
  /// F_SEAL_GROW.
  static let grow = Seals(rawValue: 4)
}

/// Calls of the C library that Foundation does not pass on.
private func call<Function>(_ name: String, as type: Function.Type) -> Function {
  unsafeBitCast(dlsym(nil, name)!, to: type)
}

/// Memory as a file, with seals, or such as takes none.
func sharedMemory(_ size: Int, seals: Seals?) -> Int32 {
  let create = call(
    "memfd_create", as: (@convention(c) (UnsafePointer<CChar>, UInt32) -> Int32).self)
  // MFD_CLOEXEC and MFD_ALLOW_SEALING.
  let file = create("machine", seals == nil ? 1 : 3)
  ftruncate(file, size)
  // F_ADD_SEALS.
  if let seals { _ = fcntl(file, 1033, seals.rawValue) }
  return file
}

/// An eventfd.
/// - Parameter isSemaphore: whether a reading takes one away instead of all.
/// - Returns: its descriptor.
func eventCounter(isSemaphore: Bool = false) -> Int32 {
  let create = call("eventfd", as: (@convention(c) (UInt32, Int32) -> Int32).self)
  return create(0, O_NONBLOCK | (isSemaphore ? 1 : 0))
}

/// An epoll descriptor, which waits for nothing.
func pollSet() -> Int32 {
  call("epoll_create1", as: (@convention(c) (Int32) -> Int32).self)(0)
}
