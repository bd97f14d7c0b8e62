import ArgumentParser
import Files
import Reports
import Runs
import Targets

struct MeasureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "measure",
    abstract:
      "Measures a learned board on its task's samples and compares it with the run's record.",
    discussion: """
      The run's double is powered up as the run left it. With --seed it is another double, with --target
      gpio a board at this computer's lines; the learned gates are programmed there first, by pulses,
      unless --as-is leaves them as they stand. Nothing is learned, and the run's folder stays as it
      is. With --csv every sample's outputs are printed, a row each.
      """)

  @Argument(help: ArgumentHelp("The run's folder.", valueName: "run"))
  var folder: String
  @OptionGroup var board: LearnedBoardOptions
  @Flag(help: "Print every sample's outputs as CSV instead of the summary.")
  var csv = false
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if csv && output.json {
      throw ValidationError("--csv cannot go with --json, which has every sample; choose one")
    }
  }

  func run() throws {
    try Exits.catching {
      Interruption.watch()
      let learned = try board.run(in: folder)
      var user = Measuring(run: learned, asIs: board.asIs)
      try learned.setting.open(
        as: learned.target, telling: { say("tellegen: " + $0) }, for: &user)
      guard let found = user.found else { return }
      if csv {
        print(found.csv, terminator: "")
      } else {
        try output.show(found.json, text: found.text)
      }
    }
  }
}

/// Measures an open board.
private struct Measuring: TargetUser {
  let run: LearnedRun
  let asIs: Bool
  var found: Comparison?

  mutating func use<Target: OpenTarget>(_ target: inout Target) throws {
    let run = run
    let asIs = asIs
    var found: Comparison?
    try target.leavingAtRest(telling: { say("tellegen: " + $0) }) { target in
      try run.bring(&target, asIs: asIs)
      guard
        let now = try target.session.takeMeasures(stopping: { Interruption.isAsked }),
        let samples = target.session.lastAnswers
      else { try Exits.leave("interrupted; nothing was measured", with: Exits.interrupted) }
      found = Comparison(run: run, now: now, samples: samples)
    }
    self.found = found
  }
}

/// What a board measures, beside what its run's record says.
private struct Comparison {
  let run: LearnedRun
  let now: EpochRecord
  let samples: SampleAnswers

  private var then: EpochRecord { run.record.result.last }
  private var recorded: SampleAnswers? { run.record.result.samples }

  /// How far outputs are off the record's, V; `nil` where the record has none.
  private var difference: (rms: Double, worst: Double, sample: Int, output: Int)? {
    guard let recorded else { return nil }
    var sum = 0.0
    var count = 0
    var worst = (volts: 0.0, sample: 0, output: 0)
    for (sample, (one, other)) in zip(recorded.outputs, samples.outputs).enumerated() {
      for (output, (before, after)) in zip(one, other).enumerated() {
        let off = after - before
        sum += off * off
        count += 1
        if abs(off) > abs(worst.volts) { worst = (off, sample, output) }
      }
    }
    return ((sum / Double(max(count, 1))).squareRoot(), worst.volts, worst.sample, worst.output)
  }

  /// How many samples are answered otherwise than in the record; `nil` without classes.
  private var otherAnswers: Int? {
    guard let before = recorded?.answers, let after = samples.answers else { return nil }
    return zip(before, after).count { $0 != $1 }
  }

  var text: String {
    let setting = run.setting
    var rows: [[String]] = []
    func row(_ name: String, _ value: (EpochRecord) -> String?) {
      guard let after = value(now) else { return }
      rows.append([name, value(then) ?? "", after])
    }
    row("error, training samples") { Format.squareVolts($0.training.error) }
    row("error, held out") { ($0.testing?.error).map(Format.squareVolts) }
    row("right, training samples") { ($0.training.accuracy).map(Format.percent) }
    row("right, held out") { ($0.testing?.accuracy).map(Format.percent) }
    let title =
      "\(setting.task.name) on \(setting.board.name), \(run.boardWords), learned in "
      + "\(then.epoch) epochs (\(run.directory.path)):"
    var text = TextTable(
      title: title, head: ["", "record", "now"], rows: rows, indent: 2, alignsNumbers: false
    ).text
    if let off = difference {
      text +=
        "Outputs are off the record's by \(Format.significant(off.rms * 1000)) mV rms, at worst by "
        + "\(Format.significant(off.worst * 1000)) mV (sample \(off.sample), output \(off.output)).\n"
    } else {
      text += "The record has no outputs of single samples to compare with.\n"
    }
    if let otherAnswers {
      text += "\(otherAnswers) of \(samples.outputs.count) samples are answered otherwise.\n"
    }
    return text
  }

  var json: JSONValue {
    func measures(_ record: EpochRecord) -> JSONValue {
      [
        "error_train_V2": JSONValue(record.training.error),
        "error_test_V2": JSONValue(record.testing?.error),
        "accuracy_train": JSONValue(record.training.accuracy),
        "accuracy_test": JSONValue(record.testing?.accuracy),
      ]
    }
    let off = difference
    let testing = Set(samples.testing)
    return [
      "run": JSONValue(run.directory.path), "target": JSONValue(run.target.rawValue),
      "board": JSONValue(run.boardWords), "record": measures(then), "now": measures(now),
      "rms_V": JSONValue(off?.rms), "worst_V": JSONValue(off?.worst),
      "worst_sample": JSONValue(off?.sample), "worst_output": JSONValue(off?.output),
      "other_answers": JSONValue(otherAnswers),
      "samples": .list(
        samples.outputs.indices.map { sample in
          [
            "sample": JSONValue(sample), "held_out": JSONValue(testing.contains(sample)),
            "outputs_V": JSONValue(samples.outputs[sample]),
            "recorded_V": recorded.map { JSONValue($0.outputs[sample]) } ?? .null,
            "answer": JSONValue(samples.answers?[sample]),
            "values": samples.values.map { JSONValue($0[sample]) } ?? .null,
          ]
        }),
    ]
  }

  /// Every sample, a row each.
  var csv: String {
    let count = run.setting.task.outputs.count
    let testing = Set(samples.testing)
    let columns =
      ["sample", "held_out"] + (0..<count).map { "output_\($0)_V" }
      + (0..<count).map { "recorded_\($0)_V" } + (samples.answers == nil ? [] : ["answer"])
    let rows = samples.outputs.indices.map { sample -> [CSV.Field] in
      var row: [CSV.Field] = [
        .count(sample), .text(testing.contains(sample) ? "yes" : "no"),
      ]
      row += samples.outputs[sample].map(CSV.Field.number)
      row += (0..<count).map { .number(recorded?.outputs[sample][$0]) }
      if let answers = samples.answers { row.append(.text(answers[sample] ?? "")) }
      return row
    }
    return CSV(columns, rows: rows).text
  }
}
