import Elements

/// One row of data, from a CSV file or from the task file itself.
struct Row {
  let file: String
  let line: Int?
  let cells: [String]

  func error(_ message: String) -> DescriptionError {
    DescriptionError(file: file, line: line, message: message)
  }

  /// The number in a cell, which must be in the range stated for it (by whom: `stated`).
  func number(
    _ column: Int, in lowest: Double, _ highest: Double, of role: String,
    stated: String = "the task states"
  ) throws(DescriptionError) -> Double {
    let text = cells[column]
    guard let value = parseNumber(text) else {
      let finite = isNonFinite(text) ? "a finite number" : "a number"
      throw error("column \(column) (\(role)) is \(quote(text)); \(finite) is wanted")
    }
    guard lowest <= value, value <= highest else {
      throw error(
        "column \(column) (\(role)) is \(quote(text)), outside the range \(write(lowest)) ... "
          + "\(write(highest)) \(stated)"
      )
    }
    return value
  }

  /// The class in a cell, given by its name or, unless a class is named by a number, by its index.
  ///
  /// - Parameters:
  ///   - column: the cell's column.
  ///   - classes: the names.
  ///   - byIndex: how the rows before have given theirs, and this one must too; `nil` for the first.
  /// - Returns: the class.
  /// - Throws: `DescriptionError` for what is none, or is given the other way.
  func category(
    _ column: Int, classes: [String], byIndex: inout Bool?
  ) throws(DescriptionError) -> Int {
    let text = cells[column]
    if let index = classes.firstIndex(of: text) {
      if byIndex == true {
        throw error(
          "column \(column) (class) is \(quote(text)), a name, but the samples before give their "
            + "class by its number; one of the two throughout is allowed")
      }
      byIndex = false
      return index
    }
    let named = classes.contains { parseNumber($0) != nil }
    if !named, text.utf8.allSatisfy({ (48...57).contains($0) }), let index = Int(text),
      classes.indices.contains(index)
    {
      if byIndex == false {
        throw error(
          "column \(column) (class) is \(quote(text)), which is no class, and the samples before "
            + "give theirs by name; allowed are \(enumerate(classes, most: 20))")
      }
      byIndex = true
      return index
    }
    throw error(
      "column \(column) (class) is \(quote(text))\(suggestion(for: text, among: classes)); "
        + "allowed are \(enumerate(classes, most: 20))"
        + (named || byIndex == false ? "" : " or 0 ... \(classes.count - 1)")
    )
  }
}

/// Calls `body` for every line of comma-separated values that is not blank, after `skip` lines.
///
/// Cells may stand in double quotes, with `""` for a quote inside; a quoted cell ends on its line.
/// Spaces around cells are dropped, lines may end in CR LF.
func forEachRow(
  _ bytes: [UInt8], file: String, skip: Int, body: (Row) throws(DescriptionError) -> Void
) throws(DescriptionError) {
  var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
  var line = 0
  while start < bytes.count {
    let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
    line += 1
    var content = bytes[start..<end]
    start = end + 1
    if line <= skip { continue }
    if content.last == UInt8(ascii: "\r") { content = content.dropLast() }
    if content.allSatisfy(isBlank) { continue }
    let cells = try split(content, file: file, line: line)
    try body(Row(file: file, line: line, cells: cells))
  }
}

private func isBlank(_ byte: UInt8) -> Bool {
  byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
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
  let comma = UInt8(ascii: ",")
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
      guard rest.isEmpty || rest.first == comma else {
        throw DescriptionError(
          file: file, line: number, message: "text follows a quoted cell before the next comma")
      }
      cells.append(try decode(cell))
    } else {
      var cell = rest.prefix { $0 != comma }
      rest = rest[cell.endIndex...]
      while let last = cell.last, isBlank(last) { cell = cell.dropLast() }
      cells.append(try decode(cell))
    }
    if rest.isEmpty { return cells }
    rest = rest.dropFirst().drop(while: isBlank)
  }
}
