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

struct HILCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hil",
    abstract: "Proves a board, scenario by scenario: the double, or a real one at GPIO lines.",
    discussion: """
      A scenario is a list of phases, in a file under hil/scenarios. Readings are held to limits that an \
      ensemble of drawn doubles of the same board file gives (kept in ~/.cache/tellegen/limits); a good \
      board fails with a probability of 0.5 %, whatever reading it is. A phase that fails stops what would be dangerous or meaningless \
      after it, and says what to do. The board is put to rest whatever happens.

      Every attempt is kept in a folder of its own: setting.json, record.jsonl (a line as each phase \
      ends), record.json, junit.xml, metrics.prom (OpenMetrics), report.html.

      Exit code 0 when all scenarios pass or are skipped, 1 when one does not, 69 when the board could \
      not be put to rest.
      """)
  @Option(help: "The board: a name in board/ or a file.")
  var board = "lattice"
  @Option(
    help: "What is proven: the double, direct or through its GPIO pins, or a board at GPIO lines.")
  var target: RunSetting.Target = .double
  @Option(
    help:
      "The scenarios: a name, a name with * for any letters, or a file; default all that have no faults on gpio, all elsewhere."
  )
  var scenario = "*"
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
    parsing: .unconditional, help: "How often each scenario is gone through (1 ... 1000).")
  var `repeat` = 1
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
    if !(100...100_000).contains(ensemble) {
      throw ValidationError("--ensemble is \(ensemble); allowed is 100 ... 100000")
    }
  }

  /// What an attempt was asked.
  private struct Content: Codable {
    var board: String
    var target: RunSetting.Target
    var scenarios: [String]
    var faults: [String]
    var attempts: Int
    var seed: UInt64
    var ensemble: Int
  }

  func run() throws {
    try Exits.catching {
      let description = try BoardDescription.named(board)
      if target != .double && description.wiring == nil {
        try Exits.leave(
          "board \(description.name) has no wiring: only --target double knows it",
          with: Exits.usage)
      }
      let scenarios = try faulty(try self.scenarios())
      let checked = try self.checked.map { try WiringMistake.Place($0, on: description) }
      if dryRun { return try showPlan(scenarios) }
      let found = try calibration.read(for: description, named: board, target: target)
      Interruption.watch()
      let directory = RunDirectory(path: out ?? nextFolder(of: description))
      let setting = ResultSetting(
        version: version, command: "hil",
        content: Content(
          board: description.name, target: target, scenarios: scenarios.map(\.name),
          faults: fault, attempts: self.repeat, seed: seed, ensemble: ensemble),
        results: ["record.jsonl", "record.json", "junit.xml", "metrics.prom", "report.html"])
      let claim = try RunClaim(new: directory, files: setting.files, overwrite: overwrite)
      defer { claim.release() }
      try claim.clear()
      try claim.commit(setting)
      var subject = try Subject(description)
      let limits = try limits(for: subject, scenarios)
      subject.calibration = found
      subject.checked = Set(checked)
      try prove(subject, limits, scenarios, in: directory)
    }
  }

  private func prove(
    _ subject: Subject, _ limits: ReadingLimits, _ scenarios: [ScenarioDescription],
    in directory: RunDirectory
  ) throws {
    let lines = try AppendedFile(path: directory.file("record.jsonl"))
    let began = Date()
    var records: [ScenarioRecord] = []
    let stopping = { Interruption.isAsked }
    for scenario in scenarios {
      for attempt in 1...self.repeat {
        if Interruption.isAsked {
          records.append(
            ScenarioRecord(
              scenario: scenario.name, attempt: attempt,
              outcome: .notStarted("a stop was asked for")))
          continue
        }
        if !output.json {
          print(
            "\(scenario.name)\(self.repeat > 1 ? ", attempt \(attempt) of \(self.repeat)" : "")")
        }
        var run = ScenarioRun(
          scenario, attempt: attempt, subject: subject, limits: limits,
          telling: { phase in
            if !output.json { print(text(of: phase), terminator: "") }
            if let line = try? JSON.text(of: phase.line(of: scenario.name, attempt)) {
              lines.append(line.replacing("\n", with: " ") + "\n")
              try? lines.flush()
            }
          }, stopping: stopping)
        run.run(on: target, seed: seed) { say("tellegen: " + $0) }
        records.append(run.record)
        if !output.json {
          print(
            "  \(run.record.outcome.word)"
              + (run.record.outcome.why.map { ": " + $0 } ?? ""))
          if let misuses = run.record.misuses, misuses.count > 0 {
            print(
              "  \(misuses.count) misuses of the pins, \(misuses.first.first ?? "") the first")
          }
        }
      }
    }
    try lines.flush()
    try lines.synchronize()
    let all: JSONValue = [
      "board": .text(subject.description.name), "target": .text(target.rawValue),
      "limits": ["boards": .count(limits.boards), "factor": JSONValue(limits.factor)],
      "scenarios": .list(records.map(\.json)),
    ]
    try directory.write(text: try JSON.text(of: all) + "\n", to: "record.json")
    try directory.write(
      text: junit(records, board: subject.description.name, target: target.rawValue),
      to: "junit.xml")
    try directory.write(
      text: openMetrics(records, board: subject.description.name, target: target.rawValue),
      to: "metrics.prom")
    try directory.write(
      text: html(
        records, title: "Board \(subject.description.name), target \(target.rawValue)",
        facts: [
          ("when", began.formatted(.iso8601)), ("program", "tellegen \(version)"),
          ("seed of the double", target == .gpio ? "" : "\(seed)"),
          (
            "limits",
            "by \(limits.boards) doubles of this board, "
              + "\(Format.significant(limits.factor)) scales away at most"
          ),
        ].filter { !$0.1.isEmpty }), to: "report.html")
    let bad = records.filter(\.outcome.isBad)
    try output.show(
      all,
      text: "\(records.count - bad.count) of \(records.count) as they must be; kept in "
        + "\(directory.path)\n")
    if let away = records.compactMap(\.leftAway).first {
      try Exits.leave(
        "the board could not be put to rest: \(away); switch it off, or use tellegen rest",
        with: Exits.device)
    }
    if Interruption.isAsked {
      try Exits.leave(
        "interrupted; what was measured is kept in \(directory.path)", with: Exits.interrupted)
    }
    if !bad.isEmpty {
      try Exits.leave(
        "\(bad.count) of \(records.count) scenarios did not end as they must: "
          + enumerate(Array(Set(bad.map(\.scenario))).sorted()), with: Exits.missed)
    }
  }

  /// A phase for the console: a line, and below it what is wrong and what to do.
  private func text(of phase: PhaseRecord) -> String {
    let count = phase.readings.count
    let readings = count == 0 ? "" : "  \(count) reading\(count == 1 ? "" : "s")"
    let name = phase.phase.padding(toLength: 13, withPad: " ", startingAt: 0)
    var text = "  \(name)\(phase.outcome.word)\(readings)"
    if let why = phase.outcome.why { text += "  \(why)" }
    text += "\n"
    for complaint in phase.complaints.prefix(8) { text += "    \(complaint)\n" }
    if phase.complaints.count > 8 {
      text += "    and \(phase.complaints.count - 8) more, in record.json\n"
    }
    if let remedy = phase.remedy { text += "    what to do: \(remedy)\n" }
    return text
  }

  /// The limits, from the cache where this very board was drawn before.
  private func limits(
    for subject: Subject, _ scenarios: [ScenarioDescription]
  ) throws -> ReadingLimits {
    let names = Set(scenarios.flatMap(\.phases))
    let needed = phases.filter { names.contains($0.name) }
    let cache = LimitsCache(of: subject, phases: needed, boards: ensemble)
    if let kept = cache.read() { return kept }
    say("tellegen: drawing \(ensemble) doubles of board \(subject.description.name) for limits")
    do {
      let limits = try ReadingLimits(
        of: subject, phases: needed, boards: ensemble, stopping: { Interruption.isAsked })
      cache.write(limits)
      return limits
    } catch is Stopped {
      try Exits.leave(
        "interrupted while limits were drawn; the board was not touched", with: Exits.interrupted)
    }
  }

  /// The scenarios with the faults of the command line.
  private func faulty(_ scenarios: [ScenarioDescription]) throws -> [ScenarioDescription] {
    if fault.isEmpty { return scenarios }
    if target == .gpio {
      try Exits.leave(
        "--fault is put on a double; a real board has its own: leave it out", with: Exits.usage)
    }
    let faults = try fault.map { try ScenarioDescription.fault($0, file: "--fault") }
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
  private func scenarios() throws -> [ScenarioDescription] {
    if !scenario.contains("*") { return [try scenario(at: scenario)] }
    var scenarios: [ScenarioDescription] = []
    for name in knownNames(of: .scenario) where matches(scenario, name) {
      let found = try scenario(at: name)
      if target != .gpio || found.faults.isEmpty { scenarios.append(found) }
    }
    if scenarios.isEmpty {
      try Exits.leave(
        "no scenario is called \(quote(scenario)); there are "
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

  /// The next free folder of this board and target.
  private func nextFolder(of description: BoardDescription) -> String {
    let base = "runs/hil-\(description.name)-\(target.rawValue)"
    var number = 1
    while FileManager.default.fileExists(atPath: "\(base)-\(number)") { number += 1 }
    return "\(base)-\(number)"
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

extension PhaseRecord {
  /// The record as a line of record.jsonl, with whose it is.
  fileprivate func line(of scenario: String, _ attempt: Int) -> JSONValue {
    ["scenario": .text(scenario), "attempt": .count(attempt), "record": json]
  }
}

/// Whether a name is one of a pattern, in which * stands for any letters.
private func matches(_ pattern: String, _ name: String) -> Bool {
  fnmatch(pattern, name, 0) == 0
}
#endif
