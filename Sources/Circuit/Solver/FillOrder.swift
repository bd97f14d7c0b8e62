/// An order of elimination that fills in little: approximate minimum degree on a quotient graph
/// (Amestoy, Davis and Duff, "An approximate minimum degree ordering algorithm", 1996). The time it
/// takes grows about as the number of neighbours.
///
/// A node that is eliminated leaves an *element*: its neighbours, which have all become neighbours
/// of each other. Nodes that see the same are eliminated together, and elements that lie within a
/// new one are dropped, so that the graph never grows. Nodes with very many neighbours, such as a rail
/// that is not driven, go after the others and are left out of account, as in Davis's program: their lists would be
/// read for each of their neighbours.
struct FillOrder {
  /// Nodes in the order in which they go.
  private(set) var sequence: [Int32] = []

  // Lists of node i, and of element i once node i has been eliminated, are
  // lists[begin[i] ..< begin[i] + length[i]]; those of a node begin with its elements.
  private var lists: [Int32]
  private var begin: [Int]
  private var length: [Int32]
  private var elements: [Int32]
  /// Nodes that go with a node; 0 for one that goes with another, negative while it is looked at.
  private var weight: [Int32]
  /// About how many nodes it sees; of an element, how many it holds.
  private var degree: [Int32]
  /// Of an element: beyond `stamp`, how many of its nodes are not in the element just made.
  private var outside: [Int]
  private var isElement: [Bool]
  private var stays: [Bool]
  /// Heads of the lists of nodes of the same degree, and the nodes before and after in them.
  private var head: [Int32]
  private var next: [Int32]
  private var previous: [Int32]
  /// The node with which a node goes; -1 for itself.
  private var leader: [Int32]
  private var stamp = 1
  private var least = 0

  /// Orders the nodes of a graph.
  ///
  /// - Parameters:
  ///   - start: Where each node's neighbours begin, and the end.
  ///   - neighbours: The neighbours, each once, both ways.
  ///   - last: Which nodes shall go after all others, in ascending order.
  init(start: [Int32], neighbours: [Int32], last: [Bool]) {
    let count = start.count - 1
    let most = max(16, Int((100 * Double(count)).squareRoot()))
    let isDense = (0..<count).map { Int(start[$0 + 1] - start[$0]) > most }
    lists = []
    lists.reserveCapacity(4 * neighbours.count + 16)
    begin = []
    length = []
    for node in 0..<count {
      begin.append(lists.count)
      if !isDense[node] {
        for at in Int(start[node])..<Int(start[node + 1]) where !isDense[Int(neighbours[at])] {
          lists.append(neighbours[at])
        }
      }
      length.append(Int32(lists.count - begin[node]))
    }
    elements = [Int32](repeating: 0, count: count)
    weight = [Int32](repeating: 1, count: count)
    degree = length
    outside = [Int](repeating: 0, count: count)
    isElement = [Bool](repeating: false, count: count)
    stays = last
    head = [Int32](repeating: -1, count: count + 1)
    next = [Int32](repeating: -1, count: count)
    previous = [Int32](repeating: -1, count: count)
    leader = [Int32](repeating: -1, count: count)
    sequence.reserveCapacity(count)
    least = count
    // The lowest-numbered of several goes first: they are put in from the back.
    var pivots: [Int32] = []
    var remaining = 0
    for node in stride(from: count - 1, through: 0, by: -1) where !stays[node] && !isDense[node] {
      insert(node)
      remaining += 1
    }
    var buckets = [Int32](repeating: -1, count: count)
    while remaining > 0 {
      while head[least] < 0 { least += 1 }
      let pivot = Int(head[least])
      remove(pivot)
      remaining -= eliminate(pivot, &pivots, &buckets)
    }
    write(pivots)
    for node in 0..<count where isDense[node] && !stays[node] { sequence.append(Int32(node)) }
    for node in 0..<count where stays[node] { sequence.append(Int32(node)) }
  }

  private mutating func insert(_ node: Int) {
    let at = Int(degree[node])
    if head[at] >= 0 { previous[Int(head[at])] = Int32(node) }
    next[node] = head[at]
    previous[node] = -1
    head[at] = Int32(node)
    least = min(least, at)
  }

  private mutating func remove(_ node: Int) {
    if previous[node] >= 0 {
      next[Int(previous[node])] = next[node]
    } else {
      head[Int(degree[node])] = next[node]
    }
    if next[node] >= 0 { previous[Int(next[node])] = previous[node] }
  }

  /// Eliminates a node and those that go with it; returns how many they are.
  private mutating func eliminate(
    _ pivot: Int, _ pivots: inout [Int32], _ buckets: inout [Int32]
  ) -> Int {
    // What it sees: its neighbours, and those in its elements, which are dropped.
    let memberBegin = lists.count
    let ownBegin = begin[pivot]
    let elementEnd = ownBegin + Int(elements[pivot])
    let ownEnd = ownBegin + Int(length[pivot])
    weight[pivot] = -weight[pivot]
    var size: Int32 = 0
    func take(_ node: Int32) {
      let index = Int(node)
      guard weight[index] > 0 else { return }
      size += weight[index]
      weight[index] = -weight[index]
      lists.append(node)
      if !stays[index] { remove(index) }
    }
    for cursor in ownBegin..<elementEnd {
      let element = Int(lists[cursor])
      guard length[element] > 0 else { continue }
      for at in begin[element]..<begin[element] + Int(length[element]) { take(lists[at]) }
      length[element] = 0
    }
    for cursor in elementEnd..<ownEnd { take(lists[cursor]) }
    let memberEnd = lists.count
    isElement[pivot] = true
    begin[pivot] = memberBegin
    length[pivot] = Int32(memberEnd - memberBegin)
    elements[pivot] = 0
    degree[pivot] = size

    // How much of every element beside it lies outside the new one.
    for cursor in memberBegin..<memberEnd {
      let node = Int(lists[cursor])
      let share = Int(-weight[node])
      for at in begin[node]..<begin[node] + Int(elements[node]) {
        let element = Int(lists[at])
        guard length[element] > 0 else { continue }
        if outside[element] >= stamp {
          outside[element] -= share
        } else {
          outside[element] = stamp + Int(degree[element]) - share
        }
      }
    }

    // Each member's lists and degree anew.
    var gone = Int(-weight[pivot])
    for cursor in memberBegin..<memberEnd {
      let node = Int(lists[cursor])
      let from = begin[node]
      let elementEnd = from + Int(elements[node])
      let end = from + Int(length[node])
      var write = from
      var seen = 0
      var hash = 0
      for at in from..<elementEnd {
        let element = Int(lists[at])
        guard length[element] > 0 else { continue }
        let beyond = outside[element] - stamp
        if beyond > 0 {
          seen += beyond
          hash &+= element
          lists[write] = Int32(element)
          write += 1
        } else {
          length[element] = 0  // It lies within the new one.
        }
      }
      let kept = write - from
      for at in elementEnd..<end {
        let other = lists[at]
        guard weight[Int(other)] > 0 else { continue }
        seen += Int(weight[Int(other)])
        hash &+= Int(other)
        lists[write] = other
        write += 1
      }
      if write == from && !stays[node] {
        // It sees nothing beyond the new element: it goes at once.
        gone += Int(-weight[node])
        size += weight[node]
        leader[node] = Int32(pivot)
        weight[node] = 0
        length[node] = 0
        continue
      }
      // There is room for the new element: the pivot itself or one of its elements has left the list.
      if write > from + kept { lists[write] = lists[from + kept] }
      lists[from + kept] = Int32(pivot)
      write += 1
      elements[node] = Int32(kept + 1)
      length[node] = Int32(write - from)
      hash &+= pivot
      degree[node] = Int32(min(Int(degree[node]), seen))
      if !stays[node] {
        let bucket = Int(UInt(bitPattern: hash) % UInt(buckets.count))
        next[node] = buckets[bucket]
        previous[node] = Int32(bucket)
        buckets[bucket] = Int32(node)
      }
    }
    // More than any part outside can be.
    stamp += weight.count + 1

    joinAlike(memberBegin..<memberEnd, &buckets)

    // Members back into the lists of degrees, and the element's list without those that went.
    var write = memberBegin
    for cursor in memberBegin..<memberEnd {
      let node = Int(lists[cursor])
      let own = -weight[node]
      guard own > 0 else { continue }
      weight[node] = own
      lists[write] = Int32(node)
      write += 1
      degree[node] = max(min(degree[node] + size - own, Int32(weight.count) - 1), 0)
      if !stays[node] { insert(node) }
    }
    length[pivot] = Int32(write - memberBegin)
    lists.removeLast(memberEnd - write)
    degree[pivot] = size
    pivots.append(Int32(pivot))
    return gone
  }

  /// Joins members that see the same.
  private mutating func joinAlike(_ members: Range<Int>, _ buckets: inout [Int32]) {
    for cursor in members {
      let first = Int(lists[cursor])
      guard weight[first] < 0, !stays[first] else { continue }
      let bucket = Int(previous[first])
      var one = buckets[bucket]
      buckets[bucket] = -1
      while one >= 0 {
        let node = Int(one)
        if weight[node] < 0 && next[node] >= 0 {
          for at in begin[node]..<begin[node] + Int(length[node]) {
            outside[Int(lists[at])] = stamp
          }
          var before = node
          var other = next[node]
          while other >= 0 {
            let index = Int(other)
            if isAlike(index, node) {
              weight[node] += weight[index]
              weight[index] = 0
              leader[index] = Int32(node)
              length[index] = 0
              next[before] = next[index]
            } else {
              before = index
            }
            other = next[index]
          }
          stamp += 1
        }
        one = next[node]
      }
    }
  }

  private func isAlike(_ node: Int, _ marked: Int) -> Bool {
    guard length[node] == length[marked], elements[node] == elements[marked] else { return false }
    for at in begin[node]..<begin[node] + Int(length[node])
    where outside[Int(lists[at])] != stamp {
      return false
    }
    return true
  }

  /// Every pivot with the nodes that went with it.
  private mutating func write(_ pivots: [Int32]) {
    let count = leader.count
    var followers = [Int32](repeating: -1, count: count)
    var following = [Int32](repeating: -1, count: count)
    for node in stride(from: count - 1, through: 0, by: -1) where leader[node] >= 0 {
      following[node] = followers[Int(leader[node])]
      followers[Int(leader[node])] = Int32(node)
    }
    var pending: [Int32] = []
    for pivot in pivots {
      pending.append(pivot)
      while let node = pending.popLast() {
        sequence.append(node)
        var follower = followers[Int(node)]
        while follower >= 0 {
          pending.append(follower)
          follower = following[Int(follower)]
        }
      }
    }
  }
}
