import Foundation
import Testing

@Suite struct ReplayTests {
  @Test func `a trace replays, and a trace that is not the run's does not`() throws {
    try Program.run { tellegen in
      let run = try tellegen(
        "train", "--task", "xor", "--epochs", "3", "--target", "pins", "--trace", "--out", "run")
      #expect(run.code == 0)
      #expect(run.output.contains(" 0 misuses"))
      let same = try tellegen("replay", "run")
      #expect(same.code == 0 && same.output.contains("decided the same"))

      let whole = try tellegen.text("run/trace.txt")
      try tellegen.write("tellegen trace 1\n", to: "run/trace.txt")
      #expect(try tellegen("replay", "run").code == 65)

      try tellegen.write(whole + "999999999999 t 0 0\n", to: "run/trace.txt")
      let longer = try tellegen("replay", "run")
      #expect(longer.code == 1 && longer.errors.contains("the run ended after call"))

      // A read that says something else: the first write that differs is named.
      var lines = whole.split(separator: "\n", omittingEmptySubsequences: false)
      let reads = lines.indices.filter { lines[$0].hasSuffix(" r 4 4") }
      for read in reads.suffix(reads.count / 2) {
        lines[read] = Substring(lines[read].dropLast() + "0")
      }
      try tellegen.write(lines.joined(separator: "\n"), to: "run/trace.txt")
      let other = try tellegen("replay", "run")
      #expect(other.code == 1 && other.errors.contains("the replay differs"))

      // A run without a trace leaves none of an earlier run behind.
      _ = try tellegen("train", "--task", "xor", "--epochs", "1", "--out", "run", "--overwrite")
      #expect(!tellegen.exists("run/trace.txt") && !tellegen.exists("run/trace.vcd"))
      #expect(try tellegen("replay", "run").code == 74)
      #expect(try tellegen("train", "--resume", "run", "--trace").code == 64)
      #expect(try tellegen("train", "--task", "xor", "--initial", "5", "--out", "x").code == 64)
    }
  }
}
