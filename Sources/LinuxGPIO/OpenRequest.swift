import CGPIOD
import Firmware

/// An open request; its lines go to rest and are released when nobody holds it any more.
final class OpenRequest {
  /// What every operation touches. It lies outside the object, whose fields would be checked for
  /// exclusive access at every use.
  let hot: UnsafeMutablePointer<Hot>
  let guardWrites: cgpiod_guard

  init(
    calls: cgpiod_calls, request: UnsafeMutableRawPointer, bus: Int32?, wiring: BoardWiring
  ) throws(LineError) {
    hot = .allocate(capacity: 1)
    hot.initialize(to: Hot(calls: calls, request: request, bus: bus ?? -1))
    // LEARN first; then nothing is selected; then the rest, the address of the decoder included.
    let selects = wiring.enable | wiring.selectLines
    var plan = cgpiod_guard()
    let idle = wiring.idle
    plan.masks.0 = wiring.learn.bits
    plan.masks.1 = selects.bits
    plan.masks.2 = wiring.outputs.without(wiring.learn | selects).bits
    plan.levels.0 = (idle & wiring.learn).bits
    plan.levels.1 = (idle & selects).bits
    plan.levels.2 = idle.bits & plan.masks.2
    plan.count = 3
    guardWrites = plan
    let isGuarded = withUnsafePointer(to: calls) { calls in
      withUnsafePointer(to: plan) { cgpiod_arm(calls, request, $0) }
    }
    // Lines that nobody would put to rest must not be opened.
    if !isGuarded { throw .tooManyOpen(most: Int(CGPIOD_GUARDED)) }
  }

  deinit {
    cgpiod_disarm(hot.pointee.request)
    hot.pointee.calls.close(hot.pointee.calls.context, hot.pointee.request)
    if hot.pointee.bus >= 0 {
      hot.pointee.calls.close_bus(hot.pointee.calls.context, hot.pointee.bus)
    }
    hot.deinitialize(count: 1)
    hot.deallocate()
  }

  func guardWrite(_ index: Int) -> (levels: UInt64, mask: UInt64) {
    switch index {
    case 0: (guardWrites.levels.0, guardWrites.masks.0)
    case 1: (guardWrites.levels.1, guardWrites.masks.1)
    default: (guardWrites.levels.2, guardWrites.masks.2)
    }
  }
}

/// The part of an open request that its operations use.
struct Hot: ~Copyable {
  let calls: cgpiod_calls
  let request: UnsafeMutableRawPointer
  /// The serial bus; negative for none.
  let bus: Int32
  let origin: Int64
  var writes = 0
  var reads = 0
  var exchanges = 0
  var latency = Latency()
  var exchangeLatency = Latency()
  private var untilTimed = 1

  init(calls: cgpiod_calls, request: UnsafeMutableRawPointer, bus: Int32) {
    self.calls = calls
    self.request = request
    self.bus = bus
    origin = calls.now(calls.context)
  }

  var now: Nanoseconds { Nanoseconds(calls.now(calls.context) - origin) }

  @inline(__always)
  mutating func write(_ levels: UInt64, mask: UInt64) throws(LineError) {
    writes &+= 1
    untilTimed &-= 1
    // While the program ends nothing is written, not even what was interrupted.
    var result = cgpiod_enter()
    if result == 0 {
      result =
        untilTimed > 0
        ? calls.write(calls.context, request, levels, mask) : timedWrite(levels, mask)
      cgpiod_leave()
    }
    while result != 0 {
      if result != -interrupted { throw failure(.write, result) }
      result = writeAgain(levels, mask)
    }
  }

  @inline(__always)
  mutating func read(mask: UInt64) throws(LineError) -> UInt64 {
    reads &+= 1
    untilTimed &-= 1
    var result =
      untilTimed > 0 ? calls.read(calls.context, request, mask) : timedRead(mask)
    while result.error != 0 {
      if result.error != -interrupted { throw failure(.read, result.error) }
      result = calls.read(calls.context, request, mask)
    }
    return result.levels
  }

  // Looking at the clock twice costs a tenth of a fast operation, so one in thirty-one is timed, a
  // number that shares no factor with a frame's pattern. What is seldom needed stays out of line.

  @inline(never)
  private mutating func timedWrite(_ levels: UInt64, _ mask: UInt64) -> Int32 {
    untilTimed = 31
    let start = calls.now(calls.context)
    let result = calls.write(calls.context, request, levels, mask)
    latency.add(calls.now(calls.context) - start)
    return result
  }

  @inline(never)
  private mutating func timedRead(_ mask: UInt64) -> cgpiod_reading {
    untilTimed = 31
    let start = calls.now(calls.context)
    let result = calls.read(calls.context, request, mask)
    latency.add(calls.now(calls.context) - start)
    return result
  }

  @inline(never)
  private func writeAgain(_ levels: UInt64, _ mask: UInt64) -> Int32 {
    let refused = cgpiod_enter()
    if refused != 0 { return refused }
    defer { cgpiod_leave() }
    return calls.write(calls.context, request, levels, mask)
  }

  @inline(never)
  private func failure(_ call: LineError.Call, _ result: Int32) -> LineError {
    .failed(call, errno: -result)
  }

  /// Every exchange is timed: against its bits, a look at the clock is nothing. An interrupted one is
  /// not made again, for some of its bits may have gone out.
  mutating func exchange(_ word: UInt32, bits: Int, bus: Int32) throws(LineError) -> UInt32 {
    exchanges &+= 1
    var received: UInt32 = 0
    let start = calls.now(calls.context)
    var result = cgpiod_enter()
    if result == 0 {
      result = calls.exchange(calls.context, bus, word, UInt32(bits), &received)
      cgpiod_leave()
    }
    exchangeLatency.add(calls.now(calls.context) - start)
    if result != 0 { throw .failed(.exchange, errno: -result) }
    return received
  }
}
