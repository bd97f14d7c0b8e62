public import Files
public import Firmware
package import Portable

/// A task placed on a board: every sample as the voltages that the firmware presents, and which
/// samples train and which test.
public struct Problem: Sendable {
  /// One sample in the firmware's units.
  public struct Presentation: Sendable {
    /// A voltage for each source channel.
    public var inputs: [Voltage]
    /// A voltage for each output, or none when a class is wanted.
    public var labels: [Voltage]
    /// What is wanted of the outputs.
    public var wanted: Wanted

    /// Makes a sample.
    package init(inputs: [Voltage], labels: [Voltage], wanted: Wanted) {
      self.inputs = inputs
      self.labels = labels
      self.wanted = wanted
    }
  }

  /// The task.
  public let task: TaskDescription
  /// The samples, in the task's order.
  public let presentations: [Presentation]
  /// The samples that train, as indices.
  public let training: [Int]
  /// The samples that test, as indices; empty when all train.
  public let testing: [Int]
  /// What the outputs are wanted to do.
  public let objective: Firmware.Objective
  /// How target channels make outputs.
  public let layout: OutputLayout

  /// The same objective on the host, with the firmware's margin.
  package var loss: Loss {
    switch objective {
    case .squaredError: .squaredError
    case .hinge(let margin): .hinge(margin: margin.volts)
    }
  }

  /// The class that outputs answer, by the sign of one or the largest of several; `nil` without
  /// classes, and where no output leads.
  ///
  /// - Parameter outputs: the outputs, V.
  /// - Returns: the class, from 0.
  package func answer(_ outputs: [Double]) -> Int? {
    guard !task.classes.isEmpty, let first = outputs.first else { return nil }
    if outputs.count == 1 {
      if first == 0 && objective != .squaredError { return nil }
      return first < 0 ? 0 : 1
    }
    var largest = 0
    var isAlone = true
    for index in outputs.indices.dropFirst() where outputs[largest] <= outputs[index] {
      isAlone = outputs[largest] < outputs[index]
      largest = index
    }
    return isAlone ? largest : nil
  }

  /// Places a task; which samples train is drawn from the seed, the same for every rule and board.
  public init(task: TaskDescription, seed: UInt64) {
    self.task = task
    presentations = task.samples.map { sample in
      Presentation(
        inputs: sample.inputs.map(Voltage.init(volts:)),
        labels: sample.labels.map(Voltage.init(volts:)),
        wanted: sample.category.map(Wanted.category) ?? .labels)
    }
    (training, testing) = task.split(seed: seed)
    switch task.objective {
    case .squaredError: objective = .squaredError
    case .hinge(let margin): objective = .hinge(Voltage(volts: margin))
    }
    layout = OutputLayout(count: task.outputs.count, differential: task.outputs.differential)
  }
}

/// The random choices of training, beside those of the board and the split.
package enum Shuffle: UInt32 {
  case order = 1002

  package func draw(_ seed: UInt64, _ device: Int) -> Draw {
    Draw(seed: seed, purpose: rawValue, device: UInt32(truncatingIfNeeded: device))
  }
}
