import Circuit
import Files
import Firmware
import Testing
import BoardDouble

/// The free and the clamped twin as circuits.
@Suite struct TwinTests {
  /// The ideal lattice with drawn gates and sources.
  private func lattice(seed: UInt64, change: (inout BoardDescription) -> Void = { _ in }) throws
    -> AnalogBoard
  {
    var description = try shippedBoard("lattice")
    description.imperfections = .none
    change(&description)
    var board = try AnalogBoard(bench: description)
    var dice = Dice(seed)
    board.setGates((0..<32).map { _ in dice.number(1.2...3.2) }, at: .zero)
    for source in 0..<8 { try board.drive(source, dice.number(0...0.45)) }
    return board
  }

  @Test func `released clamps load the clamped twin by half a megohm and no more`() throws {
    for seed: UInt64 in 1...10 {
      var board = try lattice(seed: seed)
      let free = try board.freeVoltages(at: .zero)
      let clamped = try board.clampedVoltages(at: .zero)
      for node in free.indices {
        // Toward ground only, by the node's own resistance of a kilohm or two over 500 kohm.
        #expect(-1e-12 <= free[node] - clamped[node] && free[node] - clamped[node] < 5e-3)
      }
      let target = board.targetNodes[0]
      #expect(free[target] - clamped[target] > 1e-6)
    }
  }

  @Test func `clamped where they float the twins agree`() throws {
    for seed: UInt64 in 1...10 {
      var board = try lattice(seed: seed)
      let free = try board.freeVoltages(at: .zero)
      for (channel, node) in board.targetNodes.enumerated() { try board.clamp(channel, free[node]) }
      let clamped = try board.clampedVoltages(at: .zero)
      for node in free.indices { #expect(abs(free[node] - clamped[node]) < 1e-7) }
    }
  }

  @Test func `a clamp pulls its node most of the way, as its resistance says`() throws {
    func share(_ ohms: Double, seed: UInt64) throws -> Double {
      var board = try lattice(seed: seed) { $0.clampOhms = ohms }
      let node = board.targetNodes[1]
      let free = try board.freeVoltages(at: .zero)[node]
      // A small step, so that the network stays as it is; other clamps stay off.
      for channel in [0, 2, 3] {
        try board.clamp(channel, try board.freeVoltages(at: .zero)[board.targetNodes[channel]])
      }
      try board.clamp(1, free + 0.002)
      return (try board.clampedVoltages(at: .zero)[node] - free) / 0.002
    }
    for seed: UInt64 in 1...10 {
      let share100 = try share(100, seed: seed)
      let share400 = try share(400, seed: seed)
      #expect(share100 > 0.5 && share100 < 1)
      // Both tell the resistance that the network shows there: R share/(1 - share).
      let one = 100 * share100 / (1 - share100)
      let other = 400 * share400 / (1 - share400)
      #expect(abs(one / other - 1) < 0.02)
    }
  }

  @Test func `a clamp without resistance holds its node`() throws {
    var board = try lattice(seed: 3) { $0.clampOhms = 0 }
    try board.clamp(1, 0.3)
    let node = board.targetNodes[1]
    #expect(try abs(board.clampedVoltages(at: .zero)[node] - 0.3) < 1e-6)
  }

  @Test func `releasing undoes clamping`() throws {
    var board = try lattice(seed: 2)
    let before = try board.clampedVoltages(at: .zero)
    try board.clamp(0, 0.45)
    #expect(try abs(board.clampedVoltages(at: .zero)[board.targetNodes[0]] - before[1]) > 0.01)
    try board.setClamp(0, code: nil)
    for (one, other) in zip(try board.clampedVoltages(at: .zero), before) {
      #expect(abs(one - other) < 1e-11)
    }
  }

  @Test func `voltages lie between those of the sources`() throws {
    for seed: UInt64 in 1...20 {
      var board = try lattice(seed: seed)
      let free = try board.freeVoltages(at: .zero)
      let driven = board.sourceNodes.map { free[$0] }
      #expect(free.allSatisfy { driven.min()! - 1e-9 <= $0 && $0 <= driven.max()! + 1e-9 })
    }
  }

  @Test func `a dead edge conducts in neither twin`() throws {
    // T hangs on two edges, from 0.4 V and from 0 V.
    func target(_ faults: [Fault]) throws -> (free: Double, clamped: Double) {
      var board = try AnalogBoard(
        bench: BoardDescription(
          name: "pair", nodes: ["S", "G", "T"],
          edges: [
            EdgeDescription(name: "up", from: 0, to: 2),
            EdgeDescription(name: "down", from: 2, to: 1),
          ], sources: [0, 1], targets: [2], imperfections: .none, faults: faults))
      board.setGates([2.2, 2.2], at: .zero)
      try board.drive(0, 0.4)
      return (try board.freeVoltages(at: .zero)[2], try board.clampedVoltages(at: .zero)[2])
    }
    let sound = try target([])
    #expect(0.1 < sound.free && sound.free < 0.3)
    let downDead = try target([Fault(kind: .dead, edge: 1)])
    #expect(abs(downDead.free - 0.4) < 1e-6)
    // The released clamp's 500 kohm against the edge's kilohm.
    #expect(abs(downDead.clamped - 0.4) < 2e-3)
    let upDead = try target([Fault(kind: .dead, edge: 0)])
    #expect(abs(upDead.free) < 1e-6 && abs(upDead.clamped) < 1e-6)
    let upShorted = try target([Fault(kind: .shorted, edge: 0)])
    #expect(abs(upShorted.free - 0.4) < 1e-3 && abs(upShorted.clamped - 0.4) < 1e-3)
    let both = try target([Fault(kind: .dead, edge: 0), Fault(kind: .shorted, edge: 1)])
    #expect(abs(both.free) < 1e-6)
  }

  @Test func `the gates of dead and shorted edges still charge`() throws {
    let faults = [Fault(kind: .dead, edge: 0), Fault(kind: .shorted, edge: 1)]
    var board = try AnalogBoard(bench: bench(edges: 3, imperfections: .none, faults: faults))
    try board.learn(.charge, to: .milliseconds(10))
    let gates = board.gates(at: .milliseconds(10))
    #expect(gates[0] == gates[2] && gates[1] == gates[2] && gates[2] > 0.1)
  }

  @Test func `probing shows the free twin as it is`() throws {
    var board = try lattice(seed: 6)
    let free = try board.freeVoltages(at: .zero)
    let volts = board.sourceNodes.map { free[$0] }
    let shown = try board.freeTwin(sources: volts)
    for node in free.indices { #expect(abs(shown.voltages[node] - free[node]) < 1e-10) }
    #expect(shown.driven.map(\.node) == board.sourceNodes)
    // Looking changes nothing.
    #expect(try board.freeVoltages(at: .zero) == free)
  }

  @Test func `a multiplier's gates can be put anywhere between its rails`() throws {
    var board = try AnalogBoard(bench: bench(edges: 2, update: .multiplier, imperfections: .none))
    board.setGates([0.6, 5.2], at: .zero)
    #expect(board.gates(at: .zero) == [0.6, 5.2])
  }
}
