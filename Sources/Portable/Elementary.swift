/// Elementary functions that give the same bits on every machine.
///
/// The mathematical library of a system may round `exp` or `log` differently from its neighbour's,
/// and one bit is enough to make two training runs differ. These functions use only IEEE addition,
/// subtraction, multiplication, division and integer operations, in a fixed order and without
/// contraction. The polynomials interpolate the functions at Chebyshev points.
package enum Elementary {
  /// Adding this number to a value below 2^51 in magnitude leaves the value, rounded to an integer,
  /// in the low bits.
  @usableFromInline static let roundingShift = 0x1.8p52
  /// The high part of ln 2: 20 trailing zero bits make its product with an exponent exact.
  @usableFromInline static let naturalLogOfTwoHigh = 0x1.62e42fef00000p-1
  /// What `naturalLogOfTwoHigh` leaves of ln 2.
  @usableFromInline static let naturalLogOfTwoLow = 0x1.473de6af278edp-34
  /// The reciprocal of ln 2.
  @usableFromInline static let reciprocalLogOfTwo = 0x1.71547652b82fep+0

  /// The exponential function, e to the power `x`.
  ///
  /// The error is below 2 units in the last place where the result is a normal number (and below
  /// one spacing of the subnormal numbers otherwise). Results above the largest finite number are
  /// infinite, those below half the smallest positive number are zero, and NaN gives NaN.
  @inlinable
  package static func exp(_ x: Double) -> Double {
    guard x < 709.79 else { return x.isNaN ? x : (x > 709.8 ? .infinity : scaledExponential(x)) }
    guard x > -745.2 else { return 0 }
    return scaledExponential(x)
  }

  /// The exponential function for arguments from -746 to 710.
  @inlinable
  static func scaledExponential(_ x: Double) -> Double {
    let shifted = x * reciprocalLogOfTwo + roundingShift
    let whole = shifted - roundingShift
    let power = Int64(bitPattern: shifted.bitPattern &- roundingShift.bitPattern)
    let r = (x - whole * naturalLogOfTwoHigh) - whole * naturalLogOfTwoLow
    // Two factors: a single one would overflow, or lose the subnormal results.
    let first = power &>> 1
    let second = power &- first
    return exponentialOfRemainder(r) * powerOfTwo(first) * powerOfTwo(second)
  }

  /// Two to an integer power from -1022 to 1023.
  @inlinable
  static func powerOfTwo(_ power: Int64) -> Double {
    Double(bitPattern: UInt64(bitPattern: power &+ 1023) &<< 52)
  }

  /// exp(r) for |r| up to ln(2)/2, as 1 + r + r² P(r).
  @inlinable
  static func exponentialOfRemainder(_ r: Double) -> Double {
    let r2 = r * r
    let r4 = r2 * r2
    let a = 0.5 + r * 0x1.5555555555556p-3
    let b = 0x1.5555555553d63p-5 + r * 0x1.11111111109b3p-7
    let c = 0x1.6c16c1788bd90p-10 + r * 0x1.a01a01a7c41d5p-13
    let d = 0x1.a019b90d2ae7ap-16 + r * 0x1.71de0dae63bb3p-19
    let e = 0x1.289185613a3d6p-22 + r * 0x1.af38a9b0ec855p-26
    let tail = (a + r2 * b) + r4 * ((c + r2 * d) + r4 * e)
    return 1 + (r + r2 * tail)
  }

  /// The natural logarithm of `x`.
  ///
  /// The error is below 2 units in the last place. The logarithm of zero is minus infinity; that of
  /// a negative number, and of NaN, is NaN.
  @inlinable
  package static func log(_ x: Double) -> Double {
    guard x > 0 else { return x == 0 ? -.infinity : .nan }
    guard x < .infinity else { return x }
    var bits = x.bitPattern
    var power: Int64 = 0
    if x < Double.leastNormalMagnitude {
      bits = (x * 0x1p54).bitPattern
      power = -54
    }
    // Take out the power of two that leaves a factor between sqrt(1/2) and sqrt(2).
    let offset = bits &- 0x3FE6_A09E_667F_3BCD
    power &+= Int64(bitPattern: offset) &>> 52
    let fraction = Double(bitPattern: (offset & 0x000F_FFFF_FFFF_FFFF) &+ 0x3FE6_A09E_667F_3BCD)
    return logarithm(fraction - 1, correction: 0, power: Double(power))
  }

  /// ln(1 + x), accurate also where `x` is small.
  ///
  /// The error is below 2 units in the last place. The value at -1 is minus infinity; below -1, and
  /// for NaN, it is NaN.
  @inlinable
  package static func log1p(_ x: Double) -> Double {
    guard x > -0.29 else {
      guard x > -1 else { return x == -1 ? -.infinity : .nan }
      return log1pByFactor(x)
    }
    guard x < 0.41 else { return x < 0x1p60 ? log1pByFactor(x) : log(x) }
    return x == 0 ? x : logarithm(x, correction: 0, power: 0)
  }

  /// ln(1 + x) for an x that needs a power of two taken out of 1 + x.
  @inlinable
  static func log1pByFactor(_ x: Double) -> Double {
    let sum = 1 + x
    // What rounding took from the sum, exactly.
    let lost = x >= 1 ? 1 - (sum - x) : x - (sum - 1)
    let offset = sum.bitPattern &- 0x3FE6_A09E_667F_3BCD
    let power = Int64(bitPattern: offset) &>> 52
    let fraction = Double(bitPattern: (offset & 0x000F_FFFF_FFFF_FFFF) &+ 0x3FE6_A09E_667F_3BCD)
    return logarithm(fraction - 1, correction: lost / sum, power: Double(power))
  }

  /// ln(1 + f) + power ln 2 + correction, for f from sqrt(1/2) - 1 to sqrt(2) - 1.
  ///
  /// With s = f/(2 + f), ln(1 + f) = 2 artanh(s) = f - f²/2 + s (f²/2 + z Q(z)), where z = s²: the
  /// first, large term is exact.
  @inlinable
  static func logarithm(_ f: Double, correction: Double, power: Double) -> Double {
    let s = f / (2 + f)
    let z = s * s
    let z2 = z * z
    let a = 0x1.5555555555558p-1 + z * 0x1.99999999952b2p-2
    let b = 0x1.2492492df6947p-2 + z * 0x1.c71c62debf86bp-3
    let c = 0x1.7462b69705382p-3 + z * 0x1.39fe208c33457p-3
    let q = a + z2 * (b + z2 * (c + z2 * 0x1.2b5b5fb2eac92p-3))
    let half = 0.5 * f * f
    let small = s * (half + z * q) + (power * naturalLogOfTwoLow + correction)
    return power * naturalLogOfTwoHigh - ((half - small) - f)
  }

  /// Sine and cosine of an angle in radians.
  ///
  /// Absolute error below 1e-15 for angles up to 1e5 in magnitude; beyond, the angle's own spacing
  /// decides. NaN and infinities give NaN.
  @inlinable
  package static func sineAndCosine(_ x: Double) -> (sine: Double, cosine: Double) {
    guard x.magnitude < 1e9 else { return (.nan, .nan) }
    let shifted = x * 0x1.45f306dc9c883p-1 + roundingShift
    let whole = shifted - roundingShift
    let quarter = Int64(bitPattern: shifted.bitPattern &- roundingShift.bitPattern) & 3
    // Pi/2 in three parts: products of the first two with the number of quarters are exact.
    let r =
      ((x - whole * 0x1.921fb544p0) - whole * 0x1.0b4611a6p-34) - whole * 0x1.3198a2e037073p-69
    // Taylor series on [-pi/4, pi/4]: what is left out is below 1e-16.
    let square = r * r
    var sine = -1.0 / 1_307_674_368_000
    sine = sine * square + 1.0 / 6_227_020_800
    sine = sine * square - 1.0 / 39_916_800
    sine = sine * square + 1.0 / 362_880
    sine = sine * square - 1.0 / 5040
    sine = sine * square + 1.0 / 120
    sine = sine * square - 1.0 / 6
    sine = r + r * square * sine
    var cosine = 1.0 / 20_922_789_888_000
    cosine = cosine * square - 1.0 / 87_178_291_200
    cosine = cosine * square + 1.0 / 479_001_600
    cosine = cosine * square - 1.0 / 3_628_800
    cosine = cosine * square + 1.0 / 40320
    cosine = cosine * square - 1.0 / 720
    cosine = cosine * square + 1.0 / 24
    cosine = 1 - (0.5 * square - square * square * cosine)
    switch quarter {
    case 0: return (sine, cosine)
    case 1: return (cosine, -sine)
    case 2: return (-sine, -cosine)
    default: return (-cosine, sine)
    }
  }
}
