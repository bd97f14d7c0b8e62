package import Circuit
package import Elements

/// A circuit as a model: gate voltages are the parameters, driven nodes the inputs, node voltages
/// or differences of two the outputs.
package struct CircuitModel: DifferentiableModel, Sendable {
  /// One output: a node's voltage, or its voltage less another's.
  package struct Output: Sendable, Equatable {
    /// The node.
    package var node: Int
    /// The node whose voltage is taken off, if any.
    package var less: Int?

    /// An output.
    package init(_ node: Int, less: Int? = nil) {
      self.node = node
      self.less = less
    }
  }

  /// Where gradients come from.
  package enum Source: Sendable, Equatable {
    /// The adjoint: exact, one more solve.
    case exact
    /// A rule of the equilibrium family on one network in two phases: what the edges' own voltage
    /// drops say, times dK/dG = S, an edge's law in triode.
    case equilibrium(EquilibriumRule)
  }

  /// Where gradients come from.
  package var source: Source
  /// The range of each gate voltage, V.
  package let limits: [ClosedRange<Double>]
  /// The input nodes.
  package let inputs: [Int]
  /// The outputs.
  package let readouts: [Output]
  /// The branches whose gates are the parameters.
  package let branches: [Int]
  /// The operating point after the last call.
  package private(set) var point: OperatingPoint

  private let targets: [Int]
  private let ends: [(from: Int, to: Int)]
  private var devices: [Transistor]
  private var gates: [Double]
  private var rise = 0.0
  /// The node voltages of the last answer to each input, V: after a step of training the next one to
  /// the same input is nearer to that than to another input's.
  private var answers: [[Double]: [Double]] = [:]
  /// How many node voltages are kept at most: 32 MB.
  private static let voltagesKept = 1 << 22
  /// What the circuit refused, by parameter; an evaluation throws it until it is put right.
  private var refused: [Int: CircuitError] = [:]

  /// An error scaled to this many volts is what a rule nudges by, so that a nudge means the same
  /// whatever the cost's unit.
  static let errorVolts = 0.01

  /// A model of a network.
  ///
  /// - Parameters:
  ///   - network: the network.
  ///   - inputs: the driven nodes, in the inputs' order.
  ///   - outputs: the outputs.
  ///   - branches: the transistors whose gates are the parameters.
  ///   - limits: the range of their gate voltages, V.
  ///   - source: where gradients come from.
  /// - Throws: `CircuitError` where the network, a node or a branch is not valid.
  package init(
    network: Network, inputs: [Int], outputs: [Output], branches: [Int],
    limits: ClosedRange<Double>, source: Source = .exact
  ) throws(CircuitError) {
    var targets: [Int] = []
    for output in outputs {
      for node in [output.node, output.less ?? output.node] where !targets.contains(node) {
        targets.append(node)
      }
    }
    point = try OperatingPoint(network: network, driven: inputs, attachable: targets)
    self.inputs = inputs
    readouts = outputs
    self.targets = targets
    self.branches = branches
    self.limits = Array(repeating: limits, count: branches.count)
    self.source = source
    var ends: [(from: Int, to: Int)] = []
    var devices: [Transistor] = []
    var gates: [Double] = []
    for branch in branches {
      ends.append(try point.ends(of: branch))
      guard case .transistor(let device, let gate) = network.branches[branch].element else {
        throw .notTransistor(branch: branch)
      }
      devices.append(device)
      gates.append(gate)
    }
    self.ends = ends
    self.devices = devices
    self.gates = gates
  }

  /// The gate voltages, V. One that the circuit refuses is kept, and the next evaluation throws.
  package var parameters: [Double] {
    get { gates }
    set {
      for (index, gate) in newValue.enumerated() where gate != gates[index] {
        set(index, gate)
      }
    }
  }

  /// The transistors as the model believes them, by parameter, at the temperature they were given
  /// for. One that the circuit refuses is kept, and the next evaluation throws.
  package var transistors: [Transistor] {
    get { devices }
    set {
      devices = newValue
      for index in branches.indices { renew(index) }
    }
  }

  /// The number of outputs.
  package var outputCount: Int { readouts.count }

  /// The rise of temperature, K: thresholds fall by 1.2 mV and strengths by 0.5 % a kelvin.
  package var temperatureRise: Double {
    get { rise }
    set {
      rise = newValue
      for index in branches.indices { renew(index) }
    }
  }

  private mutating func set(_ index: Int, _ gate: Double) {
    gates[index] = gate
    // Where the transistor itself was refused the circuit still holds the one before.
    if refused[index] != nil { return renew(index) }
    do throws(CircuitError) {
      try point.setGate(branches[index], gate)
    } catch {
      refused[index] = error
    }
  }

  private mutating func renew(_ index: Int) {
    var device = devices[index]
    device.threshold -= 0.0012 * rise
    device.strength *= max(1 - 0.005 * rise, 0.05)
    do throws(CircuitError) {
      try point.replace(branches[index], .transistor(device, gate: gates[index]))
      refused[index] = nil
    } catch {
      refused[index] = error
    }
  }

  /// Throws what was refused, of the first parameter if there were several.
  private func checkAccepted() throws(CircuitError) {
    if let first = refused.min(by: { $0.key < $1.key }) { throw first.value }
  }

  /// The outputs for input voltages, V.
  /// - Throws: `CircuitError` where an input is not allowed, a gate voltage or a transistor was set
  ///   that is not, or there is no solution.
  package mutating func outputs(for inputs: [Double]) throws -> [Double] {
    try solve(inputs)
    return try read()
  }

  private mutating func solve(_ volts: [Double]) throws(CircuitError) {
    guard volts.count == inputs.count else {
      throw .wrongVoltageCount(given: volts.count, expected: inputs.count)
    }
    try checkAccepted()
    let known = answers[volts]
    if let known { try point.restore(voltages: known) }
    for (node, value) in zip(inputs, volts) { try point.drive(node, value) }
    try point.solve()
    if known != nil || (answers.count + 1) * point.nodeCount <= Self.voltagesKept {
      answers[volts] = point.voltages
    }
  }

  private func read() throws(CircuitError) -> [Double] {
    var values: [Double] = []
    for output in readouts {
      var volts = try point.voltage(output.node)
      if let less = output.less { volts -= try point.voltage(less) }
      values.append(volts)
    }
    return values
  }

  /// The outputs, and the gradient by the gates from the model's source.
  package mutating func differentiate(
    at inputs: [Double], into gradient: inout [Double],
    weights: ([Double]) throws -> [Double]
  ) throws -> [Double] {
    try solve(inputs)
    let outputs = try read()
    let byOutput = try weights(outputs)
    var byNode = [Double](repeating: 0, count: point.nodeCount)
    for (output, weight) in zip(readouts, byOutput) {
      byNode[output.node] += weight
      if let less = output.less { byNode[less] -= weight }
    }
    switch source {
    case .exact:
      let linear = point.linearisation()
      let adjoint = linear.adjoint(of: byNode)
      for (index, branch) in branches.enumerated() {
        let (from, to) = ends[index]
        gradient[index] += (adjoint[to] - adjoint[from]) * linear.gateSlopes[branch]
      }
    case .equilibrium(let rule):
      let largest = targets.reduce(0) { max($0, byNode[$1].magnitude) }
      if largest == 0 { return outputs }
      let scale = Self.errorVolts / largest
      let equilibria = try rule.twoPhases(
        outputs: targets, errors: targets.map { -scale * byNode[$0] }, of: &point)
      let contrasts = rule.contrasts(at: ends, equilibria)
      for index in contrasts.indices {
        gradient[index] += contrasts[index] * devices[index].strength / scale
      }
    }
    return outputs
  }

  /// The gradient of outputs weighted by `weights` with the transistors' thresholds, at the present
  /// operating point: what corrects the estimates of a board from its outputs alone.
  /// - Throws: `CircuitError` where a gate voltage or a transistor was set that is not allowed.
  package mutating func thresholdGradient(weights: [Double]) throws(CircuitError) -> [Double] {
    try checkAccepted()
    var byNode = [Double](repeating: 0, count: point.nodeCount)
    for (output, weight) in zip(readouts, weights) {
      byNode[output.node] += weight
      if let less = output.less { byNode[less] -= weight }
    }
    let adjoint = Adjoint(of: byNode, at: &point)
    return try adjoint.gradient(by: .threshold, of: branches)
  }
}

/// A circuit whose transistors' thresholds are the parameters, at fixed gates: trained on what a
/// board measured, it corrects the estimates of the board's parts from output readings alone.
package struct ThresholdEstimate: DifferentiableModel, Sendable {
  /// The circuit with its estimates.
  package private(set) var circuit: CircuitModel

  /// Estimates that begin with a circuit's.
  package init(_ circuit: CircuitModel) { self.circuit = circuit }

  /// The thresholds, V.
  package var parameters: [Double] {
    get { circuit.transistors.map(\.threshold) }
    set {
      var devices = circuit.transistors
      for (index, threshold) in newValue.enumerated() { devices[index].threshold = threshold }
      circuit.transistors = devices
    }
  }

  /// The range of each threshold, V.
  package var limits: [ClosedRange<Double>] { circuit.branches.map { _ in -1.0...3.0 } }

  /// The gate voltages, V.
  package var gates: [Double] {
    get { circuit.parameters }
    set { circuit.parameters = newValue }
  }

  /// The number of outputs.
  package var outputCount: Int { circuit.outputCount }

  /// How much warmer the circuit is than when its parts were estimated, K.
  package var temperatureRise: Double {
    get { circuit.temperatureRise }
    set { circuit.temperatureRise = newValue }
  }

  /// The outputs for input voltages, V.
  package mutating func outputs(for inputs: [Double]) throws -> [Double] {
    try circuit.outputs(for: inputs)
  }

  /// The outputs, and the gradient by the thresholds.
  package mutating func differentiate(
    at inputs: [Double], into gradient: inout [Double],
    weights: ([Double]) throws -> [Double]
  ) throws -> [Double] {
    let outputs = try circuit.outputs(for: inputs)
    let slopes = try circuit.thresholdGradient(weights: weights(outputs))
    for index in slopes.indices { gradient[index] += slopes[index] }
    return outputs
  }
}
