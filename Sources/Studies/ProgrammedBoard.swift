package import Circuit
package import Files
package import Firmware
package import Models
package import BoardDouble
package import Runs
package import Wiring

/// A board as a model: the parameters are gate voltages that the controllers bring about by pulses,
/// as they account for them, and the outputs are what the board's converters measure.
///
/// No gate is ever measured: what was asked for is not what is.
package struct ProgrammedBoard<Board: LearningBoard>: Model {
  /// The board with its controllers.
  package var learner: Learner<Board>
  /// The task on the board.
  package let problem: Problem

  /// The largest number of pulses that programming may take.
  package var pulseLimit = 200
  /// The number of pulses that programming has taken.
  package private(set) var pulses = 0

  private var goals: [Double]
  private var isProgrammed = false

  /// A board whose gates its controllers believe drained.
  ///
  /// - Parameters:
  ///   - board: the board.
  ///   - description: its description.
  ///   - problem: the task on the board.
  ///   - calibration: what the controllers are told.
  /// - Throws: `SessionError.refused` where the edges cannot be driven one by one.
  package init(
    board: Board, description: BoardDescription, problem: Problem, calibration: Calibration
  ) throws(SessionError) {
    learner = try Learner(
      board: board, description: description, problem: problem,
      rule: RuleSettings(name: .coupled, update: .comparator), seed: 0, calibration: calibration)
    guard !learner.controllers.isEmpty else {
      throw .refused(
        rule: "programming", board: description.name,
        missing: SessionError.names(of: .perEdgeHold, missingIn: board.abilities))
    }
    self.problem = problem
    goals = Array(repeating: description.gates.initial, count: learner.controllers.count)
  }

  /// The gate voltages asked for, V; they are programmed before the next outputs.
  package var parameters: [Double] {
    get { goals }
    set {
      if newValue != goals { isProgrammed = false }
      goals = newValue
    }
  }

  /// The range of each gate voltage, V.
  package var limits: [ClosedRange<Double>] {
    let gates = learner.description.gates
    return Array(repeating: gates.minimum...gates.maximum, count: goals.count)
  }

  /// The number of outputs.
  package var outputCount: Int { problem.layout.count }

  /// Brings every gate to its goal by pulses, by the controllers' account.
  /// - Throws: what the board throws, and `TrainingError` for a goal that is not a number.
  package mutating func program() throws {
    guard goals.allSatisfy({ $0.isFinite }) else {
      throw TrainingError.notFinite(what: "a gate voltage asked for", epoch: 0)
    }
    try learner.accountLeakage()
    pulses += try learner.program(goals, limit: pulseLimit)
    isProgrammed = true
  }

  /// The outputs for input voltages, V.
  /// - Throws: what the board throws.
  package mutating func outputs(for inputs: [Double]) throws -> [Double] {
    if !isProgrammed { try program() }
    let presentation = Problem.Presentation(
      inputs: inputs.map(Voltage.init(volts:)), labels: [], wanted: .labels)
    return try learner.outputs(for: presentation, of: problem)
  }
}

extension Learner {
  /// Takes the leakage up to now into the controllers' accounts.
  mutating func accountLeakage() throws(Board.Failure) {
    let now = try board.now()
    Self.account(now, step: &step, controllers: &controllers)
  }

  private static func account(
    _ now: Nanoseconds, step: inout TrainingStep, controllers: inout [EdgeController]
  ) {
    var edges = controllers.mutableSpan
    step.accountLeakage(until: now, edges: &edges)
  }
}

extension ProgrammedBoard where Board: VirtualFace {
  /// A double with parts drawn from a seed, whose controllers know its calibration.
  ///
  /// - Throws: `CircuitError`, `DescriptionError` or `SessionError` where board and task do not
  ///   fit.
  package init(description: BoardDescription, task: TaskDescription, seed: UInt64) throws {
    let place = try task.place(on: description)
    let board = try Board(
      description: description, seed: seed, sources: place.sources, targets: place.targets)
    try self.init(
      board: board, description: description, problem: Problem(task: task, seed: seed),
      calibration: Calibration(measuredOn: board.analog))
  }

  /// The same board, gates and controllers under other conditions; what the controllers know of it
  /// stays as it was.
  ///
  /// - Parameters:
  ///   - temperatureRise: how much warmer it is than at calibration, K.
  ///   - supply: what the drive supply has become, as a share of what it was.
  /// - Returns: the board.
  /// - Throws: `CircuitError` or `StateMismatch` where the board does not allow it.
  package func moved(temperatureRise: Double = 0, supply: Double = 1) throws -> Self {
    var description = learner.description
    description.imperfections.temperatureRise += temperatureRise
    description.gates.supply *= supply
    var copy = self
    let analog = learner.board.analog
    copy.learner.board = try Board(
      description: description, seed: analog.seed, sources: analog.sourceNodes,
      targets: analog.targetNodes)
    try copy.learner.board.restore(learner.board.state)
    return copy
  }

  /// Lets time pass, with the controllers topping up what they think has leaked.
  ///
  /// - Parameters:
  ///   - seconds: for how long.
  ///   - interval: how often the gates are topped up, s; `nil` leaves them alone.
  /// - Throws: what the board throws.
  package mutating func wait(_ seconds: Double, refreshing interval: Double?) throws {
    var left = seconds
    while left > 0 {
      let part = min(left, interval ?? left)
      learner.board.wait(Nanoseconds(seconds: part))
      left -= part
      if interval != nil { try program() }
    }
  }
}

extension CircuitModel {
  /// The free twin of a board as its designer knows it, with the parts' nominal values: what
  /// training in silico uses, and the estimates that training from outputs alone begins with.
  ///
  /// - Parameters:
  ///   - description: the board.
  ///   - task: the task, for its places and outputs.
  ///   - source: where gradients come from.
  /// - Throws: `CircuitError` or `DescriptionError` where board and task do not fit.
  package init(
    nominal description: BoardDescription, task: TaskDescription, source: Source = .exact
  ) throws {
    var ideal = description
    ideal.imperfections = .none
    let place = try task.place(on: description)
    try self.init(
      twinOf: AnalogBoard(
        description: ideal, seed: 0, sources: place.sources, targets: place.targets), task: task,
      source: source)
  }

  /// The free twin of a board with the parts it truly has, which nobody knows on a real one. Edges that are
  /// dead or shorted have no gate, and no parameter.
  ///
  /// - Throws: `CircuitError` where the board is no circuit.
  package init(
    twinOf board: AnalogBoard, task: TaskDescription, source: Source = .exact
  ) throws(CircuitError) {
    let gates = board.description.gates
    let network = try board.freeTwin(
      sources: [], gates: Array(repeating: gates.initial, count: board.learningEdges.count)
    ).network
    let targets = board.targetNodes
    let outputs: [Output] = (0..<task.outputs.count).map { index in
      task.outputs.differential
        ? Output(targets[2 * index + 1], less: targets[2 * index]) : Output(targets[index])
    }
    try self.init(
      network: network, inputs: board.sourceNodes, outputs: outputs,
      branches: board.gatedBranches.filter { $0 >= 0 }, limits: gates.minimum...gates.maximum,
      source: source)
  }
}

extension Problem {
  /// Samples as examples of a model.
  package func examples(_ samples: [Int]) -> [Example] {
    samples.map { index in
      let sample = task.samples[index]
      if let category = sample.category {
        return Example(inputs: sample.inputs, category: category)
      }
      return Example(inputs: sample.inputs, labels: sample.labels)
    }
  }
}
