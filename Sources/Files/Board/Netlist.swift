import Portable

extension BoardDescription {
  /// What this board's netlist is called, up to names: boards with the same nodes, in the same
  /// order, joined by the same parts have the same one, whatever they and their nodes and edges
  /// are named and in whatever order the edges stand. Placements of tasks are kept under it.
  ///
  /// `netlist-` and 16 hexadecimal digits of the 64-bit FNV-1a hash (Fowler, Noll and Vo) of the
  /// number of nodes and the sorted edges. How learning edges are updated and the sizes of their
  /// transistors do not count: they move no node.
  public var netlist: String {
    let entries = edges.map { edge in
      // All parts but a diode look the same from both ends.
      let isTurned = edge.part.word != "diode" && edge.to < edge.from
      let ends = isTurned ? (edge.to, edge.from) : (edge.from, edge.to)
      return "\(ends.0) \(ends.1) \(edge.part.word) \(edge.part.lines.joined(separator: " "))"
    }
    let lines = ["\(nodes.count)"] + entries.sorted()
    return Self.netlistPrefix + fingerprint(of: lines.map { $0 + "\n" }.joined())
  }

  /// Whether every edge learns and joins a default source with a default target, so that none ends at
  /// a node that nobody drives or reads.
  public var joinsChannelsOnly: Bool {
    let (sources, targets) = (Set(sources), Set(targets))
    return edges.allSatisfy { edge in
      edge.part == .learning
        && (sources.contains(edge.from) && targets.contains(edge.to)
          || sources.contains(edge.to) && targets.contains(edge.from))
    }
  }

  /// What the names of netlists begin with.
  static let netlistPrefix = "netlist-"
}

/// Whether a placement's key is the name of a netlist; its nodes are then numbers.
func isNetlist(_ key: String) -> Bool {
  let digits = key.utf8.dropFirst(BoardDescription.netlistPrefix.utf8.count)
  return key.hasPrefix(BoardDescription.netlistPrefix) && digits.count == 16
    && digits.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
}
