package import Wiring

/// A number that a phase measured.
package struct Reading: Sendable, Equatable {
  /// What was measured: a name that is the same on every board of a description.
  package var name: String
  /// The number.
  package var value: Double
  /// Its unit; empty for a plain number.
  package var unit: String
  /// What differs by less is the same: the reading's noise and codes, in its unit.
  package var resolution: Double
  /// Within which physics has it, where limits come from there rather than from the double.
  package var physical: ClosedRange<Double>?
  /// What it can be at all, as no rms is below 0: limits that are drawn end there.
  package var possible: ClosedRange<Double>?

  /// Makes a reading.
  ///
  /// - Parameters:
  ///   - name: what was measured.
  ///   - value: the number.
  ///   - unit: its unit.
  ///   - resolution: what differs by less is the same.
  ///   - physical: within which physics has it; `nil` where the double tells.
  ///   - possible: what it can be at all; `nil` for anything.
  package init(
    _ name: String, _ value: Double, _ unit: String, resolution: Double,
    physical: ClosedRange<Double>? = nil, possible: ClosedRange<Double>? = nil
  ) {
    self.name = name
    self.value = value
    self.unit = unit
    self.resolution = resolution
    self.physical = physical
    self.possible = possible
  }
}

/// Which calibration a board was measured with, as it stands beside measurements.
package struct CalibrationStamp: Sendable, Equatable {
  /// When the board was calibrated, ISO 8601.
  package let date: String
  /// Which of the boards of its file it is.
  package let boardID: String

  /// The stamp of a calibration.
  ///
  /// - Parameter calibration: the calibration.
  package init(_ calibration: BoardCalibration) {
    date = calibration.day
    boardID = calibration.id
  }

  /// The stamp in words, to follow "calibration".
  package var words: String { "of \(date), board id \(boardID)" }
}

/// A number for people, to a thousandth.
func rounded(_ value: Double) -> String {
  let text = "\((value * 1000).rounded() / 1000)"
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}

/// A reading and what became of it.
package struct Judged: Sendable, Equatable {
  /// The reading.
  package var reading: Reading
  /// The limits it was held to; `nil` where there are none.
  package var limits: ClosedRange<Double>?
  /// Whether it lies within them; a number that is none does not.
  package var isGood: Bool {
    guard let limits else { return reading.value.isFinite }
    return limits.contains(reading.value)
  }
}

/// How a phase or a scenario ended.
package enum Outcome: Sendable, Equatable {
  /// All is as it must be.
  case pass
  /// Something is not, as readings or findings say.
  case fail
  /// It could not be told, since something broke.
  case error(String)
  /// It was left out, for a reason.
  case skip(String)
  /// It was stopped in the middle, by a cause.
  case aborted(String)
  /// It was never begun, for a cause.
  case notStarted(String)

  /// The outcome in a word, as reports have it.
  package var word: String {
    switch self {
    case .pass: "PASS"
    case .fail: "FAIL"
    case .error: "ERROR"
    case .skip: "SKIP"
    case .aborted: "ABORTED"
    case .notStarted: "NOT-STARTED"
    }
  }

  /// Why, where the word does not say it all.
  package var why: String? {
    switch self {
    case .pass, .fail: nil
    case .error(let why), .skip(let why), .aborted(let why), .notStarted(let why): why
    }
  }

  /// Whether something must be done about it.
  package var isBad: Bool {
    switch self {
    case .pass, .skip: false
    default: true
    }
  }
}
