import Files
import Firmware
import Runs
package import Targets

/// At which voltages comparators turn, looked for where nodes stand so close together that averages and the
/// twins' mismatch do nothing: all sources midway. One source or one clamp goes up and down past the turns.
///
/// A sees (dV_F - dV_C) / 2 and B (dV_F + dV_C) / 2. With clamps released both twins stand alike: B turns where a
/// source, whose voltage is known, is as far from the target, which is read, as B's offset. B's turn by a clamp then
/// tells what that puts out, and A's turn by the same clamp A's offset.
package struct ComparatorSweeps: Sendable {
  /// Where a comparator turned on the way up and on the way down, V above the middle.
  package struct Turn: Sendable, Equatable {
    var up: Double
    var down: Double
    /// How far apart two settings are, V.
    var step: Double

    var middle: Double { (up + down) / 2 }
    /// The standard deviation of the middle, V: a turn lies anywhere between two settings.
    var deviation: Double { step / 24.0.squareRoot() }
  }

  /// Where B of an edge between a source and a target turned by the source.
  struct BySource: Sendable {
    var edge: Int
    var source: Int
    var target: Int
    var turn: Turn
    /// What the target read with the source in the middle of the turn, V.
    var read: Double
    /// How far dV goes for a volt of the source.
    var share: Double
  }

  /// Where comparators of an edge at a target turned by its clamp.
  struct ByClamp: Sendable {
    var edge: Int
    var target: Int
    var a: Turn
    var b: Turn
  }

  var bySource: [BySource] = []
  var byClamp: [ByClamp] = []
  /// What targets read with all sources at the middle, V.
  var rest: [Double] = []
  /// When half of it was done, s.
  package var time = 0.0
  /// The board's time that it took, s.
  package var seconds = 0.0

  /// How often a target is read for `rest` and at a turn.
  static let repeats = 32
  /// How far from zero an edge's voltage is taken, V: the largest offset of an MCP654x, half its hysteresis, and
  /// what sources and targets may be wrong by.
  private static let reach = 0.014
  /// How far from the middle a source goes at most, V.
  private static let farthest = 0.1
  /// How many settings there are on either side of the middle by a source.
  private static let settings = 60.0
  /// How far from the middle a clamp goes: four standard deviations of its offset, and twice `reach` by a clamp
  /// that is no stiffer than the network's edges make it.
  static let clampReach = 0.075
  /// How many codes of a clamp lie between two settings.
  private static let clampCodes = 2.0

  /// Looks where comparators turn. Clamps are released afterwards, sources at the middle.
  ///
  /// - Parameters:
  ///   - target: the board.
  ///   - subject: what is known of it.
  ///   - stopping: asked before every sweep.
  /// - Throws: `Stopped`, or what the board throws.
  package init<Target: OpenTarget>(
    of target: inout Target, _ subject: Subject, stopping: () -> Bool = { false }
  ) throws {
    let description = subject.description
    let edges = description.learningEdges
    let middle = SourceLevel.middle.volts(on: description)
    let converters = description.converters
    let code = converters.reference / Double(UInt64(1) << UInt64(converters.bits))
    let begin = try target.session.board.now().seconds

    func stand(_ source: Int?, _ volts: Double, _ target: inout Target) throws {
      // The others go the other way, so that nodes between stay where they are and the edge sees more.
      try target.drive(
        subject.sources.indices.map { $0 == source ? middle + volts : middle - volts })
    }
    func turns(
      from reach: Double, by step: Double, _ target: inout Target,
      set: (Double, inout Target) throws -> Void
    ) throws -> [Turn?] {
      let count = Int((reach / step).rounded(.up))
      var places = [[Double]](repeating: [], count: 2)
      var isSingle = [Bool](repeating: true, count: 2 * edges.count)
      for way in 0..<2 {
        if stopping() { throw Stopped() }
        var found = [Double](repeating: .nan, count: 2 * edges.count)
        var last: [Comparison] = []
        for number in -count...count {
          let sign = way == 0 ? 1.0 : -1.0
          try set(sign * Double(number) * step, &target)
          let next = try target.compare()
          for comparator in found.indices where !last.isEmpty {
            let bit = UInt8(1 << (comparator & 1))
            if next[comparator / 2].bits & bit == last[comparator / 2].bits & bit { continue }
            if !found[comparator].isNaN { isSingle[comparator] = false }
            found[comparator] = sign * (Double(number) - 0.5) * step
          }
          last = next
        }
        places[way] = found
      }
      return isSingle.indices.map { comparator in
        let (up, down) = (places[0][comparator], places[1][comparator])
        return isSingle[comparator] && up.isFinite && down.isFinite
          ? Turn(up: up, down: down, step: step) : nil
      }
    }

    try target.releaseAll(subject)
    try stand(nil, 0, &target)
    rest = try subject.targets.indices.map { try target.measure($0, times: Self.repeats) }
    for (source, node) in subject.sources.enumerated() {
      let own = edges.indices.compactMap { edge -> (edge: Int, target: Int)? in
        let ends = [edges[edge].from, edges[edge].to]
        guard let place = ends.firstIndex(of: node),
          let other = subject.targets.firstIndex(of: ends[1 - place])
        else { return nil }
        return (edge, other)
      }
      if own.isEmpty { continue }
      // How far each edge's voltage goes with the source, by the target itself.
      let trial = 0.02
      try stand(source, trial, &target)
      let shares = try own.map {
        1 - (try target.measure($0.target, times: Self.repeats) - rest[$0.target]) / trial
      }
      let least = max(shares.min() ?? 1, Self.reach / Self.farthest)
      let reach = Self.reach / least
      let step = max((reach / Self.settings / code).rounded(), 1) * code
      let found = try turns(from: reach, by: step, &target) { try stand(source, $0, &$1) }
      for (one, share) in zip(own, shares) {
        guard let turn = found[2 * one.edge + 1] else { continue }
        // A source stands in codes: what was read is taken to where the turn is.
        let place = (turn.middle / code).rounded() * code
        try stand(source, place, &target)
        let read = try target.measure(one.target, times: Self.repeats)
        bySource.append(
          BySource(
            edge: one.edge, source: source, target: one.target, turn: turn,
            read: read + (1 - share) * (turn.middle - place), share: share))
      }
    }
    try stand(nil, 0, &target)
    time = (begin + (try target.session.board.now().seconds)) / 2
    for (channel, node) in subject.targets.enumerated() {
      let own = edges.indices.filter { edges[$0].from == node || edges[$0].to == node }
      if own.isEmpty { continue }
      let found = try turns(from: Self.clampReach, by: Self.clampCodes * code, &target) {
        try $1.session.board.clamp(target: channel, at: Voltage(volts: middle + $0))
        try $1.session.board.settle()
      }
      try target.releaseAll(subject)
      for edge in own {
        guard let a = found[2 * edge], let b = found[2 * edge + 1] else { continue }
        byClamp.append(ByClamp(edge: edge, target: channel, a: a, b: b))
      }
    }
    try target.session.board.settle()
    seconds = (try target.session.board.now().seconds) - begin
  }
}
