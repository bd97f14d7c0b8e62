package import Portable

/// Parameters fitted to an excitation: the most probable ones by what is known of parts beforehand and
/// by what was read, by Gauss and Newton's method with Levenberg and Marquardt's damping, and their
/// covariance at the solution.
package struct PartsFit: Sendable {
  /// The most probable parameters.
  package let parameters: [Double]
  /// Their covariance.
  package let covariance: Matrix
  /// The mean square of what readings miss, in units of what noise makes them miss: near 1 where the
  /// model holds.
  package let misfit: Double
  /// The Fisher information of the readings alone, in units of what is known beforehand: entry i says how
  /// many times better than beforehand parameter i would be known by them if the others were known.
  package let information: [Double]
  /// How many steps it took.
  package let steps: Int

  /// How many pulses the first part of a long excitation has.
  private static let firstPulses = 1000

  /// Fits.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - excitation: what was done and read.
  ///   - telling: is told how many steps are begun.
  ///   - stopping: asked before every step.
  /// - Throws: `Stopped`, `CircuitError` where the circuit has no solution, `SubjectError` where nothing
  ///   fits.
  package init(
    _ model: PartsModel, to excitation: Excitation, telling: (Int) -> Void = { _ in },
    stopping: () -> Bool = { false }
  ) throws {
    var model = model
    let count = model.means.count
    let weight = 1 / model.noise(repeats: excitation.repeats)
    // In units of the spreads, so that what is known beforehand is the identity. A long excitation is begun where
    // its first part ends: each step over all of it takes as long as it is.
    var deviations = [Double](repeating: 0, count: count)
    if excitation.pulses >= 2 * Self.firstPulses {
      let first = try PartsFit(
        model, to: excitation.first(pulses: Self.firstPulses), stopping: stopping)
      deviations = deviations.indices.map {
        (first.parameters[$0] - model.means[$0]) / model.spreads[$0]
      }
    }
    func parameters(_ deviations: [Double]) -> [Double] {
      deviations.indices.map { model.means[$0] + model.spreads[$0] * deviations[$0] }
    }
    func cost(_ deviations: [Double]) throws -> (total: Double, readings: Double) {
      var sum = 0.0
      try model.compare(parameters(deviations), with: excitation, derivatives: false) {
        residual, _ in
        sum += residual * residual * weight * weight
      }
      return (sum + deviations.reduce(0) { $0 + $1 * $1 }, sum)
    }
    var present = try cost(deviations)
    var damping = 1e-3
    var steps = 0
    var normal = Matrix(rows: count, columns: count)
    var readings = 0
    while true {
      if stopping() { throw Stopped() }
      telling(steps + 1)
      let information = try model.information(at: parameters(deviations), by: excitation)
      normal = information.matrix
      readings = information.readings
      let side = zip(information.side, deviations).map { $0 - $1 }
      var isBetter = false
      for _ in 0..<12 {
        var damped = normal
        for index in 0..<count { damped[index, index] += 1 + damping * (1 + normal[index, index]) }
        guard let inverse = damped.inverse else { break }
        let change = inverse * side
        let next = zip(deviations, change).map(+)
        // Gates with tiny capacitors would take ages to follow.
        if model.isFollowable(parameters(next)), let found = try? cost(next),
          found.total.isFinite, found.total < present.total
        {
          isBetter = present.total - found.total > 1e-4 * Double(readings).squareRoot()
          deviations = next
          present = found
          damping = max(damping / 10, 1e-9)
          break
        }
        damping *= 10
      }
      steps += 1
      if !isBetter || steps >= 40 { break }
    }
    information = (0..<count).map { normal[$0, $0] }
    for index in 0..<count { normal[index, index] += 1 }
    guard let inverse = normal.inverse else {
      throw SubjectError("the readings fit no board of this kind")
    }
    misfit = present.readings / Double(max(readings, 1))
    // What the model does not know shows as a misfit: intervals are wider by it.
    let widening = max(misfit, 1)
    var covariance = inverse
    for row in 0..<count {
      for column in 0..<count {
        covariance[row, column] *= widening * model.spreads[row] * model.spreads[column]
      }
    }
    self.covariance = covariance
    self.parameters = parameters(deviations)
    self.steps = steps
  }

  /// The value and the standard deviation of a sum of parameters.
  ///
  /// - Parameter terms: which parameters, and how often each counts.
  /// - Returns: both.
  package func sum(_ terms: [(index: Int, factor: Double)]) -> (value: Double, deviation: Double) {
    var value = 0.0
    var variance = 0.0
    for one in terms {
      value += one.factor * parameters[one.index]
      for other in terms {
        variance += one.factor * other.factor * covariance[one.index, other.index]
      }
    }
    return (value, max(variance, 0).squareRoot())
  }
}

extension PartsModel {
  /// What readings tell of the parameters, in units of what is known of them beforehand.
  ///
  /// - Parameters:
  ///   - parameters: where it is linearised.
  ///   - excitation: what was done and read.
  /// - Returns: the Fisher information; how the logarithm of the readings' likelihood rises with each parameter;
  ///   how many readings there were.
  /// - Throws: `CircuitError` where the circuit has no solution.
  mutating func information(
    at parameters: [Double], by excitation: Excitation
  ) throws -> (matrix: Matrix, side: [Double], readings: Int) {
    let count = means.count
    let spreads = spreads
    let weight = 1 / noise(repeats: excitation.repeats)
    var matrix = Matrix(rows: count, columns: count)
    var side = [Double](repeating: 0, count: count)
    var readings = 0
    var scaled: [(index: Int, value: Double)] = []
    try compare(parameters, with: excitation) { residual, derivatives in
      readings += 1
      scaled.removeAll(keepingCapacity: true)
      for index in derivatives.indices where derivatives[index] != 0 {
        scaled.append((index, derivatives[index] * spreads[index] * weight))
      }
      matrix.entries.withUnsafeMutableBufferPointer { entries in
        for (place, one) in scaled.enumerated() {
          side[one.index] += one.value * residual * weight
          let row = one.index * count
          for other in scaled[place...] { entries[row + other.index] += one.value * other.value }
        }
      }
    }
    for row in 0..<count {
      for column in 0..<row { matrix[row, column] = matrix[column, row] }
    }
    return (matrix, side, readings)
  }
}
