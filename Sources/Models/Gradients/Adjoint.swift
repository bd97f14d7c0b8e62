package import Circuit
package import Elements

/// The exact gradient of any cost of the node voltages, in node form: with A = -dF/dV of the
/// currents F into the free nodes, A^T lambda = dC/dV, and for a parameter p of branch e
///
///     dC/dp = -(b_e . lambda) dI_e/dp,
///
/// b_e . x being x at the branch's `from` less x at its `to`. It holds for networks that are not
/// reciprocal, such as those of transistors. One elimination and one transposed solve serve every
/// parameter.
package struct Adjoint: Sendable {
  /// Lambda of every node, in units of the cost per ampere; zero for driven nodes.
  package let voltages: [Double]
  /// The network near its operating point.
  package let linearisation: Linearisation
  private let point: OperatingPoint

  /// Solves for the adjoint voltages at an operating point.
  ///
  /// - Parameters:
  ///   - weights: dC/dV of every node, in units of the cost per volt.
  ///   - point: the operating point, solved; it is left as it was.
  /// - Precondition: as many weights as nodes.
  package init(of weights: [Double], at point: inout OperatingPoint) {
    linearisation = point.linearisation()
    voltages = linearisation.adjoint(of: weights)
    self.point = point
  }

  /// The cost's derivatives with one parameter of each of some branches.
  ///
  /// - Throws: `CircuitError` where a branch does not exist or has no such parameter.
  package func gradient(
    by parameter: BranchParameter, of branches: [Int]
  ) throws(CircuitError) -> [Double] {
    var result: [Double] = []
    result.reserveCapacity(branches.count)
    for branch in branches {
      let slope = try point.derivative(of: branch, by: parameter)
      let (from, to) = try point.ends(of: branch)
      result.append((voltages[to] - voltages[from]) * slope)
    }
    return result
  }

  /// The cost's derivative with the voltage of a driven node, beside its own weight there.
  ///
  /// - Throws: `CircuitError` where the node does not exist or is not driven.
  package func gradient(byDrivenNode node: Int) throws(CircuitError) -> Double {
    var sum = 0.0
    for branch in try point.branches(at: node, driven: true) {
      let (from, to) = try point.ends(of: branch)
      let slopes = linearisation.slopes[branch]
      sum += from == node ? slopes.x * voltages[to] : slopes.y * voltages[from]
    }
    return sum
  }
}
