import Reports

/// The plot of a run's curves, as a gnuplot script.
package struct CurvesPlot: Sendable {
  /// The plot's title.
  package let title: String
  /// Whether there are shares of right answers.
  package let isClassified: Bool
  /// Whether samples were held out.
  package let isTested: Bool
  /// How many lines the curves have.
  package let count: Int

  /// Makes a plot.
  ///
  /// - Parameters:
  ///   - title: its title.
  ///   - last: the last line of the curves, which shows what there is.
  package init(title: String, last: EpochRecord) {
    self.title = title
    isClassified = last.training.accuracy != nil
    isTested = last.testing != nil
    count = last.epoch + 1
  }

  /// A gnuplot script that reads `curves.csv` and writes `curves.png`, both in its own folder.
  package var gnuplot: String {
    // No plot has room for more points than a few thousand, and gnuplot keeps all it is given.
    let every = count > 5000 ? (count + 4999) / 5000 : 1
    func line(_ column: String, _ name: String) -> GnuplotScript.Series {
      .init(Metrics.csv, "1:(\(column))", every: every, with: "lines lw 2", title: name)
    }
    func lines(_ training: String, _ held: String) -> [GnuplotScript.Series] {
      [line(training, "training")] + (isTested ? [line(held, "held out")] : [])
    }
    let epochs = GnuplotScript.Axis("epoch")
    var panels = [
      GnuplotScript.Panel(
        x: epochs, y: .logarithmic("error (mV^2)", powers: false, zeroAt: 1e-6),
        series: lines("$4*1e6", "$5*1e6"))
    ]
    if isClassified {
      panels.append(
        .init(
          x: epochs, y: .init("right (%)", in: 0...102), key: "bottom right",
          series: lines("$7*100", "$8*100")))
    }
    return GnuplotScript(
      "curves", title: title, width: 900, height: isClassified ? 720 : 420, panels: panels
    ).text
  }
}
