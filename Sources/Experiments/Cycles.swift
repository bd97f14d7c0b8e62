import BoardDouble
import Files
import Foundation
import Reports
import Runs
import Studies

/// Cycles of two tasks over a list of taus, for several seeds each: the results by tau.
struct Cycles: Sendable {
  /// The results over the seeds, for each tau.
  let results: [[CycleResult]]

  /// Runs them all.
  ///
  /// - Parameters:
  ///   - board: the board.
  ///   - tasks: the two tasks.
  ///   - rule: the rule; from 4 s on with longer pulses, since a slow cycle has steps to spare.
  ///   - taus: the learning times of a cycle, s.
  ///   - seeds: how many seeds, from 1 on.
  ///   - longest: the most learning time for a tau, s.
  ///   - bench: what they run with.
  /// - Throws: `Stopped`, or what keeps a board from cycling.
  init(
    on board: BoardDescription, _ tasks: [TaskDescription], rule: RuleSettings, taus: [Double],
    seeds: Int, longest: @escaping @Sendable (Double) -> Double, bench: Bench
  ) throws {
    var pieces: [(tau: Double, seed: Int)] = []
    for tau in taus { for seed in bench.seeds(1...seeds) { pieces.append((tau, seed)) } }
    let found = try bench.map(pieces) { piece in
      var rule = rule
      if piece.tau >= 4 { rule.pulse *= 5 }
      let plan = CyclePlan(rule: rule, seed: UInt64(piece.seed), longest: longest(piece.tau))
      var cycling = try Cycling<DirectBoard>(description: board, tasks: tasks, plan: plan)
      guard
        let result = try cycling.run(
          tau: piece.tau, exactly: piece.tau >= 4 ? 2 : nil, stopping: { bench.isStopping })
      else {
        throw Stopped()
      }
      return result
    }
    results = taus.indices.map { Array(found[$0 * seeds..<($0 + 1) * seeds]) }
  }

  /// The columns of `rows`: medians, geometric means and spreads (in decades) are over seeds.
  static let columns = [
    "tau_s", "median_error_V2", "error_V2", "error_decades", "span_V", "span_decades", "accuracy",
  ]

  /// A row for each tau.
  var rows: [[CSV.Field]] {
    results.map { group in
      let errors = group.map(\.error)
      let spans = group.map(\.span)
      let accuracy = group.compactMap(\.accuracy)
      return [
        .number(group[0].tau), .number(errors.median), .number(errors.geometricMean),
        .number(errors.map { log10($0) }.deviation), .number(spans.geometricMean),
        .number(spans.map { log10($0) }.deviation),
        .number(accuracy.isEmpty ? nil : accuracy.mean),
      ]
    }
  }
}

extension BoardDescription {
  /// The lattice of multiplier edges, ideal but for a factor times the measured bias.
  static func biasedLattice(by factor: Double) throws(DescriptionError) -> BoardDescription {
    var board = try shipped("lattice-multiplier")
    let measured = board.imperfections
    board.imperfections = .none
    board.imperfections.updateBias = measured.updateBias * factor
    board.imperfections.updateBiasMedian = measured.updateBiasMedian * factor
    return board
  }
}
