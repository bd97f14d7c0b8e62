import BoardDouble
import Files
import Firmware
import Runs
import Targets

/// What targets read where all sources stand low, and where they stand high, of gates that conduct: by an ideal
/// double, since a board may have other elements and supplies that hold its targets.
struct Following {
  /// Low, high, low and high again.
  let presentations: [WiringPresentation]
  /// Between what a target reads low and what it reads high, and how high it can be, V; `nil` of a target that
  /// sources do not tell.
  private let thresholds: [(middle: Double, most: Double)?]

  init(_ subject: Subject) throws {
    var spotless = subject.description.withoutFaults
    spotless.imperfections = .none
    spotless.imperfections.quantise = true
    let clamps = [Double?](repeating: nil, count: subject.targets.count)
    presentations = (0..<4).map { turn in
      let level = turn % 2 == 0 ? spotless.nodeLowest : spotless.nodeHighest
      return WiringPresentation(sources: subject.sources.map { _ in level }, clamps: clamps)
    }
    var board = try PinBoard(
      description: spotless, seed: 0, sources: subject.sources, targets: subject.targets)
    var low = subject.targets.map { _ in -Double.infinity }
    var high = subject.targets.map { _ in Double.infinity }
    var most = low
    for level in [1.3, 2.2, 3.5] {
      for (turn, presentation) in presentations.prefix(2).enumerated() {
        try presentation.show(on: &board)
        board.withAnalog { analog, time in
          analog.setGates([Double](repeating: level, count: subject.views.count), at: time)
        }
        for target in subject.targets.indices {
          let volts = try board.measure(target: target).volts
          if turn == 0 {
            low[target] = max(low[target], volts)
          } else {
            high[target] = min(high[target], volts)
            most[target] = max(most[target], volts)
          }
        }
      }
    }
    let span = spotless.nodeHighest - spotless.nodeLowest
    thresholds = subject.targets.indices.map { target in
      high[target] - low[target] < 0.2 * span
        ? nil : ((low[target] + high[target]) / 2, most[target] + 0.4 * span)
    }
  }

  /// Whether readings of targets, by presentation, are such.
  func isSeen(_ readings: [[Double]]) -> Bool {
    readings.enumerated().allSatisfy { turn, read in
      zip(read, thresholds).allSatisfy { volts, threshold in
        guard let threshold else { return true }
        return turn % 2 == 0
          ? volts < threshold.middle : volts > threshold.middle && volts < threshold.most
      }
    }
  }
}

/// Tries lines that carry nothing else to the comparators in each other's roles, LEARN and what reads targets,
/// until targets follow the sources: where nothing else is wrong that happens in the true role alone.
enum FollowProbe {
  /// Exchanges by which targets follow.
  static func exchanges<Target: OpenTarget>(
    on target: inout Target, _ subject: Subject, _ wiring: WiringDescription,
    _ log: PhaseLog
  ) throws -> [WiringMistake] {
    guard wiring.kind == .direct, wiring.spi == nil else { return [] }
    let following = try Following(subject)
    // These trials are few, and each is meant to charge.
    let budget = try PulseBudget(subject, most: .infinity)
    let selects = wiring.selects.count
    let lines = wiring.wires.indices
    func isInput(_ line: Int) -> Bool {
      line == 2 || line >= 4 + selects && (line - 4 - selects) % 4 < 2
    }
    func exchanges(_ one: Int) -> [RoleProbe.Exchange] {
      lines.filter { $0 != one && isInput($0) == isInput(one) }
        .map { RoleProbe.Exchange(one: min(one, $0), other: max(one, $0)) }
        .filter { subject.isOpen($0.mistake(wiring)) }
    }
    func follow(
      _ trials: [RoleProbe.Exchange], charges: Int, _ target: inout Target
    ) throws -> [RoleProbe.Exchange] {
      var probe = RoleProbe(
        following.presentations, trials: trials.map { [$0] },
        pulses: trials.map { _ in
          Array(
            repeating: subject.views.map { _ in .charge }, count: charges * subject.pulsesToSee)
        }, budget: budget, stopping: log.stopping)
      guard try target.lendLines(to: &probe) else { return [] }
      try log.check()
      let found = zip(trials, probe.observations).filter { _, seen in
        seen.map {
          following.isSeen($0.readings) && ($0.before.isEmpty || !following.isSeen($0.before))
        } ?? false
      }
      // Once gates are charged, targets follow in whatever role LEARN is tried.
      return found.map(\.0).prefix(charges > 0 ? 1 : found.count).map { $0 }
    }
    let adcs = wiring.selects.indices.filter { wiring.selects[$0].kind == .adc }
    var found = try follow(exchanges(2) + adcs.flatMap { exchanges(4 + $0) }, charges: 0, &target)
    // What chips need first: in its place LEARN may drive gates while others are tried.
    for isCommon in [true, false] where found.isEmpty {
      found = try follow(
        exchanges(3).filter { ($0.other < 4 + selects) == isCommon }, charges: 3, &target)
    }
    return found.map { $0.mistake(wiring) }
  }

  /// Drives that stand in LEARN's place: tried so, pulses move targets.
  static func drives<Target: OpenTarget>(
    on target: inout Target, _ subject: Subject, _ wiring: WiringDescription,
    _ log: PhaseLog
  ) throws -> [WiringMistake] {
    guard wiring.spi == nil else { return [] }
    let edges = subject.description.learningEdges
    let (low, high) = (subject.description.nodeLowest, subject.description.nodeHighest)
    let views = [true, false].map { isFirst in
      WiringPresentation(
        sources: subject.sources.indices.map { ($0 == 0) == isFirst ? high : low },
        clamps: [Double?](repeating: nil, count: subject.targets.count))
    }
    let first = 4 + wiring.selects.count
    let budget = try PulseBudget(subject, most: .infinity)
    let trials = edges.indices.flatMap { edge in
      [2, 3].map { [RoleProbe.Exchange(one: 3, other: first + 4 * edge + $0)] }
    }.filter { subject.isOpen($0[0].mistake(wiring)) }
    var found: [WiringMistake] = []
    // The edges of one source lose what the others keep. Gates that are empty lose nothing: then others gain.
    for (isFirst, drive) in [(true, Drive.discharge), (false, .charge), (true, .charge)] {
      let drives = edges.map { edge in
        let isOne = edge.from == subject.sources[0] || edge.to == subject.sources[0]
        return isOne == isFirst ? drive : .hold
      }
      var probe = RoleProbe(
        views, trials: trials,
        pulses: trials.map { _ in Array(repeating: drives, count: 2 * subject.pulsesToSee) },
        budget: budget, stopping: log.stopping)
      guard try target.lendLines(to: &probe) else { return [] }
      try log.check()
      for (trial, seen) in zip(trials, probe.observations) {
        guard let seen else { continue }
        let changes = zip(seen.before.joined(), seen.readings.joined()).map { abs($0 - $1) }
        if changes.contains(where: { $0 > 0.004 }) { found.append(trial[0].mistake(wiring)) }
      }
      if !found.isEmpty { break }
    }
    return found
  }
}
