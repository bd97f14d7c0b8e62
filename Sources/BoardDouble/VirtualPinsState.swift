import Circuit
import Firmware

extension VirtualPins {
  /// Everything behind the pins that changes, at any moment between two line operations: with the
  /// description, seed and placement it is the whole board, so that pins put into it answer bit for
  /// bit as these would. Faults of lines and silenced parts are the tester's and are not in it.
  public struct State: Sendable, Equatable, Codable {
    /// The analog board's part.
    public internal(set) var analog: AnalogBoard.State
    /// The virtual time, ns.
    public internal(set) var time: Int64
    var operations: Int
    var misuseCount: Int
    var commanded: UInt64
    var chips: [ChipModel]
    var comparators: ShiftChainModel
    var drives: ShiftChainModel
    var latched: [UInt8]
    var lastClockEdge: Int64
    var lastAnalogChange: Int64
    var learnStart: Int64?
    var lastPulseEnd: Int64
    var lastPulseWasLong: Bool
  }

  /// The part that changes.
  public var state: State {
    State(
      analog: analog.state, time: time.count, operations: operations, misuseCount: misuseCount,
      commanded: commanded.bits, chips: chips, comparators: comparators, drives: drives,
      latched: latched.map(\.rawValue), lastClockEdge: lastClockEdge.count,
      lastAnalogChange: lastAnalogChange.count, learnStart: learnStart?.count,
      lastPulseEnd: lastPulseEnd.count, lastPulseWasLong: lastPulseWasLong)
  }

  /// Puts pins of the same description, seed and placement into a state; misuses from before it are
  /// counted, not told.
  /// - Throws: `StateMismatch` or `CircuitError` when the state is not one of such pins; they are
  ///   then unchanged.
  public mutating func restore(_ saved: State) throws {
    let moments = [
      saved.time, saved.lastClockEdge, saved.lastAnalogChange, saved.learnStart ?? 0,
      saved.lastPulseEnd,
    ]
    let latched = saved.latched.compactMap(PinDrive.init(rawValue:))
    // Before the first of their kind moments lie a second before the start.
    let times = -1_000_000_000...VirtualState.times.upperBound
    guard moments.allSatisfy(times.contains), saved.operations >= 0, saved.misuseCount >= 0,
      max(saved.operations, saved.misuseCount) < 1 << 62,
      LineSet(bits: saved.commanded).without(outputs) == .none,
      latched.count == saved.latched.count, latched.count == self.latched.count,
      saved.chips.count == chips.count,
      zip(saved.chips, chips).allSatisfy({ $0.isSound(like: $1) }),
      saved.comparators.isSound(like: comparators), saved.drives.isSound(like: drives)
    else { throw StateMismatch() }
    try analog.restore(saved.analog)
    time = Nanoseconds(saved.time)
    operations = saved.operations
    misuses = []
    misusesByRule = [:]
    longestLearning = .zero
    misuseCount = saved.misuseCount
    commanded = LineSet(bits: saved.commanded)
    levels = commanded
    selected = selection(levels)
    chips = saved.chips
    comparators = saved.comparators
    drives = saved.drives
    self.latched = latched
    lastClockEdge = Nanoseconds(saved.lastClockEdge)
    lastAnalogChange = Nanoseconds(saved.lastAnalogChange)
    learnStart = saved.learnStart.map { Nanoseconds($0) }
    lastPulseEnd = Nanoseconds(saved.lastPulseEnd)
    lastPulseWasLong = saved.lastPulseWasLong
  }
}
