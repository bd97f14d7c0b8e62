/// An ideal resistor.
package struct Resistor: ElementKind {
  /// The resistance in ohms, 1e-3 to 1e15.
  package var ohms: Double

  /// A resistor of a resistance in ohms.
  package init(ohms: Double) { self.ohms = ohms }

  package static var usual: Resistor { Resistor(ohms: 1000) }

  package static var entries: [ElementEntry<Resistor>] {
    [.number(Quantity("ohms", \.ohms, 1e-3...1e12, "ohm"), required: true)]
  }

  package var element: FixedElement { .resistor(ohms: ohms) }

  package var law: ElementLaw { .linear(ohms: ohms) }

  package func validate<Failure: Error>(
    _ check: (Double, String, ClosedRange<Double>) throws(Failure) -> Void
  ) throws(Failure) {
    try check(ohms, "resistance (ohm)", 1e-3...1e15)
  }

  package func spiceLines(number: Int, from: String, to: String) -> [String] {
    ["r\(number) \(from) \(to) \(ohms)"]
  }

  package var purchase: Purchase { Purchase(part: "\(engineering(ohms))ohm 0.1 %") }

  package var mostSiemens: Double? { 1 / max(ohms, 1e-3) }

  package func derivative(by parameter: BranchParameter, at volts: Double) -> Double? {
    parameter == .conductance ? volts : nil
  }
}
