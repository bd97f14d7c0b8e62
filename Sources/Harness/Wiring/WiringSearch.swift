import BoardDouble
import Files
import Runs
import Targets

/// What in the ways to the converters explains what a board says: lines that are tried in each other's roles,
/// which mends those that are exchanged, and mistakes whose board a double shows. Whatever is left is put
/// down to comparators.
struct WiringSearch {
  /// An explanation.
  struct Candidate {
    /// Lines that were tried in each other's roles.
    var exchanges: [RoleProbe.Exchange] = []
    /// Mistakes that are supposed.
    var mistakes: [WiringMistake] = []
    /// What comparators are found to be.
    var diagnosis: ComparatorDiagnosis
    /// What is left, and what it takes to explain what is not.
    var left: Double
    /// The same, less what would have to be chance without this explanation.
    var cost: Double
  }

  private let subject: Subject
  private let wiring: WiringDescription
  private let moment: WiringExpectation.Moment
  private let budget: PulseBudget
  private let plain: WiringExpectation
  private var seen: [[RoleProbe.Exchange]: WiringObservation?]
  private static let learn = RoleProbe.Exchange(one: 3, other: 3)

  init(
    _ observation: WiringObservation, _ moment: WiringExpectation.Moment, _ subject: Subject,
    _ wiring: WiringDescription, _ budget: PulseBudget
  ) throws {
    self.budget = budget
    self.subject = subject
    self.wiring = wiring
    self.moment = moment
    plain = try WiringExpectation.of(subject, moment, [])
    seen = [[]: observation]
  }

  /// The board as it should be.
  var unmistaken: Candidate { judge([], [], plain)! }

  /// What explains the board, the best first.
  mutating func best<Target: OpenTarget>(
    on target: inout Target, _ log: PhaseLog, tryingLearn: Bool = true
  ) throws -> [Candidate] {
    let exchanges = (wiring.kind == .direct && wiring.spi == nil ? exchanges : [])
      .filter { subject.isOpen($0.mistake(wiring)) }
    let suspects = suspects.filter(subject.isOpen)
    var all: [Candidate] = [unmistaken]
    for mistake in suspects {
      let expected = try WiringExpectation.of(subject, moment, [mistake])
      if let candidate = judge([], [mistake], expected) { all.append(candidate) }
    }
    // LEARN in a line's place may drive gates while others are tried: it is looked for first.
    for isLearn in [true, false]
    where !exchanges.isEmpty && (isLearn ? tryingLearn : isMute(seen[[]]!) || !isClear(all)) {
      let trials = exchanges.filter { ($0.meets(Self.learn)) == isLearn }.map { [$0] }
      for trial in try promising(trials, most: isLearn ? 2 : 6, on: &target, log) {
        if let candidate = judge(trial, [], plain) { all.append(candidate) }
      }
      // Gates that cannot be held are driven while more is tried: LEARN is mended first.
      let best = all.min { $0.cost < $1.cost }
      if isLearn, let best, best.exchanges.contains(where: Self.learn.meets),
        best.cost + 2.5 < all[0].cost
      {
        return all.sorted { $0.cost < $1.cost }
      }
    }
    var leading = all
    for _ in 0..<2 where !isClear(all) {
      // More at once, where one leaves much unexplained: the best ones with every other.
      leading = Array(leading.sorted { $0.cost < $1.cost }.prefix(6))
      var next: [Candidate] = []
      var trials: [[RoleProbe.Exchange]] = []
      for one in leading where !one.exchanges.contains(where: Self.learn.meets) {
        for exchange in exchanges
        where !exchange.meets(Self.learn) && !one.exchanges.contains(where: exchange.meets) {
          if one.mistakes.allSatisfy({ isApart($0, exchange) }) {
            trials.append(sorted(one.exchanges + [exchange]))
          }
        }
      }
      for trial in try promising(trials, most: 6, on: &target, log) {
        for one in leading where Set(one.exchanges).isSubset(of: trial) {
          let expected = try WiringExpectation.of(subject, moment, one.mistakes)
          if let candidate = judge(trial, one.mistakes, expected) { next.append(candidate) }
        }
      }
      for one in leading {
        for mistake in suspects
        where one.mistakes.allSatisfy({ $0.places.isDisjoint(with: mistake.places) })
          && one.exchanges.allSatisfy({ isApart(mistake, $0) })
        {
          let both = one.mistakes + [mistake]
          let expected = try WiringExpectation.of(subject, moment, both)
          if let candidate = judge(one.exchanges, both, expected) { next.append(candidate) }
        }
      }
      all += next
      leading = next
    }
    if !isClear(all) {
      // Two exchanges neither of which shows by itself.
      var trials: [[RoleProbe.Exchange]] = []
      let others = exchanges.filter { !$0.meets(Self.learn) }
      for (place, one) in others.enumerated() {
        for other in others.dropFirst(place + 1)
        where !one.meets(other) && (isCommon(one) || isCommon(other)) {
          trials.append(sorted([one, other]))
        }
      }
      all += try promising(trials, most: 6, on: &target, log).compactMap { judge($0, [], plain) }
    }
    all.sort { $0.cost < $1.cost }
    return all
  }

  /// What the best candidates agree on, and what one of them has in the place of another's: for each mistake
  /// those of which one explains what is seen.
  func sure(_ candidates: [Candidate]) -> [[WiringMistake]] {
    guard let best = candidates.first else { return [] }
    let tied = candidates.filter { $0.cost < best.cost + 1.25 }.map(named)
    if tied.contains(where: \.isEmpty) { return [] }
    let all = tied[0].filter { mistake in tied.allSatisfy { $0.contains(mistake) } }
    var others: [WiringMistake] = []
    for mistake in tied.joined() where !all.contains(mistake) && !others.contains(mistake) {
      others.append(mistake)
    }
    if (all + others).contains(where: \.isOutputAtMiso) {
      // Nothing is told of which output it is: a few at a time, last what only would explain it.
      func rank(_ mistake: WiringMistake) -> Int {
        mistake.isOutputAtMiso ? 2 : mistake.kind == .missingWire ? 0 : 1
      }
      others = (0...2).flatMap { place in others.filter { rank($0) == place } }
      others = Array(others.flatMap(alternatives).prefix(4))
    }
    return others.count > 4 ? [] : all.map(alternatives) + (others.isEmpty ? [] : [others])
  }

  /// A mistake, and those that do the same: address lines that are exchanged exchange two pairs of selects.
  private func alternatives(_ mistake: WiringMistake) -> [WiringMistake] {
    if let group = outputsAtMiso.first(where: { $0.first == mistake }) {
      return Array(group.prefix(4))
    }
    guard case .swapped(.line(let one), .line(let other)) = mistake,
      let first = ["A0", "A1", "A2"].firstIndex(of: one),
      let second = ["A0", "A1", "A2"].firstIndex(of: other)
    else { return [mistake] }
    let third = 1 << (3 - first - second)
    let pairs = [0, third].map { (1 << first | $0, 1 << second | $0) }
    return [mistake]
      + pairs.filter { wiring.selects.indices.contains(max($0.0, $0.1)) }
      .map { .selects(min($0.0, $0.1), max($0.0, $0.1)) }
  }

  /// The mistakes that a candidate names.
  func named(_ candidate: Candidate) -> [WiringMistake] {
    candidate.exchanges.map { $0.mistake(wiring) } + candidate.mistakes
  }

  // MARK: - The parts of it

  /// Whether the best explanation leaves little, and says much that comparators could not say by chance.
  private func isClear(_ candidates: [Candidate]) -> Bool {
    guard let best = candidates.min(by: { $0.cost < $1.cost }) else { return true }
    let most = plain.decided.indices.count(where: plain.turns)
    return best.left <= 2.5 && 2 * best.diagnosis.hits >= most
  }

  /// Whether targets read the same always, to the last code: nobody answers.
  private func isMute(_ observation: WiringObservation?) -> Bool {
    guard let readings = observation?.readings.joined() else { return false }
    return Set(readings).count == 1
  }

  private func judge(
    _ exchanges: [RoleProbe.Exchange], _ mistakes: [WiringMistake], _ expected: WiringExpectation
  ) -> Candidate? {
    guard let observation = seen[exchanges] ?? nil else { return nil }
    let diagnosis = ComparatorDiagnosis(observation.bits, expected, wiring, subject)
    let left = diagnosis.cost + Double(expected.misreadings(observation.readings))
    // What answers by a trial alone was silenced by just that.
    let isHeard = !exchanges.isEmpty && !isMute(observation) && isMute(seen[[]]!)
    return Candidate(
      exchanges: exchanges, mistakes: mistakes, diagnosis: diagnosis, left: left,
      cost: left - (isHeard ? 3 : 0) + 1.7 * Double(exchanges.count) + 1.4 * Double(mistakes.count)
        - 1.2
        * Double(diagnosis.hits))
  }

  /// Tries a few presentations in each trial, and all of them in those that look best.
  ///
  /// - Returns: the trials that were tried by all.
  private mutating func promising<Target: OpenTarget>(
    _ trials: [[RoleProbe.Exchange]], most: Int, on target: inout Target, _ log: PhaseLog
  ) throws -> [[RoleProbe.Exchange]] {
    let known = trials.filter { seen[$0] != nil }
    var new: [[RoleProbe.Exchange]] = []
    for trial in Set(trials) where seen[trial] == nil { new.append(trial) }
    if new.isEmpty { return known }
    new.sort { one, other in
      zip(one, other).first { $0 != $1 }.map { ($0.one, $0.other) < ($1.one, $1.other) } ?? false
    }
    let presentations = WiringPresentation.all(subject)
    let few = plain.telling(3)
    let expected = plain.restricted(to: few)
    let isReading = isMute(seen[[]]!)
    var screen = RoleProbe(
      few.map { presentations[$0] }, trials: [[]] + new, reading: isReading,
      budget: budget, stopping: log.stopping)
    guard try target.lendLines(to: &screen) else { return [] }
    try log.check()
    let costs = screen.observations.map { observation -> Double in
      guard let observation else { return .infinity }
      let diagnosis = ComparatorDiagnosis(observation.bits, expected, wiring, subject)
      let misread = isReading && isMute(observation) ? 3.0 : 0
      return diagnosis.cost + misread - 1.2 * Double(diagnosis.hits)
    }
    // Those that there were no pulses left for were not tried.
    let tried = screen.observations.count - 1
    let chosen = new.indices.filter { $0 < tried && costs[$0 + 1] < costs[0] }
      .sorted { (costs[$0 + 1], $0) < (costs[$1 + 1], $1) }.prefix(most).map { new[$0] }
    if chosen.isEmpty { return known }
    var probe = RoleProbe(presentations, trials: chosen, budget: budget, stopping: log.stopping)
    guard try target.lendLines(to: &probe) else { return [] }
    try log.check()
    for (trial, observation) in zip(chosen, probe.observations) { seen[trial] = .some(observation) }
    return known + chosen.prefix(probe.observations.count)
  }

  private func sorted(_ exchanges: [RoleProbe.Exchange]) -> [RoleProbe.Exchange] {
    exchanges.sorted { ($0.one, $0.other) < ($1.one, $1.other) }
  }

  /// Whether a mistake is about other wires than an exchange.
  private func isApart(_ mistake: WiringMistake, _ exchange: RoleProbe.Exchange) -> Bool {
    mistake.places.isDisjoint(with: exchange.mistake(wiring).places)
      && mistake.places.isDisjoint(
        with: [exchange.one, exchange.other].map { .wire(wiring.wire(at: $0)) })
  }

  /// Exchanges of outputs: of what all chips share with each other and with drives.
  private var exchanges: [RoleProbe.Exchange] {
    let selects = wiring.selects.count
    let common = [0, 1, 3] + (0..<selects).map { 4 + $0 }
    var drives: [Int] = []
    for edge in subject.views.indices {
      let first = 4 + selects + 4 * edge
      drives += [first + 2, first + 3]
    }
    var all: [RoleProbe.Exchange] = []
    for (place, one) in common.enumerated() {
      all += common.dropFirst(place + 1).map { RoleProbe.Exchange(one: one, other: $0) }
      // LEARN in a drive's place shows by pulses alone.
      if one != 3 { all += drives.map { RoleProbe.Exchange(one: one, other: $0) } }
    }
    return all
  }

  /// Whether both lines are chips'.
  private func isCommon(_ exchange: RoleProbe.Exchange) -> Bool {
    exchange.other < 4 + wiring.selects.count
  }

  /// Mistakes in the ways to the converters that no role mends.
  private var suspects: [WiringMistake] {
    let selects = wiring.selects.indices
    var all: [WiringMistake] = []
    if wiring.kind == .chains {
      for one in selects where wiring.selects[one].kind != .chain {
        for other in selects where other > one && wiring.selects[other].kind != .chain {
          all.append(.selects(one, other))
        }
      }
      // Address lines: those that are exchanged reach the chain all the same.
      return all
        + [("A0", "A1"), ("A0", "A2"), ("A1", "A2")].map {
          .swapped(.line($0.0), .line($0.1))
        }
    }
    all += (["SCLK", "MOSI"] + selects.map { "CS\($0)" }).map { .missing(.line($0)) }
    for edge in subject.views.indices {
      all.append(.swapped(.line("MISO"), .edge(edge, .a)))
      all.append(.swapped(.line("MISO"), .edge(edge, .b)))
    }
    return all + outputsAtMiso.map { $0[0] }
  }

  /// MISO exchanged with each of the outputs; those that leave the same to be seen together.
  private var outputsAtMiso: [[WiringMistake]] {
    func atMiso(_ wire: BoardWire) -> WiringMistake { .swapped(.line("MISO"), wire) }
    let selects = wiring.selects.indices
    var groups = ["SCLK", "MOSI"].map { [atMiso(.line($0))] }
    groups += selects.filter { wiring.selects[$0].kind == .dac }.map { [atMiso(.line("CS\($0)"))] }
    // What was at rest and stays so: at low, at high.
    let learn = atMiso(.line("LEARN"))
    let edges = subject.views.indices
    let charges = edges.map { atMiso(.edge($0, .charge)) }
    if moment == .beforePulses {
      groups.append([learn] + charges)
    } else {
      groups += [[learn], charges]
    }
    groups.append(
      selects.filter { wiring.selects[$0].kind == .adc }.map { atMiso(.line("CS\($0)")) }
        + edges.map { atMiso(.edge($0, .discharge)) })
    return groups.map { $0.filter(subject.isOpen) }.filter { !$0.isEmpty }
  }
}
