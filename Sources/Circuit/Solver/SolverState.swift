import Elements
import Portable

/// Everything a solve reads and writes, in memory of its own: the hot loops run over bare pointers
/// and allocate nothing. An `OperatingPoint` copies it before writing when another copy still holds
/// it.
///
/// The unknowns are the voltages of the free nodes, the equations the currents F into them. Each
/// element's current is f(V_b) - f(V_a) with f falling, so A = -dF/dV has positive diagonal, the
/// other entries are not positive and every column adds up to its conductance to ground: driven
/// nodes, attached sources and leak. Only the magnitudes m of the entries beside the diagonal and
/// those conductances to ground are kept; each pivot is the sum of what remains in its column
/// (Grassmann, Taksar and Heyman, "Regenerative analysis and steady state distributions for Markov
/// chains", 1985). Nothing is ever subtracted, so a group of nodes that hangs on a leak alone is
/// solved as accurately as any other.
final class SolverState: @unchecked Sendable {
  // Sendable by hand: written only while one operating point holds the sole reference.
  enum Kind: UInt8 { case transistor, linear, nonlinear }

  struct Linear {
    var low: Int32
    var high: Int32
    var slot: Int32
    var conductance: Double
  }

  /// An element with a current that depends on the voltage between its ends alone.
  struct Nonlinear: BitwiseCopyable {
    var low: Int32
    var high: Int32
    var slot: Int32
    /// Whether the element's first end is the one with the higher internal number.
    var reversed: Bool
    var law: NonlinearLaw
  }

  /// A branch as the sweeps and the read-outs see it.
  struct Link {
    var kind: Kind
    /// Whether the branch's `from` is the end with the higher internal number.
    var reversed: Bool
    /// Its place among those of its kind.
    var index: Int32
  }

  let plan: EliminationPlan
  let law: ThresholdLaw
  /// The law in force: other than `law` only while the fallback rounds off the thresholds.
  var activeLaw: ThresholdLaw
  /// The branches as given; gate voltages are up to date in `transistors` only.
  var branches: [Branch]
  var links: [Link]

  let transistorCount: Int
  let linearCount: Int
  let nonlinearCount: Int
  let transistors: UnsafeMutablePointer<PreparedTransistor>
  let linears: UnsafeMutablePointer<Linear>
  let nonlinears: UnsafeMutablePointer<Nonlinear>

  /// Voltages by internal number.
  let voltages: UnsafeMutablePointer<Double>
  /// Net current into every node from branches, leak and attached sources.
  let inflow: UnsafeMutablePointer<Double>
  /// Newton step, and where it started, of the free nodes.
  let step: UnsafeMutablePointer<Double>
  let base: UnsafeMutablePointer<Double>
  /// Conductance and voltage of the source attached to a free node.
  let attached: UnsafeMutablePointer<SIMD2<Double>>
  /// Current injected into each free node.
  let injected: UnsafeMutablePointer<Double>
  /// Pivots of the last elimination: what a transposed solve needs beside the entries.
  let pivots: UnsafeMutablePointer<Double>
  /// Entry pairs (m of the later row, m of the later column), then one per free node with the
  /// conductance to driven nodes in its first lane, then one that nobody reads.
  let entries: UnsafeMutablePointer<SIMD2<Double>>
  /// Right-hand side and conductance to ground of the free nodes during elimination.
  let sides: UnsafeMutablePointer<SIMD2<Double>>
  /// The plan's lists once more, without bounds checks.
  let start: UnsafeMutablePointer<Int32>
  let reach: UnsafeMutablePointer<Int32>
  let targets: UnsafeMutablePointer<Int32>
  /// Branches at each node: `incident[incidentStart[i] ..< incidentStart[i + 1]]`.
  let incidentStart: [Int32]
  let incident: [Int32]

  init(plan: EliminationPlan, branches: [Branch], law: ThresholdLaw) {
    self.plan = plan
    self.branches = branches
    self.law = law
    activeLaw = law
    var transistors: [PreparedTransistor] = []
    var linears: [Linear] = []
    var nonlinears: [Nonlinear] = []
    var links: [Link] = []
    var degree = [Int32](repeating: 0, count: plan.nodeCount + 1)
    for branch in branches {
      let from = plan.place[branch.from]
      let to = plan.place[branch.to]
      let low = min(from, to)
      let high = max(from, to)
      let slot = plan.slot(low: low, high: high)
      degree[Int(low) + 1] += 1
      degree[Int(high) + 1] += 1
      func addLinear(_ conductance: Double) {
        links.append(Link(kind: .linear, reversed: from > to, index: Int32(linears.count)))
        linears.append(Linear(low: low, high: high, slot: slot, conductance: conductance))
      }
      switch branch.element {
      case .transistor(let transistor, let gate):
        var prepared = PreparedTransistor(transistor, gate: gate, law: law)
        (prepared.low, prepared.high, prepared.slot) = (low, high, slot)
        links.append(
          Link(kind: .transistor, reversed: from > to, index: Int32(transistors.count)))
        transistors.append(prepared)
      case .fixed(let element):
        switch element.kind.law {
        case .linear(let ohms): addLinear(1 / ohms)
        case .nonlinear(let law):
          links.append(Link(kind: .nonlinear, reversed: from > to, index: Int32(nonlinears.count)))
          nonlinears.append(
            Nonlinear(low: low, high: high, slot: slot, reversed: from > to, law: law))
        }
      case .open: addLinear(0)
      }
    }
    for index in 1...plan.nodeCount { degree[index] += degree[index - 1] }
    var cursor = degree
    var incident = [Int32](repeating: 0, count: 2 * branches.count)
    for (index, branch) in branches.enumerated() {
      for node in [branch.from, branch.to] {
        let place = Int(plan.place[node])
        incident[Int(cursor[place])] = Int32(index)
        cursor[place] += 1
      }
    }
    incidentStart = degree
    self.incident = incident
    self.links = links
    transistorCount = transistors.count
    linearCount = linears.count
    nonlinearCount = nonlinears.count
    // The transistors are evaluated two at a time: a device of no strength fills the last pair.
    if transistors.count % 2 == 1 {
      var filler = PreparedTransistor()
      filler.slot = Int32(plan.entryCount + plan.freeCount)
      transistors.append(filler)
    }
    self.transistors = Self.memory(transistors)
    self.linears = Self.memory(linears)
    self.nonlinears = Self.memory(nonlinears)
    start = Self.memory(plan.start)
    reach = Self.memory(plan.reach)
    targets = Self.memory(plan.targets)
    voltages = Self.memory(repeating: 0, count: plan.nodeCount)
    inflow = Self.memory(repeating: 0, count: plan.nodeCount)
    step = Self.memory(repeating: 0, count: plan.freeCount)
    base = Self.memory(repeating: 0, count: plan.freeCount)
    attached = Self.memory(repeating: .zero, count: plan.freeCount)
    injected = Self.memory(repeating: 0, count: plan.freeCount)
    pivots = Self.memory(repeating: 0, count: plan.freeCount)
    entries = Self.memory(repeating: .zero, count: plan.entryCount + plan.freeCount + 1)
    sides = Self.memory(repeating: .zero, count: plan.freeCount)
  }

  deinit {
    transistors.deallocate()
    linears.deallocate()
    nonlinears.deallocate()
    voltages.deallocate()
    inflow.deallocate()
    step.deallocate()
    base.deallocate()
    attached.deallocate()
    injected.deallocate()
    pivots.deallocate()
    entries.deallocate()
    sides.deallocate()
    start.deallocate()
    reach.deallocate()
    targets.deallocate()
  }

  private static func memory<Value: BitwiseCopyable>(
    _ values: [Value]
  ) -> UnsafeMutablePointer<Value> {
    let pointer = UnsafeMutablePointer<Value>.allocate(capacity: max(values.count, 1))
    for (index, value) in values.enumerated() { (pointer + index).initialize(to: value) }
    return pointer
  }

  private static func memory<Value: BitwiseCopyable>(
    repeating value: Value, count: Int
  ) -> UnsafeMutablePointer<Value> {
    let pointer = UnsafeMutablePointer<Value>.allocate(capacity: max(count, 1))
    pointer.initialize(repeating: value, count: max(count, 1))
    return pointer
  }

  /// The branches with their present gate voltages.
  var currentBranches: [Branch] {
    var result = branches
    for (index, link) in links.enumerated() where link.kind == .transistor {
      if case .transistor(let transistor, _) = result[index].element {
        result[index].element = .transistor(
          transistor, gate: transistors[Int(link.index)].gate)
      }
    }
    return result
  }

  /// A state of the same contents; `replacing` exchanges one branch's element.
  func copy(replacing branch: Int? = nil, by element: Element = .open) -> SolverState {
    var branches = currentBranches
    if let branch { branches[branch].element = element }
    let result = SolverState(plan: plan, branches: branches, law: law)
    result.voltages.update(from: voltages, count: plan.nodeCount)
    result.attached.update(from: attached, count: plan.freeCount)
    result.injected.update(from: injected, count: plan.freeCount)
    return result
  }

  // MARK: Evaluation

  /// Currents, matrix entries and conductances to ground at the present voltages; returns the sum
  /// of the magnitudes of the residual currents.
  func evaluate() -> Double {
    let freeCount = plan.freeCount
    let entryCount = plan.entryCount
    for index in 0..<entryCount { entries[index] = .zero }
    for index in 0..<freeCount {
      let source = attached[index]
      let volts = voltages[index]
      inflow[index] = source.x * (source.y - volts) - OperatingPoint.leak * volts + injected[index]
      entries[entryCount + index] = SIMD2(OperatingPoint.leak + source.x, 0)
    }
    for index in freeCount..<plan.nodeCount { inflow[index] = 0 }

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
      let first = transistors + index
      let second = first + 1
      let (low, high) = (Int(first.pointee.low), Int(first.pointee.high))
      let (low2, high2) = (Int(second.pointee.low), Int(second.pointee.high))
      let volts = SIMD4(voltages[low], voltages[high], voltages[low2], voltages[high2])
      let offset = SIMD4(
        lowHalf: SIMD2(repeating: first.pointee.offset),
        highHalf: SIMD2(repeating: second.pointee.offset))
      let steepness = SIMD4(
        lowHalf: SIMD2(repeating: first.pointee.steepness),
        highHalf: SIMD2(repeating: second.pointee.steepness))
      let ramp = Elementary.softplus(offset - steepness * volts)
      let product = ramp.value * ramp.slope
      let (a, b, c, d) = (ramp.value[0], ramp.value[1], ramp.value[2], ramp.value[3])
      add(
        first.pointee.low, first.pointee.high, first.pointee.slot,
        first.pointee.currentScale * ((b - a) * (b + a)),
        product.lowHalf * first.pointee.slopeScale)
      add(
        second.pointee.low, second.pointee.high, second.pointee.slot,
        second.pointee.currentScale * ((d - c) * (d + c)),
        product.highHalf * second.pointee.slopeScale)
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

  // MARK: Linear solution

  /// Replaces `step` by the Newton step at the evaluated voltages and returns its largest
  /// magnitude. Uses up the entries.
  func newtonStep(damping: Double) -> Double {
    let freeCount = plan.freeCount
    let grounds = entries + plan.entryCount
    for index in 0..<freeCount { sides[index] = SIMD2(inflow[index], grounds[index].x + damping) }
    var target = targets
    for k in 0..<freeCount {
      let begin = Int(start[k])
      let end = Int(start[k + 1])
      let side = sides[k]
      var pivot = side.y
      for p in begin..<end { pivot += entries[p].x }
      pivots[k] = pivot
      let inverse = 1 / pivot
      let scaled = SIMD2(side.x * inverse, side.y)
      step[k] = scaled.x
      for p in begin..<end {
        let entry = entries[p] * SIMD2(1, inverse)
        entries[p] = entry
        sides[Int(reach[p])] += entry * scaled
      }
      var p = begin
      while p < end {
        let pair = entries[p]
        let swapped = SIMD2(pair.y, pair.x)
        var q = p + 1
        while q < end {
          entries[Int(target.pointee)] += entries[q] * swapped
          target += 1
          q += 1
        }
        p += 1
      }
    }
    var largest = 0.0
    var k = freeCount - 1
    while k >= 0 {
      var value = step[k]
      for p in Int(start[k])..<Int(start[k + 1]) { value += entries[p].y * step[Int(reach[p])] }
      step[k] = value
      largest = value.magnitude > largest ? value.magnitude : largest
      k -= 1
    }
    return largest
  }

  /// The reaction of all branches to their ends' voltages, at the present ones, with the matrix
  /// eliminated. Uses up the entries.
  func linearisation() -> Linearisation {
    _ = evaluate()
    _ = newtonStep(damping: 0)
    var slopes: [SIMD2<Double>] = []
    slopes.reserveCapacity(links.count)
    for index in links.indices {
      let flow = flow(index)
      slopes.append(SIMD2(flow.slopeFrom, flow.slopeTo))
    }
    var gateSlopes = [Double](repeating: 0, count: links.count)
    for (index, link) in links.enumerated() where link.kind == .transistor {
      let device = transistors + Int(link.index)
      let slope = device.pointee.steepness / device.pointee.inverseWidth
      gateSlopes[index] = (slopes[index].y - slopes[index].x) / slope
    }
    return Linearisation(
      plan: plan, entries: Array(UnsafeBufferPointer(start: entries, count: plan.entryCount)),
      pivots: Array(UnsafeBufferPointer(start: pivots, count: plan.freeCount)), slopes: slopes,
      gateSlopes: gateSlopes)
  }

  // MARK: Damped Newton

  /// The voltages between which every solution lies: no element here is a source, so no free node
  /// leaves the range of driven nodes, attached sources and the ground of the leak.
  private func bounds() -> (low: Double, high: Double) {
    var low = 0.0
    var high = 0.0
    for index in plan.freeCount..<plan.nodeCount {
      low = min(low, voltages[index])
      high = max(high, voltages[index])
    }
    for index in 0..<plan.freeCount where attached[index].x > 0 {
      low = min(low, attached[index].y)
      high = max(high, attached[index].y)
    }
    // An injected current is the one thing that can lift a node beyond what drives the network.
    for index in 0..<plan.freeCount where injected[index] != 0 {
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
      node: Int(plan.node[worst.place]), residual: worst.current, iterations: effort.iterations,
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
      let place = transistors + Int(link.index)
      place.pointee.setWidth(width, of: transistor)
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
    let freeCount = plan.freeCount
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
    for index in 0..<plan.freeCount where inflow[index].magnitude > largest {
      largest = inflow[index].magnitude
      place = index
    }
    return (place, largest)
  }

  private func swapBaseAndVoltages() {
    for index in 0..<plan.freeCount { swap(&voltages[index], &base[index]) }
  }

  /// The sum of what the residual currents exceed their rounding errors by.
  private func excessResidual() -> Double {
    for index in 0..<plan.freeCount {
      let source = attached[index]
      let volts = voltages[index].magnitude
      sides[index].x =
        source.x * (source.y.magnitude + volts) + OperatingPoint.leak * volts
        + injected[index].magnitude
    }
    for (index, link) in links.enumerated() {
      let from = Int(plan.place[branches[index].from])
      let to = Int(plan.place[branches[index].to])
      let flow = flow(index)
      var scale = flow.current.magnitude
      scale += flow.slopeFrom * voltages[from].magnitude
      scale += flow.slopeTo * voltages[to].magnitude
      if link.kind == .transistor {
        // The overdrive is rounded like the gate voltage.
        scale += (flow.slopeFrom + flow.slopeTo) * transistors[Int(link.index)].gate.magnitude
      }
      if from < plan.freeCount { sides[from].x += scale }
      if to < plan.freeCount { sides[to].x += scale }
    }
    var sum = 0.0
    for index in 0..<plan.freeCount {
      let excess = inflow[index].magnitude - 4 * Double.ulpOfOne * sides[index].x
      if excess > 0 { sum += excess }
    }
    return sum
  }

  // MARK: Fallback

  /// One sweep of nonlinear Gauss-Seidel: every free node in turn moves to where its own current
  /// balance vanishes. For networks like these the sweeps converge from anywhere (Rheinboldt, "On
  /// M-functions and their application to nonlinear Gauss-Seidel iterations", 1970), but slowly.
  private func sweep(_ low: Double, _ high: Double) {
    for place in 0..<plan.freeCount {
      var below = low
      var above = high
      var volts = voltages[place]
      for _ in 0..<100 {
        voltages[place] = volts
        let balance = balance(place)
        if balance.current == 0 { break }
        if balance.current > 0 { below = volts } else { above = volts }
        var next = volts + balance.current / balance.conductance
        if !(next > below && next < above) { next = below + 0.5 * (above - below) }
        let change = (next - volts).magnitude
        volts = next
        if change < 1e-14 { break }
      }
      voltages[place] = volts
    }
  }

  /// The current into a free node at the present voltages and how fast it falls with the node's
  /// own.
  private func balance(_ place: Int) -> (current: Double, conductance: Double) {
    let source = attached[place]
    let volts = voltages[place]
    var current = source.x * (source.y - volts) - OperatingPoint.leak * volts + injected[place]
    var conductance = source.x + OperatingPoint.leak
    for cursor in Int(incidentStart[place])..<Int(incidentStart[place + 1]) {
      let index = Int(incident[cursor])
      let outward = Int(plan.place[branches[index].from]) == place
      let flow = flow(index)
      current += outward ? -flow.current : flow.current
      conductance += outward ? flow.slopeFrom : flow.slopeTo
    }
    return (current, conductance)
  }

  /// The current of a branch from `from` to `to` at the present voltages, and its slopes.
  func flow(_ index: Int) -> (current: Double, slopeFrom: Double, slopeTo: Double) {
    let link = links[index]
    let from = voltages[Int(plan.place[branches[index].from])]
    let to = voltages[Int(plan.place[branches[index].to])]
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
    let from = voltages[Int(plan.place[branches[index].from])]
    let to = voltages[Int(plan.place[branches[index].to])]
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
