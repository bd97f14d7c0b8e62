/// The catalogue of elements that do not learn: two ends, and a current that depends on the voltage
/// between them alone. Each kind has a file of its own, which says all there is to know about it.
///
/// A case's name is the kind's word in board files and in the files of runs.
public enum FixedElement: Sendable, Equatable, Codable {
  /// An ideal resistor, 1e-3 to 1e15 ohms.
  case resistor(ohms: Double)
  /// A digital potentiometer at a tap from 0 to its number of taps less one.
  case potentiometer(DigitalPotentiometer, tap: Int)
  /// A diode, anode at the end that is named first.
  case diode(Diode)

  private enum PotentiometerCodingKeys: String, CodingKey {
    case _0
    case tap = "step"
  }

  /// Every kind and its word, in the order in which messages list them.
  package static let kinds: [(word: String, kind: any ElementKind.Type)] = [
    ("resistor", Resistor.self), ("potentiometer", PotentiometerSetting.self),
    ("diode", Diode.self),
  ]

  /// All there is to know about it.
  package var kind: any ElementKind {
    switch self {
    case .resistor(let ohms): Resistor(ohms: ohms)
    case .potentiometer(let potentiometer, let tap):
      PotentiometerSetting(potentiometer: potentiometer, tap: tap)
    case .diode(let diode): diode
    }
  }

  /// Its word in board files.
  package var word: String {
    let own = kind
    return Self.kinds.first { $0.kind == type(of: own) }?.word ?? ""
  }
}

/// The law of an element, ready for a solver.
package enum ElementLaw {
  /// A current proportional to the voltage.
  case linear(ohms: Double)
  /// Any other.
  case nonlinear(NonlinearLaw)
}

/// The laws that are not linear, with their constants multiplied out: what a solver keeps in one
/// array.
package enum NonlinearLaw: BitwiseCopyable, Sendable {
  /// A diode's.
  case diode(PreparedDiode)

  /// The current at a voltage from the first end to the second, and the conductance.
  @inlinable @inline(__always)
  package func flow(_ volts: Double) -> (current: Double, conductance: Double) {
    switch self {
    case .diode(let diode): diode.flow(volts)
    }
  }
}
