import Circuit
import Elements
import Files
import Firmware
import Testing
import BoardDouble
import Wiring

/// What an experimenter can find out about a bench, by the name of what it tells.
private struct Fingerprint {
  var parts: [String: [Double]] = [:]

  init(_ size: Imperfections, seed: UInt64) throws {
    var board = try AnalogBoard(bench: bench(edges: 12, imperfections: size), seed: seed)
    parts["thresholds"] = try board.freeTransistors.map(\.threshold)
    parts["strengths"] = try board.freeTransistors.map(\.strength)
    parts["leakage"] = board.parts.leakage
    parts["bias"] = board.parts.bias
    parts["supply"] = [board.parts.supply]

    var dac: [Double] = []
    var clamp: [Double] = []
    for code: UInt32 in [0, 300, 1000, 1700, 2500, 4095] {
      try board.setSource(0, code: code)
      try board.setSource(1, code: code)
      try board.setClamp(0, code: code)
      dac += try board.freeVoltages(at: .zero)[0...1]
      clamp.append(try board.clampedVoltages(at: .zero)[2])
    }
    parts["sources"] = dac
    parts["clamps"] = clamp

    board.setGates([Double](repeating: 2, count: 12), at: .zero)
    try board.learn(.charge, to: .milliseconds(5))
    try board.learn(.charge, from: .milliseconds(5), to: .milliseconds(8))
    parts["charging"] = board.gates(at: .milliseconds(8))

    // The rest would also see the sources' errors: take those away in both boards.
    var still = size
    still.dacOffset = 0
    still.dacGain = 0
    still.dacINL = 0
    still.clampOffset = 0
    var direct = try DirectBoard(
      bench(edges: 12, imperfections: still, readNoise: 2e-4), seed: seed)
    parts["pulse lengths"] = try (0..<8).map { _ in Double(try direct.pulse(.milliseconds(1)).count)
    }
    var codes: [Double] = []
    for step in 0..<60 {
      try direct.drive(source: 1, at: .millivolts(Int32(step * 17)))
      codes.append(try direct.measure(target: 1).volts)
    }
    parts["readings"] = codes

    var bits: [Double] = []
    var sweep = try AnalogBoard(bench: bench(edges: 12, imperfections: still), seed: seed)
    try sweep.drive(0, 0.5)
    for step in -120...120 {
      // Fine around zero for B's offset, wide for A's averages.
      let far = Double(step) / 120
      try sweep.drive(1, 0.5 - 0.45 * far * far * far)
      bits += try sweep.comparisons().map { Double($0.bits) }
    }
    parts["comparisons"] = bits
  }
}

/// The board's draws: each belongs to one imperfection and moves when that one is switched, alone.
@Suite struct ImperfectionTests {
  private static let sizes: Imperfections = {
    var sizes = Imperfections.measured
    sizes.supplyRipple = 0.02
    return sizes
  }()

  private static let switches:
    [(name: String, off: @Sendable (inout Imperfections) -> Void, changes: Set<String>)] = [
      (
        "update bias",
        {
          $0.updateBias = 0
          $0.updateBiasMedian = 0
        }, ["bias"]
      ),
      ("comparator offset", { $0.comparatorOffset = 0 }, ["comparisons"]),
      ("hysteresis", { $0.comparatorHysteresis = 0 }, ["comparisons"]),
      ("averages", { $0.averageResistors = 0 }, ["comparisons"]),
      ("threshold spread", { $0.thresholdSpread = 0 }, ["thresholds"]),
      ("strength spread", { $0.strengthSpread = 0 }, ["strengths"]),
      ("threshold mismatch", { $0.thresholdMismatch = 0 }, ["thresholds"]),
      ("strength mismatch", { $0.strengthMismatch = 0 }, ["strengths"]),
      ("clamp offset", { $0.clampOffset = 0 }, ["clamps"]),
      ("ADC offset", { $0.adcOffset = 0 }, ["readings"]),
      ("ADC gain", { $0.adcGain = 0 }, ["readings"]),
      ("ADC curve", { $0.adcINL = 0 }, ["readings"]),
      ("DAC offset", { $0.dacOffset = 0 }, ["sources", "clamps"]),
      ("DAC gain", { $0.dacGain = 0 }, ["sources", "clamps"]),
      ("DAC curve", { $0.dacINL = 0 }, ["sources", "clamps"]),
      (
        "leakage",
        {
          $0.leakLowest = 0
          $0.leakHighest = 0
        }, ["leakage", "charging"]
      ),
      ("temperature", { $0.temperatureRise = 10 }, ["thresholds", "strengths", "charging"]),
      ("supply error", { $0.supplyError = 0 }, ["supply", "charging"]),
      ("supply ripple", { $0.supplyRipple = 0 }, ["charging"]),
      ("jitter", { $0.pulseJitter = 0 }, ["pulse lengths"]),
      ("imbalance", { $0.driveImbalance = 0.01 }, ["charging"]),
    ]

  @Test(arguments: switches.indices)
  func `switching one imperfection changes what it should and nothing else`(_ which: Int) throws {
    let (name, off, changes) = Self.switches[which]
    let with = try Fingerprint(Self.sizes, seed: 5)
    var sizes = Self.sizes
    off(&sizes)
    let without = try Fingerprint(sizes, seed: 5)
    for (part, values) in with.parts {
      #expect(
        (values != without.parts[part]) == changes.contains(part),
        "\(name), seen in \(part)")
    }
  }

  @Test func `ideal boards are all alike and real ones all differ`() throws {
    let ideal = try Fingerprint(.none, seed: 1).parts
    #expect(try Fingerprint(.none, seed: 2).parts == ideal)
    let one = try Fingerprint(Self.sizes, seed: 1).parts
    #expect(try Fingerprint(Self.sizes, seed: 1).parts == one)
    for (part, values) in try Fingerprint(Self.sizes, seed: 2).parts {
      #expect(values != one[part], "\(part)")
    }
  }

  @Test func `rounding to codes is one imperfection, the converters' other errors are others`()
    throws
  {
    var errors = Imperfections.none
    errors.adcINL = 1
    errors.dacINL = 2
    errors.quantise = true
    var coarse = try AnalogBoard(bench: bench(edges: 1, imperfections: errors))
    errors.quantise = false
    var fine = try AnalogBoard(bench: bench(edges: 1, imperfections: errors))
    var largest = 0.0
    var worst = 0.0
    for step in 1..<100 {
      let volts = Double(step) * 0.01
      try coarse.drive(0, volts)
      try fine.drive(0, volts)
      let ideal = (volts * 4000).rounded() / 4000
      let error = try coarse.freeVoltages(at: .zero)[0] - ideal
      largest = max(largest, abs(error))
      worst = max(worst, abs(error - (try fine.freeVoltages(at: .zero)[0] - volts)))
    }
    #expect(largest > 1e-4)
    #expect(worst < 5e-5)
  }

  @Test func `spread and mismatch add up`() throws {
    func transistors(_ change: (inout Imperfections) -> Void) throws -> [Transistor] {
      var sizes = Imperfections.measured
      change(&sizes)
      return try AnalogBoard(bench: bench(edges: 50, imperfections: sizes), seed: 3)
        .freeTransistors
    }
    let both = try transistors { _ in }
    let spread = try transistors {
      $0.thresholdMismatch = 0
      $0.strengthMismatch = 0
    }
    let mismatch = try transistors {
      $0.thresholdSpread = 0
      $0.strengthSpread = 0
    }
    for edge in both.indices {
      let threshold = (spread[edge].threshold - 0.7) + (mismatch[edge].threshold - 0.7)
      #expect(abs(both[edge].threshold - 0.7 - threshold) < 1e-14)
      let strength = (spread[edge].strength + mismatch[edge].strength) / 8.5e-4 - 2
      #expect(abs(both[edge].strength / 8.5e-4 - 1 - strength) < 1e-13)
    }
  }

  // MARK: - Sizes

  @Test func `thresholds spread by 100 mV and strengths by 10 percent`() throws {
    var sizes = Imperfections.none
    sizes.thresholdSpread = 0.1
    sizes.strengthSpread = 0.1
    let found = try AnalogBoard(bench: bench(edges: 4000, imperfections: sizes)).freeTransistors
    #expect(abs(found.map(\.threshold).mean - 0.7) < 0.1 * 4 / 4000.0.squareRoot())
    #expect(abs(found.map { $0.threshold - 0.7 }.rms - 0.1) < 0.005)
    #expect(abs(found.map { $0.strength / 8.5e-4 }.mean - 1) < 0.1 * 4 / 4000.0.squareRoot())
    #expect(abs(found.map { $0.strength / 8.5e-4 - 1 }.rms - 0.1) < 0.005)
  }

  @Test func `mismatch is 10 mV and half a percent, and differs between the twins`() throws {
    var sizes = Imperfections.none
    sizes.thresholdMismatch = 0.010
    sizes.strengthMismatch = 0.005
    let found = try AnalogBoard(bench: bench(edges: 4000, imperfections: sizes)).freeTransistors
    #expect(abs(found.map { $0.threshold - 0.7 }.rms - 0.010) < 0.0005)
    #expect(abs(found.map { $0.strength / 8.5e-4 - 1 }.rms - 0.005) < 0.00025)

    // Between 0.2 V and ground two transistors divide; with equal ones the twins would agree.
    var half = BoardDescription(
      name: "divider", nodes: ["S", "G", "T"],
      edges: [
        EdgeDescription(name: "up", from: 0, to: 2), EdgeDescription(name: "down", from: 2, to: 1),
      ], sources: [0, 1], targets: [2], imperfections: sizes)
    var differences: [Double] = []
    for seed: UInt64 in 1...200 {
      var board = try AnalogBoard(bench: half, seed: seed)
      board.setGates([2.2, 2.2], at: .zero)
      try board.drive(0, 0.2)
      differences.append(
        try board.freeVoltages(at: .zero)[2] - board.clampedVoltages(at: .zero)[2])
    }
    // V = 0.2 K1/(K1 + K2) near the middle: each of the four transistors' relative errors moves it
    // by 0.05 V. K = S (2.2 - 0.7 - mean), and the means are 0.15 and 0.05 V.
    let one = (0.005 * 0.005 + (0.010 / 1.4) * (0.010 / 1.4)).squareRoot()
    let expected = 0.05 * 2 * one
    #expect(abs(differences.rms / expected - 1) < 0.2)
    half.imperfections = .none
    half.imperfections.thresholdSpread = 0.1
    var same = try AnalogBoard(bench: half, seed: 1)
    same.setGates([2.2, 2.2], at: .zero)
    try same.drive(0, 0.2)
    // Only the load of the released clamp is left.
    #expect(try abs(same.freeVoltages(at: .zero)[2] - same.clampedVoltages(at: .zero)[2]) < 1.5e-4)
  }

  @Test func `biases have the median 0.4 and the root mean square 1.2 V per s, either sign`() throws
  {
    let bias = try AnalogBoard(
      bench: bench(edges: 20_000, update: .multiplier, imperfections: .measured)
    ).parts.bias
    let sorted = bias.map(abs).sorted()
    #expect(abs(sorted[10_000] - 0.4) < 0.02)
    #expect(abs(bias.rms - 1.2) < 0.18)
    #expect(abs(bias.count { $0 > 0 } - 10_000) < 300)
  }

  @Test func `gates leak 5 to 10 nA and use the whole range`() throws {
    let leakage = try AnalogBoard(bench: bench(edges: 2000, imperfections: .measured)).parts.leakage
    #expect(leakage.allSatisfy { 5e-9 <= $0 && $0 < 10e-9 })
    #expect(leakage.min()! < 5.05e-9 && leakage.max()! > 9.95e-9)
    #expect(abs(leakage.mean - 7.5e-9) < 0.15e-9)
  }

  @Test func `the supply is within one percent`() throws {
    let description = bench(edges: 1, imperfections: .measured)
    let supplies = try (1...400).map { seed in
      try AnalogBoard(bench: description, seed: UInt64(seed)).parts.supply
    }
    #expect(supplies.allSatisfy { abs($0 - 5) <= 0.05 })
    #expect(supplies.min()! < 4.955 && supplies.max()! > 5.045)
    #expect(abs(supplies.mean - 5) < 0.006)
  }

  @Test func `pulses end late by 5 us on average, never early`() throws {
    var sizes = Imperfections.none
    sizes.pulseJitter = 5e-6
    var board = try DirectBoard(bench(edges: 1, imperfections: sizes))
    // 1 ms and the line operation of 2 us that ends it.
    let late = try (0..<4000).map { _ in Double(try board.pulse(.milliseconds(1)).count - 1_002_000)
    }
    #expect(late.allSatisfy { $0 >= 0 })
    #expect(abs(late.mean - 5000) < 5000 * 4 / 4000.0.squareRoot())
    // Exponential: the share beyond two means is exp(-2).
    #expect(abs(Double(late.count { $0 > 10_000 }) / 4000 - 0.1353) < 0.022)
  }

  @Test func `the ripple moves the charging drive from pulse to pulse`() throws {
    var sizes = Imperfections.none
    sizes.supplyRipple = 0.05
    var board = try AnalogBoard(bench: bench(edges: 1, imperfections: sizes))
    let path = ChargePath(ohms: 100e3, farads: 2.2e-6, saturation: 1e-10, ideality: 1.8)
    var moves: [Double] = []
    for pulse in 0..<1000 {
      let start = Nanoseconds.milliseconds(Int64(pulse) * 2)
      board.setGates([2], at: start)
      try board.learn(.charge, from: start, to: start + .milliseconds(1))
      moves.append(board.gates(at: start + .milliseconds(1))[0] - 2)
    }
    let perVolt =
      (path.headroom(from: 2.9, after: 1e-3) - path.headroom(from: 3.1, after: 1e-3)) / 0.2 + 1
    #expect(abs(moves.map { $0 - moves.mean }.rms / (0.05 * perVolt) - 1) < 0.1)
  }

  // MARK: - Temperature

  @Test func `heat lowers thresholds, strengths and the diodes' drop`() throws {
    var sizes = Imperfections.measured
    let cool = try AnalogBoard(bench: bench(edges: 20, imperfections: sizes), seed: 4)
    sizes.temperatureRise = 10
    let warm = try AnalogBoard(bench: bench(edges: 20, imperfections: sizes), seed: 4)
    for (one, other) in zip(try cool.freeTransistors, try warm.freeTransistors) {
      #expect(abs(other.threshold - one.threshold + 0.012) < 1e-12)
      #expect(abs(other.strength / one.strength - 0.95) < 1e-12)
    }
    #expect(abs(warm.parts.chargePaths[0].dropShift + 0.020) < 1e-15)
    #expect(abs(warm.parts.dischargePaths[0].dropShift + 0.020) < 1e-15)
    #expect(warm.parts.leakage == cool.parts.leakage && warm.parts.supply == cool.parts.supply)
  }

  @Test func `imbalance makes the charge path slower and the discharge path faster`() throws {
    var sizes = Imperfections.none
    sizes.driveImbalance = 0.01
    let board = try AnalogBoard(bench: bench(edges: 1, imperfections: sizes))
    #expect(abs(board.parts.chargePaths[0].ohms / board.parts.dischargePaths[0].ohms - 1.01) < 1e-4)
    #expect(
      abs(board.parts.chargePaths[0].ohms + board.parts.dischargePaths[0].ohms - 200e3) < 1e-6)
  }
}
