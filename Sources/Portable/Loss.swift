/// What a sample's outputs cost: the one definition on the host. The firmware's fixed-point
/// `Objective` is tested against it; measures, gradients and the cost of models derive from it.
///
/// Every loss is half a sum of squares, so that an error e = -dC/dO is what an output is wanted to
/// change by, in the outputs' unit (V on boards).
package enum Loss: Sendable, Equatable {
  /// Each output O is to equal its label L: C = 1/2 sum (L - O)^2 over the outputs.
  case squaredError
  /// The class is to lead by a margin: C = 1/2 m^2, where m = max(0, margin - lead) is what is
  /// missing. A single output leads by s O, with s from `sign(of:)`; of several
  /// outputs, one for each class, the class's own leads by what it has over the largest other.
  case hinge(margin: Double)

  /// The sign that a single output is to have: negative for class 0, positive for class 1.
  package static func sign(of category: Int) -> Double { category == 1 ? 1 : -1 }

  /// What a loss says of a sample.
  package struct Judgement: Sendable, Equatable {
    /// e = -dC/dO for each output. Of a hinge with several outputs the class's own has m, its
    /// largest rival -m, the others 0.
    package let errors: [Double]
    /// The sum of (L - O)^2, or m^2.
    package let squares: Double
    /// How many squares that are: a label each; one for a hinge.
    package let count: Int

    /// C: half the sum.
    package var cost: Double { squares / 2 }
    /// What is shown as a sample's error: the mean of the squares.
    package var meanSquare: Double { squares / Double(max(count, 1)) }
  }

  /// Judges outputs.
  ///
  /// - Parameters:
  ///   - outputs: the outputs.
  ///   - labels: a label for each output; outputs without one count as met.
  ///   - category: the class, from 0; `nil` where labels are wanted, by a hinge too. A class that
  ///     no output stands for asks for nothing.
  /// - Returns: the judgement.
  package func judge(_ outputs: [Double], labels: [Double], category: Int?) -> Judgement {
    var errors = [Double](repeating: 0, count: outputs.count)
    guard case .hinge(let margin) = self, let category else {
      var squares = 0.0
      for index in 0..<min(outputs.count, labels.count) {
        errors[index] = labels[index] - outputs[index]
        squares += errors[index] * errors[index]
      }
      return Judgement(errors: errors, squares: squares, count: labels.count)
    }
    var missing = 0.0
    if outputs.count == 1 {
      let sign = Loss.sign(of: category)
      missing = max(0, margin - sign * outputs[0])
      errors[0] = sign * missing
    } else if outputs.indices.contains(category),
      let rival = outputs.indices.filter({ $0 != category }).max(by: { outputs[$0] < outputs[$1] })
    {
      missing = max(0, margin - (outputs[category] - outputs[rival]))
      errors[category] = missing
      errors[rival] = -missing
    }
    return Judgement(errors: errors, squares: missing * missing, count: 1)
  }
}
