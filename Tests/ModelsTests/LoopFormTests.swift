import Circuit
import Elements
import Models
import Portable
import Testing

@Suite("Loop form")
struct LoopFormTests {
  private func largest(_ matrix: Matrix) -> Double {
    matrix.entries.reduce(0) { max($0, $1.magnitude) }
  }

  private func negated(_ matrix: Matrix) -> Matrix {
    matrix.scalingColumns(by: Array(repeating: -1, count: matrix.columns))
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `Omega is a projector whose rank is the number of loops`(seed: UInt64) throws {
    var networks = Networks(seed: seed)
    let network = networks.resistors(nodes: 10, branches: 25)
    let form = try LoopForm(network: network, driven: [(0, 0), (1, 0.4), (2, 0.1)])
    #expect(largest(form.omega * form.omega + negated(form.omega)) < 1e-9)
    let trace = (0..<form.omega.rows).reduce(0) { $0 + form.omega[$1, $1] }
    // Branches and sources, less nodes.
    #expect((trace - Double(25 + 3 - 10)).magnitude < 1e-9)
    #expect(form.loops.rows == 25 + 3 - 10)
  }

  @Test func `Loops and nodes share out all branches: R Pi + B^T (B G B^T)^+ B G = I`() throws {
    var networks = Networks(seed: 7)
    let network = networks.resistors(nodes: 8, branches: 18)
    // One source only, at the tree's root: the loops are those of the resistors alone.
    let form = try LoopForm(network: network, driven: [(0, 1)])
    var incidence = Matrix(rows: 8, columns: 18)
    var conductances: [Double] = []
    for (index, branch) in network.branches.enumerated() {
      incidence[branch.from, index] = 1
      incidence[branch.to, index] = -1
      conductances.append(1 / form.resistances[index])
    }
    let weighted = incidence.scalingColumns(by: conductances)
    // The pseudo-inverse of a connected Laplacian: (L + J s)^-1 - J / (64 s), J of ones, in a scale
    // s of its own size.
    var shifted = weighted * incidence.transposed
    let scale = 1e-3
    for row in 0..<8 { for column in 0..<8 { shifted[row, column] += scale } }
    var inverse = try #require(shifted.inverse)
    for row in 0..<8 { for column in 0..<8 { inverse[row, column] -= 1 / (64 * scale) } }
    var sum = incidence.transposed * (inverse * weighted)
    for row in 0..<18 {
      for column in 0..<18 {
        sum[row, column] += form.resistances[row] * form.pi[row, column]
        sum[row, column] -= row == column ? 1 : 0
      }
    }
    #expect(largest(sum) < 1e-9)
  }

  @Test func `Loop form and node form give the same voltages and the same gradient`() throws {
    var networks = Networks(seed: 8)
    let network = networks.resistors(nodes: 12, branches: 30)
    let driven = [(node: 0, volts: 0.0), (node: 1, volts: 0.45), (node: 2, volts: 0.1)]
    let form = try LoopForm(network: network, driven: driven)
    var point = try solved(network, volts: driven.map(\.volts))
    for node in 0..<12 {
      // The solver's leak of 1e-12 S is not in the loop form.
      #expect((form.voltage(node) - point.voltages[node]).magnitude < 1e-8)
    }
    let weights = AdjointTests.cost(point.voltages).weights
    let nodes = try Adjoint(of: weights, at: &point).gradient(
      by: .conductance, of: Array(network.branches.indices))
    let loops = form.gradient(of: weights)
    for (branch, byConductance) in nodes.enumerated() {
      let resistance = form.resistances[branch]
      let byResistance = -byConductance / (resistance * resistance)
      #expect((loops[branch] - byResistance).magnitude < 1e-7 * (byResistance.magnitude + 1e-6))
    }
  }

  @Test func `The derivative of Omega is Pi E_k (I - Omega)`() throws {
    var networks = Networks(seed: 3)
    var network = networks.resistors(nodes: 7, branches: 15)
    let driven = [(node: 0, volts: 0.0), (node: 1, volts: 1.0)]
    let form = try LoopForm(network: network, driven: driven)
    let k = 6
    guard case .fixed(.resistor(let ohms)) = network.branches[k].element else { return }
    let step = ohms * 1e-4
    network.branches[k].element = .fixed(.resistor(ohms: ohms + step))
    let ahead = try LoopForm(network: network, driven: driven).omega
    network.branches[k].element = .fixed(.resistor(ohms: ohms - step))
    let behind = try LoopForm(network: network, driven: driven).omega
    for row in 0..<17 {
      for column in 0..<17 {
        let exact = form.pi[row, k] * ((k == column ? 1 : 0) - form.omega[k, column])
        let slope = (ahead[row, column] - behind[row, column]) / (2 * step)
        #expect((slope - exact).magnitude * ohms < 1e-7)
      }
    }
  }

  @Test func `Transistors and floating nodes are refused in words`() throws {
    let transistor = Network(
      nodeCount: 2, branches: [Branch(from: 0, to: 1, element: .transistor(Transistor(), gate: 2))])
    #expect(throws: GradientError.notLinear(branch: 0)) {
      try LoopForm(network: transistor, driven: [(0, 1)])
    }
    let apart = Network(
      nodeCount: 3, branches: [Branch(from: 0, to: 1, element: .fixed(.resistor(ohms: 1)))])
    #expect(throws: GradientError.floating(node: 2)) {
      try LoopForm(network: apart, driven: [(0, 1)])
    }
  }
}
