import Foundation
import TestSupport
import Testing

extension Lanes {
  @Suite struct SignalsLane {
    static let run = Result {
      try Interruptions(
        "signals", board: "breadboard", count: Setting.signals * 8 / 10, longest: 0.8)
    }

    @Test(arguments: SignalPromise.allCases)
    func `signals end programs at the breadboard`(_ promise: SignalPromise) throws {
      try promise.check(Self.run.get())
    }
  }

  @Suite struct SPISignalsLane {
    static let run = Result {
      try Interruptions(
        "spi-signals", board: "lattice", overBus: true, count: Interruptions.some, longest: 2)
    }

    @Test(arguments: SignalPromise.allCases)
    func `signals end programs at the lattice over the bus`(_ promise: SignalPromise) throws {
      try promise.check(Self.run.get())
    }
  }

  @Suite struct LatticeSignalsLane {
    // From where those over the bus stop, so that each signal comes one way or the other.
    static let run = Result {
      try Interruptions(
        "lattice-signals", board: "lattice", count: Interruptions.some,
        after: Interruptions.some, longest: 2)
    }

    @Test(arguments: SignalPromise.allCases)
    func `signals end programs at the lattice line by line`(_ promise: SignalPromise) throws {
      try promise.check(Self.run.get())
    }
  }

  /// With handlers before ours that return, as Swift's crash reporter has them: the machine has
  /// none.
  @Suite struct ReporterLane {
    static let run = Result {
      try Interruptions(
        "reporter", board: "breadboard", signals: ["QUIT", "ABRT"], count: Interruptions.some,
        longest: 0.8, files: [try library("returning-handlers")])
    }

    @Test(arguments: SignalPromise.allCases)
    func `signals that a crash reporter has end programs`(_ promise: SignalPromise) throws {
      try promise.check(Self.run.get())
    }
  }

  @Suite struct KillsLane {
    static let run = Result {
      try Interruptions(
        "kills", board: "breadboard", signals: ["KILL"], count: Setting.signals / 10, longest: 0.8)
    }

    @Test(arguments: SignalPromise.allCases.filter { $0 != .rest })
    func `SIGKILL ends programs at the breadboard`(_ promise: SignalPromise) throws {
      try promise.check(Self.run.get())
    }

    @Test func `the start after a kill finds what was left away from rest`() throws {
      let evidence = try Self.run.get().evidence
      let seen = try evidence.seen().sightings
      let found = count(
        "stood away from rest",
        in: try evidence.text("out/messages") + evidence.text("out/error"))
      say(
        "after \(seen.endings) kills \(seen.unsafeEndings) found lines away from rest; longest LEARN "
          + "\(seen.longestPulse) ns")
      #expect(found >= 1)
      #expect(found == seen.unsafeEndings)
    }
  }
}

/// Programs that are started in the machine and sent signals: most from when they hold the lines
/// on, while they bring the gates to known voltages, which takes seconds; every eleventh from the
/// first epoch on, in training. At the end one is ended by an error.
struct Interruptions: Sendable {
  /// How many go to the lattice, each way, and to a crash reporter.
  static let some = (Setting.signals + 18) / 19
  /// All signals that end a program by default and can be caught, but SIGPIPE, which the program
  /// ignores, and the real-time ones.
  static let catchable = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "USR1", "SEGV", "USR2", "ALRM",
    "TERM", "STKFLT", "XCPU", "XFSZ", "VTALRM", "PROF", "IO", "PWR", "SYS",
  ]
  /// The exit code after a signal: those that ask for an end have one of their own.
  static let codes: [String: Int32] = [
    "INT": 130, "TERM": 130, "HUP": 130, "QUIT": 131, "ILL": 132, "TRAP": 133, "ABRT": 134,
    "BUS": 135, "FPE": 136, "KILL": 137, "USR1": 138, "SEGV": 139, "USR2": 140, "ALRM": 142,
    "STKFLT": 144, "XCPU": 152, "XFSZ": 153, "VTALRM": 154, "PROF": 155, "IO": 157, "PWR": 158,
    "SYS": 159,
  ]

  let count: Int
  let evidence: Evidence

  /// Boots a machine in which signals are sent.
  ///
  /// - Parameters:
  ///   - name: the lane's name.
  ///   - board: the board's name.
  ///   - overBus: whether the serial lines belong to the machine's SPI controller.
  ///   - signals: the signals, which come in turn.
  ///   - count: how many are sent.
  ///   - dealt: how many came before, in another lane.
  ///   - longest: the latest moment, s; moments are drawn, the same every time.
  ///   - files: more files for the machine.
  /// - Throws: when the machine does not do its work.
  init(
    _ name: String, board: String, overBus: Bool = false, signals: [String] = catchable, count: Int,
    after dealt: Int = 0, longest: Double, files: [String] = []
  ) throws {
    self.count = count
    var lots = Lots(20)
    // Eleven shares no factor with the number of signals: it is not always the same ones that come
    // in training.
    let moments = (0..<count).map { index in
      let milliseconds = lots.number(below: Int(longest * 1000))
      let signal = signals[(dealt + index) % signals.count]
      return "\(Double(milliseconds) / 1000) \(signal) \(index % 11 == 0 ? "epoch" : "bringing")\n"
    }
    let machine = try Machine(name, board: board, overBus: overBus)
    evidence = machine.evidence
    let path = evidence.path("moments")
    try moments.joined().write(toFile: path, atomically: true, encoding: .utf8)
    try machine.run("signals", seconds: 1500, files: [path] + files)
  }
}

/// What must hold of every signal.
enum SignalPromise: String, CaseIterable, CustomTestStringConvertible {
  case sent = "all were sent"
  case code = "each ended its program, with the exit code that tells so"
  case error = "an error ends the program with exit code 69"
  case held = "each held the lines"
  case spread = "they came before and in training"
  case rest = "every line was at rest after each"

  var testDescription: String { rawValue }

  /// Checks it.
  func check(_ run: Interruptions) throws {
    let evidence = run.evidence
    switch self {
    case .sent: #expect(try evidence.jsonLines("out/ends.jsonl", End.self).count == run.count)
    case .code:
      let ends = try evidence.jsonLines("out/ends.jsonl", End.self)
      try #require(!ends.isEmpty)
      for end in ends { #expect(end.code == Interruptions.codes[end.signal], "\(end)") }
    case .error:
      let said = try evidence.text("out/error")
      #expect(try evidence.codes("error") == [69], "\(said)")
    case .held:
      // A program that ended by itself would have no signal's code; one that never held a line no
      // ending.
      #expect(try evidence.seen().sightings.endings == run.count + 1)
    case .spread:
      let messages = try evidence.text("out/messages")
      let before = count("before training began", in: messages)
      let during = count("what was learned is kept", in: messages)
      say(
        "\(try evidence.seen().sightings.pulses) pulses; of those that could say so, \(before) ended "
          + "before training, \(during) in it")
      // Few signals may all come in one of them.
      if run.count >= 100 {
        #expect(before >= 1)
        #expect(during >= 1)
      }
    case .rest: #expect(try evidence.seen().sightings.unsafeEndings == 0)
    }
  }
}
