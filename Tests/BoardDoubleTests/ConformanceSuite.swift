import Firmware
import Testing

/// What is promised, one name for each check of the suite.
enum Promise: String, CaseIterable, Sendable {
  case targetsLieBetweenTheSources
  case targetsFollowASourceMonotonically
  case clampingChangesComparisonsAndReleasingFrees
  case clampingLeavesTheFreeTwinAlone
  case chargingRaisesAndDischargingLowersTheConductance
  case holdingKeepsTheGates
  case longerPulsesMoveFurther
  case driveClampAndReleaseTakeNoTimeTwice
  case pulsesLastAtLeastTheirWidth
  case theClockNeverGoesBack
  case channelsOutsideAreIgnored
  case spansOfAnyLengthMayBeLent
  case theTimerEndsALongPulse
}

/// What a learning board promises, as checks that use nothing but the calls of `LearningBoard`: the
/// double passes them on both faces, and a rig on a bench can be put through the same.
///
/// Every check takes a board of its own from `make`: powered, gates wherever they are, all clamps
/// released. Tolerances are the caller's, since a real clock runs on and a real reading has noise.
struct Conformance<Board: LearningBoard & ~Copyable> {
  /// An edge that joins a source to a target without another node between.
  struct Path {
    var edge: Int
    var source: Int
    var target: Int
  }

  /// The number of source channels in use.
  var sources: Int
  /// The number of target channels in use.
  var targets: Int
  /// The number of learning edges.
  var edges: Int
  /// An edge through which a source can be seen to pull at a target.
  var path: Path
  /// The range that nodes may be driven in, V.
  var range: ClosedRange<Double>
  /// How far two readings of one voltage may lie apart, V: noise, a code and the converter's curve.
  var reading = 0.004
  /// What a driven voltage and its reading may differ by, V: offsets and gains of both converters.
  var error = 0.01
  /// What the clock may advance by while nothing is done.
  var instant = Nanoseconds.zero
  /// Gives a board.
  var make: () throws -> Board

  private var middle: Double { (range.lowerBound + range.upperBound) / 2 }
  private var span: Double { range.upperBound - range.lowerBound }

  /// Checks one promise on boards of its own.
  func check(_ promise: Promise) throws {
    switch promise {
    case .targetsLieBetweenTheSources: try targetsLieBetweenTheSources()
    case .targetsFollowASourceMonotonically: try targetsFollowASourceMonotonically()
    case .clampingChangesComparisonsAndReleasingFrees:
      try clampingChangesComparisonsAndReleasingFrees()
    case .clampingLeavesTheFreeTwinAlone: try clampingLeavesTheFreeTwinAlone()
    case .chargingRaisesAndDischargingLowersTheConductance:
      try chargingRaisesAndDischargingLowersTheConductance()
    case .holdingKeepsTheGates: try holdingKeepsTheGates()
    case .longerPulsesMoveFurther: try longerPulsesMoveFurther()
    case .driveClampAndReleaseTakeNoTimeTwice: try driveClampAndReleaseTakeNoTimeTwice()
    case .pulsesLastAtLeastTheirWidth: try pulsesLastAtLeastTheirWidth()
    case .theClockNeverGoesBack: try theClockNeverGoesBack()
    case .channelsOutsideAreIgnored: try channelsOutsideAreIgnored()
    case .spansOfAnyLengthMayBeLent: try spansOfAnyLengthMayBeLent()
    case .theTimerEndsALongPulse: try theTimerEndsALongPulse()
    }
  }

  // MARK: - Calls in words

  /// Brings every gate to where its transistor conducts well, whatever it stood at: drained for
  /// three time constants of 0.22 s, then charged for three quarters of one.
  private func open(_ board: inout Board) throws {
    let width = board.longestPulse.scaled(by: Fraction(4, of: 5))
    for _ in 0..<44 { _ = try pulse(&board, width, .discharge) }
    for _ in 0..<10 { _ = try pulse(&board, width, .charge) }
  }

  @discardableResult
  private func pulse(_ board: inout Board, _ width: Nanoseconds, _ drive: Drive) throws
    -> Nanoseconds
  {
    let drives = [Drive](repeating: drive, count: edges)
    return try board.pulse(width: width, drives: drives.span)
  }

  /// A pulse that drives one edge and holds the others.
  private func pulse(_ board: inout Board, _ width: Nanoseconds, edge: Int, _ drive: Drive) throws {
    var drives = [Drive](repeating: .hold, count: edges)
    drives[edge] = drive
    _ = try board.pulse(width: width, drives: drives.span)
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

  // MARK: - Checks

  /// With some sources high and some low every target lies between them.
  func targetsLieBetweenTheSources() throws {
    var board = try make()
    try open(&board)
    for swapped in [false, true] {
      let one = swapped ? range.upperBound : range.lowerBound
      let other = swapped ? range.lowerBound : range.upperBound
      try drive(&board, path: one, others: other)
      for target in 0..<targets {
        let volts = try measure(&board, target)
        // A target that only sources of one voltage surround stands at that voltage.
        #expect(volts > range.lowerBound - error, "target \(target)")
        #expect(volts < range.upperBound + error, "target \(target)")
        if target == path.target {
          #expect(volts > range.lowerBound + 0.1 * span && volts < range.upperBound - 0.1 * span)
        }
      }
    }
    try drive(&board, path: middle, others: middle)
    for target in 0..<targets {
      #expect(abs(try measure(&board, target) - middle) < error, "target \(target)")
    }
  }

  /// While a source rises no target falls, and the one it is joined to rises.
  func targetsFollowASourceMonotonically() throws {
    var board = try make()
    try open(&board)
    var first: [Double] = []
    var last: [Double] = []
    for step in 0...12 {
      let volts = range.lowerBound + span * Double(step) / 12
      try drive(&board, path: volts, others: range.lowerBound)
      let now = try (0..<targets).map { try measure(&board, $0) }
      if step == 0 {
        first = now
      } else {
        for target in 0..<targets {
          #expect(now[target] > last[target] - reading, "target \(target), step \(step)")
        }
      }
      last = now
    }
    #expect(last[path.target] > first[path.target] + 0.1 * span)
    #expect(last[path.target] < first[path.target] + span)
  }

  /// A clamped target turns the comparison of an edge at it; released, it turns back.
  func clampingChangesComparisonsAndReleasingFrees() throws {
    var board = try make()
    try open(&board)
    // The free target lies a little above the path's source. Pulled far below it, the clamped drop
    // outweighs the free one and comparator B of the path's edge turns.
    try drive(&board, path: middle - 0.1 * span, others: middle)
    let free = try compare(&board)[path.edge].bits & 2
    for _ in 0..<3 {
      try board.clamp(target: path.target, at: Voltage(volts: range.lowerBound))
      try board.settle()
      #expect(try compare(&board)[path.edge].bits & 2 != free)
      // The other way the drops have one sign, and B stays.
      try board.clamp(target: path.target, at: Voltage(volts: range.upperBound))
      try board.settle()
      let up = try compare(&board)[path.edge]
      #expect(up.bits & 2 == free)
      #expect(up.clampedDropIsLarger)

      try board.clamp(target: path.target, at: Voltage(volts: range.lowerBound))
      try board.release(target: path.target)
      try board.settle()
      #expect(try compare(&board)[path.edge].bits & 2 == free)
    }
  }

  /// The clamp acts on the clamped twin alone.
  func clampingLeavesTheFreeTwinAlone() throws {
    var board = try make()
    try open(&board)
    try drive(&board, path: range.lowerBound, others: range.upperBound)
    let before = try measure(&board, path.target)
    try board.clamp(target: path.target, at: Voltage(volts: range.lowerBound))
    try board.settle()
    #expect(abs(try measure(&board, path.target) - before) < reading)
  }

  /// A charged edge pulls its target nearer to its source, a discharged one lets it go.
  func chargingRaisesAndDischargingLowersTheConductance() throws {
    var board = try make()
    try open(&board)
    try drive(&board, path: range.upperBound, others: range.lowerBound)
    let width = board.longestPulse.half
    let start = try measure(&board, path.target)
    for _ in 0..<6 { try pulse(&board, width, edge: path.edge, .charge) }
    let charged = try measure(&board, path.target)
    #expect(charged > start + reading)
    for _ in 0..<12 { try pulse(&board, width, edge: path.edge, .discharge) }
    let discharged = try measure(&board, path.target)
    #expect(discharged < charged - reading)
    #expect(discharged < start)
  }

  /// A pulse that holds every edge moves none, and so does one whose list of drives is empty.
  func holdingKeepsTheGates() throws {
    var board = try make()
    try open(&board)
    try drive(&board, path: range.upperBound, others: range.lowerBound)
    let before = try (0..<targets).map { try measure(&board, $0) }
    let none: [Drive] = []
    for _ in 0..<5 {
      try pulse(&board, board.longestPulse.half, .hold)
      _ = try board.pulse(width: board.longestPulse.half, drives: none.span)
    }
    for target in 0..<targets {
      #expect(abs(try measure(&board, target) - before[target]) < reading, "target \(target)")
    }
  }

  /// The longer a pulse, the further it moves the edge that it drives.
  func longerPulsesMoveFurther() throws {
    var moves: [Double] = []
    for share in [1, 2, 4] {
      var board = try make()
      try open(&board)
      try drive(&board, path: range.upperBound, others: range.lowerBound)
      let before = try measure(&board, path.target)
      let width = board.longestPulse.scaled(by: Fraction(UInt32(share), of: 5))
      for _ in 0..<4 { try pulse(&board, width, edge: path.edge, .discharge) }
      moves.append(before - (try measure(&board, path.target)))
    }
    #expect(moves[0] > 0)
    #expect(moves[1] > moves[0])
    #expect(moves[2] > moves[1])
  }

  /// A converter that stands at a voltage's code is not set again.
  func driveClampAndReleaseTakeNoTimeTwice() throws {
    var board = try make()
    let volts = Voltage(volts: middle)
    func spent(_ board: inout Board, _ body: (inout Board) throws -> Void) throws -> Nanoseconds {
      let start = try board.now()
      try body(&board)
      return try board.now() - start
    }
    func drive(_ board: inout Board) throws { try board.drive(source: path.source, at: volts) }
    func clamp(_ board: inout Board) throws { try board.clamp(target: path.target, at: volts) }
    func release(_ board: inout Board) throws { try board.release(target: path.target) }
    for call in [drive, clamp, release] {
      let once = try spent(&board, call)
      let twice = try spent(&board, call)
      #expect(instant < once)
      #expect(!(instant < twice))
    }
    // What was released is clamped anew, at the same voltage too.
    let again = try spent(&board, clamp)
    #expect(instant < again)
    try board.release(target: path.target)
  }

  /// A pulse lasts what was asked for or longer, and the clock sees it.
  func pulsesLastAtLeastTheirWidth() throws {
    var board = try make()
    for count: Int64 in [0, 1, 1_000, 25_000, 300_000, 7_777_777] {
      let width = Nanoseconds(count)
      for drive in [Drive.hold, .charge, .discharge] {
        let start = try board.now()
        let lasted = try pulse(&board, width, drive)
        let end = try board.now()
        #expect(!(lasted < width), "\(count) ns")
        #expect(!(end - start < lasted), "\(count) ns")
      }
    }
  }

  /// The clock never goes back, whatever is called, and moves on over a settling.
  func theClockNeverGoesBack() throws {
    var board = try make()
    var last = try board.now()
    func check(_ board: inout Board, _ call: String) throws {
      let now = try board.now()
      #expect(!(now < last), "after \(call)")
      last = now
    }
    for round in 0..<3 {
      let volts = Voltage(volts: range.lowerBound + span * Double(round) / 3)
      try board.drive(source: path.source, at: volts)
      try check(&board, "drive")
      try board.clamp(target: path.target, at: volts)
      try check(&board, "clamp")
      let before = last
      try board.settle()
      try check(&board, "settle")
      #expect(before < last)
      _ = try board.measure(target: path.target)
      try check(&board, "measure")
      _ = try compare(&board)
      try check(&board, "compare")
      try pulse(&board, .microseconds(Int64(round) * 4000), .charge)
      try check(&board, "pulse")
      try pulse(&board, Nanoseconds(-1_000_000_000), .hold)
      try check(&board, "a pulse of negative width")
      try board.release(target: path.target)
      try check(&board, "release")
    }
  }

  /// Channels that are not there are ignored: nothing is done, nothing is read, no time is taken.
  func channelsOutsideAreIgnored() throws {
    var board = try make()
    try open(&board)
    try drive(&board, path: range.upperBound, others: range.lowerBound)
    let before = try (0..<targets).map { try measure(&board, $0) }
    // Twice, for an emulated computer is slow at what it does for the first time, and judged
    // afterwards, for an expectation takes longer than what it judges. Virtual time never passes.
    var read: [Voltage] = []
    var taken = Nanoseconds.zero
    for _ in 0..<2 {
      let start = try board.now()
      for outside in [-1, Int.min, 32, 64, 1000, Int.max] {
        try board.drive(source: outside, at: Voltage(volts: middle))
        try board.clamp(target: outside, at: Voltage(volts: middle))
        try board.release(target: outside)
        read.append(try board.measure(target: outside))
      }
      try board.drive(source: sources, at: Voltage(volts: middle))
      try board.clamp(target: targets, at: Voltage(volts: middle))
      read.append(try board.measure(target: targets))
      taken = (instant == .zero ? taken : .zero) + (try board.now() - start)
    }
    #expect(!(instant < taken), "\(taken.count) ns")
    #expect(read == Array(repeating: .zero, count: 14))
    for target in 0..<targets {
      #expect(abs(try measure(&board, target) - before[target]) < reading, "target \(target)")
    }
  }

  /// Spans of any length may be lent: entries beyond the edges are left alone, missing drives hold.
  func spansOfAnyLengthMayBeLent() throws {
    var board = try make()
    try open(&board)
    try drive(&board, path: range.upperBound, others: range.lowerBound)
    // The free and the clamped drop agree: comparator B tells the path's direction.
    let whole = try compare(&board)
    for count in [0, 1, edges - 1, edges, edges + 1, edges + 9] {
      var bits = [Comparison](repeating: Comparison(bits: 1), count: count)
      var lent = bits.mutableSpan
      try board.compare(into: &lent)
      for place in bits.indices where place >= edges {
        #expect(bits[place] == Comparison(bits: 1), "entry \(place)")
      }
      if path.edge < count {
        #expect(bits[path.edge].bits & 2 == whole[path.edge].bits & 2, "\(count) entries")
      }
    }
    let before = try measure(&board, path.target)
    let after = [Drive](repeating: .hold, count: edges) + [Drive](repeating: .charge, count: 9)
    let short = [Drive](repeating: .charge, count: path.edge)
    for _ in 0..<4 {
      _ = try board.pulse(width: board.longestPulse.half, drives: after.span)
    }
    #expect(abs(try measure(&board, path.target) - before) < reading)
    _ = try board.pulse(width: .microseconds(100), drives: short.span)
    #expect(abs(try measure(&board, path.target) - before) < reading)
  }

  /// A timer ends what would last too long: a pulse of many times its length moves the gates no
  /// further than one of its length.
  func theTimerEndsALongPulse() throws {
    func move(_ widths: (Nanoseconds) -> Nanoseconds) throws -> Double {
      var board = try make()
      try open(&board)
      try drive(&board, path: range.upperBound, others: range.lowerBound)
      let before = try measure(&board, path.target)
      try pulse(&board, widths(board.longestPulse), edge: path.edge, .discharge)
      return before - (try measure(&board, path.target))
    }
    let whole = try move { $0 }
    let tenfold = try move { $0.times(10) }
    #expect(whole > 0)
    #expect(abs(tenfold - whole) < reading)
  }
}
