import Reports
import Testing

@testable import Experiments

/// What experiments are run and judged with.
@Suite struct BenchTests {
  @Test func `a report passes only if every figure holds`() {
    var report = Report()
    #expect(report.passed)
    report.figures = [Figure("one", 1, bound: .value(0...2)), Figure("two", 3)]
    #expect(report.passed)
    report.figures.append(Figure("three", 3, bound: .value(0...2)))
    #expect(!report.passed)
    report.figures[2].value = 2
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
