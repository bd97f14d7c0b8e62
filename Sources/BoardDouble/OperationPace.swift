package import Firmware
import Portable

/// How long operations at the double's lines take on another computer than the board file's, drawn from a
/// seed: nothing waits for a real clock, and the same seed gives the same times.
package struct OperationPace: Sendable {
  /// A computer.
  package enum Computer: String, Sendable, CaseIterable {
    /// Every operation takes ten times as long.
    case slow
    /// A process among others: operations take from half to many times their time, waits end late, and
    /// once in ten thousand operations somebody else has the processor for up to 4 ms.
    case shared
    /// A shared one, and fifty times as slow: an emulated computer. An MCP3208's sample leaks away meanwhile,
    /// so that the board file must allow a longer conversion.
    case emulated
  }

  private let computer: Computer
  private let draw: Draw
  private var count: UInt64 = 0

  /// Makes the pace of a computer.
  ///
  /// - Parameters:
  ///   - computer: the computer.
  ///   - seed: the seed of the draws.
  package init(_ computer: Computer, seed: UInt64) {
    self.computer = computer
    draw = Purpose.pace.draw(seed, 0)
  }

  private mutating func uniform() -> Double {
    count &+= 1
    return draw.uniform(count)
  }

  /// How long an operation takes of which the board file has the time.
  mutating func time(of operation: Nanoseconds) -> Nanoseconds {
    switch computer {
    case .slow: return operation.times(10)
    case .shared, .emulated:
      let share = (computer == .shared ? 1 : 50) * (0.5 - Elementary.log(1 - uniform()))
      let away = uniform() < 1e-4 ? 4e-3 * uniform() : 0
      return Nanoseconds(seconds: operation.seconds * share + away)
    }
  }

  /// By how much a wait ends late.
  mutating func lateness() -> Nanoseconds {
    switch computer {
    case .slow: return .zero
    case .shared, .emulated: return Nanoseconds(seconds: -6e-5 * Elementary.log(1 - uniform()))
    }
  }
}
