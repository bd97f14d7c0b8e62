public import Elements

/// What conducts between the two nodes of an edge.
public enum Part: Sendable, Equatable {
  /// A twin pair of transistors with a common gate capacitor and a controller.
  case learning
  /// A transistor in each twin whose gate is held at a fixed voltage, in V.
  case transistor(gate: Double)
  /// An element of the catalogue in each twin, its first end at the edge's `from` node.
  case fixed(FixedElement)
}

extension Part {
  /// The words of all parts with the keys that belong to each in a file, beside `from`, `to`,
  /// `name` and `part`.
  static let keys: [(part: String, keys: [String])] =
    [("learning", ["bias"]), ("transistor", ["gate"])]
    + FixedElement.kinds.map { ($0.word, $0.kind.keys) }

  /// Its word in a file.
  var word: String {
    switch self {
    case .learning: "learning"
    case .transistor: "transistor"
    case .fixed(let element): element.word
    }
  }

  /// Reads the part of an edge.
  ///
  /// - Parameters:
  ///   - word: one of `keys`.
  ///   - fields: the edge's entries.
  /// - Throws: `DescriptionError` with the line of the first entry that is wrong.
  init(_ word: String, _ fields: Fields) throws(DescriptionError) {
    switch word {
    case "learning": self = .learning
    case "transistor":
      self = .transistor(
        gate: try fields.required("gate").number(in: Transistor.gateAllowed, unit: "V"))
    default: self = .fixed(try FixedElement.kinds.first { $0.word == word }!.kind.read(fields))
    }
  }

  /// Its own entries in a file.
  var lines: [String] {
    switch self {
    case .learning: []
    case .transistor(let gate): ["gate: \(write(gate))"]
    case .fixed(let element): element.kind.lines
    }
  }

  /// Checks its numbers; `edge` is named in what is wrong.
  func check(_ edge: String) throws(Violation) {
    switch self {
    case .learning: break
    case .transistor(let gate):
      try Files.check(gate, "gate of \(edge)", in: Transistor.gateAllowed, unit: "V")
    case .fixed(let element): try element.kind.check(edge)
    }
  }
}

extension LocatedNode {
  /// Reads one entry of an element.
  fileprivate func read<Root>(
    _ entry: ElementEntry<Root>, into value: inout Root
  ) throws(DescriptionError) {
    switch entry {
    case .number(let quantity, _):
      value[keyPath: quantity.path] = try number(in: quantity.allowed, unit: quantity.unit)
    case .whole(_, let path, let allowed, _):
      value[keyPath: path] = try integer(in: allowed(value))
    case .word(_, _, let set, let allowed): set(&value, try word(allowed))
    }
  }
}

extension ElementKind {
  /// The keys of its entries.
  fileprivate static var keys: [String] { entries.map(\.key) }

  /// Reads one from an edge's entries: those with a default, that they go together, the others.
  fileprivate static func read(_ fields: Fields) throws(DescriptionError) -> FixedElement {
    var value = usual
    for entry in entries where !entry.isRequired {
      if let node = fields[entry.key] { try node.read(entry, into: &value) }
    }
    try fields.locate { () throws(Violation) in try value.checkTogether(fields.owner.what) }
    for entry in entries where entry.isRequired {
      try fields.required(entry.key).read(entry, into: &value)
    }
    return value.element
  }

  /// Its entries in a file.
  fileprivate var lines: [String] {
    Self.entries.map { entry in
      let value =
        switch entry {
        case .number(let quantity, _): write(self[keyPath: quantity.path])
        case .whole(_, let path, _, _): "\(self[keyPath: path])"
        case .word(_, let get, _, _): get(self)
        }
      return "\(entry.key): \(value)"
    }
  }

  fileprivate func check(_ edge: String) throws(Violation) {
    for entry in Self.entries where !entry.isRequired { try check(entry, edge) }
    try checkTogether(edge)
    for entry in Self.entries where entry.isRequired { try check(entry, edge) }
  }

  fileprivate func checkTogether(_ edge: String) throws(Violation) {
    guard let conflict else { return }
    throw Violation(conflict.keys, message: "\(edge) \(conflict.message)")
  }

  private func check(_ entry: ElementEntry<Self>, _ edge: String) throws(Violation) {
    let what = "\(entry.key) of \(edge)"
    switch entry {
    case .number(let quantity, _):
      try Files.check(
        self[keyPath: quantity.path], what, in: quantity.allowed, unit: quantity.unit)
    case .whole(_, let path, let allowed, _):
      try Files.check(self[keyPath: path], what, in: allowed(self))
    case .word: break
    }
  }
}

/// In the files of runs a part is an object with one key, its word, that holds its values.
extension Part: Codable {
  /// The parts that are no element of the catalogue.
  private enum Gated: Codable {
    case learning
    case transistor(gate: Double)
  }

  private struct Word: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Reads a part; it must have one key.
  public init(from decoder: any Decoder) throws {
    let words = try decoder.container(keyedBy: Word.self).allKeys.map(\.stringValue)
      .filter { word in Part.keys.contains { $0.part == word } }
    guard words.count == 1 else {
      throw DecodingError.typeMismatch(
        Part.self,
        DecodingError.Context(
          codingPath: decoder.codingPath,
          debugDescription: "Invalid number of keys found, expected one."))
    }
    if FixedElement.kinds.contains(where: { $0.word == words[0] }) {
      self = .fixed(try FixedElement(from: decoder))
      return
    }
    switch try Gated(from: decoder) {
    case .learning: self = .learning
    case .transistor(let gate): self = .transistor(gate: gate)
    }
  }

  /// Writes a part.
  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .learning: try Gated.learning.encode(to: encoder)
    case .transistor(let gate): try Gated.transistor(gate: gate).encode(to: encoder)
    case .fixed(let element): try element.encode(to: encoder)
    }
  }
}
