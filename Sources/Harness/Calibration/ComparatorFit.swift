import Files
import Portable

/// What comparators' turns tell: offsets, hysteresis, and what clamps put out.
///
/// Everything is linear in what is wrong, so each value carries what it hangs on: parameters of the fit, which are
/// wrong together, and noise of its own.
package struct ComparatorFit: Sendable {
  /// A value, and what it hangs on.
  package struct Value: Sendable {
    /// The value, V.
    package var value: Double
    /// Parameters of the fit, and how far the value goes with each.
    fileprivate var terms: [(index: Int, factor: Double)] = []
    /// Noise of its own by number, V.
    fileprivate var noises: [Int: Double] = [:]

    fileprivate static func + (one: Value, other: Value) -> Value {
      Value(
        value: one.value + other.value, terms: one.terms + other.terms,
        noises: one.noises.merging(other.noises, uniquingKeysWith: +))
    }

    fileprivate static func * (factor: Double, one: Value) -> Value {
      Value(
        value: factor * one.value, terms: one.terms.map { ($0.index, factor * $0.factor) },
        noises: one.noises.mapValues { factor * $0 })
    }

    /// Its standard deviation by a fit, V.
    package func deviation(_ fit: PartsFit) -> Double {
      let own = noises.values.reduce(0) { $0 + $1 * $1 }
      let parts = fit.sum(terms).deviation
      return (own + parts * parts).squareRoot()
    }
  }

  /// The offset of comparator A of each learning edge; `nil` where nothing tells it.
  package private(set) var a: [Value?]
  /// That of B.
  package private(set) var b: [Value?]
  /// The full width of A's hysteresis.
  package private(set) var hysteresis: [Value?]
  /// What each target's clamp puts out above what it is told, at the middle.
  package private(set) var clamps: [Value?]

  /// How far a clamp's resistor may be off beside its marking.
  private static let clampResistor = 0.01
  /// Comparators that a volt of the clamp moves by less are not told by it, V.
  private static let leastGain = 0.05
  /// What a converter that is shut down lets through, ohm (MCP4922, datasheet DS20002249, section 1).
  private static let releasedOhms = 500e3

  /// Takes turns.
  ///
  /// - Parameters:
  ///   - sweeps: the turns.
  ///   - fit: what the board's parts are.
  ///   - model: its model.
  ///   - excitation: what was done before, by which the gates stand.
  /// - Throws: `CircuitError` where the circuit has no solution.
  package init(
    _ sweeps: ComparatorSweeps, _ fit: PartsFit, of model: PartsModel, after excitation: Excitation
  ) throws {
    var model = model
    let description = model.description
    let (edges, targets) = (description.learningEdges, model.targets)
    let converters = description.converters
    let size = description.imperfections
    let code = converters.reference / Double(UInt64(1) << UInt64(converters.bits))
    let middle = SourceLevel.middle.volts(on: description)
    var made = 0
    func noise(_ deviation: Double) -> Value {
      made += 1
      return Value(value: 0, noises: [made: deviation])
    }
    // A converter's curve bends from knot to knot.
    let bend = max(size.dacINL, 0.5) * code * (2.0 / 3).squareRoot() / (converters.reference / 16)
    let slope = (bend * bend + size.dacGain * size.dacGain).squareRoot()
    func source(_ channel: Int, _ above: Double) -> Value {
      let index = model.index(ofSource: channel, .middle)
      return Value(value: fit.parameters[index] + above, terms: [(index, 1)])
        + noise(slope * above.magnitude)
    }
    func target(_ channel: Int, _ read: Double) -> Value {
      model.voltage(channel, read, fit.parameters)
        + noise(model.noise(repeats: ComparatorSweeps.repeats))
    }
    let rest = sweeps.rest.enumerated().map { target($0, $1) }

    // How nodes answer currents while all stand alike: by the free twin, as the clamped one is of its kind.
    var later = excitation
    later.events.append(
      .reading(
        at: max(sweeps.time, excitation.events.last?.time ?? 0), levels: [], volts: []))
    let gates = edges.indices.map { model.gates(of: $0, fit.parameters, later).last ?? 0 }
    let conductances = try model.conductances(fit.parameters, gates: gates, at: middle)
    let nodes = description.nodes.count
    func answer(_ loads: [Int: Double], _ currents: [Int: Double]) -> [Double] {
      let driven = Set(model.sources)
      var matrix = Matrix.identity(nodes)
      for node in 0..<nodes where !driven.contains(node) {
        matrix[node, node] = 1e-12 + (loads[node] ?? 0)
      }
      for (branch, edge) in description.edges.enumerated() {
        for (one, other) in [(edge.from, edge.to), (edge.to, edge.from)]
        where !driven.contains(one) {
          matrix[one, one] += conductances[branch]
          if !driven.contains(other) { matrix[one, other] -= conductances[branch] }
        }
      }
      guard let inverse = matrix.inverse else { return [Double](repeating: 0, count: nodes) }
      return inverse * (0..<nodes).map { currents[$0] ?? 0 }
    }
    let leak = 1 / Self.releasedOhms
    func released(but channel: Int?) -> (loads: [Int: Double], currents: [Int: Double]) {
      var loads: [Int: Double] = [:]
      var currents: [Int: Double] = [:]
      for (number, node) in targets.enumerated() where number != channel {
        loads[node] = leak
        currents[node] = -leak * middle
      }
      return (loads, currents)
    }
    let open = released(but: nil)
    let sag = answer(open.loads, open.currents)

    a = Array(repeating: nil, count: edges.count)
    b = a
    hysteresis = a
    clamps = Array(repeating: nil, count: targets.count)
    for one in sweeps.bySource {
      let edge = edges[one.edge]
      let sign = edge.from == targets[one.target] ? -1.0 : 1.0
      let across = source(one.source, one.turn.middle) + -1 * target(one.target, one.read)
      // Both twins' mean: the clamped one's target is lower by what the released clamps draw.
      var offset = -sign * (across + noise(one.share * one.turn.deviation))
      offset.value += sign * sag[targets[one.target]] / 2
      b[one.edge] = offset
    }

    /// How far the clamped twin goes from the free one: by the clamp's excess over the free target, and beside.
    func follow(_ channel: Int) -> (share: [Double], beside: [Double], error: Value) {
      let node = targets[channel]
      let stiffness = 1 / max(description.clampOhms, BoardDescription.leastClampOhms)
      var (loads, currents) = released(but: channel)
      loads[node] = stiffness
      let share = answer(loads, [node: stiffness])
      currents[node] = 0
      // What is wrong of the network's strengths and of the resistor is wrong of it in the same way.
      let own = edges.indices.filter { edges[$0].from == node || edges[$0].to == node }
      let learning = description.edges.indices.filter { description.edges[$0].part == .learning }
      let all = own.reduce(0) { $0 + conductances[learning[$1]] }
      let error = Value(
        value: 0,
        terms: own.map {
          (
            model.index(of: .strength, of: $0),
            -(1 - share[node]) * conductances[learning[$0]] / max(all, 1e-12)
          )
        })
      return (
        share, answer(loads, currents), error + noise((1 - share[node]) * Self.clampResistor)
      )
    }
    func free(_ node: Int) -> Value? {
      if let channel = model.sources.firstIndex(of: node) { return source(channel, 0) }
      return targets.firstIndex(of: node).map { rest[$0] }
    }
    for channel in targets.indices {
      let (share, beside, error) = follow(channel)
      // One converter, one slope: edges do not average it away.
      let bent = noise(slope)
      let own = sweeps.byClamp.filter { $0.target == channel }
      var offsets: [Value] = []
      for one in own {
        let edge = edges[one.edge]
        let gain = (share[edge.from] - share[edge.to]) / 2
        guard let offset = b[one.edge], let from = free(edge.from), let to = free(edge.to),
          gain.magnitude > Self.leastGain
        else { continue }
        // What the clamp must put out above the free target where B turns.
        var sum = offset + (from + -1 * to)
        sum.value += (beside[edge.from] - beside[edge.to]) / 2
        var excess = -1 / gain * sum
        excess = excess + -excess.value * error
        var found = rest[channel] + excess + noise(one.b.deviation)
        found.value -= middle + one.b.middle
        offsets.append(found + one.b.middle * bent)
      }
      if offsets.isEmpty { continue }
      let clamp = 1 / Double(offsets.count) * offsets.dropFirst().reduce(offsets[0], +)
      clamps[channel] = clamp
      for one in own where a[one.edge] == nil {
        let edge = edges[one.edge]
        let gain = -(share[edge.from] - share[edge.to]) / 2
        if gain.magnitude <= Self.leastGain { continue }
        func excess(_ turn: ComparatorSweeps.Turn) -> Value {
          var excess = clamp + -1 * rest[channel] + noise(turn.deviation)
          excess.value += middle + turn.middle
          return excess + -turn.middle * bent
        }
        let over = excess(one.a)
        var offset = -gain * (over + over.value * error)
        offset.value += (beside[edge.from] - beside[edge.to]) / 2
        // What averages add where nodes are as far apart as this.
        a[one.edge] = offset + noise(0.5 * size.averageResistors * over.value.magnitude)
        let gap = one.a.up - one.a.down
        hysteresis[one.edge] =
          gain.magnitude
          * (Value(value: gap) + gap * error + noise(one.a.step / 6.0.squareRoot()))
        // Between two targets no source moves the edge by itself.
        if b[one.edge] == nil, let from = free(edge.from), let to = free(edge.to) {
          let over = excess(one.b)
          var offset = gain * (over + over.value * error) + -1 * (from + -1 * to)
          offset.value -= (beside[edge.from] - beside[edge.to]) / 2
          b[one.edge] = offset
        }
      }
    }
  }
}

extension PartsModel {
  /// What a target's voltage is by what it read.
  fileprivate func voltage(
    _ channel: Int, _ read: Double, _ parameters: [Double]
  ) -> ComparatorFit.Value {
    let converters = description.converters
    let first = index(ofTarget: channel)
    let above = read - converters.lowest
    let place = min(max(above / converters.reference, 0), 1) * 16
    let knot = min(Int(place), 15)
    let part = place - Double(knot)
    var terms = [(index: first, factor: -1.0), (index: first + 1, factor: -above)]
    if knot > 0, knot <= knots { terms.append((first + 1 + knot, part - 1)) }
    if knot + 1 <= knots { terms.append((first + 2 + knot, -part)) }
    return ComparatorFit.Value(
      value: terms.reduce(read) { $0 + $1.factor * parameters[$1.index] }, terms: terms)
  }
}
