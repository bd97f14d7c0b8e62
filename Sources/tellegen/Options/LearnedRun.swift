public import ArgumentParser
import Files
import Foundation
import Reports
import Runs
import Targets

/// A run that has learned, read from its folder, and on which board it is asked.
struct LearnedRun {
  /// The folder.
  let directory: RunDirectory
  /// What the run is made of; of another board where one was asked for.
  let setting: RunSetting
  /// How it ended.
  let record: RunRecord
  /// The board.
  let target: RunSetting.Target
  /// Whether the board is the run's own double, exactly as the run left it.
  let isAsLeft: Bool

  /// Brings an open board to what was learned.
  ///
  /// - Parameters:
  ///   - target: the board.
  ///   - asIs: whether its gates are left alone.
  /// - Throws: what the board throws; an exit where it was interrupted.
  func bring<Target: OpenTarget>(_ target: inout Target, asIs: Bool) throws {
    let telling = { (words: String) in say("tellegen: " + words) }
    let isThere: Bool
    if asIs {
      try target.beginAsItStands()
      isThere = true
    } else {
      let saved =
        isAsLeft
        ? try directory.read(Checkpoint<Target.BoardState>.self, from: "checkpoint.json") : nil
      isThere = try target.bring(
        to: saved, gates: record.learnedGates.gates, telling: telling,
        stopping: { Interruption.isAsked })
    }
    if !isThere {
      try Exits.leave("interrupted before the board was ready", with: Exits.interrupted)
    }
  }

  /// The board in words.
  var boardWords: String {
    switch target {
    case .gpio: "the board at GPIO lines"
    case .double, .pins:
      isAsLeft
        ? "the run's double as it was left"
        : "a double with parts of seed \(setting.boardSeed ?? setting.plan.seed), programmed"
    }
  }
}

/// The options that say on which board a run is asked.
struct LearnedBoardOptions: ParsableArguments {
  @Option(
    help:
      "The board: the double, direct or through its pins, or a board at GPIO lines; default the run's."
  )
  var target: RunSetting.Target?
  @Option(
    parsing: .unconditional,
    help: "Another double, with parts drawn from this seed; the learned gates are programmed.")
  var seed: UInt64?
  @Flag(
    help:
      "With --target gpio: leave the gates as they stand, rather than programming what was learned."
  )
  var asIs = false

  /// Reads a run and decides on which board it is asked.
  ///
  /// - Parameter folder: the run's folder.
  /// - Returns: the run, on that board.
  /// - Throws: `RunDirectoryError` where it cannot be read, an exit for what cannot be asked.
  func run(in folder: String) throws -> LearnedRun {
    let directory = RunDirectory(path: folder)
    var setting = try directory.read(RunSetting.self, from: RunDirectory.setting)
    let record = try directory.read(RunRecord.self, from: "record.json")
    let own = setting.target ?? .double
    let target = target ?? own
    if target == .gpio && seed != nil {
      try Exits.leave(
        "--seed is for the double: a board at GPIO lines has the parts it has", with: Exits.usage)
    }
    if target != .gpio && asIs {
      try Exits.leave(
        "--as-is is for a board at GPIO lines (--target gpio): the double goes on as the run left it, "
          + "or is programmed", with: Exits.usage)
    }
    let isAsLeft = target != .gpio && own != .gpio && seed == nil
    if let seed { setting.boardSeed = seed }
    // A calibration is of the board that was trained, no other.
    if seed != nil || (target == .gpio) != (own == .gpio) { setting.calibration = nil }
    return LearnedRun(
      directory: directory, setting: setting, record: record, target: target, isAsLeft: isAsLeft)
  }
}
