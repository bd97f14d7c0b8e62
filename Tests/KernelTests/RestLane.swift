import Foundation
import Testing

extension Lanes {
  @Suite struct RestLane {
    static let breadboard = Result { try Kills("rest", board: "breadboard", overBus: false) }
    static let lattice = Result { try Kills("spi-rest", board: "lattice", overBus: true) }

    @Test(arguments: RestPromise.allCases)
    func `rest puts the breadboard to rest after kills`(_ promise: RestPromise) throws {
      try promise.check(Self.breadboard.get())
    }

    @Test(arguments: RestPromise.allCases)
    func `rest puts the lattice to rest over the bus after kills`(_ promise: RestPromise) throws {
      try promise.check(Self.lattice.get())
    }
  }
}

/// Programs that were killed where they drove something, and what `tellegen rest` said after each.
struct Kills: Sendable {
  let board: String
  let evidence: Evidence

  init(_ name: String, board: String, overBus: Bool) throws {
    self.board = board
    let machine = try Machine(name, board: board, overBus: overBus)
    evidence = machine.evidence
    try machine.run("rest", seconds: 600)
  }
}

/// What must hold of `tellegen rest`.
enum RestPromise: String, CaseIterable, CustomTestStringConvertible {
  case ends = "it ends with exit code 0 each time"
  case tells = "it says which lines it found away from rest"
  case again = "done again it finds nothing"
  case rest = "every line is at rest, no clamp and no source is driven"
  case held = "while a program holds the lines it is named, with exit code 69"
  case nowhere = "without the chip it ends with exit code 69"
  case denied = "without permission it ends with exit code 77"

  var testDescription: String { rawValue }

  /// Checks it.
  func check(_ kills: Kills) throws {
    let evidence = kills.evidence
    switch self {
    case .ends: #expect(try evidence.codes("rest") == Array(repeating: 0, count: 10))
    case .tells:
      let said = try evidence.text("out/rest")
      #expect(
        count("stood away from rest", in: said) == (try evidence.seen().sightings.unsafeEndings),
        "\(said)")
    case .again:
      let said = try evidence.text("out/again")
      #expect(said.hasPrefix("\(kills.board) at virtio0: "), "\(said)")
      #expect(said.split(separator: "\n").count == 1, "\(said)")
      #expect(try evidence.codes("again") == [0])
    case .rest:
      let seen = try evidence.seen()
      #expect(seen.linesAway == 0)
      #expect(seen.clampsDriven == 0)
      #expect(seen.sourcesDriven == 0)
    case .held:
      #expect(try evidence.codes("held") == [69])
      #expect(try evidence.text("out/held").contains("is held by tellegen"))
    case .nowhere: #expect(try evidence.codes("nowhere") == [69])
    case .denied: #expect(try evidence.codes("denied") == [77])
    }
  }
}
