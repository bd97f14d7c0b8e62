/// What an elimination in a given order fills in. Each node's parent is the first later node with
/// which it shares an entry once it is its turn; a node changes its ancestors only.
///
/// The tree is walked so that a node's descendants come right before it, which fills in as much as
/// the order it was given, and lets neighbouring columns of the same shape be kept as one block.
struct EliminationTree {
  /// The nodes in order of elimination, as numbered in the graph.
  private(set) var sequence: [Int32]
  /// The first of those that go last, which count as neighbours of each other.
  let tip: Int
  /// Parent of every place; -1 for a root.
  private(set) var parent: [Int32]
  /// How many later places every place shares an entry with when its turn comes.
  private(set) var fill: [Int32]
  /// Later neighbours of every place in the graph itself, ascending.
  private(set) var start: [Int32] = [0]
  private(set) var later: [Int32] = []

  var count: Int { sequence.count }

  init(graph: Adjacency, sequence given: [Int32], tip: Int) {
    self.tip = tip
    sequence = given
    let count = given.count
    parent = [Int32](repeating: -1, count: count)
    fill = [Int32](repeating: 0, count: count)

    // Parents in the given order, by paths that are shortened as they are walked (Liu, 1986).
    var place = Self.inverse(given)
    var ancestor = [Int32](repeating: -1, count: count)
    for k in 0..<count {
      func climb(from earlier: Int32) {
        var at = earlier
        while ancestor[Int(at)] >= 0 && ancestor[Int(at)] != k {
          let above = ancestor[Int(at)]
          ancestor[Int(at)] = Int32(k)
          at = above
        }
        if ancestor[Int(at)] < 0 {
          ancestor[Int(at)] = Int32(k)
          parent[Int(at)] = Int32(k)
        }
      }
      let original = Int(given[k])
      for at in Int(graph.start[original])..<Int(graph.start[original + 1]) {
        let other = place[Int(graph.neighbours[at])]
        if other < k { climb(from: other) }
      }
      if k > tip { climb(from: Int32(k - 1)) }
    }

    // Descendants right before each; the tip keeps its order, being one path.
    let order = Self.postorder(parent, tip: tip)
    let position = Self.inverse(order)
    sequence = order.map { given[Int($0)] }
    parent = order.map { parent[Int($0)] < 0 ? -1 : position[Int(parent[Int($0)])] }
    place = Self.inverse(sequence)

    for k in 0..<count {
      let original = Int(sequence[k])
      let begin = later.count
      for at in Int(graph.start[original])..<Int(graph.start[original + 1]) {
        let other = place[Int(graph.neighbours[at])]
        if other > k { later.append(other) }
      }
      later[begin...].sort()
      start.append(Int32(later.count))
    }

    // A place shares an entry with every later k of whose row it is on a path (the row's subtree).
    var seen = [Int32](repeating: -1, count: count)
    for k in 0..<count {
      seen[k] = Int32(k)
      let original = Int(sequence[k])
      func climb(from earlier: Int32) {
        var at = earlier
        while at >= 0 && seen[Int(at)] != k {
          fill[Int(at)] += 1
          seen[Int(at)] = Int32(k)
          at = parent[Int(at)]
        }
      }
      for at in Int(graph.start[original])..<Int(graph.start[original + 1]) {
        let other = place[Int(graph.neighbours[at])]
        if other < k { climb(from: other) }
      }
      if k > tip { for other in tip..<k { climb(from: Int32(other)) } }
    }
  }

  private static func inverse(_ order: [Int32]) -> [Int32] {
    var result = [Int32](repeating: 0, count: order.count)
    for (position, item) in order.enumerated() { result[Int(item)] = Int32(position) }
    return result
  }

  /// The places with every one's descendants right before it, children in their order.
  private static func postorder(_ parent: [Int32], tip: Int) -> [Int32] {
    let count = parent.count
    var child = [Int32](repeating: -1, count: count)
    var sibling = [Int32](repeating: -1, count: count)
    var roots: [Int32] = []
    for k in stride(from: tip - 1, through: 0, by: -1) {
      let above = parent[k]
      if above < 0 || above >= tip {
        roots.append(Int32(k))
      } else {
        sibling[k] = child[Int(above)]
        child[Int(above)] = Int32(k)
      }
    }
    var order: [Int32] = []
    order.reserveCapacity(count)
    var pending: [Int32] = []
    while let root = roots.popLast() {
      pending.append(root)
      while let at = pending.last {
        let below = child[Int(at)]
        if below >= 0 {
          child[Int(at)] = sibling[Int(below)]
          pending.append(below)
        } else {
          order.append(at)
          pending.removeLast()
        }
      }
    }
    for k in tip..<max(tip, count) { order.append(Int32(k)) }
    return order
  }
}
