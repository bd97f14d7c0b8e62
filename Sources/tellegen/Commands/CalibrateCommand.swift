#if Simulation
import ArgumentParser
import Files
import Foundation
import Harness
import Reports
import Runs
import Storage
import Targets
import Wiring

struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Finds what a board's parts are, by its targets' readings alone.",
    discussion: """
      Every gate is taken up and down between its limits at a pace of its own, and after each pulse the \
      targets are read with sources in three patterns; then comparators are turned by sources and clamps. The most probable parts are fitted: for each edge RC up \
      and down, leakage, threshold, strength and drops, with intervals that cover the truth in 95 of 100 \
      cases. What the readings hardly tell (of an edge between two sources, nothing) is said to be so. \
      docs/hil/calibration.md has what can be known at all.

      It is kept beside the board's file, BOARD.calibration.json, with the date and the board's id, and \
      told to the controllers by train --target gpio, or --calibration.

      Exit code 1 when --check finds that a kept calibration does not hold, or when what was found is of no \
      board of this kind: then nothing is kept, and what is implausible is said.
      """)
  @Option(help: "The board: a name in board/ or a file; default lattice.")
  var board: String?
  @Option(
    help:
      "What is calibrated: the double, direct or through its GPIO pins, or a board at GPIO lines; default double."
  )
  var target: RunSetting.Target?
  @OptionGroup var rig: RigOptions
  @Option(
    help:
      "Which of the boards of this file it is: what is written on it; default the rig's, else 1.")
  var id: String?
  @Option(parsing: .unconditional, help: "How many pulses (100 ... 20000).")
  var pulses = 1000
  @Option(parsing: .unconditional, help: "The seed of a double's parts.")
  var seed: UInt64 = 1
  @Option(
    help:
      "The file to keep it in; default the rig's, else BOARD.calibration.json beside the board's file."
  )
  var out: String?
  @Flag(help: "Replace a calibration that is there already.")
  var overwrite = false
  @Option(help: "Calibrate and say whether this calibration still holds; keep nothing.")
  var check: String?
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if !(100...20_000).contains(pulses) {
      throw ValidationError("--pulses is \(pulses); allowed is 100 ... 20000")
    }
    try rig.check(board: board != nil, target: target != nil)
    if let id, !BoardCalibration.isID(id) {
      throw ValidationError("--id is \(quote(id)); allowed is \(BoardCalibration.idAllowed)")
    }
    if check != nil, out != nil || overwrite {
      throw ValidationError("--check keeps nothing: leave --out and --overwrite out")
    }
  }

  func run() throws {
    try Exits.catching {
      let place = try BoardPlace(rig, board: board, target: target)
      let (description, target) = (place.description, place.target)
      if let id, let its = place.rig?.boardID, id != its {
        try Exits.leave(
          "--id is '\(id)', but \(place.map) says that rig \(place.rig?.name ?? "") has board id '\(its)': "
            + "leave --id out, or change the map", with: Exits.usage)
      }
      try place.needLines()
      let subject = try Subject(description)
      let old = try check.map(BoardCalibration.read)
      if let check, let old,
        let refusal = old.refusal(
          for: description, id: id ?? place.rig?.boardID, at: Date().timeIntervalSince1970,
          days: .infinity)
      {
        try Exits.leave("calibration \(check) does not fit: \(refusal)", with: Exits.data)
      }
      let path =
        try out ?? place.rig?.calibration
        ?? BoardCalibration.path(beside: locate(place.board, kind: .board))
      if check == nil, !overwrite, FileManager.default.fileExists(atPath: path) {
        try Exits.leave(
          "\(path) is there already; give --overwrite to replace it, or another --out",
          with: Exits.usage)
      }
      if check == nil {
        // A board beside whose file nothing can be written is found out before it is calibrated.
        do throws(StorageError) { try WholeFile.checkWritable(pathOfUser: path) } catch {
          try Exits.leave("\(error); give another place with --out", with: Exits.code(of: error))
        }
      }
      Interruption.watch()
      let hold = try place.hold()
      defer { hold?.release() }
      let model = try PartsModel(subject)
      let work = model.work(pulses: pulses)
      say(
        "tellegen: \(pulses) pulses, about \(Format.significant(work.seconds)) s of the board's time; then "
          + "\(work.parameters) parameters are fitted to \(work.readings) readings")
      var user = Exciting(subject: subject, pulses: pulses)
      do {
        try subject.setting(description, seed: seed).open(
          as: target, on: hold, telling: { say("tellegen: " + $0) }, for: &user)
        guard let excitation = user.excitation else { throw Stopped() }
        let fit = try PartsFit(
          model, to: excitation, telling: { say("tellegen: step \($0) of the fit") },
          stopping: { Interruption.isAsked })
        let found = try BoardCalibration(
          fit, of: model, board: description, id: id ?? place.rig?.boardID ?? "1",
          date: Date().timeIntervalSince1970,
          target: target.rawValue, by: excitation, user.sweeps)
        if let old { return try compare(found, old, on: description) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(found)
        // What was found is told also where it cannot be kept.
        print(output.json ? String(decoding: data, as: UTF8.self) : found.table, terminator: "")
        if output.json { print() }
        try refuse(found.implausibilities(fit, of: model), place, path)
        try WholeFile.write(data, toPathOfUser: path)
        if !output.json { print("kept in \(path)") }
      } catch is Stopped {
        try Exits.leave(
          "interrupted; the board is at rest, nothing was kept", with: Exits.interrupted)
      }
    }
  }

  /// Refuses to keep what no board of this kind has.
  private func refuse(_ words: [String], _ place: BoardPlace, _ path: String) throws {
    if words.isEmpty { return }
    let board =
      rig.rig.map { ["--rig", $0] + (rig.rigs.map { ["--rigs", $0] } ?? []) }
      ?? ["--board", place.board, "--target", place.target.rawValue]
    try Exits.leave(
      "this is no calibration of a board that is as its file says:"
        + words.map { "\n  " + $0 }.joined()
        + "\nnothing was kept in \(path); find what is wrong by '"
        + shellLine(["tellegen", "hil", "--scenario", "selftest"] + board)
        + "', mend it and calibrate again", with: Exits.missed)
  }

  /// Says whether a calibration still holds.
  private func compare(
    _ found: BoardCalibration, _ old: BoardCalibration, on board: BoardDescription
  ) throws {
    let changes = old.contradictions(by: found, on: board)
    try output.show(
      [
        "holds": .flag(changes.isEmpty), "contradictions": JSONValue(changes),
        "misfit": JSONValue(found.misfit),
      ],
      text: changes.isEmpty
        ? "the calibration of \(old.day) holds\n"
        : changes.map { $0 + "\n" }.joined())
    if !changes.isEmpty {
      try Exits.leave(
        "the calibration does not hold any more, \(changes.count) contradictions: is it the same board, as warm and as "
          + "supplied as then? 'tellegen hil --scenario selftest' says whether it is broken; if not, calibrate again",
        with: Exits.missed)
    }
  }

  /// Excites a board and puts it to rest.
  private struct Exciting: TargetUser {
    var subject: Subject
    var pulses: Int
    var excitation: Excitation?
    var sweeps: ComparatorSweeps?

    mutating func use<Target: OpenTarget>(_ target: inout Target) throws {
      do {
        let isReady = try target.makeReady(
          telling: { say("tellegen: " + $0) }, stopping: { Interruption.isAsked })
        if !isReady { throw Stopped() }
        excitation = try target.excite(
          subject, pulses: pulses,
          telling: { if $0 % 500 == 0, $0 > 0 { say("tellegen: \($0) pulses") } },
          stopping: { Interruption.isAsked })
        sweeps = try ComparatorSweeps(
          of: &target, subject, stopping: { Interruption.isAsked })
      } catch {
        do { try target.rest() } catch {
          say(
            "tellegen: the board could not be put to rest: \(error); switch it off, or use "
              + "tellegen rest")
        }
        throw error
      }
      try target.rest()
    }
  }
}

extension BoardCalibration {
  /// What was found, for the console.
  fileprivate var table: String {
    func text(_ estimate: Estimate?, _ scale: Double, _ digits: Int) -> String {
      guard let estimate, estimate.isFound else { return "not seen" }
      let half = (estimate.high - estimate.low) / 2 * scale
      return Format.fixed(estimate.value * scale, decimals: digits) + " +- "
        + Format.fixed(half, decimals: digits)
    }
    let rows = edges.map { edge in
      [
        edge.name, text(edge.chargeRC, 1e3, 2), text(edge.dischargeRC, 1e3, 2),
        text(edge.threshold, 1e3, 1), text(edge.reach, 1e3, 1), text(edge.leak, 1e3, 2),
        text(edge.comparatorA, 1e3, 2), text(edge.comparatorB, 1e3, 2),
      ]
    }
    let table = TextTable(
      head: [
        "edge", "RC up, ms", "RC down, ms", "threshold, mV", "reach, mV", "leak, mV/s",
        "offset A, mV", "offset B, mV",
      ],
      rows: rows)
    let seen = edges.count { $0.chargeRC.isFound || $0.dischargeRC.isFound }
    return table.text
      + "\(seen) of \(edges.count) edges seen, intervals of 95 %; the readings miss by "
      + "\(Format.significant(misfit.squareRoot())) times their noise; \(Format.significant(seconds)) s of "
      + "the board's time\n"
  }
}
#endif
