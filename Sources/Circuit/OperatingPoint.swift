public import Elements

/// How a solve went.
public struct Solution: Sendable, Equatable {
  /// Newton iterations: solutions of a linear system; 1 where all currents are proportional to
  /// voltages.
  public let iterations: Int
  /// Gauss-Seidel sweeps in between, where Newton's method did not get on; usually 0.
  public let sweeps: Int
}

/// The DC operating point of a network some of whose nodes are driven to given voltages.
///
/// A free node's voltage is such that the currents into it add up to zero: those of its branches,
/// of a source attached to it or a current injected into it, and of a leak of `leak` to 0 V that
/// gives nodes beyond the reach of any conducting path a voltage too. Every element's current falls
/// with the voltage at its far end, so the solution is unique and lies between the lowest and the
/// highest of driven voltages, attached voltages and 0 V. It is found by a damped Newton iteration
/// that starts from the last solution; where that fails, nonlinear Gauss-Seidel sweeps and
/// thresholds rounded off in stages step in.
///
/// A value: a copy keeps its own voltages and elements. The same calls give the same bits on every
/// machine. After the first, `solve` allocates no memory unless another copy shares its storage or
/// Newton's method needs its fallbacks.
public struct OperatingPoint: Sendable {
  /// The conductance in siemens from every free node to 0 V.
  public static let leak = 1e-12
  /// The Newton step in volts, or the bound on the next one, at which a solution counts as found.
  public static let tolerance = 1e-12

  private var state: SolverState

  /// Prepares a network for solving, all driven nodes at 0 V, nothing attached, every free node at
  /// the cold start of 0 V.
  ///
  /// - Parameters:
  ///   - network: The network.
  ///   - driven: The nodes that will be driven, each once.
  ///   - attachable: The free nodes to which `attach` may attach a source.
  /// - Throws: `CircuitError` where the network, or a node listed, is not valid.
  public init(
    network: Network, driven: [Int], attachable: [Int] = []
  ) throws(CircuitError) {
    try network.validate()
    let count = network.nodeCount
    var isDriven = [Bool](repeating: false, count: count)
    for node in driven {
      guard node >= 0, node < count else {
        throw .nodeOutOfRange(node: node, nodeCount: count, use: "listed as driven")
      }
      guard !isDriven[node] else { throw .drivenTwice(node: node) }
      isDriven[node] = true
    }
    var isAttachable = [Bool](repeating: false, count: count)
    for node in attachable {
      guard node >= 0, node < count else {
        throw .nodeOutOfRange(node: node, nodeCount: count, use: "listed as attachable")
      }
      guard !isDriven[node] else { throw .notAttachable(node: node) }
      isAttachable[node] = true
    }
    let structure = Structure(network: network, isDriven: isDriven, attachable: isAttachable)
    state = SolverState(structure: structure, branches: network.branches, law: network.law)
  }

  /// The network with its present elements and gate voltages.
  public var network: Network {
    Network(
      nodeCount: state.structure.nodeCount, branches: state.currentBranches, law: state.law)
  }

  /// The number of nodes.
  public var nodeCount: Int { state.structure.nodeCount }

  /// The number of branches.
  public var branchCount: Int { state.links.count }

  /// The voltages in volts of all nodes: after a solve its solution, which the next one starts
  /// from.
  public var voltages: [Double] {
    return state.structure.place.map { state.voltages[Int($0)] }
  }

  /// Copies the voltages in volts of all nodes into an array of as many, without making a new one.
  ///
  /// - Precondition: the array has as many places as there are nodes.
  public func copyVoltages(into values: inout [Double]) {
    precondition(values.count == nodeCount)
    values.withUnsafeMutableBufferPointer { values in
      for node in 0..<values.count { values[node] = state.voltages[Int(state.places[node])] }
    }
  }

  /// The voltage in volts of one node.
  ///
  /// - Throws: `CircuitError.nodeOutOfRange`.
  public func voltage(_ node: Int) throws(CircuitError) -> Double {
    state.voltages[try place(node, "asked for its voltage")]
  }

  /// Puts every node at a given voltage: what a checkpoint recorded in `voltages`, so that the next
  /// solve starts, and ends, with the same bits as it would have.
  ///
  /// - Parameter voltages: One voltage per node in volts; those of driven nodes drive them.
  /// - Throws: `CircuitError` where the number of voltages or one of them is not valid.
  public mutating func restore(voltages: [Double]) throws(CircuitError) {
    guard voltages.count == nodeCount else {
      throw .wrongVoltageCount(given: voltages.count, expected: nodeCount)
    }
    for (node, volts) in voltages.enumerated() {
      try check(volts, "restored voltage of node", node)
    }
    makeUnique()
    for (node, volts) in voltages.enumerated() {
      state.voltages[Int(state.structure.place[node])] = volts
    }
    state.isForwarded = false
  }

  /// Forgets the last solution: every free node back to the cold start of 0 V. Driven voltages,
  /// attached sources, injected currents and elements stay.
  public mutating func reset() {
    makeUnique()
    state.voltages.update(repeating: 0, count: state.structure.freeCount)
  }

  /// Sets the gate voltage of a transistor branch.
  ///
  /// - Throws: `CircuitError` where the branch does not exist or is no transistor, or the voltage
  ///   is outside `CircuitError.voltageRange`.
  public mutating func setGate(_ branch: Int, _ volts: Double) throws(CircuitError) {
    try check(branch: branch)
    let link = state.links[branch]
    guard link.kind == .transistor else { throw .notTransistor(branch: branch) }
    try check(volts, "gate voltage of branch", branch)
    makeUnique()
    state.transistors[Int(link.index)].setGate(volts)
  }

  /// Sets the gate voltages of all branches, each of which has to be a transistor.
  ///
  /// - Parameter volts: One voltage per branch.
  /// - Throws: `CircuitError` where their number or one of them is not valid, or a branch is no
  ///   transistor; nothing is set then.
  public mutating func setGates(_ volts: [Double]) throws(CircuitError) {
    guard volts.count == branchCount else {
      throw .wrongValueCount(given: volts.count, branchCount: branchCount)
    }
    guard state.transistorCount == branchCount else {
      let branch = state.links.firstIndex { $0.kind != .transistor } ?? 0
      throw .notTransistor(branch: branch)
    }
    if !volts.areAll(in: CircuitError.voltageRange),
      let branch = volts.firstIndex(where: { !CircuitError.voltageRange.contains($0) })
    {
      try check(volts[branch], "gate voltage of branch", branch)
    }
    makeUnique()
    state.setGates(volts)
  }

  /// Sets the gate voltages of some branches.
  ///
  /// - Parameters:
  ///   - volts: The voltages.
  ///   - branches: The branch of each, -1 for one that is not to be set; beyond the shorter of both
  ///     nothing is set.
  /// - Throws: As `setGate`; those before are set then.
  public mutating func setGates(_ volts: [Double], of branches: [Int]) throws(CircuitError) {
    makeUnique()
    guard let wrong = state.setGates(volts, of: branches) else { return }
    let branch = branches[wrong]
    try check(branch: branch)
    guard state.links[branch].kind == .transistor else { throw .notTransistor(branch: branch) }
    try check(volts[wrong], "gate voltage of branch", branch)
  }

  /// Sets the conductances of all branches, each of which has to be a resistor, a potentiometer or
  /// open. `network` tells them as resistors.
  ///
  /// - Parameter siemens: One conductance per branch: 0, or 1e-15 to 1e3 S, as resistors have.
  /// - Throws: `CircuitError` where their number or one of them is not valid, or a branch is
  ///   something else; nothing is set then.
  public mutating func setConductances(_ siemens: [Double]) throws(CircuitError) {
    guard siemens.count == branchCount else {
      throw .wrongValueCount(given: siemens.count, branchCount: branchCount)
    }
    guard state.linearCount == branchCount else {
      let branch = state.links.firstIndex { $0.kind != .linear } ?? 0
      throw .noConductance(branch: branch)
    }
    let allowed = 1e-15...1e3
    if !siemens.areAll(in: allowed),
      let branch = siemens.firstIndex(where: { $0 != 0 && !allowed.contains($0) })
    {
      throw .invalidQuantity(
        what: "conductance (S) of branch \(branch)", value: siemens[branch],
        allowed: "0, or 1e-15 to 1e3")
    }
    makeUnique()
    state.setConductances(siemens)
  }

  /// Puts another element into a branch.
  ///
  /// Changes among resistors, potentiometers and `open`, and from transistor to transistor, are
  /// done in place; others rebuild the solver's storage.
  ///
  /// - Throws: `CircuitError` where the branch does not exist or the element is not valid.
  public mutating func replace(_ branch: Int, _ element: Element) throws(CircuitError) {
    try check(branch: branch)
    try element.validate(branch: branch)
    let link = state.links[branch]
    switch (link.kind, element) {
    case (.transistor, .transistor(let transistor, let gate)):
      makeUnique()
      state.branches[branch].element = element
      let index = Int(link.index)
      var prepared = PreparedTransistor(transistor, gate: gate, law: state.law)
      let old = state.transistors[index]
      (prepared.low, prepared.high, prepared.slot) = (old.low, old.high, old.slot)
      state.transistors[index] = prepared
    case (.linear, _):
      guard let conductance = element.conductance else { fallthrough }
      makeUnique()
      state.branches[branch].element = element
      state.conductances[Int(link.index)] = conductance
      state.forgetElimination()
    default:
      state = state.copy(replacing: branch, by: element)
    }
  }

  /// Sets the voltage of a driven node.
  ///
  /// - Throws: `CircuitError` where the node is not among the driven ones, or the voltage is
  ///   outside `CircuitError.voltageRange`.
  public mutating func drive(_ node: Int, _ volts: Double) throws(CircuitError) {
    let place = try place(node, "driven")
    guard place >= state.structure.freeCount else { throw .notDriven(node: node) }
    try check(volts, "driven voltage of node", node)
    makeUnique()
    state.voltages[place] = volts
    state.isForwarded = false
  }

  /// Attaches a source of finite stiffness to an attachable node: a voltage behind a resistance,
  /// which adds conductance (volts - V) to the node's current balance. It replaces the source
  /// attached before.
  ///
  /// - Parameters:
  ///   - node: The free node.
  ///   - conductance: The reciprocal of the source's resistance, 0 (nothing attached) to 1e6 S.
  ///   - volts: The source's open-circuit voltage.
  /// - Throws: `CircuitError` where the node was not declared attachable or a value is out of
  ///   range.
  public mutating func attach(
    _ node: Int, conductance: Double, volts: Double
  ) throws(CircuitError) {
    let place = try place(node, "attached to")
    guard state.structure.attachable[node] else { throw .notAttachable(node: node) }
    guard conductance >= 0, conductance <= 1e6 else {
      throw .invalidQuantity(
        what: "conductance (S) attached to node \(node)", value: conductance,
        allowed: "0 to 1e6")
    }
    try check(volts, "voltage attached to node", node)
    makeUnique()
    // Before the tip it is part of the matrix.
    if place < state.structure.tip { state.forgetElimination() }
    state.attached[place] = SIMD2(conductance, volts)
  }

  /// Injects a current into an attachable node: a force nudge. It replaces the current injected
  /// before.
  ///
  /// With a current injected the solution may leave the range of the driven voltages, and where
  /// transistors saturate there may be none: `solve` then throws.
  /// - Parameters:
  ///   - node: The free node.
  ///   - amperes: The current into the node, at most 1000 in magnitude; 0 takes it away.
  /// - Throws: `CircuitError` where the node was not declared attachable or the current is not
  ///   allowed.
  public mutating func inject(_ node: Int, amperes: Double) throws(CircuitError) {
    let place = try place(node, "injected into")
    guard state.structure.attachable[node] else { throw .notAttachable(node: node) }
    guard amperes.magnitude <= 1000 else {
      throw .invalidQuantity(
        what: "current (A) injected into node \(node)", value: amperes, allowed: "-1000 to 1000")
    }
    makeUnique()
    state.injected[place] = amperes
    if place < state.structure.tip { state.isForwarded = false }
  }

  /// The linear network that this one is near its present voltages. After a solve: one more
  /// elimination, at the solution itself.
  public mutating func linearisation() -> Linearisation {
    makeUnique()
    return state.linearisation()
  }

  /// Finds the voltages of the free nodes, from the present ones on.
  ///
  /// - Returns: How it went.
  /// - Throws: `CircuitError.notConverged`, the voltages being then those of the last attempt.
  @discardableResult
  public mutating func solve() throws(CircuitError) -> Solution {
    makeUnique()
    return try state.solve()
  }

  /// Finds the voltages of the free nodes beside a twin, a copy of this operating point that has
  /// just been solved: starts from the twin's voltages and solves with the twin's elimination as long
  /// as that helps. Elements may be others and attached sources too; the closer they are, the less
  /// is to be done.
  ///
  /// Where all currents are proportional to voltages the result has the bits that `solve` gives.
  /// Otherwise the last bits hang on what the twin's last solve left behind, which no record of
  /// voltages holds: where a run has to resume to the same bits, solve the twin first.
  /// - Parameter twin: the twin.
  /// - Returns: How it went.
  /// - Throws: `CircuitError.notConverged`.
  /// - Precondition: both are copies of one operating point.
  @discardableResult
  public mutating func solve(beside twin: OperatingPoint) throws(CircuitError) -> Solution {
    precondition(twin.state.structure === state.structure)
    makeUnique()
    return try state.solve(beside: twin.state)
  }

  /// The current in amperes through a branch, from `from` to `to`, at the present voltages.
  ///
  /// - Throws: `CircuitError.branchOutOfRange`.
  public func current(_ branch: Int) throws(CircuitError) -> Double {
    try check(branch: branch)
    return state.flow(branch).current
  }

  /// The two nodes that a branch joins.
  ///
  /// - Throws: `CircuitError.branchOutOfRange`.
  public func ends(of branch: Int) throws(CircuitError) -> (from: Int, to: Int) {
    try check(branch: branch)
    return (state.branches[branch].from, state.branches[branch].to)
  }

  /// The branches that end at a node.
  ///
  /// - Parameters:
  ///   - node: The node.
  ///   - driven: Whether it has to be a driven one.
  /// - Returns: Their numbers.
  /// - Throws: `CircuitError` where it does not exist or is not driven.
  public func branches(at node: Int, driven: Bool = false) throws(CircuitError) -> [Int] {
    let place = try place(node, "asked for its branches")
    guard !driven || place >= state.structure.freeCount else { throw .notDriven(node: node) }
    return (Int(state.incidentStart[place])..<Int(state.incidentStart[place + 1])).map {
      Int(state.incident[$0])
    }
  }

  /// How a branch's current, from `from` to `to`, changes with a parameter of its element while the
  /// node voltages stay as they are, in amperes per unit of the parameter.
  ///
  /// - Throws: `CircuitError` where the branch does not exist or has no such parameter.
  public func derivative(
    of branch: Int, by parameter: BranchParameter
  ) throws(CircuitError) -> Double {
    try check(branch: branch)
    guard let value = state.derivative(branch, by: parameter) else {
      throw .noParameter(parameter, branch: branch)
    }
    return value
  }

  /// The current in amperes that enters the network at a node from outside: from the driver of a
  /// driven node, from the attached source and the injected current of a free one.
  ///
  /// - Throws: `CircuitError.nodeOutOfRange`.
  public func currentInto(_ node: Int) throws(CircuitError) -> Double {
    let place = try place(node, "asked for its current")
    guard place >= state.structure.freeCount else {
      let source = state.attached[place]
      return source.x * (source.y - state.voltages[place]) + state.injected[place]
    }
    var sum = 0.0
    for cursor in Int(state.incidentStart[place])..<Int(state.incidentStart[place + 1]) {
      let branch = Int(state.incident[cursor])
      let current = state.flow(branch).current
      sum += state.branches[branch].from == node ? current : -current
    }
    return sum
  }

  // MARK: Checks

  @inline(__always)
  private mutating func makeUnique() {
    if !isKnownUniquelyReferenced(&state) { state = state.copy() }
  }

  @inline(__always)
  private func place(_ node: Int, _ use: String) throws(CircuitError) -> Int {
    guard node >= 0, node < state.structure.nodeCount else {
      throw .nodeOutOfRange(node: node, nodeCount: nodeCount, use: use)
    }
    return Int(state.structure.place[node])
  }

  private func check(branch: Int) throws(CircuitError) {
    guard branch >= 0, branch < state.links.count else {
      throw .branchOutOfRange(branch: branch, branchCount: state.links.count)
    }
  }

  @inline(__always)
  private func check(_ volts: Double, _ what: String, _ index: Int) throws(CircuitError) {
    guard CircuitError.voltageRange.contains(volts) else {
      throw .invalidQuantity(
        what: "\(what) \(index)", value: volts, allowed: "-1000 to 1000 V")
    }
  }
}

extension [Double] {
  /// Whether all values lie in a range: without a branch for each.
  fileprivate func areAll(in range: ClosedRange<Double>) -> Bool {
    let (low, high) = (range.lowerBound, range.upperBound)
    return withUnsafeBufferPointer { values in
      var outside = 0
      for index in 0..<values.count {
        outside |= (values[index] >= low ? 0 : 1) | (values[index] <= high ? 0 : 1)
      }
      return outside == 0
    }
  }
}
