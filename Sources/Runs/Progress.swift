/// Where a run stands.
public struct Progress: Sendable, Equatable, Codable {
  /// The epoch being trained, from zero.
  public var epoch = 0
  /// The position within the epoch's order.
  public var position = 0
  /// All steps so far.
  public var steps = 0
  /// The steps that moved a gate.
  public var pulses = 0
  /// The time for which learning was on, ns.
  public var learned: Int64 = 0
  /// The time up to which leakage is accounted for, ns.
  package var accounted: Int64 = 0
  /// The measures before training; `nil` until they are taken.
  public var first: EpochRecord?
  /// The last measures; `nil` until the first are taken.
  public var last: EpochRecord?
  /// The best epoch so far, of runs that end with it.
  package var best: BestEpoch?
  /// All measures so far, in checkpoints of version 0.1; since then they have files of their own.
  public var curve: [EpochRecord]?

  /// What a checkpoint of version 0.1 kept in its curve, in its place.
  package var migrated: Progress {
    var progress = self
    progress.first = first ?? curve?.first
    progress.last = last ?? curve?.last
    progress.curve = nil
    return progress
  }
}

/// The epoch after which a run answered its training samples best.
package struct BestEpoch: Sendable, Equatable, Codable {
  /// After how many epochs.
  package var epoch: Int
  /// The measures of the training samples then.
  package var training: Measures
  /// The controllers' gate estimates then, in units of 2^-24 V.
  package var estimates: [Int32]

  /// Whether measures are better than this epoch's: more samples are right, or as many with a smaller
  /// error.
  func isWorse(than other: Measures) -> Bool {
    let (own, others) = (training.accuracy ?? 0, other.accuracy ?? 0)
    return own < others || own == others && other.error < training.error
  }
}
