import Files
package import Firmware
import Portable
import Runs
package import Targets
import Wiring

/// Where a source stands while targets are read. A transistor's law bends with its nodes' voltages, so
/// that a level between tells how far gates are above their thresholds; low and high alone tell little more
/// than the ratios of conductances.
package enum SourceLevel: Int, Sendable, CaseIterable {
  /// The lowest voltage of nodes.
  case low
  /// The mean of both.
  case middle
  /// The highest voltage of nodes.
  case high

  /// The voltage that is asked for, V.
  func volts(on description: BoardDescription) -> Double {
    switch self {
    case .low: description.nodeLowest
    case .middle: (description.nodeLowest + description.nodeHighest) / 2
    case .high: description.nodeHighest
    }
  }
}

/// What was done to a board to learn what its parts are, and what its targets read of it: every gate
/// is taken up and down between the controllers' limits at its own pace, and after each pulse targets are
/// read while the sources stand in some patterns.
package struct Excitation: Sendable {
  /// Something that was done.
  package enum Event: Sendable, Equatable {
    /// A pulse.
    case pulse(end: Double, width: Double, drives: [Drive])
    /// A reading of every target, V, while sources stood at levels.
    case reading(at: Double, levels: [SourceLevel], volts: [Double])
  }

  /// What was done, in order; times in s.
  package internal(set) var events: [Event] = []
  /// How often each target was read for one reading.
  package let repeats: Int

  /// How many pulses were given.
  package var pulses: Int {
    events.count {
      if case .pulse = $0 { true } else { false }
    }
  }

  /// The time from the first event to the last, s: the board's.
  package var seconds: Double { (events.last?.time ?? 0) - (events.first?.time ?? 0) }

  /// Its first pulses and what was read by then.
  ///
  /// - Parameter pulses: how many pulses.
  /// - Returns: an excitation of these.
  func first(pulses: Int) -> Excitation {
    var first = Excitation(repeats: repeats)
    var done = 0
    first.events = Array(
      events.prefix {
        if case .pulse = $0 { done += 1 }
        return done <= pulses
      })
    return first
  }

  /// The seed of a calibration's paces and patterns. It is the same each time: what is wrong together of the
  /// parts that were found is reckoned anew by what was done (`CalibratedParts`).
  package static let seed: UInt64 = 1
  /// How often each target is read for one reading, and how many readings follow a pulse, each with the sources
  /// in another pattern. A pulse takes longer than all of them, so that they cost little of the board's time.
  static let repeats = 16
  static let patterns = 3
  /// How far inside the controllers' limits gates are turned around, V: what the parts' markings may
  /// be wrong by in a traverse.
  static let margin = 0.25
}

extension Excitation.Event {
  var time: Double {
    switch self {
    case .pulse(let end, _, _): end
    case .reading(let time, _, _): time
    }
  }
}

extension OpenTarget {
  /// Excites a board, wherever its gates stand.
  ///
  /// - Parameters:
  ///   - subject: the board.
  ///   - pulses: how many pulses.
  ///   - seed: the seed of the gates' paces and of the sources' patterns.
  ///   - repeats: how often each target is read for one reading.
  ///   - telling: is told how many pulses are done.
  ///   - stopping: asked before every pulse.
  /// - Returns: what was done and read.
  /// - Throws: `Stopped`, or what the board throws.
  package mutating func excite(
    _ subject: Subject, pulses: Int, seed: UInt64 = Excitation.seed,
    repeats: Int = Excitation.repeats,
    telling: (Int) -> Void = { _ in }, stopping: () -> Bool = { false }
  ) throws -> Excitation {
    var excitation = Excitation(repeats: repeats)
    let description = subject.description
    let edges = description.learningEdges.count
    let draw = Draw(seed: seed, purpose: 6101, device: 0)
    var events: UInt64 = 0
    func uniform() -> Double {
      defer { events += 1 }
      return draw.uniform(events)
    }
    // An account of the gates by their markings, for turning around: the controllers' would do, but
    // theirs is what calibration corrects.
    let nominal = Calibration(nominal: description)
    let law = nominal.law(minimum: description.gates.minimum, maximum: description.gates.maximum)
    var account = nominal.controllers(gate: description.gates.minimum)
    let lowest = Voltage(volts: description.gates.minimum + Excitation.margin)
    let highest = Voltage(volts: description.gates.maximum - Excitation.margin)
    var rising = (0..<edges).map { _ in uniform() < 0.7 }
    var paces = (0..<edges).map { _ in 0.4 + 0.6 * uniform() }
    let longest = session.board.longestPulse
    var drives = [Drive](repeating: .discharge, count: edges)

    func pulse(_ width: Nanoseconds, _ target: inout Self) throws {
      let lasted = try target.session.board.pulse(width: width, drives: drives.span)
      for edge in account.indices {
        account[edge].account(drives[edge], width: lasted, law: law)
      }
      excitation.events.append(
        .pulse(
          end: try target.session.board.now().seconds, width: lasted.seconds, drives: drives))
    }

    try releaseAll(subject)
    // Down, up and down again from wherever the gates stood: where exactly they then stand is fitted.
    if try !session.findGates(stopping: stopping) { throw Stopped() }
    for done in 0..<pulses {
      if stopping() { throw Stopped() }
      if done % 100 == 0 { telling(done) }
      for edge in 0..<edges {
        let gate = account[edge].gate
        if !(gate < highest) { rising[edge] = false }
        if !(lowest < gate) { rising[edge] = true }
        if uniform() < 0.02 { paces[edge] = 0.4 + 0.6 * uniform() }
        drives[edge] = uniform() < paces[edge] ? (rising[edge] ? .charge : .discharge) : .hold
      }
      try pulse(
        longest.scaled(by: Fraction(units: UInt32(0x3000_0000 + 0xa000_0000 * uniform()))), &self)
      for _ in 0..<Excitation.patterns {
        let levels = subject.sources.map { _ in SourceLevel.allCases[Int(3 * uniform())] }
        try drive(levels.map { $0.volts(on: description) })
        let volts = try subject.targets.indices.map { try measure($0, times: repeats) }
        excitation.events.append(
          .reading(at: try session.board.now().seconds, levels: levels, volts: volts))
      }
    }
    return excitation
  }
}

extension PartsModel {
  /// What a calibration takes.
  ///
  /// - Parameter pulses: how many pulses.
  /// - Returns: about how much of the board's time, s; how many parameters are fitted to how many readings.
  package func work(pulses: Int) -> (seconds: Double, parameters: Int, readings: Int) {
    let times = OperationTimes(description: description)
    func seconds(_ time: Nanoseconds) -> Double { Double(time.count) * 1e-9 }
    // Widths are drawn around half the longest; two sources of three get another level in a pattern.
    let pulse = seconds(times.pulsePreparation) + seconds(times.timer) / 2
    let measure = seconds(times.measureBeforeSample) + seconds(times.measureAfterSample)
    let pattern =
      2 / 3 * Double(sources.count) * seconds(times.convert) + seconds(times.settle)
      + Double(targets.count * Excitation.repeats) * measure
    // The one-shot rests while targets are read.
    let readings = max(Double(Excitation.patterns) * pattern, seconds(times.rest))
    return (
      Double(pulses) * (pulse + readings), means.count, pulses * Excitation.patterns * targets.count
    )
  }
}
