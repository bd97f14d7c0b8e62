import Elements

/// What is wrong with a value, and the keys of a file under which it may be found.
///
/// Every range of a description is checked here, on the value. What comes from a YAML file is
/// checked too where it is read, for the sake of the line, by the same limits; what comes from
/// elsewhere, such as the setting of a run, is checked here alone.
struct Violation: Error {
  let keys: [String]
  let message: String

  init(_ keys: String..., message: String) { self.init(keys, message: message) }

  init(_ keys: [String], message: String) {
    self.keys = keys
    self.message = message
  }

  /// A number that is out of its range.
  init(_ key: String, _ what: String, is value: Double, allowed: ClosedRange<Double>, unit: String)
  {
    self.init(
      key, message: "\(what) is \(write(value)); allowed is \(write(allowed, unit: unit))")
  }
}

extension Fields {
  /// Checks what was read; what is wrong is reported with the line of the first key that is given.
  func locate(_ check: () throws(Violation) -> Void) throws(DescriptionError) {
    do throws(Violation) {
      try check()
    } catch {
      throw (error.keys.lazy.compactMap { self[$0] }.first ?? owner).error(error.message)
    }
  }
}

/// Checks a number.
func check(
  _ value: Double, _ what: String, in allowed: ClosedRange<Double>, unit: String = ""
) throws(Violation) {
  guard allowed.contains(value) else {
    throw Violation("", what, is: value, allowed: allowed, unit: unit)
  }
}

/// Checks a whole number.
func check(
  _ value: Int, _ what: String, in allowed: ClosedRange<Int>
) throws(Violation) {
  guard allowed.contains(value) else {
    throw Violation(
      message: "\(what) is \(value); allowed is \(allowed.lowerBound) ... \(allowed.upperBound)")
  }
}

/// Checks the length of a list.
func check(
  count: Int, of what: String, in allowed: ClosedRange<Int>
) throws(Violation) {
  guard allowed.contains(count) else {
    throw Violation(
      message:
        "\(what) has \(count) entries; allowed are \(allowed.lowerBound) ... \(allowed.upperBound)")
  }
}

/// Checks that no name is used twice, and each by a rule of names.
func check(
  names: [String], of what: String, _ isAllowed: (String) -> Bool
) throws(Violation) {
  var seen: Set<String> = []
  for (index, name) in names.enumerated() {
    guard isAllowed(name) else {
      throw Violation(message: "\(what) \(index) is named \(quote(name)), which is no name")
    }
    guard seen.insert(name).inserted else {
      throw Violation(message: "two of \(what) are named \(quote(name)); names are used once")
    }
  }
}

/// Checks all numbers of a table.
func check<Root>(
  _ value: Root, _ quantities: [Quantity<Root>], of what: String
) throws(Violation) {
  for quantity in quantities {
    let number = value[keyPath: quantity.path]
    guard quantity.allowed.contains(number) else {
      throw Violation(
        quantity.key, "\(quantity.key) of \(what)", is: number, allowed: quantity.allowed,
        unit: quantity.unit)
    }
  }
}
