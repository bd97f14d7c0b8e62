import BoardDouble
import Files
import Firmware
import Runs
import Targets
import TestSupport
import Testing

@testable import Harness

/// Boards that were used before: nothing drains a board before its wiring has been looked at.
@Suite struct WarmBoardTests {
  @Test(arguments: ["breadboard", "lattice"], [false, true])
  func `a good board is not accused however often its wiring is looked at`(
    _ name: String, _ isSlow: Bool
  ) throws {
    let subject = try ProvenBoard.named(name).withLongConversions().subject
    for seed in UInt64(1)...6 {
      var target = try DoubleTarget<PinBoard>(subject.setting(subject.description, seed: seed))
      if isSlow { target.session.board.lines.pace = OperationPace(.emulated, seed: seed) }
      _ = try target.makeReady(telling: { _ in }, stopping: { false })
      for turn in 1...8 {
        var log = PhaseLog(stopping: { false })
        try WiringPhase.run(on: &target, &log, subject)
        #expect(log.findings.isEmpty, "parts \(seed), time \(turn): \(log.findings)")
      }
    }
  }
}
