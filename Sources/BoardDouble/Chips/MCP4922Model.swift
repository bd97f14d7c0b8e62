/// An MCP4922: 16 bits are shifted in while it is selected and taken over when it is deselected.
struct MCP4922Model: Sendable, Equatable, Codable {
  private var word: UInt32 = 0
  private var clocks = 0

  /// Whether the counts are such as come about.
  var isSound: Bool { VirtualState.counts.contains(clocks) }

  mutating func begin() {
    word = 0
    clocks = 0
  }

  mutating func clockRises(data: Bool) {
    word = word &<< 1 | (data ? 1 : 0)
    clocks += 1
  }

  func end() -> ChipModel.Frame {
    if clocks == 0 { return .nothing }
    if clocks != 16 { return .broken }
    let channel: UInt8 = word & 0x8000 == 0 ? 0 : 1
    return .set(channel: channel, code: word & 0x1000 == 0 ? nil : word & 0xfff)
  }
}
