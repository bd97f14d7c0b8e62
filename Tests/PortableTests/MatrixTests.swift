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

  @Test func `eigenvalues and eigenvectors put a symmetric matrix together again`() {
    // diag(5, 1, 0, -2) turned by three rotations.
    var turned = matrix([[5, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, -2]])
    for (p, q, angle) in [(0, 1, 0.7), (1, 3, -1.1), (2, 0, 2.3)] {
      var rotation = Matrix.identity(4)
      rotation[p, p] = cos(angle)
      rotation[q, q] = cos(angle)
      rotation[p, q] = -sin(angle)
      rotation[q, p] = sin(angle)
      turned = rotation * turned * rotation.transposed
    }
    let (values, vectors) = turned.symmetricEigen
    for (found, expected) in zip(values.sorted(), [-2.0, 0, 1, 5]) {
      #expect(abs(found - expected) < 1e-12)
    }
    #expect((vectors.transposed * vectors - .identity(4)).norm < 1e-12)
    var diagonal = Matrix(rows: 4, columns: 4)
    for k in 0..<4 { diagonal[k, k] = values[k] }
    #expect((vectors * diagonal * vectors.transposed - turned).norm < 1e-12)
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
