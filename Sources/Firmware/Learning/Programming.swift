extension TrainingStep {
  /// Brings every gate to a wanted voltage by pulses alone, as the estimates have it: a series of
  /// pulses whose width is halved from the longest to `shortest`. Each is repeated while an edge is
  /// further from its goal than half of what the pulse would do, and drives just those edges, so
  /// that different edges get different changes from pulses of one width.
  ///
  /// Every edge ends within one shortest pulse's change (of 16 us at most 0.3 mV for RC = 0.22 s)
  /// of its goal by its own estimate, or at what `limit` pulses reach. Goals outside the law's
  /// limits are brought to the limit.
  ///
  /// - Parameters:
  ///   - goals: the wanted gate voltages; edges beyond it stay as they are.
  ///   - board: the board.
  ///   - edges: a controller for each learning edge.
  ///   - drives: scratch, one for each learning edge.
  ///   - shortest: no pulse is as short as this.
  ///   - limit: the largest number of pulses.
  ///   - stopping: asked before every pulse; no more come once it says so.
  /// - Returns: the number of pulses.
  /// - Throws: what the board throws; the estimates are then those of the last whole pulse.
  @inlinable
  @_lifetime(edges: copy edges)
  @_lifetime(drives: copy drives)
  public mutating func program<Board: LearningBoard & ~Copyable>(
    _ goals: Span<Voltage>, on board: inout Board, edges: inout MutableSpan<EdgeController>,
    drives: inout MutableSpan<Drive>, shortest: Nanoseconds = .microseconds(16), limit: Int = 1000,
    stopping: () -> Bool = { false }
  ) throws(Board.Failure) -> Int {
    var pulses = 0
    var width = longestPulse
    while shortest < width {
      var moving = pulses < limit
      while moving {
        moving = false
        var edge = 0
        while edge < drives.count {
          drives[unchecked: edge] = .hold
          if edge < edges.count && edge < goals.count {
            let goal = goals[unchecked: edge].limited(law.lowest, law.highest)
            let drive = edges[unchecked: edge].drive(toward: goal, width: width, law: law)
            drives[unchecked: edge] = drive
            if drive != .hold { moving = true }
          }
          edge = edge &+ 1
        }
        if moving {
          if stopping() { return pulses }
          let lasted = try board.pulse(width: width, drives: drives.span)
          account(lasted, edges: &edges, drives: drives)
          accountLeakage(until: try board.now(), edges: &edges)
          pulses = pulses &+ 1
          if pulses >= limit { moving = false }
        }
      }
      width = width.half
    }
    return pulses
  }
}

extension EdgeController {
  /// The drive that brings the gate nearer to a goal by a pulse of this width; hold where the pulse
  /// would leave it further away.
  @inlinable
  public func drive(toward goal: Voltage, width: Nanoseconds, law: DriveLaw) -> Drive {
    let missing = goal - gate
    if missing == .zero { return .hold }
    let drive: Drive = missing < .zero ? .discharge : .charge
    var after = self
    after.account(drive, width: width, law: law)
    return (goal - after.gate).magnitude < missing.magnitude ? drive : .hold
  }
}
