import Models
import Circuit
import Files
import Firmware
package import BoardDouble
import Portable
package import Runs

/// Learning near a solution, where it is linear: dG/dt = -M (G - G*) + B, with multiplier edges
/// that follow a label nudge all the time (the standard rule).
///
/// M is the negative derivative of the update by the gates at a found solution G*, in 1/s, averaged
/// over the task's samples: rate times the Hessian of the contrast, the power that the clamped twin
/// takes beyond the free one's, divided by the transistors' S (Dillavou et al., "Understanding and
/// embracing imperfection in physical learning networks", 2025). It is found exactly, by solving
/// the linearised twins once for every gate. B is what the update is at the solution: the edges'
/// own bias, and what the twins' mismatch adds.
package struct LinearTask: Sendable {
  /// The name of the task.
  package let name: String
  /// A solution G*, V: outputs equal their labels there.
  package let solution: [Double]
  /// The outputs' derivatives by the gates at the solution: a row for each output of each sample.
  package let sensitivity: [[Double]]
  /// M, 1/s, row by row.
  package var relaxation: [[Double]] {
    (0..<matrix.rows).map { row in (0..<matrix.columns).map { matrix[row, $0] } }
  }
  /// B, V/s.
  package let bias: [Double]
  /// What is left of the squared error at the solution, V^2: 0 where the task can be met.
  package let residual: Double

  let matrix: Matrix

  /// A direction that learning corrects this much slower than the fastest counts as not corrected:
  /// far below what a task sees, far above what the rounding of a solved network leaves (some
  /// 1e-12).
  static let reached = 1e-6

  /// How fast the solved task drifts along directions that it does not see, V/s: B without its part
  /// that M opposes.
  package var drift: [Double] {
    let kernel = matrix.leastSquares(bias, tolerance: Self.reached).kernel
    let left = matrix.transposed.leastSquares(bias, tolerance: Self.reached).kernel
    return Matrix.along(kernel, left: left, of: bias)
  }
}

extension Matrix {
  /// The part of a vector along the kernel of a matrix whose left kernel is given: what a process
  /// that the matrix damps does not feel.
  static func along(_ kernel: Matrix, left: Matrix, of vector: [Double]) -> [Double] {
    if kernel.columns == 0 || left.columns != kernel.columns {
      return Array(repeating: 0, count: vector.count)
    }
    let overlap = left.transposed * kernel
    // Both kernels are exact to rounding over the tolerance that parted them from the rest, 1e-10:
    // an overlap below that is none.
    let (part, _) = overlap.leastSquares(left.transposed * vector, tolerance: 1e-9)
    return kernel * part
  }
}

/// What the linear theory says of two tasks learned in turn, for one tau.
package struct TheoryResult: Sendable, Equatable, Codable {
  /// The learning time of a full cycle, s.
  package var tau: Double
  /// The mean square error of each task (inner) at the end of each task's half (outer), V^2, with
  /// outputs taken linear in the gates.
  package var errors: [[Double]]
  /// The mean of the four, V^2.
  package var error: Double
  /// The distance between the ends of a cycle, V.
  package var span: Double
  /// The gates at the end of the first and of the second task's half, V.
  package var ends: [[Double]]
  /// How fast the whole cycle creeps, V/s.
  package var drift: Double
  /// Whether both ends lie between the gates' rails.
  package var withinRails: Bool
  /// The true error of the twins at those ends over the linear one: near 1 where the theory holds.
  package var trueErrorRatio: Double
}

/// The linear theory of two tasks on one board.
package struct LinearTheory: Sendable {
  /// The two tasks.
  package let tasks: [LinearTask]
  private let rails: ClosedRange<Double>
  private let points: [TwinPoint]

  /// Finds a solution of each task from the given gates on, and linearises learning there.
  ///
  /// - Parameters:
  ///   - board: the board, whose twins, bias and rate are taken as they are.
  ///   - problems: the two tasks, with labels.
  ///   - rule: the rule; its nudge counts.
  ///   - gates: where to begin, V.
  ///   - bias: B where it is known better than the board says, V/s.
  /// - Throws: `TheoryError` where the theory does not apply, `CircuitError`.
  package init(
    board: AnalogBoard, problems: [Problem], rule: RuleSettings, gates: [Double],
    bias: [Double]? = nil
  ) throws {
    let description = board.description
    guard description.gates.update == .multiplier else {
      throw TheoryError("it needs multiplier edges; \(description.name) has comparator edges")
    }
    let labelled = rule.name == .standard || (rule.name == .coupled && rule.fixedPulse)
    guard labelled else {
      throw TheoryError("it describes the standard rule, not \(rule.name.rawValue)")
    }
    points = problems.map { TwinPoint(board: board, problem: $0, nudge: rule.nudge, bias: bias) }
    var found: [LinearTask] = []
    var start = gates
    for var point in points {
      let task = try point.linearise(from: start)
      found.append(task)
      start = task.solution
    }
    tasks = found
    rails = description.gates.rails
  }

  /// The steady cycle of one tau: the affine maps of both halves, composed and solved for what they
  /// leave in place, up to the creep that neither sees.
  /// - Throws: `TheoryError` where mismatched twins make learning run away within tau;
  ///   `CircuitError`.
  package func cycle(tau: Double) throws -> TheoryResult {
    let count = tasks[0].solution.count
    var maps: [(factor: Matrix, shift: [Double])] = []
    for task in tasks {
      // d/dt (G, 1) = ((-M, M G* + B), (0, 0)) (G, 1).
      var extended = Matrix(rows: count + 1, columns: count + 1)
      let pull = task.matrix * task.solution
      for row in 0..<count {
        for column in 0..<count { extended[row, column] = -task.matrix[row, column] * tau / 2 }
        extended[row, count] = (pull[row] + task.bias[row]) * tau / 2
      }
      let flow = extended.exponential
      var factor = Matrix(rows: count, columns: count)
      for row in 0..<count {
        for column in 0..<count { factor[row, column] = flow[row, column] }
      }
      maps.append((factor, (0..<count).map { flow[$0, count] }))
    }
    let round = maps[1].factor * maps[0].factor
    let shift = zip(maps[1].factor * maps[0].shift, maps[1].shift).map { $0 + $1 }
    let gap = Matrix.identity(count) - round
    let tolerance = LinearTask.reached
    let kernel = gap.leastSquares(shift, tolerance: tolerance).kernel
    let left = gap.transposed.leastSquares(shift, tolerance: tolerance).kernel
    let creep = Matrix.along(kernel, left: left, of: shift)
    // The cycle nearest to where learning found the solutions.
    let base = tasks[1].solution
    let driven = zip(shift, creep).map { $0 - $1 }
    let missing = zip(driven, gap * base).map { $0 - $1 }
    let step = gap.leastSquares(missing, tolerance: tolerance).x
    let second = zip(base, step).map { $0 + $1 }
    let first = zip(maps[0].factor * second, maps[0].shift).map { $0 + $1 }
    let ends = [first, second]
    func refuseRunaway(_ numbers: [Double]) throws {
      if numbers.allSatisfy({ $0.isFinite }) { return }
      throw TheoryError(
        "at tau \(tau) s learning runs away along a direction that the tasks leave open; take a "
          + "shorter tau, or do without the theory")
    }
    try refuseRunaway(first + second + creep)

    var errors: [[Double]] = []
    var exact = 0.0
    for end in ends {
      errors.append(
        tasks.map { task in
          let away = zip(end, task.solution).map { $0 - $1 }
          let sum = task.sensitivity.reduce(0.0) { sum, row in
            let error = zip(row, away).reduce(0) { $0 + $1.0 * $1.1 }
            return sum + error * error
          }
          return sum / Double(task.sensitivity.count) + task.residual
        })
      for var point in points {
        let inside = end.map { min(max($0, rails.lowerBound), rails.upperBound) }
        exact += try point.error(at: inside) / 4
      }
    }
    let error = errors.joined().reduce(0, +) / 4
    let span = zip(first, second).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    try refuseRunaway([error, span, exact])
    return TheoryResult(
      tau: tau, errors: errors, error: error, span: span, ends: ends,
      drift: creep.reduce(0) { $0 + $1 * $1 }.squareRoot() / tau,
      withinRails: ends.allSatisfy { $0.allSatisfy(rails.contains) },
      trueErrorRatio: exact / max(error, 1e-30))
  }
}

/// Where the theory does not apply.
package struct TheoryError: Error, CustomStringConvertible {
  /// The error in words.
  package let description: String

  init(_ reason: String) {
    description = "the linear theory does not apply here: " + reason
  }
}

/// Both twins at given gates, with a task's samples presented in turn.
private struct TwinPoint {
  let board: AnalogBoard
  let problem: Problem
  let nudge: Double
  let bias: [Double]
  var twins: Twins

  init(board: AnalogBoard, problem: Problem, nudge: Double, bias: [Double]?) {
    self.board = board
    self.problem = problem
    self.nudge = nudge
    self.bias = bias ?? board.bias
    twins = board.twins
  }

  var edges: Int { board.learningEdges.count }
  var channels: Int { problem.layout.channels }

  /// The weights of the target channels in an output.
  func channelsOf(_ output: Int) -> [(channel: Int, weight: Double)] {
    problem.layout.differential
      ? [(2 * output, -1), (2 * output + 1, 1)] : [(output, 1)]
  }

  /// An output of the free twin, V.
  func output(_ output: Int) -> Double {
    let volts = twins.targetVoltages
    return channelsOf(output).reduce(0) { $0 + $1.weight * volts[$1.channel] }
  }

  mutating func present(_ sample: Problem.Presentation, gates: [Double]) throws {
    try twins.drive(sample.inputs.map(\.volts))
    try twins.setGates(gates)
    try twins.solveFree()
  }

  /// Clamps every target by the nudge toward the labels, as the firmware does.
  mutating func clamp(_ sample: Problem.Presentation) throws {
    let volts = twins.targetVoltages
    for output in 0..<problem.layout.count where output < sample.labels.count {
      let error = sample.labels[output].volts - self.output(output)
      for (channel, weight) in channelsOf(output) {
        let share = error * weight / (problem.layout.differential ? 2 : 1)
        try twins.clamp(channel, at: volts[channel] + nudge * share)
      }
    }
    try twins.solveClamped()
  }

  mutating func error(at gates: [Double]) throws -> Double {
    var sum = 0.0
    var count = 0
    for sample in problem.presentations {
      try present(sample, gates: gates)
      for output in sample.labels.indices {
        let error = self.output(output) - sample.labels[output].volts
        sum += error * error
        count += 1
      }
    }
    return sum / Double(max(count, 1))
  }

  /// How node voltages of the free twin answer each gate: one row of node changes for each edge.
  func answers(of point: Linearisation, in twin: OperatingPoint) -> [[Double]] {
    let network = twin.network
    return board.gatedBranches.map { branch in
      var currents = [Double](repeating: 0, count: network.nodeCount)
      if branch >= 0 {
        let slope = point.gateSlopes[branch]
        currents[network.branches[branch].from] = -slope
        currents[network.branches[branch].to] = slope
      }
      return point.response(to: currents)
    }
  }

  /// Gauss-Newton steps to a solution, then M and B there.
  mutating func linearise(from start: [Double]) throws -> LinearTask {
    guard case .squaredError = problem.objective,
      problem.presentations.allSatisfy({ !$0.labels.isEmpty })
    else { throw TheoryError("the task \(problem.task.name) has no labels, but classes") }
    let rails = board.description.gates.rails
    var gates = start
    var rows: [[Double]] = []
    var residual = Double.infinity
    for _ in 0..<200 {
      rows = []
      var errors: [Double] = []
      for sample in problem.presentations {
        try present(sample, gates: gates)
        let answers = answers(of: twins.free.linearisation(), in: twins.free)
        for output in sample.labels.indices {
          errors.append(self.output(output) - sample.labels[output].volts)
          rows.append(
            (0..<edges).map { edge in
              channelsOf(output).reduce(0) {
                $0 + $1.weight * answers[edge][board.targetNodes[$1.channel]]
              }
            })
        }
      }
      let now = errors.reduce(0) { $0 + $1 * $1 } / Double(max(errors.count, 1))
      if now < 1e-20 || abs(now - residual) < 1e-9 * now {
        residual = now
        break
      }
      residual = now
      var jacobian = Matrix(rows: rows.count, columns: edges)
      for (row, values) in rows.enumerated() {
        for (column, value) in values.enumerated() { jacobian[row, column] = value }
      }
      var step = jacobian.leastSquares(errors.map { -$0 }, tolerance: LinearTask.reached).x
      let longest = step.map(\.magnitude).max() ?? 0
      if longest > 0.1 { step = step.map { $0 * 0.1 / longest } }
      for edge in 0..<edges {
        gates[edge] = min(max(gates[edge] + step[edge], rails.lowerBound), rails.upperBound)
      }
    }

    let settings = board.description.gates
    let rate = settings.gain / (settings.ohms * settings.farads * settings.reference)
    let weight = 1 - settings.powerWeight
    var matrix = Matrix(rows: edges, columns: edges)
    var atSolution = bias
    let share = 1 / Double(problem.presentations.count)
    for sample in problem.presentations {
      try present(sample, gates: gates)
      try clamp(sample)
      let freePoint = twins.free.linearisation()
      let clampedPoint = twins.clamped.linearisation()
      let freeAnswers = answers(of: freePoint, in: twins.free)
      var clampedAnswers = answers(of: clampedPoint, in: twins.clamped)
      // The clamps follow the free outputs: O_C moves by (1 - eta) of what O_F moves. In a
      // differential output only the difference is nudged.
      for channel in 0..<channels {
        let node = board.targetNodes[channel]
        var currents = [Double](
          repeating: 0, count: freePoint.slopes.isEmpty ? 0 : twins.free.nodeCount)
        currents[node] = 1 / twins.clampOhms
        let answer = clampedPoint.response(to: currents)
        for edge in 0..<edges {
          var moved = freeAnswers[edge][node]
          if problem.layout.differential {
            let other = board.targetNodes[channel ^ 1]
            moved -= nudge * (freeAnswers[edge][node] - freeAnswers[edge][other]) / 2
          } else {
            moved *= 1 - nudge
          }
          for k in clampedAnswers[edge].indices { clampedAnswers[edge][k] += moved * answer[k] }
        }
      }
      for row in 0..<edges {
        let edge = twins.edges[row]
        let (freeDrop, clampedDrop) = try twins.drops(row)
        let contrast = weight * freeDrop * freeDrop - clampedDrop * clampedDrop
        atSolution[row] += share * rate * contrast
        for column in 0..<edges {
          let freeChange = freeAnswers[column][edge.from] - freeAnswers[column][edge.to]
          let clampedChange = clampedAnswers[column][edge.from] - clampedAnswers[column][edge.to]
          let slope = weight * freeDrop * freeChange - clampedDrop * clampedChange
          matrix[row, column] -= share * 2 * rate * slope
        }
      }
    }
    return LinearTask(
      name: problem.task.name, solution: gates, sensitivity: rows, bias: atSolution,
      residual: residual, matrix: matrix)
  }
}
