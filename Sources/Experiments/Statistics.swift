import Foundation

extension Collection<Double> {
  /// The mean; zero of nothing.
  var mean: Double { isEmpty ? 0 : reduce(0, +) / Double(count) }

  /// The standard deviation.
  var deviation: Double {
    let mean = mean
    return (reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(Swift.max(count - 1, 1)))
      .squareRoot()
  }

  /// The middle value, the mean of both middle ones of an even number.
  var median: Double {
    let sorted = sorted()
    if sorted.isEmpty { return 0 }
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }

  /// The root mean square.
  var rootMeanSquare: Double { map { $0 * $0 }.mean.squareRoot() }

  /// The mean of the logarithms, as a number again.
  var geometricMean: Double { exp(map { log(Swift.max($0, 1e-300)) }.mean) }
}

/// A power law y = c x^k through points, by least squares of the logarithms.
struct PowerLaw {
  /// k.
  var exponent: Double
  /// The standard error of k.
  var error: Double

  init(_ points: [(x: Double, y: Double)]) {
    let logs = points.map { (x: log($0.x), y: log(Swift.max($0.y, 1e-300))) }
    let (mx, my) = (logs.map(\.x).mean, logs.map(\.y).mean)
    let sxx = logs.reduce(0) { $0 + ($1.x - mx) * ($1.x - mx) }
    let sxy = logs.reduce(0) { $0 + ($1.x - mx) * ($1.y - my) }
    exponent = sxx > 0 ? sxy / sxx : 0
    let slope = exponent
    let rest = logs.reduce(0) {
      let away = $1.y - my - slope * ($1.x - mx)
      return $0 + away * away
    }
    error = sxx > 0 ? (rest / Double(max(points.count - 2, 1)) / sxx).squareRoot() : 0
  }
}
