/// What a training step did.
public struct StepReport: Sendable, Equatable {
  /// How the outputs compared with what was wanted, before learning.
  public var verdict: Verdict
  /// For how long learning truly was on; zero when there was nothing to learn.
  public var learned: Nanoseconds
  /// How many edges were driven; zero on boards whose edges follow their own rule.
  public var driven: Int

  /// Makes a report.
  @inlinable
  public init(verdict: Verdict, learned: Nanoseconds, driven: Int) {
    self.verdict = verdict
    self.learned = learned
    self.driven = driven
  }
}

/// The training step that runs on every learning board: present, settle, measure, clamp, settle,
/// compare, decide, pulse, account.
///
/// It owns no storage: the caller lends the edges' controllers and the scratch for targets,
/// comparisons and drives. Entries beyond a lent span are left out, so that nothing can trap.
public struct TrainingStep: Sendable {
  /// The rule.
  public var rule: Rule
  /// What outputs are wanted to do.
  public var objective: Objective
  /// How channels make outputs.
  public var layout: OutputLayout
  /// What the edges' drives share.
  public var law: DriveLaw
  /// The random choices of desynchronous learning.
  public var chance: Chance
  /// No pulse is longer than this: 0.8 of the board's own timer, which varies with its parts.
  public var longestPulse: Nanoseconds
  /// Pulses shorter than this are left out; the clock's and the lines' own pace hides them.
  public var shortestPulse: Nanoseconds
  /// The time up to which the gates' leakage is accounted for.
  public var accounted: Nanoseconds

  /// Makes a step for a board whose own timer ends a pulse after `timer`.
  @inlinable
  public init(
    rule: Rule, objective: Objective, layout: OutputLayout, law: DriveLaw, chance: Chance,
    timer: Nanoseconds, accounted: Nanoseconds = .zero
  ) {
    self.rule = rule
    self.objective = objective
    self.layout = layout
    self.law = law
    self.chance = chance
    longestPulse = timer.scaled(by: Fraction(4, of: 5))
    shortestPulse = .microseconds(1)
    self.accounted = accounted
  }

  /// Presents inputs and measures the free twin's targets.
  @inlinable
  @_lifetime(targets: copy targets)
  public func evaluate<Board: LearningBoard & ~Copyable>(
    on board: inout Board, inputs: Span<Voltage>, targets: inout MutableSpan<Voltage>
  ) throws(Board.Failure) {
    var source = 0
    while source < inputs.count {
      try board.drive(source: source, at: inputs[unchecked: source])
      source = source &+ 1
    }
    try board.settle()
    var target = 0
    while target < layout.channels && target < targets.count {
      targets[unchecked: target] = try board.measure(target: target)
      target = target &+ 1
    }
  }

  /// One training step on one sample.
  ///
  /// - Parameters:
  ///   - board: the board.
  ///   - index: the step's number; with `chance` it fixes the random choices.
  ///   - inputs: a voltage for each source channel.
  ///   - wanted: what the outputs are to be.
  ///   - labels: a voltage for each output; empty when a class is wanted.
  ///   - edges: a controller for each learning edge; empty where edges follow their own rule.
  ///   - targets: scratch, a voltage for each target channel; holds the measured ones afterwards.
  ///   - comparisons: scratch, one for each learning edge.
  ///   - drives: scratch, one for each learning edge; holds what was driven afterwards.
  /// - Returns: what the step did.
  /// - Throws: what the board throws; the gates' account is then that of the last whole pulse.
  @inlinable
  @_lifetime(edges: copy edges)
  @_lifetime(targets: copy targets)
  @_lifetime(comparisons: copy comparisons)
  @_lifetime(drives: copy drives)
  public mutating func run<Board: LearningBoard & ~Copyable>(
    on board: inout Board, index: UInt32, inputs: Span<Voltage>, wanted: Wanted,
    labels: Span<Voltage>, edges: inout MutableSpan<EdgeController>,
    targets: inout MutableSpan<Voltage>, comparisons: inout MutableSpan<Comparison>,
    drives: inout MutableSpan<Drive>
  ) throws(Board.Failure) -> StepReport {
    try evaluate(on: &board, inputs: inputs, targets: &targets)
    let verdict = objective.judge(targets.span, layout: layout, wanted: wanted, labels: labels)
    var width = rule.width(error: verdict.error)
    if longestPulse < width { width = longestPulse }
    if width < shortestPulse || !objective.asks(verdict) || rule.ignores(verdict.error) {
      return StepReport(verdict: verdict, learned: .zero, driven: 0)
    }

    let nudge =
      rule.dithered
      ? rule.nudge.scaled(by: Fraction(units: chance.bits(step: index, device: .max))) : rule.nudge
    try clamp(
      on: &board, by: nudge, verdict: verdict, labels: labels, targets: targets.span,
      mirrored: false)
    try board.settle()
    var driven = 0
    if !board.abilities.contains(.analogRule) {
      try board.compare(into: &comparisons)
      decide(index: index, edges: edges, comparisons: comparisons, drives: &drives)
      if rule.weighted {
        weigh(index: index, inputs: inputs, targets: targets.span, edges: edges, drives: &drives)
      }
      if rule.contrast == .centred {
        try clamp(
          on: &board, by: nudge, verdict: verdict, labels: labels, targets: targets.span,
          mirrored: true)
        try board.settle()
        try board.compare(into: &comparisons)
        holdUnturned(edges: edges, comparisons: comparisons, drives: &drives)
      }
      driven = count(drives, edges: edges.count)
      if driven == 0 { return StepReport(verdict: verdict, learned: .zero, driven: 0) }
    }

    let learned = try board.pulse(width: width, drives: drives.span)
    account(learned, edges: &edges, drives: drives)
    accountLeakage(until: try board.now(), edges: &edges)
    return StepReport(verdict: verdict, learned: learned, driven: driven)
  }

  /// Clamps the targets whose output is to move and releases the others. `mirrored` clamps on the
  /// far side of the free voltage by as much, as far as the rails allow.
  @inlinable
  func clamp<Board: LearningBoard & ~Copyable>(
    on board: inout Board, by nudge: Nudge, verdict: Verdict, labels: Span<Voltage>,
    targets: Span<Voltage>, mirrored: Bool
  ) throws(Board.Failure) {
    var channel = 0
    while channel < layout.channels && channel < targets.count {
      let output = layout.differential ? channel / 2 : channel
      var correction = objective.correction(
        output: output, of: targets, layout: layout, verdict: verdict, labels: labels)
      // The two channels of a difference share the correction, in opposite directions.
      if layout.differential {
        correction = channel & 1 == 1 ? correction.half : -correction.half
      }
      if correction == .zero {
        try board.release(target: channel)
      } else {
        let free = targets[unchecked: channel]
        var voltage = rule.clamp(free: free, correction: correction, by: nudge)
        if mirrored { voltage = (free + free - voltage).limited(rule.lowest, rule.highest) }
        try board.clamp(target: channel, at: voltage)
      }
      channel = channel &+ 1
    }
  }

  /// Turns comparisons into drives, for the edges that take part.
  @inlinable
  @_lifetime(drives: copy drives)
  func decide(
    index: UInt32, edges: borrowing MutableSpan<EdgeController>,
    comparisons: borrowing MutableSpan<Comparison>, drives: inout MutableSpan<Drive>
  ) {
    var edge = 0
    while edge < drives.count {
      var drive = Drive.hold
      if edge < edges.count && edge < comparisons.count
        && chance.happens(rule.probability, step: index, device: Wide.counter(edge))
      {
        drive = edges[unchecked: edge].decide(comparisons[unchecked: edge], law: law)
        // The other half of the steps' numbers, so that the two choices are independent.
        if rule.balanced
          && !chance.happens(
            edges[unchecked: edge].share(of: drive, law: law), step: ~index,
            device: Wide.counter(edge))
        {
          drive = .hold
        }
      }
      drives[unchecked: edge] = drive
      edge = edge &+ 1
    }
  }

  /// Holds edges between known nodes so often that each takes part in proportion to the voltage
  /// across it; the one with the largest always does.
  @inlinable
  @_lifetime(drives: copy drives)
  func weigh(
    index: UInt32, inputs: Span<Voltage>, targets: Span<Voltage>,
    edges: borrowing MutableSpan<EdgeController>, drives: inout MutableSpan<Drive>
  ) {
    var largest = Voltage.zero
    var edge = 0
    while edge < edges.count {
      if let drop = edges[unchecked: edge].drop(inputs: inputs, targets: targets), largest < drop {
        largest = drop
      }
      edge = edge &+ 1
    }
    edge = 0
    while edge < edges.count && edge < drives.count {
      if let drop = edges[unchecked: edge].drop(inputs: inputs, targets: targets), drop < largest,
        // A third row of the steps' numbers, independent of the other choices.
        !chance.happens(
          Fraction(drop, of: largest), step: index ^ 0x5555_5555, device: Wide.counter(edge))
      {
        drives[unchecked: edge] = .hold
      }
      edge = edge &+ 1
    }
  }

  /// Holds every edge whose second comparison, with the nudge mirrored, asks for the same direction
  /// as the first did: what it saw was its offset, not the signal.
  @inlinable
  @_lifetime(drives: copy drives)
  func holdUnturned(
    edges: borrowing MutableSpan<EdgeController>,
    comparisons: borrowing MutableSpan<Comparison>, drives: inout MutableSpan<Drive>
  ) {
    var edge = 0
    while edge < drives.count && edge < comparisons.count {
      let second: Drive = comparisons[unchecked: edge].clampedDropIsLarger ? .discharge : .charge
      if drives[unchecked: edge] == second { drives[unchecked: edge] = .hold }
      edge = edge &+ 1
    }
  }

  /// How many of the edges are driven.
  @inlinable
  func count(_ drives: borrowing MutableSpan<Drive>, edges: Int) -> Int {
    var driven = 0
    var edge = 0
    while edge < drives.count && edge < edges {
      if drives[unchecked: edge] != .hold { driven = driven &+ 1 }
      edge = edge &+ 1
    }
    return driven
  }

  /// Accounts for a pulse in every driven edge's estimate.
  @inlinable
  @_lifetime(edges: copy edges)
  func account(
    _ width: Nanoseconds, edges: inout MutableSpan<EdgeController>,
    drives: borrowing MutableSpan<Drive>
  ) {
    var edge = 0
    while edge < edges.count && edge < drives.count {
      edges[unchecked: edge].account(drives[unchecked: edge], width: width, law: law)
      edge = edge &+ 1
    }
  }

  /// Accounts for the gates' leakage up to a time, in whole ticks of 2^24 ns: so a tick's loss is
  /// many units and rounding does not add up. The estimate is late by at most a tick's loss,
  /// 0.08 mV at 5 mV/s.
  @inlinable
  @_lifetime(edges: copy edges)
  public mutating func accountLeakage(
    until now: Nanoseconds, edges: inout MutableSpan<EdgeController>
  ) {
    let ticks = (now - accounted).count &>> 24
    if ticks <= 0 { return }
    accounted = accounted + Nanoseconds(ticks &<< 24)
    let whole = Wide.saturate(ticks)
    var edge = 0
    while edge < edges.count {
      edges[unchecked: edge].leak(ticks: whole)
      edge = edge &+ 1
    }
  }
}
