import ArgumentParser
import Files
import Reports

struct TaskCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "task",
    abstract: "Looks at tasks, and makes them from tables.",
    subcommands: [Check.self, Infer.self], defaultSubcommand: Check.self)

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Reads a task file, refuses what is wrong, and says what it is.")
    @Argument(help: "The task: a name in task/ or a file.")
    var task: String
    @OptionGroup var output: OutputOptions

    func run() throws {
      try Exits.catching {
        let task = try TaskDescription.named(task)
        try output.show(
          [
            "name": JSONValue(task.name), "about": JSONValue(task.about),
            "samples": JSONValue(task.samples.count), "training": JSONValue(task.training),
            "inputs": JSONValue(task.inputs.map(\.name)), "outputs": JSONValue(task.outputs.count),
            "differential": JSONValue(task.outputs.differential),
            "classes": task.classes.isEmpty ? .null : JSONValue(task.classes),
          ],
          text: "\(task.name): \(task.about)\n"
            + "  \(task.samples.count) samples, \(task.training) of them train; "
            + "\(task.inputs.count) inputs, \(task.outputs.count) "
            + "\(task.outputs.differential ? "differential " : "")"
            + "output\(task.outputs.count == 1 ? "" : "s")\n")
      }
    }
  }

  struct Infer: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes a task file from a table, on standard output; says what it found.",
      discussion: """
        Cells are told apart by commas, semicolons or tabs; a first line of names, quotes, UTF-16,
        decimal commas and missing values are understood. Each column of numbers becomes an input and
        its complement, since conductances are positive, each column of 2 ... 8 words an input for each
        word; two constants are added. The data's path is written as it is given: keep the file where
        that path holds.
        """)
    @Argument(help: "The table, a CSV file.")
    var file: String
    @OptionGroup var table: TableOptions
    @Option(help: "A board whose channels it must fit; default: as many as it takes.")
    var board: String?
    @Option(
      parsing: .unconditional,
      help: "The seed of the run, whose training samples choose columns where channels are few.")
    var seed: UInt64 = 1

    func run() throws {
      try Exits.catching {
        let (inference, _, _) = try TaskInference.run(
          path: file, wishes: table.wishes(seed: seed), board: board)
        for remark in inference.remarks { say("tellegen: " + remark) }
        print(inference.yaml(data: file), terminator: "")
      }
    }
  }
}
