import Circuit
import Elements
import Models
import Portable

/// Networks drawn at random, the same on every run.
struct Networks {
  private let draw: Draw
  private var event: UInt64 = 0

  init(seed: UInt64) { draw = Draw(seed: seed, purpose: 1, device: 0) }

  mutating func uniform(_ range: ClosedRange<Double>) -> Double {
    event += 1
    return range.lowerBound + (range.upperBound - range.lowerBound) * draw.uniform(event)
  }

  mutating func index(below bound: Int) -> Int {
    event += 1
    return draw.index(event, below: bound)
  }

  /// A connected network: a random tree of `nodes` nodes and as many further branches as it takes.
  mutating func network(
    nodes: Int, branches count: Int, element: (inout Networks) -> Element
  ) -> Network {
    var branches: [Branch] = []
    for node in 1..<nodes {
      branches.append(Branch(from: index(below: node), to: node, element: element(&self)))
    }
    while branches.count < count {
      let (from, to) = (index(below: nodes), index(below: nodes))
      if from != to { branches.append(Branch(from: from, to: to, element: element(&self))) }
    }
    return Network(nodeCount: nodes, branches: branches)
  }

  /// A network of resistors between 100 ohm and 10 kohm.
  mutating func resistors(nodes: Int, branches: Int) -> Network {
    network(nodes: nodes, branches: branches) {
      .fixed(.resistor(ohms: 100 * Elementary.exp($0.uniform(0...4.6))))
    }
  }

  /// A network of transistors with gates in a range.
  mutating func transistors(
    nodes: Int, branches: Int, gates: ClosedRange<Double>
  ) -> Network {
    network(nodes: nodes, branches: branches) {
      .transistor(
        Transistor(strength: 8.5e-4 * $0.uniform(0.8...1.2), threshold: $0.uniform(0.65...0.75)),
        gate: $0.uniform(gates))
    }
  }
}

/// An operating point with the first nodes driven and all others attachable.
func solved(_ network: Network, volts: [Double]) throws -> OperatingPoint {
  var point = try OperatingPoint(
    network: network, driven: Array(volts.indices),
    attachable: Array(volts.count..<network.nodeCount))
  for (node, value) in volts.enumerated() { try point.drive(node, value) }
  try point.solve()
  return point
}

func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

func cosine(_ a: [Double], _ b: [Double]) -> Double {
  dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot()
}
