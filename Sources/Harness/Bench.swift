import Files
import Firmware
import Runs
import Targets

/// What phases do to a board, in words.
extension OpenTarget {
  /// Drives the sources high or low.
  mutating func drive(_ high: [Bool], _ subject: Subject) throws {
    try drive(high.map { $0 ? subject.description.nodeHighest : subject.description.nodeLowest })
  }

  /// Drives the sources, V, and waits until all has settled.
  mutating func drive(_ volts: [Double]) throws {
    for (channel, volts) in volts.enumerated() {
      try session.board.drive(source: channel, at: Voltage(volts: volts))
    }
    try session.board.settle()
  }

  /// The mean of some readings of a target, V.
  mutating func measure(_ target: Int, times: Int = 8) throws -> Double {
    var sum = 0.0
    for _ in 0..<times { sum += try session.board.measure(target: target).volts }
    return sum / Double(times)
  }

  /// All comparisons.
  mutating func compare() throws -> [Comparison] {
    var bits = [Comparison](repeating: Comparison(bits: 0), count: session.controllers.count)
    var span = bits.mutableSpan
    try session.board.compare(into: &span)
    return bits
  }

  /// Brings gates to voltages by the controllers' account of them.
  mutating func program(_ gates: [Double], _ log: PhaseLog) throws {
    let ended = try session.program(
      gates, shortest: .microseconds(200), limit: 400, stopping: log.stopping)
    if !ended { throw Stopped() }
  }

  /// What a view shows at gates that are given: the mean of 16 readings of its target, V.
  mutating func see(
    _ view: Subject.View, at gates: [Double], _ log: PhaseLog, _ subject: Subject
  ) throws -> Double {
    try program(gates, log)
    try drive(view.high, subject)
    return try measure(view.target, times: 16)
  }

  /// The gates at which boards begin, V.
  func initialGates(_ subject: Subject) -> [Double] {
    [Double](repeating: subject.description.gates.initial, count: session.controllers.count)
  }

  /// Releases every clamp.
  mutating func releaseAll(_ subject: Subject) throws {
    for channel in subject.targets.indices { try session.board.release(target: channel) }
  }
}
