// The root of the Embedded proof: it uses every generic of the firmware once, on lines that lead
// nowhere. Without it the compiler would have nothing to specialise and the proof would be empty.

/// A failure that never comes. `Never` in its place would leave, on calls that are not inlined, a
/// check for an error that cannot exist, and behind it a trap that cannot be reached.
struct Unplugged: Error {}

/// Lines that lead nowhere.
struct NullLines: Lines, ~Copyable {
  var time = Nanoseconds.zero
  let hasSerialBus: Bool

  mutating func write(_ levels: LineSet, mask: LineSet) throws(Unplugged) {
    time = time + .microseconds(2)
  }
  mutating func read(mask: LineSet) throws(Unplugged) -> LineSet {
    time = time + .microseconds(2)
    return mask
  }
  mutating func wait(_ duration: Nanoseconds) throws(Unplugged) { time = time + duration }
  mutating func now() throws(Unplugged) -> Nanoseconds { time }
  mutating func exchange(_ word: UInt32, bits: Int) throws(Unplugged) -> UInt32 {
    time = time + .microseconds(2)
    return word
  }
}

/// Lines that lead nowhere, without a serial bus.
struct BareLines: Lines, ~Copyable {
  mutating func write(_ levels: LineSet, mask: LineSet) throws(Unplugged) {}
  mutating func read(mask: LineSet) throws(Unplugged) -> LineSet { mask }
  mutating func wait(_ duration: Nanoseconds) throws(Unplugged) {}
  mutating func now() throws(Unplugged) -> Nanoseconds { .zero }
}

/// How many edges the root trains; their storage is the stack's.
let rootEdges = 32

/// Programs a null board and trains it for a step.
/// - Returns: the nanoseconds learned, so that nothing is optimised away.
@_cdecl("tellegen_root")
public func root(steps: UInt32) -> Int64 {
  var wiring = BoardWiring(
    kind: steps & 2 == 0 ? .chains : .direct, selectCount: 8, chainSelect: 0,
    converter: Converter(bits: 12, reference: .millivolts(1024)), settle: .microseconds(100),
    timer: .milliseconds(19), rest: .milliseconds(3))
  wiring.sourceCount = 4
  wiring.targetCount = 4
  wiring.edgeCount = rootEdges
  var board = WiredBoard(lines: NullLines(hasSerialBus: steps & 4 == 0), wiring: wiring)
  let law = DriveLaw(
    supply: .millivolts(5000), lowest: .millivolts(1000), highest: .millivolts(3300),
    drop: .millivolts(600))
  let eta = Fraction(32, of: 129)
  let rule = Rule(
    nudge: steps & 1 == 0 ? .rail(eta) : .label(eta), length: .error(.milliseconds(20)),
    contrast: .centred, probability: Fraction(1, of: 2))
  var step = TrainingStep(
    rule: rule, objective: .hinge(.millivolts(18)),
    layout: OutputLayout(count: 2, differential: true), law: law, chance: Chance(seed: 1),
    timer: board.longestPulse)
  let blank = EdgeController(
    gate: .zero, chargeConstant: 220_000_000, dischargeConstant: 220_000_000, leakPerTick: 700)
  var edges = InlineArray<32, EdgeController>(repeating: blank)
  var targets = InlineArray<4, Voltage>(repeating: .zero)
  var comparisons = InlineArray<32, Comparison>(repeating: Comparison(bits: 0))
  var drives = InlineArray<32, Drive>(repeating: .hold)
  let goals = InlineArray<32, Voltage>(repeating: .millivolts(2200))
  let inputs = InlineArray<4, Voltage>(repeating: .millivolts(200))
  let labels = InlineArray<2, Voltage>(repeating: .millivolts(100))
  var edgeSpan = edges.mutableSpan
  var targetSpan = targets.mutableSpan
  var comparisonSpan = comparisons.mutableSpan
  var driveSpan = drives.mutableSpan
  var learned: Int64 = 0
  try? board.shutDownAll()
  try? board.checkChain()
  _ = try? step.program(goals.span, on: &board, edges: &edgeSpan, drives: &driveSpan)
  var index: UInt32 = 0
  while index < steps {
    let report = try? step.run(
      on: &board, index: index, inputs: inputs.span,
      wanted: .category(index & 1 == 0 ? 0 : 1), labels: labels.span,
      edges: &edgeSpan, targets: &targetSpan, comparisons: &comparisonSpan, drives: &driveSpan)
    if let report { learned = learned &+ report.learned.count }
    index = index &+ 1
  }
  let mean = step.layout.output(0, of: targetSpan.span)
  let conductance = edgeSpan[unchecked: 0].conductance(
    strength: 58_411_555, threshold: .millivolts(700), mean: mean)
  let change = edgeSpan[unchecked: 0].pulse(
    changingBy: .millivolts(5), longestPulse: step.longestPulse, law: law)
  var bare = BareLines()
  if bare.hasSerialBus, (try? bare.exchange(steps, bits: 8)) != 0 { return 0 }
  return conductance.units > 0 ? learned &+ change.width.count : learned
}

/// What one edge costs in memory, for the table of the proof.
public let edgeStateSize = UInt32(truncatingIfNeeded: MemoryLayout<EdgeController>.stride)
