import ArgumentParser
import Files

struct TaskCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "task", abstract: "Reads a task file, refuses what is wrong, and says what it is.")
  @Argument(help: "The task: a name in task/ or a file.")
  var task: String

  func run() throws {
    try Exits.catching {
      let task = try TaskDescription.named(task)
      print("\(task.name): \(task.about)")
      print(
        "  \(task.samples.count) samples, \(task.training) of them train; \(task.inputs.count) "
          + "inputs, \(task.outputs.count) \(task.outputs.differential ? "differential " : "")"
          + "output\(task.outputs.count == 1 ? "" : "s")")
    }
  }
}
