import Foundation

/// A socket that is connected to a server's.
///
/// - Parameter path: the server's socket.
/// - Returns: its descriptor; the caller closes it.
/// - Throws: `POSIXError` when nobody listens there.
package func connectedSocket(at path: String) throws -> Int32 {
  let socket = Foundation.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
  let result = withUnsafePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
    }
  }
  if result != 0 {
    let number = errno
    close(socket)
    throw POSIXError(POSIXErrorCode(rawValue: number) ?? .EIO)
  }
  return socket
}

/// Sends bytes over a local socket, and a file with them.
///
/// - Parameters:
///   - bytes: the bytes.
///   - file: the file's descriptor, which the other side gets one of its own for.
///   - socket: the socket.
///   - flags: flags of the call beside MSG_NOSIGNAL.
/// - Returns: whether all bytes were taken.
package func sendBytes(
  _ bytes: [UInt8], with file: Int32?, over socket: Int32, flags: Int32 = 0
) -> Bool {
  bytes.withUnsafeBytes { bytes -> Bool in
    var control: [UInt64] = [20, UInt64(UInt32(SOL_SOCKET)) | UInt64(SCM_RIGHTS) << 32, 0]
    control[2] = UInt64(UInt32(bitPattern: file ?? 0))
    var vector = iovec(
      iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
    return control.withUnsafeMutableBytes { control in
      withUnsafeMutablePointer(to: &vector) { vector in
        var header = msghdr()
        header.msg_iov = vector
        header.msg_iovlen = 1
        if file != nil {
          header.msg_control = control.baseAddress
          header.msg_controllen = 24
        }
        return sendmsg(socket, &header, Int32(MSG_NOSIGNAL) | flags) == bytes.count
      }
    }
  }
}
