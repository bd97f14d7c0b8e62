#if Simulation
import ArgumentParser
import Files
import Foundation
import Reports
import Runs
import Experiments

struct ReproduceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reproduce",
    abstract: "Runs published results again, and ours beside them, and judges what comes out.",
    discussion: """
      Each experiment keeps its table, CSV files and plots in a folder of its own, and the command
      ends with 1 where a number is not as it must be. Pages quote the seeds of --seed 0; with another
      number all draws are others, and what was chosen on the usual seeds is judged on seeds that it was
      not chosen on.

        tellegen reproduce --list
        tellegen reproduce limit-cycles drift
        tellegen reproduce all
      """)

  @Argument(help: "The experiments by name, or all.")
  var names: [String] = []
  @Flag(help: "List the experiments and how long each takes.")
  var list = false
  @Flag(help: "Run short forms: fewer seeds and shorter runs.")
  var quick = false
  @Option(
    parsing: .unconditional,
    help: "What is added to every seed of boards, splits and orders (0 ... 1000000).")
  var seed = 0
  @Option(help: "The folder to keep results in, one folder for each experiment.")
  var out = "runs/reproduce"
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if !(0...1_000_000).contains(seed) {
      throw ValidationError("--seed is \(seed); allowed is 0 ... 1000000")
    }
    if list && !names.isEmpty {
      throw ValidationError("--list runs nothing; leave out --list, or the names")
    }
    if names.isEmpty && !list {
      throw ValidationError("name an experiment, or all, or ask for the --list")
    }
  }

  func run() throws {
    try Exits.catching {
      if list {
        let table = TextTable(
          head: ["name", "takes", "what"],
          rows: Experiment.all.map { [$0.name, "\($0.seconds) s", $0.about] }, indent: 2,
          alignsNumbers: false)
        let known = Experiment.all.map { experiment -> JSONValue in
          [
            "name": JSONValue(experiment.name), "takes_s": JSONValue(experiment.seconds),
            "about": JSONValue(experiment.about),
          ]
        }
        try output.show(["experiments": .list(known)], text: table.text)
        return
      }
      let known = Experiment.all.map(\.name)
      for name in names where name != "all" && !known.contains(name) {
        try Exits.leave(
          "there is no experiment named \(name); there are \(known.joined(separator: ", ")) and "
            + "all",
          with: Exits.usage)
      }
      let chosen = Experiment.all.filter { names.contains("all") || names.contains($0.name) }
      Interruption.watch()
      // A folder that cannot be used should show before ten minutes of work.
      let claims = try chosen.map { experiment in
        try RunClaim(
          new: RunDirectory(path: out + "/" + experiment.name), files: ["table.csv"],
          overwrite: true)
      }
      defer { for claim in claims { claim.release() } }
      var missed: [String] = []
      var results: [JSONValue] = []
      // What is done is told also where the rest was interrupted.
      defer { if output.json { tell(results) } }
      for (place, experiment) in chosen.enumerated() {
        let head = "[\(place + 1)/\(chosen.count)] \(experiment.name)"
        say("\(head): \(experiment.about)")
        let started = Date()
        let bench = Bench(
          quick: quick, offset: seed, telling: { say("\(head): \($0)") },
          stopping: { Interruption.isAsked })
        let report: Report
        do {
          report = try experiment.run(on: bench)
        } catch is Stopped {
          try Exits.leave(
            "interrupted in \(experiment.name); \(place) of \(chosen.count) experiments are "
              + "kept in "
              + out, with: Exits.interrupted)
        }
        let seconds = Date().timeIntervalSince(started)
        try keep(report, of: experiment.name, claims[place])
        let folder = claims[place].directory.path
        results.append([
          "name": JSONValue(experiment.name), "wall_s": JSONValue(seconds),
          "passed": JSONValue(report.passed), "figures": Figure.json(report.figures),
          "remarks": JSONValue(report.remarks), "folder": JSONValue(folder),
        ])
        if !output.json { print(words(report, of: experiment.name, seconds, in: folder)) }
        if !report.passed { missed.append(experiment.name) }
        if Interruption.isAsked {
          try Exits.leave(
            "interrupted; \(place + 1) of \(chosen.count) experiments are kept in \(out)",
            with: Exits.interrupted)
        }
      }
      if !missed.isEmpty {
        try Exits.leave("missed: \(missed.joined(separator: ", "))", with: Exits.missed)
      }
    }
  }

  /// Prints the results that there are.
  private func tell(_ results: [JSONValue]) {
    let value: JSONValue = ["experiments": .list(results)]
    if let text = try? JSON.text(of: value) { print(text) }
  }

  /// A report in words.
  private func words(
    _ report: Report, of name: String, _ seconds: Double, in folder: String
  ) -> String {
    let verdict = report.passed ? "as it must be" : "MISSED"
    let seeds = seed == 0 ? "" : ", seeds + \(seed)"
    return "\(name) (\(Format.significant(seconds)) s\(seeds)): \(verdict)\n"
      + Figure.table(report.figures).text + report.remarks.map { "  \($0)\n" }.joined()
      + "  Kept in \(folder).\n"
  }

  /// What is run.
  private struct Content: Codable {
    var experiment: String
    var quick: Bool
    /// What was added to every seed.
    var seed: Int
  }

  private func keep(_ report: Report, of name: String, _ claim: RunClaim) throws {
    let directory = claim.directory
    let files = report.files.map(\.name)
    let plots = files.filter { $0.hasSuffix(".gp") }.map { String($0.dropLast(3)) + ".png" }
    let setting = ResultSetting(
      version: version, command: "reproduce",
      content: Content(experiment: name, quick: quick, seed: seed),
      results: ["table.csv"] + files + plots)
    try claim.add(setting.files)
    try claim.clear()
    try directory.write(text: Figure.csv(report.figures).text, to: "table.csv")
    for file in report.files { try directory.write(text: file.text, to: file.name) }
    try claim.commit(setting)
    defer { claim.release() }
    for file in files where file.hasSuffix(".gp") {
      do throws(NoPlot) {
        try Gnuplot.draw(file, in: directory.path, stopping: { Interruption.isAsked })
      } catch { say("no plot: \(error)") }
    }
  }
}
#endif
