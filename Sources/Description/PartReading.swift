import Circuit

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
  guard potentiometer.lowest < potentiometer.highest else {
    throw (fields["lowest"] ?? fields["highest"] ?? fields.owner).error(
      "\(fields.owner.what) goes from lowest \(write(potentiometer.lowest)) to highest "
        + "\(write(potentiometer.highest)) ohm; lowest must be below highest"
    )
  }
  if let steps = fields["steps"] {
    potentiometer.steps = try steps.integer(in: DigitalPotentiometer.stepsAllowed)
  }
  if let spacing = fields["spacing"] {
    let word = try spacing.word(DigitalPotentiometer.Spacing.allCases.map(\.rawValue))
    potentiometer.spacing = DigitalPotentiometer.Spacing(rawValue: word)!
  }
  let step = try fields.required("step").integer(in: 0...(potentiometer.steps - 1))
  return .potentiometer(potentiometer, step: step)
}
