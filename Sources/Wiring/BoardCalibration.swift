public import Files
import Foundation
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

    /// Makes an estimate with a 95 % interval about its value.
    ///
    /// - Parameters:
    ///   - value: the most probable value.
    ///   - deviation: its standard deviation.
    ///   - before: the standard deviation by the parts' tolerances alone.
    package init(value: Double, deviation: Double, before: Double) {
      self.init(
        value: value, low: value - 1.96 * deviation, high: value + 1.96 * deviation,
        isFound: deviation < 0.5 * before)
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
    /// The gate less the threshold after known pulses, V: from where the overdrive of an edge of the markings is
    /// that of the controllers' lowest gate, charged for as long as brings such an edge to the mean of their
    /// limits. Since format 5.
    public var overdrive: Estimate?
    /// The offset of comparator A, V, where nodes stand so close that averages add nothing: it says dV_F > dV_C
    /// where (dV_F - dV_C) / 2 is above minus this. Since format 5; `nil` where it was not found.
    public var comparatorA: Estimate?
    /// That of comparator B, for (dV_F + dV_C) / 2. Since format 5.
    public var comparatorB: Estimate?
    /// The full width of A's hysteresis, V. Since format 5.
    public var hysteresis: Estimate?

    /// Makes an edge.
    public init(
      name: String, chargeRC: Estimate, dischargeRC: Estimate, capacitance: Estimate,
      chargeDrop: Estimate, dischargeDrop: Estimate, leak: Estimate, threshold: Estimate,
      strength: Estimate, reach: Estimate, overdrive: Estimate? = nil,
      comparatorA: Estimate? = nil, comparatorB: Estimate? = nil, hysteresis: Estimate? = nil
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
      self.overdrive = overdrive
      self.comparatorA = comparatorA
      self.comparatorB = comparatorB
      self.hysteresis = hysteresis
    }
  }

  /// What was found of a source's converter: what it puts out, V, where it is to put out the lowest and the
  /// highest voltage of nodes, and their mean.
  public struct Source: Sendable, Equatable, Codable {
    /// At the lowest voltage.
    public var low: Estimate
    /// Midway.
    public var middle: Estimate
    /// At the highest.
    public var high: Estimate

    /// Makes a source.
    public init(low: Estimate, middle: Estimate, high: Estimate) {
      self.low = low
      self.middle = middle
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
    /// What its clamp puts out above what it is told, V, midway. Since format 5; `nil` where it was not found.
    public var clampOffset: Estimate?

    /// Makes a target.
    public init(
      offset: Estimate, gain: Estimate, curve: [Double], clampOffset: Estimate? = nil
    ) {
      self.clampOffset = clampOffset
      self.offset = offset
      self.gain = gain
      self.curve = curve
    }
  }

  /// The file's format.
  public static let format = 5
  /// The formats that are read: 4 has no comparators, no clamps and no overdrive.
  public static let readable = 4...5
  /// How many days a calibration is good for, unless said otherwise: electrolytes, thresholds and
  /// temperatures of a lab move within a season.
  public static let usualDays = 90.0

  /// The file's format.
  public var format: Int
  /// The board's name.
  public var board: String
  /// The fingerprint of the board's design by its file.
  public var fingerprint: String
  /// Which of the boards of this file it is, in the words of whoever built it.
  public var id: String
  /// When it was found, as the file has it.
  private var moment: Moment
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
    moment = Moment(seconds: date)
    self.target = target
    self.seconds = seconds
    self.misfit = misfit
    self.supply = supply
    self.pulses = pulses
    self.edges = edges
    self.sources = sources
    self.targets = targets
  }

  /// When it was found, s since 1970; whole seconds, as the file keeps it.
  public var date: Double {
    get { moment.seconds }
    set { moment = Moment(seconds: newValue) }
  }

  /// When it was found, for people: ISO 8601, UTC.
  public var day: String { moment.words }

  private enum CodingKeys: String, CodingKey {
    case moment = "date"
    case format, board, fingerprint, id, target, seconds, misfit, supply, pulses, edges, sources
    case targets
  }

  /// A moment that files have as ISO 8601, UTC; a number, which older ones have, is read too.
  private struct Moment: Sendable, Equatable, Codable {
    /// Whole seconds since 1970.
    var seconds: Double

    init(seconds: Double) { self.seconds = seconds.rounded(.down) }

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let seconds = try? container.decode(Double.self) {
        self.init(seconds: seconds)
        return
      }
      guard let date = try? Date(container.decode(String.self), strategy: .iso8601) else {
        throw DecodingError.typeMismatch(
          Date.self,
          DecodingError.Context(
            codingPath: decoder.codingPath, debugDescription: "it is no date of ISO 8601"))
      }
      self.init(seconds: date.timeIntervalSince1970)
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(words)
    }

    var words: String { Date(timeIntervalSince1970: seconds).formatted(.iso8601) }
  }

  /// The fingerprint of a board's design by its file. What happens to one board does not belong to it: faults
  /// and disturbances of a double, and the GPIO chip, which is the computer's.
  public static func fingerprint(of board: BoardDescription) -> String {
    var board = board.withoutFaults
    board.wiring?.chip = ""
    return Portable.fingerprint(of: board.yaml())
  }

  /// What a board's id may be, in words.
  public static let idAllowed = "1 ... 64 characters on one line"

  /// Whether a board may be called so.
  ///
  /// - Parameter id: what is written on it.
  /// - Returns: whether it is `idAllowed`.
  public static func isID(_ id: String) -> Bool {
    (1...64).contains(id.count) && !id.contains(where: \.isNewline)
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
    if !Self.readable.contains(format) {
      return "it is of format \(format), this program reads \(Self.readable.lowerBound) ... "
        + "\(Self.readable.upperBound): calibrate again"
    }
    if fingerprint != Self.fingerprint(of: board) {
      return "it is of another board, or the board's file was changed since: calibrate again"
    }
    if let id, id != self.id { return "it is of board id '\(self.id)', not '\(id)'" }
    if let words = impossibility(on: board) {
      return "it is damaged: \(words): calibrate again"
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

  /// The largest `misfit` of a board that is as its file says: good ones have up to 1.06 (docs/hil/calibration.md).
  public static let misfitAllowed = 1.5

  /// By how much readings miss, where no board of this kind misses so far, in words; else `nil`.
  public var misfitWords: String? {
    if misfit <= Self.misfitAllowed { return nil }
    func text(_ value: Double) -> String { "\((value.squareRoot() * 100).rounded() / 100)" }
    return
      "whatever its parts are, no board of this file reads so: the readings miss by \(text(misfit)) times "
      + "their noise, allowed is \(text(Self.misfitAllowed))"
  }

  /// What lies elsewhere by another calibration of the same board, in words: what is further away than both
  /// intervals explain but once in 200 boards, however many values there are; what was found and is not seen any
  /// more, though the other's pulses would have shown it; and readings that no board of this kind gives.
  ///
  /// - Parameters:
  ///   - other: the other, newer one.
  ///   - board: the board, which has the names of sources and targets.
  ///   - isPlacedAlike: whether channels are at the nodes where they were when this one was found. Elsewhere they
  ///     show other edges and comparators, so that what is not seen any more says nothing.
  /// - Returns: what lies elsewhere.
  public func contradictions(
    by other: BoardCalibration, on board: BoardDescription, isPlacedAlike: Bool = true
  ) -> [String] {
    var moved: [String] = []
    var lost: [(place: String, names: [String])] = []
    func compare(
      _ place: String, _ name: String, _ unit: String, _ scale: Double, _ before: Estimate?,
      _ now: Estimate?
    ) {
      guard let before else { return }
      if before.isFound, !isExpected(before, now, by: other) {
        if !isPlacedAlike { return }
        if lost.last?.place != place { lost.append((place, [])) }
        lost[lost.count - 1].names.append(name)
        return
      }
      guard let now else { return }
      let half =
        ((before.high - before.low) * (before.high - before.low)
        + (now.high - now.low) * (now.high - now.low)).squareRoot() / 2
      // 4.4 standard deviations in 100 values: 1.96 of them are half an interval.
      if (now.value - before.value).magnitude > 4.4 / 1.96 * half {
        func text(_ value: Double) -> String { "\((value * scale * 100).rounded() / 100)" }
        moved.append(
          "\(place): \(name) was \(text(before.value)), is \(text(now.value)) \(unit)")
      }
    }
    compare("supply", "voltage", "V", 1, supply, other.supply)
    for (one, two) in zip(edges, other.edges) {
      func compareEdge(
        _ name: String, _ unit: String, _ scale: Double, _ estimate: (Edge) -> Estimate?
      ) {
        compare(one.name, name, unit, scale, estimate(one), estimate(two))
      }
      compareEdge("RC of the charging path", "ms", 1e3) { $0.chargeRC }
      compareEdge("RC of the discharging path", "ms", 1e3) { $0.dischargeRC }
      compareEdge("threshold", "mV", 1e3) { $0.threshold }
      compareEdge("reach", "mV", 1e3) { $0.reach }
      compareEdge("offset of comparator A", "mV", 1e3) { $0.comparatorA }
      compareEdge("offset of comparator B", "mV", 1e3) { $0.comparatorB }
    }
    for (node, (one, two)) in zip(board.sources, zip(sources, other.sources)) {
      let place = "source \(board.nodes[node])"
      compare(place, "lowest voltage", "mV", 1e3, one.low, two.low)
      compare(place, "voltage midway", "mV", 1e3, one.middle, two.middle)
      compare(place, "highest voltage", "mV", 1e3, one.high, two.high)
    }
    for (node, (one, two)) in zip(board.targets, zip(targets, other.targets)) {
      compare(
        "target \(board.nodes[node])", "offset of the clamp", "mV", 1e3, one.clampOffset,
        two.clampOffset)
    }
    let unseen = lost.map {
      "\($0.place): \(enumerate($0.names)) \($0.names.count == 1 ? "was" : "were") found, and "
        + "\($0.names.count == 1 ? "is" : "are") not seen any more"
    }
    return [other.misfitWords].compactMap { $0 } + unseen + moved
  }

  /// Whether what was found is seen as well by another calibration as its pulses let expect: an interval narrows at
  /// best with the root of their number, and one of fewer pulses may see what is half as well known as before hardly
  /// or not. A comparator or a clamp is turned or not, whatever the pulses.
  ///
  /// - Parameters:
  ///   - before: what was found.
  ///   - now: the same by the other; `nil` where that has it not.
  ///   - other: the other.
  /// - Returns: whether it is.
  private func isExpected(
    _ before: Estimate, _ now: Estimate?, by other: BoardCalibration
  ) -> Bool {
    guard let now else { return false }
    if now.isFound { return true }
    let fewer = max(Double(pulses) / Double(max(other.pulses, 1)), 1).squareRoot()
    return now.high - now.low <= 2 * fewer * (before.high - before.low)
  }

  /// What a board's controllers cannot be told of it: a number of entries, a name or a value that no board of
  /// this kind has, or an interval that ends below its beginning.
  ///
  /// - Parameter board: the board.
  /// - Returns: the key, what it is and what is allowed, in words; `nil` where all can be told.
  public func impossibility(on board: BoardDescription) -> String? {
    let names = board.learningEdges.map(\.name)
    if edges.count != names.count {
      return
        "edges has \(edges.count) entries; allowed is one for each of the board's \(names.count)"
    }
    for (number, edge) in edges.enumerated() where edge.name != names[number] {
      return "edges[\(number)].name is '\(edge.name)'; allowed is '\(names[number])', the board's"
    }
    for (key, count, channels) in [
      ("sources", sources.count, board.sources.count),
      ("targets", targets.count, board.targets.count),
    ] where count != channels {
      return "\(key) has \(count) entries; allowed is one for each of the board's \(channels)"
    }
    func range(_ key: String, _ value: Double, _ range: ClosedRange<Double>) -> String? {
      range.contains(value)
        ? nil : "\(key) is \(value); allowed is \(range.lowerBound) ... \(range.upperBound)"
    }
    func estimate(_ key: String, _ one: Estimate?, _ allowed: ClosedRange<Double>) -> String? {
      guard let one else { return nil }
      if let words = range(key + ".value", one.value, allowed) { return words }
      if !(one.low <= one.high && one.low.isFinite && one.high.isFinite) {
        return "\(key).low is \(one.low), .high \(one.high); allowed is low <= high"
      }
      return nil
    }
    if !Self.isID(id) { return "id is \(quote(id)); allowed is \(Self.idAllowed)" }
    // Where a board's values end: what no converter adds, and no part of a gate has.
    let volts = -10.0...10
    var words = [
      range("misfit", misfit, 0...1e6), range("pulses", Double(pulses), 1...1_000_000),
      range("date", date, -1e12...1e12), range("seconds", seconds, 0...1e9),
      estimate("supply", supply, 0.5...30),
    ]
    // Places go by the board's names; only what has none goes by its number, from 0.
    for edge in edges {
      let key = "edges[\(edge.name)]"
      words += [
        estimate(key + ".chargeRC", edge.chargeRC, 1e-6...4),
        estimate(key + ".dischargeRC", edge.dischargeRC, 1e-6...4),
        estimate(key + ".capacitance", edge.capacitance, 1e-12...1),
        estimate(key + ".chargeDrop", edge.chargeDrop, -1...1),
        estimate(key + ".dischargeDrop", edge.dischargeDrop, -1...1),
        estimate(key + ".leak", edge.leak, volts),
        estimate(key + ".threshold", edge.threshold, volts),
        estimate(key + ".strength", edge.strength, 1e-12...1e3),
        estimate(key + ".reach", edge.reach, -30...30),
        estimate(key + ".overdrive", edge.overdrive, -30...30),
        estimate(key + ".comparatorA", edge.comparatorA, -1...1),
        estimate(key + ".comparatorB", edge.comparatorB, -1...1),
        estimate(key + ".hysteresis", edge.hysteresis, -1...1),
      ]
    }
    for (node, source) in zip(board.sources, sources) {
      let key = "sources[\(board.nodes[node])]"
      words += [
        estimate(key + ".low", source.low, volts), estimate(key + ".middle", source.middle, volts),
        estimate(key + ".high", source.high, volts),
      ]
    }
    for (node, target) in zip(board.targets, targets) {
      let key = "targets[\(board.nodes[node])]"
      words += [
        estimate(key + ".offset", target.offset, volts),
        estimate(key + ".gain", target.gain, volts),
        estimate(key + ".clampOffset", target.clampOffset, volts),
      ]
      if target.curve.isEmpty { words.append("\(key).curve is empty; allowed is 1 ... 16 values") }
      for (knot, value) in target.curve.enumerated() {
        words.append(range("\(key).curve[\(knot)]", value, volts))
      }
    }
    return words.compactMap { $0 }.first
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
