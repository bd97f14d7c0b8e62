package import Circuit
package import Portable

/// A rule of the equilibrium family: two equilibria of one network, one of them nudged at the
/// outputs, and at every edge the contrast of its two squared voltage drops.
///
/// With the error e = -dC/dV at the outputs of the free equilibrium V_F (for C = |y - V|^2 / 2,
/// e = y - V_F) the nudge adds the energy
///
///     n = (kappa/2) |V_F + (beta/kappa) e - V|^2,  beta = eta K:
///
/// a driver of conductance kappa at each output, which injects beta e - kappa (V - V_F). Rules are
/// classed by the order k with which n vanishes at the free equilibrium, n = O(eta^k):
/// * k = 1, kappa = beta: the energy beta C itself, equilibrium propagation.
/// * k = 2, kappa = K: a clamp of fixed stiffness, a driver of resistance 1/K. K -> infinity is
///   coupled learning, V_C = V_F + eta e; K -> 0 is equilibrium propagation again.
///
/// To first order in eta the outputs get the current eta W e with the output weight
/// W = (S^-1 + K^-1)^-1 for k = 2 and W = K for k = 1, S being the network's conductance matrix as
/// seen from the outputs (the Schur complement). (Generalised equilibrium propagation; the
/// stiffness joins its members.)
package struct EquilibriumRule: Sendable, Equatable {
  /// On which sides of the free equilibrium the nudged ones lie.
  package enum Side: String, Sendable, CaseIterable {
    /// Toward the label, against free: error O(eta).
    case positive
    /// Away from the label, against free: error O(eta).
    case negative
    /// Toward against away: error O(eta^2).
    case centred
  }

  /// The order k, 1 or 2.
  package var order: Int
  /// The stiffness K in siemens, above 0; for k = 2 up to infinity.
  package var stiffness: Double
  /// The nudge eta, above 0, up to 1000; for k = 1 only eta K counts.
  package var nudge: Double
  /// The sides compared.
  package var side: Side

  /// A rule.
  /// - Throws: `GradientError.invalid` for a setting out of range.
  package init(
    order: Int, stiffness: Double, nudge: Double, side: Side = .positive
  ) throws(GradientError) {
    guard order == 1 || order == 2 else {
      throw .invalid(what: "the nudge's order", value: Double(order), allowed: "1 or 2")
    }
    guard stiffness > 0, stiffness.isFinite || (order == 2 && stiffness == .infinity) else {
      throw .invalid(
        what: "the clamp stiffness (S)", value: stiffness,
        allowed: order == 1 ? "above 0, finite" : "above 0, up to infinity")
    }
    guard nudge > 0, nudge <= 1000 else {
      throw .invalid(what: "the nudge eta", value: nudge, allowed: "above 0, up to 1000")
    }
    self.order = order
    self.stiffness = stiffness
    self.nudge = nudge
    self.side = side
  }

  private init(unchecked order: Int, _ stiffness: Double, _ nudge: Double, _ side: Side) {
    self.order = order
    self.stiffness = stiffness
    self.nudge = nudge
    self.side = side
  }

  /// Equilibrium propagation with a nudge beta in siemens (Scellier and Bengio, 2017).
  /// - Precondition: beta is above 0 and finite.
  package static func equilibriumPropagation(
    beta: Double, side: Side = .positive
  ) -> EquilibriumRule {
    precondition(beta > 0 && beta.isFinite)
    return EquilibriumRule(unchecked: 1, beta, 1, side)
  }

  /// Coupled learning with a nudge eta (Stern, Hexner, Rocks and Liu, 2021).
  /// - Precondition: eta is above 0, at most 1000.
  package static func coupledLearning(
    nudge: Double, side: Side = .positive
  ) -> EquilibriumRule {
    precondition(nudge > 0 && nudge <= 1000)
    return EquilibriumRule(unchecked: 2, .infinity, nudge, side)
  }

  /// What a contrast of squared drops is multiplied by to estimate dC/dg: 1/(2 beta), or 1/(2 eta)
  /// for an ideal clamp, whose contrast follows S e; half of it for centred rules.
  package var scale: Double {
    let force = stiffness.isFinite ? nudge * stiffness : nudge
    return (side == .centred ? 0.25 : 0.5) / force
  }

  /// The stiffness that stands for an ideal clamp, S: a million times that of any board here.
  static let idealStiffness = 1e6

  /// Brings a network to a nudged equilibrium.
  ///
  /// - Parameters:
  ///   - outputs: the output nodes, declared attachable.
  ///   - free: their voltages in the free equilibrium, V: the network's own, or, for a twin, those
  ///     measured on the other.
  ///   - errors: e at each output, V.
  ///   - sign: 1 toward the label, -1 away from it.
  ///   - point: the network, solved free; left in the nudged equilibrium with the nudge attached.
  /// - Throws: `GradientError` where the nudge is beyond its bound or there is no solution.
  package func apply(
    outputs: [Int], free: [Double], errors: [Double], sign: Double, to point: inout OperatingPoint
  ) throws(GradientError) {
    do {
      let ideal = stiffness == .infinity
      let force = ideal ? nudge * Self.idealStiffness : nudge * stiffness
      if order == 1 && sign < 0 {
        try pushAway(outputs: outputs, free: free, errors: errors, force: force, in: &point)
        return
      }
      let kappa = order == 1 ? force : (ideal ? Self.idealStiffness : stiffness)
      for (index, node) in outputs.enumerated() {
        if ideal {
          try point.attach(
            node, conductance: kappa, volts: free[index] + sign * nudge * errors[index])
        } else {
          try point.attach(node, conductance: kappa, volts: free[index])
          try point.inject(node, amperes: sign * force * errors[index])
        }
      }
      try point.solve()
    } catch let error as CircuitError {
      throw .circuit(error)
    } catch let error as GradientError {
      throw error
    } catch {
      fatalError("a circuit throws its own errors alone")
    }
  }

  /// The negative nudge of first order: a driver of negative conductance -beta, which has a stable
  /// equilibrium for beta < lambda_min(S) only. Its currents i = -beta (e - (V - V_F)) are found by
  /// Newton's method on them.
  private func pushAway(
    outputs: [Int], free: [Double], errors: [Double], force: Double, in point: inout OperatingPoint
  ) throws {
    let bound = try Self.stiffnessBound(outputs: outputs, of: &point)
    guard force < bound else {
      throw GradientError.nudgeTooLarge(nudge: force, bound: bound)
    }
    var currents = errors.map { -force * $0 }
    for _ in 0..<50 {
      for (node, current) in zip(outputs, currents) { try point.inject(node, amperes: current) }
      try point.solve()
      let response = Self.response(outputs: outputs, of: &point)
      var residual: [Double] = []
      for (index, node) in outputs.enumerated() {
        let moved = try point.voltage(node) - free[index]
        residual.append(currents[index] + force * (errors[index] - moved))
      }
      let size = currents.reduce(1e-18) { max($0, $1.magnitude) }
      if residual.allSatisfy({ $0.magnitude <= 1e-11 * size }) { return }
      var jacobian = Matrix.identity(outputs.count)
      for row in outputs.indices {
        for column in outputs.indices { jacobian[row, column] -= force * response[row, column] }
      }
      guard let inverse = jacobian.inverse else {
        throw GradientError.nudgeTooLarge(
          nudge: force, bound: try Self.stiffnessBound(outputs: outputs, of: &point))
      }
      let step = inverse * residual
      for index in currents.indices { currents[index] -= step[index] }
    }
    throw GradientError.nudgeTooLarge(nudge: force, bound: bound)
  }

  /// Takes a nudge off again; the network is not solved.
  package static func release(
    outputs: [Int], of point: inout OperatingPoint
  ) throws(CircuitError) {
    for node in outputs {
      try point.attach(node, conductance: 0, volts: 0)
      try point.inject(node, amperes: 0)
    }
  }

  /// How the outputs' voltages answer currents into the outputs, S^-1, in ohms.
  package static func response(outputs: [Int], of point: inout OperatingPoint) -> Matrix {
    let linear = point.linearisation()
    var result = Matrix(rows: outputs.count, columns: outputs.count)
    for (column, node) in outputs.enumerated() {
      var currents = [Double](repeating: 0, count: point.nodeCount)
      currents[node] = 1
      let volts = linear.response(to: currents)
      for (row, other) in outputs.enumerated() { result[row, column] = volts[other] }
    }
    return result
  }

  /// lambda_min(S) of the outputs in siemens: a negative nudge must be smaller. S^-1 has no
  /// negative entries, so that it is one over its Perron root.
  package static func stiffnessBound(
    outputs: [Int], of point: inout OperatingPoint
  ) throws(CircuitError) -> Double {
    for node in outputs { _ = try point.voltage(node) }
    return 1 / response(outputs: outputs, of: &point).perronRoot
  }

  /// The output weight W in siemens at an operating point: what e is multiplied by, per eta, on its
  /// way to the outputs' currents, to first order.
  package func outputWeight(
    outputs: [Int], of point: inout OperatingPoint
  ) throws(GradientError) -> Matrix {
    var weight = Matrix.identity(outputs.count)
    if order == 1 { return weight.scalingColumns(by: outputs.map { _ in stiffness }) }
    weight = Self.response(outputs: outputs, of: &point)
    if stiffness.isFinite {
      for index in outputs.indices { weight[index, index] += 1 / stiffness }
    }
    guard let inverse = weight.inverse else { throw .singular }
    return inverse
  }
}

extension EquilibriumRule {
  /// The two equilibria compared, as voltages of every node, V.
  package struct Equilibria: Sendable {
    /// The free one; for centred rules the one nudged away.
    package var reference: [Double]
    /// The one nudged toward the label; for negative rules the free one.
    package var nudged: [Double]

    /// Two equilibria.
    package init(reference: [Double], nudged: [Double]) {
      self.reference = reference
      self.nudged = nudged
    }
  }

  /// Both equilibria of a single network in two phases: free, then nudged; left free again.
  ///
  /// - Parameters:
  ///   - outputs: the output nodes, declared attachable.
  ///   - errors: e at each output, V.
  ///   - point: the network, solved free.
  /// - Returns: the two equilibria.
  /// - Throws: `GradientError` where the nudge is beyond its bound or there is no solution.
  package func twoPhases(
    outputs: [Int], errors: [Double], of point: inout OperatingPoint
  ) throws(GradientError) -> Equilibria {
    let voltages = point.voltages
    let result = try twins(outputs: outputs, errors: errors, free: voltages, clamped: &point)
    do {
      try point.restore(voltages: voltages)
    } catch {
      throw .circuit(error)
    }
    return result
  }

  /// Both equilibria of twins: the free one's voltages are given, the clamped one is nudged about
  /// the free one's outputs and left free.
  ///
  /// A twin's parts differ, so that it has an offset even without a nudge; two phases of one
  /// network have none.
  /// - Parameters:
  ///   - outputs: the output nodes, declared attachable.
  ///   - errors: e at each output, V.
  ///   - free: the free twin's node voltages, V.
  ///   - clamped: the clamped twin, its sources driven.
  /// - Returns: the two equilibria.
  /// - Throws: `GradientError` where the nudge is beyond its bound or there is no solution.
  package func twins(
    outputs: [Int], errors: [Double], free: [Double], clamped: inout OperatingPoint
  ) throws(GradientError) -> Equilibria {
    let start = outputs.map { free[$0] }
    var reference = free
    var nudged = free
    if side != .positive {
      try apply(outputs: outputs, free: start, errors: errors, sign: -1, to: &clamped)
      reference = clamped.voltages
      try restore(outputs: outputs, &clamped)
    }
    if side != .negative {
      try apply(outputs: outputs, free: start, errors: errors, sign: 1, to: &clamped)
      nudged = clamped.voltages
      try restore(outputs: outputs, &clamped)
    }
    return Equilibria(reference: reference, nudged: nudged)
  }

  private func restore(
    outputs: [Int], _ point: inout OperatingPoint
  ) throws(GradientError) {
    do {
      try Self.release(outputs: outputs, of: &point)
    } catch {
      throw .circuit(error)
    }
  }

  /// What the rule says at some edges from their ends' voltages alone: an estimate of dC/dg, up to
  /// the output weight.
  package func contrasts(
    at edges: [(from: Int, to: Int)], _ equilibria: Equilibria
  ) -> [Double] {
    edges.map { edge in
      let nudged = equilibria.nudged[edge.from] - equilibria.nudged[edge.to]
      let reference = equilibria.reference[edge.from] - equilibria.reference[edge.to]
      return scale * (nudged * nudged - reference * reference)
    }
  }
}
