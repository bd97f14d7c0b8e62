import Foundation
import Testing

@testable import Portable

/// How many spacings of the expected number lie between it and the actual one.
private func unitsOff(_ actual: Double, _ expected: Double) -> Double {
  if actual.bitPattern == expected.bitPattern { return 0 }
  return ((actual - expected) / expected.ulp).magnitude
}

@Suite("Elementary functions")
struct ElementaryTests {
  let draw = Draw(seed: 20, purpose: 1, device: 0)

  @Test func `The exponential is within two units in the last place of the library's`() {
    var worst = 0.0
    for event in 0..<200_000 as Range<UInt64> {
      let u = draw.uniform(event)
      for x in [1400 * u - 700, 80 * u - 40, 2 * u - 1, 1e-6 * (u - 0.5)] {
        worst = max(worst, unitsOff(Elementary.exp(x), Foundation.exp(x)))
      }
    }
    #expect(worst <= 2)
  }

  @Test func `Sine and cosine are within 1e-15 of the library's`() {
    var worst = 0.0
    for event in 0..<100_000 as Range<UInt64> {
      let u = draw.uniform(event)
      for x in [1e5 * (2 * u - 1), 20 * u - 10, 2 * u - 1] {
        let (sine, cosine) = Elementary.sineAndCosine(x)
        worst = max(worst, (sine - Foundation.sin(x)).magnitude)
        worst = max(worst, (cosine - Foundation.cos(x)).magnitude)
      }
    }
    #expect(worst < 1e-15)
    #expect(Elementary.sineAndCosine(0) == (0, 1))
    #expect(Elementary.sineAndCosine(.nan).sine.isNaN)
    #expect(Elementary.sineAndCosine(.infinity).cosine.isNaN)
  }

  @Test func `The exponential ends in infinity, in zero and in subnormal numbers`() {
    #expect(Elementary.exp(0) == 1)
    #expect(Elementary.exp(.infinity) == .infinity)
    #expect(Elementary.exp(-.infinity) == 0)
    #expect(Elementary.exp(.nan).isNaN)
    #expect(Elementary.exp(709.7).isFinite)
    #expect(Elementary.exp(709.79) == .infinity)
    #expect(Elementary.exp(1e300) == .infinity)
    #expect(Elementary.exp(-1e300) == 0)
    for x in stride(from: -746.0, to: -700, by: 0.37) {
      let expected = Foundation.exp(x)
      #expect((Elementary.exp(x) - expected).magnitude <= 2 * expected.ulp)
    }
    #expect(Elementary.exp(709.782712893384).isFinite)
    #expect(Elementary.exp(709.782712893385) == .infinity)
  }

  @Test func `The logarithm is within two units in the last place of the library's`() {
    var worst = 0.0
    for event in 0..<200_000 as Range<UInt64> {
      let u = draw.uniform(event) + 1e-17
      for x in [u, 2 * u, 1e300 * u, 1e-305 * u, 1e-305 * 1e-10 * u, 1 + 1e-3 * (u - 0.5), 1e4 * u]
      {
        worst = max(worst, unitsOff(Elementary.log(x), Foundation.log(x)))
      }
    }
    #expect(worst <= 2)
    #expect(Elementary.log(1) == 0)
    #expect(Elementary.log(0) == -.infinity)
    #expect(Elementary.log(-1).isNaN)
    #expect(Elementary.log(.nan).isNaN)
    #expect(Elementary.log(.infinity) == .infinity)
  }

  @Test func `ln(1 + x) keeps its accuracy where x is small`() {
    var worst = 0.0
    for event in 0..<200_000 as Range<UInt64> {
      let u = draw.uniform(event)
      for x in [u, 0.5 * u - 0.6, -u, 1e-9 * (u - 0.5), 1e-300 * u, 1e3 * u, 1e30 * u, 3e16 * u] {
        worst = max(worst, unitsOff(Elementary.log1p(x), Foundation.log1p(x)))
      }
    }
    #expect(worst <= 2)
    #expect(Elementary.log1p(0) == 0)
    #expect(Elementary.log1p(-1) == -.infinity)
    #expect(Elementary.log1p(-1.5).isNaN)
    #expect(Elementary.log1p(.nan).isNaN)
    #expect(Elementary.log1p(.infinity) == .infinity)
  }

  @Test func `The soft ramp and its slope are relatively accurate on both sides of zero`() {
    var worstValue = 0.0
    var worstSlope = 0.0
    for event in 0..<200_000 as Range<UInt64> {
      let u = draw.uniform(event)
      for t in [2 * u - 1, 80 * u - 40, 1380 * u - 690] {
        let ramp = Elementary.softplus(t)
        let e = Foundation.exp(-t.magnitude)
        let value = max(t, 0) + Foundation.log1p(e)
        let slope = (t < 0 ? e : 1) / (1 + e)
        worstValue = max(worstValue, ((ramp.value - value) / value).magnitude)
        worstSlope = max(worstSlope, ((ramp.slope - slope) / slope).magnitude)
      }
    }
    #expect(worstValue < 1.2e-15)
    #expect(worstSlope < 1.2e-15)
  }

  @Test func `The soft ramp has a value and a slope wherever it is asked`() {
    for t in [1e3, 1e10, 1e300, Double.greatestFiniteMagnitude] {
      #expect(Elementary.softplus(t) == (t, 1))
      let below = Elementary.softplus(-t)
      #expect(below.value > 0 && below.value < 1e-300)
      #expect(below.slope > 0 && below.slope < 1e-300)
    }
    #expect(Elementary.softplus(.infinity) == (.infinity, 1))
    #expect(Elementary.softplus(-.infinity).value < 1e-300)
    #expect(Elementary.softplus(-.infinity).slope < 1e-300)
    #expect(Elementary.softplus(0).slope == 0.5)
  }

  @Test func `Many soft ramps at once have the bits of single ones`() {
    var arguments = [0, -0.0, 1e300, -1e300, .infinity, -.infinity, 700, -700]
    arguments += (0..<40_000).map { 200 * (draw.uniform($0) - 0.5) }
    var values = arguments
    var slopes = arguments
    Elementary.softplus(arguments, values: &values, slopes: &slopes, count: arguments.count)
    for (index, argument) in arguments.enumerated() {
      let (value, slope) = Elementary.softplus(argument)
      #expect(value.bitPattern == values[index].bitPattern)
      #expect(slope.bitPattern == slopes[index].bitPattern)
    }
  }

  @Test func `Some results are pinned to the bit`() {
    #expect(Elementary.exp(1).bitPattern == 0x4005_BF0A_8B14_576A)
    #expect(Elementary.exp(-3.7).bitPattern == 0x3F99_511F_C687_1044)
    #expect(Elementary.log(10).bitPattern == 0x4002_6BB1_BBB5_5516)
    #expect(Elementary.log1p(0.25).bitPattern == 0x3FCC_8FF7_C79A_9A22)
    #expect(Elementary.softplus(0.3).value.bitPattern == 0x3FEB_56E0_CF45_11B0)
    #expect(Elementary.softplus(-5.5).slope.bitPattern == 0x3F70_ABD9_4614_7066)
  }
}
