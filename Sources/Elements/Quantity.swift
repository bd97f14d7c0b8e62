/// A number of a description with its key in a file, range and unit; one table serves reading,
/// checking and writing, so that they cannot disagree.
package struct Quantity<Root> {
  /// Its key in a file, of which it is the value.
  package let key: String
  /// Where it stands in a description.
  package let path: WritableKeyPath<Root, Double>
  /// The range that files may give it.
  package let allowed: ClosedRange<Double>
  /// Its unit in words, empty where it has none.
  package let unit: String

  /// An entry of a table.
  package init(
    _ key: String, _ path: WritableKeyPath<Root, Double>, _ allowed: ClosedRange<Double>,
    _ unit: String = ""
  ) {
    self.key = key
    self.path = path
    self.allowed = allowed
    self.unit = unit
  }
}

/// A number as a person would write it: no `.0`, the shortest digits that read back equal.
package func write(_ value: Double) -> String {
  if value == value.rounded(), value.magnitude < 1e9 { return String(Int(value)) }
  return "\(value)"
}

/// A quantity with the prefix of its unit: `2.2 u` for 2.2e-6.
package func engineering(_ value: Double) -> String {
  let prefixes = [
    (1e9, "G"), (1e6, "M"), (1e3, "k"), (1, ""), (1e-3, "m"), (1e-6, "u"), (1e-9, "n"),
  ]
  // A little slack keeps 1e-6 from becoming 1000 n.
  let (scale, prefix) = prefixes.first { value >= $0.0 * (1 - 1e-9) } ?? (1e-12, "p")
  return "\(write((value / scale * 1000).rounded() / 1000)) \(prefix)"
}
