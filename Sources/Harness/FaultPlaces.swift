package import Files

extension ScenarioFault {
  /// Whether it is on a line or a select, which only a double at its pins has.
  package var isOnLines: Bool {
    switch self {
    case .passing(let fault, _): fault.isOnLines
    case .disturbance, .edge: false
    case .line, .deaf, .saturated, .wrongChip: true
    }
  }

  /// Why a board has no place for this fault: a line, an edge or a select that it names is not there, or is
  /// another sort of part.
  ///
  /// - Parameter board: the board.
  /// - Returns: what was named and what there is, in words; `nil` where the board has the place.
  package func misplacement(on board: BoardDescription) -> String? {
    switch self {
    case .passing(let fault, _): return fault.misplacement(on: board)
    case .disturbance: return nil
    case .edge(let name, _):
      let names = board.learningEdges.map(\.name)
      if names.contains(name) { return nil }
      return
        "board \(board.name) has no learning edge \(name)\(suggestion(for: name, among: names)); "
        + "there are \(enumerate(names, most: 20))"
    case .line(let role, let kind):
      guard case .swapped(let other) = kind else { return missing(role, on: board) }
      if other == role { return "line \(role) cannot be exchanged with itself" }
      return missing(role, on: board) ?? missing(other, on: board)
    case .deaf(let select), .saturated(let select), .wrongChip(let select):
      let parts = board.wiring?.selects ?? []
      if board.wiring == nil { return missing("", on: board) }
      if parts.isEmpty { return "board \(board.name) has no selects" }
      let there = enumerate(parts.indices.map { "\($0) (\(parts[$0].name))" }, most: 20)
      guard parts.indices.contains(select) else {
        return "board \(board.name) has no select \(select); there are \(there)"
      }
      switch self {
      case .saturated where parts[select].kind != .adc:
        return "board \(board.name): only an MCP3208 can be saturated, and select \(select) has "
          + "\(parts[select].name); there are \(there)"
      case .wrongChip where parts[select].kind == .chain:
        return
          "board \(board.name): only a converter can be the wrong chip, and select \(select) has "
          + "the chains, which can be deaf; there are \(there)"
      default: return nil
      }
    }
  }

  /// Why a board has no line of a role.
  private func missing(_ role: String, on board: BoardDescription) -> String? {
    guard let wiring = board.wiring else {
      return
        "board \(board.name) has no wiring, so neither lines nor selects; allowed are faults of "
        + "an edge, {edge: \(board.learningEdges.first?.name ?? "EDGE"), is: dead}, and of the whole "
        + "board, {is: supply_sag, to: 0.6, at: 1, for: 0.05}"
    }
    let roles = wiring.wires.map(\.role)
    if roles.contains(role) { return nil }
    return
      "board \(board.name) has no line \(role)\(suggestion(for: role, among: roles)); there are "
      + enumerate(roles.filter { !$0.contains(".") }, most: 20)
      + (roles.contains { $0.contains(".") } ? ", and EDGE.A, B, charge and discharge" : "")
  }
}
