import Elements

/// Damped Newton iteration.
extension SolverState {
  /// The voltages between which every solution lies: no element here is a source, so no free node
  /// leaves the range of driven nodes, attached sources and the ground of the leak.
  private func bounds() -> (low: Double, high: Double) {
    var low = 0.0
    var high = 0.0
    for index in order.freeCount..<order.nodeCount {
      low = min(low, voltages[index])
      high = max(high, voltages[index])
    }
    for index in 0..<order.freeCount where attached[index].x > 0 {
      low = min(low, attached[index].y)
      high = max(high, attached[index].y)
    }
    // An injected current is the one thing that can lift a node beyond what drives the network.
    for index in 0..<order.freeCount where injected[index] != 0 {
      return (CircuitError.voltageRange.lowerBound, CircuitError.voltageRange.upperBound)
    }
    return (low, high)
  }

  func solve() throws(CircuitError) -> Solution {
    var effort = Effort()
    let (low, high) = bounds()
    if let residual = iterate(low, high, sweepLimit: 6, &effort) {
      return effort.solution(residual)
    }
    // Round the thresholds off and sharpen them in stages, each starting from the one before.
    let rough = law == .soft ? [8, 3] : [8, 1, 0x1p-3, 0x1p-6, 0x1p-9, 0x1p-12]
    for factor in rough {
      setThresholds(.soft, width: factor * ThresholdLaw.softness)
      _ = iterate(low, high, sweepLimit: 30, &effort)
    }
    setThresholds(law, width: law == .soft ? ThresholdLaw.softness : 1)
    if let residual = iterate(low, high, sweepLimit: 1000, &effort) {
      return effort.solution(residual)
    }
    let worst = largestResidual()
    throw .notConverged(
      node: Int(order.node[worst.place]), residual: worst.current, iterations: effort.iterations,
      sweeps: effort.sweeps)
  }

  /// What a solve has cost so far.
  private struct Effort {
    var iterations = 0
    var sweeps = 0

    func solution(_ residual: Double) -> Solution {
      Solution(iterations: iterations, sweeps: sweeps, largestResidual: residual)
    }
  }

  /// Prepares every transistor for a law, and, where that is soft, for a width of it.
  private func setThresholds(_ law: ThresholdLaw, width: Double) {
    activeLaw = law
    for (index, link) in links.enumerated() where link.kind == .transistor {
      guard case .transistor(let transistor, _) = branches[index].element else { continue }
      transistors[Int(link.index)].setWidth(width, of: transistor)
    }
  }

  /// Newton's method from the present voltages, with sweeps where it does not get on. Returns the
  /// largest residual current, or nil where the sweeps allowed did not help.
  ///
  /// A step that does not lower the sum of the residual currents' magnitudes is taken back and
  /// repeated with a conductance to ground added at every node (pseudo-time stepping): with enough
  /// of it the step always lowers the sum, because the columns of A add up to nothing negative.
  private func iterate(
    _ low: Double, _ high: Double, sweepLimit: Int, _ effort: inout Effort
  ) -> Double? {
    let freeCount = order.freeCount
    for index in 0..<freeCount { voltages[index] = clamp(voltages[index], low, high) }
    if freeCount == 0 { return 0 }
    var nextSweeps = 2
    var sweeps = 0
    var sinceSweep = 0
    var stepsAtFloor = 0
    var damping = 0.0
    var norm = evaluate()
    var previous = Double.infinity
    while true {
      effort.iterations += 1
      sinceSweep += 1
      let largest = newtonStep(damping: damping)
      // Steps of a quadratically converging Newton iteration shrink so that the next one is known:
      // step^3 / previous^2. The soft law has no sharper bend than its width, so that a short step
      // is in that regime; the sharp law gives no such assurance.
      let ratio = largest / previous
      if damping == 0
        && (largest <= OperatingPoint.tolerance
          || (activeLaw == .soft && largest < 3e-7
            && 100 * largest * ratio * ratio < OperatingPoint.tolerance))
      {
        let residual = largestResidual().current
        for index in 0..<freeCount {
          voltages[index] = clamp(voltages[index] + step[index], low, high)
        }
        return residual
      }

      base.update(from: voltages, count: freeCount)
      for index in 0..<freeCount {
        voltages[index] = clamp(base[index] + step[index], low, high)
      }
      let trial = evaluate()
      // Only after an undamped step does its length say anything about the next one.
      previous = damping == 0 ? largest : .infinity
      if trial < norm {
        norm = trial
        damping = damping < 1e-13 ? 0 : damping / 10
      } else {
        // Rounding in strongly conducting nodes may hide progress in others: compare without it.
        let trialExcess = excessResidual()
        swapBaseAndVoltages()
        norm = evaluate()
        let excess = excessResidual()
        if trialExcess < excess || trialExcess == 0 {
          swapBaseAndVoltages()
          norm = evaluate()
          if trialExcess == 0 {
            // What is left is rounding: a few more steps settle what it hides.
            stepsAtFloor += 1
            damping = 0
          } else {
            damping = damping < 1e-13 ? 0 : damping / 10
          }
          if stepsAtFloor == 8 {
            return largestResidual().current
          }
        } else {
          previous = .infinity
          damping = damping == 0 ? largestResidual().current * 10 : damping * 6
        }
      }
      if sinceSweep < 100 && damping < 1e6 { continue }

      guard sweeps < sweepLimit else { return nil }
      for _ in 0..<nextSweeps { sweep(low, high) }
      sweeps += nextSweeps
      effort.sweeps += nextSweeps
      nextSweeps *= 2
      sinceSweep = 0
      damping = 0
      norm = evaluate()
    }
  }

  @inline(__always)
  private func clamp(_ value: Double, _ low: Double, _ high: Double) -> Double {
    value < low ? low : (value > high ? high : value)
  }

  /// The free node, by internal number, with the largest residual current, and that current.
  func largestResidual() -> (place: Int, current: Double) {
    var place = 0
    var largest = 0.0
    for index in 0..<order.freeCount where inflow[index].magnitude > largest {
      largest = inflow[index].magnitude
      place = index
    }
    return (place, largest)
  }

  private func swapBaseAndVoltages() {
    for index in 0..<order.freeCount { swap(&voltages[index], &base[index]) }
  }

  /// The sum of what the residual currents exceed their rounding errors by.
  private func excessResidual() -> Double {
    for index in 0..<order.freeCount {
      let source = attached[index]
      let volts = voltages[index].magnitude
      sides[index].x =
        source.x * (source.y.magnitude + volts) + OperatingPoint.leak * volts
        + injected[index].magnitude
    }
    for (index, link) in links.enumerated() {
      let from = Int(order.place[branches[index].from])
      let to = Int(order.place[branches[index].to])
      let flow = flow(index)
      var scale = flow.current.magnitude
      scale += flow.slopeFrom * voltages[from].magnitude
      scale += flow.slopeTo * voltages[to].magnitude
      if link.kind == .transistor {
        // The overdrive is rounded like the gate voltage.
        scale += (flow.slopeFrom + flow.slopeTo) * transistors[Int(link.index)].gate.magnitude
      }
      if from < order.freeCount { sides[from].x += scale }
      if to < order.freeCount { sides[to].x += scale }
    }
    var sum = 0.0
    for index in 0..<order.freeCount {
      let excess = inflow[index].magnitude - 4 * Double.ulpOfOne * sides[index].x
      if excess > 0 { sum += excess }
    }
    return sum
  }
}
