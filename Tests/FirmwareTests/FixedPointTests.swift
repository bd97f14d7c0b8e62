import Foundation
import Testing

@testable import Firmware

/// Long tests run when TELLEGEN_LONG is set (`make check`).
let long = ProcessInfo.processInfo.environment["TELLEGEN_LONG"] != nil

@Suite struct FixedPointTests {
  @Test func `a millivolt is the nearest unit`() {
    for millivolts in stride(from: Int32(-128_500), through: 128_500, by: 7) {
      let exact = min(max(Double(millivolts) / 1000, -128), 128 - 1 / 16_777_216)
      #expect(abs(Voltage.millivolts(millivolts).volts - exact) <= 0.5 / 16_777_216)
    }
    #expect(Voltage.microvolts(1).units == 17)
    #expect(Voltage.microvolts(-1).units == -17)
  }

  @Test func `sums and differences saturate`() {
    let most = Voltage(units: .max)
    let least = Voltage(units: .min)
    #expect(most + most == most)
    #expect(least + least == least)
    #expect(least - most == least)
    #expect(most - least == most)
    #expect(-least == most)
    #expect(least.magnitude == most)
    #expect(Voltage(units: 5) + Voltage(units: -7) == Voltage(units: -2))
  }

  @Test func `halves are rounded upwards`() {
    #expect(Voltage(units: 3).half.units == 2)
    #expect(Voltage(units: -3).half.units == -1)
    #expect(Voltage(units: .max).half.units == 1_073_741_824)
    #expect(Voltage(units: .min).half.units == -1_073_741_824)
  }

  @Test func `a scaled voltage is right to half a unit`() {
    var worst = 0.0
    for (steps, part) in pairs() {
      let exact = Double(steps) * (Double(part) / 4_294_967_296)
      let got = Double(Voltage(units: steps).scaled(by: Fraction(units: part)).units)
      worst = max(worst, abs(got - exact))
    }
    // A Double holds these products to 2^-10 of a step.
    #expect(worst <= 0.501)
  }

  @Test func `the covered part is right to eight units`() {
    var worstBelowOne = 0.0
    var worst = 0.0
    var ratio: UInt64 = 0
    let stride: UInt64 = long ? 1 : 40_009
    while ratio <= 0xffff_ffff {
      let exact = -expm1(-Double(ratio) / 4_294_967_296) * 4_294_967_296
      worstBelowOne = max(
        worstBelowOne, abs(Double(Exponential.covered(ratio: ratio).units) - exact))
      ratio += stride
    }
    ratio = 0
    while ratio < 34 << 32 {
      let exact = -expm1(-Double(ratio) / 4_294_967_296) * 4_294_967_296
      let limited = min(exact, 4_294_967_295)
      worst = max(worst, abs(Double(Exponential.covered(ratio: ratio).units) - limited))
      ratio += (long ? 31 : 31 * stride)
    }
    #expect(worstBelowOne <= 3, "measured \(worstBelowOne)")
    #expect(worst <= 8, "measured \(worst)")
  }

  @Test func `the covered part never falls with time by more than its error`() {
    var last: UInt32 = 0
    for ratio in Swift.stride(from: UInt64(0), through: 3 << 32, by: 5_000_011) {
      let now = Exponential.covered(ratio: ratio).units
      #expect(now >= last)
      last = now
    }
  }

  @Test func `the time to cover a part is right to eight parts`() {
    var worst = 0.0
    let constant: UInt32 = 220_000_000
    let allowed = 8 / 4_294_967_296 * Double(constant) + 1
    func check(_ part: UInt32) {
      let exact = -log1p(-Double(part) / 4_294_967_296) * Double(constant)
      let got = Double(Exponential.time(toCover: Fraction(units: part), constant: constant).count)
      worst = max(worst, abs(got - exact))
    }
    if long {
      for part in 0...UInt32.max { check(part) }
    } else {
      for part in samples() { check(part) }
    }
    #expect(worst <= allowed, "measured \(worst) ns, allowed \(allowed)")
  }

  @Test func `covering for the time to cover gives the part`() {
    for part in samples() where part < 4_000_000_000 {
      let time = Exponential.time(toCover: Fraction(units: part), constant: 220_000_000)
      let back = Exponential.covered(after: time, constant: 220_000_000).units
      #expect(abs(Int64(back) - Int64(part)) <= 60)
    }
  }

  @Test func `extremes of the exponential do not trap`() {
    #expect(Exponential.covered(after: Nanoseconds(.min), constant: 0) == .zero)
    #expect(Exponential.covered(after: Nanoseconds(.max), constant: 0) == .largest)
    #expect(Exponential.covered(after: Nanoseconds(.max), constant: 1) == .largest)
    #expect(Exponential.covered(after: .zero, constant: 1) == .zero)
    #expect(Exponential.time(toCover: .largest, constant: .max).count > 0)
    #expect(Exponential.time(toCover: .zero, constant: .max) == .zero)
  }

  @Test func `a fraction of voltages is their ratio rounded down`() {
    #expect(Fraction(Voltage.millivolts(250), of: .millivolts(500)).units == 0x8000_0000)
    #expect(Fraction(Voltage(units: 1), of: Voltage(units: 3)).units == 0x5555_5555)
    #expect(Fraction(Voltage.millivolts(3), of: .millivolts(2)) == .largest)
    #expect(Fraction(Voltage.millivolts(3), of: .zero) == .largest)
    #expect(Fraction(1, of: 2).units == 0x8000_0000)
  }

  @Test func `a duration is scaled rounding down`() {
    for part in samples() {
      let exact = (19_000_000.0 * Double(part) / 4_294_967_296).rounded(.down)
      #expect(
        Nanoseconds.milliseconds(19).scaled(by: Fraction(units: part)).count == Int64(exact))
    }
    #expect(Nanoseconds(-5).scaled(by: .largest) == .zero)
  }

  @Test func `a conductance is strength times overdrive`() {
    for millivolts in stride(from: Int32(0), through: 5000, by: 13) {
      let exact = 58_411_555.0 * Double(Voltage.millivolts(millivolts).units) / 16_777_216
      let got = Conductance(strength: 58_411_555, overdrive: .millivolts(millivolts))
      #expect(abs(Double(got.units) - exact) <= 0.5)
    }
    #expect(Conductance(strength: 58_411_555, overdrive: .millivolts(-1)).units == 0)
    #expect(Conductance(strength: .max, overdrive: Voltage(units: .max)).units == .max)
    #expect(
      abs(Conductance(strength: 58_411_555, overdrive: .millivolts(1000)).siemens - 8.5e-4) < 1e-10)
  }

  @Test func `a converter finds the nearest code`() {
    let converter = Converter(bits: 12, reference: Voltage(volts: 1.024))
    #expect(converter.code(for: .zero) == 0)
    #expect(converter.code(for: .millivolts(-5)) == 0)
    #expect(converter.code(for: .millivolts(2000)) == 4095)
    var worst = 0.0
    for code in 0..<UInt32(4096) {
      #expect(converter.code(for: converter.voltage(of: code)) == code)
      let exact = Double(converter.reference.units) * Double(code) / 4096
      worst = max(worst, abs(Double(converter.voltage(of: code).units) - exact))
    }
    #expect(worst <= 0.5)
    let fine = Converter(bits: 24, reference: Voltage(volts: 1.024))
    for steps in stride(from: Int32(0), through: 7_600_000, by: 991) {
      #expect(abs(fine.voltage(of: fine.code(for: Voltage(units: steps))).units - steps) <= 1)
    }
  }

  @Test func `host conversions round and saturate`() {
    #expect(Voltage(volts: .nan) == .zero)
    #expect(Voltage(volts: 1e9) == Voltage(units: .max))
    #expect(Voltage(volts: -1e9) == Voltage(units: .min))
    #expect(Voltage(volts: 0.25).volts == 0.25)
    #expect(Nanoseconds(seconds: 1e-9).count == 1)
    #expect(Nanoseconds(seconds: .infinity).count > 0)
    #expect(Fraction(2.0) == .largest)
    #expect(Fraction(-1.0) == .zero)
    #expect(Fraction(Double.nan) == .zero)
    #expect(Fraction(0.5).value == 0.5)
  }

  /// A spread of fractions, dense at both ends.
  private func samples() -> [UInt32] {
    var all: [UInt32] = []
    for bit in 0..<32 {
      let base = UInt32(1) << UInt32(bit)
      for offset: UInt32 in [0, 1, 2, 3, base / 3, base / 2, base &- 1] {
        all.append(base &+ offset)
      }
    }
    var x: UInt32 = 1
    for _ in 0..<(long ? 3_000_000 : 30_000) {
      x = x &* 1_664_525 &+ 1_013_904_223
      all.append(x)
    }
    return all.filter { $0 != 0 } + [UInt32.max]
  }

  private func pairs() -> [(Int32, UInt32)] {
    let parts = samples()
    return parts.enumerated().map { index, part in
      (Int32(bitPattern: parts[(index * 7919 + 13) % parts.count]), part)
    }
  }
}

@Suite struct ChanceTests {
  @Test func `the same question has the same answer`() {
    let chance = Chance(seed: 7)
    #expect(chance.bits(step: 3, device: 4) == chance.bits(step: 3, device: 4))
    #expect(chance.bits(step: 3, device: 4) != chance.bits(step: 4, device: 3))
    #expect(chance.bits(step: 3, device: 4) != Chance(seed: 8).bits(step: 3, device: 4))
  }

  @Test func `frequencies follow the probability`() {
    let chance = Chance(seed: 1)
    for probability in [0.1, 0.5, 0.9] {
      var happened = 0
      for step in 0..<UInt32(2000) {
        for device in 0..<UInt32(32)
        where chance.happens(Fraction(probability), step: step, device: device) {
          happened += 1
        }
      }
      // Five standard deviations of 64,000 draws.
      let spread = 5 * (probability * (1 - probability) / 64000).squareRoot()
      #expect(abs(Double(happened) / 64000 - probability) < spread)
    }
    #expect(chance.happens(.largest, step: 0, device: 0))
    #expect(!chance.happens(.zero, step: 0, device: 0))
  }

  @Test func `neighbours are not correlated`() {
    let chance = Chance(seed: 2)
    var together = 0
    for step in 0..<UInt32(20_000) {
      let one = chance.happens(Fraction(0.5), step: step, device: 5)
      let other = chance.happens(Fraction(0.5), step: step, device: 6)
      let later = chance.happens(Fraction(0.5), step: step + 1, device: 5)
      if one == other { together += 1 }
      if one == later { together += 1 }
    }
    #expect(abs(together - 20_000) < 500)
  }
}
