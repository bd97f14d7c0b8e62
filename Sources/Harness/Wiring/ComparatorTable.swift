import BoardDouble
import Elements
import Files
import Firmware
import Portable
import Runs
import Synchronization
import Targets

/// What is driven, V; a clamp that is `nil` is released.
struct WiringPresentation: Sendable {
  var sources: [Double]
  var clamps: [Double?]

  /// Presentations that tell sources, clamps and comparators from each other, whatever the gates are.
  static func all(_ subject: Subject) -> [WiringPresentation] {
    let (low, high) = (subject.description.nodeLowest, subject.description.nodeHighest)
    let (sources, targets) = (subject.sources.count, subject.targets.count)
    func row(_ count: Int, _ usual: Double, _ place: Int, _ other: Double) -> [Double] {
      (0..<count).map { $0 == place ? other : usual }
    }
    var all: [WiringPresentation] = []
    for target in 0..<targets {
      for (usual, other) in [(low, high), (high, low)] {
        for level in [low, (low + high) / 2] {
          all.append(
            WiringPresentation(
              sources: row(sources, level, -1, 0), clamps: row(targets, usual, target, other)))
        }
      }
    }
    for source in 0..<sources {
      all.append(
        WiringPresentation(
          sources: row(sources, low, source, high), clamps: row(targets, low, -1, 0)))
      all.append(
        WiringPresentation(
          sources: row(sources, high, source, low), clamps: row(targets, high, -1, 0)))
    }
    let draw = Draw(seed: 0x7E11, purpose: 6003, device: 0)
    for number in 0..<6 {
      func volts(_ place: Int) -> Double {
        draw.bits(UInt64(100 * number + place)) & 1 == 0 ? low : high
      }
      all.append(
        WiringPresentation(
          sources: (0..<sources).map(volts), clamps: (0..<targets).map { volts(50 + $0) }))
    }
    return Array(all.prefix(64))
  }

  /// Puts it on a board, and waits until all has settled.
  func show<Board: LearningBoard & ~Copyable>(on board: inout Board) throws(Board.Failure) {
    for (channel, volts) in sources.enumerated() {
      try board.drive(source: channel, at: Voltage(volts: volts))
    }
    for (channel, volts) in clamps.enumerated() {
      if let volts {
        try board.clamp(target: channel, at: Voltage(volts: volts))
      } else {
        try board.release(target: channel)
      }
    }
    try board.settle()
  }
}

/// What a board's comparators said, two an edge, a bit a presentation, and what its targets read, V.
struct WiringObservation {
  var bits: [UInt64]
  var readings: [[Double]] = []
  /// What targets read before a trial's pulses, V.
  var before: [[Double]] = []

  /// Presents all and takes what is said.
  init<Board: LearningBoard & ~Copyable>(
    of board: inout Board, edges: Int, _ presentations: [WiringPresentation],
    reading: Bool = true
  ) throws(Board.Failure) {
    bits = Array(repeating: 0, count: 2 * edges)
    var said = [Comparison](repeating: Comparison(bits: 0), count: edges)
    for (number, presentation) in presentations.enumerated() {
      try presentation.show(on: &board)
      var span = said.mutableSpan
      try board.compare(into: &span)
      for (edge, comparison) in said.enumerated() {
        bits[2 * edge] |= UInt64(comparison.bits & 1) << UInt64(number)
        bits[2 * edge + 1] |= UInt64(comparison.bits >> 1 & 1) << UInt64(number)
      }
      if !reading { continue }
      var read: [Double] = []
      for target in presentation.clamps.indices {
        read.append(try board.measure(target: target).volts)
      }
      readings.append(read)
    }
  }
}

/// What comparators must say and targets must read of a board, where that does not hang on its gates
/// and on its parts' spread.
struct WiringExpectation: Sendable {
  /// Presentations that decide a comparator, a bit each.
  var decided: [UInt64]
  /// What it then says.
  var value: [UInt64]
  /// Which comparators see the same whatever is presented.
  var isStill: [Bool] = []
  /// Within which a target lies, by presentation, V.
  var readings: [[ClosedRange<Double>]] = []

  /// When a board is looked at: `weaklyCharged` where charges come to less than they should.
  enum Moment: Hashable { case beforePulses, charged, weaklyCharged }

  private static let known = Mutex<[Key: WiringExpectation]>([:])
  private struct Key: Hashable {
    var board: String
    var moment: Moment
    var mistakes: [WiringMistake]
    var fault: String
  }

  /// What is expected of a board with mistakes in what reaches its converters, or with a broken edge.
  static func of(
    _ subject: Subject, _ moment: Moment, _ mistakes: [WiringMistake], fault: Fault? = nil
  ) throws -> WiringExpectation {
    let description = subject.description
    let key = Key(
      board: "\(description)", moment: moment, mistakes: mistakes,
      fault: fault.map { "\($0.kind) \($0.edge)" } ?? "")
    if let known = known.withLock({ $0[key] }) { return known }
    let made = try WiringExpectation(subject, moment, mistakes, fault)
    known.withLock { $0[key] = made }
    return made
  }

  private init(
    _ subject: Subject, _ moment: Moment, _ mistakes: [WiringMistake], _ fault: Fault?
  ) throws {
    var spotless = subject.description.withoutFaults
    spotless.imperfections = .none
    spotless.imperfections.quantise = true
    spotless.faults = fault.map { [$0] } ?? []
    // By their spread some drained gates conduct less than what leaks.
    if moment == .beforePulses { spotless.transistor.threshold += 0.15 }
    var board = try PinBoard(
      description: spotless, seed: 0, sources: subject.sources, targets: subject.targets)
    board.lines.wire(with: mistakes)
    let edges = spotless.learningEdges
    // Where gates may stand. After pulses that charge all of them some may have been left at 0 V.
    let draw = Draw(seed: 0x7E11, purpose: 6004, device: 0)
    var settings: [[Double]] = []
    let levels: [Double] =
      switch moment {
      case .beforePulses: [0, 1.2, 2.2, 3.3, 4.5]
      case .charged: [1.3, 2.2, 3.5]
      case .weaklyCharged: [0.3, 0.6, 0.9, 1.2]
      }
    for level in levels { settings.append(edges.map { _ in level }) }
    for number in 0..<8 {
      func event(_ place: Int) -> UInt64 { UInt64(1000 * number + place) }
      var gates = edges.indices.map { edge in
        switch moment {
        case .beforePulses: 4.5 * draw.uniform(event(edge))
        case .charged: 1.2 + 2.5 * draw.uniform(event(edge))
        case .weaklyCharged: 0.2 + draw.uniform(event(edge))
        }
      }
      if moment != .beforePulses {
        for node in spotless.nodes.indices where !subject.sources.contains(node) {
          let own = edges.indices.filter { edges[$0].from == node || edges[$0].to == node }
          let place = Int(1.4 * draw.uniform(event(600 + node)) * Double(own.count))
          if own.indices.contains(place) { gates[own[place]] = 0 }
        }
      }
      settings.append(gates)
      // Drained gates conduct as unequally as if some were open.
      if moment == .beforePulses {
        settings.append(
          edges.indices.map { draw.uniform(event(800 + $0)) < 0.5 ? 0 : 4.5 })
      }
    }
    // Any one of them may have no charge.
    if moment == .charged {
      for edge in edges.indices {
        settings.append(edges.indices.map { $0 == edge ? 0 : 2.2 })
      }
    }
    decided = Array(repeating: 0, count: 2 * edges.count)
    value = decided
    isStill = Array(repeating: true, count: 2 * edges.count)
    let slack = 0.06
    var first: [[Double]] = []
    var within: [[ClosedRange<Double>]] = []
    for (number, presentation) in WiringPresentation.all(subject).enumerated() {
      try presentation.show(on: &board)
      let bit: UInt64 = 1 << UInt64(number)
      var positive = [Int](repeating: 0, count: 2 * edges.count)
      var negative = positive
      var lowest = [Double](repeating: .infinity, count: subject.targets.count)
      var highest = [Double](repeating: -.infinity, count: subject.targets.count)
      for (turn, setting) in settings.enumerated() {
        let (free, clamped) = try board.withAnalog { analog, time in
          analog.setGates(setting, at: time)
          return (try analog.freeVoltages(at: time), try analog.clampedVoltages(at: time))
        }
        for (edge, wire) in edges.enumerated() {
          let drop = free[wire.from] - free[wire.to]
          let other = clamped[wire.from] - clamped[wire.to]
          for (which, half) in [(drop - other) / 2, (drop + other) / 2].enumerated() {
            if half > 0.025 { positive[2 * edge + which] += 1 }
            if half < -0.025 { negative[2 * edge + which] += 1 }
          }
        }
        if number == 0 { first.append(free + clamped) }
        let nodes = free.count
        let moves = zip(free + clamped, first[turn]).map { abs($0 - $1) > 1e-3 }
        for (edge, wire) in edges.enumerated() {
          let ends = [wire.from, wire.to, nodes + wire.from, nodes + wire.to]
          if ends.contains(where: { moves[$0] }) {
            isStill[2 * edge] = false
            isStill[2 * edge + 1] = false
          }
        }
        if turn % 3 == 0 {
          for target in subject.targets.indices {
            let volts = try board.measure(target: target).volts
            lowest[target] = min(lowest[target], volts - slack)
            highest[target] = max(highest[target], volts + slack)
          }
        }
      }
      for comparator in decided.indices {
        if positive[comparator] == settings.count {
          decided[comparator] |= bit
          value[comparator] |= bit
        } else if negative[comparator] == settings.count {
          decided[comparator] |= bit
        }
      }
      within.append(subject.targets.indices.map { lowest[$0]...highest[$0] })
    }
    // Drained gates conduct by their parts' leakage alone: a target may then lie anywhere between, where it
    // can be read at all.
    let isRead =
      within.joined().contains { $0.upperBound > slack + 1e-3 }
      && !mistakes.contains(where: \.isOutputAtMiso)
    readings =
      moment == .beforePulses && isRead
      ? within.map {
        $0.map { _ in spotless.nodeLowest - 0.1...spotless.nodeHighest + 0.1 }
      } : within
    // An input that MISO took the place of reads what stands on MISO while nothing is selected.
    for case .swapped(.line("MISO"), .edge(let edge, let wire)) in mistakes {
      decided[2 * edge + wire.rawValue] = .max >> UInt64(64 - readings.count)
      value[2 * edge + wire.rawValue] = 0
    }
  }

  /// Which few presentations make most comparators say both.
  func telling(_ count: Int) -> [Int] {
    var chosen: [Int] = []
    for _ in 0..<count {
      var best = (gain: -1, place: 0)
      for place in readings.indices where !chosen.contains(place) {
        let few = restricted(to: chosen + [place])
        let gain = decided.indices.reduce(0) {
          $0 + (few.turns($1) ? 3 : 0) + (few.decided[$1] != 0 ? 1 : 0)
        }
        if gain > best.gain { best = (gain, place) }
      }
      chosen.append(best.place)
    }
    return chosen
  }

  /// What is expected of some of the presentations alone.
  func restricted(to places: [Int]) -> WiringExpectation {
    func few(_ bits: UInt64) -> UInt64 {
      zip(0..., places).reduce(0) { $0 | (bits >> UInt64($1.1) & 1) << UInt64($1.0) }
    }
    var copy = self
    copy.decided = decided.map(few)
    copy.value = value.map(few)
    copy.readings = places.map { readings[$0] }
    return copy
  }

  /// How many presentations a comparator contradicts.
  func contradictions(_ comparator: Int, _ bits: UInt64) -> Int {
    if isStill[comparator], decided[comparator] == 0 {
      let ones = (bits & (.max >> UInt64(64 - readings.count))).nonzeroBitCount
      return min(ones, readings.count - ones)
    }
    return ((bits ^ value[comparator]) & decided[comparator]).nonzeroBitCount
  }

  /// Whether a comparator must say both in some presentation.
  func turns(_ comparator: Int) -> Bool {
    value[comparator] & decided[comparator] != 0 && ~value[comparator] & decided[comparator] != 0
  }

  /// How many readings lie where they cannot.
  func misreadings(_ readings: [[Double]]) -> Int {
    var count = 0
    for (ranges, volts) in zip(self.readings, readings) {
      for (range, volts) in zip(ranges, volts) where !range.contains(volts) { count += 1 }
    }
    // Drained gates leave a target anywhere, but not at the first code whatever the sources are.
    if count == 0, readings.joined().allSatisfy({ $0 == 0 }), !readings.joined().isEmpty,
      self.readings.joined().contains(where: { $0.upperBound > 0.1 })
    {
      return readings.count
    }
    return count
  }
}

extension WiringMistake {
  /// Whether an output stands in MISO's place, so that nothing can be read.
  var isOutputAtMiso: Bool {
    guard case .swapped(let one, let other) = self else { return false }
    func isOutput(_ wire: BoardWire) -> Bool {
      switch wire {
      case .line(let role): role != "MISO"
      case .edge(_, let wire): wire == .charge || wire == .discharge
      }
    }
    return one == .line("MISO") && isOutput(other) || other == .line("MISO") && isOutput(one)
  }
}

/// The least that explains what comparators say: exchanged registers, exchanged, reversed and missing
/// outputs, found one by one, the one that explains most first.
struct ComparatorDiagnosis {
  /// For each mistake, those of which one explains what is seen.
  private(set) var named: [[WiringMistake]] = []
  /// How much is not explained, and how much it took.
  private(set) var cost = 0.0
  /// How many comparators must say both and do so as they must: that is hardly chance.
  private(set) var hits = 0

  private var bits: [UInt64]
  private var isOpen: [Bool]
  private let expected: WiringExpectation

  init(
    _ observed: [UInt64], _ expected: WiringExpectation, _ wiring: WiringDescription,
    _ subject: Subject
  ) {
    bits = observed
    isOpen = Array(repeating: false, count: bits.count)
    self.expected = expected
    // Registers, as the comparators of their places.
    let chain = wiring.chain
    var registers: [[Int]] = []
    for first in stride(from: 0, to: chain.count, by: 4) {
      var register: [Int] = []
      for edge in chain[first..<min(first + 4, chain.count)] {
        register += [2 * edge, 2 * edge + 1]
      }
      registers.append(register)
    }
    for _ in 0..<8 {
      let bad = bits.indices.filter { contradictions($0) > 0 }
      if bad.isEmpty { break }
      var best = 0.01
      var found: [WiringMistake] = []
      func offer(_ mistake: WiringMistake, _ gain: Double) {
        if !subject.isOpen(mistake) { return }
        if gain > best + 0.01 {
          best = gain
          found = [mistake]
        } else if gain > best - 0.01 {
          found.append(mistake)
        }
      }
      for (one, first) in registers.enumerated() {
        for (other, second) in registers.enumerated().dropFirst(one + 1)
        where first.count == second.count {
          var gain = 0
          for (a, b) in zip(first, second) { gain += gainOfSwap(a, b) }
          offer(.chainOrder(.comparators, one, other), Double(gain) - 1.5)
        }
      }
      for comparator in bad {
        let wrong = contradictions(comparator)
        let all = expected.decided[comparator].nonzeroBitCount
        if all > 0 {
          offer(
            .reversed(edge: comparator / 2, comparator: comparator & 1),
            Double(2 * wrong - all) - 0.5)
        }
        offer(.missing(wire(comparator)), Double(wrong) - 0.9)
        for other in bits.indices where other != comparator {
          if bad.contains(other) && other < comparator { continue }
          offer(
            .swapped(wire(min(comparator, other)), wire(max(comparator, other))),
            Double(gainOfSwap(comparator, other)) - 0.7)
        }
      }
      guard let mistake = found.first else { break }
      cost += 1.2
      named.append(found)
      switch mistake {
      case .chainOrder(_, let one, let other):
        for (a, b) in zip(registers[one], registers[other]) { bits.swapAt(a, b) }
      case .reversed(let edge, let comparator): bits[2 * edge + comparator] ^= .max
      case .missing(.edge(let edge, let wire)): isOpen[2 * edge + wire.rawValue] = true
      case .swapped(.edge(let one, let first), .edge(let other, let second)):
        bits.swapAt(2 * one + first.rawValue, 2 * other + second.rawValue)
      default: break
      }
    }
    cost += Double(bits.indices.reduce(0) { $0 + contradictions($1) })
    hits = bits.indices.count { !isOpen[$0] && expected.turns($0) && contradictions($0) == 0 }
  }

  private func contradictions(_ comparator: Int) -> Int {
    isOpen[comparator] ? 0 : expected.contradictions(comparator, bits[comparator])
  }

  private func gainOfSwap(_ one: Int, _ other: Int) -> Int {
    if isOpen[one] || isOpen[other] { return 0 }
    return contradictions(one) + contradictions(other)
      - expected.contradictions(one, bits[other]) - expected.contradictions(other, bits[one])
  }

  private func wire(_ comparator: Int) -> BoardWire {
    .edge(comparator / 2, comparator & 1 == 0 ? .a : .b)
  }
}
