package import Files
import Firmware
import Wiring

/// What presenting one sample and reading its outputs takes on the board.
public struct PresentationCost: Sendable, Equatable, Codable {
  /// How long it takes, s: all sources that follow a column are set, the network settles, and every
  /// target is converted, by the operation times of the board file.
  public var latency: Double
  /// The mean power that the sources deliver to both twins, W.
  public var power: Double
  /// The energy that they deliver while the network settles and is measured, J.
  public var energy: Double
  /// Over how many samples the power was taken, evenly spread.
  public var samples: Int
  /// Whether the gates are the controllers' estimates and the parts ideal, as of a real board.
  public var isEstimated: Bool

  private enum CodingKeys: String, CodingKey {
    case samples
    case latency = "latency_s"
    case power = "power_W"
    case energy = "energy_J"
    case isEstimated = "estimated"
  }

  /// Reckons it.
  ///
  /// - Parameters:
  ///   - task: the task.
  ///   - board: the board.
  ///   - power: the mean power while a sample is presented, W.
  ///   - samples: over how many samples.
  ///   - isEstimated: whether it is an estimate of a real board.
  package init(
    of task: TaskDescription, on board: BoardDescription, power: Double, samples: Int,
    isEstimated: Bool
  ) {
    let times = OperationTimes(description: board)
    let reading =
      times.settle.seconds + Double(task.outputs.channels)
      * (times.measureBeforeSample + times.measureAfterSample).seconds
    latency = Double(task.setSources(on: board)) * times.convert.seconds + reading
    self.power = power
    energy = power * reading
    self.samples = samples
    self.isEstimated = isEstimated
  }
}

extension TaskDescription {
  /// How many source channels are set anew for a sample: those of columns that hang on no rail.
  ///
  /// - Parameter board: the board.
  /// - Returns: their number.
  package func setSources(on board: BoardDescription) -> Int {
    let wired = board.wiring?.sources ?? []
    return inputs.indices.count { channel in
      let isRail = channel < wired.count && wired[channel].rail != nil
      return inputs[channel].column != nil && !isRail
    }
  }
}
