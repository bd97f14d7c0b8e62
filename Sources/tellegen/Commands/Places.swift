#if Simulation
import Files
import Foundation
import Reports
import Runs
import Studies

/// The places of a task on a board, found where none are known.
struct Places {
  let board: BoardDescription
  let task: TaskDescription
  let plan: Plan
  /// Whether to search at all.
  let isSearching: Bool

  /// How much of its circuit a task may ask of a search that nobody asked for: training samples
  /// times edges.
  private static let limit = 2_000_000.0
  /// How many edges a board may have for it: 512 took 20 s.
  private static let mostEdges = 400

  /// The task with its places. Those of the task itself are taken first, then the board's default
  /// nodes where all places are alike or the exact gradient solves the task there; else places are
  /// searched, and the task holds them then.
  ///
  /// - Returns: the task.
  /// - Throws: an exit where the search is interrupted; what keeps the task off the board.
  func found() throws -> TaskDescription {
    if task.isPlaced(on: board) { return task }
    let search = PlaceSearch(task: task, board: board, plan: plan, extent: .brief)
    if search.obstacle != nil || search.isIndifferent || !isSearching { return task }
    let stopping: @Sendable () -> Bool = { Interruption.isAsked }
    if try isSolvedAtDefaults(stopping) { return task }
    let size = Double(task.training) * Double(board.edges.count)
    if size > Self.limit || board.edges.count > Self.mostEdges {
      say(
        "tellegen: no places are known for \(task.name) on this netlist, and a search would take "
          + "long; the board's default nodes are used. Search with: tellegen place")
      return task
    }
    say(
      "tellegen: no places are known for \(task.name) on the netlist of \(board.name): searching "
        + "(--no-place uses the board's default nodes)")
    let started = Date()
    let display = CountDisplay(total: search.count, what: "places judged")
    let best = try search.best(judging: { _ in display.advance() }, stopping: stopping)
    display.end()
    if Interruption.isAsked {
      try Exits.leave(
        "interrupted while places were searched; nothing is kept, start again",
        with: Exits.interrupted)
    }
    guard let best else {
      say("tellegen: at no places does the circuit have a solution; the default nodes are used")
      return task
    }
    say(
      "tellegen: found in \(Format.seconds(Date().timeIntervalSince(started))): sources "
        + "\(names(best.places.sources)); targets \(names(best.places.targets)). Keep them for "
        + "other runs with: tellegen place")
    return search.task(at: best.places)
  }

  private func names(_ nodes: [Int]) -> String {
    nodes.map { board.nodes[$0] }.joined(separator: " ")
  }

  /// Whether the exact gradient solves the task at the board's default nodes.
  private func isSolvedAtDefaults(_ stopping: () -> Bool) throws -> Bool {
    guard (try? task.place(on: board)) != nil else { return false }
    let epochs = ExactBound.epochs(for: task, on: board, effort: 2e6)
    if epochs == 0 { return false }
    guard
      let bound = try ExactBound.reached(
        by: task, on: board, seed: plan.seed, epochs: epochs, stopping: stopping)
    else { return false }
    // With the margin, or within half a millivolt: rules that learn from signs on imperfect boards
    // need what the exact gradient can spare.
    return bound.training.accuracy == nil
      ? bound.training.error < 2.5e-7 : bound.training.unmet <= 0.02
  }
}

extension RunSetting {
  /// The shortest run that is compared with what its circuit can hold, epochs.
  private static let shortest = 20
  /// The solutions of an edge that may be spent on it.
  private static let effort = 4e6

  /// What the circuit of this run can hold; `nil` where `CircuitBound` is not reckoned, or `stopping`
  /// said so.
  ///
  /// - Throws: `CircuitError` and the like where the circuit has no solution.
  func bound(stopping: () -> Bool) throws -> CircuitBound? {
    let epochs = ExactBound.epochs(for: task, on: board, effort: Self.effort)
    if plan.epochs < Self.shortest || epochs == 0 { return nil }
    let reached = try ExactBound.reached(
      by: task, on: board, seed: plan.seed, epochs: epochs, stopping: stopping)
    return reached.map { CircuitBound(training: $0.training, testing: $0.testing, epochs: epochs) }
  }
}
#endif
