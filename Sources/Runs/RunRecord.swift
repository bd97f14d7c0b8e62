import Foundation

/// The result of a run in numbers.
public struct RunResult: Sendable, Equatable, Codable {
  /// Whether every epoch was trained.
  public var finished: Bool
  /// The measures before training; `nil` in records of version 0.1.
  public var first: EpochRecord?
  /// The measures at the end.
  public var last: EpochRecord
  /// All training steps.
  public var steps: Int
  /// The time on the board, learning or not, s (virtual on the double).
  public var boardTime: Double
  /// How many edges stood at a gate limit.
  public var saturatedEdges: Int
  /// The gates at the end by the controllers' account, V; empty where edges follow their own rule.
  public var estimatedGates: [Double]
  /// The gates at the end as they are on the double, V; empty on a real board.
  public var gates: [Double]
  /// What the samples were answered by the last measures; `nil` where there were none since the run
  /// was resumed, and in records of version 0.2.0.
  public var samples: SampleAnswers?
  /// The epoch whose gates the run ended with, where it keeps those of its best; `nil` elsewhere.
  public var best: Int?
  /// What one presentation takes on the board; `nil` in records of version 0.2.0, and of a real
  /// board where the program has no double to reckon it with.
  public var presentation: PresentationCost?
  /// How well the gates are known; `nil` of runs without a calibration, and of programs without the double.
  public var known: KnownGates?

  /// Makes a result.
  public init(
    finished: Bool, first: EpochRecord?, last: EpochRecord, steps: Int, boardTime: Double,
    saturatedEdges: Int,
    estimatedGates: [Double], gates: [Double]
  ) {
    self.finished = finished
    self.first = first
    self.last = last
    self.steps = steps
    self.boardTime = boardTime
    self.saturatedEdges = saturatedEdges
    self.estimatedGates = estimatedGates
    self.gates = gates
  }
}

/// A run's record: setting and result. The curves are in `metrics.jsonl` and `curves.csv`.
public struct RunRecord: Sendable, Equatable, Codable {
  /// What the run is made of.
  public var setting: RunSetting
  /// The result.
  public var result: RunResult
  /// What was asked of GPIO lines, on a board that hangs at some.
  public var lines: LineStatistics?
  /// What a reader should know of how it ended; `nil` in records of version 0.2.0.
  public var remarks: [Remark]?

  /// What the circuit can hold; `nil` where it was not reckoned: of interrupted and of short runs, of
  /// boards too large for it, by programs without the double, and in records of version 0.2.0.
  public var bound: CircuitBound?

  /// Makes a record, with its remarks.
  public init(setting: RunSetting, result: RunResult, lines: LineStatistics? = nil) {
    self.lines = lines
    self.setting = setting
    self.result = result
    remarks = verdicts
  }
}
