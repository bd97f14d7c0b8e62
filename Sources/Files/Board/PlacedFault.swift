import Elements

/// Something that is wrong with a double, and where: what an entry of `faults` says, in board files, scenarios and
/// on the command line.
public indirect enum PlacedFault: Sendable, Equatable, Codable {
  /// A line, by its role in the board's wiring.
  case line(role: String, Kind)
  /// An edge, by its name.
  case edge(name: String, FaultKind)
  /// The chip at a select is deaf and mute.
  case deaf(select: Int)
  /// The converter at a select reads its highest code, whatever comes.
  case saturated(select: Int)
  /// A converter of the other direction is at a select.
  case wrongChip(select: Int)
  /// Something that happens to the whole board.
  case disturbance(Disturbance)
  /// A fault that is there in the first attempts only, and then gone.
  case passing(PlacedFault, attempts: Int)

  /// What of it there is in an attempt, counted from 1; `nil` for nothing.
  public func at(attempt: Int) -> PlacedFault? {
    guard case .passing(let fault, let attempts) = self else { return self }
    return attempt <= attempts ? fault : nil
  }

  /// What can be wrong with a line.
  public enum Kind: Sendable, Equatable, Codable {
    /// The far end always sees low.
    case stuckLow
    /// The far end always sees high.
    case stuckHigh
    /// Nothing is connected.
    case floating
    /// Changes arrive one operation late.
    case late
    /// It is exchanged with the line of another role.
    case swapped(with: String)
  }
}

extension PlacedFault {
  /// What of a board it decides about: two faults of one such thing contradict each other. `nil` for what may happen
  /// together with all else.
  private var decided: String? {
    switch self {
    case .passing(let fault, _): fault.decided
    case .disturbance: nil
    case .line(let role, .stuckLow), .line(let role, .stuckHigh), .line(let role, .floating):
      "what line \(role) carries"
    case .line(let role, .late): "when line \(role) changes"
    case .line(let role, .swapped): "which line \(role) is"
    case .edge(let name, .dead), .edge(let name, .shorted): "how edge \(name) conducts"
    case .edge(let name, .leaking): "how the gate of edge \(name) leaks"
    case .edge(let name, _): "what comparator A of edge \(name) says"
    case .deaf(let select), .saturated(let select), .wrongChip(let select):
      "what is at select \(select)"
    }
  }

  /// Why this fault cannot be there together with others.
  ///
  /// - Parameter others: the others.
  /// - Returns: which one it contradicts and about what, in words; `nil` where all can be there.
  package func contradiction(to others: [PlacedFault]) -> String? {
    guard let decided, let other = others.first(where: { $0.decided == decided }) else {
      return nil
    }
    return "\(words) and \(other.words) both say \(decided); allowed is one of them"
  }

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
    case .edge(let name, let kind):
      guard let edge = board.edges.first(where: { $0.name == name }) else {
        let names = board.edges.map(\.name)
        return
          "board \(board.name) has no edge \(name)\(suggestion(for: name, among: names)); "
          + "there are \(enumerate(names, most: 20))"
      }
      return board.isPlace(edge, for: kind)
        ? nil : "the fault is \(kind.word), but edge \(quote(name)) has no comparator"
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
        + "an edge, {edge: \(board.edges.first?.name ?? "EDGE"), kind: dead}, and of the whole "
        + "board, {kind: supply_sag, to: 0.6, at: 1, for: 0.05}"
    }
    let roles = wiring.wires.map(\.role)
    if roles.contains(role) { return nil }
    return
      "board \(board.name) has no line \(role)\(suggestion(for: role, among: roles)); there are "
      + enumerate(roles.filter { !$0.contains(".") }, most: 20)
      + (roles.contains { $0.contains(".") } ? ", and EDGE.A, B, charge and discharge" : "")
  }
}

extension PlacedFault {
  /// The ways to say one, for messages.
  package static let examples =
    "{line: MISO, kind: stuck_low}, {edge: NAME, kind: dead}, {select: 1, kind: deaf} or "
    + "{kind: supply_sag, to: 0.6, at: 1, for: 0.05}"

  /// Reads one that stands by itself.
  ///
  /// - Parameters:
  ///   - text: the entry, `{line: MISO, kind: stuck_low}` for one.
  ///   - file: the name that errors give.
  /// - Throws: `DescriptionError`.
  package init(_ text: String, file: String) throws(DescriptionError) {
    let node = try LocatedNode(text: text, file: file)
    try self.init(LocatedNode(node: node.node, file: file, what: "the fault"), mayPass: true)
  }

  /// Reads an entry of `faults`.
  ///
  /// - Parameters:
  ///   - node: the entry.
  ///   - mayPass: whether it may be one of the first attempts only.
  /// - Throws: `DescriptionError`.
  init(_ node: LocatedNode, mayPass: Bool) throws(DescriptionError) {
    let passing = mayPass ? ["attempts"] : []
    let fields = try node.fields(
      Self.places + ["kind", "with"] + passing + Disturbance.keys)
    let places = Self.places.filter { fields[$0] != nil }
    if places.count > 1 {
      throw node.error(
        "\(node.what) is at \(places.joined(separator: " and at ")); allowed is one place: a line, an edge or a "
          + "select")
    }
    let fault = try PlacedFault(fields, of: node)
    // A key that says nothing of this fault is not swallowed.
    _ = try node.fields(places + ["kind"] + fault.furtherKeys + passing)
    self =
      try fields["attempts"].map { attempts throws(DescriptionError) in
        .passing(fault, attempts: try attempts.integer(in: 1...1000))
      } ?? fault
  }

  /// The keys for where a fault is.
  private static let places = ["line", "edge", "select"]

  /// The keys that this fault has beside place and kind.
  private var furtherKeys: [String] {
    switch self {
    case .line(_, .swapped): ["with"]
    case .disturbance(let disturbance): disturbance.keys
    case .passing(let fault, _): fault.furtherKeys
    case .line, .edge, .deaf, .saturated, .wrongChip: []
    }
  }

  private init(_ fields: Fields, of node: LocatedNode) throws(DescriptionError) {
    let word = try fields.required("kind")
    if let line = fields["line"] {
      let role = try line.text()
      switch try word.word(["stuck_low", "stuck_high", "floating", "late", "swapped"]) {
      case "stuck_low": self = .line(role: role, .stuckLow)
      case "stuck_high": self = .line(role: role, .stuckHigh)
      case "floating": self = .line(role: role, .floating)
      case "late": self = .line(role: role, .late)
      default:
        self = .line(role: role, .swapped(with: try fields.required("with").text()))
      }
      return
    }
    if let edge = fields["edge"] {
      let found = try word.word(FaultKind.allCases.map(\.word))
      self = .edge(name: try edge.name(), FaultKind.allCases.first { $0.word == found } ?? .dead)
      return
    }
    if let select = fields["select"] {
      let number = try select.integer(in: 0...7)
      switch try word.word(["deaf", "saturated", "wrong_chip"]) {
      case "deaf": self = .deaf(select: number)
      case "saturated": self = .saturated(select: number)
      default: self = .wrongChip(select: number)
      }
      return
    }
    guard let text = try? word.text(), Disturbance.words.contains(text) else {
      throw node.error(
        "\(node.what) needs a line, an edge or a select that it is on, or to be one of "
          + Disturbance.words.joined(separator: ", ") + "; allowed are \(PlacedFault.examples)")
    }
    self = .disturbance(try Disturbance(text, fields))
  }

  /// What a file says of it.
  package var words: String {
    switch self {
    case .line(let role, let kind):
      switch kind {
      case .stuckLow: "{line: \(scalar(role)), kind: stuck_low}"
      case .stuckHigh: "{line: \(scalar(role)), kind: stuck_high}"
      case .floating: "{line: \(scalar(role)), kind: floating}"
      case .late: "{line: \(scalar(role)), kind: late}"
      case .swapped(let other):
        "{line: \(scalar(role)), kind: swapped, with: \(scalar(other))}"
      }
    case .edge(let name, let kind): "{edge: \(scalar(name)), kind: \(kind.word)}"
    case .deaf(let select): "{select: \(select), kind: deaf}"
    case .saturated(let select): "{select: \(select), kind: saturated}"
    case .wrongChip(let select): "{select: \(select), kind: wrong_chip}"
    case .disturbance(let disturbance): disturbance.line
    case .passing(let fault, let attempts):
      "\(fault.words.dropLast()), attempts: \(attempts)}"
    }
  }
}

extension BoardDescription {
  /// Puts a fault on the board, which must have the place for it. One that passes is left out.
  ///
  /// - Parameter fault: the fault.
  package mutating func add(_ fault: PlacedFault) {
    switch fault {
    case .passing: break
    case .disturbance(let disturbance): disturbances.append(disturbance)
    case .edge(let name, let kind):
      guard let index = edges.firstIndex(where: { $0.name == name }) else { return }
      faults.append(Fault(kind: kind, edge: index))
    case .line, .deaf, .saturated, .wrongChip: lineFaults.append(fault)
    }
  }

  /// All that its file says is wrong with it.
  package var placedFaults: [PlacedFault] {
    disturbances.map(PlacedFault.disturbance)
      + faults.map { .edge(name: edges[$0.edge].name, $0.kind) } + lineFaults
  }

  /// The board without all that its file says is wrong with it.
  package var withoutFaults: BoardDescription {
    var board = self
    board.faults = []
    board.lineFaults = []
    board.disturbances = []
    return board
  }

  /// Whether an edge has what a fault is of.
  func isPlace(_ edge: EdgeDescription, for kind: FaultKind) -> Bool {
    !kind.isOfComparator || edge.part == .learning && gates.update == .comparator
  }
}
