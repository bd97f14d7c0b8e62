package import Circuit
import Elements
package import Portable

/// Kirchhoff's laws of a linear network in loop form, and the exact gradient from it.
///
/// The branches are the network's resistors, and after them one source of each driven node, from
/// ground, with resistance 0 and the node's voltage s. With the loop matrix A and R = diag(r),
///
///     Pi = A^T (A R A^T)^-1 A,  Omega = Pi R,  i = Pi s,
///
/// Omega is a projector whose rank is the number of loops. From dOmega/dr_k = Pi E_k (I - Omega)
/// follow di/dr_k = -i_k Pi_k and, for a cost of the currents, dC/dr_k = -i_k (Pi dC/di)_k. (For a
/// source's voltage counted as a drop, i = -Pi s.) The leak of `OperatingPoint` is left out.
package struct LoopForm: Sendable {
  /// A: one row per loop, one column per branch.
  package let loops: Matrix
  /// Pi, branch by branch, in siemens.
  package let pi: Matrix
  /// Omega, branch by branch.
  package let omega: Matrix
  /// The branches' resistances, ohm; 0 for the sources.
  package let resistances: [Double]
  /// The branches' currents, from `from` to `to`, A; a source's from ground into its node.
  package let currents: [Double]
  /// For each node, the branches of its path from ground through the tree, with their directions.
  private let paths: [[(branch: Int, direction: Double)]]
  private let sources: [Double]

  /// Solves a network of resistors and potentiometers.
  ///
  /// - Parameters:
  ///   - network: the network; `open` branches carry nothing and have no part in any loop.
  ///   - driven: the driven nodes and their voltages, V; every node must be reached from one.
  /// - Throws: `GradientError` where a branch is not linear, or a node floats.
  package init(
    network: Network, driven: [(node: Int, volts: Double)]
  ) throws(GradientError) {
    let ground = network.nodeCount
    var ends: [(from: Int, to: Int)] = []
    var resistances: [Double] = []
    var present: [Bool] = []
    for (index, branch) in network.branches.enumerated() {
      ends.append((branch.from, branch.to))
      switch branch.element {
      case .fixed(let element):
        guard case .linear(let ohms) = element.kind.law else { throw .notLinear(branch: index) }
        resistances.append(ohms)
      case .open: resistances.append(0)
      case .transistor: throw .notLinear(branch: index)
      }
      present.append(branch.element != .open)
    }
    var sources = [Double](repeating: 0, count: ends.count)
    for (node, volts) in driven {
      ends.append((ground, node))
      resistances.append(0)
      present.append(true)
      sources.append(volts)
    }
    self.resistances = resistances
    self.sources = sources

    // A tree from ground: the sources first, so that no two of them close a loop.
    var paths = [[(branch: Int, direction: Double)]?](repeating: nil, count: ground + 1)
    paths[ground] = []
    var inTree = [Bool](repeating: false, count: ends.count)
    for branch in network.branches.count..<ends.count {
      paths[ends[branch].to] = [(branch, 1)]
      inTree[branch] = true
    }
    var grew = true
    while grew {
      grew = false
      for branch in network.branches.indices where present[branch] {
        let (from, to) = ends[branch]
        if let path = paths[from], paths[to] == nil {
          paths[to] = path + [(branch, 1)]
        } else if let path = paths[to], paths[from] == nil {
          paths[from] = path + [(branch, -1)]
        } else {
          continue
        }
        inTree[branch] = true
        grew = true
      }
    }
    if let floating = paths.firstIndex(where: { $0 == nil }) {
      throw .floating(node: floating)
    }
    self.paths = paths.map { $0 ?? [] }

    // One loop for each branch outside the tree: along it, and back through the tree.
    let chords = ends.indices.filter { present[$0] && !inTree[$0] }
    var loops = Matrix(rows: chords.count, columns: ends.count)
    for (row, chord) in chords.enumerated() {
      loops[row, chord] = 1
      for step in self.paths[ends[chord].from] { loops[row, step.branch] += step.direction }
      for step in self.paths[ends[chord].to] { loops[row, step.branch] -= step.direction }
    }
    self.loops = loops
    guard let inverse = (loops.scalingColumns(by: resistances) * loops.transposed).inverse else {
      throw .singular
    }
    pi = loops.transposed * (inverse * loops)
    omega = pi.scalingColumns(by: resistances)
    currents = pi * sources
  }

  /// A node's voltage, V: what the sources and drops on its path from ground add up to.
  package func voltage(_ node: Int) -> Double {
    var volts = 0.0
    for (branch, direction) in paths[node] {
      volts += direction * (sources[branch] - resistances[branch] * currents[branch])
    }
    return volts
  }

  /// The gradient of a cost of the node voltages by every branch's resistance.
  ///
  /// - Parameter weights: dC/dV of every node, in units of the cost per volt.
  /// - Returns: dC/dr of every branch, sources included, per ohm.
  /// - Precondition: as many weights as nodes of the network.
  package func gradient(of weights: [Double]) -> [Double] {
    var byCurrent = [Double](repeating: 0, count: currents.count)
    var direct = byCurrent
    for (node, weight) in weights.enumerated() where weight != 0 {
      for (branch, direction) in paths[node] {
        byCurrent[branch] -= weight * direction * resistances[branch]
        direct[branch] -= weight * direction * currents[branch]
      }
    }
    let projected = pi * byCurrent
    return currents.indices.map { direct[$0] - currents[$0] * projected[$0] }
  }
}
