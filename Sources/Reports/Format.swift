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

  /// A number with three significant figures.
  package static func significant(_ value: Double) -> String { String(format: "%.3g", value) }
}
