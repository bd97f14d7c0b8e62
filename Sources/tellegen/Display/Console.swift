import Foundation
import Runs
import Synchronization

/// What the program says: results on standard output, everything else on standard error.
///
/// A failed write does not end the program. A terminal that was closed or a log on a full disk
/// must not cost what is being learned; that a *result* could not be written shows in the exit
/// code.
enum Console {
  /// Why standard output could not be written; 0 while it could.
  private static let lost = Atomic<Int32>(0)

  /// What the program begins with.
  static func prepare() {
    // If the program was started with a stream closed, the next file that is opened would take the
    // stream's number, and output would go into one of the run's own files. What is put in its
    // place refuses to be read, as standard input, or written, as the others.
    for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(stream, F_GETFD) < 0 {
      _ = open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
    Interruption.listen()
    // A broken pipe, and a file that may grow no further, are answered by an error instead.
    signal(SIGPIPE, SIG_IGN)
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    if limit.rlim_cur != rlim_t.max { signal(SIGXFSZ, SIG_IGN) }
    SentFaults.prepare()
  }

  /// Writes text to standard output.
  static func put(_ text: String) {
    let number = write(text, to: STDOUT_FILENO)
    if number != 0 { _ = lost.compareExchange(expected: 0, desired: number, ordering: .relaxed) }
  }

  /// Writes text to standard error, as far as possible.
  static func say(_ text: String) { _ = write(text, to: STDERR_FILENO) }

  /// Why a result is missing on standard output, in the system's words; `nil` when none is.
  static var loss: String? {
    let number = lost.load(ordering: .relaxed)
    return number == 0 ? nil : String(cString: strerror(number))
  }

  /// Writes all of a text.
  /// - Returns: 0, or the system's error number.
  private static func write(_ text: String, to file: Int32) -> Int32 {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      // A reader that takes nothing must not hold up a program that was asked to stop.
      if Interruption.isAsked {
        var wanted = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
        if poll(&wanted, 1, 200) <= 0 { return EAGAIN }
      }
      // A pipe that is ready takes so much without waiting.
      let part = Interruption.isAsked ? bytes.prefix(512) : bytes
      let count = part.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
      if count > 0 {
        bytes = bytes.dropFirst(count)
      } else if count < 0 && errno == EAGAIN {
        // Somebody made the terminal or pipe non-blocking: the reader is slow, not gone.
        var wanted = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
        _ = poll(&wanted, 1, 1000)
      } else if count == 0 || errno != EINTR {
        return count < 0 ? errno : EIO
      }
    }
    return 0
  }
}

/// Prints to standard output in place of the standard library's `print`, whose failures nobody
/// sees.
func print(_ text: String, terminator: String = "\n") { Console.put(text + terminator) }

/// Says a line on standard error.
func say(_ line: String) { Console.say(line + "\n") }
