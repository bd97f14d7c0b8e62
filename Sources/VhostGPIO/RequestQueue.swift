import Synchronization

/// A split virtqueue in a virtual machine's memory (virtio 1.1, section 2.6), without indirect
/// descriptors and event indices, which are not offered.
///
/// Nothing in it is trusted: a chain that leads nowhere, loops or lies about its lengths is given
/// back unanswered, and the queue goes on.
struct RequestQueue {
  /// A chain of buffers: what the driver sent, and where it waits for the answer.
  struct Chain {
    var head: UInt16
    var request: [UInt8]
    var answers: [UnsafeMutableRawBufferPointer]
  }

  /// The most bytes of a request that are read; the rest is ignored.
  static let longestRequest = 64

  private let memory: GuestMemory
  private let size: Int
  private let table: UnsafeMutableRawBufferPointer
  private let available: UnsafeMutableRawBufferPointer
  private let used: UnsafeMutableRawBufferPointer
  /// The place in the ring of available chains that is read next; as many were given back, since
  /// each is answered before the next one is taken.
  private(set) var next: UInt16
  /// Whether nothing was ever given back in this queue: its driver has just begun.
  let isNew: Bool

  /// Makes a queue that goes on where the used ring in the machine's memory stands.
  ///
  /// That index says what was answered, by this server or one before it: a chain that was put up
  /// but not given back before a server ended is answered now, and none twice. QEMU cannot ask a
  /// server that crashed where it stood, and sends the used index itself as the base; other front
  /// ends send the base that they remember.
  /// - Returns: `nil` when its size or addresses are not allowed.
  init?(
    memory: GuestMemory, size: Int, descriptors: UInt64, available: UInt64, used: UInt64
  ) {
    // What counts is how they lie here, where the fields are read.
    func isAligned(_ bytes: UnsafeMutableRawBufferPointer, _ alignment: UInt) -> Bool {
      UInt(bitPattern: bytes.baseAddress) % alignment == 0
    }
    guard size > 0, size <= 32768, size & (size - 1) == 0,
      let table = memory.bytes(user: descriptors, count: 16 * size), isAligned(table, 16),
      let ring = memory.bytes(user: available, count: 6 + 2 * size), isAligned(ring, 2),
      let usedRing = memory.bytes(user: used, count: 6 + 8 * size), isAligned(usedRing, 4)
    else { return nil }
    self.memory = memory
    self.size = size
    self.table = table
    self.available = ring
    self.used = usedRing
    next = usedRing.load(fromByteOffset: 2, as: UInt16.self)
    // A driver zeroes its rings. The index comes back to zero after 65536 answers, but the last
    // place of the ring then holds one, whose length is not zero.
    isNew = next == 0 && usedRing.load(fromByteOffset: 8 * size, as: UInt32.self) == 0
  }

  /// Whether the driver has put up a chain that was not taken yet.
  var hasNext: Bool {
    let index = available.load(fromByteOffset: 2, as: UInt16.self)
    atomicMemoryFence(ordering: .acquiring)
    return index != next
  }

  /// Whether the driver wants to be notified of answers.
  var wantsNotice: Bool {
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    return available.load(fromByteOffset: 0, as: UInt16.self) & 1 == 0
  }

  /// Takes the next chain.
  mutating func take() -> Chain? {
    guard hasNext else { return nil }
    let place = Int(next) & (size - 1)
    let head = available.load(fromByteOffset: 4 + 2 * place, as: UInt16.self)
    next &+= 1
    var chain = Chain(head: head, request: [], answers: [])
    var index = Int(head)
    // A chain has at most as many links as there are descriptors; a longer one is a loop.
    for _ in 0..<size {
      guard index < size else { break }
      let address = table.load(fromByteOffset: 16 * index, as: UInt64.self)
      let length = Int(table.load(fromByteOffset: 16 * index + 8, as: UInt32.self))
      let flags = table.load(fromByteOffset: 16 * index + 12, as: UInt16.self)
      if flags & 4 != 0 { break }
      guard let bytes = memory.bytes(guest: address, count: length) else { break }
      if flags & 2 == 0 {
        chain.request += bytes.prefix(RequestQueue.longestRequest - chain.request.count)
      } else {
        chain.answers.append(bytes)
      }
      guard flags & 1 != 0 else { break }
      index = Int(table.load(fromByteOffset: 16 * index + 14, as: UInt16.self))
    }
    return chain
  }

  /// Writes an answer into a chain's buffers and gives the chain back.
  mutating func give(back chain: Chain, answer: [UInt8]) {
    var written = 0
    for buffer in chain.answers {
      let part = answer[written...].prefix(buffer.count)
      buffer.copyBytes(from: part)
      written += part.count
    }
    let place = Int(next &- 1) & (size - 1)
    used.storeBytes(of: UInt32(chain.head), toByteOffset: 4 + 8 * place, as: UInt32.self)
    used.storeBytes(of: UInt32(written), toByteOffset: 8 + 8 * place, as: UInt32.self)
    // The answer must be there before the index that announces it.
    atomicMemoryFence(ordering: .releasing)
    used.storeBytes(of: next, toByteOffset: 2, as: UInt16.self)
  }
}
