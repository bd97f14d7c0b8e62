package import Files
import Foundation

/// Learned gate voltages, in the one format in which commands hand them to each other.
public struct GateFile: Sendable, Equatable, Codable {
  /// The name of the file in a folder of results.
  package static let file = "gates.json"

  /// The board's name.
  public var board: String
  /// A hash of the board's netlist, where it is known.
  public var netlist: String?
  /// The name of the task that was learned.
  public var task: String?
  /// The seed of the split, the order and the board's parts.
  public var seed: UInt64?
  /// After how many epochs.
  public var epochs: Int?
  /// The gate voltages of the learning edges, V, in the board's order.
  public var gates: [Double]

  /// Makes a file's content.
  package init(board: String, task: String?, seed: UInt64?, epochs: Int?, gates: [Double]) {
    self.board = board
    self.task = task
    self.seed = seed
    self.epochs = epochs
    self.gates = gates
  }
}

extension GateFile: CheckedState {
  /// Refuses what no gate can be.
  public func check() throws(StateError) {
    for (edge, volts) in gates.enumerated() {
      try StateError.check(volts, "gate \(edge)", -15...32)
    }
  }
}

extension RunRecord {
  /// The gates that were learned: as they truly are on the double, else by the controllers' account.
  package var learnedGates: GateFile {
    GateFile(
      board: setting.board.name, task: setting.task.name, seed: setting.plan.seed,
      epochs: result.last.epoch,
      gates: result.gates.isEmpty ? result.estimatedGates : result.gates)
  }
}

/// Learned gates with what is known of where they come from.
package struct LearnedGates: Sendable {
  /// The file.
  package let path: String
  /// The gates.
  package let gates: GateFile
  /// The board, whole, where it is known.
  package private(set) var board: BoardDescription?
  /// The task, whole, where it is known.
  package private(set) var task: TaskDescription?
  /// The run's rule and schedule, where it was a run.
  package private(set) var plan: Plan?

  /// Which of the two kinds of files it is.
  private struct Probe: Decodable {
    struct Anything: Decodable {
      init(from decoder: any Decoder) {}
    }
    var result: Anything?
    var gates: Anything?
  }

  /// What a folder of `descend` is made of.
  private struct Descent: Decodable {
    struct Content: Decodable {
      var board: BoardDescription
      var task: TaskDescription
    }
    var content: Content
  }

  /// Reads gates from the folder of a run or of `descend`, from a run's record or from a file of
  /// gates.
  ///
  /// - Parameter path: the folder or file.
  /// - Throws: `RunDirectoryError` where there are none, or what is there is damaged.
  package init(at path: String) throws(RunDirectoryError) {
    var status = stat()
    let isFolder = stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    let url = URL(fileURLWithPath: path)
    let directory = RunDirectory(
      path: isFolder ? path : path.contains("/") ? url.deletingLastPathComponent().path : ".")
    let names = isFolder ? ["record.json", GateFile.file] : [url.lastPathComponent]
    guard let name = names.first(where: { access(directory.file($0), F_OK) == 0 }) else {
      throw RunDirectoryError(
        path: path, .missing,
        isFolder
          ? "there are no learned gates: neither record.json nor \(GateFile.file)"
          : "there is no such file")
    }
    self.path = isFolder ? directory.file(name) : path
    let probe = try? JSONDecoder().decode(Probe.self, from: try directory.data(of: name))
    if probe?.result != nil {
      let record = try directory.read(RunRecord.self, from: name)
      gates = record.learnedGates
      board = record.setting.board
      task = record.setting.task
      plan = record.setting.plan
      return
    }
    gates = try directory.read(GateFile.self, from: name)
    // The setting beside it has the whole board and task: names alone may have changed since.
    if let data = try? directory.data(of: RunDirectory.setting),
      let made = try? JSONDecoder().decode(Descent.self, from: data),
      made.content.board.name == gates.board, (try? made.content.board.check()) != nil,
      (try? made.content.task.check()) != nil
    {
      board = made.content.board
      task = made.content.task
    }
  }

  /// Refuses gates of another number of edges.
  ///
  /// - Parameter description: the board that is to have them.
  /// - Throws: `RunDirectoryError`.
  package func check(on description: BoardDescription) throws(RunDirectoryError) {
    let count = description.learningEdges.count
    guard gates.gates.count == count else {
      throw RunDirectoryError(
        path: path, .damaged,
        "it has the gates of \(gates.gates.count) edges; the board '\(description.name)' has \(count)"
      )
    }
    // Where drives and rails end; learned gates lie within.
    let rails =
      description.gates.update == .comparator
      ? 0...description.gates.supply : description.gates.railLow...description.gates.railHigh
    for (edge, volts) in gates.gates.enumerated() where !rails.contains(volts) {
      throw RunDirectoryError(
        path: path, .damaged,
        "gate \(edge) is \(volts) V; the gates of board '\(description.name)' lie within "
          + "\(rails.lowerBound) ... \(rails.upperBound) V")
    }
  }
}
