import BoardDouble
import Portable
import Reports
import Runs

/// What an experiment runs with.
package struct Bench: Sendable {
  /// Whether to take a few seconds instead of a few minutes: fewer seeds and shorter runs, with
  /// the same bounds where they can be kept.
  package let quick: Bool
  /// What is added to every seed of a draw: 0 for those that pages quote.
  package let offset: Int
  private let telling: @Sendable (String) -> Void
  private let stopping: @Sendable () -> Bool

  /// Makes a bench.
  ///
  /// - Parameters:
  ///   - quick: whether to run the short form.
  ///   - offset: what is added to every seed of a draw.
  ///   - telling: is told what is being done.
  ///   - stopping: whether a stop has been asked for.
  package init(
    quick: Bool = false, offset: Int = 0, telling: @escaping @Sendable (String) -> Void = { _ in },
    stopping: @escaping @Sendable () -> Bool = { false }
  ) {
    self.quick = quick
    self.offset = offset
    self.telling = telling
    self.stopping = stopping
  }

  /// The seed to draw with where 1 is drawn with usually, or another.
  func seed(_ usual: Int = 1) -> Int { usual + offset }

  /// The seeds to draw with where these are usual.
  func seeds(_ usual: ClosedRange<Int>) -> [Int] { usual.map { $0 + offset } }

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
