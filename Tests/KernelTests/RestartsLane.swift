import Foundation
import Testing

extension Lanes {
  @Suite struct RestartsLane {
    /// A run in which the double's process ends three times and goes on with the state of the one
    /// before.
    struct Run: Sendable {
      let evidence: Evidence
      /// Whether the run was still under way at the last start; else the last process would only
      /// have answered the runs that follow.
      let wasTraining: Bool

      init() throws {
        let machine = try Machine("restarts")
        evidence = machine.evidence
        let state = ["--state", evidence.path("state")]
        try machine.serve(state + ["--log", evidence.path("seen1.log")])
        try machine.start("restarts", seconds: 300)
        while machine.isRunning && !machine.console.contains("bringing the gates") {
          usleep(100_000)
        }
        for (part, pause) in zip(2..., [0.7, 1.6, 3]) {
          usleep(UInt32(pause * 1e6))
          try machine.stopServing()
          try machine.serve(state + ["--log", evidence.path("seen\(part).log")])
        }
        let console = machine.console
        wasTraining =
          console.contains("bringing the gates") && !console.contains("learning edges")
        let end = Result { try machine.wait() }
        try machine.stopServing()
        try end.get()
      }

      var logs: [String] { (1...4).map { "seen\($0).log" } }
    }
    static let run = Result { try Run() }

    @Test func `a run goes on when the double's process is stopped and started three times`()
      throws
    {
      let run = try Self.run.get()
      #expect(run.wasTraining)
      #expect(try run.evidence.codes("train") == [0])
    }

    @Test func `its requests were answered by each of the processes in turn`() throws {
      let run = try Self.run.get()
      for name in run.logs {
        let log = try run.evidence.text(name)
        #expect(log.contains(" w ") || log.contains(" r "), "\(name)")
      }
    }

    @Test func `the pin-level double, in one piece, reads the same levels`() throws {
      let run = try Self.run.get()
      let replay = try tellegen(
        ["replay", run.evidence.path("out/run")]
          + run.logs.flatMap { ["--seen", run.evidence.path($0)] })
      #expect(replay.code == 0, "\(replay.output)")
    }

    @Test func `no line was left away from rest, and none released meanwhile`() throws {
      let seen = try Self.run.get().evidence.seen().sightings
      #expect(seen.unsafeEndings == 0)
      #expect(seen.departures == 0)
    }

    @Test(arguments: ["train", "doctor"])
    func `without permission a command ends with exit code 77`(_ command: String) throws {
      let evidence = try Self.run.get().evidence
      let said = try evidence.text("out/denied")
      #expect(try evidence.codes("\(command)-denied") == [77], "\(said)")
    }

    @Test func `a run that SIGINT ended can be replayed, and goes on to its end`() throws {
      let evidence = try Self.run.get().evidence
      let codes = try ["interrupted", "replayed", "resumed"].map { try evidence.codes($0) }
      let said = try evidence.text("out/resumed")
      #expect(codes == [[130], [0], [0]], "\(said)")
    }
  }
}
