import Foundation
import Testing

/// What pages and helps show can be typed: it is run here, but for what takes minutes or a board.
@Suite struct DocumentedCommandTests {
  /// What is not run, by a part of the line, and why.
  private static let left: [(part: String, why: String)] = [
    ("--target gpio", "it needs lines"), ("doctor", "it says what this computer lacks"),
    ("rest", "it needs lines"), ("--resume runs/bench", "it needs lines"),
    ("tellegen serve", "it serves until it is ended"),
    ("reproduce limit-cycles", "it takes a minute"),
    ("reproduce all", "it takes an hour"),
  ]

  /// The commands of the shell blocks in a page; lines that end in a backslash go on.
  private static func commands(in page: String) throws -> [String] {
    let text = try String(contentsOfFile: packageRoot + "/" + page, encoding: .utf8)
    var commands: [String] = []
    var isInside = false
    for line in text.replacing("\\\n", with: " ").split(separator: "\n") {
      let line = line.drop { $0 == " " }
      if line.hasPrefix("```") {
        isInside = line == "```sh"
      } else if isInside {
        commands.append(String(line).replacing("$tellegen ", with: "tellegen "))
      }
    }
    return commands
  }

  /// Runs what of some commands can be run, in a folder that looks like the package.
  /// - Returns: how many were.
  private func run(_ commands: [String]) throws -> Int {
    var count = 0
    try Program.run { tellegen in
      for name in ["board", "task", "rig", "data", "hil"] {
        try FileManager.default.createSymbolicLink(
          atPath: tellegen.path(name), withDestinationPath: packageRoot + "/" + name)
      }
      // What a page calls the reader's own.
      try FileManager.default.copyItem(
        atPath: packageRoot + "/board/lattice.yaml", toPath: tellegen.path("my-board.yaml"))
      let iris = try String(contentsOfFile: packageRoot + "/task/iris.yaml", encoding: .utf8)
      try tellegen.write(iris.replacing("../data/", with: "data/"), to: "my-task.yaml")
      for command in commands
      where ["tellegen ", "sed ", "echo "].contains(where: command.hasPrefix) {
        if Self.left.contains(where: { command.contains($0.part) && !command.hasPrefix("echo") }) {
          continue
        }
        let end = try tellegen(
          ["-c", "tellegen() { \"\(try Program.path)\" \"$@\"; }\n" + command],
          executable: "/bin/sh")
        #expect(end.code == 0, "\(command): \(end.errors)")
        count += 1
      }
    }
    return count
  }

  @Test(arguments: [
    ("docs/ci/README.md", 3), ("docs/hil/README.md", 2), ("docs/hil/pins.md", 2),
    ("docs/results/imperfection.md", 3), ("hil/README.md", 2), ("docs/pi/gpio.md", 0),
    ("docs/own-data.md", 6), ("docs/hil/harness.md", 5), ("docs/hil/faults.md", 0),
    ("docs/hil/calibration.md", 4), ("docs/hil/captures.md", 3),
  ])
  func `what a page shows runs`(_ page: String, _ least: Int) throws {
    #expect(try run(try Self.commands(in: page)) >= least)
  }

  @Test func `the board file that the simulated computer is shown with is one`() throws {
    let commands = try Self.commands(in: "hil/README.md").filter { $0.hasPrefix("sed ") }
    #expect(try run(commands + ["tellegen board check board.yaml --task regression"]) == 2)
  }

  @Test func `every page with commands is among them`() throws {
    let known = Set([
      "docs/ci/README.md", "docs/hil/README.md", "docs/hil/pins.md",
      "docs/results/imperfection.md", "hil/README.md", "docs/pi/gpio.md", "docs/own-data.md",
      "docs/hil/harness.md", "docs/hil/faults.md", "docs/hil/calibration.md",
      "docs/hil/captures.md",
    ])
    let all = FileManager.default.enumerator(atPath: packageRoot + "/docs")
    for case let name as String in try #require(all) where name.hasSuffix(".md") {
      let shows = try Self.commands(in: "docs/" + name).contains { $0.hasPrefix("tellegen ") }
      #expect(!shows || known.contains("docs/" + name), "docs/\(name)")
    }
  }

  @Test(arguments: ["cycle", "reproduce"])
  func `what a help shows runs`(_ command: String) throws {
    var shown: [String] = []
    try Program.run { tellegen in
      shown = try tellegen(command, "--help").output.split(separator: "\n")
        .filter { $0.hasPrefix("  ") }.map { String($0.drop { $0 == " " }) }
        .filter { $0.hasPrefix("tellegen ") }
    }
    #expect(!shown.isEmpty)
    #expect(try run(shown) > 0)
  }
}
