import ArgumentParser
import Files
import Reports
import Runs
import Targets

struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Has a learned board answer rows of inputs, as CSV.",
    discussion: """
      The file is laid out as the task's data, with or without the columns of the answers; a first line
      of names is passed over. A value beyond its input's range counts as the range's end where the task
      says clip: true for the input, as tasks made from tables do; else it is refused, as a missing value
      always is, with its line and before anything is presented. Each row comes out with its line's
      number, the outputs in V and the answer: a class, empty where no output leads, or values in the
      labels' own units.

      The run's double answers as the run left it. With --seed it is another double, with --target gpio
      a board at this computer's lines; the learned gates are programmed there first, by pulses, unless
      --as-is leaves them as they stand.
      """)

  @Argument(help: ArgumentHelp("The run's folder.", valueName: "run"))
  var folder: String
  @Argument(help: "The CSV file of inputs.")
  var file: String
  @Option(help: "How many lines stand before the first row, 0 ... 1000000; default: it shows.")
  var skipLines: Int?
  @OptionGroup var board: LearnedBoardOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let skipLines, !(0...1_000_000).contains(skipLines) {
      throw ValidationError("--skip-lines is \(skipLines); allowed is 0 ... 1000000")
    }
  }

  func run() throws {
    try Exits.catching {
      let learned = try board.run(in: folder)
      let task = learned.setting.task
      let (questions, header) = try task.questions(
        path: file, skip: skipLines, on: learned.setting.board)
      if let header { say("tellegen: \(file):\(header): taken for names of columns") }
      Interruption.watch()
      var user = Predicting(run: learned, asIs: board.asIs, questions: questions)
      try learned.setting.open(
        as: learned.target, telling: { say("tellegen: " + $0) }, for: &user)
      try show(user.answers, of: questions, task)
      if user.answers.count < questions.count {
        try Exits.leave(
          "interrupted; \(user.answers.count) of \(questions.count) rows are answered",
          with: Exits.interrupted)
      }
    }
  }

  private func show(
    _ answers: [RowAnswer], of questions: [Question], _ task: TaskDescription
  ) throws {
    if output.json {
      let rows = zip(questions, answers).map { question, answer -> JSONValue in
        [
          "line": JSONValue(question.line), "outputs_V": JSONValue(answer.outputs),
          "answer": task.classes.isEmpty ? JSONValue(answer.values) : JSONValue(answer.category),
        ]
      }
      return print(try JSON.text(of: ["rows": .list(rows)] as JSONValue))
    }
    let outputs = (0..<task.outputs.count).map { "output_\($0)_V" }
    // Several values have a column each.
    let names =
      !task.classes.isEmpty || outputs.count == 1
      ? ["answer"] : outputs.indices.map { "answer_\($0)" }
    let rows = zip(questions, answers).map { question, answer -> [CSV.Field] in
      [.count(question.line)] + answer.outputs.map(CSV.Field.number)
        + (task.classes.isEmpty
          ? answer.values.map(CSV.Field.number) : [.text(answer.category ?? "")])
    }
    print(CSV(["line"] + outputs + names, rows: rows).text, terminator: "")
  }
}

/// Has an open board answer rows.
private struct Predicting: TargetUser {
  let run: LearnedRun
  let asIs: Bool
  let questions: [Question]
  /// As many as there was time for.
  var answers: [RowAnswer] = []

  mutating func use<Target: OpenTarget>(_ target: inout Target) throws {
    let (run, asIs, questions) = (run, asIs, questions)
    var answers: [RowAnswer] = []
    try target.leavingAtRest(telling: { say("tellegen: " + $0) }) { target in
      try run.bring(&target, asIs: asIs)
      for question in questions where !Interruption.isAsked {
        answers.append(try target.session.answer(question.inputs))
      }
    }
    self.answers = answers
  }
}
