import BoardDouble
import Files
import Reports

extension WiringMistake {
  /// The lines, edges and chips of a mistake by their names on a board.
  struct Names: Sendable, Equatable {
    /// The lines of the program or, on boards with chains, the wires of edges: `SCLK`, `S1-T1.charge`.
    var lines: [String] = []
    /// The learning edges.
    var edges: [String] = []
    /// The chips: `MCP3208 at select 2`, `74HC165 0`.
    var chips: [String] = []
  }

  /// Names what is wrong.
  ///
  /// - Parameter board: the board.
  /// - Returns: the names.
  func names(on board: BoardDescription) -> Names {
    func name(_ edge: Int) -> String { board.learningEdges[edge].name }
    func line(_ wire: BoardWire) -> String {
      switch wire {
      case .line(let role): role
      case .edge(let edge, let which):
        "\(name(edge)).\(WiringDescription.edgeRoles[which.rawValue])"
      }
    }
    func edge(_ wire: BoardWire) -> String? {
      if case .edge(let edge, _) = wire { name(edge) } else { nil }
    }
    switch self {
    case .swapped(let one, let other):
      let edges = [edge(one), edge(other)].compactMap { $0 }
      return Names(
        lines: [line(one), line(other)],
        edges: edges.count == 2 && edges[0] == edges[1] ? [edges[0]] : edges)
    case .missing(let wire):
      return Names(lines: [line(wire)], edges: [edge(wire)].compactMap { $0 })
    case .reversed(let edge, let comparator):
      return Names(
        lines: [line(.edge(edge, comparator == 0 ? .a : .b))], edges: [name(edge)])
    case .exchangedDrives(let edge):
      return Names(
        lines: [line(.edge(edge, .charge)), line(.edge(edge, .discharge))], edges: [name(edge)])
    case .chainOrder(let chain, let one, let other):
      return Names(chips: [one, other].map { "\(chain.chip) \($0)" })
    case .selects(let one, let other):
      return Names(chips: [one, other].map { board.chip(atSelect: $0) })
    }
  }

  /// The mistake in a sentence.
  ///
  /// - Parameter board: the board.
  /// - Returns: the sentence, with the names that the board file has.
  func words(on board: BoardDescription) -> String {
    func name(_ edge: Int) -> String { board.learningEdges[edge].name }
    func word(_ wire: BoardWire) -> String {
      switch wire {
      case .line(let role): "line \(role)"
      case .edge(let edge, .a): "comparator A of edge \(name(edge))"
      case .edge(let edge, .b): "comparator B of edge \(name(edge))"
      case .edge(let edge, .charge): "the charge of edge \(name(edge))"
      case .edge(let edge, .discharge): "the discharge of edge \(name(edge))"
      }
    }
    switch self {
    case .swapped(let one, let other): return "\(word(one)) and \(word(other)) are exchanged"
    case .missing(let wire): return "\(word(wire)) is not connected"
    case .reversed(let edge, let comparator):
      return
        "the inputs of comparator \(comparator == 0 ? "A" : "B") of edge \(name(edge)) are reversed"
    case .exchangedDrives(let edge):
      return "charge and discharge of edge \(name(edge)) are exchanged"
    case .chainOrder(let chain, let one, let other):
      return
        "\(chain.chip) \(one) and \(chain.chip) \(other) are exchanged (0 is nearest to \(chain.firstLine))"
    case .selects(let one, let other):
      return "selects \(one) and \(other) are exchanged"
    }
  }

  /// The mistake for programs.
  ///
  /// - Parameter board: the board.
  /// - Returns: its kind, the names of lines, edges and chips, and the sentence.
  func json(on board: BoardDescription) -> JSONValue {
    let names = names(on: board)
    return [
      "kind": .text(kind.rawValue), "lines": JSONValue(names.lines),
      "edges": JSONValue(names.edges), "chips": JSONValue(names.chips),
      "words": .text(words(on: board)),
    ]
  }
}

extension BoardChain {
  /// What its registers are.
  fileprivate var chip: String { self == .comparators ? "74HC165" : "74HCT595" }
  /// The line that its register 0 is nearest to.
  fileprivate var firstLine: String { self == .comparators ? "MISO" : "MOSI" }
}

extension BoardDescription {
  /// The chip at a select, in words.
  func chip(atSelect select: Int) -> String {
    let selects = wiring?.selects ?? []
    return (selects.indices.contains(select) ? "\(selects[select].name) at " : "")
      + "select \(select)"
  }

  /// Every register of the chains, in words.
  var registers: [String] {
    guard let wiring, wiring.kind == .chains else { return [] }
    return BoardChain.allCases.flatMap { chain in
      (0..<(2 * wiring.chain.count + 7) / 8).map { "\(chain.chip) \($0)" }
    }
  }
}
