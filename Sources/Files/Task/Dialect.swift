/// How a table's file is written: strangers' files come from many programs.
struct Dialect: Equatable {
  /// What stands between cells.
  enum Separator: UInt8, Equatable {
    case comma = 0x2C
    case semicolon = 0x3B
    case tab = 0x09

    /// Its name in messages.
    var word: String {
      switch self {
      case .comma: "comma"
      case .semicolon: "semicolon"
      case .tab: "tab"
      }
    }
  }

  /// What stands between cells.
  var separator: Separator

  /// Whether 1,5 may be one and a half.
  var hasDecimalComma: Bool { separator != .comma }

  /// How many lines are looked at to tell the separator.
  private static let looked = 20

  private init(separator: Separator) { self.separator = separator }

  /// The dialect of a file, by the first lines after those that are skipped: a separator that all of
  /// them have equally often, outside quotes; of several the one between whose cells the most are
  /// numbers; commas where there is none.
  init(_ bytes: [UInt8], skip: Int) {
    var looked: [ArraySlice<UInt8>] = []
    var line = 0
    for content in Lines(bytes) {
      line += 1
      if line <= skip || content.allSatisfy(isBlank) { continue }
      looked.append(content)
      if looked.count == Dialect.looked { break }
    }
    self.init(separator: .comma)
    var best = -1.0
    for separator in [Separator.tab, .semicolon, .comma] {
      let candidate = Dialect(separator: separator)
      guard candidate.separates(looked) else { continue }
      let share = candidate.numberShare(looked)
      if share > best { (best, self) = (share, candidate) }
    }
  }

  /// Whether lines have the separator, and equally often.
  private func separates(_ lines: [ArraySlice<UInt8>]) -> Bool {
    let counts = lines.map { line in
      var isQuoted = false
      var count = 0
      for byte in line {
        if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
        if byte == separator.rawValue && !isQuoted { count += 1 }
      }
      return count
    }
    guard let first = counts.first, first > 0 else { return false }
    // One line may be wrong, and is then refused as such.
    return counts.count(where: { $0 == first }) * 10 >= counts.count * 9
  }

  /// How many of the cells are numbers.
  private func numberShare(_ lines: [ArraySlice<UInt8>]) -> Double {
    let cells = lines.flatMap { (try? split($0, file: "", line: 0)) ?? [] }
    let numbers = cells.count { parseNumber($0) != nil || hasDecimalComma && pointed($0) != nil }
    return Double(numbers) / Double(max(cells.count, 1))
  }

  /// The text of a file as UTF-8, without a byte order mark: UTF-16 is told by its mark, or by the
  /// zero in every other byte.
  ///
  /// - Parameters:
  ///   - bytes: the file.
  ///   - path: its path, for errors.
  /// - Returns: the bytes of the text.
  /// - Throws: `DescriptionError` where it is neither.
  static func decoded(_ bytes: [UInt8], path: String) throws(DescriptionError) -> [UInt8] {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return Array(bytes.dropFirst(3)) }
    let start = bytes.prefix(64)
    let evens = start.enumerated().filter { $0.offset % 2 == 0 && $0.element == 0 }.count
    let odds = start.enumerated().filter { $0.offset % 2 == 1 && $0.element == 0 }.count
    let isMarked = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
    let isLittle = bytes.starts(with: [0xFF, 0xFE]) || (!isMarked && evens == 0 && odds > 0)
    guard isMarked || (start.count >= 4 && max(evens, odds) * 4 >= start.count) else {
      return bytes
    }
    guard bytes.count % 2 == 0 else {
      throw DescriptionError(
        file: path,
        message: "this looks like UTF-16, but its last character is cut; save the "
          + "file as UTF-8")
    }
    var units: [UInt16] = []
    units.reserveCapacity(bytes.count / 2)
    for index in stride(from: isMarked ? 2 : 0, to: bytes.count, by: 2) {
      let (low, high) = isLittle ? (index, index + 1) : (index + 1, index)
      units.append(UInt16(bytes[high]) << 8 | UInt16(bytes[low]))
    }
    guard let text = String(validating: units, as: UTF16.self) else {
      throw DescriptionError(
        file: path, message: "this looks like UTF-16, but is not; save the file as UTF-8")
    }
    return Array(text.utf8)
  }

  /// The lines of a text, ended by LF, CR LF or CR.
  struct Lines: Sequence, IteratorProtocol {
    private let bytes: [UInt8]
    private var start = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func next() -> ArraySlice<UInt8>? {
      guard start < bytes.count else { return nil }
      let end =
        bytes[start...].firstIndex { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
        ?? bytes.count
      let line = bytes[start..<end]
      let isPair =
        end + 1 < bytes.count && bytes[end] == UInt8(ascii: "\r")
        && bytes[end + 1] == UInt8(ascii: "\n")
      start = end + (isPair ? 2 : 1)
      return line
    }
  }

  /// Calls `body` for every line of a table that is not blank, after `skip` lines.
  ///
  /// Cells are told apart as the dialect says, and may stand in double quotes, with `""` for a quote
  /// inside; a quoted cell ends on its line. Blanks around cells are dropped. Where 1,5 may be a
  /// number it is given as 1.5; what may be a thousand is refused, see `DecimalCommas`.
  static func forEachRow(
    _ bytes: [UInt8], file: String, skip: Int, body: (Row) throws(DescriptionError) -> Void
  ) throws(DescriptionError) {
    let bytes = try decoded(bytes, path: file)
    let dialect = Dialect(bytes, skip: skip)
    var commas = DecimalCommas()
    var line = 0
    for content in Lines(bytes) {
      line += 1
      if line <= skip || content.allSatisfy(isBlank) { continue }
      // A number would end there: what a crash or a damaged disk leaves in a file must not be data.
      if content.contains(0) {
        throw DescriptionError(
          file: file, line: line,
          message: "this line holds a NUL character (U+0000), which no table has: the file is "
            + "damaged or no text; export it again, or remove the line")
      }
      var row = Row(
        file: file, line: line, cells: try dialect.split(content, file: file, line: line))
      if dialect.hasDecimalComma { row = try commas.read(row) }
      try body(row)
    }
    try commas.check()
  }

  private func split(
    _ line: ArraySlice<UInt8>, file: String, line number: Int
  ) throws(DescriptionError) -> [String] {
    func decode(_ bytes: some Sequence<UInt8>) throws(DescriptionError) -> String {
      guard let text = String(validating: Array(bytes), as: UTF8.self) else {
        throw DescriptionError(
          file: file, line: number, message: "this is not UTF-8 text; save the file as UTF-8")
      }
      return text
    }
    let quoteMark = UInt8(ascii: "\"")
    let separator = separator.rawValue
    // A tab that separates is no blank around a cell.
    func isBlank(_ byte: UInt8) -> Bool { Files.isBlank(byte) && byte != separator }
    var cells: [String] = []
    var rest = line.drop(while: isBlank)
    while true {
      if rest.first == quoteMark {
        var cell: [UInt8] = []
        rest = rest.dropFirst()
        while true {
          guard let mark = rest.firstIndex(of: quoteMark) else {
            throw DescriptionError(
              file: file, line: number, message: "a quoted cell does not end on this line")
          }
          cell += rest[..<mark]
          rest = rest[(mark + 1)...]
          guard rest.first == quoteMark else { break }
          cell.append(quoteMark)
          rest = rest.dropFirst()
        }
        rest = rest.drop(while: isBlank)
        guard rest.isEmpty || rest.first == separator else {
          throw DescriptionError(
            file: file, line: number,
            message: "text follows a quoted cell before the next \(self.separator.word)")
        }
        cells.append(try decode(cell))
      } else {
        var cell = rest.prefix { $0 != separator }
        rest = rest[cell.endIndex...]
        while let last = cell.last, isBlank(last) { cell = cell.dropLast() }
        cells.append(try decode(cell))
      }
      if rest.isEmpty { return cells }
      rest = rest.dropFirst().drop(while: isBlank)
    }
  }
}

/// Whether a byte is a blank or a tab.
func isBlank(_ byte: UInt8) -> Bool {
  byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
}

/// Whether a cell says that its value is missing.
///
/// - Parameters:
///   - cell: the cell.
///   - isWord: whether its column is one of words, of which "none" and "-" may be one.
/// - Returns: whether it does.
func isMissing(_ cell: String, amongWords isWord: Bool = false) -> Bool {
  let word = cell.lowercased()
  return ["", "na", "n/a", "nan", "?", "null"].contains(word)
    || !isWord && ["none", "-", "missing"].contains(word)
}
