import Files
package import Runs
package import Targets
package import Wiring

extension OpenTarget {
  /// What a short calibration finds elsewhere than one that is kept, or does not see any more: RC of either way,
  /// threshold, reach and comparators' offsets of each edge, supply, sources and clamps, what nothing but an exchanged
  /// or broken part, another supply or another temperature moves. The gates stand anywhere afterwards.
  ///
  /// - Parameters:
  ///   - kept: the calibration.
  ///   - subject: the board.
  ///   - isPlacedAlike: whether channels are at the nodes where the board's file has them, as a calibration has.
  ///   - stopping: asked before every pulse and every step of the fit.
  /// - Returns: what lies elsewhere, in words.
  /// - Throws: `Stopped`, `CircuitError` where the circuit has no solution, or what the board throws.
  package mutating func contradictions(
    of kept: BoardCalibration, _ subject: Subject, isPlacedAlike: Bool = true,
    stopping: () -> Bool
  ) throws -> [String] {
    let excitation = try excite(
      subject, pulses: CalibrationCheck.pulses, stopping: stopping)
    // A calibration of the older format has nothing to hold comparators to.
    let sweeps =
      kept.edges.contains { $0.comparatorA != nil }
      ? try ComparatorSweeps(of: &self, subject, stopping: stopping) : nil
    let model = try PartsModel(subject)
    let fit = try PartsFit(model, to: excitation, stopping: stopping)
    return kept.contradictions(
      by: try BoardCalibration(
        fit, of: model, board: subject.description, id: kept.id, date: kept.date, target: "",
        by: excitation, sweeps), on: subject.description, isPlacedAlike: isPlacedAlike)
  }
}

/// Holds a run's board to the calibration that its controllers are told, before the run touches it.
package struct CalibrationCheck: TargetUser {
  /// The number of pulses: RC is known to 0.5 % then.
  static let pulses = 250

  private let subject: Subject
  private let kept: BoardCalibration
  private let isPlacedAlike: Bool
  private let telling: (String) -> Void
  private let stopping: () -> Bool
  /// What lies elsewhere, in words.
  private var found: [String] = []

  /// Looks whether the calibration of a run holds. A board at GPIO lines is opened, looked at and put to
  /// rest; of a double it is one of the same parts, so that the run's own stays as it is.
  ///
  /// - Parameters:
  ///   - setting: the run.
  ///   - hold: the rig, where the caller has it already.
  ///   - telling: is told what the user should know, a sentence at a time.
  ///   - stopping: asked before whatever takes long.
  /// - Returns: what lies elsewhere, in words; nothing where the calibration holds, or the run has none.
  /// - Throws: `Stopped`, `LooksWrong`, `SubjectError`, or what the board throws.
  package static func contradictions(
    of setting: RunSetting, on hold: RigHold? = nil, telling: @escaping (String) -> Void,
    stopping: @escaping () -> Bool
  ) throws -> [String] {
    guard let kept = setting.calibration else { return [] }
    // The channels are where the task has them: so a real board is wired.
    var board = setting.board
    (board.sources, board.targets) = try setting.task.place(on: board)
    let isPlacedAlike =
      board.sources == setting.board.sources && board.targets == setting.board.targets
    let subject = try Subject(board)
    var check = CalibrationCheck(
      subject: subject, kept: kept, isPlacedAlike: isPlacedAlike, telling: telling,
      stopping: stopping)
    try subject.setting(board, seed: setting.boardSeed ?? setting.plan.seed).open(
      as: setting.target, on: setting.target == .gpio ? hold : nil, telling: telling, for: &check)
    return check.found
  }

  private init(
    subject: Subject, kept: BoardCalibration, isPlacedAlike: Bool,
    telling: @escaping (String) -> Void, stopping: @escaping () -> Bool
  ) {
    self.subject = subject
    self.kept = kept
    self.isPlacedAlike = isPlacedAlike
    self.telling = telling
    self.stopping = stopping
  }

  package mutating func use<Target: OpenTarget>(_ target: inout Target) throws {
    let (subject, kept, isPlacedAlike) = (subject, kept, isPlacedAlike)
    let (telling, stopping) = (telling, stopping)
    var found: [String] = []
    try target.leavingAtRest(telling: telling) { target in
      guard try target.makeReady(telling: telling, stopping: stopping) else { throw Stopped() }
      found = try target.contradictions(
        of: kept, subject, isPlacedAlike: isPlacedAlike, stopping: stopping)
    }
    self.found = found
  }
}
