import Foundation
import Testing

@testable import LinuxGPIO

/// A service manager's end of the watchdog: a socket that takes words.
private struct Manager {
  let socket: Int32
  let name: String

  /// - Parameter name: the socket's; one with `@` is no file's.
  init(_ name: String) {
    self.name = name
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(name.utf8)
    withUnsafeMutableBytes(of: &address.sun_path) { room in
      room.copyBytes(from: bytes)
      if name.hasPrefix("@") { room[0] = 0 }
    }
    socket = Foundation.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    let size = MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + bytes.count
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, socklen_t(size))
      }
    }
    #expect(result == 0)
  }

  func close() {
    Foundation.close(socket)
    unlink(name)
  }

  /// What has come, without waiting.
  var word: String? {
    var bytes = [UInt8](repeating: 0, count: 100)
    let count = recv(socket, &bytes, bytes.count, Int32(MSG_DONTWAIT))
    return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
  }
}

struct ServiceWatchdogTests {
  @Test(arguments: ["/tmp/tellegen-watchdog-", "@tellegen-watchdog-"])
  func `a service's watchdog is told of progress, at most eight times in its limit`(
    _ name: String
  ) throws {
    let manager = Manager(name + UUID().uuidString)
    defer { manager.close() }
    // An hour: the second word would come too soon.
    let watchdog = try #require(
      ServiceWatchdog(environment: [
        "WATCHDOG_USEC": "3600000000", "NOTIFY_SOCKET": manager.name, "WATCHDOG_PID": "\(getpid())",
      ]))
    #expect(watchdog.limit == 3_600_000_000_000)
    watchdog.report()
    watchdog.report()
    #expect(manager.word == "WATCHDOG=1")
    #expect(manager.word == nil)
    // Eight microseconds: every word is due, and none is waited for when nobody takes them.
    let hasty = try #require(
      ServiceWatchdog(environment: ["WATCHDOG_USEC": "8", "NOTIFY_SOCKET": manager.name]))
    var words = 0
    for _ in 0..<100_000 where words < 2 {
      hasty.report()
      while manager.word == "WATCHDOG=1" { words += 1 }
    }
    #expect(words >= 2)
  }

  @Test func `without a watchdog of this process's there is none to tell`() {
    let path = "/tmp/tellegen-watchdog-\(UUID().uuidString)"
    let manager = Manager(path)
    defer { manager.close() }
    for environment in [
      [:], ["WATCHDOG_USEC": "1000"], ["NOTIFY_SOCKET": path],
      ["WATCHDOG_USEC": "0", "NOTIFY_SOCKET": path],
      ["WATCHDOG_USEC": "soon", "NOTIFY_SOCKET": path],
      ["WATCHDOG_USEC": "1000", "NOTIFY_SOCKET": path, "WATCHDOG_PID": "1"],
      ["WATCHDOG_USEC": "1000", "NOTIFY_SOCKET": path + "x"],
      ["WATCHDOG_USEC": "1000", "NOTIFY_SOCKET": "name"],
      ["WATCHDOG_USEC": "1000", "NOTIFY_SOCKET": "/" + String(repeating: "x", count: 200)],
    ] {
      #expect(ServiceWatchdog(environment: environment) == nil, "\(environment)")
    }
  }
}
