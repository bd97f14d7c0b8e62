import Firmware
import Foundation

/// A connection to a virtual machine's vhost-user-gpio device: control messages on a socket, requests
/// in queues of shared memory.
///
/// Every message of a wrong size, index or address is refused and the connection ended; the chip's
/// state is the caller's and outlives it.
final class Connection {
  private let socket: Int32
  private var memory: GuestMemory?
  private var rings = [Ring](repeating: Ring(), count: Connection.queues)
  private var features: UInt64 = 0
  private var protocolFeatures: UInt64 = 0
  /// Whether the request queue is one that a driver has just set up.
  private var hasNewDriver = false

  /// Requests and events; the second is never served, since no interrupts are offered.
  static let queues = 2
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

  /// How long a message that has begun may take to come, or a reply to be taken, s.
  static let patience = 2.0

  /// Takes over a connected socket; it is closed in the end.
  init(socket: Int32, patience: Double = Connection.patience) {
    self.socket = socket
    // A front end that stops in the middle of a message must not stop the server.
    var limit = timeval()
    limit.tv_sec = time_t(patience)
    limit.tv_usec = suseconds_t((patience - patience.rounded(.down)) * 1e6)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(socket, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
  }

  deinit {
    for ring in rings {
      if ring.kick >= 0 { close(ring.kick) }
      if ring.call >= 0 { close(ring.call) }
    }
    close(socket)
  }

  /// The descriptors to wait for: the socket, then the kicks there are.
  var descriptors: [Int32] { [socket] + rings.map(\.kick).filter { $0 >= 0 } }

  /// Takes the notices of a kick away.
  func acknowledge(_ descriptor: Int32) {
    var count: UInt64 = 0
    _ = Foundation.read(descriptor, &count, 8)
  }

  /// Answers what waits in the request queue.
  /// - Returns: how many requests there were.
  @discardableResult
  func serve(_ chip: inout PinChip, clock: () -> Nanoseconds) -> Int {
    var answered = 0
    guard rings[0].isEnabled, rings[0].queue != nil else { return 0 }
    if hasNewDriver {
      hasNewDriver = false
      chip.depart(at: clock())
    }
    // No more than the queue holds at a time: the control socket wants its turn too.
    while answered < 1024, let chain = rings[0].queue?.take() {
      let answer = Connection.answer(chain, chip: &chip, at: clock())
      rings[0].queue?.give(back: chain, answer: answer)
      answered += 1
      if rings[0].call >= 0, rings[0].queue?.wantsNotice ?? false {
        var one: UInt64 = 1
        _ = Foundation.write(rings[0].call, &one, 8)
      }
    }
    return answered
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

  /// Reads and obeys one control message.
  /// - Returns: whether the connection is still good.
  func obey(_ chip: borrowing PinChip) -> Bool {
    guard let (header, files) = receive(count: 12, withFiles: true) else { return false }
    var unused = files
    defer { for file in unused { close(file) } }
    let kind = word(header, 0)
    let flags = word(header, 4)
    let size = Int(word(header, 8))
    guard flags & 3 == 1, flags & 4 == 0, size <= 4096,
      let (payload, _) = size == 0 ? ([], []) : receive(count: size, withFiles: false)
    else { return false }
    guard let message = Message(rawValue: kind) else {
      // What is not understood has no effect; who wants to know is told so.
      return flags & 8 == 0 || reply(kind, bytes(UInt64(1)))
    }

    func index() -> Int? {
      guard payload.count >= 8 else { return nil }
      let index = Int(word(payload, 0))
      return index < Connection.queues ? index : nil
    }

    switch message {
    case .getFeatures: return reply(kind, bytes(Connection.offered))
    case .getProtocolFeatures: return reply(kind, bytes(Connection.offeredProtocol))
    case .getQueueCount: return reply(kind, bytes(UInt64(Connection.queues)))
    case .setFeatures:
      guard payload.count == 8 else { return false }
      features = long(payload, 0)
      guard features & ~Connection.offered == 0 else { return false }
      // Without protocol features a ring works from its kick on.
      if features & 1 << 30 == 0 {
        for ring in rings.indices { rings[ring].isEnabled = true }
      }
    case .setProtocolFeatures:
      guard payload.count == 8 else { return false }
      protocolFeatures = long(payload, 0)
      guard protocolFeatures & ~Connection.offeredProtocol == 0 else { return false }
    case .setOwner, .resetOwner: break
    case .setMemoryTable:
      guard payload.count >= 8 else { return false }
      let count = Int(word(payload, 0))
      guard count <= 8, payload.count >= 8 + 32 * count, files.count == count else { return false }
      let regions = (0..<count).map { region in
        let place = 8 + 32 * region
        return GuestMemory.Region(
          guest: long(payload, place), size: long(payload, place + 8),
          user: long(payload, place + 16), offset: long(payload, place + 24))
      }
      unused = []
      // Queues that point into the old memory must not outlive it.
      for ring in rings.indices { stop(ring) }
      guard let mapped = GuestMemory(regions: regions, files: files) else { return false }
      memory = mapped
    case .setRingSize:
      guard let ring = index() else { return false }
      let size = Int(word(payload, 4))
      guard size > 0, size <= 32768, size & (size - 1) == 0 else { return false }
      rings[ring].size = size
    case .setRingBase:
      guard let ring = index(), word(payload, 4) < 65536 else { return false }
      rings[ring].base = UInt16(word(payload, 4))
    case .getRingBase:
      guard let ring = index() else { return false }
      stop(ring)
      return reply(kind, Array(payload.prefix(4)) + bytes(UInt32(rings[ring].base)))
    case .setRingAddress:
      guard let ring = index(), payload.count >= 40 else { return false }
      rings[ring].addresses = (long(payload, 8), long(payload, 16), long(payload, 24))
    case .setRingKick, .setRingCall, .setRingError:
      guard payload.count >= 8 else { return false }
      let ring = Int(long(payload, 0) & 0xff)
      let hasFile = long(payload, 0) & 0x100 == 0
      guard ring < Connection.queues, files.count == (hasFile ? 1 : 0) else { return false }
      if message != .setRingError {
        unused = []
        let file = files.first ?? -1
        // No notice is worth waiting for.
        if file >= 0 { _ = fcntl(file, F_SETFL, fcntl(file, F_GETFL) | O_NONBLOCK) }
        let old = message == .setRingKick ? rings[ring].kick : rings[ring].call
        if old >= 0 { close(old) }
        if message == .setRingKick { rings[ring].kick = file } else { rings[ring].call = file }
      }
      if message == .setRingKick && !start(ring) { return false }
    case .setRingEnable:
      guard let ring = index() else { return false }
      rings[ring].isEnabled = word(payload, 4) == 1
    case .getConfig:
      guard payload.count >= 12 else { return false }
      let offset = Int(word(payload, 0))
      let count = Int(word(payload, 4))
      let config =
        bytes(UInt16(chip.lineCount)) + [0, 0] + bytes(UInt32(chip.names.count))
      guard count <= 256, payload.count == 12 + count, offset <= 256 else { return false }
      let part = (offset..<offset + count).map { $0 < config.count ? config[$0] : 0 }
      return reply(kind, Array(payload.prefix(12)) + part)
    case .setConfig: break
    }
    let wantsReply = flags & 8 != 0 && protocolFeatures & 8 != 0
    return !wantsReply || reply(kind, bytes(UInt64(0)))
  }

  /// Begins to serve a ring, once its size, addresses and kick are known.
  private func start(_ ring: Int) -> Bool {
    guard let memory, let addresses = rings[ring].addresses, rings[ring].size > 0 else {
      // The event queue of a driver without interrupts is never set up.
      return true
    }
    rings[ring].queue = RequestQueue(
      memory: memory, size: rings[ring].size, descriptors: addresses.descriptors,
      available: addresses.available, used: addresses.used)
    if ring == 0 { hasNewDriver = rings[ring].queue?.isNew ?? false }
    return rings[ring].queue != nil || ring != 0
  }

  private func stop(_ ring: Int) {
    if let queue = rings[ring].queue { rings[ring].base = queue.next }
    rings[ring].queue = nil
    if rings[ring].kick >= 0 { close(rings[ring].kick) }
    rings[ring].kick = -1
  }

  private func reply(_ kind: UInt32, _ payload: [UInt8]) -> Bool {
    let message = bytes(kind) + bytes(UInt32(5)) + bytes(UInt32(payload.count)) + payload
    var sent = 0
    while sent < message.count {
      let part = message[sent...].withUnsafeBytes {
        send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if part < 0 && errno == EINTR { continue }
      guard part > 0 else { return false }
      sent += part
    }
    return true
  }

  /// Receives exactly so many bytes, and the files that come with them.
  private func receive(count: Int, withFiles: Bool) -> (bytes: [UInt8], files: [Int32])? {
    var data = [UInt8](repeating: 0, count: count)
    var files: [Int32] = []
    var filled = 0
    // A control message of files: a header of 16 bytes (length, level, type), then the descriptors.
    var control = [UInt64](repeating: 0, count: 2 + 16)
    while filled < count {
      let part = data[filled...].withUnsafeMutableBytes { target -> Int in
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
            let part = recvmsg(socket, &message, Int32(MSG_CMSG_CLOEXEC))
            if part > 0 && withFiles && message.msg_controllen >= 16 {
              let length = Int(control.load(as: UInt64.self))
              let level = control.load(fromByteOffset: 8, as: Int32.self)
              let type = control.load(fromByteOffset: 12, as: Int32.self)
              if level == SOL_SOCKET && type == Int32(SCM_RIGHTS) {
                let end = min(length, Int(message.msg_controllen), control.count)
                for place in stride(from: 16, to: end - 3, by: 4) {
                  files.append(control.load(fromByteOffset: place, as: Int32.self))
                }
              }
            }
            return part
          }
        }
      }
      if part < 0 && errno == EINTR { continue }
      guard part > 0 else {
        for file in files { close(file) }
        return nil
      }
      filled += part
    }
    return (data, files)
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
