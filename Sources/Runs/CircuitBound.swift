/// What the circuit of a run can hold: what the exact gradient reaches on an ideal board of the same
/// netlist, at the same places, with the same samples. What a run lacks of it is owed to rule and
/// imperfections; what it lacks itself, to circuit and places.
public struct CircuitBound: Sendable, Equatable, Codable {
  /// What was reached on the training samples.
  public var training: Measures
  /// What was reached on the samples held out; `nil` when there are none.
  public var testing: Measures?
  /// How often the exact gradient saw every training sample.
  public var epochs: Int

  /// Makes a bound.
  package init(training: Measures, testing: Measures?, epochs: Int) {
    self.training = training
    self.testing = testing
    self.epochs = epochs
  }
}
