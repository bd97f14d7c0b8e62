import Files
import Wiring

/// What is written during a run and read again: decoding looks at types only, so a damaged file may
/// hold any number. What comes from one is checked as strictly as what a user writes, before
/// anything is computed from it.
public protocol CheckedState {
  /// Refuses what the program would not have written.
  func check() throws(StateError)
}

/// What is wrong with a state.
public struct StateError: Error, Equatable, CustomStringConvertible {
  /// What is wrong, and what would be allowed.
  public let description: String

  init(_ description: String) { self.description = description }

  init(_ error: DescriptionError) { description = error.message }

  static func check<Value: Comparable>(
    _ value: Value, _ what: String, _ allowed: ClosedRange<Value>
  ) throws(StateError) {
    guard allowed.contains(value) else {
      throw StateError(
        "\(what) is \(value); allowed is \(allowed.lowerBound) ... \(allowed.upperBound)")
    }
  }

  /// Checks a number that must be above zero.
  static func check(
    _ value: Double, _ what: String, upTo highest: Double
  ) throws(StateError) {
    guard value > 0, value <= highest else {
      throw StateError("\(what) is \(value); allowed is above 0, up to \(highest)")
    }
  }
}

extension Plan {
  /// How many epochs a run may have.
  public static let epochsAllowed = 1...1_000_000

  func check() throws(StateError) {
    try rule.check()
    try StateError.check(epochs, "epochs of plan", Plan.epochsAllowed)
    if let ramp { try StateError.check(ramp, "ramp of plan", 1...epochs) }
    try StateError.check(lastPulse, "lastPulse of plan", upTo: 1)
  }
}

extension RunSetting: CheckedState {
  /// Refuses what the program would not have written.
  public func check() throws(StateError) {
    guard version.utf8.count <= 64 else { throw StateError("version is too long") }
    do throws(DescriptionError) {
      try board.check()
      try task.check()
      _ = try task.place(on: board)
    } catch {
      throw StateError(error)
    }
    try plan.check()
    if let words = calibration?.impossibility(on: board) {
      throw StateError("calibration: \(words)")
    }
    if let observe {
      try StateError.check(observe, "observe", Plan.epochsAllowed)
      if calibration == nil { throw StateError("observe is for runs with a calibration") }
    }
    if let excursions {
      try StateError.check(excursions, "excursions", RunSetting.excursionsAllowed)
      if observe == nil { throw StateError("excursions are for runs that observe gates") }
    }
  }
}

extension Measures {
  func check(_ what: String) throws(StateError) {
    // No two voltages are further apart than 256 V.
    try StateError.check(error, "error of \(what)", 0...65536)
    try StateError.check(unmet, "unmet of \(what)", 0...1)
    if let accuracy { try StateError.check(accuracy, "accuracy of \(what)", 0...1) }
  }
}

extension EpochRecord {
  func check() throws(StateError) {
    let what = "the measures after epoch \(epoch)"
    try StateError.check(epoch, "epoch of a record", 0...Plan.epochsAllowed.upperBound)
    try training.check(what)
    try testing?.check(what)
    try all.check(what)
    try StateError.check(learned, "learned in \(what)", 0...Progress.longestTime * 1e-9)
    try StateError.check(pulses, "pulses in \(what)", 0...Progress.mostSteps)
  }
}

extension BestEpoch {
  func check(_ epoch: Int) throws(StateError) {
    try StateError.check(self.epoch, "epoch of the best", 0...epoch)
    try training.check("the best epoch")
    try StateError.check(estimates: estimates)
  }
}

extension Progress {
  /// More steps than a run can have.
  static let mostSteps = Int(1e15)
  /// A hundred years, ns: longer than a run can be.
  static let longestTime = 3.2e18

  func check() throws(StateError) {
    try StateError.check(epoch, "epoch of progress", 0...Plan.epochsAllowed.upperBound)
    try StateError.check(position, "position of progress", 0...Progress.mostSteps)
    try StateError.check(steps, "steps of progress", 0...Progress.mostSteps)
    try StateError.check(pulses, "pulses of progress", 0...steps)
    // A step's pulse is far shorter than 100 s.
    let longest = Int64(min(pulses, Int(Progress.longestTime / 1e11))) * 100_000_000_000
    try StateError.check(learned, "learned of progress", 0...longest)
    try StateError.check(accounted, "accounted of progress", 0...Int64(Progress.longestTime))
    try first?.check()
    try last?.check()
    try best?.check(epoch)
    // Before training nothing may have been measured yet.
    try StateError.check(migrated.last?.epoch ?? 0, "epoch of the last measures", epoch...epoch)
    guard let curve else { return }
    for (index, record) in curve.enumerated() {
      try record.check()
      try StateError.check(record.epoch, "epoch of record \(index) of the curve", index...index)
    }
    guard curve.count == epoch + 1 else {
      throw StateError("the curve has \(curve.count) records; after epoch \(epoch) it has one more")
    }
  }
}

extension StateError {
  /// Checks the controllers' estimates. None is further off than a gate can be.
  static func check(estimates: [Int32]) throws(StateError) {
    for (edge, units) in estimates.enumerated() {
      try check(units, "estimate \(edge)", -(1 << 24)...32 << 24 - 1)
    }
  }
}

extension Checkpoint: CheckedState {
  /// Refuses what no run would have written; whether it is of this run, the session checks.
  public func check() throws(StateError) {
    try plan.check()
    try progress.check()
    try StateError.check(estimates: estimates)
    try account?.check()
  }
}

extension RunRecord: CheckedState {
  /// Refuses what no run would have written.
  public func check() throws(StateError) {
    try setting.check()
    try result.first?.check()
    try result.last.check()
    try result.samples?.check(of: setting.task)
    for bound in (result.known?.bounds ?? []) + (result.known?.overdriveBounds ?? []) {
      try StateError.check(bound, "a bound of a gate of the result", 0...1e6)
    }
    for (what, gates) in [("gate", result.gates), ("estimated gate", result.estimatedGates)] {
      for (edge, volts) in gates.enumerated() {
        try StateError.check(volts, "\(what) \(edge) of the result", -15...32)
      }
    }
  }
}
