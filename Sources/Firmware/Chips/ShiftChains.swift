/// The chains of 74HC165 (comparators) and 74HCT595 (drives) registers, which share the clock.
extension BoardWiring {
  /// Captures all comparators at one instant and reads them: position 0 first, A then B.
  @inlinable
  func readChain<L: Lines & ~Copyable>(
    into comparisons: inout MutableSpan<Comparison>, on lines: inout L
  ) throws(L.Failure) {
    try lines.write(.none, mask: load)
    try lines.write(load, mask: load)
    try select(chainSelect, on: &lines)
    if let controller = lines.controller {
      try receiveChain(into: &comparisons, by: controller, on: &lines)
      return try deselect(chainSelect, on: &lines)
    }
    var position = 0
    while position < edgeCount {
      let a = try receive(on: &lines)
      try lines.write(clock, mask: clock)
      try lines.write(.none, mask: clock)
      let b = try receive(on: &lines)
      if position &+ 1 < edgeCount {
        try lines.write(clock, mask: clock)
        try lines.write(.none, mask: clock)
      }
      put(Comparison(a: a, b: b), position, into: &comparisons)
      position = position &+ 1
    }
    try deselect(chainSelect, on: &lines)
  }

  /// Takes the chain's bits from the bus, up to sixteen positions at a time. The first bit stands on
  /// MISO before the first clock. The zeros that go out meanwhile end in the drive registers, where
  /// they mean nothing without LATCH.
  @inlinable
  func receiveChain<L: Lines & ~Copyable>(
    into comparisons: inout MutableSpan<Comparison>, by controller: L.Controller,
    on lines: inout L
  ) throws(L.Failure) {
    var position = 0
    while position < edgeCount {
      let left = chainBits &- 2 &* position
      var bits = left < 32 ? left : 32
      let word = try lines.exchange(0, bits: bits, by: controller)
      while bits > 0 && position < edgeCount {
        bits = bits &- 2
        let pair = word &>> Wide.counter(bits)
        put(Comparison(a: pair & 2 != 0, b: pair & 1 != 0), position, into: &comparisons)
        position = position &+ 1
      }
    }
  }

  /// Puts what a position of the chain says to its edge.
  @inlinable
  func put(
    _ comparison: Comparison, _ position: Int, into comparisons: inout MutableSpan<Comparison>
  ) {
    let edge = Wide.index(chain[unchecked: position & 511])
    if edge < comparisons.count { comparisons[unchecked: edge] = comparison }
  }

  /// The bit that the drive registers hold at a place: charge of position k at 2k, discharge at
  /// 2k + 1. Idle is charge low, discharge high; places beyond the edges rest low.
  @inlinable
  func driveBit(_ place: Int, _ drives: Span<Drive>) -> Bool {
    let position = place &>> 1
    if position >= edgeCount { return false }
    let edge = Wide.index(chain[unchecked: position & 511])
    let drive = edge < drives.count ? drives[unchecked: edge] : .hold
    return place & 1 == 0 ? drive == .charge : drive != .discharge
  }

  /// Shifts the drives into the 74HCT595 chain and checks that they are there.
  ///
  /// The last register's serial output runs through the 74HC165 chain back to MISO. The pattern goes
  /// out three times: the first copy fills the drive registers, the second pushes it into the
  /// comparator registers, and while the third is sent the first is read. The way that brought the
  /// first back whole has just carried the third.
  ///
  /// A pattern of one level only would come back from a stuck line too. Its first copy is therefore
  /// sent with every other bit turned.
  /// - Returns: whether every bit came back as sent.
  @inlinable
  func shiftDrives<L: Lines & ~Copyable>(
    _ drives: Span<Drive>, on lines: inout L
  ) throws(L.Failure) -> Bool {
    var isUniform = true
    var other = 1
    while other < chainBits {
      if driveBit(other, drives) != driveBit(0, drives) { isUniform = false }
      other = other &+ 1
    }
    try select(chainSelect, on: &lines)
    var right = true
    var copy = 0
    while copy < 3 {
      var places = chainBits
      while places > 0 {
        // Whole registers of eight, the last place first.
        let bits = places < 32 ? places : 32
        var word: UInt32 = 0
        var place = places &- 1
        while place >= places &- bits {
          word = word &+ word
          if driveBit(place, drives) { word = word | 1 }
          place = place &- 1
        }
        // The last bit of a word is an even place.
        let first = isUniform ? word ^ (0x5555_5555 &>> Wide.counter(32 &- bits)) : word
        let back = try transfer(
          copy == 0 ? first : word, bits: bits, receiving: copy == 2, on: &lines)
        if copy == 2 && back != first { right = false }
        places = places &- bits
      }
      copy = copy &+ 1
    }
    try deselect(chainSelect, on: &lines)
    return right
  }
}
