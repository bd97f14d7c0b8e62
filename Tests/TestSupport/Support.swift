package import Files
import Foundation
package import Runs
package import BoardDouble
import Targets

/// The folder of the package, from this file's place in it.
package let packageRoot = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

/// A shipped board by name.
package func shippedBoard(_ name: String) throws -> BoardDescription {
  try BoardDescription.read(path: try locate(name, kind: .board, near: [packageRoot]))
}

/// A shipped task by name.
package func shippedTask(_ name: String) throws -> TaskDescription {
  try TaskDescription.read(path: try locate(name, kind: .task, near: [packageRoot]))
}

/// A plan with a board's default rule.
package func plan(_ description: BoardDescription, epochs: Int, seed: UInt64 = 1) -> Plan {
  Plan(rule: RuleSettings(update: description.gates.update), epochs: epochs, seed: seed)
}

extension Session where Board == DirectBoard {
  /// Trains to the end without a break.
  package mutating func finish() throws {
    try begin()
    while !isFinished { _ = try trainEpoch() }
  }
}

/// Trains a plan to the end without a break.
package func trained(_ description: BoardDescription, _ task: TaskDescription, _ plan: Plan) throws
  -> Session<DirectBoard>
{
  var session = try Session<DirectBoard>(description: description, task: task, plan: plan)
  try session.finish()
  return session
}

/// Pseudo-random numbers of a multiplicative congruential generator: enough to choose moments.
package struct Lots {
  private var state: UInt64

  package init(_ seed: UInt64) { state = seed &* 2 &+ 1 }

  package mutating func number(below bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % bound
  }
}

/// A new folder that is gone after `body`.
package func withFolder(_ body: (String) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("learning-tests-\(UUID().uuidString)").path
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  try body(folder)
}
