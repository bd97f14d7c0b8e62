#if Simulation
import BoardDouble
import Files

extension WiringMistake.Place {
  /// A place of a board's wiring by its name: a line's role, EDGE.A, EDGE.B, EDGE.charge or EDGE.discharge, or
  /// a select as `select 3`.
  ///
  /// - Parameters:
  ///   - name: the name.
  ///   - board: the board, which has wiring.
  /// - Throws: `ExitCode` after a message where there is no such place.
  init(_ name: String, on board: BoardDescription) throws {
    let wires: [String: BoardWire.EdgeWire] = [
      "A": .a, "B": .b, "charge": .charge, "discharge": .discharge,
    ]
    guard let wiring = board.wiring else {
      try Exits.leave(
        "--checked \(quote(name)): board \(board.name) has no wiring that could be looked at; leave it out",
        with: Exits.usage)
    }
    if wiring.wires.contains(where: { $0.role == name && !name.contains(".") }) {
      self = .wire(.line(name))
      return
    }
    let words = name.split(separator: " ")
    if words.count == 2, words[0] == "select", let number = Int(words[1]),
      wiring.selects.indices.contains(number)
    {
      self = .select(number)
      return
    }
    if let dot = name.lastIndex(of: "."), let wire = wires[String(name[name.index(after: dot)...])],
      let edge = board.learningEdges.firstIndex(where: { $0.name == name[..<dot] })
    {
      self = .wire(.edge(edge, wire))
      return
    }
    let lines = wiring.wires.map(\.role).filter { !$0.contains(".") }
    try Exits.leave(
      "--checked \(quote(name)) is no place of board \(board.name)'s wiring; there are "
        + enumerate(lines, most: 20)
        + ", select 0 ... \(wiring.selects.count - 1), and A, B, charge and discharge of each "
        + "edge, as \(board.learningEdges.first?.name ?? "").charge", with: Exits.usage)
  }
}
#endif
