import Files
import Foundation
import TestSupport
import Testing

extension Lanes {
  /// One fault after the other in one machine, at the lines of a kernel.
  @Suite struct FaultsLane {
    /// The breadboard's one-shot ends a pulse after that, ns.
    private static let longest = Result {
      let timing = try shippedBoard("breadboard").timing
      return Int64((timing.pulseLimit * 1e9).rounded())
    }
    private static let run = Result {
      let machine = try Machine("faults")
      let cases = machine.evidence.path("cases")
      let lines = FaultCase.list.compactMap { one in one.injected.map { "\(one.name) \($0)\n" } }
      try lines.joined().write(toFile: cases, atomically: true, encoding: .utf8)
      try machine.run("faults", seconds: 2400, files: [cases, try library("failing-calls")])
      return machine.evidence
    }

    @Test func `12 faults at least are tried in one boot`() {
      #expect(FaultCase.list.count >= 12)
    }

    @Test(arguments: FaultCase.list)
    func `a fault ends as it must, says what to do, and loses nothing`(_ fault: FaultCase) throws {
      let evidence = try Self.run.get()
      let said = try evidence.text("out/\(fault.name).said")
      #expect(try evidence.codes(fault.name) == [fault.code], "\(said)")
      if fault.injected != nil {
        #expect(said.contains("failing-calls: "), "not injected: \(said)")
      }
      for part in fault.says { #expect(said.contains(part), "'\(part)' is not in: \(said)") }
      // At rest, by the program that looks before it sets anything.
      let rest = try evidence.text("out/\(fault.name).rest")
      #expect(try evidence.codes("\(fault.name)-rest") == [0], "\(rest)")
      switch fault.lines {
      case .atRest: #expect(!rest.contains("stood away from rest"), "\(rest)")
      case .away: #expect(rest.contains("stood away from rest"), "\(rest)")
      case .either: break
      }
      // What was learned is there, and is learned on from to the end.
      guard fault.isKept else {
        #expect(try evidence.codes("\(fault.name)-resumed") == [])
        return
      }
      if fault.code != 0 {
        let resumed = try evidence.text("out/\(fault.name).resumed")
        #expect(try evidence.codes("\(fault.name)-resumed") == [0], "\(resumed)")
      }
      let errors = try evidence.jsonLines("out/\(fault.name).metrics", Epoch.self)
      #expect(errors.map(\.epoch) == Array(0...10))
      let last = try #require(errors.last).error_train_V2
      #expect(last * 4 < errors[0].error_train_V2, "\(errors)")
    }

    @Test func `LEARN is never in effect for longer than t_max, and the one-shot has its rest`()
      throws
    {
      let seen = try Self.run.get().json("report.json", Seen.self)
      say(
        "LEARN was in effect for \(seen.longestLearning) ns at most, its line high for up to "
          + "\(seen.sightings.longestPulse) ns; misuses by rule: \(seen.misusesByRule)")
      #expect(seen.longestLearning > 0)
      #expect(seen.longestLearning <= (try Self.longest.get()))
      // Else the line was never high for longer, and the one-shot had nothing to do.
      #expect(seen.sightings.longestPulse > (try Self.longest.get()))
      for rule in [
        "the one-shot rests 3 ms after a long pulse", "LATCH is given only while LEARN is off",
        "drive lines change only while LEARN is off", "an edge is charged or discharged, not both",
      ] { #expect(seen.misusesByRule[rule] == nil, "\(seen.misusesByRule)") }
    }

    @Test func `all that was left away from rest was found, and nothing is away at the end`() throws
    {
      let evidence = try Self.run.get()
      let seen = try evidence.seen()
      let found = try FaultCase.list.filter {
        try evidence.text("out/\($0.name).rest").contains("stood away from rest")
      }
      #expect(seen.sightings.unsafeEndings == found.count, "\(found.map(\.name))")
      #expect(seen.sightings.activeRequests == 0)
      #expect(seen.linesAway == 0)
      #expect(seen.clampsDriven == 0)
      #expect(seen.sourcesDriven == 0)
    }

    @Test func `a disk that can only be read refuses before a line is set`() throws {
      let evidence = try Self.run.get()
      for name in ["refused", "new"] {
        let said = try evidence.text("out/read-only.\(name)")
        #expect(try evidence.codes("read-only-\(name)") == [74], "\(said)")
        #expect(said.contains("Read-only file system; choose another place"), "\(said)")
        #expect(!said.contains("bringing the gates"), "\(said)")
      }
    }

    @Test func `who has the lines is named, and learns on`() throws {
      let evidence = try Self.run.get()
      let said = try evidence.text("out/held.refused")
      #expect(try evidence.codes("held-refused") == [75], "\(said)")
      #expect(
        said.contains("is in use by process") && said.contains("--out /tmp/holder"), "\(said)")
      // It was not ended but by the lane, ten epochs further on.
      let told = try evidence.text("out/holder.said")
      #expect(try evidence.codes("holder") == [130], "\(told)")
    }
  }
}

/// A line of `metrics.jsonl`.
private struct Epoch: Decodable {
  var epoch: Int
  var error_train_V2: Double
}

/// What this lane wants to know of a report of `serve`.
private struct Seen: Decodable {
  var sightings: ServeReport.Sightings
  var misusesByRule: [String: Int]
  var longestLearning: Int64
}
