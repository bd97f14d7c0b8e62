import BoardDouble
import Files
import Runs
import Targets

/// Trains a shipped board on a shipped task and prints how its error falls.
@main
struct TrainABoard {
  static func main() throws {
    let board = try BoardDescription.read(path: locate("lattice", kind: .board))
    let task = try TaskDescription.read(path: locate("iris", kind: .task))
    let plan = Plan(rule: RuleSettings(update: board.gates.update), epochs: 20, seed: 1)
    var session = try Session<DirectBoard>(description: board, task: task, plan: plan)
    try session.begin()
    while !session.isFinished {
      _ = try session.trainEpoch()
      let measures = session.result.last
      print("epoch \(measures.epoch): \(measures.all.error * 1e6) mV^2")
    }
  }
}
