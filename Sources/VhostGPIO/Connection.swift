import Firmware
import Foundation
import Portable

/// A connection to a virtual machine's vhost-user-gpio device: control messages on a socket, requests
/// in queues of shared memory.
///
/// Nothing here waits for the other side, and every message of a wrong size, index or address ends the
/// connection; the chip's state is the caller's and outlives it.
final class Connection {
  /// How long the other side may take.
  struct Limits {
    /// For a control message from its first byte to its last, or to take a reply, s.
    var message = 2.0
    /// To send its first message, s; after as long without a started queue it gives way to another.
    var setup = 5.0
    /// How many notices of requests may come in succession without any request.
    var emptyKicks = 1000
  }

  /// The control socket.
  let socket: Int32
  private let limits: Limits
  let requiresSeals: Bool
  var memory: GuestMemory?
  var rings = [Ring](repeating: Ring(), count: Connection.queues)
  var protocolFeatures: UInt64 = 0
  /// Whether the request queue is one that a driver has just set up.
  var hasNewDriver = false
  /// The message that is coming in, with its files.
  var incoming: [UInt8] = []
  var files: [Int32] = []
  /// When its first byte came.
  var incomingSince: Int64?
  /// What is still to be sent.
  var outgoing: [UInt8] = []
  var outgoingSince: Int64?
  /// When this began, until the first whole message has come.
  var silentSince: Int64?
  /// Since when no request queue is started; meaningless while one is.
  private var idleSince: Int64
  private var emptyKicks = 0

  /// Requests and events; the second is never served, since no interrupts are offered.
  static let queues = 2
  /// The most files that a message can need: one for each region of memory.
  static let mostFiles = 8
  /// VIRTIO_F_VERSION_1 and VHOST_USER_F_PROTOCOL_FEATURES.
  static let offered: UInt64 = 1 << 32 | 1 << 30
  /// VHOST_USER_PROTOCOL_F_MQ, REPLY_ACK and CONFIG.
  static let offeredProtocol: UInt64 = 0x209

  struct Ring {
    var size = 0
    /// Where a queue that has stopped stood; one that starts goes by its used ring.
    var base: UInt16 = 0
    var addresses: (descriptors: UInt64, used: UInt64, available: UInt64)?
    var kick: Int32 = -1
    var call: Int32 = -1
    var isEnabled = false
    var queue: RequestQueue?
  }

  /// Takes over a connected socket; it is closed in the end.
  ///
  /// - Parameters:
  ///   - socket: the socket.
  ///   - limits: how long the other side may take.
  ///   - requiringSeals: only a test of what happens when memory vanishes can do without.
  ///   - now: the time, ns.
  init(
    socket: Int32, limits: Limits = Limits(), requiringSeals: Bool = true,
    now: Int64 = monotonicTime()
  ) {
    self.socket = socket
    self.limits = limits
    requiresSeals = requiringSeals
    silentSince = now
    idleSince = now
  }

  deinit {
    for file in files { close(file) }
    for ring in rings {
      if ring.kick >= 0 { close(ring.kick) }
      if ring.call >= 0 { close(ring.call) }
    }
    close(socket)
  }

  // MARK: - What is waited for

  /// Whether a machine's driver can put up requests.
  var isRunning: Bool { rings[0].isEnabled && rings[0].queue != nil }

  /// What to wait for at the socket: a peer that does not take its replies is not heard.
  var awaited: Int16 { Int16(outgoing.isEmpty ? POLLIN : POLLOUT) }

  /// What announces requests, while they can be answered; -1 for nothing.
  var kick: Int32 { isRunning ? rings[0].kick : -1 }

  /// Ends a connection whose other side takes too long.
  func check(at now: Int64 = monotonicTime()) throws(Refusal) {
    func hasPassed(_ limit: Double, since begin: Int64?) -> Bool {
      begin.map { now >= $0 + Int64(limit * 1e9) } ?? false
    }
    if hasPassed(limits.message, since: incomingSince) {
      throw Refusal(
        "\(incoming.count) bytes of a control message came in \(limits.message) s, not all of it")
    }
    if hasPassed(limits.message, since: outgoingSince) {
      throw Refusal("it took no reply for \(limits.message) s")
    }
    if hasPassed(limits.setup, since: silentSince) {
      throw Refusal("no control message came within \(limits.setup) s")
    }
    if isRunning { idleSince = now }
  }

  /// Whether it has kept others out for long enough without a started queue.
  func mustGiveWay(at now: Int64) -> Bool {
    !isRunning && now >= idleSince + Int64(limits.setup * 1e9)
  }

  /// Takes the notices of requests away.
  func acknowledge() throws(Refusal) {
    let kick = kick
    if kick < 0 { return }
    var count: UInt64 = 0
    try Connection.expectNoWait(kick)
    _ = Foundation.read(kick, &count, 8)
    // A counter that is never empty would take a whole core.
    emptyKicks += 1
    if emptyKicks > limits.emptyKicks {
      throw Refusal("\(emptyKicks) notices of requests came in succession without any request")
    }
  }

  /// The other side has the same counters, and can make reading and writing them wait.
  private static func expectNoWait(_ file: Int32) throws(Refusal) {
    guard fcntl(file, F_GETFL) & O_NONBLOCK != 0 else {
      throw Refusal("it made an eventfd wait: leave O_NONBLOCK set")
    }
  }

  /// Only an eventfd is known never to end, never to wait and to be empty once it is read.
  static func expectEventCounter(_ file: Int32, for purpose: String) throws(Refusal) {
    var name = [UInt8](repeating: 0, count: 64)
    let count = readlink("/proc/self/fd/\(file)", &name, name.count)
    let found = String(decoding: name.prefix(max(count, 0)), as: UTF8.self)
    guard found == "anon_inode:[eventfd]" else {
      throw Refusal(
        "the \(purpose) of a queue must be an eventfd, not "
          + (found.isEmpty ? "a file of unknown kind" : "'\(found.prefix(40))'"))
    }
    _ = fcntl(file, F_SETFL, fcntl(file, F_GETFL) | O_NONBLOCK)
  }

  // MARK: - Requests

  /// Answers what waits in the request queue.
  /// - Returns: how many requests there were.
  @discardableResult
  func serve(
    _ chip: inout PinChip, clock: () -> Nanoseconds, stopping: () -> Bool = { false }
  ) throws(Refusal) -> Int {
    var answered = 0
    guard isRunning else { return 0 }
    if hasNewDriver {
      hasNewDriver = false
      chip.depart(at: clock())
    }
    // No more than this at a time: the control socket wants its turn too.
    while answered < 1024, !stopping(), let chain = rings[0].queue?.take() {
      // What was read of memory that is gone is no request.
      try expectMemory()
      let answer = Connection.answer(chain, chip: &chip, at: clock())
      rings[0].queue?.give(back: chain, answer: answer)
      answered += 1
      if rings[0].call >= 0, rings[0].queue?.wantsNotice ?? false {
        var one: UInt64 = 1
        try Connection.expectNoWait(rings[0].call)
        _ = Foundation.write(rings[0].call, &one, 8)
      }
    }
    try expectMemory()
    if answered > 0 { emptyKicks = 0 }
    return answered
  }

  func expectMemory() throws(Refusal) {
    if memory?.isLost ?? false {
      throw Refusal(
        "a page of its memory is gone (bus error): was it made shorter, or is none left?")
    }
  }

  /// The bytes that answer a chain: status and value, or status and the names.
  private static func answer(
    _ chain: RequestQueue.Chain, chip: inout PinChip, at time: Nanoseconds
  ) -> [UInt8] {
    let room = chain.answers.reduce(0) { $0 + $1.count }
    guard chain.request.count >= 8 else { return [1, 0] }
    let kind = word(chain.request, 0) & 0xffff
    let line = word(chain.request, 0) >> 16
    if kind == 1 {
      let names = chip.names
      return room >= names.count + 1 ? [0] + names : [1]
    }
    guard let request = PinChip.Request(rawValue: UInt16(kind)),
      let value = chip.answer(
        request, line: Int(line), value: word(chain.request, 4), at: time)
    else { return [1, 0] }
    return [0, value]
  }
}
