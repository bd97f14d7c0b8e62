import BoardDouble
import Files
import Firmware
import Portable
import Targets

/// What the chains answer when a pattern is shifted through them at every select, and whether LOAD makes
/// them take the comparators. No drive is latched and LEARN stays low, unless the lines are tried in
/// other roles and one of those is wrong: then LEARN may see pulses of microseconds, on latched drives
/// that hold.
struct ChainProbe: LineUser {
  /// The line that each role is tried at.
  let roles: [Int]
  /// For how long lines may be high.
  let budget: PulseBudget
  /// What came back at each of the eight selects, and behind them what came back there after LOAD.
  private(set) var answers: [[Bool]] = []

  /// What comes back, in a word.
  enum Answer: Equatable {
    case low, high, pattern, varied
  }

  init(roles: [Int] = Array(0..<10), _ budget: PulseBudget) {
    self.roles = roles
    self.budget = budget
  }

  /// The same with the lines of two roles exchanged.
  init(exchanging pairs: [(Int, Int)], _ budget: PulseBudget) {
    var roles = Array(0..<10)
    for (one, other) in pairs { roles.swapAt(one, other) }
    self.init(roles: roles, budget)
  }

  private static let pattern: [Bool] = {
    let draw = Draw(seed: 0xC4A1, purpose: 6002, device: 0)
    return (0..<3 * 1024).map { draw.bits(UInt64($0)) & 1 == 1 }
  }()

  mutating func use<L: Lines & ~Copyable>(
    _ lines: inout L, _ wiring: BoardWiring
  ) throws(L.Failure) {
    func at(_ set: LineSet) -> LineSet {
      var moved = LineSet.none
      for (role, line) in roles.enumerated() where set.meets(LineSet(line: role)) {
        moved = moved | LineSet(line: line)
      }
      return moved
    }
    let outputs = at(wiring.outputs)
    func set(_ levels: LineSet, mask: LineSet, _ lines: inout L) throws(L.Failure) {
      try budget.write(levels, mask: mask, to: &lines)
    }
    try set(at(wiring.idle), mask: outputs, &lines)
    let bits = wiring.chainBits
    let (clock, data, enable, load) = (
      at(wiring.clock), at(wiring.dataOut), at(wiring.enable), at(wiring.load)
    )
    answers = []
    for turn in 0..<16 {
      let select = UInt8(turn % 8)
      if turn >= 8 {
        try set(.none, mask: load, &lines)
        try set(load, mask: load, &lines)
      }
      try set(at(wiring.addressLevels(select)), mask: at(wiring.address), &lines)
      try set(enable, mask: enable, &lines)
      var answer: [Bool] = []
      let first = turn < 8 ? 0 : 2 * bits
      for place in first..<3 * bits {
        try set(ChainProbe.pattern[place] ? data : .none, mask: data, &lines)
        if place >= 2 * bits {
          answer.append(try lines.read(mask: wiring.dataIn).meets(wiring.dataIn))
        }
        try set(clock, mask: clock, &lines)
        try set(.none, mask: clock, &lines)
      }
      try set(.none, mask: enable | clock | data, &lines)
      answers.append(answer)
    }
    try set(wiring.idle, mask: wiring.outputs, &lines)
  }

  /// What came back, in words; a converter in the place of the chain may answer what it likes.
  func signature(of wiring: WiringDescription) -> [Answer] {
    answers.enumerated().map { turn, answer in
      if answer.allSatisfy({ !$0 }) { return .low }
      if answer.allSatisfy({ $0 }) { return .high }
      if turn < 8, answer == Array(ChainProbe.pattern.prefix(answer.count)) { return .pattern }
      // Without LOAD the registers still hold what was shifted into them, at first the end of the pattern.
      let last = ChainProbe.pattern[answer.count..<2 * answer.count]
      if turn >= 8,
        answer == Array(last)
          || answer == Array(ChainProbe.pattern.suffix(from: 2 * answer.count).prefix(answer.count))
      {
        return .pattern
      }
      return .varied
    }
  }
}

/// Names what is wrong with the lines to the chains, by their answers in all roles.
struct ChainDiagnosis {
  /// What is wrong: for each mistake those of which one explains what is seen.
  private(set) var named: [[WiringMistake]] = []
  /// Whether the chains answer as they must.
  private(set) var isHealthy = false
  /// The level that comes back always; `nil` where it changes.
  private(set) var steady: Bool?

  private let wiring: WiringDescription
  private let roles: [String]
  private let budget: PulseBudget

  /// Looks at the chains of a board; `nil` where there are none, or no lines that can be lent.
  init?<Target: OpenTarget>(_ target: inout Target, _ subject: Subject) throws {
    guard let wiring = subject.description.wiring, wiring.kind == .chains, wiring.spi == nil else {
      return nil
    }
    self.wiring = wiring
    roles = wiring.wires.map(\.role)
    budget = try PulseBudget(subject)
    guard let first = try answers(to: ChainProbe(budget), of: &target),
      let second = try answers(to: ChainProbe(budget), of: &target)
    else { return nil }
    let chain = wiring.selects.firstIndex(of: .chain) ?? 0
    if first.answers[chain] != second.answers[chain],
      first.signature(of: wiring).filter({ $0 == .varied }).count > 4
    {
      named = [[.missing(.line("MISO"))]]
      return
    }
    let seen = first.signature(of: wiring)
    steady = seen.allSatisfy { $0 == .low } ? false : seen.allSatisfy { $0 == .high } ? true : nil
    let healthy = try expected([], subject)
    if healthy.contains(where: { same($0, seen) }) {
      isHealthy = true
      return
    }
    // Lines tried in each other's roles: exchanged ones then answer as they must.
    let outputs = roles.indices.filter { roles[$0] != "MISO" }
    var swaps: [(Int, Int)] = []
    for (place, one) in outputs.enumerated() {
      for other in outputs.dropFirst(place + 1) where subject.isOpen(mistake((one, other))) {
        swaps.append((one, other))
      }
    }
    // LEARN first, while every drive still holds, and LATCH last: lines that are tried as LATCH latch anything.
    let (learn, latch) = (5, 3)
    func isOf(_ line: Int, _ pair: (Int, Int)) -> Bool { pair.0 == line || pair.1 == line }
    swaps =
      swaps.filter { isOf(learn, $0) }
      + swaps.filter { !isOf(learn, $0) && !isOf(latch, $0) }
      + swaps.filter { !isOf(learn, $0) && isOf(latch, $0) }
    var swapped: [[Answer]] = []
    for pair in swaps {
      let answer =
        try answers(to: ChainProbe(exchanging: [pair], budget), of: &target)?.signature(of: wiring)
        ?? []
      swapped.append(answer)
      let isLearn = pair.0 == learn || pair.1 == learn
      if isLearn, healthy.contains(where: { same($0, answer) }) {
        named = [[mistake(pair)]]
        return
      }
    }
    let single = swaps.indices.filter { index in
      healthy.contains { same($0, swapped[index]) }
    }
    if !single.isEmpty {
      named = [single.map { mistake(swaps[$0]) }]
      return
    }
    // Then what no other role mends: wires that are missing, the chain at another select.
    var others: [WiringMistake] =
      ["SCLK", "MOSI", "LOAD", "A0", "A1", "A2", "ENABLE"].map { .missing(.line($0)) }
      + wiring.selects.indices.filter { $0 != chain }.map {
        .selects(min(chain, $0), max(chain, $0))
      }
      + outputs.map { .swapped(.line("MISO"), .line(roles[$0])) }
    others.removeAll { !subject.isOpen($0) }
    let answersOfOthers = try others.map { try expected([$0], subject) }
    let alone = others.indices.filter { answersOfOthers[$0].contains { same($0, seen) } }
    // Chains that are silent say little: any wire that is missing explains that.
    func isTelling(_ answers: [Answer]) -> Bool {
      answers.contains { $0 == .pattern || $0 == .varied }
    }
    if isTelling(seen), !alone.isEmpty {
      named = [alone.map { others[$0] }]
      return
    }
    func expects(_ mistakes: [WiringMistake], _ seen: [Answer]) throws -> Bool {
      try expected(mistakes, subject).contains { same($0, seen) }
    }
    var pairs: [(WiringMistake, WiringMistake)] = []
    for (index, swap) in swaps.enumerated() where isTelling(swapped[index]) {
      for other in others.indices
      where answersOfOthers[other].contains(where: { same($0, swapped[index]) }) {
        if mistake(swap).places.isDisjoint(with: others[other].places) {
          pairs.append((mistake(swap), others[other]))
        }
      }
    }
    if pairs.isEmpty {
      // Nor LEARN nor LATCH: what was latched meanwhile would be driven.
      let swaps = swaps.filter { !isOf(learn, $0) && !isOf(latch, $0) }
      for (place, one) in swaps.enumerated() {
        for other in swaps.dropFirst(place + 1)
        where ![other.0, other.1].contains(one.0) && ![other.0, other.1].contains(one.1) {
          let both = try answers(to: ChainProbe(exchanging: [one, other], budget), of: &target)?
            .signature(of: wiring)
          if let both, healthy.contains(where: { same($0, both) }) {
            pairs.append((mistake(one), mistake(other)))
          }
        }
      }
    }
    if pairs.isEmpty, isTelling(seen) || alone.isEmpty {
      for (place, one) in others.enumerated() {
        for other in others.dropFirst(place + 1) where try expects([one, other], seen) {
          pairs.append((one, other))
        }
      }
    }
    if pairs.isEmpty, !alone.isEmpty {
      // Where an output stands in MISO's place nothing is told of which: a few at a time, missing wires first.
      let all = alone.map { others[$0] }
      named = [all.contains(where: \.isOutputAtMiso) ? Array(all.prefix(4)) : all]
      return
    }
    // Each half of a pair is told by itself: the halves that all pairs have are sure.
    let firsts = pairs.map(\.0).reduce(into: [WiringMistake]()) {
      if !$0.contains($1) { $0.append($1) }
    }
    let seconds = pairs.map(\.1).reduce(into: [WiringMistake]()) {
      if !$0.contains($1) { $0.append($1) }
    }
    named = [firsts, seconds].filter { !$0.isEmpty }
  }

  private typealias Answer = ChainProbe.Answer

  private func mistake(_ pair: (Int, Int)) -> WiringMistake {
    .swapped(.line(roles[pair.0]), .line(roles[pair.1]))
  }

  /// Whether two signatures are the same; what a converter answers hangs on the board.
  private func same(_ one: [Answer], _ other: [Answer]) -> Bool {
    one.count == other.count
      && zip(one, other).enumerated().allSatisfy { turn, pair in
        if pair.0 == pair.1 { return true }
        return pair.0 != .pattern && pair.1 != .pattern && pair.0 != .high && pair.1 != .high
          && wiring.selects.indices.contains(turn % 8) && wiring.selects[turn % 8].kind == .adc
      }
  }

  private func answers<Target: OpenTarget>(
    to probe: ChainProbe, of target: inout Target
  ) throws -> ChainProbe? {
    var probe = probe
    if !budget.isLeft { return nil }
    return try target.lendLines(to: &probe) ? probe : nil
  }

  /// What doubles with mistakes answer; what a part happens to say differs from one to the next.
  private func expected(_ mistakes: [WiringMistake], _ subject: Subject) throws -> [[Answer]] {
    try (1...4).map { seed in
      var board = try PinBoard(
        description: subject.description.withoutFaults, seed: UInt64(seed),
        sources: subject.sources,
        targets: subject.targets)
      board.lines.wire(with: mistakes)
      var probe = ChainProbe(try PulseBudget(subject))
      _ = try board.lend(to: &probe)
      return probe.signature(of: wiring)
    }
  }
}
