import Elements

extension Diode {
  static var quantities: [Quantity<Diode>] {
    [
      Quantity("saturation", \.saturationCurrent, 1e-18...1e-3, "A"),
      Quantity("ideality", \.ideality, 0.5...5),
    ]
  }
}

extension DigitalPotentiometer {
  static let stepsAllowed = 2...65536

  static var quantities: [Quantity<DigitalPotentiometer>] {
    [
      Quantity("lowest", \.lowest, 1e-3...1e9, "ohm"),
      Quantity("highest", \.highest, 1e-3...1e9, "ohm"),
    ]
  }
}

/// A potentiometer of an edge and the step it is set to.
func readPotentiometer(_ fields: Fields) throws(DescriptionError) -> Part {
  var potentiometer = DigitalPotentiometer()
  try fields.read(DigitalPotentiometer.quantities, into: &potentiometer)
  if let steps = fields["steps"] {
    potentiometer.steps = try steps.integer(in: DigitalPotentiometer.stepsAllowed)
  }
  if let spacing = fields["spacing"] {
    let word = try spacing.word(DigitalPotentiometer.Spacing.allCases.map(\.rawValue))
    potentiometer.spacing = DigitalPotentiometer.Spacing(rawValue: word)!
  }
  try fields.locate { () throws(Violation) in try potentiometer.check(of: fields.owner.what) }
  let step = try fields.required("step").integer(in: 0...(potentiometer.steps - 1))
  return .potentiometer(potentiometer, step: step)
}
