import Circuit
import Files
import Firmware
import Traces
import Wiring

/// The chips behind the pins: what they do when the lines change, and the rules that they watch.
extension VirtualPins {
  mutating func change(to next: LineSet) throws(CircuitError) {
    let before = levels
    let changed = LineSet(bits: before.bits ^ next.bits)
    levels = next
    if changed.meets(wiring.clock) {
      if time.count - lastClockEdge.count < 450 { note(.clockTooFast, wiring.clock) }
      lastClockEdge = time
      if next.meets(wiring.clock) {
        if changed.meets(wiring.dataOut) { note(.dataWithRisingClock, wiring.dataOut) }
        clockRises(data: next.meets(wiring.dataOut))
      } else {
        try clockFalls()
      }
    }
    if wiring.kind == .chains {
      if changed.meets(wiring.load) && next.meets(wiring.load) { try loadComparators() }
      if changed.meets(wiring.address) && before.meets(wiring.enable) {
        note(.addressWhileEnabled, changed & wiring.address)
      }
      if changed.meets(wiring.enable | wiring.address) { try select(selection(next)) }
      if changed.meets(wiring.latch) && next.meets(wiring.latch) { latchDrives() }
    } else {
      if changed.meets(directSelects) { try select(selection(next)) }
      if changed.meets(directDrives) && before.meets(wiring.learn) && learnStart != nil {
        note(.driveUnderLearn, changed & directDrives)
      }
    }
    if changed.meets(wiring.learn) {
      if next.meets(wiring.learn) { startLearning() } else { try endLearning(at: time) }
    }
  }

  private mutating func clockRises(data: Bool) {
    if selected == 0 { note(.clockWithoutSelect, wiring.clock) }
    if selected != 0 {
      for index in parts.indices where selected & (1 &<< UInt64(index)) != 0 && !silent[index] {
        chips[index].clockRises(data: data)
        if parts[index] == .chain {
          if levels.meets(wiring.load) {
            comparators.shift(in: drives.output)
          } else {
            // Loading overrides shifting: the registers keep showing their inputs.
            note(.clockWhileLoading, wiring.load)
          }
        }
      }
    }
    // The drive registers hang on the bare clock.
    drives.shift(in: data)
  }

  private mutating func clockFalls() throws(CircuitError) {
    if selected == 0 { return }
    for index in parts.indices where selected & (1 &<< UInt64(index)) != 0 {
      guard !silent[index], let channel = chips[index].clockFalls() else { continue }
      let target = targetOf[index * 8 + Int(channel)]
      if target >= 0 {
        checkSettled(wiring.dataIn, selects: 1 &<< UInt64(index))
        let code = try analog.sampleTarget(target, at: time)
        chips[index].take(
          saturated.contains(index) ? analog.converter.highest : code, at: time)
        if trace != nil { logFree() }
      } else {
        chips[index].take(0, at: time)
      }
    }
  }

  /// The parts that levels select, a bit each.
  func selection(_ levels: LineSet) -> UInt64 {
    let bySelect = selects(levels)
    return mistaken.map { mistakenSelection(bySelect, $0.chips) } ?? bySelect
  }

  /// The selects that levels choose, a bit each.
  private func selects(_ levels: LineSet) -> UInt64 {
    if wiring.kind == .chains {
      if !levels.meets(wiring.enable) { return 0 }
      return 1 &<< (((levels & wiring.address).bits &>> 6) & 7)
    }
    // Selects are low when active; line 4 is the first.
    return (~levels.bits & directSelects.bits) &>> 4
  }

  private mutating func select(_ next: UInt64) throws(CircuitError) {
    let begun = next & ~selected
    let ended = selected & ~next
    selected = next
    if begun != 0 && levels.meets(wiring.clock) {
      note(.selectWhileClockHigh, wiring.clock, selects: selected)
    }
    for index in parts.indices {
      let bit: UInt64 = 1 &<< UInt64(index)
      if begun & bit != 0 { chips[index].begin() }
      if ended & bit != 0 && !silent[index] {
        switch chips[index].end() {
        case .nothing: break
        case .broken: note(.brokenFrame, wiring.clock, selects: 1 &<< UInt64(index))
        case .set(let channel, let code): try convert(index * 8 + Int(channel), code)
        }
      }
    }
  }

  private mutating func convert(_ place: Int, _ code: UInt32?) throws(CircuitError) {
    if sourceOf[place] >= 0 {
      try analog.setSource(sourceOf[place], code: code ?? 0)
      lastAnalogChange = time
    } else if clampOf[place] >= 0 {
      try analog.setClamp(clampOf[place], code: code)
      lastAnalogChange = time
    }
  }

  /// The level of MISO.
  mutating func dataLevel() -> Bool {
    var drivers = 0
    var level = false
    for index in parts.indices where selected & (1 &<< UInt64(index)) != 0 && !silent[index] {
      if parts[index] == .chain {
        drivers += 1
        level = comparators.output
      } else if let output = chips[index].output {
        drivers += 1
        level = output.level
        if output.isConverting && wiring.longestFrame < time - output.sampled {
          note(.slowConversion, wiring.dataIn, selects: 1 &<< UInt64(index))
        }
      }
    }
    if drivers == 0 {
      if hasLoopback { return levels.meets(wiring.loopback) }
      note(.floatingMiso, wiring.dataIn, selects: selected)
    }
    if drivers > 1 || drivers > 0 && isDataDriven {
      note(.twoDriversOnMiso, wiring.dataIn, selects: selected)
    }
    return level
  }

  /// Captures every comparator.
  ///
  /// - Parameter lines: the lines by which that was asked for.
  /// - Throws: `CircuitError` for a circuit without a solution.
  mutating func capture(by lines: LineSet) throws(CircuitError) {
    checkSettled(lines)
    // A span of a field would hold the whole board: the field is taken out meanwhile.
    var taken: [Comparison] = []
    swap(&taken, &captured)
    defer { captured = taken }
    var span = taken.mutableSpan
    try analog.capture(at: time, into: &span)
    if trace != nil { logBoth() }
  }

  private mutating func loadComparators() throws(CircuitError) {
    try capture(by: wiring.load)
    if let loaded = mistaken?.loaded {
      for (place, comparator) in loaded.enumerated() {
        let bit =
          comparator >= 0
          ? output(ofComparator: comparator)
          : place < 2 * wiring.edgeCount && looseInput(place)
        comparators.load(bit, place: place)
      }
      return
    }
    for position in 0..<wiring.edgeCount {
      let bits = captured[Int(wiring.chain[position])].bits
      comparators.load(bits & 1 != 0, place: 2 * position)
      comparators.load(bits & 2 != 0, place: 2 * position + 1)
    }
    for place in 2 * wiring.edgeCount..<max(wiring.chainBits, 2 * wiring.edgeCount) {
      comparators.load(false, place: place)
    }
  }

  private mutating func latchDrives() {
    if learnStart != nil { note(.latchUnderLearn, wiring.latch) }
    if let driving = mistaken?.driving {
      for edge in 0..<wiring.edgeCount {
        // A drive wire that hangs at nothing rests: 10 kohm hold a charge low and a discharge high.
        let (charge, discharge) = (driving[2 * edge], driving[2 * edge + 1])
        latched[edge] = drive(
          edge, charge: charge >= 0 && drives.entered(age: charge),
          discharge: discharge >= 0 && !drives.entered(age: discharge))
      }
      return
    }
    for position in 0..<wiring.edgeCount {
      let edge = Int(wiring.chain[position])
      latched[edge] = drive(
        edge, charge: drives.entered(age: 2 * position),
        discharge: !drives.entered(age: 2 * position + 1))
    }
  }

  private mutating func drive(_ edge: Int, charge: Bool, discharge: Bool) -> PinDrive {
    if charge && discharge {
      note(
        .bothDrives,
        wiring.kind == .direct ? wiring.edgeLine(edge, 2) | wiring.edgeLine(edge, 3) : wiring.learn,
        edge: edge)
      return .both
    }
    return charge ? .charge : (discharge ? .discharge : .hold)
  }

  private mutating func startLearning() {
    if lastPulseWasLong && time < lastPulseEnd + wiring.rest { note(.noRest, wiring.learn) }
    learnStart = time
    if wiring.kind == .direct {
      for edge in 0..<wiring.edgeCount {
        latched[edge] = drive(
          edge, charge: levels.meets(wiring.edgeLine(edge, 2)),
          discharge: !levels.meets(wiring.edgeLine(edge, 3)))
      }
    }
  }

  /// Ends the pulse where the one-shot has ended it, though LEARN is still on.
  mutating func endByTimer() throws(CircuitError) {
    guard let start = learnStart, start + wiring.timer < time else { return }
    try finish(from: start, to: start + wiring.timer)
    learnStart = nil
  }

  private mutating func endLearning(at end: Nanoseconds) throws(CircuitError) {
    if let start = learnStart {
      try finish(from: start, to: wiring.timer < end - start ? start + wiring.timer : end)
      lastPulseWasLong = wiring.timer.half < end - start
    } else {
      lastPulseWasLong = true
    }
    learnStart = nil
    lastPulseEnd = end
  }

  private mutating func finish(
    from start: Nanoseconds, to end: Nanoseconds
  ) throws(CircuitError) {
    let drives = latched.map(\.drive)
    var fighting: [Int] = []
    for edge in latched.indices where latched[edge] != .hold {
      pulsesOfGates[edge] += (end - start).seconds / wiring.timer.seconds
      if latched[edge] == .both { fighting.append(edge) }
    }
    if longestLearning < end - start { longestLearning = end - start }
    try analog.learn(from: start, to: end, drives: drives.span, fighting: fighting)
    if trace != nil {
      trace?.add(
        Trace.Analog(time: end, gates: analog.state.gates, freeNodes: [], clampedNodes: []))
    }
  }

  private mutating func checkSettled(_ lines: LineSet, selects: UInt64 = 0) {
    if time < lastAnalogChange + settling { note(.notSettled, lines, selects: selects) }
  }

  private mutating func logFree() {
    trace?.add(
      Trace.Analog(
        time: time, gates: [], freeNodes: analog.state.freeVoltages, clampedNodes: []))
  }

  private mutating func logBoth() {
    trace?.add(
      Trace.Analog(
        time: time, gates: [], freeNodes: analog.state.freeVoltages,
        clampedNodes: analog.state.clampedVoltages))
  }

  /// Notes that a rule was broken now.
  ///
  /// - Parameters:
  ///   - rule: the rule.
  ///   - lines: the lines concerned.
  ///   - edge: the learning edge concerned, where it is one's.
  ///   - selects: the selects concerned, a bit each.
  mutating func note(
    _ rule: Misuse.Rule, _ lines: LineSet, edge: Int? = nil, selects: UInt64 = 0
  ) {
    let misuse = Misuse(time: time, lines: lines, edge: edge, selects: selects, rule: rule)
    misuseCount += 1
    misusesByRule[rule, default: (0, misuse)].count += 1
    if misuses.count < 1000 { misuses.append(misuse) }
  }
}

/// What the two drive wires of an edge ask for.
enum PinDrive: UInt8, Sendable {
  case hold = 0
  case charge = 1
  case discharge = 2
  /// Both at once, which no program asks for; wires that are stuck or exchanged do.
  case both = 3

  /// The drive of boundary 2; both at once is none of them.
  var drive: Drive { Drive(rawValue: rawValue) ?? .hold }
}
