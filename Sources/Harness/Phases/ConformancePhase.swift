import Files
import Firmware
import Runs
package import Targets

/// The promises that every learning board keeps, a finding for each that is broken.
package enum ConformancePhase: Phase {
  package static let name = "conformance"
  package static let about =
    "The 13 promises of a learning board: voltages, comparisons, pulses, clock and calls."
  package static let hasReadings = false
  package static let remedy =
    "of a board whose other phases pass: the drivers or the computer; go through bring-up first, then file "
    + "what is said here with record.json"

  package static func run<Target: OpenTarget>(
    on target: inout Target, _ log: inout PhaseLog, _ subject: Subject
  ) throws {
    // Operations are counted exactly where a clock runs on by itself; virtual time is exact.
    var conformance = try Conformance<Target.Board>(of: subject, stopping: log.stopping) {
      try Target.operations(of: $0).map(Int64.init) ?? $0.now().count
    }
    try target.releaseAll(subject)
    for promise in Promise.allCases {
      try log.check()
      let breaches = try conformance.breaches(of: promise, on: &target.session.board)
      guard let first = breaches.first else { continue }
      let more = breaches.count > 1 ? ", and \(breaches.count - 1) more" : ""
      log.find("not kept: \(promise.words): \(first)\(more)")
    }
    // What these pulses moved is not in the controllers' account.
    guard try target.session.findGates(stopping: log.stopping) else { throw Stopped() }
    try target.program(target.initialGates(subject), log)
  }
}
