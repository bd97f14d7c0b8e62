import Elements

/// A network near an operating point, where it is linear: how node voltages answer injected
/// currents, and how a weighted sum of node voltages depends on currents injected anywhere (the
/// adjoint).
///
/// With F the currents into the free nodes and A = -dF/dV, the first solves A x = f, the second
/// A^T lambda = w. A is not symmetric where there are transistors: they have no co-content. One
/// elimination serves any number of both.
public struct Linearisation: Sendable {
  let order: EliminationOrder
  /// The eliminated matrix: multipliers of the later rows, scaled entries of the later columns.
  let entries: [SIMD2<Double>]
  let pivots: [Double]
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
    precondition(currents.count == order.nodeCount)
    var side = (0..<order.freeCount).map { currents[Int(order.node[$0])] }
    for k in 0..<order.freeCount {
      side[k] /= pivots[k]
      for p in Int(order.start[k])..<Int(order.start[k + 1]) {
        side[Int(order.reach[p])] += entries[p].x * side[k]
      }
    }
    for k in stride(from: order.freeCount - 1, through: 0, by: -1) {
      for p in Int(order.start[k])..<Int(order.start[k + 1]) {
        side[k] += entries[p].y * side[Int(order.reach[p])]
      }
    }
    return spread(side)
  }

  /// The adjoint voltages lambda of a cost: A^T lambda = w.
  ///
  /// A current injected into a node changes the cost by lambda of that node per ampere.
  /// - Parameter weights: the cost's derivative with each node's voltage; driven nodes' count not.
  /// - Returns: one lambda per node; zero for driven nodes.
  /// - Precondition: as many weights as nodes.
  public func adjoint(of weights: [Double]) -> [Double] {
    precondition(weights.count == order.nodeCount)
    var side = (0..<order.freeCount).map { weights[Int(order.node[$0])] }
    for k in 0..<order.freeCount {
      for p in Int(order.start[k])..<Int(order.start[k + 1]) {
        side[Int(order.reach[p])] += entries[p].y * side[k]
      }
    }
    for k in stride(from: order.freeCount - 1, through: 0, by: -1) {
      for p in Int(order.start[k])..<Int(order.start[k + 1]) {
        side[k] += entries[p].x * side[Int(order.reach[p])]
      }
      side[k] /= pivots[k]
    }
    return spread(side)
  }

  private func spread(_ side: [Double]) -> [Double] {
    var values = [Double](repeating: 0, count: order.nodeCount)
    for k in 0..<order.freeCount { values[Int(order.node[k])] = side[k] }
    return values
  }
}

extension SolverState {
  /// The reaction of all branches to their ends' voltages, at the present ones, with the matrix
  /// eliminated. Uses up the entries.
  func linearisation() -> Linearisation {
    _ = evaluate()
    _ = newtonStep(damping: 0)
    var slopes: [SIMD2<Double>] = []
    slopes.reserveCapacity(links.count)
    for index in links.indices {
      let flow = flow(index)
      slopes.append(SIMD2(flow.slopeFrom, flow.slopeTo))
    }
    var gateSlopes = [Double](repeating: 0, count: links.count)
    for (index, link) in links.enumerated() where link.kind == .transistor {
      let device = transistors[Int(link.index)]
      let slope = device.steepness / device.inverseWidth
      gateSlopes[index] = (slopes[index].y - slopes[index].x) / slope
    }
    return Linearisation(
      order: order, entries: entries.prefix(order.entryCount),
      pivots: pivots.prefix(order.freeCount),
      slopes: slopes, gateSlopes: gateSlopes)
  }
}
