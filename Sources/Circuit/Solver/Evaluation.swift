import Elements
import Portable

/// Currents and their slopes at the present voltages.
extension SolverState {
  /// Currents, matrix entries and conductances to ground at the present voltages; returns the sum
  /// of the magnitudes of the residual currents.
  func evaluate() -> Double {
    let freeCount = order.freeCount
    let entryCount = order.entryCount
    for index in 0..<entryCount { entries[index] = .zero }
    for index in 0..<freeCount {
      let source = attached[index]
      let volts = voltages[index]
      inflow[index] = source.x * (source.y - volts) - OperatingPoint.leak * volts + injected[index]
      entries[entryCount + index] = SIMD2(OperatingPoint.leak + source.x, 0)
    }
    for index in freeCount..<order.nodeCount { inflow[index] = 0 }

    switch activeLaw {
    case .soft: evaluateSoftTransistors()
    case .sharp:
      for index in 0..<transistorCount {
        let device = transistors[index]
        let flow = device.flow(
          voltages[Int(device.low)], voltages[Int(device.high)], law: .sharp)
        add(device.low, device.high, device.slot, flow.current, SIMD2(flow.slopeA, flow.slopeB))
      }
    }
    for index in 0..<linearCount {
      let device = linears[index]
      let current = device.conductance * (voltages[Int(device.low)] - voltages[Int(device.high)])
      add(device.low, device.high, device.slot, current, SIMD2(repeating: device.conductance))
    }
    for index in 0..<nonlinearCount {
      let device = nonlinears[index]
      let volts = voltages[Int(device.low)] - voltages[Int(device.high)]
      let flow = device.law.flow(device.reversed ? -volts : volts)
      add(
        device.low, device.high, device.slot, device.reversed ? -flow.current : flow.current,
        SIMD2(repeating: flow.conductance))
    }

    var norm = 0.0
    for index in 0..<freeCount { norm += inflow[index].magnitude }
    return norm
  }

  /// The transistors under the soft law, four ends at once.
  private func evaluateSoftTransistors() {
    var index = 0
    while index < transistorCount {
      // Read in place, number by number: copies of both would not fit the registers.
      let next = index + 1
      let (low, high) = (Int(transistors[index].low), Int(transistors[index].high))
      let (low2, high2) = (Int(transistors[next].low), Int(transistors[next].high))
      let volts = SIMD4(voltages[low], voltages[high], voltages[low2], voltages[high2])
      let offset = SIMD4(
        lowHalf: SIMD2(repeating: transistors[index].offset),
        highHalf: SIMD2(repeating: transistors[next].offset))
      let steepness = SIMD4(
        lowHalf: SIMD2(repeating: transistors[index].steepness),
        highHalf: SIMD2(repeating: transistors[next].steepness))
      let ramp = Elementary.softplus(offset - steepness * volts)
      let product = ramp.value * ramp.slope
      let (a, b, c, d) = (ramp.value[0], ramp.value[1], ramp.value[2], ramp.value[3])
      add(
        transistors[index].low, transistors[index].high, transistors[index].slot,
        transistors[index].currentScale * ((b - a) * (b + a)),
        product.lowHalf * transistors[index].slopeScale)
      add(
        transistors[next].low, transistors[next].high, transistors[next].slot,
        transistors[next].currentScale * ((d - c) * (d + c)),
        product.highHalf * transistors[next].slopeScale)
      index += 2
    }
  }

  /// Adds a branch's current, counted from its low end to its high end, and its slopes.
  @inline(__always)
  private func add(
    _ low: Int32, _ high: Int32, _ slot: Int32, _ current: Double, _ slopes: SIMD2<Double>
  ) {
    inflow[Int(low)] -= current
    inflow[Int(high)] += current
    entries[Int(slot)] += slopes
  }

  /// The current of a branch from `from` to `to` at the present voltages, and its slopes.
  func flow(_ index: Int) -> (current: Double, slopeFrom: Double, slopeTo: Double) {
    let link = links[index]
    let from = voltages[Int(order.place[branches[index].from])]
    let to = voltages[Int(order.place[branches[index].to])]
    switch link.kind {
    case .transistor:
      let flow = transistors[Int(link.index)].flow(from, to, law: activeLaw)
      return (flow.current, flow.slopeA, flow.slopeB)
    case .linear:
      let conductance = linears[Int(link.index)].conductance
      return (conductance * (from - to), conductance, conductance)
    case .nonlinear:
      let flow = nonlinears[Int(link.index)].law.flow(from - to)
      return (flow.current, flow.conductance, flow.conductance)
    }
  }

  /// How a branch's current changes with a parameter at the present voltages; nil where its element
  /// has no such parameter.
  func derivative(_ index: Int, by parameter: BranchParameter) -> Double? {
    let from = voltages[Int(order.place[branches[index].from])]
    let to = voltages[Int(order.place[branches[index].to])]
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
