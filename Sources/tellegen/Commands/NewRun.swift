import Files
import Foundation
import Runs

extension TaskInference {
  /// A task made from a table, and a board that fits it where none is given.
  ///
  /// - Parameters:
  ///   - path: the table.
  ///   - wishes: what the user says of it.
  ///   - board: the board, by its name or file; `nil` to choose one.
  /// - Returns: the task, and the board with why it was chosen.
  /// - Throws: `DescriptionError`.
  static func run(
    path: String, wishes: Wishes, board: String?
  ) throws -> (inference: TaskInference, board: BoardDescription, why: String?) {
    var wishes = wishes
    if let board {
      let description = try BoardDescription.named(board)
      wishes.sources = description.sourceChannels
      wishes.targets = description.targetChannels
      wishes.volts = TaskInference.volts(of: description)
      return (try TaskInference(path: path, wishes: wishes), description, nil)
    }
    let inference = try TaskInference(path: path, wishes: wishes)
    let sources = inference.task.inputs.count
    let targets = inference.task.outputs.channels
    let lattice = try? BoardDescription.named("lattice")
    let lacks =
      lattice.map {
        sources > $0.sourceChannels
          ? "the lattice has \($0.sourceChannels) source channels"
          : "the lattice has \($0.targetChannels) target channels"
      } ?? "no lattice.yaml is found in a folder of boards"
    if let lattice, sources <= lattice.sourceChannels, targets <= lattice.targetChannels {
      return (
        inference, lattice,
        "the board is the lattice of the parts list: its \(lattice.sourceChannels) source and "
          + "\(lattice.targetChannels) target channels hold \(sources) inputs and \(targets) outputs"
      )
    }
    return (
      inference, .bipartite(sources: sources, targets: targets),
      "the board is bipartite, \(sources) sources each joined to \(targets) target\(targets == 1 ? "" : "s"): "
        + lacks
    )
  }

  /// The range of a board's nodes that inputs are mapped to: the shipped tasks' 0 ... 0.45 V, or
  /// less where a board allows less.
  private static func volts(of board: BoardDescription) -> ClosedRange<Double> {
    let usual = 0...0.45
    let low = max(usual.lowerBound, board.nodeLowest)
    let high = min(usual.upperBound, board.nodeHighest)
    return low < high ? low...high : board.nodeLowest...board.nodeHighest
  }
}
