import Files
import Firmware
import Testing
import BoardDouble
import Traces

/// A logic analyser's capture, made of the pins' waveform, held to the log of the same calls.
struct CaptureTests {
  /// What a board did, and what an analyser saw of it.
  private struct Scene {
    let wiring: BoardWiring
    let commanded: CommandedLines
    let roles: [String]
    var capture: Capture

    init(_ name: String) throws {
      let description = try shippedBoard(name)
      var board = try PinBoard(description)
      board.setGates([Double](repeating: 2, count: board.wiring.edgeCount))
      board.lines.trace = Trace()
      for round in 0..<10 {
        try board.drive(source: 0, at: .millivolts(Int32(100 + 37 * round)))
        try board.settle()
        _ = try board.measure(target: 0)
        try board.clamp(target: 1, at: .millivolts(Int32(400 - 31 * round)))
        try board.settle()
        _ = try board.comparisons()
        let drives = (0..<board.wiring.edgeCount).map { Drive(rawValue: UInt8(($0 + round) % 3))! }
        _ = try board.pulse(.microseconds(Int64(400 + 130 * round)), drives)
      }
      try board.settle()
      let trace = try #require(board.lines.trace)
      roles = (description.wiring?.wires ?? []).map(\.role)
      var wave = Waveform(lines: roles, gates: [], nodes: [], initial: board.wiring.idle)
      for event in trace.events { wave.add(event) }
      wiring = board.wiring
      commanded = CommandedLines(trace, wiring: board.wiring)
      capture = try Capture(dump: Array(wave.take(isEnd: true).utf8))
      // Waves end with the last change; an analyser goes on.
      capture.span = capture.span.lowerBound...commanded.span.upperBound
    }

    func channel(_ role: String) throws -> Int {
      try #require(capture.channels.firstIndex { $0.name == role })
    }

    /// Compares, with the channels by their names.
    func compared(_ roles: [String]? = nil) throws -> CaptureComparison {
      let captured = roles ?? self.roles
      let channels = self.roles.map { role in
        captured.contains(role) ? capture.channels.firstIndex { $0.name == role } : nil
      }
      return try CaptureComparison(capture, commanded, wiring: wiring, channels: channels)
    }

    /// What another clock would have shown of it.
    mutating func retime(offset: Int64, drift: Double) {
      func other(_ time: Int64) -> Int64 {
        offset + Int64((Double(time) * (1 + drift)).rounded())
      }
      for index in capture.channels.indices {
        capture.channels[index].changes = capture.channels[index].changes.map(other)
      }
      capture.span = other(capture.span.lowerBound)...other(capture.span.upperBound)
    }

    /// What so many samples a second show of it.
    mutating func resample(period: Int64) {
      for index in capture.channels.indices {
        var seen: [Int64] = []
        for change in capture.channels[index].changes {
          let sample = (change + period - 1) / period * period
          if seen.last == sample { seen.removeLast() } else { seen.append(sample) }
        }
        capture.channels[index].changes = seen
      }
      capture.span =
        capture.span.lowerBound / period * period...capture.span.upperBound / period * period
      capture.samplePeriod = period
    }

    /// What is left between two times.
    mutating func cut(from: Int64, until: Int64) {
      for index in capture.channels.indices {
        let all = capture.channels[index].changes
        let before = all.count { $0 <= from }
        if before & 1 == 1 { capture.channels[index].initial.toggle() }
        capture.channels[index].changes = all.filter { $0 > from && $0 <= until }
      }
      capture.span = from...until
    }
  }

  @Test(arguments: ["breadboard", "lattice"])
  func `a capture of a good board agrees, whatever the analyser's clock`(_ name: String) throws {
    var scene = try Scene(name)
    let straight = try scene.compared()
    #expect(straight.differences.isEmpty)
    #expect(straight.lines.reduce(0) { $0 + $1.judged } > 1500)
    #expect(straight.lines.allSatisfy { $0.judged == $0.matched })
    scene.retime(offset: 7_123_456_789, drift: 50e-6)
    let other = try scene.compared()
    #expect(other.differences.isEmpty)
    #expect(other.lines.map(\.judged) == straight.lines.map(\.judged))
    #expect(abs(other.clock.drift - 50e-6) < other.clock.driftBound)
    #expect(abs(other.clock.beginsAt) < other.clock.bound)
    #expect(other.clock.share == 1 && other.clock.next < 0.9)
    // A second of the run later, the drift is in the time of the capture.
    #expect(abs(other.seen(at: 0)) < 2000)
  }

  @Test(arguments: ["breadboard", "lattice"])
  func `coarse samples still agree, and what they cannot show is not judged`(
    _ name: String
  ) throws {
    for (period, isFine) in [(Int64(42), true), (1000, true), (10_000, false)] {
      var scene = try Scene(name)
      scene.retime(offset: 123_456_789, drift: -50e-6)
      scene.resample(period: period)
      let found = try scene.compared()
      #expect(found.differences.isEmpty, "\(period) ns: \(found.differences.prefix(3))")
      #expect(abs(found.clock.drift + 50e-6) < found.clock.driftBound, "\(period) ns")
      #expect(found.tooFast.isEmpty == isFine)
      #expect(found.lines.contains { $0.tooShort > 0 } != isFine)
      // LEARN lasts long enough for either.
      let learn = found.lines.first { scene.wiring.learn == LineSet(line: $0.line) }
      #expect(learn?.judged == 20)
    }
  }

  @Test func `only what both have is judged`() throws {
    var scene = try Scene("breadboard")
    let span = scene.capture.span
    let third = (span.upperBound - span.lowerBound) / 3
    scene.cut(from: third, until: 2 * third)
    let found = try scene.compared()
    #expect(found.differences.isEmpty)
    #expect(abs(found.clock.beginsAt - Double(third)) <= found.clock.bound)
    #expect(abs(found.overlap.lowerBound - Double(third)) <= found.clock.bound)
    #expect(abs(found.overlap.upperBound - Double(2 * third)) <= 2 * found.clock.bound)
    // A capture that goes on for long on either side is judged where the run is.
    var long = try Scene("breadboard")
    long.retime(offset: 3_000_000_000, drift: 0)
    long.capture.span = 0...9_000_000_000
    let whole = try long.compared()
    #expect(whole.differences.isEmpty)
    #expect(whole.overlap.lowerBound == 0)
    #expect(whole.overlap.upperBound == Double(long.commanded.span.upperBound))
  }

  @Test(arguments: ["breadboard", "lattice"])
  func `a line that is stuck from some time on is named with that time`(_ name: String) throws {
    for role in ["SCLK", "LEARN", "MOSI"] {
      var scene = try Scene(name)
      scene.retime(offset: 5_000_000, drift: 20e-6)
      let channel = try scene.channel(role)
      let changes = scene.capture.channels[channel].changes
      // After an even number of them the line is low.
      let kept = changes.count / 4 * 2
      scene.capture.channels[channel].changes = Array(changes.prefix(kept))
      let found = try scene.compared()
      #expect(found.differences.count == 1, "\(role)")
      let difference = try #require(found.differences.first)
      #expect(scene.roles[difference.line] == role)
      #expect(difference.kind == .missing && difference.count >= changes.count - kept - 1)
      #expect(abs(found.seen(at: difference.from) - Double(changes[kept] - 5_000_000)) < 3000)
      #expect(difference.level)
    }
  }

  @Test(arguments: [100, 700, 20_000] as [Int64])
  func `a glitch is named, in the quiet and in a burst`(_ width: Int64) throws {
    for role in ["LEARN", "SCLK"] {
      var scene = try Scene("breadboard")
      let channel = try scene.channel(role)
      let changes = scene.capture.channels[channel].changes
      // In the longest rest of the line, and in the middle of a burst.
      let quiet = zip(changes, changes.dropFirst()).max { $0.1 - $0.0 < $1.1 - $1.0 }!.0 + 40_000
      let busy = changes[changes.count / 2] + 1000
      for start in role == "SCLK" && width < 1000 ? [quiet, busy] : [quiet] {
        scene.capture.channels[channel].changes = (changes + [start, start + width]).sorted()
        let found = try scene.compared()
        #expect(found.differences.count == 1, "\(role) \(width) \(found.differences)")
        let difference = try #require(found.differences.first)
        #expect(scene.roles[difference.line] == role && difference.kind == .uncommanded)
        // Of two pulses where one was commanded, either may be the one too many.
        #expect(abs(difference.from - Double(start)) < (start == busy ? 2500 : 1500))
        #expect(abs(difference.until - difference.from - Double(width)) < 1500)
      }
    }
  }

  @Test func `a pulse that is missing among many is named`() throws {
    var scene = try Scene("lattice")
    let channel = try scene.channel("SCLK")
    let middle = scene.capture.channels[channel].changes.count / 4 * 2
    let time = scene.capture.channels[channel].changes[middle]
    scene.capture.channels[channel].changes.removeSubrange(middle..<middle + 2)
    let found = try scene.compared()
    #expect(found.differences.map(\.kind) == [.missing])
    #expect(found.differences.map(\.count) == [2])
    #expect(abs(found.differences[0].from - Double(time)) < 10)
  }

  @Test func `a line that follows late is named with by how much`() throws {
    var scene = try Scene("breadboard")
    let channel = try scene.channel("LEARN")
    let changes = scene.capture.channels[channel].changes
    scene.capture.channels[channel].changes = changes.map { $0 + 30_000 }
    let found = try scene.compared()
    #expect(found.differences.map(\.kind) == [.late])
    #expect(found.differences[0].count == changes.count)
    #expect(abs(found.differences[0].amount - 30_000) < 1500)
  }

  @Test(arguments: [
    ("SCLK", "MOSI"), ("MOSI", "MISO"), ("LEARN", "SCLK"), ("CS0", "LEARN"),
  ])
  func `exchanged channels are named, and judged as what they are`(
    _ one: String, _ other: String
  ) throws {
    var scene = try Scene("breadboard")
    let (a, b) = (try scene.channel(one), try scene.channel(other))
    scene.capture.channels[a].name = other
    scene.capture.channels[b].name = one
    let found = try scene.compared()
    let expected = [(one, other), (other, one)].map { line, shown in
      [scene.roles.firstIndex(of: line)!, scene.roles.firstIndex(of: shown)!]
    }.sorted { $0[0] < $1[0] }
    #expect(found.differences.map { [$0.line, Int($0.amount)] } == expected)
    #expect(found.differences.allSatisfy { $0.kind == .exchanged })
    #expect(found.lines.allSatisfy { $0.judged == $0.matched })
  }

  @Test func `an inverted channel is named, and so are all`() throws {
    var scene = try Scene("lattice")
    scene.capture.channels[try scene.channel("LEARN")].initial.toggle()
    let one = try scene.compared()
    #expect(one.differences.map(\.kind) == [.inverted])
    #expect(scene.roles[one.differences[0].line] == "LEARN")
    for index in scene.capture.channels.indices where scene.roles[index] != "LEARN" {
      scene.capture.channels[index].initial.toggle()
    }
    let all = try scene.compared()
    #expect(all.differences.count { $0.kind == .inverted } >= 8)
    #expect(all.differences.allSatisfy { $0.kind == .inverted })
  }

  @Test func `what was read is held to what stood there`() throws {
    var scene = try Scene("breadboard")
    let channel = try scene.channel("MISO")
    scene.capture.channels[channel].changes = []
    scene.capture.channels[channel].initial = false
    let low = try scene.compared()
    #expect(low.differences.map(\.kind) == [.read])
    #expect(low.differences[0].level && low.differences[0].count > 4)
    #expect(scene.roles[low.differences[0].line] == "MISO")

    // A comparator that stood otherwise at one read.
    var other = try Scene("breadboard")
    let line = try #require(other.roles.firstIndex(of: "S1-T1.A"))
    let read = other.commanded.reads[line][4]
    let flipped = try other.channel("S1-T1.A")
    other.capture.channels[flipped].changes =
      (other.capture.channels[flipped].changes
      + [read.moment.earliest - 20_000, read.moment.latest + 20_000]).sorted()
    let found = try other.compared()
    #expect(found.differences.map(\.kind) == [.read] && found.differences[0].line == line)
    #expect(found.differences[0].level == read.level && found.differences[0].count == 1)
  }

  @Test func `a capture of something else, or of too little, is refused`() throws {
    let scene = try Scene("breadboard")
    #expect(throws: CaptureMismatch.nothingToAlign) { try scene.compared(["MISO", "S1-T1.A"]) }
    var other = scene
    other.capture.channels = try Scene("lattice").capture.channels
    for index in other.capture.channels.indices {
      other.capture.channels[index].name = scene.roles[index]
    }
    #expect(throws: CaptureMismatch.self) { try other.compared() }
    // One line that always does the same.
    var regular = scene
    let channel = try regular.channel("SCLK")
    let first = regular.capture.channels[channel].changes
    let burst = first.prefix { $0 < first[0] + 40_000 }
    regular.cut(from: burst.first! - 3000, until: burst.last! + 3000)
    #expect {
      try regular.compared(["SCLK"])
    } throws: {
      if case .severalPlaces = $0 as? CaptureMismatch { true } else { false }
    }
  }

  @Test func `bits over a serial bus are held to what its controller says`() throws {
    let wiring = try Scene("breadboard").wiring
    var trace = Trace()
    var clock: [Int64] = []
    var out: [Int64] = []
    var select: [Int64] = []
    var high = false
    for (number, word) in [UInt64(0x3a5c), 0x9001, 0x7fff, 0x1234, 0x0f0f].enumerated() {
      let start = Int64(100_000 * number * (number + 1) + 50_000)
      trace.add(
        Trace.Event(
          time: Nanoseconds(start), kind: .write, mask: wiring.selectLine(0), levels: .none))
      for bit in 0..<16 {
        let time = start + 3000 + Int64(bit) * 1000
        let level = word >> UInt64(15 - bit) & 1 == 1
        if level != high {
          out.append(time)
          high = level
        }
        clock += [time + 500, time + 1000]
      }
      trace.add(
        Trace.Event(
          time: Nanoseconds(start + 30_000), kind: .exchange,
          mask: LineSet(bits: word | 16 << 32), levels: .none))
      trace.add(
        Trace.Event(
          time: Nanoseconds(start + 40_000), kind: .write, mask: wiring.selectLine(0),
          levels: wiring.selectLine(0)))
      select += [start - 500, start + 39_500]
    }
    let commanded = CommandedLines(trace, wiring: wiring)
    var capture = Capture(
      channels: [
        .init(name: "SCLK", initial: false, changes: clock),
        .init(name: "MOSI", initial: false, changes: out),
        .init(name: "CS0", initial: true, changes: select),
      ], span: 0...3_000_000, samplePeriod: 100)
    var channels = [Int?](repeating: nil, count: 27)
    (channels[0], channels[1], channels[4]) = (0, 1, 2)
    func compared() throws -> CaptureComparison {
      try CaptureComparison(
        capture, commanded, wiring: wiring, channels: channels, busHalfPeriod: 500)
    }
    let good = try compared()
    #expect(good.differences.isEmpty && good.exchanges == 5)
    capture.channels[1].changes.removeSubrange(2..<4)
    #expect(try compared().differences.map(\.kind) == [.bits])
    capture.channels[0].changes.removeSubrange(40..<42)
    #expect(try compared().differences.map(\.kind).contains(.clocks))
    #expect(try compared().differences.first { $0.kind == .clocks }?.amount == 15)
    capture.samplePeriod = 1000
    #expect(try compared().tooFast == [0])
  }

  // MARK: - Dumps

  private static let head = "$timescale 1 us $end $var wire 1 ! A $end $enddefinitions $end\n"

  @Test func `dumps of sigrok and others are read`() throws {
    let sigrok = """
      $date today $end
      $comment
        Acquisition with 2/8 channels at 500 kHz
      $end
      $timescale 1 us $end
      $scope module libsigrok $end
      $var wire 1 ! D0 $end
      $var wire 1 " D1 $end
      $var wire 8 # bus $end
      $var real 64 $ volts $end
      $upscope $end
      $enddefinitions $end
      #0 0! 1" b0000 # r1.5 $
      #2 1! 0"
      #4 1! b1 "
      #4 0" b1x #
      #10
      """
    let capture = try Capture(dump: Array(sigrok.utf8))
    #expect(capture.samplePeriod == 2000 && capture.span == 0...10_000)
    #expect(
      capture.channels == [
        .init(name: "D0", initial: false, changes: [2000]),
        .init(name: "D1", initial: true, changes: [2000]),
      ])
    #expect(try Capture(dump: Array(sigrok.utf8), samplePeriod: 2000) == capture)
    // Its own rate is not overruled, nor does it silently overrule another.
    #expect {
      try Capture(dump: Array(sigrok.utf8), samplePeriod: 77)
    } throws: {
      "\($0)".contains("a sample every 2000 ns") && "\($0)".contains("every 77 ns")
    }
    // Without a word on the rate, it is what all times are multiples of.
    let plain = try Capture(dump: Array((Self.head + "#5 x! #10 0! #40 1! #55 0! #80").utf8))
    #expect(plain.samplePeriod == 5000 && plain.channels[0].changes == [40_000, 55_000])
    let told = try Capture(
      dump: Array((Self.head + "#5 x! #10 0! #40 1! #55 0! #80").utf8), samplePeriod: 12_000)
    #expect(told.samplePeriod == 12_000 && told.channels == plain.channels)
    #expect {
      try Capture(
        dump: Array((Self.head + "#5 x! #10 0! #40 1! #55 0! #80").utf8), samplePeriod: 20_000)
    } throws: {
      "\($0)".contains("twice within 15000 ns")
    }
  }

  @Test(arguments: [
    ("", "there is no channel"), (head + "#1 0! #1", "no length"), (head + "#2 0! #1", "goes back"),
    (head + "#1 0? #2", "is the code of no $var"), (head + "#1 0! #2 x! #3", "neither 0 nor 1"),
    (head + "#one 0!", "is no time"), (head + "hello", "is nothing that a value change dump has"),
    ("$timescale 3 us $end", "1, 10 or 100"), ("#1", "before $timescale"),
    ("$comment a", "has no $end"), ("$var wire 1 ! $end", "must have a kind"),
    (head + "#99999999999999999 0! #2", "beyond a hundred years"),
    (head + "$var wire 1 a A $end", "two channels are called 'A'"), (head + "#1 b1", "without"),
  ])
  func `what is no dump is refused with the line`(_ text: String, _ words: String) {
    #expect {
      try Capture(dump: Array(text.utf8))
    } throws: {
      "\($0)".contains(words) && "\($0)".hasPrefix("line ")
    }
  }

  @Test func `a damaged dump is read or refused, never worse`() {
    let good = Array(
      (Self.head + "$comment Acquisition with 1/1 channels at 1 MHz $end #1 0! #20 1! #30 0! #40")
        .utf8)
    var state: UInt64 = 1
    func draw(_ below: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % below
    }
    for _ in 0..<20_000 {
      var bytes = good
      for _ in 0...draw(4) {
        switch draw(3) {
        case 0: bytes[draw(bytes.count)] = UInt8(draw(256))
        case 1: bytes.remove(at: draw(bytes.count))
        default: bytes.insert(contentsOf: Array("\(draw(9))$#x!b ".utf8), at: draw(bytes.count))
        }
      }
      if let capture = try? Capture(dump: bytes) {
        #expect(capture.span.lowerBound < capture.span.upperBound && capture.samplePeriod > 0)
      }
    }
  }
}
