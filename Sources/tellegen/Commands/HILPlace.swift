#if Simulation
import ArgumentParser
import Files
import Foundation
import Harness
import Runs
import Targets
import Wiring

/// Where scenarios are gone through: a rig of a rig map, or a board and a target.
struct HILPlace {
  /// The rig, where one is named.
  let rig: RigMap.Rig?
  /// The rig map that it is in.
  let map: String
  /// The board.
  let description: BoardDescription
  /// What the board was called.
  let board: String
  /// What is proven.
  let target: RunSetting.Target
  /// The command that recovers the rig.
  let recovery: String

  /// Finds it by what was typed.
  ///
  /// - Parameters:
  ///   - rig: a rig's name.
  ///   - rigs: a rig map.
  ///   - board: a board, where no rig is named.
  ///   - target: a target, where no rig is named.
  /// - Throws: `DescriptionError` for a file that is wrong or not there.
  init(rig: String?, rigs: String?, board: String?, target: RunSetting.Target?) throws {
    if let rig {
      if let rigs, !FileManager.default.fileExists(atPath: rigs) {
        throw DescriptionError(
          file: rigs, message: "there is no such rig map; docs/hil/harness.md shows one")
      }
      let found = try RigMap.find(rig, in: rigs.map { [$0] } ?? RigMap.places())
      var description = try BoardDescription.named(found.rig.board)
      if let chip = found.rig.chip { description.wiring?.chip = chip }
      self.rig = found.rig
      map = found.file
      self.description = description
      self.board = found.rig.board
      self.target = RunSetting.Target(rawValue: found.rig.target) ?? .double
      recovery = shellLine([
        "tellegen", "hil", "--recover", "--rig", rig, "--rigs", absolutePath(found.file),
      ])
    } else {
      self.rig = nil
      map = ""
      self.board = board ?? "lattice"
      description = try BoardDescription.named(self.board)
      self.target = target ?? .double
      recovery = shellLine([
        "tellegen", "hil", "--recover", "--target", "gpio", "--board",
        absolutePath(try locate(self.board, kind: .board)),
      ])
    }
  }

  /// Takes the rig: a board at GPIO lines, or what a rig map names; other doubles are nobody's.
  ///
  /// - Parameters:
  ///   - folder: the folder of this attempt.
  ///   - evenWedged: whether one that is wedged is taken too.
  /// - Returns: the hold; `nil` where none is needed.
  /// - Throws: `RigRefusal`.
  func hold(for folder: String, evenWedged: Bool) throws(RigRefusal) -> RigHold? {
    let identity: RigIdentity
    if target == .gpio, let wiring = description.wiring {
      identity = RigIdentity(lines: wiring, name: rig?.name)
    } else if let rig {
      identity = RigIdentity(double: rig.name, of: map)
    } else {
      return nil
    }
    let hold = try RigHold(identity, for: .now(in: folder), evenWedged: evenWedged)
    hold.tell { say("tellegen: " + $0) }
    if hold.left != nil { say("tellegen: it is drained before anything else") }
    if evenWedged, hold.mark == nil {
      say("tellegen: \(hold.rig.words) is not wedged; it is drained and tested all the same")
    }
    return hold
  }

  /// What was typed of a calibration, which goes before what the rig map says.
  ///
  /// - Parameter options: what was typed.
  /// - Returns: both together.
  func options(_ options: CalibrationOptions) -> CalibrationOptions {
    var options = options
    options.calibration = options.calibration ?? rig?.calibration
    options.boardID = options.boardID ?? rig?.boardID
    return options
  }

  /// The calibration of the board, where there is one.
  ///
  /// - Parameter options: what was typed.
  /// - Returns: the calibration.
  /// - Throws: `CalibrationRefusal` for one that does not fit.
  func calibration(_ options: CalibrationOptions) throws(CalibrationRefusal) -> BoardCalibration? {
    try self.options(options).read(for: description, named: board, target: target)
  }

  /// The next free folder for an attempt.
  ///
  /// - Parameter isRecovery: whether the rig is recovered.
  /// - Returns: its path.
  func nextFolder(isRecovery: Bool) -> String {
    let name = rig?.name ?? "\(description.name)-\(target.rawValue)"
    let base = "runs/\(isRecovery ? "recover" : "hil")-\(name)"
    var number = 1
    while FileManager.default.fileExists(atPath: "\(base)-\(number)") { number += 1 }
    return "\(base)-\(number)"
  }
}
#endif
