import Portable

/// A rectangular mesh of Mach-Zehnder interferometers: amplitudes of light enter its modes, equal
/// groups of neighbouring modes give the power that is an output.
///
/// Column c couples the modes (c mod 2) + 2k and the next one, by a phase phi on the upper mode, a
/// coupler, a phase theta, a second coupler. Couplers split evenly but for an error of their angle,
/// pi/4 + delta; phases have errors too. (Clements and others, "Optimal design for universal
/// multiport interferometers", 2016.)
package struct InterferometerMesh: DifferentiableModel, Sendable {
  /// Theta and phi of every interferometer, rad, column after column.
  package var parameters: [Double] {
    didSet { refresh() }
  }
  /// The range of each phase, rad.
  package let limits: [ClosedRange<Double>]
  /// The number of outputs.
  package let outputCount: Int
  /// How much warmer the mesh is than when the phases were chosen, K: phases grow by 0.5 % a
  /// kelvin.
  package var temperatureRise = 0.0 {
    didSet { refresh() }
  }

  private let modes: Int
  /// How many neighbouring modes' powers make an output.
  private let group: Int
  /// The upper mode of every interferometer.
  private let upper: [Int]
  private var splitterErrors: [Double]
  private var phaseErrors: [Double]
  /// Cosine and sine of theta, phi and of both couplers' angles of every interferometer.
  private var turns: [SIMD8<Double>] = []

  /// What the share of the power that an output gets is multiplied by.
  static let gain = 20.0

  /// A perfect mesh with phases drawn at random.
  ///
  /// - Parameters:
  ///   - modes: the number of modes, at least 2, which is that of the inputs.
  ///   - columns: the number of columns; as many as modes make any unitary.
  ///   - outputs: the number of outputs, at most that of the modes.
  ///   - seed: the seed of the phases.
  package init(modes: Int, columns: Int, outputs: Int, seed: UInt64) {
    self.modes = modes
    group = modes / outputs
    outputCount = outputs
    upper = (0..<columns).flatMap { column in
      Array(stride(from: column % 2, to: modes - 1, by: 2))
    }
    let draw = Draw(seed: seed, purpose: 3201, device: 0)
    parameters = (0..<2 * upper.count).map { 2 * 3.141592653589793 * draw.uniform(UInt64($0)) }
    limits = Array(repeating: -100.0...100, count: parameters.count)
    splitterErrors = Array(repeating: 0, count: parameters.count)
    phaseErrors = splitterErrors
    refresh()
  }

  /// The same phases on a mesh with fresh errors of couplers and phases, normal with a standard
  /// deviation of sigma rad.
  package func withErrors(_ sigma: Double, seed: UInt64) -> InterferometerMesh {
    var copy = self
    let splitters = Draw(seed: seed, purpose: 3202, device: 0)
    let phases = Draw(seed: seed, purpose: 3203, device: 0)
    for index in parameters.indices {
      copy.splitterErrors[index] = sigma * splitters.normal(UInt64(index))
      copy.phaseErrors[index] = sigma * phases.normal(UInt64(index))
    }
    copy.refresh()
    return copy
  }

  private mutating func refresh() {
    let quarter = 0.7853981633974483
    let growth = 1 + 0.005 * temperatureRise
    turns = upper.indices.map { index in
      let phases = (0..<2).map { part in
        Elementary.sineAndCosine(
          parameters[2 * index + part] * growth + phaseErrors[2 * index + part])
      }
      let couplers = (0..<2).map { part in
        Elementary.sineAndCosine(quarter + splitterErrors[2 * index + part])
      }
      return SIMD8(
        phases[0].cosine, phases[0].sine, phases[1].cosine, phases[1].sine, couplers[0].cosine,
        couplers[0].sine, couplers[1].cosine, couplers[1].sine)
    }
  }

  /// The outputs for some inputs: shares of the power, times a gain.
  package mutating func outputs(for inputs: [Double]) throws -> [Double] {
    read(try run(inputs))
  }

  /// The amplitudes that leave the mesh for amplitudes that enter it, scaled to a power of 1: real
  /// parts and imaginary parts.
  private func run(_ inputs: [Double]) throws -> [SIMD2<Double>] {
    guard inputs.count == modes else {
      throw TrainingError.mismatch("\(inputs.count) inputs for a mesh of \(modes) modes")
    }
    let power = inputs.reduce(0) { $0 + $1 * $1 }
    let scale = power > 0 ? 1 / power.squareRoot() : 0
    var fields = inputs.map { SIMD2($0 * scale, 0) }
    fields.withUnsafeMutableBufferPointer { fields in
      for (index, top) in upper.enumerated() {
        let turn = turns[index]
        var (a, b) = (fields[top], fields[top + 1])
        a = Self.turned(a, turn[2], turn[3])
        (a, b) = Self.coupled(a, b, turn[4], turn[5])
        a = Self.turned(a, turn[0], turn[1])
        (a, b) = Self.coupled(a, b, turn[6], turn[7])
        fields[top] = a
        fields[top + 1] = b
      }
    }
    return fields
  }

  private func read(_ fields: [SIMD2<Double>]) -> [Double] {
    (0..<outputCount).map { output in
      var power = 0.0
      for mode in output * group..<(output + 1) * group {
        power += fields[mode].x * fields[mode].x + fields[mode].y * fields[mode].y
      }
      return Self.gain * power
    }
  }

  @inline(__always)
  private static func turned(
    _ a: SIMD2<Double>, _ cosine: Double, _ sine: Double
  ) -> SIMD2<Double> {
    SIMD2(a.x * cosine - a.y * sine, a.x * sine + a.y * cosine)
  }

  /// A coupler: (a, b) -> (cos a + i sin b, i sin a + cos b).
  @inline(__always)
  private static func coupled(
    _ a: SIMD2<Double>, _ b: SIMD2<Double>, _ cosine: Double, _ sine: Double
  ) -> (SIMD2<Double>, SIMD2<Double>) {
    (
      SIMD2(a.x * cosine - b.y * sine, a.y * cosine + b.x * sine),
      SIMD2(b.x * cosine - a.y * sine, b.y * cosine + a.x * sine)
    )
  }

  /// The outputs, and the gradient by the phases. The mesh is unitary: running it backward gives
  /// back the fields of the way forward, so that none need be kept.
  package mutating func differentiate(
    at inputs: [Double], into gradient: inout [Double],
    weights: ([Double]) throws -> [Double]
  ) throws -> [Double] {
    var fields = try run(inputs)
    let outputs = read(fields)
    let errors = try weights(outputs)
    var back = [SIMD2<Double>](repeating: .zero, count: modes)
    for (output, error) in errors.enumerated() {
      let weight: Double = Self.gain * error
      for mode in output * group..<(output + 1) * group {
        back[mode] = weight * fields[mode]
      }
    }
    let growth = 1 + 0.005 * temperatureRise
    fields.withUnsafeMutableBufferPointer { fields in
      back.withUnsafeMutableBufferPointer { back in
        for index in stride(from: upper.count - 1, through: 0, by: -1) {
          let top = upper[index]
          let turn = turns[index]
          var (a, b) = Self.coupled(fields[top], fields[top + 1], turn[6], -turn[7])
          var (p, q) = Self.coupled(back[top], back[top + 1], turn[6], -turn[7])
          // A phase turns its amplitude by i dtheta: dC/dtheta = 2 Re(conj(g) i a).
          gradient[2 * index] += 2 * growth * (p.y * a.x - p.x * a.y)
          a = Self.turned(a, turn[0], -turn[1])
          p = Self.turned(p, turn[0], -turn[1])
          (a, b) = Self.coupled(a, b, turn[4], -turn[5])
          (p, q) = Self.coupled(p, q, turn[4], -turn[5])
          gradient[2 * index + 1] += 2 * growth * (p.y * a.x - p.x * a.y)
          fields[top] = Self.turned(a, turn[2], -turn[3])
          fields[top + 1] = b
          back[top] = Self.turned(p, turn[2], -turn[3])
          back[top + 1] = q
        }
      }
    }
    return outputs
  }
}
