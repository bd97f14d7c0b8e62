/// The serial lines and selects that all chips share. Clock low at rest, data taken on the rising
/// edge, most significant bit first. A bit out is two line operations, a bit in one more.
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
    var bit: UInt32 = 0x8000
    while bit != 0 {
      try send(word & bit != 0, on: &lines)
      bit = bit &>> 1
    }
    try deselect(output.select, on: &lines)
  }

  // MARK: - MCP3208, the eight-channel 12-bit analog-to-digital converter

  /// Measures a channel of an MCP3208.
  ///
  /// A start bit, a single-ended bit and three channel bits go out; the sample ends on the falling
  /// edge of the sixth clock; after a null bit twelve bits come in, each after a falling edge.
  /// - Returns: the code, and whether the frame ended within `longestFrame` of its sample.
  @inlinable
  func measure<L: Lines & ~Copyable>(
    _ input: ConverterChannel, on lines: inout L
  ) throws(L.Failure) -> (code: UInt32, inTime: Bool) {
    try select(input.select, on: &lines)
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
      let edge = Wide.index(chain[unchecked: position & 511])
      if edge < comparisons.count { comparisons[unchecked: edge] = Comparison(a: a, b: b) }
      position = position &+ 1
    }
    try deselect(chainSelect, on: &lines)
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
      var place = chainBits &- 1
      while place >= 0 {
        let bit = driveBit(place, drives)
        let first = isUniform && place & 1 == 0 ? !bit : bit
        try lines.write((copy == 0 ? first : bit) ? dataOut : .none, mask: dataOut | clock)
        if copy == 2 {
          let back = try receive(on: &lines)
          if back != first { right = false }
        }
        try lines.write(clock, mask: clock)
        place = place &- 1
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
