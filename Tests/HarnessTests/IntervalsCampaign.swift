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

/// Whether the intervals of a calibration cover what the parts of a double truly are.
@Suite struct IntervalsCampaign {
  /// Calibrates a double.
  private struct Calibrating: TargetUser {
    let subject: Subject
    var found: (calibration: BoardCalibration, model: PartsModel)?

    mutating func use<Target: OpenTarget>(_ target: inout Target) throws {
      _ = try target.makeReady(telling: { _ in }, stopping: { false })
      let excitation = try target.excite(subject, pulses: 1000)
      let sweeps = try ComparatorSweeps(of: &target, subject)
      let model = try PartsModel(subject)
      let calibration = try BoardCalibration(
        try PartsFit(model, to: excitation), of: model, board: subject.description, id: "1",
        date: 0, target: "double", by: excitation, sweeps)
      found = (calibration, model)
    }
  }

  /// A value, as it is and as it was found.
  private struct Judged {
    var truth: Double
    var found: BoardCalibration.Estimate?
  }

  /// All values of a board, by what they are.
  private static func judged(
    _ found: BoardCalibration, _ model: PartsModel, _ real: AnalogBoard
  ) throws -> [String: [Judged]] {
    var all: [String: [Judged]] = [:]
    func add(_ name: String, _ truth: Double, _ estimate: BoardCalibration.Estimate?) {
      all[name, default: []].append(Judged(truth: truth, found: estimate))
    }
    let network = try real.freeTwin(sources: []).network
    let gates = real.description.gates
    for (number, edge) in found.edges.enumerated() {
      guard
        case .transistor(let device, _) = network.branches[real.learningEdges[number]].element
      else { continue }
      let (charge, discharge) = (real.parts.chargePaths[number], real.parts.dischargePaths[number])
      add("RC up", charge.ohms * charge.farads, edge.chargeRC)
      add("RC down", discharge.ohms * discharge.farads, edge.dischargeRC)
      add("capacitance", charge.farads, edge.capacitance)
      add("drop up", charge.dropShift, edge.chargeDrop)
      add("drop down", discharge.dropShift, edge.dischargeDrop)
      add("leak", real.parts.leakage[number] / charge.farads, edge.leak)
      add("threshold", device.threshold, edge.threshold)
      add("strength", device.strength, edge.strength)
      add("reach", real.parts.supply - device.threshold - charge.dropShift, edge.reach)
      var parameters = model.means
      parameters[model.supply] = real.parts.supply
      for (part, value) in [
        (.threshold, device.threshold),
        (.capacitance, Elementary.log(charge.farads / gates.farads)),
        (.chargeResistance, Elementary.log(charge.ohms / gates.ohms)),
        (.chargeDrop, charge.dropShift),
      ] as [(PartsModel.EdgePart, Double)] {
        parameters[model.index(of: part, of: number)] = value
      }
      add("overdrive", model.overdrive(of: number, parameters), edge.overdrive)
      add("offset A", real.parts.comparatorOffsets[2 * number], edge.comparatorA)
      add("offset B", real.parts.comparatorOffsets[2 * number + 1], edge.comparatorB)
      add("hysteresis", real.description.imperfections.comparatorHysteresis, edge.hysteresis)
    }
    let middle = SourceLevel.middle.volts(on: real.description)
    for (channel, target) in found.targets.enumerated() {
      add(
        "clamp", real.clampOutput(channel, asked: middle, inCodes: true) - middle,
        target.clampOffset)
    }
    return all
  }

  @Test(arguments: ["breadboard", "lattice"])
  func `intervals of 95 percent cover the truth`(_ name: String) throws {
    // The method was made with boards 1 ... 60.
    let campaign = Campaign("intervals-\(name)", sample: 4, whole: 20, seed: 1301)
    var description = try shippedBoard(name)
    description.imperfections.pathResistors = 0.01
    description.imperfections.gateCapacitors = 0.05
    description.imperfections.diodeDrop = 0.01
    let subject = try Subject(description)
    var seconds = 0.0
    var all: [String: [Judged]] = [:]
    for board in 0..<campaign.count {
      let seed = campaign.seed + UInt64(board)
      var user = Calibrating(subject: subject)
      try subject.setting(description, seed: seed).open(
        as: .double, telling: { _ in }, for: &user)
      let (found, model) = try #require(user.found)
      #expect(found.misfit < 1.5)
      seconds = max(seconds, found.seconds)
      let real = try AnalogBoard(
        description: description, seed: seed, sources: description.sources,
        targets: description.targets)
      all.merge(try Self.judged(found, model, real), uniquingKeysWith: +)
    }
    #expect(seconds < 600)
    var counts = [
      "boards": campaign.count, "board's time of a calibration ms": Int((1e3 * seconds).rounded()),
    ]
    var (inside, count) = (0, 0)
    for (kind, values) in all {
      let found = values.filter { $0.found?.isFound == true }
      let covered = found.count { ($0.found!.low...$0.found!.high).contains($0.truth) }
      counts["\(kind): values"] = values.count
      counts["\(kind): found"] = found.count
      counts["\(kind): inside the interval"] = covered
      inside += covered
      count += found.count
      if ProcessInfo.processInfo.environment["TELLEGEN_TELL"] != nil {
        let halves = found.map { ($0.found!.high - $0.found!.low) / 2 }
        let squares = found.map {
          let miss = ($0.found!.value - $0.truth) / ($0.found!.high - $0.found!.low) * 2 * 1.96
          return miss * miss
        }
        print(
          name, kind, "inside", covered, "of", found.count, "of", values.count, "median half",
          halves.sorted().dropFirst(halves.count / 2).first ?? 0, "rms of miss / deviation",
          (squares.reduce(0, +) / Double(max(squares.count, 1))).squareRoot())
      }
    }
    counts["values found"] = count
    counts["inside the interval"] = inside
    let covered = Double(inside) / Double(count)
    if ProcessInfo.processInfo.environment["TELLEGEN_TELL"] != nil {
      print(name, "covered", covered, "of", count, "board's time", seconds)
    }
    try campaign.record(counts)
    // Comparators of edges that a target shows are found, and no others.
    for kind in ["offset A", "offset B"] {
      let shown = name == "lattice" ? 16 : 5
      #expect(counts["\(kind): found"]! <= shown * campaign.count)
      #expect(10 * counts["\(kind): found"]! >= 9 * shown * campaign.count)
    }
    // Those of one board hang together: a few boards scatter more.
    #expect(
      Campaign.isWhole ? (0.93...0.97).contains(covered) : covered > 0.87,
      "\(covered) of \(count)")
  }
}
