import Portable

/// What outputs cost.
package enum Cost: Sendable, Equatable, Codable {
  /// `Loss.squaredError`: half the squared distance from the labels; from 1 and 0, for a class.
  case squaredError
  /// Minus the logarithm of the softmax share of the class, with outputs in units of a width; of a
  /// single output, that of its sign.
  case crossEntropy(width: Double)

  /// The cost of outputs, and its derivative with each.
  package func evaluate(_ outputs: [Double], for example: Example) -> (
    value: Double, weights: [Double]
  ) {
    switch self {
    case .squaredError:
      let labels =
        example.labels.isEmpty
        ? outputs.indices.map { $0 == example.category ? 1.0 : 0.0 } : example.labels
      let judged = Loss.squaredError.judge(outputs, labels: labels, category: nil)
      return (judged.cost, judged.errors.map { 0 - $0 })
    case .crossEntropy(let width):
      if outputs.count == 1 && example.category >= 0 {
        // One output against nothing: the logistic cost of its sign.
        let side = Loss.sign(of: example.category)
        let bend = Elementary.softplus(-side * outputs[0] / width)
        return (bend.value, [-side * bend.slope / width])
      }
      let largest = outputs.max() ?? 0
      var weights = outputs.map { Elementary.exp(($0 - largest) / width) }
      let sum = weights.reduce(0, +)
      for index in weights.indices { weights[index] /= sum * width }
      guard weights.indices.contains(example.category) else { return (0, weights.map { _ in 0 }) }
      let lead = (outputs[example.category] - largest) / width
      weights[example.category] -= 1 / width
      return (Elementary.log(sum) - lead, weights)
    }
  }
}
