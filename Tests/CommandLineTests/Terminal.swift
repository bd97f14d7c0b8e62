import Foundation
import Testing

/// A terminal of this process: its own end, and the one for a program.
func pseudoterminal() throws -> (master: Int32, slave: Int32) {
  let master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
  // TIOCSPTLCK and TIOCGPTN, which the C library hides behind functions that are not imported.
  var locked: Int32 = 0
  var number: Int32 = 0
  try #require(ioctl(master, 0x4004_5431, &locked) == 0)
  try #require(ioctl(master, 0x8004_5430, &number) == 0)
  let slave = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
  try #require(slave >= 0)
  return (master, slave)
}

/// Gives a terminal another width.
func resize(_ terminal: Int32, to width: Int) {
  var size = winsize(ws_row: 24, ws_col: UInt16(width), ws_xpixel: 0, ws_ypixel: 0)
  _ = ioctl(terminal, UInt(TIOCSWINSZ), &size)
}
