import BoardDouble
import Firmware
import Foundation
import FuzzSupport
import Runs
import Targets
import Traces
import Wiring

/// A board whose lines follow a trace, and the double that seeds are recorded from.
private struct Replay {
  let pins: Session<PinBoard>
  let session: Session<WiredBoard<ReplayLines>>

  init?(_ setting: RunSetting) throws {
    guard let pins = FuzzSupport.session(PinBoard.self, setting) else { return nil }
    self.pins = pins
    session = try Session(
      board: WiredBoard(lines: ReplayLines(Trace()), wiring: pins.board.wiring),
      description: setting.board, problem: pins.problem, plan: setting.plan,
      calibration: Calibration(measuredOn: pins.board.analog))
  }

  /// What is done on either: a look, a measurement, some steps of training.
  static func run<L: Lines>(_ session: inout Session<WiredBoard<L>>) throws {
    _ = try session.board.now()
    try session.board.releaseAll()
    try session.board.checkChain()
    _ = try session.measure([0])
    var left = 3
    _ = try session.trainEpoch(stopping: { _ in
      left -= 1
      return left < 0
    })
    left = 4
    _ = try session.findGates(stopping: {
      left -= 1
      return left < 0
    })
  }
}

/// A trace's text: whatever is accepted reads back equal, makes waves, and is followed by the firmware
/// until it differs.
@main struct Main {
  static func main() throws {
    let replays = try settings().sorted { $0.key < $1.key }.compactMap { try Replay($0.value) }
    func seeds() throws -> [String: Data] {
      var seeds: [String: Data] = [:]
      for (index, replay) in replays.enumerated() {
        var session = replay.pins
        session.board.lines.trace = Trace()
        try Replay.run(&session)
        let text = session.board.lines.trace?.text ?? ""
        // The fuzzer takes no longer ones; the rest of a trace is more of the same.
        seeds["\(index)"] = Data(text.utf8.prefix(65536))
        seeds["\(index)-short"] = Data(text.utf8.prefix(4096))
      }
      return seeds
    }
    try fuzz(.text, seeds: seeds) { data in
      guard let trace = try? Trace(text: String(decoding: data, as: UTF8.self)) else { return }
      countUse()
      guard let again = try? Trace(text: trace.text), again == trace else {
        fatalError("a trace reads back as another")
      }
      var wave = Waveform(
        lines: (0..<28).map { "line\($0)" }, gates: ["a"], nodes: ["b"], initial: .none)
      for event in trace.events { wave.add(event) }
      _ = wave.take(isEnd: true)
      for replay in replays {
        var session = replay.session
        session.board.lines = ReplayLines(trace)
        do { try Replay.run(&session) } catch {
          if "\(error)".isEmpty { fatalError("a replay ends without words") }
        }
      }
    }
  }
}
