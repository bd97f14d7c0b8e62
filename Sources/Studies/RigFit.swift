import Circuit
package import Files
import Portable
import BoardDouble
package import Runs

/// A rig that was measured, turned into a board and two tasks that the double can run: nothing is
/// taken from what is compared later.
package struct Rig: Sendable {
  /// The board, with the bias of each edge and the factor on its learning rate.
  package let board: BoardDescription
  /// The two tasks as the rig truly works with them: label and input from the solution lines.
  package let tasks: [TaskDescription]
  /// The standard rule with the rig's nudge and step.
  package let rule: RuleSettings
  /// The update bias of each learning edge, V/s, from the drift of both solved tasks.
  package let bias: [Double]
  /// The factor on the nominal learning rate.
  package let rateFactor: Double
  /// The root mean square difference between the relaxation that the rate was fitted to and the
  /// double's, V; `nil` when the rate was given.
  package let misfit: Double?

  /// Fits a board and two tasks to what was measured.
  ///
  /// - Label: the line y = a x + c of a solved task has the slope (O - L)/(H - O), with H and L the
  ///   voltages at the far ends of the y and the x edge; so O = (a H + L)/(1 + a).
  /// - Input: the voltage of the named input that makes the output O at a point of the line.
  /// - Bias: a solved task drifts by the bias's part along its line; two lines give both parts.
  /// - Rate: where a relaxation is given, the factor with which the double, begun at the cycle's
  ///   measured turns, comes to rest across each line as the cycle does. Where it comes to rest is
  ///   left out of it.
  /// - Throws: `DescriptionError` when the lines fit no circuit, `CircuitError`.
  package init(_ rig: RigDescription) throws {
    var board = rig.board
    var tasks: [TaskDescription] = []
    for entry in rig.tasks {
      tasks.append(try Rig.effective(entry, of: rig))
    }
    // A level shift where an input lies below what the converters reach.
    let inputs = tasks.flatMap { $0.samples.flatMap(\.inputs) }
    board.nodeLowest = min(board.nodeLowest, (inputs.min() ?? 0) - 0.01)
    board.nodeHighest = max(board.nodeHighest, (inputs.max() ?? 0) + 0.01)
    board.converters.lowest = min(board.converters.lowest, board.nodeLowest)
    board.converters.reference = max(
      board.converters.reference, board.nodeHighest - board.converters.lowest)

    // Along a line of slope a the unit vector is (1, a)/sqrt(1 + a^2).
    let slopes = rig.tasks.map(\.slope)
    let along = zip(rig.tasks, slopes).map { $0.drift * (1 + $1 * $1).squareRoot() }
    guard (slopes[0] - slopes[1]).magnitude > 1e-6 else {
      throw DescriptionError(
        message: "rig \(rig.name): both solution lines have the slope \(slopes[0]); tasks whose "
          + "lines do not cross say nothing of the bias across them")
    }
    let y = (along[0] - along[1]) / (slopes[0] - slopes[1])
    let x = along[0] - slopes[0] * y
    var bias = [0.0, 0.0]
    bias[rig.plane[0]] = x
    bias[rig.plane[1]] = y
    let learning = board.edges.indices.filter { board.edges[$0].part == .learning }
    for (edge, value) in zip(learning, bias) { board.edges[edge].bias = value }

    let rule = RuleSettings(
      name: .standard, update: .multiplier, nudge: rig.nudge, pulse: rig.pulse)
    var rate = rig.rateFactor ?? 1
    var misfit: Double?
    if let cycle = rig.relaxation {
      // The misfit has one minimum in the logarithm of the rate; golden sections close in on it.
      func distance(_ logarithm: Double) throws -> Double {
        var trial = board
        trial.gates.gain *= Elementary.exp(logarithm)
        return try Rig.distance(
          from: cycle, board: trial, tasks: tasks, rule: rule, rig: rig)
      }
      let golden = (5.0.squareRoot() - 1) / 2
      var (low, high) = (-2.0, 3.0)
      var inner = [high - golden * (high - low), low + golden * (high - low)]
      var values = [try distance(inner[0]), try distance(inner[1])]
      while high - low > 0.01 {
        if values[0] < values[1] {
          high = inner[1]
          inner = [high - golden * (high - low), inner[0]]
          values = [try distance(inner[0]), values[0]]
        } else {
          low = inner[0]
          inner = [inner[1], low + golden * (high - low)]
          values = [values[1], try distance(inner[1])]
        }
      }
      rate = Elementary.exp((low + high) / 2)
      misfit = min(values[0], values[1])
    }
    board.gates.gain *= rate
    self.board = board
    self.tasks = tasks
    self.rule = rule
    self.bias = bias
    rateFactor = rate
    self.misfit = misfit
  }

  /// A task with the label and the input that its solution line means.
  private static func effective(
    _ entry: RigTask, of rig: RigDescription
  ) throws -> TaskDescription {
    var task = entry.task
    var board = rig.board
    // Any input is tried here; whether the board allows it is checked later.
    board.nodeLowest = -5
    board.nodeHighest = 5
    let place = try task.place(on: board)
    let target = place.targets[0]
    let edges = board.learningEdges
    func farVoltage(_ edge: Int) throws -> Double {
      let wire = edges[edge]
      let far = wire.from == target ? wire.to : wire.from
      guard wire.from == target || wire.to == target,
        let channel = place.sources.firstIndex(of: far)
      else {
        throw DescriptionError(
          message: "rig \(rig.name): edge \(wire.name) does not join the output to a source; its "
            + "solution line cannot be read")
      }
      return task.samples[0].inputs[channel]
    }
    for edge in rig.plane {
      let wire = edges[edge]
      if [wire.from, wire.to].contains(place.sources[entry.input]) {
        throw DescriptionError(
          message:
            "rig \(rig.name): input \(task.inputs[entry.input].name) of task \(task.name) is "
            + "an end of edge \(wire.name), whose voltage its solution line already tells; name "
            + "the input that reaches the output another way")
      }
    }
    let high = try farVoltage(rig.plane[1])
    let low = try farVoltage(rig.plane[0])
    let label = (entry.slope * high + low) / (1 + entry.slope)

    // The middle of what the gates' rails leave of the line.
    let rails = board.gates.rails
    let ends = [rails.lowerBound, rails.upperBound].map { ($0 - entry.offset) / entry.slope }
    let from = max(rails.lowerBound, ends[0])
    let to = min(rails.upperBound, ends[1])
    guard from < to else {
      throw DescriptionError(
        message: "rig \(rig.name): the line of task \(task.name) misses the square of the gates' "
          + "rails, \(rails.lowerBound) ... \(rails.upperBound) V; check slope and offset")
    }
    var gates = [0.0, 0.0]
    gates[rig.plane[0]] = (from + to) / 2
    gates[rig.plane[1]] = entry.slope * (from + to) / 2 + entry.offset
    var twins = try AnalogBoard(
      description: board, seed: 1, sources: place.sources, targets: place.targets
    ).twins
    try twins.setGates(gates)
    try twins.drive(task.samples[0].inputs)
    func output(at volts: Double) throws -> Double {
      try twins.drive(entry.input, volts)
      try twins.solveFree()
      return twins.targetVoltages[0]
    }
    var (below, above) = (-2.0, 2.0)
    guard try output(at: below) < label, try output(at: above) > label else {
      throw DescriptionError(
        message:
          "rig \(rig.name): no voltage of input \(task.inputs[entry.input].name) solves task "
          + "\(task.name) on its line; check slope and offset")
    }
    while above - below > 1e-9 {
      let middle = (below + above) / 2
      if try output(at: middle) < label { below = middle } else { above = middle }
    }
    task.samples[0].labels = [label]
    task.samples[0].inputs[entry.input] = (below + above) / 2
    return task
  }

  /// The root mean square difference between how a measured cycle and the double, begun at each of
  /// its turns, approach the solution lines: the distance across the line, from where it ends on.
  private static func distance(
    from cycle: MeasuredCycle, board: BoardDescription, tasks: [TaskDescription],
    rule: RuleSettings, rig: RigDescription
  ) throws -> Double {
    let plane = rig.plane
    let half = (cycle.points.count - 1) / 2
    var sum = 0.0
    for part in 0..<2 {
      let task = part == 0 ? cycle.first : 1 - cycle.first
      var cycling = try Cycling<DirectBoard>(
        description: board, tasks: tasks, plan: CyclePlan(rule: rule, seed: 1))
      var start = [0.0, 0.0]
      start[plane[0]] = cycle.points[part * half].x
      start[plane[1]] = cycle.points[part * half].y
      let path = try cycling.path(of: task, from: start, half: cycle.tau / 2, points: half)
      let slope = rig.tasks[task].slope
      func across(_ point: SIMD2<Double>) -> Double {
        (point.y - slope * point.x) / (1 + slope * slope).squareRoot()
      }
      let measured = (0...half).map { across(cycle.points[part * half + $0]) }
      let ours = path.map { across(SIMD2($0[plane[0]], $0[plane[1]])) }
      for place in 0...half {
        let away = (ours[place] - ours[half]) - (measured[place] - measured[half])
        sum += away * away
      }
    }
    return (sum / Double(2 * half + 2)).squareRoot()
  }
}
