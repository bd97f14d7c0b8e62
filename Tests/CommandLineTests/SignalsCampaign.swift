import Foundation
import TestSupport
import Testing

/// Every signal that can be caught, at random moments of every command that runs for longer than a
/// second.
@Suite struct SignalsCampaign {
  /// A command; `{out}` is a folder of its own.
  struct Command: Sendable {
    var words: String
    /// Whether it keeps what it has when it is asked to stop, and then ends with 130.
    var keeps: Bool
    /// How to go on with what was kept.
    var resumes = false
  }

  static let commands = [
    Command(words: "train --task iris --epochs 400 --out {out}", keeps: true, resumes: true),
    Command(
      words: "train --task regression --epochs 100 --target pins --trace --out {out}",
      keeps: true, resumes: true),
    Command(words: "cycle --rig exp1 --out {out}", keeps: true),
    Command(words: "drift --rig exp1 --learned 20 --out {out}", keeps: true),
    Command(words: "descend --epochs 5 --boards 1 --out {out}", keeps: true),
    Command(words: "reproduce overclamp --quick --out {out}", keeps: true),
    Command(words: "serve --socket {out}-socket --state {out}-state", keeps: true),
    Command(words: "benchmark accuracy --seeds 20", keeps: false),
    Command(words: "gradient --board digits --task digits", keeps: false),
  ]

  /// What ends a program by default and can be caught: the number a shell tells is 128 more.
  static let signals: [Int32] = [
    SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGUSR1, SIGSEGV, SIGUSR2,
    SIGALRM, SIGTERM, SIGSTKFLT, SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSYS, 34,
  ]
  static let asking: Set<Int32> = [SIGHUP, SIGINT, SIGTERM]

  @Test func `a signal ends a command as documented, soon, and with all kept`() throws {
    let moments = Campaign.isWhole ? Campaign.number("TELLEGEN_MOMENTS") ?? 20 : 1
    let all = SignalsCampaign.commands.count * SignalsCampaign.signals.count * moments
    var campaign = Campaign("signals", sample: 27, whole: all, seed: 11)
    var trials: [(Command, Int32)] = []
    for command in SignalsCampaign.commands {
      for signal in SignalsCampaign.signals {
        for _ in 0..<moments { trials.append((command, signal)) }
      }
    }
    if !Campaign.isWhole {
      // Each command is asked to stop in each way, and a few other signals come.
      trials = trials.filter {
        SignalsCampaign.asking.contains($0.1) || campaign.number(below: 60) == 0
      }
    }
    try Program.run { tellegen in
      var counts = ["signals": 0, "ended by themselves before": 0, "resumed": 0]
      for (number, (command, signal)) in trials.enumerated() {
        let out = "run\(number)"
        let words = command.words.replacingOccurrences(of: "{out}", with: out)
          .split(separator: " ").map(String.init)
        let process = try tellegen.process(words)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try startListening(process)
        usleep(UInt32(20_000 + campaign.number(below: 900_000)))
        let wasRunning = process.isRunning
        kill(process.processIdentifier, signal)
        let asked = Date()
        process.waitUntilExit()
        let waited = Date().timeIntervalSince(asked)
        let code = shellCode(process)
        let what = "\(words.joined(separator: " ")), signal \(signal), \(code)"
        // Promised are two seconds; other work on this machine may take some more.
        #expect(waited < 5, "\(what)")
        counts["signals", default: 0] += 1
        let isAsked = SignalsCampaign.asking.contains(signal)
        if code == 0 && (command.words.hasPrefix("serve") && isAsked) {
        } else if code == 0 {
          // A signal that is swallowed would show as many that end in the moment they are sent.
          counts[wasRunning ? "ended meanwhile" : "ended by themselves before", default: 0] += 1
        } else if isAsked && command.keeps {
          // A program that has not begun to listen ends by the signal itself.
          #expect(code == 130 || code == 128 + signal, "\(what)")
        } else {
          #expect(code == 128 + signal, "\(what)")
        }
        if command.resumes && tellegen.exists(out + "/setting.json")
          && (isAsked || campaign.number(below: 4) == 0)
        {
          let next = try tellegen.start(["train", "--resume", out])
          usleep(100_000)
          kill(next.processIdentifier, SIGINT)
          next.waitUntilExit()
          #expect([0, 130].contains(shellCode(next)), "\(what): resumed with \(shellCode(next))")
          counts["resumed", default: 0] += 1
        }
        for name in (try? FileManager.default.contentsOfDirectory(atPath: tellegen.folder)) ?? []
        where name.hasPrefix(out) {
          try? FileManager.default.removeItem(atPath: tellegen.path(name))
        }
      }
      #expect(counts["ended meanwhile", default: 0] <= 1 + trials.count / 100)
      counts["moments of each signal and command"] = moments
      try campaign.record(counts)
    }
  }
}
