import Elements

extension TaskDescription {
  /// The nodes of a board that this task's channels use: those of its placement for the board's
  /// netlist, else for the board's name, else the first of the board's default nodes.
  ///
  /// - Parameter board: the board to place on.
  /// - Returns: a node index for every source channel and every target channel.
  /// - Throws: `DescriptionError` if the board has too few channels or nodes for them, lacks a
  ///   node, would use one twice, or if a voltage of a sample is outside the board's limits.
  public func place(
    on board: BoardDescription
  ) throws(DescriptionError) -> (sources: [Int], targets: [Int]) {
    let needed = (sources: inputs.count, targets: outputs.channels)
    if needed.sources > board.sourceChannels {
      throw refusal(
        on: board,
        "it takes \(needed.sources) source channels, the board has \(board.sourceChannels)")
    }
    if needed.targets > board.targetChannels {
      throw refusal(
        on: board,
        "it takes \(needed.targets) target channels, the board has \(board.targetChannels)")
    }
    let places: (sources: [Int], targets: [Int])
    if let placement = placements[board.netlist] {
      places = (
        try numbers(placement.sources, count: needed.sources, role: "source", on: board),
        try numbers(placement.targets, count: needed.targets, role: "target", on: board)
      )
    } else if let placement = placements[board.name] {
      places = (
        try indices(placement.sources, count: needed.sources, role: "source", on: board),
        try indices(placement.targets, count: needed.targets, role: "target", on: board)
      )
    } else {
      places = (
        try defaults(board.sources, count: needed.sources, role: "source", on: board),
        try defaults(board.targets, count: needed.targets, role: "target", on: board)
      )
    }
    var used: Set<Int> = []
    for node in places.sources + places.targets where !used.insert(node).inserted {
      throw refusal(on: board, "node \(quote(board.nodes[node])) is used twice")
    }
    try checkVoltages(on: board)
    try checkRails(on: board)
    return places
  }

  /// Whether the task says where its channels go on a board, by its netlist or its name.
  public func isPlaced(on board: BoardDescription) -> Bool {
    placements[board.netlist] != nil || placements[board.name] != nil
  }

  /// Says where this task's channels go on every board of a netlist.
  ///
  /// - Parameters:
  ///   - sources: the number of each source channel's node.
  ///   - targets: the number of each target channel's node.
  ///   - board: a board of the netlist.
  public mutating func setPlaces(sources: [Int], targets: [Int], on board: BoardDescription) {
    placements[board.netlist] = Placement(
      sources: sources.map(String.init), targets: targets.map(String.init))
  }

  private func refusal(on board: BoardDescription, _ reason: String) -> DescriptionError {
    DescriptionError(message: "task \(name) does not fit board \(board.name): \(reason)")
  }

  /// The nodes of a placement by netlist, where they are numbers.
  private func numbers(
    _ words: [String], count: Int, role: String, on board: BoardDescription
  ) throws(DescriptionError) -> [Int] {
    guard words.count == count else {
      throw refusal(
        on: board, "its placement lists \(words.count) \(role) nodes, but it takes \(count)")
    }
    var numbers: [Int] = []
    for word in words {
      guard let number = Int(word), board.nodes.indices.contains(number) else {
        throw refusal(
          on: board,
          "\(role) node \(quote(word)) of its placement on \(board.netlist) is no number of a "
            + "node; allowed is 0 ... \(board.nodes.count - 1)")
      }
      numbers.append(number)
    }
    return numbers
  }

  private func indices(
    _ names: [String], count: Int, role: String, on board: BoardDescription
  ) throws(DescriptionError) -> [Int] {
    guard names.count == count else {
      throw refusal(
        on: board, "its placement lists \(names.count) \(role) nodes, but it takes \(count)")
    }
    var indices: [Int] = []
    for name in names {
      guard let index = board.nodes.firstIndex(of: name) else {
        throw refusal(
          on: board,
          "\(role) node \(quote(name)) of its placement is not on the "
            + "board\(suggestion(for: name, among: board.nodes)); allowed are "
            + "\(enumerate(board.nodes))"
        )
      }
      indices.append(index)
    }
    return indices
  }

  private func defaults(
    _ nodes: [Int], count: Int, role: String, on board: BoardDescription
  ) throws(DescriptionError) -> [Int] {
    guard count <= nodes.count else {
      throw refusal(
        on: board,
        "it takes \(count) \(role) nodes, the board names \(nodes.count) by default; add a "
          + "placement for \(board.name) to the task"
      )
    }
    for node in nodes.prefix(count) where !board.nodes.indices.contains(node) {
      throw refusal(on: board, "\(role) node \(node) is not among its \(board.nodes.count) nodes")
    }
    return Array(nodes.prefix(count))
  }

  /// A source on a rail has the rail's voltage in every sample.
  private func checkRails(on board: BoardDescription) throws(DescriptionError) {
    for (channel, source) in (board.wiring?.sources ?? []).prefix(inputs.count).enumerated() {
      guard let rail = source.rail else { continue }
      for (number, sample) in samples.enumerated() where abs(sample.inputs[channel] - rail) > 1e-6 {
        throw refusal(
          on: board,
          "input \(quote(inputs[channel].name)) of sample \(number) is "
            + "\(write(sample.inputs[channel])) V, but source channel \(channel) is wired to a "
            + "rail of \(write(rail)) V; reorder the inputs or rewire the channel")
      }
    }
  }

  private func checkVoltages(on board: BoardDescription) throws(DescriptionError) {
    // Range maps leave ends such as 0.45 exact only up to rounding.
    let slack = 1e-9
    let lowest = board.nodeLowest - slack
    let highest = board.nodeHighest + slack
    let limits = write(board.nodeLowest...board.nodeHighest, unit: "V")
    let span = board.nodeHighest - board.nodeLowest
    for (number, sample) in samples.enumerated() {
      for (channel, volts) in sample.inputs.enumerated()
      where !(lowest <= volts && volts <= highest) {
        let input = channel < inputs.count ? quote(inputs[channel].name) : "\(channel)"
        throw refusal(
          on: board,
          "input \(input) of sample \(number) is \(write(volts)) V; the board allows \(limits)")
      }
      for (output, volts) in sample.labels.enumerated() {
        if outputs.differential {
          guard abs(volts) <= span + slack else {
            throw refusal(
              on: board,
              "label \(output) of sample \(number) is \(write(volts)) V between two nodes; the "
                + "board allows \(write(-span...span, unit: "V"))"
            )
          }
        } else if !(lowest <= volts && volts <= highest) {
          throw refusal(
            on: board,
            "label \(output) of sample \(number) is \(write(volts)) V; the board allows \(limits)")
        }
      }
    }
  }
}
