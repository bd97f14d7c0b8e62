import Elements
public import Files
public import Firmware

/// A look at a board before it learns: whether converters set what they are sent, comparators
/// report what is at their inputs, and targets read what the sources make of them.
///
/// The gates of a board that has just been opened are unknown. What holds whatever they are is
/// judged first, before any pulse: the sources are known in both twins, the targets in the clamped
/// one, and every other node lies between. The rest is judged once the gates stand high, against an
/// ideal board of the same description. What cannot be told apart from the parts' spread is not
/// judged.
public struct FirstLook: Sendable {
  /// What looks wrong, in words: what and where.
  public private(set) var findings: [String] = []
  /// How many comparators have been seen to say both that a drop is positive and that it is
  /// negative; of two for each learning edge.
  public var comparatorsSeen: Int { seen.count { $0.right.count == 2 } }

  private let description: BoardDescription
  private let sources: [Int]
  private let targets: [Int]
  private let wires: [EdgeDescription]
  /// The voltage of each source channel that is wired to a rail, V.
  private let rails: [Double?]
  private let expectations: [Expectation]
  private var seen: [ComparatorRecord]
  private var comparisons: [Comparison]
  /// The levels that comparators have said, of all presentations.
  private var levels: Set<Bool> = []
  /// The lowest and the highest that any target has read, V.
  private var span: ClosedRange<Double>?
  /// Whether what comes back from the board stands still whatever is sent, so that nothing is told of gates.
  public private(set) var isReturnStill = false
  /// Targets that read what they cannot, and what.
  private var misread: [Int: String] = [:]

  /// What a comparator said where that could be judged.
  private struct ComparatorRecord {
    var right: Set<Bool> = []
    var wrong: Set<Bool> = []
    var wrongs = 0
    var judged = 0
    /// How often it said what the edge's other comparator should have, when both were judged.
    var exchanged = 0
    var both = 0
  }

  /// What is driven, V; a clamp that is `nil` is released.
  private struct Presentation {
    var sources: [Double]
    var clamps: [Double?]
  }

  /// What the nodes of an ideal board stand at, V, once its gates stand high.
  private struct Expectation {
    var presentation: Presentation
    /// How far a target may be off for the parts' spread, V.
    var slack: Double
    var free: [ClosedRange<Double>]
    var clamped: [ClosedRange<Double>]
  }

  /// A model of an ideal board whose gates stand at the controllers' highest voltage: the nodes of
  /// both twins, V, for a voltage at each source channel and at each target channel's clamp (`nil`:
  /// released).
  public typealias IdealBoard<Failure: Error> =
    (_ sources: [Double], _ clamps: [Double?]) throws(Failure) -> (
      free: [Double], clamped: [Double]
    )

  /// How far a converter may be off, V.
  private static let tolerance = 0.03
  /// What half a drop must be for a comparator to be judged, V: a drop of 40 mV. Offset, hysteresis
  /// and averages take up to 12 mV of it.
  private static let least = 0.02
  /// The same where an ideal board says what the drop is, whose transistors have no spread.
  private static let leastByModel = 0.04

  /// Prepares a look.
  ///
  /// - Parameters:
  ///   - description: the board.
  ///   - sources: the node of each source channel.
  ///   - targets: the node of each target channel.
  ///   - ideal: an ideal board of this description; without one nothing is judged by it.
  /// - Throws: what the ideal board throws.
  public init<Failure: Error>(
    _ description: BoardDescription, sources: [Int], targets: [Int], ideal: IdealBoard<Failure>?
  ) throws(Failure) {
    self.description = description
    self.sources = sources
    self.targets = targets
    wires = description.learningEdges
    let wired = description.wiring?.sources ?? []
    rails = sources.indices.map { $0 < wired.count ? wired[$0].rail : nil }
    seen = Array(repeating: ComparatorRecord(), count: 2 * wires.count)
    comparisons = Array(repeating: Comparison(bits: 0), count: wires.count)
    var expectations: [Expectation] = []
    if let ideal {
      let shown = FirstLook.presentations(
        of: description, sources: sources.count, targets: targets.count)
      for (presentation, slack) in shown {
        let (free, clamped) = try ideal(presentation.sources, presentation.clamps)
        expectations.append(
          Expectation(
            presentation: presentation, slack: slack, free: free.map { $0...$0 },
            clamped: clamped.map { $0...$0 }))
      }
    }
    self.expectations = expectations
  }

  /// What is shown once the gates stand high, and how far a target may then be off.
  private static func presentations(
    of description: BoardDescription, sources: Int, targets: Int
  ) -> [(Presentation, slack: Double)] {
    func present(_ high: [Bool], _ up: [Bool]?) -> Presentation {
      FirstLook.present(high, up, on: description, targets: targets)
    }
    let low = [Bool](repeating: false, count: sources)
    let high = [Bool](repeating: true, count: sources)
    let down = [Bool](repeating: false, count: targets)
    let up = [Bool](repeating: true, count: targets)
    // What all sources agree on is stated exactly; between them nodes lie where the parts' spread
    // has them.
    var presentations = [(present(high, down), slack: 0.05), (present(low, up), slack: 0.05)]
    if targets > 1 {
      presentations += patterns(targets).map { (present(low, $0), slack: 0.05) }
    }
    presentations += patterns(sources).map { (present($0, nil), slack: 0.15) }
    return presentations
  }

  // MARK: - Looking

  /// Looks at a board whose gates may stand anywhere; none moves.
  ///
  /// - Parameters:
  ///   - board: the board.
  ///   - stopping: asked before every presentation.
  /// - Returns: whether it came to the end. Every clamp is released then.
  /// - Throws: what the board throws.
  public mutating func beforePulses<Board: LearningBoard>(
    _ board: inout Board, stopping: () -> Bool = { false }
  ) throws(Board.Failure) -> Bool {
    var presentations: [Presentation] = []
    for pattern in FirstLook.patterns(targets.count) {
      presentations.append(present([Bool](repeating: false, count: sources.count), pattern))
    }
    for pattern in FirstLook.patterns(sources.count) {
      presentations.append(present(pattern, [Bool](repeating: false, count: targets.count)))
    }
    for presentation in presentations {
      if stopping() { return false }
      try show(presentation, to: &board)
      let (free, clamped) = bounds(presentation)
      judge(least: FirstLook.least, free: free, clamped: clamped)
      try read(&board, free: free, slack: FirstLook.tolerance)
    }
    try release(&board)
    report(by: "before any pulse")
    return true
  }

  /// Looks at a board whose gates were brought to the controllers' highest voltage.
  ///
  /// - Parameters:
  ///   - board: the board.
  ///   - stopping: asked before every presentation.
  /// - Returns: whether it came to the end. Every clamp is released then.
  /// - Throws: what the board throws.
  public mutating func withGatesHigh<Board: LearningBoard>(
    _ board: inout Board, stopping: () -> Bool = { false }
  ) throws(Board.Failure) -> Bool {
    for expectation in expectations {
      if stopping() { return false }
      try show(expectation.presentation, to: &board)
      judge(
        least: FirstLook.leastByModel, free: expectation.free, clamped: expectation.clamped)
      try read(&board, free: expectation.free, slack: expectation.slack)
    }
    try release(&board)
    report(by: "with the gates raised")
    return true
  }

  /// Patterns in which each of a number of channels is high in some and low in others, and any two
  /// differ in some; their opposites are among them.
  private static func patterns(_ count: Int) -> [[Bool]] {
    if count == 0 { return [] }
    if count == 1 { return [[true], [false]] }
    return (0..<(count - 1).bitWidth - (count - 1).leadingZeroBitCount).flatMap { bit in
      let pattern = (0..<count).map { $0 >> bit & 1 == 1 }
      return [pattern, pattern.map { !$0 }]
    }
  }

  private func present(_ high: [Bool], _ up: [Bool]?) -> Presentation {
    FirstLook.present(high, up, on: description, targets: targets.count)
  }

  private static func present(
    _ high: [Bool], _ up: [Bool]?, on description: BoardDescription, targets: Int
  ) -> Presentation {
    func volts(_ high: Bool) -> Double { high ? description.nodeHighest : description.nodeLowest }
    return Presentation(
      sources: high.map(volts),
      clamps: up?.map(volts) ?? Array(repeating: nil, count: targets))
  }

  private mutating func show<Board: LearningBoard>(
    _ presentation: Presentation, to board: inout Board
  ) throws(Board.Failure) {
    for (channel, volts) in presentation.sources.enumerated() {
      try board.drive(source: channel, at: Voltage(volts: volts))
    }
    for (channel, volts) in presentation.clamps.enumerated() {
      if let volts {
        try board.clamp(target: channel, at: Voltage(volts: volts))
      } else {
        try board.release(target: channel)
      }
    }
    try board.settle()
    var span = comparisons.mutableSpan
    try board.compare(into: &span)
    for comparison in comparisons {
      levels.formUnion([comparison.bits & 1 != 0, comparison.bits & 2 != 0])
    }
  }

  private func release<Board: LearningBoard>(_ board: inout Board) throws(Board.Failure) {
    for channel in targets.indices { try board.release(target: channel) }
  }

  private mutating func read<Board: LearningBoard>(
    _ board: inout Board, free: [ClosedRange<Double>], slack: Double
  ) throws(Board.Failure) {
    for (channel, node) in targets.enumerated() {
      let volts = try board.measure(target: channel).volts
      span = min(volts, span?.lowerBound ?? volts)...max(volts, span?.upperBound ?? volts)
      let range = free[node]
      if volts < range.lowerBound - slack || volts > range.upperBound + slack,
        misread[channel] == nil
      {
        func text(_ volts: Double) -> String { "\((volts * 1000).rounded() / 1000)" }
        let expected =
          range.upperBound - range.lowerBound < 1e-6
          ? text(range.lowerBound) : "\(text(range.lowerBound)) ... \(text(range.upperBound))"
        misread[channel] = "\(text(volts)) V where \(expected) V is expected"
      }
    }
  }

  // MARK: - What must be seen

  /// Where every node's voltage lies in either twin, whatever the gates are.
  private func bounds(
    _ presentation: Presentation
  ) -> (free: [ClosedRange<Double>], clamped: [ClosedRange<Double>]) {
    let slack = FirstLook.tolerance
    let driven = zip(presentation.sources, rails).map { $1 ?? $0 }
    // What nothing conducts to leaks to 0 V.
    func range(_ volts: [Double]) -> ClosedRange<Double> {
      (volts.min() ?? 0) - slack...(volts.max() ?? 0) + slack
    }
    func nodes(_ clamps: [Double?]) -> [ClosedRange<Double>] {
      let all = range([0] + driven + clamps.compactMap { $0 })
      var nodes = Array(repeating: all, count: description.nodes.count)
      for (channel, clamp) in clamps.enumerated() {
        guard let clamp else { continue }
        // The clamp's resistor and all that may conduct at the node divide what lies between.
        let share = pull(at: targets[channel])
        nodes[targets[channel]] =
          clamp + share * (all.lowerBound - clamp) - slack...clamp
          + share * (all.upperBound - clamp) + slack
      }
      for (node, volts) in zip(sources, driven) { nodes[node] = volts - slack...volts + slack }
      return nodes
    }
    return (nodes(targets.map { _ in nil }), nodes(presentation.clamps))
  }

  /// By how much the edges at a clamped node can pull it from the clamp at most, as a share.
  private func pull(at node: Int) -> Double {
    var siemens = 0.0
    for edge in description.edges where edge.from == node || edge.to == node {
      switch edge.part {
      case .learning:
        // Half as much again as the strongest gate gives: for the spread.
        siemens += 1.5 * description.transistor.strength * (description.gates.supply + 0.5)
      case .transistor(let gate): siemens += 1.5 * description.transistor.strength * max(gate, 0)
      case .fixed(let element):
        guard let most = element.kind.mostSiemens else { return 1 }
        siemens += most
      }
    }
    let joined = description.faults.contains { fault in
      let edge = description.edges[fault.edge]
      return fault.kind == .shorted && (edge.from == node || edge.to == node)
    }
    if joined { return 1 }
    let ohms = max(description.clampOhms, BoardDescription.leastClampOhms)
    return siemens * ohms / (1 + siemens * ohms)
  }

  /// Judges the comparisons that were just made, where the nodes' bounds tell what they must be.
  private mutating func judge(
    least: Double, free: [ClosedRange<Double>], clamped: [ClosedRange<Double>]
  ) {
    func difference(_ a: ClosedRange<Double>, _ b: ClosedRange<Double>) -> ClosedRange<Double> {
      a.lowerBound - b.upperBound...a.upperBound - b.lowerBound
    }
    func sign(_ range: ClosedRange<Double>) -> Bool? {
      range.lowerBound / 2 > least ? true : range.upperBound / 2 < -least ? false : nil
    }
    for (edge, wire) in wires.enumerated() {
      let drop = difference(free[wire.from], free[wire.to])
      let other = difference(clamped[wire.from], clamped[wire.to])
      // A comparator that the board file says is stuck is no finding.
      let isStuck = description.faults.contains { fault in
        description.edges[fault.edge] == wire
          && (fault.kind == .comparatorStuckLow || fault.kind == .comparatorStuckHigh)
      }
      let a = isStuck ? nil : sign(difference(drop, other))
      let b = sign(drop.lowerBound + other.lowerBound...drop.upperBound + other.upperBound)
      let says = [comparisons[edge].bits & 1 != 0, comparisons[edge].bits & 2 != 0]
      for (which, wanted) in [a, b].enumerated() {
        guard let wanted else { continue }
        let place = 2 * edge + which
        seen[place].judged += 1
        if says[which] == wanted {
          seen[place].right.insert(wanted)
        } else {
          seen[place].wrong.insert(says[which])
          seen[place].wrongs += 1
        }
        if let a, let b, a != b {
          seen[place].both += 1
          if says == [b, a] { seen[place].exchanged += 1 }
        }
      }
    }
  }

  // MARK: - In words

  private mutating func report(by moment: String) {
    if !findings.isEmpty { return }
    var wrong: [(edge: Int, text: String)] = []
    for edge in wires.indices {
      let (a, b) = (seen[2 * edge], seen[2 * edge + 1])
      let name = wires[edge].name
      if a.wrongs > 0 && b.wrongs > 0 && a.both > 0 && a.exchanged == a.both {
        wrong.append(
          (
            edge,
            "comparators A and B of edge \(name) (\(place(edge, 0)) and \(place(edge, 1))) say "
              + "each other's or the opposite of what they should: exchanged, or their inputs are"
          ))
        continue
      }
      for (which, record) in [a, b].enumerated() where record.wrongs > 0 {
        let says: String
        if record.wrong.count == 1 && record.right.isSubset(of: record.wrong) {
          says = record.wrong.first! ? "stays high" : "stays low"
        } else if record.wrongs == record.judged {
          says = "says the opposite of what it should: its inputs are exchanged"
        } else {
          says = "is wrong in \(record.wrongs) of \(record.judged) trials"
        }
        wrong.append(
          (
            edge,
            "comparator \(which == 0 ? "A" : "B") of edge \(name) (\(place(edge, which))) \(says)"
          )
        )
      }
    }
    let still = standingStill(
      comparators: !wrong.isEmpty, targets: misread.count == targets.count && !misread.isEmpty)
    isReturnStill = !still.isEmpty
    findings += still.map { "\(moment) \($0)" }
    let edges = Set(wrong.map(\.edge))
    let suspects = converters { nodes in
      !edges.isEmpty
        && edges.allSatisfy { nodes.contains(wires[$0].from) || nodes.contains(wires[$0].to) }
    }
    if edges.count > 1 {
      findings.append(
        "\(moment) the comparators of \(edges.count) edges do not see what the converters were "
          + "told; check the supply, the select and the data lines of "
          // One that sets nothing is seen at other nodes too, once gates conduct.
          + (suspects.isEmpty ? converters { !$0.isEmpty } : suspects).joined(separator: ", or of ")
      )
    }
    findings += wrong.prefix(6).map { edge, text in
      guard edges.count == 1 else { return "\(moment) \(text)" }
      return "\(moment) \(text); or what it looks at is not set: "
        + (suspects.isEmpty ? "a rail" : suspects.joined(separator: ", "))
    }
    if wrong.count > 6 { findings.append("and \(wrong.count - 6) more comparators") }
    for (channel, text) in misread.sorted(by: { $0.key < $1.key }) {
      findings.append(
        "\(moment) target \(description.nodes[targets[channel]]) "
          + "(\(input(ofTarget: channel))) reads \(text)")
    }
  }

  /// What of all that comes back from the board stands still, in words: then what brings it back is at fault
  /// before any gate is.
  ///
  /// - Parameters:
  ///   - comparators: whether comparators are wrong.
  ///   - targets: whether every target is.
  /// - Returns: a sentence each; none where something changes.
  private func standingStill(comparators: Bool, targets: Bool) -> [String] {
    var still: [String] = []
    if comparators, wires.count > 1, levels.count == 1, let level = levels.first {
      still.append(
        "every comparator reads \(level ? "high" : "low") whatever is driven: "
          + (description.wiring?.kind == .chains
            ? "look first at what brings them back, the chain's registers (their supply, LOAD and serial "
              + "output) and MISO" : "look first at their supply"))
    }
    let full = description.converters
    let step = full.reference / Double(1 << full.bits)
    if targets, let span, span.lowerBound == span.upperBound {
      let level =
        span.lowerBound < full.lowest + step / 2
        ? "low" : span.lowerBound > full.lowest + full.reference - 1.5 * step ? "high" : nil
      if let level {
        still.append(
          "every target reads the converter's \(level)est code whatever is driven: look first at MISO, which "
            + "something may hold \(level), and at the supply, reference and select of "
            + Set(self.targets.indices.map { chip(ofTarget: $0) }).sorted().joined(
              separator: " and "))
      }
    }
    return still
  }

  /// Where a comparator's bit comes from.
  private func place(_ edge: Int, _ which: Int) -> String {
    guard let wiring = description.wiring else { return "no wiring" }
    if wiring.kind == .chains {
      let position = wiring.chain.firstIndex(of: edge) ?? edge
      return "bit \(2 * position + which) of the chain"
    }
    let role = wires[edge].name + (which == 0 ? ".A" : ".B")
    guard let wire = wiring.wires.first(where: { $0.role == role }) else { return role }
    switch wire.line {
    case .offset(let offset): return "line \(offset)"
    case .name(let name): return "line \(name)"
    }
  }

  /// The converter's input at which a target is read.
  private func input(ofTarget channel: Int) -> String {
    guard let wiring = description.wiring, wiring.targets.indices.contains(channel),
      wiring.selects.indices.contains(wiring.targets[channel].select)
    else { return description.part(of: .adc).name }
    return "channel \(wiring.targets[channel].channel) of \(chip(ofTarget: channel))"
  }

  /// The converter at which a target is read.
  private func chip(ofTarget channel: Int) -> String {
    guard let wiring = description.wiring, wiring.targets.indices.contains(channel),
      wiring.selects.indices.contains(wiring.targets[channel].select)
    else { return "the \(description.part(of: .adc).name)" }
    let select = wiring.targets[channel].select
    return "the \(wiring.selects[select].name) at select \(select)"
  }

  /// The digital-to-analog converters that are such by the nodes they drive.
  private func converters(_ isSuch: (Set<Int>) -> Bool) -> [String] {
    guard let wiring = description.wiring else { return [] }
    var names: [String] = []
    for select in wiring.selects.indices where wiring.selects[select].kind == .dac {
      var nodes: [Int] = []
      for (channel, node) in sources.enumerated()
      where wiring.sources[channel].rail == nil && wiring.sources[channel].select == select {
        nodes.append(node)
      }
      for (channel, node) in targets.enumerated() where wiring.clamps[channel].select == select {
        nodes.append(node)
      }
      if isSuch(Set(nodes)) {
        let places = nodes.map { description.nodes[$0] }.joined(separator: " and ")
        names.append("the \(wiring.selects[select].name) at select \(select) (\(places))")
      }
    }
    return names
  }
}

extension Session {
  /// Brings gates of unknown voltage to known ones, as `findGates(stopping:)` does, and looks at
  /// the board on the way: before the first pulse, and once the gates stand high.
  ///
  /// - Parameters:
  ///   - look: what looks; where it finds something the gates are left where they are.
  ///   - stopping: asked before every presentation and pulse.
  /// - Returns: whether it came to the end and found nothing wrong.
  /// - Throws: what the board throws.
  public mutating func findGates(
    looking look: inout FirstLook, stopping: () -> Bool = { false }
  ) throws(Board.Failure) -> Bool {
    guard try look.beforePulses(&learner.board, stopping: stopping), look.findings.isEmpty else {
      return false
    }
    return try findGates(
      whenHigh: { board throws(Board.Failure) in
        try look.withGatesHigh(&board, stopping: stopping) && look.findings.isEmpty
      }, stopping: stopping)
  }
}
