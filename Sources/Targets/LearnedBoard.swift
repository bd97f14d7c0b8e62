package import Runs

extension OpenTarget {
  /// Does something on the board and leaves nothing driven, whatever happens.
  ///
  /// - Parameters:
  ///   - telling: is told where the board could not be put to rest.
  ///   - body: does it.
  /// - Throws: what it throws; of a board that could not be put to rest, `LooksWrong` says so too.
  package mutating func leavingAtRest(
    telling: (String) -> Void, _ body: (inout Self) throws -> Void
  ) throws {
    do {
      try body(&self)
    } catch {
      do { try rest() } catch let failure {
        telling("the board could not be put to rest: \(failure)")
        if let looks = error as? LooksWrong { throw looks.away }
      }
      throw error
    }
    try rest()
  }

  /// Brings the board to learned gates: exactly to where a checkpoint was taken, where the board is
  /// one that can, else by pulses.
  ///
  /// - Parameters:
  ///   - saved: the checkpoint, of a board inside the program; `nil` programs the gates.
  ///   - gates: the learned gates, V.
  ///   - telling: is told what the user should know, a sentence at a time.
  ///   - stopping: asked before whatever takes long.
  /// - Returns: whether it came to the end rather than being stopped.
  /// - Throws: what the board throws; `SessionError` where its edges cannot be programmed.
  package mutating func bring(
    to saved: Checkpoint<BoardState>?, gates: [Double], telling: (String) -> Void,
    stopping: () -> Bool
  ) throws -> Bool {
    if let saved, !Self.isOutside { return try restore(saved, stopping: stopping) }
    try session.checkProgrammable()
    guard try makeReady(telling: telling, stopping: stopping) else { return false }
    return try session.program(gates, stopping: stopping)
  }
}
