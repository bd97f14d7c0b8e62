package import CGPIOD
package import Files
package import Firmware

/// The lines of a board at the kernel's GPIO character device: the first boundary on Linux.
///
/// With `spi` in the wiring, SCLK, MOSI and MISO are left to that controller, and an exchange is
/// one ioctl as well.
///
/// All lines are requested at once, outputs with their level at rest in the request itself, so that
/// LEARN is never active before the program wants it. One call is one ioctl. Whatever ends the
/// program but SIGKILL puts the outputs to rest first, LEARN before the others; no thread writes
/// after that. Nothing here allocates once the lines are open.
///
/// This is a handle: copies are of the same request, with one count of operations, and the lines go
/// to rest with the last of them. It is a structure and no class, for a class is retained and
/// released around every read and write.
package struct LinuxLines: Lines {
  /// What can go wrong at the lines.
  package typealias Failure = LineError

  /// A controller of the kernel's that is open.
  package struct Controller: Sendable {
    fileprivate let bus: Int32
  }

  /// The chip.
  package let chip: GPIOChip
  /// The lines that stood as outputs, with no owner, at another level than at rest, when they were
  /// opened: what a killed program left behind, by role.
  package let leftBehind: [String]
  /// Why the lines left behind could not be read, which keeps no line from its level at rest;
  /// `nil` when they were read.
  package let lookFailure: LineError?

  /// The controller to which the wiring gives SCLK, MOSI and MISO, if it does.
  package let controller: Controller?

  private let wires: [(wire: WiringDescription.Wire, offset: Int)]
  private let wiring: BoardWiring
  private let opened: OpenRequest
  /// The open request's; it lives as long as that.
  private let hot: UnsafeMutablePointer<Hot>

  /// How the lines call themselves in the kernel's tables.
  package static let consumer = "tellegen"

  /// Opens the lines of a board.
  ///
  /// - Parameters:
  ///   - description: the wiring of the board's file.
  ///   - wiring: the same for the drivers, whose outputs and levels at rest are used.
  ///   - calls: the calls to make.
  /// - Throws: `LineError`, when the chip or a line is not there or is held by another program.
  package init(
    _ description: WiringDescription, wiring: BoardWiring,
    calls: cgpiod_calls = cgpiod_kernel()
  ) throws(LineError) {
    let chip = try GPIOChip.find(label: description.chip, calls: calls)
    let wires = Array(description.requested)
    let offsets = try chip.offsets(of: wires, calls: calls)
    self.chip = chip
    self.wires = Array(zip(wires, offsets))
    self.wiring = wiring
    // A bit is a wire: those of the bus keep theirs.
    let first = description.requested.startIndex
    let asked = Array(repeating: cgpiod_elsewhere, count: first) + offsets.map(UInt32.init)

    /// Requests all lines, or says who holds them.
    func open(asIs: Bool) throws(LineError) -> UnsafeMutableRawPointer {
      var request: UnsafeMutableRawPointer?
      // A request sets lines: none is made once the program ends.
      let result = again {
        let refused = cgpiod_enter()
        if refused != 0 { return refused }
        defer { cgpiod_leave() }
        return calls.open(
          calls.context, chip.path, LinuxLines.consumer, asked, UInt32(asked.count),
          wiring.outputs.bits, wiring.idle.bits, asIs, &request)
      }
      if result == 0, let request { return request }
      if -result == busy {
        let held = try chip.held(wires, at: offsets, calls: calls)
        if !held.isEmpty { throw .held(held, chip: chip.label) }
      }
      throw -result == noSuchCall ? .noLibrary : .failed(.open, errno: -result)
    }

    /// What a killed program left driven.
    func look() throws(LineError) -> [String] {
      var outputs = LineSet.none
      for (index, offset) in zip(description.requested.indices, offsets) {
        let line = try chip.line(offset, calls: calls)
        if line.isOutput && line.owner == nil { outputs = outputs | LineSet(line: index) }
      }
      let asFound = try open(asIs: true)
      var found = cgpiod_reading()
      let result = again {
        found = calls.read(calls.context, asFound, wiring.outputs.bits)
        return found.error
      }
      calls.close(calls.context, asFound)
      if result != 0 { throw .failed(.read, errno: -result) }
      let wrong = LineSet(
        bits: (found.levels ^ wiring.idle.bits) & (outputs & wiring.outputs).bits)
      return description.requested.indices.filter { wrong.meets(LineSet(line: $0)) }
        .map { description.wires[$0].role }
    }

    // The levels are read before they are put right, and are put right even where they cannot be
    // read.
    var left: [String] = []
    var failure: LineError?
    do throws(LineError) { left = try look() } catch {
      if case .held = error { throw error }
      failure = error
    }
    leftBehind = left
    lookFailure = failure
    let request = try open(asIs: false)
    // The lines go to rest even where the bus cannot be opened.
    let bus: Int32?
    do throws(LineError) {
      bus = try description.spi.map { spi throws(LineError) in
        try LinuxLines.open(spi, calls: calls)
      }
    } catch {
      calls.close(calls.context, request)
      throw error
    }
    controller = bus.map(Controller.init)
    opened = try OpenRequest(calls: calls, request: request, bus: bus, wiring: wiring)
    hot = opened.hot
  }

  private static func open(
    _ spi: WiringDescription.SerialBus, calls: cgpiod_calls
  ) throws(LineError) -> Int32 {
    var bus: Int32 = -1
    switch -calls.open_bus(calls.context, spi.device, UInt32(spi.speed), &bus) {
    case 0: return bus
    case noSuchFile, noSuchDevice, noSuchAddress: throw .noBus(path: spi.device)
    case notAllowed, notPermitted: throw .noPermission(path: spi.device)
    case let errno: throw .failed(.openBus, errno: errno)
    }
  }

  /// Sets lines in one call.
  @inline(never)  // Inlined, `costs` would measure less than what the firmware calls.
  package mutating func write(_ levels: LineSet, mask: LineSet) throws(LineError) {
    try hot.pointee.write(levels.bits, mask: mask.bits)
  }

  /// Reads lines in one call.
  @inline(never)
  package mutating func read(mask: LineSet) throws(LineError) -> LineSet {
    LineSet(bits: try hot.pointee.read(mask: mask.bits))
  }

  /// Exchanges bits over the serial bus in one call.
  package mutating func exchange(
    _ word: UInt32, bits: Int, by controller: Controller
  ) throws(LineError) -> UInt32 {
    try hot.pointee.exchange(word, bits: bits, bus: controller.bus)
  }

  /// Waits at least this long: asleep while there is much time, awake for the last 150 us.
  package mutating func wait(_ duration: Nanoseconds) throws(LineError) {
    if !(.zero < duration) { return }
    hot.pointee.calls.wait(
      hot.pointee.calls.context, hot.pointee.calls.now(hot.pointee.calls.context) + duration.count)
  }

  /// The time since the lines were opened.
  package mutating func now() throws(LineError) -> Nanoseconds { hot.pointee.now }

  /// Puts all outputs to rest, LEARN before the others.
  package mutating func rest() throws(LineError) {
    for index in 0..<Int(opened.guardWrites.count) {
      let (levels, mask) = opened.guardWrite(index)
      try hot.pointee.write(levels, mask: mask)
    }
  }

  /// Checks that the outputs stand at rest, to which they were put, as far as the chip can say: a
  /// Raspberry Pi's reads the pin itself, others what was asked of it.
  /// - Throws: `LineError.awayFromRest`.
  package func checkRest() throws(LineError) {
    var read = cgpiod_reading()
    let result = again {
      read = hot.pointee.calls.read(
        hot.pointee.calls.context, hot.pointee.request, wiring.outputs.bits)
      return read.error
    }
    if result != 0 { throw .failed(.read, errno: -result) }
    let wrong = LineSet(bits: read.levels ^ wiring.idle.bits) & wiring.outputs
    // A bit is a wire; those before the first that was requested are a bus's.
    let first = controller == nil ? 0 : 3
    let away = wires.indices.filter { wrong.meets(LineSet(line: first + $0)) }
      .map { index in
        LineError.Away(
          role: wires[index].wire.role, offset: wires[index].offset,
          isHigh: read.levels >> UInt64(first + index) & 1 == 1)
      }
    if !away.isEmpty { throw .awayFromRest(away, chip: chip.label) }
  }

  /// How many operations there were: writes, reads and exchanges.
  package var operations: Int { writes + reads + exchanges }
  /// How many writes there were, each one ioctl.
  package var writes: Int { hot.pointee.writes }
  /// How many reads there were, each one ioctl.
  package var reads: Int { hot.pointee.reads }
  /// How many exchanges there were, each one ioctl.
  package var exchanges: Int { hot.pointee.exchanges }
  /// The longest time that an exchange took, ns.
  package var longestExchange: Int64 { hot.pointee.exchangeLatency.longest }
  /// The time that a share of the exchanges did not exceed, ns.
  ///
  /// - Parameter share: 0 ... 1.
  /// - Returns: the time, ns.
  package func exchangeLatency(_ share: Double) -> Int64 {
    hot.pointee.exchangeLatency.quantile(share)
  }
  /// The longest time that an operation took of those that were timed, ns.
  package var longestLatency: Int64 { hot.pointee.latency.longest }
  /// The time that a share of the operations that were timed, one in thirty-one, did not exceed,
  /// ns.
  ///
  /// - Parameter share: 0 ... 1.
  /// - Returns: the time, ns.
  package func latency(_ share: Double) -> Int64 { hot.pointee.latency.quantile(share) }

  /// What one get and one set cost, ns.
  package struct Cost: Sendable, Equatable, Codable {
    /// Reading an input.
    package var get: Double
    /// Setting an output.
    package var set: Double
  }

  /// Measures what one get and one set of a line cost on this request, the mean of `count`: by
  /// libgpiod's own calls for one line, and by this type on top of it.
  ///
  /// - Parameters:
  ///   - input: the first of the inputs.
  ///   - output: an output that may toggle; it ends low.
  ///   - count: how often each is done.
  /// - Returns: libgpiod's own cost, and that of this type.
  /// - Throws: `LineError` when a call fails.
  package mutating func costs(
    input: Int, output: Int, count: Int
  ) throws(LineError) -> (library: Cost, lines: Cost) {
    var library = Cost(get: 0, set: 0)
    let result = cgpiod_measure(
      hot.pointee.request, UInt32(input), UInt32(output), UInt32(count), &library.get, &library.set)
    if result != 0 { throw .failed(.write, errno: -result) }
    let driven = LineSet(line: output)
    let read = LineSet(line: input)
    let start = hot.pointee.now
    for turn in 0..<count { try write(turn & 1 == 0 ? driven : .none, mask: driven) }
    let middle = hot.pointee.now
    for _ in 0..<count { _ = try self.read(mask: read) }
    let end = hot.pointee.now
    try write(.none, mask: driven)
    let lines = Cost(
      get: Double((end - middle).count) / Double(count),
      set: Double((middle - start).count) / Double(count))
    return (library, lines)
  }
}

/// The version of libgpiod that is loaded, such as 2.2.1; empty when there is none.
package var libgpiodVersion: String { String(cString: cgpiod_version()) }

/// Ends the program by a signal, as its default action does, with all lines that are open at rest,
/// LEARN first, and no thread writing after that. May be called from the signal's handler.
package func endProgram(bySignal number: Int32) -> Never { cgpiod_end(number) }

/// Puts all lines to rest and ends the program at once with an exit code; may be called from a
/// signal handler.
package func endProgram(withCode code: Int32) -> Never { cgpiod_quit(code) }
