import Foundation
import Testing

@Suite struct ServeTests {
  /// Starts a server, waits until it serves and asks it to end.
  private func serve(
    _ tellegen: Program, _ arguments: [String], _ signal: Int32
  ) throws -> (code: Int32, says: String) {
    let process = try tellegen.process(["serve", "--socket", "socket"] + arguments)
    let errors = Pipe()
    process.standardError = errors
    process.standardOutput = FileHandle.nullDevice
    try startListening(process)
    let first = firstLine(of: errors.fileHandleForReading.fileDescriptor)
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    return (process.terminationStatus, first)
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func `a server's state is kept at its end and found at its next start`(_ signal: Int32) throws {
    try Program.run { tellegen in
      let first = try serve(tellegen, ["--state", "state.json"], signal)
      #expect(first.code == 0)
      #expect(first.says == "lattice: 26 lines at socket")
      let saved = try tellegen.text("state.json")
      let second = try serve(tellegen, ["--state", "state.json"], signal)
      #expect(second.code == 0)
      #expect(second.says.contains("lattice: 26 lines at socket, as they were left"))
      #expect(try tellegen.text("state.json") != saved)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: tellegen.folder) == ["state.json"])
    }
  }

  @Test func `a state that is another board's, task's or seed's, damaged or not to be written`()
    throws
  {
    try Program.run { tellegen in
      #expect(try serve(tellegen, ["--state", "state.json"], SIGTERM).code == 0)
      let saved = try tellegen.text("state.json")
      let lattice = try String(contentsOfFile: packageRoot + "/board/lattice.yaml", encoding: .utf8)
      let changed = lattice.replacingOccurrences(
        of: "timing: {", with: "timing: {conversion: 0.05, ")
      #expect(changed != lattice)
      try tellegen.write(changed, to: "board.yaml")
      let others: [([String], String)] = [
        (["--board", "breadboard", "--task", "regression"], "board 'lattice', not 'breadboard'"),
        (["--seed", "2"], "of seed 1, not 2"),
        (["--task", "regression"], "of a task at other nodes"),
        (["--board", "board.yaml"], "the board file has changed since"),
      ]
      for (options, message) in others {
        let end = try tellegen(
          ["serve", "--socket", "socket", "--state", "state.json"] + options)
        #expect(end.code == 65 && end.errors.contains(message), "\(end.errors)")
        #expect(end.errors.contains("give --state another file"))
      }
      #expect(try tellegen.text("state.json") == saved)

      try tellegen.write(String(saved.dropLast(9)), to: "state.json")
      let damaged = try tellegen("serve", "--socket", "socket", "--state", "state.json")
      #expect(damaged.code == 65 && damaged.errors.contains("damaged"))
      try tellegen.write(
        saved.replacingOccurrences(of: "\"operations\" : 0", with: "\"operations\" : -1"),
        to: "state.json")
      let wrong = try tellegen("serve", "--socket", "socket", "--state", "state.json")
      #expect(wrong.code == 65 && wrong.errors.contains("state.json: the saved state"))
      let nowhere = try tellegen("serve", "--socket", "socket", "--state", "none/state.json")
      #expect(nowhere.code == 74 && nowhere.errors.contains("none/state.json: No such"))
    }
  }

  /// Does something with a server, which is ended at last.
  /// - Returns: what it said on standard error.
  @discardableResult
  private func serving(
    _ tellegen: Program, _ command: String = "exec \"$0\" serve --socket socket",
    _ body: (Process, _ socket: String) throws -> Void
  ) throws -> String {
    let process = try tellegen.process(["-c", command, try Program.path], executable: "/bin/sh")
    let errors = tellegen.path("errors")
    _ = FileManager.default.createFile(atPath: errors, contents: nil)
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errors))
    process.standardOutput = FileHandle.nullDevice
    try startListening(process)
    defer {
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
      process.waitUntilExit()
    }
    func said() -> String { (try? String(contentsOfFile: errors, encoding: .utf8)) ?? "" }
    try #require(until { said().contains("lines at") }, "\(said())")
    try body(process, tellegen.path("socket"))
    return said()
  }

  /// Waits for a condition, for so many seconds at most.
  private func until(_ most: Double = 30, _ condition: () -> Bool) -> Bool {
    let end = Date(timeIntervalSinceNow: most)
    while !condition() {
      if Date() > end { return false }
      poll(nil, 0, 20)
    }
    return true
  }

  /// What a peer can do instead of being a machine.
  enum Laziness: CaseIterable {
    case isSilent, dripsAHeader, dripsAPayload, takesNoReplies
  }

  @Test(arguments: Laziness.allCases)
  func `a server ends when it is asked to, whatever its peer is doing`(_ laziness: Laziness) throws
  {
    try Program.run { tellegen in
      try serving(tellegen) { process, socket in
        let peer = try Peer(socket)
        #expect(peer.isAnswered)
        // A header, or one that announces as much as is allowed.
        var bytes: [UInt8] =
          laziness == .dripsAPayload
          ? [2, 0, 0, 0, 1, 0, 0, 0, 0, 16, 0, 0] + [UInt8](repeating: 0, count: 4096)
          : Peer.message(1)
        switch laziness {
        case .isSilent: bytes = []
        case .dripsAHeader, .dripsAPayload:
          let start = laziness == .dripsAPayload ? 13 : 1
          peer.send(Array(bytes.prefix(start)))
          bytes.removeFirst(start)
        case .takesNoReplies:
          while peer.send(bytes, flags: Int32(MSG_DONTWAIT)) {}
          bytes = []
        }
        // In the middle of it.
        if laziness != .takesNoReplies { #expect(until { peer.isRead }) }
        kill(process.processIdentifier, SIGTERM)
        var turns = 0
        let ended = until(10) {
          // A byte every one and a half seconds: the header alone would take longer.
          turns += 1
          if turns % 75 == 0, !bytes.isEmpty { peer.send([bytes.removeFirst()]) }
          return !process.isRunning
        }
        #expect(ended)
        if ended { #expect(process.terminationStatus == 0) }
      }
      #expect(!tellegen.exists("socket"))
    }
  }

  @Test func `a peer that says nothing, or no more than a question, keeps nobody out`() throws {
    try Program.run { tellegen in
      let said = try serving(tellegen) { _, socket in
        let silent = try Peer(socket)
        let first = try Peer(socket)
        #expect(first.isAnswered)
        #expect(silent.isHungUp)
        let second = try Peer(socket)
        #expect(second.isAnswered)
        #expect(first.isHungUp)
      }
      #expect(said.contains("a connection has ended: it had no started queue for 5.0 s"), "\(said)")
    }
  }

  @Test func `a kick that is always ready and never read is refused`() throws {
    try Program.run { tellegen in
      let said = try serving(tellegen) { _, socket in
        var ends: [Int32] = [0, 0]
        pipe(&ends)
        close(ends[1])
        defer { close(ends[0]) }
        let peer = try Peer(socket)
        peer.send(Peer.message(12, [0]), file: ends[0])
        #expect(peer.isHungUp)
        #expect(try Peer(socket).isAnswered)
      }
      #expect(said.contains("the kick of a queue must be an eventfd, not 'pipe:["), "\(said)")
    }
  }

  @Test func `memory that can vanish is refused, and the server lives`() throws {
    try Program.run { tellegen in
      let said = try serving(tellegen) { process, socket in
        let file = open(tellegen.path("memory"), O_RDWR | O_CREAT, 0o600)
        defer { close(file) }
        ftruncate(file, 65536)
        let counter = Pipe()
        let peer = try Peer(socket)
        peer.send(Peer.message(2, [1 << 32]))
        peer.send(Peer.message(5, [1, 0, 65536, 0, 0]), file: file)
        peer.send(Peer.message(8, [64 << 32]))
        peer.send(Peer.message(9, [0, 0, 8192, 4096, 0]))
        #expect(until { peer.isRead })
        ftruncate(file, 0)
        peer.send(
          Peer.message(12, [0]), file: counter.fileHandleForReading.fileDescriptor)
        #expect(peer.isHungUp)
        #expect(process.isRunning)
        #expect(try Peer(socket).isAnswered)
      }
      #expect(said.contains("give QEMU -object memory-backend-memfd"), "\(said)")
    }
  }

  @Test(arguments: ["000", "022", "777"])
  func `only its owner can connect, whatever the umask`(_ mask: String) throws {
    try Program.run { tellegen in
      let command = "umask \(mask); exec \"$0\" serve --socket socket"
      try serving(tellegen, command) { _, socket in
        let attributes = try FileManager.default.attributesOfItem(atPath: socket)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
      }
    }
  }

  @Test func `a socket that another process listens at is left to it`() throws {
    try Program.run { tellegen in
      try serving(tellegen) { _, socket in
        let second = try tellegen("serve", "--socket", "socket")
        #expect(second.code == 74)
        #expect(
          second.errors == """
            tellegen: socket: another process listens here; stop it or choose another --socket

            """)
        #expect(try Peer(socket).isAnswered)
      }
    }
  }
}
