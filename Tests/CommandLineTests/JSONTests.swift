import ArgumentParser
import Foundation
import Testing

@testable import tellegen

/// Every command that prints a result prints it as JSON too.
@Suite struct JSONTests {
  /// Commands without `--json`, and why.
  static let exceptions: [String: String] = [
    "board lattice": "what it prints is a board file",
    "board bipartite": "what it prints is a board file",
    "task infer": "what it prints is a task file",
    "board spice": "what it prints is a SPICE deck",
    "serve": "it serves until it is ended; what it saw it writes where --report says",
  ]

  /// All commands that do something, by their words.
  private func commands(
    _ command: any ParsableCommand.Type = Tellegen.self, after words: [String] = []
  ) -> [(words: String, type: any ParsableCommand.Type)] {
    let below = command.configuration.subcommands
    if below.isEmpty { return [(words.joined(separator: " "), command)] }
    return below.flatMap { commands($0, after: words + [$0._commandName]) }
  }

  @Test func `every command has --json but those that are named, with a reason`() {
    let all = commands()
    #expect(all.count > 15)
    for (words, type) in all {
      let help = Tellegen.helpMessage(for: type, columns: 200)
      #expect(help.contains("--json") == (Self.exceptions[words] == nil), "\(words)")
    }
    let known = Set(all.map(\.words))
    #expect(Set(Self.exceptions.keys).isSubset(of: known))
  }

  /// What is printed with `--json`, and a name that must be in it.
  static let examples: [(arguments: [String], name: String)] = [
    (["board", "check", "lattice", "--task", "iris"], "learning_edges"),
    (["board", "wiring", "breadboard"], "tables"),
    (["board", "bom", "lattice"], "parts"),
    (["task", "iris"], "classes"),
    (["gradient", "--samples", "3", "--ideal"], "rules"),
    (
      ["descend", "--board", "lattice", "--epochs", "1", "--task", "xor", "--boards", "1"], "judged"
    ),
    (["drift", "--learned", "0.01"], "records"),
    (["cycle", "--tau", "0.01", "--longest", "0.01"], "steadiness"),
    (["reproduce", "--list"], "experiments"),
    (["reproduce", "sat-microring", "--quick"], "figures"),
    (["benchmark", "accuracy", "--epochs", "1", "--seeds", "2"], "accuracy_test"),
    (["benchmark", "step", "--steps", "10"], "core_s_a_step"),
    (["benchmark", "firmware", "--steps", "10"], "core_s_a_step"),
    (["benchmark", "operations", "--steps", "3"], "operations_a_step"),
    (["benchmark", "estimate", "--steps", "20"], "worst_V"),
    (["train", "--epochs", "1"], "presentation"),
  ]

  @Test(arguments: examples.indices)
  func `with --json standard output is JSON and nothing else`(_ which: Int) throws {
    let (arguments, name) = Self.examples[which]
    try Program.run { tellegen in
      let end = try tellegen(arguments + ["--json"])
      #expect(end.code == 0, "\(end.errors)")
      _ = try JSONSerialization.jsonObject(with: Data(end.output.utf8))
      #expect(end.output.contains("\"\(name)\""), "\(end.output.prefix(500))")
    }
  }

  @Test func `a replay says in JSON whether it agrees, and where not`() throws {
    try Program.run { tellegen in
      let run = try tellegen(
        "train", "--board", "breadboard", "--task", "regression", "--target", "pins", "--trace",
        "--epochs", "1", "--out", "run")
      #expect(run.code == 0)
      let same = try tellegen("replay", "run", "--json")
      #expect(same.code == 0 && same.output.contains("\"agrees\" : true"))
      var trace = try tellegen.text("run/trace.txt").split(separator: "\n")
      trace.remove(at: trace.count / 2)
      try tellegen.write(trace.joined(separator: "\n") + "\n", to: "cut.txt")
      let other = try tellegen("replay", "run", "--trace", "cut.txt", "--json")
      #expect(other.code == 1 && other.output.contains("\"agrees\" : false"), "\(other.errors)")
      _ = try JSONSerialization.jsonObject(with: Data(other.output.utf8))
    }
  }

  @Test func `what a computer lacks for a board is told in JSON too`() throws {
    try Program.run { tellegen in
      let end = try tellegen("doctor", "--json")
      let value = try #require(
        try JSONSerialization.jsonObject(with: Data(end.output.utf8)) as? [String: Any])
      #expect(value["can_be_driven"] as? Bool == (end.code == 0))
      let findings = try #require(value["findings"] as? [[String: Any]])
      #expect(findings.contains { $0["what"] as? String == "kernel" })
    }
  }
}
