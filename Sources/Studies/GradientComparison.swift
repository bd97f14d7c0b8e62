package import Circuit
import Elements
package import Files
package import Models
import Firmware
import Portable
package import BoardDouble

/// Rules of the equilibrium family against the exact gradient of a task's cost, on a board as it
/// stands: how near each comes, and what costs it, one cause after the other.
///
/// The cost of a sample is the task's `Loss`.
package struct GradientComparison {
  /// What a real board does to a rule, each on top of those before it.
  package enum Cause: String, Sendable, CaseIterable {
    /// The output weight W in place of 1: the adjoint of W e.
    case weighting = "output weight"
    /// Currents spread forward where the adjoint would need them to spread backward: transistors
    /// are not reciprocal.
    case nonReciprocity = "non-reciprocity"
    /// Every edge takes dK/dG = S, its law in triode.
    case edgeLaw = "edge law"
    /// The nudge is finite, in two phases of one network.
    case finiteNudge = "finite nudge"
    /// Twins whose parts differ, clamps and readings with offset, gain error and curvature.
    case offsets = "offsets"
    /// Clamps and readings in whole codes.
    case quantisation = "quantisation"
    /// Only the sign of each edge's contrast is used: what comparators tell.
    case sign = "sign only"
  }

  /// How a rule compares once a cause has been added.
  package struct Stage: Sendable {
    /// The cause.
    package let cause: Cause
    /// Against the exact gradient.
    package let likeness: Likeness
  }

  /// The number of samples whose cost was not zero, so that there was a gradient.
  package private(set) var active = 0
  /// The least lambda_min(S) of the outputs over those samples, S: the bound of negative nudges.
  package private(set) var bound = Double.infinity
  /// The exact gradient of the samples' mean cost by the gates, V^2/V.
  package private(set) var exact: [Double] = []

  private let board: AnalogBoard
  private let task: TaskDescription
  private let samples: [Int]
  /// The learning edges of `exact`, as indices among those: dead and shorted ones have no gradient.
  package let edges: [Int]
  private let branches: [Int]
  private let ends: [(from: Int, to: Int)]
  private let strengths: [Double]

  /// Takes the exact gradient.
  ///
  /// - Parameters:
  ///   - board: the board.
  ///   - task: the task placed on it.
  ///   - gates: the gate voltages, V.
  ///   - samples: the samples, as indices into the task's.
  /// - Throws: `CircuitError` where the circuit has no solution.
  package init(
    board: AnalogBoard, task: TaskDescription, gates: [Double], samples: [Int]
  ) throws(CircuitError) {
    var board = board
    board.setGates(gates, at: .zero)
    self.board = board
    self.task = task
    self.samples = samples
    edges = board.learningEdges.indices.filter { board.gatedBranches[$0] >= 0 }
    branches = edges.map { board.gatedBranches[$0] }
    var ends: [(from: Int, to: Int)] = []
    var strengths: [Double] = []
    var twins = board.twins
    let network = twins.free.network
    for branch in branches {
      ends.append(try twins.free.ends(of: branch))
      if case .transistor(let device, _) = network.branches[branch].element {
        strengths.append(device.strength)
      }
    }
    self.ends = ends
    self.strengths = strengths
    exact = Array(repeating: 0, count: edges.count)
    try prepare(&twins)
    for sample in samples {
      try twins.drive(task.samples[sample].inputs)
      try twins.solveFree()
      let errors = errors(of: sample, at: twins.targetVoltages)
      if errors.allSatisfy({ $0 == 0 }) { continue }
      active += 1
      bound = min(
        bound, try EquilibriumRule.stiffnessBound(outputs: board.targetNodes, of: &twins.free))
      add(try adjoint(of: errors, at: &twins.free), to: &exact)
    }
  }

  /// Adds the causes to a rule one after another.
  ///
  /// - Parameter rule: the rule.
  /// - Returns: the stages; a rule with a negative nudge of first order ends before the offsets,
  ///   since a clamp cannot push away.
  /// - Throws: `GradientError` for a nudge beyond its bound.
  package func stages(of rule: EquilibriumRule) throws(GradientError) -> [Stage] {
    do {
      return try stages(unchecked: rule)
    } catch let error as GradientError {
      throw error
    } catch let error as CircuitError {
      throw .circuit(error)
    } catch {
      fatalError("only circuits and gradients throw here")
    }
  }

  private func stages(unchecked rule: EquilibriumRule) throws -> [Stage] {
    let targets = board.targetNodes
    let isClamp = rule.order == 2 || rule.side == .positive
    let causes = Cause.allCases.filter {
      isClamp || ($0 != .offsets && $0 != .quantisation)
    }
    var sums = causes.map { _ in [Double](repeating: 0, count: edges.count) }
    var twins = board.twins
    try prepare(&twins)
    for sample in samples {
      try twins.drive(task.samples[sample].inputs)
      try twins.solveFree()
      try twins.solveClamped()
      let start = twins.targetVoltages
      let errors = errors(of: sample, at: start)
      if errors.allSatisfy({ $0 == 0 }) { continue }
      let weighted = try rule.outputWeight(outputs: targets, of: &twins.free) * errors
      let linear = twins.free.linearisation()
      var currents = [Double](repeating: 0, count: twins.free.nodeCount)
      for (node, value) in zip(targets, weighted) { currents[node] = value }
      let response = linear.response(to: currents)
      var last: [Double] = []
      for (index, cause) in causes.enumerated() {
        var estimate: [Double]
        switch cause {
        case .weighting: estimate = try adjoint(of: weighted, at: &twins.free)
        case .nonReciprocity:
          estimate = zip(branches, ends).map {
            (response[$1.from] - response[$1.to]) * linear.gateSlopes[$0]
          }
        case .edgeLaw:
          let voltages = twins.free.voltages
          estimate = zip(strengths, ends).map {
            $0 * (response[$1.from] - response[$1.to]) * (voltages[$1.from] - voltages[$1.to])
          }
        case .finiteNudge:
          estimate = scaled(
            rule.contrasts(
              at: ends, try rule.twoPhases(outputs: targets, errors: errors, of: &twins.free)))
        case .offsets, .quantisation:
          let whole = cause == .quantisation
          let read = targets.indices.map { board.reading($0, of: start[$0], inCodes: whole) }
          let seen = self.errors(of: sample, at: read)
          estimate = try onTwins(rule, read: read, errors: seen, whole, &twins)
        case .sign:
          let size = errors.reduce(0) { $0 + $1.magnitude }
          estimate = last.map { $0 > 0 ? size : $0 < 0 ? -size : 0 }
        }
        last = estimate
        add(estimate, to: &sums[index])
      }
    }
    return zip(causes, sums).map { Stage(cause: $0, likeness: Likeness(of: $1, to: exact)) }
  }

  /// The contrast of real twins: the clamped one is driven by converters to what they make of it.
  private func onTwins(
    _ rule: EquilibriumRule, read: [Double], errors: [Double], _ whole: Bool, _ twins: inout Twins
  ) throws -> [Double] {
    let ideal = rule.stiffness == .infinity
    // The clamp is commanded to V_F + reach e.
    let reach = rule.order == 1 ? 1 : rule.nudge
    let signs: [Double] = rule.side == .centred ? [-1, 1] : [rule.side == .negative ? -1 : 1]
    var states = [twins.free.voltages]
    for sign in signs {
      let put = read.indices.map { index in
        let commanded = board.clampOutput(
          index, asked: read[index] + sign * reach * errors[index], inCodes: whole)
        return sign * (commanded - read[index]) / reach
      }
      let side = EquilibriumRule.Side.positive
      let one = try EquilibriumRule(
        order: rule.order, stiffness: ideal ? .infinity : rule.stiffness, nudge: rule.nudge,
        side: side)
      try one.apply(
        outputs: board.targetNodes, free: read, errors: put, sign: sign, to: &twins.clamped)
      states.append(twins.clamped.voltages)
      try EquilibriumRule.release(outputs: board.targetNodes, of: &twins.clamped)
    }
    let equilibria: EquilibriumRule.Equilibria =
      switch rule.side {
      case .positive: .init(reference: states[0], nudged: states[1])
      case .negative: .init(reference: states[1], nudged: states[0])
      case .centred: .init(reference: states[1], nudged: states[2])
      }
    return scaled(rule.contrasts(at: ends, equilibria))
  }

  private func scaled(_ contrasts: [Double]) -> [Double] {
    zip(contrasts, strengths).map { $0 * $1 }
  }

  private func add(_ values: [Double], to sum: inout [Double]) {
    for index in values.indices { sum[index] += values[index] / Double(max(samples.count, 1)) }
  }

  /// Both twins at the board's gates, with nothing at their outputs.
  private func prepare(_ twins: inout Twins) throws(CircuitError) {
    try twins.setGates(board.state.gates)
    try twins.release()
  }

  /// The gradient of -e by the gates, at fixed e.
  private func adjoint(
    of errors: [Double], at point: inout OperatingPoint
  ) throws(CircuitError) -> [Double] {
    var weights = [Double](repeating: 0, count: point.nodeCount)
    for (node, error) in zip(board.targetNodes, errors) { weights[node] = -error }
    return try Adjoint(of: weights, at: &point).gradient(by: .gate, of: branches)
  }

  /// e = -dC/dV at every target channel.
  private func errors(of index: Int, at volts: [Double]) -> [Double] {
    let sample = task.samples[index]
    let differential = task.outputs.differential
    var outputs: [Double] = []
    for output in 0..<task.outputs.count {
      if differential {
        outputs.append(volts[2 * output + 1] - volts[2 * output])
      } else {
        outputs.append(volts[output])
      }
    }
    let wanted = task.objective.loss.judge(
      outputs, labels: sample.labels, category: sample.category
    ).errors
    if !differential { return wanted }
    return wanted.flatMap { error in [-error, error] }
  }
}
