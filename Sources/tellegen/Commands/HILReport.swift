#if Simulation
import Files
import Foundation
import Harness
import Reports
import Runs
import Storage
import Targets
import Traces

/// What is told and kept of attempts: lines on the console as phases end, and the files of their folder.
struct HILReport {
  /// Where they are gone through.
  let place: BoardPlace
  /// The folder.
  let directory: RunDirectory
  /// What was asked.
  let call: HILCall
  /// Whether standard output is for JSON alone.
  let isJSON: Bool
  /// What the traces that there may be are called, in order, without their endings.
  let traces: [String]
  /// The calibration that the board is measured with; `nil` where there is none.
  var calibration: CalibrationStamp?
  /// The lines that are kept as it happens; `nil` where they cannot be.
  private let lines: AppendedFile?
  /// Why they cannot be kept; `nil` where they can.
  let loss: StorageError?
  private let began = Date()

  /// Makes a report that has nothing yet.
  init(place: BoardPlace, directory: RunDirectory, call: HILCall, traces: [String], isJSON: Bool) {
    self.place = place
    self.directory = directory
    self.call = call
    self.traces = traces
    self.isJSON = isJSON
    do throws(StorageError) {
      lines = try AppendedFile(path: directory.file("record.jsonl"))
      loss = nil
    } catch {
      lines = nil
      loss = error
    }
  }

  /// What is proven, by the names that all files of the attempt have for it.
  private var proven: ProvenPlace {
    ProvenPlace(
      board: place.description.name, target: place.target.rawValue, rig: place.rig?.name,
      boardID: calibration?.boardID ?? call.boardID, calibrated: calibration?.date)
  }

  /// Adds a line to those that are kept as it happens.
  ///
  /// - Parameters:
  ///   - scenario: the scenario's name.
  ///   - attempt: the attempt's number.
  ///   - content: what happened: `record` of a phase, `outcome` and `why` of an attempt.
  private func append(_ scenario: String, _ attempt: Int, _ content: [String: JSONValue]) {
    var fields: [String: JSONValue] = ["scenario": .text(scenario), "attempt": .count(attempt)]
    for (name, value) in proven.labels { fields[name] = .text(value) }
    fields.merge(content) { $1 }
    guard let lines, let text = try? JSON.text(of: JSONValue.object(fields)) else { return }
    lines.append(text.replacing("\n", with: " ") + "\n")
    try? lines.flush()
  }

  /// What the files of an attempt's trace are called, without their endings.
  static func trace(of scenario: String, _ attempt: Int) -> String { "\(scenario).\(attempt)" }

  /// Tells and keeps what happens as it does.
  ///
  /// - Parameters:
  ///   - isCounted: whether attempts are called by their numbers.
  ///   - isQuiet: whether nothing is printed, as of attempts that one cause keeps all from being begun.
  /// - Returns: the listener.
  func listener(isCounted: Bool, isQuiet: Bool = false) -> Proof.Listener {
    var listener = Proof.Listener()
    var traced: TraceFiles?
    let (isQuiet, directory) = (isQuiet || isJSON, directory)
    let (board, retries) = (place.description, call.retries)
    listener.stopping = { Interruption.isAsked }
    listener.saying = { say("tellegen: " + $0) }
    listener.beginning = { scenario, attempt, retryOf in
      if isQuiet { return }
      print(
        scenario + (isCounted ? ", attempt \(attempt)" : "")
          + (retryOf.map { ", after the error of attempt \($0)" } ?? ""))
    }
    listener.phase = { scenario, attempt, phase in
      if !isQuiet { print(HILReport.text(of: phase), terminator: "") }
      append(scenario, attempt, ["record": phase.json(on: board)])
    }
    if call.trace {
      listener.tracing = { scenario, attempt, wave in
        do throws(RunDirectoryError) {
          let files = try TraceFiles(
            in: directory, wave: wave, name: HILReport.trace(of: scenario, attempt),
            isOnItsWay: false)
          traced = files
          return Trace(to: files.stream)
        } catch {
          say("tellegen: the trace of \(scenario) is not kept: \(error)")
          return nil
        }
      }
    }
    listener.ended = { record in
      // What is lost of a trace was said as it happened.
      _ = traced?.finish()
      traced = nil
      append(
        record.scenario, record.attempt,
        ["outcome": .text(record.outcome.word), "why": JSONValue(record.outcome.why)])
      try? lines?.synchronize()
      if isQuiet { return }
      print("  \(record.outcome.word)\(record.outcome.why.map { ": " + $0 } ?? "")")
      for failure in record.teardown { print("  not done at the end: \(failure.words)") }
      if record.isRetried { print("  it is drained and tried again") }
      if retries > 0, record.outcome == .fail {
        print("  not tried again: --retry is for ERROR; mend what is named above")
      }
      if record.isFlaky { print("  flaky: attempt \(record.retryOf ?? 0) ended in an error") }
      if let misuses = record.misuses, misuses.count > 0 {
        print("  \(misuses.words):")
        for broken in misuses.byRule ?? [] { print("    \(broken.words)") }
      }
    }
    return listener
  }

  /// Writes all that the folder has of the attempts, the record first. Where there is no room, traces give way, the
  /// last one first, and that is said.
  ///
  /// - Parameters:
  ///   - proof: the attempts.
  ///   - limits: what readings were held to; `nil` where it did not come to that.
  /// - Throws: `RunDirectoryError`, or what cannot be written as JSON.
  func keep(_ proof: Proof, limits: ScenarioLimits?) throws {
    let (board, target) = (place.description.name, place.target.rawValue)
    let records = proof.records
    try write(try JSON.text(of: json(proof, limits)) + "\n", to: "record.json")
    try write(junit(records, of: proven), to: "junit.xml")
    try write(openMetrics(records, of: proven), to: "metrics.prom")
    let ensemble = limits.map {
      "by \($0.usual.boards) doubles of this board, "
        + "\(Format.significant($0.usual.factor)) scales away at most"
    }
    let facts: [(String, String)] = [
      ("when", began.formatted(.iso8601)), ("program", "tellegen \(version)"),
      ("rig", place.rig.map { "\($0.name), of \(place.map)" } ?? ""),
      ("fixtures", place.rig?.fixtures.joined(separator: ", ") ?? ""),
      ("calibration", calibration?.words ?? ""),
      ("faults", call.faults.joined(separator: ", ")),
      ("faults of the board's file", call.boardFaults.joined(separator: ", ")),
      ("seed of the double", place.target == .gpio ? "" : "\(call.seed)"),
      ("limits", ensemble ?? ""), ("wedged", proof.wedged ?? ""),
    ]
    try write(
      html(
        records, title: "Board \(board), target \(target)",
        facts: facts.filter { !$0.1.isEmpty }, board: place.description), to: "report.html")
  }

  /// Writes a file, in the room that traces leave or give up.
  private func write(_ text: String, to name: String) throws(RunDirectoryError) {
    while true {
      do throws(RunDirectoryError) { return try directory.write(text: text, to: name) } catch {
        guard error.isFull, let trace = dropTrace() else { throw error }
        say("tellegen: the disk is full: trace \(trace) is not kept, to make room for \(name)")
      }
    }
  }

  /// Removes the last trace that there is.
  /// - Returns: its name; `nil` where there is none.
  private func dropTrace() -> String? {
    traces.last { name in
      let files = [".txt", ".vcd"].map { unlink(directory.file(name + $0)) }
      return files.contains(0)
    }
  }

  /// Prints how the attempts ended.
  ///
  /// - Parameters:
  ///   - proof: the attempts.
  ///   - limits: what readings were held to; `nil` where it did not come to that.
  ///   - output: text or JSON.
  /// - Throws: what making either throws.
  func show(_ proof: Proof, _ limits: ScenarioLimits?, _ output: OutputOptions) throws {
    let good = proof.last.count { !$0.outcome.isBad }
    let skipped = proof.last.count { $0.outcome.word == "SKIP" }
    let flaky = proof.records.flaky.map { "\($0.scenario) \($0.words)" }
    try output.show(
      try json(proof, limits),
      text: "\(good) of \(proof.last.count) as they must be"
        + (skipped == 0 ? "" : ", \(skipped) of them skipped")
        + (flaky.isEmpty ? "" : ", \(flaky.joined(separator: ", ")): flaky")
        + "; kept in \(directory.path)\n"
        + (proof.isRecovered ? "the rig is drained and passes selftest: it may be used\n" : ""))
    if !flaky.isEmpty {
      say(
        "tellegen: flaky: "
          + proof.records.flaky.map { "\($0.scenario) passed \($0.words)" }.joined(separator: ", "))
    }
  }

  private func json(_ proof: Proof, _ limits: ScenarioLimits?) throws -> JSONValue {
    [
      "board": .text(place.description.name), "target": .text(place.target.rawValue),
      "date": .text(began.formatted(.iso8601)), "program": .text(version),
      "seed": place.target == .gpio ? .null : .whole(call.seed), "faults": JSONValue(call.faults),
      "board_faults": JSONValue(call.boardFaults),
      "checked": JSONValue(call.checked),
      "outcome": .text(proof.records.outcome.word), "why": JSONValue(proof.records.outcome.why),
      "board_id": JSONValue(proven.boardID),
      "calibration": call.calibration.map {
        [
          "file": .text($0), "date": JSONValue(calibration?.date),
          "board_id": JSONValue(calibration?.boardID),
        ]
      } ?? .null,
      "rig": JSONValue(place.rig?.name), "fixtures": JSONValue(place.rig?.fixtures ?? []),
      "limits": limits.map {
        ["boards": .count($0.usual.boards), "factor": JSONValue($0.usual.factor)]
      } ?? .null,
      "flaky": JSONValue(proof.records.flaky.map(\.scenario)), "wedged": JSONValue(proof.wedged),
      "recovered": .flag(proof.isRecovered),
      "scenarios": .list(proof.records.map { $0.json(on: place.description) }),
    ]
  }

  /// A phase for the console: a line, and below it what is wrong and what to do.
  private static func text(of phase: PhaseRecord) -> String {
    let count = phase.readings.count
    let readings =
      count == 0
      ? ""
      : "  \(count) reading\(count == 1 ? "" : "s")"
        + (phase.calibration.map { ", calibration \($0.words)" } ?? "")
    let name = phase.phase.padding(toLength: 13, withPad: " ", startingAt: 0)
    var text = "  \(name)\(phase.outcome.word)\(readings)"
    if let why = phase.outcome.why { text += "  \(why)" }
    text += "\n"
    for complaint in phase.complaints.prefix(8) { text += "    \(complaint)\n" }
    if phase.complaints.count > 8 {
      text += "    and \(phase.complaints.count - 8) more, in record.json\n"
    }
    if let remedy = phase.remedy { text += "    what to do: \(remedy)\n" }
    return text
  }
}
#endif
