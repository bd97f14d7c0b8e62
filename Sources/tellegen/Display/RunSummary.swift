import Files
import Reports
import Runs

/// The end of a run in words.
struct RunSummary {
  let record: RunRecord

  var text: String {
    let setting = record.setting
    let result = record.result
    let first = result.first ?? result.last
    let last = result.last
    var rows: [(String, String)] = []
    func row(_ name: String, _ value: (EpochRecord) -> String?) {
      guard let after = value(last) else { return }
      rows.append((name, (value(first) ?? "") + " -> " + after))
    }
    row("error, training samples") { Format.squareVolts($0.training.error) }
    row("error, held out") { ($0.testing?.error).map(Format.squareVolts) }
    row("right, all samples") { ($0.all.accuracy).map(Format.percent) }
    row("right, training samples") { ($0.training.accuracy).map(Format.percent) }
    row("right, held out") { ($0.testing?.accuracy).map(Format.percent) }
    rows.append(("learning time on the board", Format.seconds(last.learned)))
    rows.append(("time on the board in all", Format.seconds(result.boardTime)))
    if let cost = result.presentation {
      let energy = Format.significant(cost.energy * 1e6)
      rows.append(
        (
          "presenting a sample, settled and read",
          "\(Format.significant(cost.latency * 1000)) ms, \(energy) uJ in the network"
            + (cost.isEstimated ? " (estimated)" : "")
        ))
    }
    rows.append(("training steps (that moved gates)", "\(result.steps) (\(last.pulses))"))
    let edges = setting.board.learningEdges.count
    if let best = result.best, best < last.epoch {
      rows.append(("gates kept", "of epoch \(best), the best on the training samples"))
    }
    rows.append(("edges at a gate limit", "\(result.saturatedEdges) of \(edges)"))
    if !result.estimatedGates.isEmpty && !result.gates.isEmpty {
      let worst = zip(result.estimatedGates, result.gates).map { abs($0 - $1) }.max() ?? 0
      rows.append(("worst gate estimate", Format.significant(worst * 1000) + " mV off"))
    }
    if let known = result.known {
      func worst(_ bounds: [Double], _ isShown: Bool) -> String? {
        zip(bounds, known.shown).filter { $0.1 == isShown }.map(\.0).max().map {
          Format.significant($0 * 1000) + " mV"
        }
      }
      if let bound = worst(known.bounds, true), let felt = worst(known.overdriveBounds, true) {
        rows.append(("gates known to within", "\(bound), less their thresholds \(felt)"))
      }
      if let bound = worst(known.bounds, false) {
        let count = known.shown.count { !$0 }
        rows.append(("\(count) gates that no target shows", bound))
      }
      if known.observations + known.rejected > 0 {
        rows.append(
          (
            "gates observed",
            "\(known.observations) times"
              + (known.rejected > 0 ? ", \(known.rejected) times not believed" : "")
          ))
      }
    }
    if let lines = record.lines {
      func micro(_ time: Int64) -> String { Format.significant(Double(time) / 1000) }
      let operations = lines.writes + lines.reads + (lines.exchanges?.count ?? 0)
      let bus = lines.exchanges.map { ", \($0.count) exchanges" } ?? ""
      let since = lines.epochsBefore.map { " since epoch \($0)" } ?? ""
      rows.append(("line operations\(since)", "\(operations) (\(lines.writes) writes\(bus))"))
      func add(_ what: String, _ latency: LineStatistics.Latency) {
        let all = [latency.median, latency.p99, latency.p999, latency.longest].map(micro)
        rows.append(("\(what), us (median, 99 %, 99.9 %, max)", all.joined(separator: ", ")))
      }
      add("a read or write", lines.latency)
      if let exchanges = lines.exchanges { add("an exchange", exchanges.latency) }
      if lines.steps.count > 0 {
        let mean = Double(lines.steps.operations) / Double(lines.steps.count)
        rows.append(
          (
            "operations of a step (least ... most, mean)",
            "\(lines.steps.least) ... \(lines.steps.most), \(Format.significant(mean))"
          ))
      }
    }
    let table = TextTable(rows: rows.map { [$0.0, $0.1] }, indent: 2, alignsNumbers: false)
    let kind =
      setting.target == .gpio
      ? "at GPIO lines"
      : setting.board.imperfections == .none ? "without imperfections" : "with imperfections"
    return """
      \(setting.task.name) on \(setting.board.name) (\(edges) learning edges, \(kind)), rule \
      \(setting.plan.rule.name.rawValue), seed \(setting.plan.seed), \
      \(last.epoch) of \(setting.plan.epochs) epochs:
      \(table.text.dropLast())\(bound)
      """
  }

  /// What the circuit can hold beside what was learned, on a line of its own; nothing where that
  /// was not reckoned.
  private var bound: String {
    guard let bound = record.bound else { return "" }
    let last = record.result.last
    let (can, did, what) =
      if let testing = bound.testing, let learned = last.testing {
        (testing, learned, "held-out samples")
      } else {
        (bound.training, last.training, "training samples")
      }
    func words(_ measures: Measures) -> String {
      measures.accuracy.map(Format.percent)
        ?? Format.significant(measures.error.squareRoot() * 1000) + " mV rms"
    }
    return
      "\nThis circuit can hold \(words(can)) of the \(what) at these places, by the exact gradient "
      + "on an ideal board; learned: \(words(did))."
  }
}
