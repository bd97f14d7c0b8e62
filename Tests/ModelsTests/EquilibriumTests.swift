import Circuit
import Elements
import Models
import Portable
import Testing

@Suite("The equilibrium family")
struct EquilibriumTests {
  private let outputs = [5, 8, 11]
  private let labels = [0.3, 0.1, 0.25]

  private func errors(_ point: OperatingPoint) throws -> [Double] {
    try zip(outputs, labels).map { node, label in try label - point.voltage(node) }
  }

  private func truth(_ point: inout OperatingPoint) throws -> [Double] {
    var weights = [Double](repeating: 0, count: point.nodeCount)
    for (node, error) in zip(outputs, try errors(point)) { weights[node] = -error }
    return try Adjoint(of: weights, at: &point).gradient(
      by: .conductance, of: Array(0..<point.branchCount))
  }

  private func linear(_ seed: UInt64) throws -> (OperatingPoint, [(from: Int, to: Int)]) {
    var networks = Networks(seed: seed)
    let network = networks.resistors(nodes: 14, branches: 34)
    return (
      try solved(network, volts: [0, 0.45, 0.2]), network.branches.map { ($0.from, $0.to) }
    )
  }

  private func estimate(
    _ rule: EquilibriumRule, _ point: inout OperatingPoint, _ edges: [(from: Int, to: Int)]
  ) throws -> [Double] {
    rule.contrasts(
      at: edges,
      try rule.twoPhases(outputs: outputs, errors: try errors(point), of: &point))
  }

  private func distance(_ a: [Double], _ b: [Double]) -> Double {
    let difference = zip(a, b).map { $0 - $1 }
    return (dot(difference, difference) / dot(b, b)).squareRoot()
  }

  @Test func `A clamp toward the label costs eta^2/2 e^T S e of co-content, exactly`() throws {
    var worst = 0.0
    for seed in 1...5 as ClosedRange<UInt64> {
      var (point, _) = try linear(seed)
      let free = point.voltages
      let error = try errors(point)
      let schur = try #require(
        EquilibriumRule.response(outputs: outputs, of: &point).inverse)
      func content(_ volts: [Double]) -> Double {
        // The leak from every node to 0 V is part of the network.
        var sum = volts.reduce(0) { $0 + OperatingPoint.leak * $1 * $1 / 2 }
        for branch in point.network.branches {
          guard case .fixed(.resistor(let ohms)) = branch.element else { continue }
          let drop = volts[branch.from] - volts[branch.to]
          sum += drop * drop / ohms / 2
        }
        return sum
      }
      for eta in [1e-2, 0.5, 1] {
        let equilibria = try EquilibriumRule.coupledLearning(nudge: eta).twoPhases(
          outputs: outputs, errors: error, of: &point)
        // The clamp is a driver of 1e6 S, not quite ideal: it moves the outputs by what is left of
        // eta e after S has had its share.
        var held = schur
        for index in outputs.indices { held[index, index] += 1e6 }
        let moved = try #require(held.inverse) * error.map { 1e6 * eta * $0 }
        let expected = dot(moved, schur * moved) / 2
        let ideal = eta * eta / 2 * dot(error, schur * error)
        #expect((expected - ideal).magnitude < 1e-6 * ideal)
        let gained = content(equilibria.nudged) - content(free)
        worst = max(worst, (gained - expected).magnitude / content(free))
      }
      #expect(point.voltages == free)
    }
    #expect(worst < 1e-9)
  }

  @Test func `One-sided nudges err by O(beta), centred ones by O(beta^2)`() throws {
    var (point, edges) = try linear(2)
    let exact = try truth(&point)
    func error(_ side: EquilibriumRule.Side, _ beta: Double) throws -> Double {
      distance(try estimate(.equilibriumPropagation(beta: beta, side: side), &point, edges), exact)
    }
    for side in EquilibriumRule.Side.allCases {
      let ratio = try error(side, 2e-5) / error(side, 1e-5)
      let expected = side == .centred ? 4.0 : 2.0
      #expect((ratio - expected).magnitude < 0.3, "\(side)")
    }
    #expect(try error(.centred, 1e-6) < 1e-5)
  }

  @Test func `Coupled learning follows (S e)^T dV/dg, and a clamp of stiffness K weighs by W`()
    throws
  {
    var (point, edges) = try linear(3)
    let all = Array(edges.indices)
    for stiffness in [1e-5, 1e-3, 1e-1, Double.infinity] {
      let rule = try EquilibriumRule(order: 2, stiffness: stiffness, nudge: 1e-4, side: .centred)
      let weight = try rule.outputWeight(outputs: outputs, of: &point)
      var weights = [Double](repeating: 0, count: point.nodeCount)
      for (node, value) in zip(outputs, weight * (try errors(point))) { weights[node] = -value }
      let expected = try Adjoint(of: weights, at: &point).gradient(by: .conductance, of: all)
      let scale = stiffness.isFinite ? 1 / stiffness : 1
      #expect(
        try distance(estimate(rule, &point, edges), expected.map { $0 * scale }) < 1e-4,
        "\(stiffness)")
    }
  }

  @Test func `A soft clamp is equilibrium propagation, a stiff one with several outputs is not`()
    throws
  {
    var (point, edges) = try linear(4)
    let exact = try truth(&point)
    let soft = try EquilibriumRule(order: 2, stiffness: 1e-9, nudge: 1, side: .centred)
    #expect(try cosine(estimate(soft, &point, edges), exact) > 0.999_99)
    let stiff = EquilibriumRule.coupledLearning(nudge: 1e-4)
    #expect(try cosine(estimate(stiff, &point, edges), exact) < 0.995)
  }

  @Test func `At eta = 1 coupled learning is the exact gradient of e^T S e / 2`() throws {
    var networks = Networks(seed: 6)
    let network = networks.resistors(nodes: 14, branches: 34)
    var point = try solved(network, volts: [0, 0.45, 0.2])
    let rule = EquilibriumRule.coupledLearning(nudge: 1)
    let contrasts = try estimate(rule, &point, network.branches.map { ($0.from, $0.to) })
    func value(_ branch: Int, _ change: Double) throws -> Double {
      var moved = network
      guard case .fixed(.resistor(let ohms)) = network.branches[branch].element else { return 0 }
      moved.branches[branch].element = .fixed(.resistor(ohms: 1 / (1 / ohms + change)))
      var point = try solved(moved, volts: [0, 0.45, 0.2])
      let schur = try #require(EquilibriumRule.response(outputs: outputs, of: &point).inverse)
      let error = try errors(point)
      return dot(error, schur * error) / 2
    }
    let size = contrasts.reduce(0) { max($0, $1.magnitude) }
    for branch in stride(from: 0, to: 34, by: 5) {
      let step = 1e-7
      let slope = (try value(branch, step) - value(branch, -step)) / (2 * step)
      #expect((slope - contrasts[branch]).magnitude < 1e-5 * size, "\(branch)")
    }
  }

  @Test func `A negative nudge beyond lambda_min(S) is refused with the bound`() throws {
    var (point, _) = try linear(5)
    let bound = try EquilibriumRule.stiffnessBound(outputs: outputs, of: &point)
    let error = try errors(point)
    let below = EquilibriumRule.equilibriumPropagation(beta: 0.9 * bound, side: .negative)
    let equilibria = try below.twoPhases(outputs: outputs, errors: error, of: &point)
    #expect(equilibria.reference.allSatisfy { $0.isFinite })
    for side in [EquilibriumRule.Side.negative, .centred] {
      let beyond = EquilibriumRule.equilibriumPropagation(beta: 1.1 * bound, side: side)
      #expect(throws: GradientError.nudgeTooLarge(nudge: 1.1 * bound, bound: bound)) {
        try beyond.twoPhases(outputs: outputs, errors: error, of: &point)
      }
    }
    #expect("\(GradientError.nudgeTooLarge(nudge: 2, bound: 1.5))".contains("1.5 S"))
    // A clamp of second order has a stable state on either side.
    let clamp = EquilibriumRule.coupledLearning(nudge: 1, side: .negative)
    _ = try clamp.twoPhases(outputs: outputs, errors: error, of: &point)
  }

  @Test func `Settings out of range are refused`() {
    #expect(throws: GradientError.self) { try EquilibriumRule(order: 3, stiffness: 1, nudge: 1) }
    #expect(throws: GradientError.self) {
      try EquilibriumRule(order: 1, stiffness: .infinity, nudge: 1)
    }
    #expect(throws: GradientError.self) { try EquilibriumRule(order: 2, stiffness: .nan, nudge: 1) }
    #expect(throws: GradientError.self) { try EquilibriumRule(order: 2, stiffness: 1, nudge: 0) }
  }

  @Test func `Transistors in deep triode are nearly reciprocal, near threshold they are not`()
    throws
  {
    func cosine(gates: ClosedRange<Double>) throws -> Double {
      var networks = Networks(seed: 11)
      let network = networks.transistors(nodes: 24, branches: 60, gates: gates)
      var point = try solved(network, volts: [0, 0.45, 0.2])
      var weights = [Double](repeating: 0, count: 24)
      for (node, error) in zip(outputs, try errors(point)) { weights[node] = -error }
      let exact = try Adjoint(of: weights, at: &point).gradient(
        by: .gate, of: Array(network.branches.indices))
      let rule = EquilibriumRule.equilibriumPropagation(beta: 1e-7, side: .centred)
      let contrasts = try estimate(rule, &point, network.branches.map { ($0.from, $0.to) })
      let strengths = network.branches.map { branch in
        guard case .transistor(let device, _) = branch.element else { return 0.0 }
        return device.strength
      }
      return ModelsTests.cosine(zip(contrasts, strengths).map { $0 * $1 }, exact)
    }
    #expect(try cosine(gates: 2...5) > 0.998)
    #expect(try cosine(gates: 0.8...1.5) < 0.98)
  }
}
