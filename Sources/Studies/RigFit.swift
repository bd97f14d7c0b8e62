import Circuit
package import Files
import Portable
import BoardDouble
package import Runs

/// A rig that was measured, turned into a board and two tasks that the double can run: nothing is taken
/// from what is compared later, but for a limit of the learning rate from the error curve.
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
  /// How that factor was found; `nil` when it was given.
  package let rateFit: RateFit?

  /// Fits a board and two tasks to what was measured.
  ///
  /// - Label: the line y = a x + c of a solved task has the slope (O - L)/(H - O), with H and L the
  ///   voltages at the far ends of the y and the x edge; so O = (a H + L)/(1 + a).
  /// - Input: the voltage of the named input that makes the output O at a point of the line.
  /// - Bias: a solved task drifts by the bias's part along its line; two lines give both parts.
  /// - Rate: where relaxations are given, the factor with which the double, begun at a cycle's
  ///   measured turns, comes to rest across each line as the cycle does (where it comes to rest is
  ///   left out of it), within limits by the measured errors: see `RateFit`.
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
    rateFit =
      try rig.relaxations.isEmpty
      ? nil : RateFit(rig, board: board, tasks: tasks, rule: rule)
    let rate = rateFit?.factor ?? rig.rateFactor ?? 1
    board.gates.gain *= rate
    self.board = board
    self.tasks = tasks
    self.rule = rule
    self.bias = bias
    rateFactor = rate
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
    func farSource(_ edge: Int) throws -> Int {
      let wire = edges[edge]
      let far = wire.from == target ? wire.to : wire.from
      guard wire.from == target || wire.to == target,
        let channel = place.sources.firstIndex(of: far)
      else {
        throw DescriptionError(
          message: "rig \(rig.name): edge \(wire.name) does not join the output to a source; its "
            + "solution line cannot be read")
      }
      return channel
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
    let high = try farSource(rig.plane[1])
    let low = try farSource(rig.plane[0])

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
    // Each sample is solved along the same line, by a label and an input of its own.
    for sample in task.samples.indices {
      let inputs = task.samples[sample].inputs
      let label = (entry.slope * inputs[high] + inputs[low]) / (1 + entry.slope)
      try twins.drive(inputs)
      func output(at volts: Double) throws -> Double {
        try twins.drive(entry.input, volts)
        try twins.solveFree()
        return twins.targetVoltages[0]
      }
      var (below, above) = (-2.0, 2.0)
      guard try output(at: below) < label, try output(at: above) > label else {
        throw DescriptionError(
          message:
            "rig \(rig.name): no voltage of input \(task.inputs[entry.input].name) solves "
            + (task.samples.count > 1 ? "sample \(sample) of " : "")
            + "task \(task.name) on its line; check slope and offset")
      }
      while above - below > 1e-9 {
        let middle = (below + above) / 2
        if try output(at: middle) < label { below = middle } else { above = middle }
      }
      task.samples[sample].labels = [label]
      task.samples[sample].inputs[entry.input] = (below + above) / 2
    }
    return task
  }
}
