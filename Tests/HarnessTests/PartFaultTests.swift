import Files
import Harness
import Runs
import TestSupport
import Testing

/// What bring-up says of a board whose wires are right and one of whose parts is broken.
@Suite struct PartFaultTests {
  /// Edges of each board that are broken, one at a time.
  private static let edges = [
    "breadboard": ["S1-T1", "S2-T2", "T1-T2"], "lattice": ["n0-n1", "n5-n9", "n4-n8"],
  ]

  /// What the phase that fails first says, in order.
  private func said(_ board: String, _ fault: PlacedFault, seed: UInt64) throws -> [String] {
    let proven = try ProvenBoard.named(board)
    var scenario = try ProvenBoard.scenario("bring-up")
    scenario.faults = [fault]
    let record = proven.run(scenario, on: .pins, seed: seed)
    let first = try #require(record.phases.first { $0.outcome.isBad }, "\(board): \(fault)")
    return first.complaints
  }

  /// A wire may be named beside a part, never before it and never alone.
  private func isPartFirst(_ said: [String], _ part: String) -> Bool {
    let isWire = { (words: String) in
      words.contains("not connected") || words.contains("exchanged") || words.contains("reversed")
    }
    return said[0].contains(part) && !isWire(said[0])
      && said.dropFirst().allSatisfy { !isWire($0) || $0.contains("or of wires") }
  }

  @Test(arguments: ["breadboard", "lattice"])
  func `edges that are shorted or open are named before wires`(_ board: String) throws {
    for edge in Self.edges[board]! {
      for seed: UInt64 in 1...3 {
        let shorted = try said(board, .edge(name: edge, .shorted), seed: seed)
        #expect(isPartFirst(shorted, "edge \(edge) is shorted"), "\(seed): \(shorted)")
        let open = try said(board, .edge(name: edge, .dead), seed: seed)
        #expect(isPartFirst(open, "edge \(edge) is open"), "\(seed): \(open)")
      }
    }
  }

  @Test(arguments: ["breadboard", "lattice"])
  func `LEARN that stays is named before wires`(_ board: String) throws {
    for kind: PlacedFault.Kind in [.stuckLow, .stuckHigh, .floating] {
      let said = try said(board, .line(role: "LEARN", kind), seed: 1)
      #expect(isPartFirst(said, "LEARN stays"), "\(kind): \(said)")
    }
  }

  @Test(arguments: ["breadboard", "lattice"])
  func `a low supply of the drives accuses no wire`(_ board: String) throws {
    for share in [0.3, 0.6] {
      let said = try said(
        board, .disturbance(.supplySag(part: share, at: 0, lasting: 1000)), seed: 1)
      // A supply that still charges enough to see every drive is found by how far edges move.
      let isSeen = board == "breadboard" && share == 0.6
      #expect(isPartFirst(said, isSeen ? ": charged" : "supply"), "\(share): \(said)")
    }
  }
}
