import BoardDouble
import Files
import Firmware
import Portable
import Runs
import Targets
import TestSupport
import Testing
import Wiring

@testable import Harness

/// Gates are estimated anew by what targets read.
@Suite struct ObservationTests {
  /// Calibrates a double.
  private struct Calibrating: TargetUser {
    let subject: Subject
    var found: BoardCalibration?

    mutating func use<Target: OpenTarget>(_ target: inout Target) throws {
      _ = try target.makeReady(telling: { _ in }, stopping: { false })
      let excitation = try target.excite(subject, pulses: 1000)
      let model = try PartsModel(subject)
      found = try BoardCalibration(
        try PartsFit(model, to: excitation), of: model, board: subject.description, id: "1",
        date: 0,
        target: "double", by: excitation)
    }
  }

  /// A lattice that was calibrated, its gates at their initial voltages.
  private func begun(
    excursions: Int? = nil
  ) throws -> (target: DoubleTarget<DirectBoard>, setting: RunSetting) {
    var description = try shippedBoard("lattice")
    description.imperfections.pathResistors = 0.01
    description.imperfections.gateCapacitors = 0.05
    let subject = try Subject(description)
    var calibrating = Calibrating(subject: subject)
    try subject.setting(description, seed: 3).open(
      as: .double, telling: { _ in }, for: &calibrating)
    var setting = subject.setting(description, seed: 3)
    setting.calibration = try #require(calibrating.found)
    setting.observe = 1
    setting.excursions = excursions
    var target = try DoubleTarget<DirectBoard>(setting)
    target.session.take(try #require(try CalibratedGates(setting)))
    try target.session.begin()
    return (target, setting)
  }

  private func shift(_ target: inout DoubleTarget<DirectBoard>, by volts: Double) {
    target.session.board.withAnalog { analog, time in
      analog.setGates(analog.gates(at: time).map { $0 + volts }, at: time)
    }
  }

  @Test func `gates that moved unseen are found, where a target shows them`() throws {
    var (still, _) = try begun()
    #expect(try still.session.observeGates())
    var (moved, _) = try begun()
    shift(&moved, by: 0.01)
    #expect(try moved.session.observeGates())
    let known = try #require(moved.session.knownGates)
    #expect(known.observations == 1 && known.rejected == 0)
    #expect(known.shown.count { $0 } == 16)
    let found = zip(moved.session.controllers, still.session.controllers).map {
      ($0.gate - $1.gate).volts
    }
    let shown = zip(found, known.shown).filter { $0.1 }.map { $0.0 }
    let mean = shown.reduce(0, +) / 16
    #expect((0.007...0.011).contains(mean), "\(mean)")
    #expect(zip(found, known.shown).allSatisfy { $1 || $0.magnitude < 1e-3 }, "\(found)")
    // What is known afterwards is better where a target shows it, and the same elsewhere.
    let (before, _) = try begun()
    let (old, new) = (try #require(before.session.knownGates), known)
    for edge in old.shown.indices {
      let share = new.overdriveBounds[edge] / old.overdriveBounds[edge]
      // Some time went by, in which gates leaked.
      #expect(old.shown[edge] ? share < 0.8 : (1..<1.0001).contains(share), "\(edge): \(share)")
    }
  }

  @Test func `an observation that is stopped changes no estimate`() throws {
    var (target, _) = try begun()
    let gates = target.session.controllers.map(\.gate)
    var asked = 0
    let ended = try target.session.observeGates(stopping: {
      asked += 1
      return asked > 5
    })
    #expect(!ended && hasOnlyLeaked(target, from: gates))
    #expect(target.session.knownGates?.observations == 0)
  }

  /// Whether the account of gates is what it was less what leaks in less than a second.
  private func hasOnlyLeaked(_ target: DoubleTarget<DirectBoard>, from gates: [Voltage]) -> Bool {
    zip(gates, target.session.controllers).allSatisfy {
      (0...3e-3).contains(($0 - $1.gate).volts)
    }
  }

  @Test func `gates that an observation moves are put back, also where it is stopped`() throws {
    for stop in [Int.max, 40] {
      var (target, _) = try begun(excursions: 2)
      let gates = target.session.result.gates
      var asked = 0
      let ended = try target.session.observeGates(stopping: {
        asked += 1
        return asked > stop
      })
      #expect(ended == (stop == .max))
      let pairs = zip(gates, target.session.result.gates)
      // Leakage, and the way up and down by parts that are known but for 0.2 %.
      let worst = pairs.map { ($0 - $1).magnitude }.max() ?? 1
      #expect(worst < 0.015, "\(worst)")
      let known = try #require(target.session.knownGates)
      #expect(known.observations == (ended ? 1 : 0) && known.rejected == 0)
      if !ended { continue }
      let result = target.session.result
      for edge in gates.indices {
        let error = result.gates[edge] - result.estimatedGates[edge]
        #expect(error.magnitude < known.bounds[edge], "\(edge): \(error)")
      }
    }
  }

  @Test func `readings that fit no gates near the estimates are not believed`() throws {
    var (target, _) = try begun()
    shift(&target, by: -0.3)
    let gates = target.session.controllers.map(\.gate)
    #expect(try target.session.observeGates())
    let known = try #require(target.session.knownGates)
    #expect(known.observations == 0 && known.rejected == 1)
    #expect(hasOnlyLeaked(target, from: gates))
  }

  @Test func `what is wrong of an unseen part does not become certain by being used often`() throws
  {
    var (target, _) = try begun()
    #expect(try target.session.observeGates())
    let once = try #require(target.session.knownGates)
    for _ in 0..<20 { #expect(try target.session.observeGates()) }
    let often = try #require(target.session.knownGates)
    for edge in once.shown.indices where once.shown[edge] {
      // Noise averages out; 21 observations of what is wrong of parts would be 0.22 of one if they did not hang
      // together.
      #expect(often.overdriveBounds[edge] > 0.5 * once.overdriveBounds[edge], "\(edge)")
      #expect(often.bounds[edge] > 0.8 * once.bounds[edge], "\(edge)")
    }
  }
}
