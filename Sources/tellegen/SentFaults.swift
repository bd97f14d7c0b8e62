import Foundation

/// Faults that somebody *sent* to the program.
///
/// The crash reporter of a Swift toolchain handles faults, reports them, and returns: one that the
/// program ran into comes again and ends it, but after one that was sent it would go on. A sent
/// fault ends the program, as it would without a reporter; those it runs into are the reporter's.
enum SentFaults {
  private nonisolated(unsafe) static let reporters =
    UnsafeMutablePointer<sigaction>.allocate(capacity: 32)

  /// Puts its handlers before those of the reporter, where there is one.
  static func prepare() {
    for number in [SIGQUIT, SIGABRT] {
      // No fault of a program's own raises these.
      let before = signal(number, SIG_DFL)
      if unsafeBitCast(before, to: Int.self) == 1 { signal(number, before) }
    }
    for number in [SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGSYS] {
      var before = sigaction()
      sigaction(number, nil, &before)
      let handler = unsafeBitCast(before.__sigaction_handler.sa_handler, to: Int.self)
      if handler == 0 || handler == 1 || before.sa_flags & SA_SIGINFO == 0 { continue }
      reporters[Int(number)] = before
      var action = before
      action.__sigaction_handler.sa_sigaction = { number, information, context in
        if let information, information.pointee.si_code <= 0 {
          signal(number, SIG_DFL)
          raise(number)
          return
        }
        SentFaults.reporters[Int(number)].__sigaction_handler.sa_sigaction(
          number, information, context)
      }
      sigaction(number, &action, nil)
    }
  }
}
