import Files
import Firmware
import Foundation
import Testing
import BoardDouble
import Traces

/// The log of the calls at the pins, and its waveform.
struct PinsTraceTests {
  /// A board that did a little of everything, and its log.
  private func logged(_ name: String) throws -> (board: PinBoard, trace: Trace) {
    var board = try PinBoard(shippedBoard(name))
    board.setGates([Double](repeating: 2, count: board.wiring.edgeCount))
    board.lines.trace = Trace()
    for round in 0..<3 {
      try board.drive(source: 0, at: .millivolts(Int32(100 + 100 * round)))
      try board.settle()
      _ = try board.measure(target: 0)
      try board.clamp(target: 1, at: .millivolts(Int32(400 - 100 * round)))
      try board.settle()
      _ = try board.comparisons()
      let drives = (0..<board.wiring.edgeCount).map { Drive(rawValue: UInt8(($0 + round) % 3))! }
      _ = try board.pulse(.milliseconds(Int64(4 + 8 * round)), drives)
    }
    try board.release(target: 1)
    return (board, try #require(board.lines.trace))
  }

  @Test(arguments: ["lattice", "breadboard"])
  func `every call is logged with its end, in order`(_ name: String) throws {
    let (board, trace) = try logged(name)
    let calls = trace.events.count { $0.kind == .write || $0.kind == .read }
    #expect(calls == board.lines.operations)
    #expect(trace.events.last?.time == board.time)
    for (earlier, later) in zip(trace.events, trace.events.dropFirst()) {
      #expect(!(later.time < earlier.time))
      if later.kind == .write || later.kind == .read {
        #expect(later.time - earlier.time == .microseconds(2))
      }
    }
    for event in trace.events {
      switch event.kind {
      case .write:
        #expect(event.mask.without(board.wiring.outputs) == .none)
        #expect(event.levels.without(event.mask) == .none)
      case .read:
        #expect(event.mask.without(board.wiring.inputs) == .none)
        #expect(event.levels.without(event.mask) == .none)
      case .wait, .now: #expect(event.mask == .none)
      case .turn: Issue.record("the double's own pins have no directions")
      case .exchange: Issue.record("the pins have no serial bus")
      }
    }
    #expect(trace.events.count { $0.kind == .wait } >= 9)
    #expect(trace.events.count { $0.kind == .now } >= 6)
    #expect(trace.analog.count { !$0.gates.isEmpty } == 3)
    #expect(trace.analog.last { !$0.gates.isEmpty }?.gates.count == board.wiring.edgeCount)
  }

  @Test
  func `calls are logged as they were made`() throws {
    var bench = try PinBench(shippedBoard("lattice"))
    bench.pins.trace = Trace()
    try bench.pins.write(LineSet(bits: 0x3ff), mask: LineSet(bits: 0x42))
    _ = try bench.pins.read(mask: LineSet(bits: 0x6))
    bench.pins.wait(Nanoseconds(123_456))
    _ = bench.pins.now()
    typealias Event = Trace.Event
    #expect(
      bench.pins.trace?.events == [
        Event(
          time: Nanoseconds(2000), kind: .write, mask: LineSet(bits: 0x42),
          levels: LineSet(bits: 0x42)),
        Event(
          time: Nanoseconds(4000), kind: .read, mask: LineSet(bits: 0x6),
          levels: LineSet(bits: 0x2)),
        Event(
          time: Nanoseconds(127_456), kind: .wait, mask: .none, levels: LineSet(bits: 123_456)),
        Event(time: Nanoseconds(127_456), kind: .now, mask: .none, levels: .none),
      ])
    #expect(
      bench.pins.trace?.text
        == "tellegen trace 1\n2000 w 42 42\n4000 r 6 2\n127456 d 0 1e240\n127456 t 0 0\n")
  }

  @Test(arguments: ["lattice", "breadboard"])
  func `keeping a log changes nothing`(_ name: String) throws {
    var plain = try PinBoard(shippedBoard(name))
    plain.setGates([Double](repeating: 2, count: plain.wiring.edgeCount))
    for round in 0..<3 {
      try plain.drive(source: 0, at: .millivolts(Int32(100 + 100 * round)))
      try plain.settle()
      _ = try plain.measure(target: 0)
      try plain.clamp(target: 1, at: .millivolts(Int32(400 - 100 * round)))
      try plain.settle()
      _ = try plain.comparisons()
      let drives = (0..<plain.wiring.edgeCount).map { Drive(rawValue: UInt8(($0 + round) % 3))! }
      _ = try plain.pulse(.milliseconds(Int64(4 + 8 * round)), drives)
    }
    try plain.release(target: 1)
    #expect(try logged(name).board.state == plain.state)
  }

  @Test(arguments: ["lattice", "breadboard"])
  func `a log's text gives the log again`(_ name: String) throws {
    let trace = try logged(name).trace
    let read = try Trace(text: trace.text)
    #expect(read.events == trace.events)
    #expect(read.text == trace.text)
    // Ends of the number ranges.
    var ends = Trace()
    ends.events = [
      Trace.Event(
        time: Nanoseconds(.max), kind: .write, mask: LineSet(bits: .max),
        levels: LineSet(bits: 1 << 63)),
      Trace.Event(
        time: Nanoseconds(.min), kind: .wait, mask: .none,
        levels: LineSet(bits: UInt64(bitPattern: -5))),
    ]
    #expect(try Trace(text: ends.text) == ends)
    #expect(try Trace(text: "tellegen trace 1\n") == Trace())
    #expect(try Trace(text: "tellegen trace 1") == Trace())
  }

  @Test(arguments: [
    ("", 1), ("tellegen trace 2\n", 1), ("2000 w 1 1\n", 1), (" tellegen trace 1\n", 1),
    ("tellegen trace 1\n2000 w 1\n", 2), ("tellegen trace 1\n2000 w 1 1 1\n", 2),
    ("tellegen trace 1\n2000 w 1 1\n4000 x 1 1\n", 3),
    ("tellegen trace 1\n2000 w 1 1\n\n4000 ww 1 1\n", 4),
    ("tellegen trace 1\n2000 w 1 g\n", 2), ("tellegen trace 1\n2e3 w 1 1\n", 2),
    ("tellegen trace 1\n2000 w 1ffffffffffffffff 1\n", 2),
    ("tellegen trace 1\n99999999999999999999 w 1 1\n", 2),
    ("tellegen trace 1\n2000 w 1 -1\n", 2),
  ])
  func `a text that is no log is refused with its line`(_ text: String, _ line: Int) throws {
    let error = try #require(throws: TraceError.self) { try Trace(text: text) }
    #expect(error.line == line)
    #expect(error.description.hasPrefix("line \(line) of the trace: "))
  }

  @Test
  func `replaying lines answer as logged and refuse what the log does not have`() throws {
    let trace = try Trace(
      text: "tellegen trace 1\n2000 w 42 2\n4000 r 6 4\n127456 d 0 1e240\n130000 t 0 0\n")
    var lines = ReplayLines(trace)
    try lines.write(LineSet(bits: 0xf03), mask: LineSet(bits: 0x42))
    #expect(try lines.read(mask: LineSet(bits: 6)) == LineSet(bits: 4))
    try lines.wait(Nanoseconds(123_456))
    #expect(!lines.isAtEnd)
    #expect(try lines.now() == Nanoseconds(130_000))
    #expect(lines.isAtEnd)
    let end = try #require(throws: ReplayLines.Divergence.self) { try lines.now() }
    #expect(end.call == 4)
    #expect(end.logged == nil)
    #expect(end.description.hasPrefix("call 4: the log ends"))

    func refused(
      after calls: Int, _ wrong: (inout ReplayLines) throws(ReplayLines.Divergence) -> Void
    ) throws {
      var lines = ReplayLines(trace)
      if calls > 0 { try lines.write(LineSet(bits: 2), mask: LineSet(bits: 0x42)) }
      if calls > 1 { _ = try lines.read(mask: LineSet(bits: 6)) }
      if calls > 2 { try lines.wait(Nanoseconds(123_456)) }
      let error = try #require(throws: ReplayLines.Divergence.self) { try wrong(&lines) }
      #expect(error.call == calls)
      #expect(error.logged == trace.events[calls])
      #expect(error.description.hasPrefix("call \(calls) at \(trace.events[calls].time.count) ns:"))
      // What was refused was not done.
      #expect(lines.call == calls)
    }
    try refused(after: 0) { lines throws(ReplayLines.Divergence) in
      try lines.write(LineSet(bits: 0x42), mask: LineSet(bits: 0x42))
    }
    try refused(after: 0) { lines throws(ReplayLines.Divergence) in
      try lines.write(LineSet(bits: 2), mask: LineSet(bits: 0x43))
    }
    try refused(after: 0) { lines throws(ReplayLines.Divergence) in
      _ = try lines.read(mask: LineSet(bits: 0x42))
    }
    try refused(after: 1) { lines throws(ReplayLines.Divergence) in
      _ = try lines.read(mask: LineSet(bits: 2))
    }
    try refused(after: 2) { lines throws(ReplayLines.Divergence) in
      try lines.wait(Nanoseconds(123_457))
    }
    try refused(after: 3) { lines throws(ReplayLines.Divergence) in
      try lines.wait(Nanoseconds(0))
    }
  }

  // MARK: - Waveform

  /// The whole dump of a log that was kept in memory.
  private func dump(_ trace: Trace, _ empty: Waveform) -> String {
    var wave = empty
    var analog = trace.analog[...]
    for event in trace.events {
      while let next = analog.first, !(event.time < next.time) {
        wave.add(next)
        analog.removeFirst()
      }
      wave.add(event)
    }
    for next in analog { wave.add(next) }
    return wave.take(isEnd: true)
  }

  private func waveform(_ name: String) throws -> (board: PinBoard, trace: Trace, text: String) {
    let (board, trace) = try logged(name)
    let description = board.analog.description
    let edges = description.edges.filter { $0.part == .learning }.map(\.name)
    let wave = Waveform(
      lines: description.wiring!.wires.map(\.role), gates: edges, nodes: description.nodes,
      initial: board.wiring.idle)
    return (board, trace, dump(trace, wave))
  }

  /// A value change dump, taken apart.
  private struct Dump {
    var header: [Substring] = []
    /// The variables' names by their codes.
    var names: [Substring: Substring] = [:]
    var definitions = 0
    /// The changes in order: time, code, value.
    var changes: [(time: Int64, code: Substring, value: Substring)] = []
    var times: [Int64] = []

    init(_ text: String) throws {
      var body = false
      for line in text.split(separator: "\n") {
        if !body {
          header.append(line)
          let words = line.split(separator: " ")
          if words[0] == "$var" {
            definitions += 1
            #expect(words.count == 6 && words[5] == "$end", "\(line)")
            #expect(
              (words[1] == "wire" && words[2] == "1") || (words[1] == "real" && words[2] == "64"))
            names[words[3]] = words[4]
          }
          if words[0] == "$enddefinitions" { body = true }
        } else if line.hasPrefix("#") {
          times.append(try #require(Int64(line.dropFirst())))
        } else if line.hasPrefix("r") {
          let words = line.split(separator: " ")
          try #require(words.count == 2)
          changes.append((try #require(times.last), words[1], words[0].dropFirst()))
        } else if !line.hasPrefix("$") {
          changes.append((try #require(times.last), line.dropFirst(), line.prefix(1)))
        }
      }
    }
  }

  @Test(arguments: ["lattice", "breadboard"])
  func `a waveform has a header, counts nanoseconds and defines every variable once`(_ name: String)
    throws
  {
    let (board, _, text) = try waveform(name)
    let dump = try Dump(text)
    #expect(dump.header.contains("$timescale 1 ns $end"))
    #expect(dump.header.first?.hasPrefix("$version") == true)
    #expect(dump.header.last == "$enddefinitions $end")
    let description = board.analog.description
    let expected =
      description.wiring!.wires.count + board.wiring.edgeCount + 2 * description.nodes.count
    #expect(dump.definitions == expected)
    #expect(dump.names.count == expected)
    #expect(Set(dump.names.values).count == expected)
    #expect(dump.names.values.contains("LEARN"))
    #expect(dump.names.values.contains { $0.hasPrefix("gate_") })
    // Each has a value from the start.
    let initial = dump.changes.prefix(expected)
    #expect(Set(initial.map(\.code)) == Set(dump.names.keys))
    #expect(initial.allSatisfy { $0.time == 0 })
  }

  @Test(arguments: ["lattice", "breadboard"])
  func `in a waveform time goes forward only`(_ name: String) throws {
    let (board, _, text) = try waveform(name)
    let dump = try Dump(text)
    #expect(dump.times.first == 0)
    #expect(zip(dump.times, dump.times.dropFirst()).allSatisfy { $0 < $1 })
    #expect(dump.times.last! <= board.time.count)
    for change in dump.changes { #expect(dump.names[change.code] != nil) }
  }

  @Test(arguments: ["lattice", "breadboard"])
  func `a waveform's changes are the log's`(_ name: String) throws {
    let (board, trace, text) = try waveform(name)
    let dump = try Dump(text)
    let roles = board.analog.description.wiring!.wires.map(\.role)
    let codes = try roles.map { role in
      try #require(dump.names.first { $0.value == role.filter { !$0.isWhitespace } }?.key)
    }
    var shown: [Substring: Substring] = [:]
    var next = 0
    var levels = board.wiring.idle
    for event in trace.events {
      if event.kind == .write || event.kind == .read {
        levels = levels.without(event.mask) | event.levels
      }
      while next < dump.changes.count && dump.changes[next].time <= event.time.count {
        let change = dump.changes[next]
        // A line's change is a change, but at the start.
        if change.time > 0 && codes.contains(change.code) {
          #expect(shown[change.code] != change.value)
        }
        shown[change.code] = change.value
        next += 1
      }
      for (line, code) in codes.enumerated() where shown[code] != nil {
        let high = levels.meets(LineSet(line: line))
        if shown[code] != (high ? "1" : "0") {
          Issue.record("\(roles[line]) at \(event.time.count) ns")
          return
        }
      }
    }
    #expect(next == dump.changes.count)
    // The gates end where the last pulse left them.
    let last = try #require(trace.analog.last { !$0.gates.isEmpty })
    let edges = board.analog.description.edges.filter { $0.part == .learning }.map(\.name)
    for (edge, gate) in last.gates.enumerated() {
      let code = try #require(dump.names.first { $0.value == "gate_\(edges[edge])" }?.key)
      #expect(shown[code].flatMap { Double($0) } == gate)
    }
  }

  @Test
  func `a one-shot that ends a pulse before the next call is shown at its own time`() throws {
    var bench = try PinBench(tightBoard("lattice"))
    bench.pins = bench.pins.withGates(2)
    try bench.setDrives(.charge)
    bench.pins.trace = Trace()
    try bench.set(bench.wiring.learn)
    let end = bench.pins.time + bench.wiring.timer
    bench.pins.wait(.milliseconds(100))
    try bench.clear(bench.wiring.learn)
    let wave = Waveform(
      lines: bench.pins.analog.description.wiring!.wires.map(\.role),
      gates: (0..<32).map { "g\($0)" }, nodes: [], initial: bench.wiring.idle)
    let dump = try Dump(dump(try #require(bench.pins.trace), wave))
    #expect(dump.changes.contains { $0.time == end.count && $0.value == "\(bench.gates[0])" })
    #expect(zip(dump.times, dump.times.dropFirst()).allSatisfy { $0 < $1 })
  }

  @Test(arguments: ["lattice", "breadboard"])
  func `a waveform viewer's converter reads the waveform without complaint`(_ name: String) throws {
    let program = try #require(
      (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/vcd2fst" }
        .first { FileManager.default.isExecutableFile(atPath: $0) },
      "vcd2fst is not in PATH: install Debian's package gtkwave")
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("pins-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let dump = folder.appendingPathComponent("board.vcd")
    let converted = folder.appendingPathComponent("board.fst")
    try waveform(name).text.write(to: dump, atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = [dump.path, converted.path]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(said)")
    let complaints = said.split(separator: "\n").filter { line in
      ["error", "warn", "unknown", "undefined", "duplicate", "fatal", "not found"]
        .contains { line.lowercased().contains($0) }
    }
    #expect(complaints.isEmpty, "\(said)")
    let size =
      try FileManager.default.attributesOfItem(atPath: converted.path)[.size] as? Int ?? 0
    #expect(size > 1000)
  }
}
