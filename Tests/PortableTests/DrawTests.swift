import Testing

@testable import Portable

@Suite("Counter-based draws")
struct DrawTests {
  /// Mean and variance of numbers.
  private func moments(_ values: [Double]) -> (mean: Double, variance: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    return (mean, variance)
  }

  private func correlation(_ a: [Double], _ b: [Double]) -> Double {
    let (meanA, varianceA) = moments(a)
    let (meanB, varianceB) = moments(b)
    let product = zip(a, b).reduce(0) { $0 + ($1.0 - meanA) * ($1.1 - meanB) }
    return product / Double(a.count) / (varianceA * varianceB).squareRoot()
  }

  @Test func `A draw depends on its address alone, not on the order of asking`() {
    let draw = Draw(seed: 5, purpose: 2, device: 9)
    let forward = (0..<100 as Range<UInt64>).map { draw.normal($0) }
    let backward = (0..<100 as Range<UInt64>).reversed().map { draw.normal($0) }
    #expect(forward == backward.reversed())
    #expect(Draw(seed: 5, purpose: 2, device: 9).bits(77) == draw.bits(77))
  }

  @Test func `Seed, purpose, device and event each change the draw`() {
    let reference = Draw(seed: 1, purpose: 1, device: 1).bits(1)
    #expect(Draw(seed: 2, purpose: 1, device: 1).bits(1) != reference)
    #expect(Draw(seed: 1, purpose: 2, device: 1).bits(1) != reference)
    #expect(Draw(seed: 1, purpose: 1, device: 2).bits(1) != reference)
    #expect(Draw(seed: 1, purpose: 1, device: 1).bits(2) != reference)
  }

  @Test func `Neighbouring addresses give different words`() {
    var seen: Set<UInt64> = []
    for seed in 0..<4 as Range<UInt64> {
      for purpose in 0..<4 as Range<UInt32> {
        for device in 0..<40 as Range<UInt32> {
          let draw = Draw(seed: seed, purpose: purpose, device: device)
          for event in 0..<100 as Range<UInt64> { seen.insert(draw.bits(event)) }
        }
      }
    }
    #expect(seen.count == 4 * 4 * 40 * 100)
  }

  @Test func `Changing one bit of the address changes half of the bits drawn`() {
    let reference = Draw(seed: 3, purpose: 4, device: 5)
    for bit in 0..<64 {
      let flipped = UInt64(1) << UInt64(bit)
      var changed = [0, 0, 0]
      for event in 0..<400 as Range<UInt64> {
        let word = reference.bits(event)
        changed[0] += (word ^ reference.bits(event ^ flipped)).nonzeroBitCount
        changed[1] +=
          (word ^ Draw(seed: 3 ^ flipped, purpose: 4, device: 5).bits(event)).nonzeroBitCount
        let key = UInt32(1) << UInt32(bit % 32)
        let other =
          bit < 32
          ? Draw(seed: 3, purpose: 4 ^ key, device: 5) : Draw(seed: 3, purpose: 4, device: 5 ^ key)
        changed[2] += (word ^ other.bits(event)).nonzeroBitCount
      }
      // 25600 fair coins: the standard deviation is 80.
      for count in changed { #expect((count - 12_800).magnitude < 450) }
    }
  }

  @Test func `Uniform draws fill 0 to 1 evenly`() {
    let draw = Draw(seed: 11, purpose: 0, device: 0)
    let values = (0..<100_000 as Range<UInt64>).map { draw.uniform($0) }
    #expect(values.allSatisfy { $0 >= 0 && $0 < 1 })
    let (mean, variance) = moments(values)
    #expect((mean - 0.5).magnitude < 0.004)
    #expect((variance - 1.0 / 12).magnitude < 0.001)
    var bins = [Int](repeating: 0, count: 100)
    for value in values { bins[Int(value * 100)] += 1 }
    let chiSquare = bins.reduce(0.0) { $0 + Double(($1 - 1000) * ($1 - 1000)) / 1000 }
    // 99 degrees of freedom: standard deviation 14.
    #expect(chiSquare > 43 && chiSquare < 155)
  }

  @Test func `Normal draws have the moments of a normal distribution`() {
    let draw = Draw(seed: 12, purpose: 3, device: 7)
    let values = (0..<100_000 as Range<UInt64>).map { draw.normal($0) }
    let (mean, variance) = moments(values)
    #expect(mean.magnitude < 0.016)
    #expect((variance - 1).magnitude < 0.022)
    let third = values.reduce(0) { $0 + $1 * $1 * $1 } / 100_000
    let fourth = values.reduce(0) { $0 + $1 * $1 * $1 * $1 } / 100_000
    #expect(third.magnitude < 0.06)
    #expect((fourth - 3).magnitude < 0.16)
    #expect(Double(values.count { $0.magnitude > 1.959964 }) / 1e5 - 0.05 < 0.0035)
    #expect(values.contains { $0 > 3.7 } && values.contains { $0 < -3.7 })
  }

  @Test func `Neighbouring devices, events, purposes and seeds are not correlated`() {
    let events = 0..<50_000 as Range<UInt64>
    let base = events.map { Draw(seed: 1, purpose: 1, device: 1).normal($0) }
    let others: [[Double]] = [
      events.map { Draw(seed: 1, purpose: 1, device: 2).normal($0) },
      events.map { Draw(seed: 1, purpose: 2, device: 1).normal($0) },
      events.map { Draw(seed: 2, purpose: 1, device: 1).normal($0) },
      events.map { Draw(seed: 1, purpose: 1, device: 1).normal($0 + 1) },
      events.map { Draw(seed: 1, purpose: 1, device: 1).uniform($0) },
    ]
    for other in others {
      // The standard deviation of such a correlation is 0.0045.
      #expect(correlation(base, other).magnitude < 0.02)
      let squares = correlation(base.map { $0 * $0 }, other.map { $0 * $0 })
      #expect(squares.magnitude < 0.02)
    }
    let acrossDevices = (0..<50_000 as Range<UInt32>).map {
      Draw(seed: 1, purpose: 1, device: $0).normal(0)
    }
    #expect(moments(acrossDevices).mean.magnitude < 0.02)
    #expect((moments(acrossDevices).variance - 1).magnitude < 0.03)
    let lagged = correlation(Array(acrossDevices.dropLast()), Array(acrossDevices.dropFirst()))
    #expect(lagged.magnitude < 0.02)
  }

  @Test func `Truncated normal draws stay within the limit and keep what was inside`() {
    let draw = Draw(seed: 13, purpose: 0, device: 0)
    for event in 0..<20_000 as Range<UInt64> {
      let truncated = draw.truncatedNormal(event, limit: 1.5)
      #expect(truncated.magnitude <= 1.5)
      let plain = draw.normal(event)
      if plain.magnitude <= 1.5 { #expect(truncated == plain) }
    }
    #expect(draw.truncatedNormal(0, limit: 0) == 0)
    #expect(draw.truncatedNormal(0, limit: -1) == 0)
    #expect(draw.truncatedNormal(0, limit: .nan) == 0)
  }

  @Test func `Indices are evenly distributed below their bound`() {
    let draw = Draw(seed: 14, purpose: 0, device: 0)
    var counts = [Int](repeating: 0, count: 7)
    for event in 0..<70_000 as Range<UInt64> { counts[draw.index(event, below: 7)] += 1 }
    for count in counts { #expect((count - 10_000).magnitude < 480) }
    #expect(draw.index(0, below: 1) == 0)
    #expect(draw.index(0, below: 0) == 0)
    #expect(draw.index(0, below: -5) == 0)
    #expect((0..<1000).allSatisfy { draw.index($0, below: .max) >= 0 })
  }

  @Test func `A shuffle is a permutation, and every order of three comes equally often`() {
    let draw = Draw(seed: 15, purpose: 0, device: 0)
    #expect(draw.shuffledIndices(0, count: 1000).sorted() == Array(0..<1000))
    #expect(draw.shuffledIndices(0, count: 1000) != draw.shuffledIndices(1, count: 1000))
    #expect(draw.shuffledIndices(0, count: 0).isEmpty)
    #expect(draw.shuffledIndices(0, count: -3).isEmpty)
    var counts: [[Int]: Int] = [:]
    for event in 0..<12_000 as Range<UInt64> {
      counts[draw.shuffledIndices(event, count: 3), default: 0] += 1
    }
    #expect(counts.count == 6)
    for count in counts.values { #expect((count - 2000).magnitude < 210) }
  }

  @Test func `Some draws are pinned to the bit`() {
    let draw = Draw(seed: 2024, purpose: 3, device: 14)
    #expect(draw.bits(0) == 0xF9DF_3790_D94A_B05A)
    #expect(draw.bits(.max) == 0xC151_E8D6_03C2_E3E9)
    #expect(draw.uniform(1).bitPattern == 0x3FE6_7927_6BBC_F626)
    #expect(draw.normal(2).bitPattern == 0xBFF0_14D5_BE85_4BC2)
    #expect(draw.index(3, below: 1000) == 739)
    #expect(draw.shuffledIndices(4, count: 8) == [7, 2, 0, 6, 5, 3, 4, 1])
  }
}
