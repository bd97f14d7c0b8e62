import Circuit
import Files
import Firmware

extension AnalogBoard {
  /// Everything about the board that changes; the rest follows from the description, seed and
  /// placement.
  public struct State: Sendable, Equatable, Codable {
    /// The gate voltages of the learning edges, V.
    public internal(set) var gates: [Double]
    /// The time at which the gates had these voltages, ns.
    public internal(set) var gatesTime: Int64
    var sourceCodes: [UInt32]
    /// The clamps' codes; -1 for a released one.
    var clampCodes: [Int64]
    /// How many sources' converters put out another voltage than when they are shut down.
    public var sourcesDriven: Int { sourceCodes.count { $0 != 0 } }
    /// How many clamps' converters are not shut down.
    public var clampsDriven: Int { clampCodes.count { $0 >= 0 } }
    /// The comparators' last outputs, A and B of each learning edge: their hysteresis remembers.
    var comparators: [Bool]
    var conversions: [UInt64]
    var pulses: UInt64
    /// The node voltages of the free twin's last solution, V.
    public internal(set) var freeVoltages: [Double]
    /// The node voltages of the clamped twin's last solution, V.
    public internal(set) var clampedVoltages: [Double]
    /// When each twin was solved last, ns; -1 when something has changed since.
    var freeSolved: Int64
    var clampedSolved: Int64

    /// A board that has just been powered up, its converters shut down.
    ///
    /// - Parameters:
    ///   - gate: the voltage of every gate, V.
    ///   - edges: the number of learning edges.
    ///   - sources: the number of source channels.
    ///   - targets: the number of target channels.
    ///   - free: the free twin's node voltages, V.
    ///   - clamped: the clamped twin's node voltages, V.
    init(
      gate: Double, edges: Int, sources: Int, targets: Int, free: [Double], clamped: [Double]
    ) {
      gates = Array(repeating: gate, count: edges)
      gatesTime = 0
      sourceCodes = Array(repeating: 0, count: sources)
      clampCodes = Array(repeating: -1, count: targets)
      comparators = Array(repeating: false, count: 2 * edges)
      conversions = Array(repeating: 0, count: targets)
      pulses = 0
      freeVoltages = free
      clampedVoltages = clamped
      freeSolved = -1
      clampedSolved = -1
    }
  }

  /// Applies the state to both twins: the last solutions as warm starts, then the codes, whose driven
  /// voltages may be newer than the solution.
  mutating func connect() throws(CircuitError) {
    try free.restore(voltages: state.freeVoltages)
    try clamped.restore(voltages: state.clampedVoltages)
    for channel in sourceNodes.indices {
      try driveTwins(channel)
    }
    for channel in targetNodes.indices {
      try attachClamp(channel)
    }
  }

  /// Where gates can be, V. A comparator edge's never pass its supply and ripple; the discharge diode of
  /// a hot board, whose drop is less, takes them a little below 0.
  private var gatesAllowed: ClosedRange<Double> {
    let gates = description.gates
    switch gates.update {
    case .comparator:
      return -1...parts.supply + 10 * description.imperfections.supplyRipple + 1
    case .multiplier:
      // Gates leak toward 0 V from either rail.
      return min(gates.railLow, 0)...max(gates.railHigh, 0)
    }
  }

  /// Puts a board of the same description, seed and placement into a state.
  /// - Throws: `StateMismatch` or `CircuitError` when the state is not one of such a board; the board
  ///   is then unchanged.
  public mutating func restore(_ saved: State) throws {
    guard
      saved.gates.count == state.gates.count
        && saved.sourceCodes.count == state.sourceCodes.count
        && saved.clampCodes.count == state.clampCodes.count
        && saved.comparators.count == state.comparators.count
        && saved.conversions.count == state.conversions.count
        && saved.freeVoltages.count == state.freeVoltages.count
        && saved.clampedVoltages.count == state.clampedVoltages.count
    else { throw StateMismatch() }
    guard
      saved.gates.allSatisfy(gatesAllowed.contains)
        && (saved.freeVoltages + saved.clampedVoltages).allSatisfy({ (-100...100).contains($0) })
        && saved.sourceCodes.allSatisfy({ $0 <= converter.highest })
        && saved.clampCodes.allSatisfy({ (-1...Int64(converter.highest)).contains($0) })
        && [saved.gatesTime, saved.freeSolved, saved.clampedSolved].allSatisfy(
          VirtualState.times.contains)
    else { throw StateMismatch() }
    // What was solved, was solved at the gates' time or before.
    guard max(saved.freeSolved, saved.clampedSolved) <= saved.gatesTime else {
      throw StateMismatch()
    }
    var copy = self
    copy.state = saved
    try copy.connect()
    self = copy
  }
}

/// A saved state that belongs to another board.
public struct StateMismatch: Error, CustomStringConvertible {
  /// Makes the error.
  public init() {}

  /// The error in words.
  public var description: String {
    "the saved state is damaged or of another board: numbers of edges, nodes or channels differ, or a "
      + "voltage, code or time is out of range"
  }
}
