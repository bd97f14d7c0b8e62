import Foundation

/// A long campaign of trials, of which ordinary runs do a seeded sample.
///
/// `make long only=NAME` does all of it and writes down what was done: TELLEGEN_LONG asks for the
/// whole of the campaign, TELLEGEN_RECORDS names the folder for its record, TELLEGEN_SEED another
/// seed.
package struct Campaign {
  package let name: String
  /// How many trials are done.
  package let count: Int
  /// The seed of everything that is drawn.
  package let seed: UInt64
  private var state: UInt64

  /// Makes a campaign.
  ///
  /// - Parameters:
  ///   - name: its name, also that of its suite.
  ///   - sample: how many trials an ordinary run does.
  ///   - whole: how many there are in all.
  ///   - seed: the seed.
  package init(_ name: String, sample: Int, whole: Int, seed: UInt64 = 1) {
    self.name = name
    count = Campaign.isWhole ? whole : sample
    self.seed = Campaign.number("TELLEGEN_SEED").map { UInt64($0) } ?? seed
    state = self.seed &* 2 &+ 1
  }

  /// A number that the environment asks for.
  package static func number(_ name: String) -> Int? {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil }
  }

  /// Whether all trials are done.
  package static var isWhole: Bool { ProcessInfo.processInfo.environment["TELLEGEN_LONG"] != nil }

  /// The next drawn number, 0 ..< bound.
  package mutating func number(below bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % max(bound, 1)
  }

  /// Writes down what a whole campaign did.
  ///
  /// - Parameters:
  ///   - counts: what was counted, by name.
  ///   - cases: what is told of single trials, a line each.
  /// - Throws: what keeps the file from being written.
  package func record(_ counts: [String: Int], cases: [String] = []) throws {
    let environment = ProcessInfo.processInfo.environment
    guard Campaign.isWhole, let folder = environment["TELLEGEN_RECORDS"] else { return }
    let commit = environment["TELLEGEN_COMMIT"] ?? "unknown"
    let lines = counts.sorted { $0.key < $1.key }.map { "    \"\($0.key)\": \($0.value)" }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    let quoted = try cases.map { String(decoding: try encoder.encode($0), as: UTF8.self) }
    let told =
      cases.isEmpty
      ? ""
      : ",\n  \"cases\": [\n" + quoted.map { "    " + $0 }.joined(separator: ",\n")
        + "\n  ]"
    let text = """
      {
        "campaign": "\(name)",
        "commit": "\(commit)",
        "seed": \(seed),
        "counts": {
      \(lines.joined(separator: ",\n"))
        }\(told)
      }

      """
    try text.write(toFile: "\(folder)/\(name).json", atomically: true, encoding: .utf8)
  }
}
