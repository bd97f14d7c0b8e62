public import Circuit
public import Description
public import Firmware
public import Models
public import VirtualBoard

/// A board as a model: the parameters are gate voltages that the controllers bring about by pulses,
/// as they account for them, and the outputs are what the board's converters measure.
///
/// No gate is ever measured: what was asked for is not what is.
public struct ProgrammedBoard<Board: LearningBoard>: Model {
  /// The board.
  public var board: Board
  /// The board's description.
  public let description: BoardDescription
  /// How many pulses programming has taken.
  public private(set) var pulses = 0
  /// The controllers' accounts of the gates.
  public private(set) var controllers: [EdgeController]

  private var goals: [Double]
  private var isProgrammed = false
  private var step: TrainingStep
  private var drives: [Drive]
  private var targets: [Voltage]

  /// A board whose gates its controllers believe drained.
  ///
  /// - Parameters:
  ///   - board: the board.
  ///   - description: its description.
  ///   - layout: how target channels make outputs.
  ///   - calibration: what the controllers are told.
  /// - Throws: `SessionError.refused` where the edges cannot be driven one by one.
  public init(
    board: Board, description: BoardDescription, layout: OutputLayout, calibration: Calibration
  ) throws(SessionError) {
    guard board.abilities.contains(.perEdgeHold) else {
      throw .refused(
        rule: "programming", board: description.name,
        missing: SessionError.names(of: .perEdgeHold, missingIn: board.abilities))
    }
    self.board = board
    self.description = description
    controllers = calibration.controllers(gate: 0)
    goals = Array(repeating: description.gates.initial, count: controllers.count)
    step = TrainingStep(
      rule: Rule(nudge: .label(.one), length: .fixed(.zero)), objective: .squaredError,
      layout: layout,
      law: calibration.law(minimum: description.gates.minimum, maximum: description.gates.maximum),
      chance: Chance(seed: 0), timer: board.longestPulse)
    drives = Array(repeating: .hold, count: controllers.count)
    targets = Array(repeating: .zero, count: layout.channels)
  }

  /// The gate voltages asked for, V; they are programmed before the next outputs.
  public var parameters: [Double] {
    get { goals }
    set {
      if newValue != goals { isProgrammed = false }
      goals = newValue
    }
  }

  /// The range of each gate voltage, V.
  public var limits: [ClosedRange<Double>] {
    let range = description.gates.minimum...description.gates.maximum
    return Array(repeating: range, count: goals.count)
  }

  /// The number of outputs.
  public var outputCount: Int { step.layout.count }

  /// What the controllers believe of the gates, V.
  public var estimates: [Double] { controllers.map(\.gate.volts) }

  /// Brings every gate to its goal by pulses, by the controllers' account.
  /// - Throws: what the board throws, and `TrainingError` for a goal that is not a number.
  public mutating func program() throws {
    guard goals.allSatisfy(\.isFinite) else {
      throw TrainingError.notFinite(what: "a gate voltage asked for", epoch: 0)
    }
    pulses += try Self.program(
      goals.map(Voltage.init(volts:)), step: &step, board: &board, controllers: &controllers,
      drives: &drives)
    isProgrammed = true
  }

  /// The outputs for input voltages, V.
  /// - Throws: what the board throws.
  public mutating func outputs(for inputs: [Double]) throws -> [Double] {
    if !isProgrammed { try program() }
    return try Self.measure(
      inputs.map(Voltage.init(volts:)), step: step, board: &board, targets: &targets)
  }

  // Spans of one variable's fields would overlap: each array is an argument of its own.

  private static func program(
    _ goals: [Voltage], step: inout TrainingStep, board: inout Board,
    controllers: inout [EdgeController], drives: inout [Drive]
  ) throws(Board.Failure) -> Int {
    var edgeSpan = controllers.mutableSpan
    var driveSpan = drives.mutableSpan
    // Time has passed since the last pulse: the gates have leaked.
    step.accountLeakage(until: try board.now(), edges: &edgeSpan)
    return try step.program(goals.span, on: &board, edges: &edgeSpan, drives: &driveSpan)
  }

  private static func measure(
    _ inputs: [Voltage], step: TrainingStep, board: inout Board, targets: inout [Voltage]
  ) throws(Board.Failure) -> [Double] {
    var targetSpan = targets.mutableSpan
    try step.evaluate(on: &board, inputs: inputs.span, targets: &targetSpan)
    let read = targets.span
    return (0..<step.layout.count).map { step.layout.output($0, of: read).volts }
  }
}

extension ProgrammedBoard where Board: VirtualFace {
  /// A double with parts drawn from a seed, whose controllers know its calibration.
  ///
  /// - Throws: `CircuitError`, `DescriptionError` or `SessionError` where board and task do not fit.
  public init(description: BoardDescription, task: TaskDescription, seed: UInt64) throws {
    let place = try task.place(on: description)
    let board = try Board(
      description: description, seed: seed, sources: place.sources, targets: place.targets)
    try self.init(
      board: board, description: description,
      layout: OutputLayout(count: task.outputs.count, differential: task.outputs.differential),
      calibration: Calibration(measuredOn: board.analog))
  }

  /// The same board, gates and controllers under other conditions; what the controllers know of it
  /// stays as it was.
  ///
  /// - Parameters:
  ///   - temperatureRise: how much warmer it is than at calibration, K.
  ///   - supply: what the drive supply has become, as a share of what it was.
  /// - Throws: `CircuitError` or `StateMismatch` where the board does not allow it.
  public func moved(temperatureRise: Double = 0, supply: Double = 1) throws -> Self {
    var description = description
    description.imperfections.temperatureRise += temperatureRise
    description.gates.supply *= supply
    var copy = self
    let analog = board.analog
    copy.board = try Board(
      description: description, seed: analog.seed, sources: analog.sourceNodes,
      targets: analog.targetNodes)
    try copy.board.restore(board.state)
    return copy
  }

  /// Lets time pass, with the controllers topping up what they think has leaked.
  ///
  /// - Parameters:
  ///   - seconds: for how long.
  ///   - interval: how often the gates are topped up, s; `nil` leaves them alone.
  /// - Throws: what the board throws.
  public mutating func wait(_ seconds: Double, refreshing interval: Double?) throws {
    var left = seconds
    while left > 0 {
      let part = min(left, interval ?? left)
      board.wait(Nanoseconds(seconds: part))
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
  public init(
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

  /// The free twin of a board with the parts it truly has, which nobody knows on a real one.
  ///
  /// - Throws: `CircuitError` where the board is no circuit.
  public init(
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
      branches: board.learningEdges, limits: gates.minimum...gates.maximum, source: source)
  }
}

extension Problem {
  /// Samples as examples of a model.
  public func examples(_ samples: [Int]) -> [Example] {
    samples.map { index in
      let sample = task.samples[index]
      if let category = sample.category {
        return Example(inputs: sample.inputs, category: category)
      }
      return Example(inputs: sample.inputs, labels: sample.labels)
    }
  }
}
