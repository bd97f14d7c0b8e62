import Testing

@testable import Firmware

private let up = Comparison(a: true, b: true)  // dV_F^2 > dV_C^2: charge
private let down = Comparison(a: true, b: false)  // dV_F^2 < dV_C^2: discharge

private let half = Fraction(1, of: 2)
private let single = OutputLayout(count: 1, differential: false)

/// What a rule may have beside its nudge and its pulse.
@Suite struct RuleOptionTests {
  // MARK: - Dead band

  @Test(arguments: [
    PulseLength.fixed(.milliseconds(2)), .error(.milliseconds(2)),
  ])
  func `an error at the dead band teaches nothing, one just above does`(_ length: PulseLength)
    throws
  {
    let rule = Rule(nudge: .label(half), length: length, deadBand: .millivolts(5))
    let reading = Voltage.millivolts(100)
    for sign: Int32 in [1, -1] {
      var bench = Bench(
        rule: rule, objective: .squaredError, layout: single, readings: [reading],
        captures: [[up, up, up]])
      let band = Voltage(units: sign * Voltage.millivolts(5).units)
      let at = try bench.run(labels: [reading + band])
      #expect(at.verdict.error == .millivolts(5))
      #expect(at.learned == .zero && at.driven == 0)
      // Nothing was clamped, compared or pulsed either.
      #expect(bench.board.events.last == .measure(0))
      #expect(bench.edges.allSatisfy { $0.gate == .millivolts(2000) })

      let above = try bench.run(labels: [reading + band + Voltage(units: sign)])
      #expect(above.driven == 3 && .zero < above.learned)
    }
  }

  @Test func `a hinge has a dead band too`() throws {
    let rule = Rule(
      nudge: .rail(half), length: .error(.milliseconds(2)), deadBand: .millivolts(5))
    var bench = Bench(
      rule: rule, objective: .hinge(.millivolts(20)), layout: single,
      readings: [.millivolts(20) - .millivolts(5)], captures: [[up, up, up]])
    #expect(try bench.run(wanted: .category(1)).learned == .zero)
    bench.board.readings = [.millivolts(20) - .millivolts(5) - Voltage(units: 1)]
    #expect(try bench.run(wanted: .category(1)).driven == 3)
  }

  @Test func `without a dead band the smallest error teaches`() throws {
    let rule = Rule(nudge: .label(half), length: .fixed(.milliseconds(2)))
    var bench = Bench(
      rule: rule, objective: .squaredError, layout: single, readings: [.millivolts(100)],
      captures: [[up, up, up]])
    #expect(try bench.run(labels: [.millivolts(100) + Voltage(units: 1)]).driven == 3)
  }

  // MARK: - A hinge that is met

  @Test func `a hinge that is met is not learned under a fixed pulse, one short of it is`() throws {
    let rule = Rule(nudge: .label(half), length: .fixed(.milliseconds(1)))
    // Three outputs; the first leads the second by just the margin.
    let margin = Voltage.millivolts(20)
    let layout = OutputLayout(count: 3, differential: false)
    func bench(lead: Voltage) -> Bench {
      Bench(
        rule: rule, objective: .hinge(margin), layout: layout,
        readings: [.millivolts(100) + lead, .millivolts(100), .millivolts(50)],
        captures: [[up, up, up]])
    }
    var met = bench(lead: margin)
    let report = try met.run(wanted: .category(0))
    #expect(report.learned == .zero && report.verdict.correct && report.verdict.error == .zero)
    #expect(
      !met.board.events.contains { if case .clamp = $0 { true } else { false } })
    var short = bench(lead: margin - Voltage(units: 1))
    let learned = try short.run(wanted: .category(0))
    #expect(learned.learned == .milliseconds(1) && learned.verdict.correct)
  }

  // MARK: - Balanced drives

  private let law = DriveLaw(
    supply: .millivolts(5000), lowest: .millivolts(1000), highest: .millivolts(3300),
    drop: .millivolts(600))

  private func controller(_ millivolts: Int32) -> EdgeController {
    EdgeController(
      gate: .millivolts(millivolts), chargeConstant: 220_000_000, dischargeConstant: 220_000_000,
      leakPerTick: 0)
  }

  @Test func `the faster drive takes part as often as the slower one is slow`() {
    func share(_ millivolts: Int32, _ drive: Drive) -> Double {
      controller(millivolts).share(of: drive, law: law).value
    }
    // From 2 V up to 4.4 V and down to 0.6 V.
    #expect(abs(share(2000, .charge) - 1.4 / 2.4) < 1e-6)
    #expect(controller(2000).share(of: .discharge, law: law) == .largest)
    #expect(abs(share(3000, .discharge) - 1.4 / 2.4) < 1e-6)
    #expect(controller(3000).share(of: .charge, law: law) == .largest)
    #expect(controller(2500).share(of: .charge, law: law) == .largest)
    #expect(controller(2500).share(of: .discharge, law: law) == .largest)
    #expect(controller(2000).share(of: .hold, law: law) == .largest)
    var taps = law
    taps.tapSpacing = .millivolts(18)
    for drive in [Drive.charge, .discharge, .hold] {
      #expect(controller(1500).share(of: drive, law: taps) == .largest)
    }
  }

  @Test func `a path with twice the resistance is half as fast`() {
    var edge = controller(2500)
    edge.dischargeConstant = 440_000_000
    // Both ends are 1.9 V away: only the constants differ.
    #expect(abs(edge.share(of: .charge, law: law).value - 0.5) < 1e-6)
    #expect(edge.share(of: .discharge, law: law) == .largest)
    edge.chargeConstant = 880_000_000
    #expect(edge.share(of: .charge, law: law) == .largest)
    #expect(abs(edge.share(of: .discharge, law: law).value - 0.5) < 1e-6)
  }

  /// Moves asked for up and down in turn, which should cancel: where the gates come to, on average.
  private func wander(balanced: Bool) throws -> Double {
    let count = 200
    let rule = Rule(
      nudge: .label(half), length: .fixed(.microseconds(100)), balanced: balanced)
    var bench = Bench(
      rule: rule, objective: .squaredError, layout: single, readings: [.millivolts(100)],
      edges: count)
    for index in 0..<400 {
      bench.board.captures = [Array(repeating: index % 2 == 0 ? up : down, count: count)]
      _ = try bench.run(labels: [.millivolts(200)], index: UInt32(index))
    }
    return bench.edges.reduce(0) { $0 + $1.gate.volts - 2 } / Double(count)
  }

  @Test func `balanced, moves up and down that should cancel do`() throws {
    // A move up is 1.09 mV and one down 0.64 mV: 200 of each leave 80 mV without balance. With it
    // the mean of 200 edges strays by chance alone, 0.5 mV.
    #expect(try wander(balanced: false) > 0.060)
    #expect(abs(try wander(balanced: true)) < 0.0025)
  }

  // MARK: - Weighted drives

  @Test func `edges take part in proportion to their voltage, hidden ones and the largest always`()
    throws
  {
    let rule = Rule(nudge: .label(half), length: .fixed(.microseconds(2)), weighted: true)
    var bench = Bench(
      rule: rule, objective: .squaredError, layout: single, readings: [.millivolts(350)], edges: 6)
    // Sources at 450 and 50 mV, the target at 350 mV.
    let ends: [(Terminal, Terminal)] = [
      (.source(0), .source(1)), (.source(0), .target(0)), (.source(1), .target(0)),
      (.hidden, .source(0)), (.source(0), .source(0)), (.source(7), .target(0)),
    ]
    for (edge, (from, to)) in ends.enumerated() {
      bench.edges[edge].from = from
      bench.edges[edge].to = to
    }
    var taken = [0, 0, 0, 0, 0, 0]
    let steps = 4000
    for index in 0..<steps {
      bench.board.captures = [Array(repeating: index % 2 == 0 ? up : down, count: 6)]
      _ = try bench.run(
        inputs: [.millivolts(450), .millivolts(50)], labels: [.millivolts(200)],
        index: UInt32(index))
      for edge in taken.indices where bench.drives[edge] != .hold { taken[edge] += 1 }
    }
    #expect(taken[0] == steps)
    // 100 of 400 mV and 300 of 400 mV, to five standard deviations.
    #expect(abs(taken[1] - steps / 4) < 137)
    #expect(abs(taken[2] - steps * 3 / 4) < 137)
    #expect(taken[3] == steps)
    #expect(taken[4] == 0)
    // A source channel that the task does not drive is not known.
    #expect(taken[5] == steps)
  }

  @Test func `the choices of chance, balance and weight are independent`() throws {
    let count = 4000
    let rule = Rule(
      nudge: .label(half), length: .fixed(.microseconds(2)), probability: half, balanced: true,
      weighted: true)
    var bench = Bench(
      rule: rule, objective: .squaredError, layout: single, readings: [.millivolts(350)],
      edges: count, captures: [Array(repeating: up, count: count)])
    for edge in 0..<count {
      bench.edges[edge].from = .source(0)
      bench.edges[edge].to = edge == 0 ? .source(1) : .target(0)
    }
    let report = try bench.run(
      inputs: [.millivolts(450), .millivolts(50)], labels: [.millivolts(200)], index: 7)
    // 1/2 by chance, 1.4/2.4 by balance, 1/4 by weight: 292 of 4000, to five standard deviations.
    #expect(abs(Double(report.driven) - 4000 * 0.5 * (1.4 / 2.4) * 0.25) < 83)
  }

  // MARK: - Potentiometer gates

  private var taps: DriveLaw {
    DriveLaw(
      supply: .millivolts(5000), lowest: .millivolts(1000), highest: .millivolts(3300),
      drop: .millivolts(600), tapSpacing: .millivolts(18))
  }

  @Test(arguments: [1, 1_000, 1_000_000, 19_000_000, 0] as [Int64])
  func `a pulse of any width moves a potentiometer by one tap`(_ width: Int64) {
    var edge = controller(2000)
    edge.account(.charge, width: Nanoseconds(width), law: taps)
    #expect(edge.gate == .millivolts(2000) + taps.tapSpacing)
    edge.account(.hold, width: Nanoseconds(width), law: taps)
    #expect(edge.gate == .millivolts(2000) + taps.tapSpacing)
    for _ in 0..<2 { edge.account(.discharge, width: Nanoseconds(width), law: taps) }
    #expect(edge.gate == .millivolts(2000) - taps.tapSpacing)
  }

  @Test func `potentiometers stop at their limits and come back`() {
    for (drive, other, limit) in [
      (Drive.charge, Drive.discharge, Voltage.millivolts(3300)),
      (.discharge, .charge, .millivolts(1000)),
    ] {
      var edge = controller(2000)
      for _ in 0..<500 { edge.account(drive, width: .milliseconds(1), law: taps) }
      #expect(edge.gate == limit)
      #expect(edge.allowed(drive, law: taps) == .hold)
      #expect(edge.allowed(other, law: taps) == other)
      edge.account(other, width: .milliseconds(1), law: taps)
      #expect((edge.gate - limit).magnitude == taps.tapSpacing)
    }
  }

  @Test func `a training step accounts one step for every edge that it drives`() throws {
    let rule = Rule(nudge: .label(half), length: .error(.milliseconds(10)))
    var bench = Bench(
      rule: rule, objective: .squaredError, layout: single, readings: [.millivolts(100)],
      captures: [[up, down, up]])
    bench.step.law = taps
    bench.edges[2].gate = .millivolts(3300)
    _ = try bench.run(labels: [.millivolts(130)])
    #expect(bench.drives == [.charge, .discharge, .hold])
    #expect(bench.edges[0].gate == .millivolts(2000) + taps.tapSpacing)
    #expect(bench.edges[1].gate == .millivolts(2000) - taps.tapSpacing)
    #expect(bench.edges[2].gate == .millivolts(3300))
  }

  // MARK: - Rails below zero

  @Test func `a clamp goes down to a rail below zero`() {
    let rule = Rule(
      nudge: .rail(half), length: .fixed(.milliseconds(1)), lowest: .millivolts(-100),
      highest: .millivolts(453))
    let low = rule.clamp(free: .millivolts(20), correction: .millivolts(-5), by: rule.nudge)
    #expect(abs(low.volts + 0.040) < 1e-6)
    let label = Rule(
      nudge: .label(.largest), length: .fixed(.milliseconds(1)), lowest: .millivolts(-100))
    #expect(
      label.clamp(free: .zero, correction: .millivolts(-300), by: label.nudge) == .millivolts(-100))
    #expect(
      rule.width(error: .millivolts(100)) == .milliseconds(1))
    var error = rule
    error.length = .error(.milliseconds(10))
    // 2 t0 of 100 mV of 553 mV.
    #expect(abs(error.width(error: .millivolts(100)).seconds - 0.02 * 0.1 / 0.553) < 1e-8)
  }
}

/// Converters behind a level shift.
@Suite struct ShiftedConverterTests {
  private let converter = Converter(
    bits: 12, reference: .millivolts(1024), lowest: .millivolts(-250))

  @Test func `its ends are lowest and one step below lowest plus reference`() {
    #expect(converter.code(for: .millivolts(-250)) == 0)
    #expect(converter.voltage(of: 0) == .millivolts(-250))
    #expect(converter.code(for: .millivolts(-900)) == 0)
    #expect(converter.code(for: .millivolts(900)) == 4095)
    #expect(abs(converter.voltage(of: 4095).volts - (-0.25 + 1.024 * 4095 / 4096)) < 1e-7)
    #expect(converter.voltage(of: 9999) == converter.voltage(of: 4095))
    #expect(converter.code(for: .zero) == 1000)
    #expect(converter.code(for: Voltage(units: .min)) == 0)
    #expect(converter.code(for: Voltage(units: .max)) == 4095)
  }

  @Test(arguments: [4, 12, 16, 20] as [Int32])
  func `every code goes there and back`(_ bits: Int32) {
    let converter = Converter(
      bits: bits, reference: .millivolts(1024), lowest: .millivolts(-250))
    for code in stride(from: 0, through: converter.highest, by: bits > 12 ? 101 : 1) {
      #expect(converter.code(for: converter.voltage(of: code)) == code)
    }
  }

  @Test func `a voltage within the range is at most half a step off`() {
    for millivolts in stride(from: Int32(-250), through: 773, by: 1) {
      let voltage = Voltage.millivolts(millivolts)
      let back = converter.voltage(of: converter.code(for: voltage))
      #expect(abs(back.volts - voltage.volts) <= 0.5 * 1.024 / 4096 + 1e-7)
    }
  }

  @Test func `without a shift it is the plain converter`() {
    let plain = Converter(bits: 12, reference: .millivolts(1024))
    #expect(plain.lowest == .zero && plain.voltage(of: 0) == .zero)
    #expect(plain.code(for: .millivolts(-1)) == 0 && plain.code(for: .millivolts(500)) == 2000)
  }
}
