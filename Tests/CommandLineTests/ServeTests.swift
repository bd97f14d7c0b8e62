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
}
