/// Records as JUnit XML, which CI servers read: a suite for each attempt at a scenario, a case for each
/// phase.
package func junit(_ records: [ScenarioRecord], board: String, target: String) -> String {
  var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"tellegen hil\">\n"
  for record in records {
    let isNotOpened = record.phases.isEmpty && record.outcome.isBad
    let counts = [
      ("tests", max(record.phases.count, 1)),
      ("failures", record.phases.count { $0.outcome == .fail }),
      ("errors", record.phases.count { isError($0.outcome) } + (isNotOpened ? 1 : 0)),
      ("skipped", record.phases.count { isSkipped($0.outcome) }),
    ].map { "\($0.0)=\"\($0.1)\"" }.joined(separator: " ")
    let time = record.phases.reduce(0) { $0 + $1.boardTime }
    text +=
      "  <testsuite name=\"\(escaped(record.scenario)).\(record.attempt)\" \(counts) time=\"\(time)\">\n"
      + "    <properties>\n"
      + "      <property name=\"board\" value=\"\(escaped(board))\"/>\n"
      + "      <property name=\"target\" value=\"\(escaped(target))\"/>\n"
      + "      <property name=\"outcome\" value=\"\(record.outcome.word)\"/>\n"
      + "    </properties>\n"
    // What was never opened has no phases: the attempt itself is the case.
    let phases =
      record.phases.isEmpty
      ? [PhaseRecord(phase: "open", outcome: record.outcome)] : record.phases
    for phase in phases {
      text +=
        "    <testcase classname=\"\(escaped(record.scenario))\" name=\"\(escaped(phase.phase))\" "
        + "time=\"\(phase.boardTime)\">\n"
      let why = escaped(phase.outcome.why ?? phase.complaints.first ?? "")
      let body = escaped(
        (phase.complaints + [phase.remedy].compactMap { $0 }).joined(separator: "\n"))
      switch phase.outcome {
      case .pass: break
      case .fail: text += "      <failure message=\"\(why)\">\(body)</failure>\n"
      case .error, .aborted, .notStarted:
        text += "      <error message=\"\(phase.outcome.word): \(why)\">\(body)</error>\n"
      case .skip: text += "      <skipped message=\"\(why)\"/>\n"
      }
      text += "    </testcase>\n"
    }
    text += "  </testsuite>\n"
  }
  return text + "</testsuites>\n"
}

private func isError(_ outcome: Outcome) -> Bool {
  switch outcome {
  case .error, .aborted, .notStarted: true
  default: false
  }
}

private func isSkipped(_ outcome: Outcome) -> Bool {
  if case .skip = outcome { true } else { false }
}

/// Text for XML; what XML 1.0 cannot hold becomes a space.
func escaped(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "\n", "\t": result.unicodeScalars.append(scalar)
    case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF:
      result += " "
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}
