import Foundation

/// The terminal at standard error, whose size may change at any time.
enum Terminal {
  /// Whether there is one.
  static var isThere: Bool { isatty(STDERR_FILENO) != 0 }

  /// How many characters a line has now; 80 where the terminal does not say.
  static var width: Int {
    var size = winsize()
    let isTold = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return isTold ? Int(size.ws_col) : 80
  }

  /// Replaces the line that the cursor is in; what does not fit into it is left out, since a line that
  /// wraps cannot be replaced.
  static func replaceLine(by text: String) {
    Console.say("\r" + text.prefix(max(width - 1, 0)) + "\u{1b}[K")
  }
}
