import Foundation
import Testing

/// A long campaign of trials on real processes, of which ordinary runs do a seeded sample.
///
/// `make long only=NAME` does all of it and writes down what was done: TELLEGEN_LONG asks for the
/// whole of the campaign, TELLEGEN_RECORDS names the folder for its record, TELLEGEN_SEED another
/// seed.
struct Campaign {
  let name: String
  /// How many trials are done.
  let count: Int
  /// The seed of everything that is drawn.
  let seed: UInt64
  private var state: UInt64

  /// Makes a campaign.
  ///
  /// - Parameters:
  ///   - name: its name, also that of its suite.
  ///   - sample: how many trials an ordinary run does.
  ///   - whole: how many there are in all.
  ///   - seed: the seed.
  init(_ name: String, sample: Int, whole: Int, seed: UInt64 = 1) {
    self.name = name
    count = Campaign.isWhole ? whole : sample
    self.seed = Campaign.number("TELLEGEN_SEED").map { UInt64($0) } ?? seed
    state = self.seed &* 2 &+ 1
  }

  /// A number that the environment asks for.
  static func number(_ name: String) -> Int? {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil }
  }

  /// Whether all trials are done.
  static var isWhole: Bool { ProcessInfo.processInfo.environment["TELLEGEN_LONG"] != nil }

  /// The next drawn number, 0 ..< bound.
  mutating func number(below bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % max(bound, 1)
  }

  /// Writes down what a whole campaign did.
  ///
  /// - Parameter counts: what was counted, by name.
  /// - Throws: what keeps the file from being written.
  func record(_ counts: [String: Int]) throws {
    let environment = ProcessInfo.processInfo.environment
    guard Campaign.isWhole, let folder = environment["TELLEGEN_RECORDS"] else { return }
    let commit = environment["TELLEGEN_COMMIT"] ?? "unknown"
    let lines = counts.sorted { $0.key < $1.key }.map { "    \"\($0.key)\": \($0.value)" }
    let text = """
      {
        "campaign": "\(name)",
        "commit": "\(commit)",
        "seed": \(seed),
        "counts": {
      \(lines.joined(separator: ",\n"))
        }
      }

      """
    try text.write(toFile: "\(folder)/\(name).json", atomically: true, encoding: .utf8)
  }
}

/// The end of a process, as a shell would say it.
func shellCode(_ process: Process) -> Int32 {
  process.terminationReason == .exit
    ? process.terminationStatus : 128 + process.terminationStatus
}

/// Expects that two runs ended with the same bytes.
func expectSame(_ tellegen: Program, _ one: String, _ other: String, _ what: String) throws {
  for name in ["record.json", "metrics.jsonl", "curves.csv"] {
    #expect(
      try tellegen.text("\(one)/\(name)") == tellegen.text("\(other)/\(name)"), "\(what): \(name)")
  }
}

extension Program {
  /// Starts `tellegen` with nobody listening to it.
  func start(_ arguments: [String]) throws -> Process {
    let process = try process(arguments)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try startListening(process)
    return process
  }
}
