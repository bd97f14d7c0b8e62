import Foundation
import Portable

/// The watchdog of the systemd service that the program runs in, if it has one: it ends a program
/// by SIGABRT that does not report in time that all is well. The report comes from where the work
/// is done, so that a program that hangs at its lines reports nothing.
package final class ServiceWatchdog {
  /// How long the service may go without a report before it is ended, ns.
  package let limit: Int64
  private let socket: Int32
  private var last = Int64.min

  /// Finds the watchdog, by the variables WATCHDOG_USEC, WATCHDOG_PID and NOTIFY_SOCKET that
  /// systemd sets; `nil` where there is none for this process.
  ///
  /// - Parameter given: the variables; by default those of this process.
  package init?(environment given: [String: String]? = nil) {
    let environment = given ?? ProcessInfo.processInfo.environment
    guard let text = environment["WATCHDOG_USEC"], let microseconds = Int64(text),
      (1...1_000_000_000_000).contains(microseconds),
      let path = environment["NOTIFY_SOCKET"], path.hasPrefix("/") || path.hasPrefix("@"),
      environment["WATCHDOG_PID"].map({ Int32($0) == getpid() }) ?? true
    else { return nil }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
    withUnsafeMutableBytes(of: &address.sun_path) { room in
      room.copyBytes(from: bytes)
      // The name of a socket that is not a file begins with a zero byte.
      if path.hasPrefix("@") { room[0] = 0 }
    }
    let size = MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + bytes.count
    let socket = Foundation.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(size))
      }
    }
    if result != 0 {
      close(socket)
      return nil
    }
    self.socket = socket
    limit = microseconds * 1000
  }

  deinit { close(socket) }

  /// Reports to the watchdog that all is well, at most eight times in its limit.
  package func report() {
    let now = monotonicTime()
    if last != .min && now - last < limit / 8 { return }
    last = now
    let word = Array("WATCHDOG=1".utf8)
    // It does not wait for a reader.
    _ = send(socket, word, word.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
  }
}
