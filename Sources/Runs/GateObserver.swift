import Files
package import Firmware
import Portable

/// What was done to observe gates.
package enum ObservedEvent: Sendable, Equatable {
  /// A pulse; times in s.
  case pulse(end: Double, width: Double, drives: [Drive])
  /// A reading of every target, V, while sources stood in a pattern.
  case reading(at: Double, pattern: Int, volts: [Double])
}

/// What is known of a board's parts: it makes bounds of the account of the gates, and tells gates anew by what
/// targets read.
package protocol GateObserver {
  /// How many epochs lie between two observations; `nil` for none.
  var period: Int? { get }
  /// What the sources are driven to for an observation, one pattern after the other, V.
  var patterns: [[Double]] { get }
  /// How often each target is read for one reading.
  var repeats: Int { get }
  /// By how much each gate is moved before targets are read again, V, one excursion after the other; gates are
  /// put back after the last.
  var excursions: [[Double]] { get }

  /// How well gates are known.
  ///
  /// - Parameter account: the account of them.
  /// - Returns: that.
  func knowledge(by account: GateAccount) -> KnownGates

  /// Estimates gates anew.
  ///
  /// - Parameters:
  ///   - events: what was done, the last a reading.
  ///   - begin: the gates by the controllers' account at the first, V, and by how much these may be off.
  ///   - estimates: the gates by the controllers' account at the last, V.
  ///   - account: by how much these may be off; becomes that of the new ones.
  /// - Returns: the gates at the last, V; `nil` where the readings fit no gates near the estimates.
  func gates(
    by events: [ObservedEvent], from begin: (estimates: [Double], account: GateAccount),
    to estimates: [Double], _ account: inout GateAccount
  ) -> [Double]?
}

/// How well gates are known that nobody measures.
public struct KnownGates: Sendable, Equatable, Codable {
  /// By how much the estimate of each edge's gate may be off what a probe would read, V: 4.4 standard
  /// deviations, which one of 100 gates exceeds but once in 1,000 boards.
  public var bounds: [Double]
  /// The same of the gate less the transistor's threshold, V: what the network feels.
  public var overdriveBounds: [Double]
  /// Whether a target shows the edge: one that joins driven nodes only, or nodes that no target is joined to,
  /// is never observed.
  public var shown: [Bool]
  /// How often gates were estimated anew from targets' readings.
  public var observations: Int
  /// How often they were not, since the readings fitted no gates near the estimates.
  public var rejected: Int

  /// Makes it.
  package init(
    bounds: [Double], overdriveBounds: [Double], shown: [Bool], observations: Int, rejected: Int
  ) {
    self.bounds = bounds
    self.overdriveBounds = overdriveBounds
    self.shown = shown
    self.observations = observations
    self.rejected = rejected
  }

  private enum CodingKeys: String, CodingKey {
    case bounds = "bounds_V"
    case overdriveBounds = "overdrive_bounds_V"
    case shown, observations, rejected
  }
}

extension Session {
  /// Keeps account of how well gates are known from now on, the board's gates being what the controllers
  /// believe, and has them observed. To be called before anything is done to the board.
  ///
  /// - Parameter observer: what is known of the board's parts.
  package mutating func take(_ observer: any GateObserver) {
    self.observer = observer
    account = GateAccount(edges: controllers.count, time: learner.step.accounted.count)
  }

  /// How well the gates are known; `nil` where nothing is known of the parts.
  package var knownGates: KnownGates? {
    guard let observer, var account else { return nil }
    account.elapse(until: learner.step.accounted.count)
    return observer.knowledge(by: account)
  }

  /// Nothing is known of where the gates stand.
  package mutating func forgetGates() {
    account = account.map {
      GateAccount(
        edges: $0.variances.count, supply: learner.step.law.supply.volts,
        time: learner.step.accounted.count)
    }
  }

  /// Has gates observed that are to be after an epoch.
  ///
  /// - Parameters:
  ///   - epoch: how many epochs are trained.
  ///   - stopping: asked before every pattern.
  /// - Returns: whether it came to the end.
  /// - Throws: what the board throws.
  mutating func observeGates(
    after epoch: Int, stopping: () -> Bool
  ) throws(Board.Failure) -> Bool {
    guard let period = observer?.period, epoch % period == 0 || epoch == plan.epochs else {
      return true
    }
    return try observeGates(stopping: stopping)
  }

  /// Estimates the gates anew by what targets read while sources stand in patterns, and again with gates moved,
  /// where the observer has excursions; they are put back, also where `stopping` ends it. Where the readings fit
  /// no gates near the estimates, these stay.
  ///
  /// - Parameter stopping: asked before every pattern.
  /// - Returns: whether it came to the end.
  /// - Throws: what the board throws.
  package mutating func observeGates(
    stopping: () -> Bool = { false }
  ) throws(Board.Failure) -> Bool {
    guard let observer, account != nil else { return true }
    try accountTime()
    let begin = (estimates: controllers.map(\.gate.volts), account: account!)
    let places = controllers.map(\.gate)
    var events: [ObservedEvent] = []
    guard try readTargets(of: observer, into: &events, stopping: stopping) else { return false }
    for excursion in observer.excursions {
      let goals = zip(places, excursion).map { $0 + Voltage(volts: $1) }
      // Where exactly gates stop does not matter.
      try move(to: goals, shortest: learner.step.longestPulse.half.half, keeping: &events)
      if try !readTargets(of: observer, into: &events, stopping: stopping) {
        try move(to: places, keeping: &events)
        return false
      }
    }
    if !observer.excursions.isEmpty {
      try move(to: places, keeping: &events)
      guard try readTargets(of: observer, into: &events, stopping: stopping) else { return false }
    }
    try accountTime()
    var next = account!
    if let gates = observer.gates(
      by: events, from: begin, to: controllers.map(\.gate.volts), &next)
    {
      next.observations += 1
      account = next
      for (edge, volts) in gates.enumerated() {
        learner.controllers[edge].gate = Voltage(volts: volts)
      }
    } else {
      account?.rejected += 1
    }
    return true
  }

  /// Accounts for what gates have leaked up to now.
  private mutating func accountTime() throws(Board.Failure) {
    learner.accountLeakage(until: try board.now())
    account?.elapse(until: learner.step.accounted.count)
  }

  /// Reads targets while sources stand in one of an observer's patterns after the other.
  ///
  /// - Parameters:
  ///   - observer: the observer.
  ///   - events: takes the readings.
  ///   - stopping: asked before every pattern.
  /// - Returns: whether it came to the end.
  /// - Throws: what the board throws.
  private mutating func readTargets(
    of observer: any GateObserver, into events: inout [ObservedEvent], stopping: () -> Bool
  ) throws(Board.Failure) -> Bool {
    for (number, pattern) in observer.patterns.enumerated() {
      if stopping() { return false }
      for (source, volts) in pattern.enumerated() {
        try board.drive(source: source, at: Voltage(volts: volts))
      }
      try board.settle()
      var means: [Double] = []
      for target in 0..<problem.layout.channels {
        var sum = 0.0
        for _ in 0..<observer.repeats { sum += try board.measure(target: target).volts }
        means.append(sum / Double(observer.repeats))
      }
      events.append(.reading(at: try board.now().seconds, pattern: number, volts: means))
    }
    return true
  }

  /// Brings gates to voltages as programming does, and keeps every pulse.
  ///
  /// - Parameters:
  ///   - goals: the voltages.
  ///   - shortest: no pulse is as short as this.
  ///   - events: takes the pulses.
  /// - Throws: what the board throws.
  private mutating func move(
    to goals: [Voltage], shortest: Nanoseconds = .microseconds(16),
    keeping events: inout [ObservedEvent]
  ) throws(Board.Failure) {
    let before = controllers
    let law = learner.step.law
    var pulses = 0
    var width = learner.step.longestPulse
    while shortest < width {
      let drives = zip(controllers, goals).map {
        $0.drive(toward: $1.limited(law.lowest, law.highest), width: width, law: law)
      }
      // A board whose gates leak faster than a pulse moves them would never come to its goals.
      if pulses == 400 { break }
      if drives.allSatisfy({ $0 == .hold }) {
        width = width.half
        continue
      }
      let lasted = try board.pulse(width: width, drives: drives.span)
      for (edge, drive) in drives.enumerated() {
        learner.controllers[edge].account(drive, width: lasted, law: law)
      }
      let end = try board.now()
      learner.accountLeakage(until: end)
      events.append(.pulse(end: end.seconds, width: lasted.seconds, drives: drives))
      pulses += 1
    }
    account(for: pulses, from: before)
  }

  /// Takes what a training step did into the account of the gates.
  ///
  /// - Parameter report: what it did.
  mutating func account(for report: StepReport) {
    guard .zero < report.learned, var account else { return }
    let width = report.learned.seconds
    for (edge, drive) in learner.drives.enumerated() where drive != .hold {
      let controller = controllers[edge]
      let constant =
        Double(drive == .charge ? controller.chargeConstant : controller.dischargeConstant) * 1e-9
      account.drive(
        edge, drive, rest: Elementary.exp(-width / constant),
        distance: distance(drive, from: controller.gate),
        jitter: description.timing.operation / constant)
    }
    account.elapse(until: learner.step.accounted.count)
    self.account = account
  }

  /// Takes a series of pulses that brought gates from where they were believed to where they are now into
  /// the account.
  ///
  /// - Parameters:
  ///   - pulses: how many pulses there were.
  ///   - before: the controllers before.
  mutating func account(for pulses: Int, from before: [EdgeController]) {
    guard var account else { return }
    account.elapse(until: learner.step.accounted.count)
    for (edge, controller) in controllers.enumerated() {
      let move = (controller.gate - before[edge].gate).volts
      if move == 0 { continue }
      let drive: Drive = move > 0 ? .charge : .discharge
      let rest = distance(drive, from: controller.gate)
      let constant =
        Double(drive == .charge ? controller.chargeConstant : controller.dischargeConstant) * 1e-9
      account.drive(
        edge, drive, rest: rest / (rest + move.magnitude), distance: rest,
        jitter: description.timing.operation / constant * Double(pulses).squareRoot())
    }
    self.account = account
  }

  /// How far a gate is from where a drive would bring it, V.
  private func distance(_ drive: Drive, from gate: Voltage) -> Double {
    let law = learner.step.law
    let end = drive == .charge ? law.supply - law.drop(at: law.supply - gate) : law.drop(at: gate)
    return max((end - gate).volts.magnitude, 1e-3)
  }
}
