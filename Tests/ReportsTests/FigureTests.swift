import Reports
import Testing

/// How numbers are judged and printed.
@Suite struct FigureTests {
  private func holds(_ value: Double, published: Double? = nil, _ bound: Figure.Bound) -> Bool {
    Figure("q", value, published: published, bound: bound).verdict == .holds
  }

  @Test func `a ratio holds within its bounds, ends included`() {
    for (value, expected) in [(1.0, true), (0.5, true), (2, true), (0.499, false), (2.001, false)] {
      #expect(holds(value * 3, published: 3, .ratio(0.5...2)) == expected)
    }
  }

  @Test func `a ratio to nothing, or to what was not published, never holds`() {
    #expect(!holds(1, published: 0, .ratio(0.5...2)))
    #expect(!holds(0, published: 0, .ratio(0.5...2)))
    #expect(!holds(1, .ratio(0.5...2)))
    #expect(Figure("q", 1).ratio == nil)
  }

  @Test func `a value holds within its bounds`() {
    #expect(holds(0.94, .value(0.94...1)) && !holds(0.9399, .value(0.94...1)))
    #expect(!holds(1.01, .value(0.94...1)))
    #expect(holds(2, .atLeast(2)) && holds(1e12, .atLeast(2)) && !holds(1.999, .atLeast(2)))
    #expect(Figure("q", isSo: true).verdict == .holds)
    #expect(Figure("q", isSo: false).verdict == .missed)
  }

  @Test func `what is only shown is not judged, unless it is no finite number`() {
    #expect(Figure("q", -1e9).verdict == .shown)
    for number in [Double.nan, .infinity, -.infinity] {
      #expect(Figure("q", number).verdict == .missed)
      #expect(!holds(number, .value(-1e300...1e300)) && !holds(number, .atLeast(0)))
      #expect(!holds(number, published: 1, .ratio(0...1e300)))
    }
  }

  @Test func `a moment is in the unit that a reader counts it in, to the microsecond`() {
    for (seconds, text) in [
      (0, "0 us"), (10e-6, "10 us"), (999.6e-6, "1 ms"), (0.110396521, "110.397 ms"),
      (0.9999999, "1 s"), (2.51, "2.51 s"), (61, "61 s"), (-0.002, "-2 ms"),
    ] { #expect(Format.moment(seconds) == text) }
  }

  @Test func `a figure is printed with its unit, and what its spread is`() {
    #expect(Figure("speed", 1, .voltsPerSecond).label == "speed (V/s)")
    #expect(Figure("right", 1, .percent).label == "right, %")
    #expect(Figure("it falls", isSo: true).label == "it falls (1: yes)")
    #expect(Figure("ratio", 1, spread: .deviation(1)).label == "ratio")
    #expect(
      Figure("lead", 1, .points, spread: .standardError(1)).label
        == "lead, points (spread: standard error)")
  }

  @Test func `figures are a table for readers and rows for programs`() {
    let figures = [
      Figure("E", 4.5e-5, .squareVolts, published: 5e-5, bound: .ratio(0.5...2)),
      Figure("D", 3, .volts, spread: .deviation(0.25), bound: .atLeast(4)), Figure("n", .nan),
    ]
    #expect(
      Figure.table(figures).text == """
          quantity  ours     spread   published  ratio  allowed
          E (V^2)   4.5e-05           5e-05      0.9    ratio 0.5 ... 2  ok
          D (V)     3        +- 0.25                    4 or more        MISSED
          n         nan                                                  MISSED

        """)
    #expect(
      Figure.csv(figures).text == """
        quantity,ours,spread,published,ratio,holds
        "E (V^2)",4.5e-05,,5e-05,0.9,yes
        "D (V)",3.0,0.25,,,no
        "n",,,,,no

        """)
  }
}
