/// Comma-separated values: a line of column names, then a line for each row.
///
/// Numbers are written with as many digits as it takes to read the same number back. A number that
/// is not finite leaves its field empty: programs do not agree on a word for it.
package struct CSV: Sendable, Equatable {
  /// One field of a row.
  package enum Field: Sendable, Equatable {
    /// Text; quoted where it holds a comma, a quote or a line's end.
    case text(String)
    /// Text that is always quoted.
    case quoted(String)
    /// A number; `nil`, or one that is not finite, is an empty field.
    case number(Double?)
    /// A whole number.
    case count(Int)

    fileprivate var written: String {
      switch self {
      case .text(let text):
        text.contains { ",\"".contains($0) || $0.isNewline } ? Field.quoted(text).written : text
      case .quoted(let text): "\"" + text.replacing("\"", with: "\"\"") + "\""
      case .number(let number): number.flatMap { $0.isFinite ? "\($0)" : nil } ?? ""
      case .count(let count): "\(count)"
      }
    }
  }

  /// What has been written so far, every line ended.
  package private(set) var text = ""

  /// Begins a file.
  /// - Parameter columns: the columns' names with their units; empty for a file without a first
  ///   line.
  package init(_ columns: [String] = []) {
    if !columns.isEmpty { add(columns.map(Field.text)) }
  }

  /// Writes a whole file.
  ///
  /// - Parameters:
  ///   - columns: the columns' names with their units; empty for a file without a first line.
  ///   - rows: the rows, each with a field for every column.
  package init(_ columns: [String], rows: [[Field]]) {
    self.init(columns)
    for row in rows { add(row) }
  }

  /// Adds a row.
  package mutating func add(_ row: [Field]) { text += CSV.line(row) }

  /// Adds the two blank lines that separate blocks for gnuplot's `index`.
  package mutating func addGap() { text += "\n\n" }

  /// A row as a line of its own, ended: for files that grow.
  package static func line(_ row: [Field]) -> String {
    row.map(\.written).joined(separator: ",") + "\n"
  }
}
