/// What can go wrong on a wired board.
public enum WiredFailure<LinesFailure: Error>: Error {
  /// The lines failed.
  case lines(LinesFailure)
  /// The drive pattern did not come back through the chain as sent: nothing was latched.
  case chainBroken
  /// A conversion was preempted for too long, three times in a row.
  case conversionTooSlow
}

extension WiredFailure: Equatable where LinesFailure: Equatable {}

/// The board on its lines: the second boundary, implemented by chip drivers over the first.
///
/// Nothing is assumed about how long an operation takes; pulses and conversions are timed by the
/// clock. LEARN is on only inside `pulse`, LATCH is given only with LEARN off.
public struct WiredBoard<L: Lines & ~Copyable>: LearningBoard, ~Copyable {
  /// The lines' failures, and those of the chips behind them.
  public typealias Failure = WiredFailure<L.Failure>

  /// The lines.
  public var lines: L
  /// How the board hangs on them.
  public let wiring: BoardWiring
  /// The code that each source stands at; -1 when it was never set.
  public var sourceCodes: InlineArray<32, Int32>
  /// The code that each clamp stands at; -1 when it is released.
  public var clampCodes: InlineArray<32, Int32>
  /// When the last pulse ended.
  public var lastPulseEnd: Nanoseconds
  /// Whether the last pulse was so long that the one-shot needs rest.
  public var lastPulseWasLong: Bool

  /// Takes over a board whose lines stand at `wiring.idle`.
  @inlinable
  public init(lines: consuming L, wiring: BoardWiring) {
    self.lines = lines
    self.wiring = wiring
    sourceCodes = InlineArray(repeating: -1)
    clampCodes = InlineArray(repeating: -1)
    lastPulseEnd = .zero
    lastPulseWasLong = false
  }

  /// Comparator edges: sign, hold and anti-nudge.
  @inlinable
  public var abilities: Abilities { .sign.union(.perEdgeHold).union(.antiNudge) }

  /// The one-shot's time.
  @inlinable
  public var longestPulse: Nanoseconds { wiring.timer }

  /// Sets a source's converter, unless it stands at that code or the source is a rail.
  @inlinable
  public mutating func drive(source: Int, at voltage: Voltage) throws(Failure) {
    if source < 0 || source >= wiring.sourceCount || source >= 32 { return }
    if wiring.sources[unchecked: source] == .rail { return }
    let code = wiring.converter.code(for: voltage)
    if sourceCodes[unchecked: source] == Int32(bitPattern: code) { return }
    do throws(L.Failure) {
      try wiring.convert(wiring.sources[unchecked: source], code: code, on: &lines)
    } catch { throw .lines(error) }
    sourceCodes[unchecked: source] = Int32(bitPattern: code)
  }

  /// Waits for the settling time.
  @inlinable
  public mutating func settle() throws(Failure) {
    do throws(L.Failure) { try lines.wait(wiring.settle) } catch { throw .lines(error) }
  }

  /// Measures a target; a conversion that was preempted is repeated, at most twice.
  @inlinable
  public mutating func measure(target: Int) throws(Failure) -> Voltage {
    if target < 0 || target >= wiring.targetCount || target >= 32 { return .zero }
    var tries = 0
    while tries < 3 {
      do throws(L.Failure) {
        let read = try wiring.measure(wiring.targets[unchecked: target], on: &lines)
        if read.inTime { return wiring.converter.voltage(of: read.code) }
      } catch { throw .lines(error) }
      tries = tries &+ 1
    }
    throw .conversionTooSlow
  }

  /// Sets a clamp's converter, unless it stands at that code.
  @inlinable
  public mutating func clamp(target: Int, at voltage: Voltage) throws(Failure) {
    if target < 0 || target >= wiring.targetCount || target >= 32 { return }
    let code = wiring.converter.code(for: voltage)
    if clampCodes[unchecked: target] == Int32(bitPattern: code) { return }
    do throws(L.Failure) {
      try wiring.convert(wiring.clamps[unchecked: target], code: code, on: &lines)
    } catch { throw .lines(error) }
    clampCodes[unchecked: target] = Int32(bitPattern: code)
  }

  /// Shuts a clamp's converter down, unless it is.
  @inlinable
  public mutating func release(target: Int) throws(Failure) {
    if target < 0 || target >= wiring.targetCount || target >= 32 { return }
    if clampCodes[unchecked: target] < 0 { return }
    do throws(L.Failure) {
      try wiring.convert(wiring.clamps[unchecked: target], code: nil, on: &lines)
    } catch { throw .lines(error) }
    clampCodes[unchecked: target] = -1
  }

  /// Shuts every clamp's converter down, whatever it stands at: for a board that a program left
  /// without tidying up, whose converters hold what they were set to.
  @inlinable
  public mutating func releaseAll() throws(Failure) {
    var target = 0
    while target < wiring.targetCount && target < 32 {
      try shutDown(clamp: target)
      target = target &+ 1
    }
  }

  /// Shuts a clamp's converter down, whatever it stands at.
  @inlinable
  public mutating func shutDown(clamp target: Int) throws(Failure) {
    if target < 0 || target >= wiring.targetCount || target >= 32 { return }
    do throws(L.Failure) {
      try wiring.convert(wiring.clamps[unchecked: target], code: nil, on: &lines)
    } catch { throw .lines(error) }
    clampCodes[unchecked: target] = -1
  }

  /// Shuts down every converter, of clamps and of sources, whatever it stands at. Nothing is read:
  /// a board that does not answer is sent the commands all the same.
  @inlinable
  public mutating func shutDownAll() throws(Failure) {
    try releaseAll()
    var source = 0
    while source < wiring.sourceCount && source < 32 {
      try shutDown(source: source)
      source = source &+ 1
    }
  }

  /// Shuts a source's converter down, whatever it stands at; a rail has none.
  @inlinable
  public mutating func shutDown(source: Int) throws(Failure) {
    if source < 0 || source >= wiring.sourceCount || source >= 32 { return }
    sourceCodes[unchecked: source] = -1
    if wiring.sources[unchecked: source] == .rail { return }
    do throws(L.Failure) {
      try wiring.convert(wiring.sources[unchecked: source], code: nil, on: &lines)
    } catch { throw .lines(error) }
  }

  /// Sends the chains a pattern that holds every gate and checks that it comes back; nothing is
  /// latched. Boards without chains have nothing to check.
  @inlinable
  public mutating func checkChain() throws(Failure) {
    if wiring.kind != .chains { return }
    var right = false
    do throws(L.Failure) {
      let none = Span<Drive>()
      right = try wiring.shiftDrives(none, on: &lines)
    } catch { throw .lines(error) }
    if !right { throw .chainBroken }
  }

  /// Captures and reads all comparators.
  @inlinable
  public mutating func compare(into comparisons: inout MutableSpan<Comparison>) throws(Failure) {
    do throws(L.Failure) {
      switch wiring.kind {
      case .chains: try wiring.readChain(into: &comparisons, on: &lines)
      case .direct: try wiring.readDirect(into: &comparisons, on: &lines)
      }
    } catch { throw .lines(error) }
  }

  /// Sets the drives, checks them, latches them with LEARN off, and turns LEARN on for the width.
  @inlinable
  public mutating func pulse(width: Nanoseconds, drives: Span<Drive>) throws(Failure) -> Nanoseconds
  {
    var right = true
    do throws(L.Failure) {
      switch wiring.kind {
      case .chains:
        right = try wiring.shiftDrives(drives, on: &lines)
        if right {
          try lines.write(wiring.latch, mask: wiring.latch)
          try lines.write(.none, mask: wiring.latch)
        }
      case .direct:
        try wiring.setDirect(drives, on: &lines)
      }
    } catch { throw .lines(error) }
    if !right { throw .chainBroken }
    do throws(L.Failure) {
      let ready = lastPulseEnd + wiring.rest
      var rising = try lines.now()
      if lastPulseWasLong && rising < ready {
        try lines.wait(ready - rising)
        rising = try lines.now()
      }
      try lines.write(wiring.learn, mask: wiring.learn)
      let risen = try lines.now()
      try lines.wait(width)
      let falling = try lines.now()
      try lines.write(.none, mask: wiring.learn)
      lastPulseEnd = try lines.now()
      // LEARN changed at some moment of each write, which may have taken long: the pulse is taken
      // to reach from middle to middle, and the one-shot's rest from the longest it can have been.
      let writing = (risen - rising) + (lastPulseEnd - falling)
      let lasted = falling - risen + writing.half
      lastPulseWasLong = wiring.timer.half < lastPulseEnd - rising
      // The one-shot has ended what the program was too late to end.
      return wiring.timer < lasted ? wiring.timer : lasted
    } catch {
      // LEARN may be on. If even this fails, the one-shot ends the pulse.
      do throws(L.Failure) { try lines.write(.none, mask: wiring.learn) } catch {}
      throw .lines(error)
    }
  }

  /// The lines' clock.
  @inlinable
  public mutating func now() throws(Failure) -> Nanoseconds {
    do throws(L.Failure) { return try lines.now() } catch { throw .lines(error) }
  }
}

extension WiredBoard: Copyable where L: Copyable {}
