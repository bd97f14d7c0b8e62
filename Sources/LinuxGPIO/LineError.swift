/// Why lines of the kernel's GPIO cannot be opened or do not answer.
package enum LineError: Error, Equatable, CustomStringConvertible {
  /// A line that somebody else holds.
  package struct Held: Sendable, Equatable {
    /// What the board uses the line for.
    package var role: String
    /// The line's number on its chip.
    package var offset: Int
    /// Who holds it, as it named itself.
    package var owner: String
  }

  /// An output that does not stand where it was put.
  package struct Away: Sendable, Equatable {
    /// What the board uses the line for.
    package var role: String
    /// The line's number on its chip.
    package var offset: Int
    /// Where it stands.
    package var isHigh: Bool
  }

  /// The calls to the kernel.
  package enum Call: String, Sendable {
    /// Listing chips or lines.
    case look = "looking at GPIO lines"
    /// Requesting lines.
    case open = "requesting GPIO lines"
    /// Setting lines.
    case write = "setting GPIO lines"
    /// Reading lines.
    case read = "reading GPIO lines"
    /// Opening the serial bus: mode 0, bytes, the clock.
    case openBus = "setting the serial bus up for mode 0, bytes and its speed"
    /// Exchanging bits over the serial bus.
    case exchange = "exchanging bits over the serial bus"
  }

  /// This program was built without libgpiod.
  case noLibrary
  /// The chip's device may not be opened.
  case noPermission(path: String)
  /// No chip has any of the labels.
  case noChip(labels: [String], found: [String])
  /// The chip has no such line.
  case noLine(role: String, line: String, chip: String, lines: Int)
  /// The serial bus is not there.
  case noBus(path: String)
  /// One line is given twice, by its number and by its name.
  case sameLine(roles: [String], offset: Int, chip: String)
  /// This program holds the lines of so many boards already.
  case tooManyOpen(most: Int)
  /// Lines are held by somebody else.
  case held([Held], chip: String)
  /// Outputs do not stand at rest though they were put there.
  case awayFromRest([Away], chip: String)
  /// The kernel refused a call, with its errno.
  case failed(Call, errno: Int32)

  /// The error in words: what, where, and what to do.
  package var description: String {
    switch self {
    case .noLibrary:
      "this program was built without libgpiod: install libgpiod-dev and pkg-config, remove the "
        + "folder .build, then build again"
    case .noPermission(let path):
      "\(path) may not be opened: add yourself to the group that owns it (often gpio or spi), "
        + "then log in again; `tellegen doctor` shows it"
    case .noChip(let labels, let found):
      "no GPIO chip is called \(labels.joined(separator: " or ")); there "
        + (found.isEmpty
          ? "is none at all; is this the computer the board hangs at?"
          : "are \(found.joined(separator: ", ")); give one of them as wiring: {chip: ...} in the "
            + "board file")
    case .noLine(let role, let line, let chip, let lines):
      "\(role) is at line \(line), which the chip \(chip) does not have; it has \(lines) lines, "
        + "from 0 on; `tellegen doctor` lists their names"
    case .noBus(let path):
      "\(path) is not there: switch the SPI controller on (dtoverlay=spi0-0cs on a Raspberry Pi), "
        + "or leave spi out of the board file's wiring, so that the lines are clocked one by one"
    case .tooManyOpen(let most):
      "lines of \(most) boards are open in this program; give some up first"
    case .sameLine(let roles, let offset, let chip):
      "\(roles.joined(separator: " and ")) are both at line \(offset) of \(chip), once by its "
        + "name; give each a line of its own"
    case .held(let lines, let chip):
      lines.map {
        "\($0.role), line \($0.offset) of \(chip), is held by \($0.owner)"
      }.joined(separator: "; ")
        + "; end that program, or free the line (dtparam=spi=off, or dtoverlay=spi0-0cs where only "
        + "SPI's selects are in the way, dtparam=i2c_arm=off, enable_uart=0 on a Raspberry Pi)"
    case .awayFromRest(let lines, let chip):
      lines.map {
        "\($0.role), line \($0.offset) of \(chip), stays \($0.isHigh ? "high" : "low") though it "
          + "was put \($0.isHigh ? "low" : "high")"
      }.joined(separator: "; ")
        + ": something else drives it, or it is shorted; switch the board's power off and check "
        + "what the line is joined to"
    case .failed(let call, let errno):
      "\(call.rawValue) failed: \(describe(errno: errno)) (errno \(errno))"
        + (LineError.advice(errno: errno).map { "; " + $0 } ?? "")
    }
  }

  /// What to do about a call that the kernel refused; `nil` of one that was never made, since the
  /// program ends.
  private static func advice(errno: Int32) -> String? {
    switch errno {
    case cancelled: nil
    case busy: "another program has a line of it; `tellegen doctor` says who holds which"
    case noSuchDevice, noSuchAddress:
      "the chip is gone: plug it in or load its driver again; `dmesg` says why it went"
    case interrupted:
      "a signal came in the middle of it, and some of it may have been done; do it again"
    case notAllowed, notPermitted:
      "add yourself to the group that owns the device (often gpio or spi), then log in again"
    default:
      "the chip did not do it: check its supply and its cable, and what `dmesg` says of it"
    }
  }
}
