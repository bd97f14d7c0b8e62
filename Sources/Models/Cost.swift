import Portable

/// What outputs cost.
package enum Cost: Sendable, Equatable, Codable {
  /// Half the squared distance from the labels; from 1 and 0, for a class.
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
      var value = 0.0
      var weights = outputs
      for index in outputs.indices {
        let label =
          example.labels.isEmpty ? (index == example.category ? 1.0 : 0.0) : example.labels[index]
        weights[index] -= label
        value += weights[index] * weights[index] / 2
      }
      return (value, weights)
    case .crossEntropy(let width):
      if outputs.count == 1 && example.category >= 0 {
        // One output against nothing: the logistic cost of its sign.
        let side: Double = example.category == 1 ? 1 : -1
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
