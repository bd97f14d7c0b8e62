#if Simulation
import ArgumentParser
import BoardDouble
import Files
import Foundation
import Harness
import Portable
import Reports
import Runs
import Storage
import Targets
import Traces
import Wiring

struct HILCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hil",
    abstract: "Proves a board, scenario by scenario: the double, or a real one at GPIO lines.",
    discussion: """
      Begin with 'tellegen hil --list', which says what scenarios there are; a new board goes through \
      --scenario bring-up, each further day through --scenario selftest.

      A scenario is a list of phases, in a file under hil/scenarios. Readings are held to limits that an \
      ensemble of drawn doubles of the same board file gives (kept in ~/.cache/tellegen/limits); a good \
      board fails with a probability of 0.5 %, whatever reading it is. A phase that fails stops what would be dangerous or meaningless \
      after it, and says what to do. The board is put to rest whatever happens.

      Every attempt leaves a record, also one that could not be begun: a folder with setting.json, \
      record.jsonl (a line as each phase and each attempt ends), record.json, junit.xml, metrics.prom (OpenMetrics), \
      report.html.

      A board at GPIO lines, and a rig of a rig map, is one process's at a time. One that could not be put \
      to rest or did not answer is wedged: it is refused until --recover has drained and tested it.

      Exit code 0 when all scenarios pass or are skipped, 1 when one does not, 64 and 65 when what was typed or \
      a file is wrong, 69 when the board cannot be opened, does not answer or could not be put to rest, 74 when \
      the record cannot be written or a calibration is not there, 75 when another process has the rig, 76 when it is wedged, 77 when its device \
      may not be opened, or a calibration not be read, 130 when it was interrupted.
      """)
  @Option(help: "The board: a name in board/ or a file; default lattice.")
  var board: String?
  @Option(
    help:
      "What is proven: the double, direct or through its GPIO pins, or a board at GPIO lines; default double."
  )
  var target: RunSetting.Target?
  @OptionGroup var rig: RigOptions
  @Option(
    help:
      "The scenarios: a name of --list, a name with * for any letters, or a file; default all, on gpio all without faults."
  )
  var scenario: String?
  @Option(
    help: ArgumentHelp(
      "Put a fault on the double, as under faults of a board or a scenario: '{line: MISO, kind: stuck_low}'; may be given again. Scenarios that have faults of their own are left out.",
      valueName: "fault"))
  var fault: [String] = []
  @Option(
    help: ArgumentHelp(
      "What of the wiring was looked at and is right: then phase wiring names no mistake there. A line as SCLK, EDGE.charge (or A, B, discharge), 'select 3'; may be given again.",
      valueName: "place"))
  var checked: [String] = []
  @Flag(
    help:
      "Say which scenarios there are, with what each is for, and do nothing; with --board those for that board."
  )
  var list = false
  @Flag(
    help:
      "Say which phases the scenarios would go through and what each does, and what would be skipped and why; do nothing."
  )
  var dryRun = false
  @Option(
    parsing: .unconditional,
    help:
      "How often each scenario is gone through (1 ... 1000). On a double every attempt draws noise of its own, at the same parts."
  )
  var `repeat` = 1
  @Option(
    parsing: .unconditional,
    help:
      "How often a scenario that ended in ERROR, as where the board did not answer, is tried again, after draining (0 ... 100); what passes only then is called flaky. One that ended in FAIL is not: what it names must be mended first."
  )
  var retry = 0
  @Flag(
    help:
      "Drain a rig, test it by the scenario selftest, and take the mark of a wedged one off when that passes; needs --rig, or --target gpio with its --board."
  )
  var recover = false
  @Flag(
    help:
      "Keep the log of each attempt's lines, and its waves: SCENARIO.ATTEMPT.txt and .vcd, some MB each; needs --target pins or gpio."
  )
  var trace = false
  @Option(parsing: .unconditional, help: "The seed of a double's parts.")
  var seed: UInt64 = 1
  @Option(
    parsing: .unconditional,
    help: "How many doubles are drawn for the limits (100 ... 100000).")
  var ensemble = ReadingLimits.usualBoards
  @Option(help: "A folder for this attempt; default the next free one of runs/hil-BOARD-TARGET-N.")
  var out: String?
  @Flag(help: "Replace what the folder of --out holds already.")
  var overwrite = false
  @OptionGroup var calibration: CalibrationOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if !(1...1000).contains(self.repeat) {
      throw ValidationError("--repeat is \(self.repeat); allowed is 1 ... 1000")
    }
    if !(0...100).contains(retry) {
      throw ValidationError("--retry is \(retry); allowed is 0 ... 100")
    }
    if !(100...100_000).contains(ensemble) {
      throw ValidationError("--ensemble is \(ensemble); allowed is 100 ... 100000")
    }
    try rig.check(board: board != nil, target: target != nil)
    if list && dryRun {
      throw ValidationError("--list and --dry-run are two answers: give one of them")
    }
    if recover, rig.rig == nil, target != .gpio {
      throw ValidationError(
        "--recover is for a rig: give --rig NAME, or --target gpio with its --board")
    }
    if recover, scenario != nil || retry > 0 || self.repeat > 1 {
      throw ValidationError(
        "--recover drains and goes through selftest once: leave --scenario, --retry and --repeat out"
      )
    }
  }

  func run() throws {
    try Exits.catching {
      let place = try BoardPlace(rig, board: board, target: target)
      let (description, target) = (place.description, place.target)
      if list {
        return try showList(try self.scenarios(of: description, on: target), on: description)
      }
      try place.needLines()
      if trace && target == .double {
        try Exits.leave(
          "--trace needs --target pins or --target gpio: the double direct has no lines",
          with: Exits.usage)
      }
      let scenarios = try faulty(
        try self.scenarios(of: description, on: target), of: description, on: target)
      let checked = try self.checked.map { try WiringMistake.Place($0, on: description) }
      var subject = try Subject(description)
      subject.fixtures = Set(place.rig?.fixtures ?? [])
      subject.checked = Set(checked)
      if dryRun {
        subject.calibration = try place.calibration(calibration)
        return try showPlan(scenarios, subject, place)
      }
      Interruption.watch()
      let directory = RunDirectory(path: out ?? nextFolder(of: place))
      let traces = trace ? self.traces(of: scenarios) : []
      let call = call(scenarios, place)
      let setting = ResultSetting(
        version: version, command: "hil", content: call,
        results: ["record.jsonl", "record.json", "junit.xml", "metrics.prom", "report.html"]
          + traces.flatMap { ["\($0).txt", "\($0).vcd"] })
      let claim = try RunClaim(new: directory, files: setting.files, overwrite: overwrite)
      defer { claim.release() }
      try claim.clear()
      try claim.commit(setting)
      var report = HILReport(
        place: place, directory: directory, call: call, traces: traces, isJSON: output.json)
      try prove(subject, scenarios, place, &report)
    }
  }

  /// What this call is asked, with what a rig map says.
  private func call(_ scenarios: [ScenarioDescription], _ place: BoardPlace) -> HILCall {
    let calibration = place.options(calibration)
    return HILCall(
      board: place.description.name, target: place.target, rig: place.rig?.name,
      map: place.name?.map, scenarios: scenarios.map(\.name), faults: fault,
      boardFaults: place.target == .gpio ? [] : place.description.placedFaults.map(\.words),
      checked: checked, calibration: calibration.file(of: place.board, target: place.target),
      boardID: calibration.boardID, calibrationDays: calibration.calibrationDays,
      attempts: self.repeat, retries: retry, recover: recover, trace: trace, seed: seed,
      ensemble: ensemble)
  }

  /// The next free folder for an attempt.
  private func nextFolder(of place: BoardPlace) -> String {
    let name = place.rig?.name ?? "\(place.description.name)-\(place.target.rawValue)"
    let base = "runs/\(recover ? "recover" : "hil")-\(name)"
    var number = 1
    while FileManager.default.fileExists(atPath: "\(base)-\(number)") { number += 1 }
    return "\(base)-\(number)"
  }

  /// The names of all traces that there may be, without their endings.
  private func traces(of scenarios: [ScenarioDescription]) -> [String] {
    scenarios.flatMap { scenario in
      (1...self.repeat * (retry + 1)).map { HILReport.trace(of: scenario.name, $0) }
    }
  }

  /// Reads the calibration, takes the rig, has the limits, and goes through the scenarios; what keeps them from
  /// being begun is kept too.
  private func prove(
    _ subject: Subject, _ scenarios: [ScenarioDescription], _ place: BoardPlace,
    _ report: inout HILReport
  ) throws {
    var subject = subject
    var limits: ScenarioLimits?
    var hold: RigHold?
    // What would be skipped has no readings, and opens nothing.
    let applying = scenarios.filter {
      $0.skipping(on: place.target, subject, rig: place.rigWords) == nil
    }
    do {
      if let loss = report.loss { throw loss }
      subject.calibration = try place.calibration(calibration)
      report.calibration = subject.calibration.map(CalibrationStamp.init)
      hold = try place.hold(for: report.directory.path, evenWedged: recover)
      if hold?.left != nil { say("tellegen: it is drained before anything else") }
      if recover, let hold, hold.mark == nil {
        say("tellegen: \(hold.rig.words) is not wedged; it is drained and tested all the same")
      }
      if place.target == .gpio, !applying.isEmpty {
        try GPIOTarget.find(linesOf: place.description)
      }
      limits = try self.limits(for: subject, applying)
    } catch {
      hold?.release()
      var proof = Proof(scenarios, of: subject, on: place.target, seed: seed)
      proof.notStarted(
        error is Stopped ? "a stop was asked for while limits were drawn" : "\(error)", for: error,
        report.listener(isCounted: false, isQuiet: true))
      do { try report.keep(proof, limits: nil) } catch { say("tellegen: \(error)") }
      try report.show(proof, nil, output)
      if error is Stopped {
        try Exits.leave(
          "interrupted while limits were drawn; the board was not touched", with: Exits.interrupted)
      }
      throw error
    }
    guard let limits else { return }
    var proof = Proof(scenarios, of: subject, on: place.target, seed: seed, hold: hold)
    proof.repeats = self.repeat
    proof.retries = retry
    proof.rig = place.rigWords
    proof.isRecovery = recover
    proof.folder = absolutePath(report.directory.path)
    proof.recovery = place.recovery
    defer { hold?.release(isAtRest: proof.isAtRest) }
    let listener = report.listener(isCounted: self.repeat > 1 || retry > 0)
    proof.run(limits, listener)
    var loss: (any Error)?
    do { try report.keep(proof, limits: limits) } catch {
      loss = error
      say("tellegen: \(error)")
    }
    // What is not kept is shown all the same, and what became of the rig is said.
    try report.show(proof, limits, output)
    tellOfFaults(scenarios, proof, place.description)
    try end(proof, place, hold, report.directory)
    if let loss { throw Exits.code(of: loss) ?? Exits.unknown }
  }

  /// Says where of all scenarios with faults none is for this board: what passed then says nothing of faults.
  private func tellOfFaults(
    _ scenarios: [ScenarioDescription], _ proof: Proof, _ board: BoardDescription
  ) {
    let faulty = scenarios.filter { !$0.faults.isEmpty }
    let names = Set(faulty.map(\.name))
    let ran = proof.last.filter { names.contains($0.scenario) && $0.outcome.word != "SKIP" }
    if faulty.isEmpty || !ran.isEmpty { return }
    let boards = Set(faulty.compactMap(\.board)).sorted().joined(separator: " and ")
    say(
      "tellegen: no scenario with faults was run"
        + (boards.isEmpty ? "" : ": these are for board \(boards)")
        + ". Put a fault on this board by --fault '{edge: \(board.edges[0].name), kind: dead}', or write a scenario of your "
        + "own (docs/hil/harness.md)")
  }

  /// The exit that the attempts end with.
  private func end(
    _ proof: Proof, _ place: BoardPlace, _ hold: RigHold?, _ directory: RunDirectory
  ) throws {
    let bad = proof.last.filter(\.outcome.isBad)
    if let wedged = proof.wedged {
      try Exits.leave(
        "\(wedged); switch the board off, or use tellegen rest. \(hold?.rig.words ?? "the rig") is wedged: "
          + (proof.isMarked
            ? "nobody may use it until \(place.recovery)"
            : "nothing keeps others off, since no mark could be kept: leave it alone until \(place.recovery)"),
        with: Exits.device)
    }
    if let away = proof.records.compactMap(\.leftAway).first {
      try Exits.leave("the double could not be put to rest: \(away)", with: Exits.device)
    }
    if Interruption.isAsked {
      try Exits.leave(
        "interrupted; what was measured is kept in \(directory.path)", with: Exits.interrupted)
    }
    if let failure = proof.failure,
      proof.last.allSatisfy({ $0.outcome.word == "NOT-STARTED" || $0.outcome.word == "SKIP" }),
      let code = Exits.code(of: failure)
    {
      try Exits.leave("\(failure)", with: code)
    }
    if recover, !proof.isRecovered {
      try Exits.leave(
        hold?.mark == nil
          ? "the rig does not pass selftest; it was not wedged and is not now"
          : "the rig stays wedged: it does not pass selftest; mend what is named above, then recover it again",
        with: hold?.mark == nil ? Exits.missed : Exits.wedged)
    }
    if !bad.isEmpty {
      try Exits.leave(
        "\(bad.count) of \(proof.last.count) scenarios did not end as they must: "
          + enumerate(Array(Set(bad.map(\.scenario))).sorted()), with: Exits.missed)
    }
  }

  /// The limits, from the cache where this very board was drawn before.
  private func limits(
    for subject: Subject, _ scenarios: [ScenarioDescription]
  ) throws -> ScenarioLimits {
    try ScenarioLimits(for: scenarios, of: subject) { subject, needed in
      // Where all is skipped, nothing is held to anything.
      if needed.isEmpty {
        return try ReadingLimits(of: subject, phases: [], boards: 1, stopping: { false })
      }
      let cache = LimitsCache(of: subject, phases: needed, boards: ensemble)
      if let kept = cache.read() { return kept }
      let disturbed = subject.description.disturbances.isEmpty ? "" : ", disturbed,"
      say(
        "tellegen: drawing \(ensemble) doubles of board \(subject.description.name)\(disturbed) for limits, which "
          + "are kept for the next time"
      )
      let display = CountDisplay(total: ensemble, what: "doubles drawn")
      defer { display.end() }
      let limits = try ReadingLimits(
        of: subject, phases: needed, boards: ensemble, drawn: { display.advance() },
        stopping: { Interruption.isAsked })
      cache.write(limits)
      return limits
    }
  }

  /// The scenarios with the faults of the command line.
  private func faulty(
    _ scenarios: [ScenarioDescription], of board: BoardDescription, on target: RunSetting.Target
  ) throws -> [ScenarioDescription] {
    if fault.isEmpty { return scenarios }
    if target == .gpio {
      try Exits.leave(
        "--fault is put on a double; a real board has its own: leave it out", with: Exits.usage)
    }
    let faults = try fault.map { (words) throws -> PlacedFault in
      do throws(DescriptionError) { return try PlacedFault(words, file: "--fault") } catch {
        try Exits.leave(
          "--fault \(quote(words)): \(error.message); allowed is an entry as under faults of a board's file, "
            + "\(PlacedFault.examples)", with: Exits.usage)
      }
    }
    for (number, (words, fault)) in zip(fault, faults).enumerated() {
      let needsLines = target == .double && fault.isOnLines
      if let why = fault.misplacement(on: board)
        ?? fault.contradiction(to: board.placedFaults + faults.prefix(number))
        ?? (needsLines ? "faults of lines and selects need --target pins" : nil)
      {
        try Exits.leave("--fault \(quote(words)): \(why)", with: Exits.usage)
      }
    }
    let own = scenarios.filter(\.faults.isEmpty)
    if own.isEmpty {
      try Exits.leave(
        "all of these scenarios have faults of their own: give one without, as bring-up",
        with: Exits.usage)
    }
    return own.map { scenario in
      var scenario = scenario
      scenario.faults = faults
      return scenario
    }
  }

  /// The scenarios that were asked for, by name.
  private func scenarios(
    of board: BoardDescription, on target: RunSetting.Target
  ) throws -> [ScenarioDescription] {
    let wanted = scenario ?? (recover ? "selftest" : "*")
    if !wanted.contains("*") { return [try scenario(at: wanted, of: board)] }
    var scenarios: [ScenarioDescription] = []
    var faulty: [String] = []
    for name in knownNames(of: .scenario) where matches(wanted, name) {
      let found = try scenario(at: name, of: board, isMeant: false)
      if target != .gpio || found.faults.isEmpty {
        scenarios.append(found)
      } else {
        faulty.append(name)
      }
    }
    if scenarios.isEmpty {
      if !faulty.isEmpty {
        try Exits.leave(
          "all scenarios called \(quote(wanted)) put faults on a double, and a real board has its own: "
            + "\(enumerate(faulty)); go through them with --target double or pins, and through "
            + "bring-up or selftest at GPIO lines", with: Exits.usage)
      }
      try Exits.leave(
        "no scenario is called \(quote(wanted)); there are "
          + enumerate(knownNames(of: .scenario), most: 40), with: Exits.usage)
    }
    return scenarios
  }

  /// Prints the scenarios that were asked for, a line each; of a board that was named, those that are for it.
  private func showList(
    _ scenarios: [ScenarioDescription], on board: BoardDescription
  ) throws {
    let isNamed = self.board != nil || rig.rig != nil
    let fitting = scenarios.filter { !isNamed || $0.board == nil || $0.board == board.name }
    // What a board goes through is looked for first.
    let shown = fitting.filter(\.faults.isEmpty) + fitting.filter { !$0.faults.isEmpty }
    let width = shown.map(\.name.count).max() ?? 0
    try output.show(
      [
        "scenarios": .list(
          shown.map {
            [
              "name": .text($0.name), "about": .text($0.about), "board": JSONValue($0.board),
              "needs": JSONValue($0.needs), "on_double_only": .flag(!$0.faults.isEmpty),
            ]
          })
      ],
      text: shown.map {
        "\($0.name.padding(toLength: width, withPad: " ", startingAt: 0))  \($0.about)"
          + ($0.faults.isEmpty ? "" : " (a fault of the double)")
          + ($0.needs.isEmpty ? "" : " (needs the fixture \($0.needs.joined(separator: ", ")))")
          + "\n"
      }.joined())
  }

  /// Reads a scenario. One that is meant by its name, or is the user's own, must name what the board has; of
  /// the shipped ones that a pattern takes along, what does not apply to the board is skipped.
  private func scenario(
    at name: String, of board: BoardDescription, isMeant: Bool = true
  ) throws(DescriptionError) -> ScenarioDescription {
    let path: String
    do throws(DescriptionError) { path = try locate(name, kind: .scenario) } catch {
      var error = error
      error.message +=
        phase(named: name) == nil
        ? "; 'tellegen hil --list' says what each is for"
        : ". \(name) is a phase: scenarios have phases, and 'tellegen hil --dry-run' says which"
      throw error
    }
    let scenario = try ScenarioDescription.read(path: path)
    if let only = scenario.board, only != board.name { return scenario }
    if !isMeant, isShipped(path, kind: .scenario) { return scenario }
    for (number, fault) in scenario.faults.enumerated() {
      guard let why = fault.misplacement(on: board) else { continue }
      let finders = scenario.expectation.map {
        ", for phase \($0.phases.joined(separator: " or ")) to find"
      }
      throw DescriptionError(
        file: path, line: scenario.faultLines[number],
        message:
          "fault \(number)\(finders ?? ""): \(why); or say by board: which board it is for")
    }
    return scenario
  }

  /// Prints what the scenarios would go through, and what of it would be skipped, as far as that is known before
  /// the board is opened.
  private func showPlan(
    _ scenarios: [ScenarioDescription], _ subject: Subject, _ place: BoardPlace
  ) throws {
    func skipping(_ scenario: ScenarioDescription) -> String? {
      scenario.skipping(on: place.target, subject, rig: place.rigWords)
    }
    func skipped(_ scenario: ScenarioDescription) -> [(name: String, why: String)] {
      scenario.phases.compactMap(phase(named:)).compactMap { phase in
        phase.skipping(on: place.target, subject).map { (phase.name, $0) }
      }
    }
    try output.show(
      [
        "scenarios": .list(
          scenarios.map { scenario in
            [
              "name": .text(scenario.name), "about": .text(scenario.about),
              "phases": JSONValue(scenario.phases), "needs": JSONValue(scenario.needs),
              "skipped": JSONValue(skipping(scenario)),
              "skipped_phases": .list(
                skipped(scenario).map { ["phase": .text($0.name), "why": .text($0.why)] }),
            ]
          })
      ],
      text: scenarios.map { scenario in
        if let why = skipping(scenario) {
          return "\(scenario.name): \(scenario.about)\n  would be skipped: \(why)\n"
        }
        let skipped = Dictionary(uniqueKeysWithValues: skipped(scenario))
        return "\(scenario.name): \(scenario.about)\n"
          + scenario.phases.compactMap(phase(named:)).map {
            "  \($0.name.padding(toLength: 13, withPad: " ", startingAt: 0))"
              + (skipped[$0.name].map { "would be skipped: \($0)\n" } ?? "\($0.about)\n")
          }.joined()
      }.joined())
  }
}

/// Limits of boards that were drawn before: a file for each board's contents, phases and number of
/// doubles, and for each version of this program. What cannot be read or written is drawn again; without a
/// home folder nothing is kept.
private struct LimitsCache {
  private let folder: String?
  private let name: String

  init(of subject: Subject, phases: [any Phase.Type], boards: Int) {
    folder = userFolder(
      "XDG_CACHE_HOME", usual: ".cache", environment: ProcessInfo.processInfo.environment
    ).map { $0 + "/limits" }
    // The program itself is part of what was drawn: it may know the double better than an older one.
    var program = stat()
    stat("/proc/self/exe", &program)
    let asked =
      subject.description.yaml() + phases.map { $0.name }.joined(separator: " ")
      + " \(boards) \(version) \(program.st_size) \(program.st_mtim.tv_sec)"
    name = fingerprint(of: asked) + ".json"
  }

  func read() -> ReadingLimits? {
    guard let folder, let data = FileManager.default.contents(atPath: folder + "/" + name) else {
      return nil
    }
    return try? JSONDecoder().decode(ReadingLimits.self, from: data)
  }

  func write(_ limits: ReadingLimits) {
    guard let folder, let data = try? JSONEncoder().encode(limits) else { return }
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try? WholeFile.write(data, to: name, in: folder)
  }
}

/// Whether a name is one of a pattern, in which * stands for any letters.
private func matches(_ pattern: String, _ name: String) -> Bool {
  fnmatch(pattern, name, 0) == 0
}
#endif
