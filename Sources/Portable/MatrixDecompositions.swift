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

  /// Eigenvalues and eigenvectors (as columns) of a symmetric matrix, by Jacobi's rotations.
  package var symmetricEigen: (values: [Double], vectors: Matrix) {
    var matrix = self
    var vectors = Matrix.identity(rows)
    for _ in 0..<60 {
      var off = 0.0
      for row in 0..<rows {
        for column in 0..<rows where column != row {
          off += matrix[row, column] * matrix[row, column]
        }
      }
      if off.squareRoot() <= 1e-15 * matrix.norm { break }
      for p in 0..<rows {
        for q in p + 1..<max(rows, p + 1) where matrix[p, q] != 0 {
          let theta = (matrix[q, q] - matrix[p, p]) / (2 * matrix[p, q])
          let tangent =
            (theta >= 0 ? 1.0 : -1.0) / (theta.magnitude + (theta * theta + 1).squareRoot())
          let cosine = 1 / (tangent * tangent + 1).squareRoot()
          let sine = tangent * cosine
          for k in 0..<rows {
            let (one, other) = (matrix[k, p], matrix[k, q])
            matrix[k, p] = cosine * one - sine * other
            matrix[k, q] = sine * one + cosine * other
          }
          for k in 0..<rows {
            let (one, other) = (matrix[p, k], matrix[q, k])
            matrix[p, k] = cosine * one - sine * other
            matrix[q, k] = sine * one + cosine * other
          }
          for k in 0..<rows {
            let (one, other) = (vectors[k, p], vectors[k, q])
            vectors[k, p] = cosine * one - sine * other
            vectors[k, q] = sine * one + cosine * other
          }
        }
      }
    }
    return ((0..<rows).map { matrix[$0, $0] }, vectors)
  }

  /// The shortest x that minimises |A x - b|, and what is left of b; directions that A stretches
  /// less than `tolerance` times its largest stretch count as not reached.
  package func leastSquares(_ side: [Double], tolerance: Double) -> (x: [Double], kernel: Matrix) {
    let (values, vectors) = (transposed * self).symmetricEigen
    let largest = values.max() ?? 0
    let projected = transposed * side
    var x = [Double](repeating: 0, count: columns)
    var idle: [Int] = []
    for k in 0..<columns {
      if values[k] <= tolerance * tolerance * largest {
        idle.append(k)
        continue
      }
      let part = (0..<columns).reduce(0) { $0 + vectors[$1, k] * projected[$1] } / values[k]
      for row in 0..<columns { x[row] += part * vectors[row, k] }
    }
    var kernel = Matrix(rows: columns, columns: idle.count)
    for (place, k) in idle.enumerated() {
      for row in 0..<columns { kernel[row, place] = vectors[row, k] }
    }
    return (x, kernel)
  }
}
