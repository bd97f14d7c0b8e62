import Files
import Portable
import Runs
import BoardDouble

/// A published result that can be run again, or a comparison of ours, with what must come out.
package struct Experiment: Sendable {
  /// Its name on the command line.
  package let name: String
  /// What it is, in a sentence.
  package let about: String
  /// How long it takes on two cores, s, about.
  package let seconds: Int
  private let body: @Sendable (Bench) throws -> Report

  /// Makes an experiment.
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

/// What an experiment runs with.
package struct Bench: Sendable {
  /// Whether a few minutes' work is to be a few seconds': fewer seeds and shorter runs, with the same
  /// bounds where they can be kept.
  package let quick: Bool
  private let told: @Sendable (String) -> Void
  private let asked: @Sendable () -> Bool

  /// Makes a bench.
  ///
  /// - Parameters:
  ///   - quick: whether to run the short form.
  ///   - telling: is told what is being done.
  ///   - stopping: whether a stop has been asked for.
  package init(
    quick: Bool = false, telling: @escaping @Sendable (String) -> Void = { _ in },
    stopping: @escaping @Sendable () -> Bool = { false }
  ) {
    self.quick = quick
    told = telling
    asked = stopping
  }

  /// A bound that only the long form can keep; the short form shows its figure.
  func long(_ bound: Figure.Bound) -> Figure.Bound { quick ? .shown : bound }

  /// Says what is being done.
  package func tell(_ what: String) { told(what) }

  /// Whether a stop has been asked for.
  package var isStopping: Bool { asked() }

  /// Ends the experiment where a stop has been asked for.
  /// - Throws: `Stopped`.
  package func check() throws(Stopped) {
    if asked() { throw Stopped() }
  }

  /// Does independent pieces of work on all cores, unless a stop is asked for.
  package func map<Piece: Sendable, Result: Sendable>(
    _ pieces: [Piece], _ body: @Sendable (Piece) throws -> Result
  ) throws -> [Result] {
    try concurrently(pieces.count) { index in
      try check()
      return try body(pieces[index])
    }
  }
}

/// An experiment was stopped before its end.
package struct Stopped: Error {}

/// One number that came out, beside what was published and what is allowed.
package struct Figure: Sendable, Equatable, Codable {
  /// What is allowed of a number.
  package enum Bound: Sendable, Equatable, Codable {
    /// Its ratio to the published number.
    case ratio(ClosedRange<Double>)
    /// The number itself.
    case value(ClosedRange<Double>)
    /// Anything: it is shown, not judged.
    case shown
  }

  /// What it is, with its unit.
  package var quantity: String
  /// What came out; the mean or median over seeds where there are several.
  package var ours: Double
  /// The standard deviation over seeds, where there are several.
  package var spread: Double?
  /// What was published, where it was.
  package var published: Double?
  /// What is allowed.
  package var bound: Bound

  /// Makes a figure.
  package init(
    _ quantity: String, ours: Double, spread: Double? = nil, published: Double? = nil,
    bound: Bound = .shown
  ) {
    self.quantity = quantity
    self.ours = ours
    self.spread = spread
    self.published = published
    self.bound = bound
  }

  /// Ours over what was published.
  package var ratio: Double? { published.map { ours / $0 } }

  /// Whether it is as it must be; a number that is not finite never is.
  package var holds: Bool {
    guard ours.isFinite else { return false }
    return switch bound {
    case .ratio(let allowed): ratio.map(allowed.contains) ?? false
    case .value(let allowed): allowed.contains(ours)
    case .shown: true
    }
  }
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
  package var passed: Bool { figures.allSatisfy(\.holds) }

  /// Adds a CSV file of rows under a heading.
  package mutating func add(_ name: String, heading: String, rows: [[String]]) {
    let lines = rows.map { $0.joined(separator: ",") }
    files.append((name, ([heading] + lines).joined(separator: "\n") + "\n"))
  }

  /// Adds a gnuplot script that draws `NAME.png` from CSV files beside it.
  ///
  /// - Parameters:
  ///   - name: the plot's name, without an ending.
  ///   - width: pixels.
  ///   - height: pixels.
  ///   - commands: what follows the setting of terminal, output and separator.
  package mutating func plot(_ name: String, width: Int, height: Int, _ commands: String) {
    let script = """
      set terminal pngcairo size \(width),\(height) font 'sans,11'
      set output '\(name).png'
      set datafile separator ','
      set key autotitle columnhead
      set grid
      \(commands)

      """
    files.append((name + ".gp", script))
  }
}

/// All experiments.
package enum Experiments {
  /// In the order in which they are listed and run.
  package static let all: [Experiment] = [
    limitCycles, drift, twoTask32, overclamp, biasScaling, desynchronous, memory, powerAware, iris,
    xor, gradients, subset, outputOnly, satMicroring, satMesh, satBoard,
  ]

  static func board(_ name: String) throws(DescriptionError) -> BoardDescription {
    try .read(path: try locate(name, kind: .board))
  }

  static func task(_ name: String) throws(DescriptionError) -> TaskDescription {
    try .read(path: try locate(name, kind: .task))
  }

  static func rig(_ name: String) throws -> RigDescription {
    try .read(path: try locate(name, kind: .rig))
  }
}

extension Session<DirectBoard> {
  /// Trains from the first epoch to the last, unless a stop is asked for.
  ///
  /// - Parameter after: is called after every epoch.
  /// - Throws: `Stopped`, or the board's failure.
  mutating func train(on bench: Bench, after: (inout Self) throws -> Void = { _ in }) throws {
    try begin()
    while !isFinished {
      try bench.check()
      _ = try trainEpoch()
      try after(&self)
    }
  }
}
