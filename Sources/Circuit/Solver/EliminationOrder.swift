/// The order in which the free nodes are eliminated and where every matrix entry is kept: computed
/// once, shared by all copies of an operating point.
///
/// Free nodes get the internal numbers 0 ..< `freeCount` in order of elimination, driven nodes the
/// numbers from there on. For every free node k, `reach[start[k] ..< start[k + 1]]` lists,
/// ascending, the later free nodes with which it shares a matrix entry once the nodes before it are
/// gone.
final class EliminationOrder: Sendable {
  let nodeCount: Int
  let freeCount: Int
  /// Internal number of every node.
  let place: [Int32]
  /// Node of every internal number.
  let node: [Int32]
  let start: [Int32]
  let reach: [Int32]
  /// For each k in turn, for each pair p < q of its reach, the entry that gains from eliminating k.
  let targets: [Int32]
  let attachable: [Bool]

  /// The number of entry pairs of the matrix.
  var entryCount: Int { reach.count }

  init(network: Network, isDriven: [Bool], attachable: [Bool]) {
    let count = network.nodeCount
    var neighbours = [[Int32]](repeating: [], count: count)
    for branch in network.branches where !isDriven[branch.from] && !isDriven[branch.to] {
      neighbours[branch.from].append(Int32(branch.to))
      neighbours[branch.to].append(Int32(branch.from))
    }
    for index in neighbours.indices {
      neighbours[index].sort()
      neighbours[index] = Self.withoutRepeats(neighbours[index])
    }

    let order = Self.minimumDegreeOrder(isDriven: isDriven, neighbours: &neighbours)
    var place = [Int32](repeating: 0, count: count)
    var node = order
    for index in 0..<count where isDriven[index] { node.append(Int32(index)) }
    for (position, original) in node.enumerated() { place[Int(original)] = Int32(position) }

    var start: [Int32] = [0]
    var reach: [Int32] = []
    for original in order {
      reach += neighbours[Int(original)].map { place[Int($0)] }.sorted()
      start.append(Int32(reach.count))
    }
    var targets: [Int32] = []
    for k in 0..<order.count {
      let range = Int(start[k])..<Int(start[k + 1])
      for p in range {
        // The reach of k beyond p is contained in the reach of p: walk both in step.
        var cursor = Int(start[Int(reach[p])])
        for q in range where q > p {
          while reach[cursor] != reach[q] { cursor += 1 }
          targets.append(Int32(cursor))
        }
      }
    }
    nodeCount = count
    freeCount = order.count
    self.place = place
    self.node = node
    self.start = start
    self.reach = reach
    self.targets = targets
    self.attachable = attachable
  }

  /// The matrix entry of two different internal numbers: an entry pair where both are free, the
  /// ground entry of the free one, or the entry that nobody reads where both are driven.
  func slot(low: Int32, high: Int32) -> Int32 {
    if low >= freeCount { return Int32(entryCount + freeCount) }
    if high >= freeCount { return Int32(entryCount) + low }
    var cursor = Int(start[Int(low)])
    while reach[cursor] != high { cursor += 1 }
    return Int32(cursor)
  }

  /// Eliminates a node of least degree at a time, the lowest-numbered of several (Markowitz,
  /// symmetric case). Leaves in `neighbours` what each node saw when it was eliminated.
  private static func minimumDegreeOrder(
    isDriven: [Bool], neighbours: inout [[Int32]]
  ) -> [Int32] {
    var remaining = isDriven.indices.filter { !isDriven[$0] }.map { Int32($0) }
    var order: [Int32] = []
    order.reserveCapacity(remaining.count)
    while !remaining.isEmpty {
      var best = 0
      var least = Int.max
      for (index, node) in remaining.enumerated() {
        let degree = neighbours[Int(node)].count
        if degree < least {
          least = degree
          best = index
          if degree <= 1 { break }
        }
      }
      let chosen = remaining.remove(at: best)
      order.append(chosen)
      let front = neighbours[Int(chosen)]
      for member in front {
        neighbours[Int(member)] = merged(
          neighbours[Int(member)], front, without: chosen, and: member)
      }
    }
    return order
  }

  private static func withoutRepeats(_ sorted: [Int32]) -> [Int32] {
    var result: [Int32] = []
    for value in sorted where value != result.last { result.append(value) }
    return result
  }

  /// The union of two ascending lists without two of their members.
  private static func merged(
    _ a: [Int32], _ b: [Int32], without first: Int32, and second: Int32
  ) -> [Int32] {
    var result: [Int32] = []
    result.reserveCapacity(a.count + b.count)
    var i = 0
    var j = 0
    while i < a.count || j < b.count {
      let value: Int32
      if j == b.count || (i < a.count && a[i] <= b[j]) {
        value = a[i]
        if j < b.count && b[j] == value { j += 1 }
        i += 1
      } else {
        value = b[j]
        j += 1
      }
      if value != first && value != second { result.append(value) }
    }
    return result
  }
}
