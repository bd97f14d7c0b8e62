/// The exponential law of a capacitor behind a resistor, and its inverse, in fixed point.
public enum Exponential {
  /// The part of the way that is covered after a time, `1 - exp(-t / RC)`.
  ///
  /// - Parameters:
  ///   - time: t; negative counts as zero, above 2.1 s as 2.1 s.
  ///   - constant: RC in nanoseconds; zero counts as an instant.
  /// - Returns: the part. Its worst error against exact arithmetic is 3 units of 2^-32 for t up to
  ///   RC and 8 units beyond; it never reaches 1.
  @inlinable
  public static func covered(after time: Nanoseconds, constant: UInt32) -> Fraction {
    let elapsed = Wide.nonNegative(time.count)
    if elapsed == 0 { return .zero }
    let ratio = Wide.quotient(
      (elapsed > 0x7fff_ffff ? 0x7fff_ffff : elapsed) &<< 32, Wide.widen(constant))
    return covered(ratio: ratio)
  }

  /// `1 - exp(-x)` for x in units of 2^-32.
  ///
  /// Below one it is the nested series x (1 - x/2 (1 - x/3 (...))); above, x is halved until it is
  /// below one and f(2x) = f(x) (2 - f(x)) applied as often.
  @inlinable
  static func covered(ratio: UInt64) -> Fraction {
    var halvings: UInt64 = 0
    var rest = ratio
    while rest > 0xffff_ffff {
      rest = rest &>> 1
      halvings = halvings &+ 1
      // exp(-32) is far below one unit.
      if halvings > 5 { return .largest }
    }
    let x = Wide.lower(rest)
    // t holds the nested brackets in units of 2^-31, so that one is representable.
    let one: UInt32 = 0x8000_0000
    var t: UInt32 = one
    t = one &- Wide.highProduct(x, t) / 13
    t = one &- Wide.highProduct(x, t) / 12
    t = one &- Wide.highProduct(x, t) / 11
    t = one &- Wide.highProduct(x, t) / 10
    t = one &- Wide.highProduct(x, t) / 9
    t = one &- Wide.highProduct(x, t) / 8
    t = one &- Wide.highProduct(x, t) / 7
    t = one &- Wide.highProduct(x, t) / 6
    t = one &- Wide.highProduct(x, t) / 5
    t = one &- Wide.highProduct(x, t) / 4
    t = one &- Wide.highProduct(x, t) / 3
    t = one &- Wide.highProduct(x, t) / 2
    var f = Wide.saturate(Wide.rounded(Wide.product(x, t), shiftedBy: 31))
    while halvings > 0 {
      halvings = halvings &- 1
      // f + f (1 - f), where 1 - f is the complement.
      f = Wide.saturate(Wide.widen(f) &+ Wide.widen(Wide.highProduct(f, 0 &- f)))
    }
    return Fraction(units: f)
  }

  /// The time after which a part of the way is covered, `-RC ln(1 - part)`.
  ///
  /// - Parameters:
  ///   - part: the part of the way, below one.
  ///   - constant: RC in nanoseconds.
  /// - Returns: the time. Worst error 8 parts in 2^32 of RC plus one nanosecond (RC =
  ///   0.22 s: 2 ns).
  @inlinable
  public static func time(toCover part: Fraction, constant: UInt32) -> Nanoseconds {
    let ratio = logarithm(part)
    let whole = Wide.product(Wide.upper(ratio), constant)
    let rest = Wide.rounded(Wide.product(Wide.lower(ratio), constant) &>> 1, shiftedBy: 31)
    return Nanoseconds(Int64(bitPattern: whole &+ rest))
  }

  /// `-ln(1 - y)` in units of 2^-32, for y in units of 2^-32; at most 22.2.
  ///
  /// 1 - y is brought into 1/2 ... 1 by n doublings; then -ln(1 - z) = 2 artanh(z / (2 - z)).
  @inlinable
  static func logarithm(_ y: Fraction) -> UInt64 {
    if y.units == 0 { return 0 }
    var rest: UInt32 = 0 &- y.units  // 1 - y
    var doublings: UInt32 = 0
    while rest < 0x8000_0000 {
      rest = rest &<< 1
      doublings = doublings &+ 1
    }
    let z: UInt32 = 0 &- rest
    // 2 - z is 2^33 - z units; s is at most 1/3.
    let s = Wide.lower(Wide.quotient(Wide.widen(z) &<< 32, 0x2_0000_0000 &- Wide.widen(z)))
    let square = Wide.highProduct(s, s)
    var sum: UInt32 = 0x8000_0000 / 21
    sum = 0x8000_0000 / 19 &+ Wide.highProduct(square, sum)
    sum = 0x8000_0000 / 17 &+ Wide.highProduct(square, sum)
    sum = 0x8000_0000 / 15 &+ Wide.highProduct(square, sum)
    sum = 0x8000_0000 / 13 &+ Wide.highProduct(square, sum)
    sum = 0x8000_0000 / 11 &+ Wide.highProduct(square, sum)
    sum = 0x8000_0000 / 9 &+ Wide.highProduct(square, sum)
    sum = 0x8000_0000 / 7 &+ Wide.highProduct(square, sum)
    sum = 0x8000_0000 / 5 &+ Wide.highProduct(square, sum)
    sum = 0x8000_0000 / 3 &+ Wide.highProduct(square, sum)
    sum = 0x8000_0000 &+ Wide.highProduct(square, sum)
    // sum is in units of 2^-31: s * sum * 2 in units of 2^-32 is the product shifted by 30.
    let series = Wide.rounded(Wide.product(s, sum), shiftedBy: 30)
    // ln 2 in units of 2^-32.
    return series &+ Wide.product(doublings, 2_977_044_472)
  }
}
