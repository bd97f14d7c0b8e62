import Foundation
import LinuxGPIO
import Synchronization

/// Whether the user or the system has asked the program to stop (SIGINT, SIGTERM, SIGHUP).
enum Interruption {
  /// How many signals have asked. Written by their handler, read by any thread: an atomic without a
  /// lock, which is all that a handler may touch.
  private static let asked = Atomic<Int>(0)

  /// Lets a request to stop that comes before `watch` end the program, as it would a command that
  /// keeps nothing: a shell has its background jobs ignore SIGINT, and whoever started the program may
  /// have blocked it. Only SIGHUP stays ignored where it is, for nohup.
  static func listen() {
    var set = sigset_t()
    sigemptyset(&set)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      sigaddset(&set, number)
      var before = sigaction()
      sigaction(number, nil, &before)
      let isIgnored = unsafeBitCast(before.__sigaction_handler.sa_handler, to: Int.self) == 1
      if isIgnored && number != SIGHUP { signal(number, SIG_DFL) }
    }
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
  }

  /// Starts to catch the signals. A second one ends the program at once, as its default would, but
  /// for GPIO lines: these are put to rest first.
  static func watch() {
    // Made before a handler can ask for it.
    _ = isAsked
    for number in [SIGINT, SIGTERM, SIGHUP] {
      // Started by nohup, the program goes on when its terminal closes.
      var before = sigaction()
      sigaction(number, nil, &before)
      if number == SIGHUP, unsafeBitCast(before.__sigaction_handler.sa_handler, to: Int.self) == 1 {
        continue
      }
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { number in
        if Interruption.asked.add(1, ordering: .relaxed).oldValue > 0 {
          // A closed terminal hangs up more than once: by the kernel, and by the shell in it.
          if number == SIGHUP { return }
          endProgram(bySignal: number)
        }
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
      // Without a request to stop it was sent from outside.
      if Interruption.asked.load(ordering: .relaxed) == 0 { endProgram(bySignal: number) }
      let words: StaticString =
        "tellegen: stopped in the middle of what takes too long to end; what was kept last stays\n"
      // A reader that takes nothing must not keep the lines from their rest.
      var wanted = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
      if poll(&wanted, 1, 0) > 0 {
        _ = write(STDERR_FILENO, words.utf8Start, words.utf8CodeUnitCount)
      }
      endProgram(withCode: 130)
    }
    sigaction(SIGALRM, &action, nil)
    var alarm = sigset_t()
    sigemptyset(&alarm)
    sigaddset(&alarm, SIGALRM)
    pthread_sigmask(SIG_UNBLOCK, &alarm, nil)
  }

  /// Whether a stop has been asked for.
  static var isAsked: Bool { asked.load(ordering: .relaxed) > 0 }
}
