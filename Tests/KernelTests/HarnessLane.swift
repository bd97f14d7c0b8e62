import Foundation
import TestSupport
import Testing

extension Lanes {
  /// The harness at the lines of a kernel, in real time.
  @Suite struct HarnessLane {
    static let run = Result {
      let machine = try Machine("harness", board: "breadboard")
      try machine.run(
        "harness", ["scenario": "bring-up"], seconds: 600,
        files: [packageRoot + "/hil/scenarios/bring-up.yaml"])
      say(
        machine.console.split(separator: "\n").filter { $0.hasPrefix("  ") }.joined(separator: "\n")
      )
      return machine.evidence
    }

    @Test func `a good board passes through the kernel`() throws {
      let evidence = try Self.run.get()
      let record = try evidence.text("out/hil/record.json")
      #expect(try evidence.codes("hil") == [0], "\(record)")
    }

    @Test func `the board's parts had nothing to object to meanwhile`() throws {
      let seen = try Self.run.get().seen()
      #expect(seen.misuses == 0, "\(seen.firstMisuses)")
      #expect(seen.sightings.unsafeEndings == 0)
    }
  }
}
