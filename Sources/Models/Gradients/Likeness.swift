/// How like one gradient is to another.
package struct Likeness: Sendable, Equatable {
  /// The cosine of the angle between them; 0 where one of them is zero.
  package let cosine: Double
  /// What is left of the estimate, as a share of the truth, when it is scaled to come as near as it
  /// can.
  package let error: Double
  /// That scale.
  package let scale: Double

  /// Compares an estimate with the truth.
  /// - Precondition: both have as many entries.
  package init(of estimate: [Double], to truth: [Double]) {
    precondition(estimate.count == truth.count)
    var product = 0.0
    var one = 0.0
    var other = 0.0
    for index in truth.indices {
      product += estimate[index] * truth[index]
      one += estimate[index] * estimate[index]
      other += truth[index] * truth[index]
    }
    guard one > 0 && other > 0 else {
      (cosine, error, scale) = (0, 1, 0)
      return
    }
    let cosine = product / (one * other).squareRoot()
    self.cosine = cosine
    error = max(1 - cosine * cosine, 0).squareRoot()
    scale = product / one
  }
}
