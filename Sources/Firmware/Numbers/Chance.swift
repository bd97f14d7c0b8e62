/// Random decisions from counters: the same seed, step and edge always give the same answer, in
/// whatever order they are asked for.
public struct Chance: Sendable, Equatable {
  /// The seed.
  public var seed: UInt32

  /// Makes decisions of one seed.
  @inlinable
  public init(seed: UInt32) { self.seed = seed }

  /// 32 random bits for a step and a device (two rounds of multiply and xor-shift mixing).
  @inlinable
  public func bits(step: UInt32, device: UInt32) -> UInt32 {
    Chance.mixed(Chance.mixed(seed ^ (step &* 0x9e37_79b9)) ^ (device &* 0x85eb_ca6b))
  }

  /// Whether an event of that probability happens. `.largest` means always, `.zero` never.
  @inlinable
  public func happens(_ probability: Fraction, step: UInt32, device: UInt32) -> Bool {
    if probability == .largest { return true }
    return bits(step: step, device: device) < probability.units
  }

  @inlinable
  static func mixed(_ value: UInt32) -> UInt32 {
    var x = value &+ 0x6d2b_79f5
    x = (x ^ (x &>> 16)) &* 0x7feb_352d
    x = (x ^ (x &>> 15)) &* 0x846c_a68b
    return x ^ (x &>> 16)
  }
}
