import Portable

/// A resistor with a tap that digital commands move in steps.
public struct DigitalPotentiometer: Sendable, Equatable, Codable {
  /// How the steps divide the range.
  public enum Spacing: String, Sendable, Codable, CaseIterable {
    /// Equal ratios between neighbouring steps.
    case logarithmic = "log"
    /// Equal differences between neighbouring steps.
    case linear
  }

  /// The resistance at step 0, in ohms: the wiper's.
  public var lowest: Double
  /// The resistance at the last step, in ohms.
  public var highest: Double
  /// The number of settings, usually 100 or 128, at least 2 and at most 65536.
  public var steps: Int
  /// How the steps divide the range.
  public var spacing: Spacing

  /// A potentiometer; the defaults are those of the boards of resistive learning networks.
  public init(
    lowest: Double = 40, highest: Double = 32_000, steps: Int = 128,
    spacing: Spacing = .logarithmic
  ) {
    self.lowest = lowest
    self.highest = highest
    self.steps = steps
    self.spacing = spacing
  }

  /// The resistance in ohms at a step from 0 to `steps` - 1; steps outside are moved to the nearer
  /// end.
  public func ohms(at step: Int) -> Double {
    guard step > 0, steps > 1 else { return lowest }
    guard step < steps - 1 else { return highest }
    let fraction = Double(step) / Double(steps - 1)
    switch spacing {
    case .linear: return lowest + fraction * (highest - lowest)
    case .logarithmic:
      return lowest * Elementary.exp(fraction * Elementary.log(highest / lowest))
    }
  }
}
