import Circuit
import Files
import Firmware
import Portable
package import Runs
import Wiring

/// What a calibration tells of gates that nobody measures: how far off the controllers' account of them may
/// be, and where they stand by what targets read.
///
/// An observation is one step of an extended Kalman filter, iterated for the circuit is not linear: before
/// it, each gate is where it is believed to be but for what is wrong of the parts (by the account's slopes)
/// and for what is not; the readings tell the rest. What is wrong of the parts stays as the calibration has
/// it, however many observations there are ("consider" filter: Schmidt, Adv. Control Syst. 3, 293, 1966),
/// so that a wrong threshold does not become certain by being used often.
package struct CalibratedGates: GateObserver, Sendable {
  package let period: Int?
  package let patterns: [[Double]]
  package let repeats: Int
  package let excursions: [[Double]]

  private let model: PartsModel
  private let parameters: [Double]
  private let covariance: Matrix
  /// Where sources stand in each pattern.
  private let levels: [[SourceLevel]]
  /// For each edge and cause of its account, the parameters that are one.
  private let terms: [[[(index: Int, factor: Double)]]]
  /// For each edge, the variance of where charging and discharging end that the controllers do not know of:
  /// they have one table of drops for all edges, linear between its knots.
  private let ends: [(charge: Double, discharge: Double)]
  private let supply: Double

  /// How many standard deviations a bound is.
  private static let width = 4.4
  /// The most patterns of an observation.
  private static let mostPatterns = 32
  /// How often targets are read in all patterns together; in each at least eight times.
  private static let readings = 768
  /// How far gates are moved by an excursion, V.
  private static let excursion = 0.6
  /// The most linearisations of an observation.
  private static let mostTurns = 8
  /// Gates that move by less from one linearisation to the next stand, V.
  private static let converged = 1e-5
  /// How wrong the table of drops is between its knots, V.
  private static let table = 1e-3
  /// What the squares of so many readings' misses, in units of what they may miss by, do not add up to while
  /// all is as the calibration says: four times their mean, and where readings are few what they exceed but
  /// once in three million (five standard deviations: Wilson and Hilferty, PNAS 17, 684, 1931). Gates that
  /// were fitted to more would be wrong.
  ///
  /// - Parameter readings: how many readings.
  /// - Returns: the sum.
  private static func most(_ readings: Int) -> Double {
    let count = Double(readings)
    let part = 2 / (9 * count)
    let root = 1 - part + 5 * part.squareRoot()
    return count * max(4, root * root * root)
  }

  /// Gets ready for a run; `nil` where the run has no calibration.
  ///
  /// - Parameter setting: the run.
  /// - Throws: `CircuitError` where the circuit has no solution, `SubjectError` for a board whose edges follow
  ///   a rule of their own.
  package init?(_ setting: RunSetting) throws {
    guard let found = setting.calibration else { return nil }
    period = setting.observe
    let parts = try CalibratedParts(found, of: setting.board)
    // The channels are where the task has them.
    var board = setting.board
    (board.sources, board.targets) = try setting.task.place(on: board)
    let model = try PartsModel(Subject(board))
    self.model = model
    parameters = model.parameters(of: found)
    covariance = try model.covariance(parts.covariance, of: PartsModel(Subject(setting.board)))

    let sources = board.sources.count
    let draw = Draw(seed: 1, purpose: 6102, device: 0)
    var event: UInt64 = 0
    func level() -> SourceLevel {
      defer { event += 1 }
      return SourceLevel.allCases[Int(3 * draw.uniform(event))]
    }
    var levels: [[SourceLevel]] = []
    if sources <= 3 {
      // All of them, and a single source at every level.
      levels = [[]]
      for _ in 0..<sources {
        levels = levels.flatMap { some in SourceLevel.allCases.map { some + [$0] } }
      }
      if sources > 1 { levels.removeAll { Set($0).count == 1 } }
    } else {
      while levels.count < Self.mostPatterns {
        let pattern = (0..<sources).map { _ in level() }
        if Set(pattern).count > 1 { levels.append(pattern) }
      }
    }
    self.levels = levels
    patterns = levels.map { $0.map { $0.volts(on: board) } }
    repeats = max(8, Self.readings / levels.count)
    supply = found.supply.value
    let shown = model.shown
    // Gates that no target shows tell nothing, and nobody knows how they would come back.
    excursions = (0..<(setting.excursions ?? 0)).map { _ in
      shown.map { isShown in
        let step = Self.excursion * Double(level().rawValue - 1)
        return isShown ? step : 0
      }
    }

    let known = parameters
    terms = (0..<model.edges).map { model.causes(of: $0, known) }
    let drops = (found.edges.map(\.chargeDrop.value) + found.edges.map(\.dischargeDrop.value))
    let mean = drops.reduce(0, +) / Double(max(drops.count, 1))
    ends = found.edges.map { edge in
      func variance(_ drop: Double) -> Double {
        (drop - mean) * (drop - mean) + Self.table * Self.table
      }
      return (variance(edge.chargeDrop.value), variance(edge.dischargeDrop.value))
    }
  }

  package func knowledge(by account: GateAccount) -> KnownGates {
    var bounds: [Double] = []
    var overdriveBounds: [Double] = []
    for edge in 0..<model.edges {
      var slopes = slopes(account, edge)
      let rest = rest(account, edge)
      bounds.append(Self.width * (variance(slopes) + rest).squareRoot())
      slopes[model.index(of: .threshold, of: edge)] -= 1
      overdriveBounds.append(Self.width * (variance(slopes) + rest).squareRoot())
    }
    return KnownGates(
      bounds: bounds, overdriveBounds: overdriveBounds, shown: model.shown,
      observations: account.observations, rejected: account.rejected)
  }

  /// By how much a gate is above its estimate for what is wrong of each parameter.
  private func slopes(_ account: GateAccount, _ edge: Int) -> [Double] {
    var slopes =
      account.observed.isEmpty
      ? [Double](repeating: 0, count: parameters.count)
      : account.observed[edge].map { $0 * account.shares[edge] }
    for (cause, terms) in terms[edge].enumerated() {
      for (index, factor) in terms { slopes[index] += account.slopes[edge][cause] * factor }
    }
    return slopes
  }

  /// The variance of a sum of what is wrong of parameters.
  private func variance(_ slopes: [Double]) -> Double {
    max(zip(slopes, covariance * slopes).reduce(0) { $0 + $1.0 * $1.1 }, 0)
  }

  /// The variance of a gate for what is no parameter, V^2.
  private func rest(_ account: GateAccount, _ edge: Int) -> Double {
    let charge = account.slopes[edge][GateAccount.Cause.chargeEnd.rawValue]
    let discharge = account.slopes[edge][GateAccount.Cause.dischargeEnd.rawValue]
    return account.variances[edge] + charge * charge * ends[edge].charge
      + discharge * discharge * ends[edge].discharge
  }

  package func gates(
    by events: [ObservedEvent], from begin: (estimates: [Double], account: GateAccount),
    to estimates: [Double], _ account: inout GateAccount
  ) -> [Double]? {
    guard begin.account.observed.allSatisfy({ $0.count == parameters.count }) else { return nil }
    // Solutions start from the last one: a copy makes them the same whatever was solved before.
    var model = model
    let count = parameters.count
    let edges = model.edges
    let starts = (0..<edges).map { model.index(of: .start, of: $0) }
    let thresholds = (0..<edges).map { model.index(of: .threshold, of: $0) }
    var before = parameters
    for (edge, start) in starts.enumerated() { before[start] = begin.estimates[edge] }
    let own = (0..<edges).map { slopes(begin.account, $0) }
    let rests = (0..<edges).map { rest(begin.account, $0) }
    let prior = prior(starts, own, rests)

    var excitation = Excitation(repeats: repeats)
    excitation.events = events.map { event in
      switch event {
      case .pulse(let end, let width, let drives):
        .pulse(end: end, width: width, drives: drives)
      case .reading(let time, let pattern, let volts):
        .reading(at: time, levels: levels[pattern], volts: volts)
      }
    }
    let noise = model.noise(repeats: repeats)
    var at = before
    var gain = Matrix(rows: 0, columns: 0)
    var rows = Matrix(rows: 0, columns: 0)
    var square = 0.0
    for _ in 0..<Self.mostTurns {
      var residuals: [Double] = []
      var entries: [Double] = []
      do {
        try model.compare(at, with: excitation) { residual, derivatives in
          residuals.append(residual)
          entries += derivatives
        }
      } catch { return nil }
      rows = Matrix(rows: residuals.count, columns: count)
      rows.entries = entries
      let joint = prior * rows.transposed
      var spread = rows * joint
      for index in residuals.indices { spread[index, index] += noise * noise }
      guard let inverse = spread.inverse else { return nil }
      let innovation = zip(residuals, rows * zip(at, before).map { $0 - $1 }).map { $0 + $1 }
      square = zip(innovation, inverse * innovation).reduce(0) { $0 + $1.0 * $1.1 }
      gain = joint * inverse
      let next = zip(before, gain * innovation).map { $0 + $1 }
      let change = starts.reduce(0) { max($0, (next[$1] - at[$1]).magnitude) }
      at = next
      if change < Self.converged { break }
    }
    // Judged where the circuit is linearised at the solution: far from it readings seem to fit nothing.
    guard at.allSatisfy(\.isFinite), square <= Self.most(rows.rows) else {
      return nil
    }

    // The threshold stays the calibration's: gates are told by the overdrive, which is what readings show.
    // What is wrong of it afterwards is a share of what was wrong of parts and gates before, and noise.
    var gates = estimates
    // Pulses are as long as they are believed to be but for one operation's time.
    let move =
      model.description.timing.operation * supply
      / (model.description.gates.ohms * model.description.gates.farads)
    let widths = Double(excitation.pulses) * move * move
    if account.observed.isEmpty {
      account.observed = Array(repeating: Array(repeating: 0, count: count), count: edges)
    }
    for edge in 0..<edges where model.shown[edge] {
      let last = model.last(of: edge, at, excitation)
      let overdrive = last.gate - at[thresholds[edge]]
      gates[edge] = min(max(parameters[thresholds[edge]] + overdrive, 0), supply)
      let reach = (0..<rows.rows).map { row in
        last.slopes.reduce(-gain[thresholds[edge], row]) { $0 + $1.slope * gain[$1.index, row] }
      }
      var shares = [Double](repeating: 0, count: count)
      for (row, weight) in reach.enumerated() {
        for column in 0..<count { shares[column] -= weight * rows[row, column] }
      }
      for (index, slope) in last.slopes { shares[index] += slope }
      // That of the threshold is one less, and the gate is the threshold more.
      var variance = reach.reduce(0) { $0 + $1 * $1 } * noise * noise + widths
      var slopes = shares
      for (other, start) in starts.enumerated() {
        let share = shares[start]
        slopes[start] = 0
        variance += share * share * rests[other]
        for column in 0..<count { slopes[column] += share * own[other][column] }
      }
      account.observed[edge] = slopes
      account.shares[edge] = 1
      account.slopes[edge] = account.slopes[edge].map { _ in 0 }
      account.variances[edge] = variance
    }
    return gates
  }

  /// The covariance of parts and gates before an observation.
  private func prior(_ starts: [Int], _ slopes: [[Double]], _ rests: [Double]) -> Matrix {
    var prior = covariance
    let rows = slopes.map { covariance * $0 }
    for (edge, start) in starts.enumerated() {
      for other in parameters.indices {
        prior[start, other] = rows[edge][other]
        prior[other, start] = rows[edge][other]
      }
    }
    for (edge, start) in starts.enumerated() {
      for (other, second) in starts.enumerated() {
        prior[start, second] = zip(rows[edge], slopes[other]).reduce(0) { $0 + $1.0 * $1.1 }
      }
      prior[start, start] += rests[edge]
    }
    return prior
  }
}

extension PartsModel {
  /// What an estimate's error hangs on, as sums of parameters.
  ///
  /// - Parameters:
  ///   - edge: the edge.
  ///   - parameters: the parameters.
  /// - Returns: for each cause its parameters, and how often each counts.
  func causes(of edge: Int, _ parameters: [Double]) -> [[(index: Int, factor: Double)]] {
    func at(_ part: EdgePart, _ factor: Double = 1) -> (index: Int, factor: Double) {
      (index(of: part, of: edge), factor)
    }
    let farads =
      description.gates.farads
      * Elementary.exp(parameters[index(of: .capacitance, of: edge)])
    return GateAccount.Cause.allCases.map { cause in
      switch cause {
      case .chargeRC: [at(.capacitance), at(.chargeResistance)]
      case .dischargeRC: [at(.capacitance), at(.dischargeResistance)]
      case .chargeEnd: [(supply, 1), at(.chargeDrop, -1)]
      case .dischargeEnd: [at(.dischargeDrop)]
      case .leak: [at(.leakage, 1 / farads)]
      }
    }
  }

  /// A covariance of another model's parameters as one of this model's: of edges, supply and channels that
  /// both have; the others are as they are beforehand.
  ///
  /// - Parameters:
  ///   - known: the covariance.
  ///   - other: its model, of the same board with its channels elsewhere.
  /// - Returns: the covariance.
  func covariance(_ known: Matrix, of other: PartsModel) -> Matrix {
    var places = [Int?](repeating: nil, count: means.count)
    for index in 0...supply { places[index] = index }
    for channel in sources.indices where channel < other.sources.count {
      for level in SourceLevel.allCases {
        places[index(ofSource: channel, level)] = other.index(ofSource: channel, level)
      }
    }
    for channel in targets.indices where channel < other.targets.count {
      for part in 0..<2 + knots {
        places[index(ofTarget: channel) + part] = other.index(ofTarget: channel) + part
      }
    }
    var covariance = Matrix(rows: means.count, columns: means.count)
    for row in means.indices {
      guard let from = places[row] else {
        covariance[row, row] = spreads[row] * spreads[row]
        continue
      }
      for column in means.indices {
        if let to = places[column] { covariance[row, column] = known[from, to] }
      }
    }
    return covariance
  }
}
