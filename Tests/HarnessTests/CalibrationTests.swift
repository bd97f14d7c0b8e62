import BoardDouble
import Circuit
import Elements
import Files
import Firmware
import Foundation
import Portable
import Runs
import Targets
import TestSupport
import Testing
import Wiring

@testable import Harness

/// Excites a double and fits its parts.
private struct Fitted: TargetUser {
  var subject: Subject
  var pulses: Int
  var seed: UInt64
  var found: (model: PartsModel, fit: PartsFit, excitation: Excitation)?

  mutating func use<Target: OpenTarget>(_ target: inout Target) throws {
    _ = try target.makeReady(telling: { _ in }, stopping: { false })
    let excitation = try target.excite(subject, pulses: pulses, seed: seed)
    let model = try PartsModel(subject)
    found = (model, try PartsFit(model, to: excitation), excitation)
  }
}

/// Calibrates a double, and then holds it to what was found, as `selftest` does.
private struct Held: TargetUser {
  var subject: Subject
  var kept: BoardCalibration?
  var found: (calibration: BoardCalibration, words: [String])?
  var contradictions: [String] = []

  mutating func use<Target: OpenTarget>(_ target: inout Target) throws {
    _ = try target.makeReady(telling: { _ in }, stopping: { false })
    if let kept {
      contradictions = try target.contradictions(of: kept, subject, stopping: { false })
      return
    }
    let excitation = try target.excite(subject, pulses: 300)
    let sweeps = try ComparatorSweeps(of: &target, subject)
    let model = try PartsModel(subject)
    let fit = try PartsFit(model, to: excitation)
    let calibration = try BoardCalibration(
      fit, of: model, board: subject.description, id: "1", date: 0, target: "double",
      by: excitation, sweeps)
    found = (calibration, calibration.implausibilities(fit, of: model))
    contradictions = try target.contradictions(of: calibration, subject, stopping: { false })
  }
}

struct CalibrationTests {
  @Test(arguments: ["breadboard", "lattice"], 11...16)
  func `a good board is plausible and agrees with its calibration`(
    _ name: String, _ seed: Int
  ) throws {
    let description = try shippedBoard(name)
    let subject = try Subject(description)
    var user = Held(subject: subject)
    try subject.setting(description, seed: UInt64(seed)).open(
      as: .double, telling: { _ in }, for: &user)
    #expect(user.contradictions == [])
    #expect(try #require(user.found).words == [])
  }

  @Test func `a board that broke contradicts the calibration of the good one`() throws {
    let description = try shippedBoard("breadboard")
    let subject = try Subject(description)
    func open(_ board: BoardDescription, kept: BoardCalibration? = nil) throws -> Held {
      var user = Held(subject: subject, kept: kept)
      try subject.setting(board, seed: 11).open(as: .double, telling: { _ in }, for: &user)
      return user
    }
    let good = try #require(try open(description).found).calibration
    func broken(_ change: (inout BoardDescription) -> Void) throws -> (
      contradictions: String, implausible: String
    ) {
      var board = description
      change(&board)
      let held = try open(board, kept: good).contradictions.joined(separator: "\n")
      return (held, try #require(try open(board).found).words.joined(separator: "\n"))
    }
    let dead = try broken { $0.faults = [Fault(kind: .dead, edge: 0)] }
    #expect(dead.contradictions.contains("S1-T1: ") && dead.contradictions.contains("not seen any"))
    #expect(!dead.implausible.isEmpty)
    let shorted = try broken { $0.faults = [Fault(kind: .shorted, edge: 0)] }
    #expect(shorted.contradictions.contains("S1-T1: "), "\(shorted.contradictions)")
    #expect(!shorted.implausible.isEmpty, "\(shorted.implausible)")
    let leaking = try broken { $0.faults = [Fault(kind: .leaking, edge: 0)] }
    #expect(leaking.contradictions.contains("times their noise"), "\(leaking.contradictions)")
    #expect(leaking.implausible.contains("times their noise"), "\(leaking.implausible)")
    let sagging = try broken {
      $0.disturbances = [.supplySag(part: 0.6, at: 0, lasting: 1000)]
    }
    #expect(sagging.contradictions.contains("S1-T1: reach was"), "\(sagging.contradictions)")
    #expect(sagging.contradictions.contains("supply: voltage was"), "\(sagging.contradictions)")
    #expect(sagging.implausible.contains("the supply would be"), "\(sagging.implausible)")
  }

  /// A board whose gates' paths differ from edge to edge.
  private func board(_ name: String) throws -> BoardDescription {
    var description = try shippedBoard(name)
    description.imperfections.pathResistors = 0.01
    description.imperfections.gateCapacitors = 0.05
    description.imperfections.diodeDrop = 0.01
    return description
  }

  private func fitted(_ description: BoardDescription, seed: UInt64, pulses: Int) throws -> (
    model: PartsModel, fit: PartsFit, excitation: Excitation
  ) {
    let subject = try Subject(description)
    var user = Fitted(subject: subject, pulses: pulses, seed: seed)
    try subject.setting(description, seed: seed).open(as: .double, telling: { _ in }, for: &user)
    return try #require(user.found)
  }

  /// What a calibration tells of an edge, as sums of parameters.
  private static let told: [(name: String, parts: [PartsModel.EdgePart])] = [
    ("RC up", [.capacitance, .chargeResistance]),
    ("RC down", [.capacitance, .dischargeResistance]),
    ("capacitance", [.capacitance]), ("threshold", [.threshold]), ("strength", [.strength]),
    ("drop up", [.chargeDrop]), ("drop down", [.dischargeDrop]), ("leakage", [.leakage]),
  ]

  /// The table of docs/hil/calibration.md; TELLEGEN_TELL prints it.
  @Test(arguments: ["breadboard", "lattice"])
  func `readings tell RC and threshold, and hardly a drop by itself`(_ name: String) throws {
    let (model, fit, _) = try fitted(try board(name), seed: 1, pulses: 1000)
    func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
    // Readings say nothing at all of an edge between driven nodes.
    let seen = (0..<model.edges).filter {
      fit.information[model.index(of: .threshold, of: $0)] > 1
    }
    var after: [String: Double] = [:]
    for told in Self.told {
      let ratios = seen.map { edge -> Double in
        let indices = told.parts.map { model.index(of: $0, of: edge) }
        let before = indices.reduce(0) { $0 + model.spreads[$1] * model.spreads[$1] }.squareRoot()
        return fit.sum(indices.map { ($0, 1) }).deviation / before
      }
      after[told.name] = median(ratios)
      let alone = seen.flatMap { edge in
        told.parts.count > 1
          ? [] : [fit.information[model.index(of: told.parts[0], of: edge)].squareRoot()]
      }
      if ProcessInfo.processInfo.environment["TELLEGEN_TELL"] != nil {
        print(name, told.name, median(ratios), alone.isEmpty ? "" : "1 / \(median(alone))")
      }
    }
    #expect(after["RC up"]! < 0.03 && after["RC down"]! < 0.03, "\(after)")
    #expect(after["threshold"]! < 0.15, "\(after)")
    #expect(after["drop up"]! > 0.7 && after["drop down"]! > 0.7, "\(after)")
  }

  @Test func `derivatives are those of the readings`() throws {
    let description = try board("breadboard")
    var (model, _, excitation) = try fitted(description, seed: 1, pulses: 40)
    let at = model.means.indices.map {
      model.means[$0] + 0.3 * model.spreads[$0] * Double($0 % 3 - 1)
    }
    var rows: [[Double]] = []
    var base: [Double] = []
    try model.compare(at, with: excitation) {
      base.append($0)
      rows.append($1)
    }
    for index in at.indices {
      var other = at
      let step = model.spreads[index] * 1e-3
      other[index] += step
      var moved: [Double] = []
      try model.compare(other, with: excitation, derivatives: false) { residual, _ in
        moved.append(residual)
      }
      let numeric = zip(base, moved).map { ($0 - $1) / step }
      let largest = numeric.reduce(0) { max($0, $1.magnitude) }
      let worst = zip(numeric, rows).reduce(0) { max($0, ($1.0 - $1.1[index]).magnitude) }
      // Readings near 1 V are rounded to 1e-16 V.
      #expect(worst <= 2e-3 * largest + 1e-15 / step, "\(index): \(worst) of \(largest)")
    }
  }

  @Test(arguments: ["breadboard", "lattice"])
  func `what a calibration takes is said beforehand`(_ name: String) throws {
    let (model, fit, excitation) = try fitted(board(name), seed: 1, pulses: 150)
    let work = model.work(pulses: 150)
    #expect((0.9...1.1).contains(work.seconds / excitation.seconds), "\(work)")
    #expect(work.parameters == fit.parameters.count)
    let readings = excitation.events.reduce(0) {
      if case .reading(_, _, let volts) = $1 { $0 + volts.count } else { $0 }
    }
    #expect(work.readings == readings)
  }

  @Test func `noise that a converter cuts off moves nothing that is found`() throws {
    var description = try board("breadboard")
    description.imperfections.adcOffset = 2e-3
    // Converters with offsets of either sign: what is below 0 V reads as 0 V.
    for seed: UInt64 in 1...4 {
      let (_, fit, _) = try fitted(description, seed: seed, pulses: 300)
      #expect((0.8...1.2).contains(fit.misfit), "\(seed): \(fit.misfit)")
    }
  }

  @Test func `the direct double and the pins are found the same`() throws {
    let description = try board("breadboard")
    let subject = try Subject(description)
    let parts = try [RunSetting.Target.double, .pins].map { target in
      var user = Fitted(subject: subject, pulses: 150, seed: 3)
      try subject.setting(description, seed: 3).open(as: target, telling: { _ in }, for: &user)
      return try #require(user.found).fit.parameters
    }
    #expect(parts[0] == parts[1])
  }

  @Test func `a calibration is of one board, until it is too old`() throws {
    let description = try board("breadboard")
    let (model, fit, excitation) = try fitted(description, seed: 1, pulses: 300)
    let found = try BoardCalibration(
      fit, of: model, board: description, id: "A", date: 1e9, target: "double",
      by: excitation)
    let day = 86_400.0
    #expect(found.refusal(for: description, at: 1e9 + day) == nil)
    #expect(found.refusal(for: description, id: "A", at: 1e9) == nil)
    #expect(found.refusal(for: description, id: "B", at: 1e9)?.contains("board id 'A'") == true)
    #expect(found.refusal(for: description, at: 1e9 + 91 * day)?.contains("91 days") == true)
    #expect(found.refusal(for: description, at: 1e9 - 2 * day)?.contains("future") == true)
    var other = description
    other.gates.ohms *= 2
    #expect(found.refusal(for: other, at: 1e9)?.contains("another board") == true)
    other = description
    other.faults = [Fault(kind: .dead, edge: 0)]
    #expect(found.refusal(for: other, at: 1e9) == nil)
    // Nor do disturbances, which happen to a double; its design is another matter.
    other.disturbances = [.supplySag(part: 0.6, at: 1, lasting: 0.05)]
    #expect(found.refusal(for: other, at: 1e9) == nil)
    other.gates.ohms *= 1.01
    #expect(found.refusal(for: other, at: 1e9)?.contains("changed since") == true)

    // Files have the day as people write it, and are read where it is a number of seconds.
    let data = try JSONEncoder().encode(found)
    let text = String(decoding: data, as: UTF8.self)
    #expect(text.contains("\"date\":\"2001-09-09T01:46:40Z\"") && found.day.hasPrefix("2001-09-09"))
    #expect(try JSONDecoder().decode(BoardCalibration.self, from: data) == found)
    let old = text.replacing("\"2001-09-09T01:46:40Z\"", with: "1000000000.25")
    #expect(old != text)
    #expect(try JSONDecoder().decode(BoardCalibration.self, from: Data(old.utf8)) == found)
    let odd = text.replacing("\"2001-09-09T01:46:40Z\"", with: "\"yesterday\"")
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(BoardCalibration.self, from: Data(odd.utf8))
    }
    func refusal(_ damage: (inout BoardCalibration) -> Void) -> String {
      var damaged = found
      damage(&damaged)
      return damaged.refusal(for: description, at: 1e9) ?? ""
    }
    for (words, key) in [
      (
        refusal { $0.edges[0].chargeRC.value = .nan },
        "edges[S1-T1].chargeRC.value is nan; allowed is"
      ),
      (refusal { $0.edges[1].threshold.low = 2 }, "edges[S1-T2].threshold.low is 2.0, .high"),
      (refusal { $0.supply.high = .infinity }, "supply.low is"),
      (refusal { $0.edges[2].name = "X-Y" }, "edges[2].name is 'X-Y'; allowed is 'S2-T1'"),
      (refusal { $0.edges = [] }, "edges has 0 entries; allowed is one for each of the board's 5"),
      (refusal { $0.sources = [] }, "sources has 0 entries"),
      (refusal { $0.targets[1].curve = [] }, "targets[T2].curve is empty"),
      (refusal { $0.date = .nan }, "date is nan"),
    ] {
      #expect(words.contains("damaged: \(key)") && words.contains("calibrate again"), "\(words)")
    }

    // Another look at it agrees, another board does not.
    let again = try fitted(description, seed: 1, pulses: 400)
    let second = try BoardCalibration(
      again.fit, of: again.model, board: description, id: "A", date: 1e9, target: "double",
      by: again.excitation)
    #expect(found.contradictions(by: second, on: description) == [])
    let another = try fitted(description, seed: 2, pulses: 300)
    let foreign = try BoardCalibration(
      another.fit, of: another.model, board: description, id: "A", date: 1e9, target: "double",
      by: another.excitation)
    #expect(!found.contradictions(by: foreign, on: description).isEmpty)

    // The older format has no comparators, and is read.
    var older = found
    older.format = 4
    #expect(older.refusal(for: description, at: 1e9) == nil)
    older.format = 3
    #expect(older.refusal(for: description, at: 1e9)?.contains("reads 4 ... 5") == true)
    // A comparator that was exchanged is told.
    var (one, exchanged) = (found, found)
    one.edges[0].comparatorA = .init(value: 1e-3, low: 0.8e-3, high: 1.2e-3, isFound: true)
    exchanged.edges[0].comparatorA = .init(value: -1e-3, low: -1.2e-3, high: -0.8e-3, isFound: true)
    #expect(
      one.contradictions(by: exchanged, on: description) == [
        "S1-T1: offset of comparator A was 1.0, is -1.0 mV"
      ])
    #expect(older.contradictions(by: one, on: description) == [])

    // What was found and is not seen any more is told, unless fewer pulses cannot see it.
    var blind = found
    blind.edges[1].chargeRC.isFound = false
    #expect(found.contradictions(by: blind, on: description) == [])
    let half = (found.edges[1].chargeRC.high - found.edges[1].chargeRC.low) / 2
    blind.edges[1].chargeRC.low -= 2 * half
    blind.edges[1].chargeRC.high += 2 * half
    #expect(
      found.contradictions(by: blind, on: description) == [
        "S1-T2: RC of the charging path was found, and is not seen any more"
      ])
    var longer = found
    longer.pulses *= 4
    #expect(longer.contradictions(by: blind, on: description) == [])
    // A comparator or a clamp that turns no more is told, whatever the pulses.
    #expect(
      one.contradictions(by: found, on: description) == [
        "S1-T1: offset of comparator A was found, and is not seen any more"
      ])
    var (clamped, slipped) = (found, found)
    clamped.targets[1].clampOffset = .init(value: 1e-3, low: 0, high: 2e-3, isFound: true)
    slipped.targets[1].clampOffset = .init(value: 9e-3, low: 8e-3, high: 1e-2, isFound: true)
    #expect(
      clamped.contradictions(by: slipped, on: description) == [
        "target T2: offset of the clamp was 1.0, is 9.0 mV"
      ])
    var missing = found
    missing.misfit = 4
    #expect(
      found.contradictions(by: missing, on: description).contains { $0.contains("2.0 times their") }
    )
    var named = found
    named.id = "two\nlines"
    #expect(named.refusal(for: description, at: 1e9)?.contains("1 ... 64 characters") == true)
  }

  @Test func `controllers that know a calibration keep better account`() throws {
    let description = try board("breadboard")
    let (model, fit, excitation) = try fitted(description, seed: 5, pulses: 1000)
    let found = try BoardCalibration(
      fit, of: model, board: description, id: "A", date: 0, target: "double", by: excitation)
    func error(_ calibration: BoardCalibration?) throws -> Double {
      var session = try Session<DirectBoard>(
        description: description, task: try shippedTask("regression"),
        plan: Plan(
          rule: RuleSettings(update: .comparator), epochs: 50, seed: 5, calibrated: false),
        calibration: calibration)
      try session.begin()
      while session.progress.epoch < 50 { _ = try session.trainEpoch() }
      let gates = session.result.gates
      return zip(gates, session.controllers).reduce(0) {
        max($0, ($1.0 - $1.1.gate.volts).magnitude)
      }
    }
    let (knowing, not) = (try error(found), try error(nil))
    #expect(knowing < not / 2, "\(knowing) and \(not) V")
  }
}
