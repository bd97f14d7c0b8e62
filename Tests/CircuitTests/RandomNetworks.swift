import Circuit
import Elements
import Portable

/// Networks, gates and driven voltages drawn at random, the same on every run.
struct RandomNetworks {
  private let draw: Draw
  private var event: UInt64 = 0

  init(seed: UInt64) { draw = Draw(seed: seed, purpose: 0, device: 0) }

  mutating func uniform(_ range: ClosedRange<Double>) -> Double {
    event += 1
    return range.lowerBound + (range.upperBound - range.lowerBound) * draw.uniform(event)
  }

  mutating func index(below bound: Int) -> Int {
    event += 1
    return draw.index(event, below: bound)
  }

  /// A case to solve: a network with driven nodes.
  struct Case {
    var network: Network
    var driven: [(node: Int, volts: Double)]

    /// The range that every voltage must keep to: driven voltages and the leak's ground.
    var range: ClosedRange<Double> {
      let volts = driven.map(\.volts) + [0]
      return volts.min()!...volts.max()!
    }

    func point() throws(CircuitError) -> OperatingPoint {
      var point = try OperatingPoint(network: network, driven: driven.map(\.node))
      for (node, volts) in driven { try point.drive(node, volts) }
      return point
    }
  }

  /// A connected network: a random tree and as many further branches as nodes.
  ///
  /// - Parameters:
  ///   - nodes: The number of nodes.
  ///   - law: The law of the transistors.
  ///   - drive: The range of driven voltages, V.
  ///   - others: The share of the further branches that are diodes, resistors, potentiometers or
  ///     open.
  ///   - slopes: Whether slope factors are drawn too.
  ///   - gate: Draws a gate voltage, V.
  /// - Returns: The network with its driven nodes.
  mutating func network(
    nodes: Int, law: ThresholdLaw, drive: ClosedRange<Double>, others: Double = 0,
    slopes: Bool = false, gate: (inout RandomNetworks) -> Double
  ) -> Case {
    var branches: [Branch] = []
    for node in 1..<nodes {
      let transistor = Transistor(
        strength: 8.5e-4 * uniform(0.7...1.3), threshold: uniform(0.6...0.8),
        slope: slopes ? uniform(1...2) : 1)
      branches.append(
        Branch(
          from: index(below: node), to: node,
          element: .transistor(transistor, gate: gate(&self))))
    }
    for _ in 0..<nodes {
      let from = index(below: nodes)
      let to = index(below: nodes)
      guard from != to else { continue }
      var element = Element.transistor(Transistor(), gate: gate(&self))
      if uniform(0...1) < others {
        switch index(below: 4) {
        case 0: element = .fixed(.diode(Diode()))
        case 1: element = .fixed(.resistor(ohms: 10 * Elementary.exp(uniform(0...10))))
        case 2: element = .fixed(.potentiometer(DigitalPotentiometer(), tap: index(below: 128)))
        default: element = .open
        }
      }
      branches.append(Branch(from: from, to: to, element: element))
    }
    let count = min(nodes - 1, 2 + nodes / 10)
    let order = draw.shuffledIndices(event, count: nodes).prefix(count)
    event += 1
    let driven = order.map { (node: $0, volts: uniform(drive)) }
    return Case(
      network: Network(nodeCount: nodes, branches: branches, law: law), driven: driven)
  }
}

/// Kirchhoff's current law evaluated from the elements themselves, without the solver's arrays: for
/// every node the current that flows in, and what multiplies the relative error of rounding in it
/// (for linear elements and diodes that of voltages of some ten volts).
func balances(
  _ network: Network, _ voltages: [Double]
) -> (net: [Double], scale: [Double]) {
  var net = voltages.map { -OperatingPoint.leak * $0 }
  var scale = net.map(\.magnitude)
  for branch in network.branches {
    let a = voltages[branch.from]
    let b = voltages[branch.to]
    var current = 0.0
    var size = 0.0
    switch branch.element {
    case .transistor(let transistor, let gate):
      current = transistor.current(gate: gate, from: a, to: b, law: network.law)
      // The current is a difference of squared overdrives, each rounded with its own size.
      let largest = transistor.current(gate: gate, from: 1000, to: 0, law: network.law)
      let rounding =
        (gate + a.magnitude + b.magnitude) * (largest * transistor.strength).squareRoot()
      size = largest + rounding
    case .fixed(.resistor(let ohms)):
      current = (a - b) / ohms
      size = 10 / ohms
    case .fixed(.potentiometer(let potentiometer, let tap)):
      current = (a - b) / potentiometer.ohms(at: tap)
      size = 10 / potentiometer.ohms(at: tap)
    case .fixed(.diode(let diode)):
      current = diode.current(at: a - b)
      size = 1000 * (current.magnitude + diode.saturationCurrent)
    case .fixed: fatalError("random networks have no such element")
    case .open: continue
    }
    net[branch.from] -= current
    net[branch.to] += current
    scale[branch.from] += max(size, current.magnitude)
    scale[branch.to] += max(size, current.magnitude)
  }
  return (net, scale)
}
