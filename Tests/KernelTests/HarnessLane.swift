import Files
import Harness
import Runs
import TestSupport
import Testing

extension Lanes {
  /// The harness at the lines of a kernel, in real time.
  @Suite struct HarnessLane {
    static let scenarios = ["bring-up", "selftest", "wiring", "drain"]

    static let run = Result {
      let machine = try Machine("harness", board: "breadboard")
      try machine.prove(by: scenarios)
      return machine.evidence
    }

    @Test(arguments: scenarios)
    func `a good board passes through the kernel every time`(_ scenario: String) throws {
      let evidence = try Self.run.get()
      let record = try evidence.text("out/hil-\(scenario)/record.json")
      #expect(try evidence.codes(scenario) == [0], "\(record)")
    }

    @Test(arguments: scenarios)
    func `no attempt ends otherwise than in virtual time, in no phase`(_ scenario: String) throws {
      let evidence = try Self.run.get()
      let subject = try Subject(try BoardDescription.read(path: evidence.path("board.yaml")))
      var virtual = ScenarioRun(
        try .read(path: HarnessRecord.file(scenario)), attempt: 1,
        subject: subject,
        limits: try ReadingLimits(of: subject, phases: phases, boards: 100, stopping: { false }),
        telling: { _ in }, stopping: { false })
      virtual.run(on: .pins, seed: 1) { _ in }
      let words = virtual.record.phases.map {
        HarnessRecord.Phase(phase: $0.phase, outcome: $0.outcome.word)
      }
      let record: HarnessRecord = try evidence.json("out/hil-\(scenario)/record.json")
      #expect(record.scenarios.count == HarnessRecord.attempts && record.flaky.isEmpty)
      for attempt in record.scenarios {
        #expect(attempt.outcome == virtual.record.outcome.word)
        #expect(attempt.phases == words)
      }
    }

    @Test func `the board's parts had nothing to object to meanwhile`() throws {
      let seen = try Self.run.get().seen()
      #expect(seen.misuses == 0, "\(seen.firstMisuses)")
      #expect(seen.sightings.unsafeEndings == 0)
    }
  }
}
