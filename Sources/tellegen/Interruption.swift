import Foundation
import LinuxLines
import Synchronization

/// Whether the user or the system has asked the program to stop (SIGINT, SIGTERM, SIGHUP).
enum Interruption {
  /// How many signals have asked. Written by their handler, read by any thread: an atomic without a
  /// lock, which is all that a handler may touch.
  private static let asked = Atomic<Int>(0)

  /// Starts to catch the signals. A second one ends the program at once, as its default would, but
  /// for GPIO lines: these are put to rest first.
  static func watch() {
    // Made before a handler can ask for it.
    _ = isAsked
    // Whoever started the program may have blocked them.
    var set = sigset_t()
    sigemptyset(&set)
    for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&set, number) }
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      // Started by nohup, the program goes on when its terminal closes. SIGINT is heard all the same:
      // shells have their background jobs ignore it.
      var before = sigaction()
      sigaction(number, nil, &before)
      if number == SIGHUP, unsafeBitCast(before.__sigaction_handler.sa_handler, to: Int.self) == 1 {
        continue
      }
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { number in
        if Interruption.asked.add(1, ordering: .relaxed).oldValue > 0 {
          endProgram(bySignal: number)
        }
      }
      sigaction(number, &action, nil)
    }
  }

  /// Whether a stop has been asked for.
  static var isAsked: Bool { asked.load(ordering: .relaxed) > 0 }
}
