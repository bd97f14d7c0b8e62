import Foundation
import Testing

/// Help says what there is.
@Suite struct HelpTests {
  static let commands: [(command: String, options: [String])] = [
    (
      "train",
      [
        "--board", "--task", "--data", "--rule", "--epochs", "--seed", "--nudge", "--pulse",
        "--fixed-pulse", "--probability", "--last-pulse", "--initial", "--ideal", "--uncalibrated",
        "--target", "--trace", "--out", "--overwrite", "--resume", "--expect-accuracy",
        "--expect-error", "--expect-of", "--strict", "--json",
      ]
    ),
    ("predict", ["<run>", "<file>", "--skip-lines", "--target", "--seed", "--as-is", "--json"]),
    ("measure", ["<run>", "--target", "--seed", "--as-is", "--csv", "--json"]),
    (
      "program",
      [
        "<gates>", "--board", "--task", "--target", "--seed", "--out", "--overwrite", "--json",
      ]
    ),
    ("board check", ["<board>", "--task", "--json"]),
    ("board wiring", ["<board>", "--task"]),
    ("board bom", ["<board>"]),
    ("board lattice", ["--side", "--update"]),
    (
      "board spice",
      ["<board>", "--task", "--sample", "--seed", "--gate", "--record", "--ideal"]
    ),
    ("task check", ["<task>", "--json"]),
    ("task infer", ["<file>", "--answer", "--as", "--board", "--seed"]),
    (
      "place",
      [
        "--board", "--task", "--seed", "--candidates", "--rounds", "--boards", "--print", "--out",
        "--overwrite", "--resume", "--json",
      ]
    ),
    (
      "benchmark accuracy",
      [
        "--board", "--task", "--rule", "--epochs", "--seeds", "--seed", "--nudge", "--pulse",
        "--probability",
        "--last-pulse", "--initial", "--ideal", "--at-least",
      ]
    ),
    ("benchmark step", ["--steps", "--rule", "--target"]),
    ("benchmark operations", ["--board", "--task", "--steps"]),
    ("replay", ["--trace"]),
    (
      "cycle",
      [
        "--board", "--task", "--rig", "--rule", "--nudge", "--pulse", "--dead-band", "--balanced",
        "--weighted", "--seed", "--initial", "--ideal", "--tau", "--longest", "--theory", "--out",
        "--overwrite", "--json",
      ]
    ),
    ("drift", ["--board", "--task", "--rig", "--learned", "--interval", "--out", "--overwrite"]),
    ("reproduce", ["<names>", "--list", "--quick", "--seed", "--out"]),
    ("gradient", ["--board", "--task", "--seed", "--samples", "--edges", "--json"]),
    ("benchmark estimate", ["--steps", "--seed", "--imbalance", "--uncalibrated"]),
  ]

  /// The text of `--help` of a command.
  private func help(_ command: String) throws -> String {
    var text = ""
    try Program.run { tellegen in
      let end = try tellegen(command.split(separator: " ").map(String.init) + ["--help"])
      #expect(end.code == 0)
      text = end.output
    }
    return text
  }

  @Test(arguments: commands.indices)
  func `help explains every option`(_ which: Int) throws {
    let (command, options) = Self.commands[which]
    let text = try help(command)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    for option in options {
      let place = try #require(
        lines.firstIndex { $0.hasPrefix("  \(option)") }, "\(option) of \(command)")
      // Words beside the option, or below it where there is no room.
      let beside = lines[place].drop { $0 == " " }.split(separator: "  ").dropFirst().joined()
      let below = place + 1 < lines.count ? lines[place + 1] : ""
      let explained = !beside.isEmpty || (below.hasPrefix("      ") && below.count > 20)
      #expect(explained, "\(option) of \(command)")
    }
    // Whatever else it names is explained too.
    for (place, line) in lines.enumerated() where line.hasPrefix("  -") {
      let beside = line.drop { $0 == " " }.split(separator: "  ").dropFirst().joined()
      let below = place + 1 < lines.count ? lines[place + 1] : ""
      #expect(!beside.isEmpty || below.hasPrefix("      "), "\(line) of \(command)")
    }
  }

  @Test func `the program's help lists its commands and exit codes`() throws {
    let text = try help("")
    for word in [
      "train", "predict", "measure", "program", "board", "task", "cycle", "drift", "reproduce",
      "replay", "benchmark", "64", "65",
      "74", "130",
    ] {
      #expect(text.contains(word), "\(word)")
    }
    #expect(try help("board").contains("spice"))
    #expect(try help("benchmark").contains("accuracy"))
  }

  @Test func `train's help lists the rules`() throws {
    let text = try help("train")
    for rule in ["coupled:", "overclamped:", "centred:", "centred-overclamped:"] {
      #expect(text.contains("  " + rule))
    }
  }

  @Test func `predict's help says which values beyond a range are refused`() throws {
    let words = try help("predict").split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(words.contains("counts as the range's end where the task says clip: true"), "\(words)")
    #expect(!words.contains("missing or out of its input's range"))
  }

  @Test func `the version is a number of three parts`() throws {
    try Program.run { tellegen in
      let end = try tellegen("--version")
      #expect(end.code == 0)
      let parts = end.output.split(separator: "\n")[0].split(separator: ".")
      #expect(parts.count == 3 && parts.allSatisfy { Int($0) != nil })
      // The changelog's newest chapter is of this program.
      let changes = try String(contentsOfFile: packageRoot + "/CHANGELOG.md", encoding: .utf8)
      let newest = try #require(changes.firstMatch(of: /\n## ([0-9.]+)/)?.1)
      #expect(end.output.split(separator: "\n") == [newest])
    }
  }

  @Test func `an unknown command is wrong usage`() throws {
    try Program.run { tellegen in
      let end = try tellegen("trian")
      #expect(end.code == 64 && end.errors.contains("trian"))
    }
  }
}
