import Files
import Firmware
package import Targets
import Runs

/// One training step on each sample.
package enum StepPhase: Phase {
  package static let name = "step"
  package static let about =
    "A training step on each sample of a task that boards of this kind can learn: how many edges it drives."
  package static let needsGates = true
  package static let remedy =
    "comparators or clamps do not tell the twins apart: look at the clamps' resistors and converters"

  package static func run<Target: OpenTarget>(
    on target: inout Target, _ log: inout PhaseLog, _ subject: Subject
  ) throws {
    try target.program(target.initialGates(subject), log)
    var driven = 0
    var longest = Nanoseconds.zero
    let bound = Nanoseconds(seconds: subject.description.timing.pulseLimit)
    for sample in target.session.problem.training {
      try log.check()
      let report = try target.session.train(sample: sample)
      driven += report.driven
      longest = max(longest, report.learned)
      if bound < report.learned {
        log.find(
          "a pulse of \(rounded(report.learned.seconds * 1000)) ms, above t_max of "
            + "\(rounded(bound.seconds * 1000)) ms")
      }
    }
    let count = Double(target.session.problem.training.count)
    log.add(
      Reading(
        "edges driven a step", Double(driven) / count, "", resolution: 1,
        possible: 0...Double(subject.views.count)))
    log.add(
      Reading(
        "longest LEARN of a step", longest.seconds * 1000, "ms", resolution: 0.5,
        physical: 0...bound.seconds * 1000))
  }
}

/// A short training run.
package enum LearningPhase: Phase {
  package static let name = "learning"
  package static let about =
    "A short training run on a task that boards of this kind can learn: by how much the error falls."
  package static let needsGates = true
  package static let remedy =
    "it does not learn: mend first what phases before it found; if all of them passed, repeat with --repeat, "
    + "then look at the edges whose readings lie near a limit"

  /// How long it trains.
  package static let epochs = 40

  package static func run<Target: OpenTarget>(
    on target: inout Target, _ log: inout PhaseLog, _ subject: Subject
  ) throws {
    try target.program(target.initialGates(subject), log)
    let stopping = log.stopping
    guard let first = try target.session.takeMeasures(stopping: stopping) else { throw Stopped() }
    for _ in 0..<epochs {
      for sample in target.session.problem.training {
        try log.check()
        try target.session.train(sample: sample)
      }
    }
    guard let last = try target.session.takeMeasures(stopping: stopping) else { throw Stopped() }
    for (name, measures) in [("rms error before", first), ("rms error after", last)] {
      log.add(
        Reading(
          name, measures.training.error.squareRoot() * 1000, "mV", resolution: 0.5,
          possible: 0...Double.infinity))
    }
  }
}
