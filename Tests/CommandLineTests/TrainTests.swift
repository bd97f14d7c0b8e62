import Foundation
import Testing

/// `tellegen train`: what it keeps, what it refuses, and how it stops.
@Suite struct TrainTests {
  @Test func `a run prints its record as JSON and keeps its files`() throws {
    try Program.run { tellegen in
      let end = try tellegen("train", "--epochs", "2", "--json", "--out", "run")
      #expect(end.code == 0)
      let record = try Record(end.output)
      #expect(record.result.finished && record.result.gates.count == 32)
      #expect(record.setting.plan.epochs == 2)
      #expect(record.result.first.epoch == 0 && record.result.last.epoch == 2)
      for name in [
        "setting.json", "record.json", "checkpoint.json", "metrics.jsonl", "curves.csv",
        "curves.gp",
      ] {
        #expect(tellegen.exists("run/" + name), "\(name)")
      }
      let kept = try tellegen.text("run/record.json")
      #expect(end.output == kept + "\n")
      let lines = try tellegen.text("run/curves.csv").split(separator: "\n")
      #expect(lines.count == 1 + 3)
      let names = try FileManager.default.contentsOfDirectory(atPath: tellegen.path("run"))
      #expect(names.allSatisfy { !$0.hasPrefix(".") && record.setting.files?.contains($0) == true })
      #expect(!names.contains("lock"))
    }
  }

  @Test func `a run without --json prints a table and says where the curves are`() throws {
    try Program.run { tellegen in
      let end = try tellegen("train", "--task", "regression", "--epochs", "3")
      #expect(end.code == 0)
      #expect(end.output.hasPrefix("regression on lattice (32 learning edges, with imperfections)"))
      #expect(end.output.contains("error, training samples"))
      #expect(end.errors.contains("epoch 3 of 3"))
      #expect(tellegen.exists("runs/regression-lattice-1/record.json"))
    }
  }

  @Test func `the same options give the same record, another seed another`() throws {
    try Program.run { tellegen in
      let options = ["train", "--task", "regression", "--epochs", "3", "--json", "--out"]
      func run(_ name: String, _ more: String...) throws -> [Double] {
        let end = try tellegen(options + [name] + more)
        #expect(end.code == 0)
        return try tellegen.record(name + "/record.json").result.gates
      }
      let one = try run("a")
      #expect(try run("b") == one)
      #expect(try run("c", "--seed", "2") != one)
      #expect(try run("d", "--ideal") != one)
    }
  }

  // MARK: - Refusals

  @Test func `an unknown rule is wrong usage and the rules are listed`() throws {
    try Program.run { tellegen in
      let end = try tellegen("train", "--rule", "backprop")
      #expect(end.code == 64)
      for rule in ["backprop", "coupled", "overclamped", "centred", "centred-overclamped"] {
        #expect(end.errors.contains(rule), "\(rule)")
      }
      #expect(end.output.isEmpty && !tellegen.exists("runs"))
    }
  }

  @Test func `an unknown board is wrong data and the boards are listed`() throws {
    try Program.run { tellegen in
      let end = try tellegen("train", "--board", "latice")
      #expect(end.code == 65)
      for name in ["latice", "breadboard", "lattice", "lattice-multiplier", "two-edge"] {
        #expect(end.errors.contains(name), "\(name)")
      }
      #expect(!tellegen.exists("runs"))
      let task = try tellegen("train", "--task", "irs")
      #expect(task.code == 65)
      #expect(task.errors.contains("iris") && task.errors.contains("xor"))
    }
  }

  @Test func `a wrong board file is refused with file and line`() throws {
    try Program.run { tellegen in
      try tellegen.write(
        """
        name: bad
        nodes: [a, b]
        edges:
          - [a, c]
        gates: {update: comparator}
        sources: [a]
        targets: [b]
        """, to: "bad.yaml")
      for arguments in [["train", "--board", "bad.yaml"], ["board", "check", "bad.yaml"]] {
        let end = try tellegen(arguments)
        #expect(end.code == 65)
        #expect(end.errors.contains("bad.yaml:4: "), "\(end.errors)")
      }
      try tellegen.write("name: [", to: "worse.yaml")
      let worse = try tellegen("board", "check", "worse.yaml")
      #expect(worse.code == 65 && worse.errors.contains("worse.yaml:"))
    }
  }

  @Test(arguments: [
    ["--epochs", "0"], ["--epochs", "many"], ["--epochs", "-3"], ["--epochs", "1000001"],
    ["--nudge", "0"], ["--nudge", "1.5"], ["--nudge", "nan"], ["--pulse", "0"], ["--pulse", "-1"],
    ["--probability", "0"], ["--probability", "1.1"], ["--last-pulse", "0"], ["--last-pulse", "2"],
    ["--seed", "-1"], ["--target", "telepathy"], ["--unknown"], ["surplus"],
  ])
  func `values that mean nothing are wrong usage`(_ arguments: [String]) throws {
    try Program.run { tellegen in
      let end = try tellegen(["train", "--out", "run"] + arguments)
      #expect(end.code == 64)
      #expect(end.errors.contains(arguments[0]))
      #expect(!tellegen.exists("run"))
    }
  }

  @Test func `a rule that the board cannot follow is wrong usage and named`() throws {
    try Program.run { tellegen in
      let end = try tellegen(
        "train", "--board", "lattice-multiplier", "--rule", "centred", "--out", "run")
      #expect(end.code == 64)
      #expect(end.errors.contains("'centred'") && end.errors.contains("'lattice-multiplier'"))
      #expect(!tellegen.exists("run"))
    }
  }

  @Test func `a folder that holds a run is left as it is`() throws {
    try Program.run { tellegen in
      let first = try tellegen("train", "--task", "regression", "--epochs", "2", "--out", "run")
      #expect(first.code == 0)
      func contents() throws -> [String: Data] {
        var contents: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: tellegen.path("run")) {
          contents[name] = FileManager.default.contents(atPath: tellegen.path("run/" + name))
        }
        return contents
      }
      let before = try contents()
      let end = try tellegen("train", "--task", "regression", "--epochs", "3", "--out", "run")
      #expect(end.code == 64)
      #expect(end.errors.contains("--resume run") && end.errors.contains("--overwrite"))
      #expect(try contents() == before)

      // A wrong option does not destroy it either.
      #expect(try tellegen("train", "--board", "none", "--out", "run", "--overwrite").code == 65)
      #expect(try contents() == before)

      let replaced = try tellegen(
        "train", "--task", "regression", "--epochs", "3", "--out", "run", "--overwrite")
      #expect(replaced.code == 0)
      let record = try tellegen.record("run/record.json")
      #expect(record.result.last.epoch == 3)
      #expect(try tellegen.text("run/metrics.jsonl").split(separator: "\n").count == 4)
    }
  }

  @Test(arguments: [
    ["--board", "lattice"], ["--task", "iris"], ["--rule", "coupled"],
    ["--seed", "1"], ["--nudge", "0.5"], ["--pulse", "0.01"], ["--probability", "1"],
    ["--last-pulse", "0.5"], ["--ideal"], ["--uncalibrated"], ["--fixed-pulse"], ["--overwrite"],
    ["--out", "other"], ["--data", "x.csv"],
  ])
  func `what would change a run cannot go with --resume`(_ arguments: [String]) throws {
    try Program.run { tellegen in
      let end = try tellegen(["train", "--resume", "run"] + arguments)
      #expect(end.code == 64)
      #expect(end.errors.contains("\(arguments[0]) cannot go with --resume"))
    }
  }

  @Test func `a run that is not there cannot be resumed`() throws {
    try Program.run { tellegen in
      let end = try tellegen("train", "--resume", "nowhere")
      #expect(end.code == 74)
      #expect(end.errors.contains("nowhere/setting.json"))
      #expect(!tellegen.exists("nowhere"))
    }
  }

  @Test func `a spoilt checkpoint is an input error that names the file`() throws {
    try Program.run { tellegen in
      _ = try tellegen("train", "--task", "regression", "--epochs", "1", "--out", "run")
      let sound = try tellegen.text("run/checkpoint.json")
      try tellegen.write(String(sound.prefix(sound.count / 2)), to: "run/checkpoint.json")
      let half = try tellegen("train", "--resume", "run")
      #expect(half.code == 65 && half.errors.contains("run/checkpoint.json"))

      // Well-formed, but of a board with fewer comparators.
      var checkpoint = try #require(
        try JSONSerialization.jsonObject(with: Data(sound.utf8)) as? [String: Any])
      var board = try #require(checkpoint["board"] as? [String: Any])
      var analog = try #require(board["analog"] as? [String: Any])
      analog["comparators"] = [true]
      board["analog"] = analog
      checkpoint["board"] = board
      try JSONSerialization.data(withJSONObject: checkpoint).write(
        to: URL(fileURLWithPath: tellegen.path("run/checkpoint.json")))
      let other = try tellegen("train", "--resume", "run")
      #expect(other.code == 74 || other.code == 65)
      #expect(other.errors.contains("saved state"))
      #expect(!other.errors.contains("USAGE"))
    }
  }

  // MARK: - Interruption

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func `an interrupted run keeps what was learned and resumes to the same end`(_ signal: Int32)
    throws
  {
    try Program.run { tellegen in
      let process = try tellegen.process(
        ["train", "--epochs", "120", "--seed", "3", "--out", "broken"])
      let errors = Pipe()
      process.standardError = errors
      process.standardOutput = FileHandle.nullDevice
      try startListening(process)
      let first = firstLine(of: errors.fileHandleForReading.fileDescriptor)
      #expect(first.hasPrefix("epoch 0 of 120"))
      kill(process.processIdentifier, signal)
      let rest = errors.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      #expect(process.terminationReason == .exit)
      #expect(process.terminationStatus == 130)
      #expect(String(decoding: rest, as: UTF8.self).contains("--resume broken"))
      #expect(tellegen.exists("broken/checkpoint.json"))
      let broken = try tellegen.record("broken/record.json")
      #expect(!broken.result.finished)

      let resumed = try tellegen("train", "--resume", "broken")
      #expect(resumed.code == 0)
      let whole = try tellegen("train", "--epochs", "120", "--seed", "3", "--out", "whole")
      #expect(whole.code == 0)
      let one = try tellegen.record("broken/record.json").result
      let other = try tellegen.record("whole/record.json").result
      #expect(one.finished && one.gates.map(\.bitPattern) == other.gates.map(\.bitPattern))
      for name in ["record.json", "curves.csv", "metrics.jsonl", "checkpoint.json"] {
        #expect(try tellegen.text("broken/" + name) == tellegen.text("whole/" + name), "\(name)")
      }
    }
  }

  @Test func `under nohup a run goes on when its terminal closes`() throws {
    guard let nohup = find("nohup") else {
      Issue.record("there is no nohup")
      return
    }
    try Program.run { tellegen in
      let process = try tellegen.process(["train", "--epochs", "120", "--out", "alone"])
      process.arguments = [process.executableURL!.path] + (process.arguments ?? [])
      process.executableURL = URL(fileURLWithPath: nohup)
      let errors = Pipe()
      process.standardError = errors
      process.standardOutput = FileHandle.nullDevice
      try startListening(process)
      var line = firstLine(of: errors.fileHandleForReading.fileDescriptor)
      while line.hasPrefix("nohup") {
        line = firstLine(of: errors.fileHandleForReading.fileDescriptor)
      }
      #expect(line.hasPrefix("epoch 0 of 120"))
      kill(process.processIdentifier, SIGHUP)
      _ = errors.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      #expect(process.terminationReason == .exit && process.terminationStatus == 0)
      #expect(try tellegen.record("alone/record.json").result.finished)
    }
  }
}
