public import Circuit
public import Files
public import Firmware
public import Traces
import Portable
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
  public internal(set) var time = Nanoseconds.zero
  /// The first thousand misuses.
  public internal(set) var misuses: [Misuse] = []
  /// How many misuses there were.
  public internal(set) var misuseCount = 0
  /// How many misuses there were of each rule, and the first of them; those from before a state was
  /// restored are not among them.
  public internal(set) var misusesByRule: [Misuse.Rule: (count: Int, first: Misuse)] = [:]
  /// How lines are called, in the order of their bits.
  private let roles: [String]
  /// How learning edges are called.
  private let edges: [String]
  /// How the chips are called, by their selects.
  private let chipNames: [String]
  /// The longest that LEARN was in effect: what the one-shot let through of it, not how long the line
  /// was high. From before a state was restored it is not known.
  public internal(set) var longestLearning = Nanoseconds.zero
  /// How many line operations there were: writes and reads.
  public internal(set) var operations = 0
  /// The log, if one is kept.
  public var trace: Trace?
  /// Whether the loopback fixture is fitted, see `BoardWiring.loopback`.
  package var hasLoopback = false

  /// How long operations take, where it is not what the board file says.
  package var pace: OperationPace?

  private let operation: Nanoseconds
  let parts: [WiringDescription.Part.Kind]
  let outputs: LineSet
  private let inputs: LineSet
  let directDrives: LineSet
  let directSelects: LineSet
  /// Which source or target channel a converter's channel is, by select and channel; -1 for none.
  let sourceOf: [Int]
  let clampOf: [Int]
  let targetOf: [Int]
  let settling: Nanoseconds

  var commanded: LineSet
  /// The levels at the far end of the lines, faults included.
  package internal(set) var levels: LineSet
  private var faults: LineFaults
  var silent: [Bool]
  /// The selects whose converter reads its highest code.
  var saturated: Set<Int> = []

  var selected: UInt64 = 0
  /// The chip at each select.
  var chips: [ChipModel]
  var comparators: ShiftChainModel
  var drives: ShiftChainModel
  var latched: [PinDrive]
  /// By what mistakes the wiring differs from the board file; `nil` where it does not.
  var mistaken: MistakenWiring?
  /// For how long each gate has been driven, whatever was asked for, in pulses of the one-shot's time.
  package internal(set) var pulsesOfGates: [Double]
  private var noise: UInt64 = 0
  var captured: [Comparison]
  var lastClockEdge = Nanoseconds(-1_000_000)
  var lastAnalogChange = Nanoseconds(-1_000_000_000)
  var learnStart: Nanoseconds?
  var lastPulseEnd = Nanoseconds(-1_000_000_000)
  var lastPulseWasLong = false

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
    let selects = description.wiring?.selects ?? []
    parts = selects.map(\.kind)
    roles = description.wiring?.wires.map(\.role) ?? []
    edges = description.learningEdges.map(\.name)
    chipNames = selects.map(\.name)
    outputs = wiring.outputs
    inputs = wiring.inputs
    faults = LineFaults(wiring: wiring)
    directDrives = wiring.edgeLines(2) | wiring.edgeLines(3)
    directSelects = wiring.selectLines
    func table(_ channels: InlineArray<32, ConverterChannel>, _ count: Int) -> [Int] {
      var table = [Int](repeating: -1, count: 64 * 8)
      for index in 0..<count where channels[index] != .rail {
        let select = Int(channels[index].select)
        // A chip of fewer channels does not look at the upper bits of a channel's number.
        let step = selects.indices.contains(select) ? max(selects[select].channels, 1) : 8
        for channel in stride(from: Int(channels[index].channel), to: 8, by: step) {
          table[select * 8 + channel] = index
        }
      }
      return table
    }
    sourceOf = table(wiring.sources, wiring.sourceCount)
    clampOf = table(wiring.clamps, wiring.targetCount)
    targetOf = table(wiring.targets, wiring.targetCount)
    commanded = wiring.idle
    levels = wiring.idle
    silent = Array(repeating: false, count: parts.count)
    chips = selects.map(ChipModel.init)
    comparators = ShiftChainModel(count: wiring.chainBits)
    drives = ShiftChainModel(count: wiring.chainBits)
    latched = Array(repeating: .hold, count: wiring.edgeCount)
    captured = Array(repeating: Comparison(bits: 0), count: wiring.edgeCount)
    pulsesOfGates = Array(repeating: 0, count: wiring.edgeCount)
    putFaultsOnLines()
    for fault in description.lineFaults {
      switch fault {
      case .deaf(let select): silence(select: select)
      case .saturated(let select): saturate(select: select)
      case .wrongChip(let select): exchangeChip(select: select)
      case .line, .edge, .disturbance, .passing: break
      }
    }
  }

  /// Puts the faults on lines that the board's description has there.
  mutating func putFaultsOnLines() {
    for case .line(let role, let kind) in analog.description.lineFaults {
      guard let line = roles.firstIndex(of: role) else { continue }
      switch kind {
      case .stuckLow: add(.stuckLow, line: line)
      case .stuckHigh: add(.stuckHigh, line: line)
      case .floating: add(.floating, line: line)
      case .late: add(.late, line: line)
      case .swapped(let other):
        if let partner = roles.firstIndex(of: other) { add(.swapped(with: partner), line: line) }
      }
    }
  }

  /// The names of lines.
  ///
  /// - Parameter lines: the lines.
  /// - Returns: their roles in the board file; one that no file names is called by its number.
  public func names(of lines: LineSet) -> [String] {
    (0..<64).filter { lines.meets(LineSet(line: $0)) }.map {
      roles.indices.contains($0) ? roles[$0] : "line \($0)"
    }
  }

  /// The edge and the chips that a misuse concerns, in words.
  ///
  /// - Parameter misuse: the misuse.
  /// - Returns: such as `edge S1-T1` and `MCP3208 at select 2`; none where it is the lines' alone.
  public func parts(of misuse: Misuse) -> [String] {
    let edge = misuse.edge.map { ["edge " + (edges.indices.contains($0) ? edges[$0] : "\($0)")] }
    return (edge ?? [])
      + chipNames.indices.filter { misuse.selects & (1 &<< UInt64($0)) != 0 }
      .map { "\(chipNames[$0]) at select \($0)" }
  }

  /// How many outputs were last told to be at another level than at rest.
  public var linesAway: Int { (commanded.bits ^ wiring.idle.bits).nonzeroBitCount }

  /// Puts a fault on a line.
  public mutating func add(_ fault: LineFault, line: Int) {
    faults.add(fault, line: line)
  }

  /// Whether an output of the program stands where MISO should be.
  var isDataDriven: Bool { faults.isInputDriven }

  /// Takes every fault of lines off.
  mutating func removeFaults() { faults.removeAll() }

  /// What a comparator, two an edge, says at its output in the last capture.
  func output(ofComparator comparator: Int) -> Bool {
    let says = captured[comparator / 2].bits & (comparator & 1 == 0 ? 1 : 2) != 0
    return says != (mistaken?.reversed[comparator] ?? false)
  }

  /// What an input reads that hangs at nothing.
  mutating func looseInput(_ place: Int) -> Bool {
    noise &+= 1
    return Purpose.floating.draw(analog.events, 1000 + place).bits(noise) & 1 == 1
  }

  /// Makes the converter at a select read its highest code, whatever comes.
  public mutating func saturate(select: Int) { saturated.insert(select) }

  /// Puts a converter of the other direction at a select.
  public mutating func exchangeChip(select: Int) {
    if chips.indices.contains(select) { chips[select] = chips[select].other }
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

  /// Lets the time of an operation pass.
  private mutating func passOperation() {
    let lasting = pace?.time(of: operation) ?? operation
    time = analog.disturbances.end(of: time + lasting, from: time)
    operations += 1
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
    passOperation()
    trace?.add(Trace.Event(time: time, kind: kind, mask: mask, levels: levels & mask))
    if learnStart != nil { try endByTimer() }
    let foreign = mask.without(outputs)
    if foreign != .none { note(.notAnOutput, foreign) }
    let wanted = mask & outputs
    let before = commanded
    commanded = commanded.without(wanted) | (levels & wanted)
    let next = faults.isEmpty ? commanded : faults.farEnd(of: commanded, before: before)
    if next != self.levels { try change(to: next) }
  }

  /// Reads lines at the end of the operation.
  public mutating func read(mask: LineSet) throws(CircuitError) -> LineSet {
    passOperation()
    if learnStart != nil { try endByTimer() }
    var result = commanded & mask
    let asked = faults.isEmpty ? mask : faults.withPartners(mask)
    if asked.meets(wiring.dataIn) && dataLevel() { result = result | wiring.dataIn }
    let direct = (asked & inputs).without(wiring.dataIn)
    if direct != .none {
      try capture(by: direct)
      for edge in 0..<wiring.edgeCount {
        if output(ofComparator: 2 * edge) { result = result | (wiring.edgeLine(edge, 0) & asked) }
        if output(ofComparator: 2 * edge + 1) {
          result = result | (wiring.edgeLine(edge, 1) & asked)
        }
      }
    }
    if !faults.isEmpty {
      result = faults.nearEnd(of: result, mask: mask, seed: analog.events) & mask
    }
    trace?.add(Trace.Event(time: time, kind: .read, mask: mask, levels: result))
    return result
  }

  /// Lets time pass; with LEARN on, the end comes late by the pulse's jitter.
  public mutating func wait(_ duration: Nanoseconds) {
    let start = time
    if .zero < duration { time = time + duration }
    if let late = pace?.lateness() { time = time + late }
    if levels.meets(wiring.learn) { time = time + analog.lateness }
    time = analog.disturbances.end(of: time + analog.disturbances.lateness(at: start), from: start)
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
}
