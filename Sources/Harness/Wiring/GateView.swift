import Files
import Firmware
import Runs
import Targets

/// Where the gate of one edge is seen alone: a voltage that rises with its conductance.
enum GateView {
  /// A target, with some sources high.
  case target(high: [Bool], target: Int)
  /// The level of swept sources at which a comparator B turns: it finds a node between.
  case sweep(comparator: Int, isAbove: Bool, swept: [Int], high: [Int], clamps: [Double?])

  /// The view of an edge; `nil` of one that joins neither a source and a free node nor two targets.
  init?(of edge: Int, _ subject: Subject) {
    let edges = subject.description.learningEdges
    let high = subject.description.nodeHighest
    let released = [Double?](repeating: nil, count: subject.targets.count)
    func source(_ node: Int) -> Int? { subject.sources.firstIndex(of: node) }
    func target(_ node: Int) -> Int? { subject.targets.firstIndex(of: node) }
    /// Other edges at a node that end at a source.
    func neighbours(_ node: Int) -> [(edge: Int, source: Int)] {
      edges.indices.compactMap { index in
        if index == edge { return nil }
        let (from, to) = (edges[index].from, edges[index].to)
        let end = from == node ? source(to) : to == node ? source(from) : nil
        return end.map { (index, $0) }
      }
    }
    let (from, to) = (edges[edge].from, edges[edge].to)
    if let driven = source(from) ?? source(to) {
      let free = source(from) != nil ? to : from
      if let target = target(free) {
        self = .target(high: subject.sources.indices.map { $0 == driven }, target: target)
        return
      }
      let others = neighbours(free).filter { $0.source != driven }
      guard others.count > 1 else { return nil }
      let swept = subject.sources.indices.filter { $0 != driven && $0 != others[0].source }
      self = .sweep(
        comparator: 2 * others[1].edge + 1, isAbove: edges[others[1].edge].to == free,
        swept: swept, high: [driven], clamps: released)
      return
    }
    guard let one = target(from), target(to) != nil else { return nil }
    let others = neighbours(to)
    guard let swept = others.first else { return nil }
    var clamps = released
    clamps[one] = high
    self = .sweep(
      comparator: 2 * swept.edge + 1, isAbove: edges[swept.edge].to == to, swept: [swept.source],
      high: [], clamps: clamps)
  }

  /// The comparator that it hangs on.
  var comparator: Int? {
    if case .sweep(let comparator, _, _, _, _) = self { comparator } else { nil }
  }

  /// What differs by less is the same, V.
  var resolution: Double {
    if case .sweep = self { 0.0025 } else { 0.0025 }
  }

  /// What it shows, V.
  func read<Target: OpenTarget>(_ target: inout Target, _ subject: Subject) throws -> Double {
    let (low, high) = (subject.description.nodeLowest, subject.description.nodeHighest)
    switch self {
    case .target(let pattern, let channel):
      try target.releaseAll(subject)
      try target.drive(pattern, subject)
      return try target.measure(channel, times: 4)
    case .sweep(let comparator, let isAbove, let swept, let raised, let clamps):
      var (below, above) = (low, high)
      for _ in 0..<9 {
        let middle = (below + above) / 2
        // From below each time: else the comparator's hysteresis would be in the difference.
        var says = false
        for level in [low, middle] {
          let sources = subject.sources.indices.map { channel in
            raised.contains(channel) ? high : swept.contains(channel) ? level : low
          }
          try WiringPresentation(sources: sources, clamps: clamps)
            .show(on: &target.session.board)
          says = try target.compare()[comparator / 2].bits & 2 != 0
        }
        if says == isAbove { above = middle } else { below = middle }
      }
      return (below + above) / 2
    }
  }
}
