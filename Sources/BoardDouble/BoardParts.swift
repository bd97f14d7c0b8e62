import Circuit
import Elements
import Files
import Portable
public import Wiring

/// The parts of one board as they truly are: what its makers' tolerances come to, drawn from the
/// board's seed. Nothing here changes while the board lives.
public struct BoardParts: Sendable {
  /// The drive supply, V.
  public let supply: Double
  /// The charge path of each learning edge's gate.
  public let chargePaths: [ChargePath]
  /// The discharge path of each learning edge's gate.
  public let dischargePaths: [ChargePath]
  /// The leakage current of each learning edge's gate, A; none where a potentiometer sets it.
  public let leakage: [Double]
  /// The update bias of each learning edge, V/s; acts on multiplier edges.
  public let bias: [Double]
  /// The offset of each comparator, V: A and B of each learning edge.
  package let comparatorOffsets: [Double]
  /// By how much of what lies across it each average is off: four for each learning edge.
  let averageErrors: [Double]
  /// The errors of each target's measurement.
  let adcErrors: [ConverterErrors]
  /// The errors of each source's converter.
  let sourceErrors: [ConverterErrors]
  /// The errors of each clamp's converter and its amplifier.
  let clampErrors: [ConverterErrors]

  /// Draws the parts of a board.
  ///
  /// - Parameters:
  ///   - description: the board.
  ///   - seed: the seed of every draw.
  ///   - learning: the edges that learn, as indices into the description's edges.
  ///   - sources: the number of source channels.
  ///   - targets: the number of target channels.
  init(
    description: BoardDescription, seed: UInt64, learning: [Int], sources: Int, targets: Int
  ) {
    let draws = Draws(description: description, seed: seed)
    supply = draws.supply
    let imbalance = draws.size.driveImbalance
    chargePaths = learning.indices.map { draws.path(of: $0, way: 0, 1 + imbalance / 2) }
    dischargePaths = learning.indices.map { draws.path(of: $0, way: 1, 1 - imbalance / 2) }
    leakage = learning.indices.map(draws.leakage)
    bias = draws.bias(of: learning)
    comparatorOffsets = draws.comparatorOffsets(count: 2 * learning.count)
    averageErrors = (0..<4 * learning.count).map(draws.averageError)
    adcErrors = (0..<targets).map(draws.measurement)
    sourceErrors = (0..<sources).map { draws.output($0) }
    clampErrors = (0..<targets).map(draws.clamp)
  }

  /// The element of an edge in one of the twins, with its spread, mismatch and temperature.
  ///
  /// - Parameters:
  ///   - index: the edge's index in the description.
  ///   - twin: 0 for the free twin, 1 for the clamped one.
  ///   - description: the board.
  ///   - seed: the seed of every draw.
  /// - Returns: the element.
  static func element(
    of index: Int, twin: Int, description: BoardDescription, seed: UInt64
  ) -> Element {
    func transistor(gate: Double) -> Element {
      let size = description.imperfections
      var device = description.transistor
      device.threshold +=
        size.thresholdSpread * Purpose.thresholdSpread.draw(seed, index).normal(0)
        + size.thresholdMismatch * Purpose.thresholdMismatch.draw(seed, 2 * index + twin).normal(0)
        - 0.0012 * size.temperatureRise
      let spread =
        1 + size.strengthSpread * Purpose.strengthSpread.draw(seed, index).normal(0)
        + size.strengthMismatch * Purpose.strengthMismatch.draw(seed, 2 * index + twin).normal(0)
      // A spread of many sigmas must not turn a transistor around.
      device.strength *= max(spread, 0.05) * max(1 - 0.005 * size.temperatureRise, 0.05)
      return .transistor(device, gate: gate)
    }
    switch description.edges[index].part {
    case .learning: return transistor(gate: 0)
    case .transistor(let gate): return transistor(gate: gate)
    case .fixed(let element): return .fixed(element)
    }
  }
}

/// The draws of one board's parts, kind by kind.
private struct Draws {
  let description: BoardDescription
  let seed: UInt64

  var size: Imperfections { description.imperfections }

  var supply: Double {
    description.gates.supply
      * (1 + size.supplyError * (2 * Purpose.supply.draw(seed, 0).uniform(0) - 1))
  }

  /// A path to an edge's gate, up (0) or down (1), its resistance off by a factor. The two share the
  /// gate's capacitor; a spread of many sigmas must not turn a part around.
  func path(of edge: Int, way: Int, _ factor: Double) -> ChargePath {
    let gates = description.gates
    let resistor =
      1 + size.pathResistors * Purpose.pathResistor.draw(seed, 2 * edge + way).normal(0)
    let capacitor = 1 + size.gateCapacitors * Purpose.gateCapacitor.draw(seed, edge).normal(0)
    let drop = size.diodeDrop * Purpose.diodeDrop.draw(seed, 2 * edge + way).normal(0)
    return ChargePath(
      ohms: gates.ohms * factor * max(resistor, 0.05), farads: gates.farads * max(capacitor, 0.05),
      saturation: gates.diodeSaturation, ideality: gates.diodeIdeality,
      dropShift: -0.002 * size.temperatureRise + drop)
  }

  func leakage(_ edge: Int) -> Double {
    description.gates.taps != nil
      ? 0
      : size.leakLowest
        + (size.leakHighest - size.leakLowest) * Purpose.leak.draw(seed, edge).uniform(0)
  }

  /// Magnitudes are log-normal: with median m and root mean square r, ln|B| has the standard
  /// deviation sqrt(ln(r/m)).
  func bias(of learning: [Int]) -> [Double] {
    let ratio = size.updateBiasMedian > 0 ? size.updateBias / size.updateBiasMedian : 1
    let spread = ratio > 1 ? Elementary.log(ratio).squareRoot() : 0
    return learning.indices.map { edge in
      if let known = description.edges[learning[edge]].bias { return known }
      let draw = Purpose.bias.draw(seed, edge)
      let magnitude = size.updateBiasMedian * Elementary.exp(spread * draw.normal(0))
      return draw.uniform(1) < 0.5 ? -magnitude : magnitude
    }
  }

  func comparatorOffsets(count: Int) -> [Double] {
    let limit =
      size.comparatorOffset > 0 ? size.comparatorOffsetLimit / size.comparatorOffset : 0
    return (0..<count).map { comparator in
      size.comparatorOffset
        * Purpose.comparatorOffset.draw(seed, comparator).truncatedNormal(0, limit: limit)
    }
  }

  /// Two resistors of relative errors e1, e2 put the average off by (e1 - e2)/4 of what lies across
  /// them.
  func averageError(_ average: Int) -> Double {
    let draw = Purpose.average.draw(seed, average)
    return size.averageResistors * (draw.normal(0) - draw.normal(1)) / 4
  }

  /// A code's width, V. Nonlinearity is a property of the parts, told in their codes whether codes
  /// are rounded or not.
  var code: Double {
    description.converters.reference / Double(UInt64(1) << UInt64(description.converters.bits))
  }

  /// The channels of one chip share its converter.
  func measurement(_ channel: Int) -> ConverterErrors {
    let chip = channel / description.part(of: .adc).channels
    return ConverterErrors(
      offset: size.adcOffset * Purpose.adcOffset.draw(seed, chip).normal(0),
      gain: size.adcGain * Purpose.adcGain.draw(seed, chip).normal(0),
      curve: size.adcINL * code, draw: Purpose.adcCurve.draw(seed, chip))
  }

  /// A converter's output, and what an amplifier behind it adds.
  func output(_ output: Int, extra: Double = 0) -> ConverterErrors {
    ConverterErrors(
      offset: size.dacOffset * Purpose.dacOffset.draw(seed, output).normal(0) + extra,
      gain: size.dacGain * Purpose.dacGain.draw(seed, output).normal(0),
      curve: size.dacINL * code, draw: Purpose.dacCurve.draw(seed, output))
  }

  func clamp(_ channel: Int) -> ConverterErrors {
    output(
      1000 + channel, extra: size.clampOffset * Purpose.clampOffset.draw(seed, channel).normal(0))
  }
}
