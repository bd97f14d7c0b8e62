import Elements
package import Files
import Portable
package import Wiring

extension BoardCalibration {
  /// What a fit found.
  ///
  /// - Parameters:
  ///   - fit: the fit.
  ///   - model: its model.
  ///   - board: the board.
  ///   - id: which of the boards of this file it is.
  ///   - date: when, s since 1970.
  ///   - target: what was calibrated.
  ///   - excitation: what was fitted.
  ///   - sweeps: where comparators turned afterwards, where that was looked for.
  /// - Throws: `CircuitError` where the circuit has no solution.
  package init(
    _ fit: PartsFit, of model: PartsModel, board: BoardDescription, id: String, date: Double,
    target: String, by excitation: Excitation, _ sweeps: ComparatorSweeps? = nil
  ) throws {
    func estimate(
      _ terms: [(index: Int, factor: Double)], of shape: (Double) -> Double = { $0 }
    ) -> Estimate {
      let (value, deviation) = fit.sum(terms)
      let before = terms.reduce(0) {
        let spread = $1.factor * model.spreads[$1.index]
        return $0 + spread * spread
      }.squareRoot()
      let ends = [value - 1.96 * deviation, value + 1.96 * deviation].map(shape)
      return Estimate(
        value: shape(value), low: min(ends[0], ends[1]), high: max(ends[0], ends[1]),
        isFound: deviation < 0.5 * before)
    }
    let size = board.imperfections
    let comparators = try sweeps.map {
      try ComparatorFit($0, fit, of: model, after: excitation)
    }
    func estimate(_ value: ComparatorFit.Value?, before: Double) -> Estimate? {
      guard let value else { return nil }
      let deviation = value.deviation(fit)
      return Estimate(
        value: value.value, low: value.value - 1.96 * deviation,
        high: value.value + 1.96 * deviation, isFound: deviation < 0.5 * before)
    }
    let gates = board.gates
    let constant = gates.ohms * gates.farads
    let edges = board.learningEdges.enumerated().map { number, edge in
      func at(_ part: PartsModel.EdgePart, _ factor: Double = 1) -> (index: Int, factor: Double) {
        (model.index(of: part, of: number), factor)
      }
      let farads = gates.farads * Elementary.exp(fit.parameters[at(.capacitance).index])
      return Edge(
        name: edge.name,
        chargeRC: estimate([at(.capacitance), at(.chargeResistance)]) {
          constant * Elementary.exp($0)
        },
        dischargeRC: estimate([at(.capacitance), at(.dischargeResistance)]) {
          constant * Elementary.exp($0)
        },
        capacitance: estimate([at(.capacitance)]) { gates.farads * Elementary.exp($0) },
        chargeDrop: estimate([at(.chargeDrop)]), dischargeDrop: estimate([at(.dischargeDrop)]),
        leak: estimate([at(.leakage)]) { $0 / farads },
        threshold: estimate([at(.threshold)]),
        strength: estimate([at(.strength)]) { board.transistor.strength * Elementary.exp($0) },
        reach: estimate([(model.supply, 1), at(.threshold, -1), at(.chargeDrop, -1)]),
        overdrive: model.overdrive(of: number, by: fit),
        comparatorA: estimate(comparators?.a[number], before: max(size.comparatorOffset, 1e-3)),
        comparatorB: estimate(comparators?.b[number], before: max(size.comparatorOffset, 1e-3)),
        hysteresis: estimate(
          comparators?.hysteresis[number], before: max(size.comparatorHysteresis, 1e-3)))
    }
    let sources = model.sources.indices.map { channel in
      func level(_ level: SourceLevel) -> Estimate {
        estimate([(model.index(ofSource: channel, level), 1)])
      }
      return Source(low: level(.low), middle: level(.middle), high: level(.high))
    }
    let targets = model.targets.indices.map { channel in
      let first = model.index(ofTarget: channel)
      return Target(
        offset: estimate([(first, 1)]), gain: estimate([(first + 1, 1)]),
        curve: (0..<model.knots).map { fit.parameters[first + 2 + $0] },
        clampOffset: estimate(
          comparators?.clamps[channel], before: max(size.clampOffset, 1e-3)))
    }
    self.init(
      board: board, id: id, date: date, target: target,
      seconds: excitation.seconds + (sweeps?.seconds ?? 0),
      pulses: excitation.pulses, misfit: fit.misfit, supply: estimate([(model.supply, 1)]),
      edges: edges, sources: sources, targets: targets)
  }
}

extension PartsModel {
  /// The overdrive that known pulses bring a gate to, V, by parameters: `BoardCalibration.Edge.overdrive`. It begins
  /// where a controller's gate is lowest, so that it does not hang on how long gates were discharged before.
  package func overdrive(of edge: Int, _ parameters: [Double]) -> Double {
    let gates = description.gates
    let nominal = ChargePath(
      ohms: gates.ohms, farads: gates.farads, saturation: gates.diodeSaturation,
      ideality: gates.diodeIdeality)
    let goal = (gates.minimum + gates.maximum) / 2
    var (short, long) = (0.0, 20 * gates.ohms * gates.farads)
    for _ in 0..<50 {
      let width = (short + long) / 2
      if nominal.charged(gates.minimum, from: gates.supply, for: width) < goal {
        short = width
      } else {
        long = width
      }
    }
    let threshold = parameters[index(of: .threshold, of: edge)]
    let start = gates.minimum - description.transistor.threshold + threshold
    return paths(of: edge, parameters).charge.charged(
      start, from: parameters[supply], for: short) - threshold
  }

  /// The overdrive after known pulses and its interval.
  fileprivate func overdrive(of edge: Int, by fit: PartsFit) -> BoardCalibration.Estimate {
    let value = overdrive(of: edge, fit.parameters)
    let parts: [EdgePart] = [.threshold, .capacitance, .chargeResistance, .chargeDrop]
    let terms = (parts.map { index(of: $0, of: edge) } + [supply]).map { index in
      var other = fit.parameters
      let step = spreads[index] * 1e-3
      other[index] += step
      return (index: index, factor: (overdrive(of: edge, other) - value) / step)
    }
    let deviation = fit.sum(terms).deviation
    let before = terms.reduce(0) {
      let spread = $1.factor * spreads[$1.index]
      return $0 + spread * spread
    }.squareRoot()
    return BoardCalibration.Estimate(
      value: value, low: value - 1.96 * deviation, high: value + 1.96 * deviation,
      isFound: deviation < 0.5 * before)
  }
}
