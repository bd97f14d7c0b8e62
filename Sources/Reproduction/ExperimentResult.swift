public import Description

/// What an experiment found.
public struct ExperimentResult: Sendable {
  /// A statement that the figures support or not.
  public struct Claim: Sendable {
    /// The statement, with what it takes.
    public var text: String
    /// What was measured.
    public var measured: String
    /// Whether it holds.
    public var holds: Bool
  }

  /// The figures.
  public var tables: [TextTable] = []
  /// What they were to show.
  public var claims: [Claim] = []

  /// Notes a claim.
  mutating func claim(_ text: String, _ measured: String, _ holds: Bool) {
    claims.append(Claim(text: text, measured: measured, holds: holds))
  }
}

/// How an experiment speaks to whoever runs it.
public struct ExperimentContext: Sendable {
  /// Folders in which board/ and task/ are looked for.
  public var folders: [String]
  /// Told what is being done.
  public var progress: @Sendable (String) -> Void
  /// Asked now and then; true ends the experiment.
  public var stopping: @Sendable () -> Bool

  /// A context.
  public init(
    folders: [String] = searchRoots(), progress: @escaping @Sendable (String) -> Void = { _ in },
    stopping: @escaping @Sendable () -> Bool = { false }
  ) {
    self.folders = folders
    self.progress = progress
    self.stopping = stopping
  }

  /// Tells what is being done, and throws when it is to end.
  func report(_ what: String) throws {
    if stopping() { throw ExperimentStopped() }
    progress(what)
  }
}

/// Somebody asked an experiment to stop.
public struct ExperimentStopped: Error {}

/// Mean, standard deviation and standard error of a few values.
struct Spread {
  let mean: Double
  let deviation: Double
  let error: Double

  init(_ values: [Double]) {
    let count = Double(max(values.count, 1))
    let mean = values.reduce(0, +) / count
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    self.mean = mean
    deviation = values.count > 1 ? (squares / (count - 1)).squareRoot() : 0
    error = deviation / count.squareRoot()
  }

  /// Mean and standard deviation in percent.
  var percent: String { "\(decimal(100 * mean, 1)) +- \(decimal(100 * deviation, 1))" }

  /// Mean and standard error in percent.
  var percentError: String { "\(decimal(100 * mean, 1)) +- \(decimal(100 * error, 1))" }
}

/// A number with so many decimals.
func decimal(_ value: Double, _ places: Int) -> String {
  guard value.isFinite, value.magnitude < 1e12 else { return "\(value)" }
  var scale = 1.0
  for _ in 0..<places { scale *= 10 }
  let rounded = Int64((value.magnitude * scale).rounded())
  let whole = rounded / Int64(scale)
  let sign = value < 0 && rounded != 0 ? "-" : ""
  if places == 0 { return sign + "\(whole)" }
  let part = String(rounded % Int64(scale))
  return sign + "\(whole)." + String(repeating: "0", count: places - part.count) + part
}
