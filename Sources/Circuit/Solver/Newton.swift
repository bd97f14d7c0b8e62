import Elements

/// Damped Newton iteration.
extension SolverState {
  /// The voltages between which every solution lies: no element here is a source, so no free node
  /// leaves the range of driven nodes, attached sources and the ground of the leak.
  private func bounds() -> (low: Double, high: Double) {
    var low = 0.0
    var high = 0.0
    for index in structure.freeCount..<structure.nodeCount {
      low = min(low, voltages[index])
      high = max(high, voltages[index])
    }
    for index in 0..<attachablePlaces.count {
      let place = Int(attachablePlaces[index])
      // An injected current is the one thing that can lift a node beyond what drives the network.
      if injected[place] != 0 {
        return (CircuitError.voltageRange.lowerBound, CircuitError.voltageRange.upperBound)
      }
      if attached[place].x > 0 {
        low = min(low, attached[place].y)
        high = max(high, attached[place].y)
      }
    }
    return (low, high)
  }

  /// Finds the voltages of the free nodes.
  ///
  /// - Parameter twin: a network of the same structure, solved, whose voltages to start from and
  ///   whose eliminated matrix to use as long as that helps; `nil` to start from the present ones.
  /// - Returns: how it went.
  /// - Throws: `CircuitError.notConverged`.
  func solve(beside twin: SolverState? = nil) throws(CircuitError) -> Solution {
    if isLinear { return try solveLinear(beside: twin) }
    if let twin { voltages.update(from: twin.voltages, count: structure.freeCount) }
    var effort = Effort()
    let (low, high) = bounds()
    if iterate(low, high, sweepLimit: 6, beside: twin, &effort) { return effort.solution }
    // Round the thresholds off and sharpen them in stages, each starting from the one before.
    let rough = law == .soft ? [8, 3] : [8, 1, 0x1p-3, 0x1p-6, 0x1p-9, 0x1p-12]
    for factor in rough {
      setThresholds(.soft, width: factor * ThresholdLaw.softness)
      _ = iterate(low, high, sweepLimit: 30, &effort)
    }
    setThresholds(law, width: law == .soft ? ThresholdLaw.softness : 1)
    if iterate(low, high, sweepLimit: 1000, &effort) { return effort.solution }
    let worst = largestResidual()
    throw .notConverged(
      node: Int(structure.node[worst.place]), residual: worst.current,
      iterations: effort.iterations,
      sweeps: effort.sweeps)
  }

  /// What a solve has cost so far.
  private struct Effort {
    var iterations = 0
    var sweeps = 0

    var solution: Solution { Solution(iterations: iterations, sweeps: sweeps) }
  }

  /// Prepares every transistor for a law, and, where that is soft, for a width of it.
  private func setThresholds(_ law: ThresholdLaw, width: Double) {
    activeLaw = law
    for (index, link) in links.enumerated() where link.kind == .transistor {
      guard case .transistor(let transistor, _) = branches[index].element else { continue }
      transistors[Int(link.index)].setWidth(width, of: transistor)
    }
  }

  /// Newton's method from the present voltages, with sweeps where it does not get on. Returns
  /// whether it did: false where the sweeps allowed did not help.
  ///
  /// An eliminated matrix is used again as long as the steps shrink so fast that another one would
  /// not pay. A step that does not lower the sum of the residual currents' magnitudes is taken back
  /// and repeated with a conductance to ground added at every node (pseudo-time stepping): with
  /// enough of it the step always lowers the sum, because the columns of A add up to nothing
  /// negative.
  private func iterate(
    _ low: Double, _ high: Double, sweepLimit: Int, beside twin: SolverState? = nil,
    _ effort: inout Effort
  ) -> Bool {
    let freeCount = structure.freeCount
    for index in 0..<freeCount { voltages[index] = clamp(voltages[index], low, high) }
    if freeCount == 0 { return true }
    var nextSweeps = 2
    var sweeps = 0
    var sinceSweep = 0
    var stepsAtFloor = 0
    var damping = 0.0
    var norm = evaluate()
    let eliminationCost = structure.eliminationCost(activeLaw)
    /// The last undamped step.
    var previous = Double.infinity
    var isKept = false
    /// The twin's elimination, until one of its own is made.
    var lent = twin?.factors
    if let lent {
      eliminateTip(lent)
      isKept = true
    } else {
      eliminate()
    }
    while true {
      effort.iterations += 1
      sinceSweep += 1
      let largest = newtonStep(lent)
      let ratio = largest / previous
      if isKept && ratio > 0.5 {
        // The matrix has become another one. (The first step with a twin's has no ratio: 0.)
        _ = evaluate()
        eliminate()
        lent = nil
        isKept = false
        previous = .infinity
        continue
      }
      // One step with another network's matrix, however short, says nothing of the distance.
      if damping == 0 && !(isKept && previous == .infinity) && isLast(largest, ratio, isKept) {
        for index in 0..<freeCount {
          voltages[index] = clamp(voltages[index] + step[index], low, high)
        }
        return true
      }

      base.update(from: voltages, count: freeCount)
      for index in 0..<freeCount {
        voltages[index] = clamp(base[index] + step[index], low, high)
      }
      var isFresh =
        damping > 0
        || (isKept ? !keepsPaying(largest, ratio, eliminationCost) : eliminationCost == 0)
      let trial = evaluate(matrix: isFresh)
      if trial < norm || (damping == 0 && largest < 1e-7 && ratio < 0.5) {
        norm = trial
        damping = damping < 1e-13 ? 0 : damping / 10
        // Only after an undamped step does its length say anything about the next one.
        previous = isFresh && damping > 0 ? .infinity : largest
      } else if isKept {
        swapBaseAndVoltages()
        norm = evaluate()
        isFresh = true
        previous = .infinity
      } else {
        isFresh = true
        previous = damping == 0 ? largest : .infinity
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
          if stepsAtFloor == 8 { return true }
        } else {
          previous = .infinity
          damping = damping == 0 ? largestResidual().current * 10 : damping * 6
        }
      }
      if sinceSweep >= 100 || damping >= 1e6 {
        guard sweeps < sweepLimit else { return false }
        for _ in 0..<nextSweeps { sweep(low, high) }
        sweeps += nextSweeps
        effort.sweeps += nextSweeps
        nextSweeps *= 2
        sinceSweep = 0
        damping = 0
        norm = evaluate()
        isFresh = true
        previous = .infinity
      }
      if isFresh {
        eliminate(damping: damping)
        lent = nil
      }
      isKept = !isFresh
    }
  }

  /// Whether a step is the last one needed.
  private func isLast(_ largest: Double, _ ratio: Double, _ isKept: Bool) -> Bool {
    if largest <= OperatingPoint.tolerance { return true }
    // The soft law has no sharper bend than its width, so that short steps shrink as foreseen; so
    // they do under the sharp law if no transistor comes near its threshold.
    guard largest < 3e-7 else { return false }
    // With the same matrix steps shrink in proportion; with a new one each, quadratically, so that
    // the next one is step^3 / previous^2.
    let isShort =
      isKept
      ? ratio < 0.1 && 1000 * largest * ratio < OperatingPoint.tolerance
      : 100 * largest * ratio * ratio < OperatingPoint.tolerance
    return isShort && (activeLaw == .soft || !isNearThreshold(100 * largest))
  }

  /// Whether to go on with the matrix that the last two steps were made with.
  ///
  /// With it every step is as much smaller than the one before as this one was; with a new matrix the
  /// distance to the solution counts, which this step has made as much smaller twice.
  private func keepsPaying(_ largest: Double, _ ratio: Double, _ eliminationCost: Int) -> Bool {
    var kept = 0
    var left = largest
    while left > OperatingPoint.tolerance {
      left *= ratio
      kept += 1
      if kept == 20 { return false }
    }
    var renewed = eliminationCost
    left = largest * ratio
    while left > OperatingPoint.tolerance {
      left *= ratio * ratio * ratio
      renewed += 1
    }
    return kept <= renewed
  }

  /// Eliminates the evaluated matrix.
  func eliminate(damping: Double = 0) {
    // What a `Linearisation` still holds is left to it.
    if factors == nil || !isKnownUniquelyReferenced(&factors) { factors = Factors(structure) }
    guard let factors else { return }
    factors.elimination.eliminate(entries, damping: damping, symmetric: transistorCount == 0)
    eliminateTip(factors)
  }

  /// Eliminates the tip, with what is attached now.
  func eliminateTip(_ factors: Factors) {
    if structure.tip == structure.freeCount { return }
    if !isKnownUniquelyReferenced(&tip) { tip = Tip(count: tip.count) }
    tip.eliminate(factors.elimination, attached: attached, first: structure.tip)
  }

  /// Replaces `step` by the Newton step at the evaluated voltages.
  ///
  /// - Parameter lent: an elimination to use in place of its own.
  /// - Returns: its largest magnitude, V.
  private func newtonStep(_ lent: Factors?) -> Double {
    step.update(from: inflow, count: structure.freeCount)
    if let used = lent ?? factors {
      used.elimination.forward(step, work: work)
      tip.solve(step, first: structure.tip)
      used.elimination.back(step, work: work)
    }
    var largest = 0.0
    for index in 0..<structure.freeCount {
      let magnitude = step[index].magnitude
      largest = magnitude > largest ? magnitude : largest
    }
    return largest
  }

  /// The voltages of a network whose currents are proportional to them: one elimination, or none where
  /// conductances are those of the last solve or of the twin's. They are found from what drives the
  /// network, not from the voltages before: nothing is subtracted.
  private func solveLinear(beside twin: SolverState?) throws(CircuitError) -> Solution {
    let freeCount = structure.freeCount
    if freeCount == 0 { return Solution(iterations: 0, sweeps: 0) }
    var lent: Factors?
    isForwarded = false
    if let twin, twin.isEliminated, hasConductances(of: twin) {
      lent = twin.factors
      isForwarded = twin.isForwarded && hasSources(of: twin)
      if isForwarded { forwarded.update(from: twin.forwarded, count: freeCount) }
    }
    if lent == nil && !isEliminated {
      entries.update(repeating: .zero, count: structure.entryCount)
      clearGround()
      for index in 0..<linearCount { entries[Int(linears[index].slot)] += conductances[index] }
      eliminate()
      isEliminated = true
    } else if let used = lent ?? factors {
      eliminateTip(used)
    }
    guard let used = lent ?? factors else { return Solution(iterations: 0, sweeps: 0) }
    if !isForwarded {
      forwarded.update(repeating: 0, count: freeCount)
      for index in 0..<attachablePlaces.count {
        let place = Int(attachablePlaces[index])
        if place < structure.tip {
          forwarded[place] = attached[place].x * attached[place].y + injected[place]
        }
      }
      for index in 0..<drivenLinears.count {
        let linear = Int(drivenLinears[index])
        forwarded[Int(linears[linear].low)] +=
          conductances[linear] * voltages[Int(linears[linear].high)]
      }
      used.elimination.forward(forwarded, work: work)
      isForwarded = true
    }
    step.update(from: forwarded, count: freeCount)
    for place in structure.tip..<freeCount {
      step[place] += attached[place].x * attached[place].y + injected[place]
    }
    tip.solve(step, first: structure.tip)
    used.elimination.back(step, work: work)
    let (low, high) = bounds()
    var worst = 0
    for index in 0..<freeCount {
      if !(step[index].magnitude <= step[worst].magnitude) { worst = index }
      voltages[index] = clamp(step[index], low, high)
    }
    // Only an injected current can do that: elsewhere bounds take rounding off.
    guard CircuitError.voltageRange.contains(step[worst]) else {
      _ = evaluate(matrix: false)
      throw .notConverged(
        node: Int(structure.node[worst]), residual: inflow[worst], iterations: 1, sweeps: 0)
    }
    return Solution(iterations: 1, sweeps: 0)
  }

  /// Whether all conductances are a twin's, also those attached before the tip.
  private func hasConductances(of twin: SolverState) -> Bool {
    guard twin.structure === structure, twin.isLinear else { return false }
    for index in 0..<linearCount where conductances[index] != twin.conductances[index] {
      return false
    }
    for index in 0..<attachablePlaces.count {
      let place = Int(attachablePlaces[index])
      if place < structure.tip && attached[place].x != twin.attached[place].x { return false }
    }
    return true
  }

  /// Whether all that drives the network before the tip is a twin's.
  private func hasSources(of twin: SolverState) -> Bool {
    for index in structure.freeCount..<structure.nodeCount
    where voltages[index] != twin.voltages[index] {
      return false
    }
    for index in 0..<attachablePlaces.count {
      let place = Int(attachablePlaces[index])
      if place < structure.tip
        && (attached[place].y != twin.attached[place].y
          || injected[place] != twin.injected[place])
      {
        return false
      }
    }
    return true
  }

  @inline(__always)
  private func clamp(_ value: Double, _ low: Double, _ high: Double) -> Double {
    value < low ? low : (value > high ? high : value)
  }

  /// The free node, by internal number, with the largest residual current, and that current.
  func largestResidual() -> (place: Int, current: Double) {
    var place = 0
    var largest = 0.0
    for index in 0..<structure.freeCount where inflow[index].magnitude > largest {
      largest = inflow[index].magnitude
      place = index
    }
    return (place, largest)
  }

  private func swapBaseAndVoltages() {
    for index in 0..<structure.freeCount { swap(&voltages[index], &base[index]) }
  }

  /// The sum of what the residual currents exceed their rounding errors by.
  private func excessResidual() -> Double {
    for index in 0..<structure.freeCount {
      let source = attached[index]
      let volts = voltages[index].magnitude
      scale[index] =
        source.x * (source.y.magnitude + volts) + OperatingPoint.leak * volts
        + injected[index].magnitude
    }
    for (index, link) in links.enumerated() {
      let from = Int(structure.place[branches[index].from])
      let to = Int(structure.place[branches[index].to])
      let flow = flow(index)
      var size = flow.current.magnitude
      size += flow.slopeFrom * voltages[from].magnitude
      size += flow.slopeTo * voltages[to].magnitude
      if link.kind == .transistor {
        // The overdrive is rounded like the gate voltage.
        size += (flow.slopeFrom + flow.slopeTo) * transistors[Int(link.index)].gate.magnitude
      }
      if from < structure.freeCount { scale[from] += size }
      if to < structure.freeCount { scale[to] += size }
    }
    var sum = 0.0
    for index in 0..<structure.freeCount {
      let excess = inflow[index].magnitude - 4 * Double.ulpOfOne * scale[index]
      if excess > 0 { sum += excess }
    }
    return sum
  }
}
