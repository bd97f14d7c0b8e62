import ArgumentParser

/// The ranges of options.
enum Limits {
  /// Refuses a number of steps to be timed or counted that is not at least 1.
  static func check(steps: Int) throws(ValidationError) {
    if steps < 1 { throw ValidationError("--steps is \(steps); allowed is 1 or more") }
  }

  /// Refuses a value that is not above `lowest` and at most `highest`.
  static func check(
    _ value: Double?, _ name: String, _ lowest: Double, _ highest: Double
  ) throws(ValidationError) {
    if let value, !(value > lowest && value <= highest) {
      throw ValidationError("\(name) is \(value); allowed is above \(lowest), up to \(highest)")
    }
  }
}
