package import Firmware
import LinuxGPIO

#if Simulation
import Circuit
#endif

/// A step of leaving a board with nothing driven. Steps are tried in order, each although the one before it
/// failed: what can harm most comes first.
package enum TeardownStep: Sendable, Equatable {
  /// LEARN goes off.
  case learn
  /// Every drive holds.
  case drives
  /// A clamp's converter shuts down.
  case clamp(Int)
  /// A source's converter shuts down.
  case source(Int)
  /// All lines go to rest.
  case lines

  /// The step in words.
  ///
  /// - Parameters:
  ///   - sources: the names of the sources' nodes, where they are known.
  ///   - targets: those of the targets' nodes.
  /// - Returns: the words; a channel without a name is called by its number, from 0 as in the board's file.
  package func words(sources: [String] = [], targets: [String] = []) -> String {
    func name(_ channel: Int, _ names: [String]) -> String {
      names.indices.contains(channel) ? "at \(names[channel])" : "\(channel)"
    }
    return switch self {
    case .learn: "LEARN off"
    case .drives: "drives to hold"
    case .clamp(let channel): "clamp \(name(channel, targets)) shut down"
    case .source(let channel): "source \(name(channel, sources)) shut down"
    case .lines: "lines to rest"
    }
  }
}

/// A step of a teardown that was not done.
package struct TeardownFailure: Sendable, Equatable {
  /// The step.
  package let step: TeardownStep
  /// The step in words.
  private var stepWords: String
  /// Why not.
  package let why: String

  /// Makes one.
  ///
  /// - Parameters:
  ///   - step: the step.
  ///   - why: why it was not done.
  package init(step: TeardownStep, why: String) {
    self.step = step
    stepWords = step.words()
    self.why = why
  }

  /// Whether something may be driven: drives act under LEARN alone.
  package var isDangerous: Bool { step != .drives }
  /// The failure in words.
  package var words: String { "\(stepWords): \(why)" }

  /// The same with its node by name.
  ///
  /// - Parameters:
  ///   - sources: the names of the sources' nodes.
  ///   - targets: those of the targets' nodes.
  /// - Returns: the failure.
  package func named(sources: [String], targets: [String]) -> TeardownFailure {
    var copy = self
    copy.stepWords = step.words(sources: sources, targets: targets)
    return copy
  }
}

/// How long a teardown may take on the board's clock. Asked between steps: a call that the kernel does not
/// come back from cannot be bounded from here.
package let teardownTime = Nanoseconds.milliseconds(1000)

extension WiredBoard where L: ~Copyable {
  /// The converters' steps.
  var converterSteps: [TeardownStep] {
    (0..<wiring.targetCount).map(TeardownStep.clamp)
      + (0..<wiring.sourceCount).map(TeardownStep.source)
  }

  /// Goes through one step.
  /// - Throws: what keeps it from being done.
  mutating func tearDown(_ step: TeardownStep) throws(Failure) {
    switch step {
    case .clamp(let channel): return try shutDown(clamp: channel)
    case .source(let channel): return try shutDown(source: channel)
    case .drives where wiring.kind == .chains: try checkChain()
    case .learn, .drives, .lines: break
    }
    do throws(L.Failure) {
      switch step {
      case .learn: try lines.write(.none, mask: wiring.learn)
      case .drives where wiring.kind == .chains:
        // The pattern that holds is in the registers now.
        try lines.write(wiring.latch, mask: wiring.latch)
        try lines.write(.none, mask: wiring.latch)
      case .drives:
        try lines.write(wiring.edgeLines(3), mask: wiring.edgeLines(2) | wiring.edgeLines(3))
      case .clamp, .source: break
      case .lines: try lines.write(wiring.idle, mask: wiring.outputs)
      }
    } catch { throw .lines(error) }
  }

  /// Leaves nothing driven, as far as that can be done in a time.
  ///
  /// - Parameters:
  ///   - time: the time, on the lines' clock; LEARN and the lines are seen to also after it.
  ///   - finally: puts the lines to rest.
  /// - Returns: what was not done.
  mutating func tearDown(
    within time: Nanoseconds, finally: (inout Self) throws -> Void
  ) -> [TeardownFailure] {
    var failures: [TeardownFailure] = []
    let start = try? now()
    for step in [.learn, .drives] + converterSteps {
      if step != .learn, let start, let now = try? now(), start + time < now {
        failures.append(
          TeardownFailure(step: step, why: "left out: there was no time for it, \(time.seconds) s"))
        continue
      }
      do throws(Failure) { try tearDown(step) } catch {
        failures.append(TeardownFailure(step: step, why: "\(error)"))
      }
    }
    do { try finally(&self) } catch {
      failures.append(TeardownFailure(step: .lines, why: "\(error)"))
    }
    return failures
  }
}

/// Whether an error says that a board's lines, or the chips behind them, do not answer; a circuit of the double
/// without a solution does not, nor does a conversion that the computer was too late for.
package func isNoAnswer(_ error: any Error) -> Bool {
  switch error {
  case is LineError: return true
  case let error as WiredFailure<LineError>: return error != .conversionTooSlow
  default: break
  }
  #if Simulation
  if let error = error as? WiredFailure<CircuitError> { return error == .chainBroken }
  #endif
  return false
}

/// What keeps a board that was just opened from its rest, in words; `nil` of another error, after which nothing
/// of it was touched.
///
/// - Parameter error: the error.
/// - Returns: the words.
package func leftAway(_ error: any Error) -> String? {
  guard let error = error as? LineError, case .awayFromRest = error else { return nil }
  return "\(error)"
}
