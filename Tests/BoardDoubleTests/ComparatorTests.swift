import Circuit
import Elements
import Files
import Firmware
import Testing
import BoardDouble

/// What the comparators say, on benches whose node voltages are known.
@Suite struct ComparatorTests {
  /// Learning edges all from the driven S to T; T follows the driven R in the free twin through
  /// 100 kohm and the clamp in the clamped twin, so that both drops can be chosen.
  private func twoDrops(edges count: Int, _ imperfections: Imperfections, seed: UInt64 = 1) throws
    -> AnalogBoard
  {
    var edges = (0..<count).map { EdgeDescription(name: "e\($0)", from: 0, to: 2) }
    edges.append(
      EdgeDescription(name: "lead", from: 1, to: 2, part: .fixed(.resistor(ohms: 100e3))))
    return try AnalogBoard(
      description: BoardDescription(
        name: "drops", nodes: ["S", "R", "T"], edges: edges, sources: [0, 1], targets: [2],
        imperfections: imperfections), seed: seed, sources: [0, 1], targets: [2])
  }

  @Test func `the bits are the signs of difference and sum, their XOR compares the squares`() throws
  {
    var dice = Dice(1)
    var description = try shippedBoard("lattice")
    description.imperfections = .none
    var board = try AnalogBoard(
      description: description, seed: 1, sources: description.sources,
      targets: description.targets)
    var told = 0
    for round in 1...60 {
      let time = Nanoseconds.milliseconds(Int64(round))
      board.setGates((0..<32).map { _ in dice.number(1...3.3) }, at: time)
      for source in 0..<8 { try board.drive(source, dice.number(0...0.45)) }
      for target in 0..<4 { try board.clamp(target, dice.number(0...0.45)) }
      let bits = try board.comparisons(at: time)
      let free = try board.freeVoltages(at: time)
      let clamped = try board.clampedVoltages(at: time)
      for (edge, wire) in description.edges.enumerated() {
        let dropF = free[wire.from] - free[wire.to]
        let dropC = clamped[wire.from] - clamped[wire.to]
        if abs(abs(dropF) - abs(dropC)) < 1e-9 { continue }
        told += 1
        #expect((bits[edge].bits & 1 == 1) == (dropF > dropC))
        #expect((bits[edge].bits & 2 == 2) == (dropF > -dropC))
        #expect(bits[edge].clampedDropIsLarger == (dropF * dropF < dropC * dropC))
      }
    }
    #expect(told > 800)
  }

  @Test func `offsets stay within 7 mV and spread by 3 mV before the cut`() throws {
    var sizes = Imperfections.none
    sizes.comparatorOffset = 3e-3
    sizes.comparatorOffsetLimit = 7e-3
    let count = 1000
    var board = try AnalogBoard(bench: bench(edges: count, imperfections: sizes))
    try board.drive(0, 0.2)
    // B sees the drop itself, since the twins are equal: it turns at minus its offset.
    var offsets = [Double](repeating: .nan, count: count)
    for step in -143...143 {
      let drop = Double(step) * 5e-5
      try board.drive(1, 0.2 - drop)
      for (edge, comparison) in try board.comparisons().enumerated()
      where comparison.bits & 2 == 2 && offsets[edge].isNaN {
        offsets[edge] = -drop + 2.5e-5
      }
      if step == -143 { #expect(offsets.allSatisfy { $0.isNaN }, "an offset is above 7.15 mV") }
    }
    #expect(offsets.allSatisfy { abs($0) <= 7.03e-3 })
    // A normal number of deviation 3 mV cut at 7/3 deviations has 0.9355 of its deviation left.
    #expect(abs(offsets.rms / 2.807e-3 - 1) < 0.09)
    #expect(abs(offsets.mean) < 4 * 2.8e-3 / Double(count).squareRoot())
  }

  @Test func `the averages are off by 1.2 mV rms at 0.2 V`() throws {
    var sizes = Imperfections.none
    sizes.averageResistors = 0.012
    let count = 600
    var board = try twoDrops(edges: count, sizes)
    try board.drive(0, 0.4)
    try board.drive(1, 0.2)
    var errors = [Double](repeating: .nan, count: count)
    for step in -200...200 {
      try board.clamp(0, 0.2 + Double(step) * 1e-4)
      let dropF = try 0.4 - board.freeVoltages(at: .zero)[2]
      let dropC = try 0.4 - board.clampedVoltages(at: .zero)[2]
      // A rising clamp makes the clamped drop smaller: A turns on where half the difference outdoes
      // the averages' error.
      for (edge, comparison) in try board.comparisons().enumerated()
      where comparison.bits & 1 == 1 && errors[edge].isNaN {
        errors[edge] = -(dropF - dropC) / 2
      }
    }
    #expect(errors.allSatisfy { !$0.isNaN })
    // Two averages of two 1.2 % resistors: 0.2 V x 0.012 x sqrt(2) / 4 each.
    #expect(abs(errors.rms / 1.2e-3 - 1) < 0.12)
    #expect(abs(errors.mean) < 4 * 1.2e-3 / Double(count).squareRoot())
  }

  @Test func `hysteresis remembers which way the inputs came`() throws {
    var sizes = Imperfections.none
    sizes.comparatorHysteresis = 3.3e-3
    var board = try AnalogBoard(bench: bench(edges: 1, imperfections: sizes))
    try board.drive(0, 0.2)
    func turn(_ steps: some Sequence<Int>, until bit: UInt8) throws -> Double {
      for step in steps {
        let drop = Double(step) * 1e-5
        try board.drive(1, 0.2 - drop)
        if try board.comparisons()[0].bits & 2 == bit { return drop }
      }
      return .nan
    }
    let up = try turn(-400...400, until: 2)
    let down = try turn((-400...400).reversed(), until: 0)
    #expect(abs(up - 1.65e-3) < 2e-5)
    #expect(abs(down + 1.65e-3) < 2e-5)
    // In between the answer is the last one.
    try board.drive(1, 0.2)
    #expect(try board.comparisons()[0].bits & 2 == 0)
    try board.drive(1, 0.19)
    #expect(try board.comparisons()[0].bits & 2 == 2)
    try board.drive(1, 0.2)
    #expect(try board.comparisons()[0].bits & 2 == 2)
  }

  @Test func `comparator A can be stuck either way, B goes on`() throws {
    let faults = [
      Fault(kind: .comparatorStuckLow, edge: 1), Fault(kind: .comparatorStuckHigh, edge: 2),
    ]
    var board = try twoDrops(edges: 4, .none)
    var description = board.description
    description.faults = faults
    board = try AnalogBoard(description: description, seed: 1, sources: [0, 1], targets: [2])
    try board.drive(0, 0.2)
    for (lead, clamp) in [(0.3, 0.1), (0.1, 0.3), (0.05, 0.1), (0.35, 0.3)] {
      try board.drive(1, lead)
      try board.clamp(0, clamp)
      let dropF = try 0.2 - board.freeVoltages(at: .zero)[2]
      let dropC = try 0.2 - board.clampedVoltages(at: .zero)[2]
      let bits = try board.comparisons().map(\.bits)
      #expect(bits.map { $0 & 1 } == [dropF > dropC ? 1 : 0, 0, 1, dropF > dropC ? 1 : 0])
      #expect(bits.allSatisfy { ($0 & 2 == 2) == (dropF > -dropC) })
    }
  }

  @Test func `a board whose edges have a rule of their own compares nothing`() throws {
    var board = try DirectBoard(
      bench(edges: 2, update: .multiplier, imperfections: .none))
    let before = board.time
    var bits = [Comparison](repeating: Comparison(bits: 3), count: 2)
    var span = bits.mutableSpan
    try board.compare(into: &span)
    #expect(bits.allSatisfy { $0.bits == 3 })
    #expect(board.time == before)
  }
}
