import Foundation
import TestSupport
import Testing

/// Terminals that are closed under a run: the signal and failing writes come together.
@Suite struct TerminalsCampaign {
  @Test func `a run whose terminal is closed ends as interrupted, with all kept`() throws {
    var campaign = Campaign("terminals", sample: 6, whole: 100, seed: 3)
    let setsid = try #require(find("setsid"), "Debian's util-linux has it")
    try Program.run { tellegen in
      let options = ["train", "--task", "regression", "--epochs", "20000", "--seed", "3"]
      let whole = try tellegen(options + ["--out", "whole", "--json"])
      #expect(whole.code == 0)
      var ended = 0
      for trial in 0..<campaign.count {
        let (master, slave) = try pseudoterminal()
        let terminal = FileHandle(fileDescriptor: slave, closeOnDealloc: true)
        let folder = "run\(trial)"
        let process = try tellegen.process(
          ["--ctty", "--wait", try Program.path] + options + ["--out", folder], executable: setsid)
        process.standardInput = terminal
        process.standardOutput = terminal
        process.standardError = terminal
        try startListening(process)
        try terminal.close()
        // Read until training has begun, then some more or less, then close.
        let wanted = 60 + campaign.number(below: 1200)
        var seen = 0
        var bytes = [UInt8](repeating: 0, count: 512)
        while seen < wanted {
          let count = read(master, &bytes, bytes.count)
          if count <= 0 { break }
          seen += count
        }
        close(master)
        process.waitUntilExit()
        let code = shellCode(process)
        if code == 130 { ended += 1 }
        // A run that had just ended has nothing to be interrupted in but its last words.
        #expect([130, 0, 74].contains(code), "trial \(trial): \(code)")
        let resumed = try tellegen("train", "--resume", folder)
        #expect(resumed.code == 0, "trial \(trial): \(resumed.errors)")
        try expectSame(tellegen, folder, "whole", "trial \(trial)")
        try FileManager.default.removeItem(atPath: tellegen.path(folder))
      }
      #expect(ended > campaign.count / 2)
      try campaign.record(["closures": campaign.count, "interrupted": ended, "lost": 0])
    }
  }
}
