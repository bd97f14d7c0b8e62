import Circuit
import Elements
import Models
import Portable
import Testing

@Suite("Exact gradients")
struct AdjointTests {
  /// A cost of the node voltages with a curvature, and its derivative.
  static func cost(_ volts: [Double]) -> (value: Double, weights: [Double]) {
    var value = 0.0
    var weights = volts
    for (node, v) in volts.enumerated() {
      let wanted = 0.05 * Double(node % 7)
      value += (v - wanted) * (v - wanted) / 2
      weights[node] = v - wanted
    }
    return (value, weights)
  }

  /// The element with one parameter moved.
  static func moved(_ element: Element, _ parameter: BranchParameter, by step: Double) -> Element {
    switch (element, parameter) {
    case (.transistor(let device, let gate), .gate): .transistor(device, gate: gate + step)
    case (.transistor(var device, let gate), .threshold):
      {
        device.threshold += step
        return .transistor(device, gate: gate)
      }()
    case (.transistor(var device, let gate), .strength):
      {
        device.strength += step
        return .transistor(device, gate: gate)
      }()
    case (.fixed(.resistor(let ohms)), .conductance): .fixed(.resistor(ohms: 1 / (1 / ohms + step)))
    case (.fixed(.diode(var diode)), .saturationCurrent):
      {
        diode.saturationCurrent += step
        return .fixed(.diode(diode))
      }()
    default: element
    }
  }

  /// The fourth-order central difference of the cost by one parameter of a branch.
  static func difference(
    _ point: OperatingPoint, _ branch: Int, _ parameter: BranchParameter, step: Double
  ) throws -> Double {
    func value(_ factor: Double) throws -> Double {
      var copy = point
      try copy.replace(
        branch, moved(point.network.branches[branch].element, parameter, by: factor * step))
      try copy.solve()
      try copy.solve()
      return cost(copy.voltages).value
    }
    let near = try value(1) - value(-1)
    let far = try value(2) - value(-2)
    return (8 * near - far) / (12 * step)
  }

  /// The largest difference between gradient and central differences, as a share of the largest
  /// derivative.
  static func worst(
    _ point: OperatingPoint, _ parameter: BranchParameter, of branches: [Int], step: Double
  ) throws -> Double {
    var copy = point
    let adjoint = Adjoint(of: cost(point.voltages).weights, at: &copy)
    let exact = try adjoint.gradient(by: parameter, of: branches)
    let size = exact.reduce(0) { max($0, $1.magnitude) }
    #expect(size > 0)
    var worst = 0.0
    for (branch, value) in zip(branches, exact) {
      worst = max(worst, (try difference(point, branch, parameter, step: step) - value).magnitude)
    }
    return worst / size
  }

  @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
  func `Gates, thresholds and strengths of transistor networks agree with central differences`(
    seed: UInt64
  ) throws {
    var networks = Networks(seed: seed)
    let network = networks.transistors(nodes: 12, branches: 30, gates: 0.9...3)
    let point = try solved(network, volts: [0, 0.45, 0.2])
    let all = Array(network.branches.indices)
    #expect(try Self.worst(point, .gate, of: all, step: 2e-3) < 1e-7)
    #expect(try Self.worst(point, .threshold, of: all, step: 2e-3) < 1e-7)
    #expect(try Self.worst(point, .strength, of: all, step: 4e-6) < 1e-7)
  }

  @Test func `Resistors, potentiometers and diodes agree with central differences`() throws {
    var networks = Networks(seed: 9)
    var network = networks.resistors(nodes: 9, branches: 20)
    network.branches[14].element = .transistor(Transistor(), gate: 1.5)
    let point = try solved(network, volts: [0, 1.2])
    let resistors = network.branches.indices.filter {
      if case .fixed(.resistor) = network.branches[$0].element { true } else { false }
    }
    #expect(try Self.worst(point, .conductance, of: resistors, step: 2e-7) < 1e-7)
    #expect(try Self.worst(point, .gate, of: [14], step: 2e-3) < 1e-7)

    let knob = DigitalPotentiometer()
    var other = network
    other.branches[0].element = .fixed(.potentiometer(knob, tap: 40))
    network.branches[0].element = .fixed(.resistor(ohms: knob.ohms(at: 40)))
    var one = try solved(network, volts: [0, 1.2])
    var two = try solved(other, volts: [0, 1.2])
    let weights = Self.cost(one.voltages).weights
    #expect(
      try Adjoint(of: weights, at: &one).gradient(by: .conductance, of: [0])
        == Adjoint(of: weights, at: &two).gradient(by: .conductance, of: [0]))
  }

  @Test(arguments: [(1e-10, 1.0), (1e-6, 0.7)])
  func `A diode's saturation current agrees with central differences`(
    saturation: Double, volts: Double
  ) throws {
    // Node 0 at a voltage, a resistor to node 2, from there a diode to node 1 at 0 V.
    let network = Network(
      nodeCount: 3,
      branches: [
        Branch(from: 0, to: 2, element: .fixed(.resistor(ohms: 1000))),
        Branch(from: 2, to: 1, element: .fixed(.diode(Diode(saturationCurrent: saturation)))),
      ])
    let point = try solved(network, volts: [volts, 0])
    let step = 5e-3 * saturation
    #expect(try Self.worst(point, .saturationCurrent, of: [1], step: step) < 1e-7)
  }

  @Test func `The derivative with a driven node's voltage agrees with central differences`() throws
  {
    var networks = Networks(seed: 4)
    let network = networks.transistors(nodes: 10, branches: 24, gates: 1...2)
    var point = try solved(network, volts: [0, 0.45])
    let weights = Self.cost(point.voltages).weights
    let exact = try Adjoint(of: weights, at: &point).gradient(byDrivenNode: 1)
    func value(_ volts: Double) throws -> Double {
      let voltages = try solved(network, volts: [0, volts]).voltages
      return Self.cost(voltages).value - weights[1] * 0
        - Self.cost([voltages[0], voltages[1]]).value
    }
    let step = 1e-4
    let slope = (try value(0.45 + step) - value(0.45 - step)) / (2 * step)
    #expect((slope - exact).magnitude < 1e-7 * exact.magnitude)
  }

  @Test func `A branch without the parameter is refused by name`() throws {
    var point = try solved(
      Network(
        nodeCount: 3,
        branches: [
          Branch(from: 0, to: 2, element: .fixed(.resistor(ohms: 100))),
          Branch(from: 2, to: 1, element: .fixed(.resistor(ohms: 100))),
        ]), volts: [0, 1])
    let adjoint = Adjoint(of: [0, 0, 1], at: &point)
    #expect(throws: CircuitError.noParameter(.gate, branch: 0)) {
      try adjoint.gradient(by: .gate, of: [0])
    }
    #expect(throws: CircuitError.notDriven(node: 2)) { try adjoint.gradient(byDrivenNode: 2) }
  }

  @Test func `An injected current moves voltages as the linearisation says`() throws {
    var networks = Networks(seed: 5)
    let network = networks.transistors(nodes: 12, branches: 30, gates: 1...3)
    var point = try solved(network, volts: [0, 0.45])
    let linear = point.linearisation()
    var currents = [Double](repeating: 0, count: 12)
    currents[7] = 1
    let response = linear.response(to: currents)
    let adjoint = linear.adjoint(of: currents)
    let before = point.voltages
    try point.inject(7, amperes: 1e-9)
    try point.solve()
    for node in 0..<12 {
      #expect((point.voltages[node] - before[node] - 1e-9 * response[node]).magnitude < 2e-12)
    }
    #expect((response[7] - adjoint[7]).magnitude < 1e-9 * response[7])
    // Transistors are not reciprocal: the transposed solve is another one.
    #expect(zip(response, adjoint).contains { ($0 - $1).magnitude > 1e-4 * response[7] })
    #expect(throws: CircuitError.notAttachable(node: 0)) { try point.inject(0, amperes: 1) }
  }
}
