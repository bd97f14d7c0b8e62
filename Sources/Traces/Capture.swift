/// What a logic analyser saw at a board's lines, by its own clock.
package struct Capture: Sendable, Equatable {
  /// One channel.
  package struct Channel: Sendable, Equatable {
    /// What the analyser calls it.
    package var name: String
    /// Its level as the capture begins.
    package var initial: Bool
    /// When it changed, ns; each change turns the level.
    package var changes: [Int64]

    /// Makes a channel.
    ///
    /// - Parameters:
    ///   - name: its name.
    ///   - initial: its first level.
    ///   - changes: when it changed, ns, in order.
    package init(name: String, initial: Bool, changes: [Int64]) {
      self.name = name
      self.initial = initial
      self.changes = changes
    }
  }

  /// The channels, in the order of the file.
  package var channels: [Channel]
  /// When the capture begins and ends, ns.
  package var span: ClosedRange<Int64>
  /// The time between two samples, ns: a change at t came after the sample at t less this.
  package var samplePeriod: Int64

  /// Makes a capture.
  ///
  /// - Parameters:
  ///   - channels: what was seen.
  ///   - span: when it begins and ends, ns.
  ///   - samplePeriod: the time between two samples, ns.
  package init(channels: [Channel], span: ClosedRange<Int64>, samplePeriod: Int64) {
    self.channels = channels
    self.span = span
    self.samplePeriod = samplePeriod
  }
}

/// A capture that cannot be read.
package struct CaptureError: Error, Equatable, CustomStringConvertible {
  /// The line of the file at fault, from 1; 0 where it is none's.
  package let line: Int
  /// What is wrong with it, and what there should be.
  package let message: String

  /// The error in words.
  package var description: String {
    (line == 0 ? "" : "line \(line) of ") + "the capture: \(message)"
  }
}
