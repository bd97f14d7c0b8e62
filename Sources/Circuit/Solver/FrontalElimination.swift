/// The eliminated matrix of a larger network, in dense blocks.
///
/// A front's row k holds what its node k shares with the later ones i of the front: `columns` the
/// magnitudes of the entries (i, k), `rows` those of (k, i), divided by the pivot. The matrix of a
/// network without transistors is symmetric: half of it is enough.
final class FrontalElimination {
  private let tree: FrontTree
  private let frontCount: Int
  private let fronts: Buffer<FrontTree.Front>
  private let children: Buffer<Int32>
  private let seen: Buffer<Int32>
  private let placeInParent: Buffer<Int32>
  private let entryPlace: Buffer<Int32>
  private let columns: Buffer<Double>
  private let rows: Buffer<Double>
  private let rest: Buffer<Double>
  private let ground: Buffer<Double>
  private let inverse: Buffer<Double>
  private let work: Buffer<Double>
  private let tipPairs: Buffer<SIMD2<Double>>
  private var symmetric = false

  init(_ tree: FrontTree) {
    self.tree = tree
    frontCount = tree.fronts.count
    fronts = Buffer(tree.fronts)
    children = Buffer(tree.children)
    seen = Buffer(tree.seen)
    placeInParent = Buffer(tree.placeInParent)
    entryPlace = Buffer(tree.entryPlace)
    columns = Buffer(repeating: 0, count: tree.rowCount)
    rows = Buffer(repeating: 0, count: tree.rowCount)
    rest = Buffer(repeating: 0, count: tree.restCount)
    ground = Buffer(repeating: 0, count: tree.count)
    inverse = Buffer(repeating: 0, count: tree.count)
    work = Buffer(repeating: 0, count: tree.longestStride + 4)
    let tipSize = tree.count - tree.tip
    tipPairs = Buffer(repeating: .zero, count: tipSize * (tipSize - 1) / 2)
  }

  func eliminate(
    _ entries: borrowing Buffer<SIMD2<Double>>, damping: Double, symmetric: Bool
  ) {
    self.symmetric = symmetric
    let entryCount = entryPlace.count
    for k in 0..<tree.count { ground[k] = entries[entryCount + k].x + damping }
    let columns = columns.pointer
    let rows = rows.pointer
    columns.update(repeating: 0, count: tree.rowCount)
    if !symmetric { rows.update(repeating: 0, count: tree.rowCount) }
    for index in 0..<frontCount {
      let front = fronts[index]
      let ownColumns = columns + front.rows
      let ownRows = rows + front.rows
      for entry in Int(front.entryBegin)..<Int(front.entryEnd) {
        let place = Int(entryPlace[entry])
        ownColumns[place] = entries[entry].x
        if !symmetric { ownRows[place] = entries[entry].y }
      }
      let ownRest = rest.pointer + front.rest
      let restStride = Int(front.restStride)
      ownRest.update(repeating: 0, count: Int(front.reach) * restStride)
      for cursor in Int(front.childBegin)..<Int(front.childEnd) {
        add(fronts[Int(children[cursor])], to: front, ownColumns, ownRows, ownRest)
      }
      eliminate(front, ownColumns, ownRows)
      let width = Int(front.width)
      let reach = Int(front.reach)
      Dense.addProducts(
        to: ownRest, stride: restStride, ownColumns + width, ownRows + width,
        stride: Int(front.stride), height: reach, length: reach, depth: width, lower: symmetric)
    }
    collectTip(entries)
  }

  /// Adds what remains of a child to its parent's front.
  private func add(
    _ child: FrontTree.Front, to front: FrontTree.Front, _ columns: UnsafeMutablePointer<Double>,
    _ rows: UnsafeMutablePointer<Double>, _ rest: UnsafeMutablePointer<Double>
  ) {
    let width = Int(front.width)
    let stride = Int(front.stride)
    let restStride = Int(front.restStride)
    let places = placeInParent.pointer + Int(child.seenBegin)
    let count = Int(child.reach)
    let from = self.rest.pointer + child.rest
    let fromStride = Int(child.restStride)
    // Places ascend: the first `own` are among the parent's own nodes.
    var own = 0
    while own < count && places[own] < width { own += 1 }
    for i in 0..<count {
      let source = from + i * fromStride
      let row = Int(places[i])
      // Entry (row, column): a column of its own holds it before the diagonal, its row after it.
      for j in 0..<min(i, own) { columns[Int(places[j]) * stride + row] += source[j] }
      if row < width {
        if !symmetric {
          let target = rows + row * stride
          for j in i + 1..<max(count, i + 1) { target[Int(places[j])] += source[j] }
        }
      } else {
        let target = rest + (row - width) * restStride - width
        let end = symmetric ? i : count
        for j in own..<end { target[Int(places[j])] += source[j] }
      }
    }
  }

  /// Eliminates a front's own nodes from their rows and columns.
  private func eliminate(
    _ front: FrontTree.Front, _ columns: UnsafeMutablePointer<Double>,
    _ rows: UnsafeMutablePointer<Double>
  ) {
    let first = Int(front.first)
    let width = Int(front.width)
    let length = width + Int(front.reach)
    let stride = Int(front.stride)
    let ground = work.pointer
    for k in 0..<width { ground[k] = self.ground[first + k] }
    for k in width..<length { ground[k] = 0 }
    let deep = 8
    var begin = 0
    while begin < width {
      let end = min(begin + deep, width)
      for k in begin..<end {
        let column = columns + k * stride
        let row = rows + k * stride
        let own = ground[k]
        let pivot = own + Dense.sum(column, from: k + 1, to: length)
        let reciprocal = 1 / pivot
        inverse[first + k] = reciprocal
        let scaled = symmetric ? column : row
        Dense.scale(row, scaled, by: reciprocal, from: k + 1, to: length)
        Dense.add(ground, row, times: own, from: k + 1, to: length)
        for other in k + 1..<max(end, k + 1) {
          Dense.add(
            columns + other * stride, column, times: row[other], from: other + 1, to: length)
          if !symmetric {
            Dense.add(rows + other * stride, row, times: column[other], from: other + 1, to: length)
          }
        }
      }
      if end < width {
        // Rows of a panel are changed from the diagonal on, rounded down: what stands before it is
        // never read.
        Dense.addProducts(
          to: columns + end * stride + end, stride: stride, rows + begin * stride + end,
          columns + begin * stride + end, stride: stride, height: width - end,
          length: length - end, depth: end - begin, lower: false, upper: true)
        if !symmetric {
          Dense.addProducts(
            to: rows + end * stride + end, stride: stride, columns + begin * stride + end,
            rows + begin * stride + end, stride: stride, height: width - end,
            length: length - end, depth: end - begin, lower: false, upper: true)
        }
      }
      begin = end
    }
    let places = seen.pointer + Int(front.seenBegin)
    for k in width..<length { self.ground[Int(places[k - width])] += ground[k] }
  }

  /// What remains of the fronts below the tip, and its own entries.
  private func collectTip(_ entries: borrowing Buffer<SIMD2<Double>>) {
    let size = tree.count - tree.tip
    if size == 0 { return }
    tipPairs.update(repeating: .zero, count: size * (size - 1) / 2)
    let first = tree.fronts.last.map { Int($0.entryEnd) } ?? 0
    for entry in first..<entryPlace.count { tipPairs[Int(entryPlace[entry])] += entries[entry] }
    for index in tree.tipChildren {
      let child = fronts[Int(index)]
      let from = rest.pointer + child.rest
      let stride = Int(child.restStride)
      for i in 0..<Int(child.reach) {
        let low = Int(placeInParent[Int(child.seenBegin) + i])
        for j in i + 1..<max(Int(child.reach), i + 1) {
          let high = Int(placeInParent[Int(child.seenBegin) + j])
          let below = from[j * stride + i]
          let pair = low * (2 * size - low - 1) / 2 + high - low - 1
          tipPairs[pair] += SIMD2(below, symmetric ? below : from[i * stride + j])
        }
      }
    }
  }

  func copyTip(pairs: borrowing Buffer<SIMD2<Double>>, ground: borrowing Buffer<Double>) {
    let size = tree.count - tree.tip
    for index in 0..<(size * (size - 1) / 2) { pairs[index] = tipPairs[index] }
    for index in 0..<size { ground[index] = self.ground[tree.tip + index] }
  }

  func forward(_ side: borrowing Buffer<Double>, _ work: borrowing Buffer<Double>) {
    forward(side.pointer, work.pointer, by: columns.pointer, dividing: true)
  }

  func back(_ side: borrowing Buffer<Double>, _ work: borrowing Buffer<Double>) {
    back(side.pointer, work.pointer, by: rows.pointer, dividing: false)
  }

  func forwardTransposed(_ side: borrowing Buffer<Double>, _ work: borrowing Buffer<Double>) {
    forward(side.pointer, work.pointer, by: rows.pointer, dividing: false)
  }

  func backTransposed(_ side: borrowing Buffer<Double>, _ work: borrowing Buffer<Double>) {
    back(side.pointer, work.pointer, by: columns.pointer, dividing: true)
  }

  private func forward(
    _ side: UnsafeMutablePointer<Double>, _ gathered: UnsafeMutablePointer<Double>,
    by values: UnsafeMutablePointer<Double>, dividing: Bool
  ) {
    for index in 0..<frontCount {
      let front = fronts[index]
      let width = Int(front.width)
      let reach = Int(front.reach)
      let own = side + Int(front.first)
      let places = seen.pointer + Int(front.seenBegin)
      for i in 0..<reach { gathered[i] = side[Int(places[i])] }
      for k in 0..<width {
        let row = values + front.rows + k * Int(front.stride)
        let value = dividing ? own[k] * inverse[Int(front.first) + k] : own[k]
        own[k] = value
        Dense.add(own, row, times: value, from: k + 1, to: width)
        Dense.add(gathered, row + width, times: value, from: 0, to: reach)
      }
      for i in 0..<reach { side[Int(places[i])] = gathered[i] }
    }
  }

  private func back(
    _ side: UnsafeMutablePointer<Double>, _ gathered: UnsafeMutablePointer<Double>,
    by values: UnsafeMutablePointer<Double>, dividing: Bool
  ) {
    for index in stride(from: frontCount - 1, through: 0, by: -1) {
      let front = fronts[index]
      let width = Int(front.width)
      let reach = Int(front.reach)
      let own = side + Int(front.first)
      let places = seen.pointer + Int(front.seenBegin)
      for i in 0..<reach { gathered[i] = side[Int(places[i])] }
      for k in stride(from: width - 1, through: 0, by: -1) {
        let row = values + front.rows + k * Int(front.stride)
        let sum =
          Dense.dot(own, row, from: k + 1, to: width)
          + Dense.dot(gathered, row + width, from: 0, to: reach)
        let value = own[k] + sum
        own[k] = dividing ? value * inverse[Int(front.first) + k] : value
      }
    }
  }
}
