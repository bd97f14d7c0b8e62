import BoardDouble
import Files
import Firmware
import Portable
package import Targets
package import Runs

/// Whether every wire goes where the board file has it; what does not is named so that it can be mended.
///
/// First, before any pulse: the chains, the selects and the converters. Then all gates are charged by four
/// pulses, which makes them conduct however their drives are exchanged; comparators are told from each
/// other, and each drive by what one pulse of it moves. No gate is driven by more than eight, unless LEARN
/// itself is exchanged with a line that stays high.
package enum WiringPhase: Phase {
  package static let name = "wiring"
  package static let about =
    "Every chain, select, comparator and drive is where the board file has it: before any pulse what can "
    + "be told so, the rest within eight pulses a gate where one moves it by a twelfth."
  package static let isBarrier = true
  package static let hasReadings = false
  package static let remedy =
    "mend the wiring that is named, switch off until the gates are drained, and repeat"

  package static func skipping(on target: RunSetting.Target, _ subject: Subject) -> String? {
    let board = subject.description
    if board.wiring == nil { return "board \(board.name) has no wiring" }
    if !board.imperfections.quantise || board.gates.taps != nil {
      return "board \(board.name) has converters or gates without wires"
    }
    return subject.pulsesToSee > 100
      ? "a pulse of t_max moves gates too little to see: RC is "
        + "\(rounded(board.gates.ohms * board.gates.farads)) s" : nil
  }

  package static func run<Target: OpenTarget>(
    on target: inout Target, _ log: inout PhaseLog, _ subject: Subject
  ) throws {
    guard let wiring = subject.description.wiring else { return }
    func find(_ mistakes: [[WiringMistake]], _ moment: String) {
      for one in mistakes { tell(one, moment, subject, &log) }
    }
    let presentations = WiringPresentation.all(subject)
    let edges = subject.views.count
    let before = try WiringObservation(of: &target.session.board, edges: edges, presentations)
    let budget = try PulseBudget(subject)
    var search = try WiringSearch(before, .beforePulses, subject, wiring, budget)
    if search.unmistaken.left > 0 {
      if let chain = try ChainDiagnosis(&target, subject), !chain.isHealthy {
        if chain.named.isEmpty { log.find("the chains do not answer as they must") }
        find(chain.named, "before any pulse")
        return
      }
      if try isLoose(&target, subject) {
        find([[.missing(.line("MISO"))]], "before any pulse")
        return
      }
      let candidates = try search.best(on: &target, log)
      let parts = try PartSearch(subject, wiring)
        .explanation(of: before, .beforePulses, wires: candidates[0].cost)
      let named = search.sure(candidates)
      if !named.isEmpty {
        let all = named + candidates[0].diagnosis.named
        let wires = accuse(parts, "before any pulse", &log)
        if !parts.isClear || all.count <= PartSearch.mostWires { find(all, wires) }
        return
      }
      let registers = search.unmistaken.diagnosis.named.filter {
        $0.contains { $0.kind == .chainOrder || $0.places.contains(.wire(.line("MISO"))) }
      }
      if !registers.isEmpty {
        find(registers, "before any pulse")
        return
      }
    }
    try charged(&target, &log, subject, wiring, presentations, budget)
    try target.releaseAll(subject)
  }

  /// Whether what targets read is noise of the whole range.
  private static func isLoose<Target: OpenTarget>(
    _ target: inout Target, _ subject: Subject
  ) throws -> Bool {
    guard !subject.targets.isEmpty else { return false }
    let read = try (0..<8).map { _ in try target.measure(0, times: 1) }
    return read.max()! - read.min()! > 0.3
  }

  // MARK: - With pulses

  private static func charged<Target: OpenTarget>(
    _ target: inout Target, _ log: inout PhaseLog, _ subject: Subject, _ wiring: WiringDescription,
    _ presentations: [WiringPresentation], _ budget: PulseBudget
  ) throws {
    let edges = subject.views.count
    let width = target.session.board.longestPulse
    let pulses = subject.pulsesToSee
    func pulse(_ drives: [Drive], _ target: inout Target) throws {
      for _ in 0..<pulses { _ = try target.session.board.pulse(width: width, drives: drives.span) }
    }
    var moment = "by pulses"
    func find(_ mistakes: [WiringMistake]) { tell(mistakes, moment, subject, &log) }
    // All lines high: every gate is charged, whatever is exchanged with what.
    for _ in 0..<4 {
      try log.check()
      try pulse([Drive](repeating: .charge, count: edges), &target)
    }
    var charged = try target.session.board.now()
    try target.releaseAll(subject)
    let following = try Following(subject)
    let followed = try WiringObservation(
      of: &target.session.board, edges: edges, following.presentations)
    if !following.isSeen(followed.readings) {
      // Something is wrong for certain. Lines that show it at once are tried first.
      let exchanged = try FollowProbe.exchanges(on: &target, subject, wiring, log)
      if !exchanged.isEmpty, exchanged.count <= 4 {
        find(exchanged)
        return
      }
      let seen = try WiringObservation(of: &target.session.board, edges: edges, presentations)
      var search = try WiringSearch(seen, .charged, subject, wiring, budget)
      let candidates = try search.best(on: &target, log, tryingLearn: false)
      // Or no pulse came: then the board is as it was before.
      var drained = try WiringSearch(seen, .beforePulses, subject, wiring, budget)
      let uncharged = try drained.best(on: &target, log, tryingLearn: false)
      if wiring.kind == .direct, uncharged[0].cost + 1.4 < candidates[0].cost {
        let named = drained.sure(uncharged)
        if uncharged[0].left < 5 {
          moment = noPulse(&log)
          find([.missing(.line("LEARN"))])
          for mistakes in named { find(mistakes) }
          return
        }
      }
      let parts = try PartSearch(subject, wiring)
        .explanation(
          of: seen, .charged, wires: min(candidates[0].cost, uncharged[0].cost), isCharged: false)
      moment = accuse(parts, moment, &log)
      let named = search.sure(candidates)
      if !named.isEmpty, candidates[0].left < 5 {
        for mistakes in named { find(mistakes) }
        return
      }
      if parts.words.isEmpty { moment = noPulse(&log) }
      find(
        wiring.kind == .chains
          ? [
            .missing(.line("LATCH")), .missing(.line("LEARN")),
            .swapped(.line("LATCH"), .line("LEARN")),
          ]
          : [.missing(.line("LEARN")), .missing(.line("MISO"))]
            + wiring.selects.indices.filter { wiring.selects[$0].kind == .adc }.map {
              .missing(.line("CS\($0)"))
            })
      return
    }
    let seen = try WiringObservation(of: &target.session.board, edges: edges, presentations)
    let usual = try WiringExpectation.of(subject, .charged, [])
    let comparators = ComparatorDiagnosis(seen.bits, usual, wiring, subject)
    if !comparators.named.isEmpty {
      let parts = try PartSearch(subject, wiring).explanation(
        of: seen, .charged, wires: PartSearch.cost(seen, usual, subject, wiring))
      moment = accuse(parts, moment, &log)
      if parts.isClear, comparators.named.count > PartSearch.mostWires { return }
    }
    for mistakes in comparators.named { find(mistakes) }
    var bad: Set<Int> = []
    for mistake in comparators.named.joined() {
      for case .wire(.edge(let edge, let wire)) in mistake.places {
        bad.insert(2 * edge + wire.rawValue)
      }
      if mistake.kind == .chainOrder { return }
    }
    // Hold: what moves now has a drive where its other one should be.
    let views = (0..<edges).map { edge in
      GateView(of: edge, subject).flatMap { view in
        view.comparator.map { bad.contains($0) } ?? false ? nil : view
      }
    }
    func readAll(_ target: inout Target) throws -> [Double?] {
      try views.map { try $0?.read(&target, subject) }
    }
    /// How far what is seen of each gate may move by itself meanwhile.
    var drift = [Double](repeating: 0, count: edges)
    /// The gates that moved most at their nodes, and by how much.
    func moved(_ before: [Double?], _ after: [Double?]) -> [(edge: Int, change: Double)] {
      let all = (0..<edges).compactMap { edge -> (edge: Int, change: Double)? in
        guard let one = before[edge], let other = after[edge], let view = views[edge],
          abs(other - one) > 1.6 * view.resolution + 2 * drift[edge]
        else { return nil }
        return (edge, other - one)
      }
      return all.filter { one in
        let node = freeNodes(one.edge, subject)
        let most =
          all.filter { !freeNodes($0.edge, subject).isDisjoint(with: node) }
          .map { abs($0.change) }.max() ?? 0
        return abs(one.change) > 0.6 * most
      }
    }
    try log.check()
    let start = try target.session.board.now()
    var still = try readAll(&target)
    let reading = try target.session.board.now() - start
    if refill(subject, after: reading.seconds, of: 4 * width.seconds) > 1e-4 {
      // What leaks while a slow computer reads would be taken for what the pulse moved.
      let again = try readAll(&target)
      for edge in 0..<edges {
        if let before = still[edge], let now = again[edge] { drift[edge] = abs(now - before) }
      }
      still = again
    }
    try pulse([Drive](repeating: .hold, count: edges), &target)
    let held = moved(still, try readAll(&target))
    if !held.isEmpty {
      let up = held.filter { $0.change > 0 }.map(\.edge)
      let down = held.filter { $0.change < 0 }.map(\.edge)
      if up.count == 1, down.count == 1 {
        find([
          .swapped(.edge(up[0], .charge), .edge(down[0], .discharge)),
          .exchangedDrives(edge: up[0]),
        ])
      } else {
        for edge in up {
          var mistakes = [WiringMistake.exchangedDrives(edge: edge)]
          // Targets show the relation of their edges alone: what one gains a neighbour may have lost.
          if wiring.kind == .direct {
            let ends = { (edge: Int) -> Set<Int> in
              let wire = subject.description.learningEdges[edge]
              return [wire.from, wire.to]
            }
            mistakes += (0..<edges).filter { $0 != edge && !ends($0).isDisjoint(with: ends(edge)) }
              .prefix(3).map { .swapped(.edge(edge, .charge), .edge($0, .discharge)) }
          }
          find(mistakes)
        }
        for edge in down where up.isEmpty {
          let name = subject.description.learningEdges[edge].name
          log.find("by pulses: the gate of edge \(name) leaks, or its discharge never ends")
          tell([.missing(.edge(edge, .discharge))], "by pulses, or of wires", subject, &log)
        }
      }
      return
    }
    // Comparators first: where one is not to be trusted, gates that move may not be seen.
    if !bad.isEmpty { return }
    // Each drive by itself.
    var answers = [[Double]](repeating: [0, 0], count: edges)
    for edge in 0..<edges where views[edge] != nil {
      try log.check()
      // On a slow computer gates leak meanwhile until they hardly conduct: that much is charged again.
      let now = try target.session.board.now()
      let leaked = refill(subject, after: (now - charged).seconds, of: 4 * width.seconds)
      if leaked > 2e-3 {
        let all = [Drive](repeating: .charge, count: edges)
        _ = try target.session.board.pulse(
          width: min(Nanoseconds(seconds: leaked), width), drives: all.span)
        charged = now
      }
      // Few edges are all read: what another one's gate moves is seen through its neighbours as well.
      let near = wiring.kind == .direct ? Array(0..<edges) : [edge]
      func read(_ target: inout Target) throws -> [Double?] {
        try near.map { try views[$0]?.read(&target, subject) }
      }
      var before = try read(&target)
      for (turn, drive) in [Drive.discharge, .charge].enumerated() {
        var drives = [Drive](repeating: .hold, count: edges)
        drives[edge] = drive
        try pulse(drives, &target)
        let after = try read(&target)
        var most = 0.0
        for (place, other) in near.enumerated() {
          guard let one = before[place], let then = after[place] else { continue }
          if other == edge {
            answers[edge][turn] = then - one
          } else {
            most = max(most, abs(then - one))
          }
        }
        if most > 1.5 * abs(answers[edge][turn]) { answers[edge][turn] = 0 }
        before = after
      }
    }
    func follows(_ edge: Int, _ turn: Int) -> Bool {
      guard let view = views[edge] else { return true }
      return (turn == 0 ? -1 : 1) * answers[edge][turn] > view.resolution
    }
    /// Whether a gate may stand so high that a charge is not seen: of a board that was warm, a discharge moves it
    /// up to four times as far. Without its charge a gate would show no discharge either, or keep one that is
    /// seen well.
    func isHigh(_ edge: Int) -> Bool {
      guard let view = views[edge] else { return false }
      return follows(edge, 0) && -answers[edge][0] < 4 * view.resolution
    }
    // A board that was warm has its gates so high that a charge is hardly seen.
    let isWarm =
      (0..<edges).count { !follows($0, 1) } > edges / 2
      && (0..<edges).count { follows($0, 0) } > edges / 2
    // Where the others' pulses end.
    var movers: [[Int?]] = Array(repeating: [nil, nil], count: edges)
    var failed: [(edge: Int, turn: Int)] = []
    for edge in 0..<edges {
      for turn in 0..<2 where !follows(edge, turn) && !(turn == 1 && isWarm) {
        failed.append((edge, turn))
      }
    }
    if failed.isEmpty { return }
    // Nothing follows, or one drive alone: then that one stands in LEARN's place, whose line it has.
    if failed.count >= 2 * edges - 2, wiring.kind == .direct {
      let instead = try FollowProbe.drives(on: &target, subject, wiring, log)
      if !instead.isEmpty, instead.count <= 4 {
        find(instead)
        return
      }
    }
    // So many gates that do not fall stand too low to be seen, rather than that each lacks its wire.
    let unmoved = failed.count { $0.turn == 0 }
    if unmoved > 3, 2 * unmoved > edges {
      log.find(
        "by pulses: \(PartSearch.lowSupply(subject)); \(unmoved) of \(edges) edges do not show a discharge"
      )
      return
    }
    var last = try readAll(&target)
    for (edge, turn) in failed {
      try log.check()
      var drives = [Drive](repeating: .hold, count: edges)
      drives[edge] = turn == 0 ? .discharge : .charge
      try pulse(drives, &target)
      let next = try readAll(&target)
      let found = moved(last, next).filter { turn == 0 ? $0.change < 0 : $0.change > 0 }
      movers[edge][turn] = found.max { abs($0.change) < abs($1.change) }?.edge
      last = next
    }
    var named: [[WiringMistake]] = []
    var parts: [String] = []
    // Four edges that answer in the place of four others hang at each other's registers.
    var explained: Set<Int> = []
    if wiring.kind == .chains {
      var votes: [[Int]: Int] = [:]
      for (edge, turn) in failed {
        guard let other = movers[edge][turn], let one = wiring.chain.firstIndex(of: edge),
          let at = wiring.chain.firstIndex(of: other), one % 4 == at % 4, one / 4 != at / 4
        else { continue }
        votes[[min(one, at) / 4, max(one, at) / 4], default: 0] += 1
      }
      for (pair, count) in votes where count >= 5 {
        named.append([.chainOrder(.drives, pair[0], pair[1])])
        for position in wiring.chain.indices where pair.contains(position / 4) {
          explained.insert(wiring.chain[position])
        }
      }
    }
    for edge in 0..<edges where !explained.contains(edge) {
      let turns = failed.filter { $0.edge == edge }.map(\.turn)
      // One that follows when it is asked again was near the resolution.
      let lost = turns.filter { movers[edge][$0] == nil && !($0 == 1 && isHigh(edge)) }
      for turn in turns where movers[edge][turn] != nil && movers[edge][turn] != edge {
        let wire: BoardWire.EdgeWire = turn == 0 ? .discharge : .charge
        let other = movers[edge][turn]!
        let mistake = WiringMistake.swapped(
          .edge(min(edge, other), wire), .edge(max(edge, other), wire))
        if !named.contains([mistake]) { named.append([mistake]) }
      }
      if !lost.isEmpty {
        let name = subject.description.learningEdges[edge].name
        parts.append(
          lost.count == 2
            ? "edge \(name) is open, or its gate has no charge to hold"
            : lost[0] == 0
              ? "the gate of edge \(name) leaks, or a part of its discharge is open"
              : "a part of the charge of edge \(name) is open")
        named.append(lost.map { .missing(.edge(edge, $0 == 0 ? .discharge : .charge)) })
      }
    }
    if !parts.isEmpty {
      let words = parts.prefix(4).joined(separator: "; ")
      log.find("by pulses: \(words)" + (parts.count > 4 ? "; and \(parts.count - 4) more" : ""))
      moment = "by pulses, or of wires"
    }
    for mistakes in named { find(mistakes) }
  }

  /// Names parts that explain what is seen as well as wires do.
  ///
  /// - Returns: the words by which wires are named beside them.
  private static func accuse(
    _ parts: PartSearch.Explanation, _ moment: String, _ log: inout PhaseLog
  ) -> String {
    if parts.words.isEmpty { return moment }
    log.find("\(moment): " + parts.words.joined(separator: BoardDrawing.otherwise))
    return "\(moment), or of wires"
  }

  /// Says that no pulse comes to the gates.
  ///
  /// - Returns: the words by which wires are named beside it.
  private static func noPulse(_ log: inout PhaseLog) -> String {
    log.find(
      "by pulses: no pulse moves a gate that is seen: LEARN stays low or high, its one-shot does not fire, or "
        + "the drives have no supply (look at both ends of the one-shot during a pulse)")
    return "by pulses, or of wires"
  }

  /// How long gates must be charged to make up for what leaked.
  ///
  /// - Parameters:
  ///   - subject: the board.
  ///   - seconds: for how long they leaked, s.
  ///   - charging: for how long they were charged before, s.
  /// - Returns: the time, s.
  private static func refill(
    _ subject: Subject, after seconds: Double, of charging: Double
  ) -> Double {
    let (gates, sizes) = (subject.description.gates, subject.description.imperfections)
    let constant = gates.ohms * gates.farads
    let lost = (sizes.leakLowest + sizes.leakHighest) / 2 / gates.farads * seconds
    return constant * lost / (gates.supply * Elementary.exp(-charging / constant))
  }

  private static func freeNodes(_ edge: Int, _ subject: Subject) -> Set<Int> {
    let wire = subject.description.learningEdges[edge]
    return Set([wire.from, wire.to]).subtracting(subject.sources)
  }

  // MARK: - In words

  /// Names what is wrong.
  static func tell(
    _ mistakes: [WiringMistake], _ moment: String, _ subject: Subject, _ log: inout PhaseLog
  ) {
    let mistakes = mistakes.filter(subject.isOpen)
    if mistakes.isEmpty {
      log.find(
        "\(moment): all that would explain what is seen was checked; what this phase does not know, as "
          + "a comparator's line exchanged with an output or a broken part, may be wrong (hil --dry-run lists the phases)"
      )
      return
    }
    let words = mistakes.prefix(6).map { $0.words(on: subject.description) }.joined(
      separator: BoardDrawing.otherwise)
    log.find(
      "\(moment): \(words)"
        + (mistakes.count > 6 ? BoardDrawing.otherwise + "\(mistakes.count - 6) more" : ""),
      naming: mistakes)
  }
}
