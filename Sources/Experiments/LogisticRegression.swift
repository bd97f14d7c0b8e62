import Portable

/// Logistic regression of classes on columns, to compare circuits with: columns in units of their
/// standard deviation, a softmax of linear scores, and half the squared weights added to the cost,
/// as the usual libraries have it by default (C = 1).
struct LogisticRegression {
  private var means: [Double]
  private var scales: [Double]
  /// For each class a weight for each column, then the constant.
  private var weights: [[Double]]

  /// Fits rows.
  ///
  /// - Parameters:
  ///   - rows: the columns of each sample.
  ///   - categories: the class of each.
  ///   - classes: how many classes there are.
  init(_ rows: [[Double]], categories: [Int], classes: Int) {
    let columns = rows[0].count
    let count = Double(rows.count)
    means = (0..<columns).map { column in rows.reduce(0) { $0 + $1[column] } / count }
    let centres = means
    scales = (0..<columns).map { column in
      let square = rows.reduce(0) {
        $0 + ($1[column] - centres[column]) * ($1[column] - centres[column])
      }
      return max((square / count).squareRoot(), 1e-12)
    }
    weights = Array(repeating: Array(repeating: 0, count: columns + 1), count: classes)
    let scaled = rows.map { self.scaled($0) }
    // Nesterov's accelerated descent with the step that the largest curvature allows.
    let largest = scaled.map { $0.reduce(1) { $0 + $1 * $1 } }.reduce(0, +)
    let step = 1 / (0.5 * largest + 1)
    var ahead = weights
    var momentum = 1.0
    for _ in 0..<2000 {
      var gradient = ahead.map { $0.dropLast().map { $0 } + [0.0] }
      for (row, category) in zip(scaled, categories) {
        let shares = Self.shares(ahead, row)
        for index in 0..<classes {
          let away = shares[index] - (index == category ? 1 : 0)
          for column in 0..<columns { gradient[index][column] += away * row[column] }
          gradient[index][columns] += away
        }
      }
      let next = zip(ahead, gradient).map { zip($0, $1).map { $0 - step * $1 } }
      let following = (1 + (1 + 4 * momentum * momentum).squareRoot()) / 2
      let carry = (momentum - 1) / following
      ahead = zip(next, weights).map { zip($0, $1).map { $0 + carry * ($0 - $1) } }
      momentum = following
      weights = next
    }
  }

  private func scaled(_ row: [Double]) -> [Double] {
    row.indices.map { (row[$0] - means[$0]) / scales[$0] }
  }

  private static func shares(_ weights: [[Double]], _ row: [Double]) -> [Double] {
    let scores = weights.map { own in
      zip(own, row).reduce(own[own.count - 1]) { $0 + $1.0 * $1.1 }
    }
    let largest = scores.max() ?? 0
    let powers = scores.map { Elementary.exp($0 - largest) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  /// The class of a row.
  func category(of row: [Double]) -> Int {
    let shares = Self.shares(weights, scaled(row))
    return shares.indices.max { shares[$0] < shares[$1] } ?? 0
  }
}
