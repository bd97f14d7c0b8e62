import Foundation
import Portable

/// Another program that does a part of the work, and is waited for.
package enum Tool {
  /// How a program ended.
  package enum Ending: Sendable, Equatable {
    /// As it should.
    case done
    /// It is not on the search path.
    case notInstalled
    /// It was ended: it was asked to stop.
    case stopped
    /// It was ended: it took too long.
    case tooLong
    /// It failed, with what it said first and its wait status; without a status it could not be started.
    case failed(complaint: String, status: Int32?)
  }

  /// Runs a program and waits for it at most so long. What it prints is dropped, but for the beginning of
  /// its complaints.
  ///
  /// - Parameters:
  ///   - script: what the shell is to do: change to a folder, set something, and `exec` the program.
  ///   - arguments: what the script knows as `$1` and so on.
  ///   - limit: the longest time, s.
  ///   - stopping: asked some fifty times a second; when it says so, the program is ended.
  /// - Returns: how it ended.
  package static func run(
    _ script: String, _ arguments: [String], within limit: Double,
    stopping: () -> Bool = { false }
  ) -> Ending {
    // Foundation's Process traps when a signal interrupts it; this also stays small in little
    // memory.
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return notStarted(errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
    defer { close(ends[0]) }
    let started = spawn(["/bin/sh", "-c", script, "sh"] + arguments, errors: ends[1])
    let number = errno
    close(ends[1])
    guard let child = started else { return notStarted(number) }

    let latest = monotonicTime() + Int64(limit * 1e9)
    var status: Int32 = 0
    var ending: Ending?
    var complaint: [UInt8] = []
    while true {
      // A program that complains at length must not wait for a reader.
      var some = [UInt8](repeating: 0, count: 4096)
      while case let count = Foundation.read(ends[0], &some, some.count), count > 0 {
        complaint += some.prefix(min(count, 300 - complaint.count))
      }
      let ended = waitpid(child, &status, ending == nil ? WNOHANG : 0)
      if ended == child || ended < 0 && errno != EINTR { break }
      if ended < 0 || ending != nil { continue }
      if stopping() {
        ending = .stopped
      } else if monotonicTime() > latest {
        ending = .tooLong
      } else {
        var pause = timespec(tv_sec: 0, tv_nsec: 20_000_000)
        nanosleep(&pause, nil)
        continue
      }
      // Together with what it may have started itself.
      kill(-child, SIGKILL)
    }
    if let ending { return ending }
    switch status {
    case 0: return .done
    case 127 << 8: return .notInstalled
    default: return .failed(complaint: String(decoding: complaint, as: UTF8.self), status: status)
    }
  }

  private static func notStarted(_ number: Int32) -> Ending {
    .failed(complaint: String(cString: strerror(number)), status: nil)
  }

  /// Starts a program with its errors in an open file.
  /// - Returns: its process, or `nil` with the reason in `errno`.
  private static func spawn(_ words: [String], errors: Int32) -> pid_t? {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, errors, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A process group of its own: Ctrl-C is for this program alone. Signals blocked here are not
    // blocked there.
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var child: pid_t = 0
    let result = posix_spawn(&child, words[0], &actions, &attributes, &arguments, environ)
    if result == 0 { return child }
    errno = result
    return nil
  }
}
