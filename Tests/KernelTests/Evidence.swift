import Foundation
import TestSupport

/// A folder with what a lane's machine left.
struct Evidence: Sendable {
  /// The folder; what the machine left in /out is in `out`.
  let folder: String

  /// Where a file is.
  func path(_ name: String) -> String { folder + "/" + name }

  /// A file's text.
  func text(_ name: String) throws -> String {
    try String(contentsOfFile: path(name), encoding: .utf8)
  }

  /// What a JSON file holds.
  func json<Value: Decodable>(_ name: String, _ type: Value.Type = Value.self) throws -> Value {
    try JSONDecoder().decode(type, from: Data(try text(name).utf8))
  }

  /// What the lines of a file hold, JSON each.
  func jsonLines<Value: Decodable>(_ name: String, _ type: Value.Type = Value.self) throws
    -> [Value]
  {
    try text(name).split(separator: "\n").map {
      try JSONDecoder().decode(type, from: Data($0.utf8))
    }
  }

  /// The exit codes of what was run in the machine under a name, in order.
  func codes(_ name: String) throws -> [Int32] {
    try jsonLines("out/codes.jsonl", Code.self).filter { $0.name == name }.map(\.code)
  }

  /// What the double saw of the lines, as `serve --report` says.
  func seen() throws -> ServeReport { try json("report.json") }
}

extension Machine {
  /// Proves the board at the lines of the machine by scenarios, three times by each.
  func prove(by scenarios: [String]) throws {
    try run(
      "harness",
      [
        "scenarios": "'\(scenarios.joined(separator: " "))'",
        "attempts": "\(HarnessRecord.attempts)",
      ],
      seconds: 600, files: scenarios.map(HarnessRecord.file))
    say(
      console.split(separator: "\n").filter { $0.hasPrefix("  ") }.joined(separator: "\n"))
  }
}

/// An exit code that a script of `hil/lanes` noted.
private struct Code: Decodable {
  var name: String
  var code: Int32
}

/// What the lanes want to know of the record of `tellegen hil`.
struct HarnessRecord: Decodable {
  /// How often each scenario is gone through.
  static let attempts = 3

  /// Where a scenario is.
  static func file(_ scenario: String) -> String {
    packageRoot + "/hil/scenarios/\(scenario).yaml"
  }

  struct Attempt: Decodable {
    var outcome: String
    var phases: [Phase]
  }
  struct Phase: Decodable, Equatable {
    var phase: String
    var outcome: String
  }
  var scenarios: [Attempt]
  var flaky: [String]
}

/// What the lanes want to know of a report of `serve`.
struct ServeReport: Decodable {
  struct Sightings: Decodable {
    var activeRequests: Int
    var departures: Int
    var endings: Int
    var longestPulse: Int64
    var pulses: Int
    var unsafeEndings: Int
  }
  var sightings: Sightings
  var misuses: Int
  var firstMisuses: [String]
  var misusesByRule: [String: Int]
  var linesAway: Int
  var clampsDriven: Int
  var sourcesDriven: Int
}

/// The end of a program that was sent a signal.
struct End: Decodable {
  var signal: String
  var moment: Double
  var code: Int32
}

/// How many times a text is found in another.
func count(_ part: String, in text: String) -> Int {
  text.components(separatedBy: part).count - 1
}
