extension Elementary {
  /// The soft ramp ln(1 + e^t) and its slope, the logistic function 1 / (1 + e^-t).
  ///
  /// The relative error of both is below 1.2e-15 for `t` above -700. The ramp goes over into `t`
  /// itself for large `t`; below -700 value and slope stay at e^-700 (1e-304), so that no
  /// argument, infinite ones included, gives NaN.
  @inlinable
  package static func softplus(_ t: Double) -> (value: Double, slope: Double) {
    let magnitude = t.magnitude < 700 ? t.magnitude : 700
    let x = -magnitude
    let shifted = x * reciprocalLogOfTwo + roundingShift
    let whole = shifted - roundingShift
    let r = (x - whole * naturalLogOfTwoHigh) - whole * naturalLogOfTwoLow
    let scale = Double(
      bitPattern: (shifted.bitPattern &- roundingShift.bitPattern &+ 1023) &<< 52)
    let e = exponentialOfRemainder(r) * scale

    let s = e / (2 + e)
    let z = s * s
    let z2 = z * z
    let z4 = z2 * z2
    let a = 0x1.5555555555555p-2 + z * 0x1.999999999a3ddp-3
    let b = 0x1.24924923d44c6p-3 + z * 0x1.c71c727143318p-4
    let c = 0x1.745cf0b0e03bdp-4 + z * 0x1.3b18b294bebf9p-4
    let d = 0x1.10ac75dc602b1p-4 + z * 0x1.eb905e8575054p-5
    let f = 0x1.687a6e7c95176p-5 + z * 0x1.4b0a26c5f2aefp-4
    let q = (a + z2 * b) + z4 * ((c + z2 * d) + z4 * f)
    let twice = s + s
    let bend = twice + twice * (z * q)
    return ((t < 0 ? 0 : t) + bend, (t < 0 ? e : 1) / (1 + e))
  }

  /// The soft ramp of four numbers at once; every lane has the bits of the scalar function.
  @inlinable
  package static func softplus(
    _ t: SIMD4<Double>
  ) -> (value: SIMD4<Double>, slope: SIMD4<Double>) {
    let bits = unsafeBitCast(t, to: SIMD4<UInt64>.self)
    let magnitude = unsafeBitCast(
      bits & SIMD4(repeating: 0x7FFF_FFFF_FFFF_FFFF), to: SIMD4<Double>.self)
    let limit = SIMD4(repeating: 700.0)
    let x = -limit.replacing(with: magnitude, where: magnitude .< limit)
    let shift = SIMD4(repeating: roundingShift)
    let shifted = x * reciprocalLogOfTwo + shift
    let whole = shifted - shift
    let r = (x - whole * naturalLogOfTwoHigh) - whole * naturalLogOfTwoLow
    let power =
      unsafeBitCast(shifted, to: SIMD4<UInt64>.self)
      &- SIMD4(repeating: roundingShift.bitPattern &- 1023)
    let scale = unsafeBitCast(power &<< SIMD4(repeating: 52), to: SIMD4<Double>.self)
    let r2 = r * r
    let r4 = r2 * r2
    let a = 0.5 + r * 0x1.5555555555556p-3
    let b = 0x1.5555555553d63p-5 + r * 0x1.11111111109b3p-7
    let c = 0x1.6c16c1788bd90p-10 + r * 0x1.a01a01a7c41d5p-13
    let d = 0x1.a019b90d2ae7ap-16 + r * 0x1.71de0dae63bb3p-19
    let f = 0x1.289185613a3d6p-22 + r * 0x1.af38a9b0ec855p-26
    let tail = (a + r2 * b) + r4 * ((c + r2 * d) + r4 * f)
    let e = (1.0 + (r + r2 * tail)) * scale

    let s = e / (2.0 + e)
    let z = s * s
    let z2 = z * z
    let z4 = z2 * z2
    let g = 0x1.5555555555555p-2 + z * 0x1.999999999a3ddp-3
    let h = 0x1.24924923d44c6p-3 + z * 0x1.c71c727143318p-4
    let i = 0x1.745cf0b0e03bdp-4 + z * 0x1.3b18b294bebf9p-4
    let j = 0x1.10ac75dc602b1p-4 + z * 0x1.eb905e8575054p-5
    let k = 0x1.687a6e7c95176p-5 + z * 0x1.4b0a26c5f2aefp-4
    let q = (g + z2 * h) + z4 * ((i + z2 * j) + z4 * k)
    let twice = s + s
    let bend = twice + twice * (z * q)
    let one = SIMD4(repeating: 1.0)
    let negative = t .< SIMD4(repeating: 0.0)
    let ramp = t.replacing(with: SIMD4(repeating: 0.0), where: negative)
    let numerator = one.replacing(with: e, where: negative)
    return (ramp + bend, numerator / (one + e))
  }
}
