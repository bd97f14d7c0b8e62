public import Circuit

/// Both twins of a board as circuits of their own, with their mismatch: driven by ideal voltages,
/// without converters, comparators or time. For theory and comparison; what is done to them does
/// not reach the board that they were copied from.
///
/// Nothing is solved unasked: after new voltages, gates or clamps the node voltages are the old
/// ones until `solveFree` or `solveClamped`.
public struct Twins: Sendable {
  /// The twin whose targets float.
  public var free: OperatingPoint
  /// The twin whose targets are clamped.
  public var clamped: OperatingPoint
  /// The node of each source channel.
  public let sources: [Int]
  /// The node of each target channel.
  public let targets: [Int]
  /// The nodes at the ends of each learning edge.
  public let edges: [(from: Int, to: Int)]
  /// The branch whose gate each learning edge sets; -1 where the edge is dead or shorted.
  public let gatedBranches: [Int]
  /// The resistance through which the board clamps a target, ohm.
  public let clampOhms: Double

  /// Drives the sources of both twins.
  ///
  /// - Parameter volts: a voltage for each source channel, V; channels beyond them stay as they
  ///   are.
  /// - Throws: `CircuitError` for a voltage out of range.
  public mutating func drive(_ volts: [Double]) throws(CircuitError) {
    for (channel, value) in zip(sources.indices, volts) { try drive(channel, value) }
  }

  /// Drives one source of both twins.
  ///
  /// - Parameters:
  ///   - channel: the source channel.
  ///   - volts: its voltage, V.
  /// - Throws: `CircuitError` for a voltage out of range.
  public mutating func drive(_ channel: Int, _ volts: Double) throws(CircuitError) {
    try free.drive(sources[channel], volts)
    try clamped.drive(sources[channel], volts)
  }

  /// Sets the gates of both twins; dead and shorted edges have none.
  ///
  /// - Parameter volts: a voltage for each learning edge, V.
  /// - Throws: `CircuitError` for a voltage out of range.
  public mutating func setGates(_ volts: [Double]) throws(CircuitError) {
    for (branch, gate) in zip(gatedBranches, volts) where branch >= 0 {
      try free.setGate(branch, gate)
      try clamped.setGate(branch, gate)
    }
  }

  /// Clamps a target of the clamped twin.
  ///
  /// - Parameters:
  ///   - channel: the target channel.
  ///   - volts: the clamp's voltage before its resistance, V.
  ///   - ohms: the clamp's resistance, 1e-6 ohm or more; `nil` for the board's.
  /// - Throws: `CircuitError` for a value out of range.
  public mutating func clamp(
    _ channel: Int, at volts: Double, ohms: Double? = nil
  ) throws(CircuitError) {
    try clamped.attach(targets[channel], conductance: 1 / (ohms ?? clampOhms), volts: volts)
  }

  /// Takes every clamp away altogether: a clamp of the board that is shut down still leaks.
  /// - Throws: `CircuitError`.
  public mutating func release() throws(CircuitError) {
    for node in targets { try clamped.attach(node, conductance: 0, volts: 0) }
  }

  /// Solves the free twin, from its present voltages on.
  /// - Throws: `CircuitError` when it has no solution.
  public mutating func solveFree() throws(CircuitError) { try free.solve() }

  /// Solves the clamped twin, from its present voltages on.
  /// - Throws: `CircuitError` when it has no solution.
  public mutating func solveClamped() throws(CircuitError) { try clamped.solve() }

  /// The voltages of the targets in the free twin, V.
  public var targetVoltages: [Double] {
    let voltages = free.voltages
    return targets.map { voltages[$0] }
  }

  /// The voltage across a learning edge in both twins, V.
  ///
  /// - Parameter edge: the edge, as an index among those that learn.
  /// - Returns: the voltage in either twin, V.
  /// - Throws: `CircuitError` for a node that is not there.
  public func drops(_ edge: Int) throws(CircuitError) -> (free: Double, clamped: Double) {
    let (from, to) = edges[edge]
    return (
      try free.voltage(from) - free.voltage(to), try clamped.voltage(from) - clamped.voltage(to)
    )
  }
}
