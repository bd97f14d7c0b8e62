import Elements

/// A range with its unit, as messages show it.
package func write(_ range: ClosedRange<Double>, unit: String) -> String {
  let bounds = "\(write(range.lowerBound)) ... \(write(range.upperBound))"
  return unit.isEmpty ? bounds : "\(bounds) \(unit)"
}

/// Names in a sentence: all of a few, the ends of many.
package func enumerate(_ names: [String], most: Int = 8) -> String {
  if names.isEmpty { return "none" }
  if names.count <= most { return names.joined(separator: ", ") }
  return "\(names[0]) ... \(names[names.count - 1])"
}

/// ` (did you mean x?)` if one of the names is close to what was written, else nothing.
package func suggestion(for word: String, among names: [String]) -> String {
  // A long word is cut, so that a hostile one cannot cost quadratic time.
  let word = String(word.prefix(80))
  let nearest = names.prefix(2000).lazy.map { (name: $0, distance: editDistance(word, $0)) }
    .min { $0.distance < $1.distance }
  guard let nearest, nearest.distance <= max(1, word.count / 3) else { return "" }
  return " (did you mean \(nearest.name)?)"
}

/// Least number of insertions, deletions, substitutions and swaps of neighbours between two words,
/// ignoring case.
package func editDistance(_ first: String, _ second: String) -> Int {
  let a = Array(first.lowercased())
  let b = Array(second.lowercased())
  var beforeLast: [Int] = []
  var last = Array(0...b.count)
  for i in 0..<a.count {
    var current = [i + 1]
    for j in 0..<b.count {
      var best = min(last[j + 1] + 1, current[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
        best = min(best, beforeLast[j - 1] + 1)
      }
      current.append(best)
    }
    (beforeLast, last) = (last, current)
  }
  return last[b.count]
}

/// Text as messages show it: short, in quotes, without control characters.
package func quote(_ text: String) -> String {
  let cut = text.unicodeScalars.prefix(60).map { isControl($0) ? "?" : String($0) }.joined()
  return "\"\(cut)\(text.unicodeScalars.count > 60 ? "..." : "")\""
}

/// Words as a shell takes them: what holds more than plain letters is quoted.
///
/// - Parameter words: a command and its arguments.
/// - Returns: the line that can be typed.
package func shellLine(_ words: [String]) -> String {
  words.map { word in
    let isPlain =
      !word.isEmpty
      && word.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "+")...UInt8(ascii: ":"), UInt8(ascii: "_"), UInt8(ascii: "="),
          UInt8(ascii: "@"), UInt8(ascii: "%"):
          true
        default: false
        }
      }
    return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }.joined(separator: " ")
}

/// Whether a character would disturb a terminal or a table.
package func isControl(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.properties.generalCategory {
  case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: true
  default: false
  }
}

/// A decimal number in the usual notation. Unlike `Double.init` it takes no hexadecimal, `nan` or
/// `inf`; nil as well for what is too large to hold.
package func parseNumber(_ text: some StringProtocol) -> Double? {
  var digits = 0
  var seenPoint = false
  var seenExponent = false
  var previous: UInt8 = 0
  for byte in text.utf8 {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digits += 1
    case UInt8(ascii: "+"), UInt8(ascii: "-"):
      guard previous == 0 || previous == UInt8(ascii: "e") else { return nil }
    case UInt8(ascii: "."):
      guard !seenPoint, !seenExponent else { return nil }
      seenPoint = true
    case UInt8(ascii: "e"), UInt8(ascii: "E"):
      guard !seenExponent, digits > 0 else { return nil }
      seenExponent = true
      digits = 0
      previous = UInt8(ascii: "e")
      continue
    default: return nil
    }
    previous = byte
  }
  guard digits > 0, let value = Double(text), value.isFinite else { return nil }
  return value
}

/// Whether text is one of the spellings of not-a-number and infinity.
package func isNonFinite(_ text: String) -> Bool {
  var word = Substring(text.lowercased())
  if word.first == "+" || word.first == "-" { word = word.dropFirst() }
  if word.first == "." { word = word.dropFirst() }
  return ["nan", "inf", "infinity"].contains(word)
}
