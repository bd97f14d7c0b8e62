import Portable

/// What is measured of a model on examples.
extension DifferentiableModel {
  /// The share of examples whose class is right.
  /// - Throws: what keeps the model from answering.
  package mutating func accuracy(on examples: [Example]) throws -> Double {
    var right = 0
    for example in examples where example.isRight(try outputs(for: example.inputs)) { right += 1 }
    return Double(right) / Double(max(examples.count, 1))
  }

  /// The mean cost's gradient over examples.
  /// - Throws: what keeps the model from answering.
  package mutating func gradient(
    of cost: Cost, on examples: [Example]
  ) throws -> (cost: Double, gradient: [Double]) {
    var gradient = [Double](repeating: 0, count: parameters.count)
    var sum = 0.0
    for example in examples {
      _ = try differentiate(at: example.inputs, into: &gradient) { outputs in
        let (value, weights) = cost.evaluate(outputs, for: example)
        sum += value
        return weights
      }
    }
    let scale = 1 / Double(max(examples.count, 1))
    return (sum * scale, gradient.map { $0 * scale })
  }

  /// The largest eigenvalue, by magnitude, of the cost's Hessian: repeated multiplication by finite
  /// differences of the gradient.
  ///
  /// - Parameters:
  ///   - cost: the cost.
  ///   - examples: the examples over which it is averaged.
  ///   - step: the length of the differences, in units of the parameters.
  ///   - rounds: how many multiplications.
  /// - Returns: the eigenvalue.
  /// - Throws: what keeps the model from answering.
  package mutating func sharpness(
    of cost: Cost, on examples: [Example], step: Double = 1e-4, rounds: Int = 20
  ) throws -> Double {
    let centre = parameters
    defer { parameters = centre }
    let draw = Draw(seed: 1, purpose: 3004, device: 0)
    var direction = centre.indices.map { draw.normal(UInt64($0)) }
    var largest = 0.0
    for _ in 0..<rounds {
      let length = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
      if length == 0 { return 0 }
      direction = direction.map { $0 / length }
      parameters = zip(centre, direction).map { $0 + step * $1 }
      let ahead = try gradient(of: cost, on: examples).gradient
      parameters = zip(centre, direction).map { $0 - step * $1 }
      let behind = try gradient(of: cost, on: examples).gradient
      let product = zip(ahead, behind).map { ($0 - $1) / (2 * step) }
      largest = zip(product, direction).reduce(0) { $0 + $1.0 * $1.1 }
      direction = product
    }
    return largest
  }
}
