package import Files
import Portable

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

  /// The results as CSV, a line a tau; empty fields where there is no theory or measurement.
  package var csv: String {
    var text =
      "tau_s,error_V2,error_first_after_first_V2,error_second_after_first_V2,"
      + "error_first_after_second_V2,error_second_after_second_V2,accuracy,span_V,drift_V_per_s,"
      + "railed,cycles,steps_per_cycle,learned_per_cycle_s,state,theory_error_V2,theory_span_V,"
      + "theory_drift_V_per_s,theory_true_error_ratio,measured_error_V2,measured_span_V\n"
    for (index, result) in results.enumerated() {
      var fields: [String] = ["\(result.tau)", "\(result.error)"]
      fields += result.errors.joined().map { "\($0)" }
      fields += [result.accuracy.map { "\($0)" } ?? "", "\(result.span)", "\(result.drift)"]
      fields += ["\(result.railed)", "\(result.cycles)", "\(result.stepsPerCycle)"]
      fields += ["\(result.learnedPerCycle)", result.steadiness.rawValue]
      if index < theory.count {
        let said = theory[index]
        fields += ["\(said.error)", "\(said.span)", "\(said.drift)", "\(said.trueErrorRatio)"]
      } else {
        fields += ["", "", "", ""]
      }
      let error = measured?.error(at: result.tau)
      let span = measured?.spanSquared(at: result.tau)
      fields += [error.map { "\($0)" } ?? "", span.map { "\($0.squareRoot())" } ?? ""]
      text += fields.joined(separator: ",") + "\n"
    }
    return text
  }

  /// The gates along each cycle as CSV: tau, then every learning edge's gate in V; blocks are apart
  /// by two blank lines.
  package var paths: String {
    var text = ""
    for result in results {
      text += (["tau_s"] + edges).joined(separator: ",") + "\n"
      for gates in result.path {
        text += (["\(result.tau)"] + gates.map { "\($0)" }).joined(separator: ",") + "\n"
      }
      text += "\n\n"
    }
    return text
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
    func rows(_ values: [SIMD2<Double>], _ heading: String) -> String {
      heading + "\n" + values.map { "\($0.x),\($0.y)\n" }.joined()
    }
    var files: [(name: String, text: String)] = []
    if !measured.measuredError.isEmpty {
      files.append(("measured-error.csv", rows(measured.measuredError, "tau_s,error_V2")))
    }
    if !measured.measuredSpanSquared.isEmpty {
      files.append(
        ("measured-span-squared.csv", rows(measured.measuredSpanSquared, "tau_s,span_squared_V2")))
    }
    for cycle in measured.measuredCycles {
      files.append(("measured-cycle-\(cycle.tau)s.csv", rows(cycle.points, "x_V,y_V")))
    }
    return files
  }

  /// A gnuplot script that reads these files and writes `cycle.png`, all in its own folder.
  package var gnuplot: String {
    let plain = title.filter { $0 != "'" && $0 != "\\" }
    let files = measuredFiles.map(\.name)
    func also(_ name: String, _ columns: String) -> String {
      files.contains(name)
        ? ", '\(name)' using \(columns) with points pt 6 ps 1.2 lc 'black' title 'measured'" : ""
    }
    func said(_ column: Int) -> String {
      theory.isEmpty
        ? ""
        : ", 'cycle.csv' using 1:\(column) with lines dt 2 lw 2 lc 'gray40' title 'linear theory'"
    }
    let colours = ["'#0072b2'", "'#d55e00'", "'#009e73'", "'#cc79a7'", "'#e69f00'"]
    // Few enough cycles to tell apart; those that were measured first.
    let taus = measured?.measuredCycles.map(\.tau) ?? []
    var shown = results.indices.filter { index in
      taus.contains { abs($0 / results[index].tau - 1) < 0.01 }
    }
    if shown.isEmpty {
      let every = max(1, (results.count + 4) / 5)
      shown = results.indices.filter { $0 % every == 0 }
    }
    var cycles = shown.prefix(5).enumerated().map { place, index in
      "'paths.csv' using \(plane[0] + 2):\(plane[1] + 2) index \(index) with lines lw 2 lc "
        + "\(colours[place]) title 'tau \(results[index].tau) s'"
    }
    for (place, index) in shown.prefix(5).enumerated() {
      for cycle in measured?.measuredCycles ?? []
      where abs(cycle.tau / results[index].tau - 1) < 0.01 {
        cycles.append(
          "'measured-cycle-\(cycle.tau)s.csv' using 1:2 with points pt 6 ps 0.7 lc "
            + "\(colours[place]) title ''")
      }
    }
    let gates = plane.map { edges.indices.contains($0) ? edges[$0] : "" }
    return """
      set terminal pngcairo size 1350,450 font 'sans,11'
      set output 'cycle.png'
      set datafile separator ','
      set datafile missing ''
      set key autotitle columnhead
      set multiplot layout 1,3 title '\(plain)' noenhanced
      set grid
      set logscale xy
      set format '10^{%L}'
      set xlabel 'tau (s)'
      set ylabel 'error E (V^2)'
      set key top left
      plot 'cycle.csv' using 1:($2>1e-12?$2:1e-12) with linespoints pt 7 ps 0.7 lw 2 lc \(colours[0]) title 'double'\
      \(said(15))\(also("measured-error.csv", "1:2"))
      set ylabel 'distance D between the cycle ends (V)'
      plot 'cycle.csv' using 1:($8>1e-9?$8:1e-9) with linespoints pt 7 ps 0.7 lw 2 lc \(colours[0]) title 'double'\
      \(said(16))\(also("measured-span-squared.csv", "1:(sqrt($2))"))
      unset logscale
      set format '%g'
      set xlabel 'gate of \(gates[0]) (V)' noenhanced
      set ylabel 'gate of \(gates[1]) (V)' noenhanced
      set key bottom right
      plot \(cycles.joined(separator: ", "))
      unset multiplot

      """
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
