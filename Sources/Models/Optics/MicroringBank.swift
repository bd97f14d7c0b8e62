import Portable

/// A small classifier whose two last layers are banks of microrings, each ring a weight
///
///     w = 1 - 2 / (1 + (x / 0.15)^2),
///
/// x its detuning from resonance in nm: -1 on resonance, toward 1 far from it. Heat moves all
/// resonances together, so that x falls by `shiftPerKelvin` times the rise of temperature. The
/// first layer is digital and fixed: random features of the inputs. Both banks feed `max(0, .)` and
/// the outputs.
package struct MicroringBank: DifferentiableModel, Sendable {
  /// The half width of a resonance, nm.
  package static let width = 0.15
  /// How far a resonance moves per kelvin, nm: silicon rings near 1,550 nm.
  package static let shiftPerKelvin = 0.08

  /// The detunings, nm: first bank, then second, row after row.
  package var parameters: [Double] {
    didSet { refresh() }
  }
  /// The range of each detuning, nm.
  package let limits: [ClosedRange<Double>]
  /// The number of outputs.
  package let outputCount: Int
  /// How much warmer the rings are than when the detunings were chosen, K.
  package var temperatureRise = 0.0 {
    didSet { refresh() }
  }

  private let features: Int
  private let hidden: Int
  private let inputCount: Int
  private let front: [Double]
  private var weights: [Double] = []
  private var slopes: [Double] = []

  /// A bank with detunings drawn at random.
  ///
  /// - Parameters:
  ///   - inputs: the number of inputs.
  ///   - features: the number of digital features.
  ///   - hidden: the number of outputs of the first bank.
  ///   - outputs: the number of outputs.
  ///   - seed: the seed of features and detunings.
  package init(inputs: Int, features: Int = 64, hidden: Int = 24, outputs: Int, seed: UInt64) {
    let draw = Draw(seed: seed, purpose: 3101, device: 0)
    let scale = 2 / Double(max(inputs, 1)).squareRoot()
    front = (0..<features * (inputs + 1)).map { scale * draw.normal(UInt64($0)) }
    self.features = features
    self.hidden = hidden
    inputCount = inputs
    outputCount = outputs
    let rings = Draw(seed: seed, purpose: 3102, device: 0)
    // Weights within -0.5 ... 0.5, resonances on either side.
    parameters = (0..<hidden * (features + 1) + outputs * (hidden + 1)).map { ring in
      let weight = rings.uniform(2 * UInt64(ring)) - 0.5
      let detuning = Self.width * ((1 + weight) / (1 - weight)).squareRoot()
      return rings.uniform(2 * UInt64(ring) + 1) < 0.5 ? detuning : -detuning
    }
    limits = Array(repeating: -0.75...0.75, count: parameters.count)
    refresh()
  }

  private mutating func refresh() {
    let shift = -Self.shiftPerKelvin * temperatureRise
    weights = Array(repeating: 0, count: parameters.count)
    slopes = weights
    for (ring, detuning) in parameters.enumerated() {
      let x = (detuning + shift) / Self.width
      let lorentzian = 1 / (1 + x * x)
      weights[ring] = 1 - 2 * lorentzian
      slopes[ring] = 4 * x * lorentzian * lorentzian / Self.width
    }
  }

  /// The outputs for some inputs.
  package mutating func outputs(for inputs: [Double]) throws -> [Double] {
    try run(inputs).outputs
  }

  private func run(_ inputs: [Double]) throws -> (
    features: [Double], hidden: [Double], outputs: [Double]
  ) {
    guard inputs.count == inputCount else {
      throw TrainingError.mismatch("\(inputs.count) inputs for a bank of \(inputCount)")
    }
    var first = (0..<features).map { feature in
      var sum = front[feature * (inputCount + 1) + inputCount]
      for (index, input) in inputs.enumerated() {
        sum += front[feature * (inputCount + 1) + index] * input
      }
      return max(0, sum)
    }
    first.append(1)
    let scale = 1 / Double(features).squareRoot()
    var second = (0..<hidden).map { row in
      var sum = 0.0
      for column in 0...features { sum += weights[row * (features + 1) + column] * first[column] }
      return max(0, scale * sum)
    }
    second.append(1)
    let start = hidden * (features + 1)
    let outputs = (0..<outputCount).map { row in
      var sum = 0.0
      for column in 0...hidden {
        sum += weights[start + row * (hidden + 1) + column] * second[column]
      }
      return sum
    }
    return (first, second, outputs)
  }

  /// The outputs, and the gradient by the detunings.
  package mutating func differentiate(
    at inputs: [Double], into gradient: inout [Double],
    weights byOutput: ([Double]) throws -> [Double]
  ) throws -> [Double] {
    let (first, second, outputs) = try run(inputs)
    let errors = try byOutput(outputs)
    let start = hidden * (features + 1)
    let scale = 1 / Double(features).squareRoot()
    var back = [Double](repeating: 0, count: hidden)
    for (row, error) in errors.enumerated() {
      let base = start + row * (hidden + 1)
      for column in 0...hidden {
        gradient[base + column] += error * second[column] * slopes[base + column]
        if column < hidden { back[column] += error * weights[base + column] }
      }
    }
    for row in 0..<hidden where second[row] > 0 {
      let base = row * (features + 1)
      let error = back[row] * scale
      for column in 0...features {
        gradient[base + column] += error * first[column] * slopes[base + column]
      }
    }
    return outputs
  }
}
