/// The serial lines and selects that all chips share. Clock low at rest, data taken on the rising
/// edge, most significant bit first. Where the lines have a serial bus, a frame is one exchange, and
/// as many for the chains as their registers take; where not, a bit out is two line operations, a bit
/// in one more. The selects are lines either way.
extension BoardWiring {
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
  /// - Parameters:
  ///   - word: the bits, in the lowest places.
  ///   - bits: how many.
  ///   - receiving: whether the bits that come are wanted; without a bus they cost a read each.
  ///   - lines: the lines.
  /// - Returns: the bits that came, in the lowest places.
  /// - Throws: what the lines throw.
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
}
