import Foundation
import TestSupport
import Testing

extension Lanes {
  @Suite struct SimLane {
    static let run = Result {
      let machine = try Machine("sim", board: "lattice")
      try machine.runCounting(
        "sim", seconds: 300,
        files: [
          packageRoot + "/hil/sim", Setting.program ?? "", try library("count-allocations"),
        ])
      return machine.evidence
    }

    @Test(arguments: SimPromise.allCases)
    func `a chip of gpio-sim in the machine`(_ promise: SimPromise) throws {
      try promise.check(Self.run.get())
    }

    @Test func `no operation allocates`() throws {
      let counts = try Self.run.get().jsonLines("out/allocations.jsonl", Allocations.self)
      try #require(counts.map(\.count) == [100, 10_000])
      say(
        "\(counts[0].allocations) allocations with 400 operations, \(counts[1].allocations) with "
          + "40000")
      #expect(counts[0].allocations > 0)
      // What is printed may differ by some.
      #expect(counts[1].allocations - counts[0].allocations < 100)
    }
  }

  /// Needs root and a kernel with gpio-sim; `hil/run` leaves it out elsewhere.
  @Suite struct HostLane {
    static let run = Result {
      let evidence = try Machine.folder("host")
      let end = try call(
        packageRoot + "/hil/sim", [Setting.program ?? "", evidence.path("out")])
      guard end.code == 0 else { throw LaneFailure(description: end.output) }
      return evidence
    }

    @Test(arguments: SimPromise.allCases)
    func `a chip of this computer's gpio-sim`(_ promise: SimPromise) throws {
      try promise.check(Self.run.get())
    }
  }
}

/// What must hold at a chip of gpio-sim.
enum SimPromise: String, CaseIterable, CustomTestStringConvertible {
  case held = "a held line is refused with exit code 69, its owner named"
  case doctor = "doctor names the owner too"
  case silent =
    "a board that does not answer ends the run with exit code 69, which says what is missing"
  case free = "its lines are free again"
  // A microsecond of the machine, whose clock counts instructions, is a thousand of them.
  case costs = "we add no more to a get and a set than allowed"

  var testDescription: String { rawValue }

  /// Checks it.
  func check(_ evidence: Evidence) throws {
    switch self {
    case .held:
      let said = try evidence.text("out/held")
      #expect(try evidence.codes("held") == [69], "\(said)")
      #expect(said.contains("MOSI, line 10 of tellegen-sim, is held by somebody-else"), "\(said)")
    case .doctor:
      let said = try evidence.text("out/doctor")
      #expect(said.contains("BAD  MOSI, line 10: held by somebody-else"), "\(said)")
    case .silent:
      let said = try evidence.text("out/silent")
      #expect(try evidence.codes("silent") == [69], "\(said)")
      #expect(said.contains("the drive pattern did not come back"), "\(said)")
    case .free:
      let said = try evidence.text("out/free")
      #expect(said.contains("lines: all 10 are there and free"), "\(said)")
    case .costs:
      let said = try evidence.text("out/costs")
      say(said)
      #expect(try evidence.codes("costs") == [0], "\(said)")
    }
  }
}

/// What a program allocated in all with so many operations of each kind.
private struct Allocations: Decodable {
  var count: Int
  var allocations: Int
}
