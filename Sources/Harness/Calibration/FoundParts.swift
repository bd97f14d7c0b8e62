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
      let plain = Estimate(value: value, deviation: deviation, before: before)
      let ends = (shape(plain.low), shape(plain.high))
      return Estimate(
        value: shape(value), low: min(ends.0, ends.1), high: max(ends.0, ends.1),
        isFound: plain.isFound)
    }
    let size = board.imperfections
    let comparators = try sweeps.map {
      try ComparatorFit($0, fit, of: model, after: excitation)
    }
    func estimate(_ value: ComparatorFit.Value?, before: Double) -> Estimate? {
      value.map { Estimate(value: $0.value, deviation: $0.deviation(fit), before: before) }
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

extension BoardCalibration {
  /// By how many times the spread of its kind a part that is as its marking says is off at most.
  private static let spreads = 6.0

  /// What no board of this file has of what was found, or does not show: the board is broken, wired wrongly or
  /// another one.
  ///
  /// - Parameters:
  ///   - fit: the fit.
  ///   - model: its model.
  /// - Returns: what, and what is allowed, in words; nothing where a board may be so.
  package func implausibilities(_ fit: PartsFit, of model: PartsModel) -> [String] {
    let board = model.description
    var words = [misfitWords].compactMap { $0 }
    let unseen = zip(edges, model.shown).compactMap { edge, isShown in
      isShown && !edge.chargeRC.isFound && !edge.dischargeRC.isFound ? edge.name : nil
    }
    if !unseen.isEmpty {
      words.append(
        unseen.count == model.shown.count { $0 }
          ? "no edge is seen: no reading follows any gate"
          : "not seen, though a target is joined to it: \(unseen.count == 1 ? "edge" : "edges") "
            + enumerate(unseen, most: 20))
    }
    // What a fit that misses makes of parts means nothing.
    if misfitWords != nil { return words }
    func hold(
      _ place: String, _ index: Int, _ unit: String, _ scale: Double,
      of shape: (Double) -> Double = { $0 }
    ) {
      let reach = Self.spreads * model.spreads[index]
      let (mean, value) = (model.means[index], fit.parameters[index])
      if (value - mean).magnitude <= reach { return }
      func text(_ value: Double) -> String { "\((shape(value) * scale * 100).rounded() / 100)" }
      words.append(
        "\(place) would be \(text(value)) \(unit); what such parts have is "
          + "\(text(mean - reach)) ... \(text(mean + reach)) \(unit)")
    }
    let gates = board.gates
    hold("the supply", model.supply, "V", 1)
    for (number, edge) in edges.enumerated() {
      func holdPart(
        _ part: PartsModel.EdgePart, _ name: String, _ unit: String, _ scale: Double,
        of shape: (Double) -> Double = { $0 }
      ) {
        hold("\(edge.name): \(name)", model.index(of: part, of: number), unit, scale, of: shape)
      }
      holdPart(.threshold, "the threshold", "mV", 1e3)
      holdPart(.strength, "the transistor's strength", "uA/V^2", 1e6) {
        board.transistor.strength * Elementary.exp($0)
      }
      holdPart(.capacitance, "the gate's capacitance", "uF", 1e6) {
        gates.farads * Elementary.exp($0)
      }
      holdPart(.chargeResistance, "the charging resistance", "kohm", 1e-3) {
        gates.ohms * Elementary.exp($0)
      }
      holdPart(.dischargeResistance, "the discharging resistance", "kohm", 1e-3) {
        gates.ohms * Elementary.exp($0)
      }
      holdPart(.chargeDrop, "the charging diode's drop more than the nominal one", "mV", 1e3)
      holdPart(.dischargeDrop, "the discharging diode's drop more than the nominal one", "mV", 1e3)
      holdPart(.leakage, "the gate's leakage", "nA", 1e9)
    }
    for (channel, node) in model.sources.enumerated() {
      for level in SourceLevel.allCases {
        hold(
          "source \(board.nodes[node]), told \(level.volts(on: board)) V,",
          model.index(ofSource: channel, level), "mV", 1e3)
      }
    }
    for (channel, node) in model.targets.enumerated() {
      let first = model.index(ofTarget: channel)
      hold("target \(board.nodes[node]): the converter's offset", first, "mV", 1e3)
      hold("target \(board.nodes[node]): the converter's gain is off by what", first + 1, "%", 100)
    }
    let size = board.imperfections
    func holdOffset(_ place: String, _ estimate: Estimate?, _ limit: Double) {
      guard let estimate, limit > 0 else { return }
      let half = (estimate.high - estimate.low) / 2
      if estimate.value.magnitude <= limit + 2 * half { return }
      func text(_ value: Double) -> String { "\((value * 1e5).rounded() / 100)" }
      words.append(
        "\(place) would be \(text(estimate.value)) mV; what such parts have is within "
          + "\(text(limit)) mV")
    }
    for edge in edges {
      holdOffset(
        "\(edge.name): the offset of comparator A", edge.comparatorA, size.comparatorOffsetLimit)
      holdOffset(
        "\(edge.name): the offset of comparator B", edge.comparatorB, size.comparatorOffsetLimit)
    }
    for (node, target) in zip(board.targets, targets) {
      holdOffset(
        "target \(board.nodes[node]): the offset of the clamp", target.clampOffset,
        Self.spreads * size.clampOffset)
    }
    let ends = Set(model.sources + model.targets)
    for (node, target) in zip(board.targets, targets) where target.clampOffset == nil {
      let isJoined = board.learningEdges.contains { edge in
        (edge.from == node || edge.to == node) && ends.contains(edge.from)
          && ends.contains(edge.to)
      }
      if isJoined {
        words.append("target \(board.nodes[node]): its clamp turns no comparator")
      }
    }
    return words
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
    return BoardCalibration.Estimate(value: value, deviation: deviation, before: before)
  }
}
