import Elements

extension TaskDescription {
  /// Reads and checks a task file and the data file it names.
  ///
  /// - Parameters:
  ///   - path: a regular file of UTF-8 text of at most 1 MB; its data file, whose path is relative
  ///     to the folder of the task file, may have 64 MB.
  ///   - data: the path of a CSV file to read instead of the task's own data or samples.
  /// - Returns: the task.
  /// - Throws: `DescriptionError` with the file and line of the first entry that is wrong and what
  ///   would be allowed there.
  public static func read(
    path: String, data: String? = nil
  ) throws(DescriptionError) -> TaskDescription {
    let bytes = try contents(of: path, as: .task)
    return try read(text: try text(bytes, file: path), file: path, data: data)
  }

  /// Reads and checks the text of a task file.
  ///
  /// - Parameters:
  ///   - text: the YAML text.
  ///   - file: what errors call the file; data files are looked for in its folder.
  ///   - data: the path of a CSV file to read instead of the task's own data or samples.
  /// - Returns: the task.
  /// - Throws: as `read(path:)`.
  public static func read(
    text: String, file: String, data: String? = nil
  ) throws(DescriptionError) -> TaskDescription {
    let root = try LocatedNode(text: text, file: file)
    let fields = try root.fields([
      "name", "about", "data", "skip_lines", "samples", "inputs", "outputs", "classes",
      "labels", "objective", "training", "placement", "missing",
    ])
    let inputs = try readInputs(try fields.required("inputs"))
    let outputs = try readOutputs(try fields.required("outputs"))
    var task = TaskDescription(
      name: try fields.required("name").name(), inputs: inputs, outputs: outputs, samples: [])
    if let about = fields["about"] { task.about = try about.text() }

    let answers = try Answers(fields, outputs: outputs)
    task.classes = answers.classes
    task.objective = try readObjective(try fields.required("objective"), answers: answers)
    let rows = try readSamples(fields, inputs: inputs, answers: answers, instead: data)
    task.samples = rows.samples
    task.table = TableDescription(
      width: rows.width, skipLines: rows.skipped, classColumn: answers.classColumn,
      labels: answers.labels)
    task.training =
      try fields["training"]?.integer(in: 1...task.samples.count) ?? task.samples.count
    if let placement = fields["placement"] {
      task.placements = try readPlacements(placement, inputs: inputs.count, outputs: outputs)
    }
    // All that was read is in order: this finds what a reader below has left out.
    do throws(DescriptionError) {
      try task.check()
    } catch {
      throw root.error(error.message)
    }
    return task
  }
}

private let voltsAllowed = TaskDescription.voltsAllowed
private let valuesAllowed = TaskDescription.valuesAllowed
private let columnsAllowed = TaskDescription.columnsAllowed

extension ColumnMap {
  /// Reads `column`, `range` and `volts`; without the last two the column is in volts already.
  fileprivate init(_ fields: Fields) throws(DescriptionError) {
    self.init(column: try fields.required("column").integer(in: columnsAllowed))
    switch (fields["range"], fields["volts"]) {
    case (nil, nil): return
    case (let range?, let volts?):
      (lowest, highest) = try range.pair(in: valuesAllowed, unit: "")
      guard lowest < highest else {
        throw range.error(
          "\(range.what) is \(write(lowest)) to \(write(highest)); the first must be below the "
            + "second"
        )
      }
      guard volts.isList else {
        throw volts.error(
          "\(volts.what) must be a list of the volts at the ends of the range, not \(volts.found)")
      }
      (voltsAtLowest, voltsAtHighest) = try volts.pair(in: voltsAllowed, unit: "V")
    default:
      throw fields.owner.error(
        "\(fields.owner.what) needs both range and volts, or neither if its column is in volts")
    }
  }
}

/// An input that follows one word of a column.
private func readWord(
  _ word: LocatedNode, of fields: Fields, name: String
) throws(DescriptionError) -> InputDescription {
  for key in ["range", "clip"] {
    if let other = fields[key] {
      throw other.error("\(other.what) cannot go with word: a word has a column and volts alone")
    }
  }
  let column = try fields.required("column").integer(in: columnsAllowed)
  let volts = try fields.required("volts")
  guard volts.isList else {
    throw volts.error(
      "\(volts.what) must be a list, of the volts in rows with another word and in those with this "
        + "one, not \(volts.found)")
  }
  let (elsewhere, there) = try volts.pair(in: voltsAllowed, unit: "V")
  return InputDescription(
    name: name, column: column, word: try word.title(), voltsElsewhere: elsewhere, voltsThere: there
  )
}

private func readInputs(_ node: LocatedNode) throws(DescriptionError) -> [InputDescription] {
  var inputs: [InputDescription] = []
  var names: [String: Int] = [:]
  for entry in try node.list(of: "input", count: TaskDescription.inputsAllowed) {
    let fields = try entry.fields(["name", "column", "word", "range", "volts", "clip"])
    let name = try fields.required("name").title()
    if let earlier = names.updateValue(inputs.count, forKey: name) {
      throw entry.error("\(entry.what) is named \(quote(name)) like input \(earlier)")
    }
    if let word = fields["word"] {
      inputs.append(try readWord(word, of: fields, name: name))
      continue
    }
    if fields["column"] != nil {
      let map = try ColumnMap(fields)
      let clip = fields["clip"]
      if let clip, fields["range"] == nil {
        throw clip.error("\(clip.what) needs a range, at whose ends values are cut")
      }
      inputs.append(
        InputDescription(
          name: name, column: map.column, lowest: map.lowest, highest: map.highest,
          voltsAtLowest: map.voltsAtLowest, voltsAtHighest: map.voltsAtHighest,
          clips: try clip?.boolean() == true ? true : nil))
      continue
    }
    if let clip = fields["clip"] {
      throw clip.error("\(entry.what) has clip but no column; a constant has volts alone")
    }
    if let range = fields["range"] {
      throw range.error("\(entry.what) has a range but no column; a constant has volts alone")
    }
    guard let volts = fields["volts"] else {
      throw entry.error("\(entry.what) needs a column, or volts if it is a constant")
    }
    if volts.isList {
      throw volts.error(
        "\(volts.what) is a list but the input has no column; a constant has one number")
    }
    inputs.append(
      InputDescription(name: name, volts: try volts.number(in: voltsAllowed, unit: "V")))
  }
  return inputs
}

private func readOutputs(_ node: LocatedNode) throws(DescriptionError) -> OutputDescription {
  let fields = try node.fields(["count", "differential"])
  return OutputDescription(
    count: try fields.required("count").integer(in: TaskDescription.outputsAllowed),
    differential: try fields["differential"]?.boolean() ?? false)
}

/// Where the data say what is wanted: a class, labels in volts, or both.
private struct Answers {
  var classes: [String] = []
  private(set) var classColumn: Int?
  private(set) var labels: [ColumnMap] = []
  /// Wanted output of other classes and of the own class, if labels follow from the class.
  private var classVolts: (other: Double, own: Double)?
  private let outputs: OutputDescription

  init(_ fields: Fields, outputs: OutputDescription) throws(DescriptionError) {
    self.outputs = outputs
    if let node = fields["classes"] { try readClasses(node) }
    if let node = fields["labels"] {
      if classVolts != nil {
        throw node.error("labels are given twice, here and as volts of classes; one is allowed")
      }
      let entries = try node.list(of: "label", count: outputs.count...outputs.count)
      for entry in entries {
        labels.append(try ColumnMap(try entry.fields(["column", "range", "volts"])))
      }
    }
    if classColumn == nil && labels.isEmpty {
      throw fields.owner.error(
        "the file needs classes or labels, to say what the outputs should be")
    }
  }

  private mutating func readClasses(_ node: LocatedNode) throws(DescriptionError) {
    let fields = try node.fields(["column", "names", "volts"])
    classColumn = try fields.required("column").integer(in: columnsAllowed)
    let names = try fields.required("names")
    for entry in try names.list(of: "class", count: TaskDescription.classesAllowed) {
      let name = try entry.title()
      if classes.contains(name) { throw entry.error("class \(quote(name)) is listed twice") }
      classes.append(name)
    }
    do throws(Violation) {
      try outputs.checkTelling(classes: classes.count)
    } catch {
      throw names.error(error.message)
    }
    if let volts = fields["volts"] {
      let (other, own) = try volts.pair(in: voltsAllowed, unit: "V")
      guard other < own else {
        throw volts.error(
          "\(volts.what) are \(write(other)) for other classes and \(write(own)) for the own one; "
            + "the first must be below the second"
        )
      }
      classVolts = (other, own)
    }
  }

  var hasLabels: Bool { !labels.isEmpty || classVolts != nil }

  /// Columns that are read.
  var columns: [Int] { labels.map(\.column) + (classColumn.map { [$0] } ?? []) }

  /// - Parameters:
  ///   - row: the row.
  ///   - inputs: the task's inputs.
  ///   - words: the words that they know.
  ///   - byIndex: whether the rows before gave their class by its index; `nil` for the first.
  /// - Returns: the sample.
  /// - Throws: `DescriptionError` for a cell that is not as it must be.
  func sample(
    _ row: Row, inputs: [InputDescription], words: [Int: Set<String>], byIndex: inout Bool?
  ) throws(DescriptionError) -> Sample {
    var sample = Sample(inputs: [])
    sample.inputs.reserveCapacity(inputs.count)
    for input in inputs {
      guard let column = input.column else {
        sample.inputs.append(input.volts(at: 0))
        continue
      }
      let value = try row.value(
        of: input, at: column, words: words,
        stated: stated(input.accepted.0, input.accepted.1))
      sample.inputs.append(input.volts(at: value))
    }
    for (output, label) in labels.enumerated() {
      let value = try row.number(
        label.column, in: label.lowest, label.highest, of: "label \(output)",
        stated: stated(label.lowest, label.highest))
      sample.labels.append(label.volts(at: value))
    }
    if let classColumn {
      let category = try row.category(classColumn, classes: classes, byIndex: &byIndex)
      sample.category = category
      if let classVolts {
        sample.labels = (0..<outputs.count).map {
          // One output has the sign of the class, several have one each.
          (outputs.count == 1 ? category == 1 : category == $0) ? classVolts.own : classVolts.other
        }
      }
    }
    return sample
  }
}

/// Whose a range is: the task's, or that of every column without one.
private func stated(_ lowest: Double, _ highest: Double) -> String {
  lowest == voltsAllowed.lowerBound && highest == voltsAllowed.upperBound
    ? "V of a column in volts" : "the task states"
}

private func readObjective(
  _ node: LocatedNode, answers: Answers
) throws(DescriptionError) -> Objective {
  guard node.isMapping else {
    let word = try node.word(["squared_error", "hinge"])
    if word == "hinge" {
      throw node.error("objective hinge needs its margin in V: {hinge: {margin: 0.01}}")
    }
    guard answers.hasLabels else {
      throw node.error(
        "objective squared_error needs labels, or volts of classes for other and own class")
    }
    return .squaredError
  }
  let hinge = try node.fields(["hinge"]).required("hinge")
  guard !answers.classes.isEmpty else {
    throw node.error("objective hinge needs classes; without them squared_error is allowed")
  }
  let margin = try hinge.fields(["margin"]).required("margin")
  return .hinge(margin: try margin.number(in: TaskDescription.marginsAllowed, unit: "V"))
}

private func readSamples(
  _ fields: Fields, inputs: [InputDescription], answers: Answers, instead: String?
) throws(DescriptionError) -> Rows {
  let columns = inputs.compactMap(\.column) + answers.columns
  let needed = (columns.max() ?? 0) + 1
  // Rows that lack a value that is read are wrong, unless the task says to leave them out.
  let skipsMissing = try fields["missing"]?.word(["refuse", "skip"]) == "skip"
  if let instead {
    let skip = try fields["skip_lines"]?.integer(in: 0...1_000_000) ?? 0
    return try readTable(
      try contents(of: instead, as: .data), path: instead, skip: skip, needed: needed,
      inputs: inputs, answers: answers, skipsMissing: skipsMissing)
  }
  switch (fields["samples"], fields["data"]) {
  case (let samples?, nil):
    if let skip = fields["skip_lines"] {
      throw skip.error("skip_lines belongs to data; samples have no lines to skip")
    }
    return try readInline(samples, needed: needed, inputs: inputs, answers: answers)
  case (nil, let data?):
    let skip = try fields["skip_lines"]?.integer(in: 0...1_000_000) ?? 0
    let name = try data.text()
    guard !name.isEmpty else { throw data.error("data is empty; the path of a file is wanted") }
    let path = join(folder(of: data.file), name)
    let bytes: [UInt8]
    do {
      bytes = try contents(of: path, as: .data)
    } catch {
      // The line at fault is the one that names the file.
      throw data.error("data \(quote(path)): \(error.message)")
    }
    return try readTable(
      bytes, path: path, skip: skip, needed: needed, inputs: inputs, answers: answers,
      skipsMissing: skipsMissing)
  case (nil, nil):
    throw fields.owner.error("the file needs samples, or data with the path of a CSV file")
  case (_?, let data?):
    throw data.error("both samples and data are given; one is allowed")
  }
}

/// The samples of a table, and how it is laid out.
private struct Rows {
  var samples: [Sample] = []
  var width = 0
  var skipped = 0
}

/// The samples of a CSV file, a line each.
private func readTable(
  _ bytes: [UInt8], path: String, skip: Int, needed: Int, inputs: [InputDescription],
  answers: Answers, skipsMissing: Bool
) throws(DescriptionError) -> Rows {
  var samples: [Sample] = []
  var byIndex: Bool?
  var width: Int?
  let columns = inputs.compactMap(\.column) + answers.columns
  let words = words(of: inputs)
  try Dialect.forEachRow(bytes, file: path, skip: skip) { row throws(DescriptionError) in
    if let width, row.cells.count != width {
      throw row.error("this line has \(row.cells.count) cells, but the first has \(width)")
    }
    if width == nil {
      width = row.cells.count
      guard row.cells.count >= needed else {
        throw row.error(
          "this line has \(row.cells.count) cells, but the task reads column \(needed - 1) "
            + "(counted from 0)"
        )
      }
    }
    // A class or a word may be called "none".
    if skipsMissing,
      columns.contains(where: {
        isMissing(row.cells[$0])
          && !($0 == answers.classColumn && answers.classes.contains(row.cells[$0]))
          && words[$0]?.contains(row.cells[$0]) != true
      })
    {
      return
    }
    samples.append(try answers.sample(row, inputs: inputs, words: words, byIndex: &byIndex))
  }
  guard !samples.isEmpty else {
    throw DescriptionError(file: path, message: "there are no samples in this file")
  }
  return Rows(samples: samples, width: width ?? needed, skipped: skip)
}

private func readInline(
  _ node: LocatedNode, needed: Int, inputs: [InputDescription], answers: Answers
) throws(DescriptionError) -> Rows {
  var samples: [Sample] = []
  var byIndex: Bool?
  var width: Int?
  let words = words(of: inputs)
  for entry in try node.list(of: "sample", count: 1...1_000_000) {
    let cells = try entry.list(of: "cell", count: 0...(columnsAllowed.upperBound + 1))
    if let width, cells.count != width {
      throw entry.error("\(entry.what) has \(cells.count) cells, but sample 0 has \(width)")
    }
    width = cells.count
    guard cells.count >= needed else {
      throw entry.error(
        "\(entry.what) has \(cells.count) cells, but the task reads column \(needed - 1) (counted "
          + "from 0)"
      )
    }
    var texts: [String] = []
    for cell in cells {
      texts.append(try cell.scalar("a number, a word or the name of a class").text)
    }
    let row = Row(file: entry.file, line: entry.line, cells: texts)
    samples.append(try answers.sample(row, inputs: inputs, words: words, byIndex: &byIndex))
  }
  return Rows(samples: samples, width: width ?? needed)
}

private func readPlacements(
  _ node: LocatedNode, inputs: Int, outputs: OutputDescription
) throws(DescriptionError) -> [String: Placement] {
  var placements: [String: Placement] = [:]
  for (key, value) in try node.entries() {
    let board = try key.node.name()
    let owner = LocatedNode(node: value.node, file: value.file, what: "placement \(quote(board))")
    let fields = try owner.fields(["sources", "targets"])
    var used: Set<String> = []
    func names(_ key: String, as role: String, count: Int) throws(DescriptionError) -> [String] {
      let list = try fields.required(key)
      let entries = try list.list(of: role, count: 0...1024)
      guard entries.count == count else {
        throw list.error(
          "\(list.what) has \(entries.count) nodes, but the task takes \(count) \(role) channels")
      }
      var names: [String] = []
      for entry in entries {
        // On a netlist nodes are numbers: names belong to one board's file.
        let name =
          isNetlist(board) ? String(try entry.integer(in: 0...1_000_000)) : try entry.name()
        guard used.insert(name).inserted else {
          throw entry.error("\(entry.what) is node \(quote(name)), which is used already")
        }
        names.append(name)
      }
      return names
    }
    placements[board] = Placement(
      sources: try names("sources", as: "source", count: inputs),
      targets: try names("targets", as: "target", count: outputs.channels))
  }
  return placements
}
