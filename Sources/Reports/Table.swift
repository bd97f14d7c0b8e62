/// Rows of text under a title and a head, in aligned columns.
package struct TextTable: Sendable, Equatable {
  /// What the table shows; a line or several above it.
  package var title: String
  /// What each column shows; empty for a table without a head.
  package var head: [String]
  /// The rows, each with a cell for every column.
  package var rows: [[String]]
  /// By how many spaces head and rows stand to the right.
  package var indent: Int
  /// Whether columns of whole numbers stand to the right.
  package var alignsNumbers: Bool

  /// Makes a table.
  ///
  /// - Parameters:
  ///   - title: a line or several above it.
  ///   - head: what each column shows; empty for none.
  ///   - rows: the rows, each with a cell for every column.
  ///   - indent: by how many spaces head and rows stand to the right.
  ///   - alignsNumbers: whether columns of whole numbers stand to the right.
  package init(
    title: String = "", head: [String] = [], rows: [[String]], indent: Int = 0,
    alignsNumbers: Bool = true
  ) {
    self.title = title
    self.head = head
    self.rows = rows
    self.indent = indent
    self.alignsNumbers = alignsNumbers
  }

  /// The table as lines of plain text, each ended; no line ends in a space.
  package var text: String {
    var lines = title.isEmpty ? [] : [title]
    let all = head.isEmpty ? rows : [head] + rows
    let columns = all.first?.indices ?? 0..<0
    let widths = columns.map { column in
      all.map { $0[column].unicodeScalars.count }.max() ?? 0
    }
    let numeric = columns.map { column in
      alignsNumbers && rows.allSatisfy { Int($0[column]) != nil }
    }
    for row in all {
      var line = String(repeating: " ", count: indent)
      for (column, cell) in row.enumerated() {
        let space = String(repeating: " ", count: widths[column] - cell.unicodeScalars.count)
        line += (column == 0 ? "" : "  ") + (numeric[column] ? space + cell : cell + space)
      }
      while line.last == " " { line.removeLast() }
      lines.append(line)
    }
    return lines.map { $0 + "\n" }.joined()
  }
}
