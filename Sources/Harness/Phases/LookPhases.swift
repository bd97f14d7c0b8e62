import Files
import Firmware
import Runs
package import Targets

/// What converters set, comparators say and targets read, before any pulse.
package enum LookPhase: Phase {
  package static let name = "look"
  package static let about =
    "Converters set what they are sent, comparators report it and targets read it; no gate is moved."
  package static let isBarrier = true
  package static let remedy =
    "mend what is named, switch on again and repeat: no gate was moved so far"

  package static func run<Target: OpenTarget>(
    on target: inout Target, _ log: inout PhaseLog, _ subject: Subject
  ) throws {
    var look = try FirstLook(
      subject.description, sources: subject.sources, targets: subject.targets)
    guard try look.beforePulses(&target.session.board, stopping: log.stopping) else {
      throw Stopped()
    }
    take(look, into: &log)
  }

  /// Takes what a look has found. Where nothing that comes back ever changes, that is to be mended first.
  static func take(_ look: FirstLook, into log: inout PhaseLog) {
    for finding in look.findings { log.find(finding) }
    if look.isReturnStill {
      log.remedy =
        "what comes back from the board never changes, which says nothing of gates, LEARN or the one-shot: "
        + "mend the line or chip that is named first, and repeat"
    }
  }
}

/// Gates of unknown voltage are brought to known ones, and looked at when they stand high.
package enum GatesPhase: Phase {
  package static let name = "gates"
  package static let about =
    "All gates go down, up, and to where boards begin; comparators and targets follow."
  package static let isBarrier = true
  package static let remedy =
    "the gates do not follow: look at LEARN, the one-shot and LATCH, then at the drive that is named"

  package static func run<Target: OpenTarget>(
    on target: inout Target, _ log: inout PhaseLog, _ subject: Subject
  ) throws {
    var look = try FirstLook(
      subject.description, sources: subject.sources, targets: subject.targets)
    let isReady = try target.session.findGates(looking: &look, stopping: log.stopping)
    LookPhase.take(look, into: &log)
    if !look.findings.isEmpty { return }
    if !isReady { throw Stopped() }
    try target.program(target.initialGates(subject), log)
  }
}
