import Elements

/// A row of inputs whose answer is asked for.
public struct Question: Sendable, Equatable {
  /// The line of its file, from 1.
  public var line: Int
  /// The voltage of each source channel, V.
  public var inputs: [Double]
}

extension TaskDescription {
  /// Reads rows of inputs from a CSV file laid out as the task's data, with or without the columns of
  /// the answers.
  ///
  /// Unless the number of lines to skip is given, a first line of words alone is taken for names of
  /// columns; and where the task's data have lines before their first sample, so are as many lines with
  /// a word in place of an input's number. Where all inputs are words, they must know none of it.
  ///
  /// - Parameters:
  ///   - path: the file, of at most 64 MB.
  ///   - skip: how many lines stand before the first row; `nil` where that shows.
  ///   - board: the board whose voltages the inputs must keep to.
  /// - Returns: the rows, in order, and the line that was taken for names of columns.
  /// - Throws: `DescriptionError` with file and line of the first row that is wrong: a value that is
  ///   missing, no number, or out of the range of an input that does not clip, or a row of another
  ///   width.
  public func questions(
    path: String, skip: Int?, on board: BoardDescription
  ) throws(DescriptionError) -> (rows: [Question], header: Int?) {
    let bytes = try contents(of: path, as: .data)
    var rows: [Question] = []
    var header: Int?
    var width: Int?
    // Given a number of lines, the user knows where the rows begin.
    let heads = skip == nil ? table?.skipLines ?? 0 : 0
    let words = words(of: inputs)
    try Dialect.forEachRow(bytes, file: path, skip: skip ?? 0) { row throws(DescriptionError) in
      let line = row.line ?? 0
      if rows.isEmpty, skip == nil,
        line <= heads && isHead(row, words)
          || line == 1 && row.isNames && (!isOfWords || isHead(row, words))
      {
        header = line
        return
      }
      if let width, row.cells.count != width {
        throw row.error("this line has \(row.cells.count) cells, but the first has \(width)")
      }
      width = row.cells.count
      rows.append(try question(row, at: try columns(of: row), words, on: board))
    }
    if rows.isEmpty {
      throw DescriptionError(file: path, message: "there are no rows of inputs in this file")
    }
    return (rows, header)
  }

  /// Whether a row has a word where an input's number should be; of inputs that are all words, whether
  /// it has none that they know.
  private func isHead(_ row: Row, _ words: [Int: Set<String>]) -> Bool {
    guard let places = try? columns(of: row) else {
      return row.cells.indices.contains { row.isWord($0) }
    }
    let cells = zip(inputs.filter { $0.column != nil }, places)
    if isOfWords {
      return cells.allSatisfy { words[$0.column ?? 0]?.contains(row.cells[$1]) != true }
    }
    return cells.contains { $0.word == nil && row.isWord($1) }
  }

  /// Whether all columns that are read are of words.
  private var isOfWords: Bool {
    inputs.contains { $0.word != nil } && inputs.allSatisfy { $0.column == nil || $0.word != nil }
  }

  /// Where a row has the column of each input that follows one.
  private func columns(of row: Row) throws(DescriptionError) -> [Int] {
    let wanted = inputs.compactMap(\.column)
    let count = row.cells.count
    guard let table else {
      // Of runs that kept no layout: as it comes.
      guard let last = wanted.max(), last >= count else { return wanted }
      throw row.error(
        "this line has \(count) cells, but the task reads column \(last) (counted from 0)")
    }
    if count == table.width { return wanted }
    let answers = table.answerColumns
    guard count == table.width - answers.count else {
      throw row.error(
        "this line has \(count) cells; the task's data have \(table.width), or "
          + "\(table.width - answers.count) without the answer's columns")
    }
    return wanted.map { column in column - answers.count { $0 < column } }
  }

  private func question(
    _ row: Row, at columns: [Int], _ words: [Int: Set<String>], on board: BoardDescription
  ) throws(DescriptionError) -> Question {
    var volts: [Double] = []
    var place = 0
    for (channel, input) in inputs.enumerated() {
      guard input.column != nil else {
        volts.append(input.volts(at: 0))
        continue
      }
      let role = "input \(quote(input.name))"
      let value = try row.value(of: input, at: columns[place], words: words)
      place += 1
      let volt = input.volts(at: value)
      // Range maps leave the ends exact only up to rounding.
      guard volt >= board.nodeLowest - 1e-9, volt <= board.nodeHighest + 1e-9 else {
        throw row.error(
          "\(role) is \(write(volt)) V; the board \(quote(board.name)) allows "
            + "\(write(board.nodeLowest...board.nodeHighest, unit: "V"))")
      }
      let wired = board.wiring?.sources ?? []
      if channel < wired.count, let rail = wired[channel].rail, abs(volt - rail) > 1e-6 {
        throw row.error(
          "\(role) is \(write(volt)) V, but its source channel \(channel) is wired to a rail of "
            + "\(write(rail)) V")
      }
      volts.append(volt)
    }
    return Question(line: row.line ?? 0, inputs: volts)
  }
}

extension Row {
  /// Whether a cell is neither a number nor stands for a missing one.
  fileprivate func isWord(_ place: Int) -> Bool {
    parseNumber(cells[place]) == nil && !isMissing(cells[place])
  }

  /// Whether all cells that are not empty are words.
  fileprivate var isNames: Bool {
    cells.contains { !$0.isEmpty } && cells.indices.allSatisfy { cells[$0].isEmpty || isWord($0) }
  }
}
