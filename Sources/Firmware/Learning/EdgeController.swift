/// What one end of an edge is to the controller.
public struct Terminal: Sendable, Equatable {
  /// A source channel, a target channel from 0x4000 on, or -1.
  public var code: Int16

  /// A node that is neither driven nor measured.
  @inlinable public static var hidden: Terminal { Terminal(code: -1) }

  /// The node of a source channel, 0 ... 16383.
  @inlinable
  public static func source(_ channel: Int16) -> Terminal { Terminal(code: channel & 0x3fff) }

  /// The node of a target channel, 0 ... 16383.
  @inlinable
  public static func target(_ channel: Int16) -> Terminal {
    Terminal(code: (channel & 0x3fff) | 0x4000)
  }

  @inlinable
  init(code: Int16) { self.code = code }

  /// Its voltage in the free twin, from what sources are driven to and targets were measured at;
  /// `nil` where it is not known.
  @inlinable
  func voltage(inputs: Span<Voltage>, targets: Span<Voltage>) -> Voltage? {
    if code < 0 { return nil }
    let channel = Int(truncatingIfNeeded: code & 0x3fff)
    if code & 0x4000 == 0 {
      return channel < inputs.count ? inputs[unchecked: channel] : nil
    }
    return channel < targets.count ? targets[unchecked: channel] : nil
  }
}

/// The controller of one learning edge: it decides what the gate is to do and keeps account of
/// where the gate must be, from what it commanded and the clock.
///
/// Between its pulses a gate decays toward the drive's end by the RC law. A wrong end voltage
/// (supply, drop) by d pulls the estimate at most d away, whatever the number of pulses, since each
/// pulse shrinks the earlier error by exp(-t/RC); a width wrong by w adds w |dG/dt| once and is
/// forgotten the same way. docs/reference/controller.md derives the bound.
public struct EdgeController: Sendable, Equatable {
  /// The estimate of the gate voltage.
  public var gate: Voltage
  /// RC of the charge path in nanoseconds.
  public var chargeConstant: UInt32
  /// RC of the discharge path in nanoseconds.
  public var dischargeConstant: UInt32
  /// What the gate loses by leakage in one tick of 2^24 ns (16.8 ms), in units of 2^-24 V.
  public var leakPerTick: Int32
  /// What the edge's `from` end is to the controller.
  public var from = Terminal.hidden
  /// What the edge's `to` end is to the controller.
  public var to = Terminal.hidden

  /// A controller whose gate is believed to stand at a voltage.
  @inlinable
  public init(gate: Voltage, chargeConstant: UInt32, dischargeConstant: UInt32, leakPerTick: Int32)
  {
    self.gate = gate
    self.chargeConstant = chargeConstant
    self.dischargeConstant = dischargeConstant
    self.leakPerTick = leakPerTick
  }

  /// The direction that a comparison asks for: less conductance where the clamped twin's drop is
  /// the larger, more where the free one's is; hold where the gate is at its limit already.
  @inlinable
  public func decide(_ comparison: Comparison, law: DriveLaw) -> Drive {
    allowed(comparison.clampedDropIsLarger ? .discharge : .charge, law: law)
  }

  /// The drive, or hold where it would push the gate further past its limit.
  @inlinable
  public func allowed(_ drive: Drive, law: DriveLaw) -> Drive {
    switch drive {
    case .hold: .hold
    case .charge: gate < law.highest ? .charge : .hold
    case .discharge: law.lowest < gate ? .discharge : .hold
    }
  }

  /// The magnitude of the voltage across the edge in the free twin, where both ends are known.
  @inlinable
  func drop(inputs: Span<Voltage>, targets: Span<Voltage>) -> Voltage? {
    guard let one = from.voltage(inputs: inputs, targets: targets),
      let other = to.voltage(inputs: inputs, targets: targets)
    else { return nil }
    return (one - other).magnitude
  }

  /// How fast the other drive would move the gate over how fast this one does, where this one is
  /// the faster: the share of its moves that makes both ways weigh the same. One for the slower
  /// drive, for hold, and for potentiometers, whose taps are equally far apart.
  @inlinable
  public func share(of drive: Drive, law: DriveLaw) -> Fraction {
    if drive == .hold || .zero < law.tapSpacing { return .largest }
    let up = end(of: .charge, from: gate, law: law) - gate
    let down = gate - end(of: .discharge, from: gate, law: law)
    var own = drive == .charge ? up : down
    var other = drive == .charge ? down : up
    // A path with the smaller RC is faster by the ratio.
    let ownConstant = constant(of: drive)
    let otherConstant = constant(of: drive == .charge ? .discharge : .charge)
    if ownConstant < otherConstant {
      other = other.scaled(by: Fraction(ownConstant, of: otherConstant))
    } else if otherConstant < ownConstant {
      own = own.scaled(by: Fraction(otherConstant, of: ownConstant))
    }
    return other < own ? Fraction(other, of: own) : .largest
  }

  /// The voltage that a drive would bring the gate to in the end, from about where it is now; the
  /// gate itself where the diode blocks.
  @inlinable
  func end(of drive: Drive, from gate: Voltage, law: DriveLaw) -> Voltage {
    switch drive {
    case .hold:
      return gate
    case .charge:
      let end = law.supply - law.drop(at: law.supply - gate)
      return end < gate ? gate : end
    case .discharge:
      let end = law.drop(at: gate)
      return gate < end ? gate : end
    }
  }

  /// The RC constant of a drive's path in nanoseconds.
  @inlinable
  func constant(of drive: Drive) -> UInt32 {
    drive == .charge ? chargeConstant : dischargeConstant
  }

  /// Accounts for a pulse: a potentiometer's tap, or for a pulse that truly lasted `width` the RC
  /// law with the drop in the middle of the
  /// way. Against the diode's exact law the error of one pulse up to 19 ms is at most 0.1 mV where
  /// the resistor keeps 0.3 V or more.
  @inlinable
  public mutating func account(_ drive: Drive, width: Nanoseconds, law: DriveLaw) {
    if drive == .hold { return }
    if .zero < law.tapSpacing {
      gate = (drive == .charge ? gate + law.tapSpacing : gate - law.tapSpacing)
        .limited(law.lowest, law.highest)
      return
    }
    let part = Exponential.covered(after: width, constant: constant(of: drive))
    let first = gate.moved(by: part, toward: end(of: drive, from: gate, law: law))
    let middle = gate + (first - gate).half
    gate = gate.moved(by: part, toward: end(of: drive, from: middle, law: law))
  }

  /// Accounts for leakage over whole ticks of 2^24 ns; gates do not leak below 0 V.
  @inlinable
  public mutating func leak(ticks: Int32) {
    let loss = Voltage(units: Wide.saturate(Wide.product(leakPerTick, ticks)))
    gate = gate - loss
    if gate < .zero { gate = .zero }
  }

  /// The drive and the pulse width that would change the gate by a wanted voltage; a change that
  /// the drive cannot reach gets `longestPulse`. Zero change is a hold of zero width.
  @inlinable
  public func pulse(changingBy change: Voltage, longestPulse: Nanoseconds, law: DriveLaw)
    -> (drive: Drive, width: Nanoseconds)
  {
    if change == .zero { return (.hold, .zero) }
    let drive: Drive = change < .zero ? .discharge : .charge
    let middle = gate + change.half
    let span = (end(of: drive, from: middle, law: law) - gate).magnitude
    if !(change.magnitude < span) { return (drive, longestPulse) }
    let width = Exponential.time(
      toCover: Fraction(change, of: span), constant: constant(of: drive))
    return (drive, longestPulse < width ? longestPulse : width)
  }

  /// The estimate of the edge's conductance, K = S (G - V_T - V_mean) in triode with n = 1.
  ///
  /// - Parameters:
  ///   - strength: S in units of 2^-36 A/V^2.
  ///   - threshold: V_T.
  ///   - mean: the mean of the edge's two node voltages.
  /// - Returns: the estimate.
  @inlinable
  public func conductance(strength: Int32, threshold: Voltage, mean: Voltage) -> Conductance {
    Conductance(strength: strength, overdrive: gate - threshold - mean)
  }
}
