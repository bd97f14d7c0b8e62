import ArgumentParser

/// The ranges of options.
enum Limits {
  /// Refuses a value that is not above `lowest` and at most `highest`.
  static func check(
    _ value: Double?, _ name: String, _ lowest: Double, _ highest: Double
  ) throws(ValidationError) {
    if let value, !(value > lowest && value <= highest) {
      throw ValidationError("\(name) is \(value); allowed is above \(lowest), up to \(highest)")
    }
  }
}
