public import Elements

/// What connects the two ends of a branch.
public enum Element: Sendable, Equatable, Codable {
  /// A transistor and its gate voltage in volts.
  case transistor(Transistor, gate: Double)
  /// An ideal resistor, 1e-3 to 1e15 ohms.
  case resistor(ohms: Double)
  /// A digital potentiometer at a step from 0 to its number of steps less one.
  case potentiometer(DigitalPotentiometer, step: Int)
  /// A diode, anode at the branch's `from`.
  case diode(Diode)
  /// Nothing: a branch cut open, whose place is kept for a later `replace`.
  case open
}
