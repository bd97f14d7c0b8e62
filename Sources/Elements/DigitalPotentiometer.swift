import Portable

/// A resistor with taps among which digital commands choose.
public struct DigitalPotentiometer: Sendable, Equatable, Codable {
  /// How the taps divide the range.
  public enum Spacing: String, Sendable, Codable, CaseIterable {
    /// Equal ratios between neighbouring taps.
    case logarithmic = "log"
    /// Equal differences between neighbouring taps.
    case linear
  }

  /// The resistance at tap 0, in ohms: the wiper's.
  public var lowest: Double
  /// The resistance at the last tap, in ohms.
  public var highest: Double
  /// The number of taps, usually 100 or 128, at least 2 and at most 65536.
  public var taps: Int
  /// How the taps divide the range.
  public var spacing: Spacing

  private enum CodingKeys: String, CodingKey {
    case lowest, highest, spacing
    case taps = "steps"
  }

  /// A potentiometer; the defaults are those of the boards of resistive learning networks.
  public init(
    lowest: Double = 40, highest: Double = 32_000, taps: Int = 128,
    spacing: Spacing = .logarithmic
  ) {
    self.lowest = lowest
    self.highest = highest
    self.taps = taps
    self.spacing = spacing
  }

  /// The resistance in ohms at a tap from 0 to `taps` - 1; taps outside are moved to the nearer
  /// end.
  public func ohms(at tap: Int) -> Double {
    guard tap > 0, taps > 1 else { return lowest }
    guard tap < taps - 1 else { return highest }
    let fraction = Double(tap) / Double(taps - 1)
    switch spacing {
    case .linear: return lowest + fraction * (highest - lowest)
    case .logarithmic:
      return lowest * Elementary.exp(fraction * Elementary.log(highest / lowest))
    }
  }
}

/// A digital potentiometer and the tap it is set to.
package struct PotentiometerSetting: ElementKind {
  /// The potentiometer.
  package var potentiometer: DigitalPotentiometer
  /// The tap, from 0 to the number of taps less one.
  package var tap: Int

  /// A potentiometer at a tap.
  package init(potentiometer: DigitalPotentiometer, tap: Int) {
    self.potentiometer = potentiometer
    self.tap = tap
  }

  package static var usual: PotentiometerSetting {
    PotentiometerSetting(potentiometer: DigitalPotentiometer(), tap: 0)
  }

  private var ohms: Double { potentiometer.ohms(at: tap) }

  package static var entries: [ElementEntry<PotentiometerSetting>] {
    [
      .number(Quantity("lowest", \.potentiometer.lowest, 1e-3...1e9, "ohm")),
      .number(Quantity("highest", \.potentiometer.highest, 1e-3...1e9, "ohm")),
      .whole("steps", \.potentiometer.taps, allowed: { _ in 2...65536 }),
      .word("spacing", \.potentiometer.spacing),
      .whole("step", \.tap, allowed: { 0...($0.potentiometer.taps - 1) }, required: true),
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

  package var element: FixedElement { .potentiometer(potentiometer, tap: tap) }

  package var law: ElementLaw { .linear(ohms: ohms) }

  package func validate<Failure: Error>(
    _ check: (Double, String, ClosedRange<Double>) throws(Failure) -> Void
  ) throws(Failure) {
    try check(potentiometer.lowest, "lowest resistance (ohm)", 1e-3...1e15)
    try check(potentiometer.highest, "highest resistance (ohm)", potentiometer.lowest...1e15)
    try check(Double(potentiometer.taps), "number of taps", 2...65536)
    try check(Double(tap), "tap", 0...Double(potentiometer.taps - 1))
  }

  package func spiceLines(number: Int, from: String, to: String) -> [String] {
    ["r\(number) \(from) \(to) \(ohms)"]
  }

  package var purchase: Purchase {
    Purchase(
      part: "digital potentiometer \(engineering(potentiometer.lowest))ohm ... "
        + "\(engineering(potentiometer.highest))ohm, \(potentiometer.taps) "
        + "\(potentiometer.spacing.rawValue) taps", isChip: true)
  }

  package func derivative(by parameter: BranchParameter, at volts: Double) -> Double? {
    parameter == .conductance ? volts : nil
  }
}
