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

  /// The value of an input that follows a column: its number, or of a word 1 where it is in the cell.
  ///
  /// - Parameters:
  ///   - input: the input.
  ///   - place: the cell's number in this row.
  ///   - words: the words that a task's inputs know, by column, see `words(of:)`.
  ///   - stated: whose its range is.
  /// - Returns: the value.
  /// - Throws: `DescriptionError` for what is no number, out of range, or a word that no input knows.
  func value(
    of input: InputDescription, at place: Int, words: [Int: Set<String>],
    stated: String = "the task states"
  ) throws(DescriptionError) -> Double {
    let role = "input \(quote(input.name))"
    guard let word = input.word else {
      return try number(place, in: input.accepted.0, input.accepted.1, of: role, stated: stated)
    }
    let text = cells[place]
    if text == word { return 1 }
    // A word that nobody told the board about would pass as none of them.
    let known = input.column.flatMap { words[$0] } ?? []
    guard known.contains(text) else {
      let names = known.sorted()
      let hint = isMissing(text, amongWords: true) ? "" : suggestion(for: text, among: names)
      throw error(
        "column \(place) (\(role)) is \(quote(text))\(hint); allowed are \(enumerate(names, most: 20))"
      )
    }
    return 0
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
    // 1.0 and 1 are one class.
    if named, let number = parseNumber(text),
      let index = classes.firstIndex(where: { parseNumber($0) == number })
    {
      return index
    }
    if !named, let number = parseNumber(text), let index = Int(exactly: number),
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

/// The words that inputs know, by their columns.
func words(of inputs: [InputDescription]) -> [Int: Set<String>] {
  var words: [Int: Set<String>] = [:]
  for input in inputs {
    if let column = input.column, let word = input.word { words[column, default: []].insert(word) }
  }
  return words
}
