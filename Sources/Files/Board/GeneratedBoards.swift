extension BoardDescription {
  /// The sides `lattice(side:update:)` takes.
  public static let latticeSides = 3...128

  /// A periodic square lattice: `side` x `side` nodes, each joined to its right and lower neighbour
  /// by a learning edge, opposite borders joined.
  ///
  /// Node `r * side + c` of row r and column c is named `n` and its number. Edges come in the order
  /// of their first node, right before down. Up to eight nodes are default sources and up to four
  /// default targets, spread over the two colours of a checkerboard; it has eight channels of each.
  ///
  /// - Precondition: `side` is in `latticeSides`. Smaller ones would join two nodes twice.
  public static func lattice(side: Int, update: UpdateKind = .comparator) -> BoardDescription {
    precondition(latticeSides.contains(side), "a lattice has 3 ... 128 nodes a side")
    var edges: [EdgeDescription] = []
    let nodes = (0..<side * side).map { "n\($0)" }
    for row in 0..<side {
      for column in 0..<side {
        let node = row * side + column
        let right = row * side + (column + 1) % side
        let down = (row + 1) % side * side + column
        for end in [right, down] {
          edges.append(EdgeDescription(name: "\(nodes[node])-\(nodes[end])", from: node, to: end))
        }
      }
    }
    func spread(colour: Int, count: Int) -> [Int] {
      let field = nodes.indices.filter { ($0 / side + $0 % side) % 2 == colour }
      // Neighbours in channel order lie far apart, so that a task with few inputs spans the board.
      return [0, 4, 2, 6, 1, 5, 3, 7].filter { $0 < count }.map { field[$0 * field.count / count] }
    }
    return BoardDescription(
      name: "lattice-\(side)" + (update == .comparator ? "" : "-\(update.rawValue)"),
      about: "Periodic square lattice of \(side) x \(side) nodes with \(update.rawValue) edges.",
      nodes: nodes, edges: edges, gates: GateDescription(update: update),
      sources: spread(colour: 0, count: min(8, nodes.count / 2)),
      targets: spread(colour: 1, count: min(4, nodes.count / 4)),
      sourceChannels: 8, targetChannels: 8)
  }

  /// The numbers of sources and of targets `bipartite(sources:targets:)` takes.
  public static let bipartiteSides = 1...1024

  /// A bipartite board: every source joined to every target by a learning edge, sources and targets
  /// not among themselves.
  ///
  /// Sources are named `s0`, `s1`, ..., targets `t0`, ...; edges come target after target.
  /// - Precondition: both numbers are in `bipartiteSides`.
  public static func bipartite(sources: Int, targets: Int) -> BoardDescription {
    precondition(
      bipartiteSides.contains(sources) && bipartiteSides.contains(targets),
      "a bipartite board has 1 ... 1024 sources and as many targets")
    let names = (0..<sources).map { "s\($0)" } + (0..<targets).map { "t\($0)" }
    var edges: [EdgeDescription] = []
    for target in sources..<sources + targets {
      for source in 0..<sources {
        edges.append(
          EdgeDescription(name: "\(names[source])-\(names[target])", from: source, to: target))
      }
    }
    return BoardDescription(
      name: "bipartite-\(sources)-\(targets)",
      about: "Bipartite board: \(sources) sources, each joined to each of \(targets) targets.",
      nodes: names, edges: edges, sources: Array(0..<sources),
      targets: Array(sources..<sources + targets))
  }
}
