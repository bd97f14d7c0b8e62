/// Anything with parameters that turns inputs into outputs: a circuit, an optical weight bank, a
/// mesh, a board.
///
/// A board is only *commanded* to take its parameters: what it did with them shows in its outputs
/// alone.
package protocol Model {
  /// The parameters: control variables in the model's own units (gate voltages, V; detunings, nm;
  /// phases, rad). Setting them programs the model.
  var parameters: [Double] { get set }

  /// The range of each parameter.
  var limits: [ClosedRange<Double>] { get }

  /// The number of outputs.
  var outputCount: Int { get }

  /// The outputs for some inputs.
  /// - Throws: what keeps the model from answering.
  mutating func outputs(for inputs: [Double]) throws -> [Double]
}

/// A model that can also say how its outputs depend on its parameters, and can be warmed.
package protocol DifferentiableModel: Model {
  /// How much warmer everything is than when the parameters were chosen, K.
  var temperatureRise: Double { get set }

  /// The outputs for some inputs, and a vector-Jacobian product with them.
  ///
  /// - Parameters:
  ///   - inputs: the inputs.
  ///   - gradient: gains the product: for each parameter the sum over outputs of weight times
  ///     derivative.
  ///   - weights: the cost's derivative with each output, asked once the outputs are known.
  /// - Returns: the outputs.
  /// - Throws: what keeps the model from answering, or what `weights` throws.
  mutating func differentiate(
    at inputs: [Double], into gradient: inout [Double],
    weights: ([Double]) throws -> [Double]
  ) throws -> [Double]
}

extension Model {
  /// Moves parameters into their limits.
  package func limited(_ parameters: [Double]) -> [Double] {
    zip(parameters, limits).map { min(max($0, $1.lowerBound), $1.upperBound) }
  }
}

/// An example to learn from.
package struct Example: Sendable, Equatable {
  /// The inputs, in the model's units.
  package var inputs: [Double]
  /// The class, from 0; the output of that number is to be the largest, or a single output positive
  /// for class 1 alone. -1 for none.
  package var category: Int
  /// The wanted outputs, where no class is wanted.
  package var labels: [Double]

  /// An example of a class.
  package init(inputs: [Double], category: Int) {
    self.inputs = inputs
    self.category = category
    labels = []
  }

  /// An example with wanted outputs.
  package init(inputs: [Double], labels: [Double]) {
    self.inputs = inputs
    category = -1
    self.labels = labels
  }

  /// Whether outputs put the class first.
  package func isRight(_ outputs: [Double]) -> Bool {
    // One output alone tells two classes by its sign.
    if outputs.count == 1 && category >= 0 { return (outputs[0] > 0) == (category == 1) }
    guard outputs.indices.contains(category) else { return false }
    return outputs.indices.allSatisfy { $0 == category || outputs[$0] < outputs[category] }
  }
}
