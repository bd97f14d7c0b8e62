import Circuit
import Elements
import Foundation

// Times the training step of workload.hpp on this package's solver, or a solve and the exact gradient after it:
// solver SIDE resistors|transistors|gradient [TURNS [STEPS]].

let words = CommandLine.arguments
guard (3...5).contains(words.count), let side = Int(words[1]), side > 2,
  ["resistors", "transistors", "gradient"].contains(words[2]),
  let turns = words.count > 3 ? Int(words[3]) : 5, turns > 0,
  let steps = words.count > 4 ? Int(words[4]) : 50, steps > 0
else {
  let usage = "usage: solver SIDE resistors|transistors|gradient [TURNS [STEPS]]\n"
  FileHandle.standardError.write(Data(usage.utf8))
  exit(64)
}
let isTransistors = words[2] != "resistors"
func now() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}

/// Times the steps, so many times, and prints what they end with.
func measure() throws {
  let lattice = Lattice(side: side, isTransistors: isTransistors)
  let (nodes, from, to, start) = (lattice.nodes, lattice.from, lattice.to, lattice.start)
  let (driven, learned) = (lattice.driven, lattice.learned)
  let (inputs, goals) = (lattice.inputs, lattice.goals)
  let nudge = 0.1
  let network = lattice.network(.sharp)
  let begun = now()
  var free = try OperatingPoint(network: network, driven: driven, attachable: learned)
  var clamped = free
  clamped.reset()
  let setup = now() - begun

  func set(_ gates: [Double]) throws {
    if isTransistors {
      try free.setGates(gates)
      try clamped.setGates(gates)
    } else {
      try free.setConductances(gates)
      try clamped.setConductances(gates)
    }
  }

  var gates = start
  var times: [Double] = []
  var one = [Double](repeating: 0, count: nodes)
  var other = one
  for _ in 0..<turns {
    gates = start
    try set(gates)
    free.reset()
    clamped.reset()
    let begun = now()
    for step in 0..<steps {
      for (node, volts) in zip(driven, inputs[step % 2]) {
        try free.drive(node, volts)
        try clamped.drive(node, volts)
      }
      try free.solve()
      for (node, goal) in zip(learned, goals[step % 2]) {
        let volts = try free.voltage(node)
        try clamped.attach(node, conductance: 1e6, volts: volts + nudge * (goal - volts))
      }
      try clamped.solve(beside: free)
      free.copyVoltages(into: &one)
      clamped.copyVoltages(into: &other)
      gates.withUnsafeMutableBufferPointer { gates in
        for edge in gates.indices {
          let drop = one[from[edge]] - one[to[edge]]
          let held = other[from[edge]] - other[to[edge]]
          let change = held * held - drop * drop
          gates[edge] =
            isTransistors
            ? min(max(gates[edge] - 1e-2 / nudge * change, 1.5), 6)
            : min(max(gates[edge] - 0.05 / nudge * change, 1e-3), 10)
        }
      }
      try set(gates)
    }
    times.append((now() - begun) / Double(steps))
  }
  times.sort()
  func text(_ value: Double, _ places: Int) -> String { String(format: "%.\(places)f", value) }
  // Weighted, so that errors of two gates do not cancel.
  let sum = gates.indices.reduce(0) { $0 + gates[$1] * Double(1 + $1 % 7) }
  let volts = try learned.map { text(try free.voltage($0), 12) }.joined(separator: ", ")
  print(
    "{\"solver\": \"tellegen\", \"elements\": \"\(isTransistors ? "transistors" : "resistors")\", \"nodes\": \(nodes), \"edges\": \(from.count), "
      + "\"setup_ms\": \(text(setup * 1e3, 3)), \"step_us\": \(text(times[times.count / 2] * 1e6, 3)), "
      + "\"fastest_us\": \(text(times[0] * 1e6, 3)), \"slowest_us\": \(text(times[times.count - 1] * 1e6, 3)), "
      + "\"volts\": [\(volts)], \"gates\": \(text(sum, 10))}")
}

/// Times solves each of which is followed by the gradient of a cost of two nodes with all gates, by the
/// adjoint; every step moves all gates along it, and two input patterns alternate.
func measureGradient() throws {
  let lattice = Lattice(side: side, isTransistors: isTransistors)
  let (nodes, from, to, start) = (lattice.nodes, lattice.from, lattice.to, lattice.start)
  let (driven, learned) = (lattice.driven, lattice.learned)
  let (inputs, goals) = (lattice.inputs, lattice.goals)
  let network = lattice.network(.soft)
  var point = try OperatingPoint(network: network, driven: driven, attachable: learned)
  var solves: [Double] = []
  var gradients: [Double] = []
  var last = 0.0
  for _ in 0..<turns {
    var gates = start
    try point.setGates(gates)
    point.reset()
    var solving = 0.0
    var differentiating = 0.0
    for step in 0..<steps {
      for (node, volts) in zip(driven, inputs[step % 2]) { try point.drive(node, volts) }
      let begun = now()
      try point.solve()
      let solved = now()
      var weights = [Double](repeating: 0, count: nodes)
      for (node, goal) in zip(learned, goals[step % 2]) {
        weights[node] = try point.voltage(node) - goal
      }
      let linear = point.linearisation()
      let adjoint = linear.adjoint(of: weights)
      var gradient = [Double](repeating: 0, count: from.count)
      gradient.withUnsafeMutableBufferPointer { gradient in
        for edge in gradient.indices {
          gradient[edge] = (adjoint[to[edge]] - adjoint[from[edge]]) * linear.gateSlopes[edge]
        }
      }
      let ended = now()
      solving += solved - begun
      differentiating += ended - solved
      last = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
      for edge in gates.indices { gates[edge] = min(max(gates[edge] - gradient[edge], 1.5), 6) }
      try point.setGates(gates)
    }
    solves.append(solving / Double(steps) * 1e6)
    gradients.append(differentiating / Double(steps) * 1e6)
  }
  solves.sort()
  gradients.sort()
  print(
    "{\"solver\": \"tellegen\", \"nodes\": \(nodes), \"edges\": \(from.count), "
      + "\"solve_us\": \(solves[turns / 2]), \"gradient_us\": \(gradients[turns / 2]), "
      + "\"length\": \(last)}")
}

if words[2] == "gradient" { try measureGradient() } else { try measure() }
