import Foundation
import Portable

/// Why there is no plot, in words.
package struct NoPlot: Error, CustomStringConvertible {
  /// What is in the way, and what to do.
  package let description: String
}

/// The program that draws plots.
package enum Gnuplot {
  /// How long gnuplot may take, s. A plot takes a second; a display or a pipe that a user's own
  /// start-up file of gnuplot waits for would take forever.
  package static let limit = 60.0

  /// Draws a script, and waits for the plot at most so long.
  ///
  /// - Parameters:
  ///   - script: the script's name in its folder.
  ///   - folder: the folder.
  ///   - limit: the longest time, s.
  ///   - stopping: asked some fifty times a second; when it says so, gnuplot is ended.
  /// - Throws: `NoPlot` when there is none.
  package static func draw(
    _ script: String, in folder: String, within limit: Double = Gnuplot.limit,
    stopping: () -> Bool = { false }
  ) throws(NoPlot) {
    // Foundation's Process traps when a signal interrupts it; this also stays small in little
    // memory.
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw NoPlot(description: words(for: errno)) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
    defer { close(ends[0]) }
    let started = spawn(
      [
        "/bin/sh", "-c", "CDPATH=; cd -P -- \"$1\" && exec gnuplot \"$2\"", "sh",
        folder.hasPrefix("/") ? folder : "./" + folder, script,
      ], errors: ends[1])
    let number = errno
    close(ends[1])
    guard let child = started else { throw NoPlot(description: words(for: number)) }

    let latest = monotonicTime() + Int64(limit * 1e9)
    var status: Int32 = 0
    var reason: String?
    var complaint: [UInt8] = []
    while true {
      // A gnuplot that complains at length must not wait for a reader.
      var some = [UInt8](repeating: 0, count: 4096)
      while case let count = Foundation.read(ends[0], &some, some.count), count > 0 {
        complaint += some.prefix(min(count, 300 - complaint.count))
      }
      let ended = waitpid(child, &status, reason == nil ? WNOHANG : 0)
      if ended == child || ended < 0 && errno != EINTR { break }
      if ended < 0 || reason != nil { continue }
      if stopping() {
        reason = "interrupted"
      } else if monotonicTime() > latest {
        reason = "gnuplot took longer than \(Int(limit)) s; the script is \(folder)/\(script)"
      } else {
        var pause = timespec(tv_sec: 0, tv_nsec: 20_000_000)
        nanosleep(&pause, nil)
        continue
      }
      // Together with what it may have started itself.
      kill(-child, SIGKILL)
    }
    if let reason { throw NoPlot(description: reason) }
    switch status {
    case 0: return
    case 127 << 8:
      throw NoPlot(
        description:
          "gnuplot is not installed (Debian package gnuplot-nox); the script is \(folder)/\(script)"
      )
    default:
      throw NoPlot(
        description: complaint.isEmpty
          ? "gnuplot failed and did not say why (wait status \(status))"
          : "gnuplot failed: \(String(decoding: complaint, as: UTF8.self))")
    }
  }

  private static func words(for number: Int32) -> String {
    "gnuplot could not be started: \(String(cString: strerror(number)))"
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
