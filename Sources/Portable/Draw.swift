/// Random numbers addressed by what they are for, not by the order in which they are asked for.
///
/// A draw belongs to a seed, a purpose (which imperfection, which shuffle), a device (which edge,
/// which chip) and an event (which pulse, which step). The same address always gives the same
/// number, whichever thread asks and whatever was asked before. The numbers come from two rounds of
/// a mixing function over key and event, in the manner of counter-based generators (Salmon, Moraes,
/// Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011). They are not for
/// cryptography.
package struct Draw: Sendable, Equatable {
  /// The mixed seed, purpose and device.
  @usableFromInline let key: UInt64
  /// A second word of the key, which enters between the two rounds.
  @usableFromInline let innerKey: UInt64

  /// The draws of one device for one purpose.
  ///
  /// - Parameters:
  ///   - seed: The seed of the whole experiment.
  ///   - purpose: What is drawn; every use of random numbers has a number of its own.
  ///   - device: The device for which it is drawn.
  package init(seed: UInt64, purpose: UInt32, device: UInt32) {
    let address = UInt64(purpose) &<< 32 | UInt64(device)
    let outer = Self.mixed(seed &+ 0x9E37_79B9_7F4A_7C15)
    self.key = Self.mixed(outer ^ Self.mixed(address &+ 0xD1B5_4A32_D192_ED03))
    self.innerKey = Self.mixed(key &+ outer &+ address &* 0x8CB9_2BA7_2F3D_8DD7)
  }

  /// A bijection of the 64-bit words in which every input bit changes about half of the output
  /// bits.
  @inlinable
  static func mixed(_ word: UInt64) -> UInt64 {
    var z = word
    z = (z ^ (z &>> 32)) &* 0xE9B7_9D3C_A6F1_0B4D
    z = (z ^ (z &>> 29)) &* 0xBF58_476D_1CE4_E5B9
    return z ^ (z &>> 32)
  }

  /// The bits of one part of an event; part 0 is what `bits(_:)` returns.
  @inlinable
  func bits(_ event: UInt64, part: UInt64) -> UInt64 {
    let outer = Self.mixed(event &* 0x9E37_79B9_7F4A_7C15 &+ key)
    return Self.mixed((outer ^ innerKey) &+ part &* 0xD6E8_FEB8_6659_FD93)
  }

  /// 64 random bits for an event.
  @inlinable
  package func bits(_ event: UInt64) -> UInt64 {
    bits(event, part: 0)
  }

  /// A number from 0 up to, but not including, 1: a multiple of 2^-53, all equally probable.
  @inlinable
  package func uniform(_ event: UInt64) -> Double {
    Double(bits(event) &>> 11) * 0x1p-53
  }

  /// A number from a normal distribution of mean 0 and standard deviation 1.
  ///
  /// The polar method (Marsaglia and Bray, "A convenient method for generating normal variables",
  /// 1964): a point in the unit disc from further parts of the event, tried until one falls inside.
  @inlinable
  package func normal(_ event: UInt64) -> Double {
    var part: UInt64 = 1
    return normal(event, part: &part)
  }

  /// A normal number from the parts of the event from `part` on; leaves the first unused part
  /// there.
  @inlinable
  func normal(_ event: UInt64, part: inout UInt64) -> Double {
    while true {
      let x = Double(Int64(bitPattern: bits(event, part: part)) &>> 10) * 0x1p-53
      let y = Double(Int64(bitPattern: bits(event, part: part &+ 1)) &>> 10) * 0x1p-53
      part &+= 2
      let square = x * x + y * y
      if square < 1 && square > 0 {
        return x * (-2 * Elementary.log(square) / square).squareRoot()
      }
    }
  }

  /// A normal number of mean 0 and standard deviation 1 (before truncation), drawn again until its
  /// magnitude is at most `limit`.
  ///
  /// - Parameters:
  ///   - event: The event to draw for.
  ///   - limit: The largest magnitude, in standard deviations. Where it is so small that a thousand
  ///     trials all miss (or zero, negative or NaN), the result is zero.
  /// - Returns: the number.
  @inlinable
  package func truncatedNormal(_ event: UInt64, limit: Double) -> Double {
    var part: UInt64 = 1
    for _ in 0..<1000 {
      let value = normal(event, part: &part)
      if value.magnitude <= limit { return value }
    }
    return 0
  }

  /// An integer from 0 up to, but not including, `bound`, all equally probable; 0 where `bound` is
  /// below 2.
  ///
  /// The high word of a product, with the few words that would favour some results drawn again
  /// (Lemire, "Fast random integer generation in an interval", 2019).
  @inlinable
  package func index(_ event: UInt64, below bound: Int) -> Int {
    index(event, part: 1, below: bound)
  }

  /// An index from the parts of the event from `part` on, in steps of 2^32 when a word is rejected.
  @inlinable
  func index(_ event: UInt64, part: UInt64, below bound: Int) -> Int {
    guard bound > 1 else { return 0 }
    let range = UInt64(bound)
    var part = part
    var product = range.multipliedFullWidth(by: bits(event, part: part))
    if product.low < range {
      let unfair = (0 &- range) % range
      while product.low < unfair {
        part &+= 1 &<< 32
        product = range.multipliedFullWidth(by: bits(event, part: part))
      }
    }
    return Int(product.high)
  }

  /// The numbers 0 ..< `count` in random order, every order equally probable (Fisher and Yates);
  /// empty where `count` is below 1.
  ///
  /// - Parameters:
  ///   - event: The event to draw for, for example the number of the pass through the samples.
  ///   - count: How many indices to shuffle.
  /// - Returns: the indices.
  package func shuffledIndices(_ event: UInt64, count: Int) -> [Int] {
    guard count > 0 else { return [] }
    var indices = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) {
      indices.swapAt(last, index(event, part: UInt64(last), below: last + 1))
    }
    return indices
  }
}
