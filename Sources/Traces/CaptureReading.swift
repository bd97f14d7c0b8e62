/// Captures as value change dumps: those of sigrok and PulseView, of other analysers, and our own.
extension Capture {
  /// Reads a dump. Variables of one bit are channels; wider ones and reals are left out.
  ///
  /// Times are always those of the dump, by its timescale. The time between samples, which says how far they are
  /// known, is what sigrok's comment says; a dump of this program's has none, and a time unit takes its place;
  /// of any other it is what is given, else the greatest time of which all changes are multiples.
  ///
  /// - Parameters:
  ///   - bytes: the dump's text.
  ///   - samplePeriod: the time between two samples, ns, where the user knows it.
  /// - Throws: `CaptureError` naming the line that is wrong, or where the given time is not that of the dump.
  package init(dump bytes: [UInt8], samplePeriod: Int64? = nil) throws(CaptureError) {
    var reader = DumpReader(bytes)
    try reader.read()
    self = try reader.capture(samplePeriod: samplePeriod)
  }
}

/// The reading of a dump, word by word.
private struct DumpReader {
  /// What a code stands for.
  private enum Variable {
    /// A channel, by its number.
    case channel(Int)
    /// Something wider, or a real.
    case other
  }

  /// A channel while it is read.
  private struct Reading {
    var name: String
    /// `nil` before its first level.
    var initial: Bool?
    var level = false
    var changes: [Int64] = []
  }

  private let bytes: [UInt8]
  private var place = 0
  private var line = 1
  private var variables: [String: Variable] = [:]
  private var readings: [Reading] = []
  /// A time unit, ns: this over `divisor`.
  private var unit: Int64 = 0
  private var divisor: Int64 = 1
  private var time: Int64?
  private var start: Int64?
  private var isOurs = false
  private var commented: Int64?

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  private func wrong(_ message: String) -> CaptureError {
    CaptureError(line: line, message: message)
  }

  /// The next word; `nil` at the end.
  private mutating func word() -> ArraySlice<UInt8>? {
    while place < bytes.count, bytes[place] <= 0x20 {
      if bytes[place] == 0x0a { line += 1 }
      place += 1
    }
    if place == bytes.count { return nil }
    let first = place
    while place < bytes.count, bytes[place] > 0x20 { place += 1 }
    return bytes[first..<place]
  }

  /// The words up to $end.
  private mutating func section(_ name: String) throws(CaptureError) -> [String] {
    var words: [String] = []
    while let next = word() {
      let text = String(decoding: next, as: UTF8.self)
      if text == "$end" { return words }
      // A comment may be long; nothing in it is wanted beyond its beginning.
      if words.count < 64 { words.append(text) }
    }
    throw wrong("\(name) has no $end")
  }

  mutating func read() throws(CaptureError) {
    while let next = word() {
      switch next.first! {
      case UInt8(ascii: "$"): try declare(String(decoding: next, as: UTF8.self))
      case UInt8(ascii: "#"): try advance(String(decoding: next.dropFirst(), as: UTF8.self))
      case UInt8(ascii: "0"), UInt8(ascii: "1"), UInt8(ascii: "x"), UInt8(ascii: "X"),
        UInt8(ascii: "z"), UInt8(ascii: "Z"):
        try change(next.dropFirst(), to: next.first!)
      case UInt8(ascii: "b"), UInt8(ascii: "B"), UInt8(ascii: "r"), UInt8(ascii: "R"),
        UInt8(ascii: "s"), UInt8(ascii: "S"):
        guard let code = word() else { throw wrong("a value without a variable ends the file") }
        try change(code, to: next.last!)
      default:
        throw wrong(
          "\(quoted(next)) is nothing that a value change dump has: $, #, 0, 1, b or r begin a word"
        )
      }
    }
  }

  private mutating func declare(_ keyword: String) throws(CaptureError) {
    switch keyword {
    case "$dumpvars", "$dumpall", "$dumpon", "$dumpoff", "$end": break
    case "$timescale":
      let text = try section(keyword).joined()
      let number = text.prefix { $0.isNumber }
      let units: [String: (Int64, Int64)] = [
        "s": (1_000_000_000, 1), "ms": (1_000_000, 1), "us": (1000, 1), "ns": (1, 1),
        "ps": (1, 1000), "fs": (1, 1_000_000),
      ]
      guard let count = Int64(number), [1, 10, 100].contains(count),
        let (whole, part) = units[String(text.dropFirst(number.count))]
      else { throw wrong("$timescale must be 1, 10 or 100 of s, ms, us, ns, ps or fs") }
      unit = count * whole
      divisor = part
    case "$version": isOurs = try section(keyword).first == "Tellegen"
    case "$comment":
      let words = try section(keyword)
      // "Acquisition with 8/8 channels at 24 MHz"
      if words.first == "Acquisition", let at = words.lastIndex(of: "at"), at + 2 < words.count,
        let rate = Double(words[at + 1]),
        let scale = ["Hz": 1.0, "kHz": 1e3, "MHz": 1e6, "GHz": 1e9][words[at + 2]],
        rate * scale >= 1e-3, rate * scale <= 1e12
      {
        commented = max(1, Int64((1e9 / (rate * scale)).rounded()))
      }
    case "$var": try add(try section(keyword))
    default: _ = try section(keyword)
    }
  }

  private mutating func add(_ words: [String]) throws(CaptureError) {
    guard words.count >= 4 else {
      throw wrong("$var must have a kind, a width, a code and a name")
    }
    let code = words[2]
    let name = words[3...].joined()
    guard words[1] == "1", words[0] != "real", words[0] != "string" else {
      variables[code] = .other
      return
    }
    // One code may stand under several names, in several scopes: the first counts.
    if variables[code] != nil { return }
    if readings.contains(where: { $0.name == name }) {
      throw wrong("two channels are called \(quoted(name.utf8)); give each a name of its own")
    }
    variables[code] = .channel(readings.count)
    readings.append(Reading(name: name))
  }

  private mutating func advance(_ text: String) throws(CaptureError) {
    guard unit > 0 else { throw wrong("a time comes before $timescale") }
    guard let count = Int64(text), count >= 0 else {
      throw wrong("#\(quoted(text.utf8)) is no time: # and a whole number")
    }
    let (scaled, isTooMuch) = count.multipliedReportingOverflow(by: unit)
    // A hundred years, so that sums and differences of times fit.
    if isTooMuch || scaled / divisor > 3_155_760_000_000_000_000 {
      throw wrong("the time is beyond a hundred years")
    }
    let next = scaled / divisor
    if let time, next < time { throw wrong("the time goes back") }
    time = next
    if start == nil { start = next }
  }

  private mutating func change(
    _ code: ArraySlice<UInt8>, to value: UInt8
  ) throws(CaptureError) {
    guard let variable = variables[String(decoding: code, as: UTF8.self)] else {
      throw wrong("\(quoted(code)) is the code of no $var")
    }
    guard case .channel(let number) = variable else { return }
    let level = value == UInt8(ascii: "1")
    if !level && value != UInt8(ascii: "0") {
      // Unknown before its first level; after that an analyser has one.
      if readings[number].initial == nil { return }
      throw wrong(
        "channel \(quoted(readings[number].name.utf8)) is neither 0 nor 1; a capture must be levels only"
      )
    }
    guard readings[number].initial != nil else {
      readings[number].initial = level
      readings[number].level = level
      return
    }
    if readings[number].level == level { return }
    readings[number].level = level
    let now = time ?? 0
    // There and back at one moment is no change.
    if readings[number].changes.last == now {
      readings[number].changes.removeLast()
    } else {
      readings[number].changes.append(now)
    }
  }

  func capture(samplePeriod: Int64?) throws(CaptureError) -> Capture {
    guard !readings.isEmpty else {
      throw wrong("there is no channel: no $var of one bit; is this a value change dump?")
    }
    guard let start, let time, time > start else {
      throw wrong("the capture has no length: at least two times must differ")
    }
    let period: Int64
    if let own = commented ?? (isOurs ? max(1, unit / divisor) : nil) {
      if let samplePeriod, samplePeriod != own {
        throw CaptureError(
          line: 0,
          message:
            "it has a sample every \(own) ns, and the sample rate that is given would be one every "
            + "\(samplePeriod) ns: leave the given one out")
      }
      period = own
    } else if let samplePeriod {
      for reading in readings {
        // Times are rounded to whole units.
        let nearest = zip(reading.changes, reading.changes.dropFirst()).map { $1 - $0 }.min()
        if let nearest, nearest + max(1, unit / divisor) < samplePeriod {
          throw CaptureError(
            line: 0,
            message:
              "channel \(quoted(reading.name.utf8)) changes twice within \(nearest) ns, and at the sample "
              + "rate that is given there is one sample every \(samplePeriod) ns: it was higher")
        }
      }
      period = samplePeriod
    } else {
      var common: Int64 = 0
      for reading in readings {
        for change in reading.changes where common != 1 { common = divide(change - start, common) }
      }
      period = max(common, 1)
    }
    return Capture(
      channels: readings.map {
        Capture.Channel(name: $0.name, initial: $0.initial ?? false, changes: $0.changes)
      }, span: start...time, samplePeriod: period)
  }

  /// The greatest common divisor.
  private func divide(_ a: Int64, _ b: Int64) -> Int64 {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
  }

  /// A word as a message shows it.
  private func quoted(_ bytes: some Sequence<UInt8>) -> String {
    "'"
      + String(
        decoding: bytes.prefix(40).map { (0x20..<0x7f).contains($0) ? $0 : UInt8(ascii: "?") },
        as: UTF8.self) + "'"
  }
}
