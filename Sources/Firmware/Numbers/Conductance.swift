/// A conductance in units of 2^-36 S (14.6 pS), from 0 to 31 mS.
public struct Conductance: Sendable, Equatable, Comparable {
  /// The conductance in units of 2^-36 S; never negative when made by `init(strength:overdrive:)`.
  public var units: Int32

  /// Makes a conductance of that many units of 2^-36 S; exact.
  @inlinable
  public init(units: Int32) { self.units = units }

  /// The small-signal conductance of a transistor in triode, `K = S (G - V_T - V_mean)`, the
  /// papers' edge conductance (for n = 1); zero below threshold. Worst rounding error half a unit,
  /// 7.3 pS; saturates at 31 mS.
  ///
  /// - Parameters:
  ///   - strength: S in units of 2^-36 A/V^2 (8.5e-4 A/V^2 is 58,411,555).
  ///   - overdrive: G - V_T - V_mean.
  @inlinable
  public init(strength: Int32, overdrive: Voltage) {
    if overdrive.units <= 0 || strength <= 0 {
      units = 0
    } else {
      units = Wide.saturate(Wide.rounded(Wide.product(strength, overdrive.units), shiftedBy: 24))
    }
  }

  /// Whether the first conductance is below the second.
  @inlinable
  public static func < (a: Conductance, b: Conductance) -> Bool { a.units < b.units }
}
