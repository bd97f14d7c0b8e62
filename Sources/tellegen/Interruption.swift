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
        // Whatever is under way, a plot or a step of a very large board, has to end in time.
        var limit = itimerval()
        limit.it_value.tv_sec = 1
        limit.it_value.tv_usec = 700_000
        setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &limit, nil)
      }
      sigaction(number, &action, nil)
    }
    boundEnding()
  }

  /// Ends the program when it has not ended by itself soon after it was asked to.
  private static func boundEnding() {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { number in
      putLinesToRest()
      if Interruption.asked == 0 {
        // Nobody asked: somebody sent it.
        signal(number, SIG_DFL)
        raise(number)
      }
      let words: StaticString =
        "tellegen: stopped in the middle of what takes too long to end; what was kept last stays\n"
      _ = write(STDERR_FILENO, words.utf8Start, words.utf8CodeUnitCount)
      _exit(130)
    }
    sigaction(SIGALRM, &action, nil)
    var alarm = sigset_t()
    sigemptyset(&alarm)
    sigaddset(&alarm, SIGALRM)
    pthread_sigmask(SIG_UNBLOCK, &alarm, nil)
  }

  /// Whether a stop has been asked for.
  static var isAsked: Bool { asked != 0 }
}
