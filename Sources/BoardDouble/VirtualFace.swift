public import Files
public import Firmware

/// Either face of the double: the direct one, or the wired board over virtual pins. On the same
/// description, seed and commands both give the same bits.
public protocol VirtualFace: LearningBoard {
  /// Powers up a board.
  ///
  /// - Parameters:
  ///   - description: the board.
  ///   - seed: the seed of every draw.
  ///   - sources: the node of each source channel.
  ///   - targets: the node of each target channel.
  /// - Throws: `CircuitError` for what is no circuit, `WiringError` for what has no pins.
  init(description: BoardDescription, seed: UInt64, sources: [Int], targets: [Int]) throws

  /// The analog board behind the face.
  var analog: AnalogBoard { get }

  /// The virtual time.
  var time: Nanoseconds { get }

  /// The part that changes, for a checkpoint between training steps.
  var state: VirtualState { get }

  /// Puts a board of the same description, seed and placement into a state.
  /// - Throws: `StateMismatch` or `CircuitError` when the state is not one of such a board; the
  ///   board is then unchanged.
  mutating func restore(_ saved: VirtualState) throws

  /// Lets virtual time pass with everything as it is; gates leak.
  mutating func wait(_ duration: Nanoseconds)

  /// Changes the analog board behind the face, as somebody at the bench would.
  mutating func withAnalog<Result, Thrown: Error>(
    _ body: (inout AnalogBoard, Nanoseconds) throws(Thrown) -> Result
  ) throws(Thrown) -> Result
}

/// Everything about the double that changes, between training steps; the same for both faces.
public struct VirtualState: Sendable, Equatable, Codable {
  /// The analog board's part.
  public internal(set) var analog: AnalogBoard.State
  var time: Int64
  /// The code that each source was set to last; -1 for none.
  var sourceCodes: [Int64]
  /// The code that each clamp was set to last; -1 for a released one.
  var clampCodes: [Int64]
  var lastPulseEnd: Int64
  var lastPulseWasLong: Bool

  /// The times that a state may have, ns: up to a hundred years.
  static let times: ClosedRange<Int64> = -1...3_200_000_000_000_000_000
  /// What a saved count of clock edges may be.
  static let counts = 0...Int(1) << 60

  func check(sources: Int, targets: Int) throws(StateMismatch) {
    let codes: ClosedRange<Int64> = -1...0xff_ffff
    guard sourceCodes.count == sources && clampCodes.count == targets,
      (sourceCodes + clampCodes).allSatisfy(codes.contains),
      VirtualState.times.contains(time), VirtualState.times.contains(lastPulseEnd),
      max(lastPulseEnd, analog.gatesTime) <= time
    else { throw StateMismatch() }
  }
}

/// The wired board over virtual pins.
public typealias PinBoard = WiredBoard<VirtualPins>

extension WiredBoard: VirtualFace where L == VirtualPins {
  /// Powers up a board behind its pins.
  public init(description: BoardDescription, seed: UInt64, sources: [Int], targets: [Int]) throws {
    let pins = try VirtualPins(
      description: description, seed: seed, sources: sources, targets: targets)
    self.init(lines: pins, wiring: pins.wiring)
  }

  /// The analog board behind the pins.
  public var analog: AnalogBoard { lines.analog }

  /// The virtual time.
  public var time: Nanoseconds { lines.time }

  /// The part that changes, for a checkpoint between training steps.
  public var state: VirtualState {
    VirtualState(
      analog: lines.analog.state, time: lines.time.count,
      sourceCodes: (0..<wiring.sourceCount).map { Int64(sourceCodes[$0]) },
      clampCodes: (0..<wiring.targetCount).map { Int64(clampCodes[$0]) },
      lastPulseEnd: lastPulseEnd.count, lastPulseWasLong: lastPulseWasLong)
  }

  /// Puts a board of the same description, seed and placement into a state.
  public mutating func restore(_ saved: VirtualState) throws {
    try saved.check(sources: wiring.sourceCount, targets: wiring.targetCount)
    try lines.analog.restore(saved.analog)
    lines.restore(
      time: Nanoseconds(saved.time), lastPulseEnd: Nanoseconds(saved.lastPulseEnd),
      lastPulseWasLong: saved.lastPulseWasLong)
    for (source, code) in saved.sourceCodes.enumerated() { sourceCodes[source] = Int32(code) }
    for (target, code) in saved.clampCodes.enumerated() { clampCodes[target] = Int32(code) }
    lastPulseEnd = Nanoseconds(saved.lastPulseEnd)
    lastPulseWasLong = saved.lastPulseWasLong
  }

  /// Lets virtual time pass with everything as it is; gates leak.
  public mutating func wait(_ duration: Nanoseconds) { lines.wait(duration) }

  /// Changes the analog board behind the pins, as somebody at the bench would.
  public mutating func withAnalog<Result, Thrown: Error>(
    _ body: (inout AnalogBoard, Nanoseconds) throws(Thrown) -> Result
  ) throws(Thrown) -> Result {
    try body(&lines.analog, lines.time)
  }
}
