/// The MCP3208, an eight-channel 12-bit analog-to-digital converter.
extension BoardWiring {
  /// Measures a channel of an MCP3208.
  ///
  /// A start bit, a single-ended bit and three channel bits go out; the sample ends on the falling
  /// edge of the sixth clock; after a null bit twelve bits come in, each after a falling edge.
  ///
  /// On a bus five zeros go before the start bit, so that the frame is three bytes and the code their
  /// lowest twelve bits. When within them the sample was is not known: the whole exchange counts.
  /// - Returns: the code, and whether the frame ended within `longestFrame` of its sample.
  @inlinable
  func measureMCP3208<L: Lines & ~Copyable>(
    _ input: ConverterChannel, on lines: inout L
  ) throws(L.Failure) -> (code: UInt32, inTime: Bool) {
    try select(input.select, on: &lines)
    if let controller = lines.controller {
      let start = try lines.now()
      let command: UInt32 = 0x6_0000 | Wide.widen(input.channel & 7) &<< 14
      let code = try lines.exchange(command, bits: 24, by: controller) & 0xfff
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
}
