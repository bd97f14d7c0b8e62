/// The loops of dense blocks. Each result is the same on every machine: the order of its sums is
/// fixed, products and sums are rounded one by one.
enum Dense {
  typealias Four = SIMD4<Double>

  @inline(__always)
  private static func four(_ at: UnsafePointer<Double>) -> Four {
    UnsafeRawPointer(at).loadUnaligned(as: Four.self)
  }

  @inline(__always)
  private static func store(_ value: Four, _ at: UnsafeMutablePointer<Double>) {
    UnsafeMutableRawPointer(at).storeBytes(of: value, as: Four.self)
  }

  /// The sum of a row's values from one place up to another.
  @inline(__always)
  static func sum(_ row: UnsafePointer<Double>, from: Int, to: Int) -> Double {
    var at = from
    var lanes = Four.zero
    while at + 4 <= to {
      lanes += four(row + at)
      at += 4
    }
    var sum = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])
    while at < to {
      sum += row[at]
      at += 1
    }
    return sum
  }

  /// The sum of products of two rows.
  @inline(__always)
  static func dot(
    _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, from: Int, to: Int
  ) -> Double {
    var at = from
    var lanes = Four.zero
    while at + 4 <= to {
      lanes += four(a + at) * four(b + at)
      at += 4
    }
    var sum = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])
    while at < to {
      sum += a[at] * b[at]
      at += 1
    }
    return sum
  }

  /// Puts a multiple of a row into another.
  @inline(__always)
  static func scale(
    _ target: UnsafeMutablePointer<Double>, _ row: UnsafePointer<Double>, by factor: Double,
    from: Int, to: Int
  ) {
    var at = from
    while at + 4 <= to {
      store(four(row + at) * factor, target + at)
      at += 4
    }
    while at < to {
      target[at] = row[at] * factor
      at += 1
    }
  }

  /// Adds a multiple of a row to another.
  @inline(__always)
  static func add(
    _ target: UnsafeMutablePointer<Double>, _ row: UnsafePointer<Double>, times factor: Double,
    from: Int, to: Int
  ) {
    var at = from
    while at + 4 <= to {
      store(four(target + at) + four(row + at) * factor, target + at)
      at += 4
    }
    while at < to {
      target[at] += row[at] * factor
      at += 1
    }
  }

  /// Adds to a matrix, at (a, b), the sum over k of left[k][a] right[k][b].
  ///
  /// Four rows and four columns at a time, what is left over one entry after the other. Where only a
  /// triangle counts, entries of the other one near the diagonal are changed too.
  ///
  /// - Parameters:
  ///   - target: the matrix.
  ///   - stride: the length of its rows, in memory.
  ///   - left: the first factors, row k after row k.
  ///   - right: the second factors.
  ///   - factorStride: the length of the factors' rows.
  ///   - height: rows of the matrix.
  ///   - length: columns of the matrix.
  ///   - depth: how many products are added.
  ///   - lower: only columns up to the diagonal count.
  ///   - upper: only columns from the diagonal on count.
  static func addProducts(
    to target: UnsafeMutablePointer<Double>, stride: Int, _ left: UnsafePointer<Double>,
    _ right: UnsafePointer<Double>, stride factorStride: Int, height: Int, length: Int,
    depth: Int, lower: Bool, upper: Bool = false
  ) {
    var a = 0
    while a < height {
      let end = lower ? min(a + 4, length) : length
      var b = upper ? a : 0
      while b < end {
        let corner = target + a * stride + b
        if a + 4 <= height && b + 4 <= length {
          var row0 = four(corner)
          var row1 = four(corner + stride)
          var row2 = four(corner + 2 * stride)
          var row3 = four(corner + 3 * stride)
          var l = left + a
          var r = right + b
          for _ in 0..<depth {
            let values = four(r)
            row0 += values * l[0]
            row1 += values * l[1]
            row2 += values * l[2]
            row3 += values * l[3]
            l += factorStride
            r += factorStride
          }
          store(row0, corner)
          store(row1, corner + stride)
          store(row2, corner + 2 * stride)
          store(row3, corner + 3 * stride)
        } else {
          for i in 0..<min(4, height - a) {
            for j in 0..<min(4, length - b) {
              var sum = corner[i * stride + j]
              for k in 0..<depth {
                sum += left[k * factorStride + a + i] * right[k * factorStride + b + j]
              }
              corner[i * stride + j] = sum
            }
          }
        }
        b += 4
      }
      a += 4
    }
  }
}
