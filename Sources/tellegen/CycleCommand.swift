import ArgumentParser
import Description
import Foundation
import Learning
import VirtualBoard

struct CycleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cycle", abstract: "Learns two tasks in turn.")

  @Option(help: "The board: a name in board/ or a file.")
  var board: String = "two-edge"
  @Option(parsing: .upToNextOption, help: "The two tasks: names in task/ or files.")
  var tasks: [String] = ["two-edge-alpha", "two-edge-beta"]
  @Option(parsing: .upToNextOption, help: "The learning times of a full cycle, s.")
  var tau: [Double]
  @OptionGroup var rule: RuleOptions
  @Option(help: "The seed of the board's parts.")
  var seed: UInt64 = 1
  @Option(help: "The most learning time spent on one tau, s.")
  var longest = 1.5
  @Option var initial: Double?

  func run() throws {
    try Exits.catching {
      var description = try BoardDescription.named(board)
      if let initial { try description.begin(at: initial) }
      let tasks = try tasks.map { try TaskDescription.named($0) }
      let plan = CyclePlan(rule: rule.settings(on: description), seed: seed, longest: longest)
      for tau in tau {
        var cycling = try Cycling<VirtualBoard>(
          description: description, tasks: tasks, plan: plan)
        let start = clock()
        guard let r = try cycling.run(tau: tau) else { return }
        let seconds = Double(clock() - start) / Double(CLOCKS_PER_SEC)
        print(
          tau, r.error, r.span, r.span / tau, r.steadiness.rawValue, "drift", r.drift, "railed",
          r.railed, r.cycles, r.stepsPerCycle, r.learnedPerCycle, r.accuracy ?? -1, "cpu", seconds,
          r.errors)
      }
    }
  }
}
