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
      #expect(first.errors.contains("400 pulses, about"), "\(first.errors)")
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

  @Test func `a damaged calibration is refused by key, unchecked too`() throws {
    try inPackage { tellegen in
      _ = try tellegen("calibrate", "--board", "mine.yaml", "--pulses", "100", "--out", "a.json")
      let text = try tellegen.text("a.json")
      for (damage, key) in [
        (text.replacing(/"name" : "S2-T1"/, with: "\"name\" : \"X\""), "edges[2].name is 'X'"),
        (text.replacing(/"misfit" : [^,\n]*/, with: "\"misfit\" : 1e300"), "misfit is 1e+300"),
        (
          text.replacing(/"misfit" : [^,\n]*/, with: "\"misfit\" : NaN"), "no value that JSON knows"
        ),
        (
          text.replacing(/"pulses" : [^,\n]*/, with: "\"pulses\" : \"many\""),
          "pulses must be a whole number"
        ),
        (
          text.replacing(/"date" : [^,\n]*/, with: "\"date\" : \"yesterday\""),
          "date must be ISO 8601, such as 2026-01-31T12:00:00Z"
        ),
        (
          text.replacing(/"id" : [^,\n]*/, with: "\"id\" : \"\""),
          "id is \"\"; allowed is 1 ... 64 characters"
        ),
      ] {
        #expect(damage != text)
        try tellegen.write(damage, to: "b.json")
        for more in [[], ["--unchecked"]] {
          let end = try tellegen(
            [
              "train", "--board", "mine.yaml", "--task", "regression", "--epochs", "2", "--out",
              "r", "--calibration", "b.json",
            ] + more)
          #expect(
            end.code == 65 && end.errors.contains(key) && end.errors.contains("b.json")
              && end.errors.contains("calibrate"), "\(end.errors)")
        }
      }
    }
  }

  @Test(arguments: [
    ("{line: MISO, kind: stuck_low}", "no edge is seen"),
    ("{line: LEARN, kind: stuck_low}", "times their noise"),
    ("{edge: S1-T1, kind: leaking}", "times their noise"),
    ("{select: 1, kind: deaf}", "its clamp turns no comparator"),
  ])
  func `a broken board is not calibrated, and what was kept stays`(
    _ fault: String, _ told: String
  ) throws {
    try inPackage { tellegen in
      let board = try tellegen.text("mine.yaml")
      try tellegen.write(board + "\nfaults: [\(fault)]\n", to: "broken.yaml")
      try tellegen.write("kept", to: "a.json")
      let end = try tellegen(
        "calibrate", "--board", "broken.yaml", "--target", "pins", "--pulses", "250", "--out",
        "a.json", "--overwrite")
      #expect(end.code == 1 && end.errors.contains(told), "\(end.errors)")
      #expect(end.errors.contains("nothing was kept in a.json"), "\(end.errors)")
      #expect(
        end.errors.contains(
          "tellegen hil --scenario selftest --board broken.yaml --target pins"), "\(end.errors)")
      #expect(try tellegen.text("a.json") == "kept")
    }
  }

  @Test func `a calibration of the good board is contradicted by the broken one`() throws {
    try inPackage { tellegen in
      let made = try tellegen(
        "calibrate", "--board", "mine.yaml", "--pulses", "300", "--id", "A", "--out", "a.json")
      #expect(made.code == 0, "\(made.errors)")
      let other = try tellegen(
        "calibrate", "--board", "mine.yaml", "--id", "7", "--check", "a.json")
      #expect(other.code == 65 && other.errors.contains("'A', not '7'"), "\(other.errors)")

      try FileManager.default.createSymbolicLink(
        atPath: tellegen.path("hil"), withDestinationPath: packageRoot + "/hil")
      try tellegen.write("name: held\nphases: [calibration]\n", to: "held.yaml")
      let board = try tellegen.text("mine.yaml")
      let sag = "{kind: supply_sag, to: 0.6, at: 0, for: 1000}"
      try tellegen.write(board + "\nfaults: [\(sag)]\n", to: "sagging.yaml")
      let train = ["train", "--task", "regression", "--epochs", "2", "--calibration", "a.json"]
      let sagging = try tellegen(train + ["--board", "sagging.yaml", "--out", "s"])
      #expect(sagging.code == 65 && sagging.errors.contains("reach was"), "\(sagging.errors)")
      #expect(!tellegen.exists("s"))
      let checked = try tellegen("calibrate", "--board", "sagging.yaml", "--check", "a.json")
      #expect(checked.code == 1 && checked.output.contains("supply: voltage"), "\(checked.output)")

      // A double with faults of lines is held to it at its pins, as it is trained.
      let fault = "{line: LEARN, kind: stuck_low}"
      try tellegen.write(board + "\nfaults: [\(fault)]\n", to: "deaf.yaml")
      let deaf = try tellegen(
        train + ["--board", "deaf.yaml", "--target", "pins", "--out", "d"])
      #expect(
        deaf.code == 65 && deaf.errors.contains("contradicts its calibration"), "\(deaf.errors)")

      // The record says the faults of the board's file too.
      let held = try tellegen(
        "hil", "--board", "sagging.yaml", "--scenario", "./held.yaml", "--ensemble", "100",
        "--calibration", "a.json", "--out", "h")
      #expect(held.code == 1 && held.output.contains("reach was"), "\(held.output)\(held.errors)")
      #expect(try object(try tellegen.text("h/record.json"))["board_faults"] as? [String] == [sag])
      let setting = try object(try tellegen.text("h/setting.json"))["content"] as? [String: Any]
      #expect(setting?["boardFaults"] as? [String] == [sag])
      #expect(try tellegen.text("h/report.html").contains(sag))

      let both = try tellegen(train + ["--board", "mine.yaml", "--uncalibrated", "--out", "b"])
      #expect(both.code == 64 && both.errors.contains("give one of them"), "\(both.errors)")
    }
  }

  @Test func `what was found is told where it cannot be kept`() throws {
    try inPackage { tellegen in
      let script = "(trap '' XFSZ; ulimit -f 4; \"$@\"; echo $? > code) | cat > told"
      for json in [false, true] {
        // What is told may be longer than the limit too: it goes through a pipe.
        let end = try tellegen(
          [
            "-c", script, "sh", try Program.path, "calibrate", "--board", "mine.yaml", "--pulses",
            "100", "--out", "a.json",
          ] + (json ? ["--json"] : []), executable: "/bin/sh")
        #expect(end.errors.contains("a.json"), "\(end.errors)")
        #expect(try tellegen.text("code") == "74\n" && !tellegen.exists("a.json"))
        let told = try tellegen.text("told")
        #expect(told.contains(json ? "\"misfit\"" : "5 of 5 edges seen"), "\(told)")
        #expect(!told.contains("kept in"))
      }
    }
  }

  /// An object of a JSON text.
  private func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  /// The measurements of a record's phases.
  private func readings(_ record: [String: Any]) throws -> [[String: Any]] {
    try #require(record["scenarios"] as? [[String: Any]])
      .flatMap { $0["phases"] as? [[String: Any]] ?? [] }
      .flatMap { $0["readings"] as? [[String: Any]] ?? [] }
  }

  @Test func `the calibration's date and the board's id stand beside each measurement`() throws {
    try inPackage { tellegen in
      try tellegen.write("name: dated\nphases: [look, gates, converters]\n", to: "dated.yaml")
      let made = try tellegen(
        "calibrate", "--board", "mine.yaml", "--pulses", "300", "--id", "A & 1", "--out", "a.json")
      #expect(made.code == 0, "\(made.errors)")
      let day = try #require(try object(try tellegen.text("a.json"))["date"] as? String)
      let age = Date().timeIntervalSince(try Date(day, strategy: .iso8601))
      #expect(day.hasSuffix("Z") && (0...3600).contains(age))
      let run = [
        "hil", "--board", "mine.yaml", "--scenario", "./dated.yaml", "--ensemble", "100",
      ]
      let fault = "{edge: S1-T1, kind: leaking, attempts: 1}"
      let end = try tellegen(
        run + [
          "--calibration", "a.json", "--calibration-days", "7", "--checked", "SCLK", "--seed", "3",
          "--fault", fault, "--out", "with",
        ])
      #expect(end.code == 0 || end.code == 1, "\(end.errors)")
      #expect(end.output.contains("readings, calibration of \(day), board id A & 1"))
      let record = try object(try tellegen.text("with/record.json"))
      let readings = try readings(record)
      #expect(readings.count > 3)
      for reading in readings {
        #expect(
          reading["calibrated"] as? String == day && reading["board_id"] as? String == "A & 1")
      }
      let metrics = try tellegen.text("with/metrics.prom")
      #expect(metrics.contains("board_id=\"A & 1\",calibrated=\"\(day)\",scenario=\"dated\""))
      let lines = try tellegen.text("with/record.jsonl").split(separator: "\n")
      for line in lines {
        let fields = try object(String(line))
        #expect(fields["board_id"] as? String == "A & 1" && fields["calibrated"] as? String == day)
      }
      #expect(lines.contains { $0.contains("\"calibrated\"") && $0.contains(day) })
      let suite = try tellegen.text("with/junit.xml")
      #expect(suite.contains("name=\"calibrated\" value=\"\(day)\""))
      #expect(suite.contains("name=\"board_id\" value=\"A &amp; 1\""))
      #expect(
        try tellegen.text("with/report.html").contains(
          "readings, calibration of \(day), board id A"))

      // What was asked is in the folder whole.
      #expect(record["date"] is String && record["seed"] as? Int == 3)
      #expect(record["faults"] as? [String] == [fault])
      let calibration = try #require(record["calibration"] as? [String: Any])
      #expect(calibration["file"] as? String == "a.json" && calibration["date"] as? String == day)
      let setting = try object(try tellegen.text("with/setting.json"))
      let call = try #require(setting["content"] as? [String: Any])
      #expect(call["checked"] as? [String] == ["SCLK"] && call["trace"] as? Bool == false)
      #expect(call["calibration"] as? String == "a.json")
      #expect(call["calibrationDays"] as? Double == 7)

      #expect(try tellegen(run + ["--out", "without"]).code == 0)
      let bare = try object(try tellegen.text("without/record.json"))
      for reading in try self.readings(bare) { #expect(reading["calibrated"] == nil) }
      #expect(bare["calibration"] == nil)
      #expect(!(try tellegen.text("without/junit.xml").contains("calibrated")))
    }
  }

  @Test func `a calibration that does not fit leaves the record of an attempt`() throws {
    try inPackage { tellegen in
      try tellegen.write("name: alone\nphases: [look]\n", to: "alone.yaml")
      #expect(
        try tellegen("calibrate", "--board", "mine.yaml", "--pulses", "300", "--out", "a.json")
          .code == 0)
      let text = try tellegen.text("mine.yaml")
      try tellegen.write(text.replacing("ohms: 100e3", with: "ohms: 120e3"), to: "other.yaml")
      try tellegen.write("{}", to: "empty.json")
      for (number, (words, code, cause)) in [
        (["--board", "other.yaml", "--calibration", "a.json"], 65, "changed since"),
        (["--calibration", "a.json", "--board-id", "B"], 65, "not 'B'"),
        (["--calibration", "a.json", "--calibration-days", "1e-7"], 65, "days old"),
        (["--calibration", "none.json"], 74, "there is no calibration none.json"),
        (["--calibration", "empty.json"], 65, "is no calibration"),
      ].enumerated() {
        let board = words.contains("--board") ? [] : ["--board", "mine.yaml"]
        let end = try tellegen(
          ["hil", "--json"] + board + ["--scenario", "./alone.yaml", "--out", "r\(number)"] + words)
        #expect(end.code == code && end.errors.contains(cause), "\(end.errors)")
        // It is refused before anything is drawn, and said in JSON too.
        #expect(!end.errors.contains("drawing"))
        let told = try object(end.output)
        #expect(told["outcome"] as? String == "NOT-STARTED")
        #expect((told["why"] as? String)?.contains(cause) == true)
        let record = try object(try tellegen.text("r\(number)/record.json"))
        let scenarios = try #require(record["scenarios"] as? [[String: Any]])
        #expect(scenarios.map { $0["outcome"] as? String } == ["NOT-STARTED"])
        #expect((scenarios.first?["why"] as? String)?.contains(cause) == true, "\(scenarios)")
        for file in ["setting.json", "junit.xml", "report.html"] {
          #expect(tellegen.exists("r\(number)/\(file)"))
        }
      }
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
      #expect(try train("--calibration", "none.json").code == 74)
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
