import Foundation
import TestSupport
import Testing

/// A peer at a server's socket that sends whatever a test wants, byte by byte.
final class Peer {
  private let socket: Int32

  /// Connects, once the server listens.
  init(_ path: String) throws {
    socket = try connectedSocket(at: path)
  }

  deinit { close(socket) }

  /// The bytes of a control message.
  static func message(_ kind: UInt32, _ words: [UInt64] = []) -> [UInt8] {
    var bytes: [UInt8] = []
    for word in [kind, 1, UInt32(words.count * 8)] {
      withUnsafeBytes(of: word.littleEndian) { bytes += $0 }
    }
    for word in words { withUnsafeBytes(of: word.littleEndian) { bytes += $0 } }
    return bytes
  }

  /// Sends bytes, and a file with them.
  /// - Returns: whether all were taken.
  @discardableResult
  func send(_ bytes: [UInt8], file: Int32? = nil, flags: Int32 = 0) -> Bool {
    sendBytes(bytes, with: file, over: socket, flags: flags)
  }

  /// How many bytes come, at most so many; 0 when the server hangs up, `nil` when nothing happens.
  func receive(_ most: Int) -> Int? {
    var waited = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    guard poll(&waited, 1, 20_000) > 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: most)
    return max(recv(socket, &bytes, most, 0), 0)
  }

  /// Whether the server has read all that was sent.
  var isRead: Bool {
    var unread: Int32 = 0
    return ioctl(socket, UInt(TIOCOUTQ), &unread) == 0 && unread == 0
  }

  /// Whether the server answers a question.
  var isAnswered: Bool { send(Peer.message(1)) && receive(20) == 20 }

  /// Whether the server hangs up, once what it still says is read.
  var isHungUp: Bool {
    while let count = receive(4096) { if count == 0 { return true } }
    return false
  }
}
