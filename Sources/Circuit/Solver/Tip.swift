/// The last step of an elimination: the few nodes to which sources may be attached, all of which
/// share entries. Their matrix comes from the elimination of the others; what is attached is added
/// here.
final class Tip: @unchecked Sendable {
  // Sendable by hand: written only while one solver holds the sole reference.
  let count: Int
  /// Entry pairs row by row, then with the second of each divided by the pivot.
  private let pairs: Buffer<SIMD2<Double>>
  private let ground: Buffer<Double>
  private let inverse: Buffer<Double>

  init(count: Int) {
    self.count = count
    pairs = Buffer(repeating: .zero, count: count * (count - 1) / 2)
    ground = Buffer(repeating: 0, count: count)
    inverse = Buffer(repeating: 0, count: count)
  }

  /// Takes over what is left of an eliminated matrix and eliminates it.
  ///
  /// - Parameters:
  ///   - elimination: the eliminated matrix.
  ///   - attached: conductance and voltage of the source at every free node.
  ///   - first: the first node of the tip.
  func eliminate(
    _ elimination: Elimination, attached: borrowing Buffer<SIMD2<Double>>, first: Int
  ) {
    if count == 0 { return }
    elimination.copyTip(pairs: pairs, ground: ground)
    var begin = 0
    for k in 0..<count {
      let own = ground[k] + attached[first + k].x
      let width = count - k - 1
      var pivot = own
      for p in begin..<begin + width { pivot += pairs[p].x }
      let reciprocal = 1 / pivot
      inverse[k] = reciprocal
      for p in begin..<begin + width {
        let scaled = pairs[p].y * reciprocal
        pairs[p].y = scaled
        ground[k + 1 + p - begin] += scaled * own
      }
      var row = begin + width
      for p in begin..<begin + width {
        let swapped = SIMD2(pairs[p].y, pairs[p].x)
        for q in p + 1..<max(begin + width, p + 1) {
          pairs[row + q - p - 1] += pairs[q] * swapped
        }
        row += begin + width - p - 1
      }
      begin += width
    }
  }

  /// From the currents into the tip's nodes to their voltages.
  func solve(_ side: borrowing Buffer<Double>, first: Int) {
    let end = first + count
    var p = 0
    var k = first
    while k < end {
      let scaled = side[k] * inverse[k - first]
      side[k] = scaled
      var other = k + 1
      while other < end {
        side[other] += pairs[p].x * scaled
        p += 1
        other += 1
      }
      k += 1
    }
    while k > first {
      k -= 1
      var value = side[k]
      var other = end - 1
      while other > k {
        p -= 1
        value += pairs[p].y * side[other]
        other -= 1
      }
      side[k] = value
    }
  }

  /// The same for the transposed matrix.
  func solveTransposed(_ side: borrowing Buffer<Double>, first: Int) {
    let end = first + count
    var p = 0
    var k = first
    while k < end {
      let value = side[k]
      var other = k + 1
      while other < end {
        side[other] += pairs[p].y * value
        p += 1
        other += 1
      }
      k += 1
    }
    while k > first {
      k -= 1
      var value = side[k]
      var other = end - 1
      while other > k {
        p -= 1
        value += pairs[p].x * side[other]
        other -= 1
      }
      side[k] = value * inverse[k - first]
    }
  }
}
