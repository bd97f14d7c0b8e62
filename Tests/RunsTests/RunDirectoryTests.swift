import Files
import Foundation
import Runs
import TestSupport
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
      let directory = RunDirectory(path: folder)
      let setting = try setting()
      try directory.write(setting, to: "setting.json")
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
      #expect(missing == "\(folder)/setting.json: there is no such file")
      try directory.write(text: "{\"version\": 1", to: "setting.json")
      let broken = refusal { () throws(RunDirectoryError) in
        _ = try directory.read(RunSetting.self, from: "setting.json")
      }
      #expect(broken?.hasPrefix("\(folder)/setting.json: it is damaged") == true)
    }
  }

  @Test func `a file in a folder that cannot be is refused with its reason`() throws {
    try withFolder { folder in
      try RunDirectory(path: folder).write(text: "x", to: "file")
      let inFile = RunDirectory(path: folder + "/file/run")
      let written = refusal { () throws(RunDirectoryError) in
        try inFile.write(text: "x", to: "curves.csv")
      }
      #expect(written?.hasPrefix("\(folder)/file/run/") == true)
      #expect(written?.contains("Not a directory") == true)
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

/// A run's measures as lines of its two files.
@Suite struct MetricsTests {
  private func curve(_ task: String, epochs: Int) throws -> [EpochRecord] {
    let board = try shippedBoard("lattice")
    return try trained(board, try shippedTask(task), plan(board, epochs: epochs)).curve
  }

  private func fields(_ line: String) -> [String] {
    line.dropLast().split(separator: ",", omittingEmptySubsequences: false).map(String.init)
  }

  @Test func `the table has a column with its unit for every measure`() throws {
    let names = fields(Metrics.header)
    #expect(
      names == [
        "epoch", "learned_s", "pulses", "error_train_V2", "error_test_V2", "error_all_V2",
        "accuracy_train", "accuracy_test", "accuracy_all", "unmet_train", "unmet_test",
      ])
    for record in try curve("iris", epochs: 3) {
      let row = Metrics.row(record)
      #expect(row.hasSuffix("\n"))
      let numbers = fields(row).compactMap(Double.init)
      #expect(numbers.count == names.count && numbers.allSatisfy(\.isFinite))
      #expect(numbers[0] == Double(record.epoch) && numbers[1] == record.learned)
      #expect(numbers[2] == Double(record.pulses))
      #expect(numbers[3] == record.training.error && numbers[4] == record.testing?.error)
      #expect(numbers[5] == record.all.error && numbers[6] == record.training.accuracy)
      #expect(numbers[7] == record.testing?.accuracy && numbers[8] == record.all.accuracy)
      #expect(numbers[9] == record.training.unmet && numbers[10] == record.testing?.unmet)
    }
  }

  @Test func `the lines for programs have the same numbers under the same names`() throws {
    for task in ["iris", "regression"] {
      for record in try curve(task, epochs: 2) {
        let line = Metrics.line(record)
        #expect(line.hasSuffix("}\n") && !line.dropLast().contains("\n"))
        let read = try JSONDecoder().decode([String: Double].self, from: Data(line.utf8))
        let row = zip(fields(Metrics.header), fields(Metrics.row(record)))
        let table = Dictionary(
          uniqueKeysWithValues: row.compactMap { name, value in
            Double(value).map { (name, $0) }
          })
        #expect(read == table)
      }
    }
  }

  @Test func `what a task does not have stays empty`() throws {
    let rows = try curve("regression", epochs: 2).map { fields(Metrics.row($0)) }
    #expect(rows.count == 3)
    for row in rows {
      #expect(row.count == 11)
      #expect(row[4].isEmpty && row[6...8].allSatisfy(\.isEmpty) && row[10].isEmpty)
      #expect(row[3] == row[5])
    }
  }

  @Test func `the plot shows accuracy only where there is one and quotes nothing foreign`() throws {
    let iris = try #require(try curve("iris", epochs: 1).last)
    let script = CurvesPlot(title: "it's \\ a 'title'", last: iris).gnuplot
    #expect(script.contains("layout 2,1 title 'its  a title'"))
    #expect(script.contains("right (%)") && script.contains("held out"))
    #expect(!script.contains(" every "))
    let regression = try #require(try curve("regression", epochs: 1).last)
    let plain = CurvesPlot(title: "r", last: regression).gnuplot
    #expect(plain.contains("layout 1,1") && !plain.contains("right (%)"))
    #expect(!plain.contains("held out"))
  }

  @Test func `a plot of very many epochs keeps few points`() throws {
    var last = try #require(try curve("regression", epochs: 1).last)
    last.epoch = 999_999
    #expect(CurvesPlot(title: "long", last: last).gnuplot.contains("'curves.csv' every 200 using"))
  }
}
