public import Firmware

/// Something that was done to the pins and that real parts would punish: when, on which lines, and
/// which rule it broke.
public struct Misuse: Sendable, Equatable {
  /// The rules of the parts' datasheets and of the board.
  public enum Rule: String, Sendable, CaseIterable {
    /// A line that is not an output was written.
    case notAnOutput = "only outputs can be written"
    /// The clock rose with nothing selected.
    case clockWithoutSelect = "the clock rises only with a chip selected"
    /// Two chips drive MISO.
    case twoDriversOnMiso = "one chip at a time may drive MISO"
    /// MISO was read with nothing driving it.
    case floatingMiso = "MISO is read only while a chip drives it"
    /// Two clock edges came closer than the parts allow (MCP3208 at 3.3 V: 1 MHz, 450 ns a half).
    case clockTooFast = "clock edges are at least 450 ns apart"
    /// The data line changed together with a rising clock.
    case dataWithRisingClock = "data changes while the clock is low, before it rises"
    /// The decoder's address changed while it was enabled.
    case addressWhileEnabled = "the decoder's address changes only while it is disabled"
    /// A select changed while the clock was high.
    case selectWhileClockHigh = "a chip is selected while the clock is low"
    /// A converter was deselected in the middle of a frame.
    case brokenFrame = "an MCP4922 frame has 16 clocks"
    /// A conversion's bits came more than 1.2 ms after its sample.
    case slowConversion = "an MCP3208 frame ends within its conversion time"
    /// The comparator registers were clocked while LOAD was low.
    case clockWhileLoading = "the comparator registers are clocked only with LOAD high"
    /// The drives were latched while LEARN was on.
    case latchUnderLearn = "LATCH is given only while LEARN is off"
    /// A direct drive line changed while LEARN was on.
    case driveUnderLearn = "drive lines change only while LEARN is off"
    /// An edge was to be charged and discharged at once.
    case bothDrives = "an edge is charged or discharged, not both"
    /// LEARN rose before the one-shot had its rest.
    case noRest = "the one-shot rests 3 ms after a long pulse"
    /// A measurement or capture came before the nodes had settled.
    case notSettled = "nodes settle before they are measured or compared"
  }

  /// When.
  public let time: Nanoseconds
  /// The lines concerned.
  public let lines: LineSet
  /// The learning edge concerned, by its index among them; `nil` where it is none's.
  public let edge: Int?
  /// The selects concerned, a bit each.
  public let selects: UInt64
  /// The rule that was broken.
  public let rule: Rule
}
