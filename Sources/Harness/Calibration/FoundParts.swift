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
  package init(
    _ fit: PartsFit, of model: PartsModel, board: BoardDescription, id: String, date: Double,
    target: String, by excitation: Excitation
  ) {
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
        reach: estimate([(model.supply, 1), at(.threshold, -1), at(.chargeDrop, -1)]))
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
        curve: (0..<model.knots).map { fit.parameters[first + 2 + $0] })
    }
    self.init(
      board: board, id: id, date: date, target: target, seconds: excitation.seconds,
      pulses: excitation.pulses, misfit: fit.misfit, supply: estimate([(model.supply, 1)]),
      edges: edges, sources: sources, targets: targets)
  }
}
