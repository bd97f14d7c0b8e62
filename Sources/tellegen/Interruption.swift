import Foundation
import LinuxLines

/// Whether the user or the system has asked the program to stop (SIGINT, SIGTERM, SIGHUP).
enum Interruption {
  /// Written by the signal handler alone; a plain flag, since a handler may do little more.
  private nonisolated(unsafe) static var asked: sig_atomic_t = 0

  /// Starts to catch the signals. A second one ends the program at once, as its default would, but
  /// for GPIO lines: these are put to rest first.
  static func watch() {
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
        if Interruption.asked != 0 {
          putLinesToRest()
          signal(number, SIG_DFL)
          raise(number)
        }
        Interruption.asked = 1
      }
      sigaction(number, &action, nil)
    }
  }

  /// Whether a stop has been asked for.
  static var isAsked: Bool { asked != 0 }
}
