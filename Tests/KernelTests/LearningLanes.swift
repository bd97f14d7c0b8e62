import BoardDouble
import Files
import Firmware
import Foundation
import Runs
import Targets
import TestSupport
import Testing
import Wiring

extension Lanes {
  @Suite struct BreadboardLane {
    static let run = Result { try Learning("breadboard", epochs: 10) }

    @Test(arguments: LearningPromise.allCases)
    func `the breadboard learns regression line by line`(_ promise: LearningPromise) throws {
      try promise.check(Self.run.get(), fall: 20)
    }
  }

  @Suite struct LatticeLane {
    static let run = Result { try Learning("lattice", epochs: 6) }

    @Test(arguments: LearningPromise.allCases)
    func `the lattice learns regression line by line`(_ promise: LearningPromise) throws {
      try promise.check(Self.run.get(), fall: 4)
    }
  }

  @Suite struct SPIBreadboardLane {
    static let run = Result { try Learning("breadboard", epochs: 10, overBus: true) }

    @Test(arguments: LearningPromise.overBus)
    func `the breadboard learns regression over the bus`(_ promise: LearningPromise) throws {
      try promise.check(Self.run.get(), fall: 20)
    }
  }

  @Suite struct SPILatticeLane {
    static let run = Result { try Learning("lattice", epochs: 6, overBus: true) }

    @Test(arguments: LearningPromise.overBus)
    func `the lattice learns regression over the bus`(_ promise: LearningPromise) throws {
      try promise.check(Self.run.get(), fall: 4)
    }
  }
}

/// A run of training in the machine, and what the double saw of it.
struct Learning: Sendable {
  static let task = "regression"
  let board: String
  let overBus: Bool
  let evidence: Evidence

  init(_ board: String, epochs: Int, overBus: Bool = false) throws {
    self.board = board
    self.overBus = overBus
    let machine = try Machine(
      (overBus ? "spi-" : "") + board, board: board, task: Learning.task, overBus: overBus)
    evidence = machine.evidence
    try machine.run(
      "learn", ["task": Learning.task, "epochs": "\(epochs)"], seconds: 400,
      serving: ["--log", evidence.path("seen.log")])
    guard try evidence.codes("train") == [0] else {
      throw LaneFailure(description: "training did not come to its end:\n\(machine.console)")
    }
    // What docs/hil/README.md shows.
    let shown = machine.console.split(separator: "\n").drop { !$0.contains("learning edges") }
    say(shown.filter { !$0.contains("No plot") && !$0.contains("Power") }.joined(separator: "\n"))
  }

  /// The most operations of a step that moves gates, by the double.
  func most() throws -> Int {
    let description = try BoardDescription.read(path: evidence.path("board.yaml"))
    let task = try shippedTask(Learning.task)
    let rule = RuleSettings(
      name: .centredOverclamped, update: description.gates.update, probability: 1)
    if overBus {
      // The double has no SPI controller: what is derived from the wiring counts.
      let wired = description.wiring?.sources ?? []
      return OperationTimes(description: description).lineOperations(
        sources: task.inputs.indices.count { channel in
          let isRail = channel < wired.count && wired[channel].rail != nil
          return task.inputs[channel].column != nil && !isRail
        }, targets: task.outputs.channels, comparisons: 2, overBus: true)
    }
    var session = try Session<PinBoard>(
      description: description, task: task, plan: Plan(rule: rule, epochs: 1_000_000, seed: 1))
    try session.begin()
    var most = 0
    for step in 0..<200 {
      let before = session.board.lines.operations
      let training = session.problem.training
      let report = try session.train(sample: training[step % training.count])
      if .zero < report.learned { most = max(most, session.board.lines.operations - before) }
    }
    return most
  }
}

/// What must hold of training through the kernel, in real time.
enum LearningPromise: String, CaseIterable, CustomTestStringConvertible {
  case ends = "the run comes to its end"
  case falls = "its error falls by the factor that it must"
  case same = "the double decides, reads and operates the same"
  case rest = "no line was left away from rest, LEARN was never requested active"
  case misuse = "the board's parts had nothing to object to"
  case most = "a step that moves gates takes as many operations as on the double in its own time"

  var testDescription: String { rawValue }

  /// A controller reads MISO in every frame, also where nobody drives it; what else there is goes
  /// under.
  static let overBus = allCases.filter { $0 != .misuse }

  /// Checks it.
  ///
  /// - Parameters:
  ///   - run: the run.
  ///   - fall: the factor by which the error must fall.
  /// - Throws: what keeps the evidence from being read.
  func check(_ run: Learning, fall: Double) throws {
    let evidence = run.evidence
    switch self {
    case .ends: #expect(try evidence.codes("train") == [0])
    case .falls:
      let errors = try evidence.jsonLines("out/run/metrics.jsonl", Measure.self)
        .map(\.error_train_V2)
      try #require(errors.count > 1)
      #expect(errors[errors.count - 1] * fall < errors[0], "\(errors)")
    case .same:
      let replay = try tellegen([
        "replay", evidence.path("out/run"), "--seen", evidence.path("seen.log"),
      ])
      #expect(replay.code == 0, "\(replay.output)")
    case .rest:
      let seen = try evidence.seen().sightings
      #expect(seen.unsafeEndings == 0)
      #expect(seen.activeRequests == 0)
    case .misuse:
      let seen = try evidence.seen()
      #expect(seen.misuses == 0, "\(seen.firstMisuses)")
    case .most:
      let record = try evidence.json("out/run/record.json", Record.self)
      #expect(record.lines.steps.most == (try run.most()))
    }
  }
}

/// A line of `metrics.jsonl`.
private struct Measure: Decodable {
  var error_train_V2: Double
}

/// What the lanes want to know of a run's record.
private struct Record: Decodable {
  struct Lines: Decodable {
    struct Steps: Decodable { var most: Int }
    var steps: Steps
  }
  var lines: Lines
}
