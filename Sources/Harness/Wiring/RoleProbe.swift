import BoardDouble
import Files
import Firmware
import Targets

/// Presents voltages on a board, its lines tried in each other's roles, and takes what it says. Where the
/// roles are those that the lines truly have, it says what it must.
struct RoleProbe: LineUser {
  /// Two lines, by the numbers of their roles.
  struct Exchange: Hashable {
    var one: Int
    var other: Int

    /// Whether they share a line.
    func meets(_ exchange: Exchange) -> Bool {
      [exchange.one, exchange.other].contains { $0 == one || $0 == other }
    }
  }

  let presentations: [WiringPresentation]
  /// The exchanges of each trial.
  let trials: [[Exchange]]
  /// The pulses of each trial, between its presentations; none where there are fewer.
  var pulses: [[[Drive]]] = []
  /// Whether targets are read.
  var reading = true
  /// For how long lines may be high; what is beyond that is not tried.
  let budget: PulseBudget
  /// Whether a stop is asked for: then what is left is not tried.
  let stopping: () -> Bool
  /// What was said in each trial that was done; `nil` where the chains did not answer as they must.
  private(set) var observations: [WiringObservation?] = []

  init(
    _ presentations: [WiringPresentation], trials: [[Exchange]], pulses: [[[Drive]]] = [],
    reading: Bool = true, budget: PulseBudget,
    stopping: @escaping () -> Bool
  ) {
    self.budget = budget
    self.presentations = presentations
    self.trials = trials
    self.pulses = pulses
    self.reading = reading
    self.stopping = stopping
  }

  mutating func use<L: Lines & ~Copyable>(
    _ lines: inout L, _ wiring: BoardWiring
  ) throws(L.Failure) {
    for (number, exchanges) in trials.enumerated() {
      if stopping() || !budget.isLeft { return }
      var roles = Array(0..<64)
      for exchange in exchanges { roles.swapAt(exchange.one, exchange.other) }
      let (presentations, reading) = (presentations, reading)
      let pulses = number < pulses.count ? pulses[number] : []
      let seen = try withUnsafeMutablePointer(to: &lines) {
        pointer throws(L.Failure) -> WiringObservation? in
        let exchanged = ExchangedLines(pointer, lines: roles, budget)
        // A drive that is tried as LEARN has its own role at LEARN's line, which must stay low.
        var quiet = LineSet.none
        var place = -1
        if let line = exchanges.first(where: { $0.one == 3 })?.other, wiring.kind == .direct {
          place = line - 4 - Int(wiring.selectCount)
          if place >= 0 { quiet = LineSet(line: line) }
        }
        func adapted(_ drives: [Drive]) -> [Drive] {
          var drives = drives
          if place >= 0 { drives[place / 4] = place % 4 == 2 ? .hold : .discharge }
          return drives
        }
        try budget.write(
          exchanged.at(wiring.idle.without(quiet)), mask: wiring.outputs, to: &pointer.pointee)
        var board = WiredBoard(lines: exchanged, wiring: wiring)
        do throws(WiredFailure<L.Failure>) {
          var before: [[Double]] = []
          if !pulses.isEmpty {
            before = try WiringObservation(of: &board, edges: wiring.edgeCount, presentations)
              .readings
          }
          for drives in pulses {
            _ = try board.pulse(width: wiring.timer, drives: adapted(drives).span)
          }
          if !pulses.isEmpty {
            // Drives stand until the next pulse; what is sent now may be LEARN's.
            let hold = adapted([Drive](repeating: .hold, count: wiring.edgeCount))
            _ = try board.pulse(width: .zero, drives: hold.span)
          }
          var seen = try WiringObservation(
            of: &board, edges: wiring.edgeCount, presentations, reading: reading)
          seen.before = before
          return seen
        } catch {
          if case .lines(let failure) = error { throw failure }
          return nil
        }
      }
      observations.append(seen)
      try budget.write(wiring.idle, mask: wiring.outputs, to: &lines)
    }
  }
}

extension RoleProbe.Exchange {
  /// The mistake that it mends, on a board whose edges have lines.
  func mistake(_ wiring: WiringDescription) -> WiringMistake {
    let chips = 4..<4 + wiring.selects.count
    return chips.contains(one) && chips.contains(other)
      ? .selects(min(one, other) - 4, max(one, other) - 4)
      : .swapped(wiring.wire(at: one), wiring.wire(at: other))
  }
}

extension WiringDescription {
  /// The wire at a line of a board whose edges have lines.
  func wire(at line: Int) -> BoardWire {
    let place = line - 4 - selects.count
    return place < 0
      ? .line(wires[line].role) : .edge(place / 4, BoardWire.EdgeWire(rawValue: place % 4)!)
  }
}
