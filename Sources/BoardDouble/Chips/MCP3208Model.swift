import Firmware

/// An MCP3208: a start bit, mode and channel go in; the sample ends on the falling edge of the
/// clock after the last channel bit; a null bit and twelve data bits follow, each on a falling
/// edge.
struct MCP3208Model: Sendable, Equatable, Codable {
  private var started = false
  private var rises = 0
  private var command: UInt8 = 0
  private var falls = 0
  private var code: UInt32 = 0
  private var sampledTime: Int64 = 0

  /// When the sample ended.
  var sampled: Nanoseconds { Nanoseconds(sampledTime) }

  /// Whether the counts and the time are such as come about.
  var isSound: Bool {
    VirtualState.counts.contains(rises) && VirtualState.counts.contains(falls)
      && VirtualState.times.contains(sampledTime)
  }

  /// Whether the chip drives its output: from the null bit on.
  var drives: Bool { started && falls >= 6 }

  /// Whether a frame is under way whose bits have not all been read.
  var isConverting: Bool { started && falls >= 6 && falls < 18 }

  /// The level of the output.
  var output: Bool {
    // After fall 6 comes the null bit, after fall 7 bit 11, after fall 18 bit 0.
    falls >= 7 && falls <= 18 && (code &>> UInt32(18 - falls)) & 1 == 1
  }

  mutating func begin() {
    started = false
    rises = 0
    falls = 0
    command = 0
  }

  mutating func clockRises(data: Bool) {
    if !started {
      // Zeros before the start bit are skipped.
      started = data
      rises = started ? 1 : 0
      return
    }
    rises += 1
    if rises <= 5 { command = command << 1 | (data ? 1 : 0) }
  }

  /// - Returns: the channel to be sampled now, on the falling edge that ends the sample.
  mutating func clockFalls() -> UInt8? {
    if !started { return nil }
    falls += 1
    return falls == 6 ? command & 7 : nil
  }

  mutating func take(_ sample: UInt32, at time: Nanoseconds) {
    code = sample & 0xfff
    sampledTime = time.count
  }
}
