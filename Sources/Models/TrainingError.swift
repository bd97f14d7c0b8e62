/// Why a training run ended early. The model then holds the last parameters whose cost was known to
/// be good.
package enum TrainingError: Error, CustomStringConvertible {
  /// A number that is not finite.
  case notFinite(what: String, epoch: Int)
  /// The board did not answer.
  case silent(epoch: Int, reason: String)
  /// The model, or the double in its place, has no solution.
  case unsolved(epoch: Int, reason: String)
  /// What the board measures has nothing to do with what the model expects.
  case unlike(explained: Double, epoch: Int, reason: String)
  /// Lists of different lengths.
  case mismatch(String)

  /// What happened, and what to do.
  package var description: String {
    switch self {
    case .notFinite(let what, let epoch):
      "\(what) in epoch \(epoch) is not a finite number: the last good parameters are kept; check "
        + "the estimates, or lower the rate"
    case .silent(let epoch, let reason):
      "the board stopped answering in epoch \(epoch) (\(reason)): the last good parameters are kept"
    case .unsolved(let epoch, let reason):
      "there is no solution in epoch \(epoch) (\(reason)): the last good parameters are kept; "
        + "lower the rate, or check the estimates"
    case .unlike(let explained, let epoch, let reason):
      "in epoch \(epoch) the model explains \(Int((explained * 100).rounded())) % of how the board's "
        + "outputs vary and the cost has not fallen: \(reason); the last good parameters are kept"
    case .mismatch(let what): what
    }
  }
}

/// What a board threw, told apart from what its model throws.
struct BoardFailure: Error {
  let cause: any Error
}
