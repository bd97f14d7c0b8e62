public import Firmware
import Foundation
import Portable

/// Serves a chip to virtual machines over a socket, one machine after the other: the chip and the
/// board behind it go on when a machine reboots, crashes or connects again, and with their `state`
/// in another server too.
///
/// A machine whose queue is started has the chip for as long as it wants, however quiet it is. A
/// machine that is connected without a started queue gives way after a few seconds, once another
/// has connected and sent a message.
public final class ChipServer {
  /// The chip.
  public var chip: PinChip
  private var listener: Int32 = -1
  private let path: String
  private let origin: Int64
  private let begin: Nanoseconds
  private let limits: Connection.Limits
  private let say: (String) -> Void
  private var connection: Connection?
  /// A peer that has connected and is not served yet, and since when.
  private var newcomer: (socket: Int32, since: Int64)?
  /// Until when no peer is accepted, since the system has no descriptor left.
  private var shutUntil: Int64 = 0
  /// Which file the socket is: another of its name is not ours to remove.
  private var identity: (device: dev_t, file: ino_t)?
  private var endings = Sparing()
  private var refusals = Sparing()
  /// How often something has happened, or nothing for a while.
  private(set) var turns = 0

  /// Listens at a socket that only its owner can connect to; one of that name that nobody listens
  /// at is replaced.
  ///
  /// - Parameters:
  ///   - chip: the chip.
  ///   - path: the socket.
  ///   - time: the time to begin with.
  ///   - say: is given a line that says why a connection has ended; not for every one when there
  ///     are many.
  /// - Throws: `ServerError`.
  public convenience init(
    chip: PinChip, path: String, time: Nanoseconds = .zero,
    say: @escaping (String) -> Void = { _ in }
  ) throws(ServerError) {
    try self.init(chip: chip, path: path, time: time, limits: Connection.Limits(), say: say)
  }

  init(
    chip: PinChip, path: String, time: Nanoseconds = .zero, limits: Connection.Limits,
    say: @escaping (String) -> Void = { _ in }
  ) throws(ServerError) {
    self.chip = chip
    self.path = path
    self.limits = limits
    self.say = say
    begin = time
    origin = monotonicTime()
    // Writing to a machine that is gone must be an error, not the end of the program.
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
        throw ServerError(path: path, message: "this is a file but no socket; choose another path")
      }
      // A socket that nobody listens at is what a killed server left.
      let probe = ChipServer.socket()
      let isLeft =
        ChipServer.call(Foundation.connect, probe, &address) != 0 && errno == ECONNREFUSED
      close(probe)
      guard isLeft else {
        throw ServerError(
          path: path,
          message: "another process listens here; stop it or choose another --socket")
      }
      unlink(path)
    }
    listener = ChipServer.socket()
    // The file gets its mode from the socket when it is bound, so that at no time others can
    // connect.
    fchmod(listener, 0o600)
    let isBound = listener >= 0 && ChipServer.call(Foundation.bind, listener, &address) == 0
    if isBound {
      // A umask may have taken the owner's rights away as well.
      fchmodat(AT_FDCWD, path, 0o600, AT_SYMLINK_NOFOLLOW)
      if lstat(path, &status) == 0 { identity = (status.st_dev, status.st_ino) }
    }
    guard isBound, listen(listener, 16) == 0 else {
      let number = errno
      throw ServerError(
        path: path, message: "cannot listen here: \(String(cString: strerror(number)))",
        isPermission: number == EACCES || number == EPERM)
    }
  }

  private static func socket() -> Int32 {
    Foundation.socket(
      AF_UNIX,
      Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
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

  deinit {
    leave()
    if let newcomer { close(newcomer.socket) }
  }

  /// Listens no longer.
  private func leave() {
    if listener < 0 { return }
    close(listener)
    listener = -1
    var status = stat()
    if let identity, lstat(path, &status) == 0, status.st_dev == identity.device,
      status.st_ino == identity.file
    {
      unlink(path)
    }
  }

  /// The time, which goes on from the one that the server was made with.
  public var time: Nanoseconds { begin + Nanoseconds(monotonicTime() - origin) }

  /// Whether a machine is connected.
  public var isConnected: Bool { connection != nil }

  /// Serves until asked to stop; then nobody can connect any more.
  ///
  /// It is asked at least five times a second: a signal may come just before the wait that it
  /// should have ended, or to another thread. No peer can delay that, since nothing here waits for
  /// one.
  public func run(stopping: () -> Bool) {
    defer { leave() }
    while !stopping() && chip.failure == nil { turn(stopping) }
  }

  /// How long nothing need happen before the limits are looked at, ms.
  private static let wait: Int32 = 200

  /// Waits for something to happen, and does what it asks for.
  private func turn(_ stopping: () -> Bool) {
    let isFull = newcomer != nil || monotonicTime() < shutUntil
    let mayGiveWay = connection?.mustGiveWay(at: monotonicTime()) ?? true
    // The system ignores entries of -1.
    func place(_ file: Int32, _ events: Int16 = Int16(POLLIN)) -> pollfd {
      pollfd(fd: file, events: events, revents: 0)
    }
    var waited = [
      place(isFull ? -1 : listener),
      place(connection?.socket ?? -1, connection?.awaited ?? 0),
      place(connection?.kick ?? -1),
      place(mayGiveWay ? newcomer?.socket ?? -1 : -1),
    ]
    let ready = poll(&waited, nfds_t(waited.count), ChipServer.wait)
    turns += 1
    if ready > 0, let connection {
      do {
        if waited[2].revents != 0 { try connection.acknowledge() }
        try serve(connection, stopping)
        if waited[1].revents != 0 {
          try connection.obey(chip)
          // A request may have been put up before its kick was known.
          try serve(connection, stopping)
        }
      } catch {
        end(error)
      }
    }
    do {
      try connection?.check()
    } catch {
      end(error)
    }
    if ready > 0 && waited[0].revents != 0 { admit() }
    settle()
  }

  private func end(_ refusal: Refusal) {
    connection = nil
    if let line = endings.line("a connection has ended: \(refusal.reason)") { say(line) }
  }

  private func turnAway(_ socket: Int32, _ reason: String) {
    close(socket)
    if let line = refusals.line("a connection was turned away: \(reason)") { say(line) }
  }

  /// Accepts a peer that has connected.
  private func admit() {
    let accepted = accept(listener, nil, nil)
    if accepted >= 0 {
      newcomer = (accepted, monotonicTime())
    } else if ![EAGAIN, EINTR, ECONNABORTED].contains(errno) {
      // The peer stays in the backlog, and would wake the server without end.
      let reason = String(cString: strerror(errno))
      shutUntil = monotonicTime() + 1_000_000_000
      if let line = refusals.line("a connection cannot be accepted: \(reason)") { say(line) }
    }
  }

  /// Decides what becomes of a newcomer: one computer drives the chip at a time.
  private func settle() {
    guard let (socket, since) = newcomer else { return }
    let now = monotonicTime()
    if let connection {
      if connection.isRunning {
        newcomer = nil
        return turnAway(socket, "a machine is running")
      }
      // A probe or a silent peer does not replace a connection.
      var byte: UInt8 = 0
      let count = recv(socket, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
      if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) {
        newcomer = nil
        return turnAway(socket, "it hung up")
      }
      if count < 0 {
        if now >= since + Int64(limits.setup * 1e9) {
          newcomer = nil
          turnAway(socket, "no control message came within \(limits.setup) s")
        }
        return
      }
      guard connection.mustGiveWay(at: now) else { return }
      end(Refusal("it had no started queue for \(limits.setup) s, and another has connected"))
    }
    newcomer = nil
    connection = Connection(socket: socket, limits: limits)
  }

  /// How long the next request is looked for awake, ns: falling asleep and being woken takes longer
  /// than most programs take to ask again.
  private static let awake: Int64 = 100_000

  private func serve(
    _ connection: Connection, _ stopping: () -> Bool
  ) throws(Refusal) {
    // A machine that asks without end must leave the control socket a turn.
    var requests = 0
    var last = monotonicTime()
    while requests < 256 && !stopping() {
      let served = try connection.serve(&chip, clock: { time }, stopping: stopping)
      requests += served
      let now = monotonicTime()
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
  /// Whether permission is lacking.
  public let isPermission: Bool

  init(path: String, message: String, isPermission: Bool = false) {
    self.path = path
    self.message = message
    self.isPermission = isPermission
  }

  /// The error in words.
  public var description: String { "\(path): \(message)" }
}
