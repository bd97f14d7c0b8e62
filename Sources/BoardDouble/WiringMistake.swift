public import Files
import Firmware
import Portable

/// A mistake in the wiring of a board: the double is wired so, while the program goes by the board file.
public enum WiringMistake: Sendable, Hashable, CustomStringConvertible {
  /// Two wires are exchanged: of one direction, or MISO with an output.
  case swapped(BoardWire, BoardWire)
  /// A wire is missing: what it goes to rests or, being an input, reads noise.
  case missing(BoardWire)
  /// The inputs of a comparator of an edge are reversed: 0 for A, 1 for B.
  case reversed(edge: Int, comparator: Int)
  /// The charge and the discharge wire of an edge are exchanged.
  case exchangedDrives(edge: Int)
  /// Two registers of a chain are exchanged; 74HC165 0 is nearest to MISO, 74HCT595 0 to MOSI.
  case chainOrder(BoardChain, Int, Int)
  /// The selects of two chips are exchanged.
  case selects(Int, Int)

  /// The six kinds, as records count them.
  public enum Kind: String, Sendable, CaseIterable {
    /// Two wires are exchanged.
    case swappedLines = "swapped lines"
    /// A wire is missing.
    case missingWire = "missing wire"
    /// A comparator's inputs are reversed.
    case reversedComparator = "reversed comparator inputs"
    /// Charge and discharge of an edge are exchanged.
    case exchangedDrives = "charge and discharge exchanged"
    /// Two registers of a chain are exchanged.
    case chainOrder = "chain order"
    /// Two selects are exchanged.
    case wrongSelect = "wrong select"
  }

  /// What kind of mistake it is.
  public var kind: Kind {
    switch self {
    case .swapped: .swappedLines
    case .missing: .missingWire
    case .reversed: .reversedComparator
    case .exchangedDrives: .exchangedDrives
    case .chainOrder: .chainOrder
    case .selects: .wrongSelect
    }
  }

  /// The wires, registers or selects that are not as they should be: what has to be looked at to mend it.
  public var places: Set<Place> {
    switch self {
    case .swapped(let one, let other): [.wire(one), .wire(other)]
    case .missing(let wire): [.wire(wire)]
    case .reversed(let edge, let comparator):
      [.wire(.edge(edge, comparator == 0 ? .a : .b))]
    case .exchangedDrives(let edge): [.wire(.edge(edge, .charge)), .wire(.edge(edge, .discharge))]
    case .chainOrder(let chain, let one, let other):
      [.register(chain, one), .register(chain, other)]
    case .selects(let one, let other): [.select(one), .select(other)]
    }
  }

  /// Something on a board that may be wired wrongly.
  public enum Place: Sendable, Hashable {
    /// A wire.
    case wire(BoardWire)
    /// A register of a chain: of the 74HC165s from 0 at MISO's end, of the 74HCT595s from 0 at MOSI's.
    case register(BoardChain, Int)
    /// A select.
    case select(Int)
  }

  /// The mistake in words; edges by their numbers.
  public var description: String {
    switch self {
    case .swapped(let one, let other): "\(one) and \(other) exchanged"
    case .missing(let wire): "\(wire) missing"
    case .reversed(let edge, let comparator):
      "\(BoardWire.edge(edge, comparator == 0 ? .a : .b)) reversed"
    case .exchangedDrives(let edge): "charge and discharge of edge \(edge) exchanged"
    case .chainOrder(let chain, let one, let other):
      "\(chain.rawValue) registers \(one) and \(other) exchanged"
    case .selects(let one, let other): "selects \(one) and \(other) exchanged"
    }
  }
}

/// A wire of a board.
public enum BoardWire: Sendable, Hashable, CustomStringConvertible {
  /// A line of the program that is no edge's, by its role in the wiring.
  case line(String)
  /// A wire of a learning edge: a line of the program where edges have lines, one to a register in chains.
  case edge(Int, EdgeWire)

  /// The wires of an edge.
  public enum EdgeWire: Int, Sendable, CaseIterable {
    /// Comparator A's output.
    case a
    /// Comparator B's output.
    case b
    /// The charge.
    case charge
    /// The discharge.
    case discharge
  }

  /// The wire in words; edges by their numbers.
  public var description: String {
    switch self {
    case .line(let role): role
    case .edge(let edge, let wire): "\(WiringDescription.edgeRoles[wire.rawValue]) of edge \(edge)"
    }
  }
}

/// The two chains of registers.
public enum BoardChain: String, Sendable, CaseIterable {
  /// The 74HC165s, which read comparators.
  case comparators
  /// The 74HCT595s, which drive gates.
  case drives
}

extension WiringMistake {
  /// Draws mistakes, each of a kind that is drawn first. No two touch the same place, and none is drawn
  /// that no reading could show: a comparator A that compares a node which no clamp reaches, whose twins
  /// agree whatever is driven, or two comparators A that compare the same node.
  ///
  /// - Parameters:
  ///   - count: how many.
  ///   - description: the board, with wiring.
  ///   - seed: the seed of the draws.
  /// - Returns: the mistakes.
  public static func draw(
    _ count: Int, on description: BoardDescription, seed: UInt64
  ) -> [WiringMistake] {
    guard let wiring = description.wiring else { return [] }
    let draw = Draw(seed: seed, purpose: Purpose.wiringMistake.rawValue, device: 0)
    var event: UInt64 = 0
    func below(_ bound: Int) -> Int {
      event += 1
      return Int(draw.uniform(event) * Double(bound))
    }
    let edges = description.learningEdges.count
    let isChained = wiring.kind == .chains
    let registers = (2 * edges + 7) / 8
    let kinds = Kind.allCases.filter { $0 != .chainOrder || isChained && registers > 1 }
    let common = wiring.wires.map(\.role).filter { !$0.contains(".") }
    func direction(_ wire: BoardWire) -> Bool {
      switch wire {
      case .line(let role): role == "MISO"
      case .edge(_, let wire): wire == .a || wire == .b
      }
    }
    func wire() -> BoardWire {
      below(2) == 0
        ? .line(common[below(common.count)])
        : .edge(below(edges), BoardWire.EdgeWire(rawValue: below(4))!)
    }
    func pair(_ count: Int) -> (Int, Int) {
      let one = below(count)
      let other = (one + 1 + below(count - 1)) % count
      return (min(one, other), max(one, other))
    }
    var drawn: [WiringMistake] = []
    while drawn.count < count {
      let mistake: WiringMistake
      switch kinds[below(kinds.count)] {
      case .swappedLines:
        let (one, other) = (wire(), wire())
        if one == other { continue }
        let isMiso = [one, other].contains(.line("MISO"))
        if direction(one) != direction(other), !isMiso { continue }
        // What hangs at a register is exchanged with its like.
        if case .line = one, case .edge = other, isChained { continue }
        if case .edge = one, case .line = other, isChained { continue }
        if case .edge(let edge, _) = one, case .edge(edge, _) = other, !direction(one) { continue }
        // Two select lines exchanged are two selects exchanged, a kind of its own.
        if case .line(let role) = one, case .line(let with) = other, role.hasPrefix("CS"),
          with.hasPrefix("CS")
        {
          continue
        }
        mistake = .swapped(one, other)
      case .missingWire: mistake = .missing(wire())
      case .reversedComparator:
        mistake = .reversed(edge: below(edges), comparator: below(2))
      case .exchangedDrives: mistake = .exchangedDrives(edge: below(edges))
      case .chainOrder:
        let (one, other) = pair(registers)
        mistake = .chainOrder(BoardChain.allCases[below(2)], one, other)
      case .wrongSelect:
        let (one, other) = pair(wiring.selects.count)
        mistake = .selects(one, other)
      }
      if !mistake.isSeen(on: description) { continue }
      if drawn.contains(where: { $0.meets(mistake, on: description) }) { continue }
      drawn.append(mistake)
    }
    return drawn
  }

  /// Whether two mistakes are about the same place; a select of a board without a decoder is its line.
  private func meets(_ other: WiringMistake, on description: BoardDescription) -> Bool {
    func all(_ mistake: WiringMistake) -> Set<Place> {
      var all = mistake.places
      if description.wiring?.kind == .direct {
        for case .select(let number) in mistake.places { all.insert(.wire(.line("CS\(number)"))) }
      }
      return all
    }
    return !all(self).isDisjoint(with: all(other))
  }

  /// Whether any reading can show it.
  private func isSeen(on description: BoardDescription) -> Bool {
    let edges = description.learningEdges
    let rest = Set(description.sources)
    let clamped = Set(description.targets)
    // The nodes whose twins comparator A compares, with its sign: those that no source holds.
    func compared(_ edge: Int) -> [Int: Bool] {
      var nodes: [Int: Bool] = [:]
      if !rest.contains(edges[edge].from) { nodes[edges[edge].from] = true }
      if !rest.contains(edges[edge].to) { nodes[edges[edge].to] = false }
      return nodes
    }
    func isClamped(_ edge: Int) -> Bool { compared(edge).keys.contains(where: clamped.contains) }
    switch self {
    case .missing(.edge(let edge, .a)), .reversed(let edge, 0): return isClamped(edge)
    case .swapped(.edge(let one, .a), .edge(let other, .a)):
      return (isClamped(one) || isClamped(other)) && compared(one) != compared(other)
    default: return true
    }
  }
}

/// The tables by which mistakes change what is wired to what.
struct MistakenWiring: Sendable {
  /// The mistakes.
  let mistakes: [WiringMistake]
  /// The chip that each select reaches.
  var chips: [Int]
  /// In chains: the comparator, two an edge, whose output each place of the chain loads; -1 for none.
  var loaded: [Int]
  /// In chains: the place of the chain that each drive wire, two an edge, hangs at; -1 for none.
  var driving: [Int]
  /// Which comparators, two an edge, are reversed.
  var reversed: [Bool]
}

extension VirtualPins {
  /// Wires the board with mistakes, in place of those that it has.
  ///
  /// - Parameter mistakes: the mistakes; those about what the board does not have are left out.
  public mutating func wire(with mistakes: [WiringMistake]) {
    let edges = wiring.edgeCount
    var tables = MistakenWiring(
      mistakes: mistakes, chips: Array(parts.indices),
      loaded: Array(repeating: -1, count: max(wiring.chainBits, 2 * edges)),
      driving: Array(repeating: -1, count: 2 * edges),
      reversed: Array(repeating: false, count: 2 * edges))
    if wiring.kind == .chains {
      for position in 0..<edges {
        let edge = Int(wiring.chain[position])
        for which in 0..<2 {
          tables.loaded[2 * position + which] = 2 * edge + which
          tables.driving[2 * edge + which] = 2 * position + which
        }
      }
    }
    removeFaults()
    putFaultsOnLines()
    for mistake in mistakes { apply(mistake, to: &tables) }
    mistaken = mistakes.isEmpty ? nil : tables
  }

  private mutating func apply(_ mistake: WiringMistake, to tables: inout MistakenWiring) {
    let isChained = wiring.kind == .chains
    switch mistake {
    case .swapped(.edge(let one, let wire), .edge(let other, let with)) where isChained:
      if wire == .a || wire == .b {
        let first = 2 * one + wire.rawValue
        let second = 2 * other + with.rawValue
        tables.loaded = tables.loaded.map { $0 == first ? second : $0 == second ? first : $0 }
      } else {
        let first = 2 * one + wire.rawValue - 2
        let second = 2 * other + with.rawValue - 2
        tables.driving.swapAt(first, second)
      }
    case .swapped(let one, let other):
      guard let number = line(of: one), let partner = line(of: other) else { return }
      add(.swapped(with: partner), line: number)
    case .missing(.edge(let edge, let wire)) where isChained:
      if wire == .a || wire == .b {
        tables.loaded = tables.loaded.map { $0 == 2 * edge + wire.rawValue ? -1 : $0 }
      } else {
        tables.driving[2 * edge + wire.rawValue - 2] = -1
      }
    case .missing(let wire):
      if let number = line(of: wire) { add(.floating, line: number) }
    case .reversed(let edge, let comparator):
      tables.reversed[2 * edge + comparator].toggle()
    case .exchangedDrives(let edge):
      if isChained {
        tables.driving.swapAt(2 * edge, 2 * edge + 1)
      } else {
        apply(.swapped(.edge(edge, .charge), .edge(edge, .discharge)), to: &tables)
      }
    case .chainOrder(.comparators, let one, let other):
      for bit in 0..<8 { tables.loaded.swapAt(8 * one + bit, 8 * other + bit) }
    case .chainOrder(.drives, let one, let other):
      tables.driving = tables.driving.map { place in
        place < 0
          ? place
          : place / 8 == one
            ? place + 8 * (other - one) : place / 8 == other ? place + 8 * (one - other) : place
      }
    case .selects(let one, let other):
      tables.chips.swapAt(one, other)
    }
  }

  /// The number of the line that a wire is; `nil` for one to a register, or of a role there is none of.
  private func line(of wire: BoardWire) -> Int? {
    switch wire {
    case .line(let role):
      return analog.description.wiring?.wires.firstIndex { $0.role == role }
    case .edge(let edge, let which):
      let line = wiring.edgeLine(edge, which.rawValue)
      return wiring.kind == .direct ? line.bits.trailingZeroBitCount : nil
    }
  }

  /// The chips that levels of the lines select, a bit each, by the mistaken wiring.
  func mistakenSelection(_ bySelect: UInt64, _ chips: [Int]) -> UInt64 {
    var selected: UInt64 = 0
    for (select, chip) in chips.enumerated() where bySelect & (1 &<< UInt64(select)) != 0 {
      selected |= 1 &<< UInt64(chip)
    }
    return selected
  }
}
