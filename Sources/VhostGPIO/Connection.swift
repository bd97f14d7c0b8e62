import Firmware
import Foundation

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
  private let requiresSeals: Bool
  private var memory: GuestMemory?
  private var rings = [Ring](repeating: Ring(), count: Connection.queues)
  private var features: UInt64 = 0
  private var protocolFeatures: UInt64 = 0
  /// Whether the request queue is one that a driver has just set up.
  private var hasNewDriver = false
  /// The message that is coming in, with its files.
  private var incoming: [UInt8] = []
  private var files: [Int32] = []
  /// When its first byte came.
  private var incomingSince: UInt64?
  /// What is still to be sent.
  private var outgoing: [UInt8] = []
  private var outgoingSince: UInt64?
  /// When this began, until the first whole message has come.
  private var silentSince: UInt64?
  /// Since when no request queue is started; meaningless while one is.
  private var idleSince: UInt64
  private var emptyKicks = 0

  /// Requests and events; the second is never served, since no interrupts are offered.
  static let queues = 2
  /// The most files that a message can need: one for each region of memory.
  static let mostFiles = 8
  /// VIRTIO_F_VERSION_1 and VHOST_USER_F_PROTOCOL_FEATURES.
  static let offered: UInt64 = 1 << 32 | 1 << 30
  /// VHOST_USER_PROTOCOL_F_MQ, REPLY_ACK and CONFIG.
  static let offeredProtocol: UInt64 = 0x209

  private struct Ring {
    var size = 0
    /// Where a queue that has stopped stood; one that starts goes by its used ring.
    var base: UInt16 = 0
    var addresses: (descriptors: UInt64, used: UInt64, available: UInt64)?
    var kick: Int32 = -1
    var call: Int32 = -1
    var isEnabled = false
    var queue: RequestQueue?
  }

  /// The messages that are understood.
  private enum Message: UInt32 {
    case getFeatures = 1
    case setFeatures, setOwner, resetOwner, setMemoryTable
    case setRingSize = 8
    case setRingAddress, setRingBase, getRingBase, setRingKick, setRingCall, setRingError
    case getProtocolFeatures = 15
    case setProtocolFeatures, getQueueCount, setRingEnable
    case getConfig = 24
    case setConfig
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
    now: UInt64 = unsignedTime()
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
  func check(at now: UInt64 = unsignedTime()) throws(Refusal) {
    func hasPassed(_ limit: Double, since begin: UInt64?) -> Bool {
      begin.map { now >= $0 + UInt64(limit * 1e9) } ?? false
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
  func mustGiveWay(at now: UInt64) -> Bool {
    !isRunning && now >= idleSince + UInt64(limits.setup * 1e9)
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
  private static func expectEventCounter(_ file: Int32, for purpose: String) throws(Refusal) {
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

  private func expectMemory() throws(Refusal) {
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

  // MARK: - Control messages

  /// Obeys the control messages that have come whole, and keeps what has come of the next.
  func obey(_ chip: borrowing PinChip, now: UInt64 = unsignedTime()) throws(Refusal) {
    try send(now)
    // A peer that sends without end must leave others a turn.
    for _ in 0..<64 where outgoing.isEmpty {
      guard try receive(now) else { return }
      silentSince = nil
      incomingSince = nil
      let message = incoming
      incoming = []
      // What a message does not keep is closed; the next one comes with files of its own.
      defer {
        for file in files { close(file) }
        files = []
      }
      try obey(message, chip)
      try send(now)
    }
  }

  private func obey(_ message: [UInt8], _ chip: borrowing PinChip) throws(Refusal) {
    let kind = word(message, 0)
    let flags = word(message, 4)
    let payload = Array(message[12...])
    guard let message = Message(rawValue: kind) else {
      // What is not understood has no effect; who wants to know is told so.
      if flags & 8 != 0 { reply(kind, bytes(UInt64(1))) }
      return
    }

    func expect(_ isRight: Bool, _ what: String) throws(Refusal) {
      if !isRight { throw Refusal("control message \(kind) has \(what)") }
    }
    func index() throws(Refusal) -> Int {
      try expect(payload.count >= 8, "too few bytes")
      let index = Int(word(payload, 0))
      try expect(
        index < Connection.queues, "queue \(index), and there are \(Connection.queues)")
      return index
    }

    switch message {
    case .getFeatures: return reply(kind, bytes(Connection.offered))
    case .getProtocolFeatures: return reply(kind, bytes(Connection.offeredProtocol))
    case .getQueueCount: return reply(kind, bytes(UInt64(Connection.queues)))
    case .setFeatures:
      try expect(payload.count == 8, "a wrong size")
      features = long(payload, 0)
      try expect(features & ~Connection.offered == 0, "features that were not offered")
      // Without protocol features a ring works from its kick on.
      if features & 1 << 30 == 0 {
        for ring in rings.indices { rings[ring].isEnabled = true }
      }
    case .setProtocolFeatures:
      try expect(payload.count == 8, "a wrong size")
      protocolFeatures = long(payload, 0)
      try expect(
        protocolFeatures & ~Connection.offeredProtocol == 0, "features that were not offered")
    case .setOwner, .resetOwner: break
    case .setMemoryTable:
      try expect(payload.count >= 8, "too few bytes")
      let count = Int(word(payload, 0))
      try expect(count <= 8, "\(count) regions, and 8 are allowed")
      try expect(payload.count >= 8 + 32 * count, "too few bytes")
      try expect(files.count == count, "\(files.count) files for \(count) regions")
      let regions = (0..<count).map { region in
        let place = 8 + 32 * region
        return GuestMemory.Region(
          guest: long(payload, place), size: long(payload, place + 8),
          user: long(payload, place + 16), offset: long(payload, place + 24))
      }
      let given = files
      files = []
      // Queues that point into the old memory must not outlive it.
      for ring in rings.indices { stop(ring) }
      memory = try GuestMemory(regions: regions, files: given, requiringSeals: requiresSeals)
    case .setRingSize:
      let ring = try index()
      let size = Int(word(payload, 4))
      try expect(
        size > 0 && size <= 32768 && size & (size - 1) == 0,
        "a queue of \(size) places: a power of two to 32768 is allowed")
      rings[ring].size = size
    case .setRingBase:
      let ring = try index()
      try expect(word(payload, 4) < 65536, "a base beyond 65535")
      rings[ring].base = UInt16(word(payload, 4))
    case .getRingBase:
      let ring = try index()
      stop(ring)
      return reply(kind, Array(payload.prefix(4)) + bytes(UInt32(rings[ring].base)))
    case .setRingAddress:
      let ring = try index()
      try expect(payload.count >= 40, "too few bytes")
      rings[ring].addresses = (long(payload, 8), long(payload, 16), long(payload, 24))
    case .setRingKick, .setRingCall, .setRingError:
      try expect(payload.count >= 8, "too few bytes")
      let ring = Int(long(payload, 0) & 0xff)
      let hasFile = long(payload, 0) & 0x100 == 0
      try expect(ring < Connection.queues, "queue \(ring), and there are \(Connection.queues)")
      try expect(files.count == (hasFile ? 1 : 0), "\(files.count) files")
      let file = files.first ?? -1
      if file >= 0, message != .setRingError {
        try Connection.expectEventCounter(file, for: message == .setRingKick ? "kick" : "call")
        files = []
        let old = message == .setRingKick ? rings[ring].kick : rings[ring].call
        if old >= 0 { close(old) }
      }
      if message == .setRingCall { rings[ring].call = file }
      if message == .setRingKick {
        rings[ring].kick = file
        try start(ring)
      }
    case .setRingEnable:
      let ring = try index()
      rings[ring].isEnabled = word(payload, 4) == 1
    case .getConfig:
      try expect(payload.count >= 12, "too few bytes")
      let offset = Int(word(payload, 0))
      let count = Int(word(payload, 4))
      let config =
        bytes(UInt16(chip.lineCount)) + [0, 0] + bytes(UInt32(chip.names.count))
      try expect(count <= 256 && payload.count == 12 + count && offset <= 256, "a wrong size")
      let part = (offset..<offset + count).map { $0 < config.count ? config[$0] : 0 }
      return reply(kind, Array(payload.prefix(12)) + part)
    case .setConfig: break
    }
    if flags & 8 != 0 && protocolFeatures & 8 != 0 { reply(kind, bytes(UInt64(0))) }
  }

  /// Begins to serve a ring, once its size, addresses and kick are known.
  private func start(_ ring: Int) throws(Refusal) {
    guard let memory, let addresses = rings[ring].addresses, rings[ring].size > 0 else {
      // The event queue of a driver without interrupts is never set up.
      return
    }
    rings[ring].queue = RequestQueue(
      memory: memory, size: rings[ring].size, descriptors: addresses.descriptors,
      available: addresses.available, used: addresses.used)
    try expectMemory()
    if ring == 0 {
      guard let queue = rings[ring].queue else {
        throw Refusal("the queue of requests lies outside the memory or at odd addresses")
      }
      hasNewDriver = queue.isNew
    }
  }

  private func stop(_ ring: Int) {
    if let queue = rings[ring].queue { rings[ring].base = queue.next }
    rings[ring].queue = nil
    if rings[ring].kick >= 0 { close(rings[ring].kick) }
    rings[ring].kick = -1
  }

  private func reply(_ kind: UInt32, _ payload: [UInt8]) {
    outgoing += bytes(kind) + bytes(UInt32(5)) + bytes(UInt32(payload.count)) + payload
  }

  /// Sends as much of the replies as the socket takes.
  private func send(_ now: UInt64) throws(Refusal) {
    while !outgoing.isEmpty {
      let part = outgoing.withUnsafeBytes {
        Foundation.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      }
      if part < 0 && errno == EINTR { continue }
      if part < 0 && errno == EAGAIN {
        outgoingSince = outgoingSince ?? now
        return
      }
      guard part > 0 else { throw Refusal("it hung up before it took a reply") }
      outgoing.removeFirst(part)
      outgoingSince = nil
    }
  }

  /// Receives what has come of a message.
  /// - Returns: whether it is whole.
  private func receive(_ now: UInt64) throws(Refusal) -> Bool {
    while true {
      var wanted = 12
      if incoming.count >= 12 {
        let flags = word(incoming, 4)
        let size = word(incoming, 8)
        guard flags & 3 == 1, flags & 4 == 0 else {
          throw Refusal("a control message has flags \(flags), those of no request of version 1")
        }
        guard size <= 4096 else {
          throw Refusal("a control message has \(size) bytes, and 4096 are allowed")
        }
        wanted += Int(size)
      }
      if incoming.count == wanted { return true }
      // Files come with the header.
      let part = try receive(upTo: wanted - incoming.count, withFiles: incoming.count < 12)
      guard let part else { return false }
      incomingSince = incomingSince ?? now
      incoming += part
    }
  }

  /// Receives some bytes, and the files that come with them.
  /// - Returns: `nil` when nothing has come.
  private func receive(upTo count: Int, withFiles: Bool) throws(Refusal) -> ArraySlice<UInt8>? {
    var data = [UInt8](repeating: 0, count: count)
    // A control message of files: a header of 16 bytes (length, level, type), then the descriptors.
    var control = [UInt64](repeating: 0, count: 2 + 16)
    var came: [Int32] = []
    var part = 0
    repeat {
      part = data.withUnsafeMutableBytes { target -> Int in
        control.withUnsafeMutableBytes { control -> Int in
          var vector = iovec(iov_base: target.baseAddress, iov_len: target.count)
          return withUnsafeMutablePointer(to: &vector) { vector -> Int in
            var message = msghdr()
            message.msg_iov = vector
            message.msg_iovlen = 1
            if withFiles {
              message.msg_control = control.baseAddress
              message.msg_controllen = control.count
            }
            let part = recvmsg(socket, &message, Int32(MSG_CMSG_CLOEXEC) | Int32(MSG_DONTWAIT))
            if part > 0 && withFiles && message.msg_controllen >= 16 {
              let length = Int(control.load(as: UInt64.self))
              let level = control.load(fromByteOffset: 8, as: Int32.self)
              let type = control.load(fromByteOffset: 12, as: Int32.self)
              if level == SOL_SOCKET && type == Int32(SCM_RIGHTS) {
                let end = min(length, Int(message.msg_controllen), control.count)
                for place in stride(from: 16, to: end - 3, by: 4) {
                  came.append(control.load(fromByteOffset: place, as: Int32.self))
                }
              }
            }
            return part
          }
        }
      }
    } while part < 0 && errno == EINTR
    if part < 0 && errno == EAGAIN { return nil }
    guard part > 0 else {
      throw Refusal(incoming.isEmpty ? "it hung up" : "it hung up in the middle of a message")
    }
    files += came
    guard files.count <= Connection.mostFiles else {
      throw Refusal("a control message has more than \(Connection.mostFiles) files")
    }
    return data.prefix(part)
  }
}

private func bytes<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}

private func word(_ bytes: [UInt8], _ place: Int) -> UInt32 {
  UInt32(bytes[place]) | UInt32(bytes[place + 1]) << 8 | UInt32(bytes[place + 2]) << 16
    | UInt32(bytes[place + 3]) << 24
}

private func long(_ bytes: [UInt8], _ place: Int) -> UInt64 {
  UInt64(word(bytes, place)) | UInt64(word(bytes, place + 4)) << 32
}
