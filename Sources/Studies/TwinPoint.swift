import BoardDouble
import Circuit
import Files
import Firmware
import Portable
import Runs

/// Both twins at given gates, with a task's samples presented in turn.
struct TwinPoint {
  let board: AnalogBoard
  let problem: Problem
  let nudge: Double
  let bias: [Double]
  var twins: Twins

  init(board: AnalogBoard, problem: Problem, nudge: Double, bias: [Double]?) {
    self.board = board
    self.problem = problem
    self.nudge = nudge
    self.bias = bias ?? board.parts.bias
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

  /// Learning at a task's solution, found from given gates on: M and B there.
  ///
  /// - Parameter start: where to begin, V.
  /// - Returns: the task near its solution.
  /// - Throws: `TheoryError` for a task without labels, `CircuitError`.
  mutating func linearise(from start: [Double]) throws -> LinearTask {
    guard case .squaredError = problem.objective,
      problem.presentations.allSatisfy({ !$0.labels.isEmpty })
    else { throw TheoryError("the task \(problem.task.name) has no labels, but classes") }
    let (gates, rows, residual) = try solve(from: start)
    var matrix = Matrix(rows: edges, columns: edges)
    var atSolution = bias
    for sample in problem.presentations {
      try present(sample, gates: gates)
      try clamp(sample)
      let free = answers(of: twins.free.linearisation(), in: twins.free)
      let clamped = clampedAnswers(like: free)
      try addLearning(free, clamped, to: &matrix, &atSolution)
    }
    return LinearTask(
      name: problem.task.name, solution: gates, sensitivity: rows, bias: atSolution,
      residual: residual, matrix: matrix)
  }

  /// Gauss-Newton steps to a solution.
  /// - Returns: its gates, V; how each output of each sample answers them there; the mean square
  ///   error that is left, V^2.
  private mutating func solve(from start: [Double]) throws -> ([Double], [[Double]], Double) {
    let rails = board.description.gates.rails
    var gates = start
    var rows: [[Double]] = []
    var residual = Double.infinity
    for _ in 0..<200 {
      var errors: [Double] = []
      (rows, errors) = try sensitivity(at: gates)
      let now = errors.reduce(0) { $0 + $1 * $1 } / Double(max(errors.count, 1))
      if now < 1e-20 || abs(now - residual) < 1e-9 * now { return (gates, rows, now) }
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
    return (gates, rows, residual)
  }

  /// How each output of each sample answers the gates, and its error, V.
  private mutating func sensitivity(
    at gates: [Double]
  ) throws -> (rows: [[Double]], errors: [Double]) {
    var rows: [[Double]] = []
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
    return (rows, errors)
  }

  /// How node voltages of the clamped twin answer each gate, where those of the free twin do so like
  /// this. The clamps follow the free outputs: O_C moves by (1 - eta) of what O_F moves. In a
  /// differential output only the difference is nudged.
  private mutating func clampedAnswers(like free: [[Double]]) -> [[Double]] {
    let point = twins.clamped.linearisation()
    var clamped = answers(of: point, in: twins.clamped)
    for channel in 0..<channels {
      let node = board.targetNodes[channel]
      var currents = [Double](repeating: 0, count: point.slopes.isEmpty ? 0 : twins.free.nodeCount)
      currents[node] = 1 / twins.clampOhms
      let answer = point.response(to: currents)
      for edge in 0..<edges {
        var moved = free[edge][node]
        if problem.layout.differential {
          let other = board.targetNodes[channel ^ 1]
          moved -= nudge * (free[edge][node] - free[edge][other]) / 2
        } else {
          moved *= 1 - nudge
        }
        for k in clamped[edge].indices { clamped[edge][k] += moved * answer[k] }
      }
    }
    return clamped
  }

  /// Adds a sample's share of M and B: the contrast as it stands, and how it answers each gate.
  private func addLearning(
    _ free: [[Double]], _ clamped: [[Double]], to matrix: inout Matrix, _ bias: inout [Double]
  ) throws {
    let settings = board.description.gates
    let rate = settings.gain / (settings.ohms * settings.farads * settings.reference)
    let weight = 1 - settings.powerWeight
    let share = 1 / Double(problem.presentations.count)
    for row in 0..<edges {
      let edge = twins.edges[row]
      let (freeDrop, clampedDrop) = try twins.drops(row)
      let contrast = weight * freeDrop * freeDrop - clampedDrop * clampedDrop
      bias[row] += share * rate * contrast
      for column in 0..<edges {
        let freeChange = free[column][edge.from] - free[column][edge.to]
        let clampedChange = clamped[column][edge.from] - clamped[column][edge.to]
        let slope = weight * freeDrop * freeChange - clampedDrop * clampedChange
        matrix[row, column] -= share * 2 * rate * slope
      }
    }
  }
}
