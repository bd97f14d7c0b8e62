/// The elimination of a larger network in dense blocks, the *fronts* of the multifrontal method (Duff
/// and Reid, "The multifrontal solution of indefinite sparse symmetric linear systems", 1983).
///
/// Neighbouring nodes that see the same later ones form a block. Its front is a dense matrix of its
/// own nodes and of those it sees; what remains of it once its own are eliminated is added to the
/// front of its parent, the block of the first node that it sees. Blocks that differ little are
/// joined: entries that are zero cost less than many small fronts.
struct FrontTree: Sendable {
  struct Front: Sendable, BitwiseCopyable {
    /// Its first node and how many are its own.
    var first: Int32
    var width: Int32
    /// How many later nodes it sees: `seen[seenBegin ..< seenBegin + reach]`, ascending.
    var reach: Int32
    var seenBegin: Int32
    /// Length of its rows, a multiple of 4.
    var stride: Int32
    /// Where its rows begin.
    var rows: Int
    /// What remains of it: where, and the length of its rows.
    var rest: Int
    var restStride: Int32
    /// The fronts it takes over: `children[childBegin ..< childEnd]`.
    var childBegin: Int32
    var childEnd: Int32
    /// Where its matrix entries begin: those of its own nodes.
    var entryBegin: Int32
    var entryEnd: Int32
  }

  let count: Int
  let tip: Int
  let fronts: [Front]
  let children: [Int32]
  /// The fronts whose parent is the tip.
  let tipChildren: [Int32]
  let seen: [Int32]
  /// Place in the parent's front, or in the tip, of everything a front sees.
  let placeInParent: [Int32]
  /// Where every matrix entry goes, from its front's `rows` on; the entries of the tip come last
  /// and go into its matrix.
  let entryPlace: [Int32]
  let rowCount: Int
  let restCount: Int
  let longestStride: Int

  init(_ tree: EliminationTree) {
    count = tree.count
    tip = tree.tip
    let blocks = Self.blocks(tree)
    var frontOf = [Int32](repeating: 0, count: tree.tip)
    for (index, first) in blocks.enumerated() {
      let end = index + 1 < blocks.count ? Int(blocks[index + 1]) : tree.tip
      for k in Int(first)..<end { frontOf[k] = Int32(index) }
    }

    // What every block sees: what its nodes see in the graph, and what its children see.
    var seen: [Int32] = []
    var seenBegin: [Int32] = []
    var kept: [[Int32]] = Array(repeating: [], count: blocks.count)
    var parents = [Int32](repeating: -1, count: blocks.count)
    var mark = [Int32](repeating: -1, count: tree.count)
    for (index, first) in blocks.enumerated() {
      let end = index + 1 < blocks.count ? Int(blocks[index + 1]) : tree.tip
      var list: [Int32] = []
      func take(_ other: Int32) {
        if other >= end && mark[Int(other)] != index {
          mark[Int(other)] = Int32(index)
          list.append(other)
        }
      }
      for at in Int(tree.start[Int(first)])..<Int(tree.start[end]) { take(tree.later[at]) }
      for child in kept[index] {
        let begin = Int(seenBegin[Int(child)])
        let finish =
          Int(child) + 1 < seenBegin.count ? Int(seenBegin[Int(child) + 1]) : seen.count
        for at in begin..<finish { take(seen[at]) }
      }
      list.sort()
      seenBegin.append(Int32(seen.count))
      seen += list
      if let above = list.first, above < tree.tip {
        parents[index] = frontOf[Int(above)]
        kept[Int(frontOf[Int(above)])].append(Int32(index))
      }
    }
    self.seen = seen

    var children: [Int32] = []
    var tipChildren: [Int32] = []
    var fronts: [Front] = []
    var rows = 0
    var longest = 4
    for (index, first) in blocks.enumerated() {
      let end = index + 1 < blocks.count ? Int(blocks[index + 1]) : tree.tip
      let finish = index + 1 < blocks.count ? Int(seenBegin[index + 1]) : seen.count
      let width = end - Int(first)
      let reach = finish - Int(seenBegin[index])
      let stride = (width + reach + 3) / 4 * 4
      let childBegin = children.count
      children += kept[index]
      if reach > 0 && parents[index] < 0 { tipChildren.append(Int32(index)) }
      fronts.append(
        Front(
          first: first, width: Int32(width), reach: Int32(reach), seenBegin: seenBegin[index],
          stride: Int32(stride), rows: rows, rest: 0, restStride: Int32((reach + 3) / 4 * 4),
          childBegin: Int32(childBegin), childEnd: Int32(children.count),
          entryBegin: tree.start[Int(first)], entryEnd: tree.start[end]))
      rows += width * stride + 4
      longest = max(longest, stride)
    }

    // Remains wait on two stacks, by how deep their fronts lie: a front's own is written to the one
    // on which those it takes over are not.
    var depth = [Int](repeating: 0, count: blocks.count)
    for index in stride(from: blocks.count - 1, through: 0, by: -1) where parents[index] >= 0 {
      depth[index] = depth[Int(parents[index])] + 1
    }
    var tops = [0, 0]
    var most = [0, 0]
    for index in blocks.indices {
      let front = fronts[index]
      if front.childBegin < front.childEnd {
        tops[(depth[index] + 1) % 2] = fronts[Int(children[Int(front.childBegin)])].rest
      }
      let stack = depth[index] % 2
      fronts[index].rest = tops[stack]
      tops[stack] += Int(front.reach + 3) * Int(front.restStride) + 4
      most[stack] = max(most[stack], tops[stack])
    }
    for index in blocks.indices where depth[index] % 2 == 1 { fronts[index].rest += most[0] }

    var placeInParent = [Int32](repeating: 0, count: seen.count)
    var entryPlace = [Int32](repeating: 0, count: tree.later.count)
    var position = [Int32](repeating: 0, count: tree.count)
    for k in tree.tip..<max(tree.tip, tree.count) { position[k] = Int32(k - tree.tip) }
    for index in tipChildren {
      let front = fronts[Int(index)]
      for at in Int(front.seenBegin)..<Int(front.seenBegin + front.reach) {
        placeInParent[at] = position[Int(seen[at])]
      }
    }
    for front in fronts {
      for k in 0..<front.width { position[Int(front.first + k)] = k }
      for at in 0..<front.reach {
        position[Int(seen[Int(front.seenBegin + at)])] = front.width + at
      }
      for cursor in Int(front.childBegin)..<Int(front.childEnd) {
        let child = fronts[Int(children[cursor])]
        for at in Int(child.seenBegin)..<Int(child.seenBegin + child.reach) {
          placeInParent[at] = position[Int(seen[at])]
        }
      }
      for k in 0..<front.width {
        let node = Int(front.first + k)
        for entry in Int(tree.start[node])..<Int(tree.start[node + 1]) {
          entryPlace[entry] = k * front.stride + position[Int(tree.later[entry])]
        }
      }
    }
    let tipSize = tree.count - tree.tip
    for k in tree.tip..<max(tree.tip, tree.count) {
      let row = k - tree.tip
      for entry in Int(tree.start[k])..<Int(tree.start[k + 1]) {
        entryPlace[entry] = Int32(
          row * (2 * tipSize - row - 1) / 2 + Int(tree.later[entry]) - k - 1)
      }
    }
    self.fronts = fronts
    self.children = children
    self.tipChildren = tipChildren
    self.placeInParent = placeInParent
    self.entryPlace = entryPlace
    rowCount = rows
    restCount = most[0] + most[1]
    longestStride = longest
  }

  /// The first nodes of the blocks: nodes that follow each other and see the same, and blocks joined
  /// with the one after them where that adds few zeros.
  private static func blocks(_ tree: EliminationTree) -> [Int32] {
    var firsts: [Int] = []
    for k in 0..<tree.tip
    where k == 0 || tree.parent[k - 1] != k || tree.fill[k - 1] != tree.fill[k] + 1 {
      firsts.append(k)
    }
    // Blocks so far, the last one open: first node, and entries that are not zero.
    var joined: [(first: Int, entries: Int)] = []
    for (index, first) in firsts.enumerated() {
      let end = index + 1 < firsts.count ? firsts[index + 1] : tree.tip
      let reach = Int(tree.fill[end - 1])
      var block = (first: first, entries: 0)
      for k in first..<end { block.entries += Int(tree.fill[k]) + 1 }
      while let before = joined.last, Int(tree.parent[block.first - 1]) >= block.first,
        Int(tree.parent[block.first - 1]) < end
      {
        let width = end - before.first
        let all = width * reach + width * (width + 1) / 2
        let entries = before.entries + block.entries
        let zeros = all - entries
        let isLittle =
          width <= 4 || (width <= 16 && zeros * 10 < all * 6) || (width <= 48 && zeros * 10 < all)
          || zeros * 20 < all
        guard isLittle else { break }
        block = (before.first, entries)
        joined.removeLast()
      }
      joined.append(block)
    }
    return joined.map { Int32($0.first) }
  }
}
