import Firmware
import Foundation
import FuzzSupport
import Runs
import BoardDouble
import Targets

/// A run that a checkpoint may belong to, on either face.
struct Run {
  let direct: Session<DirectBoard>
  let pins: Session<PinBoard>?

  init(_ setting: RunSetting) throws {
    direct = try Session(description: setting.board, task: setting.task, plan: setting.plan)
    pins = session(PinBoard.self, setting)
  }

  /// Goes on from a checkpoint of this run; one of another run is refused.
  func use(_ saved: Checkpoint<VirtualState>) {
    var direct = direct
    if (try? direct.restore(saved)) != nil { FuzzSupport.use(direct, begins: false) }
    if var pins, (try? pins.restore(saved)) != nil { FuzzSupport.use(pins, begins: false) }
  }

  /// Goes on from a checkpoint of a run at a computer's lines, with the pins for a board.
  func use(_ saved: Checkpoint<Never>) {
    guard var session = pins else { return }
    var asked = 0
    func stop(after count: Int) -> Bool {
      asked += 1
      return asked > count
    }
    guard (try? session.resume(saved, stopping: { stop(after: 12) })) == true else { return }
    FuzzSupport.use(session, begins: false)
  }
}

/// checkpoint.json: whatever is accepted must go on, or is refused with words.
@main struct Main {
  static func main() throws {
    let runs = try settings().mapValues { try Run($0) }
    func seeds() throws -> [String: Data] {
      var seeds: [String: Data] = [:]
      for (name, run) in runs {
        var session = run.direct
        try session.begin()
        seeds[name + "-begun"] = json(session.checkpoint)
        _ = try session.trainEpoch()
        var left = 2
        _ = try session.trainEpoch(stopping: { _ in
          left -= 1
          return left < 0
        })
        seeds[name] = json(session.checkpoint)
        seeds[name + "-bench"] = json(session.outsideCheckpoint)
      }
      return seeds
    }
    let all = runs.sorted { $0.key < $1.key }.map(\.value)
    try fuzz(seeds: seeds) { data in
      if let saved = accepted(Checkpoint<VirtualState>.self, data) {
        for run in all { run.use(saved) }
      } else if let saved = accepted(Checkpoint<Never>.self, data) {
        for run in all { run.use(saved) }
      }
    }
  }
}
