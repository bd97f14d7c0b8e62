/// A way from gradients to steps of the parameters.
package struct Optimiser: Sendable, Equatable {
  /// The kinds.
  package enum Kind: Sendable, Equatable {
    /// Down the gradient.
    case gradientDescent
    /// Down a running sum of gradients, each step keeping a share of the sum before it.
    case momentum(Double)
    /// Adam (Kingma and Ba, 2015): the running mean over the root of the running mean square.
    case adam(mean: Double, square: Double)

    /// Adam with the shares that its authors and most users take, its second mean shortened to suit
    /// runs of some thousand steps.
    package static var adam: Kind { .adam(mean: 0.9, square: 0.99) }
  }

  /// The kind.
  package let kind: Kind
  /// The rate: parameter units per step for Adam, per unit of gradient for the others.
  package var rate: Double
  private var mean: [Double] = []
  private var square: [Double] = []
  private var steps = 0

  /// An optimiser that has seen nothing yet.
  package init(_ kind: Kind, rate: Double) {
    self.kind = kind
    self.rate = rate
  }

  /// Takes a step.
  ///
  /// - Parameters:
  ///   - parameters: the parameters, changed within their limits.
  ///   - gradient: the cost's gradient; edges of gradient 0 that have always had 0 stay.
  ///   - limits: the range of each parameter.
  ///   - factor: what the rate is multiplied by.
  ///   - mask: which parameters take part; `nil` for all. The others and their means stay as they
  ///     are.
  package mutating func step(
    _ parameters: inout [Double], gradient: [Double], limits: [ClosedRange<Double>],
    factor: Double = 1, mask: [Bool]? = nil
  ) {
    if mean.count != parameters.count {
      mean = Array(repeating: 0, count: parameters.count)
      square = mean
    }
    steps += 1
    var firstShare = 1.0
    var secondShare = 1.0
    if case .adam(let a, let b) = kind {
      // The means of a young run, which began at zero, are made up for.
      firstShare = 1 - power(a, steps)
      secondShare = 1 - power(b, steps)
    }
    for index in parameters.indices {
      if let mask, !mask[index] { continue }
      let slope = gradient[index]
      let change: Double
      switch kind {
      case .gradientDescent: change = slope
      case .momentum(let share):
        mean[index] = share * mean[index] + slope
        change = mean[index]
      case .adam(let a, let b):
        mean[index] = a * mean[index] + (1 - a) * slope
        square[index] = b * square[index] + (1 - b) * slope * slope
        let root = (square[index] / secondShare).squareRoot()
        change = root > 0 ? mean[index] / firstShare / (root + 1e-12) : 0
      }
      let next = parameters[index] - rate * factor * change
      parameters[index] = min(max(next, limits[index].lowerBound), limits[index].upperBound)
    }
  }

  private func power(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0
    for _ in 0..<min(exponent, 5000) { result *= base }
    return result
  }
}
