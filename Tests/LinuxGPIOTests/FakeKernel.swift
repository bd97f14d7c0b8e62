import CGPIOD
import Files
import Firmware
import Foundation
import BoardDouble

@testable import LinuxGPIO
@testable import VhostGPIO

/// A kernel's GPIO as LinuxLines sees it, with the double behind one chip and virtual time: every
/// call is the double's own, so what differs from the double is LinuxLines' doing. Any call can be
/// made to fail, by count.
final class FakeKernel {
  struct Chip {
    var label: String
    var lines: Int
    var isRefused = false
  }

  var chips: [Chip] = [Chip(label: "pinctrl-bcm2711", lines: 58)]
  /// Who holds a line of chip 0, by offset.
  var owners: [Int: String] = [:]
  /// Which lines of chip 0 stand as outputs, and all levels, by offset: what another left behind.
  var driven: Set<Int> = []
  var names: [Int: String] = [:]
  var pins: VirtualPins
  var wires: [Int] = []
  /// Which bits are lines of the request.
  private var held = LineSet.none

  /// The serial controllers there are, and the errno of one that refuses.
  var buses = ["/dev/spidev0.0"]
  var busErrno: Int32 = 0
  var busSpeed: UInt32 = 0
  private(set) var openBuses = 0
  /// Whether the controller reads MISO after the rising edge, and how long it pauses in an
  /// exchange, counted down.
  var samplesLate = false
  var pauses: (count: Int, duration: Nanoseconds) = (0, .zero)

  /// The calls in order.
  var log: [String] = []
  /// Lines that something else holds at a level, as a chip tells that reads its pins: their bits.
  var shorted: (lines: UInt64, levels: UInt64) = (0, 0)
  /// Told of every write, with its levels and mask.
  var written: ((UInt64, UInt64) -> Void)?
  /// Calls before the one that fails, and its errno; counted down by writes and reads.
  var failure: (after: Int, errno: Int32)?
  /// Whether no call does anything after it.
  var isDeadAfterFailure = false
  /// How many of the calls that look for chips and lines and request lines are interrupted by a
  /// signal, counted down; each second one is.
  var interruptions = 0
  private var isInterrupted = false
  /// The errno of asking what a chip is.
  var chipErrno: Int32 = 0
  /// The errno of asking about a line, and of requesting lines as they are.
  var lineErrno: Int32 = 0
  var asIsErrno: Int32 = 0
  private(set) var opened = 0
  private(set) var closed = 0
  var leftLevels: UInt64 = 0
  var isAsIs = false
  var lastLevels: UInt64 = 0
  var lastOutputs: UInt64 = 0

  init(_ pins: VirtualPins) { self.pins = pins }

  private func interrupts() -> Bool {
    isInterrupted = !isInterrupted && interruptions > 0
    if isInterrupted { interruptions -= 1 }
    return isInterrupted
  }

  private func fails() -> Int32? {
    guard var next = failure else { return nil }
    if next.after == 0 {
      if !isDeadAfterFailure { failure = nil }
      return next.errno
    }
    next.after -= 1
    failure = next
    return nil
  }

  /// Mode 0, as a controller clocks it.
  private func exchange(_ word: UInt32, bits: Int) -> UInt32 {
    let wiring = pins.wiring
    var received: UInt32 = 0
    func receive() {
      received = received << 1 | (try! pins.read(mask: wiring.dataIn) == .none ? 0 : 1)
    }
    for bit in (0..<bits).reversed() {
      try! pins.write(
        word >> bit & 1 == 1 ? wiring.dataOut : .none, mask: wiring.dataOut | wiring.clock)
      if !samplesLate { receive() }
      try! pins.write(wiring.clock, mask: wiring.clock)
      if samplesLate { receive() }
    }
    if pauses.count > 0 {
      pauses.count -= 1
      pins.wait(pauses.duration)
    }
    try! pins.write(.none, mask: wiring.clock)
    return received
  }

  /// The table of calls that lead here.
  var calls: cgpiod_calls {
    return cgpiod_calls(
      // Never released: lines may outlive the test's last use of their kernel.
      context: Unmanaged.passRetained(self).toOpaque(),
      chip: { context, number, chip in
        let kernel = Unmanaged<FakeKernel>.fromOpaque(context!).takeUnretainedValue()
        guard Int(number) < kernel.chips.count else { return -ENOENT }
        if kernel.interrupts() { return -EINTR }
        if kernel.chipErrno != 0 { return -kernel.chipErrno }
        let known = kernel.chips[Int(number)]
        if known.isRefused { return -EACCES }
        put("/dev/gpiochip\(number)", &chip!.pointee.path)
        put(known.label, &chip!.pointee.label)
        chip!.pointee.lines = UInt32(known.lines)
        return 0
      },
      line: { context, _, offset, line in
        let kernel = Unmanaged<FakeKernel>.fromOpaque(context!).takeUnretainedValue()
        if kernel.interrupts() { return -EINTR }
        if kernel.lineErrno != 0 { return -kernel.lineErrno }
        guard Int(offset) < kernel.chips.map(\.lines).max()! else { return -EINVAL }
        put(kernel.names[Int(offset)] ?? "", &line!.pointee.name)
        put(kernel.owners[Int(offset)] ?? "", &line!.pointee.consumer)
        line!.pointee.used = kernel.owners[Int(offset)] != nil
        line!.pointee.output = kernel.driven.contains(Int(offset))
        return 0
      },
      open: { context, path, consumer, offsets, count, outputs, levels, asIs, request in
        let kernel = Unmanaged<FakeKernel>.fromOpaque(context!).takeUnretainedValue()
        if kernel.interrupts() { return -EINTR }
        let bits = (0..<Int(count)).filter { offsets![$0] != cgpiod_elsewhere }
        let wanted = bits.map { Int(offsets![$0]) }
        if wanted.contains(where: { kernel.owners[$0] != nil }) { return -EBUSY }
        if asIs && kernel.asIsErrno != 0 { return -kernel.asIsErrno }
        kernel.wires = wanted
        kernel.held = bits.reduce(.none) { $0 | LineSet(line: $1) }
        kernel.isAsIs = asIs
        kernel.lastLevels = levels
        kernel.lastOutputs = outputs
        kernel.opened += 1
        kernel.log.append(asIs ? "look" : "open \(String(cString: consumer!))")
        request!.pointee = context
        return 0
      },
      write: { context, _, levels, mask in
        let kernel = Unmanaged<FakeKernel>.fromOpaque(context!).takeUnretainedValue()
        if let errno = kernel.fails() { return -errno }
        kernel.written?(levels & mask, mask)
        kernel.log.append("w \(String(mask, radix: 16)) \(String(levels & mask, radix: 16))")
        try! kernel.pins.write(LineSet(bits: levels), mask: LineSet(bits: mask) & kernel.held)
        return 0
      },
      read: { context, _, mask in
        let kernel = Unmanaged<FakeKernel>.fromOpaque(context!).takeUnretainedValue()
        if let errno = kernel.fails() { return cgpiod_reading(levels: 0, error: -errno) }
        if kernel.isAsIs { return cgpiod_reading(levels: kernel.leftLevels & mask, error: 0) }
        kernel.log.append("r \(String(mask, radix: 16))")
        let levels = try! kernel.pins.read(mask: LineSet(bits: mask))
        let (lines, forced) = kernel.shorted
        return cgpiod_reading(levels: levels.bits & ~lines | forced & lines & mask, error: 0)
      },
      close: { context, _ in
        let kernel = Unmanaged<FakeKernel>.fromOpaque(context!).takeUnretainedValue()
        kernel.closed += 1
        kernel.log.append("close")
      },
      open_bus: { context, path, speed, bus in
        let kernel = Unmanaged<FakeKernel>.fromOpaque(context!).takeUnretainedValue()
        guard let number = kernel.buses.firstIndex(of: String(cString: path!)) else {
          return -ENOENT
        }
        if kernel.busErrno != 0 { return -kernel.busErrno }
        kernel.busSpeed = speed
        kernel.openBuses += 1
        bus!.pointee = Int32(number)
        return 0
      },
      exchange: { context, _, word, bits, received in
        let kernel = Unmanaged<FakeKernel>.fromOpaque(context!).takeUnretainedValue()
        if let errno = kernel.fails() { return -errno }
        kernel.log.append("e \(bits)")
        received!.pointee = kernel.exchange(word, bits: Int(bits))
        return 0
      },
      close_bus: { context, _ in
        let kernel = Unmanaged<FakeKernel>.fromOpaque(context!).takeUnretainedValue()
        kernel.openBuses -= 1
      },
      now: { context in
        let kernel = Unmanaged<FakeKernel>.fromOpaque(context!).takeUnretainedValue()
        return kernel.pins.time.count
      },
      wait: { context, until in
        let kernel = Unmanaged<FakeKernel>.fromOpaque(context!).takeUnretainedValue()
        kernel.pins.wait(Nanoseconds(until - kernel.pins.time.count))
      })
  }
}

/// Fills a fixed array of characters.
private func put<Characters>(_ text: String, _ characters: inout Characters) {
  withUnsafeMutableBytes(of: &characters) { bytes in
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
    bytes.copyBytes(from: text.utf8.prefix(bytes.count - 1))
  }
}

/// A shipped board, a task placed on it, and a kernel with its double.
struct Bench {
  var board: BoardDescription
  var task: TaskDescription
  var kernel: FakeKernel
  var wiring: BoardWiring

  /// - Parameters:
  ///   - name: the name of a shipped board.
  ///   - taskName: the name of a shipped task.
  ///   - overBus: whether a controller has the serial lines.
  ///   - change: what is different about the board.
  /// - Throws: what keeps board and task from being read or wired.
  init(
    _ name: String, task taskName: String, overBus: Bool = false,
    change: (inout BoardDescription) -> Void = { _ in }
  ) throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().path
    board = try BoardDescription.read(path: "\(root)/board/\(name).yaml")
    change(&board)
    if overBus { board.wiring!.spi = .init(device: "/dev/spidev0.0", speed: 500e3) }
    task = try TaskDescription.read(path: "\(root)/task/\(taskName).yaml")
    let place = try task.place(on: board)
    let pins = try VirtualPins(
      description: board, seed: 5, sources: place.sources, targets: place.targets)
    wiring = pins.wiring
    kernel = FakeKernel(pins)
  }

  func lines() throws -> LinuxLines {
    try LinuxLines(board.wiring!, wiring: wiring, calls: kernel.calls)
  }
}

extension Machine {
  /// A machine at a chip with the lattice behind it.
  convenience init(
    index: UInt16 = 0, limits: Connection.Limits = Connection.Limits(), isSealed: Bool = true
  ) throws {
    let bench = try Bench("lattice", task: "xor")
    try self.init(
      PinChip(pins: bench.kernel.pins, wiring: bench.board.wiring!), index: index, limits: limits,
      isSealed: isSealed)
  }
}
