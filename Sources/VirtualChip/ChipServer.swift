public import Firmware
import Foundation

/// Serves a chip to virtual machines over a socket, one machine after the other: the chip and the
/// board behind it go on when a machine reboots, crashes or connects anew, and with their `state` in
/// another server too.
public final class ChipServer {
  /// The chip.
  public var chip: PinChip
  private var listener: Int32
  private let path: String
  private let origin: UInt64
  private let begin: Nanoseconds
  private var connection: Connection?

  /// Listens at a socket; one of that name that nobody listens at is replaced.
  ///
  /// - Parameters:
  ///   - chip: the chip.
  ///   - path: the socket.
  ///   - time: the time to begin with.
  /// - Throws: `ServerError`.
  public init(
    chip: PinChip, path: String, time: Nanoseconds = .zero
  ) throws(ServerError) {
    self.chip = chip
    self.path = path
    begin = time
    origin = clock_gettime_nsec()
    // Who tells a machine that is gone of an answer would be ended.
    signal(SIGPIPE, SIG_IGN)
    var address = sockaddr_un()
    let room = MemoryLayout.size(ofValue: address.sun_path)
    guard path.utf8.count < room else {
      throw ServerError(path: path, message: "a socket's path has at most \(room - 1) bytes")
    }
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    var status = stat()
    if lstat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFSOCK else {
        throw ServerError(path: path, message: "there is a file that is no socket; choose another")
      }
      // One that nobody listens at is what a killed server left.
      let probe = Foundation.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      let answers = ChipServer.call(Foundation.connect, probe, &address) == 0
      close(probe)
      if answers {
        throw ServerError(
          path: path, message: "somebody serves there already; end him or choose another")
      }
      unlink(path)
    }
    listener = Foundation.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    let bound = ChipServer.call(Foundation.bind, listener, &address)
    guard listener >= 0, bound == 0, listen(listener, 1) == 0 else {
      let reason = String(cString: strerror(errno))
      throw ServerError(path: path, message: "cannot listen here: \(reason)")
    }
  }

  private static func call(
    _ function: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32, _ socket: Int32,
    _ address: inout sockaddr_un
  ) -> Int32 {
    withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        function(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }

  deinit { leave() }

  /// Listens no longer.
  private func leave() {
    if listener < 0 { return }
    close(listener)
    unlink(path)
    listener = -1
  }

  /// The time, which goes on from the one that the server was made with.
  public var time: Nanoseconds { begin + Nanoseconds(Int64(clock_gettime_nsec() - origin)) }

  /// Whether a machine is connected.
  public var isConnected: Bool { connection != nil }

  /// Serves until asked to stop, which is asked at least twice a second; then nobody can connect any
  /// more.
  public func run(stopping: () -> Bool) {
    defer { leave() }
    while !stopping() {
      var waited = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
      if let connection {
        waited += connection.descriptors.map {
          pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
      }
      let ready = poll(&waited, nfds_t(waited.count), 500)
      if ready <= 0 { continue }
      if let connection {
        for (index, entry) in waited.enumerated().dropFirst() where entry.revents != 0 {
          if index > 1 { connection.acknowledge(entry.fd) }
        }
        serve(connection)
        if waited[1].revents != 0 {
          if !connection.obey(chip) {
            self.connection = nil
          } else {
            // A request may have been put up before its kick was known.
            serve(connection)
          }
        }
      }
      if waited[0].revents != 0 {
        let accepted = accept(listener, nil, nil)
        guard accepted >= 0 else { continue }
        if connection != nil {
          // One computer drives the chip at a time.
          close(accepted)
        } else {
          connection = Connection(socket: accepted)
        }
      }
    }
  }

  /// How long the next request is looked for awake, ns: falling asleep and being woken takes longer
  /// than most programs take to ask again.
  private static let awake: UInt64 = 100_000

  private func serve(_ connection: Connection) {
    // A machine that asks without end must leave the control socket and the end of serving a turn.
    var requests = 0
    var last = clock_gettime_nsec()
    while requests < 256 {
      let served = connection.serve(&chip, clock: { time })
      requests += served
      let now = clock_gettime_nsec()
      if served > 0 { last = now } else if requests == 0 || now - last > ChipServer.awake { return }
    }
  }
}

/// Why a chip cannot be served.
public struct ServerError: Error, CustomStringConvertible {
  /// The socket.
  public let path: String
  /// What is wrong.
  public let message: String

  /// The error in words.
  public var description: String { "\(path): \(message)" }
}

private func clock_gettime_nsec() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
