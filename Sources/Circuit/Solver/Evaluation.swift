import Elements
import Portable

/// Currents and their slopes at the present voltages.
extension SolverState {
  /// Currents at the present voltages, with matrix entries and conductances to ground where they are
  /// wanted; returns the sum of the magnitudes of the residual currents.
  func evaluate(matrix: Bool = true) -> Double {
    matrix ? evaluate(Slopes.self) : evaluate(CurrentsOnly.self)
  }

  /// As `evaluate`, and keeps what each transistor's current does with the voltages of its ends.
  func evaluateWithSlopes() {
    if slopes.count == 0 { slopes = Buffer(repeating: .zero, count: transistors.count) }
    _ = evaluate(SlopesOfEach.self)
  }

  private func evaluate<Wanted: Want>(_ wanted: Wanted.Type) -> Double {
    let freeCount = structure.freeCount
    let entryCount = structure.entryCount
    for index in 0..<freeCount { inflow[index] = -OperatingPoint.leak * voltages[index] }
    for index in 0..<attachablePlaces.count {
      let place = Int(attachablePlaces[index])
      let source = attached[place]
      inflow[place] += source.x * (source.y - voltages[place]) + injected[place]
    }
    for index in freeCount..<structure.nodeCount { inflow[index] = 0 }
    if Wanted.slopes {
      entries.update(repeating: .zero, count: entryCount)
      clearGround()
    }

    switch activeLaw {
    case .soft: evaluateSoftTransistors(wanted)
    case .sharp: evaluateSharpTransistors(wanted)
    }
    for index in 0..<linearCount {
      let device = linears[index]
      let conductance = conductances[index]
      let current = conductance * (voltages[Int(device.low)] - voltages[Int(device.high)])
      add(wanted, device.low, device.high, device.slot, current, SIMD2(repeating: conductance))
    }
    for index in 0..<nonlinearCount {
      let device = nonlinears[index]
      let volts = voltages[Int(device.low)] - voltages[Int(device.high)]
      let flow = device.law.flow(device.reversed ? -volts : volts)
      add(
        wanted, device.low, device.high, device.slot,
        device.reversed ? -flow.current : flow.current, SIMD2(repeating: flow.conductance))
    }

    var norm = 0.0
    for index in 0..<freeCount { norm += inflow[index].magnitude }
    return norm
  }

  /// Conductances to ground before any branch is added.
  func clearGround() {
    let first = structure.entryCount
    for index in 0..<structure.freeCount {
      entries[first + index] = SIMD2(OperatingPoint.leak, 0)
    }
    for index in 0..<attachablePlaces.count {
      let place = Int(attachablePlaces[index])
      // What is attached to the tip is added when that is eliminated.
      if place < structure.tip { entries[first + place].x += attached[place].x }
    }
  }

  /// The transistors under the soft law: what all ends are at, the ramps of all, what they carry.
  @inline(__always)
  private func evaluateSoftTransistors<Wanted: Want>(_ wanted: Wanted.Type) {
    for index in 0..<transistorCount {
      let (low, high) = (Int(transistors[index].low), Int(transistors[index].high))
      let offset = transistors[index].offset
      let steepness = transistors[index].steepness
      ends[index] = SIMD2(offset - steepness * voltages[low], offset - steepness * voltages[high])
    }
    Elementary.softplus(
      UnsafeRawPointer(ends.pointer).assumingMemoryBound(to: Double.self),
      values: UnsafeMutableRawPointer(ramps.pointer).assumingMemoryBound(to: Double.self),
      slopes: UnsafeMutableRawPointer(rampSlopes.pointer).assumingMemoryBound(to: Double.self),
      count: 2 * ends.count)
    for index in 0..<transistorCount {
      let ramp = ramps[index]
      let slope = ramp * rampSlopes[index] * transistors[index].slopeScale
      if Wanted.slopesOfEach { slopes[index] = slope }
      add(
        wanted, transistors[index].low, transistors[index].high, transistors[index].slot,
        transistors[index].currentScale * ((ramp.y - ramp.x) * (ramp.y + ramp.x)), slope)
    }
  }

  /// The transistors under the sharp law.
  @inline(__always)
  private func evaluateSharpTransistors<Wanted: Want>(_ wanted: Wanted.Type) {
    for index in 0..<transistorCount {
      let (low, high) = (Int(transistors[index].low), Int(transistors[index].high))
      let offset = transistors[index].offset
      let steepness = transistors[index].steepness
      let a = offset - steepness * voltages[low]
      let b = offset - steepness * voltages[high]
      let rampA = a > 0 ? a : 0
      let rampB = b > 0 ? b : 0
      if Wanted.slopesOfEach { slopes[index] = SIMD2(rampA, rampB) * transistors[index].slopeScale }
      add(
        wanted, transistors[index].low, transistors[index].high, transistors[index].slot,
        transistors[index].currentScale * ((rampB - rampA) * (rampB + rampA)),
        SIMD2(rampA, rampB) * transistors[index].slopeScale)
    }
  }

  /// Whether an end of a transistor is nearer to its threshold than so many volts at the present
  /// voltages (the slope factor left out of account). Under the sharp law.
  func isNearThreshold(_ volts: Double) -> Bool {
    var isNear = false
    for index in 0..<transistorCount {
      let offset = transistors[index].offset
      let steepness = transistors[index].steepness
      let low = offset - steepness * voltages[Int(transistors[index].low)]
      let high = offset - steepness * voltages[Int(transistors[index].high)]
      isNear = isNear || low.magnitude < volts || high.magnitude < volts
    }
    return isNear
  }

  /// Adds a branch's current, counted from its low end to its high end, and its slopes.
  @inline(__always)
  private func add<Wanted: Want>(
    _ wanted: Wanted.Type, _ low: Int32, _ high: Int32, _ slot: Int32, _ current: Double,
    _ slopes: SIMD2<Double>
  ) {
    inflow[Int(low)] -= current
    inflow[Int(high)] += current
    if Wanted.slopes { entries[Int(slot)] += slopes }
  }

  /// The current of a branch from `from` to `to` at the present voltages, and its slopes.
  func flow(_ index: Int) -> (current: Double, slopeFrom: Double, slopeTo: Double) {
    let link = links[index]
    let from = voltages[Int(structure.place[branches[index].from])]
    let to = voltages[Int(structure.place[branches[index].to])]
    switch link.kind {
    case .transistor:
      let flow = transistors[Int(link.index)].flow(from, to, law: activeLaw)
      return (flow.current, flow.slopeA, flow.slopeB)
    case .linear:
      let conductance = conductances[Int(link.index)]
      return (conductance * (from - to), conductance, conductance)
    case .nonlinear:
      let flow = nonlinears[Int(link.index)].law.flow(from - to)
      return (flow.current, flow.conductance, flow.conductance)
    }
  }

  /// How a branch's current changes with a parameter at the present voltages; nil where its element
  /// has no such parameter.
  func derivative(_ index: Int, by parameter: BranchParameter) -> Double? {
    let from = voltages[Int(structure.place[branches[index].from])]
    let to = voltages[Int(structure.place[branches[index].to])]
    switch branches[index].element {
    case .transistor(let transistor, _):
      let flow = flow(index)
      return transistor.derivative(
        by: parameter, gate: transistors[Int(links[index].index)].gate, from: from, to: to,
        slopes: (flow.slopeFrom, flow.slopeTo), law: law)
    case .fixed(let element): return element.kind.derivative(by: parameter, at: from - to)
    case .open: return nil
    }
  }
}

/// What an evaluation is to find; a type, so that there is code of its own for either.
private protocol Want {
  static var slopes: Bool { get }
  static var slopesOfEach: Bool { get }
}

private enum Slopes: Want {
  static var slopes: Bool { true }
  static var slopesOfEach: Bool { false }
}

private enum SlopesOfEach: Want {
  static var slopes: Bool { true }
  static var slopesOfEach: Bool { true }
}

private enum CurrentsOnly: Want {
  static var slopes: Bool { false }
  static var slopesOfEach: Bool { false }
}
