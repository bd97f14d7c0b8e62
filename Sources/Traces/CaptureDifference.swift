/// Something that a capture shows otherwise than the run's log.
package struct CaptureDifference: Sendable, Equatable {
  /// What is different.
  package enum Kind: String, Sendable {
    /// The line did not follow its commands.
    case missing
    /// It followed after the call had ended.
    case late
    /// It changed before the call that commanded it.
    case early
    /// It changed without a command.
    case uncommanded
    /// It stands at the wrong level as the overlap begins.
    case wrongAtStart = "wrong at the start"
    /// The firmware read another level than stood on the line.
    case read
    /// An exchange over the serial bus had another number of clocks.
    case clocks
    /// Other bits went out or came in than the controller says.
    case bits
    /// The channel shows the opposite of its line.
    case inverted
    /// The channel shows another line than the one it is called after.
    case exchanged
  }

  /// The line.
  package var line: Int
  /// What is different there.
  package var kind: Kind
  /// When it begins, ns of the run.
  package var from: Double
  /// When it ends, ns of the run.
  package var until: Double
  /// How many changes, reads or exchanges it concerns.
  package var count: Int
  /// The level that was commanded or read; of an uncommanded change, the one that was seen.
  package var level: Bool
  /// By how much it is late or early at most, ns; of clocks, how many there were; of an exchanged channel,
  /// the line that it shows.
  package var amount: Double
}
