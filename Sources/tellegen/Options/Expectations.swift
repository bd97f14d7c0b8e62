public import ArgumentParser
import Files
import Reports
import Runs

/// What a run must end with; it ends with exit code 1 where it does not.
struct Expectations: ParsableArguments {
  /// Samples that an expectation is of.
  enum Samples: String, CaseIterable, ExpressibleByArgument {
    case training
    case heldOut = "held-out"
  }

  @Option(
    name: .customLong("expect-accuracy"), parsing: .unconditional,
    help: "End with exit code 1 where fewer samples are right than this share, 0 ... 1.")
  var accuracy: Double?
  @Option(
    name: .customLong("expect-error"), parsing: .unconditional,
    help: "End with exit code 1 where the mean square error is larger than this, V^2.")
  var error: Double?
  @Option(
    name: .customLong("expect-of"),
    help: "Of which samples: training or held-out; default held-out, where there are any.")
  var samples: Samples?

  func validate() throws {
    if let accuracy, !(accuracy >= 0 && accuracy <= 1) {
      throw ValidationError(
        "--expect-accuracy is \(accuracy); allowed is a share, 0 ... 1 (95 % is 0.95)")
    }
    if let error, !(error >= 0 && error <= 65536) {
      throw ValidationError("--expect-error is \(error); allowed is 0 ... 65536 V^2")
    }
    if samples != nil && accuracy == nil && error == nil {
      throw ValidationError(
        "--expect-of says of which samples something is expected; add --expect-accuracy or "
          + "--expect-error")
    }
  }

  /// Refuses what can never be judged of a run.
  func check(_ setting: RunSetting) throws {
    if accuracy != nil && setting.task.classes.isEmpty {
      try Exits.leave(
        "--expect-accuracy: the task '\(setting.task.name)' has no classes; use --expect-error",
        with: Exits.usage)
    }
    if samples == .heldOut && setting.task.training >= setting.task.samples.count {
      try Exits.leave(
        "--expect-of held-out: all samples of the task '\(setting.task.name)' train; use "
          + "--expect-of training", with: Exits.usage)
    }
  }

  /// What a run fell short of, in words; empty where it met all.
  func missed(by record: RunRecord) -> [String] {
    let last = record.result.last
    let measures = samples == .training ? last.training : last.testing ?? last.training
    let what = samples == .training || last.testing == nil ? "training" : "held-out"
    var missed: [String] = []
    if let accuracy, let right = measures.accuracy, !(right >= accuracy) {
      missed.append(
        "\(Format.percent(right)) of the \(what) samples are right, "
          + "\(Format.percent(accuracy - right)) less than the \(Format.percent(accuracy)) expected"
      )
    }
    if let error, !(measures.error <= error) {
      missed.append(
        "the error of the \(what) samples is \(Format.squareVolts(measures.error)), "
          + "\(Format.squareVolts(measures.error - error)) more than the "
          + "\(Format.squareVolts(error)) expected")
    }
    return missed
  }
}
