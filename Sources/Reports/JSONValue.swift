/// A result as JSON: names carry units, what there is not is left out of objects, and a number that is
/// not finite is null.
package indirect enum JSONValue: Sendable, Equatable {
  /// Named members.
  case object([String: JSONValue])
  /// A list.
  case list([JSONValue])
  /// Text.
  case text(String)
  /// A number.
  case number(Double)
  /// A whole number.
  case count(Int)
  /// A whole number that has no sign, such as a seed.
  case whole(UInt64)
  /// Whether something is so.
  case flag(Bool)
  /// Nothing.
  case null

  /// A number, or nothing.
  package init(_ number: Double?) {
    self = number.flatMap { $0.isFinite ? .number($0) : nil } ?? .null
  }

  /// A whole number, or nothing.
  package init(_ count: Int?) { self = count.map(JSONValue.count) ?? .null }

  /// A whole number without a sign.
  package init(_ whole: UInt64) { self = .whole(whole) }

  /// Text, or nothing.
  package init(_ text: String?) { self = text.map(JSONValue.text) ?? .null }

  /// Whether something is so, or nothing.
  package init(_ flag: Bool?) { self = flag.map(JSONValue.flag) ?? .null }

  /// A list of numbers.
  package init(_ numbers: [Double]) { self = .list(numbers.map { JSONValue($0) }) }

  /// A list of whole numbers.
  package init(_ counts: [Int]) { self = .list(counts.map(JSONValue.count)) }

  /// A list of texts.
  package init(_ texts: [String]) { self = .list(texts.map(JSONValue.text)) }

  /// A table: title, head and rows of text.
  package init(_ table: TextTable) {
    self = [
      "title": table.title.isEmpty ? .null : .text(table.title), "head": JSONValue(table.head),
      "rows": .list(table.rows.map { JSONValue($0) }),
    ]
  }
}

extension JSONValue: ExpressibleByDictionaryLiteral {
  /// An object; of members of one name the last counts.
  package init(dictionaryLiteral members: (String, JSONValue)...) {
    self = .object(Dictionary(members) { $1 })
  }
}

extension JSONValue: ExpressibleByStringLiteral {
  /// Text.
  package init(stringLiteral text: String) { self = .text(text) }
}

extension JSONValue: ExpressibleByBooleanLiteral {
  /// Whether something is so.
  package init(booleanLiteral flag: Bool) { self = .flag(flag) }
}

extension JSONValue: Encodable {
  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Writes the value.
  /// - Throws: what the encoder throws.
  package func encode(to encoder: any Encoder) throws {
    switch self {
    case .object(let members):
      var container = encoder.container(keyedBy: Name.self)
      for (name, value) in members where value != .null {
        try container.encode(value, forKey: Name(stringValue: name))
      }
    case .list(let values):
      var container = encoder.unkeyedContainer()
      for value in values { try container.encode(value) }
    case .text(let text): try one(text, in: encoder)
    case .number(let number) where number.isFinite: try one(number, in: encoder)
    case .count(let count): try one(count, in: encoder)
    case .whole(let whole): try one(whole, in: encoder)
    case .flag(let flag): try one(flag, in: encoder)
    case .number, .null:
      var container = encoder.singleValueContainer()
      try container.encodeNil()
    }
  }

  private func one(_ value: some Encodable, in encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(value)
  }
}
