/// The serial lines and selects that all chips share. Clock low at rest, data taken on the rising
/// edge, most significant bit first. Where the lines have a serial bus, a frame is one exchange, and
/// as many for the chains as their registers take; where not, a bit out is two line operations, a bit
/// in one more. The selects are lines either way.
extension BoardWiring {
  /// Selects a chip. With a decoder the address is set while it is disabled, then it is enabled:
  /// changing an enabled address would select other chips for a moment.
  @inlinable
  func select<L: Lines & ~Copyable>(_ number: UInt8, on lines: inout L) throws(L.Failure) {
    switch kind {
    case .chains:
      try lines.write(addressLevels(number), mask: address)
      try lines.write(enable, mask: enable)
    case .direct:
      try lines.write(.none, mask: selectLine(number))
    }
  }

  /// Deselects a chip and takes the clock low.
  @inlinable
  func deselect<L: Lines & ~Copyable>(_ number: UInt8, on lines: inout L) throws(L.Failure) {
    switch kind {
    case .chains:
      try lines.write(.none, mask: enable | clock)
    case .direct:
      try lines.write(selectLine(number), mask: selectLine(number) | clock)
    }
  }

  /// Takes the clock low with a data bit, then high. The chips take data on the rising edge, so the
  /// order in which the lines of the first write change does not matter.
  @inlinable
  func send<L: Lines & ~Copyable>(_ bit: Bool, on lines: inout L) throws(L.Failure) {
    try lines.write(bit ? dataOut : .none, mask: dataOut | clock)
    try lines.write(clock, mask: clock)
  }

  /// Reads the data line.
  @inlinable
  func receive<L: Lines & ~Copyable>(on lines: inout L) throws(L.Failure) -> Bool {
    try lines.read(mask: dataIn).meets(dataIn)
  }

  /// Sends bits, in whole bytes, over the bus or line by line, and takes as many while it does: each
  /// as it stands before the clock rises.
  ///
  /// - Parameter receiving: whether the bits that come are wanted; without a bus they cost a read each.
  @inlinable
  func transfer<L: Lines & ~Copyable>(
    _ word: UInt32, bits: Int, receiving: Bool, on lines: inout L
  ) throws(L.Failure) -> UInt32 {
    if lines.hasSerialBus { return try lines.exchange(word, bits: bits) }
    var received: UInt32 = 0
    var bit: UInt32 = 1 &<< Wide.counter(bits &- 1)
    while bit != 0 {
      try lines.write(word & bit != 0 ? dataOut : .none, mask: dataOut | clock)
      if receiving, try receive(on: &lines) { received = received | bit }
      try lines.write(clock, mask: clock)
      bit = bit &>> 1
    }
    return received
  }

  // MARK: - MCP4922, the two-channel 12-bit digital-to-analog converter

  /// Sets a channel of an MCP4922: 16 bits, taken over when the chip is deselected.
  ///
  /// - Parameter code: the 12-bit code, or `nil` to shut the output down (500 kohm).
  @inlinable
  func convert<L: Lines & ~Copyable>(
    _ output: ConverterChannel, code: UInt32?, on lines: inout L
  ) throws(L.Failure) {
    // Bit 15 names the channel, 14 buffers the reference (off), 13 means gain 1, 12 means active.
    var word: UInt32 = output.channel & 1 == 0 ? 0x2000 : 0xa000
    if let code { word = word | 0x1000 | (code & 0xfff) }
    try select(output.select, on: &lines)
    _ = try transfer(word, bits: 16, receiving: false, on: &lines)
    try deselect(output.select, on: &lines)
  }

  // MARK: - MCP3208, the eight-channel 12-bit analog-to-digital converter

  /// Measures a channel of an MCP3208.
  ///
  /// A start bit, a single-ended bit and three channel bits go out; the sample ends on the falling
  /// edge of the sixth clock; after a null bit twelve bits come in, each after a falling edge.
  ///
  /// On a bus five zeros go before the start bit, so that the frame is three bytes and the code their
  /// lowest twelve bits. When within them the sample was is not known: the whole exchange counts.
  /// - Returns: the code, and whether the frame ended within `longestFrame` of its sample.
  @inlinable
  func measure<L: Lines & ~Copyable>(
    _ input: ConverterChannel, on lines: inout L
  ) throws(L.Failure) -> (code: UInt32, inTime: Bool) {
    try select(input.select, on: &lines)
    if lines.hasSerialBus {
      let start = try lines.now()
      let command: UInt32 = 0x6_0000 | Wide.widen(input.channel & 7) &<< 14
      let code = try lines.exchange(command, bits: 24) & 0xfff
      let inTime = !(longestFrame < (try lines.now()) - start)
      try deselect(input.select, on: &lines)
      return (code, inTime)
    }
    try send(true, on: &lines)
    try send(true, on: &lines)
    try send(input.channel & 4 != 0, on: &lines)
    try send(input.channel & 2 != 0, on: &lines)
    try send(input.channel & 1 != 0, on: &lines)
    try send(false, on: &lines)
    try lines.write(.none, mask: clock)
    let sampled = try lines.now()
    var code: UInt32 = 0
    var bit = 0
    while bit < 12 {
      try lines.write(clock, mask: clock)
      try lines.write(.none, mask: clock)
      code = code &+ code
      if try receive(on: &lines) { code = code | 1 }
      bit = bit &+ 1
    }
    let inTime = !(longestFrame < (try lines.now()) - sampled)
    try deselect(input.select, on: &lines)
    return (code, inTime)
  }

  // MARK: - 74HC165 and 74HCT595 chains, which share the clock

  /// Captures all comparators at one instant and reads them: position 0 first, A then B.
  @inlinable
  func readChain<L: Lines & ~Copyable>(
    into comparisons: inout MutableSpan<Comparison>, on lines: inout L
  ) throws(L.Failure) {
    try lines.write(.none, mask: load)
    try lines.write(load, mask: load)
    try select(chainSelect, on: &lines)
    if lines.hasSerialBus {
      try receiveChain(into: &comparisons, on: &lines)
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
    into comparisons: inout MutableSpan<Comparison>, on lines: inout L
  ) throws(L.Failure) {
    var position = 0
    while position < edgeCount {
      let left = chainBits &- 2 &* position
      var bits = left < 32 ? left : 32
      let word = try lines.exchange(0, bits: bits)
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

  // MARK: - Direct wiring

  /// Reads all comparators in one operation.
  @inlinable
  func readDirect<L: Lines & ~Copyable>(
    into comparisons: inout MutableSpan<Comparison>, on lines: inout L
  ) throws(L.Failure) {
    let levels = try lines.read(mask: inputs.without(dataIn))
    var edge = 0
    while edge < edgeCount && edge < comparisons.count {
      comparisons[unchecked: edge] = Comparison(
        a: levels.meets(edgeLine(edge, 0)), b: levels.meets(edgeLine(edge, 1)))
      edge = edge &+ 1
    }
  }

  /// Sets all drive lines in one operation; the buffers behind them are off until LEARN.
  @inlinable
  func setDirect<L: Lines & ~Copyable>(_ drives: Span<Drive>, on lines: inout L) throws(L.Failure) {
    var levels = LineSet.none
    var mask = LineSet.none
    var edge = 0
    while edge < edgeCount {
      let drive = edge < drives.count ? drives[unchecked: edge] : .hold
      mask = mask | edgeLine(edge, 2) | edgeLine(edge, 3)
      if drive == .charge { levels = levels | edgeLine(edge, 2) }
      if drive != .discharge { levels = levels | edgeLine(edge, 3) }
      edge = edge &+ 1
    }
    try lines.write(levels, mask: mask)
  }
}
