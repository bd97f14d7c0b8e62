import CSoftplus

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

  /// The soft ramp of many numbers at once; each has the bits of the function of one.
  ///
  /// - Parameters:
  ///   - arguments: the numbers.
  ///   - values: what the ramp is of each.
  ///   - slopes: what its slope is of each.
  ///   - count: how many: a multiple of 8.
  package static func softplus(
    _ arguments: UnsafePointer<Double>, values: UnsafeMutablePointer<Double>,
    slopes: UnsafeMutablePointer<Double>, count: Int
  ) {
    tellegen_softplus(arguments, values, slopes, count)
  }
}
