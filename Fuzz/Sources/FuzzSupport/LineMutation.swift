/// Mutations of text in lines, such as YAML or a trace: words become extreme, lines vanish, double,
/// trade places.
enum LineMutation {
  private static let words = [
    "0", "-0", "1", "-1", "2", "0.5", "1e-9", "1e-320", "1e300", "1e400", "nan", ".inf", "-.inf",
    "255", "65536", "4294967296", "ffffffffffffffff", "9223372036854775807",
    "-9223372036854775808", "18446744073709551615", "1 V", "3.3 V", "10 kOhm", "1 uF", "20 ms",
    "\"\"", "~", "null", "true", "no", "[]", "{}", "[0, 1]", "{a: b}", "&a", "*a", "<<: *a",
    "!!int",
    "!!binary", "|", ">-", "? a", "- - -", "...", "---", "%YAML 1.2", "comparator", "multiplier",
    "resistor", "diode", "transistor", "learning", "none", "measured", "GPIO0", "w", "r", "o", "d",
    "t", "e", "\u{0}", "\u{85}", "\u{feff}", "\u{1f600}", "e\u{301}",
  ].map { Array($0.utf8) }

  /// Bytes that end a word.
  private static let marks = Set(" \n\t,:[]{}\"'#".utf8)

  /// A mutation of the text.
  static func mutate(_ text: [UInt8], _ random: inout SmallRandom) -> [UInt8] {
    func place(_ ranges: [Range<Int>], _ random: inout SmallRandom) -> Range<Int> {
      ranges[random.next(below: ranges.count)]
    }
    func cut(at isEnd: (UInt8) -> Bool) -> [Range<Int>] {
      text.indices.split(omittingEmptySubsequences: true) { isEnd(text[$0]) }
        .map { $0.startIndex..<$0.endIndex }
    }
    let isLines = random.next(below: 3) == 0
    let parts = isLines ? cut { $0 == 0x0a } : cut { marks.contains($0) }
    guard !parts.isEmpty else { return words[random.next(below: words.count)] }
    var result = text
    let one = place(parts, &random)
    let other = place(parts, &random)
    guard isLines else {
      let new =
        random.next(below: 2) == 0
        ? words[random.next(below: words.count)] : Array(text[other])
      result.replaceSubrange(one, with: new)
      return result
    }
    switch random.next(below: 4) {
    case 0: result.removeSubrange(one.lowerBound..<min(one.upperBound + 1, text.count))
    case 1: result.insert(contentsOf: text[other] + [0x0a], at: one.lowerBound)
    case 2: result.replaceSubrange(one, with: text[other])
    default:
      // What it says moves under another key, or out of it.
      let blanks = [UInt8](repeating: 0x20, count: 2 * random.next(below: 4))
      result.replaceSubrange(one, with: blanks + text[one].drop { $0 == 0x20 })
    }
    return result
  }
}
