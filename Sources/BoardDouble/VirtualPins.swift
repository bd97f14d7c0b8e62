public import Circuit
public import Files
public import Firmware
import Portable
public import Traces
import Wiring

/// The double's second face: the same board behind its GPIO lines, chip by chip and clock edge by
/// clock edge, in virtual time.
///
/// Every operation takes the time that the board file gives it, and acts at its end. What real parts
/// would punish is kept in `misuses`; the parts then do what they would do.
public struct VirtualPins: Lines, Sendable {
  /// A circuit without a solution: nothing is told in its place.
  public typealias Failure = CircuitError

  /// The analog board behind the pins.
  public internal(set) var analog: AnalogBoard
  /// How the board hangs on its lines.
  public let wiring: BoardWiring
  /// The virtual time.
  public private(set) var time = Nanoseconds.zero
  /// The first thousand misuses.
  public private(set) var misuses: [Misuse] = []
  /// How many misuses there were.
  public private(set) var misuseCount = 0
  /// How many line operations there were: writes and reads.
  public private(set) var operations = 0
  /// The log, if one is kept.
  public var trace: Trace?

  private let operation: Nanoseconds
  private let parts: [WiringDescription.Part]
  private let outputs: LineSet
  private let inputs: LineSet
  private let directDrives: LineSet
  private let directSelects: LineSet
  /// Which source or target channel a converter's channel is, by select and channel; -1 for none.
  private let sourceOf: [Int]
  private let clampOf: [Int]
  private let targetOf: [Int]
  private let settling: Nanoseconds

  private var commanded: LineSet
  /// The levels at the far end of the lines, faults included.
  private var levels: LineSet
  private var faults: [(line: Int, fault: LineFault)] = []
  private var silent: [Bool]
  private var noise: UInt64 = 0
  private var lastRead = LineSet.none

  private var selected: UInt64 = 0
  private var dacs: [DigitalToAnalogChip]
  private var adcs: [AnalogToDigitalChip]
  private var comparators: ShiftChain
  private var drives: ShiftChain
  private var latched: [Drive]
  private var captured: [Comparison]
  private var lastClockEdge = Nanoseconds(-1_000_000)
  private var lastAnalogChange = Nanoseconds(-1_000_000_000)
  private var learnStart: Nanoseconds?
  private var lastPulseEnd = Nanoseconds(-1_000_000_000)
  private var lastPulseWasLong = false

  /// Powers up a board whose lines stand at rest.
  ///
  /// - Parameters:
  ///   - description: the board.
  ///   - seed: the seed of every draw.
  ///   - sources: the node of each source channel.
  ///   - targets: the node of each target channel.
  /// - Throws: `WiringError` for a board without wiring, `CircuitError` for one that is no circuit.
  public init(description: BoardDescription, seed: UInt64, sources: [Int], targets: [Int]) throws {
    let wiring = try BoardWiring(description, sources: sources.count, targets: targets.count)
    self.wiring = wiring
    analog = try AnalogBoard(
      description: description, seed: seed, sources: sources, targets: targets)
    operation = Nanoseconds(seconds: description.timing.operation)
    settling = Nanoseconds(seconds: description.timing.settle)
    parts = description.wiring?.selects ?? []
    outputs = wiring.outputs
    inputs = wiring.inputs
    directDrives = wiring.edgeLines(2) | wiring.edgeLines(3)
    directSelects = wiring.selectLines
    func table(_ channels: InlineArray<32, ConverterChannel>, _ count: Int) -> [Int] {
      var table = [Int](repeating: -1, count: 64 * 8)
      for index in 0..<count where channels[index] != .rail {
        table[Int(channels[index].select) * 8 + Int(channels[index].channel)] = index
      }
      return table
    }
    sourceOf = table(wiring.sources, wiring.sourceCount)
    clampOf = table(wiring.clamps, wiring.targetCount)
    targetOf = table(wiring.targets, wiring.targetCount)
    commanded = wiring.idle
    levels = wiring.idle
    silent = Array(repeating: false, count: parts.count)
    dacs = Array(repeating: DigitalToAnalogChip(), count: parts.count)
    adcs = Array(repeating: AnalogToDigitalChip(), count: parts.count)
    comparators = ShiftChain(count: wiring.chainBits)
    drives = ShiftChain(count: wiring.chainBits)
    latched = Array(repeating: .hold, count: wiring.edgeCount)
    captured = Array(repeating: Comparison(bits: 0), count: wiring.edgeCount)
  }

  /// How many outputs were last told to be at another level than at rest.
  public var linesAway: Int { (commanded.bits ^ wiring.idle.bits).nonzeroBitCount }

  /// Puts a fault on a line.
  public mutating func add(_ fault: LineFault, line: Int) {
    faults.append((line, fault))
  }

  /// Makes the part at a select deaf and mute.
  public mutating func silence(select: Int) {
    if silent.indices.contains(select) { silent[select] = true }
  }

  /// Puts the clock, and what rules remember of it, to a moment between two steps.
  mutating func restore(
    time: Nanoseconds, lastPulseEnd: Nanoseconds, lastPulseWasLong: Bool
  ) {
    self.time = time
    self.lastPulseEnd = lastPulseEnd
    self.lastPulseWasLong = lastPulseWasLong
    lastClockEdge = time - .milliseconds(1)
    lastAnalogChange = time - .milliseconds(1000)
    learnStart = nil
  }

  /// Lets a clock outside lead: the next operation ends at this time, or as soon after it as the
  /// board file's own time of an operation allows.
  public mutating func follow(_ clock: Nanoseconds) {
    if time + operation < clock { time = clock - operation }
  }

  // MARK: - Lines

  /// Sets lines at the end of the operation.
  public mutating func write(_ levels: LineSet, mask: LineSet) throws(CircuitError) {
    try write(levels, mask: mask, as: .write)
  }

  /// Sets lines whose level came with their direction: the log tells it from one that was set.
  public mutating func turn(_ levels: LineSet, mask: LineSet) throws(CircuitError) {
    try write(levels, mask: mask, as: .turn)
  }

  private mutating func write(
    _ levels: LineSet, mask: LineSet, as kind: Trace.Event.Kind
  ) throws(CircuitError) {
    time = time + operation
    operations += 1
    trace?.add(Trace.Event(time: time, kind: kind, mask: mask, levels: levels & mask))
    if learnStart != nil { try endByTimer() }
    let foreign = mask.without(outputs)
    if foreign != .none { note(.notAnOutput, foreign) }
    let wanted = mask & outputs
    let before = commanded
    commanded = commanded.without(wanted) | (levels & wanted)
    let next = faults.isEmpty ? commanded : farEnd(of: commanded, before: before)
    if next != self.levels { try change(to: next) }
  }

  /// Reads lines at the end of the operation.
  public mutating func read(mask: LineSet) throws(CircuitError) -> LineSet {
    time = time + operation
    operations += 1
    if learnStart != nil { try endByTimer() }
    var result = commanded & mask
    let asked = faults.isEmpty ? mask : withPartners(mask)
    if asked.meets(wiring.dataIn) && dataLevel() { result = result | wiring.dataIn }
    let direct = (asked & inputs).without(wiring.dataIn)
    if direct != .none {
      try capture()
      for edge in 0..<wiring.edgeCount {
        if captured[edge].bits & 1 != 0 { result = result | (wiring.edgeLine(edge, 0) & asked) }
        if captured[edge].bits & 2 != 0 { result = result | (wiring.edgeLine(edge, 1) & asked) }
      }
    }
    if !faults.isEmpty { result = nearEnd(of: result, mask: mask) & mask }
    trace?.add(Trace.Event(time: time, kind: .read, mask: mask, levels: result))
    return result
  }

  /// Lets time pass; with LEARN on, the end comes late by the pulse's jitter.
  public mutating func wait(_ duration: Nanoseconds) {
    if .zero < duration { time = time + duration }
    if levels.meets(wiring.learn) { time = time + analog.lateness }
    trace?.add(
      Trace.Event(
        time: time, kind: .wait, mask: .none,
        levels: LineSet(bits: UInt64(bitPattern: duration.count))))
  }

  /// The virtual time; asking takes none.
  public mutating func now() -> Nanoseconds {
    trace?.add(Trace.Event(time: time, kind: .now, mask: .none, levels: .none))
    return time
  }

  // MARK: - Parts

  private mutating func change(to next: LineSet) throws(CircuitError) {
    let before = levels
    let changed = LineSet(bits: before.bits ^ next.bits)
    levels = next
    if changed.meets(wiring.clock) {
      if time.count - lastClockEdge.count < 450 { note(.clockTooFast, wiring.clock) }
      lastClockEdge = time
      if next.meets(wiring.clock) {
        if changed.meets(wiring.dataOut) { note(.dataWithRisingClock, wiring.dataOut) }
        clockRises(data: next.meets(wiring.dataOut))
      } else {
        try clockFalls()
      }
    }
    if wiring.kind == .chains {
      if changed.meets(wiring.load) && next.meets(wiring.load) { try loadComparators() }
      if changed.meets(wiring.address) && before.meets(wiring.enable) {
        note(.addressWhileEnabled, changed & wiring.address)
      }
      if changed.meets(wiring.enable | wiring.address) { try select(selection(next)) }
      if changed.meets(wiring.latch) && next.meets(wiring.latch) { latchDrives() }
    } else {
      if changed.meets(directSelects) { try select(selection(next)) }
      if changed.meets(directDrives) && before.meets(wiring.learn) && learnStart != nil {
        note(.driveUnderLearn, changed & directDrives)
      }
    }
    if changed.meets(wiring.learn) {
      if next.meets(wiring.learn) { startLearning() } else { try endLearning(at: time) }
    }
  }

  private mutating func clockRises(data: Bool) {
    if selected == 0 { note(.clockWithoutSelect, wiring.clock) }
    if selected != 0 {
      for index in parts.indices where selected & (1 &<< UInt64(index)) != 0 && !silent[index] {
        switch parts[index] {
        case .dac: dacs[index].clockRises(data: data)
        case .adc: adcs[index].clockRises(data: data)
        case .chain:
          if levels.meets(wiring.load) {
            comparators.shift(in: drives.output)
          } else {
            // Loading overrides shifting: the registers keep showing their inputs.
            note(.clockWhileLoading, wiring.load)
          }
        }
      }
    }
    // The drive registers hang on the bare clock.
    drives.shift(in: data)
  }

  private mutating func clockFalls() throws(CircuitError) {
    if selected == 0 { return }
    for index in parts.indices where selected & (1 &<< UInt64(index)) != 0 {
      guard parts[index] == .adc, !silent[index], let channel = adcs[index].clockFalls() else {
        continue
      }
      let target = targetOf[index * 8 + Int(channel)]
      if target >= 0 {
        checkSettled()
        adcs[index].take(try analog.sampleTarget(target, at: time), at: time)
        if trace != nil { logFree() }
      } else {
        adcs[index].take(0, at: time)
      }
    }
  }

  /// The parts that levels select, a bit each.
  private func selection(_ levels: LineSet) -> UInt64 {
    if wiring.kind == .chains {
      if !levels.meets(wiring.enable) { return 0 }
      return 1 &<< (((levels & wiring.address).bits &>> 6) & 7)
    }
    // Selects are low when active; line 4 is the first.
    return (~levels.bits & directSelects.bits) &>> 4
  }

  private mutating func select(_ next: UInt64) throws(CircuitError) {
    let begun = next & ~selected
    let ended = selected & ~next
    selected = next
    if begun != 0 && levels.meets(wiring.clock) { note(.selectWhileClockHigh, wiring.clock) }
    for index in parts.indices {
      let bit: UInt64 = 1 &<< UInt64(index)
      if begun & bit != 0 {
        dacs[index].begin()
        adcs[index].begin()
      }
      if ended & bit != 0 && parts[index] == .dac && !silent[index] {
        switch dacs[index].end() {
        case .nothing: break
        case .broken: note(.brokenFrame, wiring.clock)
        case .set(let channel, let code): try convert(index * 8 + Int(channel), code)
        }
      }
    }
  }

  private mutating func convert(_ place: Int, _ code: UInt32?) throws(CircuitError) {
    if sourceOf[place] >= 0 {
      try analog.setSource(sourceOf[place], code: code ?? 0)
      lastAnalogChange = time
    } else if clampOf[place] >= 0 {
      try analog.setClamp(clampOf[place], code: code)
      lastAnalogChange = time
    }
  }

  /// The level of MISO.
  private mutating func dataLevel() -> Bool {
    var drivers = 0
    var level = false
    for index in parts.indices where selected & (1 &<< UInt64(index)) != 0 && !silent[index] {
      switch parts[index] {
      case .dac: break
      case .chain:
        drivers += 1
        level = comparators.output
      case .adc:
        if adcs[index].drives {
          drivers += 1
          level = adcs[index].output
          if adcs[index].isConverting
            && wiring.longestFrame < time - adcs[index].sampled
          {
            note(.slowConversion, wiring.dataIn)
          }
        }
      }
    }
    if drivers == 0 { note(.floatingMiso, wiring.dataIn) }
    if drivers > 1 { note(.twoDriversOnMiso, wiring.dataIn) }
    return level
  }

  private mutating func capture() throws(CircuitError) {
    checkSettled()
    // A span of a field would hold the whole board: the field is taken out meanwhile.
    var taken: [Comparison] = []
    swap(&taken, &captured)
    defer { captured = taken }
    var span = taken.mutableSpan
    try analog.capture(at: time, into: &span)
    if trace != nil { logBoth() }
  }

  private mutating func loadComparators() throws(CircuitError) {
    try capture()
    for position in 0..<wiring.edgeCount {
      let bits = captured[Int(wiring.chain[position])].bits
      comparators.load(bits & 1 != 0, place: 2 * position)
      comparators.load(bits & 2 != 0, place: 2 * position + 1)
    }
    for place in 2 * wiring.edgeCount..<max(wiring.chainBits, 2 * wiring.edgeCount) {
      comparators.load(false, place: place)
    }
  }

  private mutating func latchDrives() {
    if learnStart != nil { note(.latchUnderLearn, wiring.latch) }
    for position in 0..<wiring.edgeCount {
      let edge = Int(wiring.chain[position])
      latched[edge] = drive(
        charge: drives.entered(age: 2 * position),
        discharge: !drives.entered(age: 2 * position + 1))
    }
  }

  private mutating func drive(charge: Bool, discharge: Bool) -> Drive {
    if charge && discharge {
      note(.bothDrives, wiring.learn)
      return .hold
    }
    return charge ? .charge : (discharge ? .discharge : .hold)
  }

  private mutating func startLearning() {
    if lastPulseWasLong && time < lastPulseEnd + wiring.rest { note(.noRest, wiring.learn) }
    learnStart = time
    if wiring.kind == .direct {
      for edge in 0..<wiring.edgeCount {
        latched[edge] = drive(
          charge: levels.meets(wiring.edgeLine(edge, 2)),
          discharge: !levels.meets(wiring.edgeLine(edge, 3)))
      }
    }
  }

  /// Ends the pulse where the one-shot has ended it, though LEARN is still on.
  private mutating func endByTimer() throws(CircuitError) {
    guard let start = learnStart, start + wiring.timer < time else { return }
    try finish(from: start, to: start + wiring.timer)
    learnStart = nil
  }

  private mutating func endLearning(at end: Nanoseconds) throws(CircuitError) {
    if let start = learnStart {
      try finish(from: start, to: wiring.timer < end - start ? start + wiring.timer : end)
      lastPulseWasLong = wiring.timer.half < end - start
    } else {
      lastPulseWasLong = true
    }
    learnStart = nil
    lastPulseEnd = end
  }

  private mutating func finish(
    from start: Nanoseconds, to end: Nanoseconds
  ) throws(CircuitError) {
    let drives = latched
    try analog.learn(from: start, to: end, drives: drives.span)
    if trace != nil {
      trace?.add(
        Trace.Analog(time: end, gates: analog.state.gates, freeNodes: [], clampedNodes: []))
    }
  }

  private mutating func checkSettled() {
    if time < lastAnalogChange + settling { note(.notSettled, wiring.dataIn) }
  }

  private mutating func logFree() {
    trace?.add(
      Trace.Analog(
        time: time, gates: [], freeNodes: analog.state.freeVoltages, clampedNodes: []))
  }

  private mutating func logBoth() {
    trace?.add(
      Trace.Analog(
        time: time, gates: [], freeNodes: analog.state.freeVoltages,
        clampedNodes: analog.state.clampedVoltages))
  }

  private mutating func note(_ rule: Misuse.Rule, _ lines: LineSet) {
    misuseCount += 1
    if misuses.count < 1000 { misuses.append(Misuse(time: time, lines: lines, rule: rule)) }
  }

  // MARK: - Faults

  private func farEnd(of levels: LineSet, before: LineSet) -> LineSet {
    var seen = levels
    for (line, fault) in faults {
      let set = LineSet(line: line)
      switch fault {
      case .stuckLow: seen = seen.without(set)
      case .stuckHigh: seen = seen | set
      case .floating: seen = seen.without(set) | (wiring.idle & set)
      case .late: seen = seen.without(set) | (before & set)
      case .swapped(let other):
        let otherSet = LineSet(line: other)
        seen = seen.without(set | otherSet)
        if levels.meets(otherSet) { seen = seen | set }
        if levels.meets(set) { seen = seen | otherSet }
      }
    }
    return seen & outputs
  }

  /// A mask and the lines that lines of it are exchanged with.
  private func withPartners(_ mask: LineSet) -> LineSet {
    var all = mask
    for (line, fault) in faults {
      guard case .swapped(let other) = fault else { continue }
      if mask.meets(LineSet(line: line)) { all = all | LineSet(line: other) }
      if mask.meets(LineSet(line: other)) { all = all | LineSet(line: line) }
    }
    return all
  }

  private mutating func nearEnd(of levels: LineSet, mask: LineSet) -> LineSet {
    var seen = levels
    for (line, fault) in faults {
      let set = LineSet(line: line)
      if case .swapped(let other) = fault {
        let otherSet = LineSet(line: other)
        seen = seen.without((set | otherSet) & inputs)
        if levels.meets(otherSet) { seen = seen | (set & inputs) }
        if levels.meets(set) { seen = seen | (otherSet & inputs) }
        continue
      }
      if !inputs.meets(set) || !mask.meets(set) { continue }
      switch fault {
      case .stuckLow: seen = seen.without(set)
      case .stuckHigh: seen = seen | set
      case .floating:
        noise &+= 1
        let high = Purpose.floating.draw(analog.seed, line).bits(noise) & 1 == 1
        seen = seen.without(set) | (high ? set : .none)
      case .late: seen = seen.without(set) | (lastRead & set)
      case .swapped: break
      }
    }
    lastRead = lastRead.without(mask) | (levels & mask)
    return seen
  }
}

// MARK: - State

extension VirtualPins {
  /// Everything behind the pins that changes, at any moment between two line operations: with the
  /// description, seed and placement it is the whole board, so that pins put into it answer bit for
  /// bit as these would. Faults of lines and silenced parts are the tester's and are not in it.
  public struct State: Sendable, Equatable, Codable {
    /// The analog board's part.
    public internal(set) var analog: AnalogBoard.State
    /// The virtual time, ns.
    public internal(set) var time: Int64
    var operations: Int
    var misuseCount: Int
    var commanded: UInt64
    var dacs: [DigitalToAnalogChip]
    var adcs: [AnalogToDigitalChip]
    var comparators: ShiftChain
    var drives: ShiftChain
    var latched: [UInt8]
    var lastClockEdge: Int64
    var lastAnalogChange: Int64
    var learnStart: Int64?
    var lastPulseEnd: Int64
    var lastPulseWasLong: Bool
  }

  /// The part that changes.
  public var state: State {
    State(
      analog: analog.state, time: time.count, operations: operations, misuseCount: misuseCount,
      commanded: commanded.bits, dacs: dacs, adcs: adcs, comparators: comparators, drives: drives,
      latched: latched.map(\.rawValue), lastClockEdge: lastClockEdge.count,
      lastAnalogChange: lastAnalogChange.count, learnStart: learnStart?.count,
      lastPulseEnd: lastPulseEnd.count, lastPulseWasLong: lastPulseWasLong)
  }

  /// Puts pins of the same description, seed and placement into a state; misuses from before it are
  /// counted, not told.
  /// - Throws: `StateMismatch` or `CircuitError` when the state is not one of such pins; they are
  ///   then unchanged.
  public mutating func restore(_ saved: State) throws {
    let moments = [
      saved.time, saved.lastClockEdge, saved.lastAnalogChange, saved.learnStart ?? 0,
      saved.lastPulseEnd,
    ]
    let latched = saved.latched.compactMap(Drive.init(rawValue:))
    // Before the first of their kind moments lie a second before the start.
    let times = -1_000_000_000...VirtualState.times.upperBound
    guard moments.allSatisfy(times.contains), saved.operations >= 0, saved.misuseCount >= 0,
      max(saved.operations, saved.misuseCount) < 1 << 62,
      LineSet(bits: saved.commanded).without(outputs) == .none,
      latched.count == saved.latched.count, latched.count == self.latched.count,
      saved.dacs.count == dacs.count, saved.dacs.allSatisfy(\.isSound),
      saved.adcs.count == adcs.count, saved.adcs.allSatisfy(\.isSound),
      saved.comparators.isSound(like: comparators), saved.drives.isSound(like: drives)
    else { throw StateMismatch() }
    try analog.restore(saved.analog)
    time = Nanoseconds(saved.time)
    operations = saved.operations
    misuses = []
    misuseCount = saved.misuseCount
    commanded = LineSet(bits: saved.commanded)
    levels = commanded
    selected = selection(levels)
    dacs = saved.dacs
    adcs = saved.adcs
    comparators = saved.comparators
    drives = saved.drives
    self.latched = latched
    lastClockEdge = Nanoseconds(saved.lastClockEdge)
    lastAnalogChange = Nanoseconds(saved.lastAnalogChange)
    learnStart = saved.learnStart.map { Nanoseconds($0) }
    lastPulseEnd = Nanoseconds(saved.lastPulseEnd)
    lastPulseWasLong = saved.lastPulseWasLong
  }
}
