import BoardDouble
import Files
import Firmware
import Portable
package import Runs
package import Targets

/// The double direct and the double at its pins, of this board and these parts, learn the same.
package enum FacesPhase: Phase {
  package static let name = "faces"
  package static let about =
    "On a double: a short training run direct and at the pins, every decision, gate and output equal bit "
    + "for bit."
  package static let hasReadings = false
  package static let remedy =
    "the firmware's drivers or the double are wrong, not the board: file it, with the board's file and the seed"

  /// How long both train.
  static let epochs = 10

  package static func skipping(on target: RunSetting.Target, _ subject: Subject) -> String? {
    if target == .gpio {
      return
        "a board in real time is no two times alike; what its lines saw is run again by tellegen replay"
    }
    return subject.description.wiring == nil
      ? "board \(subject.description.name) has no wiring, and so no pins" : nil
  }

  package static func run<Target: OpenTarget>(
    on target: inout Target, _ log: inout PhaseLog, _ subject: Subject
  ) throws {
    guard let analog = analog(of: target) else { return }
    if let missing = LinesMissing(for: analog.description) {
      throw Skipped("there are no two faces to compare: \(missing)")
    }
    let setting = subject.setting(analog.description, seed: analog.seed)
    var direct = try DoubleTarget<DirectBoard>(setting)
    var pins = try DoubleTarget<PinBoard>(setting)
    direct.session.board.withAnalog { board, _ in board.events = analog.events }
    pins.session.board.withAnalog { board, _ in board.events = analog.events }
    if let words = try difference(of: &direct, &pins, log, subject) { log.find(words) }
  }

  private static func analog<Target: OpenTarget>(of target: Target) -> AnalogBoard? {
    (target as? DoubleTarget<DirectBoard>)?.session.board.analog
      ?? (target as? DoubleTarget<PinBoard>)?.session.board.analog
  }

  /// Trains both.
  ///
  /// - Returns: where they first differ, in words; `nil` where they do not.
  /// - Throws: `Stopped`, or what the boards throw.
  static func difference(
    of direct: inout DoubleTarget<DirectBoard>, _ pins: inout DoubleTarget<PinBoard>,
    _ log: PhaseLog, _ subject: Subject
  ) throws -> String? {
    let stopping = log.stopping
    try direct.program(direct.initialGates(subject), log)
    try pins.program(pins.initialGates(subject), log)
    if let words = difference(direct, pins, subject) {
      return "while gates are programmed: \(words)"
    }
    for step in 0..<epochs * direct.session.problem.training.count {
      try log.check()
      let sample = direct.session.problem.training[
        step % direct.session.problem.training.count]
      let one = try direct.session.train(sample: sample)
      let other = try pins.session.train(sample: sample)
      if one != other { return "in step \(step + 1): \(one) direct, \(other) at the pins" }
      if let words = difference(direct, pins, subject) { return "in step \(step + 1): \(words)" }
    }
    guard let one = try direct.session.takeMeasures(stopping: stopping),
      let other = try pins.session.takeMeasures(stopping: stopping)
    else { throw Stopped() }
    let outputs = { (session: [Double]) in session.map(\.bitPattern) }
    if one != other
      || outputs(direct.session.lastOutputs) != outputs(pins.session.lastOutputs)
    {
      return "the outputs after training differ"
    }
    return nil
  }

  /// Where two boards stand differently, in words.
  private static func difference(
    _ direct: DoubleTarget<DirectBoard>, _ pins: DoubleTarget<PinBoard>, _ subject: Subject
  ) -> String? {
    let (one, other) = (direct.session, pins.session)
    for (edge, description) in subject.description.learningEdges.enumerated() {
      if one.learner.drives[edge] != other.learner.drives[edge] {
        return "edge \(description.name) is driven otherwise at the pins"
      }
      let (gate, pinned) = (
        one.board.analog.state.gates[edge], other.board.analog.state.gates[edge]
      )
      if gate.bitPattern != pinned.bitPattern {
        return
          "the gate of edge \(description.name) stands at \(gate) V direct, \(pinned) V at the pins"
      }
      if one.controllers[edge].gate != other.controllers[edge].gate {
        return "the controller of edge \(description.name) believes something else at the pins"
      }
    }
    return one.board.time == other.board.time
      ? nil : "\(one.board.time.count) ns direct, \(other.board.time.count) ns at the pins"
  }
}
