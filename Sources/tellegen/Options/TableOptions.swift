import ArgumentParser
import Files

/// What a user may say of a table without a task file.
struct TableOptions: ParsableArguments {
  /// What the answer is.
  enum Answer: String, CaseIterable, ExpressibleByArgument {
    /// The name of a class.
    case classes
    /// A number.
    case values
  }

  @Option(
    help:
      "The column of a table with the answer, by name or number from 0; default the one that looks like it."
  )
  var answer: String?
  @Option(
    name: .customLong("as"),
    help: "What a table's answers are; default by their looks.")
  var kind: Answer?

  /// Which of the options were given.
  var given: [(String, Bool)] { [("--answer", answer != nil), ("--as", kind != nil)] }

  /// As wishes of a run's seed.
  func wishes(seed: UInt64) -> TaskInference.Wishes {
    TaskInference.Wishes(answer: answer, isClass: kind.map { $0 == .classes }, seed: seed)
  }
}
