package import Files
package import Reports
import Runs
import Targets

extension ScenarioRecord {
  /// The record as JSON.
  ///
  /// - Parameter board: the board, which has the names of its lines and parts.
  /// - Returns: the record.
  package func json(on board: BoardDescription) -> JSONValue {
    [
      "scenario": .text(scenario), "attempt": .count(attempt), "outcome": .text(outcome.word),
      "why": JSONValue(outcome.why), "retry_of": JSONValue(retryOf), "retried": .flag(isRetried),
      "flaky": .flag(isFlaky), "left_away": JSONValue(leftAway),
      "teardown": JSONValue(teardown.map(\.words)), "no_answer": JSONValue(noAnswer),
      "phases": .list(phases.map { $0.json(on: board) }),
      "misuses": misuses.map {
        [
          "count": .count($0.count), "first": JSONValue($0.first),
          "by_rule": .list(
            ($0.byRule ?? []).map {
              [
                "rule": .text($0.rule), "count": .count($0.count), "first_s": JSONValue($0.first),
                "lines": JSONValue($0.lines), "parts": JSONValue($0.parts),
              ]
            }),
        ]
      } ?? .null,
    ]
  }
}

extension PhaseRecord {
  /// The record as JSON.
  ///
  /// - Parameter board: the board, which has the names of its lines and parts.
  /// - Returns: the record.
  package func json(on board: BoardDescription) -> JSONValue {
    [
      "phase": .text(phase), "outcome": .text(outcome.word), "why": JSONValue(outcome.why),
      "board_time_s": JSONValue(boardTime), "findings": JSONValue(findings),
      "named": .list(named.map { .list($0.map { $0.json(on: board) }) }),
      "remedy": JSONValue(remedy),
      "readings": .list(
        readings.map { judged in
          [
            "name": .text(judged.reading.name), "value": JSONValue(judged.reading.value),
            "unit": .text(judged.reading.unit), "lowest": JSONValue(judged.limits?.lowerBound),
            "highest": JSONValue(judged.limits?.upperBound),
            "limits_from": judged.limits == nil
              ? .null : .text(judged.reading.physical == nil ? "double" : "physics"),
            "good": .flag(judged.isGood), "calibrated": JSONValue(calibration?.date),
            "board_id": JSONValue(calibration?.boardID),
          ]
        }),
    ]
  }
}
