public import Files
import Portable

/// What was found of one board by `tellegen calibrate`, with intervals and the day: kept in a file, bound
/// to the board's file and to the board's id, and told to the controllers.
public struct BoardCalibration: Sendable, Equatable, Codable {
  /// A value with the interval that covers the truth in 95 of 100 cases.
  public struct Estimate: Sendable, Equatable, Codable {
    /// The most probable value.
    public var value: Double
    /// The lower end of the interval.
    public var low: Double
    /// The upper end of the interval.
    public var high: Double
    /// Whether the readings say more than what the parts' tolerances did: the interval is at most half as
    /// wide as theirs.
    public var isFound: Bool

    /// Makes an estimate.
    public init(value: Double, low: Double, high: Double, isFound: Bool) {
      self.value = value
      self.low = low
      self.high = high
      self.isFound = isFound
    }
  }

  /// What was found of an edge.
  public struct Edge: Sendable, Equatable, Codable {
    /// The edge's name.
    public var name: String
    /// RC of the charging path, s.
    public var chargeRC: Estimate
    /// RC of the discharging path, s.
    public var dischargeRC: Estimate
    /// The gate's capacitance, F.
    public var capacitance: Estimate
    /// What the charging diode drops more than the nominal one, V.
    public var chargeDrop: Estimate
    /// What the discharging diode drops more than the nominal one, V.
    public var dischargeDrop: Estimate
    /// How fast a gate that nobody drives falls, V/s.
    public var leak: Estimate
    /// The transistor's threshold in the free twin, V.
    public var threshold: Estimate
    /// Its strength there, A/V^2.
    public var strength: Estimate
    /// The supply less threshold and charging drop's excess, V: what the gate's overdrive tends to while
    /// charged is this less the nominal drop. Better known than its parts.
    public var reach: Estimate

    /// Makes an edge.
    public init(
      name: String, chargeRC: Estimate, dischargeRC: Estimate, capacitance: Estimate,
      chargeDrop: Estimate, dischargeDrop: Estimate, leak: Estimate, threshold: Estimate,
      strength: Estimate, reach: Estimate
    ) {
      self.name = name
      self.chargeRC = chargeRC
      self.dischargeRC = dischargeRC
      self.capacitance = capacitance
      self.chargeDrop = chargeDrop
      self.dischargeDrop = dischargeDrop
      self.leak = leak
      self.threshold = threshold
      self.strength = strength
      self.reach = reach
    }
  }

  /// What was found of a source's converter: what it puts out, V, where it is to put out the lowest and the
  /// highest voltage of nodes.
  public struct Source: Sendable, Equatable, Codable {
    /// At the lowest voltage.
    public var low: Estimate
    /// At the highest.
    public var high: Estimate

    /// Makes a source.
    public init(low: Estimate, high: Estimate) {
      self.low = low
      self.high = high
    }
  }

  /// What was found of a target's converter.
  public struct Target: Sendable, Equatable, Codable {
    /// The offset, V.
    public var offset: Estimate
    /// The relative error of its gain.
    public var gain: Estimate
    /// What it reads too much beside, V, at one sixteenth of its range, two, and on as far as nodes reach.
    public var curve: [Double]

    /// Makes a target.
    public init(offset: Estimate, gain: Estimate, curve: [Double]) {
      self.offset = offset
      self.gain = gain
      self.curve = curve
    }
  }

  /// The file's format.
  public static let format = 2
  /// How many days a calibration is good for, unless said otherwise: electrolytes, thresholds and
  /// temperatures of a lab move within a season.
  public static let usualDays = 90.0

  /// The file's format.
  public var format: Int
  /// The board's name.
  public var board: String
  /// The fingerprint of what the board's file says, its faults aside.
  public var fingerprint: String
  /// Which of the boards of this file it is, in the words of whoever built it.
  public var id: String
  /// When it was found, s since 1970.
  public var date: Double
  /// What was calibrated: `double`, `pins` or `gpio`.
  public var target: String
  /// The board's time that it took, s.
  public var seconds: Double
  /// The mean square of what the readings miss, in units of their noise: near 1 where the model holds.
  public var misfit: Double
  /// The drive supply, V.
  public var supply: Estimate
  /// How many pulses were given.
  public var pulses: Int
  /// The learning edges.
  public var edges: [Edge]
  /// The source channels.
  public var sources: [Source]
  /// The target channels.
  public var targets: [Target]

  /// Makes a calibration.
  public init(
    board: BoardDescription, id: String, date: Double, target: String, seconds: Double,
    pulses: Int, misfit: Double, supply: Estimate, edges: [Edge], sources: [Source],
    targets: [Target]
  ) {
    format = Self.format
    self.board = board.name
    fingerprint = Self.fingerprint(of: board)
    self.id = id
    self.date = date
    self.target = target
    self.seconds = seconds
    self.misfit = misfit
    self.supply = supply
    self.pulses = pulses
    self.edges = edges
    self.sources = sources
    self.targets = targets
  }

  /// The fingerprint of what a board's file says, its faults aside, which come and go, and the GPIO chip, which is
  /// the computer's.
  public static func fingerprint(of board: BoardDescription) -> String {
    var board = board
    board.faults = []
    board.wiring?.chip = ""
    return Portable.fingerprint(of: board.yaml())
  }

  /// Why this is no calibration of a board.
  ///
  /// - Parameters:
  ///   - board: the board, by its file.
  ///   - id: which of the boards of this file it must be; `nil` for any.
  ///   - now: the time, s since 1970.
  ///   - days: how old it may be.
  /// - Returns: why not, in words; `nil` where it is one.
  public func refusal(
    for board: BoardDescription, id: String? = nil, at now: Double, days: Double = usualDays
  ) -> String? {
    if format != Self.format {
      return "it is of format \(format), this program reads \(Self.format): calibrate again"
    }
    if fingerprint != Self.fingerprint(of: board) {
      return "it is of another board, or the board's file was changed since: calibrate again"
    }
    if let id, id != self.id { return "it is of board id '\(self.id)', not '\(id)'" }
    if !isPossible(on: board) || !date.isFinite {
      return "it holds values that no board has: calibrate again"
    }
    let age = (now - date) / 86_400
    if age > days {
      return "it is \(Int(age)) days old, allowed are \(Int(days)): calibrate again, or give "
        + "--calibration-days"
    }
    if age < -1 {
      return "it is dated in the future: set this computer's clock, or calibrate again"
    }
    return nil
  }

  /// What lies elsewhere by another calibration of the same board, in words: what is further away than both
  /// intervals explain but once in 200 boards, however many values there are.
  ///
  /// - Parameter other: the other, newer one.
  /// - Returns: what lies elsewhere.
  public func contradictions(by other: BoardCalibration) -> [String] {
    var words: [String] = []
    func compare(_ name: String, _ unit: String, _ scale: Double, _ path: KeyPath<Edge, Estimate>) {
      for (one, two) in zip(edges, other.edges) {
        let (before, now) = (one[keyPath: path], two[keyPath: path])
        guard before.isFound, now.isFound else { continue }
        let half =
          ((before.high - before.low) * (before.high - before.low)
          + (now.high - now.low) * (now.high - now.low)).squareRoot() / 2
        // 4.4 standard deviations in 100 values: 1.96 of them are half an interval.
        if (now.value - before.value).magnitude > 4.4 / 1.96 * half {
          func text(_ value: Double) -> String { "\((value * scale * 100).rounded() / 100)" }
          words.append(
            "\(one.name): \(name) was \(text(before.value)), is \(text(now.value)) \(unit)")
        }
      }
    }
    compare("RC of the charging path", "ms", 1e3, \.chargeRC)
    compare("RC of the discharging path", "ms", 1e3, \.dischargeRC)
    compare("threshold", "mV", 1e3, \.threshold)
    return words
  }

  /// Whether its values are such as a board's controllers can be told: as many edges, and nothing that no
  /// part has.
  ///
  /// - Parameter board: the board.
  /// - Returns: whether they are.
  public func isPossible(on board: BoardDescription) -> Bool {
    edges.count == board.learningEdges.count && (0.5...30).contains(supply.value)
      && edges.allSatisfy(\.isPossible) && (1...1_000_000).contains(pulses)
      && (0...1e6).contains(misfit)
      && (sources.flatMap { [$0.low.value, $0.high.value] }
        + targets.flatMap { [$0.offset.value, $0.gain.value] + $0.curve })
        .allSatisfy { (-10...10).contains($0) }
  }
}

extension BoardCalibration.Edge {
  /// Whether the controllers could be told it.
  fileprivate var isPossible: Bool {
    (1e-6...4).contains(chargeRC.value) && (1e-6...4).contains(dischargeRC.value)
      && (1e-12...1).contains(capacitance.value) && (-1...1).contains(chargeDrop.value)
      && (-1...1).contains(dischargeDrop.value) && (-10...10).contains(leak.value)
      && (-10...10).contains(threshold.value) && (1e-12...1e3).contains(strength.value)
  }
}

extension Calibration {
  /// What was found of a board, for its controllers.
  ///
  /// - Parameters:
  ///   - found: what was found.
  ///   - description: the board.
  public init(_ found: BoardCalibration, of description: BoardDescription) {
    let gates = description.gates
    func path(_ constant: Double, _ farads: Double, _ drop: Double) -> ChargePath {
      ChargePath(
        ohms: constant / farads, farads: farads, saturation: gates.diodeSaturation,
        ideality: gates.diodeIdeality, dropShift: drop)
    }
    self.init(
      supply: found.supply.value,
      charge: found.edges.map {
        path($0.chargeRC.value, $0.capacitance.value, $0.chargeDrop.value)
      },
      discharge: found.edges.map {
        path($0.dischargeRC.value, $0.capacitance.value, $0.dischargeDrop.value)
      },
      leakage: found.edges.map { max($0.leak.value, 0) * $0.capacitance.value })
    takeTaps(of: gates)
  }
}
