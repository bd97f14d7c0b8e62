import Foundation
import Testing

/// What can be done with a board once it has learned: predict, measure, program.
@Suite struct LearnedTests {
  private func json(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  private let train = ["train", "--epochs", "10", "--out", "run"]

  /// Rows of the iris data without their answers.
  private func flowers(_ count: Int) throws -> [String] {
    try String(contentsOfFile: packageRoot + "/data/iris/iris.csv", encoding: .utf8)
      .split(separator: "\n").dropFirst().prefix(count).map {
        $0.split(separator: ",").dropLast().joined(separator: ",")
      }
  }

  @Test func `a learned double answers rows as its record says, and goes on as it was`() throws {
    try Program.run { tellegen in
      #expect(try tellegen(train).code == 0)
      let before = try tellegen.text("run/checkpoint.json")
      let record = try json(try tellegen.text("run/record.json"))
      let result = try #require(record["result"] as? [String: Any])
      let samples = try #require(result["samples"] as? [String: Any])
      let answers = try #require(samples["answers"] as? [String])
      let outputs = try #require(samples["outputs_V"] as? [[Double]])
      try tellegen.write(
        "a,b,c,d\n" + (try flowers(150)).joined(separator: "\n") + "\n", to: "new.csv")
      let end = try tellegen("predict", "run", "new.csv")
      #expect(end.code == 0 && end.errors.contains("new.csv:1: taken for names"), "\(end.errors)")
      let rows = end.output.split(separator: "\n").map { $0.split(separator: ",") }
      #expect(rows.count == 151)
      #expect(rows[0] == ["line", "output_0_V", "output_1_V", "output_2_V", "answer"])
      #expect(rows[1][0] == "2" && rows[150][0] == "151")
      let others = zip(answers, rows.dropFirst()).count { $0 != $1[4] }
      #expect(others <= 3)
      // Read noise of 0.2 mV and codes of 0.25 mV lie between.
      for (row, measured) in zip(rows.dropFirst(), outputs) {
        #expect(abs(try #require(Double(row[1])) - measured[0]) < 2e-3)
      }
      #expect(try tellegen("predict", "run", "new.csv").output == end.output)
      // The task's own data, its first line and the answers in it, give the same.
      let own = try tellegen("predict", "run", packageRoot + "/data/iris/iris.csv")
      #expect(own.output == end.output, "\(own.errors)")
      #expect(try tellegen.text("run/checkpoint.json") == before)
      let pins = try tellegen("predict", "run", "new.csv", "--target", "pins")
      #expect(pins.output == end.output)
      let rowsJSON = try json(try tellegen("predict", "run", "new.csv", "--json").output)
      #expect((rowsJSON["rows"] as? [[String: Any]])?.count == 150)
    }
  }

  @Test func `a row that is out of range or lacks a value is refused by line and nothing answered`()
    throws
  {
    try Program.run { tellegen in
      #expect(try tellegen(train).code == 0)
      var rows = try flowers(3)
      rows[1] = "5.0,,1.4,0.2"
      try tellegen.write(rows.joined(separator: "\n"), to: "new.csv")
      let missing = try tellegen("predict", "run", "new.csv")
      #expect(missing.code == 65 && missing.output.isEmpty)
      #expect(missing.errors.contains("new.csv:2: column 1 (input \"sepal width\") is \"\""))
      rows[1] = "50,3,1.4,0.2"
      try tellegen.write(rows.joined(separator: "\n"), to: "new.csv")
      let beyond = try tellegen("predict", "run", "new.csv")
      #expect(beyond.code == 65 && beyond.errors.contains("new.csv:2: "))
      #expect(try tellegen("predict", "run", "none.csv").code == 65)
      #expect(try tellegen("predict", "nowhere", "new.csv").code == 74)
      #expect(try tellegen("predict", "run", "new.csv", "--skip-lines", "-1").code == 64)
    }
  }

  @Test func `values come in the labels' own units`() throws {
    try Program.run { tellegen in
      try tellegen.write(
        """
        name: price
        samples: [[0, 0, 100], [10, 0, 200], [0, 10, 150], [10, 10, 250]]
        inputs:
          - {name: a, column: 0, range: [0, 10], volts: [0.1, 0.4]}
          - {name: b, column: 1, range: [0, 10], volts: [0.1, 0.4]}
          - {name: low, volts: 0}
        outputs: {count: 1}
        labels: [{column: 2, range: [100, 300], volts: [0.1, 0.3]}]
        objective: squared_error
        """, to: "price.yaml")
      #expect(
        try tellegen(
          "train", "--task", "price.yaml", "--epochs", "5", "--out", "run"
        ).code == 0)
      try tellegen.write("5,5\n", to: "new.csv")
      let end = try tellegen("predict", "run", "new.csv")
      let rows = end.output.split(separator: "\n").map { $0.split(separator: ",") }
      #expect(rows[0] == ["line", "output_0_V", "answer"], "\(end.errors)")
      let volts = try #require(Double(rows[1][1]))
      let value = try #require(Double(rows[1][2]))
      #expect(abs(value - volts * 1000) < 1e-6)
    }
  }

  @Test func `measure tells how far a board is off its record, on the run's double and on others`()
    throws
  {
    try Program.run { tellegen in
      #expect(try tellegen(train).code == 0)
      func measure(_ more: String...) throws -> [String: Any] {
        let end = try tellegen(["measure", "run", "--json"] + more)
        #expect(end.code == 0, "\(end.errors)")
        return try json(end.output)
      }
      let own = try measure()
      // Read noise alone: 0.2 mV on each of two readings, and codes of 0.25 mV.
      let rms = try #require(own["rms_V"] as? Double)
      #expect(rms > 0 && rms < 6e-4)
      #expect(abs(try #require(own["worst_V"] as? Double)) < 3e-3)
      #expect((own["samples"] as? [[String: Any]])?.count == 150)
      let other = try measure("--seed", "7")
      #expect(try #require(other["rms_V"] as? Double) > 5 * rms)
      // Its own parts, programmed anew, are as near as pulses come.
      let again = try measure("--seed", "1")
      #expect(try #require(again["rms_V"] as? Double) < 1.5e-3)
      let text = try tellegen("measure", "run")
      #expect(text.output.contains("the run's double as it was left"))
      #expect(text.output.contains("Outputs are off the record's by "))
      let csv = try tellegen("measure", "run", "--csv")
      #expect(csv.output.split(separator: "\n").count == 151)
      for arguments in [
        ["--as-is"], ["--csv", "--json"], ["--target", "gpio", "--seed", "3"],
      ] {
        #expect(try tellegen(["measure", "run"] + arguments).code == 64, "\(arguments)")
      }
    }
  }

  @Test func `a board is programmed with what another learned, and learning goes on from there`()
    throws
  {
    try Program.run { tellegen in
      #expect(try tellegen(train).code == 0)
      let end = try tellegen("program", "run", "--seed", "9", "--out", "other", "--json")
      #expect(end.code == 0, "\(end.errors)")
      let told = try json(end.output)
      #expect(told["seed"] as? Int == 9 && told["folder"] as? String == "other")
      #expect(try #require(told["worst_V"] as? Double) < 5e-3)
      // The gates are another board's, the split is the run's.
      let learned = try tellegen.record("run/record.json").result.gates
      let programmed = try tellegen.record("other/record.json").result
      #expect(programmed.last.epoch == 0 && !programmed.finished)
      #expect(zip(learned, programmed.gates).allSatisfy { abs($0 - $1) < 5e-3 })
      #expect(programmed.gates != learned)
      let measured = try json(try tellegen("measure", "other", "--json").output)
      #expect(try #require(measured["rms_V"] as? Double) < 6e-4)
      #expect(try tellegen("predict", "other", packageRoot + "/data/iris/iris.csv").code == 0)
      let resumed = try tellegen("train", "--resume", "other")
      #expect(resumed.code == 0 && !resumed.errors.contains("gap"), "\(resumed.errors)")
      #expect(try tellegen.record("other/record.json").result.last.epoch == 10)
      #expect(try tellegen("program", "run", "--seed", "9", "--out", "other").code == 64)
    }
  }

  @Test func `gates of descend, of a record and of a file are one format`() throws {
    try Program.run { tellegen in
      let descend = try tellegen(
        "descend", "--board", "lattice", "--task", "iris", "--width", "0.005", "--epochs", "15",
        "--batch", "10", "--boards", "0", "--out", "d")
      #expect(descend.code == 0, "\(descend.errors)")
      for gates in ["d", "d/gates.json"] {
        let end = try tellegen("program", gates, "--out", "p", "--overwrite", "--target", "pins")
        #expect(end.code == 0 && end.output.contains("32 gates of d/gates.json"), "\(end.errors)")
      }
      #expect(try tellegen("gradient", "--record", "d/gates.json", "--samples", "3").code == 0)
      #expect(
        try tellegen("board", "spice", "lattice", "--record", "p").output.contains("* ours: v(n0)"))
      // A file alone names board and task.
      let gates = try json(try tellegen.text("d/gates.json"))
      #expect(gates["board"] as? String == "lattice" && gates["task"] as? String == "iris")
      try tellegen.write(try tellegen.text("d/gates.json"), to: "alone.json")
      #expect(try tellegen("program", "alone.json", "--out", "q").code == 0)
    }
  }

  @Test func `what cannot be programmed is refused with its reason`() throws {
    try Program.run { tellegen in
      #expect(try tellegen("program", "nowhere").code == 74)
      try tellegen.write("{\"board\": \"lattice\", \"gates\": [1, 2]}", to: "few.json")
      let few = try tellegen("program", "few.json", "--task", "iris")
      #expect(few.code == 65 && few.errors.contains("it has the gates of 2 edges"))
      try tellegen.write("{\"board\": \"lattice\", \"gates\": [1e300]}", to: "large.json")
      #expect(try tellegen("program", "large.json").code == 65)
      try tellegen.write("{}", to: "empty.json")
      #expect(try tellegen("program", "empty.json").code == 65)
      let options = ["train", "--board", "lattice-multiplier", "--epochs", "1", "--out", "m"]
      #expect(try tellegen(options).code == 0)
      let own = try tellegen("program", "m")
      #expect(own.code == 64 && own.errors.contains("'programming'"), "\(own.errors)")
      // Its own double is asked all the same.
      #expect(try tellegen("measure", "m").code == 0)
      #expect(try tellegen("measure", "m", "--seed", "2").code == 64)
      let lines = try tellegen("program", "few.json", "--target", "gpio", "--seed", "1")
      #expect(lines.code == 64)
    }
  }
}
