import Testing

@testable import Firmware

/// A board that writes down what is asked of it and answers from a script.
struct RecordingBoard: LearningBoard {
  /// One call at the boundary.
  enum Event: Equatable {
    case drive(Int, Voltage)
    case settle
    case measure(Int)
    case clamp(Int, Voltage)
    case release(Int)
    case compare
    case pulse(Nanoseconds, [Drive])
  }

  struct Unplugged: Error {}

  var abilities: Abilities = .sign.union(.perEdgeHold).union(.antiNudge)
  var longestPulse = Nanoseconds.milliseconds(19)
  var events: [Event] = []
  var readings: [Voltage]
  /// The comparisons of one capture after the other.
  var captures: [[Comparison]] = []
  var time = Nanoseconds.zero
  var callsUntilFailure = Int.max

  private mutating func note(_ event: Event) throws(Unplugged) {
    callsUntilFailure -= 1
    if callsUntilFailure < 0 { throw Unplugged() }
    events.append(event)
    time = time + .microseconds(10)
  }

  mutating func drive(source: Int, at voltage: Voltage) throws(Unplugged) {
    try note(.drive(source, voltage))
  }
  mutating func settle() throws(Unplugged) { try note(.settle) }
  mutating func measure(target: Int) throws(Unplugged) -> Voltage {
    try note(.measure(target))
    return readings[target]
  }
  mutating func clamp(target: Int, at voltage: Voltage) throws(Unplugged) {
    try note(.clamp(target, voltage))
  }
  mutating func release(target: Int) throws(Unplugged) { try note(.release(target)) }
  mutating func compare(into comparisons: inout MutableSpan<Comparison>) throws(Unplugged) {
    try note(.compare)
    if captures.isEmpty { return }
    for (edge, comparison) in captures.removeFirst().enumerated() where edge < comparisons.count {
      comparisons[edge] = comparison
    }
  }
  mutating func pulse(width: Nanoseconds, drives: Span<Drive>) throws(Unplugged) -> Nanoseconds {
    var list: [Drive] = []
    for edge in 0..<drives.count { list.append(drives[edge]) }
    try note(.pulse(width, list))
    time = time + width
    return width
  }
  mutating func now() throws(Unplugged) -> Nanoseconds { time }
}

/// Storage and step for a board of a few edges.
struct Bench {
  var board: RecordingBoard
  var step: TrainingStep
  var edges: [EdgeController]
  var targets: [Voltage]
  var comparisons: [Comparison]
  var drives: [Drive]

  init(
    rule: Rule, objective: Objective, layout: OutputLayout, readings: [Voltage], edges: Int = 3,
    captures: [[Comparison]] = []
  ) {
    board = RecordingBoard(readings: readings, captures: captures)
    let law = DriveLaw(
      supply: .millivolts(5000), lowest: .millivolts(1000), highest: .millivolts(3300),
      drop: .millivolts(600))
    step = TrainingStep(
      rule: rule, objective: objective, layout: layout, law: law, chance: Chance(seed: 1),
      timer: board.longestPulse)
    self.edges = Array(
      repeating: EdgeController(
        gate: .millivolts(2000), chargeConstant: 220_000_000, dischargeConstant: 220_000_000,
        leakPerTick: 0), count: edges)
    targets = Array(repeating: .zero, count: layout.channels)
    comparisons = Array(repeating: Comparison(bits: 0), count: edges)
    drives = Array(repeating: .hold, count: edges)
  }

  mutating func run(
    inputs: [Voltage] = [.millivolts(100)], wanted: Wanted = .labels, labels: [Voltage] = [],
    index: UInt32 = 0
  ) throws -> StepReport {
    try Bench.run(
      index, inputs, wanted, labels, step: &step, board: &board, edges: &edges, targets: &targets,
      comparisons: &comparisons, drives: &drives)
  }

  /// Spans of one variable's fields would overlap: every array is an argument of its own.
  private static func run(
    _ index: UInt32, _ inputs: [Voltage], _ wanted: Wanted, _ labels: [Voltage],
    step: inout TrainingStep, board: inout RecordingBoard, edges: inout [EdgeController],
    targets: inout [Voltage],
    comparisons: inout [Comparison], drives: inout [Drive]
  ) throws -> StepReport {
    var edgeSpan = edges.mutableSpan
    var targetSpan = targets.mutableSpan
    var comparisonSpan = comparisons.mutableSpan
    var driveSpan = drives.mutableSpan
    return try step.run(
      on: &board, index: index, inputs: inputs.span, wanted: wanted, labels: labels.span,
      edges: &edgeSpan, targets: &targetSpan, comparisons: &comparisonSpan, drives: &driveSpan)
  }
}

private let up = Comparison(a: true, b: true)  // dV_F^2 > dV_C^2: charge
private let down = Comparison(a: true, b: false)  // dV_F^2 < dV_C^2: discharge

@Suite struct TrainingStepTests {
  let half = Fraction(units: 0x8000_0000)

  @Test func `a step presents measures clamps compares and pulses`() throws {
    let rule = Rule(nudge: .label(half), length: .fixed(.milliseconds(2)))
    var bench = Bench(
      rule: rule, objective: .squaredError, layout: OutputLayout(count: 1, differential: false),
      readings: [.millivolts(125)], captures: [[up, down, up]])
    let report = try bench.run(
      inputs: [.millivolts(450), .zero], labels: [.millivolts(250)])
    #expect(
      bench.board.events == [
        .drive(0, .millivolts(450)), .drive(1, .zero), .settle, .measure(0),
        .clamp(0, Voltage(volts: 0.1875)), .settle, .compare,
        .pulse(.milliseconds(2), [.charge, .discharge, .charge]),
      ])
    #expect(report.driven == 3)
    #expect(report.learned == .milliseconds(2))
    #expect(bench.edges[0].gate > .millivolts(2000))
    #expect(bench.edges[1].gate < .millivolts(2000))
  }

  @Test func `no error means no clamp and no pulse`() throws {
    let rule = Rule(nudge: .label(half), length: .error(.milliseconds(2)))
    var bench = Bench(
      rule: rule, objective: .squaredError, layout: OutputLayout(count: 1, differential: false),
      readings: [.millivolts(100)])
    let report = try bench.run(labels: [.millivolts(100)])
    #expect(report.learned == .zero)
    #expect(bench.board.events.last == .measure(0))
  }

  @Test func `the standard rule learns on at zero error unless a hinge is met`() throws {
    let rule = Rule(nudge: .label(half), length: .fixed(.milliseconds(2)))
    var bench = Bench(
      rule: rule, objective: .squaredError, layout: OutputLayout(count: 1, differential: false),
      readings: [.millivolts(100)])
    #expect(try bench.run(labels: [.millivolts(100)]).learned == .milliseconds(2))
    var met = Bench(
      rule: rule, objective: .hinge(.millivolts(18)),
      layout: OutputLayout(count: 1, differential: false), readings: [.millivolts(100)])
    #expect(try met.run(wanted: .category(1)).learned == .zero)
  }

  @Test func `overclamping goes toward the rail and lasts in proportion to the error`() throws {
    let rule = Rule(nudge: .rail(half), length: .error(.milliseconds(10)))
    var bench = Bench(
      rule: rule, objective: .squaredError, layout: OutputLayout(count: 1, differential: true),
      readings: [.millivolts(200), .millivolts(100)], captures: [[up, up, up]])
    let report = try bench.run(labels: [.millivolts(-200)])
    // The output, second minus first, is -100 mV and is to fall: the second target toward 0 V, the
    // first toward 453 mV, half way.
    #expect(bench.board.events.contains(.clamp(1, .millivolts(50))))
    #expect(
      bench.board.events.contains { event in
        guard case .clamp(0, let voltage) = event else { return false }
        return abs(voltage.volts - 0.3265) < 1e-6
      })
    // 2 t0 |O - L| / 0.453 V.
    #expect(abs(report.learned.seconds - 2 * 10e-3 * 0.1 / 0.453) < 1e-8)
  }

  @Test func `a hinge moves the right output up and its rival down`() throws {
    let rule = Rule(nudge: .label(half), length: .fixed(.milliseconds(1)))
    var bench = Bench(
      rule: rule, objective: .hinge(.millivolts(20)),
      layout: OutputLayout(count: 3, differential: false),
      readings: [.millivolts(100), .millivolts(130), .millivolts(90)], captures: [[up, up, up]])
    let report = try bench.run(wanted: .category(0))
    #expect(!report.verdict.correct)
    #expect(report.verdict.error == .millivolts(20) + .millivolts(130) - .millivolts(100))
    #expect(report.verdict.rising == 0)
    #expect(report.verdict.falling == 1)
    #expect(bench.board.events.contains(.release(2)))
    // Half of the missing 50 mV each, half of that by the nudge.
    let clamps = bench.board.events.compactMap { event -> Double? in
      guard case .clamp(_, let voltage) = event else { return nil }
      return voltage.volts
    }
    #expect(clamps.count == 2)
    #expect(abs(clamps[0] - 0.1125) < 1e-6)
    #expect(abs(clamps[1] - 0.1175) < 1e-6)
  }

  @Test func `a hinge past its margin learns nothing`() throws {
    let rule = Rule(nudge: .rail(half), length: .error(.milliseconds(1)))
    var bench = Bench(
      rule: rule, objective: .hinge(.millivolts(20)),
      layout: OutputLayout(count: 1, differential: true),
      readings: [.millivolts(100), .millivolts(130)])
    let report = try bench.run(wanted: .category(1))
    #expect(report.verdict.correct)
    #expect(report.learned == .zero)
    let other = try bench.run(wanted: .category(0))
    #expect(!other.verdict.correct)
    #expect(other.verdict.falling == 0)
  }

  @Test func `centred comparison holds edges that saw only their offset`() throws {
    let rule = Rule(
      nudge: .label(half), length: .fixed(.milliseconds(1)), contrast: .centred)
    var bench = Bench(
      rule: rule, objective: .squaredError, layout: OutputLayout(count: 1, differential: false),
      readings: [.millivolts(125)], captures: [[up, down, up], [down, up, up]])
    let report = try bench.run(labels: [.millivolts(250)])
    // The second clamp lies as far below the free voltage as the first lay above.
    #expect(bench.board.events.contains(.clamp(0, Voltage(volts: 0.1875))))
    #expect(bench.board.events.contains(.clamp(0, Voltage(volts: 0.0625))))
    #expect(bench.drives == [.charge, .discharge, .hold])
    #expect(report.driven == 2)
  }

  @Test func `edges at their limit are not driven further`() throws {
    let rule = Rule(nudge: .label(half), length: .fixed(.milliseconds(1)))
    var bench = Bench(
      rule: rule, objective: .squaredError, layout: OutputLayout(count: 1, differential: false),
      readings: [.millivolts(100)], captures: [[up, down, down]])
    bench.edges[0].gate = .millivolts(3300)
    bench.edges[1].gate = .millivolts(1000)
    _ = try bench.run(labels: [.millivolts(200)])
    #expect(bench.drives == [.hold, .hold, .discharge])
  }

  @Test func `desynchronous edges take part with their probability`() throws {
    let rule = Rule(
      nudge: .label(half), length: .fixed(.milliseconds(1)), probability: Fraction(0.25))
    var bench = Bench(
      rule: rule, objective: .squaredError, layout: OutputLayout(count: 1, differential: false),
      readings: [.millivolts(100)], edges: 400,
      captures: [Array(repeating: up, count: 400)])
    let report = try bench.run(labels: [.millivolts(200)])
    #expect(abs(report.driven - 100) < 45)
  }

  @Test func `a long pulse is cut to four fifths of the timer`() throws {
    let rule = Rule(nudge: .rail(half), length: .fixed(.milliseconds(500)))
    var bench = Bench(
      rule: rule, objective: .squaredError, layout: OutputLayout(count: 1, differential: false),
      readings: [.millivolts(100)], captures: [[up, up, up]])
    let report = try bench.run(labels: [.millivolts(200)])
    #expect(abs(report.learned.seconds - 0.8 * 19e-3) < 1e-8)
  }

  @Test func `a board that stops answering ends the step and keeps the account`() {
    for calls in 0..<8 {
      let rule = Rule(nudge: .label(half), length: .fixed(.milliseconds(2)))
      var bench = Bench(
        rule: rule, objective: .squaredError, layout: OutputLayout(count: 1, differential: false),
        readings: [.millivolts(100)], captures: [[up, down, up]])
      bench.board.callsUntilFailure = calls
      #expect(throws: RecordingBoard.Unplugged.self) {
        try bench.run(inputs: [.millivolts(450), .zero], labels: [.millivolts(200)])
      }
      #expect(bench.edges.allSatisfy { $0.gate == .millivolts(2000) })
    }
  }

  @Test func `short spans and missing labels do not trap`() throws {
    let rule = Rule(nudge: .label(half), length: .fixed(.milliseconds(2)), contrast: .centred)
    var bench = Bench(
      rule: rule, objective: .squaredError, layout: OutputLayout(count: 2, differential: true),
      readings: [.zero, .zero, .zero, .zero])
    bench.targets = [.zero]
    bench.comparisons = []
    bench.drives = [.hold, .hold, .hold, .hold, .hold]
    _ = try bench.run(labels: [])
    _ = try bench.run(labels: [.millivolts(100)])
    _ = try bench.run(wanted: .category(-3))
  }

  @Test func `a rule names what it needs`() {
    let plain = Rule(nudge: .label(half), length: .fixed(.zero))
    #expect(plain.needs(on: .analogRule) == .analogRule)
    #expect(plain.needs(on: .none).contains(.sign))
    var centred = plain
    centred.contrast = .centred
    #expect(centred.needs(on: .analogRule).contains(.antiNudge.union(.perEdgeHold)))
    var random = plain
    random.probability = Fraction(0.5)
    #expect(random.needs(on: .analogRule).contains(.perEdgeHold))
  }
}

@Suite struct EdgeControllerTests {
  let law = DriveLaw(
    supply: .millivolts(5000), lowest: .millivolts(1000), highest: .millivolts(3300),
    drop: .millivolts(600))

  func controller(_ millivolts: Int32) -> EdgeController {
    EdgeController(
      gate: .millivolts(millivolts), chargeConstant: 220_000_000, dischargeConstant: 220_000_000,
      leakPerTick: 1000)
  }

  @Test func `a pulse follows the exponential law`() {
    for millivolts in stride(from: Int32(1000), through: 3300, by: 100) {
      for milliseconds in [0.01, 0.1, 1, 5, 19] {
        let part = 1 - Double.exp(-milliseconds * 1e-3 / 0.22)
        let start = Double(millivolts) / 1000
        var up = controller(millivolts)
        up.account(.charge, width: Nanoseconds(seconds: milliseconds * 1e-3), law: law)
        #expect(abs(up.gate.volts - (start + (4.4 - start) * part)) < 3e-7)
        var down = controller(millivolts)
        down.account(.discharge, width: Nanoseconds(seconds: milliseconds * 1e-3), law: law)
        #expect(abs(down.gate.volts - (start + (0.6 - start) * part)) < 3e-7)
      }
    }
  }

  @Test func `the width for a change gives the change`() {
    for millivolts in stride(from: Int32(1200), through: 3200, by: 100) {
      for change in [-150.0, -20, -1, -0.1, 0.1, 1, 20, 150] {
        var edge = controller(millivolts)
        let wanted = Voltage(volts: change / 1000)
        let pulse = edge.pulse(changingBy: wanted, longestPulse: .milliseconds(1000), law: law)
        edge.account(pulse.drive, width: pulse.width, law: law)
        #expect(abs(edge.gate.volts - Double(millivolts) / 1000 - change / 1000) < 5e-7)
      }
    }
    #expect(controller(2000).pulse(changingBy: .zero, longestPulse: .zero, law: law).drive == .hold)
    let far = controller(2000).pulse(
      changingBy: .millivolts(4000), longestPulse: .milliseconds(15), law: law)
    #expect(far.drive == .charge && far.width == .milliseconds(15))
  }

  @Test func `a drive past its end does nothing`() {
    var above = controller(4700)
    above.account(.charge, width: .milliseconds(19), law: law)
    #expect(above.gate == .millivolts(4700))
    var below = controller(300)
    below.account(.discharge, width: .milliseconds(19), law: law)
    #expect(below.gate == .millivolts(300))
  }

  @Test func `leakage is accounted by ticks and stops at zero`() {
    var edge = controller(1)
    edge.leak(ticks: 3)
    #expect(edge.gate.units == Voltage.millivolts(1).units - 3000)
    edge.leak(ticks: 100)
    #expect(edge.gate == .zero)
  }

  @Test func `the drop is interpolated and bounded`() {
    var law = law
    for knot in 0..<49 { law.drops[knot] = .millivolts(Int32(knot) * 10) }
    #expect(law.drop(at: .millivolts(-5)) == .zero)
    #expect(abs(law.drop(at: .millivolts(1000)).volts - 0.080) < 1e-6)
    #expect(abs(law.drop(at: .millivolts(1062)).volts - 0.08496) < 2e-5)
    #expect(law.drop(at: .millivolts(9000)) == .millivolts(480))
  }
}

extension Double {
  fileprivate static func exp(_ x: Double) -> Double {
    // A series is enough for the small arguments here.
    var term = 1.0
    var sum = 1.0
    for k in 1..<30 {
      term *= x / Double(k)
      sum += term
    }
    return sum
  }
}
