import Foundation
import Portable
import Testing

@testable import Portable

/// The small matrices of the linear theory.
@Suite struct MatrixTests {
  private func matrix(_ rows: [[Double]]) -> Matrix {
    var matrix = Matrix(rows: rows.count, columns: rows[0].count)
    for (row, values) in rows.enumerated() {
      for (column, value) in values.enumerated() { matrix[row, column] = value }
    }
    return matrix
  }

  @Test(arguments: [0, 0.1, 1, .pi, 100])
  func `the exponential of a turning rate is a rotation`(_ angle: Double) {
    let flow = matrix([[0, -angle], [angle, 0]]).exponential
    let expected = matrix([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])
    #expect((flow - expected).norm < 1e-12)
  }

  @Test(arguments: [(-1.0, 3.0, -2.0), (2, -1, 0.5), (-300, 7, -2), (-5000, 100, 0)])
  func `the exponential of a triangular matrix is the known one`(
    _ a: Double, _ b: Double, _ d: Double
  ) {
    let flow = matrix([[a, b], [0, d]]).exponential
    let expected = matrix([[exp(a), b * (exp(a) - exp(d)) / (a - d)], [0, exp(d)]])
    #expect((flow - expected).norm < 1e-10 * max(expected.norm, 1))
    #expect(flow[1, 0] == 0)
  }

  @Test func `an affine flow is the exponential with a row of zeros`() {
    // dx/dt = -m x + b from 0 for t: b/m (1 - exp(-m t)).
    let (m, b, t) = (40.0, 3.0, 0.05)
    let flow = matrix([[-m * t, b * t], [0, 0]]).exponential
    #expect(abs(flow[0, 1] - b / m * (1 - exp(-m * t))) < 1e-14 && flow[1, 1] == 1)
  }

  /// A matrix of given size with given singular values: turned on both sides.
  private func turned(rows: Int, columns: Int, _ values: [Double]) -> Matrix {
    func rotation(_ size: Int, _ angle: Double) -> Matrix {
      var product = Matrix.identity(size)
      for p in 0..<size {
        for q in p + 1..<max(size, p + 1) {
          var one = Matrix.identity(size)
          let turn = angle + Double(p) - 0.3 * Double(q)
          one[p, p] = cos(turn)
          one[q, q] = cos(turn)
          one[p, q] = -sin(turn)
          one[q, p] = sin(turn)
          product = product * one
        }
      }
      return product
    }
    var diagonal = Matrix(rows: rows, columns: columns)
    for (k, value) in values.enumerated() { diagonal[k, k] = value }
    return rotation(rows, 0.7) * diagonal * rotation(columns, -1.1)
  }

  private func expectWhole(_ matrix: Matrix, rank: Int) {
    let (left, values, right) = matrix.singularValueDecomposition
    var diagonal = Matrix(rows: values.count, columns: values.count)
    for (k, value) in values.enumerated() { diagonal[k, k] = value }
    // Norms of the largest and smallest would run over and under.
    let scale = 1 / values[0]
    #expect(((left * diagonal * right.transposed - matrix) * scale).norm < 1e-14)
    #expect((right.transposed * right - .identity(matrix.columns)).norm < 1e-13)
    let overlap = left.transposed * left
    for row in 0..<rank {
      for column in 0..<rank {
        #expect(abs(overlap[row, column] - (row == column ? 1 : 0)) < 1e-13)
      }
    }
    #expect(values == values.sorted(by: >))
  }

  @Test(arguments: [
    (4, 4, [5, 2, 1, 0]), (6, 3, [3, 3, 0.1]), (3, 6, [7, 1, 1e-3]), (1, 1, [2]), (1, 4, [2]),
    (5, 1, [0.5]), (4, 4, [1e200, 1e190, 1e180, 0]), (4, 3, [1e-200, 1e-205, 1e-210]),
  ])
  func `singular values of a turned matrix are those it was made of`(
    _ rows: Int, _ columns: Int, _ given: [Double]
  ) {
    let matrix = turned(rows: rows, columns: columns, given)
    let values = matrix.singularValueDecomposition.values
    #expect(values.count == columns)
    for (k, value) in values.enumerated() {
      #expect(abs(value - (k < given.count ? given[k] : 0)) < 1e-14 * given[0])
    }
    expectWhole(matrix, rank: given.count { $0 > 0 })
  }

  @Test(arguments: [1e-6, 1e-8, 1e-10, 1e-12])
  func `a direction stretched a little is told from one not stretched, where A^T A has lost it`(
    _ small: Double
  ) {
    // Columns nearly along each other, as in Laeuchli's matrix: the squares of 1e-10 are below the
    // rounding of 1, so that A^T A is a matrix of ones.
    let matrix = matrix([[1, 1, 1], [small, 0, 0], [0, small, 0], [0, 0, small]])
    let values = matrix.singularValueDecomposition.values
    #expect(abs(values[0] - 3.squareRoot()) < 1e-14 * 2 + small * small)
    for value in values.dropFirst() { #expect(abs(value / small - 1) < 1e-3) }
    #expect(
      matrix.leastSquares([3, small, small, small], tolerance: small / 10).kernel.columns == 0)
    #expect(
      matrix.leastSquares([3, small, small, small], tolerance: small * 10).kernel.columns == 2)
    // What lies along the small directions is not lost.
    let side = matrix * [1, 2, 3]
    let x = matrix.leastSquares(side, tolerance: small / 10).x
    for (found, expected) in zip(x, [1.0, 2, 3]) {
      #expect(abs(found - expected) < 1e-15 / small * 10, "\(x)")
    }
  }

  @Test func `the rank of what lacks it is found, tall and wide`() {
    for (rows, columns) in [(6, 4), (4, 6), (5, 5)] {
      let matrix = turned(rows: rows, columns: columns, [4, 1e-3])
      expectWhole(matrix, rank: 2)
      let (x, kernel) = matrix.leastSquares(
        [1] + Array(repeating: 0.5, count: rows - 1), tolerance: 1e-12)
      #expect(kernel.columns == columns - 2 && (matrix * kernel).norm < 1e-14)
      #expect((kernel.transposed * kernel - .identity(columns - 2)).norm < 1e-13)
      // The shortest: nothing of it lies where the matrix does not reach.
      #expect((kernel.transposed * x).allSatisfy { abs($0) < 1e-10 })
    }
  }

  @Test(arguments: [Double.nan, .infinity])
  func `what is not a number shows in the solution`(_ value: Double) {
    let x = matrix([[1, 2], [value, 1]]).leastSquares([1, 1], tolerance: 1e-6).x
    #expect(!x.allSatisfy { $0.isFinite })
  }

  @Test func `singular values have the same bits on every machine`() {
    let values = matrix([[1, 2, 3], [4, 5, 6], [7, 8, 10]]).singularValueDecomposition.values
    #expect(
      values.map(\.bitPattern)
        == [4_625_594_402_168_430_522, 4_606_057_972_205_769_253, 4_596_260_884_219_704_881])
  }

  @Test func `least squares fits a line through points`() {
    let (x, kernel) = matrix([[1, 0], [1, 1], [1, 2]]).leastSquares([1, 3, 4], tolerance: 1e-9)
    // By hand: slope 3/2, intercept 7/6.
    #expect(abs(x[0] - 7.0 / 6) < 1e-12 && abs(x[1] - 1.5) < 1e-12 && kernel.columns == 0)
  }

  @Test func `what a matrix does not reach stays out of the shortest solution`() {
    let flat = matrix([[1, 2, 0], [2, 4, 0]])
    let (x, kernel) = flat.leastSquares([5, 10], tolerance: 1e-6)
    for (found, expected) in zip(x, [1.0, 2, 0]) { #expect(abs(found - expected) < 1e-12) }
    #expect(kernel.columns == 2 && (flat * kernel).norm < 1e-12)
    #expect((kernel.transposed * kernel - .identity(2)).norm < 1e-12)
    let none = Matrix(rows: 2, columns: 2).leastSquares([1, 1], tolerance: 1e-6)
    #expect(none.x == [0, 0] && none.kernel.columns == 2)
  }
}
