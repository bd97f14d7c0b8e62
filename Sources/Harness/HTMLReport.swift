package import Files
import Runs

/// Records as one page that needs nothing else: every attempt with its phases, what is wrong and what to do,
/// each reading drawn between its limits, and the board with its verdicts.
///
/// - Parameters:
///   - records: the records, in order.
///   - title: what the page is called.
///   - facts: what was proven, by what: names and values.
///   - board: the board; `nil` draws none.
/// - Returns: the page.
package func html(
  _ records: [ScenarioRecord], title: String, facts: [(name: String, value: String)],
  board: BoardDescription? = nil
) -> String {
  var text = """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(escaped(title))</title>
    <style>
    :root { color-scheme: light dark; --good: #1a7f37; --bad: #cf222e; --other: #9a6700; --rule: #8884 }
    body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem }
    h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin: 2rem 0 .4rem }
    table { border-collapse: collapse; width: 100% }
    td, th { border-top: 1px solid var(--rule); padding: .25rem .5rem; text-align: left; vertical-align: top }
    td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
    .PASS { color: var(--good) } .FAIL, .ERROR { color: var(--bad) }
    .SKIP, .ABORTED, .NOT-STARTED { color: var(--other) }
    .outcome { font-weight: 600; white-space: nowrap }
    svg { display: block } .beyond { color: var(--bad) }
    @media (prefers-color-scheme: dark) { :root { --good: #3fb950; --bad: #ff7b72; --other: #d29922 } }
    figure { display: flex; flex-wrap: wrap; align-items: center; gap: 1.5rem; margin: .5rem 0 }
    figcaption { flex: 1 12rem; font-size: .85rem } svg.board { max-width: 100%; height: auto }
    svg.board text { font-size: 12px; text-anchor: middle; fill: currentColor }
    .edge { fill: none; stroke: currentColor; opacity: .45; stroke-width: 1.5; stroke-dasharray: 3 4 }
    .edge.good { stroke: var(--good); opacity: .8; stroke-width: 2; stroke-dasharray: none }
    .edge.bad { stroke: var(--bad); opacity: 1; stroke-width: 4; stroke-dasharray: none }
    .edge.maybe { stroke: var(--other); opacity: 1; stroke-width: 4; stroke-dasharray: none }
    .node { fill: Canvas; stroke: currentColor; stroke-width: 2 } .node.hidden { fill: currentColor }
    .node.good { stroke: var(--good) } .node.hidden.good { fill: var(--good) }
    .node.maybe { stroke: var(--other); stroke-width: 4 } .node.hidden.maybe { fill: var(--other) }
    .node.bad { stroke: var(--bad); stroke-width: 4 } .node.hidden.bad { fill: var(--bad) }
    p { margin: 0 0 .2rem } ul { margin: .2rem 0; padding-left: 1.2rem }
    .wires { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .3rem }
    .wires li { border: 1px dashed var(--rule); border-radius: 4px; padding: 0 .4rem; white-space: nowrap }
    .wires .maybe { border: 2px solid var(--other); color: var(--other) }
    .wires .bad { border: 2px solid var(--bad); color: var(--bad); font-weight: 600 }
    .phases > tbody > tr > :first-child { width: 9rem } .phases > tbody > tr > :nth-child(2) { width: 7rem }
    td { overflow-wrap: break-word } .outcome, summary { overflow-wrap: normal }
    details { margin: 0 } summary { cursor: pointer }
    @media (max-width: 40rem) {
      body { margin: 1rem auto } figcaption { flex-basis: 100% }
      .facts tr, .phases > tbody > tr { display: block; border-top: 1px solid var(--rule); padding: .3rem 0 }
      .facts :is(td, th), .phases > tbody > tr > :is(td, th) { border: 0; padding: 0 .3rem }
      .facts td, .phases > tbody > tr > td:last-child { display: block }
      .phases > tbody > tr:first-child { display: none }
      .readings tr { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: center;
        border-top: 1px solid var(--rule) }
      .readings td { border: 0 } .readings td:first-child { flex-basis: 100% }
    }
    @media print {
      body { margin: 0; max-width: none } tr, figure { break-inside: avoid } .phases > tbody > tr { break-inside: auto }
      details::details-content { content-visibility: visible; block-size: auto } summary { list-style: none }
    }
    </style>
    </head>
    <body>
    <h1>\(escaped(title))</h1>
    <table class="facts">

    """
  for fact in facts {
    text += "<tr><th>\(escaped(fact.name))</th><td>\(escaped(fact.value))</td></tr>\n"
  }
  let last = records.filter { !$0.isRetried }
  let bad = last.count { $0.outcome.isBad }
  let flaky = records.flaky.map { "\($0.scenario) passed \($0.words)" }
  text +=
    "<tr><th>as they must be</th><td>\(last.count - bad) of \(last.count)</td></tr>\n"
    + (flaky.isEmpty
      ? ""
      : "<tr><th>flaky</th><td class=\"ERROR\">\(escaped(flaky.joined(separator: ", ")))"
        + "</td></tr>\n") + "</table>\n"
  for record in records {
    text +=
      "<h2>\(escaped(record.scenario))\(record.attempt > 1 ? ", attempt \(record.attempt)" : "") "
      + outcome(record.outcome)
      + (record.retryOf.map { ", after the error of attempt \($0)" } ?? "")
      + (record.isFlaky ? " <span class=\"outcome ERROR\">flaky</span>" : "") + "</h2>\n"
    if let why = record.outcome.why { text += "<p>\(escaped(why))</p>\n" }
    if let away = record.leftAway {
      text += "<p class=\"FAIL\">The board could not be put to rest: \(escaped(away))</p>\n"
    }
    if let misuses = record.misuses, misuses.count > 0 {
      text +=
        "<p>\(misuses.words):</p>\n<ul>"
        + (misuses.byRule ?? []).map { "<li>\(escaped($0.words))</li>" }.joined() + "</ul>\n"
    }
    if record.phases.isEmpty { continue }
    if let board, let drawing = BoardDrawing(board, record) { text += drawing.figure }
    text +=
      "<table class=\"phases\">\n<tr><th>phase</th><th>outcome</th><th>what was found</th></tr>\n"
    for phases in alike(record.phases) {
      text +=
        "<tr><td>\(escaped(phases.map(\.phase).joined(separator: ", ")))</td>"
        + "<td>\(outcome(phases[0].outcome))</td><td>" + details(of: phases[0]) + "</td></tr>\n"
    }
    text += "</table>\n"
  }
  return text + "</body>\n</html>\n"
}

/// Phases in order; those that one cause kept from being begun stand together.
private func alike(_ phases: [PhaseRecord]) -> [[PhaseRecord]] {
  var groups: [[PhaseRecord]] = []
  for phase in phases {
    if case .notStarted = phase.outcome, groups.last?[0].outcome == phase.outcome {
      groups[groups.count - 1].append(phase)
    } else {
      groups.append([phase])
    }
  }
  return groups
}

private func outcome(_ outcome: Outcome) -> String {
  "<span class=\"outcome \(outcome.word)\">\(outcome.word)</span>"
}

private func details(of phase: PhaseRecord) -> String {
  var text = ""
  if let why = phase.outcome.why { text += "<p>\(escaped(why))</p>" }
  for complaint in phase.complaints {
    // What may be wrong in its place stands on a line of its own.
    let lines = escaped(complaint).replacing(BoardDrawing.otherwise, with: ";<br>or ")
    text += "<p class=\"beyond\">\(lines)</p>"
  }
  if let remedy = phase.remedy { text += "<p>What to do: \(escaped(remedy))</p>" }
  if phase.readings.isEmpty { return text }
  let isOpen = phase.outcome == .fail ? " open" : ""
  text +=
    "<details\(isOpen)><summary>\(phase.readings.count) readings"
    + (phase.calibration.map { ", calibration \(escaped($0.words))" } ?? "")
    + "</summary><table class=\"readings\">"
  for judged in phase.readings {
    let reading = judged.reading
    let unit = reading.unit.isEmpty ? "" : " " + reading.unit
    text +=
      "<tr\(judged.isGood ? "" : " class=\"beyond\"")><td>\(escaped(reading.name))</td>"
      + "<td class=\"number\">\(rounded(reading.value))\(escaped(unit))</td>"
      + "<td class=\"number\">\(judged.limits.map { "\(rounded($0.lowerBound)) ... \(rounded($0.upperBound))" } ?? "")</td>"
      + "<td>\(gauge(judged))</td></tr>"
  }
  return text + "</table></details>"
}

/// A reading as a mark between its limits; beyond them it stands at the end that it passed.
private func gauge(_ judged: Judged) -> String {
  guard let limits = judged.limits, limits.upperBound > limits.lowerBound,
    judged.reading.value.isFinite
  else { return "" }
  let share =
    (judged.reading.value - limits.lowerBound) / (limits.upperBound - limits.lowerBound)
  let place = 20 + 120 * min(max(share, -0.12), 1.12)
  let colour = judged.isGood ? "var(--good)" : "var(--bad)"
  return
    "<svg width=\"160\" height=\"14\" role=\"img\" aria-label=\"\(judged.isGood ? "within" : "beyond") the limits\">"
    + "<rect x=\"20\" y=\"5\" width=\"120\" height=\"4\" fill=\"currentColor\" opacity=\".25\"/>"
    + "<circle cx=\"\(rounded(place))\" cy=\"7\" r=\"5\" fill=\"\(colour)\"/></svg>"
}
