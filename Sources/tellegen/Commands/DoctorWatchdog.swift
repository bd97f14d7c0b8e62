import Foundation
import LinuxGPIO
import Reports

/// What doctor says of a program's bad ends: who catches its crashes, and who notices that it
/// hangs.
extension DoctorCommand {
  /// The signals that Swift's crash reporter catches in this process, SIGQUIT among them, and
  /// whether its program is found.
  func tellCrashes(_ report: inout Report) {
    let names = [
      (SIGQUIT, "SIGQUIT"), (SIGABRT, "SIGABRT"), (SIGILL, "SIGILL"), (SIGTRAP, "SIGTRAP"),
      (SIGFPE, "SIGFPE"), (SIGBUS, "SIGBUS"), (SIGSEGV, "SIGSEGV"),
    ]
    let caught = names.filter { number, _ in
      var action = sigaction()
      sigaction(number, nil, &action)
      // 0 is the default, 1 to ignore.
      return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) > 1
    }.map(\.1)
    let setting = ProcessInfo.processInfo.environment["SWIFT_BACKTRACE"]
    let program = backtracer()
    var found =
      caught.isEmpty
      ? "catches no signal in this program" : "catches \(caught.joined(separator: ", "))"
    found += program.map { "; \($0) is there" } ?? "; its program is not there"
    if let setting { found += "; SWIFT_BACKTRACE=\(setting)" }
    report.add(
      caught.isEmpty ? .good : .note, "Swift's crash reporter", found,
      caught.isEmpty
        ? ""
        : "while lines are held the guard has these signals: they end the program, lines at rest, "
          + "without a crash report")
  }

  /// Where swift-backtrace is, if it is beside the runtime that this program has loaded.
  private func backtracer() -> String? {
    let runtime = (try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8))?
      .split(separator: "\n").first { $0.hasSuffix("/libswiftCore.so") }?
      .split(separator: " ").last
    var places: [String] = []
    if let runtime {
      // <root>/usr/lib/swift/linux/libswiftCore.so
      var root = URL(fileURLWithPath: String(runtime))
      for _ in 0..<4 { root.deleteLastPathComponent() }
      places += ["swift/linux", "swift"].map { "\(root.path)/libexec/\($0)/swift-backtrace" }
    }
    let asked = ProcessInfo.processInfo.environment["SWIFT_BACKTRACE"]?.split(separator: ",")
      .first { $0.hasPrefix("swift-backtrace=") }?.dropFirst("swift-backtrace=".count)
    if let asked { places.insert(String(asked), at: 0) }
    return places.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Who notices that this program, or this computer, hangs. Nothing is opened: opening a
  /// watchdog's device starts it.
  func tellWatchdog(_ report: inout Report) {
    let environment = ProcessInfo.processInfo.environment
    if let text = environment["WATCHDOG_USEC"] {
      if let watchdog = ServiceWatchdog(environment: environment) {
        report.good(
          "service watchdog",
          "SIGABRT after \(Format.seconds(Double(watchdog.limit) * 1e-9)) without progress")
      } else {
        report.add(
          .note, "service watchdog", "WATCHDOG_USEC=\(text), but progress cannot be reported to it",
          "leave NotifyAccess as it is or at main, and start tellegen itself, not by a shell")
      }
    } else {
      report.add(
        .note, "service watchdog", "none",
        "run as a service with WatchdogSec=10 and ExecStopPost=tellegen rest --board \(board), so "
          + "that a run that hangs is ended, its clamps and sources shut down")
    }
    if FileManager.default.fileExists(atPath: "/dev/watchdog") {
      report.add(
        .note, "/dev/watchdog", "there",
        "RuntimeWatchdogSec=10 in /etc/systemd/system.conf restarts a computer that hangs")
    } else {
      report.add(
        .note, "/dev/watchdog", "not there",
        "nothing restarts this computer when it hangs; the board's own watchdog shuts its "
          + "converters down")
    }
  }
}
