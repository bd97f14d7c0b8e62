import Testing

@testable import Firmware

/// Random numbers of a plain linear congruential generator: any will do to stir.
struct Stir {
  var state: UInt64

  mutating func bits() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ (state >> 29)
  }

  mutating func voltage() -> Voltage {
    // Mostly sensible, sometimes anything.
    let bits = bits()
    return bits & 7 == 0
      ? Voltage(units: Int32(truncatingIfNeeded: bits >> 32))
      : Voltage(units: Int32(truncatingIfNeeded: (bits >> 32) % 100_000_000))
  }

  mutating func below(_ bound: Int) -> Int { Int(truncatingIfNeeded: bits() >> 33) % bound }
}

@Suite struct FuzzTests {
  @Test func `no input makes a step trap and estimates stay within the drive`() throws {
    var stir = Stir(state: 1)
    for _ in 0..<(long ? 1_000_000 : 10_000) {
      let edges = stir.below(6)
      let rule = Rule(
        nudge: stir.below(2) == 0
          ? .label(Fraction(units: UInt32(truncatingIfNeeded: stir.bits())))
          : .rail(Fraction(units: UInt32(truncatingIfNeeded: stir.bits()))),
        length: stir.below(2) == 0
          ? .fixed(Nanoseconds(Int64(bitPattern: stir.bits())))
          : .error(Nanoseconds(Int64(bitPattern: stir.bits()))),
        contrast: stir.below(2) == 0 ? .single : .centred,
        probability: Fraction(units: UInt32(truncatingIfNeeded: stir.bits())),
        deadBand: stir.below(2) == 0 ? .zero : stir.voltage(), balanced: stir.below(2) == 0,
        weighted: stir.below(2) == 0, dithered: stir.below(2) == 0, lowest: stir.voltage(),
        highest: stir.voltage())
      let layout = OutputLayout(count: stir.below(4), differential: stir.below(2) == 0)
      var bench = Bench(
        rule: rule,
        objective: stir.below(2) == 0 ? .squaredError : .hinge(stir.voltage()), layout: layout,
        readings: (0..<8).map { _ in stir.voltage() }, edges: edges,
        captures: (0..<2).map { _ in
          (0..<stir.below(8)).map { _ in Comparison(bits: UInt8(truncatingIfNeeded: stir.bits())) }
        })
      bench.targets = (0..<stir.below(9)).map { _ in .zero }
      bench.drives = (0..<stir.below(9)).map { _ in .hold }
      bench.comparisons = (0..<stir.below(9)).map { _ in Comparison(bits: 0) }
      bench.step.law = DriveLaw(
        supply: stir.voltage(), lowest: stir.voltage(), highest: stir.voltage(),
        drop: stir.voltage(), tapSpacing: stir.below(2) == 0 ? .zero : stir.voltage())
      for edge in bench.edges.indices {
        bench.edges[edge].from.code = Int16(truncatingIfNeeded: stir.bits())
        bench.edges[edge].to = stir.below(2) == 0 ? .source(0) : .target(1)
        bench.edges[edge].gate = stir.voltage()
        bench.edges[edge].leakPerTick = Int32(truncatingIfNeeded: stir.bits())
        bench.edges[edge].chargeConstant = UInt32(truncatingIfNeeded: stir.bits())
      }
      let report = try bench.run(
        inputs: (0..<stir.below(5)).map { _ in stir.voltage() },
        wanted: stir.below(2) == 0 ? .labels : .category(stir.below(8) - 2),
        labels: (0..<stir.below(5)).map { _ in stir.voltage() })
      #expect(report.driven <= edges)
      #expect(report.learned <= bench.step.longestPulse)
    }
  }

  @Test func `no pulse takes an estimate past the drive's end`() {
    var stir = Stir(state: 2)
    for _ in 0..<(long ? 2_000_000 : 50_000) {
      let law = DriveLaw(
        supply: .millivolts(5000), lowest: .millivolts(1000), highest: .millivolts(3300),
        drop: .millivolts(Int32(stir.below(700))))
      var edge = EdgeController(
        gate: .millivolts(Int32(stir.below(5000))),
        chargeConstant: UInt32(truncatingIfNeeded: stir.bits()),
        dischargeConstant: UInt32(truncatingIfNeeded: stir.bits()), leakPerTick: 0)
      let before = edge.gate
      let width = Nanoseconds(Int64(bitPattern: stir.bits()) >> Int64(stir.below(64)))
      edge.account(.charge, width: width, law: law)
      #expect(edge.gate >= before && edge.gate <= law.supply)
      let top = edge.gate
      edge.account(.discharge, width: width, law: law)
      #expect(edge.gate <= top && edge.gate >= .zero)
    }
  }
}
