import ArgumentParser
import Files
import Reports

struct TaskCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "task", abstract: "Reads a task file, refuses what is wrong, and says what it is.")
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
          + "  \(task.samples.count) samples, \(task.training) of them train; \(task.inputs.count) "
          + "inputs, \(task.outputs.count) \(task.outputs.differential ? "differential " : "")"
          + "output\(task.outputs.count == 1 ? "" : "s")\n")
    }
  }
}
