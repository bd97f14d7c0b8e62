import Foundation
import Testing

/// `replay --capture`, with captures made of the waves of a run at the double's pins.
@Suite struct CaptureReplayTests {
  private static let program = ["train", "--task", "regression", "--board", "breadboard"]

  @Test func `a capture of the run agrees, and what a line does otherwise is named`() throws {
    try Program.run { tellegen in
      let run = try tellegen(
        Self.program + ["--epochs", "2", "--target", "pins", "--trace", "--out", "run"])
      #expect(run.code == 0)
      let same = try tellegen("replay", "run", "--capture", "run/trace.vcd")
      #expect(same.code == 0, "\(same.errors)")
      #expect(same.output.contains("No difference.") && same.output.contains("with the run"))
      #expect(!same.output.contains("Not captured"))

      // LEARN stuck low from some time on: its later rises are gone.
      let text = try tellegen.text("run/trace.vcd")
      let code = try #require(
        text.split(separator: "\n").first { $0.hasSuffix(" LEARN $end") }?.split(separator: " ")[3])
      var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      let rises = lines.indices.filter { lines[$0] == "1\(code)" }
      for index in lines.indices
      where index > rises[rises.count / 2] - 1 && lines[index] == "1\(code)" { lines[index] = "" }
      try tellegen.write(lines.joined(separator: "\n"), to: "stuck.vcd")
      let stuck = try tellegen("replay", "run", "--capture", "stuck.vcd")
      #expect(stuck.code == 1 && stuck.errors.contains("in 1 place"))
      #expect(stuck.output.contains("LEARN at 0.") && stuck.output.contains("stays low until"))
      let json = try tellegen("replay", "run", "--capture", "stuck.vcd", "--json")
      #expect(json.code == 1 && json.output.contains("\"agrees\" : false"))
      #expect(json.output.contains("\"kind\" : \"missing\""))
    }
  }

  @Test func `channels by other names are given, and wrong ones are refused with a list`() throws {
    try Program.run { tellegen in
      _ = try tellegen(
        Self.program + ["--epochs", "1", "--target", "pins", "--trace", "--out", "run"])
      let text = try tellegen.text("run/trace.vcd")
        .replacing(" LEARN $end", with: " D0 $end").replacing(" SCLK $end", with: " D1 $end")
        .replacing("$version Tellegen $end", with: "")
      try tellegen.write(text, to: "a.vcd")
      let given = try tellegen(
        "replay", "run", "--capture", "a.vcd", "--channels", "LEARN=D0,SCLK=D1", "--sample-rate",
        "500MHz")
      #expect(given.code == 0, "\(given.errors)")
      let without = try tellegen("replay", "run", "--capture", "a.vcd")
      #expect(without.code == 0 && without.output.contains("Not captured: SCLK, LEARN."))
      for (channels, words) in [
        ("LERN=D0", "did you mean LEARN?"), ("LEARN=D9", "\"D9\" is no channel"),
        ("LEARN=D0,SCLK=D0", "to two lines"), ("LEARN", "LINE=CHANNEL"),
      ] {
        let wrong = try tellegen("replay", "run", "--capture", "a.vcd", "--channels", channels)
        #expect(wrong.code == 64 && wrong.errors.contains(words), "\(wrong.errors)")
      }
      #expect(
        try tellegen("replay", "run", "--capture", "a.vcd", "--channels", "X=D0").errors
          .contains("the lines of board 'breadboard' are SCLK, MOSI"))
      #expect(try tellegen("replay", "run", "--channels", "LEARN=D0").code == 64)
      #expect(
        try tellegen("replay", "run", "--capture", "a.vcd", "--sample-rate", "fast").code == 64)
      #expect(try tellegen("replay", "run", "--capture", "a.vcd", "--seen", "x").code == 64)

      let rate = try tellegen(
        "replay", "run", "--capture", "run/trace.vcd", "--sample-rate", "1MHz")
      #expect(rate.code == 65 && rate.errors.contains("leave the given one out"), "\(rate.errors)")
      #expect(given.output.contains("Times are the capture's own"))
      try tellegen.write("hello\n", to: "b.vcd")
      try tellegen.write("$timescale 1 ns $end\nhello\n", to: "c.vcd")
      try tellegen.write("", to: "empty.vcd")
      for (capture, code, words) in [
        ("none.vcd", Int32(74), "none.vcd: there is no such file"), ("", 74, "no such file"),
        ("b.vcd", 65, "b.vcd is no capture: a value change dump begins with"),
        ("c.vcd", 65, "line 2 of the capture"),
        ("empty.vcd", 65, "empty.vcd is empty; give a value"),
        ("run", 65, "run is a folder; give a value change dump (.vcd) or a sigrok session (.sr)"),
        ("/dev/null", 65, "/dev/null is no regular file"),
      ] {
        let none = try tellegen("replay", "run", "--capture", capture)
        #expect(none.code == code && none.errors.contains(words), "\(none.errors)")
      }
      let missing = try tellegen("replay", "nowhere")
      #expect(missing.code == 74 && missing.errors.contains("nowhere is not the folder of a run"))
      let folder = try tellegen("replay", "run", "--trace", "run")
      #expect(
        folder.code == 65 && folder.errors.contains("run is a folder; give a run's trace.txt"))
    }
  }

  @Test func `what hil kept is not replayed, and why is said`() throws {
    try Program.run { tellegen in
      try FileManager.default.createDirectory(
        atPath: tellegen.path("proven"), withIntermediateDirectories: true)
      try tellegen.write(
        "{\"command\": \"hil\", \"content\": {}, \"files\": [], \"version\": \"0\"}",
        to: "proven/setting.json")
      for words in [["replay", "proven"], ["replay", "proven", "--capture", "x.vcd"]] {
        let end = try tellegen(words)
        #expect(end.code == 64, "\(end.errors)")
        #expect(end.errors.contains("replay knows training only"), "\(end.errors)")
      }
    }
  }

  @Test(arguments: [1000, 10_000])
  func `a sigrok session agrees at a coarse sample rate`(_ period: Int) throws {
    let sigrok = try #require(find("sigrok-cli"), "Debian package sigrok-cli")
    try Program.run { tellegen in
      _ = try tellegen(
        Self.program + ["--epochs", "1", "--target", "pins", "--trace", "--out", "run"])
      let made = try tellegen(
        ["-I", "vcd:downsample=\(period)", "-i", "run/trace.vcd", "-o", "run.sr"],
        executable: sigrok)
      #expect(made.code == 0, "\(made.errors)")
      let end = try tellegen("replay", "run", "--capture", "run.sr")
      #expect(end.code == 0, "\(end.output) \(end.errors)")
      #expect(end.output.contains("No difference."))
      #expect(end.output.contains("Not judged") == (period > 2000))
      try tellegen.write("PK and nothing", to: "bad.sr")
      let bad = try tellegen("replay", "run", "--capture", "bad.sr")
      #expect(bad.code == 65 && bad.errors.contains("bad.sr: sigrok-cli"))
    }
  }

  @Test func `without sigrok-cli the package is named`() throws {
    try Program.run { tellegen in
      _ = try tellegen(
        Self.program + ["--epochs", "1", "--target", "pins", "--trace", "--out", "run"])
      try tellegen.write("PK", to: "run.sr")
      let end = try tellegen(
        ["-c", "PATH=/nowhere \(try Program.path) replay run --capture run.sr"],
        executable: "/bin/sh")
      #expect(end.code == 69 && end.errors.contains("Debian package sigrok-cli"))
    }
  }
}
