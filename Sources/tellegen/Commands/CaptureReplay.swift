#if Simulation
import Files
import Firmware
import Foundation
import Reports
import Storage
import Traces
import Wiring

/// A logic analyser's capture held to a run's trace, and how it is told.
struct CaptureReplay {
  /// What was found.
  let comparison: CaptureComparison
  private let capture: Capture
  private let commanded: CommandedLines
  private let roles: [String]
  private let channels: [Int?]
  /// Whether the user said how often the analyser sampled.
  private let isRateGiven: Bool

  /// How many differences are told in words.
  private static let told = 20

  /// Reads a capture and compares.
  ///
  /// - Parameters:
  ///   - options: which channel shows which line.
  ///   - path: the capture.
  ///   - board: the run's board.
  ///   - task: the run's task.
  ///   - trace: the run's trace.
  /// - Throws: an exit code, after its message, when the two cannot be compared; what reading throws.
  init(
    _ options: CaptureOptions, at path: String, board: BoardDescription, task: TaskDescription,
    trace: Trace
  ) throws {
    let place = try task.place(on: board)
    let wiring = try BoardWiring(
      board, sources: place.sources.count, targets: place.targets.count)
    roles = board.wiring?.wires.map(\.role) ?? []
    let text = Array(try CaptureReplay.dump(at: path))
    let period = try options.samplePeriod
    isRateGiven = period != nil
    do throws(CaptureError) {
      capture = try Capture(dump: text, samplePeriod: period)
    } catch {
      try Exits.leave("\(path): \(error)", with: Exits.data)
    }
    channels = try CaptureReplay.assign(
      capture.channels.map(\.name), to: roles, try options.pairs, board: board.name)
    commanded = CommandedLines(trace, wiring: wiring)
    do throws(CaptureMismatch) {
      comparison = try CaptureComparison(
        capture, commanded, wiring: wiring, channels: channels,
        busHalfPeriod: board.wiring?.spi.map { 5e8 / $0.speed } ?? 0)
    } catch {
      try Exits.leave("\(path): \(CaptureReplay.words(for: error))", with: Exits.data)
    }
  }

  /// What a capture is, for messages.
  private static let wanted = "a value change dump (.vcd) or a sigrok session (.sr)"

  /// The text of a dump; of a sigrok session, what sigrok-cli makes of it.
  private static func dump(at path: String) throws -> Data {
    let data = try UserFile.read(
      path, wanted: wanted, remedy: "save the analyser's capture first, or look at its name")
    // A session is an archive; the name alone may be anything.
    guard data.starts(with: Array("PK".utf8)) || path.hasSuffix(".sr") else {
      // Every dump begins with a keyword; nothing else that is text or an archive does.
      guard data.first(where: { $0 > 0x20 }) == UInt8(ascii: "$") else {
        try Exits.leave(
          "\(path) is no capture: a value change dump begins with a word such as $timescale, a sigrok "
            + "session with PK. Give \(wanted); PulseView and other programs export one as VCD",
          with: Exits.data)
      }
      return data
    }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "tellegen-capture-\(UUID().uuidString)")
    guard mkdir(folder.path, 0o700) == 0 else {
      let error = StorageError(path: folder.path, number: errno)
      try Exits.leave(
        "a folder for what sigrok-cli makes of \(path) cannot be made: \(error); set TMPDIR to a folder "
          + "that can be written, or export the capture as VCD", with: Exits.code(of: error))
    }
    defer { try? FileManager.default.removeItem(at: folder) }
    let made = folder.appendingPathComponent("capture.vcd")
    // A path of the user's may begin with a dash.
    let ending = Tool.run(
      "exec sigrok-cli -i \"$1\" -O vcd -o \"$2\"",
      [path.hasPrefix("/") ? path : "./" + path, made.path], within: 600,
      stopping: { Interruption.isAsked })
    switch ending {
    case .done: break
    case .notInstalled:
      try Exits.leave(
        "\(path) is a sigrok session, and sigrok-cli, which reads it, is not installed: install the "
          + "Debian package sigrok-cli, or export the capture as VCD", with: Exits.device)
    case .stopped: throw Exits.interrupted
    case .tooLong:
      try Exits.leave(
        "\(path): sigrok-cli took longer than ten minutes; export the capture as VCD",
        with: Exits.data)
    case .failed(let complaint, _):
      try Exits.leave(
        "\(path): sigrok-cli cannot read it: "
          + (complaint.split(separator: "\n").first.map(String.init) ?? "it did not say why"),
        with: Exits.data)
    }
    guard let text = FileManager.default.contents(atPath: made.path), !text.isEmpty else {
      try Exits.leave(
        "\(path): sigrok-cli makes nothing of it; is it a capture of logic levels?",
        with: Exits.data)
    }
    return text
  }

  /// Finds the channel of each line: the one that was said, else the one of the same name.
  private static func assign(
    _ names: [String], to roles: [String], _ pairs: [(line: String, channel: String)], board: String
  ) throws -> [Int?] {
    func all() -> String {
      "the capture has \(enumerate(names, most: 64)); the lines of board '\(board)' are "
        + enumerate(roles, most: 64)
    }
    var channels = roles.map { role in
      names.firstIndex { $0 == role || $0 == String(role.map { $0.isWhitespace ? "_" : $0 }) }
    }
    for (line, channel) in pairs {
      guard let line = roles.firstIndex(of: line) else {
        try Exits.leave(
          "--channels: \(quote(line)) is no line\(suggestion(for: line, among: roles)): \(all())",
          with: Exits.usage)
      }
      guard let channel = names.firstIndex(of: channel) else {
        try Exits.leave(
          "--channels: \(quote(channel)) is no channel\(suggestion(for: channel, among: names)): "
            + all(), with: Exits.usage)
      }
      for other in channels.indices where channels[other] == channel { channels[other] = nil }
      channels[line] = channel
    }
    let given = pairs.map(\.channel)
    if let twice = given.first(where: { name in given.count { $0 == name } > 1 }) {
      try Exits.leave(
        "--channels gives \(quote(twice)) to two lines; a channel shows one", with: Exits.usage)
    }
    if channels.allSatisfy({ $0 == nil }) {
      try Exits.leave(
        "no channel is called after a line: say which shows which, such as --channels "
          + "\(roles.first ?? "SCLK")=\(names.first ?? "D0"); \(all())", with: Exits.usage)
    }
    return channels
  }

  private static func words(for error: CaptureMismatch) -> String {
    switch error {
    case .nothingToAlign:
      "no channel shows an output that changed in this run: capture LEARN, or SCLK, beside what you "
        + "want to see"
    case .noPlace(let best):
      "it fits nowhere in the run: at the best place \(percent(best)) of the outputs' changes fit; is "
        + "it of this run, and does every channel show the line that it is said to?"
    case .severalPlaces(let apart):
      "it fits the run at several places equally well, the nearest \(seconds(Double(apart))) apart: "
        + "begin the capture before the run, or capture LEARN and MOSI too"
    }
  }

  // MARK: - In words

  private static func seconds(_ nanoseconds: Double) -> String {
    String(format: "%.6f s", nanoseconds * 1e-9)
  }

  private static func micro(_ nanoseconds: Double) -> String {
    Format.significant(nanoseconds * 1e-3) + " us"
  }

  private static func percent(_ share: Double) -> String {
    String(format: "%.1f %%", 100 * share)
  }

  private func name(_ line: Int) -> String { roles.indices.contains(line) ? roles[line] : "?" }

  /// The lines that no channel shows.
  private var notCaptured: [String] {
    roles.indices.filter { channels[$0] == nil }.map { roles[$0] }
  }

  /// A difference in words, with its line and time.
  private func words(_ difference: CaptureDifference) -> String {
    let level = difference.level ? "high" : "low"
    let other = difference.level ? "low" : "high"
    let from = CaptureReplay.seconds(difference.from)
    // A short while is lost in the digits of a time.
    let lasted = difference.until - difference.from
    let until =
      lasted < 1e6
      ? "for \(CaptureReplay.micro(lasted))" : "until \(CaptureReplay.seconds(difference.until))"
    let by = CaptureReplay.micro(difference.amount)
    let count = difference.count
    let what =
      switch difference.kind {
      case .missing where count == 1: "was told to go \(level) and stays \(other)"
      case .missing where count == 2: "was told to go \(level) \(until), and stays \(other)"
      case .missing:
        "stays \(other) \(until): \(count) changes that were commanded do not come"
      case .late where count == 1: "goes \(level) \(by) after the call had ended"
      case .late: "is late \(count) times in a row, \(until), by \(by) at most"
      case .early where count == 1: "goes \(level) \(by) before it was told to"
      case .early: "is early \(count) times in a row, \(until), by \(by) at most"
      case .uncommanded where count == 1: "goes \(level) without a command, \(until)"
      case .uncommanded: "changes without a command \(count) times in a row, \(until)"
      case .wrongAtStart: "stands \(level), and was told to be \(other), \(until)"
      case .read where count == 1: "was read as \(level) and stood \(other)"
      case .read:
        "was read as \(level) and stood \(other), \(count) times until \(CaptureReplay.seconds(difference.until))"
      case .clocks:
        "\(count) bits were exchanged, and the clock rose \(Int(difference.amount)) times"
      case .bits: "an exchange of \(count) bits had others than the controller says"
      case .inverted: "its channel shows the opposite of it"
      case .exchanged: "its channel shows \(name(Int(difference.amount)))"
      }
    if difference.kind.isWiring {
      return "\(name(difference.line)): \(what); below it is taken for that"
    }
    return "\(name(difference.line)) at \(from): \(what)"
  }

  /// What was found, in words.
  var text: String {
    let clock = comparison.clock
    let overlap = comparison.overlap
    let begins = clock.beginsAt
    let bound = CaptureReplay.micro(clock.bound)
    var text =
      if abs(begins) <= clock.bound {
        "The capture begins with the run, as far as is known, to \(bound)"
      } else if begins < 0 {
        "The capture begins \(CaptureReplay.seconds(-begins)) before the run, known to \(bound)"
      } else {
        "The capture begins at \(CaptureReplay.seconds(begins)) of the run, known to \(bound)"
      }
    text +=
      ": \(CaptureReplay.percent(clock.share)) of the outputs' changes fit there, "
      + "\(CaptureReplay.percent(clock.next)) at the next best place.\n"
    text += String(
      format: "The analyser's clock is %.1f ppm %@ than the run's, known to %.1f ppm.\n",
      abs(clock.drift) * 1e6, clock.drift < 0 ? "slower" : "faster", clock.driftBound * 1e6)
    let outputs = comparison.lines.filter(\.isOutput)
    let inputs = comparison.lines.filter { !$0.isOutput }
    text +=
      "Judged: \(CaptureReplay.seconds(overlap.lowerBound)) ... "
      + "\(CaptureReplay.seconds(overlap.upperBound)) of a run of "
      + "\(CaptureReplay.seconds(Double(commanded.span.upperBound - commanded.span.lowerBound))), "
      + "\(outputs.reduce(0) { $0 + $1.judged }) changes of \(outputs.count) outputs, "
      + "\(inputs.reduce(0) { $0 + $1.judged }) reads of \(inputs.count) inputs"
      + (comparison.exchanges > 0 ? ", \(comparison.exchanges) exchanges" : "")
      + "; a change may be \(CaptureReplay.micro(clock.tolerance)) outside its call.\n"
    if isRateGiven {
      text +=
        "Times are the capture's own, by its $timescale; --sample-rate says how far each is known, "
        + "\(CaptureReplay.micro(Double(capture.samplePeriod))).\n"
    }
    let short = comparison.lines.reduce(0) { $0 + $1.tooShort }
    if short > 0 {
      text +=
        "Not judged: \(short) changes closer together than the analyser's samples, "
        + "\(CaptureReplay.micro(Double(capture.samplePeriod))).\n"
    }
    if !comparison.tooFast.isEmpty {
      text +=
        "Not judged: \(enumerate(comparison.tooFast.map(name))), whose bits may be shorter than a sample.\n"
    }
    if !notCaptured.isEmpty {
      text += "Not captured: \(enumerate(notCaptured, most: 64)).\n"
    }
    if comparison.differences.isEmpty { return text + "No difference.\n" }
    for difference in comparison.differences.prefix(CaptureReplay.told) {
      text += words(difference) + "\n"
    }
    let more = comparison.differences.count - CaptureReplay.told
    if more > 0 { text += "and \(more) more, which --json has\n" }
    return text
  }

  /// What was found, for programs.
  var json: JSONValue {
    let clock = comparison.clock
    return [
      "agrees": .flag(comparison.differences.isEmpty),
      "begins_at_seconds": JSONValue(clock.beginsAt * 1e-9),
      "begins_at_bound_seconds": JSONValue(clock.bound * 1e-9),
      "drift_ppm": JSONValue(clock.drift * 1e6),
      "drift_bound_ppm": JSONValue(clock.driftBound * 1e6),
      "fits": JSONValue(clock.share), "fits_next_best": JSONValue(clock.next),
      "tolerance_seconds": JSONValue(clock.tolerance * 1e-9),
      "sample_period_seconds": JSONValue(Double(capture.samplePeriod) * 1e-9),
      "judged_from_seconds": JSONValue(comparison.overlap.lowerBound * 1e-9),
      "judged_until_seconds": JSONValue(comparison.overlap.upperBound * 1e-9),
      "run_seconds": JSONValue(
        Double(commanded.span.upperBound - commanded.span.lowerBound) * 1e-9),
      "exchanges": .count(comparison.exchanges),
      "lines": .list(
        comparison.lines.map { line in
          [
            "line": .text(name(line.line)), "channel": .text(capture.channels[line.channel].name),
            "direction": .text(line.isOutput ? "output" : "input"), "judged": .count(line.judged),
            "agreed": .count(line.matched), "too_short": .count(line.tooShort),
          ]
        }),
      "not_captured": JSONValue(notCaptured), "too_fast": JSONValue(comparison.tooFast.map(name)),
      "differences": .list(
        comparison.differences.map { difference in
          [
            "line": .text(name(difference.line)), "kind": .text(difference.kind.rawValue),
            "from_seconds": JSONValue(difference.from * 1e-9),
            "until_seconds": JSONValue(difference.until * 1e-9),
            "capture_seconds": JSONValue(comparison.seen(at: difference.from) * 1e-9),
            "count": .count(difference.count), "level": .text(difference.level ? "high" : "low"),
            "words": .text(words(difference)),
          ]
        }),
    ]
  }
}
#endif
