import Foundation
import Testing

/// How `tellegen train` ends: what it expects, what it says, what it keeps of the circumstances.
@Suite struct EndingTests {
  private let options = ["train", "--task", "regression", "--epochs", "3", "--out"]

  private func json(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test func `a run that misses what is expected of it ends with 1 and says by how much`() throws {
    try Program.run { tellegen in
      let low = try tellegen(options + ["a", "--expect-error", "1e-9"])
      #expect(low.code == 1)
      #expect(low.errors.contains("the error of the training samples is "), "\(low.errors)")
      #expect(low.errors.contains(" more than the 0.001 mV^2 expected"))
      // It is kept all the same, and met where it can be.
      #expect(try tellegen.record("a/record.json").result.finished)
      #expect(try tellegen(options + ["b", "--expect-error", "0.1"]).code == 0)

      let iris = ["train", "--epochs", "2", "--overwrite", "--out", "c"]
      let right = try tellegen(iris + ["--expect-accuracy", "0.99"])
      #expect(right.code == 1 && right.errors.contains("of the held-out samples are right"))
      #expect(right.errors.contains("less than the 99.0 % expected"))
      let training = try tellegen(
        iris + ["--expect-accuracy", "0.99", "--expect-of", "training"])
      #expect(training.code == 1 && training.errors.contains("of the training samples are right"))
      #expect(try tellegen(iris + ["--expect-accuracy", "0.3"]).code == 0)
      // A finished run is judged again without training it.
      #expect(try tellegen("train", "--resume", "c", "--expect-accuracy", "0.3").code == 0)
      #expect(try tellegen("train", "--resume", "c", "--expect-accuracy", "1").code == 1)
    }
  }

  @Test(arguments: [
    (["--expect-accuracy", "nan"], "0 ... 1"), (["--expect-accuracy", "95"], "95 % is 0.95"),
    (["--expect-accuracy", "-0.1"], "0 ... 1"), (["--expect-error", "nan"], "0 ... 65536"),
    (["--expect-error", "-1"], "0 ... 65536"), (["--expect-error", "inf"], "0 ... 65536"),
    (["--expect-of", "training"], "add --expect-accuracy"),
    (["--task", "regression", "--expect-accuracy", "0.5"], "has no classes"),
    (["--task", "regression", "--expect-error", "1", "--expect-of", "held-out"], "samples"),
    (["--strict"], "--strict needs --target pins"),
  ])
  func `what cannot be expected is wrong usage`(_ arguments: [String], _ words: String) throws {
    try Program.run { tellegen in
      let end = try tellegen(["train", "--out", "run"] + arguments)
      #expect(end.code == 64 && end.errors.contains(words), "\(end.errors)")
      #expect(!tellegen.exists("run"))
    }
  }

  @Test func `an interrupted run is interrupted, whatever was expected of it`() throws {
    try Program.run { tellegen in
      let process = try tellegen.process(
        ["train", "--epochs", "100000", "--expect-accuracy", "1", "--out", "run"])
      let errors = Pipe()
      process.standardError = errors
      process.standardOutput = FileHandle.nullDevice
      try startListening(process)
      _ = firstLine(of: errors.fileHandleForReading.fileDescriptor)
      kill(process.processIdentifier, SIGINT)
      _ = errors.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      #expect(process.terminationStatus == 130)
    }
  }

  @Test func `a strict run at the pins that misuses none ends with 0`() throws {
    try Program.run { tellegen in
      let end = try tellegen(
        "train", "--task", "regression", "--target", "pins", "--strict", "--epochs", "1", "--out",
        "run")
      #expect(end.code == 0 && end.output.contains("; 0 misuses of the pins."))
      let circumstances = try json(try tellegen.text("run/circumstances.json"))
      let sittings = try #require(circumstances["sittings"] as? [[String: Any]])
      let misuses = try #require(sittings[0]["misuses"] as? [String: Any])
      #expect(misuses["count"] as? Int == 0)
    }
  }

  @Test func `a strict run at the pins that misuses them ends with 1, and is kept`() throws {
    try Program.run { tellegen in
      // A line operation of 0.1 us gives clock edges that are nearer than the converters allow.
      let lattice = try String(contentsOfFile: packageRoot + "/board/lattice.yaml", encoding: .utf8)
      let fast = lattice.replacing("operation: 2e-6", with: "operation: 1e-7")
      #expect(fast != lattice)
      try tellegen.write(fast, to: "fast.yaml")
      let train = [
        "train", "--board", "fast.yaml", "--task", "regression", "--target", "pins", "--epochs",
        "1",
        "--out",
      ]
      let strict = try tellegen(train + ["run", "--strict"])
      #expect(strict.code == 1, "\(strict.errors)")
      #expect(
        try #require(strict.errors.split(separator: "\n").last).contains(
          /misuses of the pins, the first at [0-9.]+ [um]s, line SCLK: clock edges are at least 450 ns apart/
        ),
        "\(strict.errors)")
      let circumstances = try json(try tellegen.text("run/circumstances.json"))
      let sittings = try #require(circumstances["sittings"] as? [[String: Any]])
      let misuses = try #require(sittings[0]["misuses"] as? [String: Any])
      #expect(try #require(misuses["count"] as? Int) > 0)
      #expect(try tellegen.record("run/record.json").result.finished)
      // Unless it is strict it only counts them.
      let plain = try tellegen(train + ["plain"])
      #expect(plain.code == 0 && plain.output.contains(" misuses of the pins."))
      #expect(!plain.output.contains("; 0 misuses"))
    }
  }

  @Test func `circumstances gather every sitting, and the record none`() throws {
    try Program.run { tellegen in
      #expect(try tellegen(options + ["run"]).code == 0)
      let before = try tellegen.text("run/record.json")
      #expect(try tellegen("train", "--resume", "run").code == 0)
      #expect(try tellegen.text("run/record.json") == before)
      let circumstances = try json(try tellegen.text("run/circumstances.json"))
      let sittings = try #require(circumstances["sittings"] as? [[String: Any]])
      #expect(sittings.count == 2)
      for (sitting, epochs) in zip(sittings, [0, 3]) {
        let began = try #require(sitting["began"] as? String)
        #expect(
          try Regex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
            .wholeMatch(in: began) != nil)
        #expect(!(sitting["host"] as? String ?? "").isEmpty)
        #expect(!(sitting["program"] as? String ?? "").isEmpty)
        #expect(sitting["wall_s"] is Double && sitting["board_s"] is Double)
        #expect(sitting["epochsBefore"] as? Int == epochs && sitting["epochs"] as? Int == 3)
      }
    }
  }

  @Test func `a finished run that lost its record gets the same one again`() throws {
    try Program.run { tellegen in
      #expect(try tellegen(options + ["run"]).code == 0)
      let record = try tellegen.text("run/record.json")
      try FileManager.default.removeItem(atPath: tellegen.path("run/record.json"))
      #expect(try tellegen("train", "--resume", "run").code == 0)
      #expect(try tellegen.text("run/record.json") == record)
    }
  }

  @Test func `a run of an earlier version goes on without what it did not list`() throws {
    try Program.run { tellegen in
      #expect(try tellegen(options + ["run"]).code == 0)
      for name in ["setting.json", "checkpoint.json"] {
        var file = try json(try tellegen.text("run/" + name))
        file["outputs"] = nil
        if let files = file["files"] as? [String] {
          file["files"] = files.filter { $0 != "circumstances.json" }
          var task = try #require(file["task"] as? [String: Any])
          task["table"] = nil
          file["task"] = task
        }
        try JSONSerialization.data(withJSONObject: file).write(
          to: URL(fileURLWithPath: tellegen.path("run/" + name)))
      }
      for name in ["record.json", "circumstances.json"] {
        try FileManager.default.removeItem(atPath: tellegen.path("run/" + name))
      }
      #expect(try tellegen("train", "--resume", "run").code == 0)
      #expect(try tellegen.record("run/record.json").result.finished)
      #expect(!tellegen.exists("run/circumstances.json"))
      #expect(try tellegen(options + ["run", "--overwrite"]).code == 0)
    }
  }

  // MARK: - More epochs

  @Test func `a finished run is extended by --epochs, and fewer are refused`() throws {
    try Program.run { tellegen in
      #expect(try tellegen(options + ["run"]).code == 0)
      let fewer = try tellegen("train", "--resume", "run", "--epochs", "2")
      #expect(fewer.code == 64 && fewer.errors.contains("--epochs is 2, but the run in run has 3"))
      let more = try tellegen("train", "--resume", "run", "--epochs", "5")
      #expect(more.code == 0 && more.output.contains("5 of 5 epochs"), "\(more.errors)")
      let record = try tellegen.record("run/record.json")
      #expect(record.result.finished && record.result.last.epoch == 5)
      #expect(record.setting.plan.epochs == 5)
      #expect(try tellegen.text("run/curves.csv").split(separator: "\n").count == 7)
      // Asked for the same again, nothing is left to do.
      let whole = try tellegen.text("run/record.json")
      #expect(try tellegen("train", "--resume", "run", "--epochs", "5").code == 0)
      #expect(try tellegen("train", "--resume", "run").code == 0)
      #expect(try tellegen.text("run/record.json") == whole)
    }
  }

  @Test func `a run killed between its new setting and its next checkpoint goes on`() throws {
    try Program.run { tellegen in
      #expect(try tellegen(options + ["run"]).code == 0)
      let checkpoint = try tellegen.text("run/checkpoint.json")
      #expect(try tellegen("train", "--resume", "run", "--epochs", "5").code == 0)
      let record = try tellegen.text("run/record.json")
      try tellegen.write(checkpoint, to: "run/checkpoint.json")
      #expect(try tellegen("train", "--resume", "run").code == 0)
      #expect(try tellegen.text("run/record.json") == record)
    }
  }

  // MARK: - Words

  @Test func `what went wrong is said at the end, with options to try, and is in the record`()
    throws
  {
    try Program.run { tellegen in
      let end = try tellegen(
        "train", "--rule", "coupled", "--pulse", "1e-9", "--epochs", "2", "--out", "run")
      #expect(end.code == 0)
      #expect(end.output.contains("Note: no step moved a gate"), "\(end.output)")
      #expect(end.output.contains("(--pulse, --dead-band)."))
      let record = try json(try tellegen.text("run/record.json"))
      let remarks = try #require(record["remarks"] as? [[String: Any]])
      #expect(remarks.contains { $0["kind"] as? String == "pulseTooShort" })
      #expect(remarks.allSatisfy { !("\($0)").contains("--") })
    }
  }

  @Test func `a target that nothing reaches is said before training begins`() throws {
    try Program.run { tellegen in
      try tellegen.write(
        """
        name: apart
        nodes: [a, b, c, d, e]
        edges: [[a, b], [b, c], [d, e]]
        gates: {update: comparator}
        sources: [a, c]
        targets: [b, e]
        """, to: "apart.yaml")
      try tellegen.write(
        """
        name: two
        samples: [[0.1, 0.4, 0.2, 0.3], [0.4, 0.1, 0.3, 0.2]]
        inputs: [{name: x, column: 0}, {name: y, column: 1}]
        outputs: {count: 2}
        labels: [{column: 2}, {column: 3}]
        objective: squared_error
        """, to: "two.yaml")
      let end = try tellegen(
        "train", "--board", "apart.yaml", "--task", "two.yaml", "--epochs", "1", "--no-place",
        "--out", "run")
      #expect(end.code == 0, "\(end.errors)")
      let said = "no conducting path leads from a source to target 1, node 'e'"
      #expect(end.errors.contains(said) && end.output.contains("Note: " + said), "\(end.errors)")
    }
  }
}
