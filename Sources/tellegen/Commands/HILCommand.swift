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
      A scenario is a list of phases, in a file under hil/scenarios. Readings are held to limits that an \
      ensemble of drawn doubles of the same board file gives (kept in ~/.cache/tellegen/limits); a good \
      board fails with a probability of 0.5 %, whatever reading it is. A phase that fails stops what would be dangerous or meaningless \
      after it, and says what to do. The board is put to rest whatever happens.

      Every attempt leaves a record, also one that could not be begun: a folder with setting.json, \
      record.jsonl (a line as each phase ends), record.json, junit.xml, metrics.prom (OpenMetrics), \
      report.html.

      A board at GPIO lines, and a rig of a rig map, is one process's at a time. One that could not be put \
      to rest or did not answer is wedged: it is refused until --recover has drained and tested it.

      Exit code 0 when all scenarios pass or are skipped, 1 when one does not, 69 when the board cannot be \
      opened, does not answer or could not be put to rest, 75 when another process has the rig, 76 when it \
      is wedged.
      """)
  @Option(help: "The board: a name in board/ or a file; default lattice.")
  var board: String?
  @Option(
    help:
      "What is proven: the double, direct or through its GPIO pins, or a board at GPIO lines; default double."
  )
  var target: RunSetting.Target?
  @Option(
    help:
      "A rig of the rig map: its board, target, calibration and fixtures are taken from there.")
  var rig: String?
  @Option(
    help: ArgumentHelp(
      "The rig map; default ~/.config/tellegen/rigs.yaml, then hil/rigs.yaml.", valueName: "file"))
  var rigs: String?
  @Option(
    help:
      "The scenarios: a name, a name with * for any letters, or a file; default all that have no faults on gpio, all elsewhere."
  )
  var scenario: String?
  @Option(
    help: ArgumentHelp(
      "Put a fault on the double, as under faults of a scenario: '{line: MISO, is: stuck_low}'; may be given again. Scenarios that have faults of their own are left out.",
      valueName: "fault"))
  var fault: [String] = []
  @Option(
    help: ArgumentHelp(
      "What of the wiring was looked at and is right: then phase wiring names no mistake there. A line as SCLK, EDGE.charge (or A, B, discharge), 'select 3'; may be given again.",
      valueName: "place"))
  var checked: [String] = []
  @Flag(help: "Say what would be done, and do nothing.")
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
      "How often a scenario that ended in ERROR is tried again, after draining (0 ... 100); what passes only then is called flaky."
  )
  var retry = 0
  @Flag(
    help:
      "Drain a rig, test it by the scenario selftest, and take the mark of a wedged one off when that passes."
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
    if rig != nil, board != nil || target != nil {
      throw ValidationError(
        "--rig says which board and target it is: leave --board and --target out")
    }
    if rigs != nil, rig == nil {
      throw ValidationError("--rigs names a rig map: say by --rig which of its rigs it is")
    }
    if recover, rig == nil, target != .gpio {
      throw ValidationError(
        "--recover is for a rig: give --rig NAME, or --target gpio with its --board")
    }
    if recover, scenario != nil || retry > 0 || self.repeat > 1 {
      throw ValidationError(
        "--recover drains and goes through selftest once: leave --scenario, --retry and --repeat out"
      )
    }
  }

  /// What an attempt was asked.
  private struct Content: Codable {
    var board: String
    var target: RunSetting.Target
    var rig: String?
    var scenarios: [String]
    var faults: [String]
    var attempts: Int
    var retries: Int
    var recover: Bool
    var seed: UInt64
    var ensemble: Int
  }

  func run() throws {
    try Exits.catching {
      let place = try HILPlace(rig: rig, rigs: rigs, board: board, target: target)
      let (description, target) = (place.description, place.target)
      if target != .double && description.wiring == nil {
        try Exits.leave(
          "board \(description.name) has no wiring: only --target double knows it",
          with: Exits.usage)
      }
      if trace && target == .double {
        try Exits.leave(
          "--trace needs --target pins or --target gpio: the double direct has no lines",
          with: Exits.usage)
      }
      let scenarios = try faulty(try self.scenarios(on: target), of: description, on: target)
      let checked = try self.checked.map { try WiringMistake.Place($0, on: description) }
      if dryRun { return try showPlan(scenarios) }
      let found = try place.calibration(calibration)
      var subject = try Subject(description)
      subject.calibration = found
      subject.fixtures = Set(place.rig?.fixtures ?? [])
      subject.checked = Set(checked)
      Interruption.watch()
      let directory = RunDirectory(path: out ?? place.nextFolder(isRecovery: recover))
      let traces = trace ? self.traces(of: scenarios) : []
      let setting = ResultSetting(
        version: version, command: "hil",
        content: Content(
          board: description.name, target: target, rig: rig, scenarios: scenarios.map(\.name),
          faults: fault, attempts: self.repeat, retries: retry, recover: recover, seed: seed,
          ensemble: ensemble),
        results: ["record.jsonl", "record.json", "junit.xml", "metrics.prom", "report.html"]
          + traces.flatMap { ["\($0).txt", "\($0).vcd"] })
      let claim = try RunClaim(new: directory, files: setting.files, overwrite: overwrite)
      defer { claim.release() }
      try claim.clear()
      try claim.commit(setting)
      var report = HILReport(
        place: place, directory: directory, seed: seed, isJSON: output.json,
        isTraced: trace)
      try prove(subject, scenarios, place, &report)
    }
  }

  /// The names of all traces that there may be, without their endings.
  private func traces(of scenarios: [ScenarioDescription]) -> [String] {
    scenarios.flatMap { scenario in
      (1...self.repeat * (retry + 1)).map { HILReport.trace(of: scenario.name, $0) }
    }
  }

  /// Takes the rig, has the limits, and goes through the scenarios; what keeps them from being begun is
  /// kept too.
  private func prove(
    _ subject: Subject, _ scenarios: [ScenarioDescription], _ place: HILPlace,
    _ report: inout HILReport
  ) throws {
    var limits: ScenarioLimits?
    var hold: RigHold?
    do {
      hold = try place.hold(for: report.directory.path, evenWedged: recover)
      limits = try self.limits(for: subject, scenarios)
    } catch {
      hold?.release(isAtRest: hold?.left == nil)
      var proof = Proof(scenarios, of: subject, on: place.target, seed: seed)
      proof.notStarted(
        error is Stopped ? "a stop was asked for while limits were drawn" : "\(error)", for: error)
      try report.keep(proof, limits: nil)
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
    proof.rig = place.rig.map { "rig \($0.name) of \(place.map)" }
    proof.isRecovery = recover
    proof.folder = report.directory.path
    proof.recovery = place.recovery
    defer { hold?.release(isAtRest: proof.isAtRest) }
    let listener = try report.listener(isCounted: self.repeat > 1 || retry > 0)
    proof.run(limits, listener)
    try report.keep(proof, limits: limits)
    try report.show(proof, limits, output)
    try end(proof, place, hold, report.directory)
  }

  /// The exit that the attempts end with.
  private func end(
    _ proof: Proof, _ place: HILPlace, _ hold: RigHold?, _ directory: RunDirectory
  ) throws {
    let bad = proof.last.filter(\.outcome.isBad)
    if let wedged = proof.wedged {
      try Exits.leave(
        "\(wedged); switch the board off, or use tellegen rest. \(hold?.rig.words ?? "the rig") is wedged: "
          + "nobody may use it until \(place.recovery)", with: Exits.device)
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
      let cache = LimitsCache(of: subject, phases: needed, boards: ensemble)
      if let kept = cache.read() { return kept }
      let disturbed = subject.description.disturbances.isEmpty ? "" : ", disturbed,"
      say(
        "tellegen: drawing \(ensemble) doubles of board \(subject.description.name)\(disturbed) for limits"
      )
      let limits = try ReadingLimits(
        of: subject, phases: needed, boards: ensemble, stopping: { Interruption.isAsked })
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
    let faults = try fault.map { try ScenarioDescription.fault($0, file: "--fault") }
    for (words, fault) in zip(fault, faults) {
      if let why = misplaced(fault, on: board, target) {
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

  /// Why a fault cannot be put on a board; `nil` where it can.
  private func misplaced(
    _ fault: ScenarioFault, on board: BoardDescription, _ target: RunSetting.Target
  ) -> String? {
    let roles = board.wiring?.wires.map(\.role) ?? []
    let selects = board.wiring?.selects.count ?? 0
    func missing(_ role: String) -> String? {
      roles.contains(role)
        ? nil
        : "board \(board.name) has no line \(role); there are "
          + enumerate(roles.filter { !$0.contains(".") }, most: 20)
          + (roles.contains { $0.contains(".") } ? ", and EDGE.A, B, charge and discharge" : "")
    }
    switch fault {
    case .passing(let fault, _): return misplaced(fault, on: board, target)
    case .disturbance: return nil
    case .edge(let name, _):
      let names = board.learningEdges.map(\.name)
      return names.contains(name)
        ? nil
        : "board \(board.name) has no learning edge \(name); there are "
          + enumerate(names, most: 20)
    case _ where target == .double: return "faults of lines and selects need --target pins"
    case .line(let role, let kind):
      if case .swapped(let other) = kind {
        if other == role { return "line \(role) cannot be exchanged with itself" }
        return missing(role) ?? missing(other)
      }
      return missing(role)
    case .deaf(let select), .saturated(let select), .wrongChip(let select):
      return (0..<selects).contains(select)
        ? nil : "board \(board.name) has selects 0 ... \(selects - 1)"
    }
  }

  /// The scenarios that were asked for, by name.
  private func scenarios(on target: RunSetting.Target) throws -> [ScenarioDescription] {
    let wanted = scenario ?? (recover ? "selftest" : "*")
    if !wanted.contains("*") { return [try scenario(at: wanted)] }
    var scenarios: [ScenarioDescription] = []
    for name in knownNames(of: .scenario) where matches(wanted, name) {
      let found = try scenario(at: name)
      if target != .gpio || found.faults.isEmpty { scenarios.append(found) }
    }
    if scenarios.isEmpty {
      try Exits.leave(
        "no scenario is called \(quote(wanted)); there are "
          + enumerate(knownNames(of: .scenario), most: 40), with: Exits.usage)
    }
    return scenarios
  }

  private func scenario(at name: String) throws(DescriptionError) -> ScenarioDescription {
    try .read(path: try locate(name, kind: .scenario), phases: phases.map { $0.name })
  }

  private func showPlan(_ scenarios: [ScenarioDescription]) throws {
    try output.show(
      [
        "scenarios": .list(
          scenarios.map {
            [
              "name": .text($0.name), "about": .text($0.about), "phases": JSONValue($0.phases),
              "needs": JSONValue($0.needs),
            ]
          })
      ],
      text: scenarios.map { scenario in
        "\(scenario.name): \(scenario.about)\n"
          + scenario.phases.compactMap(phase(named:)).map {
            "  \($0.name.padding(toLength: 13, withPad: " ", startingAt: 0))\($0.about)\n"
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
    let environment = ProcessInfo.processInfo.environment
    func named(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    folder = (named("XDG_CACHE_HOME") ?? named("HOME").map { $0 + "/.cache" })
      .map { $0 + "/tellegen/limits" }
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
