import Files
import Firmware
package import Targets
import Runs

/// What targets read of what sources are told.
package enum ConvertersPhase: Phase {
  package static let name = "converters"
  package static let about =
    "With all sources at one voltage every target reads it: offset and gain of the loop."
  package static let needsGates = true
  package static let remedy =
    "one target off: its buffer or its channel of the MCP3208; all off: the reference or a source's buffer"

  package static func run<Target: OpenTarget>(
    on target: inout Target, _ log: inout PhaseLog, _ subject: Subject
  ) throws {
    let (low, high) = (subject.description.nodeLowest, subject.description.nodeHighest)
    let levels = (1...4).map { low + (high - low) * Double($0) / 4 }
    var read = [[Double]](repeating: [], count: subject.targets.count)
    try target.releaseAll(subject)
    for level in levels {
      try log.check()
      try target.drive([Double](repeating: level, count: subject.sources.count))
      for channel in subject.targets.indices {
        read[channel].append(try target.measure(channel))
      }
    }
    let middle = levels.reduce(0, +) / Double(levels.count)
    for (channel, node) in subject.targets.enumerated() {
      let mean = read[channel].reduce(0, +) / Double(levels.count)
      var slope = 0.0
      var square = 0.0
      for (level, volts) in zip(levels, read[channel]) {
        slope += (level - middle) * (volts - mean)
        square += (level - middle) * (level - middle)
      }
      let name = subject.description.nodes[node]
      log.add(
        Reading("\(name): offset at mid-range", (mean - middle) * 1000, "mV", resolution: 0.25))
      log.add(Reading("\(name): gain", slope / square, "", resolution: 0.001))
    }
  }
}

/// At which clamp voltage comparators turn.
package enum ComparatorsPhase: Phase {
  package static let name = "comparators"
  package static let about =
    "The clamp at which comparator A of each edge at a target turns: what all edges there share is the "
    + "clamp's offset, the rest is the comparator's."
  package static let needsGates = true
  package static let remedy =
    "one edge: its averages' resistors (1 Mohm, 1 %) and its comparator's inputs, one that never turns has "
    + "an input open, one that says one thing and then another an output too; all edges of a target: its clamp's converter and resistor"

  /// How far from the free voltage a clamp goes to find the turn, V.
  static let reach = 0.15

  package static func run<Target: OpenTarget>(
    on target: inout Target, _ log: inout PhaseLog, _ subject: Subject
  ) throws {
    let edges = subject.description.learningEdges
    let high = subject.sources.indices.map { $0 % 2 == 0 }
    for (channel, node) in subject.targets.enumerated() {
      let own = edges.indices.filter { edges[$0].from == node || edges[$0].to == node }
      if own.isEmpty { continue }
      try target.releaseAll(subject)
      try target.drive(high, subject)
      let free = try target.measure(channel)
      var turns: [Double] = []
      for edge in own {
        try log.check()
        // Raising the clamp raises dV_C where the edge begins here: A, dV_F > dV_C, then falls.
        let begins = edges[edge].from == node
        var (below, above) = (-reach, reach)
        for _ in 0..<9 {
          let middle = (below + above) / 2
          try target.session.board.clamp(target: channel, at: Voltage(volts: free + middle))
          try target.session.board.settle()
          let a = try target.compare()[edge].bits & 1 != 0
          if a == begins { below = middle } else { above = middle }
        }
        turns.append((below + above) / 2 * 1000)
      }
      // Far from where it turns a comparator says the same every time; one that floats finds a turn too.
      var said = [Set<Bool>](repeating: [], count: 2 * own.count)
      for time in 0..<16 {
        try log.check()
        let volts = free + (time % 2 == 0 ? -reach : reach)
        try target.session.board.clamp(target: channel, at: Voltage(volts: volts))
        try target.session.board.settle()
        let comparisons = try target.compare()
        for (place, edge) in own.enumerated() {
          said[2 * place + time % 2].insert(comparisons[edge].bits & 1 != 0)
        }
      }
      for (place, edge) in own.enumerated()
      where said[2 * place].count > 1 || said[2 * place + 1].count > 1 {
        log.find(
          "comparator A of edge \(edges[edge].name) says one thing and then another while the clamp at "
            + "\(subject.description.nodes[node]) stands still")
      }
      let shared = turns.reduce(0, +) / Double(turns.count)
      log.add(
        Reading(
          "\(subject.description.nodes[node]): clamp's offset", shared, "mV", resolution: 1))
      for (edge, turn) in zip(own, turns) where own.count > 1 {
        log.add(
          Reading(
            "\(edges[edge].name) at \(subject.description.nodes[node]): comparator A's own",
            turn - shared, "mV", resolution: 1))
      }
    }
    try target.releaseAll(subject)
  }
}

/// How far pulses that charge and discharge each edge move what is seen of it.
package enum EdgesPhase: Phase {
  package static let name = "edges"
  package static let about =
    "Each edge is charged and discharged by itself; the target that shows it best follows."
  package static let needsGates = true
  package static let remedy =
    "no answer: the transistor, its gate or both drives; one way only: that drive's diode or resistor; the "
    + "wrong sign: charge and discharge are exchanged"

  package static func run<Target: OpenTarget>(
    on target: inout Target, _ log: inout PhaseLog, _ subject: Subject
  ) throws {
    let initial = target.initialGates(subject)
    for (edge, view) in subject.views.enumerated() {
      let name = subject.description.learningEdges[edge].name
      // What an ideal board hardly shows would be noise here.
      if abs(view.response) < 5e-4 { continue }
      try log.check()
      let before = try target.see(view, at: initial, log, subject)
      var gates = initial
      for (word, sign) in [("charged", 1.0), ("discharged", -1.0)] {
        gates[edge] = initial[edge] + sign * Subject.lift
        let after = try target.see(view, at: gates, log, subject)
        log.add(
          Reading(
            "\(name): \(word), \(subject.description.nodes[subject.targets[view.target]]) moves",
            (after - before) * 1000, "mV", resolution: 0.15))
      }
    }
    try target.program(initial, log)
  }
}

/// Gates that nobody drives stay where they are.
package enum HoldPhase: Phase {
  package static let name = "hold"
  package static let about = "Pulses that hold every gate for half a second move no target."
  package static let needsGates = true
  package static let remedy =
    "an edge that moves alone: a diode of its pair, the capacitor (polyester leaks) or flux on the gate"

  package static func run<Target: OpenTarget>(
    on target: inout Target, _ log: inout PhaseLog, _ subject: Subject
  ) throws {
    try target.program(target.initialGates(subject), log)
    let high = subject.sources.indices.map { $0 % 2 == 0 }
    try target.drive(high, subject)
    let before = try subject.targets.indices.map { try target.measure($0, times: 16) }
    let start = try target.session.board.now()
    let width = target.session.board.longestPulse.half
    let none: [Drive] = []
    for _ in 0..<60 {
      try log.check()
      _ = try target.session.board.pulse(width: width, drives: none.span)
    }
    let seconds = max((try target.session.board.now() - start).seconds, 1e-6)
    for (channel, node) in subject.targets.enumerated() {
      let after = try target.measure(channel, times: 16)
      log.add(
        Reading(
          "\(subject.description.nodes[node]): drift while held",
          (after - before[channel]) * 1000 / seconds, "mV/s", resolution: 0.3))
    }
  }
}

/// The one-shot ends what lasts too long.
package enum TimerPhase: Phase {
  package static let name = "timer"
  package static let about =
    "A pulse of five times the one-shot's time moves an edge no further than one of its time."
  package static let needsGates = true
  package static let remedy =
    "the one-shot does not end the pulse: measure the 74HCT123's output while LEARN is high, before any "
    + "training"

  package static func run<Target: OpenTarget>(
    on target: inout Target, _ log: inout PhaseLog, _ subject: Subject
  ) throws {
    guard
      let edge = subject.views.indices.max(by: {
        abs(subject.views[$0].response) < abs(subject.views[$1].response)
      })
    else { throw Skipped("the board has no learning edge") }
    let view = subject.views[edge]
    let edges = subject.views.count
    var drives = [Drive](repeating: .hold, count: edges)
    drives[edge] = .discharge
    var read: Set<Double> = []
    func move(_ width: Nanoseconds, _ target: inout Target) throws -> Double {
      let before = try target.see(view, at: target.initialGates(subject), log, subject)
      for _ in 0..<3 {
        _ = try target.session.board.pulse(width: width, drives: drives.span)
      }
      let after = try target.measure(view.target, times: 16)
      read.formUnion([before, after])
      // What these pulses moved is not in the controllers' account.
      guard try target.session.findGates(stopping: log.stopping) else { throw Stopped() }
      return after - before
    }
    let timer = target.session.board.longestPulse
    let once = try move(timer, &target)
    let longer = try move(timer.times(5), &target)
    let converters = subject.description.converters
    let step = converters.reference / Double(1 << converters.bits)
    if read.count == 1, let volts = read.first,
      volts < converters.lowest + step
        || volts > converters.lowest + converters.reference - 2 * step
    {
      log.find(
        "target \(subject.description.nodes[subject.targets[view.target]]) reads \(rounded(volts)) V in all of "
          + "64 readings, an end of its converter: look first at MISO and at that converter")
      log.remedy =
        "nothing is told of the one-shot while no reading comes back: mend MISO or the converter, and repeat"
    }
    log.add(
      Reading(
        "\(subject.description.learningEdges[edge].name): a pulse of the one-shot's time moves",
        once / 3 * 1000, "mV", resolution: 0.15))
    // Where the first pulses moved nothing, there is no relation: that they did not is a reading itself.
    if once != 0 {
      log.add(
        Reading("five times as long, in relation", longer / once, "", resolution: 0.03))
    }
    try target.program(target.initialGates(subject), log)
  }
}
