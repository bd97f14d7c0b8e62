import Files
import Firmware
import Runs
import Targets
import TestSupport
import Testing
import BoardDouble

/// The direct face and the pins are one board: on the same seed they agree in every bit.
struct FacesTests {
  private func expectEqual(
    _ direct: Session<DirectBoard>, _ pins: Session<PinBoard>, _ moment: String
  ) -> Bool {
    let one = direct.checkpoint
    let other = pins.checkpoint
    let same =
      one == other && bits(one.board!.analog.gates) == bits(other.board!.analog.gates)
      && bits(one.board!.analog.freeVoltages) == bits(other.board!.analog.freeVoltages)
      && bits(one.board!.analog.clampedVoltages) == bits(other.board!.analog.clampedVoltages)
      && direct.board.time == pins.board.time
    #expect(same, "\(moment)")
    return same
  }

  private func run(_ scenario: FaceCase, steps: Int) throws {
    var direct = try scenario.session(on: DirectBoard.self)
    var pins = try scenario.session(on: PinBoard.self)
    try direct.begin()
    try pins.begin()
    guard expectEqual(direct, pins, "after programming") else { return }
    let samples = direct.problem.presentations.count
    var pulses = 0
    for step in 0..<steps {
      let sample = step * 7 % samples
      let one = try direct.train(sample: sample)
      let other = try pins.train(sample: sample)
      if one.learned.count > 0 { pulses += 1 }
      guard one == other else {
        Issue.record("step \(step): \(one), \(other)")
        return
      }
      if step < 300 || step % 1000 == 0 {
        guard expectEqual(direct, pins, "step \(step)") else { return }
      }
    }
    _ = expectEqual(direct, pins, "at the end")
    for sample in 0..<min(samples, 10) {
      #expect(try bits(direct.outputs(for: sample)) == bits(try pins.outputs(for: sample)))
    }
    #expect(bits(direct.result.gates) == bits(pins.result.gates))
    #expect(direct.result.boardTime == pins.result.boardTime)
    #expect(pins.board.lines.misuses.isEmpty, "\(pins.board.lines.misuses.prefix(3))")
    // The comparison is of something: gates have moved.
    #expect(pulses > 20)
  }

  @Test(arguments: FaceCase.all)
  func `after 10,000 steps of any rule both faces have the same bits`(_ scenario: FaceCase) throws {
    try run(scenario, steps: longRuns ? 100_000 : 10_000)
  }

  @Test(arguments: FaceCase.others)
  func `both faces agree on other tasks too`(_ scenario: FaceCase) throws {
    try run(scenario, steps: longRuns ? 100_000 : 5_000)
  }

  @Test(arguments: FaceCase.all + FaceCase.others)
  func `call by call both faces are asked and answer the same`(_ scenario: FaceCase) throws {
    var direct = try scenario.recorded(on: DirectBoard.self)
    var pins = try scenario.recorded(on: PinBoard.self)
    try direct.begin()
    try pins.begin()
    #expect(direct.board.calls == pins.board.calls)
    var comparisons = 0
    for step in 0..<400 {
      direct.board.calls.removeAll(keepingCapacity: true)
      pins.board.calls.removeAll(keepingCapacity: true)
      let sample = step % direct.problem.presentations.count
      try direct.train(sample: sample)
      try pins.train(sample: sample)
      guard direct.board.calls == pins.board.calls else {
        let place = zip(direct.board.calls, pins.board.calls).first { $0 != $1 }
        Issue.record("step \(step): \(String(describing: place))")
        return
      }
      comparisons += direct.board.calls.count {
        if case .compare = $0 { true } else { false }
      }
      guard direct.board.inner.state == pins.board.inner.state else {
        Issue.record("step \(step): the states differ")
        return
      }
    }
    #expect(comparisons > 10)
    #expect(pins.board.inner.lines.misuses.isEmpty)
  }

  @Test
  func `another seed has other bits: the comparison can fail`() throws {
    let scenario = FaceCase(
      board: "breadboard", task: "regression", rule: .coupled, probability: 1)
    var one = try scenario.session(on: PinBoard.self)
    var plan = scenario.plan
    plan.seed += 1
    var other = try Session<DirectBoard>(
      description: scenario.description, task: shippedTask(scenario.task), plan: plan)
    try one.begin()
    try other.begin()
    #expect(bits(one.result.gates) != bits(other.result.gates))
  }

  @Test(arguments: [FaceCase.all[0], FaceCase.others[1]])
  func `epochs in their drawn order, schedule and curves are the same on both faces`(
    _ scenario: FaceCase
  ) throws {
    var direct = try scenario.session(on: DirectBoard.self)
    var pins = try scenario.session(on: PinBoard.self)
    try direct.begin()
    try pins.begin()
    while !direct.isFinished {
      _ = try direct.trainEpoch()
      _ = try pins.trainEpoch()
      guard expectEqual(direct, pins, "epoch \(direct.progress.epoch)") else { return }
    }
    #expect(pins.isFinished)
    #expect(direct.curve == pins.curve)
  }

  @Test(arguments: ["lattice", "breadboard"])
  func `a checkpoint of one face goes on on the other`(_ board: String) throws {
    let scenario = FaceCase(
      board: board, task: "regression", rule: .centred, probability: 0.5)
    var direct = try scenario.session(on: DirectBoard.self)
    try direct.begin()
    for step in 0..<200 { try direct.train(sample: step % 8) }
    var pins = try scenario.session(on: PinBoard.self)
    try pins.restore(direct.checkpoint)
    for step in 0..<200 {
      try direct.train(sample: step % 8)
      try pins.train(sample: step % 8)
    }
    guard expectEqual(direct, pins, "after 400 steps") else { return }
    var back = try scenario.session(on: DirectBoard.self)
    try back.restore(pins.checkpoint)
    for step in 0..<200 {
      try back.train(sample: step % 8)
      try pins.train(sample: step % 8)
    }
    _ = expectEqual(back, pins, "after 600 steps")
    #expect(pins.board.lines.misuses.isEmpty, "\(pins.board.lines.misuses.prefix(3))")
  }

  @Test(arguments: ["lattice", "breadboard"])
  func `going back to a checkpoint on the same pins is no misuse and repeats every bit`(
    _ board: String
  ) throws {
    let scenario = FaceCase(
      board: board, task: "regression", rule: .coupled, probability: 1)
    var pins = try scenario.session(on: PinBoard.self)
    try pins.begin()
    for step in 0..<50 { try pins.train(sample: step % 8) }
    let saved = pins.checkpoint
    for step in 0..<50 { try pins.train(sample: step % 8) }
    let after = pins.checkpoint
    try pins.restore(saved)
    for step in 0..<50 { try pins.train(sample: step % 8) }
    #expect(pins.checkpoint == after)
    #expect(pins.board.lines.misuses.isEmpty, "\(pins.board.lines.misuses.prefix(3))")
  }

  /// Puts both faces of a board through the same calls and compares their states after each.
  private func compareCalls(
    _ name: String, _ calls: [(inout any FaceUnderTest) throws -> Void]
  ) throws {
    let description = try shippedBoard(name)
    var direct: any FaceUnderTest = try DirectBoard(
      description: description, seed: 3, sources: description.sources,
      targets: description.targets)
    var pins: any FaceUnderTest = try PinBoard(
      description: description, seed: 3, sources: description.sources,
      targets: description.targets)
    for (number, call) in calls.enumerated() {
      try call(&direct)
      try call(&pins)
      #expect(direct.state == pins.state, "call \(number)")
    }
  }

  @Test(arguments: ["lattice", "breadboard"])
  func `odd calls leave both faces in one state`(_ name: String) throws {
    let far = [-1, 4, 8, 31, 32, 1000]
    try compareCalls(
      name,
      [
        { try $0.pulseAll(.charge, .milliseconds(15)) },
        { try $0.pulseAll(.charge, .milliseconds(15)) },
        { try $0.drive(source: 0, at: .millivolts(400)) },
        { try $0.drive(source: 1, at: .millivolts(-400)) },
        { try $0.drive(source: 1, at: .millivolts(4000)) },
        { try $0.settle() },
        { _ = try $0.compared(edges: 40) },
        { try $0.clamp(target: 1, at: .millivolts(5)) },
        { try $0.settle() },
        { _ = try $0.compared(edges: 1) },
        { _ = try $0.compared(edges: 0) },
        { _ = try $0.compared(edges: 40) },
        { try $0.pulseAll(.charge, .milliseconds(40)) },
        { try $0.pulseAll(.discharge, .zero) },
        { try $0.pulseAll(.discharge, Nanoseconds(1)) },
        { try $0.release(target: 1) },
        { try $0.release(target: 1) },
        { board in for index in far { try board.drive(source: index, at: .millivolts(9)) } },
        { board in for index in far { try board.clamp(target: index, at: .millivolts(9)) } },
        { board in for index in far { try board.release(target: index) } },
        { board in for index in far { _ = try board.measure(target: index) } },
      ])
  }

  @Test
  func `a pulse of negative width is one of no width on both faces`() throws {
    try compareCalls(
      "lattice",
      [
        { try $0.pulseAll(.charge, .milliseconds(15)) },
        { try $0.pulseAll(.charge, .milliseconds(-5)) },
        { try $0.pulseAll(.discharge, .milliseconds(1)) },
      ])
  }
}

/// Either face, for calls in a list.
protocol FaceUnderTest {
  var state: VirtualState { get }
  mutating func drive(source: Int, at voltage: Voltage) throws
  mutating func settle() throws
  mutating func measure(target: Int) throws -> Voltage
  mutating func clamp(target: Int, at voltage: Voltage) throws
  mutating func release(target: Int) throws
  mutating func compared(edges: Int) throws -> [Comparison]
  mutating func pulseAll(_ drive: Drive, _ width: Nanoseconds) throws
}

extension VirtualFace {
  mutating func compared(edges: Int) throws -> [Comparison] {
    var bits = [Comparison](repeating: Comparison(bits: 0), count: edges)
    var span = bits.mutableSpan
    try compare(into: &span)
    return bits
  }

  mutating func pulseAll(_ drive: Drive, _ width: Nanoseconds) throws {
    let drives = [Drive](repeating: drive, count: 40)
    _ = try pulse(width: width, drives: drives.span)
  }
}

extension DirectBoard: FaceUnderTest {}
extension WiredBoard: FaceUnderTest where L == VirtualPins {}
