/// A table of text cells as a user's file holds it, with what its first line is.
struct DataTable {
  /// The file.
  let path: String
  /// The names of the columns; `nil` where the first line is data.
  let header: [String]?
  /// The rows, with their lines.
  let rows: [Row]
  /// How many lines stand before the first row.
  let skipped: Int
  /// The names of the classes that numbers from 0 stand for, where the first line says them.
  var classNames: [String]? = nil

  /// The number of columns.
  var width: Int { rows[0].cells.count }

  /// The name of a column: its header's, made fit for a title and for being the only one, or its
  /// number.
  func name(of column: Int) -> String {
    let text = String.UnicodeScalarView(
      (header?[column] ?? "").unicodeScalars.prefix(48).map { isControl($0) ? " " : $0 })
    let title = String(text).trimmingBlanks
    let isTaken = header?.prefix(column).contains { $0 == header?[column] } == true
    return title.isEmpty || isTaken ? "column \(column)" : title
  }

  /// Reads a table.
  ///
  /// - Parameter path: the file.
  /// - Returns: the table.
  /// - Throws: `DescriptionError` with the line at fault.
  static func read(path: String) throws(DescriptionError) -> DataTable {
    try read(try contents(of: path, as: .data), path: path)
  }

  /// Reads the bytes of a table.
  ///
  /// - Parameters:
  ///   - bytes: the file.
  ///   - path: what errors call it.
  /// - Returns: the table.
  /// - Throws: `DescriptionError` with the line at fault.
  static func read(_ bytes: [UInt8], path: String) throws(DescriptionError) -> DataTable {
    let text = try Dialect.decoded(bytes, path: path)
    // The line of the last comment; blank ones may stand between them.
    var comments = 0
    for (number, line) in Dialect.Lines(text).enumerated()
    where !line.allSatisfy(isBlank) {
      // Spreadsheets begin with the separator that they should take.
      let isSeparator = comments == 0 && line.count == 5 && line.starts(with: "sep=".utf8)
      guard line.first == UInt8(ascii: "#") || isSeparator else { break }
      comments = number + 1
    }
    var rows: [Row] = []
    try Dialect.forEachRow(text, file: path, skip: comments) { row throws(DescriptionError) in
      // Some tables begin with their size and their classes' names; that line is one of its own.
      let isFirst = rows.isEmpty || (rows.count == 1 && Self.countsRows(rows[0]) != nil)
      if let first = rows.first, !isFirst, row.cells.count != rows.last!.cells.count {
        throw row.error(
          "this line has \(row.cells.count) cells, but the first has \(first.cells.count)")
      }
      rows.append(row)
    }
    guard let first = rows.first else {
      throw DescriptionError(file: path, message: "there are no rows in this file")
    }
    let rest = Array(rows.dropFirst())
    if let counted = countsRows(first) {
      if counted.rows == rest.count, let second = rest.first,
        counted.columns == second.cells.count - 1
      {
        return DataTable(
          path: path, header: nil, rows: rest, skipped: first.line ?? 1,
          classNames: Array(first.cells.dropFirst(2)))
      }
      if let odd = rest.first(where: { $0.cells.count != first.cells.count }) {
        throw odd.error(
          "this line has \(odd.cells.count) cells, but the first has \(first.cells.count)")
      }
    }
    guard isHeader(first, above: rest) else {
      return DataTable(
        path: path, header: nil, rows: rows, skipped: comments)
    }
    guard !rest.isEmpty else {
      throw DescriptionError(
        file: path, message: "there is one line, of names; rows of data are wanted under it")
    }
    return DataTable(path: path, header: first.cells, rows: rest, skipped: first.line ?? 1)
  }

  /// The numbers of rows and of columns but the answer's, where a line may be saying them: two whole
  /// numbers, then words.
  private static func countsRows(_ row: Row) -> (rows: Int, columns: Int)? {
    guard row.cells.count >= 4, let rows = Int(row.cells[0]), let columns = Int(row.cells[1]),
      row.cells.dropFirst(2).allSatisfy({ parseNumber($0) == nil && !isMissing($0) })
    else { return nil }
    return (rows, columns)
  }

  /// Whether a line names columns: a column of numbers has a word there, or all is words that are
  /// found nowhere below.
  private static func isHeader(_ first: Row, above rows: [Row]) -> Bool {
    let looked = rows.prefix(200)
    func isNumber(_ cell: String) -> Bool { parseNumber(cell) != nil }
    if first.cells.contains(where: { isNumber($0) }) { return false }
    if looked.isEmpty { return true }
    for (column, cell) in first.cells.enumerated() where !isMissing(cell) {
      let own = looked.map { $0.cells[column] }.filter { !isMissing($0) }
      if !own.isEmpty, own.count(where: isNumber) * 10 >= own.count * 9 { return true }
    }
    let words = first.cells.filter { !$0.isEmpty }
    return Set(words).count == words.count
      && !first.cells.indices.contains { column in
        looked.contains { $0.cells[column] == first.cells[column] }
      }
  }
}

extension String {
  /// Without blanks at its ends.
  var trimmingBlanks: String {
    var text = self[...]
    while text.first == " " { text = text.dropFirst() }
    while text.last == " " { text = text.dropLast() }
    return String(text)
  }
}
