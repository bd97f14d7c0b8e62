/// Records as JUnit XML, which CI servers read: a suite for each attempt at a scenario, a case for each
/// phase, and one for the verdict where that is not what the phases say. Phases that fail as a scenario with faults
/// wants it have passed. An error after which an attempt was made again is a `flakyError` where that one passed, else a
/// `rerunError`, as Maven's Surefire has them: servers that know neither count only the last attempt.
package func junit(_ records: [ScenarioRecord], of place: ProvenPlace) -> String {
  var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"tellegen hil\">\n"
  for (index, record) in records.enumerated() {
    let last = records[index...].first { $0.scenario == record.scenario && !$0.isRetried }
    let element =
      record.isRetried ? (last?.outcome.isBad == false ? "flakyError" : "rerunError") : "error"
    let cases = cases(of: record)
    let counts = [
      ("tests", cases.count),
      ("failures", cases.count { $0.outcome == .fail }),
      ("errors", record.isRetried ? 0 : cases.count { isError($0.outcome) }),
      ("skipped", cases.count { isSkipped($0.outcome) }),
    ].map { "\($0.0)=\"\($0.1)\"" }.joined(separator: " ")
    let time = record.phases.reduce(0) { $0 + $1.boardTime }
    text +=
      "  <testsuite name=\"\(escaped(record.scenario)).\(record.attempt)\" \(counts) time=\"\(time)\">\n"
      + "    <properties>\n"
      + place.labels.map {
        "      <property name=\"\($0.name)\" value=\"\(escaped($0.value))\"/>\n"
      }.joined()
      + "      <property name=\"outcome\" value=\"\(record.outcome.word)\"/>\n"
      + (record.retryOf.map { "      <property name=\"retry_of\" value=\"\($0)\"/>\n" } ?? "")
      + (record.isFlaky ? "      <property name=\"flaky\" value=\"true\"/>\n" : "")
      + "    </properties>\n"
    for phase in cases {
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
        text +=
          "      <\(element) message=\"\(phase.outcome.word): \(why)\">\(body)</\(element)>\n"
      case .skip: text += "      <skipped message=\"\(why)\"/>\n"
      }
      text += "    </testcase>\n"
    }
    text += "  </testsuite>\n"
  }
  return text + "</testsuites>\n"
}

/// The cases of an attempt: its phases and, where they do not say it, its verdict.
private func cases(of record: ScenarioRecord) -> [PhaseRecord] {
  // What was never opened has no phases: the attempt itself is the case.
  if record.phases.isEmpty { return [PhaseRecord(phase: "open", outcome: record.outcome)] }
  if !record.outcome.isBad {
    return record.phases.map { phase in
      var phase = phase
      if phase.outcome == .fail || isError(phase.outcome) {
        phase.outcome =
          isNotStarted(phase.outcome) ? .skip("a phase before it found the fault") : .pass
      }
      return phase
    }
  }
  let isSaid: Bool =
    if case .error = record.outcome {
      record.phases.contains { isError($0.outcome) && !isNotStarted($0.outcome) }
    } else { record.phases.contains { $0.outcome.isBad } }
  return record.phases
    + (isSaid ? [] : [PhaseRecord(phase: "verdict", outcome: record.outcome)])
}

private func isNotStarted(_ outcome: Outcome) -> Bool {
  if case .notStarted = outcome { true } else { false }
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
