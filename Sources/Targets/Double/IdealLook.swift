#if Simulation
package import Circuit
package import Files
package import Runs
import BoardDouble
import Firmware

extension FirstLook {
  /// Prepares a look that judges by the double of an ideal board too.
  ///
  /// - Parameters:
  ///   - description: the board.
  ///   - sources: the node of each source channel.
  ///   - targets: the node of each target channel.
  /// - Throws: `CircuitError` for what is no circuit.
  package init(
    _ description: BoardDescription, sources: [Int], targets: [Int]
  ) throws(CircuitError) {
    var spotless = description
    spotless.imperfections = .none
    var board = try AnalogBoard(description: spotless, seed: 0, sources: sources, targets: targets)
    let edges = description.learningEdges.count
    board.setGates([Double](repeating: description.gates.maximum, count: edges), at: .zero)
    try self.init(description, sources: sources, targets: targets) {
      (sources, clamps) throws(CircuitError) in
      for (channel, volts) in sources.enumerated() {
        try board.setSource(channel, code: board.converter.code(for: Voltage(volts: volts)))
      }
      for (channel, volts) in clamps.enumerated() {
        try board.setClamp(
          channel, code: volts.map { board.converter.code(for: Voltage(volts: $0)) })
      }
      return (try board.freeVoltages(at: .zero), try board.clampedVoltages(at: .zero))
    }
  }
}
#endif
