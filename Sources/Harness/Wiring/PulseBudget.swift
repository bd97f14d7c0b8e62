import Firmware
import Runs
import Wiring

/// For how long lines that are tried in each other's roles were high, in pulses of the one-shot's time.
///
/// LEARN may be at any of them; then that is for how long a gate was driven that cannot be held. Beyond the
/// budget nothing more is tried: what is known so far is named, and mended first.
final class PulseBudget {
  private let most: Double
  private let timer: Nanoseconds
  /// The lines at which LEARN would drive something; all where drives are not latched.
  private var counted: UInt64
  private let latch: LineSet
  private var levels: UInt64
  private var rises = [Nanoseconds?](repeating: nil, count: 64)
  private var high = [Double](repeating: 0, count: 64)

  /// A budget of which nothing is spent.
  ///
  /// - Parameters:
  ///   - subject: the board, which has wiring; while its latch did not rise all drives of chains hold.
  ///   - most: how many pulses there may be at a line; presentations outside of trials take about one more.
  /// - Throws: what is wrong with the wiring.
  init(_ subject: Subject, most: Double = 6.5) throws {
    self.most = most
    let wiring = try BoardWiring(
      subject.description, sources: subject.sources.count, targets: subject.targets.count)
    timer = wiring.timer
    let isLatched = wiring.kind == .chains
    latch = isLatched ? wiring.latch : .none
    counted = isLatched ? wiring.learn.bits : wiring.outputs.bits
    levels = wiring.idle.bits
  }

  /// Whether another trial may be done.
  var isLeft: Bool { high.allSatisfy { $0 <= most } }

  /// Sets lines, and counts how long they were high.
  ///
  /// - Parameters:
  ///   - levels: their levels.
  ///   - mask: which.
  ///   - lines: the lines.
  /// - Throws: what the lines throw.
  func write<L: Lines & ~Copyable>(
    _ levels: LineSet, mask: LineSet, to lines: inout L
  ) throws(L.Failure) {
    try lines.write(levels, mask: mask)
    let next = self.levels & ~mask.bits | levels.bits & mask.bits
    var changed = next ^ self.levels
    if changed == 0 { return }
    let now = try lines.now()
    while changed != 0 {
      let line = changed.trailingZeroBitCount
      let bit: UInt64 = 1 << UInt64(line)
      changed &= ~bit
      if next & bit != 0 {
        rises[line] = now
        // A latch that rises has drives do whatever stands in their registers.
        if latch.bits & bit != 0 { counted = .max }
      } else if counted & bit != 0, let rise = rises[line] {
        let time = now - rise
        high[line] += (time < timer ? time : timer).seconds / timer.seconds
      }
    }
    self.levels = next
  }
}
