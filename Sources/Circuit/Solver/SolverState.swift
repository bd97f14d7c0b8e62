import Elements

/// Everything a solve reads and writes, in memory of its own: the hot loops run over buffers
/// without checks and allocate nothing. An `OperatingPoint` copies it before writing when another
/// copy still holds it. What is done with it is in the files beside this one.
///
/// The unknowns are the voltages of the free nodes, the equations the currents F into them. Each
/// element's current is f(V_b) - f(V_a) with f falling, so A = -dF/dV has positive diagonal, the
/// other entries are not positive and every column adds up to its conductance to ground: driven
/// nodes, attached sources and leak. Only the magnitudes m of the entries beside the diagonal and
/// those conductances to ground are kept; each pivot is the sum of what remains in its column
/// (Grassmann, Taksar and Heyman, "Regenerative analysis and steady state distributions for Markov
/// chains", 1985). Nothing is ever subtracted, so a group of nodes that hangs on a leak alone is
/// solved as accurately as any other.
final class SolverState: @unchecked Sendable {
  // Sendable by hand: written only while one operating point holds the sole reference.
  enum Kind: UInt8 { case transistor, linear, nonlinear }

  struct Linear: BitwiseCopyable {
    var low: Int32
    var high: Int32
    var slot: Int32
    var conductance: Double
  }

  /// An element with a current that depends on the voltage between its ends alone.
  struct Nonlinear: BitwiseCopyable {
    var low: Int32
    var high: Int32
    var slot: Int32
    /// Whether the element's first end is the one with the higher internal number.
    var reversed: Bool
    var law: NonlinearLaw
  }

  /// A branch as the sweeps and the read-outs see it.
  struct Link {
    var kind: Kind
    /// Whether the branch's `from` is the end with the higher internal number.
    var reversed: Bool
    /// Its place among those of its kind.
    var index: Int32
  }

  let order: EliminationOrder
  let law: ThresholdLaw
  /// The law in force: other than `law` only while the fallback rounds off the thresholds.
  var activeLaw: ThresholdLaw
  /// The branches as given; gate voltages are up to date in `transistors` only.
  var branches: [Branch]
  var links: [Link]

  let transistorCount: Int
  let linearCount: Int
  let nonlinearCount: Int
  let transistors: Buffer<PreparedTransistor>
  let linears: Buffer<Linear>
  let nonlinears: Buffer<Nonlinear>

  /// Voltages by internal number.
  let voltages: Buffer<Double>
  /// Net current into every node from branches, leak and attached sources.
  let inflow: Buffer<Double>
  /// Newton step, and where it started, of the free nodes.
  let step: Buffer<Double>
  let base: Buffer<Double>
  /// Conductance and voltage of the source attached to a free node.
  let attached: Buffer<SIMD2<Double>>
  /// Current injected into each free node.
  let injected: Buffer<Double>
  /// Pivots of the last elimination: what a transposed solve needs beside the entries.
  let pivots: Buffer<Double>
  /// Entry pairs (m of the later row, m of the later column), then one per free node with the
  /// conductance to driven nodes in its first lane, then one that nobody reads.
  let entries: Buffer<SIMD2<Double>>
  /// Right-hand side and conductance to ground of the free nodes during elimination.
  let sides: Buffer<SIMD2<Double>>
  /// The order's lists once more, without bounds checks.
  let start: Buffer<Int32>
  let reach: Buffer<Int32>
  let targets: Buffer<Int32>
  /// Branches at each node: `incident[incidentStart[i] ..< incidentStart[i + 1]]`.
  let incidentStart: [Int32]
  let incident: [Int32]

  init(order: EliminationOrder, branches: [Branch], law: ThresholdLaw) {
    self.order = order
    self.branches = branches
    self.law = law
    activeLaw = law
    var transistors: [PreparedTransistor] = []
    var linears: [Linear] = []
    var nonlinears: [Nonlinear] = []
    var links: [Link] = []
    var degree = [Int32](repeating: 0, count: order.nodeCount + 1)
    for branch in branches {
      let from = order.place[branch.from]
      let to = order.place[branch.to]
      let low = min(from, to)
      let high = max(from, to)
      let slot = order.slot(low: low, high: high)
      degree[Int(low) + 1] += 1
      degree[Int(high) + 1] += 1
      func addLinear(_ conductance: Double) {
        links.append(Link(kind: .linear, reversed: from > to, index: Int32(linears.count)))
        linears.append(Linear(low: low, high: high, slot: slot, conductance: conductance))
      }
      switch branch.element {
      case .transistor(let transistor, let gate):
        var prepared = PreparedTransistor(transistor, gate: gate, law: law)
        (prepared.low, prepared.high, prepared.slot) = (low, high, slot)
        links.append(
          Link(kind: .transistor, reversed: from > to, index: Int32(transistors.count)))
        transistors.append(prepared)
      case .fixed(let element):
        switch element.kind.law {
        case .linear(let ohms): addLinear(1 / ohms)
        case .nonlinear(let law):
          links.append(Link(kind: .nonlinear, reversed: from > to, index: Int32(nonlinears.count)))
          nonlinears.append(
            Nonlinear(low: low, high: high, slot: slot, reversed: from > to, law: law))
        }
      case .open: addLinear(0)
      }
    }
    for index in 1...order.nodeCount { degree[index] += degree[index - 1] }
    var cursor = degree
    var incident = [Int32](repeating: 0, count: 2 * branches.count)
    for (index, branch) in branches.enumerated() {
      for node in [branch.from, branch.to] {
        let place = Int(order.place[node])
        incident[Int(cursor[place])] = Int32(index)
        cursor[place] += 1
      }
    }
    incidentStart = degree
    self.incident = incident
    self.links = links
    transistorCount = transistors.count
    linearCount = linears.count
    nonlinearCount = nonlinears.count
    // The transistors are evaluated two at a time: a device of no strength fills the last pair.
    if transistors.count % 2 == 1 {
      var filler = PreparedTransistor()
      filler.slot = Int32(order.entryCount + order.freeCount)
      transistors.append(filler)
    }
    self.transistors = Buffer(transistors)
    self.linears = Buffer(linears)
    self.nonlinears = Buffer(nonlinears)
    start = Buffer(order.start)
    reach = Buffer(order.reach)
    targets = Buffer(order.targets)
    voltages = Buffer(repeating: 0, count: order.nodeCount)
    inflow = Buffer(repeating: 0, count: order.nodeCount)
    step = Buffer(repeating: 0, count: order.freeCount)
    base = Buffer(repeating: 0, count: order.freeCount)
    attached = Buffer(repeating: .zero, count: order.freeCount)
    injected = Buffer(repeating: 0, count: order.freeCount)
    pivots = Buffer(repeating: 0, count: order.freeCount)
    entries = Buffer(repeating: .zero, count: order.entryCount + order.freeCount + 1)
    sides = Buffer(repeating: .zero, count: order.freeCount)
  }

  /// The branches with their present gate voltages.
  var currentBranches: [Branch] {
    var result = branches
    for (index, link) in links.enumerated() where link.kind == .transistor {
      if case .transistor(let transistor, _) = result[index].element {
        result[index].element = .transistor(
          transistor, gate: transistors[Int(link.index)].gate)
      }
    }
    return result
  }

  /// A state of the same contents; `replacing` exchanges one branch's element.
  func copy(replacing branch: Int? = nil, by element: Element = .open) -> SolverState {
    var branches = currentBranches
    if let branch { branches[branch].element = element }
    let result = SolverState(order: order, branches: branches, law: law)
    result.voltages.update(from: voltages, count: order.nodeCount)
    result.attached.update(from: attached, count: order.freeCount)
    result.injected.update(from: injected, count: order.freeCount)
    return result
  }
}
