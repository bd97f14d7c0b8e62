/// What all edges of a board share: the drive's supply, the diode's forward drop, the gate limits.
public struct DriveLaw: Sendable {
  /// The voltage a charge line drives to.
  public var supply: Voltage
  /// No edge is driven down once its estimate is at or below this.
  public var lowest: Voltage
  /// No edge is driven up once its estimate is at or above this.
  public var highest: Voltage
  /// The diode's forward drop at headrooms of 0, 1/8, 2/8 ... 6 V between drive and gate;
  /// calibrated or computed by the host from the diode's law. Between them it is interpolated.
  public var drops: InlineArray<49, Voltage>
  /// How far a pulse of any width moves a gate that a digital potentiometer sets; zero for gates on
  /// capacitors.
  public var tapSpacing: Voltage

  /// A law with one constant drop (0.60 V uncalibrated) at every headroom above it; below it the
  /// diode takes all of the headroom.
  @inlinable
  public init(
    supply: Voltage, lowest: Voltage, highest: Voltage, drop: Voltage,
    tapSpacing: Voltage = .zero
  ) {
    self.supply = supply
    self.tapSpacing = tapSpacing
    self.lowest = lowest
    self.highest = highest
    drops = InlineArray(repeating: drop)
    var knot = 0
    while knot < 49 {
      let headroom = Voltage(units: Int32(truncatingIfNeeded: knot) &* 0x20_0000)
      drops[unchecked: knot] = headroom < drop ? headroom : drop
      knot = knot &+ 1
    }
  }

  /// The diode's forward drop at a headroom; linear between the knots, whose distance makes it at
  /// most 1 mV wrong for a drive that leaves the resistor 0.3 V or more. Negative headrooms drop
  /// nothing, those above 6 V drop what 6 V does.
  @inlinable
  public func drop(at headroom: Voltage) -> Voltage {
    if headroom.units <= 0 { return .zero }
    let knot = headroom.units &>> 21
    if knot >= 48 { return drops[unchecked: 48] }
    let index = Int(truncatingIfNeeded: knot)
    let below = drops[unchecked: index]
    let above = drops[unchecked: index &+ 1]
    let part = Fraction(units: UInt32(bitPattern: headroom.units & 0x1f_ffff) &<< 11)
    return below.moved(by: part, toward: above)
  }
}
