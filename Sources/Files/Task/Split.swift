import Portable

extension TaskDescription {
  /// Which samples train and which are held out: drawn by a seed, the same for every rule and board.
  ///
  /// - Parameter seed: the seed of the run.
  /// - Returns: the numbers of the samples, each list in rising order; none are held out where all
  ///   train.
  public func split(seed: UInt64) -> (training: [Int], testing: [Int]) {
    Self.split(count: samples.count, training: training, seed: seed)
  }

  /// The split of so many samples.
  static func split(
    count: Int, training: Int, seed: UInt64
  ) -> (training: [Int], testing: [Int]) {
    if training >= count { return (Array(0..<count), []) }
    // The number is the split's among the purposes of random draws.
    let order = Draw(seed: seed, purpose: 1001, device: 0).shuffledIndices(0, count: count)
    return (order.prefix(training).sorted(), order.dropFirst(training).sorted())
  }
}
