import BoardDouble
import Circuit
import Elements
import Files
import Firmware
import Foundation
import Runs
import Targets
import TestSupport
import Testing
import Wiring

@testable import Harness

/// Controllers that know a board's calibration, over a long run: how far their estimates are from the gates, and
/// whether they stay inside the bound that is told.
@Suite struct EstimatesCampaign {
  /// Calibrates a double.
  private struct Calibrating: TargetUser {
    let subject: Subject
    let pulses: Int
    var found: BoardCalibration?

    mutating func use<Target: OpenTarget>(_ target: inout Target) throws {
      _ = try target.makeReady(telling: { _ in }, stopping: { false })
      let excitation = try target.excite(subject, pulses: pulses)
      let model = try PartsModel(subject)
      found = try BoardCalibration(
        try PartsFit(model, to: excitation), of: model, board: subject.description, id: "1",
        date: 0,
        target: "double", by: excitation)
    }
  }

  /// What was seen of gates at some moments, by one measure of what is wrong of them.
  private struct Seen {
    /// What is wrong, V, of one gate after the other at one moment after the other.
    private var errors: [[Double]] = []
    private var bounds: [Double] = []
    private(set) var inside = 0

    /// How many gates at moments.
    var count: Int { bounds.count }
    var rms: Double { Self.rms(all) }
    private var all: [Double] { errors.flatMap { $0 } }

    private static func rms(_ values: [Double]) -> Double {
      (values.reduce(0) { $0 + $1 * $1 } / Double(max(values.count, 1))).squareRoot()
    }

    /// What rms error the bounds expect: 4.4 standard deviations make one, and with the calibration as it is
    /// nothing that is made of the same readings does better (Cramér and Rao).
    private var expected: Double { Self.rms(bounds) / 4.4 }

    /// Takes what one run showed of a gate.
    mutating func add(_ errors: [Double], bounds: [Double]) {
      self.errors.append(errors)
      self.bounds += bounds
      inside += zip(errors, bounds).count { $0.magnitude <= $1 }
    }

    /// What is written down.
    func counts(_ name: String) -> [String: Int] {
      if count == 0 { return [:] }
      func micro(_ volts: Double) -> Int { Int((volts * 1e6).rounded()) }
      // What is wrong all the time is the calibration's; the rest came with the run.
      let changes = errors.flatMap { errors in
        let mean = errors.reduce(0, +) / Double(errors.count)
        return errors.map { $0 - mean }
      }
      return [
        "\(name): gates at moments": count, "\(name): inside the bound": inside,
        "\(name): within 5 mV": all.count { $0.magnitude <= 5e-3 },
        "\(name): rms uV": micro(rms), "\(name): rms by Cramér and Rao uV": micro(expected),
        "\(name): worst uV": micro(all.map(\.magnitude).max() ?? 0),
        "\(name): median bound uV": micro(bounds.sorted()[bounds.count / 2]),
        "\(name): worst bound uV": micro(bounds.max() ?? 0),
        "\(name): changes in a run, rms uV": micro(Self.rms(changes)),
        "\(name): changes in a run, worst uV": micro(changes.map(\.magnitude).max() ?? 0),
      ]
    }
  }

  /// What was seen of the boards' gates.
  private struct Boards {
    var gates = Seen()
    var overdrives = Seen()
    var hidden = Seen()
    var rejected = 0
    /// The overdrives of each edge that a target shows, by its name.
    var edges: [String: Seen] = [:]
  }

  /// A board whose gates' paths differ from edge to edge.
  private static func board(_ name: String) throws -> BoardDescription {
    var description = try shippedBoard(name)
    description.imperfections.pathResistors = 0.01
    description.imperfections.gateCapacitors = 0.05
    description.imperfections.diodeDrop = 0.01
    return description
  }

  private static func calibration(
    of description: BoardDescription, pulses: Int, seed: UInt64
  ) throws -> BoardCalibration {
    let subject = try Subject(description)
    var calibrating = Calibrating(subject: subject, pulses: pulses)
    try subject.setting(description, seed: seed).open(
      as: .double, telling: { _ in }, for: &calibrating)
    return try #require(calibrating.found)
  }

  /// Trains one board.
  ///
  /// - Parameters:
  ///   - description: the board.
  ///   - found: its calibration.
  ///   - seed: the seed of its parts.
  ///   - steps: how many steps.
  ///   - period: how many of them lie between two observations; `nil` for none.
  ///   - excursions: how often gates are moved in an observation.
  ///   - boards: takes what is seen.
  /// - Throws: `CircuitError`.
  private static func train(
    _ description: BoardDescription, _ found: BoardCalibration, seed: UInt64, steps: Int,
    period: Int?, excursions: Int? = nil, into boards: inout Boards
  ) throws {
    let task = try Subject(description).task
    let samples = task.samples.count
    var setting = RunSetting(
      version: "", board: description, task: task,
      plan: Plan(
        rule: RuleSettings(update: .comparator), epochs: steps / samples, seed: seed, lastPulse: 1),
      calibration: found)
    setting.observe = period.map { $0 / samples }
    setting.excursions = excursions
    var target = try DoubleTarget<DirectBoard>(setting)
    target.session.take(try #require(try CalibratedGates(setting)))
    try target.session.begin()
    let network = try target.session.board.analog.freeTwin(sources: []).network
    let thresholds = target.session.board.analog.learningEdges.map { branch -> Double in
      guard case .transistor(let device, _) = network.branches[branch].element else { return 0 }
      return device.threshold
    }
    let empty = [[Double]](repeating: [], count: thresholds.count)
    var (errors, bounds, overdrives, overdriveBounds) = (empty, empty, empty, empty)
    var shown: [Bool] = []
    while !target.session.isFinished {
      _ = try target.session.trainEpoch()
      // Moments at any distance from observations, once there was one.
      if target.session.progress.epoch % (steps / samples / 41) != 0 { continue }
      let known = try #require(target.session.knownGates)
      if period != nil && known.observations == 0 { continue }
      let result = target.session.result
      shown = known.shown
      for edge in thresholds.indices {
        let error = result.gates[edge] - result.estimatedGates[edge]
        errors[edge].append(error)
        overdrives[edge].append(
          error - thresholds[edge] + found.edges[edge].threshold.value)
        bounds[edge].append(known.bounds[edge])
        overdriveBounds[edge].append(known.overdriveBounds[edge])
      }
    }
    for edge in thresholds.indices {
      if shown[edge] {
        boards.gates.add(errors[edge], bounds: bounds[edge])
        boards.overdrives.add(overdrives[edge], bounds: overdriveBounds[edge])
        boards.edges[found.edges[edge].name, default: Seen()].add(
          overdrives[edge], bounds: overdriveBounds[edge])
      } else {
        boards.hidden.add(errors[edge], bounds: bounds[edge])
      }
    }
    boards.rejected += target.session.knownGates?.rejected ?? 0
  }

  @Test(arguments: ["breadboard", "lattice"])
  func `estimates stay inside the bound that is told`(_ name: String) throws {
    // The method was made with seeds below 1000, and 1001 ... 1020 judged what was before it.
    let campaign = Campaign("estimates-\(name)", sample: 2, whole: 20, seed: 1101)
    let steps = Campaign.isWhole ? 100_000 : 4000
    let pulses = Campaign.isWhole ? 10_000 : 1000
    let description = try Self.board(name)
    var account = Boards()
    var observed = Boards()
    var moved = Boards()
    var seconds = 0.0
    for board in 0..<campaign.count {
      let seed = campaign.seed + UInt64(board)
      let found = try Self.calibration(of: description, pulses: pulses, seed: seed)
      seconds = max(seconds, found.seconds)
      try Self.train(description, found, seed: seed, steps: steps, period: nil, into: &account)
      try Self.train(description, found, seed: seed, steps: steps, period: 1000, into: &observed)
      // Excursions tell no more of the lattice's gates (docs/hil/calibration.md), and take long to reckon.
      if name == "lattice" { continue }
      try Self.train(
        description, found, seed: seed, steps: steps, period: 1000, excursions: 4, into: &moved)
    }
    var counts = [
      "boards": campaign.count, "board's time of a calibration ms": Int((1e3 * seconds).rounded()),
      "steps of a board": steps, "pulses of a calibration": pulses,
      "observations not believed": observed.rejected + moved.rejected,
    ]
    for (words, boards) in [
      ("by account", account), ("observed", observed), ("observed, gates moved", moved),
    ] {
      counts.merge(boards.gates.counts(words)) { $1 }
      counts.merge(boards.overdrives.counts("\(words), less threshold")) { $1 }
      counts.merge(boards.hidden.counts("\(words), edges that no target shows")) { $1 }
    }
    let cases = [("observed", observed), ("observed, gates moved", moved)].flatMap {
      words, boards in
      boards.edges.sorted { $0.key < $1.key }.map { name, seen in
        let counts = seen.counts("")
        let told = [
          "within 5 mV", "rms uV", "rms by Cramér and Rao uV", "worst uV", "median bound uV",
        ].map { "\($0) \(counts[": " + $0] ?? 0)" }
        return
          "\(words), less threshold, edge \(name): \(seen.count) at moments, \(told.joined(separator: ", "))"
      }
    }
    if ProcessInfo.processInfo.environment["TELLEGEN_TELL"] != nil {
      let words = counts.sorted { $0.key < $1.key }.map { "\(name) \($0.key): \($0.value)" }
      print((words + cases).joined(separator: "\n"))
    }
    try campaign.record(counts, cases: cases)
    // Of two runs with an observation every 1000 steps.
    #expect(500 * (observed.rejected + moved.rejected) <= 2 * campaign.count * steps / 1000)
    for seen in [
      account.gates, account.overdrives, account.hidden, observed.gates, observed.overdrives,
      observed.hidden, moved.gates, moved.overdrives, moved.hidden,
    ] {
      // One gate of a thousand may lie beyond, and that at every moment.
      #expect(Double(seen.inside) >= 0.995 * Double(seen.count))
    }
    #expect(account.hidden.count == (name == "lattice" ? account.gates.count : 0))
    #expect(observed.overdrives.rms < account.overdrives.rms)
    #expect(observed.overdrives.rms < 6e-3)
    // A bridge that is balanced shows the edge across it only once other gates are moved.
    // How many lie within 5 mV is recorded, not demanded: all should, and do not.
    let best = name == "lattice" ? observed : moved
    #expect(best.overdrives.rms < (Campaign.isWhole ? 1.5e-3 : 3e-3))
  }

  /// The documented setting: gates observed after every epoch, and on the breadboard, which has a bridge, moved.
  @Test(arguments: Campaign.isWhole ? ["breadboard", "lattice"] : ["breadboard"])
  func `gates that are observed after every epoch are known within 5 mV`(_ name: String) throws {
    let campaign = Campaign("estimates-every-epoch-\(name)", sample: 1, whole: 20, seed: 1201)
    let steps = Campaign.isWhole ? 100_000 : 6150
    let pulses = Campaign.isWhole ? 10_000 : 1000
    let description = try Self.board(name)
    let samples = try Subject(description).task.samples.count
    var boards = Boards()
    for board in 0..<campaign.count {
      let seed = campaign.seed + UInt64(board)
      let found = try Self.calibration(of: description, pulses: pulses, seed: seed)
      try Self.train(
        description, found, seed: seed, steps: steps, period: samples,
        excursions: name == "lattice" ? nil : 4, into: &boards)
    }
    var counts = [
      "boards": campaign.count, "steps of a board": steps, "pulses of a calibration": pulses,
      "observations not believed": boards.rejected,
    ]
    counts.merge(boards.gates.counts("gates")) { $1 }
    counts.merge(boards.overdrives.counts("less threshold")) { $1 }
    counts.merge(boards.hidden.counts("edges that no target shows")) { $1 }
    if ProcessInfo.processInfo.environment["TELLEGEN_TELL"] != nil {
      print(
        counts.sorted { $0.key < $1.key }.map { "\(name) \($0.key): \($0.value)" }.joined(
          separator: "\n"))
    }
    try campaign.record(counts, cases: [])
    for seen in [boards.gates, boards.overdrives, boards.hidden] {
      #expect(Double(seen.inside) >= 0.995 * Double(seen.count))
    }
  }
}
