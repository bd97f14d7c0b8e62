import Foundation
import Testing

@testable import tellegen

/// What is shown while something lasts.
@Suite struct ProgressTests {
  private static let texts = ["12/100", "error 1.22e+04 mV^2", "right 96.7 %", "12 s left"]

  @Test func `a bar takes the room it has, then goes, then the texts from the last on`() {
    func line(_ room: Int) -> String {
      ProgressDisplay.line(part: 0.5, texts: Self.texts, room: room)
    }
    let whole = "12/100  error 1.22e+04 mV^2  right 96.7 %  12 s left"
    #expect(
      line(200) == "[" + String(repeating: "#", count: 15) + String(repeating: "-", count: 15)
        + "] " + whole)
    #expect(line(whole.count + 9) == "[###---] " + whole)
    #expect(line(whole.count + 7) == whole)
    #expect(line(39) == "[####-----] 12/100  error 1.22e+04 mV^2")
    #expect(line(30) == "12/100  error 1.22e+04 mV^2")
    #expect(line(4) == "12/1")
    #expect(line(0) == "" && line(-1) == "")
    for room in 0...120 { #expect(line(room).count <= room) }
  }

  /// Runs a short training at a terminal and gives back what came to it.
  private func shown(widths: [Int]) throws -> String {
    var text = ""
    try Program.run { tellegen in
      let (master, slave) = try pseudoterminal()
      resize(master, to: widths[0])
      let terminal = FileHandle(fileDescriptor: slave, closeOnDealloc: true)
      let process = try tellegen.process(["train", "--epochs", "60", "--out", "run"])
      process.standardOutput = FileHandle.nullDevice
      process.standardError = terminal
      try process.run()
      try terminal.close()
      var bytes = [UInt8](repeating: 0, count: 4096)
      var next = 1
      while true {
        let count = read(master, &bytes, bytes.count)
        if count <= 0 { break }
        text += String(decoding: bytes.prefix(count), as: UTF8.self)
        if next < widths.count {
          resize(master, to: widths[next])
          next += 1
        }
      }
      process.waitUntilExit()
      close(master)
      #expect(process.terminationStatus == 0)
    }
    return text
  }

  @Test(arguments: [40, 60, 80, 200])
  func `no line is longer than the terminal is wide`(_ width: Int) throws {
    let text = try shown(widths: [width])
    let lines = text.replacing("\u{1b}[K", with: "").split { $0 == "\r" || $0.isNewline }
    #expect(lines.contains { $0.contains("60/60  error ") }, "\(text)")
    #expect(lines.allSatisfy { $0.count < width }, "\(text)")
    // Each replaces the one before: only the end goes to a new line.
    #expect(text.count { $0 == "\r\n" } == 1)
    #expect(width < 80 || lines.contains { $0.hasPrefix("[") && $0.contains("right ") })
  }

  @Test func `a terminal that was made narrow has narrow lines from then on`() throws {
    let text = try shown(widths: [200, 40])
    let lines = text.replacing("\u{1b}[K", with: "").split { $0 == "\r" || $0.isNewline }
    #expect((lines.last?.count ?? 99) < 40, "\(text)")
  }

  @Test func `a large board is announced before it is set up`() throws {
    try Program.run { tellegen in
      try tellegen.write(
        """
        name: one
        inputs: [{name: a, column: 0}, {name: b, volts: 0}]
        outputs: {count: 1}
        labels: [{column: 1}]
        objective: squared_error
        samples: [[0.1, 0.2]]
        placement: {lattice-32: {sources: [n0, n500], targets: [n200]}}
        """, to: "one.yaml")
      try tellegen.write(try tellegen("board", "lattice", "--side", "32").output, to: "b.yaml")
      let run = try tellegen(
        "train", "--board", "b.yaml", "--task", "one.yaml", "--epochs", "1", "--out", "run")
      #expect(run.code == 0)
      #expect(
        run.errors.hasPrefix("tellegen: setting up 'lattice-32', which has 2048 learning edges\n"),
        "\(run.errors)")
    }
  }

  /// A shell has its background jobs ignore SIGINT.
  @Test func `a background job hears SIGINT before it has anything to keep`() throws {
    try Program.run { tellegen in
      let process = try tellegen.process(
        [
          "-c", "trap '' INT; exec \"$0\" \"$@\"", try Program.path, "gradient", "--task", "iris",
          "--board", "lattice", "--samples", "150", "--beta", "1e-9",
        ], executable: "/bin/sh")
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      // Until the shell has become the program, and the program has begun.
      let name = "/proc/\(process.processIdentifier)/"
      func ignores() -> Bool {
        guard let status = try? String(contentsOfFile: name + "status", encoding: .utf8),
          let line = status.split(separator: "\n").first(where: { $0.hasPrefix("SigIgn:") })
        else { return false }
        return (UInt64(line.split(separator: "\t")[1], radix: 16) ?? 0) & 2 != 0
      }
      var tries = 0
      while process.isRunning && tries < 20_000
        && (ignores()
          || (try? String(contentsOfFile: name + "comm", encoding: .utf8)) != "tellegen\n")
      {
        usleep(500)
        tries += 1
      }
      #expect(tries < 20_000, "it still ignores SIGINT")
      kill(process.processIdentifier, SIGINT)
      process.waitUntilExit()
      #expect(shellCode(process) == 130)
    }
  }
}
