/// The measures of a set of samples, taken on the board itself.
public struct Measures: Sendable, Equatable, Codable {
  /// The mean square error, V^2: over samples, and over outputs, of (L - O)^2, or over samples of
  /// the square of what is missing to the margin. See `Loss`.
  public var error: Double
  /// The share of samples whose class is right; `nil` for tasks without classes.
  public var accuracy: Double?
  /// The share of samples that still ask for something: short of their margin, or off their labels.
  public var unmet: Double = 1

  /// Makes measures.
  package init(error: Double, accuracy: Double? = nil, unmet: Double = 1) {
    self.error = error
    self.accuracy = accuracy
    self.unmet = unmet
  }
}

/// One line of the curves: the measures after an epoch; epoch 0 is before training.
public struct EpochRecord: Sendable, Equatable, Codable {
  /// How many epochs have been trained.
  public var epoch: Int
  /// Over the training samples.
  public var training: Measures
  /// Over the samples held out; `nil` when there are none.
  public var testing: Measures?
  /// Over all samples.
  public var all: Measures
  /// The time for which learning was on so far, s.
  public var learned: Double
  /// The steps that moved a gate so far.
  public var pulses: Int
}
