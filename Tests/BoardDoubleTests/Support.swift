import Circuit
import Elements
import Files
import Firmware
import Foundation
import Portable
import BoardDouble

/// The folder of the package, from this file's place in it.
let packageRoot = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

/// A shipped board by name.
func shippedBoard(_ name: String) throws -> BoardDescription {
  try BoardDescription.read(path: try locate(name, kind: .board, near: [packageRoot]))
}

/// Random numbers of the tests' own; the purpose is none of the board's.
struct Dice {
  private let draw: Draw
  private var event: UInt64 = 0

  init(_ seed: UInt64) { draw = Draw(seed: seed, purpose: 90_001, device: 0) }

  mutating func number(_ range: ClosedRange<Double>) -> Double {
    event += 1
    return range.lowerBound + (range.upperBound - range.lowerBound) * draw.uniform(event)
  }

  mutating func index(below bound: Int) -> Int {
    event += 1
    return draw.index(event, below: bound)
  }
}

extension Sequence where Element == Double {
  /// The root mean square.
  var rms: Double {
    var sum = 0.0
    var count = 0.0
    for value in self {
      sum += value * value
      count += 1
    }
    return (sum / count).squareRoot()
  }

  /// The mean.
  var mean: Double {
    var sum = 0.0
    var count = 0.0
    for value in self {
      sum += value
      count += 1
    }
    return sum / count
  }
}

extension DirectBoard {
  /// Captures the comparators of all learning edges.
  mutating func comparisons() throws -> [Comparison] {
    var bits = [Comparison](repeating: Comparison(bits: 0), count: analog.learningEdges.count)
    var span = bits.mutableSpan
    try compare(into: &span)
    return bits
  }

  /// A pulse that drives every edge the same way.
  mutating func pulse(_ width: Nanoseconds, _ drive: Drive = .hold) throws -> Nanoseconds {
    let drives = [Drive](repeating: drive, count: analog.learningEdges.count)
    return try pulse(width: width, drives: drives.span)
  }

  var gates: [Double] {
    var copy = self
    return copy.withAnalog { analog, time in analog.gates(at: time) }
  }

  var freeVoltages: [Double] {
    get throws {
      var copy = self
      return try copy.withAnalog { analog, time in try analog.freeVoltages(at: time) }
    }
  }

  var clampedVoltages: [Double] {
    get throws {
      var copy = self
      return try copy.withAnalog { analog, time in try analog.clampedVoltages(at: time) }
    }
  }

  mutating func setGates(_ gates: [Double]) {
    withAnalog { analog, time in analog.setGates(gates, at: time) }
  }
}

extension AnalogBoard {
  /// Captures the comparators of all learning edges.
  mutating func comparisons(at time: Nanoseconds = .zero) throws -> [Comparison] {
    var bits = [Comparison](repeating: Comparison(bits: 0), count: learningEdges.count)
    var span = bits.mutableSpan
    try capture(at: time, into: &span)
    return bits
  }

  /// Lets all edges learn, each driven the same way.
  mutating func learn(_ drive: Drive, from start: Nanoseconds = .zero, to end: Nanoseconds) throws {
    let drives = [Drive](repeating: drive, count: learningEdges.count)
    try learn(from: start, to: end, drives: drives.span)
  }

  /// Drives a source to a voltage, as near as its converter comes.
  mutating func drive(_ source: Int, _ volts: Double) throws {
    try setSource(source, code: converter.code(for: Voltage(volts: volts)))
  }

  /// Clamps a target to a voltage, as near as its converter comes.
  mutating func clamp(_ target: Int, _ volts: Double) throws {
    try setClamp(target, code: converter.code(for: Voltage(volts: volts)))
  }
}

/// A bench of parts whose voltages are known without solving anything:
///
/// * `count` learning edges, all between the driven nodes S0 and S1;
/// * target T0 that nothing but its clamp reaches;
/// * target T1 that is joined to S1 by 1 ohm, so that it stands at the voltage of S1.
func bench(
  edges count: Int, update: UpdateKind = .comparator, imperfections: Imperfections,
  faults: [Fault] = [], readNoise: Double = 0
) -> BoardDescription {
  var edges = (0..<count).map { EdgeDescription(name: "e\($0)", from: 0, to: 1) }
  edges.append(EdgeDescription(name: "wire", from: 1, to: 3, part: .fixed(.resistor(ohms: 1))))
  return BoardDescription(
    name: "bench", nodes: ["S0", "S1", "T0", "T1"], edges: edges,
    gates: GateDescription(update: update), sources: [0, 1], targets: [2, 3],
    converters: ConverterDescription(readNoise: readNoise), imperfections: imperfections,
    faults: faults)
}

extension AnalogBoard {
  /// Powers up a bench.
  init(bench description: BoardDescription, seed: UInt64 = 1) throws {
    try self.init(
      description: description, seed: seed, sources: description.sources,
      targets: description.targets)
  }

  /// The transistors of the free twin's learning edges.
  var freeTransistors: [Transistor] {
    get throws {
      let network = try freeTwin(sources: []).network
      return learningEdges.compactMap { edge in
        guard case .transistor(let transistor, _) = network.branches[edge].element else {
          return nil
        }
        return transistor
      }
    }
  }
}

extension DirectBoard {
  /// Powers up a board on its default nodes.
  init(_ description: BoardDescription, seed: UInt64 = 1) throws {
    try self.init(
      description: description, seed: seed, sources: description.sources,
      targets: description.targets)
  }
}
