import Circuit
import Elements
import Testing

/// A way to choose gate voltages between 0 and 5.5 V.
enum GateChoice: CaseIterable {
  case independent, conducting, equal, cutOff, mixed, atThreshold

  func gates(_ random: inout RandomNetworks) -> (inout RandomNetworks) -> Double {
    let common = random.uniform(0...5.5)
    return { random in
      switch self {
      case .independent: random.uniform(0...5.5)
      case .conducting: random.uniform(1.5...5.5)
      case .equal: common
      case .cutOff: random.uniform(0...0.5)
      case .mixed: random.uniform(0...1) < 0.5 ? random.uniform(0...0.5) : random.uniform(0...5)
      case .atThreshold: 0.7
      }
    }
  }
}

@Suite("Operating point")
struct OperatingPointTests {
  @Test(arguments: ThresholdLaw.allCases, GateChoice.allCases)
  func `Every network is solved from a cold start`(law: ThresholdLaw, choice: GateChoice) throws {
    var random = RandomNetworks(seed: 100)
    for trial in 0..<400 {
      let gate = choice.gates(&random)
      let drive = trial % 2 == 0 ? 0...0.5 : 0...5.0
      let example = random.network(
        nodes: 3 + random.index(below: 40), law: law, drive: drive,
        others: trial % 4 < 2 ? 0 : 0.4, slopes: trial % 3 == 0, gate: gate)
      var point = try example.point()
      try point.solve()

      let voltages = point.voltages
      for (node, volts) in example.driven { #expect(voltages[node] == volts) }
      let range = example.range
      #expect(voltages.allSatisfy { range.contains($0) })
      let (net, scale) = balances(example.network, voltages)
      let isDriven = Set(example.driven.map(\.node))
      for node in voltages.indices where !isDriven.contains(node) {
        #expect(net[node].magnitude <= 4e-15 * scale[node] + 1e-22)
      }
    }
  }

  @Test(arguments: GateChoice.allCases)
  func `Different starts end at the same soft solution`(choice: GateChoice) throws {
    var random = RandomNetworks(seed: 200)
    for trial in 0..<200 {
      let gate = choice.gates(&random)
      let example = random.network(
        nodes: 3 + random.index(below: 30), law: .soft, drive: trial % 2 == 0 ? 0...0.5 : 0...5.0,
        others: trial % 4 < 2 ? 0 : 0.4, gate: gate)
      var cold = try example.point()
      try cold.solve()
      var other = cold
      var start = cold.voltages
      for node in start.indices { start[node] = random.uniform(example.range) }
      for (node, volts) in example.driven { start[node] = volts }
      try other.restore(voltages: start)
      try other.solve()
      for (a, b) in zip(cold.voltages, other.voltages) { #expect((a - b).magnitude < 1e-10) }
    }
  }

  @Test(arguments: ThresholdLaw.allCases)
  func `Different starts end at the same solution where every transistor conducts`(
    law: ThresholdLaw
  ) throws {
    var random = RandomNetworks(seed: 300)
    for _ in 0..<200 {
      let example = random.network(
        nodes: 3 + random.index(below: 60), law: law, drive: 0...0.5,
        gate: { $0.uniform(1.5...5.5) })
      var cold = try example.point()
      try cold.solve()
      var warm = try example.point()
      for (node, _) in example.driven { try warm.drive(node, 0.45) }
      try warm.solve()
      for (node, volts) in example.driven { try warm.drive(node, volts) }
      try warm.solve()
      for (a, b) in zip(cold.voltages, warm.voltages) { #expect((a - b).magnitude < 1e-12) }
    }
  }

  @Test func `What drivers and attached sources feed in, the leaks let out`() throws {
    var random = RandomNetworks(seed: 400)
    for _ in 0..<100 {
      let example = random.network(
        nodes: 20, law: .soft, drive: 0...0.5, others: 0.3, gate: { $0.uniform(1...5) })
      let isDriven = Set(example.driven.map(\.node))
      let free = (0..<20).first { !isDriven.contains($0) }!
      var point = try OperatingPoint(
        network: example.network, driven: example.driven.map(\.node), attachable: [free])
      for (node, volts) in example.driven { try point.drive(node, volts) }
      try point.attach(free, conductance: 1e-3, volts: 0.6)
      try point.solve()
      var sum = 0.0
      var scale = 0.0
      for node in 0..<20 {
        let current = try point.currentInto(node)
        sum += current
        scale += current.magnitude
        if !isDriven.contains(node) { sum -= OperatingPoint.leak * (try point.voltage(node)) }
      }
      #expect(sum.magnitude < 1e-14 * scale + 1e-17)
      #expect(try point.currentInto(free) == 1e-3 * (0.6 - (try point.voltage(free))))
    }
  }

  @Test func `A divider of resistors divides, and an attached source pulls`() throws {
    let network = Network(
      nodeCount: 3,
      branches: [
        Branch(from: 0, to: 1, element: .fixed(.resistor(ohms: 1000))),
        Branch(from: 1, to: 2, element: .fixed(.resistor(ohms: 3000))),
      ])
    var point = try OperatingPoint(network: network, driven: [0, 2], attachable: [1])
    try point.drive(0, 0.4)
    let solution = try point.solve()
    #expect(solution.sweeps == 0)
    #expect((try point.voltage(1) - 0.3).magnitude < 1e-9)
    #expect((try point.current(0) - 1e-4).magnitude < 1e-12)
    #expect((try point.currentInto(0) - 1e-4).magnitude < 1e-12)
    #expect((try point.currentInto(2) + 1e-4).magnitude < 1e-12)
    try point.attach(1, conductance: 4e-3 / 3, volts: 0.1)
    try point.solve()
    #expect((try point.voltage(1) - 0.2).magnitude < 1e-9)
    try point.attach(1, conductance: 0, volts: 0.1)
    try point.solve()
    #expect((try point.voltage(1) - 0.3).magnitude < 1e-9)
    try point.replace(0, .open)
    try point.solve()
    #expect((try point.voltage(1)).magnitude < 1e-8)
    try point.replace(0, .transistor(Transistor(), gate: 3))
    try point.replace(1, .fixed(.diode(Diode())))
    try point.solve()
    let diodeCurrent = Diode().current(at: try point.voltage(1))
    #expect((try point.current(0) - diodeCurrent).magnitude < 1e-11)
  }

  @Test func `The soft law moves a node by 2 mV near a gate of 1.3 V, by 10 uV near 2 V`() throws {
    func shift(_ gate: Double) throws -> Double {
      var volts: [Double] = []
      for law in ThresholdLaw.allCases {
        let network = Network(
          nodeCount: 3,
          branches: [
            Branch(from: 0, to: 1, element: .transistor(Transistor(), gate: gate)),
            Branch(from: 1, to: 2, element: .fixed(.resistor(ohms: 2000))),
          ], law: law)
        var point = try OperatingPoint(network: network, driven: [0, 2])
        try point.drive(0, 0.45)
        try point.solve()
        volts.append(try point.voltage(1))
      }
      return (volts[0] - volts[1]).magnitude
    }
    let near = try shift(1.3)
    let far = try shift(2)
    #expect(near > 0.5e-3 && near < 5e-3, "\(near)")
    #expect(far > 0.2e-6 && far < 50e-6, "\(far)")
  }

  @Test func `A node that nothing reaches rests at 0 V`() throws {
    let network = Network(
      nodeCount: 4,
      branches: [
        Branch(from: 0, to: 1, element: .transistor(Transistor(), gate: 3)),
        Branch(from: 2, to: 3, element: .transistor(Transistor(), gate: 3)),
      ], law: .sharp)
    var point = try OperatingPoint(network: network, driven: [0])
    try point.drive(0, 0.4)
    try point.solve()
    #expect((try point.voltage(1) - 0.4).magnitude < 1e-8)
    #expect((try point.voltage(2)).magnitude < 1e-12)
    #expect((try point.voltage(3)).magnitude < 1e-12)
    try point.restore(voltages: [0.4, 0, 0.3, 0.1])
    try point.solve()
    #expect((try point.voltage(2)).magnitude < 1e-12)
  }

  @Test func `A network without free nodes, or without branches, is solved too`() throws {
    let branch = Branch(from: 0, to: 1, element: .fixed(.resistor(ohms: 100)))
    var all = try OperatingPoint(
      network: Network(nodeCount: 2, branches: [branch]), driven: [1, 0])
    try all.drive(0, 1)
    try all.solve()
    #expect((try all.current(0) - 0.01).magnitude < 1e-17)
    var none = try OperatingPoint(network: Network(nodeCount: 3, branches: []), driven: [])
    try none.solve()
    #expect(none.voltages == [0, 0, 0])
  }

  @Test func `Parallel branches add up`() throws {
    let branches = (0..<4).map { _ in Branch(from: 0, to: 1, element: .fixed(.resistor(ohms: 4000)))
    }
    let network = Network(
      nodeCount: 3,
      branches: branches + [Branch(from: 2, to: 1, element: .fixed(.resistor(ohms: 1000)))])
    var point = try OperatingPoint(network: network, driven: [0, 2])
    try point.drive(0, 1)
    try point.solve()
    #expect((try point.voltage(1) - 0.5).magnitude < 1e-9)
  }

  @Test func `A copy keeps its own state and continues to the same bits`() throws {
    var random = RandomNetworks(seed: 500)
    let example = random.network(
      nodes: 30, law: .soft, drive: 0...0.5, others: 0.2, gate: { $0.uniform(1...5) })
    var original = try example.point()
    try original.solve()
    let before = original.voltages
    var copy = original
    let transistor = 0
    try copy.setGate(transistor, 4.2)
    try copy.solve()
    #expect(original.voltages == before)
    #expect(copy.voltages != before)
    try original.setGate(transistor, 4.2)
    try original.solve()
    #expect(original.voltages.map(\.bitPattern) == copy.voltages.map(\.bitPattern))
    #expect(original.network == copy.network)
  }

  @Test func `A point restored from its record continues to the same bits`() throws {
    var random = RandomNetworks(seed: 600)
    let example = random.network(
      nodes: 30, law: .soft, drive: 0...0.5, gate: { $0.uniform(1...5) })
    var unbroken = try example.point()
    try unbroken.solve()
    try unbroken.setGate(3, 2.5)
    var resumed = try OperatingPoint(
      network: unbroken.network, driven: example.driven.map(\.node))
    try resumed.restore(voltages: unbroken.voltages)
    let first = try unbroken.solve()
    let second = try resumed.solve()
    #expect(first == second)
    #expect(unbroken.voltages.map(\.bitPattern) == resumed.voltages.map(\.bitPattern))
    unbroken.reset()
    var fresh = try OperatingPoint(
      network: unbroken.network, driven: example.driven.map(\.node))
    for (node, volts) in example.driven { try fresh.drive(node, volts) }
    try unbroken.solve()
    try fresh.solve()
    #expect(unbroken.voltages.map(\.bitPattern) == fresh.voltages.map(\.bitPattern))
  }

  @Test func `A lattice as large as a thousand nodes is solved in a few iterations`() throws {
    let size = 32
    var random = RandomNetworks(seed: 700)
    var branches: [Branch] = []
    for row in 0..<size {
      for column in 0..<size {
        let node = row * size + column
        for other in [row * size + (column + 1) % size, (row + 1) % size * size + column] {
          branches.append(
            Branch(
              from: node, to: other,
              element: .transistor(Transistor(), gate: random.uniform(1.5...4))))
        }
      }
    }
    let network = Network(nodeCount: size * size, branches: branches)
    var point = try OperatingPoint(network: network, driven: [0, 341, 682])
    try point.drive(341, 0.45)
    try point.drive(682, 0.2)
    let solution = try point.solve()
    #expect(solution.iterations <= 8)
    #expect(solution.sweeps == 0)
    let (net, scale) = balances(network, point.voltages)
    for node in net.indices where ![0, 341, 682].contains(node) {
      #expect(net[node].magnitude <= 4e-15 * scale[node])
    }
  }

  @Test func `What is wrong with a network or a request is said, not trapped`() throws {
    func network(_ branch: Branch) -> Network { Network(nodeCount: 3, branches: [branch]) }
    let resistor = Element.fixed(.resistor(ohms: 100))
    #expect(throws: CircuitError.self) {
      try OperatingPoint(network: Network(nodeCount: 0, branches: []), driven: [])
    }
    #expect(throws: CircuitError.nodeOutOfRange(node: 3, nodeCount: 3, use: "an end of branch 0")) {
      try OperatingPoint(network: network(Branch(from: 0, to: 3, element: resistor)), driven: [])
    }
    #expect(throws: CircuitError.selfLoop(branch: 0, node: 1)) {
      try OperatingPoint(network: network(Branch(from: 1, to: 1, element: resistor)), driven: [])
    }
    let invalid: [Element] = [
      .fixed(.resistor(ohms: 0)), .fixed(.resistor(ohms: -5)), .fixed(.resistor(ohms: .nan)),
      .fixed(.resistor(ohms: .infinity)),
      .transistor(Transistor(strength: -1), gate: 1),
      .transistor(Transistor(threshold: .nan), gate: 1),
      .transistor(Transistor(slope: 0), gate: 1), .transistor(Transistor(), gate: .infinity),
      .fixed(.potentiometer(DigitalPotentiometer(), tap: 128)),
      .fixed(.potentiometer(DigitalPotentiometer(), tap: -1)),
      .fixed(.potentiometer(DigitalPotentiometer(lowest: 50, highest: 40), tap: 0)),
      .fixed(.potentiometer(DigitalPotentiometer(taps: 1), tap: 0)),
      .fixed(.diode(Diode(saturationCurrent: 0))), .fixed(.diode(Diode(ideality: .nan))),
      .fixed(.potentiometer(DigitalPotentiometer(lowest: .nan), tap: 0)),
    ]
    for element in invalid {
      #expect(throws: CircuitError.self, "\(element)") {
        try OperatingPoint(network: network(Branch(from: 0, to: 1, element: element)), driven: [])
      }
    }

    let good = network(Branch(from: 0, to: 1, element: resistor))
    #expect(throws: CircuitError.drivenTwice(node: 1)) {
      try OperatingPoint(network: good, driven: [1, 1])
    }
    #expect(throws: CircuitError.self) { try OperatingPoint(network: good, driven: [-1]) }
    #expect(throws: CircuitError.notAttachable(node: 1)) {
      try OperatingPoint(network: good, driven: [1], attachable: [1])
    }
    var point = try OperatingPoint(network: good, driven: [0], attachable: [1])
    #expect(throws: CircuitError.notDriven(node: 1)) { try point.drive(1, 0) }
    #expect(throws: CircuitError.self) { try point.drive(7, 0) }
    #expect(throws: CircuitError.self) { try point.drive(0, .nan) }
    #expect(throws: CircuitError.notTransistor(branch: 0)) { try point.setGate(0, 1) }
    #expect(throws: CircuitError.branchOutOfRange(branch: 1, branchCount: 1)) {
      try point.setGate(1, 1)
    }
    #expect(throws: CircuitError.branchOutOfRange(branch: -1, branchCount: 1)) {
      try point.current(-1)
    }
    #expect(throws: CircuitError.notAttachable(node: 2)) {
      try point.attach(2, conductance: 1, volts: 0)
    }
    #expect(throws: CircuitError.self) { try point.attach(1, conductance: -1, volts: 0) }
    #expect(throws: CircuitError.self) { try point.attach(1, conductance: 1, volts: .nan) }
    #expect(throws: CircuitError.self) { try point.replace(0, .fixed(.resistor(ohms: .nan))) }
    #expect(throws: CircuitError.wrongVoltageCount(given: 2, expected: 3)) {
      try point.restore(voltages: [0, 0])
    }
    #expect(throws: CircuitError.self) { try point.restore(voltages: [0, 0, .infinity]) }
    #expect(throws: CircuitError.self) { try point.voltage(3) }
    #expect(throws: CircuitError.self) { try point.currentInto(-2) }
    #expect(
      CircuitError.notDriven(node: 1).description
        == "node 1 is not among the driven nodes: only those can be given a voltage")
  }
}
