import Files
import Firmware
import Runs
import Targets
import TestSupport
import Testing
import BoardDouble
import Wiring

/// The controllers know their gates by account only. How far the accounts stray from the gates.
@Suite struct EstimateTests {
  /// A session on the lattice and iris that goes on for ever; `real` changes the board, but not
  /// what the controllers are told of it.
  private func session(
    seed: UInt64, rule: RuleSettings = RuleSettings(update: .comparator),
    change: (inout BoardDescription) -> Void = { _ in },
    real: (inout Imperfections) -> Void = { _ in }
  ) throws -> Session<DirectBoard> {
    var known = try shippedBoard("lattice")
    change(&known)
    var description = known
    real(&description.imperfections)
    let task = try shippedTask("iris")
    let place = try task.place(on: known)
    func board(_ description: BoardDescription) throws -> DirectBoard {
      try DirectBoard(
        description: description, seed: seed, sources: place.sources, targets: place.targets)
    }
    let plan = Plan(rule: rule, epochs: 1_000_000, seed: seed)
    var session = try Session(
      board: try board(description), description: description,
      problem: Problem(task: task, seed: seed), plan: plan,
      calibration: Calibration(measuredOn: try board(known).analog))
    try session.begin()
    return session
  }

  /// The worst estimate, V, seen at every 250th of `steps` training steps, with how often an edge
  /// stood at a limit.
  private func follow(_ session: inout Session<DirectBoard>, steps: Int) throws
    -> (worst: [Double], atLimit: Int, highest: Double, lowest: Double)
  {
    var worst: [Double] = []
    var atLimit = 0
    var highest = 0.0
    var lowest = 10.0
    for step in 0..<steps {
      let samples = session.problem.training
      try session.train(sample: samples[step % samples.count])
      if step % 250 == 249 {
        let result = session.result
        worst.append(zip(result.estimatedGates, result.gates).map { abs($0 - $1) }.max()!)
        atLimit += result.saturatedEdges
        highest = max(highest, result.gates.max()!)
        lowest = min(lowest, result.gates.min()!)
      }
    }
    return (worst, atLimit, highest, lowest)
  }

  /// Pulses of one length however small the error, so that gates never come to rest.
  private let restless = RuleSettings(
    name: .overclamped, update: .comparator, pulse: 8e-3, fixedPulse: true)

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `after 10,000 steps a calibrated estimate is within 10 mV`(_ seed: UInt64) throws {
    var session = try session(seed: seed, rule: restless) {
      $0.gates.minimum = 2.0
      $0.gates.maximum = 2.5
    }
    let found = try follow(&session, steps: 10_000)
    #expect(session.progress.pulses > 2000)
    #expect(found.worst.max()! < 0.010)
    // Edges did run into their limits. A drive passes one by no more than a pulse, of at most 13 mV
    // per ms, and the estimate's error; below the lower one leakage goes on, at up to 4.6 mV per s.
    #expect(found.atLimit > 100)
    let leaked = session.board.time.seconds * 10e-9 / 2.2e-6
    #expect(found.lowest > 2.0 - 8 * 0.013 - 0.010 - leaked)
    #expect(found.highest < 2.5 + 8 * 0.013 + 0.010)
    #expect(found.highest - found.lowest > 0.4)
  }

  @Test func `without limits in the way it is as good`() throws {
    var session = try session(seed: 4)
    #expect(try follow(&session, steps: 10_000).worst.max()! < 0.010)
  }

  @Test(arguments: [0.01, -0.01])
  func `an unknown imbalance of the drives shifts the estimate, but it does not run away`(
    _ imbalance: Double
  ) throws {
    var session = try session(seed: 2, rule: restless, real: { $0.driveImbalance = imbalance })
    let found = try follow(&session, steps: 30_000)
    // Both resistances are wrong by 0.5 %, so that a path goes 0.5 % of its way to the drive's end
    // too far or not far enough; an earlier error shrinks by the same share that the gate goes. In
    // the limit |e| <= 0.5 % of the way, which is at most 5 - 1 V; the calibration's own 10 mV is
    // on top.
    #expect(found.worst.max()! < 0.005 * 4.0 + 0.010)
    // It has reached what it will be: the last third is no worse than the middle one.
    let third = found.worst.count / 3
    let middle = found.worst[third..<2 * third].max()!
    let last = found.worst[(2 * third)...].max()!
    #expect(last < middle + 0.002)
    // And the imbalance does show.
    #expect(found.worst.max()! > 0.002)
  }

  @Test func `a wrong estimate is forgotten with the pulses`() throws {
    var session = try session(seed: 3, rule: restless)
    session.board.withAnalog { analog, time in
      analog.setGates(analog.gates(at: time).map { $0 + 0.05 }, at: time)
    }
    func errors() -> [Double] {
      zip(session.result.estimatedGates, session.result.gates).map { abs($0 - $1) }
    }
    #expect(errors().min()! > 0.04)
    let found = try follow(&session, steps: 10_000)
    #expect(found.worst.max()! < 0.05 + 0.010)
    // An edge that is hardly driven forgets slowly; the others have.
    #expect(errors().count { $0 < 0.010 } >= 26)
  }

  @Test func `markings alone make worse estimates than the bench`() throws {
    var worst: [Double] = []
    for calibrated in [true, false] {
      let plan = Plan(rule: restless, epochs: 1_000_000, seed: 7, calibrated: calibrated)
      var session = try Session<DirectBoard>(
        description: try shippedBoard("lattice"), task: try shippedTask("iris"), plan: plan)
      try session.begin()
      worst.append(try follow(&session, steps: 3000).worst.last!)
    }
    #expect(worst[0] < worst[1])
  }

  @Test func `a bench measures supply, resistance and leakage as finely as its tools`() throws {
    let description = try shippedBoard("lattice")
    for seed: UInt64 in 1...20 {
      let board = try DirectBoard(
        description: description, seed: seed, sources: description.sources,
        targets: description.targets
      ).analog
      let found = Calibration(measuredOn: board)
      #expect(abs(found.supply - board.parts.supply) <= 0.0005001)
      #expect(abs(found.charge[0].ohms / board.parts.chargePaths[0].ohms - 1) < 0.000501)
      #expect(abs(found.discharge[0].ohms / board.parts.dischargePaths[0].ohms - 1) < 0.000501)
      for (one, other) in zip(found.leakage, board.parts.leakage) {
        #expect(abs(one - other) <= 0.05001e-9)
      }
    }
    let nominal = Calibration(nominal: description)
    #expect(nominal.supply == 5 && nominal.leakage.count == 32)
    #expect(nominal.leakage.allSatisfy { abs($0 - 7.5e-9) < 1e-20 })
    #expect(nominal.charge[0].ohms == 100e3 && nominal.charge == nominal.discharge)
  }

  @Test func `controllers get the drive's law and constants`() throws {
    let nominal = Calibration(nominal: try shippedBoard("lattice"))
    let law = nominal.law(minimum: 1.0, maximum: 3.3)
    #expect(law.lowest == .millivolts(1000) && law.highest == .millivolts(3300))
    #expect(law.supply == .millivolts(5000))
    for headroom in stride(from: 0.9, through: 4.5, by: 0.01) {
      let drop = law.drop(at: Voltage(volts: headroom)).volts
      #expect(abs(drop - nominal.charge[0].drop(headroom: headroom)) < 0.001)
    }
    for controller in nominal.controllers(gate: 2.2) {
      #expect(controller.gate == .millivolts(2200))
      #expect(controller.chargeConstant == 220_000_000)
      #expect(controller.dischargeConstant == 220_000_000)
      // 7.5 nA out of 2.2 uF for 2^24 ns, in steps of 2^-24 V.
      #expect(controller.leakPerTick == 960)
    }
  }
}
