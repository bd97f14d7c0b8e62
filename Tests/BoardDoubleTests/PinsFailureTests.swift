import Firmware
import Testing

/// Lines that fail at a chosen call after LEARN has risen.
private struct FailingLines: Lines {
  struct Failure: Error {}

  var wiring: BoardWiring
  var callsUntilFailure: Int
  var learning = false
  var time = Nanoseconds.zero

  private mutating func count() throws(Failure) {
    guard learning else { return }
    callsUntilFailure -= 1
    if callsUntilFailure == 0 { throw Failure() }
  }

  mutating func write(_ levels: LineSet, mask: LineSet) throws(Failure) {
    try count()
    if mask.meets(wiring.learn) { learning = levels.meets(wiring.learn) }
  }
  mutating func read(mask: LineSet) throws(Failure) -> LineSet {
    try count()
    return .none
  }
  mutating func wait(_ duration: Nanoseconds) throws(Failure) { try count() }
  mutating func now() throws(Failure) -> Nanoseconds {
    try count()
    return time
  }
}

@Suite struct PinsFailureTests {
  @Test(arguments: 1...3)
  func `whatever call fails while LEARN is on, LEARN is taken back and the failure passed on`(
    _ call: Int
  ) throws {
    var wiring = BoardWiring(
      kind: .direct, selectCount: 0, chainSelect: 0,
      converter: Converter(bits: 12, reference: .millivolts(1024)), settle: .zero,
      timer: .milliseconds(19), rest: .milliseconds(3))
    wiring.edgeCount = 1
    var board = WiredBoard(
      lines: FailingLines(wiring: wiring, callsUntilFailure: call), wiring: wiring)
    let drives: [Drive] = [.charge]
    #expect(throws: (any Error).self) {
      try board.pulse(width: .milliseconds(1), drives: drives.span)
    }
    #expect(!board.lines.learning)
  }
}
