import Elements

extension TaskDescription {
  /// Volts a task may speak of; a board allows less.
  static let voltsAllowed = -10.0...10.0
  static let valuesAllowed = -1e30...1e30
  static let columnsAllowed = 0...9999
  static let inputsAllowed = 1...1024
  static let outputsAllowed = 1...512
  static let classesAllowed = 2...512
  static let marginsAllowed = 1e-6...1.0
  /// A line of a data file has at least two bytes.
  static let samplesAllowed = 1...FileKind.data.limit / 2

  /// Checks everything that `read(path:data:)` checks, on a value that comes from elsewhere.
  ///
  /// - Throws: `DescriptionError`, without a file, saying what is wrong and what would be allowed.
  public func check() throws(DescriptionError) {
    do throws(Violation) {
      try checkParts()
    } catch {
      throw DescriptionError(message: error.message)
    }
  }

  private func checkParts() throws(Violation) {
    guard isName(name) else {
      throw Violation(message: "name is \(quote(name)), which is no name of a task")
    }
    guard isText(about) else { throw Violation(message: "about holds a control character") }
    try Files.check(count: inputs.count, of: "inputs", in: Self.inputsAllowed)
    try Files.check(names: inputs.map(\.name), of: "input", isTitle)
    for input in inputs { try input.check() }
    try Files.check(outputs.count, "count of outputs", in: Self.outputsAllowed)
    if !classes.isEmpty {
      try Files.check(count: classes.count, of: "classes", in: Self.classesAllowed)
      try Files.check(names: classes, of: "class", isTitle)
      try outputs.checkTelling(classes: classes.count)
    }
    try Files.check(count: samples.count, of: "samples", in: Self.samplesAllowed)
    try Files.check(training, "training", in: 1...samples.count)
    try checkSamples()
    try table?.check(outputs: outputs.count)
    switch objective {
    case .squaredError:
      guard samples.allSatisfy({ !$0.labels.isEmpty }) else {
        throw Violation(
          message: "objective squared_error needs labels, or volts of classes for other and own "
            + "class")
      }
    case .hinge(let margin):
      guard !classes.isEmpty else {
        throw Violation(
          message: "objective hinge needs classes; without them squared_error is allowed")
      }
      try Files.check(margin, "margin of hinge", in: Self.marginsAllowed, unit: "V")
    }
    for (board, placement) in placements.sorted(by: { $0.key < $1.key }) {
      try check(placement, on: board)
    }
  }

  private func checkSamples() throws(Violation) {
    let labels = samples[0].labels.count
    guard labels == outputs.count || labels == 0 && !classes.isEmpty else {
      throw Violation(
        message: "sample 0 has \(labels) labels; the task has \(outputs.count) outputs")
    }
    // Maps of ranges leave the ends of volts exact only up to rounding.
    let volts =
      Self.voltsAllowed.lowerBound - 1e-9...Self.voltsAllowed.upperBound + 1e-9
    for (number, sample) in samples.enumerated() {
      guard sample.inputs.count == inputs.count else {
        throw Violation(
          message: "sample \(number) has \(sample.inputs.count) inputs; the task has "
            + "\(inputs.count)")
      }
      guard sample.labels.count == labels else {
        throw Violation(
          message: "sample \(number) has \(sample.labels.count) labels; sample 0 has \(labels)")
      }
      for value in sample.inputs + sample.labels where !volts.contains(value) {
        throw Violation(
          message: "an input or label of sample \(number) is \(write(value)); allowed is "
            + "\(write(Self.voltsAllowed, unit: "V"))")
      }
      if let category = sample.category {
        guard classes.indices.contains(category) else {
          throw Violation(
            message: "the class of sample \(number) is \(category); there are \(classes.count)")
        }
      } else if !classes.isEmpty {
        throw Violation(message: "sample \(number) has no class")
      }
    }
  }

  private func check(_ placement: Placement, on board: String) throws(Violation) {
    guard isName(board) else {
      throw Violation(message: "a placement is on \(quote(board)), which is no name of a board")
    }
    for (role, names, count) in [
      ("source", placement.sources, inputs.count),
      ("target", placement.targets, outputs.channels),
    ] where names.count != count {
      throw Violation(
        message: "placement \(quote(board)) has \(names.count) \(role) nodes, but the task takes "
          + "\(count) \(role) channels")
    }
    try Files.check(
      names: placement.sources + placement.targets, of: "node of placement \(quote(board)),",
      isName)
  }
}

extension TableDescription {
  fileprivate func check(outputs: Int) throws(Violation) {
    let columns = TaskDescription.columnsAllowed
    try Files.check(width, "width of table", in: 0...columns.upperBound + 1)
    try Files.check(skipLines, "skipLines of table", in: 0...1_000_000)
    if let classColumn { try Files.check(classColumn, "classColumn of table", in: columns) }
    guard labels.isEmpty || labels.count == outputs else {
      throw Violation(
        message: "table has \(labels.count) labels; the task has \(outputs) outputs")
    }
    for label in labels {
      try Files.check(label.column, "column of a label", in: columns)
      for value in [label.lowest, label.highest] {
        try Files.check(value, "range of a label", in: TaskDescription.valuesAllowed)
      }
      guard label.lowest < label.highest else {
        throw Violation(
          message:
            "range of a label is \(write(label.lowest)) to \(write(label.highest)); the first "
            + "must be below the second")
      }
      for value in [label.voltsAtLowest, label.voltsAtHighest] {
        try Files.check(value, "volts of a label", in: TaskDescription.voltsAllowed, unit: "V")
      }
    }
  }
}

extension InputDescription {
  fileprivate func check() throws(Violation) {
    let name = "input \(quote(name))"
    if let column {
      try Files.check(column, "column of \(name)", in: TaskDescription.columnsAllowed)
    }
    for value in [lowest, highest] {
      try Files.check(value, "range of \(name)", in: TaskDescription.valuesAllowed)
    }
    guard lowest < highest else {
      throw Violation(
        message:
          "range of \(name) is \(write(lowest)) to \(write(highest)); the first must be below "
          + "the second")
    }
    for value in [voltsAtLowest, voltsAtHighest] {
      try Files.check(
        value, "volts of \(name)", in: TaskDescription.voltsAllowed, unit: "V")
    }
    if let word {
      guard isTitle(word), column != nil, (lowest, highest) == (0, 1), clips != true else {
        throw Violation(
          message: "\(name) follows the word \(quote(word)); allowed is a line of at most 64 "
            + "characters, of a column, with range 0 to 1 and no clip")
      }
    }
    if column == nil, voltsAtLowest != voltsAtHighest {
      throw Violation(message: "\(name) has no column but two voltages; a constant has one")
    }
  }
}

extension OutputDescription {
  /// Checks that the outputs can tell so many classes apart.
  func checkTelling(classes: Int) throws(Violation) {
    guard count == classes || (classes == 2 && count == 1) else {
      throw Violation(
        message: "\(count) outputs cannot tell \(classes) classes apart; allowed are \(classes) "
          + "outputs (the largest wins)"
          + (classes == 2 ? " or one differential output (its sign decides)" : ""))
    }
    if count == 1 && !differential {
      throw Violation(
        message: "the sign of one output decides between two classes, but a single node has none; "
          + "write outputs: {count: 1, differential: true}")
    }
  }
}
