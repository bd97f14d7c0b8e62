/// How the clock of a run is read off that of a capture: run = anchor + rate x (capture - its anchor).
struct CaptureClock: Sendable, Equatable {
  /// A time of the capture, ns.
  var seen: Double
  /// The time of the run at that moment, ns.
  var run: Double
  /// How much of the run goes by in a nanosecond of the capture.
  var rate: Double

  /// The time of the run at a time of the capture, ns.
  func run(at seen: Int64) -> Double { run + (Double(seen) - self.seen) * rate }

  /// The time of the capture at a time of the run, ns.
  func seen(at run: Double) -> Double { seen + (run - self.run) / rate }
}

/// An output as it was commanded, and as a channel shows it.
struct WatchedOutput: Sendable {
  /// The line.
  let line: Int
  /// When it was told to change.
  let commanded: [CommandedLines.Moment]
  /// Its level before that.
  let commandedHigh: Bool
  /// When the channel changed, ns of the capture.
  let seen: [Int64]
  /// The channel's level before that.
  let seenHigh: Bool

  /// Brings a line and a channel together.
  ///
  /// - Parameters:
  ///   - line: the output.
  ///   - lines: what was commanded.
  ///   - channel: what was seen.
  ///   - isInverted: whether the channel shows the opposite of what it is taken for.
  init(
    _ line: Int, of lines: CommandedLines, _ channel: Capture.Channel, isInverted: Bool = false
  ) {
    self.line = line
    commanded = lines.changes[line]
    commandedHigh = lines.level(of: line, after: 0)
    seen = channel.changes
    seenHigh = channel.initial != isInverted
  }

  /// Whether a commanded change rises.
  func rises(commanded change: Int) -> Bool { commandedHigh == (change & 1 == 1) }

  /// Whether a change that was seen rises.
  func rises(seen change: Int) -> Bool { seenHigh == (change & 1 == 1) }

  /// The first commanded change that may come at this time of the run or after it.
  func firstCommanded(from time: Double) -> Int {
    firstIndex(in: commanded.count) { Double(commanded[$0].latest) >= time }
  }

  /// The first change that was seen at this time of the capture or after it.
  func firstSeen(from time: Double) -> Int {
    firstIndex(in: seen.count) { Double(seen[$0]) >= time }
  }
}

/// The first index below a count at which something holds that holds from there on.
func firstIndex(in count: Int, where holds: (Int) -> Bool) -> Int {
  var low = 0
  var high = count
  while low < high {
    let middle = (low + high) / 2
    if holds(middle) { high = middle } else { low = middle + 1 }
  }
  return low
}
