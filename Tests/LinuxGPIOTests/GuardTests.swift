import CGPIOD
import Files
import Firmware
import Foundation
import GuardTrial
import Testing

@testable import LinuxGPIO

/// How programs end that hold lines: each is a process of its own whose threads write as fast as
/// they can, with handlers installed before the guard that return, as those of Swift's crash
/// reporter do. It comes from a process that holds no line itself, in which the guard would have
/// handlers already.
@Suite(.serialized)
struct GuardTests {
  @Test func `a signal ends a program by that signal, and nothing is written after the guard`()
    async
  {
    await #expect(processExitsWith: .success) {
      let signals = [
        SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGSYS, SIGUSR1, SIGXFSZ,
      ]
      for round in 0..<200 {
        let number = signals[round / 2 % signals.count]
        let ending = guard_try(
          guard_trial(
            signal: number, raised: round % 2 == 0, overflows: false, threads: Int32(1 + round % 4),
            hangs: false, moment: Int64(round) * 7919 % 3_000_000))
        let what = "round \(round), signal \(number)"
        #expect(ending.status & 0x7f == number, "\(what): \(ending.status)")
        isAtRest(ending, what)
      }
    }
  }

  @Test func `exit leaves the lines at rest, and nothing is written after the guard`() async {
    await #expect(processExitsWith: .success) {
      for round in 0..<50 {
        let ending = guard_try(
          guard_trial(
            signal: 0, raised: false, overflows: false, threads: Int32(1 + round % 4), hangs: false,
            moment: Int64(round) * 7919 % 1_000_000))
        #expect(ending.status == 0, "round \(round)")
        isAtRest(ending, "round \(round)")
      }
    }
  }

  @Test func `a write that hangs in another thread does not keep the program from its end`() async {
    await #expect(processExitsWith: .success) {
      for number in [SIGQUIT, SIGUSR1, 0] {
        let ending = guard_try(
          guard_trial(
            signal: number, raised: false, overflows: false, threads: 1, hangs: true,
            moment: 100_000
          ))
        #expect(ending.status & 0x7f == number)
        isAtRest(ending, "signal \(number)")
        // It is waited for, 100 ms; the rest is for a busy machine.
        #expect(ending.duration > 90_000_000 && ending.duration < 2_000_000_000)
      }
    }
  }

  /// On a busy machine a thread may be kept from going on for longer than the guard waits.
  @Test func `a write that takes effect after the guard is put to rest by its own thread`() async {
    await #expect(processExitsWith: .success) {
      for round in 0..<3 {
        let ending = guard_try_stalling(
          guard_trial(
            signal: 0, raised: false, overflows: false, threads: Int32(1 + round), hangs: false,
            moment: 100_000))
        #expect(ending.status == 0, "round \(round)")
        isAtRest(ending, "round \(round)")
      }
    }
  }

  /// A driver that is busy for a moment must not leave LEARN active.
  @Test func `a write of the guard that fails is tried again, and the next one made`() async {
    await #expect(processExitsWith: .success) {
      for number in [SIGQUIT, SIGUSR1, 0] {
        let trial = guard_trial(
          signal: number, raised: false, overflows: false, threads: 1, hangs: false,
          moment: 100_000)
        let ending = guard_try_failing(trial, 4)
        #expect(ending.status & 0x7f == number)
        isAtRest(ending, "signal \(number), four failures")
        // LEARN's own line is beyond help; the others are not.
        let other = guard_try_failing(trial, -1)
        #expect(other.status & 0x7f == number)
        #expect(other.levels == 1, "signal \(number), LEARN fails")
      }
    }
  }

  @Test func `a stack that has run over ends the program with its lines at rest`() async {
    await #expect(processExitsWith: .success) {
      let ending = guard_try(
        guard_trial(
          signal: SIGSEGV, raised: false, overflows: true, threads: 2, hangs: false, moment: 100_000
        ))
      #expect(ending.status & 0x7f == SIGSEGV)
      isAtRest(ending, "overflow")
    }
  }

  @Test func `the stack of any thread that has set a line may run over`() async {
    let result = await #expect(
      processExitsWith: .signal(SIGSEGV), observing: [\.standardOutputContent]
    ) {
      let bench = try Bench("breadboard", task: "regression")
      let learn = bench.wiring.learn
      var calls = bench.kernel.calls
      // A stack may run over anywhere: what runs in the handler allocates nothing.
      calls.write = { _, _, levels, mask in
        var mark = UInt8(ascii: mask != 8 ? "." : levels & 8 == 0 ? "R" : "L")
        write(STDOUT_FILENO, &mark, 1)
        return 0
      }
      #expect(learn.bits == 8)
      nonisolated(unsafe) let opened = try LinuxLines(
        bench.board.wiring!, wiring: bench.wiring, calls: calls)
      // A test's thread is not the program's first: it has signals blocked, and has others beside
      // it.
      Thread.detachNewThread {
        hearSignals()
        var lines = opened
        try? lines.write(learn, mask: learn)
        _ = deeper(1)
      }
      while true { pause() }
    }
    let written = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
    #expect(written.hasSuffix("LR..R.."), "\(written)")
  }

  @Test func `a thread that has set a line gives the stack for its handlers back at its end`() async
  {
    await #expect(processExitsWith: .success) {
      /// How much of its address space the process has taken, bytes.
      func taken() throws -> Int {
        let pages = try #require(kernelText("/proc/self/statm")?.split(separator: " ").first)
        return try #require(Int(pages)) * sysconf(Int32(_SC_PAGESIZE))
      }
      /// Runs threads one after the other.
      func runThreads(_ count: Int) {
        for _ in 0..<count {
          var thread = pthread_t()
          var withoutStack: UnsafeMutableRawPointer?
          pthread_create(
            &thread, nil,
            { _ in
              let refused = cgpiod_enter()
              cgpiod_leave()
              var stack = stack_t()
              sigaltstack(nil, &stack)
              let hasStack = stack.ss_flags & Int32(SS_DISABLE) == 0
              return refused == 0 && hasStack ? nil : UnsafeMutableRawPointer(bitPattern: 1)
            }, nil)
          pthread_join(thread, &withoutStack)
          #expect(withoutStack == nil)
        }
      }
      // What threads take once, and what ended ones still hold, is taken by then.
      runThreads(200)
      let before = try taken()
      runThreads(2000)
      // Stacks that nobody gives back would be 131 MB.
      #expect(try taken() < before + 40_000_000)
    }
  }

  /// What Swift's crash reporter does with SIGQUIT and SIGABRT.
  @Test func `lines rest and a program ends where a signal's handler before it returned`() async {
    let result = await #expect(
      processExitsWith: .signal(SIGQUIT), observing: [\.standardOutputContent]
    ) {
      signal(SIGQUIT) { _ in }
      hearSignals()
      let bench = try Bench("breadboard", task: "regression")
      let learn = bench.wiring.learn
      var lines = try bench.lines()
      bench.kernel.written = { levels, mask in
        if mask == learn.bits { say(levels == 0 ? "rest" : "learn") }
      }
      try lines.write(learn, mask: learn)
      raise(SIGQUIT)
      try lines.write(learn, mask: learn)
    }
    let written = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
    #expect(written.hasSuffix("learn;rest;rest;"), "\(written)")
  }

  @Test func `lines of two boards are put to rest when a program ends itself by a signal`() async {
    let result = await #expect(
      processExitsWith: .signal(SIGTERM), observing: [\.standardOutputContent]
    ) {
      let benches = [
        try Bench("breadboard", task: "regression"), try Bench("lattice", task: "xor"),
      ]
      var lines = try benches.map { try $0.lines() }
      for (index, bench) in benches.enumerated() {
        let learn = bench.wiring.learn
        bench.kernel.written = { levels, mask in
          if mask == learn.bits { say("\(index)\(levels == 0 ? "rest" : "learn")") }
        }
        try lines[index].write(learn, mask: learn)
      }
      endProgram(bySignal: SIGTERM)
    }
    let written = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
    #expect(written.hasSuffix("0learn;1learn;0rest;1rest;0rest;1rest;"), "\(written)")
  }

  /// Whoever ends the program may still let go of its lines, but sets none.
  @Test func `after exit has put lines to rest its own thread cannot set them either`() async {
    let result = await #expect(
      processExitsWith: .exitCode(7), observing: [\.standardOutputContent]
    ) {
      // Exit handlers run in the opposite order of their registration: this one after the guard.
      atexit { tryAgain?() }
      let bench = try Bench("breadboard", task: "regression")
      let learn = bench.wiring.learn
      var lines = try bench.lines()
      bench.kernel.written = { levels, mask in
        if mask == learn.bits { say(levels == 0 ? "rest" : "learn") }
      }
      let again = lines
      tryAgain = {
        var lines = again
        do { try lines.write(learn, mask: learn) } catch { say("\(error)") }
      }
      try lines.write(learn, mask: learn)
      exit(7)
    }
    let written = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
    #expect(
      written.hasSuffix(
        "learn;rest;rest;setting GPIO lines failed: Operation canceled (errno 125);"),
      "\(written)")
  }
}

private func isAtRest(_ ending: guard_ending, _ what: String) {
  #expect(ending.levels == 0, "\(what): lines left driven")
  #expect(ending.late == 0, "\(what): written after the guard")
  #expect(ending.guarded >= 2 && ending.writes > 0, "\(what)")
}

private nonisolated(unsafe) var tryAgain: (() -> Void)?

/// Writes to standard output at once, as a signal handler may.
private func say(_ text: String) {
  for byte in text.utf8 + [UInt8(ascii: ";")] {
    var byte = byte
    write(STDOUT_FILENO, &byte, 1)
  }
}

/// Unblocks all signals in a thread that tests run on.
private func hearSignals() {
  var none = sigset_t()
  sigemptyset(&none)
  pthread_sigmask(SIG_SETMASK, &none, nil)
}

/// Runs the stack over.
@inline(never)
private func deeper(_ number: Int) -> Int {
  // Small enough to lie on the stack.
  withUnsafeTemporaryAllocation(of: Int.self, capacity: 64) { room in
    room[number % 64] = number
    return deeper(number + 1) &+ room[number % 63]
  }
}
