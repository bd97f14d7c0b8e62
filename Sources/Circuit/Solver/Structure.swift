import Elements

/// The shape of a network's matrix: which nodes go in which order, which entries there are, and
/// what an elimination fills in. Computed once, shared by all copies of an operating point.
///
/// Free nodes have the internal numbers 0 ..< `freeCount` in order of elimination, the attachable
/// ones last where they are few (`tip ..< freeCount`), driven nodes the numbers from there on.
/// Since what is attached changes nothing before the tip, one elimination serves whatever is
/// attached.
final class Structure: Sendable {
  let nodeCount: Int
  let freeCount: Int
  /// The first of the free nodes that go last.
  let tip: Int
  /// Internal number of every node.
  let place: [Int32]
  /// Node of every internal number.
  let node: [Int32]
  let attachable: [Bool]
  /// The matrix entries above the diagonal: for every free node the later ones, ascending. In a
  /// schedule these are all that an elimination fills in.
  let start: [Int32]
  let later: [Int32]
  /// How the elimination is laid out.
  let plan: EliminationPlan

  private let isScheduled: Bool

  /// How many iterations with a kept matrix cost about as much as an elimination; 0 where one with a
  /// new matrix costs hardly more.
  func eliminationCost(_ law: ThresholdLaw) -> Int {
    isScheduled ? (law == .soft ? 0 : 2) : 6
  }

  /// The number of entry pairs of the matrix.
  var entryCount: Int { later.count }

  init(network: Network, isDriven: [Bool], attachable: [Bool]) {
    let count = network.nodeCount
    let free = isDriven.indices.filter { !isDriven[$0] }
    var number = [Int32](repeating: -1, count: count)
    for (index, original) in free.enumerated() { number[original] = Int32(index) }
    let pairs = network.branches.lazy.map { (number[$0.from], number[$0.to]) }
    let graph = Adjacency(count: free.count, pairs: pairs)

    // Many nodes held back would fill in more than is saved.
    let held = free.reduce(0) { attachable[$1] ? $0 + 1 : $0 }
    let isHeld = held * held <= 4 * free.count + 16
    let last = free.map { isHeld && attachable[$0] }
    let tip = free.count - (isHeld ? held : 0)

    let sequence = FillOrder(start: graph.start, neighbours: graph.neighbours, last: last).sequence
    let shape = EliminationTree(graph: graph, sequence: sequence, tip: tip)
    var place = [Int32](repeating: 0, count: count)
    var node = shape.sequence.map { Int32(free[Int($0)]) }
    for index in 0..<count where isDriven[index] { node.append(Int32(index)) }
    for (position, original) in node.enumerated() { place[Int(original)] = Int32(position) }

    nodeCount = count
    freeCount = free.count
    self.tip = tip
    self.place = place
    self.node = node
    self.attachable = attachable
    plan = EliminationPlan(shape)
    switch plan {
    case .schedule(let schedule):
      (start, later) = (schedule.start, schedule.later)
      isScheduled = true
    case .fronts:
      (start, later) = (shape.start, shape.later)
      isScheduled = false
    }
  }

  /// The matrix entry of two different internal numbers: an entry pair where both are free, the
  /// ground entry of the free one, or the entry that nobody reads where both are driven.
  func slot(low: Int32, high: Int32) -> Int32 {
    if low >= freeCount { return Int32(entryCount + freeCount) }
    if high >= freeCount { return Int32(entryCount) + low }
    var below = Int(start[Int(low)])
    var above = Int(start[Int(low) + 1])
    while above - below > 1 {
      let middle = (below + above) / 2
      if later[middle] <= high { below = middle } else { above = middle }
    }
    return Int32(below)
  }
}

/// The neighbours of the nodes of a graph, ascending and each once.
struct Adjacency {
  private(set) var start: [Int32]
  private(set) var neighbours: [Int32]

  /// The graph of pairs of nodes; pairs with a negative end are left out.
  init(count: Int, pairs: some Sequence<(Int32, Int32)>) {
    var first = [Int32](repeating: 0, count: count + 1)
    for (a, b) in pairs where a >= 0 && b >= 0 {
      first[Int(a) + 1] += 1
      first[Int(b) + 1] += 1
    }
    for index in 0..<count { first[index + 1] += first[index] }
    var cursor = first
    var filled = [Int32](repeating: 0, count: Int(first[count]))
    for (a, b) in pairs where a >= 0 && b >= 0 {
      filled[Int(cursor[Int(a)])] = b
      cursor[Int(a)] += 1
      filled[Int(cursor[Int(b)])] = a
      cursor[Int(b)] += 1
    }
    start = [0]
    start.reserveCapacity(count + 1)
    neighbours = []
    neighbours.reserveCapacity(filled.count)
    for index in 0..<count {
      var last: Int32 = -1
      for neighbour in filled[Int(first[index])..<Int(first[index + 1])].sorted()
      where neighbour != last {
        neighbours.append(neighbour)
        last = neighbour
      }
      start.append(Int32(neighbours.count))
    }
  }
}
