import Elements
import Portable
import Testing

@testable import Circuit

/// A matrix of the solver's kind on a graph drawn at random: magnitudes beside the diagonal, and
/// conductances to ground.
private struct RandomMatrix {
  let tree: EliminationTree
  /// Magnitude of entry (i, k), in the order of elimination; 0 where there is none.
  var dense: [[Double]]
  var ground: [Double]

  var count: Int { ground.count }

  init(_ random: inout RandomNetworks, nodes: Int, edges: Int, last: Int, symmetric: Bool) {
    let pairs = (0..<edges).map { _ in
      (Int32(random.index(below: nodes)), Int32(random.index(below: nodes)))
    }.filter { $0.0 != $0.1 }
    let graph = Adjacency(count: nodes, pairs: pairs)
    let isLast = (0..<nodes).map { $0 % max(1, nodes / max(1, last)) == 0 && last > 0 }
    let tip = nodes - isLast.count { $0 }
    let sequence = FillOrder(start: graph.start, neighbours: graph.neighbours, last: isLast)
      .sequence
    tree = EliminationTree(graph: graph, sequence: sequence, tip: tip)
    dense = Array(repeating: Array(repeating: 0, count: nodes), count: nodes)
    ground = (0..<nodes).map { _ in random.uniform(0...1) < 0.2 ? random.uniform(0...1) : 1e-12 }
    for k in 0..<nodes {
      for at in Int(tree.start[k])..<Int(tree.start[k + 1]) {
        let other = Int(tree.later[at])
        // Conductances of many sizes.
        dense[other][k] = Elementary.exp(random.uniform(-9...0))
        dense[k][other] = symmetric ? dense[other][k] : Elementary.exp(random.uniform(-9...0))
      }
    }
  }

  /// A x, where A has column sums `ground`.
  func times(_ x: [Double], transposed: Bool) -> (value: [Double], size: [Double]) {
    var value = [Double](repeating: 0, count: count)
    var size = value
    for k in 0..<count {
      var diagonal = ground[k]
      for i in 0..<count where i != k { diagonal += dense[i][k] }
      value[k] += diagonal * x[k]
      size[k] += diagonal * x[k].magnitude
      for i in 0..<count where i != k {
        let (to, from) = transposed ? (k, i) : (i, k)
        value[to] -= dense[i][k] * x[from]
        size[to] += dense[i][k] * x[from].magnitude
      }
    }
    return (value, size)
  }

  /// Solves by one of the gears.
  func solve(_ right: [Double], _ plan: EliminationPlan, symmetric: Bool, transposed: Bool)
    -> [Double]
  {
    let elimination = plan.elimination()
    var pairs: [SIMD2<Double>] = []
    switch plan {
    case .schedule(let schedule):
      for k in 0..<count {
        for at in Int(schedule.start[k])..<Int(schedule.start[k + 1]) {
          let other = Int(schedule.later[at])
          pairs.append(SIMD2(dense[other][k], dense[k][other]))
        }
      }
    case .fronts:
      for k in 0..<count {
        for at in Int(tree.start[k])..<Int(tree.start[k + 1]) {
          let other = Int(tree.later[at])
          pairs.append(SIMD2(dense[other][k], dense[k][other]))
        }
      }
    }
    let attached = Buffer(repeating: SIMD2<Double>.zero, count: count)
    // What is attached to the tip does not go through the matrix.
    for k in tree.tip..<max(tree.tip, count) { attached[k] = SIMD2(0.5 * ground[k], 0) }
    let grounds = ground.enumerated().map { k, value in
      SIMD2(k < tree.tip ? value : 0.5 * value, 0)
    }
    elimination.eliminate(Buffer(pairs + grounds), damping: 0, symmetric: symmetric)
    let tip = Tip(count: count - tree.tip)
    tip.eliminate(elimination, attached: attached, first: tree.tip)
    let side = Buffer(right)
    let work = Buffer(repeating: 0.0, count: plan.workCount)
    if transposed {
      elimination.forwardTransposed(side, work: work)
      tip.solveTransposed(side, first: tree.tip)
      elimination.backTransposed(side, work: work)
    } else {
      elimination.forward(side, work: work)
      tip.solve(side, first: tree.tip)
      elimination.back(side, work: work)
    }
    return side.prefix(count)
  }
}

@Suite("Elimination")
struct EliminationTests {
  @Test(arguments: [false, true], [false, true])
  func `both gears solve the matrix and its transpose`(symmetric: Bool, transposed: Bool) {
    var random = RandomNetworks(seed: 800)
    for trial in 0..<120 {
      let nodes = 1 + random.index(below: 90)
      let matrix = RandomMatrix(
        &random, nodes: nodes, edges: nodes * (trial % 5) / 2, last: trial % 4 * 2,
        symmetric: symmetric)
      // Currents of one sign: what a sum of both leaves hangs on how they were rounded.
      let right = (0..<nodes).map { _ in random.uniform(0.1...1) }
      var found: [[Double]] = []
      for plan in [
        EliminationPlan.schedule(Schedule(matrix.tree)), .fronts(FrontTree(matrix.tree)),
      ] {
        let x = matrix.solve(right, plan, symmetric: symmetric, transposed: transposed)
        found.append(x)
        let (value, size) = matrix.times(x, transposed: transposed)
        for k in 0..<nodes {
          #expect((value[k] - right[k]).magnitude <= 1e-14 * (size[k] + right[k]), "\(trial)")
        }
      }
      // Nothing is subtracted, so each value is right to its last digits, also of nodes that hang on
      // a leak alone.
      for k in 0..<nodes {
        #expect((found[0][k] - found[1][k]).magnitude <= 1e-13 * found[0][k].magnitude, "\(trial)")
      }
    }
  }

  @Test func `an order is a permutation, and the last nodes are last`() {
    var random = RandomNetworks(seed: 810)
    for trial in 0..<60 {
      let nodes = 1 + random.index(below: 400)
      let matrix = RandomMatrix(
        &random, nodes: nodes, edges: nodes * (trial % 6), last: trial % 5, symmetric: true)
      #expect(matrix.tree.sequence.sorted() == (0..<Int32(nodes)).map { $0 })
      for k in 0..<nodes where matrix.tree.parent[k] >= 0 { #expect(matrix.tree.parent[k] > k) }
      let isTip = matrix.tree.sequence.enumerated().filter { $0.offset >= matrix.tree.tip }
      #expect(isTip.map(\.element) == isTip.map(\.element).sorted())
    }
  }

  /// A square lattice with its ends joined, n nodes a side.
  private func lattice(_ side: Int) -> Adjacency {
    let pairs = (0..<side * side).flatMap { node in
      let (row, column) = (node / side, node % side)
      return [
        (Int32(node), Int32(row * side + (column + 1) % side)),
        (Int32(node), Int32((row + 1) % side * side + column)),
      ]
    }
    return Adjacency(count: side * side, pairs: pairs)
  }

  /// Nested dissection of a lattice by hand fills in 7.75 n log2 n entries (George, 1973), a little more
  /// where the ends are joined.
  @Test(arguments: [16, 32, 64, 100]) func `a lattice fills in about as little as can be`(side: Int)
  {
    let graph = lattice(side)
    let count = side * side
    let sequence = FillOrder(
      start: graph.start, neighbours: graph.neighbours,
      last: [Bool](repeating: false, count: count)
    ).sequence
    let tree = EliminationTree(graph: graph, sequence: sequence, tip: count)
    let fill = tree.fill.reduce(0) { $0 + Int($1) }
    var bound = 0.0
    var left = count
    while left > 1 {
      bound += 1
      left /= 2
    }
    #expect(Double(fill) < 7.75 * Double(count) * bound, "\(fill)")
    #expect(fill > 2 * count)
  }

  @Test(arguments: [300, 3_000]) func `a node that all others see goes after them`(leaves: Int) {
    // A ring, and a hub in the midst of the numbers.
    let hub = leaves / 2
    let others = (0...leaves).filter { $0 != hub }.map { Int32($0) }
    let graph = Adjacency(
      count: leaves + 1,
      pairs: others.indices.flatMap {
        [(others[$0], Int32(hub)), (others[$0], others[($0 + 1) % leaves])]
      })
    let sequence = FillOrder(
      start: graph.start, neighbours: graph.neighbours,
      last: [Bool](repeating: false, count: leaves + 1)
    ).sequence
    #expect(sequence.sorted() == (0...leaves).map { Int32($0) })
    #expect(sequence.last == Int32(hub))
    let tree = EliminationTree(graph: graph, sequence: sequence, tip: leaves + 1)
    // The ring fills in one entry a node at most, the hub has one with each.
    #expect(tree.fill.reduce(0) { $0 + Int($1) } <= 3 * leaves)
  }

  @Test func `networks of which all nodes share entries are eliminated in blocks`() throws {
    for (nodes, isScheduled) in [(30, true), (100, false)] {
      let pairs = (0..<nodes).flatMap { low in
        (low + 1..<max(nodes, low + 1)).map { (Int32(low), Int32($0)) }
      }
      let graph = Adjacency(count: nodes, pairs: pairs)
      let tree = EliminationTree(
        graph: graph, sequence: (0..<nodes).map { Int32($0) }, tip: nodes)
      if case .schedule = EliminationPlan(tree) {
        #expect(isScheduled)
      } else {
        #expect(!isScheduled)
      }
    }
  }

  @Test func `a few attachable nodes go last, many where they fill in least`() throws {
    var random = RandomNetworks(seed: 820)
    let example = random.network(
      nodes: 60, law: .soft, drive: 0...0.5, gate: { $0.uniform(1...5) })
    let driven = Set(example.driven.map(\.node))
    let free = (0..<60).filter { !driven.contains($0) }
    let isDriven = (0..<60).map { driven.contains($0) }
    for (some, isHeld) in [(Array(free.prefix(5)), true), (free, false)] {
      let structure = Structure(
        network: example.network, isDriven: isDriven,
        attachable: (0..<60).map { some.contains($0) })
      #expect(structure.tip == (isHeld ? free.count - some.count : free.count))
      // Either way a clamp does what it does.
      var point = try OperatingPoint(
        network: example.network, driven: Array(driven), attachable: some)
      for (node, volts) in example.driven { try point.drive(node, volts) }
      try point.attach(some[1], conductance: 1e6, volts: 0.123)
      try point.solve()
      #expect((try point.voltage(some[1]) - 0.123).magnitude < 1e-8)
    }
  }
}
