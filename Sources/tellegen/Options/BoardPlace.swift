import ArgumentParser
import Files
import Foundation
import Runs
import Targets
import Wiring

#if Simulation
import BoardDouble
#endif

/// Which rig of which rig map.
struct RigOptions: ParsableArguments {
  @Option(
    help:
      "A rig of the rig map: its board, target, calibration and, for hil, fixtures are taken from there."
  )
  var rig: String?
  @Option(
    help: ArgumentHelp(
      "The rig map; default ~/.config/tellegen/rigs.yaml, then hil/rigs.yaml.", valueName: "file"))
  var rigs: String?

  func validate() throws {
    if rigs != nil, rig == nil {
      throw ValidationError("--rigs names a rig map: say by --rig which of its rigs it is")
    }
  }

  /// Refuses a rig together with what it says itself.
  ///
  /// - Parameters:
  ///   - board: whether a board is given.
  ///   - target: whether a target is given.
  /// - Throws: `ValidationError`.
  func check(board: Bool, target: Bool) throws {
    if rig != nil, board || target {
      throw ValidationError(
        "--rig says which board and target it is: leave --board and --target out")
    }
  }
}

/// A board that somebody works with: a rig of a rig map, or a board and a target.
struct BoardPlace {
  /// The rig, where one is named.
  let rig: RigMap.Rig?
  /// The rig map that it is in.
  let map: String
  /// The board.
  let description: BoardDescription
  /// What the board was called.
  let board: String
  /// What it is.
  let target: RunSetting.Target
  /// The command that recovers the rig.
  let recovery: String

  /// Finds it by what was typed.
  ///
  /// - Parameters:
  ///   - options: a rig.
  ///   - board: a board, where no rig is named.
  ///   - target: a target, where no rig is named.
  /// - Throws: `DescriptionError` for a file that is wrong or not there.
  init(_ options: RigOptions, board: String?, target: RunSetting.Target?) throws(DescriptionError) {
    if let name = options.rig {
      if let rigs = options.rigs, !FileManager.default.fileExists(atPath: rigs) {
        throw DescriptionError(
          file: rigs, message: "there is no such rig map; docs/hil/harness.md shows one")
      }
      let found = try RigMap.find(name, in: options.rigs.map { [$0] } ?? RigMap.places())
      rig = found.rig
      map = found.file
      self.board = found.rig.board
      self.target = RunSetting.Target(rawValue: found.rig.target) ?? .usual
      recovery = shellLine([
        "tellegen", "hil", "--recover", "--rig", name, "--rigs", absolutePath(found.file),
      ])
    } else {
      rig = nil
      map = ""
      self.board = board ?? "lattice"
      self.target = target ?? .usual
      recovery = shellLine([
        "tellegen", "hil", "--recover", "--target", "gpio", "--board",
        absolutePath(try locate(self.board, kind: .board)),
      ])
    }
    var description = try BoardDescription.named(self.board)
    if let chip = rig?.chip { description.wiring?.chip = chip }
    self.description = description
  }

  /// The rig, as a run's setting has it; `nil` where none is named.
  var name: RunSetting.Rig? { rig.map { RunSetting.Rig(name: $0.name, map: absolutePath(map)) } }

  /// What declares the board's fixtures, in words; `nil` where no rig is named.
  var rigWords: String? { rig.map { "rig \($0.name) of \(map)" } }

  /// Takes the rig: a board at GPIO lines, or what a rig map names; other doubles are nobody's.
  ///
  /// - Parameters:
  ///   - folder: the folder that keeps what is done; `nil` for the one that the program was begun from.
  ///   - evenWedged: whether one that is wedged is taken too.
  /// - Returns: the hold; `nil` where none is needed.
  /// - Throws: `RigRefusal`.
  func hold(for folder: String? = nil, evenWedged: Bool = false) throws(RigRefusal) -> RigHold? {
    try RigHold(
      of: description, on: target, rig: name, for: .now(in: folder), evenWedged: evenWedged,
      telling: { say("tellegen: " + $0) })
  }

  /// Refuses a board without wiring where its lines are needed, and a double without lines where the board's
  /// file has faults of lines.
  ///
  /// - Throws: an exit, or `LinesMissing`.
  func needLines() throws {
    #if Simulation
    if target == .double, let missing = LinesMissing(for: description) { throw missing }
    #endif
    if target == .double || description.wiring != nil { return }
    try Exits.leave(
      "board \(description.name) has no wiring in its file, so no lines that --target "
        + "\(target.rawValue) could use: allowed is --target double. To give it lines, write "
        + "'wiring:' into the file as board/breadboard.yaml has it",
      with: Exits.usage)
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
}
