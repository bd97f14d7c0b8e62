#if Simulation
package import BoardDouble
import Circuit
import Files
import Firmware
package import Runs

extension AnalogBoard {
  /// The power that the sources deliver to both twins while samples are presented, W, in the mean.
  /// The board itself stays as it is.
  ///
  /// - Parameters:
  ///   - samples: the voltages of the sources, V, of each sample.
  ///   - time: the time, at which gates have leaked so far.
  /// - Returns: the power.
  /// - Throws: `CircuitError` where a twin has no solution.
  func presentationPower(
    _ samples: [[Double]], at time: Nanoseconds
  ) throws(CircuitError) -> Double {
    var board = self
    for channel in targetNodes.indices { try board.setClamp(channel, code: nil) }
    var sum = 0.0
    for inputs in samples {
      for (channel, volts) in inputs.enumerated() {
        try board.setSource(channel, code: converter.code(for: Voltage(volts: volts)))
      }
      _ = try board.freeVoltages(at: time)
      _ = try board.clampedVoltages(at: time)
      let twins = board.twins
      for twin in [twins.free, twins.clamped] {
        for node in sourceNodes {
          sum += try twin.voltage(node) * twin.currentInto(node)
        }
      }
    }
    return sum / Double(max(samples.count, 1))
  }
}

/// The most samples that the power is taken over.
private let mostSamples = 256

extension TaskDescription {
  /// Source voltages of samples, evenly spread.
  fileprivate var spreadInputs: [[Double]] {
    let count = min(samples.count, mostSamples)
    return (0..<count).map { samples[$0 * samples.count / count].inputs }
  }
}

extension Session where Board: VirtualFace {
  /// What a presentation takes on the double as it stands; `nil` where a twin has no solution.
  package var presentationCost: PresentationCost? {
    let inputs = problem.task.spreadInputs
    guard let power = try? board.analog.presentationPower(inputs, at: board.time) else {
      return nil
    }
    return PresentationCost(
      of: problem.task, on: description, power: power, samples: inputs.count, isEstimated: false)
  }
}

extension Session {
  /// What a presentation takes by the double of an ideal board, whose gates stand where the
  /// controllers believe them; `nil` where edges follow their own rule, or a twin has no solution.
  ///
  /// - Parameters:
  ///   - sources: the node of each source channel.
  ///   - targets: the node of each target channel.
  /// - Returns: the cost.
  package func presentationCost(sources: [Int], targets: [Int]) -> PresentationCost? {
    if controllers.isEmpty { return nil }
    var ideal = description
    ideal.imperfections = .none
    let inputs = problem.task.spreadInputs
    let gates = controllers.map(\.gate.volts)
    guard
      let power = try? { () throws(CircuitError) -> Double in
        var board = try AnalogBoard(description: ideal, seed: 0, sources: sources, targets: targets)
        board.setGates(gates, at: .zero)
        return try board.presentationPower(inputs, at: .zero)
      }()
    else { return nil }
    return PresentationCost(
      of: problem.task, on: description, power: power, samples: inputs.count, isEstimated: true)
  }
}
#endif
