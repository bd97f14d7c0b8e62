package import Portable

/// What a task file says: the inputs and wanted outputs of every sample, in volts, and how an
/// answer is judged. The same task runs on any board with enough channels.
///
/// A value made by `read(path:)` has been checked; one built by hand has not.
public struct TaskDescription: Sendable, Equatable, Codable {
  /// Name of the task.
  public var name: String
  /// One or two sentences for a reader; may be empty.
  public var about: String
  /// Inputs, one for each source channel, in channel order.
  public var inputs: [InputDescription]
  /// Outputs and the target channels they take.
  public var outputs: OutputDescription
  /// What training lowers.
  public var objective: Objective
  /// Names of the classes; empty for regression. With two classes and one differential output its
  /// sign decides, see `wantedSign(of:)`; with as many outputs as classes the largest does.
  public var classes: [String]
  /// Samples in the order of the file.
  public var samples: [Sample]
  /// How many samples are for training, the rest being the test set; which ones the run's seed
  /// draws. Equal to the number of samples when all train.
  public var training: Int
  /// Nodes to use on boards for which their default order does not serve, by board name.
  public var placements: [String: Placement]
  /// How the data's table is laid out, so that other data of the same kind can be read; `nil` in
  /// runs of version 0.2.0 and before, and of tasks made in code.
  public var table: TableDescription?

  /// Makes a task from its parts, without checking them. All samples train when `training` is left
  /// out.
  public init(
    name: String, about: String = "", inputs: [InputDescription], outputs: OutputDescription,
    objective: Objective = .squaredError, classes: [String] = [], samples: [Sample],
    training: Int? = nil, placements: [String: Placement] = [:]
  ) {
    self.name = name
    self.about = about
    self.inputs = inputs
    self.outputs = outputs
    self.objective = objective
    self.classes = classes
    self.samples = samples
    self.training = training ?? samples.count
    self.placements = placements
  }

  /// The sign a single differential output must have for a class: -1 for the first class (index 0),
  /// +1 for the second, as in `names: [no, yes]`.
  public func wantedSign(of category: Int) -> Double { Loss.sign(of: category) }
}

/// One input: a constant voltage, a column of the data mapped linearly to volts, or one word of a column
/// of words.
public struct InputDescription: Sendable, Equatable, Codable {
  /// Name of the input, used once in its task.
  public var name: String
  /// Column of the data, counted from 0, or nil for a constant.
  public var column: Int?
  /// Least value the column may hold.
  public var lowest: Double
  /// Greatest value the column may hold.
  public var highest: Double
  /// Whether values beyond the range count as its end; `nil` or false refuses them.
  public var clips: Bool?
  /// The word that counts as 1, any other of the column's inputs as 0; `nil` for a column of numbers.
  public var word: String?
  /// Voltage that stands for `lowest`, in V.
  public var voltsAtLowest: Double
  /// Voltage that stands for `highest`, in V; below `voltsAtLowest` for a complement.
  public var voltsAtHighest: Double

  /// Makes an input that follows a column. Without ranges the column is in volts already.
  public init(
    name: String, column: Int?, lowest: Double = -10, highest: Double = 10,
    voltsAtLowest: Double = -10, voltsAtHighest: Double = 10, clips: Bool? = nil
  ) {
    self.clips = clips
    self.name = name
    self.column = column
    self.lowest = lowest
    self.highest = highest
    self.voltsAtLowest = voltsAtLowest
    self.voltsAtHighest = voltsAtHighest
  }

  /// Makes an input that follows one word of a column.
  ///
  /// - Parameters:
  ///   - name: its name.
  ///   - column: the column, from 0.
  ///   - word: the word.
  ///   - voltsElsewhere: the voltage where a row has another word, V.
  ///   - voltsThere: the voltage where a row has this one, V.
  public init(
    name: String, column: Int, word: String, voltsElsewhere: Double, voltsThere: Double
  ) {
    self.init(
      name: name, column: column, lowest: 0, highest: 1, voltsAtLowest: voltsElsewhere,
      voltsAtHighest: voltsThere)
    self.word = word
  }

  /// Makes a constant input of the given voltage.
  public init(name: String, volts: Double) {
    self.init(
      name: name, column: nil, lowest: 0, highest: 1, voltsAtLowest: volts, voltsAtHighest: volts)
  }

  /// The values that the data may hold.
  var accepted: (Double, Double) {
    clips == true
      ? (-Double.greatestFiniteMagnitude, Double.greatestFiniteMagnitude) : (lowest, highest)
  }

  /// The voltage of a constant input, nil for one that follows a column.
  public var constantVolts: Double? { column == nil ? voltsAtLowest : nil }

  /// The voltage that stands for a value of the column, of a word for 1 where a row has it, else 0; a
  /// constant's does not depend on it.
  public func volts(at value: Double) -> Double {
    if column == nil { return voltsAtLowest }
    let value = clips == true ? min(max(value, lowest), highest) : value
    return interpolate(value, from: (lowest, highest), to: (voltsAtLowest, voltsAtHighest))
  }
}

/// How the table of a task's data is laid out, beside the columns of its inputs.
public struct TableDescription: Sendable, Equatable, Codable {
  /// How many columns it has.
  public var width: Int
  /// How many lines stand before the first sample.
  public var skipLines: Int
  /// The column of the class, if there is one.
  public var classColumn: Int?
  /// The column of each label, with its unit's map to volts; empty where there are none.
  public var labels: [ColumnMap]

  /// Makes a layout.
  public init(width: Int, skipLines: Int, classColumn: Int?, labels: [ColumnMap]) {
    self.width = width
    self.skipLines = skipLines
    self.classColumn = classColumn
    self.labels = labels
  }

  /// The columns that hold answers, in order, each once.
  public var answerColumns: [Int] {
    Set(labels.map(\.column) + (classColumn.map { [$0] } ?? [])).sorted()
  }
}

/// A column of the data and its linear map to volts; without a range it is in volts already.
public struct ColumnMap: Sendable, Equatable, Codable {
  /// Column of the data, counted from 0.
  public var column: Int
  /// Least value the column may hold.
  public var lowest = TaskDescription.voltsAllowed.lowerBound
  /// Greatest value the column may hold.
  public var highest = TaskDescription.voltsAllowed.upperBound
  /// Voltage that stands for `lowest`, in V.
  public var voltsAtLowest = TaskDescription.voltsAllowed.lowerBound
  /// Voltage that stands for `highest`, in V.
  public var voltsAtHighest = TaskDescription.voltsAllowed.upperBound

  /// Makes a map of a column that is in volts already.
  public init(column: Int) { self.column = column }

  /// The voltage that stands for a value of the column.
  public func volts(at value: Double) -> Double {
    interpolate(value, from: (lowest, highest), to: (voltsAtLowest, voltsAtHighest))
  }

  /// The value that a voltage stands for; beyond the range where the voltage is. Where one voltage
  /// stands for all values, the lowest: outputs are told to 0.1 uV, and a map whose ends lie closer
  /// together tells no values apart.
  public func value(at volts: Double) -> Double {
    if abs(voltsAtHighest - voltsAtLowest) < 1e-7 { return lowest }
    return interpolate(volts, from: (voltsAtLowest, voltsAtHighest), to: (lowest, highest))
  }

  /// Whether the column has another unit than V.
  public var hasUnit: Bool { lowest != voltsAtLowest || highest != voltsAtHighest }
}

/// The linear map of one interval on another. Values given in volts pass unchanged, and the ends
/// map exactly.
func interpolate(
  _ value: Double, from source: (Double, Double), to target: (Double, Double)
) -> Double {
  if source == target { return value }
  let fraction = (value - source.0) / (source.1 - source.0)
  return target.0 * (1 - fraction) + target.1 * fraction
}

/// The outputs of a task.
public struct OutputDescription: Sendable, Equatable, Codable {
  /// How many outputs there are.
  public var count: Int
  /// Whether each output is the difference V(t2) - V(t1) of two target channels in a row.
  public var differential: Bool

  /// Makes outputs.
  public init(count: Int, differential: Bool = false) {
    self.count = count
    self.differential = differential
  }

  /// Target channels taken.
  public var channels: Int { count * (differential ? 2 : 1) }
}

/// What training lowers. `Loss`, in the module Portable, is its definition.
public enum Objective: Sendable, Equatable, Codable {
  /// Each output O is to equal its label L: a sample costs half the sum of (L - O)^2 over the
  /// outputs, in V^2. What is shown as its error is the mean of (L - O)^2.
  case squaredError
  /// The right answer is to lead by the margin (in V, above 0): a sample costs half the square of
  /// what is missing, m = max(0, margin - lead). One output O with wanted sign s leads by s O; of
  /// several outputs the class's own leads by what it has over the largest other. What is shown as
  /// its error is m^2. Needs classes.
  case hinge(margin: Double)

  /// What a sample's outputs cost, in numbers.
  package var loss: Loss {
    switch self {
    case .squaredError: .squaredError
    case .hinge(let margin): .hinge(margin: margin)
    }
  }
}

/// One sample of a task.
public struct Sample: Sendable, Equatable, Codable {
  /// Voltage of each source channel, in V.
  public var inputs: [Double]
  /// Wanted voltage of each output, in V. Empty when the classes imply the wanted signs.
  public var labels: [Double]
  /// Index of the class, or nil for regression.
  public var category: Int?

  /// Makes a sample.
  public init(inputs: [Double], labels: [Double] = [], category: Int? = nil) {
    self.inputs = inputs
    self.labels = labels
    self.category = category
  }
}

/// Nodes of one board that a task uses, by name.
public struct Placement: Sendable, Equatable, Codable {
  /// Node of each source channel.
  public var sources: [String]
  /// Node of each target channel; a differential output takes two in a row.
  public var targets: [String]

  /// Makes a placement.
  public init(sources: [String], targets: [String]) {
    self.sources = sources
    self.targets = targets
  }
}
