import Elements

/// A network near an operating point, where it is linear: how node voltages answer injected
/// currents, and how a weighted sum of node voltages depends on currents injected anywhere (the
/// adjoint).
///
/// With F the currents into the free nodes and A = -dF/dV, the first solves A x = f, the second
/// A^T lambda = w. A is not symmetric where there are transistors: they have no co-content. One
/// elimination serves any number of both.
public struct Linearisation: Sendable {
  let structure: Structure
  let factors: Factors
  let tip: Tip
  /// For each branch, how fast its current, counted from `from` to `to`, grows with the voltage of
  /// `from` (first lane) and falls with that of `to` (second lane), in siemens.
  public let slopes: [SIMD2<Double>]
  /// For each branch, how fast its current grows with its gate voltage, in siemens; zero where it
  /// is no transistor.
  public let gateSlopes: [Double]

  /// How node voltages answer currents: A x = f.
  ///
  /// - Parameter currents: one per node, A; those into driven nodes change nothing.
  /// - Returns: one change of voltage per node, V; zero for driven nodes.
  /// - Precondition: as many currents as nodes.
  public func response(to currents: [Double]) -> [Double] {
    precondition(currents.count == structure.nodeCount)
    return solve(currents) { side, work in
      factors.elimination.forward(side, work: work)
      tip.solve(side, first: structure.tip)
      factors.elimination.back(side, work: work)
    }
  }

  /// The adjoint voltages lambda of a cost: A^T lambda = w.
  ///
  /// A current injected into a node changes the cost by lambda of that node per ampere.
  /// - Parameter weights: the cost's derivative with each node's voltage; driven nodes' count not.
  /// - Returns: one lambda per node; zero for driven nodes.
  /// - Precondition: as many weights as nodes.
  public func adjoint(of weights: [Double]) -> [Double] {
    precondition(weights.count == structure.nodeCount)
    return solve(weights) { side, work in
      factors.elimination.forwardTransposed(side, work: work)
      tip.solveTransposed(side, first: structure.tip)
      factors.elimination.backTransposed(side, work: work)
    }
  }

  private func solve(
    _ given: [Double], _ solver: (borrowing Buffer<Double>, borrowing Buffer<Double>) -> Void
  ) -> [Double] {
    let side = Buffer(repeating: 0.0, count: structure.freeCount)
    for k in 0..<structure.freeCount { side[k] = given[Int(structure.node[k])] }
    solver(side, Buffer(repeating: 0.0, count: structure.plan.workCount))
    var values = [Double](repeating: 0, count: structure.nodeCount)
    for k in 0..<structure.freeCount { values[Int(structure.node[k])] = side[k] }
    return values
  }
}

extension SolverState {
  /// The reaction of all branches to their ends' voltages, at the present ones, with the matrix
  /// eliminated.
  func linearisation() -> Linearisation {
    if isLinear && isEliminated, let factors {
      eliminateTip(factors)
    } else {
      evaluateWithSlopes()
      eliminate()
      isEliminated = isLinear
    }
    let factors = factors ?? Factors(structure)
    let branchCount = links.count
    var gateSlopes = [Double](repeating: 0, count: branchCount)
    let slopes = [SIMD2<Double>](unsafeUninitializedCapacity: branchCount) { slopes, count in
      for branch in 0..<branchCount {
        let link = links[branch]
        guard link.kind == .transistor else {
          let flow = flow(branch)
          slopes[branch] = SIMD2(flow.slopeFrom, flow.slopeTo)
          continue
        }
        let index = Int(link.index)
        let each = self.slopes[index]
        slopes[branch] = link.reversed ? SIMD2(each.y, each.x) : each
        gateSlopes[branch] =
          (slopes[branch].y - slopes[branch].x)
          / (transistors[index].steepness / transistors[index].inverseWidth)
      }
      count = branchCount
    }
    return Linearisation(
      structure: structure, factors: factors, tip: tip, slopes: slopes, gateSlopes: gateSlopes)
  }
}
