import Files
package import Firmware
import Portable

/// The promises of a learning board as checks that use nothing but its calls: the same on either face of the
/// double, at a kernel's lines and at a real board.
///
/// Gates may stand anywhere before a check, clamps are released. Every pulse is one that training or the phases
/// may give too, no gate is charged beyond the controllers' limit, and the one-shot ends what is asked for
/// beyond it.
package struct Conformance<Board: LearningBoard> {
  /// An edge that joins a source to a target without another node between.
  private let path: (edge: Int, source: Int, target: Int)
  private let sources: Int
  private let targets: Int
  private let edges: Int
  /// The range that nodes may be driven in, V.
  private let range: ClosedRange<Double>
  private let gates: GateDescription
  private let node: (Int) -> String
  private let stopping: () -> Bool
  /// What calls have cost so far: operations on lines, or virtual time.
  private let spent: (inout Board) throws -> Int64
  /// What is wrong, of the check under way.
  private var breaches: [String] = []

  /// Prepares the checks.
  ///
  /// - Parameters:
  ///   - subject: the board.
  ///   - stopping: asked before every pulse.
  ///   - spent: what a board's calls have cost so far, in whatever is counted exactly.
  /// - Throws: `Skipped` where no edge shows a source at a target.
  package init(
    of subject: Subject, stopping: @escaping () -> Bool,
    spent: @escaping (inout Board) throws -> Int64
  ) throws {
    let board = subject.description
    let wired = board.wiring?.sources ?? []
    let paths = board.learningEdges.enumerated().lazy.compactMap { index, edge in
      for (one, other) in [(edge.from, edge.to), (edge.to, edge.from)] {
        guard let source = subject.sources.firstIndex(of: one),
          let target = subject.targets.firstIndex(of: other),
          source >= wired.count || wired[source].rail == nil
        else { continue }
        return (edge: index, source: source, target: target)
      }
      return nil
    }
    guard let path = paths.first else {
      throw Skipped("no learning edge joins a source that is driven to a target")
    }
    self.path = path
    sources = subject.sources.count
    targets = subject.targets.count
    edges = board.learningEdges.count
    range = board.nodeLowest...board.nodeHighest
    gates = board.gates
    let names = subject.targets.map { board.nodes[$0] }
    node = { names[$0] }
    self.stopping = stopping
    self.spent = spent
  }

  /// Checks one promise.
  ///
  /// - Parameters:
  ///   - promise: the promise.
  ///   - board: the board, its clamps released; they are at the end.
  /// - Returns: by what it is broken; nothing where it is kept.
  /// - Throws: `Stopped`, or what the board throws.
  package mutating func breaches(of promise: Promise, on board: inout Board) throws -> [String] {
    breaches = []
    switch promise {
    case .targetsLieBetweenTheSources: try targetsLieBetweenTheSources(&board)
    case .targetsFollowASourceMonotonically: try targetsFollowASourceMonotonically(&board)
    case .clampingChangesComparisonsAndReleasingFrees:
      try clampingChangesComparisonsAndReleasingFrees(&board)
    case .clampingLeavesTheFreeTwinAlone: try clampingLeavesTheFreeTwinAlone(&board)
    case .chargingRaisesAndDischargingLowersTheConductance:
      try chargingRaisesAndDischargingLowersTheConductance(&board)
    case .holdingKeepsTheGates: try holdingKeepsTheGates(&board)
    case .longerPulsesMoveFurther: try longerPulsesMoveFurther(&board)
    case .whatStandsIsNotSetAgain: try whatStandsIsNotSetAgain(&board)
    case .pulsesLastAtLeastTheirWidth: try pulsesLastAtLeastTheirWidth(&board)
    case .theClockNeverGoesBack: try theClockNeverGoesBack(&board)
    case .channelsOutsideAreIgnored: try channelsOutsideAreIgnored(&board)
    case .spansOfAnyLengthMayBeLent: try spansOfAnyLengthMayBeLent(&board)
    case .theTimerEndsALongPulse: try theTimerEndsALongPulse(&board)
    }
    try board.release(target: path.target)
    return breaches
  }

  // MARK: - Calls in words

  private var middle: Double { (range.lowerBound + range.upperBound) / 2 }
  private var span: Double { range.upperBound - range.lowerBound }
  /// Readings that differ by less are the same, V: a hundredth of the range, for promises are of kind, and
  /// how much is for the phases that measure.
  private var same: Double { 0.01 * span }
  /// What a driven voltage may differ from its reading by, V: offsets and gains of both converters.
  private var error: Double { 0.025 * span }

  private mutating func expect(_ holds: Bool, _ words: String) {
    if !holds { breaches.append(words) }
  }

  private func millivolts(_ volts: Double) -> String { "\(rounded(volts * 1000)) mV" }

  @discardableResult
  private func pulse(
    _ board: inout Board, _ width: Nanoseconds, _ drives: [Drive]
  ) throws -> Nanoseconds {
    if stopping() { throw Stopped() }
    return try board.pulse(width: width, drives: drives.span)
  }

  private func all(_ drive: Drive) -> [Drive] { [Drive](repeating: drive, count: edges) }

  /// The path's edge is driven, the others hold.
  private func path(_ drive: Drive) -> [Drive] {
    var drives = all(.hold)
    drives[path.edge] = drive
    return drives
  }

  /// How many pulses of a width last so many time constants, one at least.
  private func pulses(_ width: Nanoseconds, lasting constants: Double) -> Int {
    min(max(1, Int(constants * gates.ohms * gates.farads / width.seconds)), 1000)
  }

  /// Brings every gate to about where boards begin, whatever it stood at: drained for three time
  /// constants, then charged.
  private func open(_ board: inout Board) throws {
    let width = board.longestPulse.scaled(by: Fraction(4, of: 5))
    for _ in 0..<pulses(width, lasting: 3) { try pulse(&board, width, all(.discharge)) }
    for _ in 0..<pulses(width, lasting: constants(from: 0, to: gates.initial)) {
      try pulse(&board, width, all(.charge))
    }
  }

  /// How many time constants charging takes between two voltages.
  private func constants(from low: Double, to high: Double) -> Double {
    guard gates.supply > high else { return 1 }
    return Elementary.log((gates.supply - low) / (gates.supply - high))
  }

  private func compare(_ board: inout Board) throws -> [Comparison] {
    var bits = [Comparison](repeating: Comparison(bits: 0), count: edges)
    var lent = bits.mutableSpan
    try board.compare(into: &lent)
    return bits
  }

  private func drive(_ board: inout Board, path volts: Double, others: Double) throws {
    for source in 0..<sources {
      try board.drive(
        source: source, at: Voltage(volts: source == path.source ? volts : others))
    }
    try board.settle()
  }

  private func measure(_ board: inout Board, _ target: Int) throws -> Double {
    var sum = 0.0
    for _ in 0..<16 { sum += try board.measure(target: target).volts }
    return sum / 16
  }

  private func measureAll(_ board: inout Board) throws -> [Double] {
    try (0..<targets).map { try measure(&board, $0) }
  }

  /// No target reads another voltage than before.
  private mutating func expectStill(
    _ board: inout Board, since before: [Double], after words: String
  ) throws {
    for target in 0..<targets {
      let moved = try measure(&board, target) - before[target]
      expect(abs(moved) < same, "\(node(target)) moves by \(millivolts(moved)) \(words)")
    }
  }

  // MARK: - Checks

  private mutating func targetsLieBetweenTheSources(_ board: inout Board) throws {
    try open(&board)
    for (one, other) in [
      (range.lowerBound, range.upperBound), (range.upperBound, range.lowerBound),
    ] {
      try drive(&board, path: one, others: other)
      for target in 0..<targets {
        let volts = try measure(&board, target)
        // A target that only sources of one voltage surround stands at that voltage.
        let margin = target == path.target ? -0.1 * span : error
        expect(
          range.lowerBound - margin < volts && volts < range.upperBound + margin,
          "\(node(target)) reads \(millivolts(volts)) with sources at "
            + "\(millivolts(range.lowerBound)) and \(millivolts(range.upperBound))")
      }
    }
    try drive(&board, path: middle, others: middle)
    for target in 0..<targets {
      let volts = try measure(&board, target)
      expect(
        abs(volts - middle) < error,
        "\(node(target)) reads \(millivolts(volts)) with all sources at \(millivolts(middle))")
    }
  }

  private mutating func targetsFollowASourceMonotonically(_ board: inout Board) throws {
    try open(&board)
    var first: [Double] = []
    var last: [Double] = []
    for step in 0...12 {
      let volts = range.lowerBound + span * Double(step) / 12
      try drive(&board, path: volts, others: range.lowerBound)
      let now = try measureAll(&board)
      if step == 0 {
        first = now
      } else {
        for target in 0..<targets {
          expect(
            now[target] > last[target] - same,
            "\(node(target)) falls by \(millivolts(last[target] - now[target])) as the source rises to "
              + millivolts(volts))
        }
      }
      last = now
    }
    let rise = last[path.target] - first[path.target]
    expect(
      rise > 0.1 * span && rise < span,
      "\(node(path.target)) rises by \(millivolts(rise)) while the source beside it rises by "
        + millivolts(span))
  }

  private mutating func clampingChangesComparisonsAndReleasingFrees(
    _ board: inout Board
  ) throws {
    try open(&board)
    // The free target lies a little above the path's source. Pulled far below it, the clamped drop
    // outweighs the free one and comparator B of the path's edge turns.
    try drive(&board, path: middle - 0.1 * span, others: middle)
    let free = try compare(&board)[path.edge].bits & 2
    for _ in 0..<3 {
      try board.clamp(target: path.target, at: Voltage(volts: range.lowerBound))
      try board.settle()
      let down = try compare(&board)[path.edge].bits & 2
      expect(down != free, "comparator B stays while the clamp pulls to the other side")
      // The other way the drops have one sign, and B stays.
      try board.clamp(target: path.target, at: Voltage(volts: range.upperBound))
      try board.settle()
      let up = try compare(&board)[path.edge]
      expect(up.bits & 2 == free, "comparator B turns though both drops have one sign")
      expect(up.clampedDropIsLarger, "the clamped drop is not seen to be the larger one")
      try board.clamp(target: path.target, at: Voltage(volts: range.lowerBound))
      try board.release(target: path.target)
      try board.settle()
      let released = try compare(&board)[path.edge].bits & 2
      expect(released == free, "comparator B does not turn back as the clamp is released")
    }
  }

  private mutating func clampingLeavesTheFreeTwinAlone(_ board: inout Board) throws {
    try open(&board)
    try drive(&board, path: range.lowerBound, others: range.upperBound)
    let before = try measureAll(&board)
    try board.clamp(target: path.target, at: Voltage(volts: range.lowerBound))
    try board.settle()
    try expectStill(&board, since: before, after: "as \(node(path.target)) is clamped")
  }

  private mutating func chargingRaisesAndDischargingLowersTheConductance(
    _ board: inout Board
  ) throws {
    try open(&board)
    try drive(&board, path: range.upperBound, others: range.lowerBound)
    let width = board.longestPulse.half
    let start = try measure(&board, path.target)
    // Half the way to the controllers' limit.
    let count = pulses(
      width, lasting: constants(from: gates.initial, to: gates.maximum) / 2)
    for _ in 0..<count { try pulse(&board, width, path(.charge)) }
    let charged = try measure(&board, path.target)
    expect(
      charged > start + same,
      "\(node(path.target)) rises by \(millivolts(charged - start)) only as the edge to the high source is "
        + "charged by \(count) pulses")
    for _ in 0..<2 * count { try pulse(&board, width, path(.discharge)) }
    let discharged = try measure(&board, path.target)
    expect(
      discharged < charged - same && discharged < start,
      "\(node(path.target)) falls by \(millivolts(charged - discharged)) only as it is discharged by "
        + "\(2 * count)")
  }

  private mutating func holdingKeepsTheGates(_ board: inout Board) throws {
    try open(&board)
    try drive(&board, path: range.upperBound, others: range.lowerBound)
    let before = try measureAll(&board)
    for _ in 0..<5 {
      try pulse(&board, board.longestPulse.half, all(.hold))
      try pulse(&board, board.longestPulse.half, [])
    }
    try expectStill(&board, since: before, after: "over ten pulses that hold")
  }

  private mutating func longerPulsesMoveFurther(_ board: inout Board) throws {
    var moves = [0.0]
    for share: UInt32 in [1, 2, 4] {
      try open(&board)
      try drive(&board, path: range.upperBound, others: range.lowerBound)
      let before = try measure(&board, path.target)
      let width = board.longestPulse.scaled(by: Fraction(share, of: 5))
      for _ in 0..<4 { try pulse(&board, width, path(.discharge)) }
      moves.append(before - (try measure(&board, path.target)))
      expect(
        moves[moves.count - 1] > 1.2 * moves[moves.count - 2] + same / 10,
        "\(node(path.target)) falls by \(millivolts(moves[moves.count - 1])) over four pulses of \(share)/5 of "
          + "the one-shot's time, by \(millivolts(moves[moves.count - 2])) over ones of half that")
    }
  }

  private mutating func whatStandsIsNotSetAgain(_ board: inout Board) throws {
    // Away from the voltage that is set below, and released.
    try board.drive(source: path.source, at: Voltage(volts: range.lowerBound))
    let volts = Voltage(volts: middle)
    let (source, target) = (path.source, path.target)
    let calls: [(String, (inout Board) throws -> Void)] = [
      ("drive", { try $0.drive(source: source, at: volts) }),
      ("clamp", { try $0.clamp(target: target, at: volts) }),
      ("release", { try $0.release(target: target) }),
      // What was released is clamped anew, at the same voltage too.
      ("clamp", { try $0.clamp(target: target, at: volts) }),
    ]
    for (name, call) in calls {
      let start = try spent(&board)
      try call(&board)
      let once = try spent(&board)
      try call(&board)
      let twice = try spent(&board)
      expect(once > start, "\(name) does nothing")
      expect(twice == once, "\(name), repeated, does it again")
    }
  }

  private mutating func pulsesLastAtLeastTheirWidth(_ board: inout Board) throws {
    for count: Int64 in [0, 1, 1_000, 25_000, 300_000, 7_777_777] {
      let width = min(Nanoseconds(count), board.longestPulse.half)
      for drive in [Drive.hold, .charge, .discharge] {
        let start = try board.now()
        let lasted = try pulse(&board, width, all(drive))
        let end = try board.now()
        expect(
          !(lasted < width), "a pulse of \(width.count) ns is said to have lasted \(lasted.count)")
        expect(
          !(end - start < lasted),
          "a pulse is said to have lasted \(lasted.count) ns, the clock moved by \((end - start).count)"
        )
      }
    }
  }

  private mutating func theClockNeverGoesBack(_ board: inout Board) throws {
    var last = try board.now()
    for round in 0..<3 {
      let volts = Voltage(volts: range.lowerBound + span * Double(round) / 3)
      let width = min(Nanoseconds.microseconds(Int64(round) * 4000), board.longestPulse.half)
      let (source, target, charge) = (path.source, path.target, all(.charge))
      let calls: [(String, (inout Board) throws -> Void)] = [
        ("drive", { try $0.drive(source: source, at: volts) }),
        ("clamp", { try $0.clamp(target: target, at: volts) }),
        ("settle", { try $0.settle() }),
        ("measure", { _ = try $0.measure(target: target) }),
        ("compare", { [self] in _ = try compare(&$0) }),
        ("pulse", { [self] in try pulse(&$0, width, charge) }),
        (
          "pulse of a negative width", { [self] in try pulse(&$0, Nanoseconds(-1_000_000_000), []) }
        ),
        ("release", { try $0.release(target: target) }),
      ]
      for (name, call) in calls {
        try call(&board)
        let now = try board.now()
        expect(!(now < last), "the clock goes back by \((last - now).count) ns over a \(name)")
        if name == "settle" { expect(last < now, "the clock stands still over a settling") }
        last = now
      }
    }
  }

  private mutating func channelsOutsideAreIgnored(_ board: inout Board) throws {
    try open(&board)
    try drive(&board, path: range.upperBound, others: range.lowerBound)
    let before = try measureAll(&board)
    var read: [Voltage] = []
    let start = try spent(&board)
    for outside in [-1, Int.min, 32, 64, 1000, Int.max] {
      try board.drive(source: outside, at: Voltage(volts: middle))
      try board.clamp(target: outside, at: Voltage(volts: middle))
      try board.release(target: outside)
      read.append(try board.measure(target: outside))
    }
    try board.drive(source: sources, at: Voltage(volts: middle))
    try board.clamp(target: targets, at: Voltage(volts: middle))
    read.append(try board.measure(target: targets))
    let end = try spent(&board)
    expect(end == start, "something is done for a channel that is not there")
    expect(read.allSatisfy { $0 == .zero }, "a target that is not there reads something")
    try expectStill(&board, since: before, after: "as channels outside are driven")
  }

  private mutating func spansOfAnyLengthMayBeLent(_ board: inout Board) throws {
    try open(&board)
    try drive(&board, path: range.upperBound, others: range.lowerBound)
    // The free and the clamped drop agree: comparator B tells the path's direction.
    let whole = try compare(&board)
    for count in [0, 1, edges - 1, edges, edges + 1, edges + 9] {
      var bits = [Comparison](repeating: Comparison(bits: 1), count: count)
      var lent = bits.mutableSpan
      try board.compare(into: &lent)
      expect(
        bits.dropFirst(edges).allSatisfy { $0 == Comparison(bits: 1) },
        "of \(count) entries those beyond the edges are changed by a comparison")
      if path.edge < count {
        expect(
          bits[path.edge].bits & 2 == whole[path.edge].bits & 2,
          "a comparison into \(count) entries is another one")
      }
    }
    let before = try measureAll(&board)
    let beyond = all(.hold) + [Drive](repeating: .charge, count: 9)
    for _ in 0..<4 { try pulse(&board, board.longestPulse.half, beyond) }
    try expectStill(&board, since: before, after: "as drives beyond the edges are given")
    let short = [Drive](repeating: .charge, count: path.edge)
    let still = try measure(&board, path.target)
    try pulse(&board, .microseconds(100), short)
    let moved = try measure(&board, path.target) - still
    expect(abs(moved) < same, "an edge moves by \(millivolts(moved)) for which no drive is given")
  }

  private mutating func theTimerEndsALongPulse(_ board: inout Board) throws {
    var moves: [Double] = []
    for factor: Int32 in [1, 10] {
      try open(&board)
      try drive(&board, path: range.upperBound, others: range.lowerBound)
      let before = try measure(&board, path.target)
      try pulse(&board, board.longestPulse.times(factor), path(.discharge))
      moves.append(before - (try measure(&board, path.target)))
    }
    expect(
      moves[0] > 0 && abs(moves[1] - moves[0]) < same,
      "\(node(path.target)) falls by \(millivolts(moves[0])) over a pulse of the one-shot's time, by "
        + "\(millivolts(moves[1])) over one of ten times that")
  }
}
