import Testing

/// A fault of the lane `faults`, and what must come of it.
struct FaultCase: Sendable, CustomTestStringConvertible {
  /// What becomes of the board's lines.
  enum Lines: Sendable {
    /// All are at rest when the program has ended.
    case atRest
    /// The program could not put them to rest: `tellegen rest` finds them.
    case away
    /// Which of the two hangs on the moment.
    case either
  }

  /// Its name, and that of its files.
  let name: String
  /// What happens.
  let fault: String
  /// What `hil/failing-calls.c` injects, and from when on calls are counted; `nil` of what the lane's
  /// script does itself.
  var injected: String?
  /// The exit code of the run.
  let code: Int32
  /// Parts of what the user sees, in order of the page.
  var says: [String] = []
  /// What was kept.
  let kept: String
  /// The bound on the damage.
  let bound: String
  var lines = Lines.atRest

  var testDescription: String { fault }

  /// Whether there is a run to go on with.
  var isKept: Bool { kept != FaultCase.nothing }

  static let nothing = "nothing had begun"
  static let all = "the run: it goes on to its end"
  static let sinceCheckpoint = "the run up to its last checkpoint"
  static let upToFault = "the run up to the fault"
  static let none = "none: the call is made again"
  static let step = "the step under way"
  static let pulse = "one pulse, of t_max at most"

  private static let noAnswer = [
    "the board does not answer", "what was learned is kept", "--resume",
  ]

  /// All of them, in the order in which they are run.
  static let list: [FaultCase] = [
    FaultCase(
      name: "eintr-info", fault: "EINTR while chips and lines are looked for",
      injected: "info 1 4 EINTR start", code: 0, kept: all, bound: none),
    FaultCase(
      name: "eintr-request", fault: "EINTR at the request of the lines",
      injected: "request 1 3 EINTR start", code: 0, kept: all, bound: none),
    FaultCase(
      name: "eintr-set", fault: "EINTR at forty sets in a row",
      injected: "set 100 40 EINTR training", code: 0, kept: all, bound: none),
    FaultCase(
      name: "eintr-get", fault: "EINTR at forty gets in a row",
      injected: "get 100 40 EINTR training", code: 0, kept: all, bound: none),
    FaultCase(
      name: "ebusy-request", fault: "EBUSY at the request of the lines",
      injected: "request 2 1 EBUSY start", code: 69,
      says: ["requesting GPIO lines failed", "`tellegen doctor` says who holds which"],
      kept: nothing, bound: "none: nothing was set"),
    FaultCase(
      name: "ebusy-set", fault: "EBUSY at a set in training",
      injected: "set 300 1 EBUSY training", code: 69,
      says: noAnswer + ["errno 16", "another program has a line of it"], kept: upToFault,
      bound: step),
    FaultCase(
      name: "eio-set", fault: "EIO at a set in training",
      injected: "set 500 1 EIO training", code: 69,
      says: noAnswer + ["setting GPIO lines failed", "check its supply and its cable"],
      kept: upToFault, bound: step),
    FaultCase(
      name: "eio-get", fault: "EIO at a get in training",
      injected: "get 200 1 EIO training", code: 69,
      says: noAnswer + ["reading GPIO lines failed", "check its supply and its cable"],
      kept: upToFault, bound: step),
    FaultCase(
      name: "eio-fall", fault: "EIO at the set that must end a pulse",
      injected: "fall 3 1 EIO training", code: 69,
      says: noAnswer + ["setting GPIO lines failed"], kept: upToFault, bound: pulse),
    FaultCase(
      name: "enodev-get", fault: "ENODEV at a get in training",
      injected: "get 200 1 ENODEV training", code: 69,
      says: noAnswer + ["the chip is gone", "plug it in or load its driver again"],
      kept: upToFault, bound: step),
    FaultCase(
      name: "enodev-all", fault: "ENODEV at every call from some moment of training on",
      injected: "any 900 0 ENODEV training", code: 69,
      says: noAnswer + [
        "the chip is gone", "the board could not be put to rest", "switch its power off",
      ], kept: upToFault,
      bound: "one pulse, of t_max at most; lines stay as they are until `tellegen rest`",
      lines: .either),
    FaultCase(
      name: "enodev-fall", fault: "ENODEV whenever LEARN is to be set low",
      injected: "fall 3 0 ENODEV training", code: 69,
      says: noAnswer + ["the board could not be put to rest", "`tellegen rest`"],
      kept: upToFault,
      bound: "one pulse, which the one-shot ends at t_max; LEARN stays high until `tellegen rest`",
      lines: .away),
    FaultCase(
      name: "late-pulse", fault: "a tick that comes 300 ms late, amid a pulse",
      injected: "rise 3 1 late:300 training", code: 0, kept: all, bound: pulse),
    FaultCase(
      name: "late-get", fault: "a tick that comes 400 ms late, amid a conversion",
      injected: "get 100 1 late:400 training", code: 0, kept: all,
      bound: "none: the conversion is made again"),
    FaultCase(
      name: "stopped", fault: "SIGSTOP for three seconds, amid a pulse",
      injected: "rise 3 1 signal:19 training", code: 0, kept: all, bound: pulse),
    FaultCase(
      name: "sigterm", fault: "SIGTERM amid a pulse",
      injected: "rise 3 1 signal:15 training", code: 130,
      says: ["interrupted", "--resume"], kept: upToFault, bound: "none: the step is ended first"),
    FaultCase(
      name: "sigint", fault: "SIGINT amid a pulse",
      injected: "rise 3 1 signal:2 training", code: 130,
      says: ["interrupted", "--resume"], kept: upToFault, bound: "none: the step is ended first"),
    FaultCase(
      name: "trap", fault: "a trap of the program (SIGILL) amid a pulse",
      injected: "rise 3 1 signal:4 training", code: 132, kept: sinceCheckpoint,
      bound: "5 s of training; one pulse, cut short"),
    FaultCase(
      name: "sigsegv", fault: "SIGSEGV amid a pulse",
      injected: "rise 3 1 signal:11 training", code: 139, kept: sinceCheckpoint,
      bound: "5 s of training; one pulse, cut short"),
    FaultCase(
      name: "sigkill", fault: "SIGKILL amid a pulse",
      injected: "rise 3 1 signal:9 training", code: 137, kept: sinceCheckpoint,
      bound:
        "5 s of training; one pulse, which the one-shot ends at t_max; lines stay as they are until "
        + "`tellegen rest`",
      lines: .away),
    FaultCase(
      name: "full", fault: "the disk fills under a run", code: 74,
      says: ["the run goes on in memory", "make room there", "--resume"], kept: sinceCheckpoint,
      bound: "5 s of training, learned again; the result is printed all the same"),
    FaultCase(
      name: "vanished", fault: "the run's folder vanishes, and is brought back later", code: 74,
      says: ["the run goes on in memory", "bring its folder", "--resume"],
      kept: sinceCheckpoint,
      bound: "5 s of training, learned again; the result is printed all the same"),
    FaultCase(
      name: "read-only", fault: "the disk can only be read when a run is begun or gone on with",
      code: 130, says: ["interrupted", "--resume"], kept: upToFault,
      bound: "none: it is refused before a line leaves its rest, exit code 74"),
    FaultCase(
      name: "held", fault: "another run has taken the board when a run is gone on with",
      code: 130, says: ["interrupted", "--resume"], kept: upToFault,
      bound: "none: it is refused before a line leaves its rest, exit code 75"),
    FaultCase(
      name: "clock", fault: "the clock jumps to 2001 and to 2037", code: 0, kept: all,
      bound: "none: time is that of the monotonic clock"),
  ]
}

/// A fault that is tried without a kernel, by a test of its own.
struct OfflineFault: Sendable {
  let fault: String
  let sees: String
  let kept: String
  let bound: String
  /// The file of its test, and a part of the test's name.
  let file: String
  let test: String

  static let list: [OfflineFault] = [
    OfflineFault(
      fault: "a call fails at any moment of a run", sees: "what failed, and what to do",
      kept: FaultCase.upToFault, bound: "lines at rest", file: "LinuxGPIOTests/LinuxLinesTests",
      test: "a failure at any call leaves the lines at rest"),
    OfflineFault(
      fault: "SIGKILL at 500 random moments of a run", sees: "nothing; exit code 137",
      kept: FaultCase.sinceCheckpoint, bound: "none: resumed, it ends with the same bytes",
      file: "CommandLineTests/KillsCampaign",
      test: "a run killed at any moment goes on to the same end, or never was"),
    OfflineFault(
      fault: "power cut at any write, sync or rename, a checkpoint's included", sees: "nothing",
      kept: FaultCase.sinceCheckpoint, bound: "none: resumed, it ends with the same bytes",
      file: "CommandLineTests/PowerCutsCampaign",
      test: "after a power cut a run goes on, or there is none"),
    OfflineFault(
      fault: "each signal at random moments of nine commands",
      sees: "how to go on, where a signal asks for the end", kept: FaultCase.sinceCheckpoint,
      bound: "none: resumed, it ends with the same bytes", file: "CommandLineTests/SignalsCampaign",
      test: "a signal ends a command as documented, soon, and with all kept"),
    OfflineFault(
      fault: "the terminal closes", sees: "nothing; exit code 130", kept: FaultCase.upToFault,
      bound: "none", file: "CommandLineTests/TerminalsCampaign",
      test: "a run whose terminal is closed ends as interrupted, with all kept"),
    OfflineFault(
      fault: "full disk", sees: "that the run goes on in memory, and how to go on; exit code 74",
      kept: FaultCase.sinceCheckpoint, bound: "none: resumed, it ends with the same bytes",
      file: "CommandLineTests/LossTests",
      test: "on a full disk a run goes on in memory, says so, and can be gone on with"),
    OfflineFault(
      fault: "a folder that cannot be used", sees: "why; exit code 74 or 77",
      kept: "what was there", bound: "none", file: "CommandLineTests/LossTests",
      test: "a folder that cannot be used is refused with the reason"),
    OfflineFault(
      fault: "a folder that another run has", sees: "which process has it; exit code 75",
      kept: "the other run", bound: "none", file: "CommandLineTests/LossTests",
      test: "a second run in a folder ends at once and names the first"),
    OfflineFault(
      fault: "measures that were lost", sees: "which are missing", kept: "the rest of the run",
      bound: "those lines", file: "CommandLineTests/LossTests",
      test: "measures that were lost are missed when a run goes on"),
    OfflineFault(
      fault: "a damaged file of a run", sees: "file, value and range; exit code 65",
      kept: "the file, as it is", bound: "none", file: "CommandLineTests/DamagedRunTests",
      test: "a run with a mutated file goes on or is refused, by a documented exit code"),
    OfflineFault(
      fault: "a plot that hangs", sees: "that there is no plot", kept: "the run", bound: "a minute",
      file: "CommandLineTests/LossTests",
      test: "a signal ends a run whose plot hangs, with all kept"),
  ]
}
