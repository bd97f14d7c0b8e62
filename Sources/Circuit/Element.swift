public import Elements

/// What connects the two ends of a branch.
public enum Element: Sendable, Equatable, Codable {
  /// A transistor and its gate voltage in volts.
  case transistor(Transistor, gate: Double)
  /// An element of the catalogue, its first end at the branch's `from`.
  case fixed(FixedElement)
  /// Nothing: a branch cut open, whose place is kept for a later `replace`.
  case open
}

extension Element {
  /// The conductance in siemens of an element whose current is proportional to the voltage, 0 for
  /// `open`; nil for others.
  var conductance: Double? {
    switch self {
    case .open: 0
    case .fixed(let element):
      if case .linear(let ohms) = element.kind.law { 1 / ohms } else { nil }
    case .transistor: nil
    }
  }
}
