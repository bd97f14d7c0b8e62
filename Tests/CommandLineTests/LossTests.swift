import Foundation
import Testing

/// What must not be lost: other people's files, two runs in one folder, what a full or closed
/// output cannot take, what a plot that hangs keeps waiting.
@Suite struct LossTests {
  private static let short = ["train", "--task", "regression", "--epochs", "2"]

  /// Runs the program with its streams at given files.
  private func run(
    _ tellegen: Program, _ arguments: [String], output: String? = nil, errors: String? = nil
  ) throws -> Int32 {
    let process = try tellegen.process(arguments)
    process.standardOutput =
      try output.map {
        try FileHandle(forWritingTo: URL(fileURLWithPath: $0))
      } ?? FileHandle.nullDevice
    process.standardError =
      try errors.map {
        try FileHandle(forWritingTo: URL(fileURLWithPath: $0))
      } ?? FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return shellCode(process)
  }

  // MARK: - Outputs that take nothing

  @Test func `a run whose messages nobody can read goes on to its end`() throws {
    try Program.run { tellegen in
      let code = try run(tellegen, LossTests.short + ["--out", "run"], errors: "/dev/full")
      #expect(code == 0)
      #expect(try tellegen.record("run/record.json").result.finished)
    }
  }

  @Test func `a result that could not be written is an input-output error, and is kept`() throws {
    try Program.run { tellegen in
      let code = try run(
        tellegen, LossTests.short + ["--out", "run", "--json"], output: "/dev/full")
      #expect(code == 74)
      #expect(try tellegen.record("run/record.json").result.finished)
      #expect(try run(tellegen, ["board", "check", "lattice"], output: "/dev/full") == 74)
      #expect(try run(tellegen, ["--help"], output: "/dev/full") == 74)
      #expect(try run(tellegen, ["--version"], output: "/dev/full") == 74)
    }
  }

  @Test func `a reader that has gone ends no run`() throws {
    try Program.run { tellegen in
      let process = try tellegen.process(LossTests.short + ["--out", "run"])
      let errors = Pipe()
      process.standardError = errors
      process.standardOutput = FileHandle.nullDevice
      try errors.fileHandleForReading.close()
      try process.run()
      process.waitUntilExit()
      #expect(shellCode(process) == 0)
      #expect(try tellegen.record("run/record.json").result.finished)
    }
  }

  @Test func `a program started with streams closed writes into none of its own files`() throws {
    try Program.run { tellegen in
      #expect(try tellegen(LossTests.short + ["--out", "whole"]).code == 0)
      for closed in ["<&-", ">&-", "2>&-", "<&- >&-", "<&- 2>&-", ">&- 2>&-", "<&- >&- 2>&-"] {
        let words = (LossTests.short + ["--out", "run", "--overwrite"]).joined(separator: " ")
        let end = try tellegen(
          ["-c", "exec '\(try Program.path)' \(words) \(closed)"], executable: "/bin/sh")
        // A result that nobody could be given is told by the code.
        #expect(end.code == (closed.contains(" >&-") || closed.hasPrefix(">&-") ? 74 : 0))
        try expectSame(tellegen, "run", "whole", closed)
      }
    }
  }

  @Test(arguments: [SIGTERM, SIGINT])
  func `a run whose messages nobody takes ends when it is asked to`(_ signal: Int32) throws {
    try Program.run { tellegen in
      let process = try tellegen.process(["train", "--epochs", "1000000", "--out", "run"])
      var ends: [Int32] = [0, 0]
      #expect(pipe(&ends) == 0)
      // Full, and never read.
      _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
      var bytes = [UInt8](repeating: 46, count: 4096)
      while write(ends[1], &bytes, bytes.count) > 0 {}
      _ = fcntl(ends[1], F_SETFL, 0)
      process.standardError = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
      process.standardOutput = FileHandle.nullDevice
      try startListening(process)
      while !tellegen.exists("run/setting.json") && process.isRunning { usleep(1000) }
      kill(process.processIdentifier, signal)
      let asked = Date()
      process.waitUntilExit()
      // Promised are two seconds; it would wait for ever.
      #expect(Date().timeIntervalSince(asked) < 20)
      #expect(shellCode(process) == 130)
      close(ends[0])
      #expect(tellegen.exists("run/checkpoint.json"))
    }
  }

  // MARK: - Folders

  @Test func `a file called lock that is somebody's stays, whatever it is`() throws {
    try Program.run { tellegen in
      for make in ["printf '' >u/lock", "printf 'mine' >u/lock", "mkfifo u/lock", "mkdir u/lock"] {
        let script = "rm -rf u; mkdir u; echo x >u/main.tex; \(make)"
        #expect(try tellegen(["-c", script], executable: "/bin/sh").code == 0)
        let end = try tellegen(LossTests.short + ["--out", "u", "--overwrite"])
        #expect(end.code == 64, "\(make): \(end.errors)")
        #expect(tellegen.exists("u/lock") && tellegen.exists("u/main.tex"), "\(make)")
      }
    }
  }

  @Test func `results that were there stay when the new ones are interrupted`() throws {
    try Program.run { tellegen in
      let cycle = ["cycle", "--rig", "exp1", "--out", "cycle"]
      #expect(try tellegen(cycle + ["--tau", "0.01"]).code == 0)
      let kept = try tellegen.text("cycle/cycle.json")
      let long = try tellegen.start(cycle + ["--tau", "1000", "--overwrite"])
      while !tellegen.exists("cycle/lock") && long.isRunning { usleep(1000) }
      kill(long.processIdentifier, SIGTERM)
      long.waitUntilExit()
      #expect(shellCode(long) == 130)
      #expect(try tellegen.text("cycle/cycle.json") == kept)
    }
  }

  @Test func `measures that were lost are missed when a run goes on`() throws {
    try Program.run { tellegen in
      let process = try tellegen.start(["train", "--epochs", "1000000", "--out", "run"])
      while try tellegen.size("run/metrics.jsonl") < 4000 && process.isRunning { usleep(1000) }
      kill(process.processIdentifier, SIGINT)
      process.waitUntilExit()
      let lines = try tellegen.text("run/metrics.jsonl").split(separator: "\n")
      try tellegen.write(lines.prefix(5).joined(separator: "\n") + "\n", to: "run/metrics.jsonl")
      let next = try tellegen.process(["train", "--resume", "run"])
      let errors = Pipe()
      next.standardError = errors
      next.standardOutput = FileHandle.nullDevice
      try startListening(next)
      let first = firstLine(of: errors.fileHandleForReading.fileDescriptor)
      #expect(first.contains("run/metrics.jsonl: the lines after epoch 4 up to epoch"))
      kill(next.processIdentifier, SIGINT)
      _ = errors.fileHandleForReading.readDataToEndOfFile()
      next.waitUntilExit()
    }
  }

  @Test func `what no run put into a folder is refused by name and stays`() throws {
    try Program.run { tellegen in
      let files = FileManager.default
      try files.createDirectory(
        atPath: tellegen.path("u/trace.txt"), withIntermediateDirectories: true)
      try tellegen.write("mine", to: "u/trace.txt/diary")
      try tellegen.write("mine", to: "u/record.json")
      for more in [[], ["--overwrite"]] {
        let end = try tellegen(LossTests.short + ["--out", "u"] + more)
        #expect(end.code == 64)
        #expect(end.errors.contains("'record.json', 'trace.txt'"), "\(end.errors)")
      }
      #expect(try tellegen.text("u/trace.txt/diary") == "mine")
      #expect(try tellegen.text("u/record.json") == "mine")
      #expect(try files.contentsOfDirectory(atPath: tellegen.path("u")).count == 2)
    }
  }

  @Test func `a run is replaced file by file, and what is not listed stops it`() throws {
    try Program.run { tellegen in
      #expect(try tellegen(LossTests.short + ["--out", "run"]).code == 0)
      try tellegen.write("mine", to: "run/notes.txt")
      let refused = try tellegen(LossTests.short + ["--out", "run", "--overwrite"])
      #expect(refused.code == 64 && refused.errors.contains("'notes.txt'"))
      #expect(try tellegen.text("run/notes.txt") == "mine")
      #expect(try tellegen.record("run/record.json").result.finished)
      try FileManager.default.removeItem(atPath: tellegen.path("run/notes.txt"))
      #expect(try tellegen(LossTests.short + ["--out", "run", "--overwrite"]).code == 0)
    }
  }

  @Test func `a setting that names files elsewhere, or is somebody's own, removes nothing`() throws
  {
    try Program.run { tellegen in
      #expect(try tellegen(LossTests.short + ["--out", "run"]).code == 0)
      try tellegen.write("mine", to: "precious")
      let setting = try tellegen.text("run/setting.json").replacingOccurrences(
        of: "\"record.json\"", with: "\"record.json\", \"../precious\"")
      try tellegen.write(setting, to: "run/setting.json")
      #expect(try tellegen(LossTests.short + ["--out", "run", "--overwrite"]).code == 0)
      #expect(try tellegen.text("precious") == "mine")

      try FileManager.default.createDirectory(
        atPath: tellegen.path("own"), withIntermediateDirectories: true)
      try tellegen.write("mine", to: "own/record.json")
      for mine in ["{\"editor\": \"dark\"}", "{\"version\": \"1.0\", \"theme\": \"dark\"}"] {
        try tellegen.write(mine, to: "own/setting.json")
        let end = try tellegen(LossTests.short + ["--out", "own", "--overwrite"])
        #expect(end.code == 64 && end.errors.contains("own/setting.json"))
        #expect(try tellegen.text("own/setting.json") == mine)
        #expect(try tellegen.text("own/record.json") == "mine")
      }
    }
  }

  @Test func `a folder that cannot be used is refused with the reason`() throws {
    try Program.run { tellegen in
      try tellegen.write("x", to: "file")
      let inFile = try tellegen(LossTests.short + ["--out", "file/run"])
      #expect(inFile.code == 74 && inFile.errors.contains("Not a directory"))
      let empty = try tellegen(LossTests.short + ["--out", ""])
      #expect(empty.code == 64 && empty.errors.contains("--out"))
      // Nothing is left of a run that could not begin.
      let refused = try tellegen("train", "--board", "lattice-multiplier", "--rule", "centred")
      #expect(refused.code == 64 && !tellegen.exists("runs"))
    }
  }

  @Test func `a second run in a folder ends at once and names the first`() throws {
    try Program.run { tellegen in
      let first = try tellegen.process(["train", "--epochs", "100000", "--out", "run"])
      let errors = Pipe()
      first.standardError = errors
      first.standardOutput = FileHandle.nullDevice
      try startListening(first)
      #expect(firstLine(of: errors.fileHandleForReading.fileDescriptor).hasPrefix("epoch 0"))
      for arguments in [
        LossTests.short + ["--out", "run", "--overwrite"], LossTests.short + ["--out", "run"],
        ["train", "--resume", "run"], ["drift", "--out", "run"],
      ] {
        let second = try tellegen(arguments)
        #expect(second.code == 75, "\(arguments): \(second.errors)")
        #expect(second.errors.contains("process \(first.processIdentifier) "))
      }
      kill(first.processIdentifier, SIGINT)
      _ = errors.fileHandleForReading.readDataToEndOfFile()
      first.waitUntilExit()
      #expect(shellCode(first) == 130)
      // Free again.
      #expect(try tellegen(LossTests.short + ["--out", "run", "--overwrite"]).code == 0)
    }
  }

  @Test func `the folder of a killed run is free, and nothing half-written stays`() throws {
    try Program.run { tellegen in
      let first = try tellegen.process(["train", "--epochs", "100000", "--out", "run"])
      let errors = Pipe()
      first.standardError = errors
      first.standardOutput = FileHandle.nullDevice
      try first.run()
      #expect(firstLine(of: errors.fileHandleForReading.fileDescriptor).hasPrefix("epoch 0"))
      kill(first.processIdentifier, SIGKILL)
      first.waitUntilExit()
      try tellegen.write("half", to: "run/.checkpoint.json.new")
      try tellegen.write("half", to: "run/.record.json.4711")
      #expect(try tellegen(LossTests.short + ["--out", "run", "--overwrite"]).code == 0)
      let names = try FileManager.default.contentsOfDirectory(atPath: tellegen.path("run"))
      #expect(names.allSatisfy { !$0.hasPrefix(".") && $0 != "lock" }, "\(names)")
    }
  }

  @Test func `a run of version 0.1 goes on, and its curve with it`() throws {
    try Program.run { tellegen in
      let options = ["train", "--task", "regression", "--epochs", "4"]
      #expect(try tellegen(options + ["--out", "whole"]).code == 0)
      // Stopped after two epochs, as that version wrote it.
      let first = try tellegen.process(options + ["--out", "old"])
      first.standardOutput = FileHandle.nullDevice
      first.standardError = FileHandle.nullDevice
      try first.run()
      first.waitUntilExit()
      func json(_ name: String) throws -> [String: Any] {
        let data = Data(try tellegen.text(name).utf8)
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
      }
      func write(_ value: [String: Any], _ name: String) throws {
        try JSONSerialization.data(withJSONObject: value).write(
          to: URL(fileURLWithPath: tellegen.path(name)))
      }
      var setting = try json("old/setting.json")
      setting["files"] = nil
      try write(setting, "old/setting.json")
      var checkpoint = try json("old/checkpoint.json")
      var progress = try #require(checkpoint["progress"] as? [String: Any])
      let last = try #require(progress["last"] as? [String: Any])
      progress["curve"] = try (0...4).map { epoch in
        var record = epoch == 0 ? try #require(progress["first"] as? [String: Any]) : last
        record["epoch"] = epoch
        return record
      }
      progress["first"] = nil
      progress["last"] = nil
      checkpoint["progress"] = progress
      try write(checkpoint, "old/checkpoint.json")
      for name in ["metrics.jsonl", "curves.csv", "record.json", "circumstances.json"] {
        try FileManager.default.removeItem(atPath: tellegen.path("old/" + name))
      }
      #expect(try tellegen("train", "--resume", "old").code == 0)
      #expect(try tellegen.text("old/metrics.jsonl").split(separator: "\n").count == 5)
      #expect(try tellegen.text("old/curves.csv").split(separator: "\n").count == 6)
      #expect(try tellegen.record("old/record.json").result.finished)
      #expect(try tellegen(options + ["--out", "old", "--overwrite"]).code == 0)
    }
  }

  // MARK: - Full disks

  /// A limit on the size of files stands for a full disk: the measures outgrow it, the rest does
  /// not.
  @Test func `on a full disk a run goes on in memory, says so, and can be gone on with`() throws {
    try Program.run { tellegen in
      let options = [
        "train", "--board", "two-edge-comparator", "--task", "two-edge-alpha", "--epochs", "20000",
      ]
      #expect(try tellegen(options + ["--out", "whole"]).code == 0)
      let script = "trap '' XFSZ; ulimit -f 512; exec \"$@\""
      let full = try tellegen(
        ["-c", script, "sh", try Program.path] + options + ["--out", "run"], executable: "/bin/sh")
      #expect(full.code == 74, "\(full.errors)")
      #expect(full.errors.contains("the run goes on in memory"))
      #expect(full.errors.contains("epoch 20000 of 20000"))
      #expect(full.errors.contains("tellegen train --resume run"))
      // What is there is whole, and the result is printed all the same.
      #expect(full.output.contains("20000 of 20000 epochs"))
      #expect(try tellegen.text("run/metrics.jsonl").hasSuffix("}\n"))
      #expect(try tellegen("train", "--resume", "run").code == 0)
      try expectSame(tellegen, "run", "whole", "a full disk")
    }
  }

  // MARK: - Plots that hang

  /// A program called gnuplot in a folder of its own, first on the path.
  private func withGnuplot(_ script: String, _ body: (Program, [String: String]) throws -> Void)
    throws
  {
    try Program.run { tellegen in
      try FileManager.default.createDirectory(
        atPath: tellegen.path("bin"), withIntermediateDirectories: true)
      try tellegen.write("#!/bin/sh\n" + script, to: "bin/gnuplot")
      chmod(tellegen.path("bin/gnuplot"), 0o755)
      var environment = ProcessInfo.processInfo.environment
      environment["TELLEGEN_HOME"] = packageRoot
      environment["PATH"] = tellegen.path("bin") + ":" + (environment["PATH"] ?? "")
      try body(tellegen, environment)
    }
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func `a signal ends a run whose plot hangs, with all kept`(_ signal: Int32) throws {
    try withGnuplot("echo up >plotting\nexec sleep 1000\n") { tellegen, environment in
      let process = try tellegen.process(LossTests.short + ["--out", "run"])
      process.environment = environment
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try startListening(process)
      while !tellegen.exists("run/plotting") && process.isRunning { usleep(1000) }
      kill(process.processIdentifier, signal)
      let asked = Date()
      process.waitUntilExit()
      // A hang would last a thousand seconds; the promise is two.
      #expect(Date().timeIntervalSince(asked) < 20)
      #expect(shellCode(process) == 130)
      #expect(try tellegen.record("run/record.json").result.finished)
    }
  }

  @Test func `with little memory a run ends, with a plot or without`() throws {
    try Program.run { tellegen in
      // Little for a program that starts another; a hang here heard no signal, so SIGKILL ends it.
      let script = "ulimit -v 100000; exec timeout -k 2 60 \"$@\""
      let end = try tellegen(
        ["-c", script, "sh", try Program.path] + LossTests.short + ["--out", "run"],
        executable: "/bin/sh")
      #expect(![124, 137].contains(end.code), "it hung: \(end.errors)")
      #expect(end.code == 0, "\(end.code): \(end.errors)")
    }
  }

  @Test func `a plot that complains without end ends by its limit or by itself`() throws {
    try withGnuplot("yes complaint | head -c 1000000 >&2\nexit 3\n") { tellegen, environment in
      let process = try tellegen.process(LossTests.short + ["--out", "run"])
      process.environment = environment
      let output = Pipe()
      process.standardOutput = output
      process.standardError = FileHandle.nullDevice
      try process.run()
      let said = String(
        decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(shellCode(process) == 0)
      #expect(said.contains("No plot: gnuplot failed: complaint"))
    }
  }

  // MARK: - Traces

  @Test func `the trace of a killed run can be read up to the kill`() throws {
    try Program.run { tellegen in
      let process = try tellegen.process([
        "train", "--target", "pins", "--trace", "--epochs", "100000", "--out", "run",
      ])
      let errors = Pipe()
      process.standardError = errors
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      #expect(firstLine(of: errors.fileHandleForReading.fileDescriptor).hasPrefix("epoch 0"))
      // The first epoch's steps are some 100 kB.
      while try tellegen.size("run/trace.txt") < 2_000_000 && process.isRunning { usleep(1000) }
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      let replay = try tellegen("replay", "run")
      #expect(replay.code == 0, "\(replay.errors)")
      #expect(replay.output.contains("the firmware decided the same throughout"))
      #expect(try tellegen.size("run/trace.vcd") > 1_000_000)
    }
  }

  /// A limit on the size of files stands for a full disk.
  @Test func `an interrupted run whose trace was cut says how to go on`() throws {
    try Program.run { tellegen in
      let process = try tellegen.process(
        [
          "-c", "trap '' XFSZ; ulimit -f 1024; exec \"$0\" \"$@\"", try Program.path, "train",
          "--task", "regression", "--board", "breadboard", "--target", "pins", "--trace",
          "--epochs", "1000000", "--out", "run",
        ], executable: "/bin/sh")
      _ = FileManager.default.createFile(atPath: tellegen.path("said"), contents: nil)
      process.standardError = try FileHandle(
        forWritingTo: URL(fileURLWithPath: tellegen.path("said")))
      process.standardOutput = FileHandle.nullDevice
      try startListening(process)
      while try !tellegen.text("said").contains("the run goes on") && process.isRunning {
        usleep(1000)
      }
      kill(process.processIdentifier, SIGINT)
      process.waitUntilExit()
      #expect(shellCode(process) == 74)
      let said = try tellegen.text("said")
      #expect(said.contains("run/trace.txt: File too large: the trace is cut short there"))
      #expect(said.hasSuffix("go on with: tellegen train --resume run\n"), "\(said)")
      #expect(!said.contains(".new"), "\(said)")
    }
  }
}

extension Program {
  /// How long a file is; 0 where there is none.
  func size(_ name: String) throws -> Int {
    var status = stat()
    return stat(path(name), &status) == 0 ? Int(status.st_size) : 0
  }
}
