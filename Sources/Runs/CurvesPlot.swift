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
    // Gnuplot takes quotes and backslashes in a title for its own.
    let plain = title.filter { $0 != "'" && $0 != "\\" }
    // No plot has room for more points than a few thousand, and gnuplot keeps all it is given.
    let every = count > 5000 ? " every \((count + 4999) / 5000)" : ""
    func line(_ column: String, _ name: String) -> String {
      "'curves.csv'\(every) using 1:(\(column)) with lines lw 2 title '\(name)'"
    }
    func lines(_ training: String, _ held: String) -> String {
      line(training, "training") + (isTested ? ", " + line(held, "held out") : "")
    }
    var text = """
      set terminal pngcairo size 900,\(isClassified ? 720 : 420) font 'sans,11'
      set output 'curves.png'
      set datafile separator ','
      set key autotitle columnhead
      set multiplot layout \(isClassified ? 2 : 1),1 title '\(plain)' noenhanced
      set grid
      set xlabel 'epoch'
      set ylabel 'error (mV^2)'
      set logscale y
      plot \(lines("$4*1e6", "$5*1e6"))

      """
    if isClassified {
      text += """
        unset logscale y
        set ylabel 'right (%)'
        set yrange [0:102]
        set key bottom right
        plot \(lines("$7*100", "$8*100"))

        """
    }
    return text + "unset multiplot\n"
  }
}
