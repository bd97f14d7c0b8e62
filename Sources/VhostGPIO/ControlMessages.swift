import Foundation
import Portable

/// A control message: its kind, flags and bytes.
struct Message {
  /// The messages that are understood.
  enum Kind: UInt32 {
    case getFeatures = 1
    case setFeatures, setOwner, resetOwner, setMemoryTable
    case setRingSize = 8
    case setRingAddress, setRingBase, getRingBase, setRingKick, setRingCall, setRingError
    case getProtocolFeatures = 15
    case setProtocolFeatures, getQueueCount, setRingEnable
    case getConfig = 24
    case setConfig
  }

  /// The kind's number, known or not.
  let number: UInt32
  private let flags: UInt32
  /// The bytes after the header.
  let payload: [UInt8]

  /// A message that has come whole.
  init(_ bytes: [UInt8]) {
    number = word(bytes, 0)
    flags = word(bytes, 4)
    payload = Array(bytes[12...])
  }

  /// What it asks; `nil` for what is not understood.
  var kind: Kind? { Kind(rawValue: number) }

  /// Whether its sender wants to know how it went.
  var wantsReply: Bool { flags & 8 != 0 }

  /// Refuses the message where something is not right.
  func expect(_ isRight: Bool, _ what: String) throws(Refusal) {
    if !isRight { throw Refusal("control message \(number) has \(what)") }
  }

  /// The queue that it is about.
  func ring() throws(Refusal) -> Int {
    try expect(payload.count >= 8, "too few bytes")
    let ring = Int(word(payload, 0))
    try expect(ring < Connection.queues, "queue \(ring), and there are \(Connection.queues)")
    return ring
  }

  /// The features that it sets, which must be among those offered.
  func features(of offered: UInt64) throws(Refusal) -> UInt64 {
    try expect(payload.count == 8, "a wrong size")
    let features = long(payload, 0)
    try expect(features & ~offered == 0, "features that were not offered")
    return features
  }
}

/// What a connection does with control messages.
extension Connection {
  /// Obeys the control messages that have come whole, and keeps what has come of the next.
  func obey(_ chip: borrowing PinChip, now: Int64 = monotonicTime()) throws(Refusal) {
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
      try obey(Message(message), chip)
      try send(now)
    }
  }

  private func obey(_ message: Message, _ chip: borrowing PinChip) throws(Refusal) {
    guard let kind = message.kind else {
      // What is not understood has no effect; who wants to know is told so.
      if message.wantsReply { reply(to: message, bytes(UInt64(1))) }
      return
    }
    switch kind {
    case .getFeatures: return reply(to: message, bytes(Connection.offered))
    case .getProtocolFeatures: return reply(to: message, bytes(Connection.offeredProtocol))
    case .getQueueCount: return reply(to: message, bytes(UInt64(Connection.queues)))
    case .getRingBase:
      let ring = try message.ring()
      stop(ring)
      return reply(to: message, message.payload.prefix(4) + bytes(UInt32(rings[ring].base)))
    case .getConfig: return reply(to: message, try config(message, chip))
    case .setFeatures: try setFeatures(message)
    case .setProtocolFeatures:
      protocolFeatures = try message.features(of: Connection.offeredProtocol)
    case .setMemoryTable: try setMemory(message)
    case .setRingSize:
      let ring = try message.ring()
      let size = Int(word(message.payload, 4))
      try message.expect(
        size > 0 && size <= 32768 && size & (size - 1) == 0,
        "a queue of \(size) places: a power of two to 32768 is allowed")
      rings[ring].size = size
    case .setRingBase:
      let ring = try message.ring()
      try message.expect(word(message.payload, 4) < 65536, "a base beyond 65535")
      rings[ring].base = UInt16(word(message.payload, 4))
    case .setRingAddress:
      let ring = try message.ring()
      try message.expect(message.payload.count >= 40, "too few bytes")
      rings[ring].addresses = (
        long(message.payload, 8), long(message.payload, 16), long(message.payload, 24)
      )
    case .setRingKick, .setRingCall, .setRingError: try setRingFile(message, kind)
    case .setRingEnable:
      let ring = try message.ring()
      rings[ring].isEnabled = word(message.payload, 4) == 1
    case .setOwner, .resetOwner, .setConfig: break
    }
    if message.wantsReply && protocolFeatures & 8 != 0 { reply(to: message, bytes(UInt64(0))) }
  }

  private func setFeatures(_ message: Message) throws(Refusal) {
    let features = try message.features(of: Connection.offered)
    // Without protocol features a ring works from its kick on.
    if features & 1 << 30 == 0 {
      for ring in rings.indices { rings[ring].isEnabled = true }
    }
  }

  /// Takes the machine's memory: its regions, and a file for each.
  private func setMemory(_ message: Message) throws(Refusal) {
    let payload = message.payload
    try message.expect(payload.count >= 8, "too few bytes")
    let count = Int(word(payload, 0))
    try message.expect(count <= 8, "\(count) regions, and 8 are allowed")
    try message.expect(payload.count >= 8 + 32 * count, "too few bytes")
    try message.expect(files.count == count, "\(files.count) files for \(count) regions")
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
  }

  /// Takes what announces a ring's requests, or answers, or errors; the last is never used.
  private func setRingFile(_ message: Message, _ kind: Message.Kind) throws(Refusal) {
    try message.expect(message.payload.count >= 8, "too few bytes")
    let ring = Int(long(message.payload, 0) & 0xff)
    let hasFile = long(message.payload, 0) & 0x100 == 0
    try message.expect(
      ring < Connection.queues, "queue \(ring), and there are \(Connection.queues)")
    try message.expect(files.count == (hasFile ? 1 : 0), "\(files.count) files")
    let file = files.first ?? -1
    if file >= 0, kind != .setRingError {
      try Connection.expectEventCounter(file, for: kind == .setRingKick ? "kick" : "call")
      files = []
      let old = kind == .setRingKick ? rings[ring].kick : rings[ring].call
      if old >= 0 { close(old) }
    }
    if kind == .setRingCall { rings[ring].call = file }
    if kind == .setRingKick {
      rings[ring].kick = file
      try start(ring)
    }
  }

  /// The part of the chip's configuration that a message asks for, after the message's own header.
  private func config(_ message: Message, _ chip: borrowing PinChip) throws(Refusal) -> [UInt8] {
    let payload = message.payload
    try message.expect(payload.count >= 12, "too few bytes")
    let offset = Int(word(payload, 0))
    let count = Int(word(payload, 4))
    let config = bytes(UInt16(chip.lineCount)) + [0, 0] + bytes(UInt32(chip.names.count))
    try message.expect(
      count <= 256 && payload.count == 12 + count && offset <= 256, "a wrong size")
    let part = (offset..<offset + count).map { $0 < config.count ? config[$0] : 0 }
    return payload.prefix(12) + part
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
}
