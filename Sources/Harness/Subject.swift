package import BoardDouble
package import Files
import Firmware
import Portable
package import Runs
import Targets
package import Wiring

/// A board as the harness knows it before it looks: its file, the channels in use, a task that it can
/// surely learn, and where each edge is seen best.
package struct Subject: Sendable {
  /// The board, by its file.
  package private(set) var description: BoardDescription
  /// The node of each source channel.
  package let sources: [Int]
  /// The node of each target channel.
  package let targets: [Int]
  /// What is learned in the training phases: the outputs that an ideal board with other gates gives.
  package let task: TaskDescription
  /// What was found of this board by `calibrate`, where that is known.
  package var calibration: BoardCalibration?
  /// What of the wiring was looked at and found right: no mistake is named there.
  package var checked: Set<WiringMistake.Place> = []
  /// The fixtures that its rig has, of `ScenarioDescription.fixtures`.
  package var fixtures: Set<String> = []
  /// For each learning edge, what shows it best.
  package let views: [View]

  /// Where an edge is seen: what is driven, at which target, and how much an ideal board's target moves.
  package struct View: Sendable, Equatable {
    /// The sources that stand high; the others stand low.
    package var high: [Bool]
    /// The target channel.
    package var target: Int
    /// By how much the target moves when the gate is raised by `Subject.lift`, V.
    package var response: Double
  }

  /// By how much gates are moved to see an edge, V.
  package static let lift = 0.3

  /// Gets to know a board.
  ///
  /// - Parameter description: the board.
  /// - Throws: `CircuitError` for what is no circuit, `SubjectError` for a board that cannot be looked
  ///   at in this way.
  package init(_ description: BoardDescription) throws {
    guard description.gates.update == .comparator else {
      throw SubjectError(
        "the edges of board \(description.name) follow a rule of their own: the harness is for boards "
          + "with comparator edges")
    }
    guard !description.sources.isEmpty, !description.targets.isEmpty else {
      throw SubjectError("board \(description.name) names no sources or no targets")
    }
    self.description = description
    sources = description.sources
    targets = description.targets
    var ideal = try IdealCircuit(description)
    let edges = description.learningEdges.count
    let sources = sources
    let initial = [Double](repeating: description.gates.initial, count: edges)
    let (low, high) = (description.nodeLowest, description.nodeHighest)

    // A teacher within the controllers' range; its answers are what is learned.
    let draw = Draw(seed: 0x7E11, purpose: 6001, device: 0)
    let span = min(
      description.gates.maximum - description.gates.initial,
      description.gates.initial - description.gates.minimum)
    let teacher = initial.indices.map {
      initial[$0] + 0.6 * span * (2 * draw.uniform(UInt64($0)) - 1)
    }
    var samples: [Sample] = []
    for number in 0..<4 {
      let inputs = sources.indices.map { source in
        low + (high - low) * draw.uniform(UInt64(1000 + number * sources.count + source))
      }
      samples.append(
        Sample(inputs: inputs, labels: try ideal.outputs(inputs, gates: teacher)))
    }
    task = TaskDescription(
      name: "teacher", about: "What a board with other gates answers.",
      inputs: sources.indices.map { InputDescription(name: "x\($0)", column: $0) },
      outputs: OutputDescription(count: targets.count), samples: samples)

    var patterns: [[Bool]] = []
    for source in sources.indices {
      patterns.append(sources.indices.map { $0 == source })
      if sources.count > 2 { patterns.append(sources.indices.map { $0 != source }) }
    }
    let inputs = patterns.map { $0.map { $0 ? high : low } }
    let before = try inputs.map { try ideal.outputs($0, gates: initial) }
    var views: [View] = []
    for edge in 0..<edges {
      var lifted = initial
      lifted[edge] += Subject.lift
      var best = View(high: patterns[0], target: 0, response: 0)
      for (index, pattern) in patterns.enumerated() {
        let after = try ideal.outputs(inputs[index], gates: lifted)
        for (target, volts) in after.enumerated() {
          let response = volts - before[index][target]
          if abs(response) > abs(best.response) {
            best = View(high: pattern, target: target, response: response)
          }
        }
      }
      views.append(best)
    }
    self.views = views
  }

  /// Puts a target's board to rest as `OpenTarget.tearDown(within:)` does.
  ///
  /// - Parameter target: the board.
  /// - Returns: what was not done, with the names that the board's file has.
  func tearDown<Target: OpenTarget>(_ target: inout Target) -> [TeardownFailure] {
    let names = (sources.map { description.nodes[$0] }, targets.map { description.nodes[$0] })
    return target.tearDown(within: teardownTime).map {
      $0.named(sources: names.0, targets: names.1)
    }
  }

  /// How many pulses of the one-shot's time move a gate far enough to see, by the markings of its resistor and
  /// capacitor: by a twelfth of its way to the drive's end. One of the boards that come with this program.
  var pulsesToSee: Int {
    let share = description.timing.pulseLimit / (description.gates.ohms * description.gates.farads)
    return max(1, Int((19.0 / 220 / share - 0.05).rounded(.up)))
  }

  /// What the first four charges bring a drained gate to, V.
  var firstCharge: Double {
    let gates = description.gates
    let time = 4 * Double(pulsesToSee) * description.timing.pulseLimit
    return gates.supply * (1 - Elementary.exp(-time / (gates.ohms * gates.farads)))
  }

  /// The board without what its file says is wrong with it.
  var good: Subject {
    var subject = self
    subject.description = description.withoutFaults
    return subject
  }

  /// The board to which a scenario's disturbances happen.
  func disturbed(by scenario: ScenarioDescription) -> Subject {
    var subject = self
    for case .disturbance(let disturbance) in scenario.faults {
      subject.description.disturbances.append(disturbance)
    }
    return subject
  }

  /// Whether a mistake is about nothing that was looked at.
  func isOpen(_ mistake: WiringMistake) -> Bool {
    if checked.isEmpty { return true }
    return mistake.places.allSatisfy { place in
      if checked.contains(place) { return false }
      // A select of a board without a decoder is its line.
      guard description.wiring?.kind == .direct else { return true }
      return switch place {
      case .select(let number): !checked.contains(.wire(.line("CS\(number)")))
      case .wire(.line(let role)) where role.hasPrefix("CS"):
        !(Int(role.dropFirst(2)).map { checked.contains(.select($0)) } ?? false)
      default: true
      }
    }
  }

  /// The run by which a target is opened for this board; controllers know its parts' markings only.
  ///
  /// - Parameters:
  ///   - board: the board as it is, which may have faults that `description` lacks.
  ///   - seed: the seed of its parts.
  /// - Returns: the setting.
  package func setting(
    _ board: BoardDescription, seed: UInt64
  ) -> RunSetting {
    RunSetting(
      version: "", board: board, task: task,
      plan: Plan(
        rule: RuleSettings(update: .comparator), epochs: LearningPhase.epochs, seed: seed,
        calibrated: false))
  }
}

/// A board that cannot be looked at by the harness.
package struct SubjectError: Error, CustomStringConvertible {
  /// Why, in words.
  package let description: String

  /// Makes the error.
  package init(_ description: String) { self.description = description }
}

/// An ideal board whose gates are set at will.
private struct IdealCircuit {
  private var board: AnalogBoard
  private let targets: [Int]

  init(_ description: BoardDescription) throws {
    var spotless = description.withoutFaults
    spotless.imperfections = .none
    targets = description.targets
    board = try AnalogBoard(
      description: spotless, seed: 0, sources: description.sources, targets: description.targets)
  }

  mutating func outputs(_ inputs: [Double], gates: [Double]) throws -> [Double] {
    board.setGates(gates, at: .zero)
    for (channel, volts) in inputs.enumerated() {
      try board.setSource(channel, code: board.converter.code(for: Voltage(volts: volts)))
    }
    let nodes = try board.freeVoltages(at: .zero)
    return targets.map { nodes[$0] }
  }
}
