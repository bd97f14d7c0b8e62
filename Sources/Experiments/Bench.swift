import BoardDouble
import Portable
import Reports
import Runs

/// What an experiment runs with.
package struct Bench: Sendable {
  /// Whether to take a few seconds instead of a few minutes: fewer seeds and shorter runs, with
  /// the same bounds where they can be kept.
  package let quick: Bool
  private let telling: @Sendable (String) -> Void
  private let stopping: @Sendable () -> Bool

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
    self.telling = telling
    self.stopping = stopping
  }

  /// A bound that only the long form can keep; the short form shows its figure.
  func long(_ bound: Figure.Bound) -> Figure.Bound { quick ? .shown : bound }

  /// Says what is being done.
  package func tell(_ what: String) { telling(what) }

  /// Whether a stop has been asked for.
  package var isStopping: Bool { stopping() }

  /// Ends the experiment where a stop has been asked for.
  /// - Throws: `Stopped`.
  package func check() throws(Stopped) {
    if stopping() { throw Stopped() }
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

extension Session<DirectBoard> {
  /// Trains from the first epoch to the last, unless a stop is asked for.
  ///
  /// - Parameters:
  ///   - bench: says whether a stop is asked for.
  ///   - after: is called after every epoch.
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
