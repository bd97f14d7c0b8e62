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

  let structure: Structure
  let law: ThresholdLaw
  /// The law in force: other than `law` only while the fallback rounds off the thresholds.
  var activeLaw: ThresholdLaw
  /// The branches as given; gate voltages are up to date in `transistors` only, conductances in
  /// `conductances`.
  var branches: [Branch]
  let links: [Link]

  let transistorCount: Int
  let linearCount: Int
  let nonlinearCount: Int
  let transistors: Buffer<PreparedTransistor>
  /// For both ends of each transistor, their number rounded up to a multiple of four: where it stands on
  /// the soft ramp, the ramp there and its slope.
  let ends: Buffer<SIMD2<Double>>
  let ramps: Buffer<SIMD2<Double>>
  let rampSlopes: Buffer<SIMD2<Double>>
  let linears: Buffer<Linear>
  /// Their conductances, S.
  let conductances: Buffer<Double>
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
  /// Entry pairs (m of the later row, m of the later column), then one per free node with the
  /// conductance to driven nodes in its first lane, then one that nobody reads.
  let entries: Buffer<SIMD2<Double>>
  /// For each transistor the slopes at its low and its high end, S, once a linearisation has been
  /// asked for.
  var slopes = Buffer<SIMD2<Double>>(repeating: .zero, count: 0)
  /// Of a linear network: what drives it, as far as the tip, as the last solve found it.
  let forwarded: Buffer<Double>
  /// Whether that is still so.
  var isForwarded = false
  /// The internal numbers once more, without bounds checks.
  let places: Buffer<Int32>
  /// Room for the magnitudes of currents, and for solves.
  let scale: Buffer<Double>
  let work: Buffer<Double>
  /// Its own eliminated matrix, once there has been one.
  var factors: Factors?
  /// The tip, with what is attached here: of `factors` or of a twin's.
  var tip: Tip
  /// Whether `factors` are those of the present conductances: in a network that is linear.
  var isEliminated = false
  /// Branches at each node: `incident[incidentStart[i] ..< incidentStart[i + 1]]`.
  let incidentStart: [Int32]
  let incident: [Int32]

  init(structure: Structure, branches: [Branch], law: ThresholdLaw) {
    self.structure = structure
    self.branches = branches
    self.law = law
    activeLaw = law
    var transistors: [PreparedTransistor] = []
    var linears: [Linear] = []
    var conductances: [Double] = []
    var nonlinears: [Nonlinear] = []
    var links: [Link] = []
    var degree = [Int32](repeating: 0, count: structure.nodeCount + 1)
    for branch in branches {
      let from = structure.place[branch.from]
      let to = structure.place[branch.to]
      let low = min(from, to)
      let high = max(from, to)
      let slot = structure.slot(low: low, high: high)
      degree[Int(low) + 1] += 1
      degree[Int(high) + 1] += 1
      func addLinear(_ conductance: Double) {
        links.append(Link(kind: .linear, reversed: from > to, index: Int32(linears.count)))
        linears.append(Linear(low: low, high: high, slot: slot))
        conductances.append(conductance)
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
    for index in 1...structure.nodeCount { degree[index] += degree[index - 1] }
    var cursor = degree
    var incident = [Int32](repeating: 0, count: 2 * branches.count)
    for (index, branch) in branches.enumerated() {
      for node in [branch.from, branch.to] {
        let place = Int(structure.place[node])
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
    self.transistors = Buffer(transistors)
    let rounded = (transistors.count + 3) & ~3
    ends = Buffer(repeating: .zero, count: rounded)
    ramps = Buffer(repeating: .zero, count: rounded)
    rampSlopes = Buffer(repeating: .zero, count: rounded)
    self.linears = Buffer(linears)
    self.conductances = Buffer(conductances)
    self.nonlinears = Buffer(nonlinears)
    voltages = Buffer(repeating: 0, count: structure.nodeCount)
    inflow = Buffer(repeating: 0, count: structure.nodeCount)
    step = Buffer(repeating: 0, count: structure.freeCount)
    base = Buffer(repeating: 0, count: structure.freeCount)
    attached = Buffer(repeating: .zero, count: structure.freeCount)
    injected = Buffer(repeating: 0, count: structure.freeCount)
    entries = Buffer(repeating: .zero, count: structure.entryCount + structure.freeCount + 1)
    attachablePlaces = Buffer(
      structure.place.indices.filter { structure.attachable[$0] }.map { structure.place[$0] })
    drivenLinears = Buffer(
      linears.indices.lazy.filter {
        Int(linears[$0].low) < structure.freeCount && Int(linears[$0].high) >= structure.freeCount
      }.map { Int32($0) })
    forwarded = Buffer(repeating: 0, count: structure.freeCount)
    places = Buffer(structure.place)
    scale = Buffer(repeating: 0, count: structure.freeCount)
    work = Buffer(repeating: 0, count: structure.plan.workCount)
    tip = Tip(count: structure.freeCount - structure.tip)
  }

  /// Places of the free nodes to which a source may be attached.
  let attachablePlaces: Buffer<Int32>
  /// The linear branches between a free and a driven node.
  let drivenLinears: Buffer<Int32>

  /// Whether currents are proportional to voltages throughout.
  var isLinear: Bool { transistorCount == 0 && nonlinearCount == 0 }

  /// The branches with their present gate voltages and conductances.
  var currentBranches: [Branch] {
    var result = branches
    for (index, link) in links.enumerated() where link.kind == .transistor {
      if case .transistor(let transistor, _) = result[index].element {
        result[index].element = .transistor(
          transistor, gate: transistors[Int(link.index)].gate)
      }
    }
    for (index, link) in links.enumerated() where link.kind == .linear {
      let conductance = conductances[Int(link.index)]
      if result[index].element.conductance != conductance {
        result[index].element =
          conductance == 0 ? .open : .fixed(.resistor(ohms: 1 / conductance))
      }
    }
    return result
  }

  /// Sets the gates of all transistors, V.
  func setGates(_ volts: [Double]) {
    volts.withUnsafeBufferPointer { volts in
      for index in 0..<volts.count { transistors[index].setGate(volts[index]) }
    }
  }

  /// Sets gates of some branches, V, -1 being none; returns the place of the first that may not be set.
  func setGates(_ volts: [Double], of branches: [Int]) -> Int? {
    let count = min(volts.count, branches.count)
    let transistors = transistors.pointer
    return volts.withUnsafeBufferPointer { volts in
      branches.withUnsafeBufferPointer { branches in
        links.withUnsafeBufferPointer { links in
          for index in 0..<count where branches[index] != -1 {
            let (branch, gate) = (branches[index], volts[index])
            guard branch >= 0, branch < links.count, links[branch].kind == .transistor,
              CircuitError.voltageRange.contains(gate)
            else { return index }
            transistors[Int(links[branch].index)].setGate(gate)
          }
          return nil
        }
      }
    }
  }

  /// Sets all conductances, S.
  func setConductances(_ siemens: [Double]) {
    siemens.withUnsafeBufferPointer { siemens in
      guard let first = siemens.baseAddress else { return }
      conductances.pointer.update(from: first, count: siemens.count)
    }
    forgetElimination()
  }

  /// The matrix of a linear network is another one from now on.
  func forgetElimination() {
    isEliminated = false
    isForwarded = false
  }

  /// A state of the same contents; `replacing` exchanges one branch's element.
  func copy(replacing branch: Int? = nil, by element: Element = .open) -> SolverState {
    var branches = currentBranches
    if let branch { branches[branch].element = element }
    let result = SolverState(structure: structure, branches: branches, law: law)
    if branch == nil { result.conductances.update(from: conductances, count: linearCount) }
    result.voltages.update(from: voltages, count: structure.nodeCount)
    result.attached.update(from: attached, count: structure.freeCount)
    result.injected.update(from: injected, count: structure.freeCount)
    return result
  }
}
