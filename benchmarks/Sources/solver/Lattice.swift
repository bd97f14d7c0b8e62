import Circuit
import Elements

/// The lattice of workload.hpp: edges, what gates start from, what is driven and learned.
struct Lattice {
  let isTransistors: Bool
  let nodes: Int
  let from: [Int]
  let to: [Int]
  let start: [Double]
  let driven: [Int]
  let learned: [Int]
  let inputs = [[0, 0.45, 0.2], [0.1, 0.05, 0.4]]
  let goals = [[0.2, 0.3], [0.15, 0.25]]

  init(side: Int, isTransistors: Bool) {
    self.isTransistors = isTransistors
    nodes = side * side
    let cells = (0..<side).flatMap { r in (0..<side).map { c in (r, c) } }
    from = cells.flatMap { r, c in [r * side + c, r * side + c] }
    to = cells.flatMap { r, c in [r * side + (c + 1) % side, (r + 1) % side * side + c] }
    var x: UInt32 = 12345
    start = from.map { _ in
      x = 1_664_525 &* x &+ 1_013_904_223
      let u = Double(x) / 4_294_967_296
      return isTransistors ? 1.5 + 2.5 * u : 0.1 + 0.9 * u
    }
    driven = [0, nodes / 3, 2 * nodes / 3]
    learned = [nodes / 2, nodes - 1]
  }

  func network(_ law: ThresholdLaw) -> Network {
    Network(
      nodeCount: nodes,
      branches: from.indices.map { edge in
        Branch(
          from: from[edge], to: to[edge],
          element: isTransistors
            ? .transistor(Transistor(strength: 1e-3, threshold: 0.7, slope: 1), gate: start[edge])
            : .fixed(.resistor(ohms: 1 / start[edge])))
      }, law: law)
  }
}
