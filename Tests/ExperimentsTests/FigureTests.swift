import Testing

@testable import Experiments

/// How numbers are judged.
@Suite struct FigureTests {
  private func holds(
    _ ours: Double, published: Double? = nil, _ bound: Figure.Bound
  ) -> Bool {
    Figure("q", ours: ours, published: published, bound: bound).holds
  }

  @Test func `a ratio holds within its bounds, ends included`() {
    for (ours, expected) in [(1.0, true), (0.5, true), (2, true), (0.499, false), (2.001, false)] {
      #expect(holds(ours * 3, published: 3, .ratio(0.5...2)) == expected)
    }
  }

  @Test func `a ratio to nothing, or to what was not published, never holds`() {
    #expect(!holds(1, published: 0, .ratio(0.5...2)))
    #expect(!holds(0, published: 0, .ratio(0.5...2)))
    #expect(!holds(1, .ratio(0.5...2)))
    #expect(Figure("q", ours: 1).ratio == nil)
  }

  @Test func `a value holds within its bounds`() {
    #expect(holds(0.94, .value(0.94...1)) && !holds(0.9399, .value(0.94...1)))
    #expect(!holds(1.01, .value(0.94...1)))
  }

  @Test func `what is only shown holds unless it is no finite number`() {
    #expect(holds(-1e9, .shown))
    for number in [Double.nan, .infinity, -.infinity] {
      #expect(!holds(number, .shown) && !holds(number, .value(-1e300...1e300)))
      #expect(!holds(number, published: 1, .ratio(0...1e300)))
    }
  }

  @Test func `a report passes only if every figure holds`() {
    var report = Report()
    #expect(report.passed)
    report.figures = [Figure("one", ours: 1, bound: .value(0...2)), Figure("two", ours: 3)]
    #expect(report.passed)
    report.figures.append(Figure("three", ours: 3, bound: .value(0...2)))
    #expect(!report.passed)
    report.figures[2].ours = 2
    #expect(report.passed)
  }

  @Test func `an experiment's failure and a stop reach whoever runs it`() throws {
    struct Broken: Error {}
    let experiment = Experiment(name: "e", about: "a", seconds: 1) { bench in
      _ = try bench.map([1, 2, 3]) { piece in
        if piece == 2 { throw Broken() }
        return piece
      }
      return Report()
    }
    #expect(throws: Broken.self) { try experiment.run(on: Bench()) }
    #expect(throws: Stopped.self) { try experiment.run(on: Bench(stopping: { true })) }
    #expect(try Bench().map([3, 1, 2]) { $0 * 2 } == [6, 2, 4])
  }

  // MARK: - Statistics

  @Test func `means, medians and spreads are those of the textbook`() {
    let values = [4.0, 1, 3, 2]
    #expect(values.mean == 2.5 && values.median == 2.5)
    #expect([5.0, 1, 3].median == 3)
    #expect(abs(values.deviation - (5.0 / 3).squareRoot()) < 1e-15)
    #expect(abs([3.0, 4].rootMeanSquare - 12.5.squareRoot()) < 1e-15)
    #expect(abs([1.0, 100].geometricMean - 10) < 1e-12)
    let none: [Double] = []
    #expect(none.mean == 0 && none.median == 0 && none.deviation == 0)
    #expect([7.0].deviation == 0)
  }

  @Test func `a power law is found with its error`() {
    let exact = PowerLaw([0.001, 0.01, 0.3].map { (x: $0, y: 5 * $0 * $0) })
    #expect(abs(exact.exponent - 2) < 1e-9 && exact.error < 1e-9)
    // y = 1, 2, 2 over x = 1, 2, 4: slope 1/2 in logarithms, residuals -1/6, 1/3, -1/6 of ln 2.
    let rough = PowerLaw([(x: 1, y: 1), (x: 2, y: 2), (x: 4, y: 2)])
    #expect(abs(rough.exponent - 0.5) < 1e-12)
    #expect(abs(rough.error - (1.0 / 6 / 2).squareRoot()) < 1e-12)
    #expect(PowerLaw([(x: 1, y: 1)]).exponent == 0)
  }
}
