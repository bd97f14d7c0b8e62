import Files
import Runs

extension BoardDescription {
  /// Reads a board given as a name in board/ or as a file.
  static func named(_ name: String) throws(DescriptionError) -> BoardDescription {
    try read(path: try locate(name, kind: .board))
  }

  /// Says that boards of this many learning edges take a while to be set up: their parts are drawn,
  /// the circuit is ordered and solved, and every sample is measured before the first line is shown.
  func saySetUp() {
    let count = learningEdges.count
    if count >= 2000 { say("tellegen: setting up '\(name)', which has \(count) learning edges") }
  }

  /// Takes another initial gate voltage, V, as strictly as a board file's.
  mutating func begin(at initial: Double) throws {
    let range =
      gates.update == .comparator
      ? gates.minimum...gates.maximum : gates.railLow...gates.railHigh
    guard range.contains(initial) else {
      try Exits.leave(
        "--initial is \(initial) V; the board '\(name)' allows \(range.lowerBound) ... "
          + "\(range.upperBound) V", with: Exits.usage)
    }
    gates.initial = initial
  }
}

extension TaskDescription {
  /// Reads a task given as a name in task/ or as a file, with other data where some are given.
  static func named(_ name: String, data: String? = nil) throws(DescriptionError) -> TaskDescription
  {
    try read(path: try locate(name, kind: .task), data: data)
  }
}

extension LearnedGates {
  /// The last gate voltages of a run, for a board of as many edges.
  ///
  /// - Parameters:
  ///   - path: the folder of a run or of `descend`, a record.json or a gates.json.
  ///   - board: the board.
  /// - Returns: the gates, V.
  /// - Throws: `RunDirectoryError` where there are none, or not as many.
  static func gates(at path: String, for board: BoardDescription) throws -> [Double] {
    let learned = try LearnedGates(at: path)
    try learned.check(on: board)
    return learned.gates.gates
  }
}
