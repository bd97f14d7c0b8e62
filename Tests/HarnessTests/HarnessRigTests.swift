import BoardDouble
import Files
import Firmware
import Foundation
import Reports
import Runs
import TestSupport
import Testing
import Wiring

@testable import Harness
@testable import Targets

/// Rigs: who has one, when it is wedged, how it is put to rest, drained, tried again.
@Suite struct HarnessRigTests {
  /// A folder for the states of rigs.
  private func inFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.path + "/rigs-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private let rig = RigIdentity(double: "one", of: "/maps/a.yaml")
  private let noLimits = ScenarioLimits(usual: ReadingLimits(columns: []))

  private func scenario(_ text: String) throws -> ScenarioDescription {
    try .read(text: text, file: "test")
  }

  // MARK: - The hold

  @Test func `a rig is one process's, and the refusal says whose`() throws {
    try inFolder { folder in
      let use = RigUse(process: getpid(), command: "tellegen this", folder: "/runs/x", since: 0)
      let hold = try RigHold(rig, for: use, in: folder)
      #expect(hold.drive() == nil)
      let refusal = try #require(throws: RigRefusal.self) {
        try RigHold(rig, for: .now(), in: folder)
      }
      for words in ["rig one", "process \(getpid())", "tellegen this", "/runs/x", "1970-01-01"] {
        #expect("\(refusal)".contains(words), "\(refusal)")
      }
      // Another rig is not concerned.
      try RigHold(RigIdentity(double: "two", of: "/maps/a.yaml"), for: use, in: folder).release(
        isAtRest: true)
      hold.release(isAtRest: true)
      let next = try RigHold(rig, for: use, in: folder)
      #expect(next.left == nil)
      next.release(isAtRest: true)
    }
  }

  @Test func `who ended without putting a rig to rest is known to the next, and only to that one`()
    throws
  {
    try inFolder { folder in
      let use = RigUse(process: 7, command: "c", folder: "f", since: 1)
      let first = try RigHold(rig, for: use, in: folder)
      #expect(first.drive() == nil)
      first.release(isAtRest: false)
      // Whoever ends before anything was driven changes nothing of that, however it ends.
      for isTidy in [true, false] {
        let idle = try RigHold(rig, for: .now(), in: folder)
        #expect(idle.left == use)
        if isTidy { idle.release() } else { idle.release(isAtRest: false) }
      }
      let next = try RigHold(rig, for: .now(), in: folder)
      #expect(next.left == use)
      next.release(isAtRest: true)
      let last = try RigHold(rig, for: .now(), in: folder)
      #expect(last.left == nil)
      last.release(isAtRest: true)
    }
  }

  @Test func `a wedged rig is refused until it is recovered, also with a mark that is damaged`()
    throws
  {
    try inFolder { folder in
      let hold = try RigHold(rig, for: .now(), in: folder)
      #expect(
        hold.wedge(WedgedMark(reason: "it smokes", run: "runs/1", recovery: "recover it")) == nil)
      hold.release(isAtRest: true)
      let mark = folder + "/\(rig.key)/wedged.json"
      for text in [nil, "{"] {
        if let text { try text.write(toFile: mark, atomically: true, encoding: .utf8) }
        let refusal = try #require(throws: RigRefusal.self) {
          try RigHold(rig, for: .now(), in: folder)
        }
        guard case .wedged = refusal else {
          Issue.record("\(refusal)")
          continue
        }
        if text == nil {
          for words in ["it smokes", "runs/1", "recover it"] {
            #expect("\(refusal)".contains(words), "\(refusal)")
          }
        }
      }
      let recovering = try RigHold(rig, for: .now(), in: folder, evenWedged: true)
      #expect(recovering.mark != nil)
      recovering.recovered()
      recovering.release(isAtRest: true)
      try RigHold(rig, for: .now(), in: folder).release(isAtRest: true)
    }
  }

  @Test func `it is the lines that make a board one rig`() throws {
    let wiring = try #require(try shippedBoard("breadboard").wiring)
    var other = wiring
    // The header of another Raspberry Pi, and the wires in another order, are the same lines here.
    other.chip = "pinctrl-rp1"
    other.wires.swapAt(0, 1)
    #expect(RigIdentity(lines: wiring).key == RigIdentity(lines: other, name: "x").key)
    // So are lines that are named there rather than numbered.
    for index in other.wires.indices {
      if case .offset(let number) = other.wires[index].line {
        other.wires[index].line = .name("GPIO\(number)")
      }
    }
    #expect(RigIdentity(lines: wiring).key == RigIdentity(lines: other, name: "y").key)
    other.wires[0].line = .offset(0)
    #expect(RigIdentity(lines: wiring).key != RigIdentity(lines: other).key)
    let lattice = try #require(try shippedBoard("lattice").wiring)
    #expect(RigIdentity(lines: wiring).key != RigIdentity(lines: lattice).key)
  }

  @Test func `a double is the rig of its map and name, however the map's path is written`() throws {
    try inFolder { folder in
      try FileManager.default.createDirectory(
        atPath: folder + "/maps", withIntermediateDirectories: true)
      for name in ["a.yaml", "b.yaml"] {
        try "rigs: {}".write(toFile: folder + "/maps/" + name, atomically: true, encoding: .utf8)
      }
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/link", withDestinationPath: folder + "/maps")
      func key(_ map: String, _ name: String = "one") -> String {
        RigIdentity(double: name, of: folder + map).key
      }
      #expect(key("/maps/a.yaml") == key("/link/../maps/./a.yaml"))
      #expect(key("/maps/a.yaml") == key("/link/a.yaml"))
      #expect(key("/maps/a.yaml") != key("/maps/b.yaml"))
      #expect(key("/maps/a.yaml") != key("/maps/a.yaml", "two"))
    }
  }

  @Test func `states of rigs are kept where the specification of such folders says`() {
    for (environment, folder) in [
      (["XDG_STATE_HOME": "/s", "HOME": "/h"], "/s/tellegen/rigs"),
      (["XDG_STATE_HOME": "states", "HOME": "/h"], "/h/.local/state/tellegen/rigs"),
      (["XDG_STATE_HOME": "", "HOME": "/h"], "/h/.local/state/tellegen/rigs"),
      (["XDG_STATE_HOME": "states"], nil),
    ] {
      #expect(RigHold.usualFolder(environment: environment) == folder)
    }
  }

  @Test func `without a folder for states work goes on, and that is said`() throws {
    let hold = try RigHold(rig, for: .now(), in: nil)
    #expect(hold.trouble != nil)
    #expect(hold.wedge(WedgedMark(reason: "", run: "", recovery: "")) != nil)
    hold.release(isAtRest: true)
  }

  @Test func `a folder for states that cannot be made is told in the system's words`() throws {
    try inFolder { folder in
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
      let file = folder + "/file"
      try Data().write(to: URL(fileURLWithPath: file))
      let hold = try RigHold(rig, for: .now(), in: file)
      let trouble = try #require(hold.trouble)
      #expect(
        trouble.contains("\(file)/double-one-")
          && trouble.contains(": \(String(cString: strerror(ENOTDIR)));"), "\(trouble)")
      #expect(trouble.contains("set XDG_STATE_HOME"))
      hold.release(isAtRest: true)
    }
  }

  // MARK: - The teardown

  /// Lines that fail where a mask is written, and whose clock goes on by some time whenever it is asked.
  private struct FaultyLines: Lines {
    struct Failure: Error {}
    var broken = LineSet.none
    var tick = Nanoseconds.zero
    var time = Nanoseconds.zero
    var writes: [(levels: LineSet, mask: LineSet)] = []

    mutating func write(_ levels: LineSet, mask: LineSet) throws(Failure) {
      writes.append((levels, mask))
      if mask.meets(broken) { throw Failure() }
    }
    mutating func read(mask: LineSet) -> LineSet { .none }
    mutating func wait(_ duration: Nanoseconds) {}
    mutating func now() -> Nanoseconds {
      time = time + tick
      return time
    }
  }

  private func board(_ lines: FaultyLines) throws -> WiredBoard<FaultyLines> {
    let description = try shippedBoard("breadboard")
    return WiredBoard(
      lines: lines,
      wiring: try BoardWiring(
        description, sources: description.sources.count, targets: description.targets.count))
  }

  @Test func `a teardown tries every step although the one before it failed`() throws {
    var board = try board(FaultyLines())
    let done = board.tearDown(within: teardownTime) { try $0.tearDown(.lines) }
    #expect(done == [])
    let whole = board.lines.writes.count
    // The select of the sources' converter: of these steps none can be done.
    let select = board.wiring.selectLine(board.wiring.sources[0].select)
    board.lines = FaultyLines(broken: select)
    let failures = board.tearDown(within: teardownTime) { try $0.tearDown(.lines) }
    #expect(
      failures.map(\.step) == [.source(0), .source(1), .lines]
        || failures.map(\.step) == [.clamp(0), .clamp(1), .source(0), .source(1), .lines],
      "\(failures)")
    #expect(failures.allSatisfy { $0.isDangerous })
    // LEARN is the first to go off, and the lines are seen to at last.
    #expect(board.lines.writes.first?.mask == board.wiring.learn)
    #expect(board.lines.writes.last?.mask == board.wiring.outputs)
    #expect(board.lines.writes.count < whole)
    board.lines = FaultyLines(broken: board.wiring.learn)
    let learn = board.tearDown(within: teardownTime) { try $0.tearDown(.lines) }
    #expect(learn.map(\.step) == [.learn, .lines])
  }

  @Test func `a teardown that takes too long leaves converters out, but neither LEARN nor lines`()
    throws
  {
    var board = try board(FaultyLines(tick: .milliseconds(400)))
    let failures = board.tearDown(within: teardownTime) { try $0.tearDown(.lines) }
    #expect(failures.count >= 2 && failures.allSatisfy { $0.why.contains("no time") })
    #expect(!failures.contains { $0.step == .learn || $0.step == .lines })
    #expect(board.lines.writes.last?.mask == board.wiring.outputs)
  }

  @Test(arguments: ["breadboard", "lattice"])
  func `a double at its pins is left with nothing driven and without a misuse`(
    _ name: String
  ) throws {
    let subject = try Subject(try shippedBoard(name))
    var target = try DoubleTarget<PinBoard>(subject.setting(subject.description, seed: 3))
    try target.session.board.drive(source: 0, at: Voltage(volts: 0.4))
    try target.session.board.clamp(target: 0, at: Voltage(volts: 0.3))
    try target.session.board.lines.write(
      target.session.board.wiring.dataOut, mask: target.session.board.wiring.dataOut)
    #expect(target.linesAway()?.contains("MOSI") == true)
    #expect(target.tearDown(within: teardownTime) == [])
    #expect(target.linesAway() == [])
    #expect(target.session.board.clampCodes[0] == -1)
    #expect(target.misuses?.count == 0, "\(String(describing: target.misuses))")
  }

  // MARK: - The drawing

  @Test func `a drawing tells what is wrong from what was measured and from what was not`() throws {
    let board = try shippedBoard("lattice")
    var phase = PhaseRecord(
      phase: "edges", outcome: .fail, findings: ["edge n0-n4 is not connected", "n3 is loose"])
    phase.readings = [
      Judged(reading: Reading("n0-n1: charged, n1 moves", 2, "mV", resolution: 1), limits: 0...1),
      Judged(reading: Reading("n1-n2: charged, n1 moves", 0, "mV", resolution: 1), limits: 0...1),
    ]
    let record = ScenarioRecord(scenario: "s", attempt: 1, outcome: .fail, phases: [phase])
    let drawing = try #require(BoardDrawing(board, record))
    func edge(_ name: String) throws -> BoardDrawing.Verdict {
      drawing.edges[try #require(board.edges.firstIndex { $0.name == name })].verdict
    }
    #expect(try edge("n0-n1") == .bad && edge("n0-n4") == .bad)
    #expect(try edge("n1-n2") == .good)
    // A name that holds another is another one.
    #expect(try edge("n12-n0") == .unseen && edge("n1-n5") == .unseen)
    #expect(drawing.nodes[3].verdict == .bad && drawing.nodes[1].verdict == .good)
    #expect(drawing.nodes[4].verdict == .unseen)
    phase.findings = ["edge n0-n4 is not connected; or edge n1-n2 is not connected"]
    let doubtful = try #require(
      BoardDrawing(
        board, ScenarioRecord(scenario: "s", attempt: 1, outcome: .fail, phases: [phase])))
    let verdicts = zip(board.edges, doubtful.edges).filter { $1.verdict == .maybe }.map(\.0.name)
    #expect(Set(verdicts) == ["n0-n4", "n1-n2"])
    let page = html([record], title: "t", facts: [], board: board)
    #expect(page.ranges(of: "class=\"edge bad\"").count == 2)
    #expect(page.contains("(n0-n1, n0-n4, node n3)"))
    #expect(!page.contains("http") && !page.contains("src="))
    let silent = ScenarioRecord(scenario: "s", attempt: 1, outcome: .skip("no"))
    #expect(BoardDrawing(board, silent) == nil)
  }

  @Test func `a drawing shows lines and chips that are named, where no edge is`() throws {
    let board = try shippedBoard("lattice")
    var phase = PhaseRecord(phase: "wiring", outcome: .fail, findings: ["before any pulse: ..."])
    phase.named = [
      [.swapped(.line("SCLK"), .line("LATCH"))], [.selects(1, 7), .chainOrder(.drives, 0, 2)],
    ]
    let record = ScenarioRecord(scenario: "s", attempt: 1, outcome: .fail, phases: [phase])
    let drawing = try #require(BoardDrawing(board, record))
    let bad = drawing.wiring.filter { $0.verdict == .bad }.map(\.name)
    #expect(bad == ["SCLK", "LATCH"])
    // Of these one is to blame.
    let maybe = drawing.wiring.filter { $0.verdict == .maybe }.map(\.name)
    #expect(
      maybe == [1, 7].map { board.chip(atSelect: $0) }
        + ["74HCT595 0", "74HCT595 2"])
    #expect(drawing.wiring.contains { $0.name == "MISO" && $0.verdict == .unseen })
    #expect(drawing.edges.allSatisfy { $0.verdict == .unseen })
    let page = html([record], title: "t", facts: [], board: board)
    #expect(
      page.contains("<li class=\"bad\" title=\"line SCLK and line LATCH are exchanged\">SCLK"))
    #expect(page.contains("<li class=\"unseen\" title=\"not named\">MISO"))
    // Nothing is hidden in a box that scrolls, on paper neither.
    #expect(!page.contains("overflow:") && !page.contains("max-height"))
    #expect(page.contains("details::details-content"))
  }

  @Test func `what is named is there for programs, by the names of lines, edges and chips`() throws
  {
    func list(_ names: String...) -> JSONValue { JSONValue(names) }
    func json(_ mistake: WiringMistake, on name: String) throws -> JSONValue {
      let board = try shippedBoard(name)
      var phase = PhaseRecord(phase: "wiring", outcome: .fail)
      phase.named = [[mistake]]
      guard case .object(let record) = phase.json(on: board),
        case .list(let named)? = record["named"],
        case .list(let alternatives)? = named.first
      else { return .null }
      return alternatives[0]
    }
    #expect(
      try json(.exchangedDrives(edge: 2), on: "breadboard") == [
        "kind": "charge and discharge exchanged",
        "lines": list("S2-T1.charge", "S2-T1.discharge"), "edges": list("S2-T1"), "chips": list(),
        "words": "charge and discharge of edge S2-T1 are exchanged",
      ])
    #expect(
      try json(.swapped(.line("SCLK"), .edge(0, .charge)), on: "breadboard") == [
        "kind": "swapped lines", "lines": list("SCLK", "S1-T1.charge"), "edges": list("S1-T1"),
        "chips": list(), "words": "line SCLK and the charge of edge S1-T1 are exchanged",
      ])
    #expect(
      try json(.selects(0, 2), on: "breadboard") == [
        "kind": "wrong select", "lines": list(), "edges": list(),
        "chips": list("MCP4922 at select 0", "MCP3208 at select 2"),
        "words": "selects 0 and 2 are exchanged",
      ])
    // The tables of `board wiring` count either chain from its own end.
    #expect(
      try json(.chainOrder(.drives, 0, 1), on: "lattice") == [
        "kind": "chain order", "lines": list(), "edges": list(),
        "chips": list("74HCT595 0", "74HCT595 1"),
        "words": "74HCT595 0 and 74HCT595 1 are exchanged (0 is nearest to MOSI)",
      ])
  }

  @Test func `no limit reaches to where a reading cannot be`() throws {
    // Values of 0 ... 10 mV, whose limits as drawn reach below 0.
    func reading(_ value: Double, possible: ClosedRange<Double>?) -> Reading {
      Reading("rms error after", value, "mV", resolution: 0.5, possible: possible)
    }
    let limits = ReadingLimits(
      columns: (0...400).map {
        [("learning/rms error after", reading(Double($0) / 40, possible: nil))]
      })
    func judged(_ possible: ClosedRange<Double>?) -> ClosedRange<Double>? {
      limits.judge(reading(1, possible: possible), of: LearningPhase.self).limits
    }
    let drawn = try #require(judged(nil))
    #expect(drawn.lowerBound < 0 && drawn.upperBound > 10)
    #expect(judged(0...Double.infinity) == 0...drawn.upperBound)
    #expect(judged(0...7) == 0...7)

    let subject = try Subject(try shippedBoard("breadboard"))
    var run = ScenarioRun(
      try scenario("{name: l, phases: [gates, step, learning]}"), attempt: 1, subject: subject,
      limits: noLimits.usual, telling: { _ in }, stopping: { false })
    run.run(on: .double, seed: 1) { _ in }
    let readings = run.record.phases.flatMap(\.readings).map(\.reading)
    for name in ["rms error before", "rms error after", "edges driven a step"] {
      #expect(readings.first { $0.name == name }?.possible?.lowerBound == 0, "\(name)")
    }
    let driven = try #require(readings.first { $0.name == "edges driven a step" })
    #expect(driven.possible?.upperBound == Double(subject.views.count))
  }

  // MARK: - Fixtures and draining

  @Test(arguments: ["breadboard", "lattice"])
  func `levels come back over the loopback wire, unless a line of it is faulty`(
    _ name: String
  ) throws {
    var subject = try Subject(try shippedBoard(name))
    func run(_ fixtures: Set<String>, _ faults: [PlacedFault] = []) throws -> ScenarioRecord {
      var wanted = try scenario("{name: l, phases: [idle, loopback], needs: [loopback]}")
      wanted.faults = faults
      subject.fixtures = fixtures
      var run = ScenarioRun(
        wanted, attempt: 1, subject: subject, limits: noLimits.usual, telling: { _ in },
        stopping: { false })
      run.run(on: .pins, seed: 1) { _ in }
      return run.record
    }
    let good = try run(["loopback"])
    #expect(good.outcome == .pass && good.misuses?.count == 0, "\(good)")
    let without = try run(["meter"])
    #expect(without.outcome.word == "SKIP")
    #expect(without.outcome.why?.contains("the fixture loopback") == true)
    let output = name == "lattice" ? "A0" : "S1-T1.charge"
    for role in ["MISO", output] {
      for kind in [PlacedFault.Kind.stuckLow, .stuckHigh, .floating, .late] {
        let bad = try run(["loopback"], [.line(role: role, kind)])
        #expect(bad.outcome == .fail, "\(role) \(kind)")
        let complaints = bad.phases.last?.complaints ?? []
        #expect(complaints.contains { $0.contains("\(output) goes through") }, "\(complaints)")
      }
    }
  }

  @Test func `a drained board has no gate that conducts`() throws {
    let subject = try Subject(try shippedBoard("breadboard"))
    var run = ScenarioRun(
      try scenario("{name: d, phases: [drain]}"), attempt: 1, subject: subject,
      limits: noLimits.usual,
      telling: { _ in }, stopping: { false })
    run.run(on: .pins, seed: 1) { _ in }
    #expect(run.record.outcome == .pass)
    let highest = try #require(run.gateRange).upperBound
    // Its transistors conduct from 0.7 V on.
    #expect(highest < 0.7, "\(highest) V")
  }

  // MARK: - Attempts

  /// A scenario that the chain keeps from going through, in the first attempts only.
  private func failing(_ attempts: Int) throws -> ScenarioDescription {
    var failing = try scenario("{name: gates-alone, phases: [gates]}")
    failing.faults = [.passing(.line(role: "MISO", .stuckLow), attempts: attempts)]
    return failing
  }

  private func proof(
    _ scenarios: [ScenarioDescription], _ hold: RigHold?, retries: Int = 0,
    recovering: Bool = false
  ) throws -> Proof {
    let subject = try Subject(try shippedBoard("lattice"))
    var proof = Proof(scenarios, of: subject, on: .pins, seed: 1, hold: hold)
    proof.retries = retries
    proof.isRecovery = recovering
    proof.folder = "runs/test"
    proof.recovery = "recover it"
    proof.run(noLimits, Proof.Listener())
    return proof
  }

  @Test func `what passes on a retry is flaky, and is told as that everywhere`() throws {
    let proof = try proof([try failing(2)], nil, retries: 3)
    #expect(proof.records.map(\.outcome.word) == ["ERROR", "ERROR", "PASS"])
    #expect(proof.records.map(\.attempt) == [1, 2, 3])
    #expect(proof.records.map(\.retryOf) == [nil, 1, 2])
    #expect(proof.records.map(\.isRetried) == [true, true, false])
    #expect(proof.records[2].phases.map(\.phase) == ["drain", "gates"])
    #expect(proof.records.flaky.map(\.scenario) == ["gates-alone"] && proof.last.count == 1)
    let xml = junit(proof.records, of: ProvenPlace(board: "b", target: "t"))
    #expect(xml.contains("<flakyError") && !xml.contains("<error"))
    #expect(xml.contains("name=\"flaky\" value=\"true\""))
    #expect(html(proof.records, title: "", facts: []).contains("flaky"))
  }

  @Test func `what a teardown did not do is told by the node's name, else by a number from 0`() {
    let failure = TeardownFailure(step: .clamp(1), why: "no answer")
    #expect(failure.words == "clamp 1 shut down: no answer")
    #expect(
      failure.named(sources: ["S1"], targets: ["T1", "T2"]).words
        == "clamp at T2 shut down: no answer")
    let source = TeardownFailure(step: .source(0), why: "no answer")
    #expect(source.named(sources: ["S1"], targets: []).words == "source at S1 shut down: no answer")
    #expect(failure.named(sources: [], targets: ["T1"]).words == failure.words)
  }

  @Test func `retries have an end, and none follows what merely fails`() throws {
    let proof = try proof([try failing(9)], nil, retries: 2)
    #expect(proof.records.map(\.outcome.word) == ["ERROR", "ERROR", "ERROR"])
    #expect(proof.records.flaky.isEmpty)
    let xml = junit(proof.records, of: ProvenPlace(board: "b", target: "t"))
    #expect(xml.contains("<rerunError") && xml.contains("<error"))
    var dead = try scenario("{name: chain-alone, phases: [chain]}")
    dead.faults = [.line(role: "MISO", .stuckLow)]
    let failed = try self.proof([dead], nil, retries: 2)
    #expect(failed.records.map(\.outcome.word) == ["FAIL"])
  }

  @Test func `a rig that does not answer is wedged, and nothing more is done to it`() throws {
    try inFolder { folder in
      let idle = try scenario("{name: idle-alone, phases: [idle]}")
      var hold = try RigHold(rig, for: .now(), in: folder)
      let wedged = try proof([try failing(1), idle], hold)
      #expect(wedged.records.map(\.outcome.word) == ["ERROR", "NOT-STARTED"])
      #expect(wedged.wedged?.contains("gates-alone") == true)
      hold.release(isAtRest: wedged.isAtRest)
      #expect(throws: RigRefusal.self) { try RigHold(rig, for: .now(), in: folder) }

      // What does not pass does not clear it.
      var dead = try scenario("{name: chain-alone, phases: [chain]}")
      dead.faults = [.line(role: "MISO", .floating)]
      hold = try RigHold(rig, for: .now(), in: folder, evenWedged: true)
      let worse = try proof([dead], hold, recovering: true)
      #expect(!worse.isRecovered && worse.records[0].phases[0].phase == "drain")
      hold.release(isAtRest: true)
      #expect(throws: RigRefusal.self) { try RigHold(rig, for: .now(), in: folder) }

      hold = try RigHold(rig, for: .now(), in: folder, evenWedged: true)
      let better = try proof([idle], hold, recovering: true)
      #expect(better.isRecovered)
      #expect(better.records[0].phases.map(\.phase) == ["drain", "idle"])
      hold.release(isAtRest: true)
      try RigHold(rig, for: .now(), in: folder).release(isAtRest: true)
    }
  }

  @Test func `a retry that passes wedges nothing, and what a killed process left is drained once`()
    throws
  {
    try inFolder { folder in
      let killed = try RigHold(rig, for: .now(), in: folder)
      #expect(killed.drive() == nil)
      killed.release(isAtRest: false)
      let hold = try RigHold(rig, for: .now(), in: folder)
      let idle = try scenario("{name: idle-alone, phases: [idle]}")
      let proof = try proof([idle, try failing(1)], hold, retries: 1)
      #expect(proof.wedged == nil && proof.isAtRest)
      #expect(
        proof.records.map { $0.phases.map(\.phase) } == [
          ["drain", "idle"], ["gates"], ["drain", "gates"],
        ])
      hold.release(isAtRest: true)
    }
  }
}
