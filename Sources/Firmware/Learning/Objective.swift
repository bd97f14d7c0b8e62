/// What the outputs are wanted to do.
public enum Objective: Sendable, Equatable {
  /// Each output is to equal its label.
  case squaredError
  /// The output of the right class is to lead by a margin: with one output, its sign is the class
  /// (positive for class 1); with several, the largest output is.
  case hinge(Voltage)
}

/// How target channels make outputs: `count` outputs, each one channel, or the difference of two
/// in a row, V(second) - V(first).
public struct OutputLayout: Sendable, Equatable {
  /// The number of outputs.
  public var count: Int
  /// Whether an output is the difference of two channels.
  public var differential: Bool

  /// Makes a layout.
  @inlinable
  public init(count: Int, differential: Bool) {
    self.count = count
    self.differential = differential
  }

  /// The number of target channels.
  @inlinable
  public var channels: Int { differential ? count &+ count : count }

  /// An output's voltage from the channels' voltages; zero for outputs that the span does not hold.
  @inlinable
  public func output(_ index: Int, of targets: Span<Voltage>) -> Voltage {
    if index < 0 { return .zero }
    if differential {
      let first = index &+ index
      if first &+ 1 >= targets.count { return .zero }
      return targets[unchecked: first &+ 1] - targets[unchecked: first]
    }
    return index < targets.count ? targets[unchecked: index] : .zero
  }
}

/// What a sample's outputs are to be.
public enum Wanted: Sendable, Equatable {
  /// The labels' voltages, given beside it.
  case labels
  /// A class, numbered from zero.
  case category(Int)
}

/// How far the measured outputs are from what is wanted, and which way each is to move.
public struct Verdict: Sendable, Equatable {
  /// The error that sets the pulse's length: the mean of |L - O|, or what is missing to the margin.
  /// Zero when nothing is to be learned.
  public var error: Voltage
  /// Whether the class is right; with squared error, whether the error is zero.
  public var correct: Bool
  /// The output that is to rise, for a hinge; -1 for none.
  public var rising: Int
  /// The output that is to fall, for a hinge; -1 for none.
  public var falling: Int

  /// Makes a verdict.
  @inlinable
  public init(error: Voltage, correct: Bool, rising: Int, falling: Int) {
    self.error = error
    self.correct = correct
    self.rising = rising
    self.falling = falling
  }
}

extension Objective {
  /// Whether there is something to learn from a sample: a hinge that is met asks for nothing, a
  /// label always for its output to stay.
  @inlinable
  func asks(_ verdict: Verdict) -> Bool {
    switch self {
    case .hinge: .zero < verdict.error
    case .squaredError: true
    }
  }

  /// Judges measured targets. Labels that are missing count as met, and so does a class that the
  /// layout has no output for.
  @inlinable
  public func judge(
    _ targets: Span<Voltage>, layout: OutputLayout, wanted: Wanted,
    labels: Span<Voltage>
  ) -> Verdict {
    switch (self, wanted) {
    case (.hinge(let margin), .category(let category)):
      if layout.count == 1 {
        let output = layout.output(0, of: targets)
        let lead = category == 1 ? output : -output
        let missing = margin - lead
        let wrong = Voltage.zero < missing
        return Verdict(
          error: wrong ? missing : .zero, correct: .zero < lead,
          rising: wrong && category == 1 ? 0 : -1, falling: wrong && category != 1 ? 0 : -1)
      }
      if category < 0 || category >= layout.count {
        return Verdict(error: .zero, correct: false, rising: -1, falling: -1)
      }
      var rival = -1
      var best = Voltage(units: Int32.min)
      var index = 0
      while index < layout.count {
        if index != category {
          let output = layout.output(index, of: targets)
          if rival < 0 || best < output {
            rival = index
            best = output
          }
        }
        index = index &+ 1
      }
      let lead = layout.output(category, of: targets) - best
      let missing = margin - lead
      let wrong = Voltage.zero < missing
      return Verdict(
        error: wrong ? missing : .zero, correct: .zero < lead,
        rising: wrong ? category : -1, falling: wrong ? rival : -1)
    default:
      var sum: Int64 = 0
      var counted: Int64 = 0
      var index = 0
      while index < layout.count && index < labels.count {
        let error = labels[unchecked: index] - layout.output(index, of: targets)
        sum = sum &+ Wide.widen(error.magnitude.units)
        counted = counted &+ 1
        index = index &+ 1
      }
      let mean = counted == 0 ? 0 : sum / counted
      return Verdict(
        error: Voltage(units: Wide.saturate(mean)), correct: sum == 0, rising: -1, falling: -1)
    }
  }

  /// What an output is wanted to change by; zero where it may stay as it is. A hinge shares what
  /// is missing between the output that rises and the one that falls.
  @inlinable
  func correction(
    output index: Int, of targets: Span<Voltage>, layout: OutputLayout,
    verdict: Verdict, labels: Span<Voltage>
  ) -> Voltage {
    switch self {
    case .squaredError:
      return index < labels.count
        ? labels[unchecked: index] - layout.output(index, of: targets) : .zero
    case .hinge:
      let share = layout.count == 1 ? verdict.error : verdict.error.half
      if index == verdict.rising { return share }
      if index == verdict.falling { return -share }
      return .zero
    }
  }
}
