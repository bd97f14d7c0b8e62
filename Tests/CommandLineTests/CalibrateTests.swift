import Foundation
import Testing

/// `tellegen calibrate`, and what `train` does with what it found, as a user types it.
@Suite struct CalibrateTests {
  private func inPackage(_ body: (Program) throws -> Void) throws {
    try Program.run { tellegen in
      for name in ["task", "data"] {
        try FileManager.default.createSymbolicLink(
          atPath: tellegen.path(name), withDestinationPath: packageRoot + "/" + name)
      }
      try FileManager.default.copyItem(
        atPath: packageRoot + "/board/breadboard.yaml", toPath: tellegen.path("mine.yaml"))
      try body(tellegen)
    }
  }

  @Test func `a board is calibrated once, beside its file, and checked`() throws {
    try inPackage { tellegen in
      let first = try tellegen("calibrate", "--board", "mine.yaml", "--pulses", "400")
      #expect(first.code == 0, "\(first.errors)")
      #expect(first.output.contains("5 of 5 edges seen"))
      #expect(FileManager.default.fileExists(atPath: tellegen.path("mine.calibration.json")))

      let again = try tellegen("calibrate", "--board", "mine.yaml")
      #expect(again.code == 64 && again.errors.contains("--overwrite"), "\(again.errors)")

      let same = try tellegen(
        "calibrate", "--board", "mine.yaml", "--pulses", "300", "--check", "mine.calibration.json")
      #expect(same.code == 0 && same.output.contains("holds"), "\(same.output)\(same.errors)")

      let other = try tellegen(
        "calibrate", "--board", "mine.yaml", "--pulses", "300", "--seed", "2", "--check",
        "mine.calibration.json")
      #expect(other.code == 1 && other.output.contains("threshold was"), "\(other.output)")
      #expect(other.errors.contains("calibrate again"))

      try FileManager.default.createSymbolicLink(
        atPath: tellegen.path("hil"), withDestinationPath: packageRoot + "/hil")
      let selftest = [
        "hil", "--board", "mine.yaml", "--scenario", "selftest", "--ensemble", "100",
        "--calibration", "mine.calibration.json",
      ]
      let passed = try tellegen(selftest)
      #expect(passed.code == 0 && passed.output.contains("calibration  PASS"), "\(passed.output)")
      let failed = try tellegen(selftest + ["--seed", "2"])
      #expect(failed.code == 1 && failed.output.contains("threshold was"), "\(failed.output)")
    }
  }

  @Test func `training takes a calibration of this board only`() throws {
    try inPackage { tellegen in
      _ = try tellegen(
        "calibrate", "--board", "mine.yaml", "--pulses", "300", "--id", "A", "--out", "a.json")
      func train(_ more: String...) throws -> (code: Int32, output: String, errors: String) {
        let end = try tellegen(
          [
            "train", "--board", "mine.yaml", "--task", "regression", "--epochs", "2", "--overwrite",
            "--out", "r",
          ] + more)
        return (end.code, end.output, end.errors)
      }
      let fits = try train("--calibration", "a.json", "--board-id", "A")
      #expect(fits.code == 0 && fits.errors.contains("board id A"), "\(fits.errors)")
      let resumed = try tellegen("train", "--resume", "r", "--epochs", "3")
      #expect(resumed.code == 0, "\(resumed.errors)")

      // A double's is never a real board's.
      let real = try tellegen(
        "train", "--board", "mine.yaml", "--task", "regression", "--target", "gpio",
        "--calibration", "a.json", "--out", "g")
      #expect(real.code == 65 && real.errors.contains("is of a double"), "\(real.errors)")

      // The double of another seed is another board.
      let before = FileManager.default.contents(atPath: tellegen.path("r/record.json"))
      let other = try train("--calibration", "a.json", "--seed", "2")
      #expect(other.code == 65 && other.errors.contains("threshold was"), "\(other.errors)")
      #expect(other.errors.contains("contradicts its calibration"))
      #expect(before != nil)
      #expect(FileManager.default.contents(atPath: tellegen.path("r/record.json")) == before)
      let unchecked = try train("--calibration", "a.json", "--seed", "2", "--unchecked")
      #expect(unchecked.code == 0, "\(unchecked.errors)")

      let id = try train("--calibration", "a.json", "--board-id", "B")
      #expect(id.code == 65 && id.errors.contains("it is of board id 'A', not 'B'"), "\(id.errors)")
      #expect(try train("--calibration", "none.json").code == 64)
      try tellegen.write("{}", to: "empty.json")
      let empty = try train("--calibration", "empty.json")
      #expect(empty.code == 65 && empty.errors.contains("tellegen calibrate"), "\(empty.errors)")
      let kept = try String(contentsOfFile: tellegen.path("a.json"), encoding: .utf8)
      try tellegen.write(
        kept.replacing("\"supply\" : {", with: "\"supply\" : {\"value\": 1e300, \"old\": {")
          .replacing("\n}", with: "}\n}"), to: "wild.json")
      #expect(try train("--calibration", "wild.json").code == 65)

      let text = try String(contentsOfFile: tellegen.path("mine.yaml"), encoding: .utf8)
      try tellegen.write(text.replacing("ohms: 100e3", with: "ohms: 120e3"), to: "mine.yaml")
      let changed = try train("--calibration", "a.json")
      #expect(changed.code == 65 && changed.errors.contains("changed since"), "\(changed.errors)")
    }
  }
}
