import Circuit
import Elements
import Testing

@Suite("Solving beside a twin")
struct TwinSolveTests {
  /// A square lattice with its ends joined; `element` makes its edges.
  private func lattice(
    _ side: Int, law: ThresholdLaw = .soft, _ element: (Int) -> Element
  ) -> Network {
    var branches: [Branch] = []
    for node in 0..<side * side {
      let (row, column) = (node / side, node % side)
      for other in [row * side + (column + 1) % side, (row + 1) % side * side + column] {
        branches.append(Branch(from: node, to: other, element: element(branches.count)))
      }
    }
    return Network(nodeCount: side * side, branches: branches, law: law)
  }

  private func pair(_ network: Network) throws -> (free: OperatingPoint, clamped: OperatingPoint) {
    let count = network.nodeCount
    var free = try OperatingPoint(
      network: network, driven: [0, count / 3, 2 * count / 3], attachable: [count / 2, count - 1])
    try free.drive(count / 3, 0.45)
    try free.drive(2 * count / 3, 0.2)
    return (free, free)
  }

  @Test(arguments: [4, 10, 20])
  func `a linear twin has the bits of a solve of its own, whatever was solved before`(side: Int)
    throws
  {
    var random = RandomNetworks(seed: 900)
    let network = lattice(side) { _ in .fixed(.resistor(ohms: random.uniform(1...100))) }
    let count = network.nodeCount
    var (free, clamped) = try pair(network)
    for step in 0..<6 {
      if step % 2 == 0 {
        let siemens = network.branches.map { _ in random.uniform(0.01...1) }
        try free.setConductances(siemens)
        // Beside a twin of other conductances it eliminates its own.
        if step < 4 { try clamped.setConductances(siemens) }
      }
      if step % 3 == 1 {
        try free.drive(0, 0.1 * Double(step))
        // Beside a twin that is driven otherwise too.
        if step < 4 { try clamped.drive(0, 0.1 * Double(step)) }
      }
      try free.solve()
      try clamped.attach(count / 2, conductance: 1e-3 * Double(step), volts: 0.3)
      try clamped.attach(count - 1, conductance: 10, volts: 0.25)
      var alone = try OperatingPoint(
        network: clamped.network, driven: [0, count / 3, 2 * count / 3],
        attachable: [count / 2, count - 1])
      try alone.restore(voltages: clamped.voltages)
      try alone.setConductances(
        clamped.network.branches.map {
          guard case .fixed(.resistor(let ohms)) = $0.element else { return 0 }
          return 1 / ohms
        })
      try alone.attach(count / 2, conductance: 1e-3 * Double(step), volts: 0.3)
      try alone.attach(count - 1, conductance: 10, volts: 0.25)
      try alone.solve()
      let beside = try clamped.solve(beside: free)
      #expect(beside.iterations == 1)
      for (a, b) in zip(clamped.voltages, alone.voltages) { #expect((a - b).magnitude < 1e-14) }
      var copy = clamped
      try copy.solve()
      #expect(copy.voltages.map(\.bitPattern) == clamped.voltages.map(\.bitPattern))
    }
  }

  @Test(arguments: [4, 14], ThresholdLaw.allCases)
  func `a twin of transistors ends where a solve of its own does`(side: Int, law: ThresholdLaw)
    throws
  {
    var random = RandomNetworks(seed: 910)
    let network = lattice(side, law: law) { _ in
      .transistor(Transistor(), gate: random.uniform(0.5...5))
    }
    let count = network.nodeCount
    var (free, clamped) = try pair(network)
    for step in 0..<8 {
      let gates = network.branches.map { _ in random.uniform(0.5...5) }
      try free.setGates(gates)
      // Parts of twins differ a little; of the last ones much.
      try clamped.setGates(gates.map { $0 + random.uniform(step < 6 ? -0.01...0.01 : -1...1) })
      try free.solve()
      try clamped.attach(count / 2, conductance: 1e6, volts: 0.3)
      var alone = clamped
      try alone.solve()
      try clamped.solve(beside: free)
      for (a, b) in zip(clamped.voltages, alone.voltages) { #expect((a - b).magnitude < 1e-11) }
    }
  }

  @Test func `values for all branches at once are those set one by one, and checked`() throws {
    var random = RandomNetworks(seed: 920)
    let transistors = lattice(4) { _ in .transistor(Transistor(), gate: 1) }
    let resistors = lattice(4) { _ in .fixed(.resistor(ohms: 10)) }
    var (one, other) = try pair(transistors)
    let gates = transistors.branches.map { _ in random.uniform(1...4) }
    try one.setGates(gates)
    for (branch, gate) in gates.enumerated() { try other.setGate(branch, gate) }
    try one.solve()
    try other.solve()
    #expect(one.voltages == other.voltages && one.network == other.network)
    var copied = one.voltages.map { _ in 0.0 }
    one.copyVoltages(into: &copied)
    #expect(copied == one.voltages)

    (one, other) = try pair(resistors)
    try one.setConductances(gates)
    for (branch, siemens) in gates.enumerated() {
      try other.replace(branch, .fixed(.resistor(ohms: 1 / siemens)))
    }
    try one.solve()
    try other.solve()
    for (a, b) in zip(one.voltages, other.voltages) { #expect((a - b).magnitude < 1e-15) }
    // A copy keeps them to the bit.
    var copy = one
    try copy.drive(0, 0.1)
    try one.drive(0, 0.1)
    try copy.solve()
    try one.solve()
    #expect(copy.voltages.map(\.bitPattern) == one.voltages.map(\.bitPattern))
    try one.setConductances(gates.map { _ in 0 })
    #expect(one.network.branches.allSatisfy { $0.element == .open })

    #expect(throws: CircuitError.notTransistor(branch: 0)) { try one.setGates(gates) }
    #expect(throws: CircuitError.wrongValueCount(given: 3, branchCount: 32)) {
      try one.setConductances([1, 2, 3])
    }
    #expect(throws: CircuitError.self) {
      try one.setConductances(gates.map { _ in -1.0 })
    }
    #expect(throws: CircuitError.self) {
      try one.setConductances(gates.map { _ in Double.nan })
    }
    var (gated, _) = try pair(transistors)
    #expect(throws: CircuitError.noConductance(branch: 0)) { try gated.setConductances(gates) }
    #expect(throws: CircuitError.self) { try gated.setGates(gates.map { _ in Double.nan }) }
    #expect(throws: CircuitError.wrongValueCount(given: 1, branchCount: 32)) {
      try gated.setGates([1])
    }
  }

  /// Voltages found by Eigen, CHOLMOD and libngspice, which agree to eight digits: transistors of the
  /// sharp law and resistors on a lattice drawn by a linear congruence.
  @Test(arguments: [4, 10, 32, 100]) func `large and small networks agree with others' solvers`(
    side: Int
  ) throws {
    let expected: [Int: (linear: [Double], transistors: [Double])] = [
      4: ([0.23945412, 0.20361975], [0.22270436, 0.18937827]),
      10: ([0.26078222, 0.14196548], [0.24141309, 0.13599155]),
      32: ([0.24915980, 0.11544594], [0.23134184, 0.10589080]),
      100: ([0.23851438, 0.10451401], [0.22048983, 0.08893539]),
    ]
    for isLinear in [true, false] {
      var x: UInt32 = 12345
      let network = lattice(side, law: .sharp) { _ in
        x = 1_664_525 &* x &+ 1_013_904_223
        let u = Double(x) / 4_294_967_296
        return isLinear
          ? .fixed(.resistor(ohms: 1 / (0.1 + 0.9 * u)))
          : .transistor(
            Transistor(strength: 1e-3, threshold: 0.7, slope: 1), gate: 1.5 + 2.5 * u)
      }
      var point = try pair(network).free
      try point.solve()
      let found = [
        try point.voltage(network.nodeCount / 2), try point.voltage(network.nodeCount - 1),
      ]
      let values = try #require(expected[side])
      // Our leak of 1e-12 S a node moves those of transistors by up to 3.4e-7 V.
      for (a, b) in zip(found, isLinear ? values.linear : values.transistors) {
        #expect((a - b).magnitude < (isLinear ? 2e-8 : 5e-7), "\(found)")
      }
    }
  }

  /// Three nodes in a row: driven, between, driven, by transistors whose gates are set after a twin's.
  @Test(arguments: ThresholdLaw.allCases, [0.1, 0.3, 0.5, 1])
  func `however unlike a twin is, the solution is its own`(law: ThresholdLaw, gate: Double) throws {
    let device = Element.transistor(Transistor(strength: 1e-3, threshold: 0.7, slope: 1), gate: 5)
    var twin = try OperatingPoint(
      network: Network(
        nodeCount: 3,
        branches: [
          Branch(from: 0, to: 1, element: device), Branch(from: 1, to: 2, element: device),
        ],
        law: law),
      driven: [0, 2])
    try twin.drive(2, 0.4)
    try twin.solve()
    var beside = twin
    try beside.setGates([gate, 0.9 * gate])
    var alone = beside
    alone.reset()
    try alone.solve()
    try beside.solve(beside: twin)
    let (found, wanted) = (try beside.voltage(1), try alone.voltage(1))
    #expect((found - wanted).magnitude < 1e-10)
  }

  @Test(arguments: [1e-9, 1e-8, 1e-7, 3e-7, 1e-6, 1e-4])
  func `a small nudge's effect is right to its last digits`(nudge: Double) throws {
    var random = RandomNetworks(seed: 920)
    let network = lattice(5) { _ in
      .transistor(
        Transistor(strength: 1e-3, threshold: 0.7, slope: 1), gate: random.uniform(1.5...4))
    }
    var (free, clamped) = try pair(network)
    try free.solve()
    try clamped.attach(12, conductance: 1e-3, volts: try free.voltage(12) + nudge)
    var alone = clamped
    try alone.restore(voltages: free.voltages)
    try alone.solve()
    try clamped.solve(beside: free)
    for (one, other) in zip(clamped.voltages, alone.voltages) {
      #expect((one - other).magnitude < 2e-12)
    }
  }

  @Test func `what drives a linear twin now is not what its last solve was driven by`() throws {
    let resistor = Element.fixed(.resistor(ohms: 1000))
    let network = Network(
      nodeCount: 3,
      branches: [
        Branch(from: 0, to: 1, element: resistor), Branch(from: 1, to: 2, element: resistor),
      ])
    var one = try OperatingPoint(network: network, driven: [0, 2])
    var other = one
    try one.drive(0, 1)
    // Linearised, never solved.
    _ = one.linearisation()
    try other.drive(0, 1)
    try other.solve(beside: one)
    #expect((try other.voltage(1) - 0.5).magnitude < 1e-8)
    try one.solve()
    // Driven anew since.
    try one.drive(0, 2)
    try other.drive(0, 2)
    try other.solve(beside: one)
    #expect((try other.voltage(1) - 1).magnitude < 1e-8)
  }

  @Test func `a linear network that a current lifts beyond all bounds has no solution`() throws {
    var point = try OperatingPoint(
      network: Network(
        nodeCount: 2,
        branches: [Branch(from: 0, to: 1, element: .fixed(.resistor(ohms: 1e6)))]),
      driven: [0], attachable: [1])
    try point.inject(1, amperes: 0.01)
    #expect {
      try point.solve()
    } throws: {
      guard case .notConverged(let node, _, _, _) = $0 as? CircuitError else { return false }
      return node == 1
    }
    let voltages = point.voltages
    #expect(voltages.allSatisfy { $0.isFinite })
    try point.inject(1, amperes: 1e-5)
    try point.solve()
    #expect((try point.voltage(1) - 10).magnitude < 1e-3)
  }

  @Test func `conductances are those that resistors may have`() throws {
    var (point, _) = try pair(lattice(3) { _ in .fixed(.resistor(ohms: 1)) })
    var siemens = [Double](repeating: 1, count: 18)
    for wrong in [1e6, 1e-16, -1, .infinity, .nan] {
      siemens[7] = wrong
      #expect(throws: CircuitError.self) { try point.setConductances(siemens) }
    }
    for right in [0, 1e-15, 1e3] {
      siemens[7] = right
      try point.setConductances(siemens)
      try point.network.validate()
    }
  }
}
