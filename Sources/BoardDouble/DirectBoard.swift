public import Circuit
public import Files
public import Firmware
public import Wiring

/// The double's direct face: the board behind the second boundary, without pins, in virtual time.
///
/// Every operation takes the time that it takes on the wired board; physics is `AnalogBoard`.
public struct DirectBoard: VirtualFace, Sendable {
  /// A circuit without a solution: no result is given in its place.
  public typealias Failure = CircuitError

  /// The analog board behind the face.
  public private(set) var analog: AnalogBoard
  /// How long the operations take.
  public let times: OperationTimes
  /// The virtual time.
  public private(set) var time: Nanoseconds

  private var sourceCodes: [Int64]
  private var clampCodes: [Int64]
  private var lastPulseEnd: Nanoseconds
  private var lastPulseWasLong: Bool

  /// Powers up a board.
  ///
  /// - Parameters:
  ///   - description: the board.
  ///   - seed: the seed of every draw.
  ///   - sources: the node of each source channel.
  ///   - targets: the node of each target channel.
  /// - Throws: `CircuitError` when the network or the placement is not a circuit, `LinesMissing` where the
  ///   description has faults of lines.
  public init(description: BoardDescription, seed: UInt64, sources: [Int], targets: [Int]) throws {
    if let error = LinesMissing(for: description) { throw error }
    analog = try AnalogBoard(
      description: description, seed: seed, sources: sources, targets: targets)
    times = OperationTimes(description: description)
    time = .zero
    sourceCodes = Array(repeating: -1, count: sources.count)
    clampCodes = Array(repeating: -1, count: targets.count)
    lastPulseEnd = .zero
    lastPulseWasLong = false
  }

  /// Comparator edges can be compared, driven one by one and anti-nudged; multiplier edges follow
  /// their own rule.
  public var abilities: Abilities {
    switch analog.description.gates.update {
    case .comparator: .sign.union(.perEdgeHold).union(.antiNudge)
    case .multiplier: .analogRule.union(.antiNudge)
    }
  }

  /// The one-shot's time.
  public var longestPulse: Nanoseconds { times.timer }

  /// Sets a source's converter to the nearest code; a wired rail stays as it is.
  public mutating func drive(source: Int, at voltage: Voltage) throws(CircuitError) {
    let code = analog.converter.code(for: voltage)
    guard sourceCodes.indices.contains(source), sourceCodes[source] != Int64(code),
      analog.rails[source] == nil
    else { return }
    sourceCodes[source] = Int64(code)
    pass(times.convert)
    try analog.setSource(source, code: code)
  }

  /// Lets the settling time pass.
  public mutating func settle() {
    wait(times.settle)
  }

  /// Samples a target of the free twin; to half a code, beside the converter's errors.
  public mutating func measure(target: Int) throws(CircuitError) -> Voltage {
    guard clampCodes.indices.contains(target) else { return .zero }
    pass(times.measureBeforeSample)
    let code = try analog.sampleTarget(target, at: time)
    pass(times.measureAfterSample)
    return analog.converter.voltage(of: code)
  }

  /// Sets a clamp's converter to the nearest code.
  public mutating func clamp(target: Int, at voltage: Voltage) throws(CircuitError) {
    let code = analog.converter.code(for: voltage)
    guard clampCodes.indices.contains(target), clampCodes[target] != Int64(code) else { return }
    clampCodes[target] = Int64(code)
    pass(times.convert)
    try analog.setClamp(target, code: code)
  }

  /// Shuts a clamp down.
  public mutating func release(target: Int) throws(CircuitError) {
    guard clampCodes.indices.contains(target), clampCodes[target] >= 0 else { return }
    clampCodes[target] = -1
    pass(times.convert)
    try analog.setClamp(target, code: nil)
  }

  /// Captures all comparators and reads them.
  public mutating func compare(
    into comparisons: inout MutableSpan<Comparison>
  ) throws(CircuitError) {
    if abilities.contains(.analogRule) { return }
    pass(times.compareBeforeCapture)
    try analog.capture(at: time, into: &comparisons)
    pass(times.compareAfterCapture)
  }

  /// Lets the gates learn; the end is late by the jitter and one operation.
  public mutating func pulse(
    width: Nanoseconds, drives: Span<Drive>
  ) throws(CircuitError) -> Nanoseconds {
    pass(times.pulsePreparation)
    if lastPulseWasLong && time < lastPulseEnd + times.rest {
      wait(lastPulseEnd + times.rest - time)
    }
    pass(times.operation)
    let start = time
    let late = analog.disturbances.lateness(at: start)
    pass((.zero < width ? width : .zero) + analog.lateness + late)
    pass(times.operation)
    let asked = time - start
    let lasted = times.timer < asked ? times.timer : asked
    try analog.learn(from: start, to: start + lasted, drives: drives)
    lastPulseEnd = time
    // The wired board's own writes may be part of it.
    lastPulseWasLong = times.timer.half < asked + times.operation
    return lasted
  }

  /// The virtual time.
  public mutating func now() -> Nanoseconds { time }

  /// Lets virtual time pass with everything as it is; gates leak.
  public mutating func wait(_ duration: Nanoseconds) {
    let late = analog.disturbances.lateness(at: time)
    pass((.zero < duration ? duration : .zero) + late)
  }

  /// Lets so much time pass, and what happens to the clock meanwhile.
  private mutating func pass(_ duration: Nanoseconds) {
    time = analog.disturbances.end(of: time + duration, from: time)
  }

  /// Changes the analog board behind the face, as somebody at the bench would.
  public mutating func withAnalog<Result, Thrown: Error>(
    _ body: (inout AnalogBoard, Nanoseconds) throws(Thrown) -> Result
  ) throws(Thrown) -> Result {
    try body(&analog, time)
  }

  /// The part that changes, for a checkpoint.
  public var state: VirtualState {
    VirtualState(
      analog: analog.state, time: time.count, sourceCodes: sourceCodes, clampCodes: clampCodes,
      lastPulseEnd: lastPulseEnd.count, lastPulseWasLong: lastPulseWasLong)
  }

  /// Puts a board of the same description, seed and placement into a state.
  /// - Throws: `StateMismatch` or `CircuitError` when the state is not one of such a board; the
  ///   board is then unchanged.
  public mutating func restore(_ saved: VirtualState) throws {
    try saved.check(sources: sourceCodes.count, targets: clampCodes.count)
    try analog.restore(saved.analog)
    time = Nanoseconds(saved.time)
    sourceCodes = saved.sourceCodes
    clampCodes = saved.clampCodes
    lastPulseEnd = Nanoseconds(saved.lastPulseEnd)
    lastPulseWasLong = saved.lastPulseWasLong
  }
}

/// A board whose description has faults of lines or of chips at selects was asked for direct, without any.
public struct LinesMissing: Error, CustomStringConvertible {
  /// The error in words: what, and what to do.
  public let description: String

  /// The error for a board; `nil` where it has no such faults.
  ///
  /// - Parameter board: the board.
  public init?(for board: BoardDescription) {
    guard let fault = board.lineFaults.first else { return nil }
    description =
      "the fault \(fault.words) of board \(board.name) needs lines, and the double direct has none: "
      + "allowed is --target pins; or take the fault out of the board's file"
  }
}
