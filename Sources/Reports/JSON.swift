package import Foundation

/// Results as JSON, one way for files and for standard output: keys in order, a line each.
package enum JSON {
  /// The bytes of a value.
  /// - Throws: `NotFinite` where a number in it is not finite: JSON has no word for it.
  package static func data(of value: some Encodable) throws(NotFinite) -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    guard let data = try? encoder.encode(value) else { throw NotFinite() }
    return data
  }

  /// The text of a value, without a line's end.
  /// - Throws: `NotFinite` where a number in it is not finite.
  package static func text(of value: some Encodable) throws(NotFinite) -> String {
    String(decoding: try data(of: value), as: UTF8.self)
  }
}

/// A result holds a number that is not finite: a fault of this program.
package struct NotFinite: Error, CustomStringConvertible {
  /// The error in words.
  package let description = "a number in it is not finite; please report this"
}
