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
    case .deaf(let select):
      let selects = board.wiring?.selects ?? []
      if selects.indices.contains(select) { return nil }
      return selects.isEmpty
        ? "board \(board.name) has no selects"
        : "board \(board.name) has no select \(select); there are 0 ... \(selects.count - 1)"
    case .saturated(let select):
      return converter(select, [.adc], "analog-to-digital converter", on: board)
    case .wrongChip(let select): return converter(select, [.adc, .dac], "converter", on: board)
    }
  }

  /// Why a board has no line of a role.
  private func missing(_ role: String, on board: BoardDescription) -> String? {
    let roles = board.wiring?.wires.map(\.role) ?? []
    if roles.contains(role) { return nil }
    return
      "board \(board.name) has no line \(role)\(suggestion(for: role, among: roles)); there are "
      + enumerate(roles.filter { !$0.contains(".") }, most: 20)
      + (roles.contains { $0.contains(".") } ? ", and EDGE.A, B, charge and discharge" : "")
  }

  /// Why a board has no converter of some kinds at a select.
  private func converter(
    _ select: Int, _ kinds: [WiringDescription.Part.Kind], _ words: String,
    on board: BoardDescription
  ) -> String? {
    let selects = board.wiring?.selects ?? []
    let there = selects.indices.filter {
      selects[$0] != .chain && kinds.contains(selects[$0].kind)
    }
    if there.contains(select) { return nil }
    return "board \(board.name) has no \(words) at select \(select); there "
      + (there.count == 1 ? "is one at " : "are some at ")
      + enumerate(there.map(String.init), most: 20)
  }
}
