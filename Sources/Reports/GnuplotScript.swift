/// A plot as a gnuplot script that reads CSV files beside it and writes one picture: panels in a
/// grid, each with two axes and some series.
package struct GnuplotScript: Sendable {
  /// One axis of a panel.
  package struct Axis: Sendable {
    /// What it shows, with the unit; `^` and `_` raise and lower what follows.
    package var label: String
    /// Whether the label is a user's word, in which `^` and `_` mean nothing.
    package var isVerbatim = false
    /// Whether it is logarithmic.
    package var isLogarithmic = false
    /// Whether its ticks are written as powers of ten.
    package var showsPowers = false
    /// Where zero and less is drawn, which has no place on a logarithmic axis; `nil` for nowhere.
    package var zero: Double?
    /// What it reaches over; `nil` for what the series need.
    package var range: ClosedRange<Double>?
    /// Names in place of numbers at some ticks.
    package var names: [(text: String, place: Double)] = []
    /// The distance of ticks; `nil` for what suits.
    package var interval: Double?

    /// An axis from its lowest to its highest number.
    package init(
      _ label: String, in range: ClosedRange<Double>? = nil, every interval: Double? = nil
    ) {
      self.label = label
      self.range = range
      self.interval = interval
    }

    /// A logarithmic axis.
    ///
    /// - Parameters:
    ///   - label: what it shows, with the unit.
    ///   - range: what it reaches over; `nil` for what the series need.
    ///   - powers: whether its ticks are written as powers of ten.
    ///   - zero: where zero is drawn, of a vertical axis; `nil` for nowhere.
    /// - Returns: the axis.
    package static func logarithmic(
      _ label: String, in range: ClosedRange<Double>? = nil, powers: Bool = true,
      zeroAt zero: Double? = nil
    ) -> Axis {
      var axis = Axis(label, in: range)
      axis.zero = zero
      axis.isLogarithmic = true
      axis.showsPowers = powers
      return axis
    }

    /// An axis whose label is a user's word.
    package static func verbatim(_ label: String) -> Axis {
      var axis = Axis(label)
      axis.isVerbatim = true
      return axis
    }

    /// An axis with names at some places.
    package static func named(
      _ names: [(text: String, place: Double)], in range: ClosedRange<Double>
    ) -> Axis {
      var axis = Axis("", in: range)
      axis.names = names
      return axis
    }
  }

  /// Points or a line of a panel.
  package struct Series: Sendable {
    /// The words up to the columns, the columns, and the words after them; the first is all there is
    /// of a formula.
    private let source: (before: String, columns: String?, after: String)
    private let style: String
    private let title: String

    /// Columns of a CSV file.
    ///
    /// - Parameters:
    ///   - file: the file's name, in the script's folder.
    ///   - columns: x and y, as in gnuplot's `using`: "1:2", or "1:($2*1e6)".
    ///   - block: which block of the file, where blank lines part it; `nil` for all.
    ///   - every: draws one row of so many.
    ///   - style: how it is drawn, as in gnuplot's `with`: "lines lw 2".
    ///   - title: what the key calls it; `nil` for nothing.
    package init(
      _ file: String, _ columns: String, block: Int? = nil, every: Int = 1, with style: String,
      title: String? = nil
    ) {
      source = (
        quoted(file) + (every > 1 ? " every \(every)" : "") + " using ", columns,
        block.map { " index \($0)" } ?? ""
      )
      self.style = style
      self.title = title.map { "title " + quoted($0) } ?? "notitle"
    }

    /// A formula of x.
    ///
    /// - Parameters:
    ///   - formula: in gnuplot's words.
    ///   - style: how it is drawn.
    ///   - title: what the key calls it; `nil` for nothing.
    package init(formula: String, with style: String, title: String? = nil) {
      source = (formula, nil, "")
      self.style = style
      self.title = title.map { "title " + quoted($0) } ?? "notitle"
    }

    /// The words of the `plot` command; zero and less is drawn at `zero`.
    fileprivate func text(zeroAt zero: Double?) -> String {
      var columns = source.columns ?? ""
      if let zero, let colon = columns.firstIndex(of: ":") {
        let column = columns[columns.index(after: colon)...]
        let value = column.hasPrefix("(") ? String(column) : "$\(column)"
        // A field that is missing is no number, and stays none.
        columns = "\(columns[..<colon]):(\(value)<=0?\(zero):\(value))"
      }
      return "\(source.before)\(columns)\(source.after) with \(style) \(title)"
    }
  }

  /// One pair of axes with what is drawn in it.
  package struct Panel: Sendable {
    /// What stands above it.
    package var title: String?
    /// The horizontal axis.
    package var x: Axis
    /// The vertical axis.
    package var y: Axis
    /// Where the key stands, in gnuplot's words.
    package var key: String
    /// What is drawn, the first lowest.
    package var series: [Series]

    /// Makes a panel.
    ///
    /// - Parameters:
    ///   - title: what stands above it.
    ///   - x: the horizontal axis.
    ///   - y: the vertical axis.
    ///   - key: where the key stands, in gnuplot's words.
    ///   - series: what is drawn, the first lowest.
    package init(
      _ title: String? = nil, x: Axis, y: Axis, key: String = "top right", series: [Series]
    ) {
      self.title = title
      self.x = x
      self.y = y
      self.key = key
      self.series = series
    }

    /// What it sets, in an order that is the same for all: the command, and what takes it back.
    fileprivate var settings: [(set: String?, reset: String)] {
      var settings: [(set: String?, reset: String)] = [
        (title.map { "set title \(quoted($0)) noenhanced" }, "unset title"),
        ("set key \(key)", "set key default"),
      ]
      for (letter, axis) in [("x", x), ("y", y)] {
        let names = axis.names.map { "\(quoted($0.text)) \($0.place)" }.joined(separator: ", ")
        let ticks = names.isEmpty ? axis.interval.map { "\($0)" } : "(\(names)) rotate by 20 right "
        let verbatim = axis.isVerbatim ? " noenhanced" : ""
        settings += [
          (
            axis.label.isEmpty ? nil : "set \(letter)label \(quoted(axis.label))\(verbatim)",
            "unset \(letter)label"
          ),
          (axis.isLogarithmic ? "set logscale \(letter)" : nil, "unset logscale \(letter)"),
          (axis.showsPowers ? "set format \(letter) '10^{%L}'" : nil, "set format \(letter) '%g'"),
          (
            axis.range.map { "set \(letter)range [\($0.lowerBound):\($0.upperBound)]" },
            "set \(letter)range [*:*]"
          ),
          (
            ticks.map {
              "set \(letter)tics \($0)" + (names.isEmpty ? "" : "font ',9' noenhanced")
            }, "set \(letter)tics autofreq"
          ),
        ]
      }
      return settings
    }
  }

  /// The picture's name, without its ending.
  package var name: String
  /// What stands above the panels.
  package var title: String?
  /// The picture's width and height, pixels.
  package var size: (width: Int, height: Int)
  /// How many columns of panels there are.
  package var columns: Int
  /// Whether the first row of every block names the columns.
  package var isHeaded: Bool
  /// The panels, row by row.
  package var panels: [Panel]

  /// Makes a script.
  ///
  /// - Parameters:
  ///   - name: the picture's name, without its ending.
  ///   - title: what stands above the panels.
  ///   - width: pixels.
  ///   - height: pixels.
  ///   - columns: how many columns of panels there are.
  ///   - isHeaded: whether the first row of every block names the columns.
  ///   - panels: the panels, row by row.
  package init(
    _ name: String, title: String? = nil, width: Int, height: Int, columns: Int = 1,
    isHeaded: Bool = true, panels: [Panel]
  ) {
    self.name = name
    self.title = title
    size = (width, height)
    self.columns = columns
    self.isHeaded = isHeaded
    self.panels = panels
  }

  /// The script: what `Gnuplot.draw` draws.
  package var text: String {
    var lines = [
      "set terminal pngcairo size \(size.width),\(size.height) font 'sans,11'",
      "set output \(quoted(name + ".png"))",
      "set datafile separator ','",
      "set datafile missing ''",
      "set key noenhanced" + (isHeaded ? " autotitle columnhead" : ""),
      "set grid",
    ]
    let isGrid = panels.count > 1 || title != nil
    if isGrid {
      let rows = (panels.count + columns - 1) / columns
      lines.append(
        "set multiplot layout \(rows),\(columns)"
          + (title.map { " title \(quoted($0)) noenhanced" } ?? ""))
    }
    var before: [String?] = []
    for panel in panels {
      for (index, setting) in panel.settings.enumerated() {
        let last = index < before.count ? before[index] : nil
        if setting.set != last { lines.append(setting.set ?? setting.reset) }
      }
      before = panel.settings.map(\.set)
      lines.append(
        "plot " + panel.series.map { $0.text(zeroAt: panel.y.zero) }.joined(separator: ", \\\n"))
    }
    if isGrid { lines.append("unset multiplot") }
    return lines.joined(separator: "\n") + "\n"
  }
}

/// Text in gnuplot's single quotes. Inside them a quote would end it, and a label's backslash or
/// line end would mean something: they are left out.
private func quoted(_ text: String) -> String {
  "'" + text.filter { $0 != "'" && $0 != "\\" && !$0.isNewline } + "'"
}
