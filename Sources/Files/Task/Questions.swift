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
  /// words in place of half of the inputs' numbers: a single one is a damaged row. Where all inputs are
  /// words, they must know none of it. Where the names of all inputs' columns are among them,
  /// columns are read by their names, in any order; where only some are, and elsewhere than in the task's
  /// data, the file is refused.
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
    /// Where a line of names has the inputs' columns.
    var named: [Int]?
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
        named = try columns(named: row) ?? named
        return
      }
      if let width, row.cells.count != width {
        throw row.error("this line has \(row.cells.count) cells, but the first has \(width)")
      }
      width = row.cells.count
      // A file that has the columns in its own order may have others beside them.
      let places: [Int]
      if let named { places = named } else { places = try columns(of: row) }
      if let last = places.max(), last >= row.cells.count {
        throw row.error(
          "this line has \(row.cells.count) cells, but the line of names has \(last + 1) or more")
      }
      rows.append(try question(row, at: places, words, on: board))
    }
    if rows.isEmpty {
      throw DescriptionError(file: path, message: "there are no rows of inputs in this file")
    }
    return (rows, header)
  }

  /// Whether a row has words where half of the inputs' numbers should be; of inputs that are all words, whether
  /// it has none that they know.
  private func isHead(_ row: Row, _ words: [Int: Set<String>]) -> Bool {
    guard let places = try? columns(of: row) else {
      return 2 * row.cells.indices.count { row.isWord($0) } >= row.cells.count
    }
    let cells = zip(inputs.filter { $0.column != nil }, places)
    if isOfWords {
      return cells.allSatisfy { words[$0.column ?? 0]?.contains(row.cells[$1]) != true }
    }
    let numbers = cells.filter { $0.0.word == nil }
    let wrong = numbers.count { row.isWord($0.1) }
    return wrong > 0 && 2 * wrong >= numbers.count
  }

  /// Whether all columns that are read are of words.
  private var isOfWords: Bool {
    inputs.contains { $0.word != nil } && inputs.allSatisfy { $0.column == nil || $0.word != nil }
  }

  /// Where a line of names has the column of each input that follows one; `nil` where it names none of
  /// them, or the task gave its inputs other names than the columns have.
  private func columns(named row: Row) throws(DescriptionError) -> [Int]? {
    let wanted = inputs.compactMap(\.column)
    var places: [Int: Int] = [:]
    for input in inputs {
      // Of a column with a complement, or of words, one input has its name.
      guard let column = input.column, places[column] == nil,
        let place = row.cells.firstIndex(of: input.name)
      else { continue }
      places[column] = place
    }
    if places.isEmpty { return nil }
    let usual = try? columns(of: row)
    if let missing = wanted.first(where: { places[$0] == nil }) {
      // As in the task's data: nothing speaks against it.
      if let usual, zip(wanted, usual).allSatisfy({ places[$0] == nil || places[$0] == $1 }) {
        return usual
      }
      let name = inputs.first { $0.column == missing }?.name ?? ""
      throw row.error(
        "this line names some of the task's inputs, in other places than its data have them, but not "
          + "\(quote(name)); name all of them, or leave names out and keep to the order of the data"
      )
    }
    return wanted.map { places[$0] ?? 0 }
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
