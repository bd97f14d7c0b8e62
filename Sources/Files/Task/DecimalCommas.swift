/// Numbers like 1,5 in a table whose cells are not separated by commas.
///
/// The comma may be a decimal one or stand between thousands, and nothing but the other numbers tells
/// which. What they leave open is refused: read wrongly it would be wrong a thousand times.
struct DecimalCommas {
  /// What was seen in a column.
  private struct Column {
    /// The first row with a number like 1,000.
    var grouped: Row?
    /// Whether a comma can only be a decimal one, as in 1,5 or 0,125.
    var isDecimal = false
    /// Whether there are whole numbers of up to three digits, as below a thousand.
    var isBare = false
  }

  private var columns: [Column] = []
  /// The first line with a comma in a number, and the first with a point.
  private var comma: Int?
  private var point: Int?

  /// Reads a row.
  ///
  /// - Parameter row: the row as it is written.
  /// - Returns: the row with points for decimal commas.
  /// - Throws: `DescriptionError` where numbers of the file have commas, and others points.
  mutating func read(_ row: Row) throws(DescriptionError) -> Row {
    var cells = row.cells
    for (index, cell) in cells.enumerated() {
      if index == columns.count { columns.append(Column()) }
      guard let first = cell.utf8.first, first < 0x3A else { continue }
      if let number = pointed(cell) {
        if isGrouped(cell) {
          columns[index].grouped = columns[index].grouped ?? row
        } else {
          columns[index].isDecimal = true
        }
        comma = comma ?? row.line
        cells[index] = number
      } else if cell.utf8.contains(UInt8(ascii: ".")), parseNumber(cell) != nil {
        point = point ?? row.line
      } else if cell.utf8.count <= 3, cell.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
        columns[index].isBare = true
      }
      if let comma, let point {
        throw row.error(
          "column \(index) is \(quote(cell)), but numbers have a comma on line \(comma) and a point "
            + "on line \(point); one of the two throughout is allowed, and nothing between thousands"
        )
      }
    }
    return Row(file: row.file, line: row.line, cells: cells)
  }

  /// Looks at all that was read.
  ///
  /// - Throws: `DescriptionError` for a column of whole numbers in which every comma may stand between
  ///   thousands.
  func check() throws(DescriptionError) {
    for (index, column) in columns.enumerated() {
      guard let row = column.grouped, column.isBare, !column.isDecimal else { continue }
      throw row.error(
        "column \(index) is \(quote(row.cells[index])) beside whole numbers, which may be a thousand or "
          + "one; write numbers without anything between thousands")
    }
  }

  /// Whether a comma may stand between thousands.
  private func isGrouped(_ cell: String) -> Bool {
    let parts = cell.utf8.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
      .split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    return parts.count == 2 && (1...3).contains(parts[0].count) && parts[1].count == 3
      && parts[0].first != UInt8(ascii: "0") && parts[1].allSatisfy { (0x30...0x39).contains($0) }
  }
}

/// A number with a point in the place of its decimal comma; `nil` for what is none.
func pointed(_ cell: String) -> String? {
  guard cell.utf8.count(where: { $0 == UInt8(ascii: ",") }) == 1 else { return nil }
  let number = cell.replacing(",", with: ".")
  return parseNumber(number) == nil ? nil : number
}
