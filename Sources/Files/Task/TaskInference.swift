import Elements
import Portable

/// A task made from a table: what its columns are and how they become volts.
///
/// What is decided by numbers of the data - which columns a board of few channels gets - is decided
/// by the samples that train; ranges are those of all rows, since a board refuses what is outside.
public struct TaskInference {
  /// What a user may say of the table.
  public struct Wishes: Sendable {
    /// The column with the answer, by its name or by its number from 0; `nil` to find it.
    public var answer: String?
    /// Whether the answer is a class; `nil` to find out.
    public var isClass: Bool?
    /// The most source channels that the task may take; `nil` for as many as it wants.
    public var sources: Int?
    /// The most target channels.
    public var targets: Int?
    /// The range of the board's nodes, V.
    public var volts: ClosedRange<Double>
    /// The seed of the run, which draws the split.
    public var seed: UInt64

    /// Makes wishes.
    public init(
      answer: String? = nil, isClass: Bool? = nil, sources: Int? = nil, targets: Int? = nil,
      volts: ClosedRange<Double> = 0...0.45, seed: UInt64 = 1
    ) {
      self.answer = answer
      self.isClass = isClass
      self.sources = sources
      self.targets = targets
      self.volts = volts
      self.seed = seed
    }
  }

  /// The task.
  public private(set) var task: TaskDescription
  /// What was found and chosen, a sentence each.
  public private(set) var remarks: [String] = []

  private let table: DataTable
  private let wishes: Wishes
  private var answer = 0
  private var rows: [Row] = []
  private var missing = 0

  /// The largest lead that a class is asked for, V, on a circuit of few inputs.
  private static let margin = 0.03
  /// The share of the node range, from both ends, that wanted values stay away from: outputs are
  /// means of inputs and reach neither end.
  private static let inner = 0.25

  /// How many different words a column may have to become inputs, one each.
  private static let wordsAllowed = 2...8

  /// One column that may become inputs: of numbers, or of words.
  private struct Column {
    var number: Int
    var name: String
    /// The numbers, or those of the words.
    var values: [Double]
    var range: ClosedRange<Double>
    /// The words, in order; empty for a column of numbers.
    var words: [String] = []
    /// How much of the answer it tells alone: the F ratio of classes, or the squared correlation.
    var worth = 0.0
  }

  /// Makes a task from a file.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - wishes: what the user says of it.
  /// - Throws: `DescriptionError` with the line at fault.
  public init(path: String, wishes: Wishes) throws(DescriptionError) {
    try self.init(table: try DataTable.read(path: path), wishes: wishes)
  }

  init(table: DataTable, wishes: Wishes) throws(DescriptionError) {
    self.table = table
    self.wishes = wishes
    task = TaskDescription(
      name: Self.name(of: table.path), inputs: [], outputs: OutputDescription(count: 1),
      samples: [])
    guard table.width >= 2 else {
      throw DescriptionError(
        file: table.path, line: table.rows[0].line,
        message: "the table has one column; columns of numbers and one with the answer are wanted, "
          + "with commas, semicolons or tabs between them")
    }
    answer = try answerColumn()
    var columns = try usableColumns()
    try takeAnswers()
    try choose(&columns)
    task.about =
      "Made from \(Self.fileName(of: table.path)): \(what) from \(counted(columns.count, "column"))."
    let words = words(of: task.inputs)
    for row in rows { task.samples.append(try sample(row, words)) }
    var map = ColumnMap(column: answer)
    if let labels {
      (map.lowest, map.highest) = (labels.values.lowerBound, labels.values.upperBound)
      (map.voltsAtLowest, map.voltsAtHighest) = (labels.volts.lowerBound, labels.volts.upperBound)
    }
    task.table = TableDescription(
      width: table.width, skipLines: table.skipped,
      classColumn: task.classes.isEmpty ? nil : answer, labels: task.classes.isEmpty ? [map] : [])
    do throws(DescriptionError) { try task.check() } catch {
      throw DescriptionError(file: table.path, message: error.message)
    }
  }

  private var what: String {
    task.classes.isEmpty
      ? "\(quote(table.name(of: answer))) in volts" : "one of \(task.classes.count) classes"
  }

  // MARK: - The answer

  /// Names of columns that have the answer, the surest first: y may be a coordinate.
  private static let answers = [
    "class", "species", "target", "label", "answer", "diagnosis", "outcome", "category", "type",
    "y",
  ]

  private func answerColumn() throws(DescriptionError) -> Int {
    let names = (0..<table.width).map { table.name(of: $0) }
    if let wanted = wishes.answer {
      if let column = names.firstIndex(of: wanted) ?? table.header?.firstIndex(of: wanted) {
        return column
      }
      if let number = Int(wanted), (0..<table.width).contains(number) { return number }
      throw DescriptionError(
        file: table.path,
        message: "there is no column \(quote(wanted))\(suggestion(for: wanted, among: names)); "
          + "allowed are \(enumerate(names, most: 20)), or 0 ... \(table.width - 1)")
    }
    if let header = table.header?.map({ $0.lowercased() }),
      let column = Self.answers.lazy.compactMap({ header.firstIndex(of: $0) }).first
    {
      return column
    }
    // Words that are different in every row are names of the rows.
    let words = (0..<table.width).filter { column in
      let cells = table.rows.map { $0.cells[column] }.filter { !isMissing($0) }
      return cells.contains { parseNumber($0) == nil } && Set(cells).count * 2 <= cells.count
    }
    return words.count == 1 ? words[0] : table.width - 1
  }

  /// Reads the answers of the rows: classes or values.
  private mutating func takeAnswers() throws(DescriptionError) {
    let cells = rows.map { $0.cells[answer] }
    let numbers = cells.compactMap { parseNumber($0) }
    let isNumeric = numbers.count == cells.count
    let distinct = Set(numbers)
    let isWhole = numbers.allSatisfy { $0 == $0.rounded() }
    let looksLikeClass =
      !isNumeric || (isWhole && distinct.count <= 20 && distinct.count * 5 <= rows.count)
    let name = quote(table.name(of: answer))
    if wishes.isClass ?? looksLikeClass {
      // 1.0 and 1 are one class, written as it is first.
      let spelt = Dictionary(zip(numbers, cells)) { first, _ in first }
      task.classes =
        isNumeric ? distinct.sorted().map { spelt[$0] ?? "" } : Set(cells).sorted()
      if isNumeric, let words = table.classNames, Set(words).count == words.count,
        distinct.allSatisfy({ Int(exactly: $0).map(words.indices.contains) ?? false })
      {
        task.classes = words
      }
      let count = task.classes.count
      guard count >= 2, count * 2 <= rows.count, count <= TaskDescription.classesAllowed.upperBound
      else {
        throw DescriptionError(
          file: table.path,
          message: "column \(name), taken for the answer, has \(count) different classes in "
            + "\(rows.count) rows; name another column, or take its numbers as values")
      }
      if let bad = task.classes.first(where: { !isTitle($0) }) {
        throw DescriptionError(
          file: table.path,
          message: "class \(quote(bad)) is no name of a class; allowed is a line of at most 64 "
            + "characters")
      }
      task.outputs = OutputDescription(count: count)
      task.objective = .hinge(margin: Self.margin)
      remarks.append(
        "the answer is column \(name): \(count) classes, \(enumerate(task.classes, most: 6))")
      try tellRareClasses()
    } else {
      guard isNumeric else {
        let row = rows.first { parseNumber($0.cells[answer]) == nil } ?? rows[0]
        throw row.error(
          "column \(answer) (the answer) is \(quote(row.cells[answer])); a number is wanted")
      }
      guard let lowest = numbers.min(), let highest = numbers.max(), lowest < highest else {
        throw DescriptionError(
          file: table.path,
          message: "column \(name), taken for the answer, is the same in every row")
      }
      try check(lowest...highest, of: answer)
      task.outputs = OutputDescription(count: 1)
      task.objective = .squaredError
      labels = (lowest...highest, inside)
      remarks.append(
        "the answer is column \(name): values \(write(lowest)) ... \(write(highest)), wanted as "
          + "\(write(inside, unit: "V"))")
    }
    let needed = task.outputs.channels
    if let most = wishes.targets, most < needed {
      throw DescriptionError(
        file: table.path,
        message: "\(needed) classes take \(needed) target channels; the board has \(most)")
    }
    task.training = max(1, (rows.count * 2 + 1) / 3)
  }

  /// Says which classes have so few rows that they may be slips of the pen: a row to train with and
  /// one to hold out take two, and then some luck.
  private mutating func tellRareClasses() throws(DescriptionError) {
    var counts = [Int](repeating: 0, count: task.classes.count)
    for row in rows { counts[try category(of: row)] += 1 }
    let rare = counts.indices.filter { (1...2).contains(counts[$0]) }.map {
      "\(quote(task.classes[$0])) (\(counts[$0] == 1 ? "1 row" : "2 rows"))"
    }
    if !rare.isEmpty { remarks.append("too rare to learn: \(enumerate(rare, most: 6))") }
  }

  /// Refuses numbers that no task may have.
  private func check(_ values: ClosedRange<Double>, of column: Int) throws(DescriptionError) {
    let allowed = TaskDescription.valuesAllowed
    guard allowed.contains(values.lowerBound), allowed.contains(values.upperBound) else {
      throw DescriptionError(
        file: table.path,
        message: "column \(quote(table.name(of: column))) goes from \(write(values.lowerBound)) to "
          + "\(write(values.upperBound)); allowed is \(write(allowed, unit: ""))")
    }
  }

  private var labels: (values: ClosedRange<Double>, volts: ClosedRange<Double>)?

  private var inside: ClosedRange<Double> {
    let (low, high) = (wishes.volts.lowerBound, wishes.volts.upperBound)
    let share = Self.inner * (high - low)
    return low + share...high - share
  }

  // MARK: - The inputs

  /// The columns of numbers or a few words that differ from row to row, and the rows that have all of
  /// them.
  private mutating func usableColumns() throws(DescriptionError) -> [Column] {
    var numeric: [Int] = []
    var worded: Set<Int> = []
    var counters: [Int] = []
    var left: [String] = []
    var leavesWords = false
    for column in 0..<table.width where column != answer {
      let cells = table.rows.map { $0.cells[column] }.filter { !isMissing($0) }
      let numbers = cells.compactMap { parseNumber($0) }
      let name = quote(table.name(of: column))
      let odd = table.rows.first { row in
        !isMissing(row.cells[column]) && parseNumber(row.cells[column]) == nil
      }
      if let odd {
        // A few words in a column of numbers are mistakes; many are another kind of column.
        if numbers.count * 10 >= cells.count * 9 && !numbers.isEmpty {
          throw odd.error(
            "column \(column) (\(name)) is \(quote(odd.cells[column])); a number is wanted, as in "
              + "the other rows, or ? for a missing one")
        }
        if let obstacle = wordsObstacle(column) {
          left.append("\(name) (\(obstacle))")
          leavesWords = true
        } else {
          worded.insert(column)
        }
      } else if Set(numbers).count < 2 {
        left.append("\(name) (always the same)")
      } else if isCounter(numbers, column) {
        counters.append(column)
      } else {
        numeric.append(column)
      }
    }
    // A year counts the rows as well; alone it is a measure.
    if numeric.isEmpty && worded.isEmpty { (numeric, counters) = (counters, []) }
    left += counters.map { "\(quote(table.name(of: $0))) (counts the rows)" }
    let used = (numeric + worded).sorted()
    guard !used.isEmpty else {
      throw DescriptionError(
        file: table.path,
        message: "no column but the answer's holds numbers or a few words that differ: "
          + "\(enumerate(left, most: 6)); columns of numbers, with ? for a missing one, or of words "
          + "are wanted; \(Self.wordsWanted)")
    }
    let hasWords = table.rows.contains {
      !isMissing($0.cells[answer]) && parseNumber($0.cells[answer]) == nil
    }
    var first: Int?
    for row in table.rows {
      if used.contains(where: { isMissing(row.cells[$0], amongWords: worded.contains($0)) })
        || isMissing(row.cells[answer], amongWords: hasWords)
      {
        missing += 1
        first = first ?? row.line
      } else {
        rows.append(row)
      }
    }
    if missing > 0 {
      remarks.append(
        "\(missing) of \(table.rows.count) rows lack a value and are left out, the first on line "
          + "\(first ?? 0)")
    }
    guard rows.count >= 4 else {
      throw DescriptionError(
        file: table.path,
        message: "\(rows.count) rows have a value in every column; at least 4 are wanted")
    }
    var columns: [Column] = []
    var clipped: [String] = []
    for number in used {
      if worded.contains(number) {
        let words = Set(rows.map { $0.cells[number] }).sorted()
        if words.count < 2 {
          left.append("\(quote(table.name(of: number))) (always the same in these rows)")
          continue
        }
        let values = rows.map { row in Double(words.firstIndex(of: row.cells[number]) ?? 0) }
        columns.append(
          Column(
            number: number, name: table.name(of: number), values: values, range: 0...1,
            words: words))
        continue
      }
      let values = rows.map { parseNumber($0.cells[number]) ?? 0 }
      guard let lowest = values.min(), let highest = values.max(), lowest < highest else {
        left.append("\(quote(table.name(of: number))) (always the same in these rows)")
        continue
      }
      try check(lowest...highest, of: number)
      let range = Self.range(of: values.sorted())
      if range != lowest...highest { clipped.append(table.name(of: number)) }
      columns.append(
        Column(number: number, name: table.name(of: number), values: values, range: range))
    }
    if !left.isEmpty { remarks.append("left out: \(enumerate(left, most: 6))") }
    if leavesWords { remarks.append(Self.wordsWanted) }
    guard !columns.isEmpty else {
      throw DescriptionError(
        file: table.path,
        message: "in the \(rows.count) rows that have all values no column but the answer's differs"
      )
    }
    if !clipped.isEmpty {
      remarks.append(
        "the 2 % at either end of \(enumerate(clipped, most: 4)) lie far out and count as the end of "
          + "the range")
    }
    return columns
  }

  /// Which columns of words become inputs, and what is to be done with others.
  private static let wordsWanted =
    "a column of words becomes inputs where it has \(wordsAllowed.lowerBound) ... "
    + "\(wordsAllowed.upperBound) different ones, two rows each in the mean, and a word in at least half "
    + "of the rows; to use another, group its words or write numbers in their place"

  /// Why a column of words becomes no inputs; `nil` where it does.
  private func wordsObstacle(_ column: Int) -> String? {
    let cells = table.rows.map { $0.cells[column] }.filter { !isMissing($0, amongWords: true) }
    let words = Set(cells)
    if words.count < 2 { return "always the same word" }
    if words.count > Self.wordsAllowed.upperBound || words.count * 2 > cells.count {
      return "\(words.count) different words in \(counted(cells.count, "row"))"
    }
    if cells.count * 2 < table.rows.count {
      return "words, in \(cells.count) of \(table.rows.count) rows"
    }
    if let word = words.sorted().first(where: { !isTitle($0) }) {
      return
        "its word \(quote(word)) is no line of at most 64 characters without blanks at its ends"
    }
    return nil
  }

  /// The range of a column: all of its values, or, where the outer 2 % at either end would squeeze
  /// the others together, without those.
  private static func range(of sorted: [Double]) -> ClosedRange<Double> {
    let (lowest, highest) = (sorted[0], sorted[sorted.count - 1])
    let outer = sorted.count / 50
    let (low, high) = (sorted[outer], sorted[sorted.count - 1 - outer])
    // An inner range that is a small part of the whole is worth the loss; one of a column that is
    // nearly always the same is not.
    return high > low && highest - lowest > 1.6 * (high - low) ? low...high : lowest...highest
  }

  private static let counters = ["id", "index", "idx", "no", "no.", "nr", "nr.", "row", "key"]

  /// Whether a column numbers the rows and measures nothing: whole numbers, another in each row, that
  /// rise or are called so.
  private func isCounter(_ numbers: [Double], _ column: Int) -> Bool {
    guard numbers.count == table.rows.count, numbers.count > 8,
      numbers.allSatisfy({ $0 == $0.rounded() })
    else { return false }
    let name = table.name(of: column).lowercased()
    let isCalledSo = Self.counters.contains(name) || name.hasSuffix(" id") || name.hasSuffix("_id")
    return isCalledSo
      ? Set(numbers).count == numbers.count
      : zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 }
  }

  /// Takes as many columns and complements as there are channels, the best first.
  private mutating func choose(_ columns: inout [Column]) throws(DescriptionError) {
    let most = min(wishes.sources ?? .max, TaskDescription.inputsAllowed.upperBound)
    guard most >= 3 else {
      throw DescriptionError(
        file: table.path,
        message: "the board has \(most) source channels; a column and two constants take 3")
    }
    let training = TaskDescription.split(
      count: rows.count, training: task.training, seed: wishes.seed
    ).training
    for index in columns.indices { columns[index].worth = worth(columns[index], training) }
    let ranked = columns.indices.sorted { one, other in
      let (a, b) = (columns[one].worth, columns[other].worth)
      return a != b ? a > b : one < other
    }
    let room = most - 2
    // A column without its complement can only count for more, never for less: two channels each,
    // where there are enough for the best four, or for all. The words of a column are each other's
    // complements: a channel each.
    var chosen: Set<Int> = []
    var (bare, whole) = (0, 0)
    for index in ranked {
      let words = columns[index].words.count
      let (least, most) = (bare + max(words, 1), whole + (words > 0 ? words : 2))
      guard most <= room || chosen.count < 4 && least <= room else { continue }
      chosen.insert(index)
      (bare, whole) = (least, most)
    }
    let numbers = ranked.filter { chosen.contains($0) && columns[$0].words.isEmpty }
    let complements = Set(numbers.prefix(room - bare))
    let hasWords = columns.contains { !$0.words.isEmpty }
    if chosen.isEmpty {
      let first = columns[ranked[0]]
      throw DescriptionError(
        file: table.path,
        message: "the board has \(most) source channels; the \(first.words.count) words of column "
          + "\(quote(first.name)) and two constants take \(first.words.count + 2)")
    } else if chosen.count < columns.count {
      let left = columns.indices.filter { !chosen.contains($0) }.map { columns[$0].name }
      remarks.append(
        "\(columns.count) columns and their complements \(hasWords ? "or words " : "")are more than "
          + "\(most) channels: the \(chosen.count) that tell the answer best in the training samples "
          + "\(hasWords ? "and find room " : "")are kept, without \(enumerate(left, most: 6))")
    } else if complements.count < numbers.count {
      remarks.append(
        "for \(most) channels only \(complements.count) of \(numbers.count) columns "
          + "\(hasWords ? "of numbers " : "")have a complement, those that tell the answer best in "
          + "the training samples")
    }
    let (low, high) = (wishes.volts.lowerBound, wishes.volts.upperBound)
    for index in columns.indices where chosen.contains(index) {
      let column = columns[index]
      for word in column.words {
        task.inputs.append(
          InputDescription(
            name: unused(Self.name(of: word, in: column.name)), column: column.number, word: word,
            voltsElsewhere: low, voltsThere: high))
      }
      if !column.words.isEmpty {
        remarks.append(
          "column \(quote(column.name)) becomes an input for each of its \(column.words.count) words, "
            + "\(enumerate(column.words)): \(write(high)) V in rows that have it, else \(write(low)) V"
        )
        continue
      }
      task.inputs.append(
        InputDescription(
          name: unused(column.name), column: column.number, lowest: column.range.lowerBound,
          highest: column.range.upperBound, voltsAtLowest: low, voltsAtHighest: high, clips: true))
    }
    for index in columns.indices where complements.contains(index) {
      let column = columns[index]
      task.inputs.append(
        InputDescription(
          name: unused("not " + column.name), column: column.number,
          lowest: column.range.lowerBound,
          highest: column.range.upperBound, voltsAtLowest: high, voltsAtHighest: low, clips: true))
    }
    task.inputs.append(InputDescription(name: unused("constant high"), volts: high))
    task.inputs.append(InputDescription(name: unused("constant low"), volts: low))
    columns = columns.indices.filter(chosen.contains).map { columns[$0] }
    remarks.append(
      "\(counted(columns.count, "column")) become\(columns.count == 1 ? "s" : "") "
        + "\(task.inputs.count) inputs: each on \(write(wishes.volts, unit: "V")), "
        + "\(counted(complements.count, "complement")), two constants"
    )
  }

  /// The name of a word's input, of at most 60 characters.
  private static func name(of word: String, in column: String) -> String {
    func cut(_ text: String) -> String {
      String(String.UnicodeScalarView(text.unicodeScalars.prefix(28))).trimmingBlanks
    }
    return "\(cut(column)) is \(cut(word))"
  }

  /// A name that no input has yet.
  private func unused(_ name: String) -> String {
    var (candidate, number) = (name, 2)
    while task.inputs.contains(where: { $0.name == candidate }) {
      candidate = "\(name) (\(number))"
      number += 1
    }
    return candidate
  }

  private func counted(_ count: Int, _ what: String) -> String {
    "\(count) \(what)\(count == 1 ? "" : "s")"
  }

  /// How much of the answer a column tells alone, in the training samples; of words, the one that tells
  /// the most.
  private func worth(_ column: Column, _ training: [Int]) -> Double {
    if column.words.isEmpty { return worth(column.values, training) }
    return column.words.indices.map { word in
      worth(column.values.map { $0 == Double(word) ? 1 : 0 }, training)
    }.max() ?? 0
  }

  private func worth(_ all: [Double], _ training: [Int]) -> Double {
    let values = training.map { all[$0] }
    let count = Double(max(values.count, 1))
    let mean = values.reduce(0, +) / count
    let spread = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    if spread == 0 { return 0 }
    if task.classes.isEmpty {
      let answers = training.map { parseNumber(rows[$0].cells[answer]) ?? 0 }
      let middle = answers.reduce(0, +) / count
      let other = answers.reduce(0) { $0 + ($1 - middle) * ($1 - middle) }
      let both = zip(values, answers).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - middle) }
      return other > 0 ? both * both / (spread * other) : 0
    }
    var sums: [Int: (sum: Double, count: Double)] = [:]
    for index in training {
      let category = (try? self.category(of: rows[index])) ?? 0
      sums[category, default: (0, 0)].sum += all[index]
      sums[category]?.count += 1
    }
    let between = sums.keys.sorted().reduce(0.0) { sum, key in
      let own = sums[key]!
      let away = own.sum / own.count - mean
      return sum + own.count * away * away
    }
    return between / max(spread - between, 1e-12 * spread)
  }

  private func sample(_ row: Row, _ words: [Int: Set<String>]) throws(DescriptionError) -> Sample {
    var sample = Sample(inputs: [])
    for input in task.inputs {
      let value = try input.column.map { column throws(DescriptionError) in
        try row.value(of: input, at: column, words: words)
      }
      sample.inputs.append(input.volts(at: value ?? 0))
    }
    if let labels {
      let value = parseNumber(row.cells[answer]) ?? 0
      sample.labels = [
        interpolate(
          value, from: (labels.values.lowerBound, labels.values.upperBound),
          to: (labels.volts.lowerBound, labels.volts.upperBound))
      ]
    } else {
      sample.category = try category(of: row)
    }
    return sample
  }

  /// The class of a row, by its name.
  private func category(of row: Row) throws(DescriptionError) -> Int {
    var byIndex: Bool? = table.classNames == nil ? false : nil
    return try row.category(answer, classes: task.classes, byIndex: &byIndex)
  }

  // MARK: - Its file

  /// The task as a task file that reads the same table.
  ///
  /// - Parameter data: the path of the table as the file is to name it, relative to its own folder.
  /// - Returns: the file's text.
  public func yaml(data: String) -> String {
    var lines = ["name: \(scalar(task.name))", "about: \(scalar(task.about))", ""]
    lines += remarks.map { "# \($0)" }
    lines.append("data: \(scalar(data))\(data.hasPrefix("/") ? "" : " # relative to this file")")
    if table.skipped > 0 { lines.append("skip_lines: \(table.skipped)") }
    if missing > 0 { lines.append("missing: skip # rows that lack a value are left out") }
    lines += [
      "",
      "inputs: # volts is what the ends of a range become; clip: values beyond count as its end",
    ]
    if task.inputs.contains(where: { $0.word != nil }) {
      lines.append(
        "  # of a word, volts is what rows with another word become, and those with this one")
    }
    for input in task.inputs {
      var entries = ["name: \(scalar(input.name))"]
      if let column = input.column, let word = input.word {
        entries.append("column: \(column)")
        entries.append("word: \(scalar(word))")
        entries.append("volts: [\(write(input.voltsAtLowest)), \(write(input.voltsAtHighest))]")
      } else if let column = input.column {
        entries.append("column: \(column)")
        entries.append("range: [\(write(input.lowest)), \(write(input.highest))]")
        entries.append("volts: [\(write(input.voltsAtLowest)), \(write(input.voltsAtHighest))]")
        entries.append("clip: true")
      } else {
        entries.append("volts: \(write(input.voltsAtLowest))")
      }
      lines.append("  - {\(entries.joined(separator: ", "))}")
    }
    lines += ["", "outputs: {count: \(task.outputs.count)}"]
    if let labels {
      lines.append(
        "labels: [{column: \(answer), range: [\(write(labels.values.lowerBound)), "
          + "\(write(labels.values.upperBound))], volts: [\(write(labels.volts.lowerBound)), "
          + "\(write(labels.volts.upperBound))]}]")
      lines.append("objective: squared_error")
    } else {
      lines.append(
        "classes: {column: \(answer), names: [\(task.classes.map(scalar).joined(separator: ", "))]}"
      )
      if case .hinge(let margin) = task.objective {
        lines.append("objective: {hinge: {margin: \(write(margin))}} # V")
      }
    }
    lines.append("training: \(task.training) # drawn by the run's seed; the others are held out")
    return lines.joined(separator: "\n") + "\n"
  }

  private static func fileName(of path: String) -> String {
    String(path.split(separator: "/").last ?? "data")
  }

  /// A task's name from a file's.
  private static func name(of path: String) -> String {
    var name = fileName(of: path)[...]
    if let dot = name.lastIndex(of: "."), dot != name.startIndex { name = name[..<dot] }
    let text = String(
      decoding: name.utf8.map { isNameByte($0) ? $0 : UInt8(ascii: "-") }.prefix(64), as: UTF8.self)
    return isName(text) ? text : "data"
  }
}
