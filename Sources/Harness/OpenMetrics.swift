/// Records as OpenMetrics text, for a file that a collector reads: the last attempt at each scenario.
///
/// - Parameters:
///   - records: the records, in order.
///   - place: what was proven; its names are labels of every metric.
/// - Returns: the text, ended as OpenMetrics wants it.
package func openMetrics(_ records: [ScenarioRecord], of place: ProvenPlace) -> String {
  func label(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }
  let common = place.labels.map { "\($0.name)=\"\(label($0.value))\"" }.joined(separator: ",")
  var last: [(String, ScenarioRecord)] = []
  for record in records {
    if let place = last.firstIndex(where: { $0.0 == record.scenario }) {
      last[place].1 = record
    } else {
      last.append((record.scenario, record))
    }
  }
  var text =
    "# TYPE tellegen_scenario_good gauge\n"
    + "# HELP tellegen_scenario_good Whether the last attempt at a scenario ended as it must.\n"
  for (name, record) in last {
    text +=
      "tellegen_scenario_good{\(common),scenario=\"\(label(name))\",outcome=\"\(record.outcome.word)\"} "
      + "\(record.outcome.isBad ? 0 : 1)\n"
  }
  let readings = last.flatMap { name, record in
    record.phases.flatMap { phase in phase.readings.map { (name, phase.phase, $0) } }
  }
  for (metric, help, value) in [
    ("tellegen_reading", "What a phase measured.", { (judged: Judged) in judged.reading.value }),
    ("tellegen_reading_lowest", "Its lower limit.", { $0.limits?.lowerBound ?? .nan }),
    ("tellegen_reading_highest", "Its upper limit.", { $0.limits?.upperBound ?? .nan }),
  ] {
    text += "# TYPE \(metric) gauge\n# HELP \(metric) \(help)\n"
    for (scenario, phase, judged) in readings where value(judged).isFinite {
      text +=
        "\(metric){\(common),scenario=\"\(label(scenario))\",phase=\"\(phase)\","
        + "reading=\"\(label(judged.reading.name))\",unit=\"\(label(judged.reading.unit))\"} "
        + "\(value(judged))\n"
    }
  }
  return text + "# EOF\n"
}
