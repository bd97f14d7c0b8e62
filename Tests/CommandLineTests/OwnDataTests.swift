import Foundation
import Testing

/// Data of one's own, on boards of one's own.
@Suite struct OwnDataTests {
  /// Two clusters in two columns, with a line of names.
  private static let table =
    "height;weight;kind\n"
    + (0..<60).map { number in
      let isBig = number % 2 == 0
      let step = Double(number % 10) / 10
      return "\(isBig ? 3 + step : 1 + step);\(isBig ? 20 + number % 7 : 25 + number % 5);"
        + (isBig ? "big" : "small") + "\n"
    }.joined().replacing(".", with: ",")

  @Test func `a table alone makes a task, chooses a board and is learned`() throws {
    try Program.run { tellegen in
      try tellegen.write(Self.table, to: "mine.csv")
      let end = try tellegen(
        "train", "--data", "mine.csv", "--epochs", "40", "--expect-accuracy", "0.9", "--out", "run")
      #expect(end.code == 0, "\(end.errors)")
      for said in ["the answer is column \"kind\": 2 classes", "the board is"] {
        #expect(end.errors.contains(said), "\(end.errors)")
      }
      #expect(end.output.contains("This circuit can hold"))
      // The task is kept as a file that can be trained again from anywhere.
      let again = try tellegen("task", "check", "run/task.yaml")
      #expect(again.output.contains("60 samples, 40 of them train"), "\(again.errors)")
      // What was learned answers more rows of the same kind.
      try tellegen.write("height;weight\n3,5;22\n1,2;27\n", to: "new.csv")
      let answers = try tellegen("predict", "run", "new.csv")
      #expect(answers.code == 0, "\(answers.errors)")
      #expect(answers.output.contains("big") && answers.output.contains("small"))
      // A value far beyond its range counts as the range's end, as the help says.
      try tellegen.write("3,9;20\n390;-20\n", to: "far.csv")
      let far = try tellegen("predict", "run", "far.csv", "--json")
      #expect(far.code == 0, "\(far.errors)")
      #expect(far.output.components(separatedBy: "\"big\"").count == 3, "\(far.output)")
    }
  }

  @Test func `a column of words is learned from, and a word that it has not is refused`() throws {
    try Program.run { tellegen in
      let colors = ["red", "green", "blue"]
      let rows = (0..<90).map { number in
        "\(colors[number % 3]),\(Double(number * 37 % 101) / 10),"
          + (number % 3 == 1 ? "go" : "stay") + "\n"
      }
      try tellegen.write("color,size,do\n" + rows.joined(), to: "mine.csv")
      let end = try tellegen(
        "train", "--data", "mine.csv", "--answer", "do", "--epochs", "40", "--expect-accuracy",
        "0.95", "--out", "run")
      #expect(end.code == 0, "\(end.errors)")
      let said =
        "column \"color\" becomes an input for each of its 3 words, blue, green, red: 0.45 V in rows that "
        + "have it, else 0 V"
      #expect(end.errors.contains("tellegen: " + said), "\(end.errors)")
      #expect(try tellegen.text("run/task.yaml").contains("# " + said))
      try tellegen.write("red,5\ngreen,5\n", to: "new.csv")
      let answers = try tellegen("predict", "run", "new.csv")
      #expect(answers.output.contains("stay\n2,") && answers.output.hasSuffix("go\n"), "\(answers)")
      try tellegen.write("red,5\npurple,5\n", to: "new.csv")
      let other = try tellegen("predict", "run", "new.csv")
      #expect(other.code == 65 && other.output.isEmpty)
      #expect(
        other.errors.contains(
          "new.csv:2: column 0 (input \"color is blue\") is \"purple\"; allowed are blue, green, red"
        ))
    }
  }

  @Test func `why a board was chosen is said as it is`() throws {
    try Program.run { tellegen in
      try tellegen.write(Self.table, to: "mine.csv")
      // Two columns fit the lattice, where there is one.
      let fits = try tellegen("train", "--data", "mine.csv", "--epochs", "1", "--out", "fits")
      #expect(fits.errors.contains("the board is the lattice"), "\(fits.errors)")
      let wide = try tellegen(
        "train", "--data", packageRoot + "/data/wine/wine.csv", "--epochs", "1", "--out", "wide")
      #expect(wide.errors.contains("the lattice has 8 source channels"), "\(wide.errors)")
      // Where there is none, its channels are not to blame: a program far from the shipped files.
      try FileManager.default.copyItem(
        atPath: try Program.path, toPath: tellegen.path("tellegen"))
      let end = try tellegen(
        ["-c", "TELLEGEN_HOME= ./tellegen train --data mine.csv --epochs 1 --out alone"],
        executable: "/bin/sh")
      #expect(end.code == 0 && end.errors.contains("no lattice.yaml is found"), "\(end.errors)")
      #expect(!end.errors.contains("channels"), "\(end.errors)")
    }
  }

  @Test func `a task inferred is a task file`() throws {
    try Program.run { tellegen in
      try tellegen.write(Self.table, to: "mine.csv")
      let end = try tellegen("task", "infer", "mine.csv")
      #expect(end.code == 0)
      try tellegen.write(end.output, to: "mine.yaml")
      let check = try tellegen("task", "mine.yaml")
      #expect(check.output.contains("mine: Made from mine.csv"), "\(check.errors)")
      let wrong = try tellegen("task", "infer", "mine.csv", "--answer", "hight")
      #expect(wrong.code == 65 && wrong.errors.contains("did you mean height?"))
    }
  }

  @Test func `places are searched where none are known, and kept with the run`() throws {
    try Program.run { tellegen in
      let lattice = try tellegen("board", "lattice", "--side", "5")
      try tellegen.write(lattice.output, to: "five.yaml")
      let arguments = ["train", "--board", "five.yaml", "--task", "iris", "--epochs", "30"]
      let end = try tellegen(arguments + ["--expect-accuracy", "0.85", "--out", "run"])
      #expect(end.code == 0, "\(end.errors)")
      #expect(end.errors.contains("no places are known for iris"))
      #expect(end.errors.contains("found in"))
      let plain = try tellegen(arguments + ["--no-place", "--out", "plain"])
      #expect(plain.code == 0 && !plain.errors.contains("searching"))
      // The shipped lattice is known under any name.
      let four = try tellegen("board", "lattice", "--side", "4")
      try tellegen.write(four.output.replacing("lattice-4", with: "mine"), to: "mine.yaml")
      let known = try tellegen(
        "train", "--board", "mine.yaml", "--task", "iris", "--epochs", "1", "--out", "four")
      #expect(known.code == 0 && !known.errors.contains("searching"), "\(known.errors)")
    }
  }

  @Test func `the task that a run keeps has the places that were searched, and repeats the run`()
    throws
  {
    try Program.run { tellegen in
      let options = ["--board", "lattice", "--seed", "101", "--epochs", "2", "--out"]
      let wine = packageRoot + "/data/wine/wine.csv"
      let first = try tellegen(["train", "--data", wine] + options + ["one"])
      #expect(first.code == 0 && first.errors.contains("found in"), "\(first.errors)")
      let again = try tellegen(["train", "--task", "one/task.yaml"] + options + ["two"])
      #expect(again.code == 0 && !again.errors.contains("searching"), "\(again.errors)")
      #expect(
        try tellegen.record("two/record.json").result.gates
          == tellegen.record("one/record.json").result.gates)
      // Places that were not searched are not written.
      let plain = try tellegen(["train", "--data", wine, "--no-place"] + options + ["plain"])
      #expect(try plain.code == 0 && !tellegen.text("plain/task.yaml").contains("placement"))
    }
  }

  @Test func `a search writes its placement into the task, and goes on when it was interrupted`()
    throws
  {
    try Program.run { tellegen in
      let lattice = try tellegen("board", "lattice", "--side", "5")
      try tellegen.write(lattice.output, to: "five.yaml")
      try tellegen.write(
        """
        name: sum
        samples: [[0.1, 0.3, 0.2], [0.4, 0.1, 0.3], [0.2, 0.2, 0.2], [0.3, 0.4, 0.3]]
        inputs: [{name: x, column: 0}, {name: y, column: 1}, {name: high, volts: 0.45}]
        outputs: {count: 1}
        labels: [{column: 2}]
        objective: squared_error
        # The end stays.
        """, to: "sum.yaml")
      let search = [
        "place", "--board", "five.yaml", "--task", "./sum.yaml", "--candidates", "12", "--rounds",
        "1", "--boards", "1",
      ]
      let end = try tellegen(search + ["--out", "one", "--json"])
      #expect(end.code == 0, "\(end.errors)")
      let text = try String(contentsOfFile: tellegen.path("sum.yaml"), encoding: .utf8)
      #expect(text.contains("# The end stays.") && text.contains("placement:\n  netlist-"))
      #expect(try tellegen("board", "check", "five.yaml", "--task", "sum.yaml").code == 0)

      // A folder with a search is gone on with by this command, not by another.
      let taken = try tellegen(search + ["--out", "one"])
      #expect(taken.code == 64, "\(taken.errors)")
      #expect(taken.errors.contains("by place --resume one") && !taken.errors.contains("train"))

      // A log that was cut is gone on with, and ends the same.
      let first = try String(contentsOfFile: tellegen.path("one/places.json"), encoding: .utf8)
      let log = try String(contentsOfFile: tellegen.path("one/judged.jsonl"), encoding: .utf8)
      try tellegen.write(String(log.prefix(log.count / 2)), to: "one/judged.jsonl")
      let again = try tellegen("place", "--resume", "one", "--print")
      #expect(again.code == 0, "\(again.errors)")
      #expect(
        try String(contentsOfFile: tellegen.path("one/places.json"), encoding: .utf8) == first)

      let alike = try tellegen("board", "bipartite", "--sources", "3", "--targets", "1")
      try tellegen.write(alike.output, to: "all.yaml")
      let none = try tellegen("place", "--board", "all.yaml", "--task", "./sum.yaml")
      #expect(none.code == 64 && none.errors.contains("all places are alike"))
      #expect(try tellegen("place", "--board", "five.yaml").code == 64)
    }
  }
}
