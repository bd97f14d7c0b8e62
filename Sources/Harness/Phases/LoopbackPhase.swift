import Files
import Firmware
package import Runs
package import Targets
import Wiring

/// A line goes out and comes back over the loopback fixture, past every chip.
package enum LoopbackPhase: Phase {
  package static let name = "loopback"
  package static let about =
    "With the fixture loopback: an output's levels come back on MISO while no chip is selected."
  package static let hasReadings = false
  package static let remedy =
    "look at the wire and its 10 kohm first; then no chip is in the way: the output, MISO, or a chip that "
    + "drives MISO though it is not selected"

  package static func skipping(on target: RunSetting.Target, _ subject: Subject) -> String? {
    if !subject.fixtures.contains("loopback") { return "the rig has no fixture loopback" }
    if subject.description.wiring?.spi != nil {
      return "a serial controller has MISO: it cannot be read by itself"
    }
    return target == .double ? "the double direct has no lines; --target pins has" : nil
  }

  package static func run<Target: OpenTarget>(
    on target: inout Target, _ log: inout PhaseLog, _ subject: Subject
  ) throws {
    var user = Loop()
    guard try target.lendLines(to: &user), user.wrong > 0 else { return }
    let roles = subject.description.wiring?.wires.map(\.role) ?? []
    let output =
      roles.indices.first { user.output.meets(LineSet(line: $0)) }
      .map { roles[$0] } ?? "the output"
    let stays =
      user.highs == 0 ? ": it stays low" : user.highs == Loop.count ? ": it stays high" : ""
    log.find(
      "of \(Loop.count) levels that \(output) goes through, \(user.wrong) do not come back on MISO"
        + stays)
  }

  /// Sets the output and reads MISO.
  private struct Loop: LineUser {
    /// How many levels are tried.
    static let count = 64
    /// How many came back wrong.
    var wrong = 0
    /// How often MISO was high.
    var highs = 0
    /// The output.
    var output = LineSet.none

    mutating func use<L: Lines & ~Copyable>(
      _ lines: inout L, _ wiring: BoardWiring
    ) throws(L.Failure) {
      output = wiring.loopback
      let data = wiring.dataIn
      for turn in 0..<Loop.count {
        // Levels without a pattern: what alternates by itself, or comes a read late, does not pass.
        let isHigh = (0x9E37_79B9_7F4A_7C15 as UInt64) >> UInt64(turn) & 1 == 1
        try lines.write(isHigh ? output : .none, mask: output)
        // 10 kohm and the wires' capacitance are far below a microsecond.
        try lines.wait(.microseconds(10))
        let isBack = try lines.read(mask: data).meets(data)
        if isBack { highs += 1 }
        if isBack != isHigh { wrong += 1 }
      }
      try lines.write(wiring.idle & output, mask: output)
    }
  }
}
