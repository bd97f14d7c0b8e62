import Circuit
import Elements
import Files
import Foundation
import Models
import Portable
import Reports
import Runs

extension Experiment {
  /// How near each rule of the equilibrium family comes to the exact gradient, and what it learns.
  static let gradients = Experiment(
    name: "gradients",
    about:
      "coupled learning and equilibrium propagation against the exact gradient; digits by each, "
      + "on ideal devices and 20 mismatched boards",
    seconds: 45
  ) { bench in
    var report = Report()
    bench.tell("cosines on random networks")
    report.figures = try cosines(on: bench)
    let sources: [(String, CircuitModel.Source)] = [
      ("exact gradient", .exact),
      ("equilibrium propagation", .equilibrium(.equilibriumPropagation(beta: 1e-3))),
      ("coupled learning", .equilibrium(.coupledLearning(nudge: 0.1))),
    ]
    for (name, source) in sources {
      bench.tell("digits by \(name)")
      try learnDigits(by: name, source, for: &report, on: bench)
    }
    return report
  }
}

/// Each rule's likeness to the exact gradient on networks of resistors, and of transistors whose
/// gates lie ever nearer to their threshold.
private func cosines(on bench: Bench) throws -> [Figure] {
  let published = [
    "CL, resistors": 0.86, "EP, gates 2 ... 5 V": 0.9999, "EP, gates 1 ... 2 V": 0.994,
    "EP, gates 0.8 ... 1.5 V": 0.84,
  ]
  let bounds: [String: ClosedRange<Double>] = [
    "EP, resistors": 0.99999...1, "CL, resistors": 0.5...0.97, "EP, gates 2 ... 5 V": 0.999...1,
    "EP, gates 0.8 ... 1.5 V": 0.5...0.95,
  ]
  let kinds: [(String, ClosedRange<Double>?)] = [
    ("resistors", nil), ("gates 2 ... 5 V", 2...5), ("gates 1 ... 2 V", 1...2),
    ("gates 0.8 ... 1.5 V", 0.8...1.5),
  ]
  let rules: [(String, EquilibriumRule?)] = [
    ("EP", nil), ("CL", EquilibriumRule.coupledLearning(nudge: 1e-3, side: .centred)),
    ("CL with eta 0.5", EquilibriumRule.coupledLearning(nudge: 0.5)),
  ]
  var figures: [Figure] = []
  for (kind, gates) in kinds {
    for (rule, setting) in rules {
      let likeness = try (0..<20).map {
        try randomLikeness(seed: UInt64(bench.seed($0)), gates: gates, rule: setting)
      }
      let name = "\(rule), \(kind)"
      figures += [
        Figure(
          name + ": cosine, 20 networks of 24 nodes, 60 edges, 3 outputs",
          meanOf: likeness.map(\.cosine), published: published[name],
          bound: bounds[name].map { .value($0) } ?? .shown),
        Figure(name + ": relative error at the best scale", meanOf: likeness.map(\.error)),
      ]
    }
  }
  return figures
}

/// Trains the digits with gradients of one source, on ideal devices, and transfers the first
/// split's gates to boards with mismatch.
private func learnDigits(
  by name: String, _ source: CircuitModel.Source, for report: inout Report, on bench: Bench
) throws {
  let epochs = bench.quick ? 6 : 20
  let digits = try Digits(seed: bench.seed())
  let started = Date()
  let trained = try bench.map(bench.seeds(1...(bench.quick ? 1 : 3))) { seed in
    let digits = try Digits(seed: seed)
    var trainer = try digits.trainer(digits.plan(epochs: epochs, seed: seed), source: source)
    try trainer.finish(digits.training, on: bench)
    var model = trainer.model
    return (accuracy: try digits.accuracy(&model), gates: model.parameters)
  }
  let seconds = Date().timeIntervalSince(started)
  let boards = try digits.transfer(trained[0].gates, to: 0..<(bench.quick ? 4 : 20), on: bench)
  report.figures += [
    Figure(
      percent: "digits by \(name), ideal devices, \(trained.count) splits",
      trained.map(\.accuracy), published: 98.06, bound: .value(96...100)),
    Figure(
      "digits by \(name), ideal devices, best split",
      100 * (trained.map(\.accuracy).max() ?? 0), .percent, published: 98.06),
    Figure(
      percent: "digits by \(name), \(boards.count) mismatched boards", boards,
      published: 96.94, bound: .value(95...100)),
  ]
  report.remarks.append(
    "\(name): \(digits.edges) edges, \(epochs) epochs, \(trained.count) runs in "
      + "\((10 * seconds).rounded() / 10) s; published: 1,247 edges, three chips")
}

/// A rule against the exact gradient on a random network. No rule is equilibrium propagation with a
/// nudge of a thousandth of its bound.
private func randomLikeness(
  seed: UInt64, gates: ClosedRange<Double>?, rule given: EquilibriumRule?
) throws -> Likeness {
  let draw = Draw(seed: seed, purpose: 4001, device: 0)
  var event: UInt64 = 0
  func uniform() -> Double {
    event += 1
    return draw.uniform(event)
  }
  var branches: [Branch] = []
  let nodes = 24
  func join(_ from: Int, _ to: Int) {
    let element: Element
    if let gates {
      let gate = gates.lowerBound + (gates.upperBound - gates.lowerBound) * uniform()
      element = .transistor(Transistor(), gate: gate)
    } else {
      element = .fixed(.resistor(ohms: 1 / (1e-4 + 3e-3 * uniform())))
    }
    branches.append(Branch(from: from, to: to, element: element))
  }
  for node in 1..<nodes { join(Int(uniform() * Double(node)), node) }
  while branches.count < 60 {
    let (from, to) = (Int(uniform() * Double(nodes)), Int(uniform() * Double(nodes)))
    if from != to { join(from, to) }
  }
  let outputs = [21, 22, 23]
  var point = try OperatingPoint(
    network: Network(nodeCount: nodes, branches: branches), driven: [0, 1, 2],
    attachable: outputs)
  for node in 0..<3 { try point.drive(node, [0, 0.45, 0.45 * uniform()][node]) }
  try point.solve()
  var weights = [Double](repeating: 0, count: nodes)
  var errors: [Double] = []
  for node in outputs {
    errors.append(0.45 * uniform() - (try point.voltage(node)))
    weights[node] = -errors[errors.count - 1]
  }
  let exact = try Adjoint(of: weights, at: &point).gradient(
    by: gates == nil ? .conductance : .gate, of: Array(branches.indices))
  let bound = try EquilibriumRule.stiffnessBound(outputs: outputs, of: &point)
  let rule = given ?? .equilibriumPropagation(beta: 1e-3 * bound, side: .centred)
  let contrasts = rule.contrasts(
    at: branches.map { ($0.from, $0.to) },
    try rule.twoPhases(outputs: outputs, errors: errors, of: &point))
  return Likeness(of: contrasts, to: exact)
}
