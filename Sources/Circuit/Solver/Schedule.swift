/// The elimination of a small network, entry by entry: which entry gains what, in the order in which
/// it happens. Matrix entries have the places of their pairs.
struct Schedule: Sendable {
  let count: Int
  /// The first of the nodes that go last.
  let tip: Int
  /// For every node the later ones it shares a pair with: `later[start[k] ..< start[k + 1]]`,
  /// ascending. A pair's place there is its number.
  let start: [Int32]
  let later: [Int32]
  /// For each node in turn, for each two pairs p < q of its own, the pair that gains from them.
  let targets: [Int32]
  /// The number of pairs, those of the tip among them.
  let pairCount: Int

  init(_ tree: EliminationTree) {
    count = tree.count
    tip = tree.tip
    let tipSize = count - tip
    var begin: [Int32] = [0]
    var list: [Int32] = []
    var columns = [[Int32]](repeating: [], count: count)
    for k in 0..<tree.tip {
      let own = tree.later[Int(tree.start[k])..<Int(tree.start[k + 1])]
      columns[k] = Array(Set(columns[k] + own)).sorted()
      let parent = Int(tree.parent[k])
      if parent >= 0 && parent < tip { columns[parent] += columns[k].dropFirst() }
      list += columns[k]
      begin.append(Int32(list.count))
    }
    let (starts, places) = (begin, list)
    let first = tree.tip
    let tipBegin = list.count
    func pair(_ low: Int, _ high: Int32) -> Int32 {
      if low >= first {
        let row = low - first
        return Int32(tipBegin + row * (2 * tipSize - row - 1) / 2 + Int(high) - low - 1)
      }
      var cursor = Int(starts[low])
      while places[cursor] != high { cursor += 1 }
      return Int32(cursor)
    }
    var targets: [Int32] = []
    for k in 0..<tip {
      let range = Int(starts[k])..<Int(starts[k + 1])
      for p in range {
        for q in range where q > p { targets.append(pair(Int(places[p]), places[q])) }
      }
    }
    pairCount = tipBegin + tipSize * (tipSize - 1) / 2
    // The tip's rows: each of its nodes shares a pair with all later ones.
    for k in first..<max(first, tree.count) {
      list += (k + 1..<max(tree.count, k + 1)).map { Int32($0) }
      begin.append(Int32(list.count))
    }
    start = begin
    later = list
    self.targets = targets
  }
}

/// The eliminated matrix of a small network.
final class ScheduledElimination {
  private let count: Int
  private let tip: Int
  private let tipBegin: Int
  private let pairCount: Int
  private let start: Buffer<Int32>
  private let later: Buffer<Int32>
  private let targets: Buffer<Int32>
  /// Entry pairs, the second of each divided by the pivot once its node is gone.
  private let pairs: Buffer<SIMD2<Double>>
  private let ground: Buffer<Double>
  private let inverse: Buffer<Double>

  init(_ schedule: Schedule) {
    count = schedule.count
    tip = schedule.tip
    tipBegin = Int(schedule.start[schedule.tip])
    pairCount = schedule.pairCount
    start = Buffer(schedule.start)
    later = Buffer(schedule.later)
    targets = Buffer(schedule.targets)
    pairs = Buffer(repeating: .zero, count: schedule.pairCount)
    ground = Buffer(repeating: 0, count: schedule.count)
    inverse = Buffer(repeating: 0, count: schedule.count)
  }

  func eliminate(_ entries: borrowing Buffer<SIMD2<Double>>, damping: Double) {
    pairs.update(from: entries, count: pairCount)
    for k in 0..<count { ground[k] = entries[pairCount + k].x + damping }
    var target = 0
    var begin = 0
    for k in 0..<tip {
      let end = Int(start[k + 1])
      let own = ground[k]
      // The widths that occur most are written out: the loops would take longer than the sums.
      switch end - begin {
      case 2:
        let (a, b) = (pairs[begin], pairs[begin + 1])
        let reciprocal = 1 / (own + a.x + b.x)
        let (scaledA, scaledB) = (a.y * reciprocal, b.y * reciprocal)
        inverse[k] = reciprocal
        pairs[begin].y = scaledA
        pairs[begin + 1].y = scaledB
        ground[Int(later[begin])] += scaledA * own
        ground[Int(later[begin + 1])] += scaledB * own
        pairs[Int(targets[target])] += SIMD2(b.x * scaledA, scaledB * a.x)
        target += 1
      case 3:
        let (a, b, c) = (pairs[begin], pairs[begin + 1], pairs[begin + 2])
        let reciprocal = 1 / (own + a.x + b.x + c.x)
        let (scaledA, scaledB, scaledC) = (a.y * reciprocal, b.y * reciprocal, c.y * reciprocal)
        inverse[k] = reciprocal
        pairs[begin].y = scaledA
        pairs[begin + 1].y = scaledB
        pairs[begin + 2].y = scaledC
        ground[Int(later[begin])] += scaledA * own
        ground[Int(later[begin + 1])] += scaledB * own
        ground[Int(later[begin + 2])] += scaledC * own
        pairs[Int(targets[target])] += SIMD2(b.x * scaledA, scaledB * a.x)
        pairs[Int(targets[target + 1])] += SIMD2(c.x * scaledA, scaledC * a.x)
        pairs[Int(targets[target + 2])] += SIMD2(c.x * scaledB, scaledC * b.x)
        target += 3
      case 4:
        let (a, b) = (pairs[begin], pairs[begin + 1])
        let (c, d) = (pairs[begin + 2], pairs[begin + 3])
        let reciprocal = 1 / (own + a.x + b.x + c.x + d.x)
        let (scaledA, scaledB) = (a.y * reciprocal, b.y * reciprocal)
        let (scaledC, scaledD) = (c.y * reciprocal, d.y * reciprocal)
        inverse[k] = reciprocal
        pairs[begin].y = scaledA
        pairs[begin + 1].y = scaledB
        pairs[begin + 2].y = scaledC
        pairs[begin + 3].y = scaledD
        ground[Int(later[begin])] += scaledA * own
        ground[Int(later[begin + 1])] += scaledB * own
        ground[Int(later[begin + 2])] += scaledC * own
        ground[Int(later[begin + 3])] += scaledD * own
        pairs[Int(targets[target])] += SIMD2(b.x * scaledA, scaledB * a.x)
        pairs[Int(targets[target + 1])] += SIMD2(c.x * scaledA, scaledC * a.x)
        pairs[Int(targets[target + 2])] += SIMD2(d.x * scaledA, scaledD * a.x)
        pairs[Int(targets[target + 3])] += SIMD2(c.x * scaledB, scaledC * b.x)
        pairs[Int(targets[target + 4])] += SIMD2(d.x * scaledB, scaledD * b.x)
        pairs[Int(targets[target + 5])] += SIMD2(d.x * scaledC, scaledD * c.x)
        target += 6
      default:
        var pivot = own
        for p in begin..<end { pivot += pairs[p].x }
        let reciprocal = 1 / pivot
        inverse[k] = reciprocal
        for p in begin..<end {
          let scaled = pairs[p].y * reciprocal
          pairs[p].y = scaled
          ground[Int(later[p])] += scaled * own
        }
        var p = begin
        while p < end {
          let pair = pairs[p]
          let swapped = SIMD2(pair.y, pair.x)
          var q = p + 1
          while q < end {
            pairs[Int(targets[target])] += pairs[q] * swapped
            target += 1
            q += 1
          }
          p += 1
        }
      }
      begin = end
    }
  }

  func copyTip(pairs: borrowing Buffer<SIMD2<Double>>, ground: borrowing Buffer<Double>) {
    for index in 0..<(pairCount - tipBegin) { pairs[index] = self.pairs[tipBegin + index] }
    for index in 0..<(count - tip) { ground[index] = self.ground[tip + index] }
  }

  func forward(_ side: borrowing Buffer<Double>) {
    var p = 0
    for k in 0..<tip {
      let end = Int(start[k + 1])
      let scaled = side[k] * inverse[k]
      side[k] = scaled
      while p + 1 < end {
        side[Int(later[p])] += pairs[p].x * scaled
        side[Int(later[p + 1])] += pairs[p + 1].x * scaled
        p += 2
      }
      if p < end {
        side[Int(later[p])] += pairs[p].x * scaled
        p += 1
      }
    }
  }

  func back(_ side: borrowing Buffer<Double>) {
    var p = tipBegin
    var k = tip - 1
    while k >= 0 {
      let begin = Int(start[k])
      var value = side[k]
      while p > begin + 1 {
        value += pairs[p - 1].y * side[Int(later[p - 1])]
        value += pairs[p - 2].y * side[Int(later[p - 2])]
        p -= 2
      }
      if p > begin {
        p -= 1
        value += pairs[p].y * side[Int(later[p])]
      }
      side[k] = value
      k -= 1
    }
  }

  func forwardTransposed(_ side: borrowing Buffer<Double>) {
    var p = 0
    for k in 0..<tip {
      let end = Int(start[k + 1])
      let value = side[k]
      while p < end {
        side[Int(later[p])] += pairs[p].y * value
        p += 1
      }
    }
  }

  func backTransposed(_ side: borrowing Buffer<Double>) {
    var p = tipBegin
    var k = tip - 1
    while k >= 0 {
      let begin = Int(start[k])
      var value = side[k]
      while p > begin {
        p -= 1
        value += pairs[p].x * side[Int(later[p])]
      }
      side[k] = value * inverse[k]
      k -= 1
    }
  }
}
