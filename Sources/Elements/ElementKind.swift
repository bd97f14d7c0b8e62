/// What board files, the solver, SPICE decks and parts lists need to know of one kind of element
/// whose current depends on the voltage between its two ends alone, and rises with it.
///
/// A new kind is a file of its own and its lines in `FixedElement.swift`.
package protocol ElementKind: Sendable {
  /// One with every default; what a file must give is only there to be replaced.
  static var usual: Self { get }

  /// What a board file says of it, in the order in which it is written.
  static var entries: [ElementEntry<Self>] { get }

  /// It as a member of the catalogue.
  var element: FixedElement { get }

  /// Its law.
  var law: ElementLaw { get }

  /// Checks what the solver needs: wider than what board files allow.
  ///
  /// - Parameter check: takes a value, what it is and the allowed range, and throws where the one
  ///   is not in the other.
  /// - Throws: what `check` throws.
  func validate<Failure: Error>(
    _ check: (Double, String, ClosedRange<Double>) throws(Failure) -> Void
  ) throws(Failure)

  /// Its lines in a deck for SPICE.
  ///
  /// - Parameters:
  ///   - number: the branch's number, for names.
  ///   - from: the node from which current is counted, in the deck's words.
  ///   - to: the other node.
  /// - Returns: the lines.
  func spiceLines(number: Int, from: String, to: String) -> [String]

  /// What to buy for one.
  var purchase: Purchase { get }

  /// What is wrong between entries that are allowed each by itself, `nil` if nothing is.
  ///
  /// It is asked once the entries with a default are known to be in their ranges.
  var conflict: ElementConflict? { get }

  /// The most it can conduct, S; `nil` where no bound is known.
  var mostSiemens: Double? { get }

  /// How its current changes with a parameter at a voltage between its ends, in amperes per unit of
  /// the parameter; `nil` where it has no such parameter.
  func derivative(by parameter: BranchParameter, at volts: Double) -> Double?
}

extension ElementKind {
  package var conflict: ElementConflict? { nil }
  package var mostSiemens: Double? { nil }
  package func derivative(by parameter: BranchParameter, at volts: Double) -> Double? { nil }
}

/// One key of an element in a board file.
package enum ElementEntry<Root> {
  /// A number; it has a default unless it is required.
  case number(Quantity<Root>, required: Bool = false)
  /// A whole number, whose range may depend on the entries with a default.
  case whole(
    String, WritableKeyPath<Root, Int>, allowed: (Root) -> ClosedRange<Int>,
    required: Bool = false)
  /// One of a few words.
  case word(
    String, get: (Root) -> String, set: (inout Root, String) -> Void, allowed: [String])

  /// One of the words of a type that lists them.
  package static func word<Word: RawRepresentable<String> & CaseIterable>(
    _ key: String, _ path: WritableKeyPath<Root, Word>
  ) -> ElementEntry {
    .word(
      key, get: { $0[keyPath: path].rawValue },
      set: { root, text in
        if let word = Word(rawValue: text) { root[keyPath: path] = word }
      }, allowed: Word.allCases.map(\.rawValue))
  }

  /// The key.
  package var key: String {
    switch self {
    case .number(let quantity, _): quantity.key
    case .whole(let key, _, _, _), .word(let key, _, _, _): key
    }
  }

  /// Whether a file must give it.
  package var isRequired: Bool {
    switch self {
    case .number(_, let required), .whole(_, _, _, let required): required
    case .word: false
    }
  }
}

/// Two entries that do not go together.
package struct ElementConflict {
  /// The keys under which a file may say so.
  package let keys: [String]
  /// What is wrong and what would be allowed; the edge is named before it.
  package let message: String
}

/// A line of a parts list.
package struct Purchase {
  /// What to buy.
  package let part: String
  /// Whether it is an integrated circuit, which has a supply to decouple.
  package var isChip = false
}

/// A number of an element that a gradient can be taken by.
public enum BranchParameter: String, Sendable, CaseIterable, Codable {
  /// A transistor's gate voltage, V.
  case gate
  /// A transistor's threshold voltage, V.
  case threshold
  /// A transistor's strength, A/V^2.
  case strength
  /// A resistor's or potentiometer's conductance, S.
  case conductance
  /// A diode's saturation current, A.
  case saturationCurrent

  /// The parameter in words.
  package var words: String {
    switch self {
    case .gate: "gate voltage"
    case .threshold: "threshold voltage"
    case .strength: "strength"
    case .conductance: "conductance"
    case .saturationCurrent: "saturation current"
    }
  }
}
