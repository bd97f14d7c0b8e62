import Circuit
import Elements
import Files
import Firmware
import Testing
import BoardDouble

/// Sources, clamps and readings go through 12-bit converters of 1.024 V: a code is 0.25 mV.
@Suite struct ConverterTests {
  private static let leastStep = 0.25e-3

  private func sizes(_ change: (inout Imperfections) -> Void = { _ in }) -> Imperfections {
    var sizes = Imperfections.none
    sizes.quantise = true
    change(&sizes)
    return sizes
  }

  @Test func `a source stands at its code times 0.25 mV`() throws {
    var board = try AnalogBoard(bench: bench(edges: 1, imperfections: sizes()))
    for code: UInt32 in [0, 1, 2, 777, 1812, 4095] {
      try board.setSource(0, code: code)
      try board.setClamp(0, code: code)
      #expect(try abs(board.freeVoltages(at: .zero)[0] - Double(code) * Self.leastStep) < 1e-12)
      #expect(try abs(board.clampedVoltages(at: .zero)[0] - Double(code) * Self.leastStep) < 1e-12)
      // The clamp's 100 ohm against a leak of 1e-12 S.
      #expect(try abs(board.clampedVoltages(at: .zero)[2] - Double(code) * Self.leastStep) < 1e-9)
    }
    try board.setSource(0, code: 1_000_000)
    #expect(try abs(board.freeVoltages(at: .zero)[0] - 4095 * Self.leastStep) < 1e-12)
  }

  @Test func `a wanted voltage becomes the nearest code`() throws {
    var board = try DirectBoard(bench(edges: 1, imperfections: sizes()))
    for microvolts: Int32 in [0, 124, 126, 374, 376, 99_900, 200_110, 450_000] {
      try board.drive(source: 1, at: .microvolts(microvolts))
      let nearest = (Double(microvolts) / 250).rounded() * Self.leastStep
      #expect(try abs(board.freeVoltages[1] - nearest) < 1e-12)
      #expect(try abs(board.measure(target: 1).volts - nearest) < 1e-7)
    }
  }

  @Test func `a reading between two codes becomes the nearer one`() throws {
    let description = BoardDescription(
      name: "divider", nodes: ["A", "B", "T"],
      edges: [
        EdgeDescription(name: "near", from: 0, to: 2, part: .fixed(.resistor(ohms: 1e3))),
        EdgeDescription(name: "far", from: 1, to: 2, part: .fixed(.resistor(ohms: 3e3))),
      ], sources: [0, 1], targets: [2], converters: ConverterDescription(readNoise: 0),
      imperfections: sizes())
    var board = try AnalogBoard(bench: description)
    for (one, other, nearest) in [
      (800, 801, 800), (800, 803, 801), (801, 800, 801), (804, 801, 803),
    ]
      as [(UInt32, UInt32, UInt32)]
    {
      try board.setSource(0, code: one)
      try board.setSource(1, code: other)
      #expect(try board.sampleTarget(0, at: .zero) == nearest)
    }
  }

  @Test func `without rounding a reading is right to a microvolt`() throws {
    var board = try DirectBoard(bench(edges: 1, imperfections: .none))
    for microvolts: Int32 in [0, 7, 123, 77_777, 333_333, 450_001] {
      try board.drive(source: 1, at: .microvolts(microvolts))
      #expect(try abs(board.measure(target: 1).volts - Double(microvolts) * 1e-6) < 2e-7)
    }
  }

  @Test func `the reading's curve stays within one step and is closed at both ends`() throws {
    var largest = 0
    for seed: UInt64 in 1...20 {
      var board = try AnalogBoard(
        bench: bench(edges: 1, imperfections: sizes { $0.adcINL = 1 }), seed: seed)
      for code: UInt32 in Array(stride(from: 0, through: 4095, by: 63)) {
        try board.setSource(1, code: code)
        let off = Int(try board.sampleTarget(1, at: .zero)) - Int(code)
        #expect(abs(off) <= 1)
        if code == 0 || code == 4095 { #expect(off == 0) }
        largest = max(largest, abs(off))
      }
    }
    #expect(largest == 1)
  }

  @Test func `the source's curve stays within two steps and is closed at both ends`() throws {
    var errors: [Double] = []
    for seed: UInt64 in 1...50 {
      var board = try AnalogBoard(
        bench: bench(edges: 1, imperfections: sizes { $0.dacINL = 2 }), seed: seed)
      try board.setSource(0, code: 0)
      #expect(try board.freeVoltages(at: .zero)[0] == 0)
      for knot: UInt32 in 1...15 {
        try board.setSource(0, code: knot * 256)
        errors.append(try board.freeVoltages(at: .zero)[0] / Self.leastStep - Double(knot * 256))
      }
      try board.setSource(0, code: 4095)
      #expect(try abs(board.freeVoltages(at: .zero)[0] / Self.leastStep - 4095) < 0.01)
    }
    #expect(errors.allSatisfy { abs($0) <= 2 + 1e-9 })
    // Uniform within two steps.
    #expect(abs(errors.rms - 2 / 3.0.squareRoot()) < 0.1)
  }

  @Test func `offsets and gains are as large as they are said to be`() throws {
    var offsets: [Double] = []
    var gains: [Double] = []
    var clamps: [Double] = []
    for seed: UInt64 in 1...400 {
      let size = sizes {
        $0.dacOffset = 0.2e-3
        $0.dacGain = 1e-3
      }
      var board = try AnalogBoard(bench: bench(edges: 1, imperfections: size), seed: seed)
      for source in 0..<2 {
        try board.setSource(source, code: 0)
        let offset = try board.freeVoltages(at: .zero)[source]
        try board.setSource(source, code: 4000)
        offsets.append(offset)
        gains.append(try board.freeVoltages(at: .zero)[source] - offset - 1)
      }
      var other = try AnalogBoard(
        bench: bench(edges: 1, imperfections: sizes { $0.clampOffset = 0.010 }), seed: seed)
      try other.setClamp(0, code: 800)
      try other.setClamp(1, code: 0)
      clamps.append(try other.clampedVoltages(at: .zero)[2] - 0.2)
    }
    #expect(abs(offsets.rms / 0.2e-3 - 1) < 0.12)
    #expect(abs(gains.rms / 1e-3 - 1) < 0.12)
    #expect(abs(clamps.rms / 0.010 - 1) < 0.16)
  }

  @Test func `a reading's offset and gain are as large as they are said to be`() throws {
    var offsets: [Double] = []
    var gains: [Double] = []
    for seed: UInt64 in 1...400 {
      // Without rounding, so that the offset itself is read; a source well above zero, so that no
      // reading is cut off there.
      var size = Imperfections.none
      size.adcOffset = 0.3125e-3
      size.adcGain = 0.5e-3
      var board = try DirectBoard(bench(edges: 1, imperfections: size), seed: seed)
      try board.drive(source: 1, at: .millivolts(100))
      let low = try board.measure(target: 1).volts
      try board.drive(source: 1, at: .millivolts(900))
      let gain = (try board.measure(target: 1).volts - low) / 0.8 - 1
      gains.append(gain)
      offsets.append(low - 0.1 * (1 + gain))
    }
    #expect(abs(offsets.rms / 0.3125e-3 - 1) < 0.16)
    #expect(abs(gains.rms / 0.5e-3 - 1) < 0.16)
  }

  @Test func `readings scatter by their noise and their rounding`() throws {
    var board = try AnalogBoard(
      bench: bench(edges: 1, imperfections: sizes(), readNoise: 0.5e-3))
    try board.setSource(1, code: 1000)
    let readings = try (0..<4000).map { _ in Double(try board.sampleTarget(1, at: .zero)) - 1000 }
    // 2 steps rms of noise, and 1/12 of a step squared from rounding.
    let expected = (4 + 1.0 / 12).squareRoot()
    #expect(abs(readings.rms / expected - 1) < 0.05)
    #expect(abs(readings.mean) < 4 * expected / 4000.0.squareRoot())
  }

  @Test func `targets measured in another order read the same`() throws {
    var description = try shippedBoard("lattice")
    // Leakage alone would make a later reading another one.
    description.imperfections.leakLowest = 0
    description.imperfections.leakHighest = 0
    func readings(_ order: [Int]) throws -> [Int: [Voltage]] {
      var board = try DirectBoard(description, seed: 9)
      board.setGates([Double](repeating: 2.2, count: 32))
      for source in 0..<8 {
        try board.drive(source: source, at: .millivolts(Int32(source * 50)))
      }
      var readings: [Int: [Voltage]] = [:]
      for _ in 0..<10 {
        for target in order {
          readings[target, default: []].append(try board.measure(target: target))
        }
      }
      return readings
    }
    let one = try readings([0, 1, 2, 3])
    #expect(try readings([3, 1, 0, 2]) == one)
    #expect(try readings([2, 0])[2] == one[2])
    // The noise is there to be moved.
    #expect(Set(one[0]!.map(\.units)).count > 1)
  }

  @Test func `channels that do not exist are ignored`() throws {
    var board = try DirectBoard(bench(edges: 2, imperfections: .none))
    let before = board.state.analog
    try board.drive(source: 2, at: .millivolts(100))
    try board.drive(source: -1, at: .millivolts(100))
    try board.clamp(target: 7, at: .millivolts(100))
    try board.release(target: -3)
    _ = try board.measure(target: 9)
    #expect(board.state.analog == before)
  }
}
