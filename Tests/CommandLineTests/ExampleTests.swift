import Foundation
import TestSupport
import Testing

/// The examples run, and say what their pages promise.
@Suite struct ExampleTests {
  /// Runs an example's script in a folder of its own.
  private func run(_ example: String, _ body: (Program, Ending) throws -> Void) throws {
    try Program.run { tellegen in
      let end = try tellegen(
        [
          "TELLEGEN=" + Program.path, packageRoot + "/examples/\(example)/run", tellegen.path("."),
        ], executable: "/usr/bin/env")
      #expect(end.code == 0, "\(end.output)\(end.errors)")
      try body(tellegen, end)
    }
  }

  @Test func `a run that was interrupted ends with the same bytes`() throws {
    try run("train-and-resume") { _, end in
      #expect(end.output.contains("both runs ended with the same bytes"))
    }
  }

  @Test func `a board and a task of one's own are learned`() throws {
    try run("own-board") { tellegen, end in
      #expect(end.output.contains("weighted-mean on star (6 learning edges, with imperfections)"))
      let record = try tellegen.record("run/record.json")
      #expect(record.result.finished && record.result.gates.count == 6)
    }
  }

  @Test func `a trace is replayed, and one that was changed is found`() throws {
    try run("replay") { _, end in
      #expect(end.output.contains("the firmware decided the same throughout"))
      #expect(end.output.contains("the exit code is 1"))
    }
  }

  @Test func `a goal that is met ends with 0, one that is missed with 1`() throws {
    try run("goal") { _, end in
      #expect(end.output.contains("(exit code 1)") && end.output.contains("held out: "))
    }
  }

  /// Its build takes minutes.
  @Test(.enabled(if: Campaign.isWhole, "`make check` builds the example package"))
  func `a package that imports the double builds and trains`() throws {
    try Program.run { tellegen in
      let end = try tellegen(
        [packageRoot + "/examples/package/run", tellegen.path("build")], executable: "/usr/bin/env")
      #expect(end.code == 0, "\(end.errors)")
      #expect(end.output.contains("epoch 20: "))
      let trained = try tellegen("train", "--epochs", "20", "--json", "--out", "run")
      #expect(trained.code == 0)
      let last = try tellegen.text("run/metrics.jsonl").split(separator: "\n").last ?? ""
      let printed = end.output.split(separator: " ").suffix(2).first.flatMap { Double($0) } ?? 0
      let measured = try JSONDecoder().decode(Measured.self, from: Data(last.utf8))
      #expect(abs(printed - measured.error_all_V2 * 1e6) < 1e-9 * printed)
    }
  }

  @Test func `every example is tested, and has a page`() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: packageRoot + "/examples")
      .filter { !$0.contains(".") }
    #expect(
      Set(names) == ["train-and-resume", "own-board", "replay", "goal", "package"])
    let list = try String(
      contentsOfFile: packageRoot + "/examples/README.md", encoding: .utf8)
    for name in names {
      #expect(list.contains("(\(name)/README.md)"), "\(name)")
      #expect(
        FileManager.default.fileExists(atPath: packageRoot + "/examples/\(name)/README.md"))
    }
  }
}

/// What is read of a line of `metrics.jsonl`.
private struct Measured: Decodable {
  var error_all_V2: Double
}
