import Circuit
import Files
import Firmware
import Testing
import BoardDouble

/// What a board file may say of single edges, of the analog rule, of gates and of converters.
@Suite struct BoardOptionTests {
  private static let rate = 1 / (1e3 * 2.2e-6 * 0.33)

  // MARK: - Bias

  @Test(arguments: [Imperfections.none, .measured])
  func `a bias that is given overrides the draw and leaves the others theirs`(
    _ sizes: Imperfections
  ) throws {
    var description = bench(edges: 8, update: .multiplier, imperfections: sizes)
    let drawn = try AnalogBoard(bench: description).bias
    description.edges[3].bias = 7.5
    description.edges[5].bias = 0
    let bias = try AnalogBoard(bench: description).bias
    #expect(bias[3] == 7.5 && bias[5] == 0)
    for edge in [0, 1, 2, 4, 6, 7] { #expect(bias[edge] == drawn[edge]) }
    #expect((sizes == .none) == drawn.allSatisfy { $0 == 0 })
  }

  @Test func `a gate drifts at the bias that is given`() throws {
    var description = bench(edges: 3, update: .multiplier, imperfections: .none)
    description.edges[0].bias = 2.87
    description.edges[2].bias = -4.72
    var board = try AnalogBoard(bench: description)
    board.setGates([2.2, 2.2, 2.2], at: .zero)
    try board.learn(.hold, to: .milliseconds(10))
    let gates = board.gates(at: .milliseconds(10))
    #expect(abs(gates[0] - 2.2287) < 1e-12 && gates[1] == 2.2 && abs(gates[2] - 2.1528) < 1e-12)
  }

  // MARK: - The analog rule

  /// How the gates of a lattice with clamped targets move in a microsecond, V/s, and the squares of
  /// their voltages in both twins.
  private func slopes(
    gain: Double = 1, powerWeight: Double = 0, bias: Double? = nil
  ) throws -> (slopes: [Double], free: [Double], clamped: [Double]) {
    var description = try shippedBoard("lattice-multiplier")
    description.imperfections = .none
    description.gates.gain = gain
    description.gates.powerWeight = powerWeight
    for edge in description.edges.indices { description.edges[edge].bias = bias }
    var board = try AnalogBoard(bench: description)
    var dice = Dice(1)
    board.setGates((0..<32).map { _ in dice.number(1.5...3) }, at: .zero)
    for source in 0..<8 { try board.drive(source, dice.number(0...0.45)) }
    try board.clamp(0, 0.45)
    try board.clamp(3, 0.02)
    let free = try board.freeVoltages(at: .zero)
    let clamped = try board.clampedVoltages(at: .zero)
    func squares(_ volts: [Double]) -> [Double] {
      board.learningEdges.map { edge in
        let wire = board.description.edges[edge]
        let drop = volts[wire.from] - volts[wire.to]
        return drop * drop
      }
    }
    let before = board.gates(at: .zero)
    try board.learn(.hold, to: .microseconds(1))
    let after = board.gates(at: .microseconds(1))
    return (zip(after, before).map { ($0 - $1) * 1e6 }, squares(free), squares(clamped))
  }

  @Test(arguments: [0.5, 2.0, 3.7])
  func `gain multiplies the contrast, not the bias`(_ gain: Double) throws {
    let (plain, free, clamped) = try slopes(gain: gain, bias: 3)
    #expect(plain.map(abs).max()! > 5)
    for edge in plain.indices {
      let expected = gain * Self.rate * (free[edge] - clamped[edge]) + 3
      #expect(abs(plain[edge] - expected) < 0.02 * max(gain * gain, 1))
    }
  }

  @Test(arguments: [0.01, 0.3, 0.99])
  func `a power weight takes its share of the free twin's part`(_ weight: Double) throws {
    let (found, free, clamped) = try slopes(powerWeight: weight)
    for edge in found.indices {
      let expected = Self.rate * ((1 - weight) * free[edge] - clamped[edge])
      #expect(abs(found[edge] - expected) < 0.05)
    }
    let (plain, _, _) = try slopes()
    // Less conductance wherever there is power.
    #expect(zip(found, plain).allSatisfy { $0 <= $1 + 0.02 })
    #expect(zip(found, plain).contains { $0 < $1 - 0.05 })
  }

  // MARK: - Gates in steps

  private func stepped(_ steps: Int, imperfections: Imperfections = .measured) throws
    -> DirectBoard
  {
    var description = bench(edges: 3, imperfections: imperfections)
    description.gates.taps = steps
    return try DirectBoard(description)
  }

  @Test func `gates in steps wake in the middle and do not leak`() throws {
    for (steps, place) in [(128, 64.0), (2, 1), (101, 50)] {
      var board = try stepped(steps)
      let gates = board.analog.description.gates
      let middle = gates.minimum + place * (gates.maximum - gates.minimum) / Double(steps - 1)
      #expect(board.gates.allSatisfy { abs($0 - middle) < 1e-12 })
      #expect(board.analog.leakage.allSatisfy { $0 == 0 })
      let before = board.gates
      board.wait(.milliseconds(100_000))
      #expect(board.gates == before)
    }
  }

  @Test(arguments: [0.001, 0.1, 5, 19, 500])
  func `a pulse of any width moves a gate by exactly one step`(_ milliseconds: Double) throws {
    var board = try stepped(128)
    let step = try #require(board.analog.description.gates.tapSpacing)
    let before = board.gates
    let drives: [Drive] = [.charge, .discharge, .hold]
    _ = try board.pulse(width: Nanoseconds(seconds: milliseconds * 1e-3), drives: drives.span)
    let moves = zip(board.gates, before).map { ($0 - $1) / step }
    for (move, expected) in zip(moves, [1.0, -1, 0]) { #expect(abs(move - expected) < 1e-9) }
  }

  @Test func `steps end at the limits and every gate stands on one`() throws {
    var board = try stepped(128)
    let gates = board.analog.description.gates
    let step = try #require(gates.tapSpacing)
    for _ in 0..<200 { _ = try board.pulse(.milliseconds(1), .charge) }
    #expect(board.gates.allSatisfy { abs($0 - gates.maximum) < 1e-12 })
    for _ in 0..<300 { _ = try board.pulse(.milliseconds(1), .discharge) }
    #expect(board.gates.allSatisfy { $0 == gates.minimum })
    var dice = Dice(3)
    for _ in 0..<1000 {
      let drives = (0..<3).map { _ in [Drive.charge, .discharge, .hold][dice.index(below: 3)] }
      _ = try board.pulse(width: .milliseconds(1), drives: drives.span)
      for gate in board.gates {
        let place = (gate - gates.minimum) / step
        #expect(abs(place - place.rounded()) < 1e-9 && (0...127).contains(place.rounded()))
      }
    }
  }

  // MARK: - Level shift

  @Test func `sources, clamps and measurements reach below zero behind a level shift`() throws {
    var sizes = Imperfections.none
    sizes.quantise = true
    var description = bench(edges: 3, imperfections: sizes)
    description.converters.lowest = -0.25
    description.nodeLowest = -0.2
    let lsb = 1.024 / 4096
    for volts in [-0.2, -0.01, 0, 0.1, 0.4] {
      var board = try DirectBoard(description)
      try board.drive(source: 0, at: Voltage(volts: 0.1))
      // T1 stands at S1.
      try board.drive(source: 1, at: Voltage(volts: volts))
      try board.clamp(target: 0, at: Voltage(volts: volts))
      board.settle()
      #expect(try abs(board.freeVoltages[1] - volts) <= lsb / 2 + 1e-7)
      #expect(try abs(board.clampedVoltages[2] - volts) <= lsb / 2 + 1e-7)
      #expect(try abs(board.measure(target: 1).volts - volts) <= lsb + 1e-6)
    }
    var plain = try DirectBoard(bench(edges: 3, imperfections: sizes))
    try plain.drive(source: 1, at: .millivolts(-100))
    #expect(try plain.freeVoltages[1] == 0 && plain.measure(target: 1) == .zero)
  }

  @Test func `converter errors act on what the converter itself sees`() throws {
    // Gain errors grow from the converter's own zero, which is at `lowest`.
    var sizes = Imperfections.none
    sizes.adcGain = 0.01
    var description = bench(edges: 3, imperfections: sizes)
    description.converters.lowest = -0.25
    func read(_ volts: Double) throws -> Double {
      var board = try DirectBoard(description)
      try board.drive(source: 1, at: Voltage(volts: volts))
      return try board.measure(target: 1).volts - volts
    }
    #expect(abs(try read(-0.25)) < 1e-6)
    let one = try read(0)
    let two = try read(0.25)
    #expect(abs(one) > 1e-4 && abs(two - 2 * one) < 1e-5)
  }
}
