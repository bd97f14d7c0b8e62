package import Files
import Portable
import Reports

/// Cycles over tau as a table, CSV files and a gnuplot script, with theory and measurement beside
/// them where there are any.
package struct CycleCurves: Sendable {
  /// The results, by tau.
  package var results: [CycleResult]
  /// What the linear theory says, by the same tau; empty without.
  package var theory: [TheoryResult]
  /// What was measured; `nil` without.
  package var measured: RigDescription?
  /// The learning edges whose gates span the plotted plane, as indices among those.
  package var plane: [Int]
  /// The names of the learning edges.
  package var edges: [String]
  /// The plot's title.
  package var title: String

  /// Makes curves; without a plane the two gates that move most are plotted.
  package init(
    results: [CycleResult], theory: [TheoryResult] = [], measured: RigDescription? = nil,
    plane: [Int]? = nil, edges: [String], title: String
  ) {
    self.results = results
    self.theory = theory
    self.measured = measured
    self.edges = edges
    self.title = title
    func reach(_ edge: Int) -> Double {
      results.map { result in
        let values = result.path.map { $0[edge] }
        return (values.max() ?? 0) - (values.min() ?? 0)
      }.reduce(0, +)
    }
    let order = edges.indices.sorted { reach($0) > reach($1) }
    self.plane = plane ?? (order.count > 1 ? [order[0], order[1]] : [0, 0])
  }

  /// How far the results are from a rig's measured curves, up to the tau that they are judged to.
  package struct Deviation: Sendable, Equatable, Codable {
    /// Up to which tau, s; `nil` for all.
    package var until: Double?
    /// The root mean square of log10(ours/measured) of E, decades; `nil` without that curve.
    package var error: Double?
    /// That of D^2.
    package var spanSquared: Double?
    /// How many taus were compared.
    package var taus: Int
  }

  /// How far the results are from the measured curves; `nil` where nothing was measured.
  package var deviation: Deviation? {
    guard let measured else { return nil }
    let judged = results.filter { $0.tau <= (measured.judgedUntil ?? .infinity) * 1.000001 }
    func decades(
      _ ours: (CycleResult) -> Double, _ theirs: (Double) -> Double?
    ) -> (value: Double?, count: Int) {
      let logarithms = judged.compactMap { result in
        theirs(result.tau).map {
          Elementary.log(max(ours(result), 1e-30) / $0) / Elementary.log(10)
        }
      }
      let square = logarithms.reduce(0) { $0 + $1 * $1 }
      let count = logarithms.count
      return (count == 0 ? nil : (square / Double(count)).squareRoot(), count)
    }
    let error = decades({ $0.error }, measured.error)
    let span = decades({ $0.span * $0.span }, measured.spanSquared)
    let taus = max(error.count, span.count)
    return taus == 0
      ? nil
      : Deviation(
        until: measured.judgedUntil, error: error.value, spanSquared: span.value, taus: taus)
  }

  /// The results as CSV, a line a tau; empty fields where there is no theory or measurement.
  package var csv: String {
    var csv = CSV([
      "tau_s", "error_V2", "error_first_after_first_V2", "error_second_after_first_V2",
      "error_first_after_second_V2", "error_second_after_second_V2", "accuracy", "span_V",
      "drift_V_per_s", "railed", "cycles", "steps_per_cycle", "learned_per_cycle_s", "state",
      "theory_error_V2", "theory_span_V", "theory_drift_V_per_s", "theory_true_error_ratio",
      "measured_error_V2", "measured_span_V",
    ])
    for (index, result) in results.enumerated() {
      let predicted = index < theory.count ? theory[index] : nil
      csv.add(
        ([result.tau, result.error] + result.errors.joined()).map(CSV.Field.number) + [
          .number(result.accuracy), .number(result.span), .number(result.drift),
          .count(result.railed), .count(result.cycles), .count(result.stepsPerCycle),
          .number(result.learnedPerCycle), .text(result.steadiness.rawValue),
          .number(predicted?.error), .number(predicted?.span), .number(predicted?.drift),
          .number(predicted?.trueErrorRatio), .number(measured?.error(at: result.tau)),
          .number(measured?.spanSquared(at: result.tau)?.squareRoot()),
        ])
    }
    return csv.text
  }

  /// The gates along each cycle as CSV: tau, then every learning edge's gate in V; blocks are apart
  /// by two blank lines.
  package var paths: String {
    results.map { result in
      var csv = CSV(["tau_s"] + edges)
      for gates in result.path { csv.add(([result.tau] + gates).map(CSV.Field.number)) }
      csv.addGap()
      return csv.text
    }.joined()
  }

  /// Measured curves as CSV files, by name; none without a measurement.
  package var measuredFiles: [(name: String, text: String)] {
    CycleCurves.measuredFiles(of: measured)
  }

  /// A rig's measured curves as CSV files, by name; none without a rig.
  package static func measuredFiles(
    of rig: RigDescription?
  ) -> [(name: String, text: String)] {
    guard let measured = rig else { return [] }
    func rows(_ values: [SIMD2<Double>], _ columns: [String]) -> String {
      CSV(columns, rows: values.map { [.number($0.x), .number($0.y)] }).text
    }
    var files: [(name: String, text: String)] = []
    if !measured.measuredError.isEmpty {
      files.append(("measured-error.csv", rows(measured.measuredError, ["tau_s", "error_V2"])))
    }
    if !measured.measuredSpanSquared.isEmpty {
      files.append(
        (
          "measured-span-squared.csv",
          rows(measured.measuredSpanSquared, ["tau_s", "span_squared_V2"])
        ))
    }
    for cycle in measured.measuredCycles {
      files.append(("measured-cycle-\(cycle.tau)s.csv", rows(cycle.points, ["x_V", "y_V"])))
    }
    return files
  }

  /// A gnuplot script that reads these files and writes `cycle.png`, all in its own folder.
  package var gnuplot: String {
    let files = measuredFiles.map(\.name)
    func panel(
      _ label: String, zeroAt zero: Double, _ ours: String, theory column: Int,
      measured file: String, _ columns: String
    ) -> GnuplotScript.Panel {
      var series = [
        GnuplotScript.Series(
          "cycle.csv", ours, with: "linespoints pt 7 ps 0.7 lw 2 lc '#0072b2'", title: "double")
      ]
      if !theory.isEmpty {
        series.append(
          .init(
            "cycle.csv", "1:\(column)", with: "lines dt 2 lw 2 lc 'gray40'",
            title: "linear theory"))
      }
      if files.contains(file) {
        series.append(
          .init(file, columns, with: "points pt 6 ps 1.2 lc 'black'", title: "measured"))
      }
      return .init(
        x: .logarithmic("tau (s)"), y: .logarithmic(label, zeroAt: zero), key: "top left",
        series: series)
    }
    return GnuplotScript(
      "cycle", title: title, width: 1350, height: 450, columns: 3,
      panels: [
        panel(
          "error E (V^2)", zeroAt: 1e-12, "1:2", theory: 15, measured: "measured-error.csv", "1:2"),
        panel(
          "distance D between the cycle ends (V)", zeroAt: 1e-9, "1:8", theory: 16,
          measured: "measured-span-squared.csv", "1:(sqrt($2))"),
        paths(shown: shown),
      ]
    ).text
  }

  /// The cycles to draw: few enough to tell apart, those that were measured if there are any.
  private var shown: ArraySlice<Int> {
    let taus = measured?.measuredCycles.map(\.tau) ?? []
    let compared = results.indices.filter { index in
      taus.contains { abs($0 / results[index].tau - 1) < 0.01 }
    }
    if !compared.isEmpty { return compared.prefix(5) }
    let every = max(1, (results.count + 4) / 5)
    return results.indices.filter { $0 % every == 0 }.prefix(5)
  }

  /// Some cycles in the plane of two gates, with those that were measured at the same tau.
  private func paths(shown: ArraySlice<Int>) -> GnuplotScript.Panel {
    let colours = ["'#0072b2'", "'#d55e00'", "'#009e73'", "'#cc79a7'", "'#e69f00'"]
    var series = zip(shown, colours).map { index, colour in
      GnuplotScript.Series(
        "paths.csv", "\(plane[0] + 2):\(plane[1] + 2)", block: index,
        with: "lines lw 2 lc \(colour)", title: "tau \(results[index].tau) s")
    }
    for (index, colour) in zip(shown, colours) {
      for cycle in measured?.measuredCycles ?? []
      where abs(cycle.tau / results[index].tau - 1) < 0.01 {
        series.append(
          .init(
            "measured-cycle-\(cycle.tau)s.csv", "1:2", with: "points pt 6 ps 0.7 lc \(colour)"))
      }
    }
    let gates = plane.map { edges.indices.contains($0) ? edges[$0] : "" }
    return .init(
      x: .verbatim("gate of \(gates[0]) (V)"), y: .verbatim("gate of \(gates[1]) (V)"),
      key: "bottom right", series: series)
  }
}

extension RigDescription {
  /// The measured error at a tau, V^2, between its neighbours by powers; `nil` outside.
  package func error(at tau: Double) -> Double? { RigDescription.value(measuredError, at: tau) }

  /// The measured squared span at a tau, V^2, likewise.
  package func spanSquared(at tau: Double) -> Double? {
    RigDescription.value(measuredSpanSquared, at: tau)
  }

  private static func value(_ curve: [SIMD2<Double>], at tau: Double) -> Double? {
    if let exact = curve.first(where: { abs($0.x / tau - 1) < 1e-6 }) { return exact.y }
    for (one, other) in zip(curve, curve.dropFirst()) where one.x < tau && tau < other.x {
      let part = Elementary.log(tau / one.x) / Elementary.log(other.x / one.x)
      return one.y * Elementary.exp(part * Elementary.log(other.y / one.y))
    }
    return nil
  }
}
