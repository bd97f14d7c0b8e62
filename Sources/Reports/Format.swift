import Foundation

/// Numbers with their units as a reader wants them, one way for everything that is printed.
package enum Format {
  /// A mean square voltage given in V^2, in mV^2 with three figures.
  package static func squareVolts(_ value: Double) -> String { significant(value * 1e6) + " mV^2" }

  /// A share (1 is all) in percent with one decimal.
  package static func percent(_ share: Double) -> String {
    String(format: "%.1f %%", share * 100)
  }

  /// A number with a fixed count of decimals: three for a cosine or a share.
  package static func fixed(_ value: Double, decimals: Int = 3) -> String {
    String(format: "%.\(decimals)f", value)
  }

  /// A duration in s with three figures.
  package static func seconds(_ value: Double) -> String { significant(value) + " s" }

  /// A moment in s, to the microsecond, in the unit that a reader counts it in: `10 us`, `110.397 ms`, `2.51 s`.
  package static func moment(_ value: Double) -> String {
    let micro = (value * 1e6).rounded()
    let (scaled, unit) =
      abs(micro) < 1e3 ? (micro, "us") : abs(micro) < 1e6 ? (micro / 1e3, "ms") : (micro / 1e6, "s")
    var digits = String(format: "%.\(unit == "s" ? 6 : unit == "ms" ? 3 : 0)f", scaled)
    if digits.contains(".") {
      while digits.hasSuffix("0") { digits.removeLast() }
      if digits.hasSuffix(".") { digits.removeLast() }
    }
    return "\(digits) \(unit)"
  }

  /// A number with three significant figures.
  package static func significant(_ value: Double) -> String { String(format: "%.3g", value) }
}
