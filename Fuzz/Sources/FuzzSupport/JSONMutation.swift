/// A small generator of random numbers (Vigna's splitmix64), good enough to choose mutations.
public struct SmallRandom: RandomNumberGenerator {
  var state: UInt64

  /// Begins at a state.
  public init(state: UInt64) { self.state = state }

  /// The next number.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func next(below bound: Int) -> Int { Int(next() % UInt64(max(bound, 1))) }
}

/// Mutations of JSON text that leave it JSON.
public enum JSONMutation {
  /// A value in the text.
  private struct Value {
    enum Kind { case number, string, word, container }
    var kind: Kind
    var range: Range<Int>
    /// Where a member begins: with its key, where it has one.
    var begin: Int
    /// The members of a container, as places in the list of values.
    var members: [Int] = []
  }

  /// Numbers that programs stumble over.
  private static let numbers = [
    "0", "-0", "1", "-1", "2", "0.5", "-0.5", "1.5", "3", "4095", "4096", "-2", "10", "100", "1000",
    "1e-9", "1e-6", "1e-3", "1e-320", "5e-324", "-5e-324", "1e-300", "1e300", "-1e300",
    "1.7976931348623157e308", "1e30", "1e9", "1e15", "127", "128", "255", "256", "511", "512",
    "513",
    "1024", "65535", "65536", "65537", "16777215", "16777216", "2147483647", "2147483648",
    "-2147483648", "-2147483649", "4294967295", "4294967296", "3200000000000000000",
    "9223372036854775807", "-9223372036854775808", "9223372036854775808", "18446744073709551615",
    "1000000000000000", "4000000000000000000", "1e19",
  ]

  private static let texts = [
    "\"\"", "\"\\u0000\"", "\"a\"", "\"\\ud83d\\ude00\"", "\"standard\"", "\"coupled\"",
    "\"overclamped\"", "\"centred\"", "\"centred-overclamped\"", "\"comparator\"",
    "\"multiplier\"", "\"soft\"", "\"sharp\"", "\"chains\"", "\"direct\"", "\"dac\"", "\"adc\"",
    "\"chain\"", "\"gpio\"", "\"double\"", "\"linear\"", "\"logarithmic\"", "\"dead\"",
    "\"shorted\"", "\"comparatorStuckLow\"", "null", "true", "false", "[]", "{}", "[0]",
    "{\"learning\":{}}", "{\"resistor\":{\"ohms\":1000}}", "{\"transistor\":{\"gate\":2}}",
    "{\"diode\":{\"_0\":{\"saturationCurrent\":1e-10,\"ideality\":1.8}}}",
    "{\"potentiometer\":{\"_0\":{\"lowest\":40,\"highest\":32000,\"steps\":128,\"spacing\":\"linear\"},\"step\":5}}",
    "{\"squaredError\":{}}", "{\"hinge\":{\"margin\":0.01}}",
    "{\"rail\":0.4,\"select\":0,\"channel\":0}",
    "{\"device\":\"/dev/spidev0.0\",\"speed\":500000}",
    "{\"kind\":\"shorted\",\"edge\":1}", "{\"kind\":\"comparatorStuckHigh\",\"edge\":0}",
  ]

  /// A mutation of the text; `nil` where it is no JSON, or the mutation chosen does not apply.
  public static func mutate(_ text: [UInt8], _ random: inout SmallRandom) -> [UInt8]? {
    var reader = Reader(text: text)
    guard reader.readAll(), !reader.values.isEmpty else { return nil }
    let values = reader.values
    // Most values are numbers; structure gets its share all the same.
    let containers = values.indices.filter { !values[$0].members.isEmpty }
    let index =
      random.next(below: 4) == 0 && !containers.isEmpty
      ? containers[random.next(below: containers.count)] : random.next(below: values.count)
    let value = values[index]
    func replacing(_ range: Range<Int>, by bytes: some Sequence<UInt8>) -> [UInt8] {
      var result = text
      result.replaceSubrange(range, with: Array(bytes))
      return result
    }
    if random.next(below: 12) == 0 {
      return replacing(value.range, by: texts[random.next(below: texts.count)].utf8)
    }
    if random.next(below: 12) == 0 {
      let other = values[random.next(below: values.count)]
      return replacing(value.range, by: text[other.range])
    }
    switch value.kind {
    case .number:
      let old = Double(String(decoding: text[value.range], as: UTF8.self)) ?? 0
      let whole = Int(exactly: old)
      let new: String
      switch random.next(below: 8) {
      case 0, 1, 2: new = numbers[random.next(below: numbers.count)]
      case 3: new = whole.map { "\($0 &+ random.next(below: 9) &- 4)" } ?? "\(old * 0.9)"
      case 4: new = whole.map { "\(0 &- $0)" } ?? "\(-old)"
      case 5:
        var scaled = old
        for _ in 0...random.next(below: 9) { scaled *= random.state & 1 == 0 ? 10 : 0.1 }
        new =
          scaled.isFinite
          ? (whole != nil && abs(scaled) < 1e18 ? "\(Int(scaled))" : "\(scaled)") : "0"
      case 6:
        new = "\(Double(random.next(below: 1 << 20)) / Double(1 << 20) * (old == 0 ? 1 : 2 * old))"
      default:
        let all = values.filter { $0.kind == .number }
        let other = all[random.next(below: all.count)]
        return replacing(value.range, by: text[other.range])
      }
      return replacing(value.range, by: new.utf8)
    case .word:
      return replacing(
        value.range, by: (text[value.range.lowerBound] == 0x74 ? "false" : "true").utf8)
    case .string:
      return replacing(value.range, by: texts[random.next(below: texts.count)].utf8)
    case .container:
      guard !value.members.isEmpty else { return nil }
      let place = random.next(below: value.members.count)
      let member = values[value.members[place]]
      let span = member.begin..<member.range.upperBound
      switch random.next(below: 4) {
      case 0:
        if value.members.count == 1 { return replacing(span, by: []) }
        if place + 1 < value.members.count {
          return replacing(span.lowerBound..<values[value.members[place + 1]].begin, by: [])
        }
        let before = values[value.members[place - 1]].range.upperBound
        return replacing(before..<span.upperBound, by: [])
      case 1, 2:
        return replacing(span.upperBound..<span.upperBound, by: [0x2c] + text[span])
      default:
        let other = values[value.members[random.next(below: value.members.count)]]
        let (first, second) =
          member.range.lowerBound < other.range.lowerBound ? (member, other) : (other, member)
        guard first.range.upperBound <= second.range.lowerBound else { return nil }
        var result = Array(text[..<first.range.lowerBound])
        result += text[second.range]
        result += text[first.range.upperBound..<second.range.lowerBound]
        result += text[first.range]
        result += text[second.range.upperBound...]
        return result
      }
    }
  }

  /// Finds the values; just enough of a parser to know where they begin and end.
  private struct Reader {
    let text: [UInt8]
    var values: [Value] = []
    private var at = 0

    init(text: [UInt8]) { self.text = text }

    mutating func readAll() -> Bool { readValue(begin: nil, depth: 0) != nil }

    private var next: UInt8? { at < text.count ? text[at] : nil }

    private mutating func skipBlanks() {
      while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
        at += 1
      }
    }

    private mutating func skipString() -> Bool {
      guard next == 0x22 else { return false }
      at += 1
      while let byte = next, byte != 0x22 { at += byte == 0x5c ? 2 : 1 }
      guard next == 0x22 else { return false }
      at += 1
      return true
    }

    private mutating func readValue(begin: Int?, depth: Int) -> Int? {
      skipBlanks()
      guard let byte = next, depth < 60 else { return nil }
      let start = at
      let index = values.count
      values.append(Value(kind: .word, range: start..<start, begin: begin ?? start))
      switch byte {
      case 0x22:
        guard skipString() else { return nil }
        values[index].kind = .string
      case 0x7b, 0x5b:
        values[index].kind = .container
        let closing: UInt8 = byte == 0x7b ? 0x7d : 0x5d
        at += 1
        var members: [Int] = []
        skipBlanks()
        while let byte = next, byte != closing {
          let memberStart = at
          if closing == 0x7d {
            guard skipString() else { return nil }
            skipBlanks()
            guard next == 0x3a else { return nil }
            at += 1
          }
          guard let member = readValue(begin: memberStart, depth: depth + 1) else { return nil }
          members.append(member)
          skipBlanks()
          if next == 0x2c { at += 1 } else if next != closing { return nil }
          skipBlanks()
        }
        guard next == closing else { return nil }
        at += 1
        values[index].members = members
      default:
        while let byte = next, ![0x2c, 0x7d, 0x5d, 0x20, 0x0a, 0x0d, 0x09].contains(byte) {
          at += 1
        }
        guard at > start else { return nil }
        if byte == 0x2d || (0x30...0x39).contains(byte) { values[index].kind = .number }
      }
      values[index].range = start..<at
      return index
    }
  }
}
