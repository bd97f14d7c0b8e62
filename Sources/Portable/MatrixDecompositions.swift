/// What the linear theory needs of a matrix beyond sums, products and the inverse.
extension Matrix {
  /// The sum of the squares of all entries, under the root.
  package var norm: Double { entries.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  package static func - (one: Matrix, other: Matrix) -> Matrix { one + other * -1 }

  package static func * (matrix: Matrix, factor: Double) -> Matrix {
    var product = matrix
    for k in product.entries.indices { product.entries[k] *= factor }
    return product
  }

  /// The exponential, by scaling, a Taylor series to rounding, and squaring.
  package var exponential: Matrix {
    var scale = norm
    var squarings = 0
    while scale > 0.5 && squarings < 60 {
      scale /= 2
      squarings += 1
    }
    let small = self * (1 / Double(UInt64(1) << UInt64(squarings)))
    var term = Matrix.identity(rows)
    var sum = term
    for order in 1...18 {
      term = term * small * (1 / Double(order))
      sum = sum + term
    }
    for _ in 0..<squarings { sum = sum * sum }
    return sum
  }

  /// A = U diag(s) V^T, by rotations of pairs of columns until all are at right angles (Hestenes,
  /// "Inversion of matrices by biorthogonalization and related results", 1958).
  ///
  /// The products A^T A are never formed: a singular value is found to rounding of the largest, not
  /// of the root of it, so that a direction stretched by 1e-10 of the largest is distinguished from
  /// one that is not stretched at all. What is not finite in the matrix is not finite in the
  /// result.
  ///
  /// - Returns: `left`, with as many rows and columns as the matrix, whose columns have length 1,
  ///   or 0 where the singular value is 0; the singular values, one for each column of the matrix,
  ///   from the largest to the smallest; and `right`, square, whose columns are the directions in
  ///   the order of the values.
  package var singularValueDecomposition: (left: Matrix, values: [Double], right: Matrix) {
    // A power of two, which rounds nothing, keeps squares from running over or under.
    let largest = entries.reduce(0) { max($0, $1.magnitude) }
    let scaled = largest.isNormal
    let scale = scaled ? Double(sign: .plus, exponent: largest.exponent, significand: 1) : 1
    var matrix = self
    for k in entries.indices { matrix.entries[k] /= scale }
    var right = Matrix.identity(columns)

    func rotate(_ matrix: inout Matrix, _ p: Int, _ q: Int, _ cosine: Double, _ sine: Double) {
      for k in 0..<matrix.rows {
        let (one, other) = (matrix[k, p], matrix[k, q])
        matrix[k, p] = cosine * one - sine * other
        matrix[k, q] = sine * one + cosine * other
      }
    }
    func product(_ p: Int, _ q: Int) -> Double {
      var sum = 0.0
      for k in 0..<rows { sum += matrix[k, p] * matrix[k, q] }
      return sum
    }
    var turned = true
    var sweeps = 0
    while turned && sweeps < 60 {
      turned = false
      sweeps += 1
      for p in 0..<columns {
        for q in p + 1..<max(columns, p + 1) {
          let (pp, qq, pq) = (product(p, p), product(q, q), product(p, q))
          guard pq.magnitude > 1e-15 * (pp.squareRoot() * qq.squareRoot()) else { continue }
          turned = true
          let theta = (qq - pp) / (2 * pq)
          let tangent =
            (theta >= 0 ? 1.0 : -1.0) / (theta.magnitude + (theta * theta + 1).squareRoot())
          let cosine = 1 / (tangent * tangent + 1).squareRoot()
          rotate(&matrix, p, q, cosine, tangent * cosine)
          rotate(&right, p, q, cosine, tangent * cosine)
        }
      }
    }

    let lengths = (0..<columns).map { product($0, $0).squareRoot() }
    let order = lengths.indices.sorted {
      lengths[$0] > lengths[$1] || (lengths[$0] == lengths[$1] && $0 < $1)
    }
    var left = Matrix(rows: rows, columns: columns)
    var directions = Matrix(rows: columns, columns: columns)
    for (place, k) in order.enumerated() {
      for row in 0..<rows where lengths[k] != 0 { left[row, place] = matrix[row, k] / lengths[k] }
      for row in 0..<columns { directions[row, place] = right[row, k] }
    }
    return (left, order.map { lengths[$0] * scale }, directions)
  }

  /// The shortest x that minimises |A x - b|, and the directions that A does not stretch.
  ///
  /// - Parameters:
  ///   - side: b.
  ///   - tolerance: directions that A stretches less than this times its largest stretch count as
  ///     not reached; 1e-14 and less is rounding.
  /// - Returns: x, and as the columns of `kernel`, at right angles and of length 1, the directions
  ///   not reached.
  /// - Precondition: as many values as rows.
  package func leastSquares(_ side: [Double], tolerance: Double) -> (x: [Double], kernel: Matrix) {
    precondition(side.count == rows)
    let (left, values, right) = singularValueDecomposition
    // What is not finite in the matrix shows in x.
    guard values.allSatisfy({ $0.isFinite }) else {
      return (Array(repeating: .nan, count: columns), Matrix(rows: columns, columns: 0))
    }
    let largest = values.first ?? 0
    let idle = values.indices.filter { values[$0] <= tolerance * largest }
    var x = [Double](repeating: 0, count: columns)
    for k in values.indices where !idle.contains(k) {
      let part = (0..<rows).reduce(0) { $0 + left[$1, k] * side[$1] } / values[k]
      for row in 0..<columns { x[row] += part * right[row, k] }
    }
    var kernel = Matrix(rows: columns, columns: idle.count)
    for (place, k) in idle.enumerated() {
      for row in 0..<columns { kernel[row, place] = right[row, k] }
    }
    return (x, kernel)
  }
}
