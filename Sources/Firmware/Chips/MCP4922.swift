/// The MCP4922, a two-channel 12-bit digital-to-analog converter.
extension BoardWiring {
  /// Sets a channel of an MCP4922: 16 bits, taken over when the chip is deselected.
  ///
  /// - Parameters:
  ///   - output: the channel.
  ///   - code: the 12-bit code, or `nil` to shut the output down (500 kohm).
  ///   - lines: the lines.
  /// - Throws: what the lines throw.
  @inlinable
  func convertMCP4922<L: Lines & ~Copyable>(
    _ output: ConverterChannel, code: UInt32?, on lines: inout L
  ) throws(L.Failure) {
    // Bit 15 names the channel, 14 buffers the reference (off), 13 means gain 1, 12 means active.
    var word: UInt32 = output.channel & 1 == 0 ? 0x2000 : 0xa000
    if let code { word = word | 0x1000 | (code & 0xfff) }
    try select(output.select, on: &lines)
    _ = try transfer(word, bits: 16, receiving: false, on: &lines)
    try deselect(output.select, on: &lines)
  }
}
