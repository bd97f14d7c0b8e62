import Circuit
import Files
import Firmware
import Testing
import BoardDouble

/// Gates that follow dG/dt = (dV_F^2 - dV_C^2)/(R C V0) + B while LEARN is on.
@Suite struct MultiplierTests {
  /// 1/(R C V0) of 1 kohm, 2.2 uF and 0.33 V.
  private static let rate = 1 / (1e3 * 2.2e-6 * 0.33)

  /// The shipped lattice with drawn gates and sources and one clamp pulled up.
  private func lattice(_ imperfections: Imperfections, seed: UInt64 = 1) throws -> AnalogBoard {
    var description = try shippedBoard("lattice-multiplier")
    description.imperfections = imperfections
    var board = try AnalogBoard(bench: description, seed: seed)
    var dice = Dice(seed)
    board.setGates((0..<32).map { _ in dice.number(1.5...3) }, at: .zero)
    for source in 0..<8 { try board.drive(source, dice.number(0...0.45)) }
    try board.clamp(0, 0.45)
    try board.clamp(3, 0.02)
    return board
  }

  /// The slope of every gate by the formula, from the voltages that the board shows at these gates.
  private func slopes(_ board: AnalogBoard, at gates: [Double]) throws -> [Double] {
    var probe = board
    probe.setGates(gates, at: .zero)
    let free = try probe.freeVoltages(at: .zero)
    let clamped = try probe.clampedVoltages(at: .zero)
    return probe.learningEdges.enumerated().map { number, edge in
      let wire = probe.description.edges[edge]
      let dropF = free[wire.from] - free[wire.to]
      let dropC = clamped[wire.from] - clamped[wire.to]
      return Self.rate * (dropF * dropF - dropC * dropC) + board.parts.bias[number]
    }
  }

  @Test func `the constant is 1377 V per s and square volt`() {
    #expect(abs(Self.rate - 1377) < 0.5)
  }

  @Test(arguments: [Imperfections.none, .measured])
  func `a short pulse moves each gate by its slope`(_ imperfections: Imperfections) throws {
    var sizes = imperfections
    sizes.leakLowest = 0
    sizes.leakHighest = 0
    var board = try lattice(sizes)
    let before = board.gates(at: .zero)
    let slopes = try slopes(board, at: before)
    try board.learn(.hold, to: .microseconds(1))
    let after = board.gates(at: .microseconds(1))
    #expect(slopes.map(abs).max()! > 5)
    var worst = 0.0
    for edge in before.indices {
      worst = max(worst, abs((after[edge] - before[edge]) * 1e6 - slopes[edge]))
    }
    #expect(worst < 0.02)
  }

  @Test func `a long pulse ends where a fine integration of the slopes ends`() throws {
    var sizes = Imperfections.none
    sizes.updateBias = 1.2
    sizes.updateBiasMedian = 0.4
    var board = try lattice(sizes)
    let milliseconds = 4.0
    // The classical Runge-Kutta method in 200 steps of 20 us.
    var expected = board.gates(at: .zero)
    let start = expected
    let step = milliseconds * 1e-3 / 200
    func moved(_ gates: [Double], by slopes: [Double], for seconds: Double) -> [Double] {
      zip(gates, slopes).map { $0 + seconds * $1 }
    }
    for _ in 0..<200 {
      let k1 = try slopes(board, at: expected)
      let k2 = try slopes(board, at: moved(expected, by: k1, for: step / 2))
      let k3 = try slopes(board, at: moved(expected, by: k2, for: step / 2))
      let k4 = try slopes(board, at: moved(expected, by: k3, for: step))
      for edge in expected.indices {
        expected[edge] += step / 6 * (k1[edge] + 2 * k2[edge] + 2 * k3[edge] + k4[edge])
      }
    }
    try board.learn(.hold, to: .microseconds(4000))
    let found = board.gates(at: .microseconds(4000))
    let worst = zip(found, expected).map { abs($0 - $1) }.max()!
    let largest = zip(found, start).map { abs($0 - $1) }.max()!
    #expect(largest > 0.05)
    #expect(worst < 1e-5)
  }

  @Test func `one pulse is the sum of many short ones`() throws {
    let board = try lattice(.none)
    var whole = board
    try whole.learn(.hold, to: .microseconds(1900))
    var parts = board
    // 950 substeps against the 18 that the whole pulse takes.
    for part in 0..<950 {
      try parts.learn(
        .hold, from: .microseconds(Int64(part) * 2), to: .microseconds(Int64(part + 1) * 2))
    }
    let end = Nanoseconds.microseconds(1900)
    let worst = zip(whole.gates(at: end), parts.gates(at: end)).map { abs($0 - $1) }.max()!
    #expect(worst < 5e-6)
    #expect(worst > 0)
  }

  @Test func `without voltages a gate drifts at its bias`() throws {
    var sizes = Imperfections.none
    sizes.updateBias = 1.2
    sizes.updateBiasMedian = 0.4
    var board = try AnalogBoard(bench: bench(edges: 16, update: .multiplier, imperfections: sizes))
    board.setGates([Double](repeating: 2.2, count: 16), at: .zero)
    try board.learn(.hold, to: .milliseconds(10))
    let gates = board.gates(at: .milliseconds(10))
    #expect(Set(board.parts.bias).count == 16)
    for (gate, bias) in zip(gates, board.parts.bias) {
      #expect(abs(gate - 2.2 - 0.010 * bias) < 1e-12)
    }
  }

  @Test func `without bias and clamps nothing moves`() throws {
    var board = try AnalogBoard(
      bench: bench(edges: 4, update: .multiplier, imperfections: .none))
    board.setGates([2.2, 2, 1.8, 1.6], at: .zero)
    try board.drive(0, 0.45)
    try board.learn(.hold, to: .milliseconds(19))
    #expect(board.gates(at: .milliseconds(19)) == [2.2, 2, 1.8, 1.6])
  }

  @Test func `gates stop at their rails`() throws {
    var sizes = Imperfections.none
    sizes.updateBias = 1000
    sizes.updateBiasMedian = 1000
    var board = try AnalogBoard(bench: bench(edges: 16, update: .multiplier, imperfections: sizes))
    board.setGates([Double](repeating: 2.2, count: 16), at: .zero)
    try board.learn(.hold, to: .milliseconds(19))
    let gates = board.gates(at: .milliseconds(19))
    for (gate, bias) in zip(gates, board.parts.bias) { #expect(gate == (bias > 0 ? 5.2 : 0.6)) }
    #expect(Set(gates) == [0.6, 5.2])
    try board.learn(.hold, from: .milliseconds(19), to: .milliseconds(38))
    #expect(board.gates(at: .milliseconds(38)) == gates)
  }

  @Test func `drives mean nothing to edges with a rule of their own`() throws {
    let board = try lattice(.none)
    var held = board
    try held.learn(.hold, to: .milliseconds(1))
    var charged = board
    try charged.learn(.charge, to: .milliseconds(1))
    #expect(held.state == charged.state)
  }
}
