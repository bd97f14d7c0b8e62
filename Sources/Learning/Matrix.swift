/// A dense matrix of a few dozen rows, for the linear theory. Rows follow one another in `entries`.
struct Matrix {
  let rows: Int
  let columns: Int
  var entries: [Double]

  init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    entries = Array(repeating: 0, count: rows * columns)
  }

  static func identity(_ size: Int) -> Matrix {
    var matrix = Matrix(rows: size, columns: size)
    for k in 0..<size { matrix[k, k] = 1 }
    return matrix
  }

  subscript(row: Int, column: Int) -> Double {
    get { entries[row * columns + column] }
    set { entries[row * columns + column] = newValue }
  }

  var transposed: Matrix {
    var result = Matrix(rows: columns, columns: rows)
    for row in 0..<rows {
      for column in 0..<columns { result[column, row] = self[row, column] }
    }
    return result
  }

  /// The sum of the squares of all entries, under the root.
  var norm: Double { entries.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  static func + (one: Matrix, other: Matrix) -> Matrix {
    var sum = one
    for k in sum.entries.indices { sum.entries[k] += other.entries[k] }
    return sum
  }

  static func - (one: Matrix, other: Matrix) -> Matrix { one + other * -1 }

  static func * (matrix: Matrix, factor: Double) -> Matrix {
    var product = matrix
    for k in product.entries.indices { product.entries[k] *= factor }
    return product
  }

  static func * (one: Matrix, other: Matrix) -> Matrix {
    var product = Matrix(rows: one.rows, columns: other.columns)
    for row in 0..<one.rows {
      for k in 0..<one.columns {
        let factor = one[row, k]
        if factor == 0 { continue }
        for column in 0..<other.columns { product[row, column] += factor * other[k, column] }
      }
    }
    return product
  }

  static func * (matrix: Matrix, vector: [Double]) -> [Double] {
    (0..<matrix.rows).map { row in
      (0..<matrix.columns).reduce(0) { $0 + matrix[row, $1] * vector[$1] }
    }
  }

  /// The exponential, by scaling, a Taylor series to rounding, and squaring.
  var exponential: Matrix {
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
  var symmetricEigen: (values: [Double], vectors: Matrix) {
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
  func leastSquares(_ side: [Double], tolerance: Double) -> (x: [Double], kernel: Matrix) {
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
