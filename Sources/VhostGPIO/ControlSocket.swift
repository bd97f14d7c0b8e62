import Foundation

/// How control messages come and replies go: nothing here waits.
extension Connection {
  /// Puts up the answer to a message.
  func reply(to message: Message, _ payload: [UInt8]) {
    outgoing += bytes(message.number) + bytes(UInt32(5)) + bytes(UInt32(payload.count)) + payload
  }

  /// Sends as much of the replies as the socket takes.
  func send(_ now: Int64) throws(Refusal) {
    while !outgoing.isEmpty {
      let part = outgoing.withUnsafeBytes {
        Foundation.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      }
      if part < 0 && errno == EINTR { continue }
      if part < 0 && errno == EAGAIN {
        outgoingSince = outgoingSince ?? now
        return
      }
      guard part > 0 else { throw Refusal("it hung up before it took a reply") }
      outgoing.removeFirst(part)
      outgoingSince = nil
    }
  }

  /// Receives what has come of a message.
  /// - Returns: whether it is whole.
  func receive(_ now: Int64) throws(Refusal) -> Bool {
    while true {
      var wanted = 12
      if incoming.count >= 12 {
        let flags = word(incoming, 4)
        let size = word(incoming, 8)
        guard flags & 3 == 1, flags & 4 == 0 else {
          throw Refusal("a control message has flags \(flags), those of no request of version 1")
        }
        guard size <= 4096 else {
          throw Refusal("a control message has \(size) bytes, and 4096 are allowed")
        }
        wanted += Int(size)
      }
      if incoming.count == wanted { return true }
      // Files come with the header.
      let part = try receive(upTo: wanted - incoming.count, withFiles: incoming.count < 12)
      guard let part else { return false }
      incomingSince = incomingSince ?? now
      incoming += part
    }
  }

  /// Receives some bytes, and the files that come with them.
  /// - Returns: `nil` when nothing has come.
  private func receive(upTo count: Int, withFiles: Bool) throws(Refusal) -> ArraySlice<UInt8>? {
    var data = [UInt8](repeating: 0, count: count)
    // A control message of files: a header of 16 bytes (length, level, type), then the descriptors.
    var control = [UInt64](repeating: 0, count: 2 + 16)
    var came: [Int32] = []
    var part = 0
    repeat {
      part = data.withUnsafeMutableBytes { target -> Int in
        control.withUnsafeMutableBytes { control -> Int in
          var vector = iovec(iov_base: target.baseAddress, iov_len: target.count)
          return withUnsafeMutablePointer(to: &vector) { vector -> Int in
            var message = msghdr()
            message.msg_iov = vector
            message.msg_iovlen = 1
            if withFiles {
              message.msg_control = control.baseAddress
              message.msg_controllen = control.count
            }
            let part = recvmsg(socket, &message, Int32(MSG_CMSG_CLOEXEC) | Int32(MSG_DONTWAIT))
            if part > 0 && withFiles && message.msg_controllen >= 16 {
              let length = Int(control.load(as: UInt64.self))
              let level = control.load(fromByteOffset: 8, as: Int32.self)
              let type = control.load(fromByteOffset: 12, as: Int32.self)
              if level == SOL_SOCKET && type == Int32(SCM_RIGHTS) {
                let end = min(length, Int(message.msg_controllen), control.count)
                for place in stride(from: 16, to: end - 3, by: 4) {
                  came.append(control.load(fromByteOffset: place, as: Int32.self))
                }
              }
            }
            return part
          }
        }
      }
    } while part < 0 && errno == EINTR
    if part < 0 && errno == EAGAIN { return nil }
    guard part > 0 else {
      throw Refusal(incoming.isEmpty ? "it hung up" : "it hung up in the middle of a message")
    }
    files += came
    guard files.count <= Connection.mostFiles else {
      throw Refusal("a control message has more than \(Connection.mostFiles) files")
    }
    return data.prefix(part)
  }
}

/// The bytes of a number, the lowest first.
func bytes<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}

/// The 32 bits at a place of a message.
func word(_ bytes: [UInt8], _ place: Int) -> UInt32 {
  UInt32(bytes[place]) | UInt32(bytes[place + 1]) << 8 | UInt32(bytes[place + 2]) << 16
    | UInt32(bytes[place + 3]) << 24
}

/// The 64 bits at a place of a message.
func long(_ bytes: [UInt8], _ place: Int) -> UInt64 {
  UInt64(word(bytes, place)) | UInt64(word(bytes, place + 4)) << 32
}
