import Foundation
import Testing

/// `tellegen rest` where there is no board, and what `doctor` says of crashes and watchdogs. Chips
/// that tests do not own are never asked for: the board's is one that no computer has.
@Suite struct RestTests {
  private func run(
    _ tellegen: Program, _ arguments: [String], _ variables: [String: String]
  ) throws -> String {
    let process = try tellegen.process(arguments)
    process.environment!.merge(variables) { $1 }
    for name in ["WATCHDOG_USEC", "WATCHDOG_PID", "NOTIFY_SOCKET"] where variables[name] == nil {
      process.environment![name] = nil
    }
    let output = tellegen.path("output")
    _ = FileManager.default.createFile(atPath: output, contents: nil)
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return try tellegen.text("output")
  }

  private func nowhere(_ tellegen: Program) throws {
    let board = try String(contentsOfFile: packageRoot + "/board/breadboard.yaml", encoding: .utf8)
    try tellegen.write(
      board.replacingOccurrences(of: "chip: pinctrl-bcm2711", with: "chip: nowhere"),
      to: "nowhere.yaml")
  }

  @Test func `rest says what is missing, with the exit code that tells so`() throws {
    try Program.run { tellegen in
      try nowhere(tellegen)
      for (arguments, code, message) in [
        ([], 64, "Missing expected argument '--board"),
        (["--board", "none-such"], 65, "none-such"),
        (["--board", "two-edge"], 65, "'two-edge' has no wiring"),
        (["--board", "nowhere.yaml"], 69, "no GPIO chip is called nowhere"),
      ] as [([String], Int32, String)] {
        let end = try tellegen(["rest"] + arguments)
        // A program without libgpiod says that instead of the last.
        let isBuilt = !end.errors.contains("built without libgpiod")
        #expect(end.code == code, "\(arguments): \(end.errors)")
        if isBuilt { #expect(end.errors.contains(message), "\(end.errors)") }
        #expect(end.output.isEmpty)
      }
    }
  }

  @Test func `doctor says whether Swift's crash reporter catches signals`() throws {
    try Program.run { tellegen in
      let caught = try run(tellegen, ["doctor"], ["SWIFT_BACKTRACE": "enable=yes"])
      let free = try run(tellegen, ["doctor"], ["SWIFT_BACKTRACE": "enable=no"])
      #expect(
        free.contains("ok   Swift's crash reporter: catches no signal in this program"), "\(free)")
      #expect(free.contains("SWIFT_BACKTRACE=enable=no"))
      // Without its program the reporter catches nothing however it is asked.
      if caught.contains("swift-backtrace is there") {
        #expect(
          caught.contains("note Swift's crash reporter: catches SIGQUIT, SIGABRT"), "\(caught)")
        #expect(caught.contains("the guard has these signals"))
      }
    }
  }

  @Test func `doctor says whether anything notices a program that hangs`() throws {
    try Program.run { tellegen in
      let none = try run(tellegen, ["doctor", "--board", "breadboard"], [:])
      #expect(
        none.contains("service watchdog: none -- run as a service with WatchdogSec=10"), "\(none)")
      #expect(none.contains("ExecStopPost=tellegen rest --board breadboard"))
      #expect(none.contains("/dev/watchdog: "))
      let deaf = try run(
        tellegen, ["doctor"], ["WATCHDOG_USEC": "5000000", "NOTIFY_SOCKET": "/none"])
      #expect(
        deaf.contains(
          "note service watchdog: WATCHDOG_USEC=5000000, but progress cannot be reported to it"),
        "\(deaf)")
      let path = tellegen.path("notify")
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
      let socket = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
      defer { close(socket) }
      let result = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      try #require(result == 0)
      let told = try run(
        tellegen, ["doctor"], ["WATCHDOG_USEC": "5000000", "NOTIFY_SOCKET": path])
      #expect(told.contains("ok   service watchdog: SIGABRT after 5"), "\(told)")
      // It is looked for, and told nothing.
      var byte: UInt8 = 0
      #expect(recv(socket, &byte, 1, Int32(MSG_DONTWAIT)) < 0)
    }
  }
}
