import Files
import Firmware
import Runs
package import Targets

/// A board that nobody knows is brought to where nothing is charged and nothing driven.
package enum DrainPhase: Phase {
  package static let name = "drain"
  package static let about =
    "Every gate is discharged as far as it goes; clamps and sources shut down, lines go to rest."
  package static let isBarrier = true
  package static let hasReadings = false
  package static let remedy =
    "the board does not take pulses: switch it off for a minute, which drains it too, and look at its lines"

  package static func run<Target: OpenTarget>(
    on target: inout Target, _ log: inout PhaseLog, _ subject: Subject
  ) throws {
    try target.releaseAll(subject)
    try target.drive([Bool](repeating: false, count: subject.sources.count), subject)
    // Nothing stands above the supply; the account and the gates come together as both go down.
    let law = target.session.learner.step.law
    for edge in target.session.controllers.indices {
      target.session.learner.controllers[edge].gate = law.supply
    }
    let all = [Drive](repeating: .discharge, count: target.session.controllers.count)
    let width = target.session.board.longestPulse
    for _ in 0..<pulses(of: subject.description, lasting: width) {
      try log.check()
      let lasted = try target.session.board.pulse(width: width, drives: all.span)
      for edge in all.indices {
        target.session.learner.controllers[edge].account(.discharge, width: lasted, law: law)
      }
    }
    target.session.learner.step.accounted = try target.session.board.now()
    for failure in subject.tearDown(&target) where failure.isDangerous {
      log.find(failure.words)
    }
  }

  /// How many pulses bring a gate from the supply to within 1 % of it above where discharging ends: five
  /// times RC, with what its parts may be off.
  static func pulses(of board: BoardDescription, lasting width: Nanoseconds) -> Int {
    min(Int((5 * 1.2 * board.gates.ohms * board.gates.farads / width.seconds).rounded(.up)), 2000)
  }
}
