import Description
import Foundation
import Learning
import Testing

/// The folder of a run and its files.
@Suite struct RunDirectoryTests {
  private func setting() throws -> RunSetting {
    let board = try shippedBoard("lattice")
    return RunSetting(
      version: "1", board: board, task: try shippedTask("iris"), plan: plan(board, epochs: 3))
  }

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  @Test func `what is written reads back equal, and nothing else is left`() throws {
    try withFolder { folder in
      let directory = RunDirectory(path: folder + "/deep/run")
      #expect(!directory.holdsRun)
      try directory.create()
      #expect(!directory.holdsRun)
      let setting = try setting()
      try directory.write(setting, to: "setting.json")
      #expect(directory.holdsRun)
      #expect(try directory.read(RunSetting.self, from: "setting.json") == setting)
      try directory.write(text: "a,b\n", to: "curves.csv")
      #expect(try names(directory.path) == ["curves.csv", "setting.json"])
      #expect(
        FileManager.default.contents(atPath: directory.file("curves.csv")) == Data("a,b\n".utf8))
    }
  }

  @Test func `a file is replaced whole`() throws {
    try withFolder { folder in
      let directory = RunDirectory(path: folder)
      try directory.write(text: String(repeating: "long ", count: 10_000), to: "curves.csv")
      // Whoever has the old file open keeps all of it: the new one is another file.
      let old = try #require(FileHandle(forReadingAtPath: directory.file("curves.csv")))
      try directory.write(text: "short\n", to: "curves.csv")
      #expect(try old.readToEnd()?.count == 50_000)
      #expect(
        FileManager.default.contents(atPath: directory.file("curves.csv")) == Data("short\n".utf8))
      #expect(try names(folder) == ["curves.csv"])
    }
  }

  @Test func `numbers keep every bit`() throws {
    try withFolder { folder in
      let directory = RunDirectory(path: folder)
      let numbers = [
        0.1, 1.0 / 3, Double.leastNonzeroMagnitude, 1.7976931348623157e308, -0.0,
        2.2000000000000006,
      ]
      try directory.write(numbers, to: "record.json")
      let read = try directory.read([Double].self, from: "record.json")
      #expect(read.map(\.bitPattern) == numbers.map(\.bitPattern))
    }
  }

  @Test func `clearing removes a run's files and no others`() throws {
    try withFolder { folder in
      let directory = RunDirectory(path: folder)
      let own = ["setting.json", "checkpoint.json", "record.json", "curves.csv", "curves.gp"]
      for name in own + ["notes.txt", "setting.json.bak"] {
        try directory.write(text: "x", to: name)
      }
      directory.clear()
      #expect(try names(folder) == ["notes.txt", "setting.json.bak"])
    }
  }

  private func refusal(_ body: () throws(RunDirectoryError) -> Void) -> String? {
    do {
      try body()
      return nil
    } catch { return error.description }
  }

  @Test func `a missing or broken file is named`() throws {
    try withFolder { folder in
      let directory = RunDirectory(path: folder)
      let missing = refusal { () throws(RunDirectoryError) in
        _ = try directory.read(RunSetting.self, from: "setting.json")
      }
      #expect(missing == "\(folder)/setting.json: there is no such file to resume from")
      try directory.write(text: "{\"version\": 1", to: "setting.json")
      let broken = refusal { () throws(RunDirectoryError) in
        _ = try directory.read(RunSetting.self, from: "setting.json")
      }
      #expect(broken?.hasPrefix("\(folder)/setting.json: it is damaged") == true)
    }
  }

  @Test func `a folder that cannot be is refused with its name`() throws {
    try withFolder { folder in
      try RunDirectory(path: folder).write(text: "x", to: "file")
      let inFile = RunDirectory(path: folder + "/file/run")
      let made = refusal { () throws(RunDirectoryError) in try inFile.create() }
      #expect(made?.contains("\(folder)/file/run") == true && made?.contains("--out") == true)
      let written = refusal { () throws(RunDirectoryError) in
        try inFile.write(text: "x", to: "curves.csv")
      }
      #expect(written?.hasPrefix("\(folder)/file/run/curves.csv: ") == true)
    }
  }

  @Test func `what cannot be replaced stays, and no temporary file with it`() throws {
    try withFolder { folder in
      // A folder of that name cannot be replaced by a file.
      try FileManager.default.createDirectory(
        atPath: folder + "/curves.csv", withIntermediateDirectories: true)
      let refused = refusal { () throws(RunDirectoryError) in
        try RunDirectory(path: folder).write(text: "x", to: "curves.csv")
      }
      #expect(refused?.contains("curves.csv") == true)
      #expect(try names(folder) == ["curves.csv"])
    }
  }

  @Test func `a number that is none is not written`() throws {
    try withFolder { folder in
      let directory = RunDirectory(path: folder)
      let refused = refusal { () throws(RunDirectoryError) in
        try directory.write([Double.nan], to: "record.json")
      }
      #expect(refused?.contains("not finite") == true)
      let left = try names(folder)
      #expect(left.isEmpty)
    }
  }
}

/// A run's curves as a table.
@Suite struct CurvesTests {
  private func rows(_ csv: String) -> [[String]] {
    csv.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
  }

  @Test func `the table has a header and a line for every record`() throws {
    let board = try shippedBoard("lattice")
    let curve = try trained(board, try shippedTask("iris"), plan(board, epochs: 3)).progress.curve
    let csv = Curves(records: curve, title: "iris").csv
    #expect(csv.hasSuffix("\n"))
    let rows = rows(csv)
    #expect(
      rows[0] == [
        "epoch", "learned_s", "pulses", "error_train_V2", "error_test_V2", "error_all_V2",
        "accuracy_train", "accuracy_test", "accuracy_all",
      ])
    #expect(rows.count == 1 + 4)
    for (row, record) in zip(rows.dropFirst(), curve) {
      #expect(row.count == 9)
      let numbers = row.compactMap(Double.init)
      #expect(numbers.count == 9 && numbers.allSatisfy(\.isFinite))
      #expect(numbers[0] == Double(record.epoch) && numbers[1] == record.learned)
      #expect(numbers[2] == Double(record.pulses))
      #expect(numbers[3] == record.training.error && numbers[4] == record.testing?.error)
      #expect(numbers[5] == record.all.error && numbers[6] == record.training.accuracy)
      #expect(numbers[7] == record.testing?.accuracy && numbers[8] == record.all.accuracy)
    }
  }

  @Test func `what a task does not have stays empty`() throws {
    let board = try shippedBoard("lattice")
    let curve = try trained(board, try shippedTask("regression"), plan(board, epochs: 2))
      .progress.curve
    let rows = rows(Curves(records: curve, title: "regression").csv)
    #expect(rows.count == 1 + 3)
    for row in rows.dropFirst() {
      #expect(row.count == 9)
      #expect(row[4].isEmpty && row[6...].allSatisfy(\.isEmpty))
      let numbers = [row[0], row[1], row[2], row[3], row[5]].compactMap(Double.init)
      #expect(numbers.count == 5 && numbers.allSatisfy(\.isFinite))
      #expect(row[3] == row[5])
    }
  }

  @Test func `the plot shows accuracy only where there is one and quotes nothing foreign`() throws {
    let board = try shippedBoard("lattice")
    let iris = try trained(board, try shippedTask("iris"), plan(board, epochs: 1)).progress.curve
    let script = Curves(records: iris, title: "it's \\ a 'title'").gnuplot
    #expect(script.contains("layout 2,1 title 'its  a title'"))
    #expect(script.contains("right (%)") && script.contains("held out"))
    let regression = try trained(board, try shippedTask("regression"), plan(board, epochs: 1))
    let plain = Curves(records: regression.progress.curve, title: "r").gnuplot
    #expect(plain.contains("layout 1,1") && !plain.contains("right (%)"))
    #expect(!plain.contains("held out"))
  }
}
