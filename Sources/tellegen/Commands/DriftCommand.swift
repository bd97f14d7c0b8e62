#if Simulation
import ArgumentParser
import Files
import Foundation
import Runs
import BoardDouble
import Studies
import Reports

struct DriftCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drift",
    abstract: "Learns on after a task is solved, and shows where the gates go.",
    discussion: """
      A biased board goes on moving at zero error, along directions that the task does not see, until
      a gate meets its rail. The folder gets drift.csv, drift.json and drift.png.
      """)

  @OptionGroup var pair: PairOptions
  @Option(parsing: .unconditional, help: "How long to learn on, s.")
  var learned = 1.0
  @Option(parsing: .unconditional, help: "The learning time between two records, s.")
  var interval = 0.005
  @Option(
    help:
      "The folder to keep the drift in; default runs/drift-BOARD-SEED, with the tasks and the rule that were asked for before the seed."
  )
  var out: String?
  @Flag(help: "Replace what the folder holds already.")
  var overwrite = false
  @OptionGroup var output: OutputOptions

  /// What a drift is made of.
  private struct Content: Codable {
    var board: BoardDescription
    var tasks: [TaskDescription]
    var plan: CyclePlan
    var learned: Double
    var interval: Double
  }

  func validate() throws {
    try Limits.check(learned, "--learned", 0, 1e4)
    try Limits.check(interval, "--interval", 0, 100)
  }

  func run() throws {
    try Exits.catching {
      let pair = try pair.pair(atLeast: 1)
      pair.board.saySetUp()
      let plan = CyclePlan(rule: pair.rule, seed: self.pair.seed)
      _ = try Cycling<DirectBoard>(description: pair.board, tasks: pair.tasks, plan: plan)
      let directory = RunDirectory(
        path: out ?? self.pair.usualFolder(of: "drift", pair))
      let setting = ResultSetting(
        version: version, command: "drift",
        content: Content(
          board: pair.board, tasks: pair.tasks, plan: plan, learned: learned, interval: interval),
        results: ["drift.json", "drift.csv", "drift.gp", "drift.png"])
      Interruption.watch()
      let claim = try RunClaim(new: directory, files: setting.files, overwrite: overwrite)
      defer { claim.release() }
      let names = pair.board.learningEdges.map(\.name)
      var results: [DriftResult] = []
      var table = TextTable(
        head: ["task", "solved after", "drifts at", "error meanwhile (V^2)", "first rail"],
        rows: [],
        indent: 2, alignsNumbers: false)
      var csv = CSV(["task", "learned_s", "error_V2", "distance_V"] + names)
      for task in pair.tasks.indices where !Interruption.isAsked {
        var cycling = try Cycling<DirectBoard>(
          description: pair.board, tasks: pair.tasks, plan: plan)
        let result = try cycling.drift(of: task, learned: learned, interval: interval) {
          Interruption.isAsked
        }
        results.append(result)
        let name = pair.tasks[task].name
        table.rows.append([
          name, Format.seconds(result.solving), "\(Format.significant(result.speed)) V/s",
          Format.significant(result.error),
          result.railed.map { "\(names[result.railedEdge!]) after \(Format.seconds($0))" }
            ?? "none in \(Format.seconds(learned))",
        ])
        for record in result.records {
          let numbers = [record.learned, record.error, record.distance] + record.gates
          csv.add([.text(name)] + numbers.map(CSV.Field.number))
        }
        csv.addGap()
      }
      if results.isEmpty {
        try Exits.leave(
          "interrupted before anything was seen; nothing is kept, and what was there stays",
          with: Exits.interrupted)
      }
      try claim.clear()
      try directory.write(results, to: "drift.json")
      try directory.write(text: csv.text, to: "drift.csv")
      try directory.write(
        text: plot(of: results, pair.tasks, on: pair.board).text, to: "drift.gp")
      try claim.commit(setting)
      let drawn = plotted("drift", in: directory)
      if output.json {
        print(String(decoding: try directory.data(of: "drift.json"), as: UTF8.self))
      } else {
        print(table.text, terminator: "")
        print(drawn)
      }
      if Interruption.isAsked {
        try Exits.leave(
          "interrupted; what was seen is kept in \(directory.path)", with: Exits.interrupted)
      }
    }
  }

  /// Distance and error over the learning time, a line a task.
  private func plot(
    of results: [DriftResult], _ tasks: [TaskDescription], on board: BoardDescription
  ) -> GnuplotScript {
    func panel(_ axis: GnuplotScript.Axis, _ column: Int) -> GnuplotScript.Panel {
      .init(
        x: .init("learning time since solved (s)"), y: axis, key: "bottom right",
        series: results.indices.map {
          .init(
            "drift.csv", "2:\(column)", block: $0, with: "lines lw 2", title: tasks[$0].name)
        })
    }
    return GnuplotScript(
      "drift", title: "learning on, on \(board.name)", width: 900, height: 420, columns: 2,
      isHeaded: false,
      panels: [
        panel(.init("distance in gate space (V)"), 4),
        panel(.logarithmic("error (V^2)", zeroAt: 1e-12), 3),
      ])
  }
}
#endif
