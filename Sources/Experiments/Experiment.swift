package import Reports

/// A published result that can be run again, or a comparison of ours, with what must come out. Each
/// has a file of its own.
package struct Experiment: Sendable {
  /// All experiments, in the order in which they are listed and run.
  package static let all: [Experiment] = [
    limitCycles, drift, twoTask32, overclamp, biasScaling, desynchronous, memory, powerAware, iris,
    defaults, tables, lattices, xor, gradients, subset, outputOnly, satMicroring, satMesh, satBoard,
  ]

  /// Its name on the command line.
  package let name: String
  /// What it is, in a sentence.
  package let about: String
  /// How long it takes on two cores, s, about.
  package let seconds: Int
  private let body: @Sendable (Bench) throws -> Report

  /// Makes an experiment.
  ///
  /// - Parameters:
  ///   - name: its name on the command line.
  ///   - about: what it is, in a sentence.
  ///   - seconds: how long it takes on two cores, s, about.
  ///   - body: runs it.
  package init(
    name: String, about: String, seconds: Int, body: @escaping @Sendable (Bench) throws -> Report
  ) {
    self.name = name
    self.about = about
    self.seconds = seconds
    self.body = body
  }

  /// Runs it.
  /// - Throws: `Stopped` when the bench asked to stop; `DescriptionError`, `CircuitError` and the
  ///   like when its files are not what they were.
  package func run(on bench: Bench) throws -> Report { try body(bench) }
}

/// What came out of an experiment.
package struct Report: Sendable {
  /// The numbers, judged.
  package var figures: [Figure] = []
  /// CSV files and gnuplot scripts (`*.gp`) to keep, by name.
  package var files: [(name: String, text: String)] = []
  /// What a reader should know beside the numbers.
  package var remarks: [String] = []

  /// Makes an empty report.
  package init() {}

  /// Whether every number is as it must be.
  package var passed: Bool { figures.allSatisfy { $0.verdict != .missed } }

  /// Adds a CSV file.
  ///
  /// - Parameters:
  ///   - name: the file's name.
  ///   - columns: the columns' names with their units.
  ///   - rows: the rows, each with a field for every column.
  package mutating func add(_ name: String, columns: [String], rows: [[CSV.Field]]) {
    files.append((name, CSV(columns, rows: rows).text))
  }

  /// Adds a plot of files beside it.
  package mutating func add(_ plot: GnuplotScript) {
    files.append((plot.name + ".gp", plot.text))
  }
}
