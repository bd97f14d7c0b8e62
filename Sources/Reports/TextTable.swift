/// Rows of text under a title and a head, in aligned columns.
package struct TextTable: Sendable, Equatable {
  /// What the table shows; a line or several above it.
  package var title: String
  /// What each column shows.
  package var head: [String]
  /// The rows, each with a cell for every column.
  package var rows: [[String]]

  /// Makes a table.
  package init(title: String = "", head: [String], rows: [[String]]) {
    self.title = title
    self.head = head
    self.rows = rows
  }

  /// The table as lines of plain text, each ended. Columns of whole numbers stand to the right.
  package var text: String {
    var lines = title.isEmpty ? [] : [title]
    let widths = head.indices.map { column in
      ([head] + rows).map { $0[column].unicodeScalars.count }.max() ?? 0
    }
    let numeric = head.indices.map { column in rows.allSatisfy { Int($0[column]) != nil } }
    for row in [head] + rows {
      var line = ""
      for (column, cell) in row.enumerated() {
        let space = String(repeating: " ", count: widths[column] - cell.unicodeScalars.count)
        line += (column == 0 ? "" : "  ") + (numeric[column] ? space + cell : cell + space)
      }
      while line.last == " " { line.removeLast() }
      lines.append(line)
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
