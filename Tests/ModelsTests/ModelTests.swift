import Circuit
import Elements
@testable import Models
import Portable
import Testing

/// The worst difference between a model's gradient and central differences of the cost, as a share
/// of the largest derivative, over every `stride`-th parameter.
private func worst<M: DifferentiableModel>(
  _ model: M, _ example: Example, _ cost: Cost, step: Double, every stride: Int
) throws -> Double {
  var model = model
  var gradient = [Double](repeating: 0, count: model.parameters.count)
  let outputs = try model.differentiate(at: example.inputs, into: &gradient) {
    cost.evaluate($0, for: example).weights
  }
  // Solves that start elsewhere end within the solver's tolerance of each other.
  let again = try model.outputs(for: example.inputs)
  #expect(zip(outputs, again).allSatisfy { ($0 - $1).magnitude < 1e-11 })
  let size = gradient.reduce(0) { max($0, $1.magnitude) }
  #expect(size > 0)
  var worst = 0.0
  let centre = model.parameters
  for index in Swift.stride(from: 0, to: centre.count, by: stride) {
    func value(_ factor: Double) throws -> Double {
      model.parameters[index] = centre[index] + factor * step
      defer { model.parameters[index] = centre[index] }
      return cost.evaluate(try model.outputs(for: example.inputs), for: example).value
    }
    let slope =
      (try 8 * (value(1) - value(-1)) - (value(2) - value(-2))) / (12 * step)
    worst = max(worst, (slope - gradient[index]).magnitude)
  }
  return worst / size
}

@Suite("Models")
struct ModelTests {
  private func inputs(_ count: Int) -> [Double] {
    let draw = Draw(seed: 3, purpose: 2, device: 0)
    return (0..<count).map { draw.uniform(UInt64($0)) }
  }

  static func circuit(source: CircuitModel.Source = .exact, gate: Double = 1.4) throws
    -> CircuitModel
  {
    var branches: [Branch] = []
    for target in 4..<8 {
      for node in 0..<4 {
        branches.append(
          Branch(
            from: node, to: target,
            element: .transistor(Transistor(), gate: gate + 0.05 * Double((node * target) % 5))))
      }
    }
    branches.append(Branch(from: 4, to: 6, element: .transistor(Transistor(), gate: gate)))
    return try CircuitModel(
      network: Network(nodeCount: 8, branches: branches), inputs: [0, 1, 2, 3],
      outputs: [.init(5, less: 4), .init(7, less: 6)], branches: Array(branches.indices),
      limits: 0.8...4, source: source)
  }

  @Test func `A circuit's gradient agrees with central differences, warm or not`() throws {
    var model = try Self.circuit()
    let example = Example(inputs: [0, 0.1, 0.3, 0.45], category: 1)
    #expect(try worst(model, example, .crossEntropy(width: 0.01), step: 1e-3, every: 1) < 1e-7)
    model.temperatureRise = 15
    #expect(try worst(model, example, .squaredError, step: 1e-3, every: 1) < 1e-7)
  }

  @Test func `What a circuit refuses is thrown by the next evaluation, until it is put right`()
    throws
  {
    let volts = [0, 0.1, 0.3, 0.45]
    var model = try Self.circuit()
    let before = try model.outputs(for: volts)
    let good = model.transistors
    func refusal(_ model: inout CircuitModel) -> String? {
      var words: Set<String> = []
      do { _ = try model.outputs(for: volts) } catch { words.insert("\(error)") }
      do { _ = try model.thresholdGradient(weights: [1, 0]) } catch { words.insert("\(error)") }
      var gradient = [Double](repeating: 0, count: model.parameters.count)
      do {
        _ = try model.differentiate(at: volts, into: &gradient) { $0 }
      } catch { words.insert("\(error)") }
      // All of them, or none.
      #expect(words.count <= 1)
      return words.first
    }

    var bad = good
    bad[3].threshold = .nan
    bad[7].slope = 0
    model.transistors = bad
    #expect(refusal(&model)?.contains("threshold (V) of branch 3 is nan") == true)
    // A gate that is allowed does not put the transistor right.
    model.parameters[3] += 0.1
    #expect(refusal(&model)?.contains("threshold (V) of branch 3 is nan") == true)
    model.parameters[3] -= 0.1
    bad[3] = good[3]
    model.transistors = bad
    #expect(refusal(&model)?.contains("slope factor of branch 7 is 0.0") == true)
    model.transistors = good
    #expect(refusal(&model) == nil)
    #expect(zip(try model.outputs(for: volts), before).allSatisfy { ($0 - $1).magnitude < 1e-12 })

    let gate = model.parameters[2]
    model.parameters[2] = 2000
    #expect(refusal(&model)?.contains("gate voltage of branch 2 is 2000.0") == true)
    model.parameters[2] = gate
    #expect(refusal(&model) == nil)

    // Heat that no threshold can bear.
    model.temperatureRise = 1e7
    #expect(refusal(&model)?.contains("threshold (V) of branch 0") == true)
    model.temperatureRise = 0
    #expect(refusal(&model) == nil)
  }

  @Test func `A circuit's equilibrium rules point along its exact gradient in deep triode`() throws
  {
    var exact = try Self.circuit(gate: 3)
    let example = Example(inputs: [0, 0.1, 0.3, 0.45], category: 1)
    func gradient(_ model: inout CircuitModel) throws -> [Double] {
      var gradient = [Double](repeating: 0, count: model.parameters.count)
      _ = try model.differentiate(at: example.inputs, into: &gradient) {
        Cost.crossEntropy(width: 0.01).evaluate($0, for: example).weights
      }
      return gradient
    }
    let truth = try gradient(&exact)
    for rule in [
      EquilibriumRule.equilibriumPropagation(beta: 1e-6, side: .centred),
      .equilibriumPropagation(beta: 1e-6, side: .negative),
    ] {
      var model = try Self.circuit(source: .equilibrium(rule), gate: 3)
      let estimate = try gradient(&model)
      let product = zip(truth, estimate).reduce(0) { $0 + $1.0 * $1.1 }
      let lengths = truth.reduce(0) { $0 + $1 * $1 } * estimate.reduce(0) { $0 + $1 * $1 }
      #expect(product / lengths.squareRoot() > 0.999)
    }
  }

  @Test func `A microring bank's gradient agrees with central differences`() throws {
    var model = MicroringBank(inputs: 12, features: 10, hidden: 6, outputs: 3, seed: 1)
    let example = Example(inputs: inputs(12), category: 2)
    #expect(try worst(model, example, .crossEntropy(width: 0.5), step: 1e-4, every: 1) < 1e-7)
    model.temperatureRise = -1
    #expect(try worst(model, example, .crossEntropy(width: 0.5), step: 1e-4, every: 1) < 1e-7)
  }

  @Test func `A mesh conserves power, and its gradient agrees with central differences`() throws {
    let model = InterferometerMesh(modes: 8, columns: 8, outputs: 4, seed: 1).withErrors(
      0.2, seed: 3)
    var copy = model
    let example = Example(inputs: inputs(8), category: 2)
    // The gain times the whole power, as every mode belongs to an output.
    let sum = try copy.outputs(for: example.inputs).reduce(0, +)
    #expect((sum - 20).magnitude < 1e-12)
    #expect(try worst(model, example, .crossEntropy(width: 1), step: 1e-3, every: 1) < 1e-7)
  }

  @Test func `Inputs of another number are refused`() throws {
    var ring = MicroringBank(inputs: 12, outputs: 3, seed: 1)
    var mesh = InterferometerMesh(modes: 8, columns: 2, outputs: 2, seed: 1)
    var circuit = try Self.circuit()
    #expect(throws: TrainingError.self) { try ring.outputs(for: [1]) }
    #expect(throws: TrainingError.self) { try mesh.outputs(for: [1]) }
    #expect(throws: CircuitError.wrongVoltageCount(given: 1, expected: 4)) {
      try circuit.outputs(for: [1])
    }
  }

  @Test func `Heat moves every ring's resonance alike`() throws {
    var warm = MicroringBank(inputs: 3, outputs: 2, seed: 1)
    var moved = warm
    warm.temperatureRise = 2
    moved.parameters = moved.parameters.map { $0 - 2 * MicroringBank.shiftPerKelvin }
    let (one, two) = (try warm.outputs(for: [0, 1, 0]), try moved.outputs(for: [0, 1, 0]))
    #expect(zip(one, two).allSatisfy { ($0 - $1).magnitude < 1e-12 })
  }
}

@Suite("Optimisers and training")
struct TrainerTests {
  /// Four examples that a small circuit can learn.
  private let examples = [
    Example(inputs: [0, 0.45, 0.05, 0.4], category: 0),
    Example(inputs: [0, 0.45, 0.1, 0.3], category: 0),
    Example(inputs: [0, 0.45, 0.4, 0.05], category: 1),
    Example(inputs: [0, 0.45, 0.3, 0.1], category: 1),
  ]

  private func plan(_ robustness: Robustness = .plain, share: Double = 1, chosen: [Bool]? = nil)
    -> TrainingPlan
  {
    TrainingPlan(
      epochs: 30, batch: 2, cost: .crossEntropy(width: 0.02), robustness: robustness, share: share,
      chosen: chosen)
  }

  private func trained(
    _ optimiser: Optimiser, _ plan: TrainingPlan, source: CircuitModel.Source = .exact
  ) throws -> Trainer<CircuitModel> {
    var trainer = Trainer(
      model: try ModelTests.circuit(source: source), optimiser: optimiser, plan: plan)
    for _ in 0..<plan.epochs { _ = try trainer.trainEpoch(on: examples) }
    return trainer
  }

  @Test func `Every optimiser and every robustness learns a small task`() throws {
    let optimisers = [
      Optimiser(.gradientDescent, rate: 0.003), Optimiser(.momentum(0.9), rate: 0.0005),
      Optimiser(.adam, rate: 0.05),
    ]
    for optimiser in optimisers {
      var model = try trained(optimiser, plan()).model
      #expect(try model.accuracy(on: examples) == 1, "\(optimiser.kind)")
    }
    let robustness: [Robustness] = [
      .noise(0.05), .sharpness(rho: 0.05, adaptive: false), .sharpness(rho: 0.05, adaptive: true),
      .temperature(swing: 10, rho: 0.02),
    ]
    for robustness in robustness {
      var model = try trained(Optimiser(.adam, rate: 0.05), plan(robustness)).model
      #expect(try model.accuracy(on: examples) == 1, "\(robustness)")
    }
  }

  @Test func `Parameters stay within their limits`() throws {
    let trainer = try trained(Optimiser(.gradientDescent, rate: 10), plan())
    #expect(trainer.model.parameters.allSatisfy { (0.8...4).contains($0) })
    #expect(trainer.model.parameters.contains { $0 == 0.8 || $0 == 4 })
  }

  @Test func `Only chosen parameters move, and a share of 0.3 moves about as many in a step`()
    throws
  {
    let start = try ModelTests.circuit().parameters
    let chosen = start.indices.map { $0 % 3 == 0 }
    let trainer = try trained(Optimiser(.adam, rate: 0.05), plan(chosen: chosen))
    for index in start.indices {
      #expect((trainer.model.parameters[index] != start[index]) == chosen[index])
    }
    var one = Trainer(
      model: try ModelTests.circuit(), optimiser: Optimiser(.adam, rate: 0.05),
      plan: TrainingPlan(epochs: 1, batch: 4, cost: .squaredError, share: 0.3))
    _ = try one.trainEpoch(on: examples)
    let moved = zip(start, one.model.parameters).count { $0 != $1 }
    #expect((2...9).contains(moved))
  }

  @Test func `Runs with the same seed end with the same bits`() throws {
    let noisy = plan(.noise(0.05), share: 0.5)
    let one = try trained(Optimiser(.adam, rate: 0.05), noisy).model.parameters
    #expect(try one == trained(Optimiser(.adam, rate: 0.05), noisy).model.parameters)
  }

  @Test func `The ascent has the ball's radius, in the metric of the parameters when adaptive`() {
    let gradient = [3.0, -4]
    let parameters = [2.0, 1]
    let plain = Trainer<CircuitModel>.ascent(
      gradient, from: parameters, rho: 0.5, adaptive: false)
    #expect(plain == [0.3, -0.4])
    let adaptive = Trainer<CircuitModel>.ascent(
      gradient, from: parameters, rho: 0.5, adaptive: true)
    let scaled = zip(adaptive, parameters).map { $0 / $1 }
    let length = scaled[0] * scaled[0] + scaled[1] * scaled[1]
    #expect((length - 0.25).magnitude < 1e-12)
  }

  @Test func `The Hessian's largest eigenvalue is that of central differences`() throws {
    // For a parabola, C = (p^2 a + q^2 b)/2 in two parameters, it is known.
    struct Parabola: DifferentiableModel {
      var parameters = [0.1, 0.2]
      let limits = [-9.0...9, -9.0...9]
      let outputCount = 2
      var temperatureRise = 0.0
      func outputs(for inputs: [Double]) -> [Double] { [3 * parameters[0], parameters[1]] }
      func differentiate(
        at inputs: [Double], into gradient: inout [Double], weights: ([Double]) throws -> [Double]
      ) throws -> [Double] {
        let weights = try weights(outputs(for: inputs))
        gradient[0] += 3 * weights[0]
        gradient[1] += weights[1]
        return outputs(for: inputs)
      }
    }
    var model = Parabola()
    let value = try model.sharpness(
      of: .squaredError, on: [Example(inputs: [], labels: [0, 0])])
    #expect((value - 9).magnitude < 1e-6)
    #expect(model.parameters == [0.1, 0.2])
  }

  // MARK: Failures

  private struct Silence: Error, CustomStringConvertible {
    var description: String { "no answer within 3 s" }
  }

  @Test func `A board that stops answering ends training with the last good parameters`() throws {
    var trainer = Trainer(
      model: try ModelTests.circuit(), optimiser: Optimiser(.adam, rate: 0.05), plan: plan())
    var board = try ModelTests.circuit()
    var calls = 0
    _ = try trainer.trainEpoch(on: examples)
    var last: [Double] = []
    do {
      _ = try trainer.trainEpoch(
        on: examples,
        board: { parameters, _, inputs in
          calls += 1
          if calls > 2 {
            last = parameters
            throw Silence()
          }
          board.parameters = parameters
          return try board.outputs(for: inputs)
        })
      Issue.record("no error")
    } catch {
      #expect(
        "\(error)".contains("stopped answering") && "\(error)".contains("no answer within 3 s"))
    }
    #expect(trainer.model.parameters == last)
    #expect(calls == 3)
  }

  @Test func `A double without a solution is not called silent`() throws {
    var trainer = Trainer(
      model: try ModelTests.circuit(), optimiser: Optimiser(.adam, rate: 0.05), plan: plan())
    let unsolved = CircuitError.notConverged(node: 0, residual: 0, iterations: 0, sweeps: 0)
    do {
      _ = try trainer.trainEpoch(on: examples, board: { _, _, _ in throw unsolved })
      Issue.record("no error")
    } catch {
      #expect("\(error)".contains("no solution in epoch 0"))
    }
  }

  @Test func `Outputs that are not numbers end training with the last good parameters`() throws {
    var trainer = Trainer(
      model: try ModelTests.circuit(), optimiser: Optimiser(.adam, rate: 0.05), plan: plan())
    let start = trainer.model.parameters
    #expect(throws: TrainingError.self) {
      try trainer.trainEpoch(on: examples, board: { _, _, _ in [.nan, 0] })
    }
    #expect(trainer.model.parameters == start)
  }

  @Test func `Estimates that are not numbers are named, and nothing is learned from them`() throws {
    var model = try ModelTests.circuit()
    model.parameters[3] = .nan
    var trainer = Trainer(model: model, optimiser: Optimiser(.adam, rate: 0.05), plan: plan())
    do {
      _ = try trainer.trainEpoch(on: examples)
      Issue.record("no error")
    } catch {
      #expect("\(error)".contains("gate voltage of branch 3"))
    }
  }

  @Test func `A board of another topology is noticed`() throws {
    var trainer = Trainer(
      model: try ModelTests.circuit(), optimiser: Optimiser(.adam, rate: 0.05), plan: plan())
    let start = trainer.model.parameters
    // The board's outputs are swapped and turned around against the model's.
    var board = try ModelTests.circuit()
    do {
      _ = try trainer.trainEpoch(
        on: examples,
        board: { parameters, _, inputs in
          board.parameters = parameters
          return try board.outputs(for: inputs.reversed()).map { -2 * $0 + 0.1 }
        })
      Issue.record("no error")
    } catch {
      guard case .unlike = error else {
        Issue.record("\(error)")
        return
      }
      #expect("\(error)".contains("topology"))
    }
    #expect(trainer.model.parameters == start)
    #expect(throws: TrainingError.self) {
      try trainer.trainEpoch(on: examples, board: { _, _, _ in [0, 1, 2] })
    }
  }
}
