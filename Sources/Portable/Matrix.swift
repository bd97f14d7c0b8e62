/// A dense matrix of doubles, for what is small: outputs against outputs, loops against branches,
/// the linear theory of a few edges.
package struct Matrix: Sendable, Equatable {
  /// The number of rows.
  package let rows: Int
  /// The number of columns.
  package let columns: Int
  /// The entries, row after row.
  package var entries: [Double]

  /// A matrix of zeros.
  package init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    entries = Array(repeating: 0, count: rows * columns)
  }

  /// The identity.
  package static func identity(_ size: Int) -> Matrix {
    var result = Matrix(rows: size, columns: size)
    for index in 0..<size { result[index, index] = 1 }
    return result
  }

  /// An entry.
  package subscript(row: Int, column: Int) -> Double {
    get { entries[row * columns + column] }
    set { entries[row * columns + column] = newValue }
  }

  /// The transposed matrix.
  package var transposed: Matrix {
    var result = Matrix(rows: columns, columns: rows)
    for row in 0..<rows { for column in 0..<columns { result[column, row] = self[row, column] } }
    return result
  }

  /// The matrix with each column times a factor of its own.
  package func scalingColumns(by factors: [Double]) -> Matrix {
    var result = self
    for row in 0..<rows { for column in 0..<columns { result[row, column] *= factors[column] } }
    return result
  }

  /// The product of two matrices.
  /// - Precondition: the first has as many columns as the second has rows.
  package static func * (a: Matrix, b: Matrix) -> Matrix {
    precondition(a.columns == b.rows)
    var result = Matrix(rows: a.rows, columns: b.columns)
    for row in 0..<a.rows {
      for inner in 0..<a.columns {
        let factor = a[row, inner]
        if factor == 0 { continue }
        for column in 0..<b.columns { result[row, column] += factor * b[inner, column] }
      }
    }
    return result
  }

  /// The product with a column vector.
  /// - Precondition: as many values as columns.
  package static func * (a: Matrix, x: [Double]) -> [Double] {
    precondition(a.columns == x.count)
    return (0..<a.rows).map { row in
      var sum = 0.0
      for column in 0..<a.columns { sum += a[row, column] * x[column] }
      return sum
    }
  }

  /// The sum of two matrices of one size.
  package static func + (a: Matrix, b: Matrix) -> Matrix {
    precondition(a.rows == b.rows && a.columns == b.columns)
    var result = a
    for index in result.entries.indices { result.entries[index] += b.entries[index] }
    return result
  }

  /// The inverse, by elimination with the largest pivot of each column; `nil` where the matrix is
  /// singular to rounding.
  /// - Precondition: it is square.
  package var inverse: Matrix? {
    precondition(rows == columns)
    var left = self
    var right = Matrix.identity(rows)
    let size = entries.reduce(0) { max($0, $1.magnitude) }
    for column in 0..<rows {
      var pivot = column
      for row in column..<rows
      where left[row, column].magnitude > left[pivot, column].magnitude { pivot = row }
      guard left[pivot, column].magnitude > size * 1e-14 else { return nil }
      for other in 0..<rows where pivot != column {
        (left[pivot, other], left[column, other]) = (left[column, other], left[pivot, other])
        (right[pivot, other], right[column, other]) = (right[column, other], right[pivot, other])
      }
      let scale = 1 / left[column, column]
      for other in 0..<rows {
        left[column, other] *= scale
        right[column, other] *= scale
      }
      for row in 0..<rows where row != column && left[row, column] != 0 {
        let factor = left[row, column]
        for other in 0..<rows {
          left[row, other] -= factor * left[column, other]
          right[row, other] -= factor * right[column, other]
        }
      }
    }
    return right
  }

  /// The largest eigenvalue of a matrix without negative entries: its Perron root, by repeated
  /// multiplication.
  package var perronRoot: Double {
    var vector = [Double](repeating: 1, count: rows)
    var root = 0.0
    for _ in 0..<10_000 {
      let next = self * vector
      let size = next.reduce(0) { max($0, $1.magnitude) }
      if size == 0 { return 0 }
      vector = next.map { $0 / size }
      if (size - root).magnitude <= 1e-14 * size { return size }
      root = size
    }
    return root
  }
}
