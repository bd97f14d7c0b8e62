/// How the elimination of a network's matrix is laid out: which of the two gears, by size and
/// structure alone.
enum EliminationPlan: Sendable {
  /// Entry by entry: small networks.
  case schedule(Schedule)
  /// In dense blocks: larger ones.
  case fronts(FrontTree)

  init(_ tree: EliminationTree) {
    // How many entries gain from how many others: what the schedule would list.
    let gains = tree.fill.reduce(0) { $0 + Int($1) * (Int($1) - 1) / 2 }
    if tree.count <= EliminationPlan.mostScheduled && gains <= EliminationPlan.mostGains {
      self = .schedule(Schedule(tree))
    } else {
      self = .fronts(FrontTree(tree))
    }
  }

  /// Up to how many free nodes the schedule is faster.
  static let mostScheduled = 150
  /// And up to how many gains of an entry from two others: where nearly all nodes share entries, blocks are
  /// faster sooner.
  static let mostGains = 20_000

  /// How many numbers a solve needs room for beside the nodes' own.
  var workCount: Int {
    switch self {
    case .schedule: 2
    case .fronts(let tree): tree.longestStride
    }
  }

  /// An elimination of this layout, nothing in it yet.
  func elimination() -> Elimination {
    switch self {
    case .schedule(let schedule): .schedule(ScheduledElimination(schedule))
    case .fronts(let tree): .fronts(FrontalElimination(tree))
    }
  }
}

/// The eliminated matrix, all but its tip: A = L D U as far as nodes before the tip go.
///
/// The matrix is that of `SolverState`: magnitudes beside the diagonal and conductances to ground.
/// A solve goes forward, through the tip, and back.
enum Elimination {
  case schedule(ScheduledElimination)
  case fronts(FrontalElimination)

  /// Eliminates all nodes before the tip.
  ///
  /// - Parameters:
  ///   - entries: the matrix.
  ///   - damping: added to every node's conductance to ground, S.
  ///   - symmetric: whether the two of every entry pair are equal.
  func eliminate(_ entries: borrowing Buffer<SIMD2<Double>>, damping: Double, symmetric: Bool) {
    switch self {
    case .schedule(let one): one.eliminate(entries, damping: damping)
    case .fronts(let one): one.eliminate(entries, damping: damping, symmetric: symmetric)
    }
  }

  /// What is left of the matrix at the tip: entry pairs row by row, and conductances to ground.
  func copyTip(pairs: borrowing Buffer<SIMD2<Double>>, ground: borrowing Buffer<Double>) {
    switch self {
    case .schedule(let one): one.copyTip(pairs: pairs, ground: ground)
    case .fronts(let one): one.copyTip(pairs: pairs, ground: ground)
    }
  }

  /// From currents into all nodes to those into the tip, with what the way back needs in the others'
  /// places.
  func forward(_ side: borrowing Buffer<Double>, work: borrowing Buffer<Double>) {
    switch self {
    case .schedule(let one): one.forward(side)
    case .fronts(let one): one.forward(side, work)
    }
  }

  /// From the tip's voltages to all.
  func back(_ side: borrowing Buffer<Double>, work: borrowing Buffer<Double>) {
    switch self {
    case .schedule(let one): one.back(side)
    case .fronts(let one): one.back(side, work)
    }
  }

  /// `forward` of the transposed matrix.
  func forwardTransposed(_ side: borrowing Buffer<Double>, work: borrowing Buffer<Double>) {
    switch self {
    case .schedule(let one): one.forwardTransposed(side)
    case .fronts(let one): one.forwardTransposed(side, work)
    }
  }

  /// `back` of the transposed matrix.
  func backTransposed(_ side: borrowing Buffer<Double>, work: borrowing Buffer<Double>) {
    switch self {
    case .schedule(let one): one.backTransposed(side)
    case .fronts(let one): one.backTransposed(side, work)
    }
  }
}
