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

/// A digital potentiometer and the step it is set to.
package struct PotentiometerSetting: ElementKind {
  /// The potentiometer.
  package var potentiometer: DigitalPotentiometer
  /// The step, from 0 to the number of steps less one.
  package var step: Int

  /// A potentiometer at a step.
  package init(potentiometer: DigitalPotentiometer, step: Int) {
    self.potentiometer = potentiometer
    self.step = step
  }

  package static var usual: PotentiometerSetting {
    PotentiometerSetting(potentiometer: DigitalPotentiometer(), step: 0)
  }

  private var ohms: Double { potentiometer.ohms(at: step) }

  package static var entries: [ElementEntry<PotentiometerSetting>] {
    [
      .number(Quantity("lowest", \.potentiometer.lowest, 1e-3...1e9, "ohm")),
      .number(Quantity("highest", \.potentiometer.highest, 1e-3...1e9, "ohm")),
      .whole("steps", \.potentiometer.steps, allowed: { _ in 2...65536 }),
      .word("spacing", \.potentiometer.spacing),
      .whole("step", \.step, allowed: { 0...($0.potentiometer.steps - 1) }, required: true),
    ]
  }

  package var conflict: ElementConflict? {
    let (lowest, highest) = (potentiometer.lowest, potentiometer.highest)
    if lowest < highest { return nil }
    return ElementConflict(
      keys: ["lowest", "highest"],
      message:
        "goes from lowest \(write(lowest)) to highest \(write(highest)) ohm; lowest must be below "
        + "highest")
  }

  package var element: FixedElement { .potentiometer(potentiometer, step: step) }

  package var law: ElementLaw { .linear(ohms: ohms) }

  package func validate<Failure: Error>(
    _ check: (Double, String, ClosedRange<Double>) throws(Failure) -> Void
  ) throws(Failure) {
    try check(potentiometer.lowest, "lowest resistance (ohm)", 1e-3...1e15)
    try check(potentiometer.highest, "highest resistance (ohm)", potentiometer.lowest...1e15)
    try check(Double(potentiometer.steps), "number of steps", 2...65536)
    try check(Double(step), "step", 0...Double(potentiometer.steps - 1))
  }

  package func spiceLines(number: Int, from: String, to: String) -> [String] {
    ["r\(number) \(from) \(to) \(ohms)"]
  }

  package var purchase: Purchase {
    Purchase(
      part: "digital potentiometer \(engineering(potentiometer.lowest))ohm ... "
        + "\(engineering(potentiometer.highest))ohm, \(potentiometer.steps) "
        + "\(potentiometer.spacing.rawValue) steps", isChip: true)
  }

  package func derivative(by parameter: BranchParameter, at volts: Double) -> Double? {
    parameter == .conductance ? volts : nil
  }
}
