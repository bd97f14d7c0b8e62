/// One number that came out, beside what was published and what is allowed.
package struct Figure: Sendable, Equatable {
  /// The unit of a figure; its raw value is how it is written.
  package enum Unit: String, Sendable, Equatable {
    /// A pure number.
    case none = ""
    /// Seconds.
    case seconds = "s"
    /// Volts.
    case volts = "V"
    /// Volts per second.
    case voltsPerSecond = "V/s"
    /// Square volts, of mean square errors.
    case squareVolts = "V^2"
    /// Square millivolts, of losses as papers print them.
    case squareMillivolts = "mV^2"
    /// Millivolts, root mean square.
    case millivoltsRMS = "mV rms"
    /// Percent; the figure's value is 100 for all.
    case percent = "%"
    /// Points: a difference of two figures in percent.
    case points = "points"
    /// Whether something is so: 1 if it is, 0 if not.
    case truth = "1: yes"
  }

  /// What is allowed of a number.
  package enum Bound: Sendable, Equatable {
    /// Its ratio to the published number.
    case ratio(ClosedRange<Double>)
    /// The number itself.
    case value(ClosedRange<Double>)
    /// The number itself, from below only.
    case atLeast(Double)
    /// Anything: it is shown, not judged.
    case shown
  }

  /// What is said of a number.
  package enum Verdict: Sendable, Equatable {
    /// It is as it must be.
    case holds
    /// It is not; a number that is not finite never is.
    case missed
    /// It is shown, not judged.
    case shown
  }

  /// What a figure's spread is.
  package enum Spread: Sendable, Equatable {
    /// The standard deviation over seeds or boards.
    case deviation(Double)
    /// The standard error of a mean or of a fit.
    case standardError(Double)

    /// The spread in the figure's unit.
    package var value: Double {
      switch self {
      case .deviation(let value), .standardError(let value): value
      }
    }
  }

  /// What it is, without its unit.
  package var name: String
  /// Its unit.
  package var unit: Unit
  /// What came out, in the unit; the mean or median over seeds where there are several.
  package var value: Double
  /// How far it spreads, where there are several.
  package var spread: Spread?
  /// What was published, in the unit, where it was.
  package var published: Double?
  /// What is allowed.
  package var bound: Bound

  /// Makes a figure.
  ///
  /// - Parameters:
  ///   - name: what it is, without its unit.
  ///   - value: what came out.
  ///   - unit: the unit of value, spread and published number.
  ///   - spread: how far it spreads.
  ///   - published: what was published.
  ///   - bound: what is allowed.
  package init(
    _ name: String, _ value: Double, _ unit: Unit = .none, spread: Spread? = nil,
    published: Double? = nil, bound: Bound = .shown
  ) {
    self.name = name
    self.value = value
    self.unit = unit
    self.spread = spread
    self.published = published
    self.bound = bound
  }

  /// Makes a figure of something that must be so.
  ///
  /// - Parameters:
  ///   - name: what must be so.
  ///   - isSo: whether it is.
  package init(_ name: String, isSo: Bool) {
    self.init(name, isSo ? 1 : 0, .truth, bound: .value(1...1))
  }

  /// The value over what was published.
  package var ratio: Double? { published.map { value / $0 } }

  /// Whether it is as it must be.
  package var verdict: Verdict {
    guard value.isFinite else { return .missed }
    let isAllowed: Bool
    switch bound {
    case .ratio(let allowed): isAllowed = ratio.map(allowed.contains) ?? false
    case .value(let allowed): isAllowed = allowed.contains(value)
    case .atLeast(let least): isAllowed = value >= least
    case .shown: return .shown
    }
    return isAllowed ? .holds : .missed
  }

  /// The name with its unit: shares after a comma, other units in brackets.
  package var label: String {
    var label = name
    switch unit {
    case .none: break
    case .percent, .points: label += ", " + unit.rawValue
    default: label += " (" + unit.rawValue + ")"
    }
    if case .standardError? = spread { label += " (spread: standard error)" }
    return label
  }

  /// What is allowed, in words; empty where nothing is asked.
  private var allowed: String {
    func words(_ range: ClosedRange<Double>) -> String {
      "\(Format.significant(range.lowerBound)) ... \(Format.significant(range.upperBound))"
    }
    return switch bound {
    case .ratio(let range): "ratio " + words(range)
    case .value(let range): words(range)
    case .atLeast(let least): Format.significant(least) + " or more"
    case .shown: ""
    }
  }

  /// Figures as a table to read, a row each.
  package static func table(_ figures: [Figure]) -> TextTable {
    TextTable(
      head: ["quantity", "ours", "spread", "published", "ratio", "allowed", ""],
      rows: figures.map { figure in
        [
          figure.label, Format.significant(figure.value),
          figure.spread.map { "+- " + Format.significant($0.value) } ?? "",
          figure.published.map(Format.significant) ?? "",
          figure.ratio.flatMap { $0.isFinite ? Format.significant($0) : nil } ?? "",
          figure.allowed,
          figure.verdict == .shown ? "" : figure.verdict == .holds ? "ok" : "MISSED",
        ]
      }, indent: 2, alignsNumbers: false)
  }

  /// Figures as JSON, an object each.
  package static func json(_ figures: [Figure]) -> JSONValue {
    .list(
      figures.map { figure in
        [
          "quantity": JSONValue(figure.name), "unit": JSONValue(figure.unit.rawValue),
          "ours": JSONValue(figure.value), "spread": JSONValue(figure.spread?.value),
          "published": JSONValue(figure.published), "ratio": JSONValue(figure.ratio),
          "verdict": JSONValue("\(figure.verdict)"),
        ]
      })
  }

  /// Figures for programs, a row each; a figure that is only shown holds.
  package static func csv(_ figures: [Figure]) -> CSV {
    CSV(
      ["quantity", "ours", "spread", "published", "ratio", "holds"],
      rows: figures.map { figure in
        [
          .quoted(figure.label), .number(figure.value), .number(figure.spread?.value),
          .number(figure.published), .number(figure.ratio),
          .text(figure.verdict == .missed ? "no" : "yes"),
        ]
      })
  }
}
